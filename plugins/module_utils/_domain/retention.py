# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy's retention: from the option to the service's fields and back.

Reference: api_description/backup_policy_management/creating_a_backup_policy, field operation_definition.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from .errors import InvalidInput
from .limits import check_range
from .numbers import whole_number
from .times import normalise_offset

# option -> field of the service
COUNTS = {"max_backups": "max_backups", "days": "retention_duration_days"}
LONG_TERM = {"daily": "day_backups", "weekly": "week_backups", "monthly": "month_backups", "yearly": "year_backups"}
KEYS = (*COUNTS, "permanent", *LONG_TERM, "timezone")


def parse_retention(retention: dict[str, t.Any], schedule_zone: str | None, now: datetime) -> dict[str, t.Any]:
    """Return the option retention in normal form; schedule_zone stands in for a missing timezone.

    Raises InvalidInput naming the suboption and its rule.
    """
    for key in COUNTS:
        check_range(f"retention.{key}", retention.get(key), 0, 99999, also=(-1,))
    for key in LONG_TERM:
        check_range(f"retention.{key}", retention.get(key), 0, 100, also=(-1,))
    wanted: dict[str, t.Any] = dict.fromkeys(KEYS)
    wanted.update({key: retention.get(key) if retention.get(key) != -1 else None for key in COUNTS})
    wanted.update({key: retention.get(key) if (retention.get(key) or 0) > 0 else None for key in LONG_TERM})
    wanted["permanent"] = bool(retention.get("permanent"))
    zone = retention.get("timezone")
    if any(wanted[key] for key in LONG_TERM):
        if not zone and not schedule_zone:
            raise InvalidInput(
                "retention.timezone is needed with daily, weekly, monthly or yearly; write it like UTC+01:00 or Europe/Berlin"
            )
        wanted["timezone"] = normalise_offset("retention.timezone", zone or str(schedule_zone), now)
    elif zone:
        normalise_offset("retention.timezone", zone, now)
    return wanted


def current_retention(definition: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the service's operation_definition in normal form, numbers and booleans for what may come as text."""
    current: dict[str, t.Any] = dict.fromkeys(KEYS)
    for option, field in COUNTS.items():
        number = whole_number(definition.get(field))
        current[option] = None if number == -1 else number
    for option, field in LONG_TERM.items():
        number = whole_number(definition.get(field))
        current[option] = number if number and number > 0 else None
    current["permanent"] = str(definition.get("permanent")).lower() == "true"
    if any(current[key] for key in LONG_TERM):
        current["timezone"] = definition.get("timezone")
    return current


def unreported(definition: dict[str, t.Any]) -> set[str]:
    """Return the options about which a policy's operation_definition says nothing.

    The live service keeps the long-term counts and their time zone to itself; they cannot be compared.
    """
    if not any(field in definition for field in LONG_TERM.values()):
        return {*LONG_TERM, "timezone"}
    # A service that tells one of the counts tells all that are set.
    return set() if definition.get("timezone") else {"timezone"}


def same_retention(current: dict[str, t.Any], wanted: dict[str, t.Any], hidden: set[str]) -> bool:
    """Return whether two retentions in normal form agree in all that the service reports."""
    return all(current[key] == wanted[key] for key in KEYS if key not in hidden)


def definition_of(wanted: dict[str, t.Any], update: bool) -> dict[str, t.Any]:
    """Return the fields to send for a retention in normal form.

    An update names every field, so that what was set before is cleared; a creation names what is set.
    """
    definition: dict[str, t.Any] = {}
    for option, field in COUNTS.items():
        if wanted[option] is not None or update:
            definition[field] = -1 if wanted[option] is None else wanted[option]
    if wanted["permanent"] or update:
        definition["permanent"] = wanted["permanent"]
    for option, field in LONG_TERM.items():
        if wanted[option] or update:
            definition[field] = wanted[option] or 0
    if any(field in definition for field in LONG_TERM.values()):
        definition["timezone"] = wanted["timezone"] or "UTC+00:00"
    return definition
