# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of a long wait: lines that the action plugin of a module shows while the module runs."""

from __future__ import annotations

import contextlib
import os
import threading
import typing as t

if t.TYPE_CHECKING:
    from .clock import Clock

#: Environment variable with the path of the progress file; unset when nothing displays progress
PROGRESS_FILE = "CSBS_PROGRESS_FILE"
#: What a line begins with that is shown only if no other follows for long
QUIET = "."
# Seconds between two lines about calls. What is quicker needs no line.
_SECONDS_BETWEEN_LINES = 5.0
#: The note on a line while calls wait because the service refused them for now
WAITING = "waiting for what is busy"


def progress_line(what: str, done: int, total: int, seconds: float, percent: int | None = None) -> str:
    """Return a line such as "2/3 backups available, 67 %, after 1m 20s".

    percent is how far all of it is, None for the share of what is done.
    """
    if percent is None:
        percent = 100 if total == 0 else round(100 * done / total)
    return f"{done}/{total} {what}, {percent} %, after {format_seconds(seconds)}"


def format_seconds(seconds: float) -> str:
    """Return a time such as "1m 20s"."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"


class CallProgress:
    """Writes how many calls of a plan are done: a line every few seconds, and nothing about a plan that is quick."""

    def __init__(self, what: str, total: int, clock: Clock) -> None:
        self._what, self._total, self._clock = what, total, clock
        self._due = clock.elapsed + _SECONDS_BETWEEN_LINES
        # How many calls were done at the last line, None before the first
        self._told: int | None = None
        # Calls that run side by side report from threads of their own.
        self._lock = threading.Lock()
        write_progress(QUIET + progress_line(what, 0, total, clock.elapsed))

    def report(self, done: int, note: str = "") -> None:
        """Write a line if it is time for one. note says what the plan waits for."""
        with self._lock:
            if self._clock.elapsed >= self._due:
                self._write(done, note)

    def end(self, done: int) -> None:
        """Write the last line, unless no line was written before, or it would say the same."""
        with self._lock:
            if self._told not in (None, done):
                self._write(done)

    def _write(self, done: int, note: str = "") -> None:
        line = progress_line(self._what, done, self._total, self._clock.elapsed)
        write_progress(f"{line}, {note}" if note else line)
        self._due, self._told = self._clock.elapsed + _SECONDS_BETWEEN_LINES, done


def write_progress(line: str) -> None:
    """Write a line for the action plugin. Do nothing when no plugin listens, or when it no longer does."""
    path = os.environ.get(PROGRESS_FILE)
    if path:
        # Loaded here, because most tasks have no line to write.
        from .._domain.printable import printable

        with contextlib.suppress(OSError):
            # Opened without O_CREAT: a file that the plugin has removed must not come back.
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
            with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
                stream.write(printable(line) + "\n")
