# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plans that create, update and delete a policy."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._domain.errors import InvalidInput
from .._domain.limits import MAX_POLICIES
from .._domain.policy import as_resource, definition_in, for_diff, members_of, operation_of, pattern_of, policy_result
from .._domain.retention import LONG_TERM, definition_of, same_retention, unreported
from .._domain.schedule import RawPattern, Rule, describe_schedule, format_pattern, same_schedule
from .._domain.selection import is_id, server_refs
from .._domain.tags import apply_tags, check_count, compare_tags, tags_as_list
from .members import Move, check_capacity, members_call, move_calls
from .plan import Call, Plan
from .recovery import created_policy
from .tag import tag_calls


def changed_fields(current: dict[str, t.Any], wanted: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return those of wanted that are given (not None) and differ from current."""
    return {key: value for key, value in wanted.items() if value is not None and current.get(key) != value}


# The service already has a policy of that name.
_NAME_TAKEN = "CSBS.9007"


@dataclass(frozen=True)
class PolicyOptions:
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


def plan_absent(current: dict[str, t.Any] | None, names: t.Mapping[str, str] | None = None) -> Plan:
    """Return the plan after which a policy is not there. Its backups stay."""
    result: dict[str, t.Any] = {"policy": None, "servers": [], "notes": []}
    if current is None:
        return Plan(before={}, after={}, result=result)
    return Plan(
        (delete_call(current),), for_diff(policy_result(current, names)), {}, result, context={"policy": current["id"]}
    )


def delete_call(policy: dict[str, t.Any]) -> Call:
    return Call(f"delete backup policy {policy['name']!r}", "delete_policy", {"policy": policy["id"]}, missing_ok=True)


def plan_creation(
    options: PolicyOptions,
    chosen: list[dict[str, t.Any]],
    moves: list[Move],
    rows: list[dict[str, t.Any]],
    names: t.Mapping[str, str] | None = None,
) -> Plan:
    """Return the plan that creates a policy; raises InvalidInput when a limit or a missing schedule forbids it."""
    name = options.new_name or options.name
    if is_id(options.name):
        raise InvalidInput(f"name: there is no policy with the ID {options.name}, and a new one needs a name")
    if options.rule is None:
        raise InvalidInput(
            f"schedule is needed: there is no policy {options.name!r}, and a new one must say when it runs"
        )
    if len(rows) >= MAX_POLICIES:
        raise InvalidInput(
            f"name: a new policy {name!r} would be number {len(rows) + 1}; the service allows {MAX_POLICIES} in a project"
        )
    check_capacity("servers", len(chosen), name)
    scheduled = {
        "enabled": options.enabled is not False,
        "operation_type": "backup",
        "operation_definition": definition_of(options.retention, update=False) if options.retention else {},
        "trigger": {"properties": {"pattern": format_pattern(options.rule)}},
    }
    attrs: dict[str, t.Any] = {
        "name": name,
        "resources": [as_resource(server) for server in chosen],
        "scheduled_operations": [scheduled],
    }
    if options.description is not None:
        attrs["description"] = options.description
    if options.tags:
        attrs["tags"] = tags_as_list(options.tags)
    known = frozenset(row["id"] for row in rows)
    create = Call(
        f"create backup policy {name!r}",
        "create_policy",
        attrs,
        find_effect=created_policy(name, known),
    )
    after = policy_result({**attrs, "tags": tags_as_list(options.tags or {})})
    return Plan(
        (*move_calls(moves), create),
        {},
        for_diff(after),
        {"policy": after, "servers": server_refs(chosen), "notes": list(options.notes)},
        context={"created": len(moves), "name": name, "known": known, "chosen": chosen, "names": names},
        lock=f"policy {name}",
        replan_on=frozenset({_NAME_TAKEN}),
    )


def plan_update(
    options: PolicyOptions,
    current: dict[str, t.Any],
    chosen: list[dict[str, t.Any]],
    moves: list[Move],
    names: t.Mapping[str, str] | None = None,
) -> Plan:
    """Return the plan that leads a policy to what is wanted of it; raises InvalidInput when a limit forbids it."""
    before = policy_result(current, names)
    after = dict(before)
    attrs = changed_fields(before, {"name": options.new_name, "description": options.description})
    scheduled = _changed_schedule(options, current, before)
    members = members_of(current, names)
    member_ids, chosen_ids = {one["id"] for one in members}, {one["id"] for one in chosen}
    add = [as_resource(server) for server in chosen if server["id"] not in member_ids]
    remove = [one["id"] for one in members if one["id"] not in chosen_ids] if _purges(options) else []
    check_capacity("servers", len(members) + len(add) - len(remove), before["name"])
    unset, put = ({}, {}) if options.tags is None else compare_tags(before["tags"], options.tags, options.purge_tags)
    operation, policy_id = f"update backup policy {before['name']!r}", current["id"]

    calls: list[Call] = []
    if attrs or scheduled or add or remove:
        after.update(attrs)
        after["servers"] = [one for one in members if one["id"] not in remove] + [
            {"id": one["id"], "name": one["name"]} for one in add
        ]
        if options.retention is not None:
            # What the service does not report back goes along with every update.
            scheduled["operation_definition"] = definition_of(options.retention, update=True)
            after["retention"] = options.retention
        if scheduled:
            after["enabled"] = before["enabled"] if options.enabled is None else options.enabled
            after["schedule"] = (
                describe_schedule(format_pattern(options.rule))
                if "trigger" in scheduled and options.rule
                else before["schedule"]
            )
            # An operation sent without "enabled" would be switched on.
            attrs["scheduled_operations"] = [
                {"id": operation_of(current).get("id"), "enabled": after["enabled"], **scheduled}
            ]
        if add or remove:
            calls.append(members_call(operation, policy_id, add, remove, **attrs))
        else:
            calls.append(Call(operation, "update_policy", {"policy": policy_id, **attrs}))
    notes = list(options.notes) + _unseen_retention(options, current, updated=bool(calls))
    if options.tags is not None:
        after["tags"] = apply_tags(before["tags"], unset, put)
        check_count(f"policy {before['name']!r}", after["tags"])
    calls.extend(tag_calls("policy", policy_id, f"policy {before['name']!r}", unset, put))
    return Plan(
        (*move_calls(moves), *calls),
        for_diff(before),
        for_diff(after),
        {"policy": after, "servers": server_refs(chosen), "notes": notes},
        context={"policy": policy_id, "chosen": chosen, "names": names},
    )


def _changed_schedule(options: PolicyOptions, current: dict[str, t.Any], before: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return those parts of the scheduled operation that must change."""
    scheduled: dict[str, t.Any] = changed_fields(before, {"enabled": options.enabled})
    if options.rule is not None and not same_schedule(pattern_of(current), options.rule):
        scheduled["trigger"] = {"properties": {"pattern": format_pattern(options.rule)}}
    hidden = unreported(definition_in(current))
    if options.retention is not None and not same_retention(before["retention"], options.retention, hidden):
        scheduled["operation_definition"] = {}
    return scheduled


def _purges(options: PolicyOptions) -> bool:
    return options.purge_servers and (options.servers is not None or options.filters is not None)


def _unseen_retention(options: PolicyOptions, current: dict[str, t.Any], updated: bool) -> list[str]:
    hidden = unreported(definition_in(current))
    unseen = [key for key in LONG_TERM if options.retention and options.retention[key] and key in hidden]
    if not unseen or updated:
        return []
    return [
        f"The service does not report {', '.join(f'retention.{key}' for key in unseen)}:"
        " it cannot be told what is set there, and what is wanted goes along with the next update of the policy"
    ]
