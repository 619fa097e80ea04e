# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task is going to do, as data."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._domain.errors import CloudError, NotStarted

#: Seconds until every list shows what was just made. What cannot be undone is not made again before that.
SECONDS_UNTIL_LISTED = 30.0


@dataclass(frozen=True)
class Call:
    """One changing call: a method of a service's proxy, its arguments, and the act in words for errors.

    service is the cloud's name for that proxy.
    undo reverts the call when a later call of the plan fails. A call without undo is final, and so is what came before it.
    recover names a reading method of the cloud that looks for the effect after an answer was lost; a call without it may
    simply be sent again. meanwhile names one that looks, before a call that was refused as busy is sent again, whether the
    operation in progress already produces the wanted result.
    gone_is_done says that an object that the service no longer has needs no call.
    In plans with workers, calls of one group run in their order and stop at the group's first failure; a call without a
    group is a group of its own.
    """

    operation: str
    method: str
    arguments: dict[str, t.Any] = field(default_factory=dict)
    undo: Call | None = None
    find_effect: tuple[str, dict[str, t.Any]] | None = None
    find_existing: tuple[str, dict[str, t.Any]] | None = None
    missing_ok: bool = False
    service: str = "csbs"
    group: str | None = None


@dataclass(frozen=True)
class Plan:
    """The calls that lead from before to after; no calls, no change.

    result is what check mode returns. With workers 0 the calls are ordered, and a failure ends the plan and undoes it.
    With more, that many groups of calls run at a time, and all groups are finished.
    context is what the module's finish step needs to know.
    lock is a name that tasks on this machine share when their plans would make the same thing; only one of them at a time
    plans and acts. replan_on holds error codes that say that somebody else has just made it: the task then plans again.
    """

    calls: tuple[Call, ...] = ()
    before: t.Any = None
    after: t.Any = None
    result: dict[str, t.Any] = field(default_factory=dict)
    workers: int = 0
    context: t.Any = None
    lock: str | None = None
    replan_on: frozenset[str] = frozenset()

    @property
    def changed(self) -> bool:
        """Whether carrying the plan out changes anything."""
        return bool(self.calls)


@dataclass
class Outcome:
    """What came of a plan: the answers by position of their call, and the failures likewise."""

    answers: dict[int, t.Any] = field(default_factory=dict)
    failures: dict[int, CloudError] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether anything is known to have changed."""
        return bool(self.answers) or any(error.applied for error in self.failures.values())

    @property
    def not_started(self) -> list[str]:
        """The acts that were not started, in words."""
        return [error.operation for dummy, error in sorted(self.failures.items()) if isinstance(error, NotStarted)]

    def fields(self) -> dict[str, t.Any]:
        """Return what a failed task reports of what it did not start."""
        return {"not_started": self.not_started} if self.not_started else {}


class PlanAgain(Exception):
    """What is there after a plan was carried out is not yet what is wanted; the text says what differs."""


class PlanFailed(Exception):
    """An ordered plan that ended at a failure; what could be undone is undone.

    outcome holds the answers of the calls whose effect stays.
    """

    def __init__(self, error: CloudError, outcome: Outcome) -> None:
        super().__init__(str(error))
        self.error, self.outcome = error, outcome
