# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies: when the vaults that they are applied to are backed up, and for how long."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .. import policies as csbs_policies
from .. import schedule
from ..rules import LONG_TERM, MAX_POLICIES, TIMEZONE, ApiError
from ..state import State, new_id
from . import checkpoints, retention
from .model import Policy
from .rules import bad

OPERATION_TYPES = ("backup", "replication")
DESTINATION = ("destination_region", "destination_project_id")


def create(state: State, project_id: str, wish: dict[str, Any]) -> Policy:
    """A new policy."""
    kind = wish["operation_type"]
    if kind not in OPERATION_TYPES:
        raise ApiError("BackupService.6117", kind)
    definition = _definition(kind, wish["operation_definition"])
    pattern = _pattern(wish["trigger"])
    _check_limit(state, project_id, kind)
    policy = Policy(
        id=new_id(),
        project_id=project_id,
        name=wish["name"],
        enabled=wish.get("enabled", True),
        operation_type=kind,
        definition=definition,
        pattern=pattern,
        trigger_id=new_id(),
        start_time=state.now,
        visible_at=state.visible_at(),
        seq=state.next_seq(),
    )
    state.cbr.policies[policy.id] = policy
    plan_next_run(state, policy)
    return policy


def _check_limit(state: State, project_id: str, kind: str) -> None:
    if kind == "backup":
        count = state.cbr.backup_policies(project_id) + len(csbs_policies.of_project(state, project_id))
    else:
        count = sum(
            (policy.project_id, policy.operation_type) == (project_id, kind) for policy in state.cbr.policies.values()
        )
    if count >= MAX_POLICIES:
        raise ApiError("BackupService.6001", f"at most {MAX_POLICIES}, those of CSBS counted")


def update(state: State, project_id: str, policy_id: str, wish: dict[str, Any]) -> Policy:
    """Change a policy; a definition or a pattern that is sent replaces the present one."""
    policy = state.cbr.policy(project_id, policy_id)
    definition, pattern = policy.definition, policy.pattern
    if "operation_definition" in wish:
        definition = _definition(policy.operation_type, wish["operation_definition"])
    if "trigger" in wish:
        pattern = _pattern(wish["trigger"])
    policy.name = wish.get("name", policy.name)
    resumed = wish.get("enabled", False) and not policy.enabled
    policy.enabled = wish.get("enabled", policy.enabled)
    if pattern != policy.pattern:
        policy.start_time = state.now
    policy.definition, policy.pattern = definition, pattern
    plan_next_run(state, policy)
    if resumed:
        retention.resume(state, policy)
    return policy


def delete(state: State, project_id: str, policy_id: str) -> None:
    """Delete a policy; vaults lose it and keep all backups."""
    policy = state.cbr.policy(project_id, policy_id)
    policy.generation += 1
    for vault in state.cbr.vaults_of(policy):
        vault.policy_id = None
    del state.cbr.policies[policy_id]


def plan_next_run(state: State, policy: Policy) -> None:
    """Put the next scheduled run in the diary; what was there before no longer counts."""
    policy.generation += 1
    if not policy.enabled or policy.operation_type != "backup":
        return
    generation = policy.generation
    rules = schedule.parse_rules(policy.pattern)
    moment = min(rule.next_after(state.now, policy.start_time.date()) for rule in rules)
    state.at(moment, lambda at: _scheduled_run(state, policy, generation, at))


def _scheduled_run(state: State, policy: Policy, generation: int, _at: datetime) -> None:
    if policy.generation != generation:
        return
    for vault in state.cbr.vaults_of(policy):
        checkpoints.scheduled(state, vault)
    plan_next_run(state, policy)


def _definition(kind: str, wish: dict[str, Any]) -> dict[str, Any]:
    if not TIMEZONE.fullmatch(wish.get("timezone", "")):
        raise bad(f"timezone {wish.get('timezone')!r}: mandatory, such as UTC+01:00")
    days = wish.get("retention_duration_days", -1)
    counts = [key for key in ("max_backups", *LONG_TERM) if wish.get(key, 0) > 0]
    if days > 0 and counts:
        raise bad(f"retention_duration_days does not go with {', '.join(counts)}")
    given = [key for key in DESTINATION if key in wish]
    if kind == "replication" and len(given) < len(DESTINATION):
        raise bad(f"replication needs {', '.join(DESTINATION)}")
    if kind == "backup" and given:
        raise bad(f"{', '.join(given)} are for replication")
    return dict(wish)


def _pattern(trigger: dict[str, Any]) -> list[str]:
    pattern: list[str] = trigger["properties"]["pattern"]
    try:
        schedule.parse_rules(pattern)
    except schedule.PatternError as problem:
        raise bad(f"pattern: {problem}") from None
    return list(pattern)
