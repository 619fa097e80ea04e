# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spans of time as people read them."""

from __future__ import annotations

from datetime import timedelta

from .errors import InvalidInput

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def describe_seconds(option: str, seconds: float) -> str:
    """Return seconds in their largest unit and the next smaller one, such as 2d 3h, 45m or 30s; the rest is cut off.

    Raises InvalidInput for what is too long for a calendar.
    """
    try:
        # Also a whole number may be too large for the calendar, and only a float can be infinite or no number.
        whole = int(timedelta(seconds=abs(seconds)).total_seconds())
    except (OverflowError, ValueError):
        raise InvalidInput(f"{option}: this number of seconds is longer than any calendar") from None
    parts = []
    for unit, length in _UNITS:
        number, whole = divmod(whole, length)
        parts.append((number, unit))
    largest = next((index for index, (number, dummy) in enumerate(parts) if number), len(parts) - 1)
    shown = [f"{number}{unit}" for number, unit in parts[largest : largest + 2] if number] or ["0s"]
    return ("-" if seconds < 0 and shown != ["0s"] else "") + " ".join(shown)
