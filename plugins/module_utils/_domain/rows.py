# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows: what the services say of an object, as plain dicts, and the same for objects that are only planned.

Rows have the names of the service's fields. The service may leave out what is not required here. The types
are for type checkers alone: no module loads this file.
"""

from __future__ import annotations

import typing as t

#: An object of any kind
Row = dict[str, t.Any]


class ServerRow(t.TypedDict, total=False):
    """A server (ECS). A former server has id and name only."""

    id: str
    name: str
    #: In capital letters, such as ACTIVE
    status: str
    metadata: dict[str, t.Any]
    #: Each is key=value or a word
    tags: list[str]
    availability_zone: str | None
    #: By the name of the network, as Nova has them
    addresses: dict[str, list[dict[str, t.Any]]]
    #: Sum of the sizes of its disks; only where Cloud.with_sizes has read it
    disks_gb: int


class ServerRef(t.TypedDict):
    """A server that may no longer exist."""

    id: str
    #: None where nothing gives its name
    name: str | None


class DiskRow(t.TypedDict):
    """A disk attached to a server."""

    id: str
    name: str
    size_gb: int
    bootable: bool
    shared: bool
    #: Such as /dev/vda
    device: str


class TagRow(t.TypedDict):
    """A tag of one backup or policy."""

    key: str
    value: str


class TaggedRow(t.TypedDict):
    """A backup or policy as tag queries find it."""

    resource_id: str
    resource_name: str
    tags: list[TagRow] | None


class VerdictRow(t.TypedDict, total=False):
    """Whether a server can be backed up, or a backup restored."""

    result: bool
    error_code: str | None
    error_msg: str | None


class MemberRow(t.TypedDict, total=False):
    """A server in a policy; name is what the service noted when the server joined."""

    id: str
    type: str
    name: str | None
    extra_info: dict[str, t.Any]
    #: Sum of the sizes of its disks; only of a server that is to join a vault
    disks_gb: int


class VaultMemberRow(t.TypedDict):
    """A server in a vault of CBR."""

    id: str
    name: str | None
    #: Sum of the sizes of its disks
    disks_gb: int
    #: Sum of the sizes of its backups in this vault, 0 where the service does not say
    backups_mb: int
    #: Whether it may have backups in this vault, as far as the vault tells
    has_backups: bool
    #: Whether it is being taken out of this vault
    leaving: t.NotRequired[bool]


class VaultRow(t.TypedDict):
    """A vault of CBR."""

    #: None for a vault that is only planned
    id: str | None
    name: str
    description: str | None
    size_gb: int
    #: What the service counts of it as taken by the members' disks
    allocated_gb: int
    used_mb: int | None
    #: available, lock (its size is being changed), frozen, deleting or error
    status: str
    members: list[VaultMemberRow]
    tags: list[TagRow] | None
    created_at: t.NotRequired[str | None]
    #: Whether it grows by itself, and whether its automatic backups cannot be deleted; None where the service is silent
    auto_expand: t.NotRequired[bool | None]
    locked: t.NotRequired[bool | None]


class PolicyRow(t.TypedDict, total=False):
    """A backup policy. Rows of a list may lack everything but id and name."""

    id: str
    name: str
    description: str | None
    status: str | None
    resources: list[MemberRow] | None
    scheduled_operations: list[dict[str, t.Any]] | None
    tags: list[TagRow] | None
    created_at: str | None
    #: When its schedule was set; only where the service does not say when it was created
    start_time: str | None
    #: The vaults that the policy is applied to; missing with a service that has no vaults
    vaults: list[VaultRow]


class VaultRef(t.TypedDict):
    """A vault of CBR by ID and name."""

    #: None for a vault that is only planned
    id: str | None
    name: str | None


class BackupRow(t.TypedDict, total=False):
    """A backup of one server. Rows of a list may lack tags and parts of extend_info."""

    id: str
    checkpoint_id: str
    #: ID of the server
    resource_id: str
    status: str
    name: str | None
    description: str | None
    tags: list[TagRow] | None
    #: UTC without a zone, as all times of the service
    created_at: str | None
    protected_at: str | None
    expired_at: str | None
    updated_at: str | None
    #: Progress, size (MB), disks, images and causes of failure
    extend_info: dict[str, t.Any] | None
    #: The vault that holds it; missing with a service that has no vaults
    vault: VaultRef


class CheckpointRow(t.TypedDict, total=False):
    """The checkpoint that holds the backups of one request."""

    id: str
    created_at: str | None
    #: By server ID, why it made no backup of servers that it was asked to back up; empty where the service does not say
    skipped: dict[str, str]


class BackupGroup(t.TypedDict, total=False):
    """Servers that are backed up with one call."""

    #: The vault that holds them; None with a service that has no vaults
    vault: VaultRef | None
    #: IDs
    servers: list[str]
    #: The arguments of the call that say what to back up
    arguments: dict[str, t.Any]
    #: The query that finds their backups
    query: dict[str, t.Any]
    #: Those of the servers that must be put into the vault first; missing when there are none
    joining: list[ServerRow]


class QuotaRow(t.TypedDict, total=False):
    """How much of one kind a project may have and has; a quota of -1 is unlimited."""

    type: str
    #: The vault that it is the quota of; missing for a quota of the project
    name: str | None
    unit: str | None
    quota: int | None
    used: int | None
    #: In place of used, where the unit is GB but the service tells MB
    used_mb: int


class JobRow(t.TypedDict, total=False):
    """A job of the image service."""

    job_id: str
    #: INIT, RUNNING, SUCCESS or FAIL
    status: str
    entities: dict[str, t.Any] | None
    error_code: str | None
    fail_reason: str | None


#: An image; its fields begin with two underscores where the image service's do, which no class can declare
ImageRow = dict[str, t.Any]
