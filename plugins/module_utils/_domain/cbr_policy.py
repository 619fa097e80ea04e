# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a policy as CBR takes and returns them, from and to those of a row."""

from __future__ import annotations

import re
import typing as t

from .retention import COUNTS, LONG_TERM

# The service refuses an operation_definition without a time zone.
_ANY_ZONE = "UTC+00:00"


def fields_to_send(attrs: dict[str, t.Any], new: bool = False) -> dict[str, t.Any]:
    """Return the fields of a request from those of a row: name, and what the scheduled operation holds.

    new: whether the policy is created; then the service needs all of them.
    """
    fields = {"name": attrs["name"]} if "name" in attrs else {}
    (operation,) = attrs.get("scheduled_operations") or [{}]
    if "enabled" in operation:
        fields["enabled"] = operation["enabled"]
    if "trigger" in operation:
        pattern = operation["trigger"]["properties"]["pattern"]
        patterns = [pattern] if isinstance(pattern, str) else list(pattern)
        fields["trigger"] = {"properties": {"pattern": _bare(patterns)}}
    definition = operation.get("operation_definition")
    if definition or new:
        fields["operation_definition"] = _definition(definition or {})
    return fields


def _bare(patterns: list[str]) -> list[str]:
    """Return rules without the lines of a calendar around them."""
    return [
        re.sub("^RRULE:", "", line)
        for pattern in patterns
        for line in re.split(r"[\r\n]+", pattern)
        if line and not line.startswith(("BEGIN:", "END:"))
    ]


def _definition(definition: dict[str, t.Any]) -> dict[str, t.Any]:
    # The service has no field for "forever": no limit is set then.
    known = {key: definition[key] for key in (*COUNTS.values(), *LONG_TERM.values()) if key in definition}
    return {**known, "timezone": definition.get("timezone") or _ANY_ZONE}


def reported_definition(definition: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return a policy's operation_definition with the long-term counts that the service leaves out: they are zero."""
    return {**dict.fromkeys(LONG_TERM.values(), 0), "timezone": _ANY_ZONE, **definition}
