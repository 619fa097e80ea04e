# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_policy: what is wanted of a backup policy, and the plan that leads there."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ._compare import changed_fields
from ._membership import Move, check_capacity, move_calls, plan_moves
from ._plan import Call, Outcome, Plan
from ._policy_shape import as_resource, definition_in, for_diff, members_of, operation_of, pattern_of, policy_result
from ._retention import LONG_TERM, definition_of, same_retention, unreported, wanted_retention
from ._rules import MAX_POLICIES, InvalidInput, check_description, check_name
from ._schedule import Rule, describe_schedule, format_pattern, same_schedule, wanted_rule
from ._selection import brief, choose_servers, find_one, is_id, wanted_filters, wanted_keys
from ._tags import apply_tags, check_count, compare_tags, tags_as_list, wanted_tags
from ._wait import Clock, poll

# A new policy may be missing from lists for a moment; the next task must find it there.
_LISTED_WITHIN = 30


@dataclass(frozen=True)
class PolicyWish:
    """The options of csbs_policy in normal form; None is "leave it alone"."""

    name: str
    state: str
    new_name: str | None = None
    description: str | None = None
    enabled: bool | None = None
    rule: Rule | None = None
    retention: dict[str, t.Any] | None = None
    servers: list[str] | None = None
    filters: dict[str, t.Any] | None = None
    purge_servers: bool = False
    move_servers: bool = True
    tags: dict[str, str] | None = None
    purge_tags: bool = True
    notes: tuple[str, ...] = ()


def wish_policy(params: dict[str, t.Any], now: datetime) -> PolicyWish:
    """Return what the options of csbs_policy ask for; raises InvalidInput before anything is sent."""
    if params["state"] == "absent":
        return PolicyWish(params["name"], "absent")
    check_name("name", params["name"])
    if params["new_name"] is not None:
        check_name("new_name", params["new_name"])
    if params["description"] is not None:
        check_description("description", params["description"])
    schedule = params["schedule"]
    rule, notes = (None, []) if schedule is None else wanted_rule(schedule, now)
    retention = params["retention"]
    if retention is not None:
        retention = wanted_retention(retention, (schedule or {}).get("timezone"), now)
    servers = wanted_keys("servers", params["servers"])
    check_capacity("servers", len(servers or []), params["name"])
    return PolicyWish(
        params["name"],
        "present",
        params["new_name"],
        params["description"],
        params["enabled"],
        rule,
        retention,
        servers,
        wanted_filters(params["server_filters"]),
        params["purge_servers"],
        params["move_servers"],
        wanted_tags("tags", params["tags"]),
        params["purge_tags"],
        tuple(notes),
    )


def plan_policy_task(wish: PolicyWish, cloud: t.Any) -> Plan:
    """Read what a policy task needs to know and return its plan."""
    rows = cloud.policies()
    # What is too new to be listed is found by its ID.
    row = find_one("policy", wish.name, rows) or (cloud.policy(wish.name) if is_id(wish.name) else None)
    if wish.state == "absent":
        return plan_absent(None if row is None else read_policy(cloud, row["id"]))
    if wish.new_name:
        other = next((one for one in rows if one["name"] == wish.new_name and one["id"] != (row or {}).get("id")), None)
        if row is not None and other is not None:
            raise InvalidInput(f"new_name: {wish.new_name!r} is the name of another policy, {other['id']}")
        # A rename that was done before finds the policy by its new name.
        row = row or find_one("policy", wish.new_name, rows)
    current = None if row is None else read_policy(cloud, row["id"])
    chosen = _choose(wish, current, cloud)
    members = {one["id"] for one in members_of(current or {})}
    joining = [server for server in chosen if server["id"] not in members]
    moves = plan_moves(joining, rows, (current or {}).get("id"), wish, cloud)
    if current is None:
        return plan_creation(wish, chosen, moves, rows)
    return plan_update(wish, current, chosen, moves)


def read_policy(cloud: t.Any, policy_id: str) -> dict[str, t.Any] | None:
    """Return a policy in full with its tags, None when it has gone."""
    raw: dict[str, t.Any] | None = cloud.policy(policy_id)
    if raw is not None and raw.get("tags") is None:
        raw["tags"] = cloud.tags_of("policy", policy_id)
    return raw


def _choose(wish: PolicyWish, current: dict[str, t.Any] | None, cloud: t.Any) -> list[dict[str, t.Any]]:
    """Return the servers that the task names or filters."""
    if wish.filters is None and not wish.servers:
        return []
    members = members_of(current or {})
    by_id = {one["id"]: one for one in members}
    if wish.filters is None and wish.servers and all(key in by_id for key in wish.servers):
        return [by_id[key] for key in wish.servers]
    chosen = choose_servers(wish.servers, wish.filters, cloud.servers(), known=members)
    if not chosen and wish.purge_servers:
        raise InvalidInput(
            "server_filters: no server matches, and with purge_servers that would take every server out of the policy;"
            " write servers: [] without server_filters to mean that"
        )
    return chosen


def plan_absent(current: dict[str, t.Any] | None) -> Plan:
    """Return the plan after which a policy is not there. Its backups stay."""
    result: dict[str, t.Any] = {"policy": None, "servers": [], "notes": []}
    if current is None:
        return Plan(before={}, after={}, result=result)
    call = Call(f"delete backup policy {current['name']!r}", "delete_policy", {"policy": current["id"]})
    return Plan((call,), for_diff(policy_result(current)), {}, result)


def plan_creation(wish: PolicyWish, chosen: list[dict[str, t.Any]], moves: list[Move], rows: list[dict[str, t.Any]]) -> Plan:
    """Return the plan that creates a policy; raises InvalidInput when a limit or a missing schedule forbids it."""
    name = wish.new_name or wish.name
    if is_id(wish.name):
        raise InvalidInput(f"name: there is no policy with the ID {wish.name}, and a new one needs a name")
    if wish.rule is None:
        raise InvalidInput(f"schedule is needed: there is no policy {wish.name!r}, and a new one must say when it runs")
    if len(rows) >= MAX_POLICIES:
        raise InvalidInput(f"name: a new policy {name!r} would be number {len(rows) + 1}; the service allows {MAX_POLICIES} in a project")
    check_capacity("servers", len(chosen), name)
    operation = {
        "enabled": wish.enabled is not False,
        "operation_type": "backup",
        "operation_definition": definition_of(wish.retention, update=False) if wish.retention else {},
        "trigger": {"properties": {"pattern": format_pattern(wish.rule)}},
    }
    attrs: dict[str, t.Any] = {
        "name": name,
        "resources": [as_resource(server) for server in chosen],
        "scheduled_operations": [operation],
    }
    if wish.description is not None:
        attrs["description"] = wish.description
    if wish.tags:
        attrs["tags"] = tags_as_list(wish.tags)
    known = frozenset(row["id"] for row in rows)
    create = Call(f"create backup policy {name!r}", "create_policy", attrs, recover=("created_policy", {"name": name, "known": known}))
    after = policy_result({**attrs, "tags": tags_as_list(wish.tags or {})})
    return Plan(
        (*move_calls(moves), create),
        {},
        for_diff(after),
        {"policy": after, "servers": brief(chosen), "notes": list(wish.notes)},
        context={"created": len(moves)},
    )


def plan_update(wish: PolicyWish, current: dict[str, t.Any], chosen: list[dict[str, t.Any]], moves: list[Move]) -> Plan:
    """Return the plan that leads a policy to what is wanted of it; raises InvalidInput when a limit forbids it."""
    before = policy_result(current)
    after = dict(before)
    attrs = changed_fields(before, {"name": wish.new_name, "description": wish.description})
    operation = _changed_operation(wish, current, before)
    members = members_of(current)
    member_ids, chosen_ids = {one["id"] for one in members}, {one["id"] for one in chosen}
    add = [as_resource(server) for server in chosen if server["id"] not in member_ids]
    remove = [one["id"] for one in members if one["id"] not in chosen_ids] if _purges(wish) else []
    check_capacity("servers", len(members) + len(add) - len(remove), before["name"])
    unset, put = ({}, {}) if wish.tags is None else compare_tags(before["tags"], wish.tags, wish.purge_tags)
    act, policy_id = f"update backup policy {before['name']!r}", current["id"]

    calls: list[Call] = []
    if attrs or operation or add or remove:
        after.update(attrs)
        after["servers"] = [one for one in members if one["id"] not in remove] + [{"id": one["id"], "name": one["name"]} for one in add]
        if wish.retention is not None:
            # What the service does not report back goes along with every update.
            operation["operation_definition"] = definition_of(wish.retention, update=True)
            after["retention"] = wish.retention
        if operation:
            after["enabled"] = before["enabled"] if wish.enabled is None else wish.enabled
            after["schedule"] = describe_schedule(format_pattern(wish.rule)) if "trigger" in operation and wish.rule else before["schedule"]
            # An operation sent without "enabled" would be switched on.
            attrs["scheduled_operations"] = [{"id": operation_of(current).get("id"), "enabled": after["enabled"], **operation}]
        if add or remove:
            calls.append(Call(act, "change_policy_servers", {"policy": policy_id, "add": add, "remove": remove, **attrs}))
        else:
            calls.append(Call(act, "update_policy", {"policy": policy_id, **attrs}))
    notes = list(wish.notes) + _unseen_retention(wish, current, updated=bool(calls))
    if wish.tags is not None:
        after["tags"] = apply_tags(before["tags"], unset, put)
        check_count(f"policy {before['name']!r}", after["tags"])
    calls.extend(tag_calls("policy", policy_id, f"policy {before['name']!r}", unset, put))
    return Plan(
        (*move_calls(moves), *calls),
        for_diff(before),
        for_diff(after),
        {"policy": after, "servers": brief(chosen), "notes": notes},
        context={"policy": policy_id},
    )


def _changed_operation(wish: PolicyWish, current: dict[str, t.Any], before: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return those parts of the scheduled operation that must change."""
    operation: dict[str, t.Any] = changed_fields(before, {"enabled": wish.enabled})
    if wish.rule is not None and not same_schedule(pattern_of(current), wish.rule):
        operation["trigger"] = {"properties": {"pattern": format_pattern(wish.rule)}}
    hidden = unreported(definition_in(current))
    if wish.retention is not None and not same_retention(before["retention"], wish.retention, hidden):
        operation["operation_definition"] = {}
    return operation


def _purges(wish: PolicyWish) -> bool:
    return wish.purge_servers and (wish.servers is not None or wish.filters is not None)


def _unseen_retention(wish: PolicyWish, current: dict[str, t.Any], updated: bool) -> list[str]:
    hidden = unreported(definition_in(current))
    unseen = [key for key in LONG_TERM if wish.retention and wish.retention[key] and key in hidden]
    if not unseen or updated:
        return []
    return [
        f"The service does not report {', '.join(f'retention.{key}' for key in unseen)}:"
        " it cannot be told what is set there, and what is wanted goes along with the next update of the policy"
    ]


def tag_calls(
    owner: str, resource_id: str, what: str, unset: dict[str, str], put: dict[str, str], group: str | None = None
) -> list[Call]:
    """Return the calls that change tags; removal first, so that the limit is never passed on the way.

    A single tag has calls of its own, and is removed whatever its value has become meanwhile. group is that of the calls.
    """
    where = {"owner": owner, "resource_id": resource_id}
    calls = []
    if len(unset) == 1:
        calls.append(Call(f"remove a tag of {what}", "remove_tag", {**where, "key": next(iter(unset))}, gone_is_done=True))
    elif unset:
        calls.append(Call(f"remove tags of {what}", "unset_tags", {**where, "tags": tags_as_list(unset)}))
    if len(put) == 1:
        key, value = next(iter(put.items()))
        calls.append(Call(f"set a tag of {what}", "add_tag", {**where, "key": key, "value": value}))
    elif put:
        calls.append(Call(f"set tags of {what}", "set_tags", {**where, "tags": tags_as_list(put)}))
    return [replace(call, group=group) for call in calls]


def finish_policy(wish: PolicyWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Return the result of a policy task: the policy as it is now."""
    if wish.state == "absent" or not plan.changed:
        return {}
    if "created" in plan.context:
        policy_id = outcome.answers[plan.context["created"]]["id"]
        poll(lambda: any(row["id"] == policy_id for row in cloud.policies()), Clock(_LISTED_WITHIN), 0.5)
    else:
        policy_id = plan.context["policy"]
    raw = read_policy(cloud, policy_id)
    return {"policy": None if raw is None else policy_result(raw)}
