# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""The call that starts a restore, which looks at once whether it was begun when its answer is lost.

A restore shows while it goes on. Once it is over only the backup's updated_at tells of it, and that moves for other reasons
too: it can be believed only when the backup was read right before and right after.
"""

from __future__ import annotations

import contextlib
import typing as t

from ._errors import CloudError, CloudFailed, LostAnswer
from ._restore import RESTORING, has_changed


class Restores:
    """Starts restores for a cloud."""

    def __init__(self, cloud: t.Any) -> None:
        self._cloud = cloud

    def create(self, act: str, checkpoint_id: str, parameters: dict[str, t.Any]) -> t.Any:
        """Start a restore, which errors call act; returns the service's Restore, or the backup where only that shows that it was begun.

        Raises CloudError, LostAnswer when nothing shows whether it was begun.
        Reference: api_description/restoration_management/creating_a_restoration_task.
        """
        backup_id = parameters["checkpoint_item_id"]
        before = self._cloud.backup(backup_id)
        try:
            with self._cloud.acting(act):
                return self._cloud.csbs.create_restore(checkpoint_id=checkpoint_id, parameters=parameters)
        except LostAnswer as error:
            if before is not None and before["status"] in RESTORING:
                raise CloudFailed(
                    act,
                    f"{error.reason} Another restore of the same backup was under way, so nobody can tell whether this one was begun, and it is not"
                    " sent again. What to do: wait until the backup is available, look at the server, and restore again if it is not as wanted.",
                ) from error
            # A look that fails tells nothing, and must not hide that the answer was lost.
            with contextlib.suppress(CloudError):
                now = self._cloud.backup(backup_id)
                if before is not None and now is not None and (now["status"] in RESTORING or has_changed(before, now)):
                    return now
            raise LostAnswer.like(
                error, "Nothing shows that it was begun, but it may have been: look at the backup and the server before the task is run again."
            ) from error
