# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy: its options, what it reads, and whether the policy is then as it should be."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timezone

from .._cloud.find_policy import find_policy_row, read_policy
from .._domain.errors import CloudError, FinalError, InvalidInput, TaskFailed
from .._domain.limits import as_text, check_description, check_name, refuse_ignored
from .._domain.policy import members_of, policy_result
from .._domain.retention_option import parse_retention
from .._domain.schedule_option import parse_schedule
from .._domain.selection import names_of, parse_filters, parse_refs
from .._domain.server_lookup import choose_servers
from .._domain.tags import parse_tags
from .._execution.clock import Clock, poll
from .._execution.executor import execute
from .._plans.members import check_capacity, plan_moves
from .._plans.plan import SECONDS_UNTIL_LISTED, Outcome, Plan, PlanAgain, PlanFailed
from .._plans.policy import PolicyOptions, delete_call, plan_absent, plan_creation, plan_update

_NOT_WITH_ABSENT = ("new_name", "description", "enabled", "schedule", "retention", "purge_servers", "tags")


def parse_options(params: dict[str, t.Any], now: datetime | None = None) -> PolicyOptions:
    """Return what the options of csbs_policy ask for; raises InvalidInput before anything is sent."""
    now = now or datetime.now(timezone.utc)
    if params["state"] == "absent":
        if params["servers"] is not None or params["server_filters"] is not None:
            raise InvalidInput(
                "servers, server_filters: state absent deletes the whole policy, whatever they say. To take servers out of the policy,"
                " use csbs_policy_server with state: absent. To delete the policy, leave them out"
            )
        refuse_ignored(params, "with state: absent", _NOT_WITH_ABSENT)
        return PolicyOptions(params["name"], "absent")
    check_name("name", params["name"])
    if params["new_name"] is not None:
        check_name("new_name", params["new_name"])
    if params["description"] is not None:
        check_description("description", params["description"])
    schedule = params["schedule"]
    rule, notes = (None, []) if schedule is None else parse_schedule(schedule, now)
    retention = params["retention"]
    if retention is not None:
        retention = parse_retention(retention, (schedule or {}).get("timezone"), now)
    servers = parse_refs("servers", params["servers"])
    check_capacity("servers", len(servers or []), params["name"])
    return PolicyOptions(
        params["name"],
        "present",
        params["new_name"],
        params["description"],
        params["enabled"],
        rule,
        retention,
        servers,
        parse_filters(params["server_filters"]),
        params["purge_servers"],
        params["move_servers"],
        parse_tags("tags", params["tags"]),
        params["purge_tags"],
        tuple(notes),
    )


def plan(options: PolicyOptions, cloud: t.Any) -> Plan:
    """Read what a policy task needs to know and return its plan."""
    rows = cloud.policies()
    # What is too new to be listed is found by its ID.
    row = find_policy_row(options.name, rows, cloud) or cloud.policy(options.name)
    if options.state == "absent":
        current = None if row is None else read_policy(cloud, row["id"])
        return plan_absent(current, names_of(cloud.servers()) if members_of(current or {}) else {})
    if options.new_name:
        other = next(
            (one for one in rows if one["name"] == options.new_name and one["id"] != (row or {}).get("id")), None
        )
        if row is not None and other is not None:
            raise InvalidInput(f"new_name: {options.new_name!r} is the name of another policy, {other['id']}")
        # A rename that was done before finds the policy by its new name.
        row = row or find_policy_row(options.new_name, rows, cloud)
    current = None if row is None else read_policy(cloud, row["id"])
    needed = options.servers or options.filters is not None or members_of(current or {})
    servers = cloud.servers() if needed else []
    names = names_of(servers)
    chosen = _choose(options, members_of(current or {}, names), servers)
    members = {one["id"] for one in members_of(current or {})}
    joining = [server for server in chosen if server["id"] not in members]
    moves = plan_moves(joining, rows, (current or {}).get("id"), options.move_servers, cloud)
    if current is None:
        return plan_creation(options, chosen, moves, rows, names)
    return plan_update(options, current, chosen, moves, names)


def _choose(
    options: PolicyOptions, members: list[dict[str, t.Any]], servers: list[dict[str, t.Any]]
) -> list[dict[str, t.Any]]:
    """Return the servers that the task names or filters."""
    if options.filters is None and not options.servers:
        return []
    chosen = choose_servers(options.servers, options.filters, servers, known=members)
    if not chosen and options.purge_servers:
        raise InvalidInput(
            "server_filters: no server matches, and with purge_servers that would take every server out of the policy;"
            " write servers: [] without server_filters to mean that"
        )
    return chosen


def finish(options: PolicyOptions, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Return the result of a policy task: the policy as it is now.

    Raises PlanAgain when it is not yet as wanted, ActionFailed when it cannot be read after the change.
    """
    if not plan.changed:
        return {}
    if options.state == "absent":
        return _check_gone(cloud, plan.context["policy"])
    policy_id = _made_id(plan, outcome)
    if policy_id is None:
        return {"policy": None}
    planned = {
        "policy": {**plan.result["policy"], "id": policy_id},
        "servers": plan.result["servers"],
        "notes": plan.result["notes"],
    }
    try:
        if "created" in plan.context and not outcome.failures:
            policy_id = _settle(options, policy_id, cloud, plan, clock)
        raw = read_policy(cloud, policy_id)
    except CloudError as error:
        raise TaskFailed(
            f"{error} The change itself was accepted.", {"changed": True, **planned, **error.fields()}
        ) from error
    if raw is None:
        return {"policy": None}
    if not outcome.failures:
        _check_result(options, raw, plan)
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


def _settle(options: PolicyOptions, policy_id: str, cloud: t.Any, plan: Plan, clock: Clock) -> str:
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
        execute(plan(replace(options, name=first["id"], new_name=None, move_servers=True), cloud), cloud, clock)
        own = cloud.policy(policy_id)
        if own is not None and not members_of(own):
            execute(Plan((delete_call(own),)), cloud, clock)
            own = None
    except PlanFailed as failure:
        raise failure.error from failure
    if own is not None:
        raise FinalError(
            f"keep one policy {own['name']!r}",
            f"another task made one of that name at the same time, and both have servers: {first['id']} and {policy_id}."
            " What to do: move the servers into one of them, and delete the other.",
        )
    return str(first["id"])


def _check_result(options: PolicyOptions, raw: dict[str, t.Any], plan: Plan) -> None:
    """Raise PlanAgain when a policy lacks something that the task asked for, although every call was accepted."""
    asked = replace(options, purge_servers=False, purge_tags=False)
    missing = plan_update(asked, raw, plan.context["chosen"], [], plan.context["names"])
    if missing.changed:
        differ = [key for key in missing.after if missing.after[key] != missing.before[key]]
        raise PlanAgain(f"policy {raw['name']!r} still differs in {', '.join(differ) or 'what was sent'}")
