# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting many backups as one piece of work, and what is said when it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from .. import deletions, timing
from ..state import State
from . import tasks
from .model import Backup, Batch, Task
from .rules import LEAVING


def delete(state: State, backups: list[Backup], ended: Callable[[Batch, datetime], None]) -> None:
    """Delete backups; those that are being deleted already are waited for."""
    batch = Batch(waiting={backup.id for backup in backups}, ended=ended, total=len(backups))
    for backup in backups:
        backup.batch = batch
        if backup.status not in LEAVING:
            deletions.enqueue(state, backup)
    if not backups:
        state.after(timing.DELETE_QUEUE, lambda at: ended(batch, at))


def settle(state: State, backup: Backup, deleted: bool) -> None:
    """One backup of a batch is done with."""
    batch, backup.batch = backup.batch, None
    if batch is None:
        return
    batch.waiting.discard(backup.id)
    if not deleted:
        batch.failed.append(backup.fail_reason)
    if not batch.waiting:
        batch.ended(batch, state.now)


def conclude(state: State, task: Task, part: str, batch: Batch) -> None:
    """End the task of a batch."""
    task.details[part].update(total_count=batch.total, fail_count=len(batch.failed))
    if batch.failed:
        tasks.fail(state, task, batch.failed[0])
    else:
        tasks.end(state, task, "success")
