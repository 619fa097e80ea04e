# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup policies: creating, changing, deleting, and their scheduled runs."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Any

from . import backups, retention, schedule
from .model import Policy
from .rules import (
    LONG_TERM,
    MAX_POLICIES,
    MAX_SERVERS,
    PROVIDER_ID,
    SERVER_TYPE,
    TIMEZONE,
    ApiError,
    bad,
    clean_tags,
)
from .state import State, new_id


def of_project(state: State, project_id: str) -> list[Policy]:
    """The policies of a project, oldest first."""
    return [policy for policy in state.policies.values() if policy.project_id == project_id]


def create(state: State, project_id: str, wish: dict[str, Any]) -> Policy:
    """A new policy."""
    _check_name(state, project_id, wish["name"], own_id=None)
    operation = wish["scheduled_operations"][0]
    definition = _definition({}, operation["operation_definition"])
    pattern = _pattern(operation["trigger"])
    tags = clean_tags(wish.get("tags", []))
    resources = _resources(state, project_id, None, wish["resources"])
    if len(of_project(state, project_id)) + state.cbr.backup_policies(project_id) >= MAX_POLICIES:
        raise ApiError("CSBS.0001", f"at most {MAX_POLICIES}")
    policy = Policy(
        id=new_id(),
        project_id=project_id,
        name=wish["name"],
        description=wish.get("description", ""),
        parameters={"common": wish["parameters"].get("common", {})},
        created_at=state.policy_moment(),
        resources=resources,
        operation_id=new_id(),
        operation_name=operation.get("name", "default"),
        operation_description=operation.get("description", ""),
        enabled=operation["enabled"],
        definition=definition,
        pattern=pattern,
        trigger_id=new_id(),
        start_time=state.now,
        tags=tags,
        visible_at=state.visible_at(),
        seq=state.next_seq(),
    )
    state.policies[policy.id] = policy
    for resource in resources:
        state.index.member_of[resource["id"]] = policy.id
    plan_next_run(state, policy)
    return policy


def update(state: State, project_id: str, policy_id: str, wish: dict[str, Any]) -> Policy:
    """Change a policy; everything is checked before anything changes."""
    policy = state.policy(project_id, policy_id)
    if "name" in wish:
        _check_name(state, project_id, wish["name"], own_id=policy_id)
    resources = _resources(state, project_id, policy, wish["resources"]) if "resources" in wish else None
    operation = wish["scheduled_operations"][0] if "scheduled_operations" in wish else None
    definition, pattern = policy.definition, policy.pattern
    if operation is not None:
        if operation["id"] != policy.operation_id:
            raise bad(f"the policy has no scheduled operation {operation['id']}")
        definition = _definition(policy.definition, operation.get("operation_definition", {}))
        if "trigger" in operation:
            pattern = _pattern(operation["trigger"])
    policy.name = wish.get("name", policy.name)
    policy.description = wish.get("description", policy.description)
    if resources is not None:
        for resource in policy.resources:
            state.index.member_of.pop(resource["id"], None)
        policy.resources = resources
        for resource in resources:
            state.index.member_of[resource["id"]] = policy.id
    if operation is not None:
        policy.operation_name = operation.get("name", policy.operation_name)
        policy.operation_description = operation.get("description", policy.operation_description)
        policy.enabled = operation.get("enabled", True)
        if pattern != policy.pattern:
            policy.start_time = state.now
        policy.definition, policy.pattern = definition, pattern
        plan_next_run(state, policy)
        retention.apply(state, policy)
    return policy


def delete(state: State, project_id: str, policy_id: str) -> None:
    """Delete a policy; its backups stay."""
    policy = state.policy(project_id, policy_id)
    if policy.running:
        raise ApiError("CSBS.2004", policy_id)
    policy.generation += 1
    for resource in policy.resources:
        state.index.member_of.pop(resource["id"], None)
    state.gone[policy_id] = state.policies.pop(policy_id)


def plan_next_run(state: State, policy: Policy) -> None:
    """Put the next scheduled run in the diary; what was there before no longer counts."""
    policy.generation += 1
    if not policy.enabled:
        return
    generation = policy.generation
    moment = schedule.parse(policy.pattern).next_after(state.now, policy.start_time.date())
    state.at(moment, lambda at: _scheduled_run(state, policy, generation, at))


def _scheduled_run(state: State, policy: Policy, generation: int, _at: datetime) -> None:
    if policy.generation != generation or policy.id not in state.policies:
        return
    # Nobody is there to be told.
    with contextlib.suppress(ApiError):
        backups.run_policy(state, policy, auto=True)
    plan_next_run(state, policy)


def _check_name(state: State, project_id: str, name: str, own_id: str | None) -> None:
    if not state.settings.names_are_unique:
        return
    if any(policy.name == name and policy.id != own_id for policy in of_project(state, project_id)):
        raise ApiError("CSBS.9007", name)


def _resources(
    state: State, project_id: str, policy: Policy | None, wanted: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    own = {resource["id"] for resource in policy.resources} if policy else set()
    own_id = policy.id if policy else None
    seen: set[str] = set()
    for resource in wanted:
        server_id = resource["id"]
        if server_id in seen:
            raise bad(f"server {server_id} is there twice")
        seen.add(server_id)
        if resource["type"] != SERVER_TYPE:
            raise ApiError("CSBS.6003", resource["type"])
        if server_id in own:
            continue
        state.server(project_id, server_id)
        if state.index.member_of.get(server_id, own_id) != own_id:
            raise ApiError("CSBS.6004", server_id)
        if server_id in state.cbr.vault_of:
            raise ApiError("CSBS.6004", f"{server_id} is in vault {state.cbr.vault_of[server_id]} of CBR")
        backups.check_protectable(state, project_id, server_id)
    if len(seen) > MAX_SERVERS:
        raise bad(f"{len(seen)} servers, at most {MAX_SERVERS} in a policy")
    return [
        {
            "id": resource["id"],
            "type": resource["type"],
            "name": resource["name"],
            "extra_info": resource.get("extra_info") or {},
        }
        for resource in wanted
    ]


def _definition(present: dict[str, Any], wish: dict[str, Any]) -> dict[str, Any]:
    counts = [key for key in LONG_TERM if key in wish]
    merged = {**present, **{key: value for key, value in wish.items() if key not in ("plan_id", "provider_id")}}
    if counts and "timezone" not in wish:
        raise bad(f"timezone is mandatory with {counts[0]}")
    if "timezone" in wish:
        if not TIMEZONE.fullmatch(wish["timezone"]):
            raise bad(f"timezone {wish['timezone']!r}")
        if not any(key in merged for key in LONG_TERM):
            raise bad("timezone goes with day_backups, week_backups, month_backups or year_backups")
    if wish.get("provider_id", PROVIDER_ID) != PROVIDER_ID:
        raise bad("provider_id")
    return merged


def _pattern(trigger: dict[str, Any]) -> str:
    pattern: str = trigger["properties"]["pattern"]
    try:
        schedule.parse(pattern)
    except schedule.PatternError as problem:
        raise bad(f"pattern: {problem}") from None
    return pattern
