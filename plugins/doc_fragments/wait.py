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
      - Whether the task waits until the service has finished the work.
      - With V(false), the task ends as soon as the service has accepted all requests.
    type: bool
    default: true
  timeout:
    description:
      - How many seconds the task may take. This includes waiting for busy objects, retries, and requests without an
        answer.
      - After that, the task fails and sends nothing more. It returns what it started, and lists in C(not_started)
        what it did not start. What was started continues in the cloud.
      - More than 0, and at most 2147483647.
    type: int
    default: 3600
  poll_interval:
    description:
      - How many seconds the task waits before it checks the state again. The pause grows up to 60 seconds.
      - In the first 10 seconds there are up to five more checks, because what has just been started may end soon.
    type: float
    default: 10
"""
