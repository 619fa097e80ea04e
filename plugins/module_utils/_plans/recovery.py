# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finders for find_effect and find_existing of a Call: they look for what a call makes, after a lost or busy answer.

A finder reads the cloud when it is called, and returns the row that it finds or None. known is always the IDs of what
was there before, which a finder passes over.
"""

from __future__ import annotations

import typing as t

from .._domain.backup import is_automatic
from .._domain.errors import Outdated

if t.TYPE_CHECKING:
    from .._domain.backup_names import BackupNames
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, Row

    Finder = t.Callable[[Cloud], "Row | None"]


def created_policy(name: str, known: t.Collection[str]) -> Finder:
    """Return a finder of a new policy with a name."""

    def find(cloud: Cloud) -> Row | None:
        return next((dict(row) for row in cloud.policies() if row["name"] == name and row["id"] not in known), None)

    return find


def started_backups(
    query: t.Mapping[str, t.Any],
    server_ids: t.Collection[str],
    known: t.Collection[str],
    names: BackupNames | None = None,
) -> Finder:
    """Return a finder of a new checkpoint by hand, with these servers and no others, and with these names.

    query is where the backups are. A call may have left out some of the servers, so the checkpoint with the most of
    them is taken. The row has id, created_at and rows: by server ID, its backup.
    """

    def find(cloud: Cloud) -> Row | None:
        by_hand = [row for row in _named(cloud.backups(**query), names) if not is_automatic(row)]
        fitting = [rows for rows in _new_checkpoints(by_hand, known) if rows.keys() <= set(server_ids)]
        return _as_answer(max(fitting, key=len)) if fitting else None

    return find


def running_backups(
    query: t.Mapping[str, t.Any],
    server_ids: t.Collection[str],
    known: t.Collection[str],
    names: BackupNames | None = None,
    states: t.Collection[str] | None = None,
    operation: str | None = None,
) -> Finder:
    """Return a finder of a new checkpoint with all these servers, by hand or not; names and states limit it.

    The row is that of started_backups. With operation, the finder raises Outdated for it when there are new backups of
    some of the servers only: the call would back these up twice.
    """

    def find(cloud: Cloud) -> Row | None:
        rows = [row for row in _named(cloud.backups(**query), names) if states is None or row["status"] in states]
        checkpoints = _new_checkpoints(rows, known)
        found = next((one for one in checkpoints if one.keys() >= set(server_ids)), None)
        of_others = any(not one.keys().isdisjoint(server_ids) for one in checkpoints)
        if found is None and operation is not None and of_others:
            raise Outdated(
                operation, "another task is backing up some of these servers. What to do: run the task again."
            )
        return None if found is None else _as_answer(found)

    return find


def changed_backup(backup_id: str, shows: t.Callable[[BackupRow], bool]) -> Finder:
    """Return a finder of a backup by its ID, which counts as found when shows returns true for it."""

    def find(cloud: Cloud) -> Row | None:
        row = cloud.backup(backup_id)
        return dict(row) if row is not None and shows(row) else None

    return find


def _named(rows: t.Iterable[BackupRow], names: BackupNames | None) -> list[BackupRow]:
    return [row for row in rows if names is None or names.fit(row["name"])]


def _new_checkpoints(rows: t.Iterable[BackupRow], known: t.Collection[str]) -> list[dict[str, BackupRow]]:
    """Return for each checkpoint its backups by server ID, as far as they are not among known."""
    checkpoints: dict[str, dict[str, BackupRow]] = {}
    for row in rows:
        if row["id"] not in known:
            checkpoints.setdefault(row["checkpoint_id"], {})[row["resource_id"]] = row
    return list(checkpoints.values())


def _as_answer(rows: dict[str, BackupRow]) -> Row:
    """Return the backups of a checkpoint in the shape of the answer that was lost, with what is known beyond it."""
    first = next(iter(rows.values()))
    return {"id": first["checkpoint_id"], "created_at": first.get("created_at"), "rows": rows}
