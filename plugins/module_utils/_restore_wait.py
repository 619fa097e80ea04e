# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_restore after its call: following the restore to its end, and finding out whether it succeeded.

The service has no status of a restore. What can be read is the backup, which becomes available again whether the
restore succeeded or failed, and the server.
"""

from __future__ import annotations

import typing as t

from ._backup_shape import backup_result, fail_reason
from ._errors import ActionFailed, CloudError
from ._plan import Outcome, Plan
from ._progress import progress_line, tell
from ._restore import RESTORING, RestoreContext, RestoreWish, failure_of, has_changed
from ._wait import Clock, poll
from ._watch import Patience, first_fields

# The backup may still be available just after the call. It counts as the end when it changed and was read so twice, or
# when it did not change in so many looks and seconds.
_LOOKS_WHEN_CHANGED = 2
_LOOKS, _SECONDS = 6, 60.0
# Seconds at most between two looks at the server's state. So long a server that stays shut off may take to show it.
_POWER_PAUSE = 5.0
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
        if self._looks >= _LOOKS and self._clock.elapsed - self._started >= _SECONDS:
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


def finish_restore(wish: RestoreWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed with server, backup, reason and ids."""
    answer, target = outcome.answers[0], plan.result["restore"]["target_server"]
    context: RestoreContext = plan.context
    # The SDK's resources are dicts as well. A plain dict is a backup that was found after a lost answer.
    was_found = type(answer) is dict  # pylint: disable=unidiomatic-typecheck
    known_by = None if was_found else answer.id
    follower = RestoreFollower(cloud, context.before, clock, was_found)
    look = Patience(follower.look)
    restore = {**plan.result["restore"], "id": known_by, "status": "in_progress"}
    if not wish.wait:
        look()
        return {"restore": restore, "backup": backup_result(follower.row, context.names)}
    poll(with_restore_progress(look, follower, clock), clock, wish.poll_interval)
    named = (
        f"restore {known_by or '(its id is not known)'} of backup {context.describe(follower.row)}"
        f" to server {target['name']!r} ({target['id']})"
    )
    status, problem = _judge(named, wish, cloud, follower, look.trouble, target["id"], clock)
    results = {"restore": {**restore, "status": status}, "backup": backup_result(follower.row, context.names)}
    if problem is None:
        return results if wish.power_on else {**results, "warnings": _running_anyway(named, cloud, target["id"], clock)}
    state = _state_of(cloud, target["id"])
    known = f" The server is {'shut off' if state == 'SHUTOFF' else state}." if state else ""
    raise ActionFailed(f"{problem}{known}", {"changed": True, **results, **first_fields(outcome, look.trouble)})


def _judge(
    named: str,
    wish: RestoreWish,
    cloud: t.Any,
    follower: RestoreFollower,
    unseen: CloudError | None,
    server_id: str,
    clock: Clock,
) -> tuple[str, str | None]:
    """Return the status of a restore, which messages call named, and what is wrong with it."""
    wait_first = (
        "What to do: follow the backup with csbs_backup_info."
        " Do not run the task again before the backup is available: it would restore a second time."
    )
    if follower.ended and follower.failed:
        return "failed", (
            f"The {named} failed: {follower.failed.rstrip('.')}. What to do: do not use the data on the server's disks;"
            " it may be incomplete."
            " Remove the cause, and restore again from this backup or from another."
        )
    if unseen and not follower.ended:
        return (
            "in_progress",
            f"{unseen} So it is not known how the {named} ended. It was started and may still be running. {wait_first}",
        )
    if not follower.ended:
        return "in_progress", (
            f"Not ended within {clock.timeout:g} seconds (timeout): the {named}; the backup is"
            f" {follower.row['status']}. The restore goes on."
            f" {wait_first}"
        )
    state = _await_state(cloud, server_id, "ACTIVE", clock, wish.poll_interval) if wish.power_on else None
    if state == "ACTIVE" or not wish.power_on:
        return "restored", None
    return "failed", (
        f"The {named} ended without an error, but with power_on: true the server must be ACTIVE, and {_told(state)}."
        " What to do: check the server before you use it."
    )


def _told(state: str | None) -> str:
    return f"it is {state}" if state else "its state could not be read"


def _running_anyway(named: str, cloud: t.Any, server_id: str, clock: Clock) -> list[str]:
    """Return a warning for a server that should stay shut off and does not; somebody may have started it."""
    state = _await_state(cloud, server_id, "SHUTOFF", clock.renewed(min(clock.left, _POWER_PAUSE)), _POWER_PAUSE)
    if state == "SHUTOFF":
        return []
    return [
        f"The {named} ended without an error, but with power_on: false the server must be SHUTOFF, and {_told(state)}."
    ]


def _await_state(cloud: t.Any, server_id: str, wanted: str, clock: Clock, interval: float) -> str | None:
    """Return the server's state once it is as wanted or ERROR, or when the clock's time is over."""
    state = None

    def look() -> bool:
        nonlocal state
        state = _state_of(cloud, server_id)
        return state in (wanted, "ERROR")

    poll(look, clock, min(interval, _POWER_PAUSE))
    return state


def _state_of(cloud: t.Any, server_id: str) -> str | None:
    """Return the state of a server, None when it is gone or cannot be seen."""
    try:
        state: str | None = cloud.server_state(server_id)
    except CloudError:
        return None
    return state


def with_restore_progress(look: t.Callable[[], bool], follower: RestoreFollower, clock: Clock) -> t.Callable[[], bool]:
    """Return look as one that tells each time how far the restore is."""

    def look_and_tell() -> bool:
        over = look()
        line = progress_line("restores ended", int(follower.ended), 1, clock.elapsed)
        progress = backup_result(follower.row)["progress"]
        # The service may leave the progress of the backup itself there, which is 100.
        if follower.row["status"] in RESTORING and progress and progress < 100:
            line = line.replace(" 0 %", f" {progress} %")
        tell(line)
        return over

    return look_and_tell
