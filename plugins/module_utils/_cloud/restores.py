# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The call that starts a restore, and finds out whether the restore began when its answer is lost.

A restore in progress shows in the backup's status. After it has ended only the backup's updated_at shows it, and that
changes for other reasons too. So it counts only when the backup was read right before and right after the call.
"""

from __future__ import annotations

import typing as t

from .._domain.backup import USABLE
from .._domain.errors import CloudError, FinalError, ForeignAnswer, OutcomeUnknown
from .._domain.restore import RESTORING, has_changed

if t.TYPE_CHECKING:
    from .._domain.rows import BackupRow, Row
    from .csbs import CsbsCloud

_LOOK_FIRST = (
    "What to do: wait until the backup is available, check the server, and restore again if it is not as wanted."
)


class Restores:
    """Starts restores for a cloud."""

    def __init__(self, cloud: CsbsCloud) -> None:
        self._cloud = cloud

    def create(self, operation: str, checkpoint_id: str, parameters: Row) -> Row:
        """Start a restore; return its id, None where only the backup shows that it began. Errors name the operation.

        Raises CloudError: OutcomeUnknown when the backup does not show so far that the restore began.
        Reference: api_description/restoration_management/creating_a_restoration_task.
        """
        backup_id = parameters["checkpoint_item_id"]
        before = self._cloud.backup(backup_id)
        # The call may wait for a busy server, and the plan's checks are then old.
        if before is None:
            raise FinalError(operation, "the backup no longer exists.")
        if before["status"] not in USABLE:
            raise FinalError(
                operation, f"the backup is now {before['status']}; only an available backup can be restored."
            )
        try:
            with self._cloud.errors_of(operation):
                restore = self._cloud.csbs.create_restore(checkpoint_id=checkpoint_id, parameters=parameters)
            if restore.id is None:
                raise ForeignAnswer(operation, "the ID of the restore is missing")
            return {"id": restore.id}
        except (OutcomeUnknown, ForeignAnswer) as error:
            self._check_begun(operation, before, error)
            return {"id": None}

    def _check_begun(self, operation: str, before: BackupRow, lost: CloudError) -> None:
        """Raise CloudError unless the backup, right after a call whose answer was lost, shows that the restore began."""
        if before["status"] in RESTORING:
            raise FinalError(
                operation,
                f"{lost.reason} Another restore of the same backup was in progress, so it is not known whether this one began,"
                f" and it is not sent again. {_LOOK_FIRST}",
            ) from lost
        try:
            now = self._cloud.backup(before["id"])
        except CloudError as error:
            # A later look could miss a short restore, and then it would be sent twice.
            raise FinalError(
                operation,
                f"{lost.reason} The backup could not be read right afterwards ({error.reason.rstrip('.')}),"
                f" so it is not known whether the restore began, and it is not sent again. {_LOOK_FIRST}",
            ) from lost
        if now is not None and (now["status"] in RESTORING or has_changed(before, now)):
            return
        raise OutcomeUnknown.with_note(
            lost, "The backup does not show that it began, but it may have: check the backup and the server first."
        ) from lost
