# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_server: from a policy and the chosen servers to the calls by which they join or leave."""

from __future__ import annotations

import typing as t

from .._domain.policy import as_resource, for_diff, in_order, members_of, policy_result
from .._domain.selection import server_refs
from .._domain.services import RULES, Rules
from .plan import Call, Plan

if t.TYPE_CHECKING:
    from .._domain.rows import MemberRow, PolicyRow, ServerRef, ServerRow
    from .._domain.vault_option import VaultOptions
    from .moves import Move


class MembersOptions(t.NamedTuple):
    """The options of csbs_policy_server in normal form.

    vault is what a vault that is made is like, None where there are no vaults. delete_backups: whether the backups of
    servers that leave go with them.
    """

    policy: str
    state: str
    servers: list[str] | None = None
    filters: dict[str, t.Any] | None = None
    move_servers: bool = True
    rules: Rules = RULES["csbs"]
    vault: VaultOptions | None = None
    delete_backups: bool = False


class MembersContext(t.NamedTuple):
    """The policy (its ID) of a plan about members, and the names that servers have now, by ID."""

    policy_id: str
    names: t.Mapping[str, str]


def plan_joining(
    options: MembersOptions,
    current: PolicyRow,
    chosen: list[ServerRow],
    moves: list[Move],
    names: t.Mapping[str, str] | None = None,
    others: t.Sequence[PolicyRow] = (),
) -> Plan[MembersContext]:
    """Return the plan after which the chosen servers are members of a policy, and of no other.

    others are the places that servers may leave for it. Raises InvalidInput.
    """
    members = members_of(current, names)
    member_ids = {member["id"] for member in members}
    add = [as_resource(server) for server in chosen if server["id"] not in member_ids]
    calls: tuple[Call, ...] = ()
    if add:
        # Loaded here, because most tasks change nothing.
        from .moves import list_names, members_call, move_calls

        moving = [server for move in moves for server in move.servers]
        leave = move_calls(moves, options.rules)
        undo = None
        if leave:
            # If the answer was lost they may have joined, and a server in this policy cannot rejoin its old one.
            undo = _leave_call(current, moving)
        operation = f"put {list_names(add)} into backup policy {current['name']!r}"
        extra = _vault_arguments(options)
        calls = (*leave, members_call(operation, current["id"], add=add, undo=undo, **extra))
    joined = in_order([*members, *server_refs(add)], options.rules.vaults)
    after = {**policy_result(current, names), "servers": joined}
    return _members_plan(options, calls, current, after, chosen, names, add=add, others=others)


def plan_leaving(
    options: MembersOptions,
    current: PolicyRow,
    chosen: list[ServerRef],
    names: t.Mapping[str, str] | None = None,
) -> Plan[MembersContext]:
    """Return the plan after which none of the chosen servers is a member of a policy.

    Their backups stay, unless the options say that they go.
    """
    chosen_ids = {server["id"] for server in chosen}
    members = members_of(current, names)
    leaving = [member for member in members if member["id"] in chosen_ids]
    staying = [member for member in members if member["id"] not in chosen_ids]
    calls = (_leave_call(current, leaving, missing_ok=True, **_vault_arguments(options)),) if leaving else ()
    after = {**policy_result(current, names), "servers": in_order(staying, options.rules.vaults)}
    return _members_plan(options, calls, current, after, chosen, names, remove=[server["id"] for server in leaving])


def _vault_arguments(options: MembersOptions) -> dict[str, t.Any]:
    if not options.rules.vaults:
        return {}
    from .vaults import vault_arguments

    return vault_arguments(options)


def _leave_call(policy: PolicyRow, servers: list[ServerRef], missing_ok: bool = False, **extra: t.Any) -> Call:
    # Loaded here, because most tasks change nothing.
    from .moves import list_names, members_call

    operation = f"take {list_names(servers)} out of backup policy {policy['name']!r}"
    leaving_ids = [server["id"] for server in servers]
    return members_call(operation, policy["id"], remove=leaving_ids, missing_ok=missing_ok, **extra)


def _members_plan(
    options: MembersOptions,
    calls: tuple[Call, ...],
    current: PolicyRow,
    after: dict[str, t.Any],
    chosen: t.Iterable[ServerRow | ServerRef],
    names: t.Mapping[str, str] | None,
    add: t.Sequence[MemberRow] = (),
    remove: t.Collection[str] = (),
    others: t.Sequence[PolicyRow] = (),
) -> Plan[MembersContext]:
    """Return the plan of calls after which a policy, in the shape of results, is as given."""
    before = policy_result(current, names)
    if calls and options.rules.vaults:
        # Loaded here, because most tasks change nothing.
        from .vaults import vaults_of_policy

        after["vaults"] = vaults_of_policy(options, current["name"], add, remove, others, current["vaults"])
    return Plan(
        calls,
        for_diff(before),
        for_diff(after),
        {"policy": after, "servers": server_refs(chosen)},
        context=MembersContext(current["id"], names or {}),
    )
