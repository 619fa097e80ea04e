# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""Timestamps of the service, ages that users write, and fixed offsets of time zones; pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo

from ._rules import InvalidInput

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST_AGE = 36525 * 86400
_AGE = re.compile(r"([0-9]+)\s*([smhdw]?)")
_OFFSET = re.compile(r"UTC([+-])(\d{1,2}):(\d{2})")


def parse_age(option: str, value: str) -> timedelta:
    """Return the duration that value says: 90m, 24h, 7d, 2w, or seconds; else raise InvalidInput."""
    match = _AGE.fullmatch(str(value).strip())
    digits = match[1].lstrip("0") if match else ""
    if not match or not digits:
        raise InvalidInput(f"{option}: {value!r} is not an age; write it like 90m, 24h, 7d, 2w, or in seconds")
    # A longer one would reach back before the calendar begins.
    if len(digits) > 10 or int(digits) * _UNITS[match[2]] > _LONGEST_AGE:
        raise InvalidInput(f"{option}: {value!r} is longer than a hundred years")
    return timedelta(seconds=int(digits) * _UNITS[match[2]])


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
    """Return a timestamp of the service as ISO 8601 UTC with Z, None when there is none."""
    moment = parse_time(value)
    return None if moment is None else moment.replace(tzinfo=None).isoformat() + "Z"


def load_zone(option: str, name: str) -> tzinfo:
    """Return the time zone of an IANA name, else raise InvalidInput; UTC needs no zone database."""
    if name.upper() == "UTC":
        return timezone.utc
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"{option}: {name!r} is not a time zone known here; write an IANA name like Europe/Berlin"
            " (a machine without a zone database needs the Python package tzdata)"
        ) from None


def offset_at(zone: tzinfo, now: datetime) -> timedelta:
    """Return how far zone is ahead of UTC at the time now."""
    return now.astimezone(zone).utcoffset() or timedelta(0)


def has_summer_time(zone: tzinfo, now: datetime) -> bool:
    """Return whether zone changes its offset within the year that follows now."""
    return len({offset_at(zone, now + timedelta(days=days)) for days in range(0, 366, 15)}) > 1


def normalise_offset(option: str, name: str, now: datetime) -> str:
    """Return a time zone, an IANA name or UTC+01:00, in the form UTC+01:00 that the service takes."""
    match = _OFFSET.fullmatch(name.strip().upper())
    if match:
        hours, minutes = int(match[2]), int(match[3])
        if hours * 60 + minutes > (12 if match[1] == "-" else 14) * 60 or minutes > 59:
            raise InvalidInput(f"{option}: {name!r} is not an offset from UTC; it must be UTC-12:00 to UTC+14:00")
        return f"UTC{match[1]}{hours:02d}:{minutes:02d}"
    minutes = int(offset_at(load_zone(option, name), now).total_seconds() // 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
