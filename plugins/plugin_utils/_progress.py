# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the progress of a module while it runs."""

from __future__ import annotations

import os
import tempfile
import threading

from ansible import constants
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

from ..module_utils._execution.progress import PROGRESS_FILE

_PAUSE = 0.2
# Callbacks with output for people. The output of all others, such as JSON, must not contain progress lines.
_READ_BY_PEOPLE = frozenset(
    {"default", "yaml", "debug", "unixy", "dense", "diy", "minimal", "oneline", "selective", "skippy", "awx_display"}
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
            host = (task_vars or {}).get("inventory_hostname", "")
            listener = threading.Thread(target=self._listen, args=(stream, over, host), daemon=True)
            listener.start()
            try:
                return super().run(tmp, task_vars)
            finally:
                over.set()
                listener.join()
                self._task.environment = self._task.environment[:-1]

    def _is_watched(self):
        """Return whether the progress file of the module can be read here, and a person reads the output."""
        callback = constants.DEFAULT_STDOUT_CALLBACK.rsplit(".", 1)[-1]
        local = "local" in self._connection.transport
        return local and callback in _READ_BY_PEOPLE and not self._task.async_val and not self._task.no_log

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
