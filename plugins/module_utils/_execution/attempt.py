# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call that is sent until it is answered: retries what is busy, and looks for the effect of a lost answer."""

from __future__ import annotations

import contextlib
import random
import typing as t

from .._domain.backoff import backoff
from .._domain.errors import CloudError, FinalError, ForeignAnswer, NotFound, NotStarted, OutcomeUnknown
from .._plans.plan import SECONDS_UNTIL_LISTED

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import Row
    from .._plans.plan import Call
    from .clock import Clock

#: Seconds before a call is sent again, longer each time
FIRST_PAUSE = 2.0
# How often a call is sent whose answers come from a proxy: they may be for a moment, or for ever.
_MOST_FOREIGN = 3


def jitter(pause: float) -> float:
    """Return a pause that differs between tasks: tasks that are refused together must not come back together."""
    return pause * random.uniform(1.0, 1.25)


class Attempt:
    """A call, and what is known about it between two requests."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.answer: t.Any = None
        #: Whether the answer is a row that was found, because the answer itself was lost
        self.was_found = False
        #: Why it is not done yet
        self.reason: CloudError = NotStarted(
            call.operation, "it was not started, because the time of the task (timeout) is over."
        )
        self._lost = self._busy = self._applied = False
        self._foreign = 0

    def send_until_answered(self, cloud: Cloud, clock: Clock) -> None:
        """Send the call until it is answered or the time is over. Raises CloudError."""
        for pause in backoff(FIRST_PAUSE):
            if self.send(cloud, clock):
                return
            if not clock.sleep(max(jitter(pause), self.reason.retry_after or 0.0)):
                self.end(cloud)
                return

    def send(self, cloud: Cloud, clock: Clock) -> bool:
        """Send the call once, unless its effect is there; return whether it is done. Raises CloudError when it is final."""
        call = self.call
        if not clock.left:
            self.end(cloud)
            return True
        try:
            row = self._find(cloud, clock)
        except CloudError as trouble:
            if trouble.retryable or isinstance(trouble, OutcomeUnknown):
                return False
            final = trouble
            if trouble.operation != call.operation:
                final = FinalError.with_note(self.reason, f"Nor could it be looked for: {trouble}")
            raise self._marked(final) from trouble
        if row is not None:
            self.answer, self.was_found = row, True
            return True
        try:
            with cloud.errors_of(call.operation):
                self.answer = getattr(cloud, call.method)(**call.arguments)
        except NotFound:
            if not call.missing_ok:
                raise
        except NotStarted as error:
            raise self.given_up() from error
        except CloudError as error:
            self._applied = self._applied or error.applied
            foreign = isinstance(error, ForeignAnswer)
            lost = foreign or isinstance(error, OutcomeUnknown)
            self._foreign += foreign
            if self._foreign >= _MOST_FOREIGN or not (lost or error.retryable):
                self._marked(error)
                raise
            self._lost, self._busy, self.reason = self._lost or lost, self._busy or not lost, error
            return False
        return True

    def end(self, cloud: Cloud) -> None:
        """Look once more for the effect of a lost answer, because the time is over. Raises CloudError."""
        if self._lost and self.call.find_effect:
            with contextlib.suppress(CloudError):
                row = self.call.find_effect(cloud)
                if row is not None:
                    self.answer, self.was_found = row, True
                    return
        raise self.given_up()

    def given_up(self) -> CloudError:
        """Return the error to report when there is no time for another request."""
        if isinstance(self.reason, NotStarted):
            return self.reason
        return self._marked(self.reason.after_timeout("It may have had its effect all the same." if self._lost else ""))

    def _marked(self, error: CloudError) -> CloudError:
        error.applied = error.applied or self._applied
        return error

    def _find(self, cloud: Cloud, clock: Clock) -> Row | None:
        """Return the effect of the call, or None when it has none so far."""
        if self._lost and self.call.find_effect:
            row = self._look_until_listed(self.call.find_effect, cloud, clock)
            if row is None and not clock.left:
                # Lists may show it later: with no time left to see it, it is not sent twice.
                raise self.given_up()
            return row
        if self._busy and self.call.find_existing:
            return self.call.find_existing(cloud)
        return None

    @staticmethod
    def _look_until_listed(find: t.Callable[[Cloud], Row | None], cloud: Cloud, clock: Clock) -> Row | None:
        """Return the effect of a call whose answer was lost, None when no list shows it after SECONDS_UNTIL_LISTED."""
        start = clock.elapsed
        for pause in backoff(0.5, factor=2.0, most=4.0):
            row = find(cloud)
            if row is not None or clock.elapsed - start >= SECONDS_UNTIL_LISTED or not clock.sleep(pause):
                return row
        return None
