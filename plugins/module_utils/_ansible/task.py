# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a module that changes something: its steps, and what is known about it when it fails."""

from __future__ import annotations

import typing as t

from .._domain.errors import Unsettled
from .._plans.plan import SECONDS_UNTIL_LISTED

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from .._domain.cloud import Cloud
    from .._execution.clock import Clock
    from .._plans.plan import Outcome, Plan

Options = t.TypeVar("Options")
Context = t.TypeVar("Context")
#: Seconds before a task plans again
REPLAN_PAUSE = 2.0


class Task(t.Generic[Options, Context]):
    """One run of a changing module, and what is known about it when it fails."""

    def __init__(
        self,
        module: AnsibleModule,
        plan: t.Callable[[Options, Cloud], Plan[Context]],
        finish: t.Callable[[Options, Cloud, Plan[Context], Outcome, Clock], dict[str, t.Any]],
    ) -> None:
        self.module, self.plan, self.finish = module, plan, finish
        #: Whether something is known to have changed
        self.changed = False
        self.results: dict[str, t.Any] = {}

    def planned(self, options: Options, cloud: Cloud, clock: Clock) -> Plan[Context]:
        """Return the plan; what other tasks are about to settle is waited for."""
        started = clock.elapsed
        while True:
            try:
                return self.plan(options, cloud)
            except Unsettled:
                if clock.elapsed - started > SECONDS_UNTIL_LISTED or not clock.sleep(REPLAN_PAUSE):
                    raise

    def show(self, todo: Plan[Context], before: t.Any) -> None:
        """Fill the results with what a plan predicts; before is what the diff compares with."""
        self.results = {**todo.result, "changed": todo.changed or self.changed}
        if self.module._diff:
            self.results["diff"] = {"before": before, "after": todo.after}
