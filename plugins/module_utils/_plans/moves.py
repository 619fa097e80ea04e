# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that change their policy: which must first leave another one, and the calls for that."""

from __future__ import annotations

import typing as t

from .._domain.errors import InvalidInput
from .._domain.policy import as_resource, members_of
from .._domain.protectability import PROTECTABLE_STATUSES, explain_verdict, is_refused
from .._domain.selection import describe_server
from .plan import Call

if t.TYPE_CHECKING:
    from .._domain.rows import MemberRow, PolicyRow, ServerRef, ServerRow, VerdictRow
    from .._domain.services import Rules


class Move(t.NamedTuple):
    """Servers that leave one policy, or a vault without a policy, because they are to join another policy."""

    policy_id: str
    policy_name: str
    servers: tuple[ServerRef, ...]
    kind: str = "policy"


def find_moves(joining: t.Iterable[ServerRow], other_policies: t.Iterable[PolicyRow], move_servers: bool) -> list[Move]:
    """Return which servers must leave which policies before they can join.

    other_policies have their servers. Raises InvalidInput when a server must leave one and move_servers forbids it.
    """
    joining_ids = {server["id"] for server in joining}
    moves = []
    for policy in other_policies:
        leaving = tuple(member for member in members_of(policy) if member["id"] in joining_ids)
        if leaving:
            # Only policies have scheduled operations.
            kind = "policy" if "scheduled_operations" in policy else "vault"
            moves.append(Move(policy["id"], policy["name"], leaving, kind))
    if moves and not move_servers:
        where = "; ".join(
            f"{list_names(move.servers)} in {move.kind} {move.policy_name!r} ({move.policy_id})" for move in moves
        )
        raise InvalidInput(f"move_servers is false, and a server can be in one policy only: {where}")
    return moves


def check_not_held(joining: t.Iterable[ServerRow], held: t.Mapping[str, str]) -> None:
    """Raise InvalidInput when the other service holds one of the joining servers; held says where, by server ID."""
    found = [server for server in joining if server["id"] in held]
    if found:
        listed = "; ".join(f"{describe_server(server)} in {held[server['id']]}" for server in found)
        raise InvalidInput(
            f"servers: a server is in CSBS or in CBR, and not in both. Nothing was changed. Still in CSBS: {listed}."
            " What to do: bring them over with csbs_migration, or take them out of their CSBS policies first"
        )


def check_joinable(
    joining: t.Iterable[ServerRow], moves: t.Iterable[Move], verdicts: t.Mapping[str, VerdictRow]
) -> None:
    """Raise InvalidInput when the service would refuse one of the joining servers.

    No server leaves its policy for one that refuses it, or that refuses a server that joins with the same request.
    verdicts say by server ID whether the server can be backed up.
    """
    moving_ids = {server["id"] for move in moves for server in move.servers}
    for server in joining:
        reason = _reason_to_refuse(server, server["id"] in moving_ids, verdicts.get(server["id"]))
        if reason is not None:
            what = "is not moved out of its policy" if server["id"] in moving_ids else "cannot join"
            raise InvalidInput(f"servers: server {describe_server(server)} {what}: {reason}")


def _reason_to_refuse(server: ServerRow, moves: bool, verdict: VerdictRow | None) -> str | None:
    if moves and server.get("status", "ACTIVE") not in PROTECTABLE_STATUSES:
        statuses = " or ".join(PROTECTABLE_STATUSES)
        return f"it is in state {server['status']}, and a server must be {statuses} to be backed up"
    return explain_verdict(verdict) if verdict is not None and is_refused(verdict) else None


def move_calls(moves: t.Iterable[Move], rules: Rules) -> list[Call]:
    """Return the calls that take servers out of their old policies, each with the call that puts them back.

    There are none where a server leaves its old place with the call that lets it join.
    """
    calls: list[Call] = []
    for move in () if rules.moves_by_itself else moves:
        names, where = list_names(move.servers), f"backup policy {move.policy_name!r}"
        undo = _back_call(move, move.servers)
        if len(move.servers) > 1:
            undo = undo._replace(parts=tuple(_back_call(move, [server]) for server in move.servers))
        leaving_ids = [server["id"] for server in move.servers]
        calls.append(members_call(f"take {names} out of {where}", move.policy_id, remove=leaving_ids, undo=undo))
    return calls


def _back_call(move: Move, servers: t.Sequence[ServerRef]) -> Call:
    """Return the call that puts servers back into their old policy."""
    operation = f"put {list_names(servers)} back into backup policy {move.policy_name!r}"
    return members_call(operation, move.policy_id, add=[as_resource(server) for server in servers])


def members_call(
    operation: str,
    policy_id: str,
    add: t.Sequence[MemberRow] = (),
    remove: t.Sequence[str] = (),
    undo: Call | None = None,
    missing_ok: bool = False,
    **attrs: t.Any,
) -> Call:
    """Return the call that changes the servers of a policy; remove are IDs, attrs other fields of the policy."""
    arguments = {"operation": operation, "policy": policy_id, "add": list(add), "remove": list(remove), **attrs}
    return Call(operation, "change_members", arguments, undo=undo, missing_ok=missing_ok)


def list_names(servers: t.Iterable[ServerRef | MemberRow]) -> str:
    """Return the names of servers for a message."""
    return ", ".join(f"{server['name'] or server['id']!r}" for server in servers)
