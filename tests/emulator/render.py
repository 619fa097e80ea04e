# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both modes' answers share."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from .model import Checkpoint, Item, Policy, Restore
from .rules import PROVIDER_ID, SERVER_TYPE, ApiError, tag_rows
from .state import State

DEFINITION_KEYS = ("max_backups", "retention_duration_days", "permanent")


class Renderer(Protocol):
    """How a mode prints things."""

    def policy(self, state: State, policy: Policy, call: str) -> dict[str, Any]:
        """A policy as ``create``, ``update``, ``get`` or ``list`` answers it."""

    def item(self, state: State, item: Item, call: str) -> dict[str, Any]:
        """A backup as ``get`` or ``list`` answers it."""

    def protected(self, state: State, checkpoint: Checkpoint, item: Item) -> dict[str, Any]:
        """The answer to a protect call."""

    def protectable(self, state: State, server_id: str, kind: str, problem: ApiError | None) -> dict[str, Any]:
        """One result of a check for backing up."""

    def restorable(self, server_id: str, kind: str, problem: ApiError | None) -> dict[str, Any]:
        """One result of a check for restoring."""

    def restore(self, state: State, record: Restore) -> dict[str, Any]:
        """The answer to a restore call."""


def stamp(moment: datetime) -> str:
    """2018-08-14T07:53:15.663766, with no zone."""
    return moment.isoformat(timespec="microseconds")


def texts(definition: dict[str, Any]) -> dict[str, Any]:
    """Numbers and booleans in text, as create and update answer them."""
    return {key: value if isinstance(value, str) else str(value) for key, value in definition.items()}


def policy(policy_: Policy, definition: dict[str, Any], status: str) -> dict[str, Any]:
    """A policy in full."""
    return {
        "id": policy_.id,
        "name": policy_.name,
        "description": policy_.description,
        "created_at": stamp(policy_.created_at),
        "project_id": policy_.project_id,
        "provider_id": PROVIDER_ID,
        "parameters": policy_.parameters,
        "status": status,
        "tags": tag_rows(policy_.tags),
        "resources": [dict(resource) for resource in policy_.resources],
        "scheduled_operations": [
            {
                "id": policy_.operation_id,
                "name": policy_.operation_name,
                "description": policy_.operation_description,
                "enabled": policy_.enabled,
                "operation_type": "backup",
                "operation_definition": {
                    **definition,
                    "plan_id": policy_.id,
                    "provider_id": PROVIDER_ID,
                },
                "trigger": {
                    "id": policy_.trigger_id,
                    "name": "default",
                    "type": "time",
                    "properties": {
                        "pattern": policy_.pattern,
                        "start_time": policy_.start_time.isoformat(sep=" ", timespec="seconds"),
                        "format": "ical",
                    },
                },
                "trigger_id": policy_.trigger_id,
            }
        ],
    }


def thin(row: dict[str, Any]) -> dict[str, Any]:
    """A policy as a PUT answers it: no ids of the trigger, no tags."""
    operation = row["scheduled_operations"][0]
    operation.pop("trigger_id")
    operation["trigger"] = {"properties": operation["trigger"]["properties"]}
    row.pop("tags")
    return row


def progress(state: State, item: Item) -> int:
    """How far a backup is, by its clock."""
    if item.status == "waiting_protect":
        return 0
    if item.status == "protecting":
        if item.phase_start is None or item.phase_end is None:
            return 50
        whole = (item.phase_end - item.phase_start).total_seconds()
        return min(99, int(100 * (state.now - item.phase_start).total_seconds() / max(whole, 1)))
    if item.status == "error" and item.size == 0:
        return 42
    return 100


def item(state: State, item_: Item) -> dict[str, Any]:
    """A backup in full."""
    ended = item_.finished_at is not None
    held = item_.image_id is not None
    image = state.images.get(item_.image_id) if item_.image_id else None
    good = item_.status not in ("waiting_protect", "protecting", "error")
    part_status = "available" if good else "error" if item_.status == "error" else "creating"
    return {
        "id": item_.id,
        "checkpoint_id": item_.checkpoint_id,
        "name": item_.name,
        "description": item_.description,
        "status": item_.status,
        "resource_id": item_.resource_id,
        "resource_type": SERVER_TYPE,
        "created_at": stamp(item_.created_at),
        "updated_at": stamp(item_.updated_at),
        "tags": tag_rows(item_.tags),
        "backup_data": dict(item_.backup_data),
        "extend_info": {
            "auto_trigger": item_.auto_trigger,
            "average_speed": 0,
            "copy_from": "",
            "copy_status": "na",
            "fail_code": dict(item_.fail_code),
            "fail_op": item_.fail_op,
            "fail_reason": item_.fail_reason,
            "finished_at": stamp(item_.finished_at) if ended and item_.finished_at else None,
            "hypervisor_type": "QEMU",
            "image_type": "backup",
            "incremental": item_.incremental,
            "os_images_data": [{"image_id": image.id}] if held and image and image.status == "active" else [],
            "progress": progress(state, item_),
            "resource_az": item_.availability_zone,
            "resource_name": item_.resource_name,
            "resource_type": SERVER_TYPE,
            "size": item_.size,
            "space_saving_ratio": 0,
            "support_lld": item_.support_lld,
            "supported_restore_mode": "backup" if good else "na",
            "taskid": item_.task_id,
            "volume_backups": [
                {
                    "id": part.id,
                    "name": part.name,
                    "status": part_status,
                    "source_volume_id": part.source_volume_id,
                    "source_volume_name": part.source_volume_name,
                    "source_volume_size": part.source_volume_size,
                    "bootable": part.bootable,
                    "size": part.size if good else 0,
                    "snapshot_id": part.snapshot_id,
                    "incremental": item_.incremental,
                    "image_type": "backup",
                    "average_speed": 0,
                    "space_saving_ratio": 0,
                }
                for part in item_.volumes
            ],
        },
    }


def checkpoint(checkpoint_: Checkpoint, resources: list[dict[str, Any]], extra_info: str | None) -> dict[str, Any]:
    """A backup record, just made."""
    return {
        "id": checkpoint_.id,
        "status": "protecting",
        "created_at": stamp(checkpoint_.created_at),
        "project_id": checkpoint_.project_id,
        "resource_graph": None,
        "extra_info": extra_info,
        "protection_plan": {
            "id": checkpoint_.plan_id,
            "name": checkpoint_.plan_name,
            "resources": resources,
        },
    }


def run(checkpoint_: Checkpoint, policy_: Policy) -> dict[str, Any]:
    """The answer to a manual run; it lists every server of the policy, backed up or not."""
    resources = [
        {"id": resource["id"], "type": resource["type"], "name": resource["name"], "extra_info": "{}"}
        for resource in policy_.resources
    ]
    return checkpoint(checkpoint_, resources, '{"created_by": "manual"}')


def restore(record: Restore, resources_status: dict[str, Any]) -> dict[str, Any]:
    """A restore, just begun."""
    return {
        "id": record.id,
        "checkpoint_id": record.request["checkpoint_id"],
        "parameters": record.request["parameters"],
        "project_id": record.project_id,
        "provider_id": PROVIDER_ID,
        "resources_reason": {},
        "resources_status": resources_status,
        "restore_target": record.request.get("restore_target"),
        "status": "in_progress",
    }
