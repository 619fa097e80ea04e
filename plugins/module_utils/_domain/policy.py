# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy as results show it, and what its fields mean."""

from __future__ import annotations

import typing as t

from .limits import SERVER_TYPE
from .retention import current_retention
from .schedule import describe_schedule
from .tags import tags_as_dict
from .times import format_time


def operation_of(raw: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the one scheduled operation of a policy, empty when there is none."""
    operations: list[dict[str, t.Any]] = raw.get("scheduled_operations") or [{}]
    return operations[0]


def pattern_of(raw: dict[str, t.Any]) -> str | None:
    """Return the pattern of a policy's schedule."""
    trigger = operation_of(raw).get("trigger") or {}
    return (trigger.get("properties") or {}).get("pattern")


def definition_in(raw: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the operation_definition of a policy: its retention."""
    return operation_of(raw).get("operation_definition") or {}


def members_of(raw: dict[str, t.Any], names: t.Mapping[str, str] | None = None) -> list[dict[str, t.Any]]:
    """Return the servers of a policy: id and name.

    names holds the names that servers have now, by id. The policy's own label may be old: it stands in where names has none.
    """
    present = names or {}
    return [
        {"id": one["id"], "name": present.get(one["id"]) or one.get("name") or None}
        for one in raw.get("resources") or []
        if one.get("id")
    ]


def policy_result(raw: dict[str, t.Any], names: t.Mapping[str, str] | None = None) -> dict[str, t.Any]:
    """Return a policy in the one shape of results, from the service's answer to a get; names as for members_of."""
    return {
        "id": raw.get("id"),
        "name": raw.get("name"),
        "description": raw.get("description") or "",
        # The policy's own status says nothing about this.
        "enabled": str(operation_of(raw).get("enabled")).lower() == "true",
        "schedule": describe_schedule(pattern_of(raw)),
        "retention": current_retention(definition_in(raw)),
        "servers": members_of(raw, names),
        "tags": tags_as_dict(raw.get("tags")),
        "created_at": format_time(raw.get("created_at")),
    }


def for_diff(policy: dict[str, t.Any] | None) -> dict[str, t.Any]:
    """Return what of a policy belongs in a diff: all but what the service makes up."""
    return {key: value for key, value in (policy or {}).items() if key not in ("id", "created_at")}


def as_resource(server: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return a server as an entry of a policy's resources."""
    return {"id": server["id"], "type": SERVER_TYPE, "name": server["name"] or server["id"]}
