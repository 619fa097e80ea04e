# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spans of time as people read them."""

from __future__ import annotations

from datetime import timedelta

from .errors import InvalidInput

# A unit and its seconds, and the next smaller one
_UNITS = (("d", 86400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1))


def describe_seconds(option: str, seconds: float) -> str:
    """Return seconds in their largest unit and the next smaller one, such as 2d 3h, 45m or 30s; the rest is cut off.

    Raises InvalidInput for what is too long for a calendar.
    """
    try:
        # A whole number may be too large for it as well, and a float may be infinite or no number.
        whole = int(timedelta(seconds=abs(seconds)).total_seconds())
    except (OverflowError, ValueError):
        raise InvalidInput(f"{option}: this number of seconds is longer than any calendar") from None
    sign = "-" if seconds < 0 and whole else ""
    for unit, length, smaller_unit, smaller_length in _UNITS:
        if whole >= length:
            rest = whole % length // smaller_length
            return f"{sign}{whole // length}{unit}" + (f" {rest}{smaller_unit}" if rest else "")
    return f"{sign}{whole}s"
