# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_server: its options, and what it reads."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._cloud.find_policy import find_policy, read_policy
from .._domain.errors import InvalidInput
from .._domain.policy import members_of, policy_result
from .._domain.selection import names_of, parse_filters, parse_policy_ref, parse_refs
from .._domain.server_lookup import choose_servers, resolve_servers
from .._execution.clock import Clock
from .._plans.members import check_capacity, plan_joining, plan_leaving, plan_moves
from .._plans.plan import Outcome, Plan


@dataclass(frozen=True)
class MembershipOptions:
    """The options of csbs_policy_server in normal form."""

    policy: str
    state: str
    servers: list[str] | None = None
    filters: dict[str, t.Any] | None = None
    move_servers: bool = True


def parse_options(params: dict[str, t.Any]) -> MembershipOptions:
    """Return what the options of csbs_policy_server ask for; raises InvalidInput before anything is sent."""
    servers, filters = parse_refs("servers", params["servers"]), parse_filters(params["server_filters"])
    policy = parse_policy_ref(params["policy"])
    if servers is None and filters is None:
        raise InvalidInput("servers or server_filters is needed: they say which servers join or leave the policy")
    if params["state"] == "present":
        check_capacity("servers", len(servers or []), policy)
    return MembershipOptions(policy, params["state"], servers, filters, params["move_servers"])


def plan(options: MembershipOptions, cloud: t.Any) -> Plan:
    """Read what a task about members needs to know and return its plan."""
    rows = cloud.policies()
    current = find_policy(options.policy, rows, cloud)
    if current is None:
        if options.state == "absent":
            return Plan(before={}, after={}, result={"policy": None, "servers": []})
        raise InvalidInput(f"policy: no such policy: {options.policy!r}")
    servers = cloud.servers()
    names = names_of(servers)
    members = members_of(current, names)
    if options.state == "absent":
        return plan_leaving(current, _leaving(options, current, servers, names), names)
    chosen = choose_servers(options.servers, options.filters, servers, known=members)
    member_ids = {one["id"] for one in members}
    joining = [server for server in chosen if server["id"] not in member_ids]
    check_capacity("servers", len(member_ids) + len(joining), current["name"])
    return plan_joining(current, chosen, plan_moves(joining, rows, current["id"], options.move_servers, cloud), names)


def _leaving(
    options: MembershipOptions, current: dict[str, t.Any], servers: list[dict[str, t.Any]], names: t.Mapping[str, str]
) -> list[dict[str, t.Any]]:
    """Return the servers that are not to be members; what matches nothing has nothing to leave.

    A server that no longer exists is known by its ID, or by the label that the policy has for it.
    """
    ids = resolve_servers(options.servers, options.filters, servers, members_of(current), unknown="ignore")
    known = {one["id"]: one for one in (*members_of(current, names), *servers)}
    return [known[key] for key in ids if key in known]


def finish(options: MembershipOptions, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Return the result of a task about members: the policy as it is now."""
    if not plan.changed:
        return {}
    raw = read_policy(cloud, plan.context["policy"])
    return {"policy": None if raw is None else policy_result(raw, plan.context["names"])}
