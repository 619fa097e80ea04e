# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries a plan out: retries what is busy, looks for lost answers, undoes what must not stay."""

from __future__ import annotations

import contextlib
import random
import typing as t
from concurrent.futures import ThreadPoolExecutor

from .._domain.backoff import backoff
from .._domain.errors import CloudError, FinalError, ForeignAnswer, NotFound, NotStarted, OutcomeUnknown
from .._plans.plan import SECONDS_UNTIL_LISTED, Call, Outcome, Plan, PlanFailed
from .clock import Clock

# Undoing has a time limit of its own: it is needed most when the task's time is over.
_UNDO_WITHIN = 120
# Seconds before a call is sent again, longer each time.
_FIRST_PAUSE = 2.0
# How often a call is sent whose answers come from a proxy: they may be for a moment, or for ever.
_MOST_FOREIGN = 3


def execute(plan: Plan, cloud: t.Any, clock: Clock) -> Outcome:
    """Carry a plan out; nothing is sent after the clock's deadline but what undoes.

    Ordered plans raise PlanFailed after undoing; plans with workers return their failures.
    """
    if plan.workers:
        return _execute_side_by_side(plan, cloud, clock)
    outcome = Outcome()
    for position, call in enumerate(plan.calls):
        try:
            outcome.answers[position] = _send_until_answered(call, cloud, clock)
        except CloudError as error:
            raise _undone(plan.calls, position, error, outcome, cloud, clock.renewed(_UNDO_WITHIN)) from error
    return outcome


def _execute_side_by_side(plan: Plan, cloud: t.Any, clock: Clock) -> Outcome:
    """Send groups of calls in rounds, so that retrying a busy one never blocks a worker."""
    outcome = Outcome()
    groups: dict[str, _Group] = {}
    for position, call in enumerate(plan.calls):
        groups.setdefault(call.group or f"call {position}", _Group()).attempts[position] = _Attempt(call)
    waiting = list(groups.values())
    with ThreadPoolExecutor(max_workers=plan.workers) as pool:
        for pause in backoff(_FIRST_PAUSE):
            ended = list(pool.map(lambda group: group.advance(cloud, clock, outcome), waiting))
            waiting = [group for group, over in zip(waiting, ended) if not over]
            if not waiting or not clock.sleep(max([_jitter(pause), *(group.pause for group in waiting)])):
                break
    for group in waiting:
        group.give_up(cloud, outcome)
    return outcome


class _Group:
    """Calls that are sent one after another."""

    def __init__(self) -> None:
        self.attempts: dict[int, _Attempt] = {}

    @property
    def pause(self) -> float:
        """Return the seconds that the service asks for before the next call is sent again."""
        return next(iter(self.attempts.values())).reason.retry_after or 0.0

    def advance(self, cloud: t.Any, clock: Clock, outcome: Outcome) -> bool:
        """Send what can be sent; return whether there is nothing more to send."""
        for position, attempt in list(self.attempts.items()):
            try:
                if not attempt.send(cloud, clock):
                    return False
                outcome.answers[position] = attempt.answer
            except Exception as error:  # noqa: BLE001 - one call's failure must not hide what became of the others
                failure = (
                    error
                    if isinstance(error, CloudError)
                    else ForeignAnswer(attempt.call.operation, type(error).__name__)
                )
                outcome.failures[position] = failure
                del self.attempts[position]
                self._leave_out(failure, outcome)
                return True
            del self.attempts[position]
        return True

    def give_up(self, cloud: t.Any, outcome: Outcome) -> None:
        """Record what is left when the time is over."""
        position, attempt = next(iter(self.attempts.items()))
        del self.attempts[position]
        try:
            outcome.answers[position] = attempt.end(cloud)
        except CloudError as error:
            outcome.failures[position] = error
        self._leave_out(attempt.given_up(), outcome)

    def _leave_out(self, error: CloudError, outcome: Outcome) -> None:
        for position, attempt in self.attempts.items():
            outcome.failures[position] = NotStarted(
                attempt.call.operation, f"it was not started, because this failed: {error.operation}."
            )
        self.attempts = {}


def _send_until_answered(call: Call, cloud: t.Any, clock: Clock) -> t.Any:
    """Send a call until it is answered: what is busy is waited for, a lost answer is looked for first."""
    attempt = _Attempt(call)
    for pause in backoff(_FIRST_PAUSE):
        if attempt.send(cloud, clock):
            return attempt.answer
        if not clock.sleep(max(_jitter(pause), attempt.reason.retry_after or 0.0)):
            return attempt.end(cloud)
    raise AssertionError("unreachable")


def _jitter(pause: float) -> float:
    """Return a pause that differs between tasks: tasks that are refused together must not come back together."""
    return pause * random.uniform(1.0, 1.25)


class _Attempt:
    """A call that is sent until it is answered, and what is known of it between two attempts."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.answer: t.Any = None
        #: Why it is not done yet
        self.reason: CloudError = NotStarted(
            call.operation, "it was not started, because the time of the task (timeout) is over."
        )
        self._lost = self._busy = self._applied = False
        self._foreign = 0

    def end(self, cloud: t.Any) -> t.Any:
        """Return the answer when the time is over: what was made by a call whose answer was lost is looked for once more."""
        if self._lost and self.call.find_effect:
            method, arguments = self.call.find_effect
            with contextlib.suppress(CloudError):
                found = getattr(cloud, method)(**arguments)
                if found is not None:
                    return found
        raise self.given_up()

    def given_up(self) -> CloudError:
        """Return the error to report when there is no time for another attempt."""
        if isinstance(self.reason, NotStarted):
            return self.reason
        return self._marked(self.reason.after_timeout("It may have had its effect all the same." if self._lost else ""))

    def _marked(self, error: CloudError) -> CloudError:
        error.applied = error.applied or self._applied
        return error

    def send(self, cloud: t.Any, clock: Clock) -> bool:
        """Send the call once, unless its effect is there; return whether it is done. Raises CloudError for what is final."""
        call = self.call
        if not clock.left:
            self.answer = self.end(cloud)
            return True
        try:
            self.answer = self._find(cloud, clock)
        except CloudError as trouble:
            if trouble.retryable or isinstance(trouble, OutcomeUnknown):
                return False
            final = (
                trouble
                if trouble.operation == call.operation
                else FinalError.with_note(self.reason, f"Nor could it be looked for: {trouble}")
            )
            raise self._marked(final) from trouble
        if self.answer is not None:
            return True
        try:
            with cloud.errors_of(call.operation):
                self.answer = getattr(getattr(cloud, call.service), call.method)(**call.arguments)
            if call.find_effect and not _has_id(self.answer):
                raise ForeignAnswer(call.operation, "the ID of what was made is missing")
        except NotFound:
            if not call.missing_ok:
                raise
        except NotStarted as error:
            raise self.given_up() from error
        except CloudError as error:
            self._applied = self._applied or error.applied
            foreign = isinstance(error, ForeignAnswer)
            lost = foreign or isinstance(error, OutcomeUnknown)
            self._foreign += foreign
            if self._foreign >= _MOST_FOREIGN or not (lost or error.retryable):
                self._marked(error)
                raise
            self._lost, self._busy, self.reason = self._lost or lost, self._busy or not lost, error
            return False
        return True

    def _find(self, cloud: t.Any, clock: Clock) -> t.Any:
        """Return the effect of the call, or None when it has none so far."""
        if self._lost and self.call.find_effect:
            found = self._look_for(cloud, clock)
            if found is None and not clock.left:
                # Lists may show it later: with no time left to see it, it is not sent twice.
                raise self.given_up()
            return found
        if self._busy and self.call.find_existing:
            method, arguments = self.call.find_existing
            return getattr(cloud, method)(**arguments)
        return None

    def _look_for(self, cloud: t.Any, clock: Clock) -> t.Any:
        """Return the effect of a call whose answer was lost, or None when no list shows it after SECONDS_UNTIL_LISTED."""
        method, arguments = self.call.find_effect or ("", {})
        start = clock.elapsed
        for pause in backoff(0.5, factor=2.0, most=4.0):
            found = getattr(cloud, method)(**arguments)
            if found is not None or clock.elapsed - start >= SECONDS_UNTIL_LISTED or not clock.sleep(pause):
                return found
        raise AssertionError("unreachable")


def _has_id(answer: t.Any) -> bool:
    # What a test answers, or a recovered row, is no resource of the SDK.
    return getattr(answer, "id", answer) is not None


def _undone(
    calls: tuple[Call, ...], failed: int, error: CloudError, outcome: Outcome, cloud: t.Any, clock: Clock
) -> PlanFailed:
    """Revert what was done before a failure, and return the error to raise, which says how that went.

    The failed call is reverted as well when it may have had its effect, and stays when it is known to have had it.
    """
    cloud.set_deadline(clock.timeout)
    done, call = calls[:failed], calls[failed]
    refused = (
        isinstance(error, NotStarted)
        or error.error_code is not None
        or (error.status is not None and error.status < 500)
    )
    refused = refused and not error.uncertain
    # A server that has joined a new policy must not be put back into the old one because something later failed.
    kept = max((position for position, one in enumerate(done, start=1) if one.undo is None), default=0)
    if error.applied:
        kept = failed
    taken_back, stuck = [], []
    for position in reversed(range(kept, failed + (0 if refused or error.applied else 1))):
        undo = calls[position].undo
        if undo is None:
            continue
        try:
            _send_until_answered(undo, cloud, clock)
            taken_back.append(undo.operation)
            outcome.answers.pop(position, None)
        except CloudError as trouble:
            stuck.append(f"{undo.operation} ({trouble.reason})")
    following = failed + 1
    stays = [one.operation for one in (calls[:following] if error.applied else done[:kept])]
    left = [one.operation for one in calls[following:]]
    notes = [
        f"Already done and kept: {', '.join(stays)}." if stays else "",
        f"Put back: {', '.join(taken_back)}." if taken_back else "",
        f"COULD NOT PUT BACK, do it by hand: {', '.join(stuck)}." if stuck else "",
        f"Not started: {', '.join(left)}." if left else "",
    ]
    outcome.failures[failed] = told = FinalError.with_note(error, " ".join(note for note in notes if note))
    told.applied = bool(outcome.answers) or error.applied or bool(stuck)
    for position in range(following, len(calls)):
        outcome.failures[position] = NotStarted(
            calls[position].operation, f"it was not started, because this failed: {call.operation}."
        )
    return PlanFailed(told, outcome)
