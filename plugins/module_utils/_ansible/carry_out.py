# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that has something to change: execute, finish, plan again where that is worth it, and report."""

from __future__ import annotations

import contextlib
import random
import typing as t

from .._cloud.lock import file_lock
from .._domain.errors import CloudError, FinalError, InvalidInput, TaskFailed
from .._execution.executor import execute
from .._plans.plan import SECONDS_UNTIL_LISTED, Plan, PlanAgain, PlanFailed
from .task import REPLAN_PAUSE, Task

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._execution.clock import Clock

Options = t.TypeVar("Options")
Context = t.TypeVar("Context")
# How often a task plans when its changes were lost again, and nothing else has changed.
_MOST_PLANS = 3
# Tasks that were refused together must not come back together: they would be in each other's way again.
_SPREAD_OF_PAUSES = (0.5, 2.0)
# Seconds in which a failed task may read what it has changed.
_SECONDS_TO_READ_CHANGES = 10


def carry_out(task: Task[Options, Context], options: Options, todo: Plan[Context], cloud: Cloud, clock: Clock) -> None:
    """Carry a plan out and fill the results of the task. Raises TaskFailed, CloudError and InvalidInput."""
    with contextlib.ExitStack() as stack:
        if todo.lock:
            # Another task may make the same thing at this moment: look again when it has done so.
            stack.enter_context(file_lock("create", todo.lock, clock.left))
            todo = task.planned(options, cloud, clock)
        _carry_out(task, options, todo, cloud, clock)


def _carry_out(task: Task[Options, Context], options: Options, todo: Plan[Context], cloud: Cloud, clock: Clock) -> None:
    before = todo.before
    replans = _Replans(clock)
    refusal: PlanFailed | None = None
    stuck: PlanFailed | None = None
    while True:
        task.show(todo, before)
        try:
            outcome = execute(todo, cloud, clock)
            refusal, stuck, task.changed = None, None, task.changed or outcome.changed
            task.results.update(task.finish(options, cloud, todo, outcome, clock))
            return
        except PlanFailed as failure:
            outdated = failure.error.outdated or failure.error.error_code in todo.replan_on
            # What was not sent any more tells less than the refusal before it.
            told = refusal if refusal and failure.error.not_sent else failure
            stuck = failure if failure.stuck else stuck
            if not outdated or not replans.after_refusal():
                raise _failed(task, _with_stuck(told, stuck), options, todo, cloud, clock) from failure
            refusal = failure
            task.changed = task.changed or failure.outcome.changed
        except PlanAgain as reason:
            if not replans.after_loss(todo.before):
                task.changed = task.plan(options, cloud).before != before
                text = f"{reason}. What to do: look for other tasks that change the same, and run the task again."
                raise TaskFailed(text, {**task.results, "changed": task.changed}) from reason
        except CloudError as error:
            if task.changed:
                raise TaskFailed(str(error), {**task.results, **error.fields(), "changed": True}) from error
            raise
        try:
            todo = task.planned(options, cloud, clock)
        except (CloudError, InvalidInput) as error:
            if refusal is None:
                raise
            told = _with_note(refusal, f"It cannot be planned again: {error}")
            raise _failed(task, _with_stuck(told, stuck), options, todo, cloud, clock) from error


class _Replans:
    """Decides whether a task plans again, and pauses before it does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lost_plans = 0
        self._lost_before: t.Any = None
        #: Seconds at the first refusal and at the first loss
        self._refused_at: float | None = None
        self._lost_at: float | None = None

    def after_refusal(self) -> bool:
        """Return whether to plan again after others have changed what the plan rested on."""
        self._refused_at = self._clock.elapsed if self._refused_at is None else self._refused_at
        return self._pause(self._refused_at)

    def after_loss(self, before: t.Any) -> bool:
        """Return whether to plan again after an accepted change is not there; before is the state before the plan.

        While others change the same, a change may be lost again and again; only losses without any other change count.
        """
        self._lost_at = self._clock.elapsed if self._lost_at is None else self._lost_at
        self._lost_plans = self._lost_plans + 1 if before == self._lost_before else 1
        self._lost_before = before
        return self._lost_plans < _MOST_PLANS and self._pause(self._lost_at)

    def _pause(self, since: float) -> bool:
        """Pause, or return False when it is too long since something failed first, or the time of the task is over."""
        if self._clock.elapsed - since > SECONDS_UNTIL_LISTED:
            return False
        return self._clock.sleep(REPLAN_PAUSE * random.uniform(*_SPREAD_OF_PAUSES))


def _with_stuck(failure: PlanFailed, stuck: PlanFailed | None) -> PlanFailed:
    """Return a failure that also tells what could not be put back before."""
    return failure if stuck is None or failure.stuck else _with_note(failure, f"Before that: {stuck}")


def _with_note(failure: PlanFailed, note: str) -> PlanFailed:
    return PlanFailed(FinalError.with_note(failure.error, note), failure.outcome, failure.stuck)


def _failed(
    task: Task[Options, Context], failure: PlanFailed, options: Options, todo: Plan[Context], cloud: Cloud, clock: Clock
) -> TaskFailed:
    """Return the error of an ordered plan, with what can still be read of the changes that stay."""
    task.changed = task.changed or failure.error.applied
    cloud.set_deadline(_SECONDS_TO_READ_CHANGES)
    if failure.error.uncertain and not task.changed:
        with contextlib.suppress(CloudError, InvalidInput):
            task.changed = task.plan(options, cloud).before != todo.before
    fields: dict[str, t.Any] = {**failure.error.fields(), **failure.outcome.fields(), "changed": task.changed}
    if task.changed:
        # A plan that failed early lacks the answers that finish looks for.
        with contextlib.suppress(TaskFailed, CloudError, LookupError, PlanAgain):
            fields = {
                **todo.result,
                **task.finish(options, cloud, todo, failure.outcome, clock.renewed(_SECONDS_TO_READ_CHANGES)),
                **fields,
            }
    return TaskFailed(str(failure.error), fields)
