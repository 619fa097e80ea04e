# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of a task with its deadline, and polling. Tests inject a clock without real time."""

from __future__ import annotations

import time
import typing as t

from .._domain.backoff import backoff

# Pauses before the polls that come early
_EARLY_PAUSES = (0.5, 0.75, 1.0, 1.5, 2.5)


class Clock:
    """The time since a task began, and its deadline.

    timeout is in seconds. now and sleep_for replace real time in tests.
    """

    def __init__(
        self,
        timeout: float,
        now: t.Callable[[], float] = time.monotonic,
        sleep_for: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self.timeout = timeout
        self._now = now
        self._sleep_for = sleep_for
        self._start = now()
        self._deadline = self._start + timeout

    @property
    def elapsed(self) -> float:
        """Seconds since the clock was made."""
        return self._now() - self._start

    @property
    def left(self) -> float:
        """Seconds until the deadline, 0 when it is reached."""
        return max(self._deadline - self._now(), 0.0)

    def sleep(self, seconds: float) -> bool:
        """Sleep and return True, or return False at once when the deadline is reached.

        The last sleep is cut short, so that a task polls once more when its time is up.
        """
        left = self.left
        if left <= 0:
            return False
        self._sleep_for(min(seconds, left))
        return True

    def renewed(self, timeout: float) -> Clock:
        """Return a clock that starts now, with a deadline of its own."""
        return Clock(timeout, self._now, self._sleep_for)


def poll(refresh: t.Callable[[], bool], clock: Clock, interval: float) -> bool:
    """Call refresh until it returns True; return False when the time is up.

    The first pause is interval seconds; later pauses are longer.
    """
    for pause in backoff(interval, factor=1.2):
        if refresh():
            return True
        if not clock.sleep(pause):
            return False
    return False


def poll_soon(refresh: t.Callable[[bool], bool], clock: Clock, interval: float) -> bool:
    """Poll as poll() does, and a few times more within the first pause. refresh is told whether it is called early."""
    is_early = False
    for pause, next_is_early in _poll_pauses(interval):
        if refresh(is_early):
            return True
        if not clock.sleep(pause):
            return False
        is_early = next_is_early
    return False


def _poll_pauses(interval: float) -> t.Iterator[tuple[float, bool]]:
    """Yield the pauses between polls in seconds without end, each with whether the poll after it comes early.

    What has just been started may end soon, so a few early polls come within the first interval. The times of all
    others are as if there were none: interval after the first poll, and then with growing pauses.
    """
    pauses = backoff(interval, factor=1.2)
    left = next(pauses, interval)
    for pause in _EARLY_PAUSES:
        if pause < left:
            yield pause, True
            left -= pause
    yield left, False
    for pause in pauses:
        yield pause, False
