# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's clock: real time, sped up, and moved forward on demand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from .checks import is_number, need


def real_utc() -> datetime:
    """The machine's time, in UTC and without a zone, as all times here are."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


class Clock:
    """now = base + real time passed * speed + what was advanced by hand; it never goes back."""

    def __init__(
        self,
        base: datetime | None = None,
        speed: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        need("speed", speed, is_number, "a number from 0")
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._base = base or real_utc()
        self._since = monotonic()
        self._speed = float(speed)

    @property
    def speed(self) -> float:
        """Clock seconds for each real second."""
        return self._speed

    def now(self) -> datetime:
        """The emulator's time, UTC, without a zone."""
        with self._lock:
            return self._now()

    def _now(self) -> datetime:
        return self._base + timedelta(seconds=(self._monotonic() - self._since) * self._speed)

    def advance(self, seconds: float) -> datetime:
        """Jump forward; backwards is refused."""
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        with self._lock:
            self._base += timedelta(seconds=seconds)
            return self._now()

    def set_speed(self, speed: float) -> None:
        """Change the speed from now on (0 stops the clock)."""
        need("speed", speed, is_number, "a number from 0")
        with self._lock:
            self._base = self._now()
            self._since = self._monotonic()
            self._speed = float(speed)
