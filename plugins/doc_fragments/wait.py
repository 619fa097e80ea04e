# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of modules that can wait."""

    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the service has done what was asked of it.
      - With V(false) the task ends as soon as the service has accepted everything.
    type: bool
    default: true
  timeout:
    description:
      - How many seconds the task may take. Waiting for busy objects, trying again and requests without an answer are included.
      - After that the task fails and sends nothing more. It returns what it started and says in C(not_started) what it did not start.
        What was started goes on in the cloud.
    type: int
    default: 3600
  poll_interval:
    description:
      - How many seconds to wait before looking again. The pause grows up to 60 seconds.
    type: float
    default: 10
"""
