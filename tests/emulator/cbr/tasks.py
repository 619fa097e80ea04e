# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks: what the service writes down about its work."""

from __future__ import annotations

import secrets
from typing import Any

from ..model import Server
from ..rules import SERVER_TYPE
from ..state import State, new_id
from .model import Backup, Task, Vault
from .rules import verdict


def begin(state: State, operation_type: str, vault: Vault, **fields: Any) -> Task:
    """A task that waits."""
    task = Task(
        id=new_id(),
        project_id=vault.project_id,
        operation_type=operation_type,
        vault_id=vault.id,
        vault_name=vault.name,
        created_at=state.now,
        updated_at=state.now,
        request_id=f"req-{secrets.token_hex(16)}",
        visible_at=state.visible_at(),
        seq=state.next_seq(),
        **fields,
    )
    state.cbr.tasks[task.id] = task
    return task


def begin_for(state: State, operation_type: str, backup: Backup, **details: str) -> Task:
    """A task about a backup; ends when the work on it does."""
    backup.task = begin(
        state,
        operation_type,
        state.cbr.vaults[backup.vault_id],
        checkpoint_id=backup.checkpoint_id,
        policy_id=backup.policy_id,
        resource=resource(backup.resource_id, backup.resource_name),
        details={operation_type: {"backup_id": backup.id, "backup_name": backup.name, **details}},
    )
    return backup.task


def resource(server_id: str, name: str) -> dict[str, Any]:
    """A server in a task."""
    return {"id": server_id, "type": SERVER_TYPE, "name": name}


def skip(state: State, vault: Vault, server_id: str, name: str, code: str, reason: str, checkpoint_id: str) -> None:
    """A server that was left out of a restore point."""
    task = begin(state, "backup", vault, checkpoint_id=checkpoint_id, resource=resource(server_id, name))
    end(state, task, "skipped", code, reason)


def run(state: State, task: Task | None) -> None:
    """The work begins."""
    if task is not None and task.status == "waiting":
        task.status = "running"
        task.started_at = task.updated_at = state.now


def end(state: State, task: Task | None, status: str, code: str = "", message: str = "") -> None:
    """The work ended."""
    if task is None or task.ended_at is not None:
        return
    task.status, task.code, task.message = status, code, message
    task.started_at = task.started_at or state.now
    task.ended_at = task.updated_at = state.now


def fail(state: State, task: Task | None, reason: str) -> None:
    """The work failed, for a reason that may begin with a code."""
    end(state, task, "failed", *verdict(reason))


def joined(server: Server) -> str | None:
    """Take the reason why a server's next change of vaults fails, if there is one."""
    reason, server.fail_next_join = server.fail_next_join, None
    return reason
