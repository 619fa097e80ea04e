# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore points: one backup for each server of a vault, by hand or by a policy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .. import backups as walks
from ..model import Books, Item, Server, Volume
from ..rules import SERVER_TYPE, ApiError
from ..state import State, new_id
from . import batches, members, retention, tasks, vaults
from .model import Backup, Checkpoint, Member, Vault
from .rules import BUSY, RESTORING, bad

Skipped = dict[str, Any]


class CbrBooks(Books):
    """Each piece of work has a task, and fills or frees the vault."""

    def begun(self, state: State, item: Item) -> None:
        tasks.run(state, _mine(item).task)

    def completed(self, state: State, item: Item) -> None:
        backup = _mine(item)
        state.cbr.put(backup)
        tasks.end(state, backup.task, "success")
        vault = state.cbr.vaults[backup.vault_id]
        retention.prune(state, vault, backup.resource_id)
        retention.watch(state, backup)
        vaults.expand(state, vault)

    def failed(self, state: State, item: Item) -> None:
        backup = _mine(item)
        state.cbr.not_good(backup)
        tasks.fail(state, backup.task, backup.fail_reason)

    def restored(self, state: State, item: Item, reason: str | None) -> None:
        if reason:
            tasks.fail(state, _mine(item).task, reason)
        else:
            tasks.end(state, _mine(item).task, "success")

    def leaving(self, state: State, item: Item) -> None:
        backup = _mine(item)
        state.cbr.not_good(backup)
        if backup.batch is None:
            tasks.begin_for(state, "delete", backup)

    def left(self, state: State, item: Item) -> None:
        backup = _mine(item)
        backup.status = "deleted"
        state.cbr.take(backup)
        state.gone[backup.id] = backup
        state.release(backup)
        checkpoint = state.cbr.checkpoints[backup.checkpoint_id]
        checkpoint.backup_ids.remove(backup.id)
        if not checkpoint.backup_ids:
            del state.cbr.checkpoints[checkpoint.id]
        tasks.end(state, backup.task, "success")
        batches.settle(state, backup, deleted=True)

    def stayed(self, state: State, item: Item, reason: str) -> None:
        tasks.fail(state, _mine(item).task, reason)
        batches.settle(state, _mine(item), deleted=False)


BOOKS = CbrBooks()


def _mine(item: Item) -> Backup:
    assert isinstance(item, Backup)
    return item


def create(state: State, project_id: str, wish: dict[str, Any]) -> tuple[Checkpoint, list[Skipped]]:
    """A restore point by hand."""
    vault = state.cbr.vault(project_id, wish["vault_id"])
    parameters = wish.get("parameters", {})
    if parameters.get("resources") and parameters.get("resource_details"):
        raise bad("resources and resource_details do not go together")
    details = parameters.get("resource_details") or [
        {"id": server_id, "type": SERVER_TYPE} for server_id in parameters.get("resources") or vault.members
    ]
    auto = parameters.get("auto_trigger", False)
    return run(
        state,
        vault,
        details,
        auto=auto,
        name=parameters.get("name"),
        description=parameters.get("description", ""),
        incremental=parameters.get("incremental", True),
    )


def scheduled(state: State, vault: Vault) -> None:
    """A restore point that a policy makes."""
    members.bind(state, vault)
    try:
        run(state, vault, [{"id": server_id, "type": SERVER_TYPE} for server_id in vault.members], auto=True)
    except ApiError as problem:
        # Nobody is there to be told.
        task = tasks.begin(state, "backup", vault, policy_id=vault.policy_id)
        waits = problem.code == "BackupService.6125"
        tasks.end(state, task, "skipped" if waits else "failed", problem.code, problem.message)


def run(
    state: State,
    vault: Vault,
    details: list[dict[str, Any]],
    auto: bool,
    name: str | None = None,
    description: str = "",
    incremental: bool = True,
) -> tuple[Checkpoint, list[Skipped]]:
    """Back up members of a vault; those that cannot be backed up now are skipped, with the reason."""
    _check(state, vault, details)
    checkpoint = Checkpoint(
        id=new_id(),
        project_id=vault.project_id,
        created_at=state.now,
        vault_id=vault.id,
        vault_name=vault.name,
        name=name or walks.default_name(auto=auto),
        description=description,
    )
    ready: list[tuple[Server, list[Volume]]] = []
    skipped: list[Skipped] = []
    for row in details:
        member = vault.members[row["id"]]
        try:
            ready.append(_ready(state, member, (row.get("extra_info") or {}).get("exclude_volumes", [])))
        except ApiError as problem:
            skipped.append(
                {
                    "id": member.id,
                    "type": SERVER_TYPE,
                    "name": member.name,
                    "code": problem.code,
                    "reason": problem.message,
                }
            )
    if not ready:
        raise ApiError("BackupService.0001", "; ".join(f"{row['id']}: {row['code']}" for row in skipped) or vault.id)
    state.cbr.checkpoints[checkpoint.id] = checkpoint
    for row in skipped:
        tasks.skip(state, vault, row["id"], row["name"], row["code"], row["reason"], checkpoint.id)
    for number, (server, volumes) in enumerate(ready, start=1):
        own_name = checkpoint.name if len(ready) == 1 else f"{checkpoint.name}-{number:04d}"
        backup = make(state, vault, server, volumes, checkpoint, own_name, description, incremental, auto)
        tasks.begin_for(state, "backup", backup, incremental=str(backup.incremental).lower())
        walks.set_off(state, backup)
    return checkpoint, skipped


def _check(state: State, vault: Vault, details: list[dict[str, Any]]) -> None:
    if vault.status != "available":
        raise ApiError("BackupService.6113", f"{vault.id} is {vault.status}")
    if (vault.object_type, vault.protect_type) != ("server", "backup"):
        raise ApiError("BackupService.6124", vault.id)
    chosen = [row["id"] for row in details]
    if len(set(chosen)) < len(chosen):
        raise ApiError("BackupService.6104", ", ".join(chosen))
    for row in details:
        if row["type"] != SERVER_TYPE:
            raise ApiError("BackupService.6102", row["type"])
        if row["id"] not in vault.members:
            raise ApiError("BackupService.6135", row["id"])
    if vault.moving or any(backup.status in BUSY for backup in state.cbr.in_vault(vault)):
        raise ApiError("BackupService.6125", vault.id)
    vaults.expand(state, vault)
    if vaults.is_full(state, vault):
        raise ApiError("BackupService.6114", f"{vault.size} GB")


def _ready(state: State, member: Member, excluded: list[str]) -> tuple[Server, list[Volume]]:
    server = state.servers.get(member.id)
    if server is None:
        raise ApiError("BackupService.7100", member.id)
    if member.removing:
        raise ApiError("BackupService.6134", member.id)
    members.check_server(state, server)
    other = state.any_backup(state.index.busy.get(server.id, ""))
    if other is not None:
        raise ApiError("BackupService.2010" if other.status in RESTORING else "BackupService.0002", server.id)
    volumes = members.disks(state, server, [*member.excluded, *excluded])
    if not volumes:
        raise ApiError("BackupService.7108", server.id)
    return server, volumes


def make(
    state: State,
    vault: Vault,
    server: Server,
    volumes: list[Volume],
    checkpoint: Checkpoint,
    name: str,
    description: str,
    incremental: bool,
    auto: bool,
) -> Backup:
    """A backup in a vault, on no way yet."""
    policy = state.cbr.policies.get(vault.policy_id or "") if auto else None
    backup = walks.make(
        Backup,
        state,
        server,
        volumes,
        incremental and bool(state.cbr.good_of.get((vault.id, server.id))),
        checkpoint_id=checkpoint.id,
        name=name,
        description=description,
        auto_trigger=auto,
        policy_id=policy.id if policy else None,
        support_lld=True,
        books=BOOKS,
        vault_id=vault.id,
    )
    days = policy.definition.get("retention_duration_days", -1) if policy else -1
    if days > 0:
        backup.expired_at = backup.created_at + timedelta(days=days)
    checkpoint.backup_ids.append(backup.id)
    checkpoint.resource_ids.append(server.id)
    state.cbr.put(backup)
    return backup


def status(state: State, checkpoint: Checkpoint) -> str:
    """What has become of a restore point: it is good as soon as one of its backups is."""
    found = [state.cbr.backups[backup_id].status for backup_id in checkpoint.backup_ids]
    if any(each in BUSY for each in found):
        return "protecting"
    if all(each == "error" for each in found):
        return "error"
    if all(each in ("waiting_delete", "deleting") for each in found):
        return "deleting"
    return "available"
