# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: stopwatch
type: aggregate
short_description: Writes how long a task takes
description: Writes the seconds of the last task, and whether it changed something, to the file in C(STOPWATCH_FILE).
author: the opentelekomcloud.csbs authors
options: {}
"""

import json
import os
import time

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "stopwatch"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._started = time.monotonic()

    def v2_runner_on_ok(self, result):
        seconds = time.monotonic() - self._started
        with open(os.environ["STOPWATCH_FILE"], "w", encoding="utf-8") as file:
            json.dump({"seconds": seconds, "changed": result.is_changed()}, file)
