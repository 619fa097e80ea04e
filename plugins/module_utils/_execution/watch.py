# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all waits share: looks that may fail, progress, and how failures are told."""

from __future__ import annotations

import typing as t

from .._domain.errors import CloudError, NotStarted
from .._plans.plan import Outcome
from .clock import Clock
from .progress import progress_line, write_progress

# So many looks in a row may fail while backups go on; then the task ends, and tells what it started.
_MAX_FAILED_LOOKS = 5


def with_progress(
    look: t.Callable[[], bool], what: str, pending: t.Callable[[], t.Sized], total: int, clock: Clock
) -> t.Callable[[], bool]:
    """Return look as one that tells each time how far it is, as long as there is something to wait for."""

    def look_and_tell() -> bool:
        waiting = bool(pending())
        ended = look()
        if waiting:
            write_progress(progress_line(what, total - len(pending()), total, clock.elapsed))
        return ended

    return look_and_tell


class TolerantPoll:
    """A look that may fail a few times in a row, as what is looked at goes on meanwhile."""

    def __init__(self, look: t.Callable[[], bool]) -> None:
        self._look = look
        self._failures = 0
        #: Why nothing could be seen, when looking was given up or the time was up
        self.trouble: CloudError | None = None

    def __call__(self) -> bool:
        """Look; return whether there is no more to look for, or no way to see it."""
        try:
            ended = self._look()
        except CloudError as error:
            self._failures += 1
            self.trouble = error
            return self._failures >= _MAX_FAILED_LOOKS
        self._failures, self.trouble = 0, None
        return ended


def failure_texts(outcome: Outcome) -> list[str]:
    """Return the failures of a plan as sentences; what was not started is told in one sentence for each reason."""
    texts = []
    not_started: dict[str, list[str]] = {}
    for dummy, error in sorted(outcome.failures.items()):
        if isinstance(error, NotStarted):
            not_started.setdefault(error.reason, []).append(error.operation)
        else:
            texts.append(str(error))
    return texts + [f"Not started: {', '.join(acts)}. Reason: {reason}" for reason, acts in not_started.items()]


def first_fields(outcome: Outcome, unseen: CloudError | None) -> dict[str, t.Any]:
    """Return what a failed task reports beside msg: the fields of its first error, and what was not started."""
    errors = sorted(outcome.failures.items(), key=lambda pair: (isinstance(pair[1], NotStarted), pair[0]))
    first = next((error for error in (*(error for dummy, error in errors), unseen) if error), None)
    fields = {"error_code": None, "status": None, "request_id": None} if first is None else first.fields()
    return {**fields, **outcome.fields()}
