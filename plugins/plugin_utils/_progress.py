# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the progress of a module while it runs."""

from __future__ import annotations

import os
import tempfile
import threading
import time

from ansible import constants
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

from ..module_utils._execution.progress import PROGRESS_FILE, QUIET, format_seconds

_PAUSE = 0.2
# Polls are at most 60 seconds apart. A module that is silent for longer waits for a lock, a login or a slow service.
_LONGEST_SILENCE = 75.0
# Callbacks with output for people. The output of all others, such as JSON, must not contain progress lines.
_READ_BY_PEOPLE = frozenset(
    {
        "counter_enabled",
        "debug",
        "default",
        "default_without_diff",
        "dense",
        "diy",
        "minimal",
        "oneline",
        "selective",
        "skippy",
        "unixy",
        "yaml",
    }
)


class ProgressAction(NormalAction):
    """Runs the module of the same name as every task does, and shows its progress if a person reads the output."""

    def run(self, tmp=None, task_vars=None):
        """Run the module and return its result, as for a module without an action plugin."""
        if not self._is_watched():
            return super().run(tmp, task_vars)
        with tempfile.NamedTemporaryFile("r", encoding="utf-8", prefix="csbs-progress-") as stream:
            self._task.environment = [*(self._task.environment or []), {PROGRESS_FILE: stream.name}]
            over = threading.Event()
            name = os.path.splitext(self._task.action)[1].lstrip(".") or self._task.action
            prefix = f"{name}: [{(task_vars or {}).get('inventory_hostname', '')}] "
            listener = threading.Thread(target=show_progress, args=(stream, over, prefix), daemon=True)
            listener.start()
            try:
                return super().run(tmp, task_vars)
            finally:
                over.set()
                listener.join()
                self._task.environment = self._task.environment[:-1]

    def _is_watched(self):
        """Return whether the progress file of the module can be read here, and a person reads the output."""
        local = "local" in self._connection.transport
        return local and not self._task.async_val and not self._task.no_log and _is_read_by_people()


def _is_read_by_people():
    callback = constants.DEFAULT_STDOUT_CALLBACK
    if callback == "awx_display":
        # ansible-runner and AWX wrap the callback that the user chose.
        callback = os.environ.get("ORIGINAL_STDOUT_CALLBACK") or "default"
    return callback.rsplit(".", 1)[-1] in _READ_BY_PEOPLE


def show_progress(stream, over, prefix, now=time.monotonic):
    """Show each line of a stream until over is set, and the last one again when the module is silent for long.

    A quiet line is shown only then. over is a threading.Event. Tests replace over and now.
    """
    started = written = now()
    counts = ""
    while True:
        line = stream.readline().rstrip("\n")
        if line:
            counts = line.removeprefix(QUIET).partition(", after ")[0]
        elif over.is_set():
            return
        elif counts and now() - written >= _LONGEST_SILENCE:
            line = f"{counts}, after {format_seconds(now() - started)}, still running"
        else:
            over.wait(_PAUSE)
            continue
        if not line.startswith(QUIET):
            Display().display(prefix + line)
        written = now()
