# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup tells of its restores."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .rows import Row


RESTORING = frozenset({"waiting_restore", "restoring"})


# ========== What a backup tells of its restores ==========
def failure_of(row: Row) -> tuple[str, str, str]:
    """Return what a backup says of its last failure: operation, reason and code, each empty when there is none."""
    info = row.get("extend_info") or {}
    code = info.get("fail_code")
    return (str(info.get("fail_op") or ""), str(info.get("fail_reason") or ""), str(code) if code else "")


def has_changed(before: Row, now: Row) -> bool:
    """Return whether anything has happened to a backup."""
    return now.get("updated_at") != before.get("updated_at") or failure_of(now) != failure_of(before)


def is_under_way(before: Row, now: Row) -> bool:
    """Return whether a backup shows a restore that it did not show before: one that goes on, or has failed."""
    return now["status"] in RESTORING or failure_of(now) != failure_of(before)
