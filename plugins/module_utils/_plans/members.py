# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plans by which servers join and leave policies."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._domain.error_codes import RETRYABLE_CODES
from .._domain.errors import InvalidInput
from .._domain.limits import MAX_SERVERS_PER_POLICY
from .._domain.policy import as_resource, for_diff, members_of, policy_result
from .._domain.protectability import OTHER_POLICY, PROTECTABLE_STATUSES, explain_verdict
from .._domain.selection import server_refs
from .plan import Call, Plan


@dataclass(frozen=True)
class Move:
    """Servers that leave one policy because they are to join another."""

    policy_id: str
    policy_name: str
    servers: tuple[dict[str, t.Any], ...]


def check_capacity(option: str, count: int, policy: str) -> None:
    """Raise InvalidInput when a policy would have more servers than the service allows."""
    if count > MAX_SERVERS_PER_POLICY:
        raise InvalidInput(
            f"{option}: policy {policy!r} would have {count} servers; the service allows {MAX_SERVERS_PER_POLICY}."
            " Spread the servers over several policies"
        )


def plan_moves(
    joining: list[dict[str, t.Any]],
    rows: list[dict[str, t.Any]],
    policy_id: str | None,
    move_servers: bool,
    cloud: t.Any,
) -> list[Move]:
    """Return which servers must leave which policies before they can join.

    Raises InvalidInput when move_servers forbids that, or when the service would not take one of the joining servers:
    no server leaves a policy for one that refuses it.
    """
    joining_ids = {server["id"] for server in joining}
    moves = []
    for row in rows if joining else ():
        if row["id"] == policy_id:
            continue
        raw = row if row.get("resources") is not None else cloud.policy(row["id"]) or {}
        leaving = tuple(one for one in members_of(raw) if one["id"] in joining_ids)
        if leaving:
            moves.append(Move(row["id"], row["name"], leaving))
    if moves and not move_servers:
        where = "; ".join(
            f"{list_names(move.servers)} in policy {move.policy_name!r} ({move.policy_id})" for move in moves
        )
        raise InvalidInput(f"move_servers is false, and a server can be in one policy only: {where}")
    if moves:
        _check_joinable(joining, {one["id"] for move in moves for one in move.servers}, cloud)
    return moves


def list_names(servers: t.Iterable[dict[str, t.Any]]) -> str:
    """Return the names of servers for a message."""
    return ", ".join(f"{server['name'] or server['id']!r}" for server in servers)


def _check_joinable(joining: list[dict[str, t.Any]], movers: set[str], cloud: t.Any) -> None:
    verdicts = cloud.protectable([server["id"] for server in joining])
    for server in joining:
        verdict = verdicts.get(server["id"]) or {"result": True}
        code = verdict.get("error_code") or ""
        if server["id"] in movers and server.get("status", "ACTIVE") not in PROTECTABLE_STATUSES:
            reason = f"it is in state {server['status']}, and a server must be {' or '.join(PROTECTABLE_STATUSES)} to be backed up"
        elif not verdict["result"] and code != OTHER_POLICY and code not in RETRYABLE_CODES:
            reason = explain_verdict(verdict)
        else:
            continue
        raise InvalidInput(
            f"servers: server {server['name']!r} ({server['id']}) is not moved out of its policy: {reason}"
        )


def members_call(
    operation: str,
    policy_id: str,
    add: t.Sequence[dict[str, t.Any]] = (),
    remove: t.Sequence[str] = (),
    undo: Call | None = None,
    missing_ok: bool = False,
    **attrs: t.Any,
) -> Call:
    """Return the call that changes the servers of a policy; add are entries of resources, remove IDs, attrs other fields."""
    arguments = {"operation": operation, "policy": policy_id, "add": list(add), "remove": list(remove), **attrs}
    return Call(operation, "change_members", arguments, undo=undo, missing_ok=missing_ok)


def move_calls(moves: list[Move]) -> list[Call]:
    """Return the calls that take servers out of their old policies, each with the call that puts them back."""
    calls = []
    for move in moves:
        names, where = list_names(move.servers), f"backup policy {move.policy_name!r}"
        back = members_call(
            f"put {names} back into {where}", move.policy_id, add=[as_resource(one) for one in move.servers]
        )
        calls.append(
            members_call(
                f"take {names} out of {where}", move.policy_id, remove=[one["id"] for one in move.servers], undo=back
            )
        )
    return calls


def plan_joining(
    current: dict[str, t.Any],
    chosen: list[dict[str, t.Any]],
    moves: list[Move],
    names: t.Mapping[str, str] | None = None,
) -> Plan:
    """Return the plan after which the chosen servers are members of a policy, and of no other."""
    members = members_of(current, names)
    member_ids = {one["id"] for one in members}
    add = [as_resource(server) for server in chosen if server["id"] not in member_ids]
    plan = _change(current, members + [{"id": one["id"], "name": one["name"]} for one in add], chosen, names)
    if not add:
        return plan
    name, undo = current["name"], None
    movers = [one for move in moves for one in move.servers]
    if movers:
        # If the answer was lost they may have joined, and a server cannot return to its old policy while it is in this one.
        leave = f"take {list_names(movers)} out of backup policy {name!r}"
        undo = members_call(leave, current["id"], remove=[one["id"] for one in movers])
    join = members_call(f"put {list_names(add)} into backup policy {name!r}", current["id"], add=add, undo=undo)
    return replace(plan, calls=(*move_calls(moves), join))


def plan_leaving(
    current: dict[str, t.Any], chosen: list[dict[str, t.Any]], names: t.Mapping[str, str] | None = None
) -> Plan:
    """Return the plan after which none of the chosen servers is a member of a policy. Their backups stay."""
    leaving = {server["id"] for server in chosen}
    members = members_of(current, names)
    going = [one for one in members if one["id"] in leaving]
    plan = _change(current, [one for one in members if one["id"] not in leaving], chosen, names)
    if not going:
        return plan
    operation = f"take {list_names(going)} out of backup policy {current['name']!r}"
    return replace(
        plan, calls=(members_call(operation, current["id"], remove=[one["id"] for one in going], missing_ok=True),)
    )


def _change(
    current: dict[str, t.Any],
    members: list[dict[str, t.Any]],
    chosen: list[dict[str, t.Any]],
    names: t.Mapping[str, str] | None,
) -> Plan:
    """Return the plan, yet without calls, after which a policy has these members."""
    before = policy_result(current, names)
    after = {**before, "servers": members}
    context = {"policy": current["id"], "names": names}
    return Plan(
        (), for_diff(before), for_diff(after), {"policy": after, "servers": server_refs(chosen)}, context=context
    )
