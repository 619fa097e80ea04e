# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what a module tells of its progress while it runs, and returns what it returns."""

from __future__ import annotations

import os
import tempfile
import threading

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._progress import PROGRESS_FILE

_PAUSE = 0.2


class VoicedAction(ActionBase):
    """Runs the module of the same name; where that happens on this machine, its progress is shown."""

    def run(self, tmp=None, task_vars=None):
        """Run the module and return its result, as a task without an action plugin would."""
        result = super().run(tmp, task_vars)
        if not self._can_listen():
            result.update(self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val))
            return result
        with tempfile.NamedTemporaryFile("r", encoding="utf-8", prefix="csbs-progress-") as stream:
            self._task.environment = [*(self._task.environment or []), {PROGRESS_FILE: stream.name}]
            over = threading.Event()
            listener = threading.Thread(target=self._listen, args=(stream, over, (task_vars or {}).get("inventory_hostname", "")), daemon=True)
            listener.start()
            try:
                result.update(self._execute_module(task_vars=task_vars))
            finally:
                over.set()
                listener.join()
                self._task.environment = self._task.environment[:-1]
        return result

    def _can_listen(self):
        # A module elsewhere writes to a file elsewhere; a task in the background has nobody to listen.
        return "local" in self._connection.transport and not self._task.async_val and not self._task.no_log

    def _listen(self, stream, over, host):
        prefix = f"{os.path.splitext(self._task.action)[1].lstrip('.') or self._task.action}: [{host}] "
        while True:
            line = stream.readline()
            if line:
                Display().display(prefix + line.rstrip("\n"))
            elif over.is_set():
                return
            else:
                over.wait(_PAUSE)
