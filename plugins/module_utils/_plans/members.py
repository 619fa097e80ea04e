# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_server: from a policy and the chosen servers to the calls by which they join or leave."""

from __future__ import annotations

import typing as t

from .._domain.policy import as_resource, for_diff, members_of, policy_result
from .._domain.selection import server_refs
from .plan import Call, Plan

if t.TYPE_CHECKING:
    from .._domain.rows import PolicyRow, ServerRef, ServerRow
    from .moves import Move


class MembersContext(t.NamedTuple):
    """The policy (its ID) of a plan about members, and the names that servers have now, by ID."""

    policy_id: str
    names: t.Mapping[str, str]


def plan_joining(
    current: PolicyRow, chosen: list[ServerRow], moves: list[Move], names: t.Mapping[str, str] | None = None
) -> Plan[MembersContext]:
    """Return the plan after which the chosen servers are members of a policy, and of no other."""
    members = members_of(current, names)
    member_ids = {member["id"] for member in members}
    add = [as_resource(server) for server in chosen if server["id"] not in member_ids]
    calls: tuple[Call, ...] = ()
    if add:
        # Loaded here, because most tasks change nothing.
        from .moves import list_names, members_call, move_calls

        moving = [server for move in moves for server in move.servers]
        undo = None
        if moving:
            # If the answer was lost they may have joined, and a server in this policy cannot rejoin its old one.
            undo = _leave_call(current, moving)
        operation = f"put {list_names(add)} into backup policy {current['name']!r}"
        calls = (*move_calls(moves), members_call(operation, current["id"], add=add, undo=undo))
    return _members_plan(calls, current, [*members, *server_refs(add)], chosen, names)


def plan_leaving(
    current: PolicyRow, chosen: list[ServerRef], names: t.Mapping[str, str] | None = None
) -> Plan[MembersContext]:
    """Return the plan after which none of the chosen servers is a member of a policy. Their backups stay."""
    chosen_ids = {server["id"] for server in chosen}
    members = members_of(current, names)
    leaving = [member for member in members if member["id"] in chosen_ids]
    staying = [member for member in members if member["id"] not in chosen_ids]
    calls = (_leave_call(current, leaving, missing_ok=True),) if leaving else ()
    return _members_plan(calls, current, staying, chosen, names)


def _leave_call(policy: PolicyRow, servers: list[ServerRef], missing_ok: bool = False) -> Call:
    # Loaded here, because most tasks change nothing.
    from .moves import list_names, members_call

    operation = f"take {list_names(servers)} out of backup policy {policy['name']!r}"
    return members_call(operation, policy["id"], remove=[server["id"] for server in servers], missing_ok=missing_ok)


def _members_plan(
    calls: tuple[Call, ...],
    current: PolicyRow,
    members: list[ServerRef],
    chosen: t.Iterable[ServerRow | ServerRef],
    names: t.Mapping[str, str] | None,
) -> Plan[MembersContext]:
    """Return the plan of calls after which a policy has these members."""
    before = policy_result(current, names)
    after = {**before, "servers": members}
    return Plan(
        calls,
        for_diff(before),
        for_diff(after),
        {"policy": after, "servers": server_refs(chosen)},
        context=MembersContext(current["id"], names or {}),
    )
