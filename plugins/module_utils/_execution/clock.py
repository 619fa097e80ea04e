# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time as tasks meet it: a clock that can be injected, its deadline, and polling."""

from __future__ import annotations

import time
import typing as t

from .._domain.backoff import backoff


class Clock:
    """Seconds that go by, and a deadline after which sleep refuses.

    timeout is in seconds; now and doze are for tests that have no time.
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
        """Return the seconds since the clock was made."""
        return self._now() - self._start

    @property
    def left(self) -> float:
        """Return the seconds until the deadline, 0 when it is reached."""
        return max(self._deadline - self._now(), 0.0)

    def sleep(self, seconds: float) -> bool:
        """Sleep and return True, or return False at once when the deadline is reached.

        The last sleep is cut short, so that a task looks once more when its time is up.
        """
        left = self.left
        if left <= 0:
            return False
        self._sleep_for(min(seconds, left))
        return True

    def renewed(self, timeout: float) -> Clock:
        """Return a clock that goes on from now, with a deadline of its own."""
        return Clock(timeout, self._now, self._sleep_for)


def poll(look: t.Callable[[], bool], clock: Clock, interval: float) -> bool:
    """Call look until it returns true, pausing interval seconds at first; return False when time is up."""
    for pause in backoff(interval, factor=1.2):
        if look():
            return True
        if not clock.sleep(pause):
            return False
    return False
