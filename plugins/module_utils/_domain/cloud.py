# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cloud can be asked and told, whichever service stands behind it.

The types are for type checkers alone: no module loads this file.
"""

from __future__ import annotations

import contextlib
import typing as t
from datetime import datetime

from .rows import (
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
    VerdictRow,
)


class Cloud(t.Protocol):
    """A project in one region, with one backup service.

    Every method raises CloudError, which names the operation.
    """

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

    # ========== Policies ==========
    def policies(self) -> list[PolicyRow]:
        """Return all policies."""

    def policy(self, policy_id: str) -> PolicyRow | None:
        """Return one policy in full, None when it does not exist or the text is no ID."""

    def create_policy(self, **attrs: t.Any) -> PolicyRow:
        """Create a policy."""

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
        """Add servers to a policy, remove others by ID, and change other fields of it."""

    def run_policy(self, policy: str, servers: t.Sequence[str] | None = None) -> CheckpointRow:
        """Run a policy now, for all its servers or for some."""

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

    def back_up_server(self, server: str, **attrs: t.Any) -> CheckpointRow:
        """Back a server up now."""

    def delete_backup(self, checkpoint: str, item: str) -> None:
        """Start to delete one backup."""

    # ========== Restores ==========
    def restorable(self, backup_id: str, server_id: str, volumes: list[dict[str, str]]) -> VerdictRow:
        """Return whether a backup can be restored to a server."""

    def restore_backup(self, operation: str, checkpoint_id: str, parameters: dict[str, t.Any]) -> Row:
        """Start a restore. Return it, or the backup where only the backup shows that the restore began."""

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

    # ========== Tags; resource_type is "backup" or "policy" ==========
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
