# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests put into CBR by hand: things that others made, without its rules and waits, and statuses."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from ..backups import ripen
from ..state import State, new_id
from . import checkpoints, members, policies, tasks
from .model import Backup, Checkpoint, Member, Policy, Task, Vault
from .rules import MEMBER_STATUSES, TASK_STATUSES, VAULT_STATUSES, verdict

RULE = "FREQ=DAILY;INTERVAL=1;BYHOUR=3;BYMINUTE=00"


def vault(
    state: State, project_id: str, name: str, servers: Iterable[str], size: int | None, fields: dict[str, Any]
) -> Vault:
    """A vault with servers in it; without a size it fits twice their disks. Any name will do."""
    made = Vault(
        id=new_id(),
        project_id=project_id,
        name=name,
        description="",
        size=10,
        object_type="server",
        protect_type="backup",
        created_at=state.now,
        seq=state.next_seq(),
    )
    _set(made, fields)
    for server_id in servers:
        if server_id in state.cbr.vault_of:
            raise ValueError(f"{server_id} is in vault {state.cbr.vault_of[server_id]}")
        server = state.servers[server_id]
        made.members[server_id] = Member(id=server_id, name=server.name)
        state.cbr.vault_of[server_id] = made.id
    made.size = max(10, 2 * members.allocated(state, made)) if size is None else size
    state.cbr.vaults[made.id] = made
    return made


def _set(thing: Any, fields: dict[str, Any]) -> None:
    for key, value in fields.items():
        if not hasattr(thing, key):
            raise ValueError(f"{type(thing).__name__.lower()}s have no {key}")
        setattr(thing, key, value)


def policy(state: State, project_id: str, name: str, vaults: Iterable[str], fields: dict[str, Any]) -> Policy:
    """A policy, applied to vaults; by default daily, and kept for ever."""
    made = Policy(
        id=new_id(),
        project_id=project_id,
        name=name,
        enabled=True,
        operation_type="backup",
        definition={"timezone": "UTC+00:00"},
        pattern=[RULE],
        trigger_id=new_id(),
        start_time=state.now,
        seq=state.next_seq(),
    )
    _set(made, fields)
    state.cbr.policies[made.id] = made
    for vault_id in vaults:
        state.cbr.vaults[vault_id].policy_id = made.id
    policies.plan_next_run(state, made)
    return made


def backup(state: State, server_id: str, vault_id: str | None, name: str, age: float, fields: dict[str, Any]) -> Backup:
    """A backup that is already good, in the vault of its server unless another is named; lists show it at once."""
    server = state.servers[server_id]
    home = state.cbr.vaults[vault_id or state.cbr.vault_of[server_id]]
    made = state.now - timedelta(seconds=age)
    checkpoint = Checkpoint(
        id=new_id(),
        project_id=home.project_id,
        created_at=made,
        vault_id=home.id,
        vault_name=home.name,
        name=name,
        description="",
    )
    state.cbr.checkpoints[checkpoint.id] = checkpoint
    excluded = home.members[server_id].excluded if server_id in home.members else []
    planted = checkpoints.make(
        state,
        home,
        server,
        members.disks(state, server, excluded),
        checkpoint,
        name,
        "",
        incremental=True,
        auto=bool(fields.get("auto_trigger", False)),
    )
    busy = state.index.busy.get(server_id)
    ripen(state, planted, made, fields)
    if busy is not None:
        state.index.busy[server_id] = busy
    return planted


def fill(state: State, vault_id: str, percent: float) -> Vault:
    """Let a vault be full to so many percent, with what is nobody's backup; never less than its backups take."""
    home = state.cbr.vaults[vault_id]
    home.foreign_megabytes = 0
    home.foreign_megabytes = max(0, math.ceil(home.size * 1024 * percent / 100) - state.cbr.used(home))
    return home


def force_vault(state: State, vault_id: str, changes: dict[str, Any]) -> Vault:
    """Set fields of a vault, whatever the rules say; members is {server: protect_status, or null: as it is}."""
    home = state.cbr.vaults[vault_id]
    statuses = changes.pop("members", {})
    _check("vault", changes.get("status", "available"), VAULT_STATUSES)
    for server_id, status in statuses.items():
        _check("member", status, (*MEMBER_STATUSES, None))
        if server_id not in home.members:
            raise ValueError(f"{server_id} is not in the vault")
    _set(home, changes)
    for server_id, status in statuses.items():
        home.members[server_id].status = status
    return home


def force_task(state: State, task_id: str, status: str, reason: str = "") -> Task:
    """Set the verdict on a task."""
    task = state.cbr.tasks[task_id]
    _check("task", status, TASK_STATUSES)
    task.ended_at = None
    if status in ("waiting", "running"):
        task.status = status
    else:
        tasks.end(state, task, status, *(verdict(reason) if reason else ("", "")))
    return task


def _check(thing: str, status: Any, allowed: tuple[Any, ...]) -> None:
    if status not in allowed:
        raise ValueError(f"not a status of a {thing}: {status}")
