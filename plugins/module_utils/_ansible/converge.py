# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that changes something: check the options, read, plan, act, report."""

from __future__ import annotations

import typing as t

from .._cloud.login import connect, connect_both
from .._domain.errors import InvalidInput
from .._domain.limits import check_positive
from .._execution.clock import Clock
from .._plans.plan import Outcome, Plan
from .task import Task

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from .._domain.cloud import Cloud

Params = dict[str, t.Any]
Results = dict[str, t.Any]
Options = t.TypeVar("Options")
Context = t.TypeVar("Context")


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
    TaskFailed, or PlanAgain when the cloud does not yet show what is desired. When it raises
    CloudError after a change, the task still reports changed: true. After the failure of an ordered plan finish is
    called once more, to report the changes that stay.

    A module with an option confirm does what cannot be undone: without it, the module runs in check mode only. Where
    only leaving_backups: delete cannot be undone, only that needs it.
    """
    _converge(module, parse_options, plan, finish, connect)


def converge_on_both(
    module: AnsibleModule,
    parse_options: t.Callable[[Params], Options],
    plan: t.Callable[[Options, t.Any], Plan[Context]],
    finish: t.Callable[[Options, t.Any, Plan[Context], Outcome, Clock], Results],
) -> None:
    """Run a changing module as converge does; plan and finish get the cloud with both services."""
    _converge(module, parse_options, plan, finish, connect_both)


def _converge(
    module: AnsibleModule,
    parse_options: t.Callable[[Params], Options],
    plan: t.Callable[[Options, t.Any], Plan[Context]],
    finish: t.Callable[[Options, t.Any, Plan[Context], Outcome, Clock], Results],
    log_in: t.Callable[[Params, float], Cloud],
) -> None:
    task, checked = Task(module, plan, finish), False
    try:
        options = parse_options(module.params)
        cannot_be_undone = module.params.get("leaving_backups", "delete") == "delete"
        if cannot_be_undone and not module.params.get("confirm", True) and not module.check_mode:
            raise InvalidInput(
                "confirm: false: nothing was done, because this cannot be undone. Set confirm: true to do it;"
                " check mode shows what would be done"
            )
        timeout = module.params["timeout"]
        check_positive("timeout", timeout)
        check_positive("poll_interval", module.params.get("poll_interval", 1), zero=True)
        clock = Clock(timeout)
        cloud = log_in(module.params, timeout)
        checked = True
        _run(task, options, cloud, clock)
    except Exception as error:  # noqa: BLE001 - users get one clear line, never a traceback
        # Loaded here, because most tasks succeed.
        from .refusal import fail

        fail(module, error, checked, task.changed)
    module.exit_json(**task.results)


def _run(task: Task[Options, Context], options: Options, cloud: Cloud, clock: Clock) -> None:
    """Plan and, unless in check mode, act; fill the results. Raises TaskFailed, CloudError and InvalidInput."""
    todo = task.planned(options, cloud, clock)
    task.show(todo, todo.before)
    if task.module.check_mode:
        return
    if todo.changed:
        # Loaded here, because most tasks have nothing to do.
        from .carry_out import carry_out

        carry_out(task, options, todo, cloud, clock)
    else:
        # What is in progress may have to be waited for.
        task.results.update(task.finish(options, cloud, todo, Outcome(), clock))
    for warning in task.results.pop("warnings", ()):
        from .._domain.printable import printable

        task.module.warn(printable(warning))
