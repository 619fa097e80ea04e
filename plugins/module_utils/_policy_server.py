# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_policy_server: which servers are to be in a policy or not, and the plan that leads there."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ._membership import Move, check_capacity, list_names, members_call, move_calls, plan_moves
from ._plan import Outcome, Plan
from ._policy import find_policy_row, read_policy
from ._policy_shape import as_resource, for_diff, members_of, policy_result
from ._rules import InvalidInput
from ._selection import brief, choose_servers, names_of, wanted_filters, wanted_keys
from ._server_lookup import resolve_servers
from ._wait import Clock


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


def wanted_policy(key: str) -> str:
    """Return the name or ID of a policy as an option has it; raises InvalidInput for an empty one."""
    return (wanted_keys("policy", [key]) or [""])[0]


def find_policy(key: str, rows: list[dict[str, t.Any]], cloud: t.Any) -> dict[str, t.Any] | None:
    """Return in full the policy that rows of a list have by that name or ID, None when there is none.

    Raises InvalidInput when several have that name.
    """
    row = find_policy_row(key, rows, cloud)
    # What is too new to be listed is found by its ID.
    if row is None:
        return read_policy(cloud, key)
    return read_policy(cloud, row["id"])


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


def plan_joining(
    current: dict[str, t.Any], chosen: list[dict[str, t.Any]], moves: list[Move], names: t.Mapping[str, str] | None = None
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


def plan_leaving(current: dict[str, t.Any], chosen: list[dict[str, t.Any]], names: t.Mapping[str, str] | None = None) -> Plan:
    """Return the plan after which none of the chosen servers is a member of a policy. Their backups stay."""
    leaving = {server["id"] for server in chosen}
    members = members_of(current, names)
    going = [one for one in members if one["id"] in leaving]
    plan = _change(current, [one for one in members if one["id"] not in leaving], chosen, names)
    if not going:
        return plan
    act = f"take {list_names(going)} out of backup policy {current['name']!r}"
    return replace(plan, calls=(members_call(act, current["id"], remove=[one["id"] for one in going], gone_is_done=True),))


def _change(
    current: dict[str, t.Any], members: list[dict[str, t.Any]], chosen: list[dict[str, t.Any]], names: t.Mapping[str, str] | None
) -> Plan:
    """Return the plan, yet without calls, after which a policy has these members."""
    before = policy_result(current, names)
    after = {**before, "servers": members}
    context = {"policy": current["id"], "names": names}
    return Plan((), for_diff(before), for_diff(after), {"policy": after, "servers": brief(chosen)}, context=context)


def finish_membership(wish: MembershipWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Return the result of a task about members: the policy as it is now."""
    if not plan.changed:
        return {}
    raw = read_policy(cloud, plan.context["policy"])
    return {"policy": None if raw is None else policy_result(raw, plan.context["names"])}
