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

_LOOK_FIRST = (
    "What to do: wait until the backup is available, check the server, and restore again if it is not as wanted."
)


class Restores:
    """Starts restores for a cloud."""

    def __init__(self, cloud: t.Any) -> None:
        self._cloud = cloud

    def create(self, operation: str, checkpoint_id: str, parameters: dict[str, t.Any]) -> t.Any:
        """Start a restore, which errors call act, and return the service's Restore.

        Where only the backup shows that the restore began, return the backup.

        Raises CloudError, LostAnswer when the backup shows that it has not begun so far.
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
            return restore
        except (OutcomeUnknown, ForeignAnswer) as error:
            return self._find(operation, before, error)

    def _find(self, operation: str, before: dict[str, t.Any], lost: CloudError) -> dict[str, t.Any]:
        """Return the backup as it is right after a call whose answer was lost, if it shows that the restore began."""
        if before["status"] in RESTORING:
            raise FinalError(
                operation,
                f"{lost.reason} Another restore of the same backup was in progress, so it is not known whether this one began,"
                f" and it is not sent again. {_LOOK_FIRST}",
            ) from lost
        try:
            now: dict[str, t.Any] | None = self._cloud.backup(before["id"])
        except CloudError as error:
            # A later look could miss a short restore, and then it would be sent twice.
            raise FinalError(
                operation,
                f"{lost.reason} The backup could not be read right afterwards ({error.reason.rstrip('.')}),"
                f" so it is not known whether the restore began, and it is not sent again. {_LOOK_FIRST}",
            ) from lost
        if now is not None and (now["status"] in RESTORING or has_changed(before, now)):
            return now
        raise OutcomeUnknown.with_note(
            lost, "The backup does not show that it began, but it may have: check the backup and the server first."
        ) from lost
