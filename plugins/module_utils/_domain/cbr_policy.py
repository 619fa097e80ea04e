# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a policy as CBR takes and returns them, from and to those of a row."""

from __future__ import annotations

import typing as t

from .retention import COUNTS, LONG_TERM

# The service refuses an operation_definition without a time zone.
_ANY_ZONE = "UTC+00:00"


def fields_to_send(attrs: dict[str, t.Any], new: bool = False) -> dict[str, t.Any]:
    """Return the fields of a request from those of a row: name, and what the scheduled operation holds.

    new: whether the policy is created; then the service needs a retention. It replaces the whole one, so an update
    sends it only when it is given.
    """
    fields = {"name": attrs["name"]} if "name" in attrs else {}
    (operation,) = attrs.get("scheduled_operations") or [{}]
    fields.update({key: operation[key] for key in ("enabled", "trigger") if key in operation})
    definition = operation.get("operation_definition")
    if definition or new:
        fields["operation_definition"] = _definition(definition or {})
    return fields


def _definition(definition: dict[str, t.Any]) -> dict[str, t.Any]:
    # The service has no field for "for ever": there is no limit then.
    known = {key: definition[key] for key in (*COUNTS.values(), *LONG_TERM.values()) if key in definition}
    return {**known, "timezone": definition.get("timezone") or _ANY_ZONE}


def reported_definition(definition: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return a policy's operation_definition with what the service leaves out: no long-term count, any time zone."""
    given = {key: value for key, value in definition.items() if value is not None}
    return {**dict.fromkeys(LONG_TERM.values(), 0), "timezone": _ANY_ZONE, **given}
