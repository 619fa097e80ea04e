# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all waits share: polls that may fail, progress, the ending of a wait, and the report of failures."""

from __future__ import annotations

import typing as t

from .._domain.errors import CloudError, NotStarted
from .clock import poll, poll_soon
from .progress import progress_line, write_progress

if t.TYPE_CHECKING:
    from .._plans.plan import Outcome
    from .clock import Clock

# After this many failed polls in a row a task ends, and reports what it started.
_MAX_FAILED_POLLS = 5
# How long a task that does not wait looks for the IDs of what it started, and the first pause between two looks.
_SECONDS_TO_FIND_IDS = 3.0
_FIRST_PAUSE_TO_FIND_IDS = 0.5


class WaitOptions(t.Protocol):
    """The options of a module that can wait."""

    @property
    def wait(self) -> bool:
        """Whether the task waits for the end of what it starts."""

    @property
    def poll_interval(self) -> float:
        """Seconds between two polls at first."""


class Follower(t.Protocol):
    """Something in the cloud that is followed until it ends."""

    @property
    def pending(self) -> t.Sized:
        """What has not ended yet."""

    def refresh(self, early: bool = False) -> bool:
        """Read the current state once; return whether everything has ended. Raises CloudError.

        What an early reading does not show may only be late, so it is not counted.
        """

    def find_ids(self) -> bool:
        """Look once for the IDs of what was started; return whether no other look is needed. Raises CloudError."""


class Ending(t.NamedTuple):
    """How a wait ended. A task that does not wait ends in time and sees all that it wants to see."""

    #: Whether the wait ended before the timeout; also when polling was given up
    in_time: bool
    #: Why the end could not be seen, None when it could
    unseen: CloudError | None
    #: The timeout of the task in seconds
    timeout: float


def follow(
    follower: Follower,
    options: WaitOptions,
    clock: Clock,
    what: str,
    total: int,
    percent: t.Callable[[], int | None] | None = None,
) -> Ending:
    """Wait until everything has ended or the time is up. A task that does not wait looks for IDs for a moment.

    what and total are for the progress lines: what is counted, and how many there are. percent returns how far all of
    it is, where that is not the share of what has ended.
    """
    if not options.wait:
        brief = clock.renewed(min(_SECONDS_TO_FIND_IDS, clock.left))
        poll(_TolerantPoll(lambda dummy: follower.find_ids()), brief, _FIRST_PAUSE_TO_FIND_IDS)
        return Ending(True, None, clock.timeout)
    refresh = _TolerantPoll(follower.refresh)

    written: tuple[int, int | None] | None = None

    def refresh_and_write(early: bool) -> bool:
        nonlocal written
        waiting = bool(follower.pending)
        ended = refresh(early)
        state = total - len(follower.pending), percent() if percent else None
        # Early polls come close together, so only news is worth a line.
        if waiting and not (early and state == written):
            write_progress(progress_line(what, state[0], total, clock.elapsed, state[1]))
            written = state
        return ended

    in_time = poll_soon(refresh_and_write, clock, options.poll_interval)
    return Ending(in_time, refresh.trouble, clock.timeout)


def problems_of(ending: Ending, late: str, goes_on: str, remedy: str) -> list[str]:
    """Return what is wrong with the ending of a wait, as sentences for the message of the task.

    late: what has not ended, and its state; empty when everything has ended. goes_on: a sentence that says what the
    service goes on with. remedy: what the user can do.
    """
    if not late:
        return []
    after = f"{late}. {goes_on} What to do: {remedy}."
    if ending.unseen is not None:
        return [f"{ending.unseen} So it is not known how this ended: {after}"]
    if not ending.in_time:
        return [f"Not ended within {ending.timeout:g} seconds (timeout): {after}"]
    return []


class _TolerantPoll:
    """A poll that may fail a few times in a row, because what is polled goes on meanwhile."""

    def __init__(self, refresh: t.Callable[[bool], bool]) -> None:
        self._refresh = refresh
        self._failures = 0
        #: Why the last poll failed, None when it succeeded
        self.trouble: CloudError | None = None

    def __call__(self, early: bool = False) -> bool:
        """Poll once; return whether polling ends: everything has ended, or too many polls have failed."""
        try:
            ended = self._refresh(early)
        except CloudError as error:
            self._failures += not early
            self.trouble = error
            return self._failures >= _MAX_FAILED_POLLS
        self._failures, self.trouble = 0, None
        return ended


def failure_texts(outcome: Outcome) -> list[str]:
    """Return the failures of a plan as sentences, with one sentence for all calls not started for the same reason."""
    texts = []
    not_started: dict[str, list[str]] = {}
    for error in _in_order(outcome):
        if isinstance(error, NotStarted):
            not_started.setdefault(error.reason, []).append(error.operation)
        else:
            texts.append(str(error))
    return texts + [
        f"Not started: {', '.join(operations)}. Reason: {reason}" for reason, operations in not_started.items()
    ]


def _in_order(outcome: Outcome) -> list[CloudError]:
    """Return the failures of a plan in the order of its calls."""
    return [outcome.failures[position] for position in sorted(outcome.failures)]


def join_problems(problems: t.Iterable[str]) -> str:
    """Return problems as one text; each ends with one full stop."""
    return " ".join(f"{problem.rstrip('.')}." for problem in problems)


def first_fields(outcome: Outcome, unseen: CloudError | None) -> dict[str, t.Any]:
    """Return what a failed task reports beside msg: the fields of its first error, and what was not started."""
    # What was not started says less than the failure that caused it.
    errors = sorted(_in_order(outcome), key=lambda error: isinstance(error, NotStarted))
    first = next((error for error in (*errors, unseen) if error), None)
    fields = {"error_code": None, "status": None, "request_id": None} if first is None else first.fields()
    return {**fields, **outcome.fields()}
