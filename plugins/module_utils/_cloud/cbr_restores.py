# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The call that starts a restore with CBR, and the task by which the service shows how the restore goes.

The answer names nothing. A restore is known by its task, which is new since before the call, and by the status of the
backup. Lists show a new task late, so the backup is looked at as well when an answer is lost.
"""

from __future__ import annotations

import typing as t

from .._domain.cbr_tasks import newest_restore, restore_verdict
from .._domain.errors import ForeignAnswer, OutcomeUnknown
from .._domain.restore import Verdict
from .cbr_tasks import read_tasks
from .restores import check_begun, usable_backup

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, Row


class Restores:
    """Starts a restore and finds its task; cbr is the proxy of the service."""

    def __init__(self, cloud: Cloud, cbr: t.Any) -> None:
        self._cloud, self._cbr = cloud, cbr
        self._backup: BackupRow | None = None
        self._server_id = ""
        # IDs of the tasks that were there before the restore
        self._known: frozenset[str] = frozenset()
        # Whether a call may have begun the restore although its answer was lost
        self._was_lost = False

    def create(self, operation: str, parameters: Row) -> Row:
        """Start a restore; return no id, because only later readings show it. Errors name the operation.

        Raises CloudError: OutcomeUnknown when the backup does not show so far that the restore began.
        Reference: cbr_apis/backups/restoring_a_backup.
        """
        target = parameters["targets"]
        before = self._backup = usable_backup(self._cloud, operation, parameters["checkpoint_item_id"])
        self._server_id = target["server_id"]
        tasks = self._tasks(before)
        if not self._was_lost:
            self._known = frozenset(task["id"] for task in tasks)
        elif self._newest(before, tasks) is not None:
            return {"id": None}
        try:
            with self._cloud.errors_of(operation):
                self._cbr.restore_backup(
                    before["id"],
                    server_id=self._server_id,
                    mappings=target["volumes"],
                    power_on=parameters["power_on"],
                )
        except (OutcomeUnknown, ForeignAnswer) as error:
            self._was_lost = True
            check_begun(self._cloud, operation, before, error)
        return {"id": None}

    def verdict(self) -> Verdict:
        """Return how the restore that was started ended, as far as its task shows."""
        if self._backup is None:
            return Verdict(False)
        return restore_verdict(self._newest(self._backup, self._tasks(self._backup)))

    def _newest(self, backup: BackupRow, tasks: list[Row]) -> Row | None:
        return newest_restore(tasks, backup["id"], self._server_id, self._known)

    def _tasks(self, backup: BackupRow) -> list[Row]:
        """Return the tasks of restores from the vault of a backup.

        Which server a task is filed under is not documented for restores to another server, so the vault is asked for.
        """
        return read_tasks(self._cbr, operation_type="restore", vault_id=backup["vault"]["id"])
