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

if t.TYPE_CHECKING:
    from .services import Rules


def parse_retention(
    retention: dict[str, t.Any], schedule_zone: str | None, now: datetime, rules: Rules
) -> dict[str, t.Any]:
    """Return the option retention in normal form; without a timezone it takes schedule_zone.

    Raises InvalidInput that names the suboption and its rule.
    """
    for key in COUNTS:
        check_range(f"retention.{key}", retention.get(key), 1 if rules.exclusive_limits else 0, 99999, also=(-1,))
    for key in LONG_TERM:
        check_range(f"retention.{key}", retention.get(key), 0, 100, also=(-1,))
    desired: dict[str, t.Any] = dict.fromkeys(KEYS)
    desired.update({key: retention.get(key) if retention.get(key) != -1 else None for key in COUNTS})
    desired.update({key: retention.get(key) if (retention.get(key) or 0) > 0 else None for key in LONG_TERM})
    desired["permanent"] = bool(retention.get("permanent"))
    if rules.exclusive_limits:
        _check_exclusive_limits(desired, rules)
        desired["permanent"] = False
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


def _check_exclusive_limits(desired: dict[str, t.Any], rules: Rules) -> None:
    """Raise InvalidInput for limits that exclude each other."""
    limits = [key for key in (*COUNTS, *LONG_TERM) if desired[key]]
    if desired["permanent"] and limits:
        raise InvalidInput(
            f"retention.permanent: true excludes {_listed(limits, desired)}; with {rules.title}, backups are kept for"
            " ever when there is no limit. What to do: give permanent or the limits"
        )
    if desired["days"] and len(limits) > 1:
        others = [key for key in limits if key != "days"]
        raise InvalidInput(
            f"retention.days: {desired['days']} excludes {_listed(others, desired)}; {rules.title} keeps backups for"
            " days, or by numbers. What to do: give days alone, or leave days out"
        )


def _listed(keys: list[str], desired: dict[str, t.Any]) -> str:
    return ", ".join(f"retention.{key}: {desired[key]}" for key in keys)
