#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_policy_server
short_description: Put servers into a backup policy of Cloud Server Backup Service, or take them out
version_added: 0.1.0
description:
  - Changes which servers a policy backs up, and nothing else of it. Servers that are not chosen stay as they are.
  - Many hosts may do so at once, on one controller or on several; none of them loses the servers of another.
  - Backups of a server that leaves a policy stay. The retention of the policy no longer acts on them.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  policy:
    description:
      - Name or ID of the policy. It must exist, but for O(state=absent).
    type: str
    required: true
  servers:
    description:
      - Names or IDs of servers, or dictionaries with C(id) as results hold them. A policy has at most 64.
      - With O(state=absent) a server that no longer exists is named by its ID, or by the name that the policy has for it.
      - Either this or O(server_filters) is needed; with both, what fits either is chosen.
    type: list
    elements: raw
  state:
    description:
      - With V(present) the chosen servers are in the policy.
      - With V(absent) they are not in it. A server that is not, and a policy that does not exist, need nothing to be done.
    type: str
    choices: [absent, present]
    default: present
  move_servers:
    description:
      - Whether a server that belongs to another policy is taken out of that first. It is put back when joining this one fails.
      - A server that this policy would refuse, such as one in state C(ERROR), is never taken out of its policy.
      - With V(false) a server that belongs to another policy is an error.
    type: bool
    default: true
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.attributes
  - opentelekomcloud.csbs.server_filters
  - opentelekomcloud.csbs.timeout
seealso:
  - module: opentelekomcloud.csbs.csbs_policy
"""

EXAMPLES = r"""
- name: Put a new server under the policy
  opentelekomcloud.csbs.csbs_policy_server:
    policy: nightly
    servers: [app-1]

- name: Put all database servers under it, unless another policy has them
  opentelekomcloud.csbs.csbs_policy_server:
    policy: nightly
    server_filters:
      name: db-*
      status: ACTIVE
    move_servers: false

- name: Take a server out, and keep its backups
  opentelekomcloud.csbs.csbs_policy_server:
    policy: nightly
    servers: [app-1]
    state: absent
"""

RETURN = r"""
policy:
  description:
    - The policy as it is, or in check mode as it would be, in the shape that M(opentelekomcloud.csbs.csbs_policy) returns and takes.
    - Null with O(state=absent) when there is no such policy.
  returned: success
  type: dict
  sample:
    id: 27b11f3f-578d-4464-89d1-7c6d5894f753
    name: nightly
    description: ""
    enabled: true
    schedule:
      frequency: daily
      interval: 1
      days: null
      times: ["01:00"]
      timezone: UTC
      pattern: null
    retention:
      max_backups: null
      days: 14
      permanent: false
      daily: null
      weekly: null
      monthly: null
      yearly: null
      timezone: null
    servers:
      - id: 45baf976-c20a-4894-a7c3-c94b7376bf55
        name: web-1
    tags:
      team: platform
    created_at: "2026-03-01T09:31:08.265000Z"
servers:
  description:
    - The servers that O(servers) and O(server_filters) chose, each with C(id) and C(name).
    - Empty with O(state=absent) when there is no such policy.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 45baf976-c20a-4894-a7c3-c94b7376bf55
      name: web-1
"""

from ..module_utils._ansible.arguments import FILTERS_SPEC, TIMEOUT_SPEC
from ..module_utils._ansible.converge import converge
from ..module_utils._ansible.module import create_module
from ..module_utils._operations.policy_server import finish, parse_options, plan

ARGUMENT_SPEC = {
    "move_servers": {"type": "bool", "default": True},
    "policy": {"type": "str", "required": True},
    "server_filters": FILTERS_SPEC,
    "servers": {"type": "list", "elements": "raw"},
    "state": {"type": "str", "default": "present", "choices": ["absent", "present"]},
    **TIMEOUT_SPEC,
}


def main():
    converge(create_module(ARGUMENT_SPEC), parse_options, plan, finish)


if __name__ == "__main__":
    main()
