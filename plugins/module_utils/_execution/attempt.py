# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call that is sent until it is answered: retries while objects are busy, and finds the effect of a lost answer."""

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

#: Seconds before the first retry of a call; later pauses are longer
FIRST_PAUSE = 2.0
# How often a call may get answers that are not the service's own. A proxy gives them for a moment, or for ever.
_MAX_FOREIGN_ANSWERS = 3
# How often a call may be refused with a code that may pass within moments or never: about a minute.
_MAX_UNCLEAR_ANSWERS = 8
# Seconds between two looks for the effect of a lost answer.
_FIRST_PAUSE_TO_FIND = 0.5
_LONGEST_PAUSE_TO_FIND = 4.0


def jitter(pause: float) -> float:
    """Return a pause of random length: tasks that were refused together must not come back together."""
    return pause * random.uniform(1.0, 1.25)


class Attempt:
    """A call, and what is known about it between two requests."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.answer: t.Any = None
        #: Whether the answer is a row that was found, because the answer itself was lost or the object was busy
        self.was_found = False
        #: Why the call is not done yet
        self.reason: CloudError = NotStarted(
            call.operation, "it was not started, because the time of the task (timeout) is over."
        )
        self._was_lost = self._was_busy = self._applied = False
        self._foreign_answers = self._unclear_answers = 0

    def send_until_answered(self, cloud: Cloud, clock: Clock, tell_waiting: t.Callable[[], None] | None = None) -> None:
        """Send the call until it is answered or the time is over. Raises CloudError.

        tell_waiting is called before each pause.
        """
        for pause in backoff(FIRST_PAUSE):
            if self.send(cloud, clock):
                return
            if tell_waiting:
                tell_waiting()
            if not clock.sleep(max(jitter(pause), self.reason.retry_after or 0.0)):
                self.end(cloud)
                return

    def send(self, cloud: Cloud, clock: Clock) -> bool:
        """Send the call once, unless its effect is already there. Return whether the call is done.

        Raises CloudError when it failed for good.
        """
        if not clock.left:
            self.end(cloud)
            return True
        try:
            row = self._find(cloud, clock)
        except CloudError as error:
            if error.retryable or isinstance(error, OutcomeUnknown):
                return False
            raise self._marked(self._explain_failed_look(error)) from error
        if row is not None:
            self._take_found(row)
            return True
        try:
            with cloud.errors_of(self.call.operation):
                self.answer = getattr(cloud, self.call.method)(**self.call.arguments)
        except NotFound:
            if not self.call.missing_ok:
                raise
        except NotStarted as error:
            raise self.given_up() from error
        except CloudError as error:
            was_lost = self._was_lost
            if not self._may_retry(error):
                raise self._marked(_doubted(error) if was_lost else error) from error
            self.reason = error
            return False
        return True

    def end(self, cloud: Cloud) -> None:
        """Look once more for the effect of a lost answer, because the time is over. Raises CloudError."""
        if self._was_lost and self.call.find_effect:
            with contextlib.suppress(CloudError):
                row = self.call.find_effect(cloud)
                if row is not None:
                    self._take_found(row)
                    return
        raise self.given_up()

    def given_up(self) -> CloudError:
        """Return the error to report when there is no time for another request."""
        if isinstance(self.reason, NotStarted):
            return self.reason
        note = "It may have had its effect all the same." if self._was_lost else ""
        return self._marked(self.reason.after_timeout(note))

    def _may_retry(self, error: CloudError) -> bool:
        """Note the failure of a request; return whether the call may be sent again."""
        self._applied = self._applied or error.applied
        is_foreign = isinstance(error, ForeignAnswer)
        is_lost = is_foreign or isinstance(error, OutcomeUnknown)
        self._foreign_answers += is_foreign
        self._was_lost = self._was_lost or is_lost
        self._was_busy = self._was_busy or not is_lost
        self._unclear_answers += error.unclear
        enough = self._foreign_answers >= _MAX_FOREIGN_ANSWERS or self._unclear_answers >= _MAX_UNCLEAR_ANSWERS
        return not enough and (is_lost or error.retryable)

    def _explain_failed_look(self, error: CloudError) -> CloudError:
        """Return the error to report when the effect of the call could not be looked for."""
        # An error of this very operation comes from the look itself and says why the call cannot succeed any more.
        if error.operation == self.call.operation:
            return error
        return FinalError.with_note(self.reason, f"Nor could it be looked for: {error}")

    def _take_found(self, row: Row) -> None:
        self.answer, self.was_found = row, True

    def _marked(self, error: CloudError) -> CloudError:
        """Return an error that says whether this call has changed something."""
        error.applied = error.applied or self._applied
        return error

    def _find(self, cloud: Cloud, clock: Clock) -> Row | None:
        """Return the effect of the call, None when it has none so far. Raises CloudError."""
        if self._was_lost and self.call.find_effect:
            row = self._find_until_listed(self.call.find_effect, cloud, clock)
            if row is None and not clock.left:
                # Lists may still show it later, so it must not be sent a second time.
                raise self.given_up()
            return row
        if self._was_busy and self.call.find_existing:
            return self.call.find_existing(cloud)
        return None

    @staticmethod
    def _find_until_listed(find: t.Callable[[Cloud], Row | None], cloud: Cloud, clock: Clock) -> Row | None:
        """Return the effect of a call whose answer was lost, None when no list shows it after SECONDS_UNTIL_LISTED."""
        start = clock.elapsed
        for pause in backoff(_FIRST_PAUSE_TO_FIND, factor=2.0, most=_LONGEST_PAUSE_TO_FIND):
            row = find(cloud)
            if row is not None or clock.elapsed - start >= SECONDS_UNTIL_LISTED or not clock.sleep(pause):
                return row
        return None


def _doubted(error: CloudError) -> CloudError:
    """Return the error of a call whose earlier answer was lost. Without an answer now, nobody knows of its effect."""
    if error.uncertain or error.not_sent or error.status is not None:
        return error
    doubted = FinalError.with_note(error, "An earlier try got no answer, and may have had its effect.")
    doubted.uncertain = True
    return doubted
