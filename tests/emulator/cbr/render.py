# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How CBR prints things, as the reference has it or with all that differs in the live service."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from typing import Any

from .. import render
from ..keystone import USER_ID
from ..model import VolumeBackup
from ..rules import SERVER_TYPE, tag_rows
from ..state import State
from . import checkpoints, members
from .model import Backup, Checkpoint, Member, Policy, Task, Vault
from .rules import BUSY, DISK_PROVIDER, PROVIDERS, RESTORING, SERVER_PROVIDER, SPEC_CODES


def zoned(moment: datetime) -> str:
    """2019-05-23T12:51:10.071+00:00, as newer samples have it."""
    return f"{moment.isoformat(timespec='milliseconds')}+00:00"


def stamp(state: State, moment: datetime) -> str:
    """A time: live without a zone."""
    return render.stamp(moment) if state.settings.live else zoned(moment)


def vault(state: State, vault_: Vault) -> dict[str, Any]:
    """A vault; it does not name its policy."""
    live = state.settings.live
    rules = [dict(rule) for rule in vault_.bind_rules]
    billing: dict[str, Any] = {
        "allocated": members.allocated(state, vault_),
        "charging_mode": "post_paid",
        "cloud_type": "public",
        "consistent_level": "crash_consistent",
        "object_type": vault_.object_type,
        "protect_type": vault_.protect_type,
        "size": vault_.size,
        "spec_code": f"vault.backup.{SPEC_CODES[vault_.object_type]}.normal",
        "status": vault_.status,
        "used": state.cbr.used(vault_),
    }
    row: dict[str, Any] = {
        "id": vault_.id,
        "name": vault_.name,
        "description": vault_.description or (None if live else ""),
        "project_id": vault_.project_id,
        "provider_id": PROVIDERS[vault_.object_type],
        "user_id": USER_ID,
        "created_at": stamp(state, vault_.created_at),
        "auto_bind": vault_.auto_bind,
        "bind_rules": {"tags": rules} if rules else {},
        "auto_expand": vault_.auto_expand,
        "tags": tag_rows(vault_.tags),
        "enterprise_project_id": "0" if live else 0,
        "billing": billing,
        "resources": _members(state, vault_),
    }
    if live:
        billing.update(order_id=None, product_id=None, storage_unit=None, frozen_scene=None)
        row.update(locked=vault_.locked, sys_lock_source_service=None)
    elif vault_.locked:
        row["locked"] = True
    return row


def _members(state: State, vault_: Vault) -> list[dict[str, Any]]:
    held: dict[str, list[Backup]] = defaultdict(list)
    for backup_ in state.cbr.in_vault(vault_):
        held[backup_.resource_id].append(backup_)
    return [
        {
            "id": member.id,
            "name": member.name,
            "type": SERVER_TYPE,
            "size": members.size(state, member),
            "protect_status": _protect_status(member, held[member.id]),
            "backup_size": sum(backup_.size for backup_ in held[member.id]),
            "backup_count": len(held[member.id]),
            "extra_info": _exclusions(member),
        }
        for member in vault_.members.values()
    ]


def _exclusions(member: Member) -> dict[str, Any]:
    return {"exclude_volumes": list(member.excluded)} if member.excluded else {}


def _protect_status(member: Member, backups: list[Backup]) -> str:
    if member.removing:
        return "removing"
    if member.status is not None:
        return member.status
    if any(backup_.status in BUSY for backup_ in backups):
        return "protecting"
    return "restoring" if any(backup_.status in RESTORING for backup_ in backups) else "available"


def policy(state: State, policy_: Policy, made: bool = False) -> dict[str, Any]:
    """A policy; who makes one is not told of vaults, and live also not who asks for one without vaults."""
    live = state.settings.live
    rows = [{"vault_id": vault_.id, "destination_vault_id": None} for vault_ in state.cbr.vaults_of(policy_)]
    start = policy_.start_time.isoformat(sep=" ", timespec="seconds") if live else zoned(policy_.start_time)
    row: dict[str, Any] = {
        "id": policy_.id,
        "name": policy_.name,
        "enabled": policy_.enabled,
        "operation_type": policy_.operation_type,
        "operation_definition": dict(policy_.definition),
        "trigger": {
            "id": policy_.trigger_id,
            "name": "default",
            "type": "time",
            "properties": {"pattern": list(policy_.pattern), "start_time": start},
        },
    }
    if live:
        row["associated_vaults"] = rows or None
    elif not made:
        row["associated_vaults"] = rows
    return row


def new_checkpoint(state: State, checkpoint_: Checkpoint, skipped: list[dict[str, Any]]) -> dict[str, Any]:
    """A restore point, just made."""
    row = checkpoint(state, checkpoint_)
    row["vault"] = {**_checkpoint_vault(state, checkpoint_), "skipped_resources": skipped}
    row["extra_info"] = {
        "name": checkpoint_.name,
        "description": checkpoint_.description,
        "retention_duration": -1,
    }
    return row


def checkpoint(state: State, checkpoint_: Checkpoint) -> dict[str, Any]:
    """A restore point as it is asked for; live says little."""
    row: dict[str, Any] = {
        "id": checkpoint_.id,
        "project_id": checkpoint_.project_id,
        "status": checkpoints.status(state, checkpoint_),
        "created_at": stamp(state, checkpoint_.created_at),
    }
    if not state.settings.live:
        row["vault"] = _checkpoint_vault(state, checkpoint_)
    return row


def _checkpoint_vault(state: State, checkpoint_: Checkpoint) -> dict[str, Any]:
    vault_ = state.cbr.vaults.get(checkpoint_.vault_id)
    rows = [row for row in _members(state, vault_) if row["id"] in checkpoint_.resource_ids] if vault_ else []
    return {
        "id": checkpoint_.vault_id,
        "name": checkpoint_.vault_name,
        "resources": [_checkpoint_resource(row, state.settings.live) for row in rows],
    }


def _checkpoint_resource(row: dict[str, Any], live: bool) -> dict[str, Any]:
    short = {"id": row["id"], "type": row["type"], "name": row["name"], "protect_status": "available"}
    if not live:
        return {**short, "resource_size": row["size"]}
    return {
        **short,
        "resource_size": str(row["size"]),
        "backup_size": str(row["backup_size"]),
        "backup_count": str(row["backup_count"] - 1),
        "extra_info": row["extra_info"] or json.dumps({}),
    }


def backup(state: State, backup_: Backup, call: str) -> dict[str, Any]:
    """A backup; only who asks for one by its id is shown its disks."""
    live = state.settings.live
    good = backup_.status not in (*BUSY, "error")
    image = state.images.get(backup_.image_id or "")
    images = [{"image_id": image.id}] if image is not None and image.status == "active" else []
    info: dict[str, Any] = {
        "auto_trigger": backup_.auto_trigger,
        "contain_system_disk": any(part.bootable for part in backup_.volumes),
        "support_lld": backup_.support_lld,
        "supported_restore_mode": "backup" if good else "na",
        "system_disk": False,
    }
    if live:
        info.update(
            bootable=False,
            incremental=backup_.incremental,
            snapshot_id=None,
            os_images_data=images or None,
            encrypted=False,
            progress=render.progress(state, backup_),
            architecture="x86_64",
        )
    elif images:
        info["os_images_data"] = images
    row = {
        **_common(state, backup_, live),
        "id": backup_.id,
        "name": backup_.name,
        "description": backup_.description or (None if live else ""),
        "resource_id": backup_.resource_id,
        "resource_name": backup_.resource_name,
        "resource_type": SERVER_TYPE,
        "resource_size": sum(part.source_volume_size for part in backup_.volumes),
        "provider_id": SERVER_PROVIDER,
        "extend_info": info,
        "children": [_child(state, backup_, part, live) for part in backup_.volumes] if call == "get" else [],
    }
    if live:
        row["parent_id"] = None
    return row


def _common(state: State, backup_: Backup, live: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "checkpoint_id": backup_.checkpoint_id,
        "vault_id": backup_.vault_id,
        "project_id": backup_.project_id,
        "status": backup_.status,
        "resource_az": backup_.availability_zone,
        "created_at": stamp(state, backup_.created_at),
        "updated_at": zoned(backup_.updated_at),
        "image_type": "backup",
    }
    if live:
        row["replication_records"] = []
    for key, moment in (("protected_at", backup_.protected_at), ("expired_at", backup_.expired_at)):
        if live or moment is not None:
            row[key] = None if moment is None else stamp(state, moment)
    return row


def _child(state: State, backup_: Backup, part: VolumeBackup, live: bool) -> dict[str, Any]:
    info = {
        "auto_trigger": backup_.auto_trigger,
        "bootable": part.bootable,
        "snapshot_id": part.snapshot_id,
        "encrypted": False,
    }
    return {
        **_common(state, backup_, live),
        "id": part.id,
        "name": f"{backup_.name}_{part.source_volume_name}",
        "description": None if live else "",
        "resource_id": part.source_volume_id,
        "resource_name": part.source_volume_name,
        "resource_type": "OS::Cinder::Volume",
        "resource_size": part.source_volume_size,
        "provider_id": DISK_PROVIDER if live else SERVER_PROVIDER,
        "parent_id": backup_.id,
        "extend_info": {**info, "incremental": backup_.incremental} if live else info,
        "children": [],
    }


def task(state: State, task_: Task) -> dict[str, Any]:
    """A task; the reference leaves out what is not known."""
    progress = 100 if task_.ended_at is not None else 50 if task_.status == "running" else 0
    row: dict[str, Any] = {
        "id": task_.id,
        "project_id": task_.project_id,
        "operation_type": task_.operation_type,
        "status": task_.status,
        "provider_id": SERVER_PROVIDER,
        "checkpoint_id": task_.checkpoint_id,
        "policy_id": task_.policy_id,
        "vault_id": task_.vault_id,
        "vault_name": task_.vault_name,
        "created_at": zoned(task_.created_at),
        "started_at": None if task_.started_at is None else zoned(task_.started_at),
        "ended_at": None if task_.ended_at is None else zoned(task_.ended_at),
        "updated_at": zoned(task_.updated_at),
        "error_info": {"code": task_.code, "message": task_.message},
        "extra_info": {
            "common": {"progress": progress, "request_id": task_.request_id, "task_id": task_.id},
            **({"resource": dict(task_.resource)} if task_.resource else {}),
            **{part: dict(values) for part, values in task_.details.items()},
        },
    }
    return row if state.settings.live else {key: value for key, value in row.items() if value is not None}
