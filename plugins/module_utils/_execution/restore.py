# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows a restore to its end by the backup that it is made from."""

from __future__ import annotations

import typing as t

from .._domain.backup import backup_result, fail_reason
from .._domain.restore import RESTORING, failure_of, has_changed
from .clock import Clock
from .progress import progress_line, write_progress

# The backup may still be available just after the call. It counts as the end when it changed and was read so twice, or
# when it did not change in so many looks and seconds.
_LOOKS_WHEN_CHANGED = 2
_LOOKS_UNCHANGED, _SECONDS_UNCHANGED = 6, 60.0
_NO_SIGN = (
    "the service accepted the restore, but the backup showed no sign of it, so it is not known whether it took place"
)


class RestoreFollower:
    """A restore that is followed by the backup that it is made from."""

    def __init__(self, cloud: t.Any, before: dict[str, t.Any], clock: Clock, begun: bool) -> None:
        """Follow a restore from the backup as it was before; begun says that the restore is known to have begun."""
        self._cloud, self._before, self._clock, self._begun = cloud, before, clock, begun
        self._started = clock.elapsed
        self._looks = self._changed = 0
        #: The backup as it was seen last
        self.row = before
        #: Whether the restore has ended, and why it failed or may have failed
        self.ended = False
        self.failed: str | None = None

    def look(self) -> bool:
        """Read the backup once; return whether the restore has ended."""
        row = self._cloud.backup(self._before["id"])
        if row is None:
            return self._end("the backup no longer exists, so it is not known whether the restore succeeded")
        self.row = row
        self._looks += 1
        if row["status"] in RESTORING:
            self._begun = True
            return False
        if row["status"] != "available":
            return self._end(fail_reason(row) or f"the backup is {row['status']}, and the service gives no reason")
        if self._begun:
            return self._end(self._failure())
        if has_changed(self._before, row):
            self._changed += 1
            return self._changed >= _LOOKS_WHEN_CHANGED and self._end(self._failure())
        if self._looks >= _LOOKS_UNCHANGED and self._clock.elapsed - self._started >= _SECONDS_UNCHANGED:
            return self._end(self._failure() or _NO_SIGN)
        return False

    def _end(self, failed: str | None) -> bool:
        self.ended, self.failed = True, failed
        return True

    def _failure(self) -> str | None:
        """Return why the restore failed, going by what the backup said of failures before and says now."""
        failure = failure_of(self.row)
        if not any(failure):
            return None
        if failure != failure_of(self._before):
            return fail_reason(self.row) or f"the service names the failed operation {failure[0]!r} and gives no reason"
        if failure[0] and "restor" not in failure[0].lower():
            return None
        return (
            "the backup shows the failure of a restore, and showed the same failure before this one, so it is not known"
            " whether this one failed:"
            f" {fail_reason(self.row) or 'the service gives no reason'}"
        )


def with_restore_progress(look: t.Callable[[], bool], follower: RestoreFollower, clock: Clock) -> t.Callable[[], bool]:
    """Return look as one that tells each time how far the restore is."""

    def look_and_tell() -> bool:
        over = look()
        line = progress_line("restores ended", int(follower.ended), 1, clock.elapsed)
        progress = backup_result(follower.row)["progress"]
        # The service may leave the progress of the backup itself there, which is 100.
        if follower.row["status"] in RESTORING and progress and progress < 100:
            line = line.replace(" 0 %", f" {progress} %")
        write_progress(line)
        return over

    return look_and_tell
