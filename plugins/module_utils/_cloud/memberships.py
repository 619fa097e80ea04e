# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which policy each server is in."""

from __future__ import annotations

import typing as t

from .._domain.policy import is_enabled, members_of, operation_of

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud

    class Membership(t.TypedDict):
        """The policy that a server is in."""

        id: str
        name: str
        enabled: bool


def read_memberships(cloud: Cloud) -> dict[str, Membership]:
    """Return by server ID the policy that the server is in.

    A row of the list that lacks the servers or the schedule's switch is read in full; there are few policies.
    """
    found: dict[str, Membership] = {}
    for row in cloud.policies():
        sparse = row.get("resources") is None or operation_of(row).get("enabled") is None
        policy = cloud.policy(row["id"]) if sparse else row
        if policy is None:
            continue
        membership: Membership = {"id": policy["id"], "name": policy["name"], "enabled": is_enabled(policy)}
        for member in members_of(policy):
            found.setdefault(member["id"], membership)
    return found
