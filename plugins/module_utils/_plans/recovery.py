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


def started_backup(server_id: str, name: str, known: t.Collection[str]) -> Finder:
    """Return a finder of a new backup of a server with a name."""
    # Loaded here, because plans of other things do not need it.
    from .._domain.backup_names import BackupNames

    return running_backup(server_id, BackupNames(name), None, known)


def running_backup(
    server_id: str, names: BackupNames | None, states: t.Collection[str] | None, known: t.Collection[str]
) -> Finder:
    """Return a finder of a new backup of a server; names and states limit it, unless they are None."""

    def find(cloud: Cloud) -> Row | None:
        for row in cloud.backups(resource_id=server_id):
            fits = (names is None or names.fit(row["name"])) and (states is None or row["status"] in states)
            if fits and row["id"] not in known and row["resource_id"] == server_id:
                return dict(row)
        return None

    return find


def started_run(policy_id: str, server_ids: t.Collection[str], known: t.Collection[str]) -> Finder:
    """Return a finder of the checkpoint (id) of a new run by hand of a policy, with these servers and no others.

    A run may have left out some of the servers, so the checkpoint with the most of them is taken.
    """

    def find(cloud: Cloud) -> Row | None:
        by_hand = [row for row in cloud.backups(policy_id=policy_id) if not is_automatic(row)]
        fitting = {
            checkpoint: servers
            for checkpoint, servers in _new_checkpoints(by_hand, known).items()
            if servers <= set(server_ids)
        }
        return {"id": max(fitting, key=lambda checkpoint: len(fitting[checkpoint]))} if fitting else None

    return find


def running_run(policy_id: str, server_ids: t.Collection[str], known: t.Collection[str]) -> Finder:
    """Return a finder of the checkpoint (id) of a new run of a policy, by hand or not, with all these servers."""

    def find(cloud: Cloud) -> Row | None:
        checkpoints = _new_checkpoints(cloud.backups(policy_id=policy_id), known)
        return next(
            ({"id": checkpoint} for checkpoint, servers in checkpoints.items() if servers >= set(server_ids)), None
        )

    return find


def changed_backup(backup_id: str, shows: t.Callable[[BackupRow], bool]) -> Finder:
    """Return a finder of a backup by its ID, which counts as found when shows returns true for it."""

    def find(cloud: Cloud) -> Row | None:
        row = cloud.backup(backup_id)
        return dict(row) if row is not None and shows(row) else None

    return find


def _new_checkpoints(rows: t.Iterable[BackupRow], known: t.Collection[str]) -> dict[str, set[str]]:
    """Return by checkpoint its servers, as far as their backups are not among known."""
    checkpoints: dict[str, set[str]] = {}
    for row in rows:
        if row["id"] not in known:
            checkpoints.setdefault(row["checkpoint_id"], set()).add(row["resource_id"])
    return checkpoints
