# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy's retention: the service's fields in normal form, compared and written.

The normal form is the shape of the option retention, with None for a limit that is not set.
Reference: api_description/backup_policy_management/creating_a_backup_policy, field operation_definition.
"""

from __future__ import annotations

import typing as t

from .numbers import whole_number

# suboption -> field of the service
COUNTS = {"max_backups": "max_backups", "days": "retention_duration_days"}
LONG_TERM = {"daily": "day_backups", "weekly": "week_backups", "monthly": "month_backups", "yearly": "year_backups"}
KEYS = (*COUNTS, "permanent", *LONG_TERM, "timezone")


def current_retention(definition: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the service's operation_definition in normal form; its numbers and booleans may come as text."""
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
    """Return the suboptions that a policy's operation_definition does not report, so that they cannot be compared.

    The live service never reports the long-term counts and their time zone.
    """
    if not any(field in definition for field in LONG_TERM.values()):
        return {*LONG_TERM, "timezone"}
    # A service that reports one of the counts reports all that are set.
    return set() if definition.get("timezone") else {"timezone"}


def same_retention(current: dict[str, t.Any], desired: dict[str, t.Any], hidden: set[str]) -> bool:
    """Return whether two retentions in normal form agree in everything except the hidden suboptions."""
    return all(current[key] == desired[key] for key in KEYS if key not in hidden)


def definition_of(desired: dict[str, t.Any], update: bool) -> dict[str, t.Any]:
    """Return the operation_definition to send for a retention in normal form.

    An update names every field, so that what was set before is cleared; a creation names only what is set.
    """
    definition: dict[str, t.Any] = {}
    for option, field in COUNTS.items():
        if desired[option] is not None or update:
            definition[field] = -1 if desired[option] is None else desired[option]
    if desired["permanent"] or update:
        definition["permanent"] = desired["permanent"]
    for option, field in LONG_TERM.items():
        if desired[option] or update:
            definition[field] = desired[option] or 0
    if any(field in definition for field in LONG_TERM.values()):
        definition["timezone"] = desired["timezone"] or "UTC+00:00"
    return definition
