# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each server is in one policy; policies are read in full only where the list lacks something."""

from __future__ import annotations

import typing as t

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.readings import read_memberships
from tests.support.fakes import Cloud, policy

Row = dict[str, t.Any]


class Sparse(Cloud):
    """A cloud with a list of policies that has everything of one policy only, and notes which ones are read in full."""

    def policies(self) -> list[Row]:
        return [row if row["name"] == "full" else {"id": row["id"], "name": row["name"]} for row in super().policies()]

    def policy(self, policy_id: str) -> Row | None:
        self.asked.append(("policy", policy_id))
        return None if policy_id == "pol-gone" else super().policy(policy_id)


def test_memberships_say_by_server_which_policy_it_is_in_and_whether_that_is_enabled() -> None:
    cloud = Sparse(policies=[policy("full", ["web", "db"]), policy("sparse", ["app"], enabled=False)])
    full = {"id": "pol-full", "name": "full", "enabled": True, "service": "csbs"}
    assert read_memberships([cloud])[0] == {
        "id-web": full,
        "id-db": full,
        "id-app": {"id": "pol-sparse", "name": "sparse", "enabled": False, "service": "csbs"},
    }
    assert [asked for asked in cloud.asked if asked[0] == "policy"] == [("policy", "pol-sparse")]


def test_a_policy_that_is_deleted_after_the_list_was_read_has_no_members() -> None:
    assert read_memberships([Sparse(policies=[policy("gone", ["web"])])]) == ({}, {})
