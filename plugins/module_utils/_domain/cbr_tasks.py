# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CBR's tasks say of backups: how a restore ended, and why the work on a backup failed."""

from __future__ import annotations

import typing as t

from .restore import Verdict

if t.TYPE_CHECKING:
    from .rows import Row

_GOES_ON = frozenset({"waiting", "running"})


def restore_verdict(task: Row | None) -> Verdict:
    """Return how a restore ended by its task, None when the service shows none so far."""
    if task is None:
        return Verdict(False)
    if task["status"] in _GOES_ON:
        return Verdict(False, restore_id=task["id"])
    if task["status"] == "success":
        return Verdict(True, restore_id=task["id"])
    return Verdict(True, _reason(task) or "the service gives no reason", task["id"], _error(task)[0])


def newest_restore(tasks: t.Iterable[Row], backup_id: str, server_id: str, known: t.Collection[str] = ()) -> Row | None:
    """Return the newest task that restores a backup to a server and is not known, None when there is none."""
    return _newest(task for task in tasks if task["id"] not in known and _restores(task, backup_id, server_id))


def _restores(task: Row, backup_id: str, server_id: str) -> bool:
    restore = (task.get("extra_info") or {}).get("restore") or {}
    target = restore.get("target_resource_id")
    return restore.get("backup_id") == backup_id and target in (None, server_id)


def last_failure(tasks: t.Iterable[Row], backup_id: str) -> str:
    """Return why the last task about a backup failed, empty when it did not or gives no reason."""
    task = _newest(task for task in tasks if _is_about(task, backup_id))
    return "" if task is None or task["status"] in (*_GOES_ON, "success") else _reason(task)


def _is_about(task: Row, backup_id: str) -> bool:
    parts = (task.get("extra_info") or {}).values()
    return any(isinstance(part, dict) and part.get("backup_id") == backup_id for part in parts)


def _newest(tasks: t.Iterable[Row]) -> Row | None:
    return max(tasks, key=lambda task: str(task.get("created_at") or ""), default=None)


def _error(task: Row) -> tuple[str | None, str]:
    error = task.get("error_info") or {}
    return error.get("code") or None, str(error.get("message") or "").rstrip(".")


def _reason(task: Row) -> str:
    """Return the words of a failed task with its code, empty when it has none."""
    code, message = _error(task)
    words = message if task["status"] == "failed" else f"its task ended as {task['status']}: {message}".rstrip(": ")
    return f"{words} ({code})".strip() if code else words
