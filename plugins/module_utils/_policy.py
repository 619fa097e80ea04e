# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_policy: what is wanted of a backup policy, and the plan that leads there."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ._compare import changed_fields
from ._errors import ActionFailed, CloudError, CloudFailed
from ._membership import Move, check_capacity, members_call, move_calls, plan_moves
from ._plan import SECONDS_UNTIL_LISTED, Call, Outcome, Plan, PlanAgain, PlanFailed, Unsettled, execute
from ._policy_shape import as_resource, definition_in, for_diff, members_of, operation_of, pattern_of, policy_result
from ._retention import LONG_TERM, definition_of, same_retention, unreported, wanted_retention
from ._rules import MAX_POLICIES, InvalidInput, as_text, check_description, check_name, refuse_ignored
from ._schedule import RawPattern, Rule, describe_schedule, format_pattern, same_schedule, wanted_rule
from ._selection import brief, choose_servers, find_one, is_id, names_of, wanted_filters, wanted_keys
from ._tags import apply_tags, check_count, compare_tags, tags_as_list, wanted_tags
from ._times import parse_time
from ._wait import Clock, poll

# The service already has a policy of that name.
_NAME_TAKEN = "CSBS.9007"
# Time in which tasks that created policies of one name at once agree on one of them.
_SETTLES_WITHIN = timedelta(minutes=2)
_NOT_WITH_ABSENT = ("new_name", "description", "enabled", "schedule", "retention", "purge_servers", "tags")


@dataclass(frozen=True)
class PolicyWish:
    """The options of csbs_policy in normal form; None is "leave it alone"."""

    name: str
    state: str
    new_name: str | None = None
    description: str | None = None
    enabled: bool | None = None
    rule: Rule | RawPattern | None = None
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
        if params["servers"] is not None or params["server_filters"] is not None:
            raise InvalidInput(
                "servers, server_filters: state absent deletes the whole policy, whatever they say. To take servers out of the policy,"
                " use csbs_policy_server with state: absent. To delete the policy, leave them out"
            )
        refuse_ignored(params, "with state: absent", _NOT_WITH_ABSENT)
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
    row = find_policy_row(wish.name, rows, cloud) or cloud.policy(wish.name)
    if wish.state == "absent":
        current = None if row is None else read_policy(cloud, row["id"])
        return plan_absent(current, names_of(cloud.servers()) if members_of(current or {}) else {})
    if wish.new_name:
        other = next((one for one in rows if one["name"] == wish.new_name and one["id"] != (row or {}).get("id")), None)
        if row is not None and other is not None:
            raise InvalidInput(f"new_name: {wish.new_name!r} is the name of another policy, {other['id']}")
        # A rename that was done before finds the policy by its new name.
        row = row or find_policy_row(wish.new_name, rows, cloud)
    current = None if row is None else read_policy(cloud, row["id"])
    needed = wish.servers or wish.filters is not None or members_of(current or {})
    servers = cloud.servers() if needed else []
    names = names_of(servers)
    chosen = _choose(wish, members_of(current or {}, names), servers)
    members = {one["id"] for one in members_of(current or {})}
    joining = [server for server in chosen if server["id"] not in members]
    moves = plan_moves(joining, rows, (current or {}).get("id"), wish.move_servers, cloud)
    if current is None:
        return plan_creation(wish, chosen, moves, rows, names)
    return plan_update(wish, current, chosen, moves, names)


def find_policy_row(key: str, rows: list[dict[str, t.Any]], cloud: t.Any) -> dict[str, t.Any] | None:
    """Return the row of a list whose id or else name is key, None when there is none.

    Raises InvalidInput listing the ids when several have that name, as Unsettled when one of them is new: tasks on several
    machines that created it at once are about to keep the oldest.
    """
    try:
        return find_one("policy", key, rows)
    except InvalidInput as error:
        made = [parse_time(row.get("created_at")) for row in rows if row["name"] == key]
        if any(moment and cloud.now() - moment < _SETTLES_WITHIN for moment in made):
            raise Unsettled(str(error)) from error
        raise


def read_policy(cloud: t.Any, policy_id: str) -> dict[str, t.Any] | None:
    """Return a policy in full with its tags, None when it has gone."""
    raw: dict[str, t.Any] | None = cloud.policy(policy_id)
    if raw is not None and raw.get("tags") is None:
        raw["tags"] = cloud.tags_of("policy", policy_id)
    return raw


def _choose(wish: PolicyWish, members: list[dict[str, t.Any]], servers: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return the servers that the task names or filters."""
    if wish.filters is None and not wish.servers:
        return []
    chosen = choose_servers(wish.servers, wish.filters, servers, known=members)
    if not chosen and wish.purge_servers:
        raise InvalidInput(
            "server_filters: no server matches, and with purge_servers that would take every server out of the policy;"
            " write servers: [] without server_filters to mean that"
        )
    return chosen


def plan_absent(current: dict[str, t.Any] | None, names: t.Mapping[str, str] | None = None) -> Plan:
    """Return the plan after which a policy is not there. Its backups stay."""
    result: dict[str, t.Any] = {"policy": None, "servers": [], "notes": []}
    if current is None:
        return Plan(before={}, after={}, result=result)
    return Plan((delete_call(current),), for_diff(policy_result(current, names)), {}, result, context={"policy": current["id"]})


def delete_call(policy: dict[str, t.Any]) -> Call:
    # A gateway's 404 says nothing about the policy, so the SDK must not take any 404 for success.
    arguments = {"policy": policy["id"], "ignore_missing": False}
    return Call(f"delete backup policy {policy['name']!r}", "delete_policy", arguments, gone_is_done=True)


def plan_creation(
    wish: PolicyWish,
    chosen: list[dict[str, t.Any]],
    moves: list[Move],
    rows: list[dict[str, t.Any]],
    names: t.Mapping[str, str] | None = None,
) -> Plan:
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
        context={"created": len(moves), "name": name, "known": known, "chosen": chosen, "names": names},
        lock=f"policy {name}",
        replan_on=frozenset({_NAME_TAKEN}),
    )


def plan_update(
    wish: PolicyWish,
    current: dict[str, t.Any],
    chosen: list[dict[str, t.Any]],
    moves: list[Move],
    names: t.Mapping[str, str] | None = None,
) -> Plan:
    """Return the plan that leads a policy to what is wanted of it; raises InvalidInput when a limit forbids it."""
    before = policy_result(current, names)
    after = dict(before)
    attrs = changed_fields(before, {"name": wish.new_name, "description": wish.description})
    operation = _changed_operation(wish, current, before)
    members = members_of(current, names)
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
            calls.append(members_call(act, policy_id, add, remove, **attrs))
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
        context={"policy": policy_id, "chosen": chosen, "names": names},
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
    """Return the result of a policy task: the policy as it is now.

    Raises PlanAgain when it is not yet as wanted, ActionFailed when it cannot be read after the change.
    """
    if not plan.changed:
        return {}
    if wish.state == "absent":
        return _check_gone(cloud, plan.context["policy"])
    policy_id = _made_id(plan, outcome)
    if policy_id is None:
        return {"policy": None}
    planned = {"policy": {**plan.result["policy"], "id": policy_id}, "servers": plan.result["servers"], "notes": plan.result["notes"]}
    try:
        if "created" in plan.context and not outcome.failures:
            policy_id = _settle(wish, policy_id, cloud, plan, clock)
        raw = read_policy(cloud, policy_id)
    except CloudError as error:
        raise ActionFailed(f"{error} The change itself was accepted.", {"changed": True, **planned, **error.fields()}) from error
    if raw is None:
        return {"policy": None}
    if not outcome.failures:
        _check_result(wish, raw, plan)
    return {"policy": policy_result(raw, plan.context["names"])}


def _check_gone(cloud: t.Any, policy_id: str) -> dict[str, t.Any]:
    """Return the result of a deletion; raises PlanAgain when the policy is still there."""
    left = cloud.policy(policy_id)
    if left is not None:
        raise PlanAgain(f"policy {left['name']!r} is still there")
    return {}


def _made_id(plan: Plan, outcome: Outcome) -> str | None:
    """Return the ID of the policy that was made or changed, None when it was not made."""
    if "created" not in plan.context:
        return str(plan.context["policy"])
    answer = outcome.answers.get(plan.context["created"])
    return None if answer is None else str(answer["id"])


def _settle(wish: PolicyWish, policy_id: str, cloud: t.Any, plan: Plan, clock: Clock) -> str:
    """Wait until lists show a new policy, and return the ID of the policy that has its name in the end.

    Where names need not be unique, tasks on several machines may each have made one. The oldest stays: the servers of the
    task's own policy move there, and its own policy is deleted.
    """
    rows: list[dict[str, t.Any]] = []

    def listed() -> bool:
        rows[:] = cloud.policies()
        return any(row["id"] == policy_id for row in rows)

    poll(listed, clock.renewed(min(SECONDS_UNTIL_LISTED, clock.left)), 0.5)
    twins = [row for row in rows if row["name"] == plan.context["name"] and row["id"] not in plan.context["known"]]
    first = min(twins, key=lambda row: (as_text(row.get("created_at")), row["id"]), default=None)
    if first is None or first["id"] == policy_id:
        return policy_id
    try:
        execute(plan_policy_task(replace(wish, name=first["id"], new_name=None, move_servers=True), cloud), cloud, clock)
        own = cloud.policy(policy_id)
        if own is not None and not members_of(own):
            execute(Plan((delete_call(own),)), cloud, clock)
            own = None
    except PlanFailed as failure:
        raise failure.error from failure
    if own is not None:
        raise CloudFailed(
            f"keep one policy {own['name']!r}",
            f"another task made one of that name at the same time, and both have servers: {first['id']} and {policy_id}."
            " What to do: move the servers into one of them, and delete the other.",
        )
    return str(first["id"])


def _check_result(wish: PolicyWish, raw: dict[str, t.Any], plan: Plan) -> None:
    """Raise PlanAgain when a policy lacks something that the task asked for, although every call was accepted."""
    asked = replace(wish, purge_servers=False, purge_tags=False)
    missing = plan_update(asked, raw, plan.context["chosen"], [], plan.context["names"])
    if missing.changed:
        differ = [key for key in missing.after if missing.after[key] != missing.before[key]]
        raise PlanAgain(f"policy {raw['name']!r} still differs in {', '.join(differ) or 'what was sent'}")
