# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_restore after its call: following the restore to its end, and finding out whether it succeeded.

The service tells nothing of a restore itself: all that can be seen is the backup, which ends available whether the restore
succeeded or failed, and the server.
"""

from __future__ import annotations

import typing as t

from ._backup_shape import backup_result, describe_backup, fail_reason
from ._errors import ActionFailed, CloudError
from ._plan import Outcome, Plan
from ._progress import progress_line, tell
from ._restore import RESTORING, RestoreWish, failure_of, has_changed
from ._wait import Clock, poll
from ._watch import Patience, first_fields

# The backup may read available just after the call: it is believed when it changed and was seen so twice,
# or when nothing was seen to happen in so many looks and seconds.
_LOOKS_WHEN_CHANGED = 2
_LOOKS, _SECONDS = 6, 60.0
# How long Nova may take to show that the server was started, or is still off, and the pause between looks.
_POWER_WITHIN = 120.0
_POWER_PAUSE = 5.0


class _Follower:
    """A restore that is followed by the backup that it is made from."""

    def __init__(self, cloud: t.Any, before: dict[str, t.Any], clock: Clock, begun: bool) -> None:
        """Follow a restore from the backup as it was before; begun says that it was seen to have begun."""
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
            return self._end("the backup is no longer there, so nobody can tell how the restore went")
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
        if self._looks >= _LOOKS and self._clock.elapsed - self._started >= _SECONDS:
            return self._end(
                self._failure() or "the service accepted the restore, but the backup showed no sign of it, so nobody can tell whether it took place"
            )
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
            "the backup carries the failure of a restore that it carried before this one as well, so it cannot be told from the earlier failure:"
            f" {fail_reason(self.row) or 'the service gives no reason'}"
        )


def finish_restore(wish: RestoreWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed with server, backup, reason and ids."""
    answer, target = outcome.answers[0], plan.result["restore"]["target_server"]
    # The SDK's resources are dicts as well; a backup that was found after a lost answer is nothing else, and knows no id of the restore.
    was_found = type(answer) is dict  # pylint: disable=unidiomatic-typecheck
    known_by = None if was_found else answer.id
    follower = _Follower(cloud, plan.context, clock, was_found)
    look = Patience(follower.look)
    restore = {**plan.result["restore"], "id": known_by, "status": "in_progress"}
    if not wish.wait:
        look()
        return {"restore": restore, "backup": backup_result(follower.row)}
    poll(_voiced(look, follower, clock), clock, wish.poll_interval)
    named = f"restore {known_by or '(its id is not known)'} of backup {describe_backup(follower.row)} to server {target['name']!r} ({target['id']})"
    status, problem = _judge(named, wish, cloud, follower, look.trouble, target["id"], clock)
    results = {"restore": {**restore, "status": status}, "backup": backup_result(follower.row)}
    if problem is None:
        return results if wish.power_on else {**results, "warnings": _running_anyway(named, cloud, target["id"], clock)}
    state = _state_of(cloud, target["id"])
    known = f" The server is {'shut off' if state == 'SHUTOFF' else state}." if state else ""
    raise ActionFailed(f"{problem}{known}", {"changed": True, **results, **first_fields(outcome, look.trouble)})


def _judge(
    named: str, wish: RestoreWish, cloud: t.Any, follower: _Follower, unseen: CloudError | None, server_id: str, clock: Clock
) -> tuple[str, str | None]:
    """Return the status of a restore, which messages call named, and what is wrong with it."""
    if follower.ended and follower.failed:
        return "failed", (
            f"The {named} failed: {follower.failed.rstrip('.')}. What to do: take what is on the server's disks for spoilt, remove the cause,"
            " and restore again, from this backup or another."
        )
    if unseen and not follower.ended:
        return "in_progress", (
            f"{unseen} So nobody knows what became of the {named}, which was started and goes on. What to do: follow the backup with"
            " csbs_backup_info, and do not run the task again before it is available, for that would restore once more."
        )
    if not follower.ended:
        return "in_progress", (
            f"Not ended within {clock.timeout:g} seconds (timeout): the {named}; the backup is {follower.row['status']}. The restore goes on."
            " What to do: follow the backup with csbs_backup_info, and do not run the task again before it is available, for that would"
            " restore once more."
        )
    state = _await_state(cloud, server_id, "ACTIVE", clock, wish.poll_interval) if wish.power_on else None
    if state == "ACTIVE" or not wish.power_on:
        return "restored", None
    return "failed", (
        f"The {named} ended without an error, but with power_on: true the server must be ACTIVE, and it is"
        f" {state or 'not to be seen'}. What to do: look at the server before it is used."
    )


def _running_anyway(named: str, cloud: t.Any, server_id: str, clock: Clock) -> list[str]:
    """Return what to warn of when a server that was to stay shut off is not: the disks are restored, and somebody may have started it."""
    state = _await_state(cloud, server_id, "SHUTOFF", clock, _POWER_PAUSE, within=_POWER_PAUSE)
    return [] if state == "SHUTOFF" else [f"The {named} ended without an error, but with power_on: false the server is {state or 'not to be seen'}"]


def _await_state(cloud: t.Any, server_id: str, wanted: str, clock: Clock, interval: float, within: float = _POWER_WITHIN) -> str | None:
    """Return the server's state once it is as wanted or ERROR, or when it has had time enough."""
    state = None

    def look() -> bool:
        nonlocal state
        state = _state_of(cloud, server_id)
        return state in (wanted, "ERROR")

    left = max(clock.timeout - clock.elapsed, 0.0)
    poll(look, clock.renewed(min(left, within)), min(interval, _POWER_PAUSE))
    return state


def _state_of(cloud: t.Any, server_id: str) -> str | None:
    """Return the state of a server, None when it is gone or cannot be seen."""
    try:
        state: str | None = cloud.server_state(server_id)
    except CloudError:
        return None
    return state


def _voiced(look: t.Callable[[], bool], follower: _Follower, clock: Clock) -> t.Callable[[], bool]:
    """Return look as one that tells each time how far the restore is."""

    def look_and_tell() -> bool:
        over = look()
        line = progress_line("restores ended", int(follower.ended), 1, clock.elapsed)
        progress = backup_result(follower.row)["progress"]
        # The service may leave the backup's own progress of 100 there, which tells nothing of the restore.
        if follower.row["status"] in RESTORING and progress and progress < 100:
            line = line.replace(" 0 %", f" {progress} %")
        tell(line)
        return over

    return look_and_tell
