# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option retention in normal form."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .errors import InvalidInput
from .limits import check_range
from .retention import COUNTS, KEYS, LONG_TERM
from .timezones import normalise_offset


def parse_retention(retention: dict[str, t.Any], schedule_zone: str | None, now: datetime) -> dict[str, t.Any]:
    """Return the option retention in normal form; without a timezone it takes schedule_zone.

    Raises InvalidInput that names the suboption and its rule.
    """
    for key in COUNTS:
        check_range(f"retention.{key}", retention.get(key), 0, 99999, also=(-1,))
    for key in LONG_TERM:
        check_range(f"retention.{key}", retention.get(key), 0, 100, also=(-1,))
    desired: dict[str, t.Any] = dict.fromkeys(KEYS)
    desired.update({key: retention.get(key) if retention.get(key) != -1 else None for key in COUNTS})
    desired.update({key: retention.get(key) if (retention.get(key) or 0) > 0 else None for key in LONG_TERM})
    desired["permanent"] = bool(retention.get("permanent"))
    zone = retention.get("timezone")
    if any(desired[key] for key in LONG_TERM):
        if not zone and not schedule_zone:
            raise InvalidInput(
                "retention.timezone is needed with daily, weekly, monthly or yearly;"
                " write it like UTC+01:00 or Europe/Berlin"
            )
        desired["timezone"] = normalise_offset("retention.timezone", zone or str(schedule_zone), now)
    elif zone:
        # It has no effect here, but a wrong one is a mistake all the same.
        normalise_offset("retention.timezone", zone, now)
    return desired
