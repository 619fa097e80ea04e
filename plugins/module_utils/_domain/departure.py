# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a server may leave CSBS for CBR now."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .backup import IN_PROGRESS, USABLE, newest, recovery_point
from .protectability import PROTECTABLE_STATUSES
from .spans import describe_seconds

if t.TYPE_CHECKING:
    from .rows import BackupRow

NO_DISK = (
    "the server has no disk, and no vault takes it. What to do: attach a disk, or take the server out of the policy"
)


def why_to_stay(
    status: str | None, rows: t.Iterable[BackupRow], now: datetime, max_age: timedelta
) -> tuple[str | None, bool]:
    """Return why a server may not leave CSBS, None when it may, and whether that ends by itself.

    status is that of the server, None when it does not exist. rows are its backups in CSBS. Nobody leaves without a
    good backup that is younger than max_age, because the first one with CBR takes its time.
    """
    if status is None:
        return "the server no longer exists", False
    if status not in PROTECTABLE_STATUSES:
        return (
            f"the server is in state {status}, in which no vault takes it. What to do: bring it to one of the states"
            f" {', '.join(PROTECTABLE_STATUSES)}"
        ), False
    rows = list(rows)
    if any(row["status"] in IN_PROGRESS for row in rows):
        return "a backup of the server is in progress", True
    good = newest(row for row in rows if row["status"] in USABLE)
    moment = None if good is None else recovery_point(good)
    if moment is not None and moment > now - max_age:
        return None, False
    last = "it has none" if good is None else "the age of its last one is not known"
    if moment is not None:
        last = f"its last one is of {moment:%Y-%m-%d %H:%M} UTC"
    age = describe_seconds("max_age", max_age.total_seconds())
    return (
        f"the server has no good backup in CSBS that is younger than {age} (max_age); {last}."
        " What to do: back it up with csbs_backup and service: csbs, or give a longer max_age"
    ), False
