# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cloud holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


class Books:
    """How a service keeps its backups; the walk of a backup through its states tells it what happens."""

    def begun(self, state: Any, item: Item) -> None:
        """The backup is being made, or restored."""

    def completed(self, state: Any, item: Item) -> None:
        """The backup is good."""

    def failed(self, state: Any, item: Item) -> None:
        """The backup ended in an error."""

    def restored(self, state: Any, item: Item, reason: str | None) -> None:
        """A restore ended; the reason says why it failed."""

    def leaving(self, state: Any, item: Item) -> None:
        """The backup is to be deleted."""

    def left(self, state: Any, item: Item) -> None:
        """The backup is deleted: take it out."""

    def stayed(self, state: Any, item: Item, reason: str) -> None:
        """The deletion failed."""


@dataclass
class Volume:
    """A disk."""

    id: str
    name: str
    size: int
    project_id: str
    bootable: bool = False
    shareable: bool = False
    availability_zone: str = "eu-de-01"
    server_ids: list[str] = field(default_factory=list)


@dataclass
class Server:
    """A server, with what the emulator is told to do to its backups."""

    id: str
    name: str
    project_id: str
    created_at: datetime
    status: str = "ACTIVE"
    metadata: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    availability_zone: str = "eu-de-01"
    volume_ids: list[str] = field(default_factory=list)
    private_ip: str = ""
    eip: str = ""
    vcpus: int = 2
    ram: int = 4096
    seq: int = 0
    fail_next_backup: str | None = None
    fail_next_restore: str | None = None
    fail_next_delete: str | None = None
    fail_next_image: str | None = None
    fail_next_join: str | None = None
    unprotectable: str | None = None


@dataclass
class Policy:
    """A backup policy with its one scheduled operation."""

    id: str
    project_id: str
    name: str
    description: str
    parameters: dict[str, Any]
    created_at: datetime
    resources: list[dict[str, Any]]
    operation_id: str
    operation_name: str
    operation_description: str
    enabled: bool
    definition: dict[str, Any]
    pattern: str
    trigger_id: str
    start_time: datetime
    tags: dict[str, str] = field(default_factory=dict)
    visible_at: float = 0.0
    seq: int = 0
    generation: int = 0
    running: dict[str, bool] = field(default_factory=dict)


@dataclass
class VolumeBackup:
    """One disk's part of a backup."""

    id: str
    name: str
    source_volume_id: str
    source_volume_name: str
    source_volume_size: int
    bootable: bool
    size: int
    snapshot_id: str


@dataclass
class Checkpoint:
    """A backup record: what one protect call or one run of a policy made."""

    id: str
    project_id: str
    created_at: datetime
    plan_id: str
    plan_name: str
    auto: bool
    item_ids: list[str] = field(default_factory=list)


@dataclass
class Item:
    """A backup of one server."""

    id: str
    checkpoint_id: str
    project_id: str
    name: str
    description: str
    resource_id: str
    resource_name: str
    availability_zone: str
    created_at: datetime
    updated_at: datetime
    auto_trigger: bool
    incremental: bool
    policy_id: str | None
    volumes: list[VolumeBackup]
    backup_data: dict[str, Any]
    task_id: str
    books: Books
    seq: int = 0
    visible_at: float = 0.0
    status: str = "waiting_protect"
    phase_start: datetime | None = None
    phase_end: datetime | None = None
    protected_at: datetime | None = None
    finished_at: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)
    size: int = 0
    fail_op: str = ""
    fail_reason: str = ""
    fail_code: dict[str, Any] = field(default_factory=dict)
    support_lld: bool = False
    image_id: str | None = None
    will_fail: str | None = None
    restoring_to: str | None = None

    @property
    def lane(self) -> str:
        """Deletions of one lane wait for each other."""
        return self.project_id


@dataclass
class Image:
    """A whole-server image and the job that makes it."""

    id: str
    job_id: str
    project_id: str
    name: str
    description: str
    backup_id: str
    tags: dict[str, str]
    created_at: datetime
    ends_at: datetime
    status: str = "queued"
    job_status: str = "RUNNING"
    fail_reason: str | None = None
    min_ram: int = 0
    max_ram: int | None = None
    visible_at: float = 0.0


@dataclass
class Restore:
    """A restore that was asked for."""

    id: str
    project_id: str
    request: dict[str, Any]
    item_id: str
    server_id: str
    created_at: datetime
