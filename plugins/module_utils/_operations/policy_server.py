# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_server: its options, and what it reads."""

from __future__ import annotations

import typing as t

from .._cloud.find_policy import find_policy, read_policy
from .._domain.errors import InvalidInput
from .._domain.policy import check_capacity, members_of, policy_result
from .._domain.selection import names_of, parse_filters, parse_policy_ref, parse_refs
from .._domain.server_lookup import choose_servers, resolve_servers
from .._domain.services import rules_of
from .._plans.members import MembersContext, MembersOptions, plan_joining, plan_leaving
from .._plans.plan import Plan

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import PolicyRow, ServerRef, ServerRow
    from .._execution.clock import Clock
    from .._plans.moves import Move
    from .._plans.plan import Outcome


def parse_options(params: dict[str, t.Any]) -> MembersOptions:
    """Return what the options of csbs_policy_server ask for; raises InvalidInput before anything is sent."""
    servers, filters = parse_refs("servers", params["servers"]), parse_filters(params["server_filters"])
    policy = parse_policy_ref(params["policy"])
    # The argument spec lets both be null.
    if servers is None and filters is None:
        raise InvalidInput("servers or server_filters is needed: they say which servers join or leave the policy")
    rules = rules_of(params)
    if params["state"] == "present":
        check_capacity("servers", len(servers or []), policy, rules.max_servers)
    vault, delete_backups = None, False
    if rules.vaults or params.get("vault") is not None or params.get("leaving_backups") == "delete":
        # Loaded here, because only one of the services has vaults.
        from .._plans.policy_options import parse_vault

        vault, dummy, delete_backups = parse_vault(params)
    return MembersOptions(
        policy, params["state"], servers, filters, params["move_servers"], rules, vault, delete_backups
    )


def plan(options: MembersOptions, cloud: Cloud) -> Plan[MembersContext]:
    """Read what a task about members needs to know and return its plan."""
    rows = cloud.policies()
    current = find_policy(options.policy, rows, cloud)
    if current is None:
        if options.state == "absent":
            return Plan(before={}, after={}, result={"policy": None, "servers": []})
        raise InvalidInput(f"policy: no such policy: {options.policy!r}")
    servers = cloud.servers()
    names = names_of(servers)
    if options.state == "absent":
        return plan_leaving(options, current, _choose_leaving(options, current, servers, names), names)
    members = members_of(current, names)
    # A current member may be named by its ID even if the server no longer exists.
    chosen = choose_servers(options.servers, options.filters, servers, known=t.cast("list[ServerRow]", members))
    member_ids = {member["id"] for member in members}
    joining = [server for server in chosen if server["id"] not in member_ids]
    check_capacity("servers", len(members) + len(joining), current["name"], options.rules.max_servers)
    moves: list[Move] = []
    others: list[PolicyRow] = []
    if joining:
        # Loaded here, because in most tasks no server joins.
        from .._cloud.find_policy import other_places, with_sizes
        from .._plans.moves import check_joinable, check_not_held, find_moves

        ids = [server["id"] for server in joining]
        others = other_places([row for row in rows if row["id"] != current["id"]], cloud)
        moves = find_moves(joining, others, options.move_servers)
        check_not_held(joining, cloud.held_by_other_service(ids))
        if moves or options.rules.vaults:
            check_joinable(joining, moves, cloud.protectable(ids))
        chosen = with_sizes(chosen, joining, cloud)
    return plan_joining(options, current, chosen, moves, names, others)


def _choose_leaving(
    options: MembersOptions, current: PolicyRow, servers: list[ServerRow], names: t.Mapping[str, str]
) -> list[ServerRef]:
    """Return the servers that are not to be members; a name or an ID that no server has is ignored.

    A server that no longer exists is known by its ID, or by the name that the policy has for it.
    """
    ids = resolve_servers(options.servers, options.filters, servers, members_of(current), unknown="ignore")
    known = {server["id"]: server for server in (*members_of(current, names), *servers)}
    return [{"id": known[key]["id"], "name": known[key]["name"]} for key in ids if key in known]


def finish(
    options: MembersOptions, cloud: Cloud, plan: Plan[MembersContext], outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    """Return the result of a task about members: the policy as it is now. Raises CloudError."""
    if not plan.changed:
        return {}
    policy = read_policy(cloud, plan.context.policy_id)
    return {"policy": None if policy is None else policy_result(policy, plan.context.names)}
