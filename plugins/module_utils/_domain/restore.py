# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a restore ended, and what a backup shows of the restores that are made from it."""

from __future__ import annotations

import typing as t

from .backup import fail_reason

if t.TYPE_CHECKING:
    from .rows import BackupRow

RESTORING = frozenset({"waiting_restore", "restoring"})


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
