# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option to read both backup services as one."""

    DOCUMENTATION = r"""
options:
  services:
    description:
      - The backup services to read, instead of O(service). With V(csbs) and V(cbr), each server has one verdict over
        both. This is for the time of a migration from CSBS to CBR.
      - All of them must be in the catalog.
      - If policies of both services have a server, an enabled one counts before a disabled one, and then that of the
        service that comes first in this list.
    type: list
    elements: str
    choices: [cbr, csbs]
"""
