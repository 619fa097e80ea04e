# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups make a new one needless."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .backup import IN_PROGRESS, USABLE, BackupNames, backup_names, newest, recovery_point


def find_done(
    max_age: timedelta | None,
    name: str | None,
    now: datetime,
    chosen: list[dict[str, t.Any]],
    rows: list[dict[str, t.Any]],
) -> dict[str, dict[str, t.Any]]:
    """Return by server ID the backup that makes a new one needless.

    With max_age that is a good backup that is young enough, or else one that is running; with name alone a
    good or running backup of that name, or of its suffixed form when several servers share it.
    """
    names = None if name is None else names_that_count(name, chosen, rows)
    by_server: dict[str, list[dict[str, t.Any]]] = {}
    for row in rows:
        by_server.setdefault(row["resource_id"], []).append(row)
    return {
        server["id"]: found
        for server in chosen
        if (found := _done_by(max_age, names, now, by_server.get(server["id"], []))) is not None
    }


def _done_by(
    max_age: timedelta | None, names: BackupNames | None, now: datetime, rows: list[dict[str, t.Any]]
) -> dict[str, t.Any] | None:
    good = [row for row in rows if row["status"] in USABLE]
    running = [row for row in rows if row["status"] in IN_PROGRESS]
    if max_age is not None:
        oldest = now - max_age
        good = [row for row in good if (recovery_point(row) or oldest) > oldest]
    elif names is not None:
        good, running = ([row for row in part if names.fit(row["name"])] for part in (good, running))
    else:
        return None
    return newest(good) or newest(running)


def names_that_count(name: str, chosen: t.Sized, rows: list[dict[str, t.Any]]) -> BackupNames:
    """Return the names that a task with this name gives; one server alone gets no number."""
    return backup_names(name, rows, more=len(chosen)) if len(chosen) > 1 else BackupNames(name)
