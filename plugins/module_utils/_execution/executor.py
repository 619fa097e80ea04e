# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries a plan out: one call after another, or groups of calls side by side; and undoes what must not stay."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from .._domain.backoff import backoff
from .._domain.errors import CloudError, FinalError, ForeignAnswer, NotFound, NotStarted
from .._plans.plan import Call, Outcome, Plan, PlanFailed
from .attempt import FIRST_PAUSE, Attempt, jitter
from .progress import WAITING, CallProgress

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .clock import Clock

# Undoing has its own time, because it is needed most when the task's time is over.
_SECONDS_TO_UNDO = 120
# What progress lines call the calls of a plan in which all have this method
_WHAT_IS_DONE = {
    "back_up": "backups started",
    "delete_backup": "deletions started",
    "move_server": "servers moved",
    "run_policy": "runs started",
    "restore_backup": "restores started",
    "create_image": "images started",
}


def execute(plan: Plan[t.Any], cloud: Cloud, clock: Clock) -> Outcome:
    """Carry a plan out. After the clock's deadline only calls that undo are sent.

    Ordered plans raise PlanFailed after undoing. Plans with workers return their failures.
    """
    progress = CallProgress(_what_is_done(plan.calls), len(plan.calls), clock)
    if plan.workers:
        outcome = _execute_side_by_side(plan, cloud, clock, progress)
    else:
        outcome = _execute_in_order(plan, cloud, clock, progress)
    progress.end(len(outcome.answers))
    return outcome


def _what_is_done(calls: tuple[Call, ...]) -> str:
    methods = {call.method for call in calls}
    return _WHAT_IS_DONE.get(methods.pop(), "changes made") if len(methods) == 1 else "changes made"


def _execute_in_order(plan: Plan[t.Any], cloud: Cloud, clock: Clock, progress: CallProgress) -> Outcome:
    """Send one call after another. Raises PlanFailed after undoing."""
    outcome = Outcome()
    for position, call in enumerate(plan.calls):
        attempt = Attempt(call)
        try:
            attempt.send_until_answered(cloud, clock, partial(progress.report, position, WAITING))
        except CloudError as error:
            raise _undo(plan.calls, position, error, outcome, cloud, clock.renewed(_SECONDS_TO_UNDO)) from error
        _record(outcome, position, attempt)
        progress.report(len(outcome.answers))
    return outcome


def _record(outcome: Outcome, position: int, attempt: Attempt) -> None:
    outcome.answers[position] = attempt.answer
    if attempt.was_found:
        outcome.found.add(position)


def _execute_side_by_side(plan: Plan[t.Any], cloud: Cloud, clock: Clock, progress: CallProgress) -> Outcome:
    """Send groups of calls in rounds, so that retrying a busy one never blocks a worker."""
    outcome = Outcome()
    groups: dict[str, _Group] = {}
    for position, call in enumerate(plan.calls):
        groups.setdefault(call.group or f"call {position}", _Group()).attempts[position] = Attempt(call)
    waiting = list(groups.values())
    with ThreadPoolExecutor(max_workers=plan.workers) as pool:
        for pause in backoff(FIRST_PAUSE):
            ended = list(pool.map(lambda group: group.advance(cloud, clock, outcome, progress), waiting))
            waiting = [group for group, over in zip(waiting, ended) if not over]
            if not waiting:
                break
            progress.report(len(outcome.answers), WAITING)
            if not clock.sleep(max([jitter(pause), *(group.pause for group in waiting)])):
                break
    for group in waiting:
        group.give_up(cloud, outcome)
    return outcome


class _Group:
    """Calls that are sent one after another."""

    def __init__(self) -> None:
        #: The calls that are not done yet, by their position in the plan
        self.attempts: dict[int, Attempt] = {}

    @property
    def pause(self) -> float:
        """Seconds that the service asks for before the next call is sent again."""
        return next(iter(self.attempts.values())).reason.retry_after or 0.0

    def advance(self, cloud: Cloud, clock: Clock, outcome: Outcome, progress: CallProgress) -> bool:
        """Send what can be sent; return whether there is nothing more to send."""
        for position, attempt in list(self.attempts.items()):
            try:
                if not attempt.send(cloud, clock):
                    return False
                _record(outcome, position, attempt)
                del self.attempts[position]
            except CloudError as error:
                self._fail(position, error, outcome)
                return True
            except Exception as error:  # noqa: BLE001 - an unexpected error must not hide what became of other calls
                self._fail(position, ForeignAnswer(attempt.call.operation, type(error).__name__), outcome)
                return True
            progress.report(len(outcome.answers))
        return True

    def give_up(self, cloud: Cloud, outcome: Outcome) -> None:
        """Record what is left when the time is over."""
        position, attempt = next(iter(self.attempts.items()))
        try:
            attempt.end(cloud)
            _record(outcome, position, attempt)
        except CloudError as error:
            self._fail(position, error, outcome)
            return
        del self.attempts[position]
        outcome.failures.update({position: attempt.given_up() for position, attempt in self.attempts.items()})

    def _fail(self, position: int, error: CloudError, outcome: Outcome) -> None:
        outcome.failures[position] = error
        failed = self.attempts.pop(position).call
        outcome.failures.update({later: _not_started(self.attempts[later].call, failed) for later in self.attempts})
        self.attempts = {}


def _undo(
    calls: tuple[Call, ...], failed: int, error: CloudError, outcome: Outcome, cloud: Cloud, clock: Clock
) -> PlanFailed:
    """Revert what was done before a failure, and return the error to raise, which says how that went.

    The failed call is reverted too when it may have had its effect. When it is known to have had it, it stays.
    """
    cloud.set_deadline(clock.timeout)
    # What stays of a call is no success when the servers that have left their old policies for it are not there.
    done = error.applied and not error.not_joined
    first = failed if done else _first_to_undo(calls[:failed])
    end = failed if done or _was_refused(error) else failed + 1
    undone: list[str] = []
    not_undone: list[str] = []
    for position in reversed(range(first, end)):
        undo = calls[position].undo
        if undo is None:
            continue
        troubles = _send_undo(undo, cloud, clock, undone)
        not_undone += troubles
        if not troubles:
            outcome.answers.pop(position, None)
    after = failed + 1
    kept = calls[:after] if done else calls[:first]
    not_started = calls[after:]
    notes = {
        "Already done and kept": [call.operation for call in kept],
        "Put back": undone,
        "COULD NOT PUT BACK, do it by hand": not_undone,
        "Not started": [call.operation for call in not_started],
    }
    note = " ".join(f"{title}: {', '.join(operations)}." for title, operations in notes.items() if operations)
    failure = FinalError.with_note(error, note)
    failure.applied = bool(outcome.answers) or error.applied or bool(not_undone)
    outcome.failures[failed] = failure
    for position, call in enumerate(not_started, start=after):
        outcome.failures[position] = _not_started(call, calls[failed])
    return PlanFailed(failure, outcome, stuck=bool(not_undone))


def _send_undo(undo: Call, cloud: Cloud, clock: Clock, undone: list[str]) -> list[str]:
    """Send a call that undoes another; return what could not be undone, and why, and add the rest to undone."""
    try:
        Attempt(undo).send_until_answered(cloud, clock)
    except CloudError as trouble:
        if undo.parts and _was_refused(trouble) and not isinstance(trouble, NotFound) and clock.left > 0:
            # The service refuses all servers because of one, such as one that has broken meanwhile.
            return [reason for part in undo.parts for reason in _send_undo(part, cloud, clock, undone)]
        return [f"{undo.operation} ({trouble.reason})"]
    undone.append(undo.operation)
    return []


def _first_to_undo(done: tuple[Call, ...]) -> int:
    """Return the position of the first call that is undone: the one after the last call that cannot be undone."""
    # A server that has joined a new policy must not go back to the old one because something later failed.
    return max((position + 1 for position, call in enumerate(done) if call.undo is None), default=0)


def _was_refused(error: CloudError) -> bool:
    """Return whether a failed call is known to have had no effect."""
    said_by_service = error.error_code is not None or (error.status is not None and error.status < 500)
    return (error.not_sent or said_by_service) and not error.uncertain


def _not_started(call: Call, failed: Call) -> NotStarted:
    return NotStarted(call.operation, f"it was not started, because this failed: {failed.operation}.")
