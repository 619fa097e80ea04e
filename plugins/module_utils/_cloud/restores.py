# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The call that starts a restore. When its answer is lost, the backup shows whether the restore began.

The status of the backup shows a restore in progress. After its end only updated_at of the backup shows it, and that
changes for other reasons too. So it counts only between a reading right before and one right after the call.
"""

from __future__ import annotations

import typing as t

from .._domain.backup import USABLE
from .._domain.errors import CloudError, FinalError, ForeignAnswer, OutcomeUnknown
from .._domain.restore import RESTORING, has_changed

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, Row

_REMEDY = "What to do: wait until the backup is available, check the server, and restore again if it is not as wanted."


class Restores:
    """Starts restores; csbs is the proxy of the service."""

    def __init__(self, cloud: Cloud, csbs: t.Any) -> None:
        self._cloud, self._csbs = cloud, csbs

    def create(self, operation: str, checkpoint_id: str, parameters: Row) -> Row:
        """Start a restore; return its id, None where only the backup shows that it began. Errors name the operation.

        Raises CloudError: OutcomeUnknown when the backup does not show so far that the restore began.
        Reference: api_description/restoration_management/creating_a_restoration_task.
        """
        before = usable_backup(self._cloud, operation, parameters["checkpoint_item_id"])
        try:
            with self._cloud.errors_of(operation):
                restore = self._csbs.create_restore(checkpoint_id=checkpoint_id, parameters=parameters)
            if restore.id is None:
                raise ForeignAnswer(operation, "the ID of the restore is missing")
            return {"id": restore.id}
        except (OutcomeUnknown, ForeignAnswer) as error:
            check_begun(self._cloud, operation, before, error)
            return {"id": None}


def usable_backup(cloud: Cloud, operation: str, backup_id: str) -> BackupRow:
    """Return a backup right before the call that restores it. Raises FinalError when it cannot be restored.

    The task may have waited for a busy server since the plan checked this.
    """
    before = cloud.backup(backup_id)
    if before is None:
        raise FinalError(operation, "the backup no longer exists.")
    if before["status"] not in USABLE:
        raise FinalError(operation, f"the backup is now {before['status']}; only an available backup can be restored.")
    return before


def check_begun(cloud: Cloud, operation: str, before: BackupRow, lost: CloudError) -> None:
    """Raise CloudError unless the backup shows, right after the answer was lost, that the restore began."""
    if before["status"] in RESTORING:
        raise FinalError(
            operation,
            f"{lost.reason} Another restore of the same backup was in progress, so it is not known whether this one"
            f" began, and it is not sent again. {_REMEDY}",
        ) from lost
    try:
        now = cloud.backup(before["id"])
    except CloudError as error:
        # A later reading could miss a short restore, and the call would be sent twice.
        raise FinalError(
            operation,
            f"{lost.reason} The backup could not be read right afterwards ({error.reason.rstrip('.')}), so it is"
            f" not known whether the restore began, and it is not sent again. {_REMEDY}",
        ) from lost
    if now is None or not (now["status"] in RESTORING or has_changed(before, now)):
        raise OutcomeUnknown.with_note(
            lost, "The backup does not show that it began, but it may have: check the backup and the server first."
        ) from lost
