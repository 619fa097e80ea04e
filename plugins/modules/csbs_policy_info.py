#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_policy_info
short_description: Look up backup policies
version_added: 0.1.0
description:
  - Returns the policies that match all given options, or all policies if no option is given. The list is empty if no
    policy matches.
  - With O(service=cbr), a policy is a policy of CBR together with the vaults that it is applied to. Its servers are
    the members of these vaults, and its tags are those that all of them have.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  name:
    description:
      - Name or ID of a policy. Several policies can have the same name. The module then returns all of them.
    type: str
  servers:
    description:
      - Names or IDs of servers. Only policies that back up at least one of them are returned. An unknown server is in
        no policy.
      - A server that no longer exists is found by its ID, or by the name that a policy has for it. If an existing
        server has this name, the name means the existing server.
    type: list
    elements: raw
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.attributes.info
  - opentelekomcloud.csbs.server_filters
  - opentelekomcloud.csbs.tag_queries
"""

EXAMPLES = r"""
- name: Look up all policies
  opentelekomcloud.csbs.csbs_policy_info:
  register: found

- name: Look up the policy of a server
  opentelekomcloud.csbs.csbs_policy_info:
    servers: [web-1]

- name: Look up all policies of CBR with their vaults
  opentelekomcloud.csbs.csbs_policy_info:
    service: cbr

- name: Look up policies of one team that are not for tests
  opentelekomcloud.csbs.csbs_policy_info:
    tags:
      team: platform
    not_tags_any:
      stage: [test, dev]
"""

RETURN = r"""
policies:
  description:
    - The policies, in the shape that M(opentelekomcloud.csbs.csbs_policy) returns and accepts.
    - Servers have their current names. A server that no longer exists has the name that is stored in the policy.
    - C(vaults) are the vaults of the policy with O(service=cbr), each with C(id), C(name), C(size_gb), C(used_mb) and
      C(server_count). It is an empty list with O(service=csbs).
    - C(created_at) is null with O(service=cbr), which does not say it.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 27b11f3f-578d-4464-89d1-7c6d5894f753
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
"""

from ..module_utils._ansible.arguments import FILTERS_SPEC, TAG_QUERY_SPEC
from ..module_utils._ansible.module import create_module
from ..module_utils._ansible.report import report
from ..module_utils._operations.policy_info import parse_options, read

ARGUMENT_SPEC = {
    "name": {"type": "str"},
    "server_filters": FILTERS_SPEC,
    "servers": {"type": "list", "elements": "raw"},
    **TAG_QUERY_SPEC,
}


def main():
    report(create_module(ARGUMENT_SPEC), parse_options, read)


if __name__ == "__main__":
    main()
