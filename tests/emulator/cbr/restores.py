# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring a backup of a vault to a server; the answer names nothing to follow."""

from __future__ import annotations

from typing import Any

from .. import restores as walks
from ..model import Server
from ..rules import PROTECTABLE_STATUSES, ApiError
from ..state import State
from . import tasks
from .model import Backup
from .rules import RESTORING, bad

CODES = walks.Codes(
    no_disk="BackupService.2011",
    unknown_part="BackupService.6200",
    missing_part="BackupService.2012",
    twice="BackupService.9900",
    not_attached="BackupService.2011",
    shared="BackupService.2009",
    system_and_data="BackupService.2013",
    too_small="BackupService.2001",
)


def restore(state: State, project_id: str, backup_id: str, wish: dict[str, Any]) -> None:
    """Start a restore, unless one is in progress anywhere in the project."""
    backup = state.cbr.backup(project_id, backup_id)
    server = _target(state, backup, wish)
    walks.check_mapping(state, backup, server, wish["mappings"], CODES)
    tasks.begin_for(
        state,
        "restore",
        backup,
        target_resource_id=server.id,
        target_resource_name=server.name,
    )
    walks.set_off(state, backup, server, wish.get("power_on", True))


def _target(state: State, backup: Backup, wish: dict[str, Any]) -> Server:
    if "volume_id" in wish or "server_id" not in wish or not wish.get("mappings"):
        raise bad("a backup of a server needs server_id and mappings, and no volume_id")
    if any(other.status in RESTORING for other in state.cbr.backups.values() if other.project_id == backup.project_id):
        raise ApiError("BackupService.2010", wish["server_id"])
    if backup.status != "available":
        raise ApiError("BackupService.2005", f"{backup.id} is {backup.status}")
    vault = state.cbr.vaults[backup.vault_id]
    if vault.status not in ("available", "lock"):
        raise ApiError("BackupService.6202", f"{vault.id} is {vault.status}")
    server = state.servers.get(wish["server_id"])
    if server is None or server.project_id != backup.project_id:
        raise ApiError(
            "BackupService.2007" if wish["server_id"] == backup.resource_id else "BackupService.7100", wish["server_id"]
        )
    if server.status not in PROTECTABLE_STATUSES:
        raise ApiError("BackupService.2008", f"{server.id} is {server.status}")
    busy = state.any_backup(state.index.busy.get(server.id, ""))
    if busy is not None:
        raise ApiError("BackupService.2010" if busy.status in RESTORING else "BackupService.2002", server.id)
    return server
