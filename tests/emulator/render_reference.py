# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers as the published reference prints them."""

from __future__ import annotations

from typing import Any

from . import render
from .model import Checkpoint, Item, Policy, Restore
from .rules import SERVER_TYPE, ApiError
from .state import State


class ReferenceRenderer:
    """Full rows; status says whether the schedule is on; text for numbers where the tables say String."""

    def policy(self, state: State, policy: Policy, call: str) -> dict[str, Any]:
        """A policy; create and update answer numbers as text, and update leaves the trigger's ids out."""
        written = call in ("create", "update")
        definition = render.texts(policy.definition) if written else dict(policy.definition)
        row = render.policy(policy, definition, "enabled" if policy.enabled else "disabled")
        return render.thin(row) if call == "update" else row

    def item(self, state: State, item: Item, call: str) -> dict[str, Any]:
        """A backup with all documented keys, in lists too."""
        return render.item(state, item)

    def protected(self, state: State, checkpoint: Checkpoint, item: Item) -> dict[str, Any]:
        """The record with its made-up plan."""
        resource = {
            "id": item.resource_id,
            "type": SERVER_TYPE,
            "name": f"resource_{item.resource_id}",
            "extra_info": {},
        }
        return render.checkpoint(checkpoint, [resource], None)

    def protectable(self, state: State, server_id: str, kind: str, problem: ApiError | None) -> dict[str, Any]:
        """Code and message only when there is a problem."""
        row: dict[str, Any] = {"resource_id": server_id, "resource_type": kind, "result": problem is None}
        if problem is not None:
            row.update(error_code=problem.code, error_msg=problem.message)
        return row

    def restorable(self, server_id: str, kind: str, problem: ApiError | None) -> dict[str, Any]:
        """Code and message always, empty when all is well."""
        return {
            "resource_id": server_id,
            "resource_type": kind,
            "result": problem is None,
            "error_code": problem.code if problem else "",
            "error_msg": problem.message if problem else "",
        }

    def restore(self, state: State, record: Restore) -> dict[str, Any]:
        """A restore with nothing known of its resources yet."""
        return render.restore(record, {})
