# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring a backup to a server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from . import timing
from .backups import due, fail
from .model import Item, Restore, Server
from .rules import PROTECTABLE_STATUSES, SERVER_TYPE, ApiError
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
    check_mapping(state, item, server, mapping, CSBS_CODES)
    return server


def _check_idle(state: State, server: Server) -> None:
    busy = state.any_backup(state.index.busy.get(server.id, ""))
    if busy is None:
        return
    raise ApiError("CSBS.6015" if busy.status in ("waiting_restore", "restoring") else "CSBS.2003", server.id)


@dataclass(frozen=True)
class Codes:
    """The codes for mappings that do not fit."""

    no_disk: str
    unknown_part: str
    missing_part: str
    twice: str
    not_attached: str
    shared: str
    system_and_data: str
    too_small: str


CSBS_CODES = Codes(
    no_disk="CSBS.6020",
    unknown_part="CSBS.6017",
    missing_part="CSBS.6018",
    twice="CSBS.9001",
    not_attached="CSBS.6014",
    shared="CSBS.6021",
    system_and_data="CSBS.6023",
    too_small="CSBS.6024",
)


def check_mapping(state: State, item: Item, server: Server, mapping: list[dict[str, str]], codes: Codes) -> None:
    """Whether each disk of the backup has a disk of the server to go to."""
    disks = {volume.id: volume for volume in state.volumes_of(server)}
    if not disks:
        raise ApiError(codes.no_disk, server.id)
    parts = {part.id: part for part in item.volumes}
    sources = [pair["backup_id"] for pair in mapping]
    targets = [pair["volume_id"] for pair in mapping]
    unknown = [source for source in sources if source not in parts]
    if unknown:
        raise ApiError(codes.unknown_part, ", ".join(unknown))
    missing = [part for part in parts if part not in sources]
    if missing:
        raise ApiError(codes.missing_part, ", ".join(missing))
    if len(set(sources)) < len(sources) or len(set(targets)) < len(targets):
        raise ApiError(codes.twice, "a disk is there twice")
    for pair in mapping:
        part, disk = parts[pair["backup_id"]], disks.get(pair["volume_id"])
        if disk is None:
            raise ApiError(codes.not_attached, pair["volume_id"])
        if disk.shareable:
            raise ApiError(codes.shared, disk.id)
        if disk.bootable != part.bootable:
            raise ApiError(codes.system_and_data, disk.id)
        if disk.size < part.source_volume_size:
            raise ApiError(codes.too_small, f"{disk.id} has {disk.size} GB, not {part.source_volume_size} GB")


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
    set_off(state, item, server, parameters["power_on"])
    return record


def set_off(state: State, item: Item, server: Server, power_on: bool) -> None:
    """Put a restore on its way."""
    item.restoring_to = server.id
    state.index.busy[server.id] = item.id
    reason, server.fail_next_restore = server.fail_next_restore, None
    item.status = "waiting_restore"
    item.updated_at = item.phase_start = state.now
    item.phase_end = state.after(timing.RESTORE_QUEUE, lambda at: _begin(state, item, server, power_on, reason, at))


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
    item.books.begun(state, item)


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
    item.books.restored(state, item, reason)
