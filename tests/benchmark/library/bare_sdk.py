# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bare_sdk
short_description: The least that a module with openstacksdk can do
description: Logs in and lists the servers of the project.
author: the opentelekomcloud.csbs authors
options: {}
"""

EXAMPLES = r"""
- name: List servers
  bare_sdk:
"""

RETURN = r"""
servers:
  description: The number of servers.
  type: int
  returned: success
"""

import openstack
from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    connection = openstack.connect()
    module.exit_json(changed=False, servers=len(list(connection.compute.servers())))


if __name__ == "__main__":
    main()
