# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command and writes what it cost: `python -I -S timed.py FILE COMMAND...`.

Linux counts the memory of the process that starts a command as memory of the command. So this is a small process.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> int:
    """Run the command; return its exit code."""
    path, *command = sys.argv[1:]
    started = time.monotonic()
    pid = os.posix_spawn(command[0], command, os.environ)
    dummy, status, usage = os.wait4(pid, 0)
    cost = {
        "seconds": time.monotonic() - started,
        "cpu": usage.ru_utime + usage.ru_stime,
        "megabytes": usage.ru_maxrss / 1024,
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(cost, file)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
