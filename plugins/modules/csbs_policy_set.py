#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_policy_set
short_description: Manage one logical backup policy for any number of servers
version_added: 0.1.0
description:
  - A policy of the service has at most 64 servers. This module manages a set of equal policies, named V(NAME-0001),
    V(NAME-0002) and so on, as if they were one policy. A project has at most 32 policies, so a set has at most 2048
    servers.
  - The set has as few policies as its servers need. New servers fill the policies that exist, then new policies.
  - A server stays in its policy when other servers join or leave the set. It moves to another policy of the set only if
    this lets a policy be deleted, or if its policy has more servers than O(servers_per_policy). Only servers that
    O(servers) or O(server_filters) choose can move.
  - With O(service=cbr), one policy takes any number of servers, in as many vaults as they need. The set is then one
    policy with the name V(NAME), and O(suffix) has no meaning.
  - Options that are not given leave the policies as they are. V([]) and V({}) remove all entries.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  name:
    description:
      - Name of the set. Its policies have this name with a hyphen and a number from V(0001) to V(0032). A policy with
        any other name does not belong to the set.
      - A name has up to 250 letters, digits, hyphens and underscores, and up to 64 with O(service=cbr).
    type: str
    required: true
  new_name:
    description:
      - New name of the set. All its policies are renamed. The name of another policy or set is refused.
    type: str
  state:
    description:
      - With V(present), the set exists. With V(absent), all its policies are deleted, and their backups stay. All
        options except O(name) and O(suffix) are then refused.
    type: str
    choices: [absent, present]
    default: present
  servers:
    description:
      - Names or IDs of servers that the set backs up, or dictionaries with C(id) as in results.
    type: list
    elements: raw
  purge_servers:
    description:
      - Whether the set loses the servers that are not in O(servers) and do not match O(server_filters).
      - With V(false), a server that is left out stays in its policy. Only a server that no longer exists leaves the
        set, if the task has O(servers) or O(server_filters).
    type: bool
    default: false
  move_servers:
    description:
      - Whether a server in another policy is first removed from that policy. It is put back if it cannot join.
      - With V(false), a server in a policy outside the set is an error, and servers never move within the set.
    type: bool
    default: true
  servers_per_policy:
    description:
      - How many servers each policy has at most, 1 to 64. The default is 64.
      - When this is lowered, servers move to other policies of the set, unless O(move_servers=false).
      - Refused with O(service=cbr), where one policy takes all servers.
    type: int
  stagger_minutes:
    description:
      - How many minutes later than the policy before it each policy starts, 0 to 1439. The policy V(NAME-0001) starts
        at O(schedule.times), V(NAME-0002) so many minutes later, and so on. The number of a policy decides, so its
        start time does not change when other policies come and go.
      - Runs that would be after midnight UTC are on the next day. If some times of a schedule on certain days of the
        week would be after midnight and others not, the task is refused.
      - Requires O(schedule). Refused with O(service=cbr), where there is one policy only.
    type: int
  suffix:
    description:
      - Whether the policy of a set with only one policy has a number in its name, too.
      - With V(when_needed), a single policy has the name of the set, as M(opentelekomcloud.csbs.csbs_policy) creates
        it. When the set needs a second policy, the first one is renamed, and no server moves. When one policy is enough
        again, it gets the name of the set back. As long as one policy is enough, O(name) may be its ID.
    type: str
    choices: [always, when_needed]
    default: always
  tags:
    description:
      - Tags of each policy, at most 10. The backups get the same tags. V({}) removes all tags if O(purge_tags=true).
    type: dict
  purge_tags:
    description:
      - Whether tags that are not in O(tags) are removed. This has an effect only if O(tags) is given.
      - With O(service=cbr), a tag that only some vaults of the policy have is not a tag of the policy, and stays.
        M(opentelekomcloud.csbs.csbs_tag) removes it.
    type: bool
    default: true
notes:
  - A new policy of a set that exists gets what the task does not say (such as O(schedule), O(retention) and O(tags))
    from the first policy of the set.
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.attributes
  - opentelekomcloud.csbs.policy
  - opentelekomcloud.csbs.server_filters
  - opentelekomcloud.csbs.timeout
  - opentelekomcloud.csbs.vault
"""

EXAMPLES = r"""
- name: Back up all production servers every night, however many there are
  opentelekomcloud.csbs.csbs_policy_set:
    name: nightly
    server_filters:
      metadata:
        env: prod
      # A server in another state cannot join a policy.
      status: [ACTIVE, SHUTOFF]
    schedule:
      frequency: daily
      times: ["02:00"]
      timezone: Europe/Berlin
    retention:
      days: 14

- name: The servers that match now are the whole set, in policies of 30 servers that start a quarter of an hour apart
  opentelekomcloud.csbs.csbs_policy_set:
    name: nightly
    server_filters:
      name: web-*
    purge_servers: true
    servers_per_policy: 30
    schedule:
      frequency: daily
      times: ["02:00"]
      timezone: Europe/Berlin
    stagger_minutes: 15

- name: Stop the schedule of all policies of the set
  opentelekomcloud.csbs.csbs_policy_set:
    name: nightly
    enabled: false

- name: Delete all policies of the set, and keep their backups
  opentelekomcloud.csbs.csbs_policy_set:
    name: nightly
    state: absent
"""

RETURN = r"""
policies:
  description:
    - The policies of the set after the task, or in check mode as the task would leave them, in the order of their
      names.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 27b11f3f-578d-4464-89d1-7c6d5894f753
      name: nightly-0001
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
  contains:
    id:
      description: ID of the policy. Null in check mode if the policy would be new.
      type: str
      returned: success
    name:
      description: Name of the policy.
      type: str
      returned: success
    description:
      description: What the policy is for.
      type: str
      returned: success
    enabled:
      description: Whether the schedule runs.
      type: bool
      returned: success
    schedule:
      description: The schedule in UTC, in the shape of the option O(schedule).
      type: dict
      returned: success
    retention:
      description:
        - The retention in the shape of the option O(retention). Keys that are not set are null.
        - The live service does not report the long-term counts. They are then null.
      type: dict
      returned: success
    servers:
      description: The servers of the policy, each with C(id) and C(name).
      type: list
      elements: dict
      returned: success
    tags:
      description: Tags of the policy.
      type: dict
      returned: success
    created_at:
      description: When the policy was created. Null with O(service=cbr), which does not say it.
      type: str
      returned: success
    vaults:
      description:
        - The vaults of the policy with O(service=cbr), each with C(id), C(name), C(size_gb), C(used_mb) and
          C(server_count). An empty list with O(service=csbs).
      type: list
      elements: dict
      returned: success
servers:
  description: The servers that O(servers) and O(server_filters) chose, each with C(id) and C(name).
  returned: success
  type: list
  elements: dict
  sample:
    - id: 45baf976-c20a-4894-a7c3-c94b7376bf55
      name: web-1
notes:
  description: Hints for the user, for example that the time zone of the schedule has summer time.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ..module_utils._ansible.converge import converge
from ..module_utils._ansible.module import create_module
from ..module_utils._ansible.policy_arguments import POLICY_SPEC
from ..module_utils._operations.policy_set import finish, parse_options, plan

ARGUMENT_SPEC = {
    **POLICY_SPEC,
    "servers_per_policy": {"type": "int"},
    "stagger_minutes": {"type": "int"},
    "suffix": {"type": "str", "default": "always", "choices": ["always", "when_needed"]},
}


def main():
    converge(create_module(ARGUMENT_SPEC), parse_options, plan, finish)


if __name__ == "__main__":
    main()
