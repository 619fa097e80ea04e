# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting one backup by hand."""

from __future__ import annotations

from .. import deletions as walks
from ..rules import ApiError
from ..state import State
from . import vaults
from .model import Backup
from .rules import BUSY, RESTORING


def delete(state: State, project_id: str, backup_id: str) -> None:
    """Queue a deletion, or refuse."""
    backup = state.cbr.backup(project_id, backup_id)
    vault = state.cbr.vaults[backup.vault_id]
    if backup.status in RESTORING:
        raise ApiError("BackupService.6216", f"{backup.id} is {backup.status}")
    if backup.status not in ("available", "error") or vault.status == "deleting":
        raise ApiError("BackupService.6201", f"{backup.id} is {backup.status}, its vault {vault.status}")
    if vaults.is_locked(state, backup):
        raise ApiError("BackupService.6220", backup.id)
    if walks.held(state, backup):
        raise ApiError("BackupService.6204", backup.id)
    if _is_base(state, backup):
        raise ApiError("BackupService.6216", f"a backup that is being made is based on {backup.id}")
    walks.enqueue(state, backup)


def _is_base(state: State, backup: Backup) -> bool:
    mine = list(state.cbr.of_member(state.cbr.vaults[backup.vault_id], backup.resource_id))
    if not any(other.status in BUSY for other in mine):
        return False
    good = [other for other in mine if other.status == "available"]
    return bool(good) and max(good, key=lambda other: other.seq) is backup
