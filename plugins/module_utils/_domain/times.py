# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Timestamps of the service, and the times and ages that users write."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from .errors import InvalidInput

_SECONDS_PER_UNIT = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
#: A hundred years, in seconds; subtracting more would leave the calendar
_MAX_AGE = 36525 * 86400
#: An age with more digits is too long in every unit; checking this first avoids huge integers
_MAX_AGE_DIGITS = 10


def parse_age(option: str, value: str, minutes: bool = True) -> timedelta:
    """Return an age such as 90m, 24h, 7d, 2w or a number of seconds as a timedelta.

    Raises InvalidInput. With minutes=False the unit m is refused: next to options with restic's durations it could be
    read as months.
    """
    match = re.fullmatch(r"([0-9]+)\s*([smhdw]?)", str(value).strip())
    digits = match[1].lstrip("0") if match else ""
    if not match or not digits:
        examples = "90m, 24h, 7d, 2w" if minutes else "24h, 7d, 2w"
        raise InvalidInput(f"{option}: {value!r} is not an age; write it like {examples}, or in seconds")
    unit = match[2]
    if len(digits) > _MAX_AGE_DIGITS or int(digits) * _SECONDS_PER_UNIT[unit] > _MAX_AGE:
        raise InvalidInput(f"{option}: {value!r} is longer than a hundred years")
    number = int(digits)
    if unit == "m" and not minutes:
        raise InvalidInput(
            f"{option}: {value!r} is not clear, since m could be minutes or months."
            f" For {number} minutes write {number * 60} (seconds); for {number} months write {number * 30}d (days)"
        )
    return timedelta(seconds=number * _SECONDS_PER_UNIT[unit])


def parse_time(value: str | None) -> datetime | None:
    """Return a timestamp of the service as an aware UTC datetime, or None when it is empty or not a time.

    The service writes UTC without a zone and with six fraction digits, with T or a space.
    """
    if not value:
        return None
    text = str(value).strip().replace("Z", "+00:00")
    fraction = re.search(r"\.(\d+)", text)
    if fraction:
        # Before Python 3.11, fromisoformat takes three or six fraction digits only.
        text = text.replace(fraction[0], "." + (fraction[1] + "000000")[:6], 1)
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def parse_user_time(option: str, value: str) -> datetime:
    """Return a time that a user wrote in ISO 8601, as UTC when it has no zone. Raises InvalidInput."""
    moment = parse_time(value)
    if moment is None:
        raise InvalidInput(f"{option}: {value!r} is not a time; write it like 2026-03-01 or 2026-03-01T02:00:00Z")
    return moment


def format_time(value: str | None) -> str | None:
    """Return a timestamp of the service as ISO 8601 UTC with Z, or None when there is none.

    It always has six fraction digits, so that the texts sort in the order of the times.
    """
    moment = parse_time(value)
    return None if moment is None else moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
