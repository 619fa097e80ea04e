# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletion of backups: the calls, and what diff and result show of it."""

from __future__ import annotations

import typing as t

from .._domain.backup import BEING_DELETED, backup_result, describe_backup
from .plan import Call, Plan

if t.TYPE_CHECKING:
    from .._domain.rows import BackupRow

#: The service deletes five backups at a time and queues the others.
MAX_DELETIONS = 5


class DeletionContext(t.NamedTuple):
    """What the deletion of backups waits for."""

    #: Backups to delete, in the order of the calls
    to_delete: list[BackupRow]
    #: Backups that are already being deleted
    being_deleted: list[BackupRow]


def plan_deletion(
    rows: t.Iterable[BackupRow], name: str | None, names: t.Mapping[str, str], concurrency: int
) -> Plan[DeletionContext]:
    """Return the plan that deletes backups.

    name is the name that the backups were chosen by, None where they were chosen by ID. names holds by ID the present
    names of servers. concurrency is the number of deletions that may run at a time.
    """
    existing = [row for row in rows if row["status"] != "deleted"]
    to_delete = [row for row in existing if row["status"] not in BEING_DELETED]
    return Plan(
        deletion_calls(to_delete),
        before={"backups": [_for_diff(row, name, names) for row in to_delete]},
        after={"backups": []},
        result={"backups": [backup_result(row, names) for row in to_delete], "skipped_servers": [], "servers": []},
        workers=min(concurrency, MAX_DELETIONS),
        context=DeletionContext(to_delete, [row for row in existing if row["status"] in BEING_DELETED]),
    )


def deletion_calls(rows: t.Iterable[BackupRow]) -> tuple[Call, ...]:
    """Return the calls that delete backups. Each deletes one backup, and not the others of its checkpoint."""
    return tuple(
        Call(
            f"delete backup {describe_backup(row)}",
            "delete_backup",
            {"checkpoint": row["checkpoint_id"], "item": row["id"]},
            missing_ok=True,
        )
        for row in rows
    )


def _for_diff(row: BackupRow, name: str | None, names: t.Mapping[str, str]) -> dict[str, t.Any]:
    shown = {"name": row["name"], "server": backup_result(row, names)["server"]}
    return shown if name in (None, row["name"]) else {**shown, "numbered_form_of": name}
