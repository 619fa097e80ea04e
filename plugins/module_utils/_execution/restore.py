# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows a restore by the backup that it is made from, and then the state of the server."""

from __future__ import annotations

import typing as t

from .._domain.backup import backup_result, fail_reason
from .._domain.errors import CloudError
from .._domain.restore import RESTORING, has_changed
from .clock import poll_soon
from .watch import problems_of

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.restore import Verdict
    from .._domain.rows import BackupRow
    from .clock import Clock
    from .watch import Ending

# Just after the call the backup may still be available. When nothing has shown the restore in progress, "available"
# counts as its end after this many polls of a changed backup, ...
_POLLS_IF_CHANGED = 2
# ... or after this many polls and seconds of an unchanged one. A verdict that is not there is waited for as long.
_POLLS_IF_UNCHANGED = 6
_SECONDS_IF_UNCHANGED = 60.0
# Longest pause between two polls of a server's state.
_MAX_SECONDS_BETWEEN_STATES = 5.0
_NO_SIGN = (
    "the service accepted the restore, but the backup showed no sign of it, so it is not known whether it took place"
)
_NO_VERDICT = "the backup is available, but the service shows no task of the restore, so it is not known how it ended"


class RestoreFollower:
    """A restore that is followed by the backup that it is made from, and by what the service says of its end."""

    def __init__(self, cloud: Cloud, before: BackupRow, clock: Clock, restore_id: str | None) -> None:
        """Follow a restore. before is the backup as it was before; restore_id is None when only readings show it."""
        self._cloud, self._before, self._clock = cloud, before, clock
        # Without an ID, the backup has shown that the restore began, or its task must show it.
        self._begun = restore_id is None
        self._started = clock.elapsed
        self._polls = self._polls_changed = self._polls_without_verdict = 0
        self._first_without_verdict = 0.0
        #: The ID of the restore, None while it is not known
        self.restore_id = restore_id
        #: The backup as it was last read
        self.row = before
        self.ended = False
        #: Why the restore failed or may have failed, None when it succeeded or is in progress
        self.failed: str | None = None
        self.error_code: str | None = None

    @property
    def pending(self) -> t.Sized:
        """What has not ended yet."""
        return () if self.ended else (self.row["id"],)

    def refresh(self, early: bool = False) -> bool:
        """Read the backup once; return whether the restore has ended. Raises CloudError."""
        row = self._cloud.backup(self._before["id"])
        if row is None:
            self._end("the backup no longer exists, so it is not known whether the restore succeeded")
            return True
        self.row = row
        self._polls += not early
        if row["status"] in RESTORING:
            self._begun = True
            if self.restore_id is None:
                self._read_verdict(row)
        elif row["status"] != "available":
            verdict = self._read_verdict(row)
            self._end(
                fail_reason(row) or verdict.failed or f"the backup is {row['status']}, and the service gives no reason"
            )
        elif self._begun:
            self._judge(row, early)
        elif has_changed(self._before, row):
            self._polls_changed += not early
            if self._polls_changed >= _POLLS_IF_CHANGED:
                self._judge(row, early)
        elif self._is_over(self._polls, self._started):
            self._end(self._read_verdict(row).failed or _NO_SIGN)
        return self.ended

    def find_ids(self) -> bool:
        """Read the backup once; no other look is needed. Raises CloudError."""
        self.refresh()
        return True

    def percent(self) -> int | None:
        """Return the progress of the restore, None when the backup does not show it."""
        progress: int | None = backup_result(self.row)["progress"]
        # The progress of the backup itself, which is 100, may still be there.
        return progress if self.row["status"] in RESTORING and progress and progress < 100 else None

    def _judge(self, row: BackupRow, early: bool) -> None:
        """End by what the service says of the restore, which it may say some time after the backup is available."""
        verdict = self._read_verdict(row)
        if verdict.ended:
            self._end(verdict.failed)
        elif verdict.restore_id is None:
            self._first_without_verdict = self._first_without_verdict or self._clock.elapsed
            self._polls_without_verdict += not early
            if self._is_over(self._polls_without_verdict, self._first_without_verdict):
                self._end(_NO_VERDICT)

    def _read_verdict(self, row: BackupRow) -> Verdict:
        verdict = self._cloud.restore_verdict(self._before, row)
        self.restore_id = self.restore_id or verdict.restore_id
        self.error_code = verdict.error_code
        return verdict

    def _is_over(self, polls: int, since: float) -> bool:
        return polls >= _POLLS_IF_UNCHANGED and self._clock.elapsed - since >= _SECONDS_IF_UNCHANGED

    def _end(self, failed: str | None) -> None:
        self.ended, self.failed = True, failed


def explain_ending(described: str, follower: RestoreFollower, ending: Ending) -> list[str]:
    """Return what is wrong with the end of a restore, as sentences; described is the restore in words."""
    if follower.failed is not None:
        return [
            f"The {described} failed: {follower.failed.rstrip('.')}. What to do: do not use the data on the server's"
            " disks; it may be incomplete. Remove the cause, and restore again from this backup or from another."
        ]
    late = "" if follower.ended else f"{described}; the backup is {follower.row['status']}"
    goes_on = "The restore goes on." if ending.unseen is None else "It was started and may still be running."
    remedy = (
        "follow the backup with csbs_backup_info. Do not run the task again before the backup is available: it would"
        " restore a second time"
    )
    return problems_of(ending, late, goes_on, remedy)


def await_server_state(cloud: Cloud, server_id: str, wanted: str, clock: Clock, interval: float) -> str | None:
    """Wait until a server is in the wanted state or in ERROR, or until the clock's time is up.

    Return its last state, None when it cannot be read. interval (seconds) is the longest pause at first.
    """
    state = None

    def refresh(dummy: bool) -> bool:
        nonlocal state
        state = read_server_state(cloud, server_id)
        return state in (wanted, "ERROR")

    poll_soon(refresh, clock, min(interval, _MAX_SECONDS_BETWEEN_STATES))
    return state


def read_server_state(cloud: Cloud, server_id: str) -> str | None:
    """Return the state of a server, None when it is gone or cannot be read."""
    try:
        return cloud.server_state(server_id)
    except CloudError:
        return None
