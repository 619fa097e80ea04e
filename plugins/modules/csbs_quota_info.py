#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_quota_info
short_description: Look up the backup quotas of a project
version_added: 0.1.0
description:
  - Returns the quotas of the project, and how much of them is used.
  - With O(service=cbr), these are the number of policies, and the size of each vault for backups of servers. Policies
    of CSBS and CBR count together. If CSBS does not exist for the project, or the user must not read it, only policies
    of CBR are counted.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options: {}
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.attributes.info
"""

EXAMPLES = r"""
- name: Look up the quotas
  opentelekomcloud.csbs.csbs_quota_info:
  register: found

- name: Look up how full the vaults of CBR are
  opentelekomcloud.csbs.csbs_quota_info:
    service: cbr
  register: found

- name: Fail before a quota is used up
  opentelekomcloud.csbs.csbs_quota_info:
  register: found
  failed_when: found.quotas | rejectattr("unlimited") | selectattr("used_percent", "ge", 90) | length > 0
"""

RETURN = r"""
quotas:
  description: The quotas of the project.
  returned: success
  type: list
  elements: dict
  contains:
    type:
      description:
        - What the quota limits. V(backup_capacity) is the space of backups, V(backups) is their number.
        - With O(service=cbr), V(policies) is the number of policies, and V(vault) is the space of one vault.
      type: str
    name:
      description: Name of the vault. Null for a quota of the project.
      type: str
    unit:
      description: Unit of the numbers, such as V(GB). Null if they are counts.
      type: str
    quota:
      description: The limit, or the size of the vault. V(-1) means no limit.
      type: int
    unlimited:
      description: Whether there is no limit.
      type: bool
    used:
      description: How much is used. The space of a vault is rounded up to whole GB.
      type: int
    free:
      description: How much is left. Null if there is no limit.
      type: int
    used_percent:
      description: How much of the quota is used, in percent, rounded down, so that V(100) means used up. Null if
        there is no limit.
      type: int
  sample:
    - type: backup_capacity
      name: null
      unit: GB
      quota: -1
      unlimited: true
      used: 1450
      free: null
      used_percent: null
    - type: backups
      name: null
      unit: null
      quota: 600
      unlimited: false
      used: 150
      free: 450
      used_percent: 25
"""

from ..module_utils._ansible.module import create_module
from ..module_utils._ansible.report import report
from ..module_utils._operations.quota_info import parse_options, read

ARGUMENT_SPEC = {}


def main():
    report(create_module(ARGUMENT_SPEC), parse_options, read)


if __name__ == "__main__":
    main()
