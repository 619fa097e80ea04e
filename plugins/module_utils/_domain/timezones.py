# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time zones that users write."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo

from .errors import InvalidInput


def load_zone(option: str, name: str) -> tzinfo:
    """Return the time zone of an IANA name or of a fixed offset such as UTC+02:00. Raises InvalidInput.

    UTC and offsets need no zone database.
    """
    text = name.strip().upper()
    if text == "UTC":
        return timezone.utc
    match = re.fullmatch(r"UTC([+-])([0-9]{1,2}):([0-9]{2})", text)
    if match:
        west, minutes = match[1] == "-", int(match[2]) * 60 + int(match[3])
        if minutes > (12 if west else 14) * 60 or int(match[3]) > 59:
            raise InvalidInput(f"{option}: {name!r} is not an offset from UTC; it must be UTC-12:00 to UTC+14:00")
        return timezone(timedelta(minutes=-minutes if west else minutes))
    # Only tasks with an IANA name need it.
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"{option}: {name!r} is not a time zone known here; write an IANA name like Europe/Berlin, or an offset"
            " like UTC+02:00 (a machine without a zone database needs the Python package tzdata)"
        ) from None


def offset_at(zone: tzinfo, moment: datetime) -> timedelta:
    """Return how far zone is ahead of UTC at a moment."""
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def has_summer_time(zone: tzinfo, now: datetime) -> bool:
    """Return whether the offset of zone changes within a year from now."""
    return len({offset_at(zone, now + timedelta(days=days)) for days in range(0, 366, 15)}) > 1


def normalise_offset(option: str, name: str, now: datetime) -> str:
    """Return the present offset of a time zone in the form UTC+01:00, which the service takes. Raises InvalidInput."""
    minutes = int(offset_at(load_zone(option, name), now).total_seconds() // 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
