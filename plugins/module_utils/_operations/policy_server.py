# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_server: its options, and what it reads."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from .._cloud.find import find_policy, read_policy
from .._domain.errors import InvalidInput
from .._domain.policy import members_of, policy_result
from .._domain.selection import choose_servers, names_of, wanted_filters, wanted_keys, wanted_policy
from .._domain.server_lookup import resolve_servers
from .._execution.clock import Clock
from .._plans.members import check_capacity, plan_joining, plan_leaving, plan_moves
from .._plans.plan import Outcome, Plan


@dataclass(frozen=True)
class MembershipWish:
    """The options of csbs_policy_server in normal form."""

    policy: str
    state: str
    servers: list[str] | None = None
    filters: dict[str, t.Any] | None = None
    move_servers: bool = True


def wish_membership(params: dict[str, t.Any], now: datetime) -> MembershipWish:
    """Return what the options of csbs_policy_server ask for; raises InvalidInput before anything is sent."""
    servers, filters = wanted_keys("servers", params["servers"]), wanted_filters(params["server_filters"])
    policy = wanted_policy(params["policy"])
    if servers is None and filters is None:
        raise InvalidInput("servers or server_filters is needed: they say which servers join or leave the policy")
    if params["state"] == "present":
        check_capacity("servers", len(servers or []), policy)
    return MembershipWish(policy, params["state"], servers, filters, params["move_servers"])


def plan_membership_task(wish: MembershipWish, cloud: t.Any) -> Plan:
    """Read what a task about members needs to know and return its plan."""
    rows = cloud.policies()
    current = find_policy(wish.policy, rows, cloud)
    if current is None:
        if wish.state == "absent":
            return Plan(before={}, after={}, result={"policy": None, "servers": []})
        raise InvalidInput(f"policy: no such policy: {wish.policy!r}")
    servers = cloud.servers()
    names = names_of(servers)
    members = members_of(current, names)
    if wish.state == "absent":
        return plan_leaving(current, _leaving(wish, current, servers, names), names)
    chosen = choose_servers(wish.servers, wish.filters, servers, known=members)
    member_ids = {one["id"] for one in members}
    joining = [server for server in chosen if server["id"] not in member_ids]
    check_capacity("servers", len(member_ids) + len(joining), current["name"])
    return plan_joining(current, chosen, plan_moves(joining, rows, current["id"], wish.move_servers, cloud), names)


def _leaving(
    wish: MembershipWish, current: dict[str, t.Any], servers: list[dict[str, t.Any]], names: t.Mapping[str, str]
) -> list[dict[str, t.Any]]:
    """Return the servers that are not to be members; what matches nothing has nothing to leave.

    A server that no longer exists is known by its ID, or by the label that the policy has for it.
    """
    ids = resolve_servers(wish.servers, wish.filters, servers, members_of(current), unknown="ignore")
    known = {one["id"]: one for one in (*members_of(current, names), *servers)}
    return [known[key] for key in ids if key in known]


def finish_membership(
    wish: MembershipWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    """Return the result of a task about members: the policy as it is now."""
    if not plan.changed:
        return {}
    raw = read_policy(cloud, plan.context["policy"])
    return {"policy": None if raw is None else policy_result(raw, plan.context["names"])}
