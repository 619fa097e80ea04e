# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers need no new backup, because they have one that is good enough or in progress."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .backup import IN_PROGRESS, USABLE, by_server, newest, recovery_point
from .backup_names import BackupNames, backup_names

if t.TYPE_CHECKING:
    from .rows import BackupRow, ServerRow


def find_done(
    max_age: timedelta | None,
    name: str | None,
    now: datetime,
    chosen: t.Sequence[ServerRow],
    rows: t.Sequence[BackupRow],
) -> dict[str, BackupRow]:
    """Return by server ID the backup that makes a new one unnecessary.

    With max_age it is a good backup that is young enough, or else one in progress. With name alone it is a good backup,
    or else one in progress, that has this name, or this name with a number when several servers share it.
    """
    names = None if name is None else names_that_count(name, chosen, rows)
    backups = by_server(rows)
    return {
        server["id"]: found
        for server in chosen
        if (found := _done_by(max_age, names, now, backups.get(server["id"], []))) is not None
    }


def _done_by(
    max_age: timedelta | None, names: BackupNames | None, now: datetime, rows: list[BackupRow]
) -> BackupRow | None:
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


def names_that_count(name: str, chosen: t.Sized, rows: t.Iterable[BackupRow]) -> BackupNames:
    """Return the names that a task with this name gives. A single server gets no number."""
    return backup_names(name, rows, more=len(chosen)) if len(chosen) > 1 else BackupNames(name)
