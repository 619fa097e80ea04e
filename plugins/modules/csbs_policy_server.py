#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_policy_server
short_description: Add servers to a backup policy of CSBS or CBR, or remove them
version_added: 0.1.0
description:
  - Changes only which servers a policy backs up. Servers that are not chosen stay as they are.
  - Many hosts can change the same policy at the same time, from one control node or from several. No server is lost.
  - If a server leaves a policy, its backups stay. The retention of the policy then has no effect on them.
  - With O(service=cbr), the servers of a policy are the members of its vaults. See O(leaving_backups) for what becomes
    of a server that leaves.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  policy:
    description:
      - Name or ID of the policy. It must exist, except with O(state=absent).
    type: str
    required: true
  servers:
    description:
      - Names or IDs of servers, or dictionaries with C(id) as in results. A policy has at most 64,
        or any number with O(service=cbr).
      - With O(state=absent), give a server that no longer exists by its ID, or by the name that the policy has for it.
      - At least one of O(servers) and O(server_filters) is required. With both, servers that match either of them are
        chosen.
    type: list
    elements: raw
  state:
    description:
      - With V(present), the chosen servers are in the policy.
      - With V(absent), they are not in the policy. If a server is not in the policy, or the policy does not exist,
        nothing is done.
    type: str
    choices: [absent, present]
    default: present
  move_servers:
    description:
      - Whether a server in another policy is first removed from that policy. It is put back if it cannot join this
        policy.
      - A server that this policy would refuse, such as one with status C(ERROR), is never removed from its policy.
      - With O(service=cbr), a server in any other vault is moved with its backups, in one step.
      - With V(false), a server in another policy or vault is an error.
    type: bool
    default: true
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.attributes
  - opentelekomcloud.csbs.server_filters
  - opentelekomcloud.csbs.timeout
  - opentelekomcloud.csbs.vault
seealso:
  - module: opentelekomcloud.csbs.csbs_policy
"""

EXAMPLES = r"""
- name: Add a new server to the policy
  opentelekomcloud.csbs.csbs_policy_server:
    policy: nightly
    servers: [app-1]

- name: Add all database servers, or fail if one of them is in another policy
  opentelekomcloud.csbs.csbs_policy_server:
    policy: nightly
    server_filters:
      name: db-*
      status: ACTIVE
    move_servers: false

- name: Add a server to a policy of CBR
  opentelekomcloud.csbs.csbs_policy_server:
    service: cbr
    policy: nightly-in-vaults
    servers: [store-2]

- name: Remove a server, and keep its backups
  opentelekomcloud.csbs.csbs_policy_server:
    policy: nightly
    servers: [app-1]
    state: absent
"""

RETURN = r"""
policy:
  description:
    - The policy after the task, or in check mode as the task would leave it. It has the shape that
      M(opentelekomcloud.csbs.csbs_policy) returns and accepts.
    - Null with O(state=absent) if the policy does not exist.
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
    vaults: []
servers:
  description:
    - The servers that O(servers) and O(server_filters) chose, each with C(id) and C(name).
    - Empty with O(state=absent) if the policy does not exist.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 45baf976-c20a-4894-a7c3-c94b7376bf55
      name: web-1
"""

from ..module_utils._ansible.arguments import FILTERS_SPEC, TIMEOUT_SPEC, VAULT_SPEC
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
    **VAULT_SPEC,
}


def main():
    module = create_module(ARGUMENT_SPEC, required_one_of=[("servers", "server_filters")])
    converge(module, parse_options, plan, finish)


if __name__ == "__main__":
    main()
