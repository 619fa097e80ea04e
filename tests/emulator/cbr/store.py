# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CBR in memory, with look-ups by id that refuse as the service does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar

from ..rules import ApiError
from .model import Backup, Checkpoint, Policy, Task, Vault


class _Owned(Protocol):
    project_id: str


Owned = TypeVar("Owned", bound=_Owned)


class Store:
    """Everything that CBR knows. The lock of the cloud's state guards it."""

    def __init__(self) -> None:
        self.vaults: dict[str, Vault] = {}
        self.policies: dict[str, Policy] = {}
        self.checkpoints: dict[str, Checkpoint] = {}
        self.backups: dict[str, Backup] = {}
        self.tasks: dict[str, Task] = {}
        self.vault_of: dict[str, str] = {}
        self.backups_of: dict[str, dict[str, Backup]] = {}
        self.good_of: dict[tuple[str, str], set[str]] = {}

    def vault(self, project_id: str, vault_id: str) -> Vault:
        """A vault of the project, or 6105."""
        return _of_project(self.vaults, project_id, vault_id, "BackupService.6105")

    def policy(self, project_id: str, policy_id: str) -> Policy:
        """A policy of the project, or 6000."""
        return _of_project(self.policies, project_id, policy_id, "BackupService.6000")

    def checkpoint(self, project_id: str, checkpoint_id: str) -> Checkpoint:
        """A restore point of the project, or 6217."""
        return _of_project(self.checkpoints, project_id, checkpoint_id, "BackupService.6217")

    def backup(self, project_id: str, backup_id: str) -> Backup:
        """A backup of the project, or 6200."""
        return _of_project(self.backups, project_id, backup_id, "BackupService.6200")

    def task(self, project_id: str, task_id: str) -> Task:
        """A task of the project, or 6500."""
        return _of_project(self.tasks, project_id, task_id, "BackupService.6500")

    def vaults_of(self, policy: Policy) -> list[Vault]:
        """The vaults that a policy is applied to, oldest first."""
        return [vault for vault in self.vaults.values() if vault.policy_id == policy.id]

    def backup_policies(self, project_id: str) -> int:
        """How many backup policies a project has; CSBS's count against the same limit."""
        return sum(
            policy.project_id == project_id and policy.operation_type == "backup" for policy in self.policies.values()
        )

    def in_vault(self, vault: Vault) -> list[Backup]:
        """The backups in a vault, oldest first."""
        return list(self.backups_of.get(vault.id, {}).values())

    def of_member(self, vault: Vault, server_id: str) -> Iterator[Backup]:
        """The backups of a server in a vault, oldest first."""
        return (backup for backup in self.in_vault(vault) if backup.resource_id == server_id)

    def used(self, vault: Vault) -> int:
        """How many MB of a vault are taken."""
        return vault.foreign_megabytes + sum(backup.size for backup in self.in_vault(vault))

    def put(self, backup: Backup) -> None:
        """Put a backup into its vault, and among the good ones if it is good."""
        self.backups[backup.id] = backup
        self.backups_of.setdefault(backup.vault_id, {})[backup.id] = backup
        if backup.status == "available":
            self.good_of.setdefault((backup.vault_id, backup.resource_id), set()).add(backup.id)

    def take(self, backup: Backup) -> None:
        """Take a backup out of its vault."""
        self.backups.pop(backup.id, None)
        self.backups_of.get(backup.vault_id, {}).pop(backup.id, None)
        self.not_good(backup)

    def move(self, backup: Backup, vault: Vault) -> None:
        """Put a backup into another vault."""
        self.not_good(backup)
        self.backups_of.get(backup.vault_id, {}).pop(backup.id, None)
        backup.vault_id = vault.id
        self.put(backup)

    def not_good(self, backup: Backup) -> None:
        """Nothing can be based on this backup any more."""
        self.good_of.get((backup.vault_id, backup.resource_id), set()).discard(backup.id)


def _of_project(things: Mapping[str, Owned], project_id: str, thing_id: str, code: str) -> Owned:
    thing = things.get(thing_id)
    if thing is None or thing.project_id != project_id:
        raise ApiError(code, thing_id)
    return thing
