# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option schedule: words and local time, or a pattern, turned into rules in UTC."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

from .errors import InvalidInput
from .limits import check_range
from .schedule import (
    DAYS,
    EVERY_DAY,
    MAX_PATTERN,
    MINUTES_PER_DAY,
    RawPattern,
    Rule,
    SeveralRules,
    as_text,
    check_spacing,
    fewest_rules,
    format_clock,
    normal_lines,
    parse_pattern,
    parse_rules,
    rule_later,
)
from .timezones import has_summer_time, load_zone, offset_at

if t.TYPE_CHECKING:
    from .services import Rules

_MAX_TIMES = 24
_MAX_REFUSAL = 500
_FREQUENCIES = ("daily", "weekly")
_WORDS = ("frequency", "times", "days", "interval")


def parse_schedule(
    schedule: dict[str, t.Any], now: datetime, rules: Rules
) -> tuple[Rule | SeveralRules | RawPattern, list[str]]:
    """Return the option schedule as the service with these rules takes it, and notes for the user.

    A recurrence rule that the service does not take becomes a RawPattern, since an existing policy may already have it.
    Raises InvalidInput that names the suboption, the value and the rule that it breaks.
    """
    if schedule.get("pattern") is None:
        return _read_words(schedule, now, rules)
    words = [f"schedule.{word}" for word in _WORDS if schedule.get(word) is not None]
    if words:
        raise InvalidInput(f"schedule.pattern excludes {', '.join(words)}; give one or the other")
    zone = str(schedule.get("timezone") or "UTC")
    in_utc = load_zone("schedule.timezone", zone) == timezone.utc
    notes = [] if in_utc else [f"schedule.pattern is in UTC; schedule.timezone {zone} has no effect on it"]
    return _read_pattern("schedule.pattern", schedule["pattern"], rules), notes


def _read_pattern(option: str, pattern: t.Any, rules: Rules) -> Rule | SeveralRules | RawPattern:
    texts = pattern if isinstance(pattern, list) else [pattern]
    length = sum(len(text) for text in texts if isinstance(text, str))
    if length > MAX_PATTERN:
        raise InvalidInput(f"{option}: a pattern has at most {MAX_PATTERN} characters, this one has {length}")
    wrong = [text for text in texts if not isinstance(text, str)]
    if wrong or not texts:
        found = repr(wrong[0]) if wrong else "an empty list"
        raise InvalidInput(f"{option}: {found} is not a rule; give a text such as FREQ=DAILY;BYHOUR=2;BYMINUTE=0")
    if len(texts) > 1 and not rules.several_rules:
        raise InvalidInput(
            f"{option}: {len(texts)} rules; a schedule of {rules.title} has one. What to do: give one, or use several"
            " policies"
        )
    text = as_text(texts)
    try:
        schedule = _rules_of_texts(option, texts) if rules.several_rules else parse_pattern(text, option)
        check_spacing(option, schedule)
    except InvalidInput as error:
        # A text that is no recurrence rule at all cannot be the pattern of any policy.
        if len(text) > MAX_PATTERN or not all(map(_has_frequency, texts)):
            raise
        refusal = str(error)
        return RawPattern(text, refusal if len(refusal) <= _MAX_REFUSAL else f"{option}: the service has no such rule")
    return schedule


def _rules_of_texts(option: str, texts: list[str]) -> SeveralRules:
    return fewest_rules(rule for text in texts for rule in parse_rules(text, option).rules)


def _has_frequency(text: str) -> bool:
    return any(part.startswith("FREQ=") for line in normal_lines(text) for part in line)


def _read_words(schedule: dict[str, t.Any], now: datetime, rules: Rules) -> tuple[Rule | SeveralRules, list[str]]:
    _check_words(schedule)
    interval = check_range("schedule.interval", schedule.get("interval"), 1, 30) or 1
    weekdays = frozenset(_parse_day(day) for day in schedule.get("days") or ()) or EVERY_DAY
    times = sorted({_parse_clock(text) for text in schedule["times"]})
    if len(times) > _MAX_TIMES:
        raise InvalidInput(f"schedule.times: {len(times)} times a day; the service allows {_MAX_TIMES}")
    zone_name = schedule.get("timezone") or "UTC"
    zone = load_zone("schedule.timezone", zone_name)
    offset = int(offset_at(zone, now).total_seconds() // 60)
    convert = _rules_in_utc if rules.several_rules else _rule_in_utc
    in_utc = convert(interval, weekdays, times, offset, zone_name)
    check_spacing("schedule.times", in_utc)
    if not has_summer_time(zone, now):
        return in_utc, []
    note = (
        f"{zone_name} has summer time and the service counts in UTC: the schedule holds the present offset,"
        " and follows the change at the next run of this task"
    )
    return in_utc, [note]


def _check_words(schedule: dict[str, t.Any]) -> None:
    """Raise InvalidInput when the words do not go together."""
    frequency, days, interval = schedule.get("frequency"), schedule.get("days"), schedule.get("interval")
    if frequency is None:
        raise InvalidInput("schedule: give frequency (daily or weekly) with times, or pattern")
    if frequency not in _FREQUENCIES:
        raise InvalidInput(f"schedule.frequency: {frequency!r} is not known; it must be daily or weekly")
    if not schedule.get("times"):
        raise InvalidInput('schedule.times is needed with schedule.frequency; write it like times: ["02:00"]')
    if frequency == "daily" and days:
        raise InvalidInput("schedule.days goes with frequency weekly only; a daily schedule has interval")
    if frequency == "weekly" and not days:
        raise InvalidInput("schedule.days is needed with frequency weekly; write it like days: [MO, TH]")
    if frequency == "weekly" and interval not in (None, 1):
        raise InvalidInput(f"schedule.interval: {interval} counts days and goes with frequency daily only")


def _rule_in_utc(interval: int, weekdays: frozenset[int], times: list[int], offset: int, zone_name: str) -> Rule:
    """Return the rule for local times, in minutes after midnight; offset is the zone's, in minutes ahead of UTC."""
    rule = rule_later(interval, weekdays, times, -offset)
    if rule is None:
        raise InvalidInput(
            f"schedule.times: {_list_times(times)} in {zone_name} fall on different days in UTC, which one rule cannot"
            " express; choose times on the same UTC day, or use two policies"
        )
    in_utc = {(minutes - offset) % MINUTES_PER_DAY for minutes in times}
    # A rule means every minute of its minutes in every hour of its hours.
    if set(rule.times) != in_utc:
        raise InvalidInput(
            f"schedule.times: {_list_times(times)} do not fit into one rule, which combines each hour with each minute;"
            " give all times the same minutes, or use two policies"
        )
    return rule


def _rules_in_utc(
    interval: int, weekdays: frozenset[int], times: list[int], offset: int, zone_name: str
) -> SeveralRules:
    """Return the rules for local times, as _rule_in_utc."""
    if interval > 1 and rule_later(interval, weekdays, times, -offset) is None:
        raise InvalidInput(
            f"schedule.times: {_list_times(times)} in {zone_name} fall on different days in UTC, in which"
            f" schedule.interval {interval} counts; choose times on the same UTC day"
        )
    each = (rule_later(interval, weekdays, [time], -offset) for time in times)
    return fewest_rules(rule for rule in each if rule)


def _parse_clock(text: t.Any) -> int:
    """Return a time of day in minutes after midnight."""
    value = str(text).strip()
    match = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", value)
    if match and int(match[1]) < 24 and int(match[2]) < 60:
        return int(match[1]) * 60 + int(match[2])
    if re.fullmatch(r"[0-9]{1,4}", value) and int(value) < MINUTES_PER_DAY:
        raise InvalidInput(
            f"schedule.times: {value} is what YAML makes of a time without quotes;"
            f' write "{format_clock(int(value))}" in quotes'
        )
    raise InvalidInput(
        f'schedule.times: {value!r} is not a time of day; write it like "02:00", from "00:00" to "23:59"'
    )


def _parse_day(text: t.Any) -> int:
    """Return the index of a day of the week in DAYS."""
    day = str(text).strip().upper()
    if day not in DAYS:
        raise InvalidInput(f"schedule.days: {text!r} is not a day; the days are {', '.join(DAYS)}")
    return DAYS.index(day)


def _list_times(times: t.Iterable[int]) -> str:
    return ", ".join(format_clock(minutes) for minutes in times)
