# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cloud can be asked and told, whichever service stands behind it.

The types are for type checkers alone: no module loads this file.
"""

from __future__ import annotations

import contextlib
import typing as t
from datetime import datetime, timedelta

from .restore import Verdict
from .rows import (
    BackupGroup,
    BackupRow,
    CheckpointRow,
    DiskRow,
    ImageRow,
    JobRow,
    MemberRow,
    PolicyRow,
    QuotaRow,
    Row,
    ServerRow,
    TaggedRow,
    TagRow,
    VaultRow,
    VerdictRow,
)
from .services import Rules
from .vault_option import VaultOptions


class Cloud(t.Protocol):
    """A project in one region, with one backup service.

    Every method raises CloudError, which names the operation.
    """

    #: In what this service differs from others
    rules: Rules

    def errors_of(self, operation: str, service: str = ...) -> contextlib.AbstractContextManager[None]:
        """Turn what the SDK raises inside into CloudError; service is what messages call a service that is missing."""

    def now(self) -> datetime:
        """Return the time at the cloud."""

    def project(self) -> dict[str, str | None]:
        """Return the ID of the project and the name of the region."""

    def set_deadline(self, seconds: float) -> None:
        """Set the deadline of all requests to seconds from now."""

    def seconds_left(self) -> float:
        """Return the seconds until the deadline of all requests."""

    # ========== Servers ==========
    def servers(self) -> list[ServerRow]:
        """Return all servers of the project."""

    def server_state(self, server_id: str) -> str | None:
        """Return the status of one server, None when it does not exist."""

    def server_disks(self, server_id: str) -> list[DiskRow]:
        """Return the disks attached to a server."""

    def with_sizes(self, servers: t.Sequence[ServerRow]) -> list[ServerRow]:
        """Return servers with disks_gb where the service needs it: a vault must have room for its members' disks."""

    # ========== Policies ==========
    def policies(self) -> list[PolicyRow]:
        """Return all policies."""

    def policy(self, policy_id: str) -> PolicyRow | None:
        """Return one policy in full, None when it does not exist or the text is no ID."""

    def places_outside_policies(self) -> list[PolicyRow]:
        """Return what can hold a server beside policies, in their shape: vaults that no policy is applied to."""

    def held_by_other_service(self, server_ids: t.Collection[str]) -> dict[str, str]:
        """Return by server ID where the other backup service holds the server, in words; a server joins one only."""

    def policies_of_other_service(self) -> int:
        """Return how many policies the other backup service has: both count against the same limit."""

    def vaults_that_stay(self, policy: PolicyRow) -> list[str]:
        """Return the names of the vaults that stay when a policy is deleted, because they hold backups."""

    def create_policy(self, *, vault: VaultOptions | None = None, **attrs: t.Any) -> PolicyRow:
        """Create a policy with its servers; vault says what the vaults are like that it needs."""

    def update_policy(self, policy: str, **attrs: t.Any) -> PolicyRow:
        """Change fields of a policy, except its servers."""

    def delete_policy(self, policy: str) -> None:
        """Delete a policy; its backups stay."""

    def delete_empty_policy(self, operation: str, policy: str, leaving: t.Collection[str] = ()) -> None:
        """Delete a policy that has no servers but those in leaving (IDs)."""

    def change_members(
        self,
        operation: str,
        policy: str,
        add: t.Sequence[MemberRow] = (),
        remove: t.Sequence[str] = (),
        **attrs: t.Any,
    ) -> None:
        """Add servers to a policy, remove others by ID, and change other fields of it.

        attrs may also hold most (how many servers there may be), vault (VaultOptions: what a new vault is like) and
        delete_backups (whether the backups of servers that leave go with them, where else they would be kept).
        """

    def run_groups(self, policy: PolicyRow, server_ids: t.Sequence[str]) -> list[BackupGroup]:
        """Return which calls run a policy for some of its servers; their arguments are those of run_policy."""

    def run_policy(self, policy: str, servers: t.Sequence[str] | None = None, **place: t.Any) -> CheckpointRow:
        """Run a policy now, for all its servers or for some, with the arguments of a group of run_groups."""

    # ========== Backups ==========
    def backups(self, **query: t.Any) -> list[BackupRow]:
        """Return the backups that fit a query of the service."""

    def backup(self, backup_id: str) -> BackupRow | None:
        """Return one backup in full, None when it does not exist or the text is no ID."""

    def backups_by_id(self, ids: t.Collection[str]) -> t.Iterator[tuple[str, BackupRow | None]]:
        """Yield each ID with its backup, None when there is none; those that a list shows come first."""

    def count_backups(self, **query: t.Any) -> int:
        """Return how many backups fit a query of the service."""

    def protectable(self, server_ids: t.Sequence[str]) -> dict[str, VerdictRow]:
        """Return by server ID whether the server can be backed up."""

    def backup_groups(self, servers: t.Sequence[ServerRow]) -> tuple[list[BackupGroup], list[ServerRow]]:
        """Return which calls back servers up, and the servers that are nowhere where they can be backed up.

        The arguments of a group are those of back_up.
        """

    def vault_named(self, name: str) -> tuple[VaultRow | None, list[VaultRow]]:
        """Return the vault with that name or ID, None when there is none, and all vaults; nothing without vaults."""

    def put_into_vault(self, operation: str, vault: str, servers: t.Sequence[MemberRow]) -> None:
        """Put servers into the vault with that name or ID, which is made without a policy when it is not there."""

    def back_up(self, **attrs: t.Any) -> CheckpointRow:
        """Back servers up now: the arguments of a group of backup_groups, name, description, incremental and tags."""

    def delete_backup(self, checkpoint: str, item: str) -> None:
        """Start to delete one backup."""

    def why_failed(self, row: BackupRow) -> str:
        """Return why the last work on a backup failed, empty when the service does not say it."""

    # ========== Restores ==========
    def restorable(self, backup_id: str, server_id: str, volumes: list[dict[str, str]]) -> VerdictRow:
        """Return whether a backup can be restored to a server."""

    def restore_backup(self, operation: str, checkpoint_id: str, parameters: dict[str, t.Any]) -> Row:
        """Start a restore. Return its id, None where only later readings show it. Errors name the operation."""

    def restore_verdict(self, before: BackupRow, now: BackupRow) -> Verdict:
        """Return how the restore of this task ended, given its backup before it and as it is now."""

    # ========== Images ==========
    def image(self, image_id: str) -> ImageRow | None:
        """Return one image, None when there is none."""

    def image_of(self, backup_id: str) -> ImageRow | None:
        """Return the image of a backup that is ready or in the making, None when none is listed."""

    def image_job(self, job_id: str) -> JobRow:
        """Return a job of the image service."""

    def create_image(self, name: str, backup_id: str, **attrs: t.Any) -> JobRow:
        """Start to make an image of a backup."""

    # ========== Quotas ==========
    def quotas(self) -> list[QuotaRow]:
        """Return the quotas of the project."""

    # ========== Tags; resource_type is "backup" or "policy", or "vault" where carriers_of says so ==========
    def tags_of(self, resource_type: str, resource_id: str) -> list[TagRow]:
        """Return the tags of one backup or policy."""

    def tags_in_project(self, resource_type: str) -> list[dict[str, t.Any]]:
        """Return the tags of all backups or policies, each key with its values."""

    def find_tagged(self, resource_type: str, query: dict[str, t.Any]) -> list[TaggedRow]:
        """Return the backups or policies that fit a tag query."""

    def count_tagged(self, resource_type: str, query: dict[str, t.Any]) -> int:
        """Return how many backups or policies fit a tag query."""

    def add_tag(self, resource_type: str, resource_id: str, key: str, value: str) -> None:
        """Set one tag."""

    def remove_tag(self, resource_type: str, resource_id: str, key: str) -> None:
        """Remove one tag."""

    def set_tags(self, resource_type: str, resource_id: str, tags: list[TagRow]) -> None:
        """Set several tags; others stay."""

    def unset_tags(self, resource_type: str, resource_id: str, tags: list[TagRow]) -> None:
        """Remove several tags."""


class VaultCloud(Cloud, t.Protocol):
    """A cloud whose backup service has vaults: what the change of their members asks of it besides."""

    #: The calls of the service
    cbr: t.Any

    def vaults(self, **query: t.Any) -> list[VaultRow]:
        """Return the vaults for backups of servers that fit a query of the service."""

    def vaults_with_tags(self) -> list[VaultRow]:
        """Return all vaults with all of their tags, also those that mark servers on their way."""

    def vault(self, vault_id: str) -> VaultRow | None:
        """Return one vault, None when it does not exist or the text is no ID."""

    def vaults_by_binding(self) -> tuple[list[VaultRow], list[VaultRow]]:
        """Return the vaults that a backup policy is applied to, and those that none is applied to."""


class BothServices(VaultCloud, t.Protocol):
    """A cloud with both backup services: its own methods are those of CBR."""

    @property
    def csbs(self) -> Cloud:
        """The same project with CSBS."""

    def prepare_vaults(
        self,
        operation: str,
        policy: str,
        servers: t.Sequence[MemberRow],
        vault: VaultOptions,
        tags: t.Sequence[TagRow] = (),
    ) -> None:
        """Make and enlarge the vaults that servers need that are to join a policy of CBR. None of them joins."""

    def move_server(
        self,
        operation: str,
        server: MemberRow,
        source: str,
        target: str,
        vault: VaultOptions,
        max_age: timedelta,
    ) -> None:
        """Move a server from a policy of CSBS into a vault of a policy of CBR, wherever it is by now."""

    def leave_csbs(self, operation: str, policy: str, server_id: str) -> None:
        """Take one server out of a policy of CSBS (its ID)."""

    def remove_marks(self, operation: str, vault: str, marks: list[TagRow]) -> None:
        """Remove marks of servers from a vault."""
