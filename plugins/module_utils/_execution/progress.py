# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of a long wait: lines that the action plugin of a module shows while the module runs."""

from __future__ import annotations

import contextlib
import os

#: Environment variable with the path of the progress file; unset when nothing displays progress
PROGRESS_FILE = "CSBS_PROGRESS_FILE"


def progress_line(what: str, done: int, total: int, seconds: float, percent: int | None = None) -> str:
    """Return a line such as "2/3 backups available, 67 %, after 1m 20s".

    percent is how far all of it is, None for the share of what is done.
    """
    if percent is None:
        percent = 100 if total == 0 else round(100 * done / total)
    minutes, rest = divmod(int(seconds), 60)
    return f"{done}/{total} {what}, {percent} %, after {f'{minutes}m ' if minutes else ''}{rest}s"


def write_progress(line: str) -> None:
    """Write a line for the action plugin. Do nothing when no plugin listens, or when it no longer does."""
    path = os.environ.get(PROGRESS_FILE)
    if path:
        with contextlib.suppress(OSError):
            # Opened without O_CREAT: a file that the plugin has removed must not come back.
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
            with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
                stream.write(line + "\n")
