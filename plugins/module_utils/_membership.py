# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""Servers that change from one policy to another, without ever being left in none."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ._errors import CODES, RETRYABLE_CODES
from ._plan import Call
from ._policy_shape import as_resource, members_of
from ._rules import MAX_SERVERS_PER_POLICY, InvalidInput
from ._selection import RUNNABLE

# Keeps a server from joining a policy, and from nothing else.
OTHER_POLICY = "CSBS.6004"


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
    joining: list[dict[str, t.Any]], rows: list[dict[str, t.Any]], policy_id: str | None, move_servers: bool, cloud: t.Any
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
        where = "; ".join(f"{list_names(move.servers)} in policy {move.policy_name!r} ({move.policy_id})" for move in moves)
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
        if server["id"] in movers and server.get("status", "ACTIVE") not in RUNNABLE:
            reason = f"it is in state {server['status']}, and a server must be {' or '.join(RUNNABLE)} to be backed up"
        elif not verdict["result"] and code != OTHER_POLICY and code not in RETRYABLE_CODES:
            reason = explain_verdict(verdict)
        else:
            continue
        raise InvalidInput(f"servers: server {server['name']!r} ({server['id']}) is not moved out of its policy: {reason}")


def explain_verdict(verdict: dict[str, t.Any]) -> str:
    """Return why the service would not back a server up, in words."""
    code = verdict.get("error_code") or ""
    meaning = CODES.get(code, ("", ""))[0]
    said = str(verdict.get("error_msg") or "").strip()
    words = "; ".join(part for part in (meaning, said) if part) or "the service gives no reason"
    return f"{words} ({code})" if code else words


def members_call(
    act: str,
    policy_id: str,
    add: t.Sequence[dict[str, t.Any]] = (),
    remove: t.Sequence[str] = (),
    undo: Call | None = None,
    gone_is_done: bool = False,
    **attrs: t.Any,
) -> Call:
    """Return the call that changes the servers of a policy; add are entries of resources, remove IDs, attrs other fields."""
    arguments = {"act": act, "policy": policy_id, "add": list(add), "remove": list(remove), **attrs}
    return Call(act, "change", arguments, undo=undo, gone_is_done=gone_is_done, service="members")


def move_calls(moves: list[Move]) -> list[Call]:
    """Return the calls that take servers out of their old policies, each with the call that puts them back."""
    calls = []
    for move in moves:
        names, where = list_names(move.servers), f"backup policy {move.policy_name!r}"
        back = members_call(f"put {names} back into {where}", move.policy_id, add=[as_resource(one) for one in move.servers])
        calls.append(members_call(f"take {names} out of {where}", move.policy_id, remove=[one["id"] for one in move.servers], undo=back))
    return calls
