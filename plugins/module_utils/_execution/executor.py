# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries a plan out: retries what is busy, looks for lost answers, undoes what must not stay."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

from .._domain.backoff import backoff
from .._domain.errors import CloudError, FinalError, ForeignAnswer, NotStarted
from .._plans.plan import Call, Outcome, Plan, PlanFailed
from .attempt import FIRST_PAUSE, Attempt, jitter

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .clock import Clock

# Seconds for undoing: it is needed most when the task's time is over.
_SECONDS_TO_UNDO = 120


def execute(plan: Plan[t.Any], cloud: Cloud, clock: Clock) -> Outcome:
    """Carry a plan out. After the clock's deadline nothing is sent but what undoes.

    Ordered plans raise PlanFailed after undoing; plans with workers return their failures.
    """
    if plan.workers:
        return _execute_side_by_side(plan, cloud, clock)
    outcome = Outcome()
    for position, call in enumerate(plan.calls):
        attempt = Attempt(call)
        try:
            attempt.send_until_answered(cloud, clock)
        except CloudError as error:
            raise _undo(plan.calls, position, error, outcome, cloud, clock.renewed(_SECONDS_TO_UNDO)) from error
        _record(outcome, position, attempt)
    return outcome


def _record(outcome: Outcome, position: int, attempt: Attempt) -> None:
    outcome.answers[position] = attempt.answer
    if attempt.was_found:
        outcome.found.add(position)


def _execute_side_by_side(plan: Plan[t.Any], cloud: Cloud, clock: Clock) -> Outcome:
    """Send groups of calls in rounds, so that retrying a busy one never blocks a worker."""
    outcome = Outcome()
    groups: dict[str, _Group] = {}
    for position, call in enumerate(plan.calls):
        groups.setdefault(call.group or f"call {position}", _Group()).attempts[position] = Attempt(call)
    waiting = list(groups.values())
    with ThreadPoolExecutor(max_workers=plan.workers) as pool:
        for pause in backoff(FIRST_PAUSE):
            ended = list(pool.map(lambda group: group.advance(cloud, clock, outcome), waiting))
            waiting = [group for group, over in zip(waiting, ended) if not over]
            if not waiting or not clock.sleep(max([jitter(pause), *(group.pause for group in waiting)])):
                break
    for group in waiting:
        group.give_up(cloud, outcome)
    return outcome


class _Group:
    """Calls that are sent one after another."""

    def __init__(self) -> None:
        self.attempts: dict[int, Attempt] = {}

    @property
    def pause(self) -> float:
        """Return the seconds that the service asks for before the next call is sent again."""
        return next(iter(self.attempts.values())).reason.retry_after or 0.0

    def advance(self, cloud: Cloud, clock: Clock, outcome: Outcome) -> bool:
        """Send what can be sent; return whether there is nothing more to send."""
        for position, attempt in list(self.attempts.items()):
            try:
                if not attempt.send(cloud, clock):
                    return False
                _record(outcome, position, attempt)
            except Exception as error:  # noqa: BLE001 - one call's failure must not hide what became of the others
                failure = error
                if not isinstance(failure, CloudError):
                    failure = ForeignAnswer(attempt.call.operation, type(error).__name__)
                outcome.failures[position] = failure
                del self.attempts[position]
                self._leave_out(failure, outcome)
                return True
            del self.attempts[position]
        return True

    def give_up(self, cloud: Cloud, outcome: Outcome) -> None:
        """Record what is left when the time is over."""
        position, attempt = next(iter(self.attempts.items()))
        del self.attempts[position]
        try:
            attempt.end(cloud)
            _record(outcome, position, attempt)
        except CloudError as error:
            outcome.failures[position] = error
        self._leave_out(attempt.given_up(), outcome)

    def _leave_out(self, error: CloudError, outcome: Outcome) -> None:
        for position, attempt in self.attempts.items():
            outcome.failures[position] = NotStarted(
                attempt.call.operation, f"it was not started, because this failed: {error.operation}."
            )
        self.attempts = {}


def _undo(
    calls: tuple[Call, ...], failed: int, error: CloudError, outcome: Outcome, cloud: Cloud, clock: Clock
) -> PlanFailed:
    """Revert what was done before a failure, and return the error to raise, which says how that went.

    The failed call is reverted as well when it may have had its effect, and stays when it is known to have had it.
    """
    cloud.set_deadline(clock.timeout)
    done, call = calls[:failed], calls[failed]
    told_by_service = error.error_code is not None or (error.status is not None and error.status < 500)
    refused = (error.not_sent or told_by_service) and not error.uncertain
    # A server that has joined a new policy must not be put back into the old one because something later failed.
    kept = max((position for position, earlier in enumerate(done, start=1) if earlier.undo is None), default=0)
    if error.applied:
        kept = failed
    reverted, not_reverted = [], []
    for position in reversed(range(kept, failed + (0 if refused or error.applied else 1))):
        undo = calls[position].undo
        if undo is None:
            continue
        try:
            Attempt(undo).send_until_answered(cloud, clock)
            reverted.append(undo.operation)
            outcome.answers.pop(position, None)
        except CloudError as trouble:
            not_reverted.append(f"{undo.operation} ({trouble.reason})")
    following = failed + 1
    stays = [kept_call.operation for kept_call in (calls[:following] if error.applied else done[:kept])]
    left = [later.operation for later in calls[following:]]
    notes = [
        f"Already done and kept: {', '.join(stays)}." if stays else "",
        f"Put back: {', '.join(reverted)}." if reverted else "",
        f"COULD NOT PUT BACK, do it by hand: {', '.join(not_reverted)}." if not_reverted else "",
        f"Not started: {', '.join(left)}." if left else "",
    ]
    outcome.failures[failed] = told = FinalError.with_note(error, " ".join(note for note in notes if note))
    told.applied = bool(outcome.answers) or error.applied or bool(not_reverted)
    for position in range(following, len(calls)):
        outcome.failures[position] = NotStarted(
            calls[position].operation, f"it was not started, because this failed: {call.operation}."
        )
    return PlanFailed(told, outcome)
