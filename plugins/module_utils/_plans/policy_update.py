# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The update of a policy that differs from what is desired: its calls, and the policy after them."""

from __future__ import annotations

import typing as t

from .._domain.policy import in_order, operation_of
from .._domain.schedule import describe_schedule
from .._domain.selection import server_refs
from .plan import Call

if t.TYPE_CHECKING:
    from .._domain.rows import MemberRow, PolicyRow
    from .._domain.services import Rules
    from .moves import Move

    class Update(t.Protocol):
        """What one request changes of a policy."""

        @property
        def fields(self) -> dict[str, t.Any]:
            """Its own fields."""

        @property
        def scheduled(self) -> dict[str, t.Any]:
            """The fields of its scheduled operation."""

        @property
        def add(self) -> list[MemberRow]:
            """The servers that join."""

        @property
        def remove(self) -> list[str]:
            """The IDs of the servers that leave."""


def update_calls(
    current: PolicyRow,
    before: dict[str, t.Any],
    update: Update,
    moves: list[Move],
    rules: Rules,
    **limits: t.Any,
) -> list[Call]:
    """Return the calls of an update with those of the moves that it needs, none when nothing changes.

    limits are arguments of change_members besides what changes.
    """
    operation, attrs = f"update backup policy {before['name']!r}", dict(update.fields)
    if update.scheduled:
        operation_id = operation_of(current).get("id")
        # An operation sent without "enabled" would be switched on.
        attrs["scheduled_operations"] = [{"id": operation_id, "enabled": before["enabled"], **update.scheduled}]
    if update.add or update.remove:
        from .moves import members_call, move_calls

        return [
            *move_calls(moves, rules),
            members_call(operation, current["id"], update.add, update.remove, **limits, **attrs),
        ]
    return [Call(operation, "update_policy", {"policy": current["id"], **attrs})] if attrs else []


def policy_after(
    before: dict[str, t.Any], update: Update, retention: dict[str, t.Any] | None, rules: Rules
) -> dict[str, t.Any]:
    """Return what a policy will be after an update, in the shape of results; retention is the desired one."""
    after = {**before, **update.fields}
    staying = [member for member in before["servers"] if member["id"] not in update.remove]
    after["servers"] = in_order([*staying, *server_refs(update.add)], rules.vaults)
    if "enabled" in update.scheduled:
        after["enabled"] = update.scheduled["enabled"]
    if "trigger" in update.scheduled:
        after["schedule"] = describe_schedule(update.scheduled["trigger"]["properties"]["pattern"])
    if "operation_definition" in update.scheduled:
        after["retention"] = retention
    return after
