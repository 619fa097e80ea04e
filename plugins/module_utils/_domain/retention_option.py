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
    retention: dict[str, t.Any], schedule_zone: str | None, now: datetime, rules: Rules, option: str = "retention"
) -> dict[str, t.Any]:
    """Return the option retention in normal form; without a timezone it takes schedule_zone.

    Raises InvalidInput that names the suboption and its rule; option is what this one is called.
    """
    for key in COUNTS:
        check_range(f"{option}.{key}", retention.get(key), 1 if rules.exclusive_limits else 0, 99999, also=(-1,))
    for key in LONG_TERM:
        check_range(f"{option}.{key}", retention.get(key), 0, 100, also=(-1,))
    desired: dict[str, t.Any] = dict.fromkeys(KEYS)
    desired.update({key: retention.get(key) if retention.get(key) != -1 else None for key in COUNTS})
    desired.update({key: retention.get(key) if (retention.get(key) or 0) > 0 else None for key in LONG_TERM})
    desired["permanent"] = bool(retention.get("permanent"))
    if rules.exclusive_limits:
        _check_exclusive_limits(option, desired, rules)
        desired["permanent"] = False
    zone = retention.get("timezone")
    if any(desired[key] for key in LONG_TERM):
        if not zone and not schedule_zone:
            raise InvalidInput(
                f"{option}.timezone is needed with daily, weekly, monthly or yearly;"
                " write it like UTC+01:00 or Europe/Berlin"
            )
        desired["timezone"] = normalise_offset(f"{option}.timezone", zone or str(schedule_zone), now)
    elif zone:
        # It has no effect here, but a wrong one is a mistake all the same.
        normalise_offset(f"{option}.timezone", zone, now)
    return desired


def _check_exclusive_limits(option: str, desired: dict[str, t.Any], rules: Rules) -> None:
    """Raise InvalidInput for limits that exclude each other."""
    limits = [key for key in (*COUNTS, *LONG_TERM) if desired[key]]
    if desired["permanent"] and limits:
        raise InvalidInput(
            f"{option}.permanent: true excludes {_listed(option, limits, desired)}; with {rules.title}, backups are"
            " kept for ever when there is no limit. What to do: give permanent or the limits"
        )
    if desired["days"] and len(limits) > 1:
        others = [key for key in limits if key != "days"]
        raise InvalidInput(
            f"{option}.days: {desired['days']} excludes {_listed(option, others, desired)}; {rules.title} keeps"
            " backups for days, or by numbers. What to do: give days alone, or leave days out"
        )


def _listed(option: str, keys: list[str], desired: dict[str, t.Any]) -> str:
    return ", ".join(f"{option}.{key}: {desired[key]}" for key in keys)
