# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup shows of the restores that are made from it."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .rows import BackupRow

RESTORING = frozenset({"waiting_restore", "restoring"})


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
