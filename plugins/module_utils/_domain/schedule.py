# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy's schedule: from words and local time to the service's pattern and back.

The service takes one recurrence rule of iCalendar, in UTC, of which it knows FREQ, INTERVAL (days), BYDAY,
BYHOUR and BYMINUTE. Reference: api_description/backup_policy_management/creating_a_backup_policy, field pattern.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from .errors import InvalidInput
from .limits import check_range
from .times import has_summer_time, load_zone, offset_at

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("daily", "weekly")
_DAY_MINUTES = 24 * 60
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_LINE_ENDS = re.compile(r"\r\n|\r|\n|\\r\\n|\\n")
_LONGEST_PATTERN = 10240
_KEYS = {"FREQ", "INTERVAL", "BYDAY", "BYHOUR", "BYMINUTE"}
_ENVELOPE = ("BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR")


@dataclass(frozen=True)
class Rule:
    """What a pattern means, in UTC. Equal rules are the same schedule, however they are written.

    days holds indexes into DAYS; all seven of them with interval 1 are "every day".
    """

    interval: int
    days: frozenset[int]
    hours: frozenset[int]
    minutes: frozenset[int]

    @property
    def daily(self) -> bool:
        """Whether the rule speaks of every so many days, not of days of the week."""
        return len(self.days) == len(DAYS)

    @property
    def times(self) -> list[int]:
        """The times of a day, in minutes after midnight UTC, in order."""
        return sorted(hour * 60 + minute for hour in self.hours for minute in self.minutes)


@dataclass(frozen=True)
class RawPattern:
    """A pattern that breaks the service's rules: a policy may have it already, and no policy can be given it.

    refusal says which rule it breaks.
    """

    text: str
    refusal: str


def parse_schedule(schedule: dict[str, t.Any], now: datetime) -> tuple[Rule | RawPattern, list[str]]:
    """Return the rule that the option schedule asks for, and notes for the user.

    Raises InvalidInput naming the suboption, the value and the rule that it breaks. A recurrence rule that the service
    does not take becomes a RawPattern: whether that is wrong depends on what the policy has.
    """
    if schedule.get("pattern") is not None:
        words = [key for key in ("frequency", "times", "days", "interval") if schedule.get(key) is not None]
        if words:
            raise InvalidInput(
                f"schedule.pattern excludes {', '.join('schedule.' + word for word in words)}; give one or the other"
            )
        zone = str(schedule.get("timezone") or "UTC")
        in_utc = load_zone("schedule.timezone", zone) == timezone.utc
        notes = [] if in_utc else [f"schedule.pattern is in UTC; schedule.timezone {zone} has no effect on it"]
        return _rule_of_pattern(str(schedule["pattern"]), "schedule.pattern"), notes
    return _rule_of_words(schedule, now)


def _rule_of_pattern(text: str, option: str) -> Rule | RawPattern:
    try:
        rule = parse_pattern(text, option)
        _check_spacing(option, rule)
    except InvalidInput as error:
        # A text that is no recurrence rule at all cannot be the pattern of any policy.
        keys = {part.partition("=")[0] for line in _normal_lines(text) for part in line}
        if len(text) > _LONGEST_PATTERN or "FREQ" not in keys:
            raise
        return RawPattern(text, str(error))
    return rule


def _rule_of_words(schedule: dict[str, t.Any], now: datetime) -> tuple[Rule, list[str]]:
    frequency, days, interval = schedule.get("frequency"), schedule.get("days"), schedule.get("interval")
    if frequency is None:
        raise InvalidInput("schedule: give frequency (daily or weekly) with times, or pattern")
    if frequency not in FREQUENCIES:
        raise InvalidInput(f"schedule.frequency: {frequency!r} is not known; it must be daily or weekly")
    if not schedule.get("times"):
        raise InvalidInput('schedule.times is needed with schedule.frequency; write it like times: ["02:00"]')
    if frequency == "weekly":
        if not days:
            raise InvalidInput("schedule.days is needed with frequency weekly; write it like days: [MO, TH]")
        if interval not in (None, 1):
            raise InvalidInput(f"schedule.interval: {interval} counts days and goes with frequency daily only")
    elif days:
        raise InvalidInput("schedule.days goes with frequency weekly only; a daily schedule has interval")
    interval = check_range("schedule.interval", interval, 1, 30) or 1
    weekdays = frozenset(_parse_day(day) for day in days or ()) if frequency == "weekly" else frozenset(range(7))
    times = sorted({_parse_clock(text) for text in schedule["times"]})

    zone_name = schedule.get("timezone") or "UTC"
    zone = load_zone("schedule.timezone", zone_name)
    offset = int(offset_at(zone, now).total_seconds() // 60)
    shifts = {(minutes - offset) // _DAY_MINUTES for minutes in times}
    # A rule has one set of days for all its times, so times that land on different UTC days cannot share one.
    if len(shifts) > 1 and (len(weekdays) < 7 or interval > 1):
        raise InvalidInput(
            f"schedule.times: {_list_times(times)} in {zone_name} fall on different days in UTC, which one rule cannot say;"
            " choose times on the same UTC day, or use two policies"
        )
    shift = shifts.pop()
    in_utc = {(minutes - offset) % _DAY_MINUTES for minutes in times}
    rule = Rule(
        interval,
        frozenset((day + shift) % 7 for day in weekdays),
        frozenset(minutes // 60 for minutes in in_utc),
        frozenset(minutes % 60 for minutes in in_utc),
    )
    if set(rule.times) != in_utc:
        raise InvalidInput(
            f"schedule.times: {_list_times(times)} cannot be said in one rule, since its hours and minutes multiply;"
            " give all times the same minutes, or use two policies"
        )
    _check_spacing("schedule.times", rule)
    notes = []
    if has_summer_time(zone, now):
        notes.append(
            f"{zone_name} has summer time and the service counts in UTC: the schedule holds the present offset,"
            " and follows the change at the next run of this task"
        )
    return rule, notes


def _parse_clock(text: t.Any) -> int:
    value = str(text).strip()
    match = _TIME.fullmatch(value)
    if match and int(match[1]) < 24 and int(match[2]) < 60:
        return int(match[1]) * 60 + int(match[2])
    if re.fullmatch(r"[0-9]{1,4}", value) and int(value) < _DAY_MINUTES:
        raise InvalidInput(
            f"schedule.times: {value} is what YAML makes of a time without quotes;"
            f' write "{int(value) // 60:02d}:{int(value) % 60:02d}" in quotes'
        )
    raise InvalidInput(
        f'schedule.times: {value!r} is not a time of day; write it like "02:00", from "00:00" to "23:59"'
    )


def _parse_day(text: t.Any) -> int:
    day = str(text).strip().upper()
    if day not in DAYS:
        raise InvalidInput(f"schedule.days: {text!r} is not a day; the days are {', '.join(DAYS)}")
    return DAYS.index(day)


def _list_times(times: t.Iterable[int]) -> str:
    return ", ".join(_format_clock(minutes) for minutes in times)


def _format_clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _check_spacing(option: str, rule: Rule) -> None:
    times = rule.times
    if len(times) > 24:
        raise InvalidInput(f"{option}: {len(times)} points in time a day; the service allows 24")
    if rule.interval > 1:
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    else:
        week = sorted(day * _DAY_MINUTES + minutes for day in rule.days for minutes in times)
        gaps = [later - earlier for earlier, later in zip(week, week[1:] + [week[0] + 7 * _DAY_MINUTES])]
    if gaps and min(gaps) < 60:
        raise InvalidInput(
            f"{option}: two points in time are {min(gaps)} minutes apart; the service needs an hour between them"
        )


def parse_pattern(text: str, option: str = "pattern") -> Rule:
    """Return the rule that a pattern means, with or without its envelope, whatever its line ends and order of keys.

    Raises InvalidInput when it says what the service's patterns cannot say.
    """
    if len(text) > _LONGEST_PATTERN:
        raise InvalidInput(f"{option}: a pattern has at most {_LONGEST_PATTERN} characters, this one has {len(text)}")
    rules = _rule_lines(text)
    if len(rules) != 1:
        raise InvalidInput(f"{option}: {text!r} must hold exactly one RRULE line")
    body = rules[0].rstrip(";")
    parts: dict[str, str] = {}
    for part in body.upper().split(";"):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key not in _KEYS or key in parts or not value:
            raise InvalidInput(
                f"{option}: {part!r} is not known to the service; its keys are {', '.join(sorted(_KEYS))}, each once"
            )
        parts[key] = value
    return _rule_of_parts(parts, option)


def _rule_lines(text: str) -> list[str]:
    """Return what a pattern says without its envelope and without the word RRULE, one text for each line."""
    lines = [line.strip() for line in _LINE_ENDS.split(text)]
    rules = [line for line in lines if line and line.upper() not in _ENVELOPE]
    return [re.sub(r"^RRULE:", "", line, flags=re.IGNORECASE) for line in rules]


def _normal_lines(text: str) -> list[list[str]]:
    """Return a pattern in a form in which texts that differ only in how they are written are equal.

    Line ends, envelope, case, spaces, leading zeros, and the order of lines, keys and values do not count.
    """
    lines = []
    for line in _rule_lines(text):
        parts = []
        for part in line.upper().split(";"):
            key, equals, value = (piece.strip() for piece in part.partition("="))
            values = sorted(re.sub(r"^0+(?=[0-9])", "", one.strip()) for one in value.split(","))
            if key or equals:
                parts.append(f"{key}{equals}{','.join(values)}")
        lines.append(sorted(parts))
    return sorted(lines)


def _rule_of_parts(parts: dict[str, str], option: str) -> Rule:
    if parts.get("FREQ") not in ("DAILY", "WEEKLY"):
        raise InvalidInput(f"{option}: FREQ must be DAILY or WEEKLY, not {parts.get('FREQ')!r}")
    hours = _numbers(parts, "BYHOUR", 23, option)
    minutes = _numbers(parts, "BYMINUTE", 59, option)
    interval = _numbers({"INTERVAL": parts.get("INTERVAL", "1")}, "INTERVAL", 30, option)
    if len(interval) != 1 or min(interval) < 1:
        raise InvalidInput(f"{option}: INTERVAL must be one number of days, 1 to 30")
    if min(interval) > 1 and (parts["FREQ"] != "DAILY" or "BYDAY" in parts):
        raise InvalidInput(f"{option}: INTERVAL counts days and goes with FREQ=DAILY without BYDAY only")
    if parts["FREQ"] == "WEEKLY" and "BYDAY" not in parts:
        raise InvalidInput(f"{option}: FREQ=WEEKLY needs BYDAY")
    names = parts["BYDAY"].split(",") if "BYDAY" in parts else DAYS
    unknown = [name for name in names if name.strip() not in DAYS]
    if unknown:
        raise InvalidInput(f"{option}: BYDAY={unknown[0]} is not one of {', '.join(DAYS)}")
    return Rule(min(interval), frozenset(DAYS.index(name.strip()) for name in names), hours, minutes)


def _numbers(parts: dict[str, str], key: str, most: int, option: str) -> frozenset[int]:
    pieces = [piece.strip() for piece in parts.get(key, "").split(",")]
    if not all(re.fullmatch(r"0*[0-9]{1,2}", piece) and int(piece[-2:]) <= most for piece in pieces):
        raise InvalidInput(f"{option}: {key} needs numbers from 0 to {most}, not {parts.get(key)!r}")
    return frozenset(int(piece[-2:]) for piece in pieces)


def format_pattern(rule: Rule | RawPattern) -> str:
    """Return the pattern of a rule as the service wants it: in its envelope, with CRLF line ends.

    Raises InvalidInput for a pattern that the service does not take.
    """
    if isinstance(rule, RawPattern):
        raise InvalidInput(f"{rule.refusal}. Only a policy that has this pattern already can keep it")
    if rule.daily:
        head = "FREQ=DAILY" + (f";INTERVAL={rule.interval}" if rule.interval > 1 else "")
    else:
        head = "FREQ=WEEKLY;BYDAY=" + ",".join(DAYS[day] for day in sorted(rule.days))
    hours = ",".join(f"{hour:02d}" for hour in sorted(rule.hours))
    minutes = ",".join(f"{minute:02d}" for minute in sorted(rule.minutes))
    body = f"RRULE:{head};BYHOUR={hours};BYMINUTE={minutes}"
    return "\r\n".join((*_ENVELOPE[:2], body, *_ENVELOPE[2:], ""))


def describe_schedule(pattern: str | None) -> dict[str, t.Any]:
    """Return a pattern in the shape of the option schedule, in UTC; a pattern that words cannot say stays a pattern."""
    shape: dict[str, t.Any] = dict.fromkeys(("frequency", "interval", "days", "times", "timezone", "pattern"))
    if not pattern:
        return shape
    try:
        rule = parse_pattern(str(pattern))
        # Words that the option would refuse could not be given back to it.
        _check_spacing("pattern", rule)
    except InvalidInput:
        return {**shape, "pattern": str(pattern)}
    shape.update(times=[_format_clock(minutes) for minutes in rule.times], timezone="UTC")
    if rule.daily:
        return {**shape, "frequency": "daily", "interval": rule.interval}
    return {**shape, "frequency": "weekly", "days": [DAYS[day] for day in sorted(rule.days)]}


def same_schedule(pattern: str | None, rule: Rule | RawPattern) -> bool:
    """Return whether a pattern of the service means rule; patterns that break the rules are compared by their text."""
    if not pattern:
        return False
    if isinstance(rule, RawPattern):
        return _normal_lines(str(pattern)) == _normal_lines(rule.text)
    try:
        return parse_pattern(str(pattern)) == rule
    except InvalidInput:
        return False
