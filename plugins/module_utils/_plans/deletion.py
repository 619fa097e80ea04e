# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that delete backups."""

from __future__ import annotations

import typing as t

from .._domain.backup import backup_result, describe_backup
from .plan import Call

# The service deletes five at a time and lets the others queue.
MAX_DELETIONS = 5


def diff_of_deletion(row: dict[str, t.Any], name: str | None, names: t.Mapping[str, str]) -> dict[str, t.Any]:
    shown = {"name": row["name"], "server": backup_result(row, names)["server"]}
    return shown if name in (None, row["name"]) else {**shown, "numbered_form_of": name}


def deletion_calls(rows: list[dict[str, t.Any]]) -> tuple[Call, ...]:
    """Return the calls that delete backups, each for itself and never the others of its record."""
    return tuple(
        Call(
            f"delete backup {describe_backup(row)}",
            "delete_backup",
            {"checkpoint": row["checkpoint_id"], "item": row["id"]},
            missing_ok=True,
        )
        for row in rows
    )
