# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that changes something: check the options, read, plan, act, report."""

from __future__ import annotations

import contextlib
import typing as t
from datetime import datetime, timezone

from ansible.module_utils.basic import AnsibleModule

from .._cloud.cloud import Cloud
from .._cloud.lock import file_lock
from .._cloud.login import connect
from .._domain.errors import CloudError, InvalidInput, TaskFailed, Unsettled
from .._domain.limits import check_positive
from .._execution.clock import Clock
from .._execution.executor import execute
from .._plans.plan import SECONDS_UNTIL_LISTED, Outcome, Plan, PlanAgain, PlanFailed
from .module import fail, fail_unexpectedly

# How often a task plans when what it did was lost again, and the pause (seconds) before it does.
_MOST_PLANS = 3
_REPLAN_PAUSE = 2.0
# Seconds in which a failed task may read what it has changed.
_LAST_LOOK = 10
Wish = t.Any


def converge(
    module: AnsibleModule,
    options: t.Callable[[dict[str, t.Any], datetime], Wish],
    plan: t.Callable[[Wish, Cloud], Plan],
    finish: t.Callable[[Wish, Cloud, Plan, Outcome, Clock], dict[str, t.Any]],
) -> None:
    """Run a changing module: check the options, read, plan, and unless in check mode act; then exit.

    wish turns options into what is wanted and refuses bad ones, before the first request. plan reads, and says what to do.
    finish waits, reads again and returns the result, and what to warn of as warnings; it may raise CloudError,
    ActionFailed, or PlanAgain when what is there is not yet what is wanted. After a failure of an ordered plan finish is
    called once more for what can be told of the changes that stay.
    A module with an option confirm does what cannot be undone: without it, it runs in check mode only.
    """
    task = _Task(module, plan, finish)
    try:
        wanted = options(module.params, datetime.now(timezone.utc))
        if not module.params.get("confirm", True) and not module.check_mode:
            raise InvalidInput(
                "confirm: false: nothing was done, for this cannot be undone; confirm: true lets it happen, and check mode shows what would"
            )
        timeout = module.params["timeout"]
        check_positive("timeout", timeout)
        check_positive("poll_interval", module.params.get("poll_interval", 1), zero=True)
        clock = Clock(timeout)
        task.run(wanted, connect(module.params, patience=timeout), clock)
    except (TaskFailed, CloudError, InvalidInput) as error:
        fail(module, error, task.changed)
    except Exception as error:  # noqa: BLE001 - users get one clear line, never a traceback
        fail_unexpectedly(module, error, task.changed)
    module.exit_json(**task.results)


class _Task:
    """One run of a changing module, and what is known of it when it fails."""

    def __init__(
        self,
        module: AnsibleModule,
        plan: t.Callable[[Wish, Cloud], Plan],
        finish: t.Callable[[Wish, Cloud, Plan, Outcome, Clock], dict[str, t.Any]],
    ) -> None:
        self._module, self._plan, self._finish = module, plan, finish
        #: Whether something is known to have changed
        self.changed = False
        self.results: dict[str, t.Any] = {}

    def run(self, wanted: Wish, cloud: Cloud, clock: Clock) -> None:
        """Plan and, unless in check mode, act; fill results. Raises ActionFailed, CloudError and InvalidInput."""
        todo = self._planned(wanted, cloud, clock)
        self._show(todo, todo.before)
        if self._module.check_mode:
            return
        with contextlib.ExitStack() as stack:
            if todo.lock:
                # Another task may make the same thing at this moment: look again when it has done so.
                stack.enter_context(file_lock("create", todo.lock, clock.left))
                todo = self._planned(wanted, cloud, clock)
            self._act(wanted, todo, cloud, clock)
        for warning in self.results.pop("warnings", ()):
            self._module.warn(warning)

    def _planned(self, wanted: Wish, cloud: Cloud, clock: Clock) -> Plan:
        """Return the plan; what other tasks are about to settle is waited for."""
        started = clock.elapsed
        while True:
            try:
                return self._plan(wanted, cloud)
            except Unsettled:
                if clock.elapsed - started > SECONDS_UNTIL_LISTED or not clock.sleep(_REPLAN_PAUSE):
                    raise

    def _show(self, todo: Plan, before: t.Any) -> None:
        self.results = {**todo.result, "changed": todo.changed or self.changed}
        if self._module._diff:
            self.results["diff"] = {"before": before, "after": todo.after}

    def _act(self, wanted: Wish, todo: Plan, cloud: Cloud, clock: Clock) -> None:
        before = todo.before
        plans, refused_at = 1, None
        refusal: PlanFailed | None = None
        while True:
            self._show(todo, before)
            try:
                outcome = execute(todo, cloud, clock)
                self.changed = self.changed or outcome.changed
                self.results.update(self._finish(wanted, cloud, todo, outcome, clock))
                return
            except PlanFailed as failure:
                taken = failure.error.error_code in todo.replan_on and not failure.outcome.changed
                refused_at = clock.elapsed if refused_at is None else refused_at
                if not taken or clock.elapsed - refused_at > SECONDS_UNTIL_LISTED or not clock.sleep(_REPLAN_PAUSE):
                    # What was not sent any more tells less than the refusal before it.
                    told = refusal if refusal and failure.error.not_sent else failure
                    raise self._failed(told, wanted, todo, cloud, clock) from failure
                refusal = failure
            except PlanAgain as reason:
                plans += 1
                if plans > _MOST_PLANS or not clock.sleep(_REPLAN_PAUSE):
                    self.changed = self._plan(wanted, cloud).before != before
                    text = f"The service accepted the change, but {reason}. What to do: look at it, and run the task again."
                    raise TaskFailed(text, {**self.results, "changed": self.changed}) from reason
            except CloudError as error:
                if self.changed:
                    raise TaskFailed(str(error), {**self.results, **error.fields(), "changed": True}) from error
                raise
            todo = self._planned(wanted, cloud, clock)

    def _failed(self, failure: PlanFailed, wanted: Wish, todo: Plan, cloud: Cloud, clock: Clock) -> TaskFailed:
        """Return the error of an ordered plan, with what can still be read of the changes that stay."""
        self.changed = self.changed or failure.error.applied
        cloud.set_deadline(_LAST_LOOK)
        if failure.error.uncertain and not self.changed:
            with contextlib.suppress(CloudError, InvalidInput):
                self.changed = self._plan(wanted, cloud).before != todo.before
        fields: dict[str, t.Any] = {**failure.error.fields(), **failure.outcome.fields(), "changed": self.changed}
        if self.changed:
            # A plan that failed early lacks the answers that finish looks for.
            with contextlib.suppress(TaskFailed, CloudError, LookupError, PlanAgain):
                fields = {
                    **todo.result,
                    **self._finish(wanted, cloud, todo, failure.outcome, clock.renewed(_LAST_LOOK)),
                    **fields,
                }
        return TaskFailed(str(failure.error), fields)
