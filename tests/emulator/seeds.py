# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets to start with, and making servers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .model import Server, Volume
from .state import State, new_id

SYSTEM_DISK = {"size": 20, "bootable": True}

DEFAULT: list[dict[str, Any]] = [
    {"name": "web-1", "metadata": {"role": "web", "env": "prod"}, "tags": ["env=prod", "role=web"]},
    {"name": "web-2", "metadata": {"role": "web", "env": "prod"}, "tags": ["env=prod", "role=web"]},
    {
        "name": "db-1",
        "metadata": {"role": "db", "env": "prod"},
        "tags": ["env=prod", "role=db"],
        "disks": [SYSTEM_DISK, {"size": 40}],
    },
]

DEMO: list[dict[str, Any]] = [
    *DEFAULT[:2],
    {"name": "web-3", "metadata": {"role": "web", "env": "test"}, "tags": ["env=test", "role=web"]},
    {"name": "app-1", "metadata": {"role": "app", "env": "prod"}, "tags": ["env=prod", "role=app"]},
    {
        "name": "app-2",
        "status": "SHUTOFF",
        "metadata": {"role": "app", "env": "test"},
        "tags": ["env=test", "role=app"],
        "availability_zone": "eu-de-02",
    },
    DEFAULT[2],
    {
        "name": "db-2",
        "metadata": {"role": "db", "env": "test"},
        "tags": ["env=test", "role=db"],
        "availability_zone": "eu-de-02",
        "disks": [SYSTEM_DISK, {"size": 40}],
    },
    {"name": "legacy-1", "status": "ERROR", "metadata": {"role": "legacy", "env": "prod"}, "tags": ["env=prod"]},
]

SEEDS = {"default": DEFAULT, "demo": DEMO, "empty": []}


def add_server(
    state: State,
    project_id: str,
    name: str,
    status: str = "ACTIVE",
    metadata: dict[str, str] | None = None,
    tags: Iterable[str] = (),
    availability_zone: str = "eu-de-01",
    disks: Iterable[dict[str, Any]] | None = None,
    id: str | None = None,  # pylint: disable=redefined-builtin
    unprotectable: str | None = None,
) -> Server:
    """Make a server; without ``disks`` it has one system disk of 20 GB. Several may share a disk by its ``id``."""
    seq = state.next_seq()
    server = Server(
        id=id or new_id(),
        name=name,
        project_id=project_id,
        created_at=state.now,
        status=status,
        metadata=dict(metadata or {}),
        tags=list(tags),
        availability_zone=availability_zone,
        private_ip=f"10.{seq // 62500 % 250}.{seq // 250 % 250}.{seq % 250 + 4}",
        seq=seq,
        unprotectable=unprotectable,
    )
    if server.id in state.servers:
        raise ValueError(f"server {server.id} exists")
    attach_disks(state, server, [SYSTEM_DISK] if disks is None else disks)
    state.servers[server.id] = server
    return server


def attach_disks(state: State, server: Server, disks: Iterable[dict[str, Any]]) -> None:
    """Give a server disks; the first one is the system disk unless said otherwise."""
    for disk in disks:
        number = len(server.volume_ids)
        volume = state.volumes.get(disk.get("id", ""))
        if volume is None:
            volume = Volume(
                id=disk.get("id") or new_id(),
                name=disk.get("name") or f"{server.name}-volume-{number:04d}",
                size=int(disk.get("size", 20)),
                project_id=server.project_id,
                bootable=bool(disk.get("bootable", number == 0)),
                shareable=bool(disk.get("shareable", False)),
                availability_zone=server.availability_zone,
            )
            state.volumes[volume.id] = volume
        volume.server_ids.append(server.id)
        server.volume_ids.append(volume.id)


def detach_disks(state: State, server: Server) -> None:
    """Take all disks from a server; those that no other server has are deleted."""
    for volume_id in server.volume_ids:
        volume = state.volumes[volume_id]
        volume.server_ids.remove(server.id)
        if not volume.server_ids:
            del state.volumes[volume_id]
    server.volume_ids = []


def set_disks(state: State, server: Server, disks: Iterable[dict[str, Any]]) -> None:
    """Replace a server's disks."""
    detach_disks(state, server)
    attach_disks(state, server, disks)


def remove_server(state: State, server_id: str) -> None:
    """Delete a server with its unshared disks; its backups, and its place in a policy, stay behind."""
    detach_disks(state, state.servers.pop(server_id))


def plant(
    state: State, project_id: str, servers: int | None = None, seed: str | list[dict[str, Any]] | None = None
) -> None:
    """Fill an empty cloud: N servers srv-0001 ..., a named fleet, or a list of servers."""
    if servers is not None:
        for number in range(1, servers + 1):
            add_server(state, project_id, f"srv-{number:04d}")
        return
    if seed is None or isinstance(seed, str):
        if (seed or "default") not in SEEDS:
            raise ValueError(f"seeds are {', '.join(SEEDS)}")
        seed = SEEDS[seed or "default"]
    for fields in seed:
        add_server(state, project_id, **fields)
