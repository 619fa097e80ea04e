# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding policies by name or ID, and reading them with their servers and tags."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from .._domain.errors import InvalidInput, Unsettled
from .._domain.policy import operation_of, pattern_of
from .._domain.selection import find_one
from .._domain.times import parse_time

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import PolicyRow, ServerRow

# Time in which tasks that created policies of one name at once agree on one of them.
_SETTLES_WITHIN = timedelta(minutes=2)


def find_policy_row(ref: str, rows: list[PolicyRow], cloud: Cloud) -> PolicyRow | None:
    """Return the row of a list with that ID or else name, None when there is none.

    Raises InvalidInput that lists the IDs when several have that name. It is Unsettled when one of them is new: tasks
    on several machines that created it at once are about to keep the oldest.
    """
    try:
        return find_one("policy", ref, rows)
    except InvalidInput as error:
        if any(is_new(row, cloud) for row in rows if row["name"] == ref):
            raise Unsettled(str(error)) from error
        raise


def is_new(row: PolicyRow, cloud: Cloud) -> bool:
    """Return whether a policy is so new that tasks that created one of this name at once may not have agreed yet."""
    moment = parse_time(row.get("created_at") or row.get("start_time"))
    return moment is not None and cloud.now() - moment < _SETTLES_WITHIN


def read_policy(cloud: Cloud, policy_id: str) -> PolicyRow | None:
    """Return a policy in full with its tags, None when it does not exist."""
    policy = cloud.policy(policy_id)
    if policy is not None and policy.get("tags") is None:
        policy["tags"] = cloud.tags_of("policy", policy_id)
    return policy


def find_policy(ref: str, rows: list[PolicyRow], cloud: Cloud) -> PolicyRow | None:
    """Return in full the policy with that name or ID, None when there is none; rows are the list of all policies.

    Raises InvalidInput when several have that name.
    """
    row = find_policy_row(ref, rows, cloud)
    # A policy that is too new to be listed is found by its ID.
    return read_policy(cloud, ref if row is None else row["id"])


def policies_with_members(rows: list[PolicyRow], cloud: Cloud) -> list[PolicyRow]:
    """Return the policies of a list with their servers. A row that lacks them is read in full.

    A policy that was deleted meanwhile is left out.
    """
    return complete_policies(rows, lacks_members, cloud.policy)


def other_places(rows: list[PolicyRow], cloud: Cloud) -> list[PolicyRow]:
    """Return where a server may be that is to join a policy: the policies in rows, and vaults without a policy."""
    return [*policies_with_members(rows, cloud), *cloud.places_outside_policies()]


def with_sizes(chosen: list[ServerRow], joining: list[ServerRow], cloud: Cloud) -> list[ServerRow]:
    """Return the chosen servers, those that join with the size of their disks where the service needs it."""
    sized = {server["id"]: server for server in cloud.with_sizes(joining)}
    return [sized.get(server["id"], server) for server in chosen]


def complete_policies(
    rows: list[PolicyRow], lacks: t.Callable[[PolicyRow], bool], read: t.Callable[[str], PolicyRow | None]
) -> list[PolicyRow]:
    """Return policies of the list. One that lacks something is read in full, and left out when it no longer exists."""
    policies = [read(row["id"]) if lacks(row) else row for row in rows]
    return [policy for policy in policies if policy is not None]


def lacks_members(row: PolicyRow) -> bool:
    """Return whether a row of the list lacks the servers."""
    return row.get("resources") is None


def lacks_fields(row: PolicyRow) -> bool:
    """Return whether a row of the list lacks something that results show, other than tags."""
    if "vaults" in row:
        # CBR tells all that it knows of a policy in the list.
        return False
    operation = operation_of(row)
    shown = (row.get("description"), row.get("resources"), row.get("created_at"), pattern_of(row))
    return None in (*shown, operation.get("enabled"), operation.get("operation_definition"))
