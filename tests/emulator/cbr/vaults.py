# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults: making, changing and deleting them, their size, and the policy applied to each."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from .. import timing
from ..deletions import held
from ..rules import ApiError, clean_tags
from ..state import State, new_id
from . import batches, members, tasks
from .model import Batch, Task, Vault
from .rules import BUSY, VAULT_TAGS, bad


def create(state: State, project_id: str, wish: dict[str, Any]) -> Vault:
    """A new vault with its first servers, or nothing."""
    billing = wish["billing"]
    _check_name(state, project_id, wish["name"], own_id=None)
    mine = sum(vault.project_id == project_id for vault in state.cbr.vaults.values())
    if 0 <= state.settings.quota_vaults <= mine:
        raise ApiError("BackupService.6133", f"at most {state.settings.quota_vaults}")
    vault = Vault(
        id=new_id(),
        project_id=project_id,
        name=wish["name"],
        description=wish.get("description", ""),
        size=billing["size"],
        object_type=billing["object_type"],
        protect_type=billing["protect_type"],
        created_at=state.now,
        auto_bind=wish.get("auto_bind", False),
        bind_rules=list(wish.get("bind_rules", {}).get("tags", [])),
        locked=wish.get("locked", False),
        tags=clean_tags(wish.get("tags", []), VAULT_TAGS),
        visible_at=state.visible_at(),
        seq=state.next_seq(),
    )
    if wish.get("backup_policy_id") is not None:
        apply(state, vault, wish["backup_policy_id"])
    members.join(state, vault, wish["resources"])
    state.cbr.vaults[vault.id] = vault
    return vault


def _check_name(state: State, project_id: str, name: str, own_id: str | None) -> None:
    if not state.settings.vault_names_are_unique:
        return
    if any(
        (vault.project_id, vault.name) == (project_id, name) and vault.id != own_id
        for vault in state.cbr.vaults.values()
    ):
        raise ApiError("BackupService.6106", name)


def update(state: State, project_id: str, vault_id: str, wish: dict[str, Any]) -> Vault:
    """Change a vault; everything is checked before anything changes."""
    vault = state.cbr.vault(project_id, vault_id)
    if vault.status != "available":
        raise ApiError("BackupService.6110", f"{vault.id} is {vault.status}")
    if vault.locked and not wish.get("locked", True):
        raise ApiError("BackupService.6110", "a locked vault stays locked")
    if "name" in wish:
        _check_name(state, project_id, wish["name"], own_id=vault_id)
    size = wish.get("billing", {}).get("size")
    if size is not None:
        _check_size(state, vault, size)
    if "auto_expand" in wish:
        vault.expands_too_late = wish["auto_expand"] and (vault.expands_too_late or _late(state, vault))
    for field in ("name", "auto_bind", "auto_expand", "smn_notify", "threshold", "locked"):
        setattr(vault, field, wish.get(field, getattr(vault, field)))
    if "bind_rules" in wish:
        vault.bind_rules = list(wish["bind_rules"].get("tags", []))
    if size is not None:
        vault.status = "lock"
        state.after(timing.RESIZE, lambda at: _resized(state, vault, size, at))
    return vault


def _late(state: State, vault: Vault) -> bool:
    return not vault.auto_expand and is_full(state, vault)


def _check_size(state: State, vault: Vault, size: int) -> None:
    if size == vault.size:
        raise ApiError("BackupService.6101", f"the vault has {size} GB")
    least = max(members.allocated(state, vault), math.ceil(state.cbr.used(vault) / 1024))
    if size < least:
        raise ApiError("BackupService.6101", f"at least {least} GB are needed")


def _resized(state: State, vault: Vault, size: int, _at: datetime) -> None:
    if vault.status != "lock":
        return
    vault.status = "available"
    vault.size = size
    vault.expands_too_late = vault.expands_too_late and is_full(state, vault)


def is_full(state: State, vault: Vault) -> bool:
    """Whether there is no room for backups."""
    return state.cbr.used(vault) >= vault.size * 1024


def expand(state: State, vault: Vault) -> None:
    """Let a full vault grow by a quarter, if it does so by itself and did before it was full."""
    while vault.auto_expand and not vault.expands_too_late and is_full(state, vault):
        vault.size = math.ceil(vault.size * 1.25)


def delete(state: State, project_id: str, vault_id: str) -> None:
    """Delete a vault with every backup in it."""
    vault = state.cbr.vault(project_id, vault_id)
    backups = state.cbr.in_vault(vault)
    if vault.status not in ("available", "error"):
        raise ApiError("BackupService.6111", f"{vault.id} is {vault.status}")
    if any(backup.status in BUSY for backup in backups):
        raise ApiError("BackupService.6203", vault.id)
    if vault.moving or any(backup.status in ("waiting_restore", "restoring") for backup in backups):
        raise ApiError("BackupService.6111", f"a task of {vault.id} is in progress")
    if any(member.removing for member in vault.members.values()):
        raise ApiError("BackupService.6134", vault.id)
    for backup in backups:
        if is_locked(state, backup):
            raise ApiError("BackupService.6220", backup.id)
        if held(state, backup):
            raise ApiError("BackupService.6204", backup.id)
    counts = {"total_count": len(backups), "fail_count": 0}
    task = tasks.begin(state, "vault_delete", vault, details={"vault_delete": counts})
    tasks.run(state, task)
    vault.status = "deleting"
    batches.delete(state, backups, lambda batch, at: _deleted(state, vault, task, batch))


def is_locked(state: State, backup: Any) -> bool:
    """Whether a locked vault keeps an automatic backup within its retention."""
    vault = state.cbr.vaults[backup.vault_id]
    within = backup.expired_at is None or backup.expired_at > state.now
    return vault.locked and backup.auto_trigger and within


def _deleted(state: State, vault: Vault, task: Task, batch: Batch) -> None:
    batches.conclude(state, task, "vault_delete", batch)
    if batch.failed:
        vault.status = "error"
        return
    for server_id in vault.members:
        state.cbr.vault_of.pop(server_id, None)
    state.gone[vault.id] = state.cbr.vaults.pop(vault.id)
    state.cbr.backups_of.pop(vault.id, None)


def apply(state: State, vault: Vault, policy_id: str, destination_vault_id: str | None = None) -> None:
    """Apply a backup policy to a vault; once more is accepted, a second one is not."""
    policy = state.cbr.policy(vault.project_id, policy_id)
    if policy.operation_type != "backup" or vault.protect_type != "backup":
        raise ApiError("BackupService.6127", policy_id)
    if destination_vault_id is not None:
        raise bad("destination_vault_id goes with a replication policy")
    if vault.policy_id not in (None, policy_id):
        raise ApiError("BackupService.6127", f"{vault.id} has policy {vault.policy_id}")
    if vault.status == "deleting":
        raise ApiError("BackupService.6112", f"{vault.id} is {vault.status}")
    vault.policy_id = policy_id


def dissociate(state: State, project_id: str, vault_id: str, policy_id: str) -> None:
    """Take the policy off a vault."""
    vault = state.cbr.vault(project_id, vault_id)
    state.cbr.policy(project_id, policy_id)
    if vault.policy_id != policy_id:
        raise ApiError("BackupService.6002", f"{vault_id}, {policy_id}")
    vault.policy_id = None
