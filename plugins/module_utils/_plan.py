# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""What a task is going to do, as data, and the one place that does it."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ._errors import CloudError, CloudFailed, LostAnswer, NotFound
from ._wait import Clock, intervals

# Putting back has seconds of its own: it is needed most when the timeout is over.
_UNDO_WITHIN = 120
# Seconds before a call is sent again, longer each time.
_FIRST_PAUSE = 2.0


@dataclass(frozen=True)
class Call:
    """One changing call: a method of a service's proxy, its arguments, and the act in words for errors.

    service is the cloud's name for that proxy.
    undo takes the effect back when a later call of the plan fails; a call without it is done for good, and
    with it all that came before. recover is a reading method of the cloud that looks for the effect after an
    answer was lost; calls without it may simply be sent again. meanwhile is one that looks, before a call that was
    refused because something is busy is sent again, whether what keeps it busy is the very thing that is wanted.
    gone_is_done says that an object which is not there any more needs no call.
    """

    act: str
    method: str
    arguments: dict[str, t.Any] = field(default_factory=dict)
    undo: Call | None = None
    recover: tuple[str, dict[str, t.Any]] | None = None
    meanwhile: tuple[str, dict[str, t.Any]] | None = None
    gone_is_done: bool = False
    service: str = "csbs"
    group: str | None = None


@dataclass(frozen=True)
class Plan:
    """The calls that lead from before to after; no calls, no change.

    result is what check mode returns. With workers 0 the calls are ordered, and a failure ends the plan and
    undoes it; with more, the calls are independent, that many run at a time, and all are finished.
    context is what the module's finish step needs to know.
    """

    calls: tuple[Call, ...] = ()
    before: t.Any = None
    after: t.Any = None
    result: dict[str, t.Any] = field(default_factory=dict)
    workers: int = 0
    context: t.Any = None

    @property
    def changed(self) -> bool:
        """Whether carrying the plan out changes anything."""
        return bool(self.calls)


@dataclass
class Outcome:
    """What came of a plan: the answers by position of their call, and the failures likewise."""

    answers: dict[int, t.Any] = field(default_factory=dict)
    failures: dict[int, CloudError] = field(default_factory=dict)


def execute(plan: Plan, cloud: t.Any, clock: Clock) -> Outcome:
    """Carry a plan out. Ordered plans raise CloudFailed after undoing; those with workers return their failures."""
    if plan.workers:
        return _execute_side_by_side(plan, cloud, clock)
    outcome = Outcome()
    for position, call in enumerate(plan.calls):
        try:
            outcome.answers[position] = _attempt(call, cloud, clock)
        except CloudError as error:
            raise _undone(plan.calls[:position], call, error, cloud, clock.renewed(_UNDO_WITHIN)) from error
    return outcome


def _execute_side_by_side(plan: Plan, cloud: t.Any, clock: Clock) -> Outcome:
    """Send independent calls in rounds: what is busy holds no worker, and so nobody else, up."""
    outcome = Outcome()
    waiting = {position: _Trial(call) for position, call in enumerate(plan.calls)}
    with ThreadPoolExecutor(max_workers=plan.workers) as pool:
        for pause in intervals(_FIRST_PAUSE):
            futures = {position: pool.submit(trial.send, cloud, clock) for position, trial in waiting.items()}
            for position, future in futures.items():
                try:
                    if not future.result():
                        continue
                    outcome.answers[position] = waiting.pop(position).answer
                except CloudError as error:
                    outcome.failures[position] = error
                    del waiting[position]
            if not waiting or not clock.sleep(pause):
                break
    outcome.failures.update({position: trial.reason.gave_up() for position, trial in waiting.items()})
    return outcome


def _attempt(call: Call, cloud: t.Any, clock: Clock) -> t.Any:
    """Send a call until it is answered: what is busy is waited for, a lost answer is looked for first."""
    trial = _Trial(call)
    for pause in intervals(_FIRST_PAUSE):
        if trial.send(cloud, clock):
            return trial.answer
        if not clock.sleep(pause):
            raise trial.reason.gave_up()
    raise AssertionError("unreachable")


class _Trial:
    """A call that is sent until it is answered, and what is known of it between two sendings."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.answer: t.Any = None
        #: Why it is not done yet
        self.reason = CloudError(call.act, "it was not tried")
        self._lost = self._busy = False

    def send(self, cloud: t.Any, clock: Clock) -> bool:
        """Send the call once, unless its effect is there; return whether it is done. Raises CloudError for what is final."""
        call = self.call
        try:
            if self._was_done(cloud, clock):
                return True
            with cloud.acting(call.act):
                self.answer = getattr(getattr(cloud, call.service), call.method)(**call.arguments)
        except NotFound:
            if not call.gone_is_done:
                raise
        except LostAnswer as error:
            self._lost, self.reason = True, error
            return False
        except CloudError as error:
            if not error.retryable:
                raise
            self._busy, self.reason = True, error
            return False
        return True

    def _was_done(self, cloud: t.Any, clock: Clock) -> bool:
        call = self.call
        if self._lost and call.recover:
            self.answer = _look_for(call, cloud, clock)
            if self.answer is None and not clock.sleep(0):
                # Lists may show it yet: with no time left to see, it is not sent twice.
                raise self.reason.gave_up()
        elif self._busy and call.meanwhile:
            method, arguments = call.meanwhile
            self.answer = getattr(cloud, method)(**arguments)
        return self.answer is not None


def _look_for(call: Call, cloud: t.Any, clock: Clock) -> t.Any:
    """Return the effect of a call whose answer was lost, or None when it had none; lists may show it late."""
    method, arguments = call.recover or ("", {})
    for pause in (0.5, 1, 2, 4):
        found = getattr(cloud, method)(**arguments)
        if found is not None or not clock.sleep(pause):
            return found
    return getattr(cloud, method)(**arguments)


def _undone(done: tuple[Call, ...], failed: Call, error: CloudError, cloud: t.Any, clock: Clock) -> CloudError:
    """Take back what was done before a failure; return the error to raise, which tells how that went.

    The failed call is taken back as well when nobody refused it: it may have had its effect.
    """
    refused = error.error_code is not None or (error.status is not None and error.status < 500)
    # Who has joined a new policy must not be put back into the old one because something later failed.
    kept = max((position for position, call in enumerate(done, start=1) if call.undo is None), default=0)
    taken_back, stuck = [], []
    for call in reversed((*done[kept:], *(() if refused else (failed,)))):
        if call.undo is None:
            continue
        try:
            _attempt(call.undo, cloud, clock)
            taken_back.append(call.undo.act)
        except CloudError as trouble:
            stuck.append(f"{call.undo.act} ({trouble.reason})")
    stays = [call.act for call in done[:kept]]
    notes = [f"Already done and kept: {', '.join(stays)}." if stays else "", f"Put back: {', '.join(taken_back)}." if taken_back else ""]
    if stuck:
        notes.append(f"COULD NOT PUT BACK, do it by hand: {', '.join(stuck)}.")
    return CloudFailed.like(error, " ".join(note for note in notes if note))
