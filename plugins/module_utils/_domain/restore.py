# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup, or a task of the service, shows of the restores that are made from a backup."""

from __future__ import annotations

import typing as t

from .backup import fail_reason

if t.TYPE_CHECKING:
    from .rows import BackupRow, Row

RESTORING = frozenset({"waiting_restore", "restoring"})
_TASK_GOES_ON = frozenset({"waiting", "running"})


class Verdict(t.NamedTuple):
    """What is known of how a restore ended.

    ended: whether it has ended, as far as is known. failed: why it failed or may have failed, None when it did not.
    restore_id: its ID, where the service shows it only now. error_code: the code of the failure.
    """

    ended: bool
    failed: str | None = None
    restore_id: str | None = None
    error_code: str | None = None


def failure_of(row: BackupRow) -> tuple[str, str, str]:
    """Return operation, reason and code of a backup's last failure, each empty when there is none."""
    info = row.get("extend_info") or {}
    code = info.get("fail_code")
    return (str(info.get("fail_op") or ""), str(info.get("fail_reason") or ""), str(code) if code else "")


def has_changed(before: BackupRow, now: BackupRow) -> bool:
    """Return whether anything has happened to a backup."""
    return now.get("updated_at") != before.get("updated_at") or failure_of(now) != failure_of(before)


def is_under_way(before: BackupRow, now: BackupRow) -> bool:
    """Return whether a backup shows a new restore: one in progress, or one that has failed."""
    return now["status"] in RESTORING or failure_of(now) != failure_of(before)


def verdict_of_backup(before: BackupRow, now: BackupRow) -> Verdict:
    """Return how a restore ended by what its backup shows before and now, for a service that shows nothing else."""
    failure = failure_of(now)
    operation = failure[0]
    if not any(failure):
        return Verdict(True)
    if failure != failure_of(before):
        return Verdict(
            True, fail_reason(now) or f"the service names the failed operation {operation!r} and gives no reason"
        )
    if operation and "restor" not in operation.lower():
        return Verdict(True)
    return Verdict(
        True,
        "the backup shows the failure of a restore, and showed the same failure before this one, so it is not known"
        f" whether this one failed: {fail_reason(now) or 'the service gives no reason'}",
    )


def verdict_of_task(task: Row | None) -> Verdict:
    """Return how a restore ended by its task, None when the service shows none so far."""
    if task is None:
        return Verdict(False)
    if task["status"] in _TASK_GOES_ON:
        return Verdict(False, restore_id=task["id"])
    if task["status"] == "success":
        return Verdict(True, restore_id=task["id"])
    error = task.get("error_info") or {}
    code = error.get("code") or None
    reason = str(error.get("message") or "the service gives no reason").rstrip(".")
    said = reason if task["status"] == "failed" else f"its task ended as {task['status']}: {reason}"
    return Verdict(True, f"{said} ({code})" if code else said, task["id"], code)


def newest_task(tasks: t.Iterable[Row], backup_id: str, server_id: str, known: t.Collection[str] = ()) -> Row | None:
    """Return the newest task that restores a backup to a server and is not known, None when there is none."""
    fitting = [task for task in tasks if task["id"] not in known and _restores(task, backup_id, server_id)]
    return max(fitting, key=lambda task: str(task.get("created_at") or ""), default=None)


def _restores(task: Row, backup_id: str, server_id: str) -> bool:
    restore = (task.get("extra_info") or {}).get("restore") or {}
    target = restore.get("target_resource_id")
    return restore.get("backup_id") == backup_id and target in (None, server_id)
