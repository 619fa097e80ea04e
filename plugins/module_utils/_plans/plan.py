# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task is going to do, as data."""

from __future__ import annotations

import typing as t

from .._domain.errors import CloudError, NotStarted

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import Row

#: Seconds until every list shows what was just made. What cannot be undone is not made again before that.
SECONDS_UNTIL_LISTED = 30.0

#: What the finish step of an operation needs to know
Context = t.TypeVar("Context")


class Call(t.NamedTuple):
    """One change: a method of the cloud, its arguments, and the operation in words for messages.

    undo: the call that reverts this one when a later call of the plan fails. A call without undo is final, and so is
    everything before it.
    find_effect: after the answer was lost, looks whether the call had its effect. A call without it is sent again.
    find_existing: before a call that was refused as busy is sent again, looks whether the operation in progress already
    produces the wanted result.
    missing_ok: an object that the service no longer has needs no call.
    parts: of a call that undoes another, the calls that do the same for one server each.
    group: in plans with workers, calls of one group run in their order and stop at the group's first failure; a call
    without a group is a group of its own.
    """

    operation: str
    method: str
    arguments: dict[str, t.Any] = {}
    undo: Call | None = None
    find_effect: t.Callable[[Cloud], Row | None] | None = None
    find_existing: t.Callable[[Cloud], Row | None] | None = None
    missing_ok: bool = False
    group: str | None = None
    parts: tuple[Call, ...] = ()


# The classes are plain, because every task compiles them: a dataclass takes five times as long.
class Plan(t.Generic[Context]):
    """The calls that lead from before to after. Without calls nothing changes, unless goes_on.

    before, after: what the diff shows, in the same structure.
    result: what check mode returns.
    workers: 0 for ordered calls, where a failure ends the plan and undoes it; else the number of groups that run at a
    time, and all groups are finished.
    context: what the finish step of the operation needs to know.
    lock: a name that tasks on this machine share when they would make the same thing; they plan and act one by one.
    replan_on: error codes which mean that another task or user has just made the same thing; the task plans again.
    goes_on: whether the finish step of the operation changes more, when the calls are done.
    """

    def __init__(
        self,
        calls: tuple[Call, ...] = (),
        before: t.Any = None,
        after: t.Any = None,
        result: dict[str, t.Any] | None = None,
        workers: int = 0,
        context: Context = None,  # type: ignore[assignment]
        lock: str | None = None,
        replan_on: frozenset[str] = frozenset(),
        goes_on: bool = False,
    ) -> None:
        self.calls, self.before, self.after, self.result = calls, before, after, result or {}
        self.workers, self.context, self.lock, self.replan_on = workers, context, lock, replan_on
        self.goes_on = goes_on

    @property
    def changed(self) -> bool:
        """Whether the plan changes anything."""
        return bool(self.calls) or self.goes_on


class Outcome:
    """What became of a plan, by the position of each call.

    answers: what the cloud answered. found: positions where the answer is a row that find_effect or find_existing
    returned. failures: why a call failed or was not started.
    """

    def __init__(
        self,
        answers: dict[int, t.Any] | None = None,
        found: set[int] | None = None,
        failures: dict[int, CloudError] | None = None,
    ) -> None:
        self.answers, self.found, self.failures = answers or {}, found or set(), failures or {}

    @property
    def changed(self) -> bool:
        """Whether anything is known to have changed."""
        return bool(self.answers) or any(error.applied for error in self.failures.values())

    @property
    def not_started(self) -> list[str]:
        """The operations that were not started, in words."""
        return [error.operation for dummy, error in sorted(self.failures.items()) if isinstance(error, NotStarted)]

    def fields(self) -> dict[str, t.Any]:
        """Return what a failed task reports about what it did not start."""
        return {"not_started": self.not_started} if self.not_started else {}


class PlanAgain(Exception):
    """After the plan was carried out the cloud does not yet show what is wanted.

    missing says what is not as wanted; accepted says whether the service took the calls of the plan.
    """

    def __init__(self, missing: str, accepted: bool = True) -> None:
        super().__init__(f"The service accepted the change, but {missing}" if accepted else missing)


class PlanFailed(Exception):
    """An ordered plan that ended at a failure; what could be undone is undone.

    outcome holds the answers of the calls whose effect stays. stuck says whether something could not be undone.
    """

    def __init__(self, error: CloudError, outcome: Outcome, stuck: bool = False) -> None:
        super().__init__(str(error))
        self.error, self.outcome, self.stuck = error, outcome, stuck
