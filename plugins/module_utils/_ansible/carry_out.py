# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that has something to change: execute, finish, plan again where that is worth it, and report."""

from __future__ import annotations

import contextlib
import typing as t

from .._cloud.lock import file_lock
from .._domain.errors import CloudError, InvalidInput, TaskFailed
from .._execution.executor import execute
from .._plans.plan import SECONDS_UNTIL_LISTED, Plan, PlanAgain, PlanFailed
from .task import REPLAN_PAUSE, Task

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._execution.clock import Clock

Options = t.TypeVar("Options")
Context = t.TypeVar("Context")
# How often a task plans when its changes were lost again.
_MOST_PLANS = 3
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
    plans, refused_at = 1, None
    refusal: PlanFailed | None = None
    while True:
        task.show(todo, before)
        try:
            outcome = execute(todo, cloud, clock)
            task.changed = task.changed or outcome.changed
            task.results.update(task.finish(options, cloud, todo, outcome, clock))
            return
        except PlanFailed as failure:
            outdated = failure.error.outdated or failure.error.error_code in todo.replan_on
            taken = outdated and not failure.stuck
            refused_at = clock.elapsed if refused_at is None else refused_at
            if not taken or clock.elapsed - refused_at > SECONDS_UNTIL_LISTED or not clock.sleep(REPLAN_PAUSE):
                # What was not sent any more tells less than the refusal before it.
                told = refusal if refusal and failure.error.not_sent else failure
                raise _failed(task, told, options, todo, cloud, clock) from failure
            refusal = failure
            task.changed = task.changed or failure.outcome.changed
        except PlanAgain as reason:
            plans += 1
            if plans > _MOST_PLANS or not clock.sleep(REPLAN_PAUSE):
                task.changed = task.plan(options, cloud).before != before
                text = (
                    f"The service accepted the change, but {reason}."
                    " What to do: look for other tasks that change it, and run the task again."
                )
                raise TaskFailed(text, {**task.results, "changed": task.changed}) from reason
        except CloudError as error:
            if task.changed:
                raise TaskFailed(str(error), {**task.results, **error.fields(), "changed": True}) from error
            raise
        todo = task.planned(options, cloud, clock)


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
