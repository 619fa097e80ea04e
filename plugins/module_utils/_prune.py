# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""Which recovery points of one group are kept, and why, by the definitions of restic forget; pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo

#: Rules that keep the newest of each period, in the order in which reasons are told; each says which period a local time is in
PERIODS: dict[str, t.Callable[[datetime], tuple[int, ...]]] = {
    "daily": lambda local: (local.year, local.month, local.day),
    # The ISO year goes with the ISO week: the first days of January may be in the last week of the year before.
    "weekly": lambda local: tuple(local.isocalendar())[:2],
    "monthly": lambda local: (local.year, local.month),
    "yearly": lambda local: (local.year,),
}
UNLIMITED = -1


@dataclass(frozen=True)
class Point:
    """A recovery point: something that names it, its moment (with a time zone) and its tags."""

    key: str
    moment: datetime
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """What to keep: counts (0 is none, -1 is all), a duration before the newest, and tags; periods are those of zone.

    A tag whose wanted value is None may have any value.
    """

    last: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: timedelta | None = None
    tags: dict[str, str | None] = field(default_factory=dict)
    zone: tzinfo = timezone.utc

    @property
    def only_tags(self) -> bool:
        """Whether nothing but tags keeps anything; all other rules keep at least the newest."""
        return self.within is None and not any((self.last, self.daily, self.weekly, self.monthly, self.yearly))

    @property
    def empty(self) -> bool:
        """Whether there is no rule at all, so that nothing would be kept."""
        return self.only_tags and not self.tags


def reasons_to_keep(points: t.Iterable[Point], rules: Rules) -> dict[str, list[str]]:
    """Return by key why each point of a group is kept: last, daily, weekly, monthly, yearly, within, tag; what has no reason goes.

    Points of one moment count in the order of their keys, so that the answer does not hang on the order of points.
    """
    newest_first = sorted(sorted(points, key=lambda point: point.key), key=lambda point: point.moment, reverse=True)
    reasons: dict[str, list[str]] = {point.key: [] for point in newest_first}
    for point in newest_first if rules.last == UNLIMITED else newest_first[: rules.last]:
        reasons[point.key].append("last")
    for name, period_of in PERIODS.items():
        for point in _newest_of_periods(newest_first, getattr(rules, name), period_of, rules.zone):
            reasons[point.key].append(name)
    for point in newest_first:
        # As restic has it, what is older by the whole duration is not within it.
        if rules.within is not None and newest_first[0].moment - point.moment < rules.within:
            reasons[point.key].append("within")
        if has_tags(point.tags, rules.tags):
            reasons[point.key].append("tag")
    return reasons


def _newest_of_periods(newest_first: list[Point], count: int, period_of: t.Callable[[datetime], tuple[int, ...]], zone: tzinfo) -> list[Point]:
    """Return the newest point of each of the last count periods that have one, and the oldest of all while count is not used up."""
    kept: list[Point] = []
    seen: set[tuple[int, ...]] = set()
    for point in newest_first:
        if count != UNLIMITED and len(kept) >= count:
            break
        period = period_of(point.moment.astimezone(zone))
        if period not in seen or point is newest_first[-1]:
            seen.add(period)
            kept.append(point)
    return kept


def has_tags(tags: dict[str, str], wanted: dict[str, str | None]) -> bool:
    """Return whether tags hold all that are wanted; where none is wanted nothing has them."""
    return bool(wanted) and all(key in tags and value in (None, tags[key]) for key, value in wanted.items())
