# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls look for when an answer is lost or an object is busy: find_effect and find_existing of a Call.

Each function returns one that reads the cloud when it is needed, and returns the row that it finds or None.
"""

from __future__ import annotations

import typing as t

from .._domain.backup_names import BackupNames

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, Row

Finder = t.Callable[["Cloud"], "Row | None"]


def created_policy(name: str, known: t.Collection[str]) -> Finder:
    """Find a policy by its name; known are the IDs of policies that were there before."""

    def find(cloud: Cloud) -> Row | None:
        return next((dict(row) for row in cloud.policies() if row["name"] == name and row["id"] not in known), None)

    return find


def started_backup(server_id: str, name: str, known: t.Collection[str]) -> Finder:
    """Find a backup of a server by its name; known are the IDs of backups that were there before."""
    return running_backup(server_id, BackupNames(name), None, known)


def running_backup(
    server_id: str, names: BackupNames | None, states: t.Collection[str] | None, known: t.Collection[str]
) -> Finder:
    """Find a backup of a server; names and states limit the search, known are the IDs that were there before."""

    def find(cloud: Cloud) -> Row | None:
        for row in cloud.backups(resource_id=server_id):
            fits = (names is None or names.fit(row["name"])) and (states is None or row["status"] in states)
            if fits and row["id"] not in known and row["resource_id"] == server_id:
                return dict(row)
        return None

    return find


def started_run(policy_id: str, server_ids: t.Collection[str], known: t.Collection[str]) -> Finder:
    """Find the checkpoint (id) of a run by hand of a policy that holds these servers and no others.

    known are the IDs of backups that were there before. A run may have left some of the servers out, so a checkpoint that
    holds all of them comes first.
    """

    def find(cloud: Cloud) -> Row | None:
        by_hand = [row for row in cloud.backups(policy_id=policy_id) if not _is_automatic(row)]
        fitting = {
            checkpoint: servers
            for checkpoint, servers in _new_checkpoints(by_hand, known).items()
            if servers <= set(server_ids)
        }
        return {"id": max(fitting, key=lambda checkpoint: len(fitting[checkpoint]))} if fitting else None

    return find


def running_run(policy_id: str, server_ids: t.Collection[str], known: t.Collection[str]) -> Finder:
    """Find the checkpoint (id) of a run of a policy, by hand or not, that holds all these servers."""

    def find(cloud: Cloud) -> Row | None:
        checkpoints = _new_checkpoints(cloud.backups(policy_id=policy_id), known)
        return next(
            ({"id": checkpoint} for checkpoint, servers in checkpoints.items() if servers >= set(server_ids)), None
        )

    return find


def changed_backup(backup_id: str, shows: t.Callable[[BackupRow], bool]) -> Finder:
    """Find a backup by its ID, once it shows something."""

    def find(cloud: Cloud) -> Row | None:
        row = cloud.backup(backup_id)
        return dict(row) if row is not None and shows(row) else None

    return find


def _is_automatic(row: BackupRow) -> bool:
    return str((row.get("extend_info") or {}).get("auto_trigger")).lower() == "true"


def _new_checkpoints(rows: t.Iterable[BackupRow], known: t.Collection[str]) -> dict[str, set[str]]:
    """Return by checkpoint the servers that it holds, of backups that are not among known."""
    checkpoints: dict[str, set[str]] = {}
    for row in rows:
        if row["id"] not in known:
            checkpoints.setdefault(row["checkpoint_id"], set()).add(row["resource_id"])
    return checkpoints
