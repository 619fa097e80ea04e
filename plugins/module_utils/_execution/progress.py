# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of a long wait: lines that the action plugin of a module shows while it runs."""

from __future__ import annotations

import contextlib
import os

#: Names the file that the action plugin reads; without it nobody listens
PROGRESS_FILE = "CSBS_PROGRESS_FILE"


def progress_line(what: str, done: int, total: int, seconds: float) -> str:
    """Return a line such as "2/3 backups available, 67 %, after 1m 20s"."""
    share = 100 if total == 0 else round(100 * done / total)
    minutes, rest = divmod(int(seconds), 60)
    return f"{done}/{total} {what}, {share} %, after {f'{minutes}m ' if minutes else ''}{rest}s"


def write_progress(line: str) -> None:
    """Write a line for the action plugin; a listener that is not there, or not any more, is no reason to fail."""
    path = os.environ.get(PROGRESS_FILE)
    if path:
        with contextlib.suppress(OSError):
            # Opened without being created: the listener removes it when it goes.
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
            with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
                stream.write(line + "\n")
