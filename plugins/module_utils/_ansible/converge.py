# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that changes something: check the options, read, plan, act, report."""

from __future__ import annotations

import contextlib
import typing as t

from .._cloud.login import connect
from .._domain.errors import CloudError, InvalidInput, TaskFailed, Unsettled
from .._domain.limits import check_positive
from .._execution.clock import Clock
from .._plans.plan import SECONDS_UNTIL_LISTED, Outcome, Plan, PlanAgain, PlanFailed
from .module import fail, fail_unexpectedly

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from .._domain.cloud import Cloud

Params = dict[str, t.Any]
Results = dict[str, t.Any]
Options = t.TypeVar("Options")
Context = t.TypeVar("Context")
# How often a task plans when its changes were lost again, and the pause (seconds) before it plans again.
_MOST_PLANS = 3
_REPLAN_PAUSE = 2.0
# Seconds in which a failed task may read what it has changed.
_SECONDS_TO_READ_CHANGES = 10


def converge(
    module: AnsibleModule,
    parse_options: t.Callable[[Params], Options],
    plan: t.Callable[[Options, Cloud], Plan[Context]],
    finish: t.Callable[[Options, Cloud, Plan[Context], Outcome, Clock], Results],
) -> None:
    """Run a changing module and exit: check the options, read, plan, and act unless in check mode.

    parse_options: turn parameters into options in normal form; raise InvalidInput before the first request.
    plan: read the current state and return the calls that lead to the desired one.
    finish: wait, read again and return the result, and warnings for the user under "warnings". It may raise CloudError,
    TaskFailed, or PlanAgain when the cloud does not yet show what is options. A CloudError says whether something was
    changed by itself; the task reports changed: true also when its plan had changed something before. After the failure
    of an ordered plan finish is called once more, to report the changes that stay.

    A module with an option confirm does what cannot be undone: without it, the module runs in check mode only.
    """
    task = _Task(module, plan, finish)
    try:
        options = parse_options(module.params)
        if not module.params.get("confirm", True) and not module.check_mode:
            raise InvalidInput(
                "confirm: false: nothing was done, because this cannot be undone. Set confirm: true to do it;"
                " check mode shows what would be done"
            )
        timeout = module.params["timeout"]
        check_positive("timeout", timeout)
        check_positive("poll_interval", module.params.get("poll_interval", 1), zero=True)
        clock = Clock(timeout)
        task.run(options, connect(module.params, timeout), clock)
    except (TaskFailed, CloudError, InvalidInput) as error:
        fail(module, error, task.changed)
    except Exception as error:  # noqa: BLE001 - users get one clear line, never a traceback
        fail_unexpectedly(module, error, task.changed)
    module.exit_json(**task.results)


class _Task(t.Generic[Options, Context]):
    """One run of a changing module, and what is known about it when it fails."""

    def __init__(
        self,
        module: AnsibleModule,
        plan: t.Callable[[Options, Cloud], Plan[Context]],
        finish: t.Callable[[Options, Cloud, Plan[Context], Outcome, Clock], Results],
    ) -> None:
        self._module, self._plan, self._finish = module, plan, finish
        #: Whether something is known to have changed
        self.changed = False
        self.results: Results = {}

    def run(self, options: Options, cloud: Cloud, clock: Clock) -> None:
        """Plan and, unless in check mode, act; fill results. Raises TaskFailed, CloudError and InvalidInput."""
        todo = self._planned(options, cloud, clock)
        self._show(todo, todo.before)
        if self._module.check_mode:
            return
        with contextlib.ExitStack() as stack:
            if todo.lock:
                from .._cloud.lock import file_lock

                # Another task may make the same thing at this moment: look again when it has done so.
                stack.enter_context(file_lock("create", todo.lock, clock.left))
                todo = self._planned(options, cloud, clock)
            self._act(options, todo, cloud, clock)
        for warning in self.results.pop("warnings", ()):
            self._module.warn(warning)

    def _planned(self, options: Options, cloud: Cloud, clock: Clock) -> Plan[Context]:
        """Return the plan; what other tasks are about to settle is waited for."""
        started = clock.elapsed
        while True:
            try:
                return self._plan(options, cloud)
            except Unsettled:
                if clock.elapsed - started > SECONDS_UNTIL_LISTED or not clock.sleep(_REPLAN_PAUSE):
                    raise

    def _show(self, todo: Plan[Context], before: t.Any) -> None:
        self.results = {**todo.result, "changed": todo.changed or self.changed}
        if self._module._diff:
            self.results["diff"] = {"before": before, "after": todo.after}

    @staticmethod
    def _execute(todo: Plan[Context], cloud: Cloud, clock: Clock) -> Outcome:
        if not todo.changed:
            return Outcome()
        # Loaded here, because most tasks have nothing to do.
        from .._execution.executor import execute

        return execute(todo, cloud, clock)

    def _act(self, options: Options, todo: Plan[Context], cloud: Cloud, clock: Clock) -> None:
        before = todo.before
        plans, refused_at = 1, None
        refusal: PlanFailed | None = None
        while True:
            self._show(todo, before)
            try:
                outcome = self._execute(todo, cloud, clock)
                self.changed = self.changed or outcome.changed
                self.results.update(self._finish(options, cloud, todo, outcome, clock))
                return
            except PlanFailed as failure:
                taken = failure.error.error_code in todo.replan_on and not failure.outcome.changed
                refused_at = clock.elapsed if refused_at is None else refused_at
                if not taken or clock.elapsed - refused_at > SECONDS_UNTIL_LISTED or not clock.sleep(_REPLAN_PAUSE):
                    # What was not sent any more tells less than the refusal before it.
                    told = refusal if refusal and failure.error.not_sent else failure
                    raise self._failed(told, options, todo, cloud, clock) from failure
                refusal = failure
            except PlanAgain as reason:
                plans += 1
                if plans > _MOST_PLANS or not clock.sleep(_REPLAN_PAUSE):
                    self.changed = self._plan(options, cloud).before != before
                    text = (
                        f"The service accepted the change, but {reason}."
                        " What to do: look for other tasks that change it, and run the task again."
                    )
                    raise TaskFailed(text, {**self.results, "changed": self.changed}) from reason
            except CloudError as error:
                if self.changed:
                    raise TaskFailed(str(error), {**self.results, **error.fields(), "changed": True}) from error
                raise
            todo = self._planned(options, cloud, clock)

    def _failed(
        self, failure: PlanFailed, options: Options, todo: Plan[Context], cloud: Cloud, clock: Clock
    ) -> TaskFailed:
        """Return the error of an ordered plan, with what can still be read of the changes that stay."""
        self.changed = self.changed or failure.error.applied
        cloud.set_deadline(_SECONDS_TO_READ_CHANGES)
        if failure.error.uncertain and not self.changed:
            with contextlib.suppress(CloudError, InvalidInput):
                self.changed = self._plan(options, cloud).before != todo.before
        fields: dict[str, t.Any] = {**failure.error.fields(), **failure.outcome.fields(), "changed": self.changed}
        if self.changed:
            # A plan that failed early lacks the answers that finish looks for.
            with contextlib.suppress(TaskFailed, CloudError, LookupError, PlanAgain):
                fields = {
                    **todo.result,
                    **self._finish(options, cloud, todo, failure.outcome, clock.renewed(_SECONDS_TO_READ_CHANGES)),
                    **fields,
                }
        return TaskFailed(str(failure.error), fields)
