# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy's schedule: the service's pattern, read, compared and written.

A service takes recurrence rules of iCalendar, in UTC, of which it knows FREQ, INTERVAL (days), BYDAY, BYHOUR and
BYMINUTE. CSBS takes one rule as a text, CBR a list of rules. Reference:
api_description/backup_policy_management/creating_a_backup_policy, field pattern.
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
_MAX_RULES = 24
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

    @property
    def rules(self) -> tuple[Rule]:
        """The rule itself, as a schedule of one rule."""
        return (self,)


class SeveralRules(t.NamedTuple):
    """A schedule of a service that takes several rules: it runs whenever one of them does.

    fewest_rules makes it; so equal ones are the same schedule, however the rules were written.
    """

    rules: tuple[Rule, ...]


class RawPattern(t.NamedTuple):
    """A pattern that breaks the service's rules: an existing policy may have it, but it cannot be sent.

    text has a line for each of several rules. refusal says which rule of the service it breaks.
    """

    text: str
    refusal: str


def fewest_rules(rules: t.Iterable[Rule]) -> SeveralRules:
    """Return few rules with the same runs: the same ones for all rules that have the same runs.

    Each of them has one minute, because two in the same hour would be too close.
    """
    days_at: dict[tuple[int, int], dict[int, set[int]]] = {}
    for rule in rules:
        for time in rule.times:
            days_at.setdefault((rule.interval, time % 60), {}).setdefault(time // 60, set()).update(rule.days)
    found = []
    for (interval, minute), days_of_hour in days_at.items():
        hours_of_day = {day: {hour for hour in days_of_hour if day in days_of_hour[hour]} for day in EVERY_DAY}
        by_hour = _alike(days_of_hour)
        by_day = [(days, hours) for hours, days in _alike(hours_of_day) if hours]
        for days, hours in min(by_hour, by_day, key=len):
            found.append(Rule(interval, days, hours, frozenset({minute})))
    return SeveralRules(tuple(sorted(found, key=lambda rule: (rule.interval, sorted(rule.days), rule.times))))


def _alike(sets: t.Mapping[int, t.Collection[int]]) -> list[tuple[frozenset[int], frozenset[int]]]:
    """Return each of the sets once, with the keys that have it."""
    keys: dict[frozenset[int], set[int]] = {}
    for key, values in sets.items():
        keys.setdefault(frozenset(values), set()).add(key)
    return [(values, frozenset(having)) for values, having in keys.items()]


def check_spacing(option: str, schedule: Rule | SeveralRules) -> None:
    """Raise InvalidInput when a schedule has too many times a day or rules, or two times that are too close."""
    rules = schedule.rules
    most = max(sum(len(rule.times) for rule in rules if day in rule.days) for day in EVERY_DAY)
    if most > _MAX_TIMES_PER_DAY:
        raise InvalidInput(f"{option}: {most} points in time a day; the service allows {_MAX_TIMES_PER_DAY}")
    # Rules that count different numbers of days meet on some day: each counts as if it ran every day.
    shortest = min(_gaps(rules) if len(_intervals(rules)) > 1 else gaps_of(schedule))
    if shortest < _MIN_GAP_MINUTES:
        raise InvalidInput(
            f"{option}: two points in time are {shortest} minutes apart; the service needs an hour between them"
        )
    if len(rules) > _MAX_RULES:
        raise InvalidInput(
            f"{option}: the points in time need {len(rules)} rules; the service allows {_MAX_RULES}."
            " Give more days the same times, and more times the same minutes"
        )


def gaps_of(schedule: Rule | SeveralRules) -> list[int]:
    """Return the minutes from each run of a schedule to the next one, until the runs repeat.

    Raises InvalidInput when some rules count other numbers of days than others: how their runs mix is not known.
    """
    interval, *others = _intervals(schedule.rules)
    if others:
        raise InvalidInput(
            "the rules of the schedule count different numbers of days (INTERVAL), so the time between its runs is not"
            " known"
        )
    return _gaps(schedule.rules) if interval == 1 else _gaps(schedule.rules, days=(0,), period=interval)


def _intervals(rules: t.Iterable[Rule]) -> list[int]:
    return sorted({rule.interval for rule in rules})


def _gaps(rules: t.Iterable[Rule], days: t.Collection[int] = (), period: int = len(DAYS)) -> list[int]:
    """Return the minutes between runs on the days of the rules, or on others, which repeat after a period of days."""
    points = sorted(
        day * MINUTES_PER_DAY + time for rule in rules for day in (days or rule.days) for time in rule.times
    )
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
    lines = _checked_lines(text, option)
    if len(lines) != 1:
        raise InvalidInput(f"{option}: {text!r} must hold exactly one RRULE line")
    return _rule_of_line(lines[0], option)


def parse_rules(text: str, option: str = "pattern") -> SeveralRules:
    """Return the meaning of several rules, a line each, written as for parse_pattern. Raises InvalidInput."""
    lines = _checked_lines(text, option)
    if not lines:
        raise InvalidInput(f"{option}: {text!r} must hold at least one rule")
    return fewest_rules(_rule_of_line(line, option) for line in lines)


def read_pattern(pattern: str | list[str], option: str = "pattern") -> Rule | SeveralRules:
    """Return the meaning of a pattern as a service shows it. Raises InvalidInput."""
    return parse_rules(as_text(pattern), option) if isinstance(pattern, list) else parse_pattern(str(pattern), option)


def as_text(pattern: str | list[str] | None) -> str:
    """Return a pattern as one text, with several rules as lines."""
    return "\n".join(map(str, pattern)) if isinstance(pattern, list) else str(pattern or "")


def _checked_lines(text: str, option: str) -> list[str]:
    if len(text) > MAX_PATTERN:
        raise InvalidInput(f"{option}: a pattern has at most {MAX_PATTERN} characters, this one has {len(text)}")
    return _rule_lines(text)


def _rule_lines(text: str) -> list[str]:
    """Return the lines of a pattern without its envelope and without the word RRULE."""
    # Line ends may also come escaped: a backslash and a letter.
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n|\\r\\n|\\n", text)]
    rules = [line for line in lines if line and line.upper() not in _ENVELOPE]
    return [re.sub(r"^RRULE:", "", line, flags=re.IGNORECASE) for line in rules]


def _rule_of_line(line: str, option: str) -> Rule:
    parts: dict[str, str] = {}
    for part in line.rstrip(";").upper().split(";"):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key not in _KEYS or key in parts or not value:
            raise InvalidInput(
                f"{option}: {part!r} is not known to the service; its keys are {', '.join(sorted(_KEYS))}, each once"
            )
        parts[key] = value
    return _rule_of_parts(parts, option)


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


def format_pattern(rule: Rule | SeveralRules | RawPattern) -> str | list[str]:
    """Return a schedule as the service takes it: one rule in its envelope with CRLF line ends, several as a list.

    Raises InvalidInput for a RawPattern.
    """
    if isinstance(rule, RawPattern):
        raise InvalidInput(f"{rule.refusal}. Only a policy that has this pattern already can keep it")
    if isinstance(rule, SeveralRules):
        return [_bare_rule(one) for one in rule.rules]
    return "\r\n".join((*_ENVELOPE[:2], f"RRULE:{_bare_rule(rule)}", *_ENVELOPE[2:], ""))


def _bare_rule(rule: Rule) -> str:
    if rule.daily:
        head = "FREQ=DAILY" + (f";INTERVAL={rule.interval}" if rule.interval > 1 else "")
    else:
        head = "FREQ=WEEKLY;BYDAY=" + ",".join(DAYS[day] for day in sorted(rule.days))
    hours = ",".join(f"{hour:02d}" for hour in sorted(rule.hours))
    minutes = ",".join(f"{minute:02d}" for minute in sorted(rule.minutes))
    return f"{head};BYHOUR={hours};BYMINUTE={minutes}"


def describe_schedule(pattern: str | list[str] | None) -> dict[str, t.Any]:
    """Return a pattern in the shape of the option schedule, in UTC; as a pattern where words cannot express it."""
    shape: dict[str, t.Any] = dict.fromkeys(("frequency", "interval", "days", "times", "timezone", "pattern"))
    if not pattern or not as_text(pattern):
        return shape
    try:
        schedule = read_pattern(pattern)
        # A user may give the result back to the option, which refuses such times in words.
        check_spacing("pattern", schedule)
    except InvalidInput:
        return {**shape, "pattern": pattern if isinstance(pattern, list) and len(pattern) > 1 else as_text(pattern)}
    (interval, days), *others = {(rule.interval, rule.days) for rule in schedule.rules}
    if others:
        return {**shape, "pattern": format_pattern(schedule)}
    times = sorted(time for rule in schedule.rules for time in rule.times)
    shape.update(times=[format_clock(minutes) for minutes in times], timezone="UTC")
    if days == EVERY_DAY:
        return {**shape, "frequency": "daily", "interval": interval}
    return {**shape, "frequency": "weekly", "days": [DAYS[day] for day in sorted(days)]}


def format_clock(minutes: int) -> str:
    """Return minutes after midnight as a time of day, such as 02:00."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def same_schedule(pattern: str | list[str] | None, rule: Rule | SeveralRules | RawPattern) -> bool:
    """Return whether a pattern of the service means a rule; a RawPattern is compared by its text."""
    text = as_text(pattern)
    if not text:
        return False
    if isinstance(rule, RawPattern):
        return normal_lines(text) == normal_lines(rule.text)
    try:
        return (parse_rules if isinstance(rule, SeveralRules) else parse_pattern)(text) == rule
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
