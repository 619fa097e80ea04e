# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers as the live service gives them, with all that differs from the reference."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from . import render
from .keystone import USER_ID
from .model import Checkpoint, Item, Policy, Restore
from .render_reference import ReferenceRenderer
from .rules import SERVER_TYPE, ApiError
from .state import State

TOUCHED_LATER = timedelta(hours=6)
PROGRESS_LAG = timedelta(minutes=2)


class LiveRenderer(ReferenceRenderer):
    """Sparse, and with types that change from call to call."""

    def policy(self, state: State, policy: Policy, call: str) -> dict[str, Any]:
        """Always ``suspended``; no long-term counts; list rows and a PUT's answer lack keys."""
        definition = {key: policy.definition[key] for key in render.DEFINITION_KEYS if key in policy.definition}
        if call in ("create", "update"):
            definition = render.texts(definition)
        row = render.policy(policy, definition, "suspended")
        row["user_id"] = USER_ID
        if call == "update":
            row = render.thin(row)
            row["user_id"] = None
        elif call == "list":
            row.pop("tags")
            row["scheduled_operations"][0]["trigger"]["properties"].pop("start_time")
        return row

    def item(self, state: State, item: Item, call: str) -> dict[str, Any]:
        """Extra keys, fractions, nulls, a progress that lags, and ``updated_at`` that moves long after the end."""
        row = render.item(state, item)
        info = row["extend_info"]
        row["protected_at"] = render.stamp(item.protected_at) if item.protected_at else None
        row["expired_at"] = None
        row["backup_data"]["cloudservicetype"] = "QEMU"
        info["copy_from"] = None
        if not info["os_images_data"]:
            del info["os_images_data"]
        if item.finished_at is not None:
            info["average_speed"], info["space_saving_ratio"] = 29.9, 1.5
            for part in info["volume_backups"]:
                part["average_speed"], part["space_saving_ratio"] = 29.9, 1.5
            if state.now - item.finished_at > TOUCHED_LATER:
                row["updated_at"] = render.stamp(max(item.updated_at, item.finished_at + TOUCHED_LATER))
            elif item.status == "available" and state.now - item.finished_at < PROGRESS_LAG:
                info["progress"] = 84
        elif item.status == "protecting":
            info["progress"] = int(info["progress"] * 0.84)
        if state.settings.sparse_items and call == "list":
            del row["tags"]
        return row

    def protected(self, state: State, checkpoint: Checkpoint, item: Item) -> dict[str, Any]:
        """No ``extra_info`` of its own; that of the resource is a text."""
        row = super().protected(state, checkpoint, item)
        del row["extra_info"]
        row["protection_plan"]["resources"][0]["extra_info"] = "{}"
        return row

    def protectable(self, state: State, server_id: str, kind: str, problem: ApiError | None) -> dict[str, Any]:
        """A message can come with a good result: that the server has a policy already."""
        row = super().protectable(state, server_id, kind, problem)
        row.setdefault("error_code", "")
        row.setdefault("error_msg", "")
        if problem is None and server_id in state.index.member_of:
            row["error_code"] = "CSBS.6004"
            row["error_msg"] = f"server {server_id} is bound to policy {state.index.member_of[server_id]}"
        return row

    def restore(self, state: State, record: Restore) -> dict[str, Any]:
        """The target server's state by type and id."""
        return render.restore(record, {f"{SERVER_TYPE}#{record.server_id}": "restoring"})
