# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which recovery points of one group are kept, and why, by the definitions of restic forget."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone, tzinfo

if t.TYPE_CHECKING:
    from .durations import Duration

#: Rules that keep the newest point of each period, in the order of their reasons. Each returns a local time's period.
PERIODS: dict[str, t.Callable[[datetime], tuple[int, ...]]] = {
    "hourly": lambda local: (local.year, local.month, local.day, local.hour),
    "daily": lambda local: (local.year, local.month, local.day),
    # The ISO year belongs to the ISO week: the first days of January may be in the last week of the year before.
    "weekly": lambda local: tuple(local.isocalendar())[:2],
    "monthly": lambda local: (local.year, local.month),
    "yearly": lambda local: (local.year,),
}
#: The count that keeps all
UNLIMITED = -1
# Clocks of one cloud differ by less than this.
_MAX_CLOCK_DIFFERENCE = timedelta(minutes=1)


class Point(t.NamedTuple):
    """A recovery point: a key that identifies it, its moment (with a time zone) and its tags."""

    key: str
    moment: datetime
    tags: t.Mapping[str, str] = {}


class Rules(t.NamedTuple):
    """What to keep. Periods are those of the time zone.

    Counts: 0 keeps none, -1 keeps all. Durations are counted back from the newest point: within keeps all points in it,
    within_hourly and so on keep the newest point of each period in it. Points that are younger than older_than at the
    time now are kept. A tag with the value None fits any value.
    """

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: Duration | None = None
    within_hourly: Duration | None = None
    within_daily: Duration | None = None
    within_weekly: Duration | None = None
    within_monthly: Duration | None = None
    within_yearly: Duration | None = None
    older_than: timedelta | None = None
    tags: t.Mapping[str, str | None] = {}
    zone: tzinfo = timezone.utc
    now: datetime | None = None

    @property
    def only_tags(self) -> bool:
        """Whether only tags can keep an old point. Every other rule keeps at least the newest point."""
        counts = (self.last, *(getattr(self, name) for name in PERIODS))
        durations = (self.within, *(getattr(self, f"within_{name}") for name in PERIODS))
        return not any(counts) and not any(durations)

    @property
    def empty(self) -> bool:
        """Whether no rule keeps an old point, so that all old points would be deleted."""
        return self.only_tags and not self.tags

    def keeps_as_young(self, moment: datetime | None) -> bool:
        """Return whether older_than keeps a point of this moment, because it is younger."""
        if moment is None or self.older_than is None or self.now is None:
            return False
        return self.now - moment < self.older_than


def reasons_to_keep(points: t.Iterable[Point], rules: Rules) -> dict[str, list[str]]:
    """Return by key why each point of a group is kept. A point without a reason is to be deleted.

    The reasons are last, hourly, daily, weekly, monthly, yearly, within, young and tag, in this order. The rules do not
    affect each other. Points of the same moment count in the order of their keys, so that the result does not depend on
    the order of points.
    """
    newest_first = sorted(sorted(points, key=lambda point: point.key), key=lambda point: point.moment, reverse=True)
    if not newest_first:
        return {}
    reasons: dict[str, list[str]] = {point.key: [] for point in newest_first}
    for point in newest_first if rules.last == UNLIMITED else newest_first[: rules.last]:
        reasons[point.key].append("last")
    oldest = newest_first[-1]
    for name, period_of in PERIODS.items():
        for point in _newest_of_periods(newest_first, oldest, getattr(rules, name), period_of, rules.zone):
            reasons[point.key].append(name)
    within = _kept_within(newest_first, rules)
    for point in newest_first:
        if point.key in within:
            reasons[point.key].append("within")
        if rules.keeps_as_young(point.moment):
            reasons[point.key].append("young")
        if has_tags(point.tags, rules.tags):
            reasons[point.key].append("tag")
    return reasons


def _newest_of_periods(
    newest_first: list[Point],
    oldest: Point,
    count: int,
    period_of: t.Callable[[datetime], tuple[int, ...]],
    zone: tzinfo,
) -> list[Point]:
    """Return the newest point of each of the last count periods that have one.

    The oldest point is returned as well, unless count is used up before it.
    """
    kept: list[Point] = []
    seen: set[tuple[int, ...]] = set()
    for point in newest_first:
        if count != UNLIMITED and len(kept) >= count:
            break
        period = period_of(_local(point.moment, zone))
        if period not in seen or point is oldest:
            seen.add(period)
            kept.append(point)
    return kept


def _local(moment: datetime, zone: tzinfo) -> datetime:
    """Return a moment in a time zone, or unchanged where the calendar has no such day, such as before the year 1."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def _kept_within(newest_first: list[Point], rules: Rules) -> set[str]:
    """Return the keys of the points that a duration keeps.

    As in restic, a duration is counted back from the newest point that is not in the future. A point that is older by
    exactly the duration is not within it. The oldest point of all is kept as well when it is within.
    """
    until = None if rules.now is None else rules.now + _MAX_CLOCK_DIFFERENCE
    anchor = next((point.moment for point in newest_first if until is None or point.moment < until), None)

    def inside(duration: Duration) -> list[Point]:
        # Without an anchor all points are in the future, so none is too old.
        start = None if anchor is None else duration.before(anchor, rules.zone)
        return [point for point in newest_first if start is None or point.moment > start]

    kept: set[str] = set()
    if rules.within:
        kept.update(point.key for point in inside(rules.within))
    for name, period_of in PERIODS.items():
        duration = getattr(rules, f"within_{name}")
        if duration:
            newest = _newest_of_periods(inside(duration), newest_first[-1], UNLIMITED, period_of, rules.zone)
            kept.update(point.key for point in newest)
    return kept


def has_tags(tags: t.Mapping[str, str], wanted: t.Mapping[str, str | None]) -> bool:
    """Return whether tags contain all wanted tags; False when no tag is wanted."""
    return bool(wanted) and all(key in tags and value in (None, tags[key]) for key, value in wanted.items())
