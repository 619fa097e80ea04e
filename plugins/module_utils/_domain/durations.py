# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations of the calendar, as restic writes and counts them: 1y5m7d2h."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timedelta, timezone, tzinfo

from .errors import InvalidInput
from .timezones import offset_at

_DURATION = r"(?:([0-9]+)y)?(?:([0-9]+)m)?(?:([0-9]+)d)?(?:([0-9]+)h)?"
_MAX_DIGITS = 9
_RULE = "write years, months, days and hours in this order, such as 1y5m7d2h; m is months"


class Duration(t.NamedTuple):
    """A duration of the calendar. The length of a month depends on the date that it is counted back from."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0

    def before(self, moment: datetime, zone: tzinfo) -> datetime:
        """Return the moment that is this duration before another, by the calendar of zone; the year 1 at the earliest.

        Days that a month lacks run over into the next month, as in Go's Time.AddDate: a month before 31 March is
        3 March, or 2 March in a leap year.
        """
        try:
            local = moment.astimezone(zone).replace(tzinfo=timezone.utc)
            year, month = divmod((local.year - self.years) * 12 + local.month - 1 - self.months, 12)
            wall = local.replace(year=year, month=month + 1, day=1) + timedelta(days=local.day - 1 - self.days)
            # A wall time may be missing or come twice when the clocks change; Go takes the second of these guesses.
            guess = wall - offset_at(zone, wall)
            return wall - offset_at(zone, guess) - timedelta(hours=self.hours)
        except (OverflowError, ValueError):
            return datetime.min.replace(tzinfo=timezone.utc)


def parse_duration(option: str, value: str) -> Duration:
    """Return a duration in restic's spelling, such as 1y5m7d2h where m is months. Raises InvalidInput."""
    text = str(value).strip()
    match = re.fullmatch(_DURATION, text)
    if not text or not match:
        raise InvalidInput(f"{option}: {value!r} is not a duration; {_RULE}.{_better_spelling(text)}")
    numbers = [(digits or "").lstrip("0") for digits in match.groups()]
    if not any(numbers):
        raise InvalidInput(f"{option}: {value!r} would keep nothing; {_RULE}, or leave {option} out")
    if any(len(digits) > _MAX_DIGITS for digits in numbers):
        raise InvalidInput(f"{option}: {value!r} has too long a number; a number has at most {_MAX_DIGITS} digits")
    return Duration(*(int(digits or 0) for digits in numbers))


def _better_spelling(text: str) -> str:
    """Return a sentence that says how to write a misspelt duration, or an empty text where that is not known."""
    joined = "".join(text.lower().split())
    weeks = re.fullmatch(r"0*([1-9][0-9]{0,5})w", joined)
    if weeks:
        return f" There are no weeks: for {weeks[1]}w write {int(weeks[1]) * 7}d"
    if re.fullmatch(r"[0-9]+s", joined):
        return " There are no seconds: the smallest unit is the hour, such as 1h"
    if re.fullmatch(r"[0-9]+", joined):
        return " A number needs a unit, such as 7d"
    parts = re.findall(r"([0-9]+)([ymdh])", joined)
    ordered = "".join(number + unit for number, unit in sorted(parts, key=lambda part: "ymdh".index(part[1])))
    if parts and len(joined) == len(ordered) and re.fullmatch(_DURATION, ordered):
        return f" Write {ordered}"
    return ""
