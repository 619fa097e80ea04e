# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The time limit of modules that change something."""

    DOCUMENTATION = r"""
options:
  timeout:
    description:
      - How many seconds the task may take. This includes waiting for busy objects, retries, and requests without an
        answer.
      - After that, the task fails and sends nothing more. It lists in C(not_started) what it did not start.
        Only servers that already left their old policy for this task are still put back.
      - More than 0, and at most 2147483647.
    type: int
    default: 3600
"""
