# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers of vaults: joining, leaving with all their backups, and moving with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .. import timing
from ..deletions import held
from ..model import Server, Volume
from ..rules import PROTECTABLE_STATUSES, SERVER_TYPE, ApiError
from ..state import State
from . import batches, tasks
from .model import Batch, Member, Task, Vault
from .rules import BUSY, LEAVING, MAX_MEMBERS, MAX_SHARED_DISKS, RESTORING, ROOM_TO_BIND, bad, own_code, verdict


def disks(state: State, server: Server, excluded: list[str]) -> list[Volume]:
    """The disks of a server that its backups hold."""
    return [volume for volume in state.volumes_of(server) if volume.id not in excluded]


def size(state: State, member: Member) -> int:
    """The GB of a member's disks, new ones too."""
    server = state.servers.get(member.id)
    if server is not None:
        member.size = sum(volume.size for volume in disks(state, server, member.excluded))
    return member.size


def allocated(state: State, vault: Vault) -> int:
    """The GB of all members' disks."""
    return sum(size(state, member) for member in vault.members.values())


def check_server(state: State, server: Server) -> None:
    """Whether a server can be backed up now, except that it may be busy."""
    if server.unprotectable:
        raise ApiError(own_code(server.unprotectable, "BackupService.7103"), server.id)
    if server.status not in PROTECTABLE_STATUSES:
        raise ApiError("BackupService.7101", f"{server.id} is {server.status}")
    if sum(volume.shareable for volume in state.volumes_of(server)) > MAX_SHARED_DISKS:
        raise ApiError("BackupService.7107", server.id)


def join(state: State, vault: Vault, rows: list[dict[str, Any]]) -> None:
    """Take servers in, all of them or none."""
    wanted = [row["id"] for row in rows]
    if len(set(wanted)) < len(wanted):
        raise ApiError("BackupService.6104", ", ".join(wanted))
    if len(vault.members) + len(rows) > MAX_MEMBERS:
        raise ApiError("BackupService.6100", f"at most {MAX_MEMBERS}")
    new = [_candidate(state, vault, row) for row in rows]
    needed = allocated(state, vault) + sum(size(state, member) for member in new)
    if needed > vault.size:
        raise ApiError("BackupService.6101", f"the disks have {needed} GB, the vault has {vault.size} GB")
    for member in new:
        vault.members[member.id] = member
        state.cbr.vault_of[member.id] = vault.id


def _candidate(state: State, vault: Vault, row: dict[str, Any]) -> Member:
    server_id = row["id"]
    if row["type"] != SERVER_TYPE or vault.object_type != "server":
        raise ApiError("BackupService.6102", row["type"])
    server = state.servers.get(server_id)
    if server is None or server.project_id != vault.project_id:
        raise ApiError("BackupService.6302", server_id)
    if server_id in state.cbr.vault_of:
        raise ApiError("BackupService.6103", f"{server_id} is in vault {state.cbr.vault_of[server_id]}")
    if server_id in state.index.member_of:
        raise ApiError(
            "BackupService.6108", f"{server_id} is bound to policy {state.index.member_of[server_id]} of CSBS"
        )
    reason = tasks.joined(server)
    if reason is not None:
        raise ApiError(*verdict(reason))
    check_server(state, server)
    excluded = (row.get("extra_info") or {}).get("exclude_volumes", [])
    unknown = [volume_id for volume_id in excluded if volume_id not in server.volume_ids]
    if unknown:
        raise ApiError("BackupService.7000", ", ".join(unknown))
    if not disks(state, server, excluded):
        raise ApiError("BackupService.7108", server_id)
    for volume in disks(state, server, excluded):
        elsewhere = [other for other in volume.server_ids if state.cbr.vault_of.get(other, vault.id) != vault.id]
        if elsewhere:
            raise ApiError("BackupService.6137", f"{volume.id} is also a disk of {', '.join(elsewhere)}")
    return Member(id=server_id, name=row.get("name") or server.name, excluded=list(excluded))


def add(state: State, vault: Vault, rows: list[dict[str, Any]]) -> None:
    """Take servers into a vault that is at rest."""
    if vault.status != "available":
        raise ApiError("BackupService.6112", f"{vault.id} is {vault.status}")
    join(state, vault, rows)


def bind(state: State, vault: Vault) -> None:
    """Take in the unprotected servers that a vault's rules name, as long as there is room."""
    if not vault.auto_bind:
        return
    for server in list(state.servers.values()):
        if server.project_id != vault.project_id or server.id in state.index.member_of:
            continue
        room = vault.size - allocated(state, vault)
        wanted = not vault.bind_rules or any(_carries(server, rule) for rule in vault.bind_rules)
        if wanted and room > ROOM_TO_BIND:
            try:
                add(state, vault, [{"id": server.id, "type": SERVER_TYPE}])
            except ApiError:
                continue


def _carries(server: Server, rule: dict[str, str]) -> bool:
    tags = dict(tag.partition("=")[::2] for tag in server.tags)
    return rule["key"] in tags and tags[rule["key"]] == rule.get("value", "")


def _leavers(vault: Vault, server_ids: list[str]) -> list[Member]:
    if len(set(server_ids)) < len(server_ids):
        raise ApiError("BackupService.6104", ", ".join(server_ids))
    strangers = [server_id for server_id in server_ids if server_id not in vault.members]
    if strangers:
        raise ApiError("BackupService.6135", ", ".join(strangers))
    members = [vault.members[server_id] for server_id in server_ids]
    if any(member.removing for member in members):
        raise ApiError("BackupService.6134", vault.id)
    return members


def remove(state: State, vault: Vault, server_ids: list[str]) -> None:
    """Let servers go; every backup of them, manual ones too, is deleted first."""
    if vault.status != "available":
        raise ApiError("BackupService.6112", f"{vault.id} is {vault.status}")
    if vault.locked:
        raise ApiError("BackupService.6110", f"{vault.id} is locked")
    members = _leavers(vault, server_ids)
    backups = [backup for member in members for backup in state.cbr.of_member(vault, member.id)]
    if vault.moving & set(server_ids) or any(backup.status in BUSY + RESTORING for backup in backups):
        raise ApiError("BackupService.6125", vault.id)
    for backup in backups:
        if held(state, backup):
            raise ApiError("BackupService.6204", backup.id)
    resources = [tasks.resource(member.id, member.name) for member in members]
    counts = {"total_count": len(backups), "fail_count": 0, "resources": resources}
    task = tasks.begin(state, "remove_resource", vault, details={"remove_resources": counts})
    tasks.run(state, task)
    for member in members:
        member.removing, member.status = True, None
    batches.delete(state, backups, lambda batch, at: _removed(state, vault, members, task, batch))


def _removed(state: State, vault: Vault, members: list[Member], task: Task, batch: Batch) -> None:
    for member in members:
        member.removing = False
        if any(state.cbr.of_member(vault, member.id)):
            member.status = "error"
        else:
            vault.members.pop(member.id, None)
            state.cbr.vault_of.pop(member.id, None)
    batches.conclude(state, task, "remove_resources", batch)


def busy(state: State, vault: Vault) -> bool:
    """Whether any work on a vault is in progress."""
    backups = state.cbr.in_vault(vault)
    return (
        bool(vault.moving)
        or any(member.removing for member in vault.members.values())
        or any(backup.status in BUSY + RESTORING + LEAVING for backup in backups)
    )


def migrate(state: State, vault: Vault, target: Vault, server_ids: list[str]) -> None:
    """Move servers and all their backups to another vault."""
    if vault.id == target.id:
        raise bad("destination_vault_id: the servers are there")
    for each in (vault, target):
        if each.status not in ("available", "lock"):
            raise ApiError("BackupService.6112", f"{each.id} is {each.status}")
    if vault.locked:
        raise ApiError("BackupService.6112", f"the backups of {vault.id} are locked")
    if (vault.object_type, vault.protect_type) != (target.object_type, target.protect_type):
        raise ApiError("BackupService.6116", target.id)
    members = _leavers(vault, server_ids)
    for each in (vault, target):
        if busy(state, each):
            raise ApiError("BackupService.6125", each.id)
    if len(target.members) + len(members) > MAX_MEMBERS:
        raise ApiError("BackupService.6100", f"at most {MAX_MEMBERS}")
    needed = allocated(state, target) + sum(size(state, member) for member in members)
    if needed > target.size:
        raise ApiError("BackupService.6101", f"the disks have {needed} GB, the vault has {target.size} GB")
    moving = sum(backup.size for member in members for backup in state.cbr.of_member(vault, member.id))
    if state.cbr.used(target) + moving > target.size * 1024:
        raise ApiError("BackupService.6129", target.id)
    reasons = [tasks.joined(state.servers[server_id]) for server_id in server_ids if server_id in state.servers]
    task = tasks.begin(state, "migrate_resource", vault, resource=tasks.resource(members[0].id, members[0].name))
    tasks.run(state, task)
    vault.moving.update(server_ids)
    target.moving.update(server_ids)
    reason = next(filter(None, reasons), None)
    state.after(timing.MIGRATE, lambda at: _moved(state, vault, target, server_ids, task, reason, at))


def _moved(
    state: State, vault: Vault, target: Vault, server_ids: list[str], task: Task, reason: str | None, _at: datetime
) -> None:
    vault.moving.difference_update(server_ids)
    target.moving.difference_update(server_ids)
    if reason is not None:
        tasks.fail(state, task, reason)
        return
    for server_id in server_ids:
        for backup in list(state.cbr.of_member(vault, server_id)):
            state.cbr.move(backup, target)
        target.members[server_id] = vault.members.pop(server_id)
        state.cbr.vault_of[server_id] = target.id
    tasks.end(state, task, "success")
