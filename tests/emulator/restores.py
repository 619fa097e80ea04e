# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring a backup to a server."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from . import timing
from .backups import due, fail
from .model import Item, Restore, Server
from .rules import PROTECTABLE_STATUSES, SERVER_TYPE, ApiError, bad
from .state import State, new_id


def check(
    state: State,
    project_id: str,
    item: Item,
    server_id: str,
    mapping: list[dict[str, str]],
    resource_type: str = SERVER_TYPE,
) -> Server:
    """The target server, or why the backup cannot go there."""
    if resource_type != SERVER_TYPE:
        raise ApiError("CSBS.6013", resource_type)
    if item.status in ("waiting_restore", "restoring"):
        raise ApiError("CSBS.6015", item.id)
    if item.status != "available":
        raise ApiError("CSBS.4000", f"{item.id} is {item.status}")
    server = state.server(project_id, server_id)
    if server.status not in PROTECTABLE_STATUSES:
        raise ApiError("CSBS.6005", f"{server_id} is {server.status}")
    _check_idle(state, server)
    if server.availability_zone != item.availability_zone:
        raise ApiError("CSBS.6025", server_id)
    _check_mapping(state, item, server, mapping)
    return server


def _check_idle(state: State, server: Server) -> None:
    busy = state.items.get(state.index.busy.get(server.id, ""))
    if busy is None:
        return
    raise ApiError("CSBS.6015" if busy.status in ("waiting_restore", "restoring") else "CSBS.2003", server.id)


def _check_mapping(state: State, item: Item, server: Server, mapping: list[dict[str, str]]) -> None:
    disks = {volume.id: volume for volume in state.volumes_of(server)}
    if not disks:
        raise ApiError("CSBS.6020", server.id)
    parts = {part.id: part for part in item.volumes}
    sources = [pair["backup_id"] for pair in mapping]
    targets = [pair["volume_id"] for pair in mapping]
    unknown = [source for source in sources if source not in parts]
    if unknown:
        raise ApiError("CSBS.6017", ", ".join(unknown))
    missing = [part for part in parts if part not in sources]
    if missing:
        raise ApiError("CSBS.6018", ", ".join(missing))
    if len(set(sources)) < len(sources) or len(set(targets)) < len(targets):
        raise bad("volumes: a disk is there twice")
    for pair in mapping:
        part, disk = parts[pair["backup_id"]], disks.get(pair["volume_id"])
        if disk is None:
            raise ApiError("CSBS.6014", pair["volume_id"])
        if disk.shareable:
            raise ApiError("CSBS.6021", disk.id)
        if disk.bootable != part.bootable:
            raise ApiError("CSBS.6023", disk.id)
        if disk.size < part.source_volume_size:
            raise ApiError("CSBS.6024", f"{disk.id} has {disk.size} GB, not {part.source_volume_size} GB")


def restore(state: State, project_id: str, wish: dict[str, Any]) -> Restore:
    """Start a restore."""
    parameters = wish["parameters"]
    checkpoint = state.checkpoint(project_id, wish["checkpoint_id"])
    item = state.item(project_id, parameters["checkpoint_item_id"])
    if item.id not in checkpoint.item_ids:
        raise ApiError("CSBS.3001", item.id)
    target = parameters["targets"]
    server = check(state, project_id, item, target["server_id"], target["volumes"])
    record = Restore(
        id=new_id(),
        project_id=project_id,
        request=wish,
        item_id=item.id,
        server_id=server.id,
        created_at=state.now,
    )
    state.restores[record.id] = record
    item.restoring_to = server.id
    state.index.busy[server.id] = item.id
    reason, server.fail_next_restore = server.fail_next_restore, None
    item.status = "waiting_restore"
    item.updated_at = item.phase_start = state.now
    power_on: bool = parameters["power_on"]
    item.phase_end = state.after(timing.RESTORE_QUEUE, lambda at: _begin(state, item, server, power_on, reason, at))
    return record


def _begin(state: State, item: Item, server: Server, power_on: bool, reason: str | None, at: datetime) -> None:
    if not due(item, "waiting_restore", at):
        return
    item.status = "restoring"
    item.updated_at = item.phase_start = at
    server.status = "SHUTOFF"
    seconds = timing.restore_seconds(sum(part.source_volume_size for part in item.volumes))
    item.phase_end = state.at(
        at + timedelta(seconds=seconds), lambda moment: _finish(state, item, server, power_on, reason, moment)
    )


def _finish(state: State, item: Item, server: Server, power_on: bool, reason: str | None, at: datetime) -> None:
    if not due(item, "restoring", at):
        return
    item.status = "available"
    item.updated_at = at
    item.phase_end = None
    if reason:
        fail(item, "restore", reason)
    else:
        item.fail_op, item.fail_reason, item.fail_code = "", "", {}
        if power_on:
            server.status = "ACTIVE"
    state.release(item)
