# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedule patterns: the strict subset of iCalendar that the services take, and the next run of one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ENVELOPE = re.compile(
    r"\ABEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nRRULE:(?P<rule>[^\r\n]+)\r\nEND:VEVENT\r\nEND:VCALENDAR(?:\r\n)?\Z"
)
MAX_POINTS = 24
MIN_GAP = 60
DAY_MINUTES = 24 * 60


class PatternError(ValueError):
    """A pattern that the service refuses, with the reason."""


@dataclass(frozen=True)
class Schedule:
    """A parsed pattern. Times are UTC, minutes after midnight, sorted."""

    freq: str
    minutes: tuple[int, ...]
    days: frozenset[int]
    interval: int = 1

    def next_after(self, moment: datetime, anchor: date) -> datetime:
        """The first run strictly after a moment; ``anchor`` is the first day of a multi-day interval."""
        day = max(moment.date(), anchor)
        for _unused in range(7 * 31 + 8):
            on_interval = (day - anchor).days % self.interval == 0
            if on_interval and (not self.days or day.weekday() in self.days):
                for minute in self.minutes:
                    run = datetime.combine(day, time(minute // 60, minute % 60))
                    if run > moment:
                        return run
            day += timedelta(days=1)
        raise PatternError("the rule never fires")


def parse(pattern: str) -> Schedule:
    """Read a pattern or say what is wrong with it."""
    match = ENVELOPE.match(pattern)
    if not match:
        raise PatternError("expected VCALENDAR and VEVENT round one RRULE, with CRLF line ends")
    return parse_rule(match["rule"])


def parse_rule(rule: str) -> Schedule:
    """Read a bare rule, with nothing round it."""
    keys = _keys(rule)
    freq = keys.get("FREQ")
    if freq not in ("WEEKLY", "DAILY"):
        raise PatternError("FREQ must be WEEKLY or DAILY")
    days = frozenset(_day(value) for value in keys["BYDAY"].split(",")) if "BYDAY" in keys else frozenset()
    if freq == "WEEKLY" and not days:
        raise PatternError("WEEKLY needs BYDAY")
    interval = 1
    if "INTERVAL" in keys:
        if freq != "DAILY":
            raise PatternError("INTERVAL goes with DAILY only")
        interval = _number("INTERVAL", keys["INTERVAL"], 1, 30)
    return Schedule(freq=freq, minutes=_points(keys), days=days, interval=interval)


def parse_rules(rules: list[str]) -> list[Schedule]:
    """Read bare rules that apply together; all their points in time are an hour apart, too."""
    parsed = [parse_rule(rule) for rule in rules]
    points = sorted(
        day * DAY_MINUTES + minute
        for schedule in parsed
        for day in schedule.days or range(7)
        for minute in schedule.minutes
    )
    following = points[1:] + [points[0] + 7 * DAY_MINUTES]
    if len(points) > 1 and min(later - earlier for earlier, later in zip(points, following)) < MIN_GAP:
        raise PatternError("points in time must be at least an hour apart")
    return parsed


def _keys(rule: str) -> dict[str, str]:
    keys: dict[str, str] = {}
    for part in rule.rstrip(";").split(";"):
        key, equals, value = part.partition("=")
        if not equals or not value:
            raise PatternError(f"cannot read {part!r}")
        if key not in ("FREQ", "BYDAY", "BYHOUR", "BYMINUTE", "INTERVAL"):
            raise PatternError(f"{key} is not supported")
        if key in keys:
            raise PatternError(f"{key} is there twice")
        keys[key] = value
    return keys


def _day(value: str) -> int:
    if value not in DAYS:
        raise PatternError(f"BYDAY has no {value!r}")
    return DAYS.index(value)


def _number(key: str, value: str, low: int, high: int) -> int:
    if not re.fullmatch(r"\d{1,2}", value) or not low <= int(value) <= high:
        raise PatternError(f"{key} must be {low} to {high}, not {value!r}")
    return int(value)


def _points(keys: dict[str, str]) -> tuple[int, ...]:
    for key in ("BYHOUR", "BYMINUTE"):
        if key not in keys:
            raise PatternError(f"{key} is missing")
    hours = {_number("BYHOUR", value, 0, 23) for value in keys["BYHOUR"].split(",")}
    minutes = {_number("BYMINUTE", value, 0, 59) for value in keys["BYMINUTE"].split(",")}
    points = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    if len(points) > MAX_POINTS:
        raise PatternError(f"{len(points)} points in time a day, at most {MAX_POINTS}")
    if len(points) > 1:
        following = points[1:] + [points[0] + DAY_MINUTES]
        if min(later - earlier for earlier, later in zip(points, following)) < MIN_GAP:
            raise PatternError("points in time must be at least an hour apart")
    return tuple(points)
