# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Timestamps of the service, ages, durations and time zones that users write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo

from .errors import InvalidInput

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST_AGE = 36525 * 86400
_AGE = re.compile(r"([0-9]+)\s*([smhdw]?)")
_DURATION = re.compile(r"(?:([0-9]+)y)?(?:([0-9]+)m)?(?:([0-9]+)d)?(?:([0-9]+)h)?")
_MOST_DIGITS = 9
_DURATION_RULE = "write years, months, days and hours in this order, such as 1y5m7d2h; m is months"
_OFFSET = re.compile(r"UTC([+-])([0-9]{1,2}):([0-9]{2})")
_FIRST_MOMENT = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Duration:
    """A duration of the calendar, as restic counts it: a month is as long as the month it reaches back over."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0

    def before(self, moment: datetime, zone: tzinfo) -> datetime:
        """Return the moment that lies this duration before another, by the calendar of zone; never before the year 1.

        Days that a month lacks run over into the next one, as in Go's Time.AddDate: a month before 31 March is 3 March,
        or 2 March in a leap year.
        """
        try:
            local = moment.astimezone(zone).replace(tzinfo=timezone.utc)
            year, month = divmod((local.year - self.years) * 12 + local.month - 1 - self.months, 12)
            wall = local.replace(year=year, month=month + 1, day=1) + timedelta(days=local.day - 1 - self.days)
            # A wall time may be missing or come twice when the clocks change; Go takes the second of these guesses.
            there = wall - offset_at(zone, wall)
            return wall - offset_at(zone, there) - timedelta(hours=self.hours)
        except (OverflowError, ValueError):
            return _FIRST_MOMENT


def parse_age(option: str, value: str, minutes: bool = True) -> timedelta:
    """Return the duration that value says: 90m, 24h, 7d, 2w, or seconds; else raise InvalidInput.

    Without minutes the unit m is refused: beside options that take restic's durations it could be read as months.
    """
    match = _AGE.fullmatch(str(value).strip())
    digits = match[1].lstrip("0") if match else ""
    if not match or not digits:
        examples = "90m, 24h, 7d, 2w" if minutes else "24h, 7d, 2w"
        raise InvalidInput(f"{option}: {value!r} is not an age; write it like {examples}, or in seconds")
    # A longer one would reach back before the calendar begins.
    if len(digits) > 10 or int(digits) * _UNITS[match[2]] > _LONGEST_AGE:
        raise InvalidInput(f"{option}: {value!r} is longer than a hundred years")
    number = int(digits)
    if match[2] == "m" and not minutes:
        raise InvalidInput(
            f"{option}: {value!r} is not clear, since m could be minutes or months."
            f" For {number} minutes write {number * 60} (seconds); for {number} months write {number * 30}d (days)"
        )
    return timedelta(seconds=number * _UNITS[match[2]])


def parse_duration(option: str, value: str) -> Duration:
    """Return a duration in restic's spelling, such as 1y5m7d2h where m is months, else raise InvalidInput."""
    text = str(value).strip()
    match = _DURATION.fullmatch(text)
    if not text or not match:
        raise InvalidInput(f"{option}: {value!r} is not a duration; {_DURATION_RULE}.{_better_spelling(text)}")
    digits = [(number or "").lstrip("0") for number in match.groups()]
    if not any(digits):
        raise InvalidInput(f"{option}: {value!r} would keep nothing; {_DURATION_RULE}, or leave {option} out")
    if any(len(one) > _MOST_DIGITS for one in digits):
        raise InvalidInput(f"{option}: {value!r} has too long a number; a number has at most {_MOST_DIGITS} digits")
    return Duration(*(int(one or 0) for one in digits))


def _better_spelling(text: str) -> str:
    """Return how to write a duration that is spelt in another way, as a sentence; empty where that is not known."""
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
    if parts and len(joined) == len(ordered) and _DURATION.fullmatch(ordered):
        return f" Write {ordered}"
    return ""


def parse_time(value: str | None) -> datetime | None:
    """Return a timestamp of the service as an aware UTC datetime; None when it is empty or not a time.

    The service writes UTC without a zone and with six fraction digits, with T or a space.
    """
    if not value:
        return None
    text = str(value).strip().replace("Z", "+00:00")
    fraction = re.search(r"\.(\d+)", text)
    if fraction:
        text = text.replace(fraction[0], "." + (fraction[1] + "000000")[:6], 1)
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def parse_user_time(option: str, value: str) -> datetime:
    """Return a time that a user wrote (ISO 8601, UTC when no zone is given), else raise InvalidInput."""
    moment = parse_time(value)
    if moment is None:
        raise InvalidInput(f"{option}: {value!r} is not a time; write it like 2026-03-01 or 2026-03-01T02:00:00Z")
    return moment


def format_time(value: str | None) -> str | None:
    """Return a timestamp of the service as ISO 8601 UTC with Z, None when there is none.

    It always has six fraction digits, so that such texts sort as the times do.
    """
    moment = parse_time(value)
    return None if moment is None else moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def load_zone(option: str, name: str) -> tzinfo:
    """Return the time zone of an IANA name or of a fixed offset such as UTC+02:00, else raise InvalidInput.

    UTC and offsets need no zone database.
    """
    text = name.strip().upper()
    if text == "UTC":
        return timezone.utc
    match = _OFFSET.fullmatch(text)
    if match:
        minutes = int(match[2]) * 60 + int(match[3])
        if minutes > (12 if match[1] == "-" else 14) * 60 or int(match[3]) > 59:
            raise InvalidInput(f"{option}: {name!r} is not an offset from UTC; it must be UTC-12:00 to UTC+14:00")
        return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"{option}: {name!r} is not a time zone known here; write an IANA name like Europe/Berlin, or an offset like"
            " UTC+02:00 (a machine without a zone database needs the Python package tzdata)"
        ) from None


def offset_at(zone: tzinfo, now: datetime) -> timedelta:
    """Return how far zone is ahead of UTC at the time now."""
    return now.astimezone(zone).utcoffset() or timedelta(0)


def has_summer_time(zone: tzinfo, now: datetime) -> bool:
    """Return whether zone changes its offset within the year that follows now."""
    return len({offset_at(zone, now + timedelta(days=days)) for days in range(0, 366, 15)}) > 1


def normalise_offset(option: str, name: str, now: datetime) -> str:
    """Return a time zone, an IANA name or UTC+01:00, in the form UTC+01:00 that the service takes."""
    minutes = int(offset_at(load_zone(option, name), now).total_seconds() // 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
