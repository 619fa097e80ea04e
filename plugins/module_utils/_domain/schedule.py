# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy's schedule: the service's pattern, read, compared and written.

The service takes one recurrence rule of iCalendar, in UTC, of which it knows FREQ, INTERVAL (days), BYDAY,
BYHOUR and BYMINUTE. Reference: api_description/backup_policy_management/creating_a_backup_policy, field pattern.
"""

from __future__ import annotations

import re
import typing as t

from .errors import InvalidInput

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EVERY_DAY = frozenset(range(len(DAYS)))
MINUTES_PER_DAY = 24 * 60
#: Characters that the service takes
MAX_PATTERN = 10240
_MAX_TIMES_PER_DAY = 24
_MIN_GAP_MINUTES = 60
_KEYS = {"FREQ", "INTERVAL", "BYDAY", "BYHOUR", "BYMINUTE"}
_ENVELOPE = ("BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR")


class Rule(t.NamedTuple):
    """The meaning of a pattern, in UTC. Equal rules are the same schedule, however they are written.

    interval counts days. days holds indexes into DAYS; all seven of them with interval 1 are "every day".
    """

    interval: int
    days: frozenset[int]
    hours: frozenset[int]
    minutes: frozenset[int]

    @property
    def daily(self) -> bool:
        """Whether the rule counts days instead of naming days of the week."""
        return self.days == EVERY_DAY

    @property
    def times(self) -> list[int]:
        """The times of a day in order, in minutes after midnight UTC."""
        return sorted(hour * 60 + minute for hour in self.hours for minute in self.minutes)


class RawPattern(t.NamedTuple):
    """A pattern that breaks the service's rules: an existing policy may have it, but it cannot be sent.

    refusal says which rule it breaks.
    """

    text: str
    refusal: str


def check_spacing(option: str, rule: Rule) -> None:
    """Raise InvalidInput when a rule has too many times a day, or two that are too close."""
    times = rule.times
    if len(times) > _MAX_TIMES_PER_DAY:
        raise InvalidInput(f"{option}: {len(times)} points in time a day; the service allows {_MAX_TIMES_PER_DAY}")
    shortest = min(gaps_of(rule))
    if shortest < _MIN_GAP_MINUTES:
        raise InvalidInput(
            f"{option}: two points in time are {shortest} minutes apart; the service needs an hour between them"
        )


def gaps_of(rule: Rule) -> list[int]:
    """Return the minutes from each run of a rule to the next one, until the runs repeat."""
    days, period = (rule.days, len(DAYS)) if rule.interval == 1 else ([0], rule.interval)
    points = sorted(day * MINUTES_PER_DAY + minutes for day in days for minutes in rule.times)
    following = [*points[1:], points[0] + period * MINUTES_PER_DAY]
    return [later - earlier for earlier, later in zip(points, following)]


def rule_later(interval: int, days: frozenset[int], times: t.Iterable[int], minutes: int) -> Rule | None:
    """Return the rule for times (minutes after midnight) on days, so many minutes later, or earlier below zero.

    Return None when some times would be on another day than others, which one rule cannot express.
    """
    moved = [time + minutes for time in times]
    day_shifts = {time // MINUTES_PER_DAY for time in moved}
    # A rule has one set of days for all its times.
    if len(day_shifts) > 1 and (days != EVERY_DAY or interval > 1):
        return None
    day_shift = day_shifts.pop()
    return Rule(
        interval,
        frozenset((day + day_shift) % len(DAYS) for day in days),
        frozenset(time // 60 % 24 for time in moved),
        frozenset(time % 60 for time in moved),
    )


def parse_pattern(text: str, option: str = "pattern") -> Rule:
    """Return the meaning of a pattern, with or without its envelope, with any line ends and any order of keys.

    Raises InvalidInput for a pattern that the service does not know.
    """
    if len(text) > MAX_PATTERN:
        raise InvalidInput(f"{option}: a pattern has at most {MAX_PATTERN} characters, this one has {len(text)}")
    lines = _rule_lines(text)
    if len(lines) != 1:
        raise InvalidInput(f"{option}: {text!r} must hold exactly one RRULE line")
    parts: dict[str, str] = {}
    for part in lines[0].rstrip(";").upper().split(";"):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key not in _KEYS or key in parts or not value:
            raise InvalidInput(
                f"{option}: {part!r} is not known to the service; its keys are {', '.join(sorted(_KEYS))}, each once"
            )
        parts[key] = value
    return _rule_of_parts(parts, option)


def _rule_lines(text: str) -> list[str]:
    """Return the lines of a pattern without its envelope and without the word RRULE."""
    # Line ends may also come escaped: a backslash and a letter.
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n|\\r\\n|\\n", text)]
    rules = [line for line in lines if line and line.upper() not in _ENVELOPE]
    return [re.sub(r"^RRULE:", "", line, flags=re.IGNORECASE) for line in rules]


def _rule_of_parts(parts: dict[str, str], option: str) -> Rule:
    frequency = parts.get("FREQ")
    if frequency not in ("DAILY", "WEEKLY"):
        raise InvalidInput(f"{option}: FREQ must be DAILY or WEEKLY, not {frequency!r}")
    hours = _parse_numbers(parts, "BYHOUR", 23, option)
    minutes = _parse_numbers(parts, "BYMINUTE", 59, option)
    intervals = _parse_numbers({"INTERVAL": parts.get("INTERVAL", "1")}, "INTERVAL", 30, option)
    if len(intervals) != 1 or min(intervals) < 1:
        raise InvalidInput(f"{option}: INTERVAL must be one number of days, 1 to 30")
    interval = min(intervals)
    if interval > 1 and (frequency != "DAILY" or "BYDAY" in parts):
        raise InvalidInput(f"{option}: INTERVAL counts days and goes with FREQ=DAILY without BYDAY only")
    if frequency == "WEEKLY" and "BYDAY" not in parts:
        raise InvalidInput(f"{option}: FREQ=WEEKLY needs BYDAY")
    days = [day.strip() for day in parts["BYDAY"].split(",")] if "BYDAY" in parts else DAYS
    unknown = [day for day in days if day not in DAYS]
    if unknown:
        raise InvalidInput(f"{option}: BYDAY={unknown[0]} is not one of {', '.join(DAYS)}")
    return Rule(interval, frozenset(DAYS.index(day) for day in days), hours, minutes)


def _parse_numbers(parts: dict[str, str], key: str, most: int, option: str) -> frozenset[int]:
    pieces = [piece.strip() for piece in parts.get(key, "").split(",")]
    if not all(re.fullmatch(r"0*[0-9]{1,2}", piece) and int(piece[-2:]) <= most for piece in pieces):
        raise InvalidInput(f"{option}: {key} needs numbers from 0 to {most}, not {parts.get(key)!r}")
    return frozenset(int(piece[-2:]) for piece in pieces)


def format_pattern(rule: Rule | RawPattern) -> str:
    """Return the pattern of a rule as the service takes it: in its envelope, with CRLF line ends.

    Raises InvalidInput for a RawPattern.
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
    """Return a pattern in the shape of the option schedule, in UTC; as a pattern where words cannot express it."""
    shape: dict[str, t.Any] = dict.fromkeys(("frequency", "interval", "days", "times", "timezone", "pattern"))
    if not pattern:
        return shape
    try:
        rule = parse_pattern(str(pattern))
        # A user may give the result back to the option, which refuses such times in words.
        check_spacing("pattern", rule)
    except InvalidInput:
        return {**shape, "pattern": str(pattern)}
    shape.update(times=[format_clock(minutes) for minutes in rule.times], timezone="UTC")
    if rule.daily:
        return {**shape, "frequency": "daily", "interval": rule.interval}
    return {**shape, "frequency": "weekly", "days": [DAYS[day] for day in sorted(rule.days)]}


def format_clock(minutes: int) -> str:
    """Return minutes after midnight as a time of day, such as 02:00."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def same_schedule(pattern: str | None, rule: Rule | RawPattern) -> bool:
    """Return whether a pattern of the service means a rule; a RawPattern is compared by its text."""
    if not pattern:
        return False
    if isinstance(rule, RawPattern):
        return normal_lines(str(pattern)) == normal_lines(rule.text)
    try:
        return parse_pattern(str(pattern)) == rule
    except InvalidInput:
        return False


def normal_lines(text: str) -> list[list[str]]:
    """Return the parts (KEY=values) of each line of a pattern, equal for texts that differ in spelling only.

    Line ends, envelope, case, spaces, leading zeros, and the order of lines, keys and values do not count.
    """
    lines = []
    for line in _rule_lines(text):
        parts = []
        for part in line.upper().split(";"):
            key, equals, values = (piece.strip() for piece in part.partition("="))
            if key or equals:
                normal = sorted(re.sub(r"^0+(?=[0-9])", "", value.strip()) for value in values.split(","))
                parts.append(f"{key}{equals}{','.join(normal)}")
        lines.append(sorted(parts))
    return sorted(lines)
