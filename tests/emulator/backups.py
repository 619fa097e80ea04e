# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: can a server be backed up, and the walk of a backup through its states."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from . import retention, timing
from .model import Books, Checkpoint, Item, Policy, Server, Volume, VolumeBackup
from .rules import BROKEN_STATUSES, PROTECTABLE_STATUSES, SERVER_TYPE, ApiError, bad, clean_tags
from .state import State, new_id

Made = TypeVar("Made", bound=Item)


class CsbsBooks(Books):
    """Good backups make later ones incremental, and retention follows each good one."""

    def completed(self, state: State, item: Item) -> None:
        state.index.good_of.setdefault(item.resource_id, set()).add(item.id)
        policy = state.policies.get(item.policy_id or "")
        if item.auto_trigger and policy is not None:
            retention.prune(state, policy, item.resource_id)
            retention.watch(state, policy, item)

    def failed(self, state: State, item: Item) -> None:
        state.index.good_of.get(item.resource_id, set()).discard(item.id)

    def leaving(self, state: State, item: Item) -> None:
        self.failed(state, item)

    def left(self, state: State, item: Item) -> None:
        state.drop_item(item)


BOOKS = CsbsBooks()


def check_protectable(state: State, project_id: str, server_id: str, resource_type: str = SERVER_TYPE) -> Server:
    """The server, or the reason why it cannot be backed up."""
    if resource_type != SERVER_TYPE:
        raise ApiError("CSBS.6003", resource_type)
    server = state.server(project_id, server_id)
    if server.unprotectable:
        raise ApiError(server.unprotectable, server_id)
    if server.status in BROKEN_STATUSES:
        raise ApiError("CSBS.6006", f"{server_id} is {server.status}")
    if server.status not in PROTECTABLE_STATUSES:
        raise ApiError("CSBS.6005", f"{server_id} is {server.status}")
    if not state.volumes_of(server):
        raise ApiError("CSBS.6007", server_id)
    return server


def check_quota(state: State, project_id: str, wanted: int) -> None:
    """CSBS.9006 when the project may not have so many more backups."""
    settings = state.settings
    if settings.quota_backups < 0 and settings.quota_capacity < 0:
        return
    count, megabytes = usage(state, project_id)
    if 0 <= settings.quota_backups < count + wanted:
        raise ApiError("CSBS.9006", f"backups: {settings.quota_backups}")
    if 0 <= settings.quota_capacity <= megabytes // 1024:
        raise ApiError("CSBS.9006", f"backup_capacity: {settings.quota_capacity}")


def usage(state: State, project_id: str) -> tuple[int, int]:
    """How many backups a project has, and their size in MB."""
    mine = [item for item in state.items.values() if item.project_id == project_id]
    return len(mine), sum(item.size for item in mine)


def protect(state: State, project_id: str, server_id: str, wish: dict[str, Any]) -> tuple[Checkpoint, Item]:
    """Back one server up by hand."""
    server = check_protectable(state, project_id, server_id, wish.get("resource_type", SERVER_TYPE))
    tags = clean_tags(wish.get("tags", []))
    if server_id in state.index.busy:
        raise ApiError("CSBS.2003", server_id)
    check_quota(state, project_id, 1)
    checkpoint = Checkpoint(
        id=new_id(),
        project_id=project_id,
        created_at=state.now,
        plan_id=f"fake_{new_id()}",
        plan_name=f"server protect plan for {server_id}",
        auto=False,
    )
    state.checkpoints[checkpoint.id] = checkpoint
    item = start(
        state,
        server,
        checkpoint,
        name=wish.get("backup_name") or default_name(auto=False),
        description=wish.get("description", ""),
        incremental=wish.get("incremental", True),
        tags=tags,
        explicit_full=wish.get("incremental") is False,
    )
    return checkpoint, item


def run_policy(
    state: State, policy: Policy, auto: bool, chosen: list[str] | None = None, auto_trigger: bool | None = None
) -> Checkpoint:
    """Back up the servers of a policy; those that cannot be backed up now are left out in silence."""
    members = [resource["id"] for resource in policy.resources]
    if chosen:
        strangers = [server_id for server_id in chosen if server_id not in members]
        if strangers:
            raise bad(f"not in the policy: {', '.join(strangers)}")
        members = list(dict.fromkeys(chosen))
    if policy.running:
        raise ApiError("CSBS.6030" if any(policy.running.values()) else "CSBS.1001", policy.id)
    ready = [server for server in (_ready(state, policy.project_id, server_id) for server_id in members) if server]
    if not ready:
        raise ApiError("CSBS.6032", policy.id)
    check_quota(state, policy.project_id, len(ready))
    checkpoint = Checkpoint(
        id=new_id(),
        project_id=policy.project_id,
        created_at=state.now,
        plan_id=policy.id,
        plan_name=policy.name,
        auto=auto,
    )
    state.checkpoints[checkpoint.id] = checkpoint
    name = default_name(auto=auto)
    for server in ready:
        item = start(state, server, checkpoint, name=name, tags=dict(policy.tags), policy_id=policy.id)
        item.auto_trigger = auto if auto_trigger is None else auto_trigger
        policy.running[item.id] = auto
    return checkpoint


def _ready(state: State, project_id: str, server_id: str) -> Server | None:
    try:
        server = check_protectable(state, project_id, server_id)
    except ApiError:
        return None
    return None if server_id in state.index.busy else server


def default_name(auto: bool) -> str:
    """The name of a backup that was given none."""
    return f"{'autobk' if auto else 'manualbk'}_{secrets.token_hex(2)}"


def start(
    state: State,
    server: Server,
    checkpoint: Checkpoint,
    name: str,
    description: str = "",
    incremental: bool = True,
    tags: dict[str, str] | None = None,
    policy_id: str | None = None,
    explicit_full: bool = False,
) -> Item:
    """Put a new backup on its way."""
    incremental = incremental and bool(state.index.good_of.get(server.id))
    if explicit_full:
        state.index.lazy_load.add(server.id)
    item = make(
        Item,
        state,
        server,
        state.volumes_of(server),
        incremental,
        checkpoint_id=checkpoint.id,
        name=name,
        description=description,
        auto_trigger=checkpoint.auto,
        policy_id=policy_id,
        tags=dict(tags or {}),
        support_lld=server.id in state.index.lazy_load,
        books=BOOKS,
    )
    state.add_item(item)
    set_off(state, item)
    return item


def make(
    kind: type[Made],
    state: State,
    server: Server,
    volumes: Iterable[Volume],
    incremental: bool,
    **fields: Any,
) -> Made:
    """A backup of some disks of a server, as either service begins it."""
    item = kind(
        id=new_id(),
        project_id=server.project_id,
        resource_id=server.id,
        resource_name=server.name,
        availability_zone=server.availability_zone,
        created_at=state.now,
        updated_at=state.now,
        incremental=incremental,
        volumes=[
            VolumeBackup(
                id=new_id(),
                name=fields["name"],
                source_volume_id=volume.id,
                source_volume_name=volume.name,
                source_volume_size=volume.size,
                bootable=volume.bootable,
                size=timing.backup_megabytes(volume.size, incremental),
                snapshot_id=new_id(),
            )
            for volume in volumes
        ],
        backup_data={
            "vcpus": server.vcpus,
            "ram": server.ram,
            "eip": server.eip,
            "private_ip": server.private_ip,
            "imagetype": "gold",
            "disk": 0,
            "cloudservicetype": "",
            "__openstack_region_name": "",
        },
        task_id=new_id(),
        seq=state.next_seq(),
        visible_at=state.visible_at(),
        will_fail=server.fail_next_backup,
        **fields,
    )
    server.fail_next_backup = None
    return item


def set_off(state: State, item: Item) -> None:
    """Put a new backup on its way."""
    state.index.busy[item.resource_id] = item.id
    item.phase_start = state.now
    item.phase_end = state.after(timing.QUEUE, lambda at: _begin(state, item, at))


def due(item: Item, status: str, at: datetime) -> bool:
    """Whether an event still applies; a forced state or a deletion has made it void otherwise."""
    return item.status == status and item.phase_end == at


def _begin(state: State, item: Item, at: datetime) -> None:
    if not due(item, "waiting_protect", at):
        return
    item.status = "protecting"
    item.protected_at = item.updated_at = item.phase_start = at
    seconds = timing.backup_seconds(sum(volume.source_volume_size for volume in item.volumes), item.incremental)
    item.phase_end = state.at(at + timedelta(seconds=seconds), lambda moment: _finish(state, item, moment))
    item.books.begun(state, item)


def _finish(state: State, item: Item, at: datetime) -> None:
    if not due(item, "protecting", at):
        return
    item.finished_at = item.updated_at = at
    item.phase_end = None
    if item.will_fail:
        item.status = "error"
        fail(item, "backup", item.will_fail)
        state.release(item)
        item.books.failed(state, item)
        return
    complete(state, item)


def complete(state: State, item: Item) -> None:
    """The backup is good."""
    item.status = "available"
    item.size = sum(volume.size for volume in item.volumes)
    state.release(item)
    item.books.completed(state, item)


def fail(item: Item, operation: str, reason: str) -> None:
    """Say on a backup what went wrong with it."""
    item.fail_op = operation
    item.fail_reason = reason
    item.fail_code = {"Code": 9999, "Description": reason}


def force(state: State, item: Item, status: str | None, fail_reason: str | None, fail_op: str | None) -> None:
    """Put a backup in a state by hand, for tests; a busy one then stays as it is."""
    if fail_reason is not None or fail_op is not None:
        fail(item, fail_op or "backup", fail_reason or "")
    if status is None:
        return
    item.phase_end = None
    item.phase_start = item.updated_at = state.now
    if status == "available":
        item.finished_at = item.finished_at or state.now
        item.protected_at = item.protected_at or item.created_at
        complete(state, item)
    elif status == "error":
        item.status = "error"
        item.finished_at = item.finished_at or state.now
        state.release(item)
        item.books.failed(state, item)
    elif status == "deleted":
        item.books.left(state, item)
    else:
        item.status = status
        if status not in ("waiting_delete", "deleting"):
            state.index.busy[item.resource_id] = item.id


def plant(state: State, project_id: str, server_id: str, name: str, age: float, fields: dict[str, Any]) -> Item:
    """Put in a good backup that was made some time ago, without the wait; lists show it at once."""
    server = state.server(project_id, server_id)
    made = state.now - timedelta(seconds=age)
    checkpoint = Checkpoint(
        id=new_id(), project_id=project_id, created_at=made, plan_id=f"fake_{new_id()}", plan_name="planted", auto=False
    )
    state.checkpoints[checkpoint.id] = checkpoint
    busy = state.index.busy.get(server_id)
    item = start(state, server, checkpoint, name=name)
    ripen(state, item, made, fields)
    if busy is not None:
        state.index.busy[server_id] = busy
    return item


def ripen(state: State, item: Item, made: datetime, fields: dict[str, Any]) -> None:
    """Let a backup that has just begun be one that was made some time ago."""
    item.visible_at = 0.0
    item.created_at = item.protected_at = item.finished_at = item.updated_at = made
    item.phase_end = None
    for key, value in fields.items():
        if not hasattr(item, key):
            raise ValueError(f"backups have no {key}")
        setattr(item, key, value)
    if item.status == "waiting_protect":
        complete(state, item)
    else:
        state.release(item)
