# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the backups that exist today tell of the last weeks: a server's days, and the growth in size."""

from __future__ import annotations

import typing as t
from datetime import date, timedelta

from .backup import recovery_point, size_of
from .times import parse_time

if t.TYPE_CHECKING:
    from .rows import BackupRow

#: The days that are shown, with today
DAYS = 28
GOOD, FAILED, NONE = "g", "f", "."


def history_of(good: t.Iterable[BackupRow], failed: t.Iterable[BackupRow], today: date) -> str:
    """Return a letter for each of the last days in UTC, the oldest first.

    g is a day with a good backup, f one with failed backups only, and a dot one without any.
    """
    good_days = {moment.date() for row in good if (moment := recovery_point(row))}
    failed_days = {moment.date() for row in failed if (moment := parse_time(row.get("created_at")))}
    return "".join(GOOD if day in good_days else FAILED if day in failed_days else NONE for day in _days(today))


def growth_of(good: t.Iterable[BackupRow], today: date) -> list[dict[str, t.Any]]:
    """Return for each of the last days how many of the backups there were at its end, and their size in MB."""
    counts: dict[date, int] = {}
    sizes: dict[date, int] = {}
    first = today - timedelta(days=DAYS - 1)
    for row in good:
        moment = recovery_point(row)
        # What was made earlier, or at a time that is not known, is there on the first day. Clocks may be ahead.
        day = first if moment is None else min(max(moment.date(), first), today)
        counts[day] = counts.get(day, 0) + 1
        sizes[day] = sizes.get(day, 0) + (size_of(row) or 0)
    growth = []
    count = size = 0
    for day in _days(today):
        count, size = count + counts.get(day, 0), size + sizes.get(day, 0)
        growth.append({"date": day.isoformat(), "backups": count, "size_mb": size})
    return growth


def _days(today: date) -> list[date]:
    return [today - timedelta(days=before) for before in reversed(range(DAYS))]
