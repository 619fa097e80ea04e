# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CBR holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..model import Item


@dataclass
class Member:
    """A server in a vault. Its size is that of its disks, or what it was when the server went."""

    id: str
    name: str
    excluded: list[str] = field(default_factory=list)
    size: int = 0
    removing: bool = False
    status: str | None = None


@dataclass
class Vault:
    """Servers that are backed up together, and the room for their backups."""

    id: str
    project_id: str
    name: str
    description: str
    size: int
    object_type: str
    protect_type: str
    created_at: datetime
    auto_bind: bool = False
    bind_rules: list[dict[str, str]] = field(default_factory=list)
    auto_expand: bool = False
    locked: bool = False
    smn_notify: bool = True
    threshold: int = 80
    policy_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    status: str = "available"
    expands_too_late: bool = False
    foreign_megabytes: int = 0
    moving: set[str] = field(default_factory=set)
    visible_at: float = 0.0
    seq: int = 0


@dataclass
class Policy:
    """When vaults are backed up, and how long their automatic backups stay."""

    id: str
    project_id: str
    name: str
    enabled: bool
    operation_type: str
    definition: dict[str, Any]
    pattern: list[str]
    trigger_id: str
    start_time: datetime
    visible_at: float = 0.0
    seq: int = 0
    generation: int = 0


@dataclass
class Task:
    """What the service does, or did, for somebody."""

    id: str
    project_id: str
    operation_type: str
    vault_id: str
    vault_name: str
    created_at: datetime
    updated_at: datetime
    request_id: str
    checkpoint_id: str | None = None
    policy_id: str | None = None
    status: str = "waiting"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    code: str = ""
    message: str = ""
    name: str = ""
    resource: dict[str, Any] | None = None
    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    visible_at: float = 0.0
    seq: int = 0


@dataclass
class Batch:
    """Backups that are deleted together, and what happens after the last of them."""

    waiting: set[str]
    ended: Callable[[Batch, datetime], None]
    total: int = 0
    failed: list[str] = field(default_factory=list)


@dataclass
class Checkpoint:
    """A restore point: one backup for each server of a vault."""

    id: str
    project_id: str
    created_at: datetime
    vault_id: str
    vault_name: str
    name: str
    description: str
    backup_ids: list[str] = field(default_factory=list)
    resource_ids: list[str] = field(default_factory=list)


@dataclass
class Backup(Item):
    """A backup of one server in a vault."""

    vault_id: str = ""
    expired_at: datetime | None = None
    task: Task | None = None
    batch: Batch | None = None

    @property
    def lane(self) -> str:
        """Deletions do not wait for those of CSBS."""
        return f"cbr {self.project_id}"
