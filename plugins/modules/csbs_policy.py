#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_policy
short_description: Manage backup policies of CSBS or CBR
version_added: 0.1.0
description:
  - Creates, changes and deletes policies that back servers up on a schedule.
  - Options that are not given leave the policy as it is. V([]) and V({}) remove all entries.
  - With O(service=cbr), a policy is a policy of CBR together with the vaults that it is applied to. Its servers are
    the members of these vaults, whatever the vaults are called. The task makes and enlarges vaults as they are needed.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  name:
    description:
      - Name or ID of the policy. A policy that does not exist is created with this name.
      - A name has up to 255 letters, digits, hyphens and underscores, and up to 64 with O(service=cbr).
    type: str
    required: true
  new_name:
    description:
      - New name of the policy. The name of another policy is refused.
    type: str
  state:
    description:
      - With V(present), the policy exists. With V(absent), the policy is deleted, and its backups stay. All options
        except O(name) are then refused, and O(servers=[]), which deletes the policy only if it has no servers.
      - With O(service=cbr) and V(absent), vaults of the policy that hold no backup are deleted. The others stay with
        their servers and backups, and the result names them in RV(notes).
    type: str
    choices: [absent, present]
    default: present
  servers:
    description:
      - Names or IDs of servers that the policy backs up, or dictionaries with C(id) as in results. A policy has at
        most 64, or any number with O(service=cbr).
    type: list
    elements: raw
  purge_servers:
    description:
      - Whether the policy loses the servers that are not in O(servers) and do not match O(server_filters).
      - With V(false), a server that is left out stays in the policy.
    type: bool
    default: false
  move_servers:
    description:
      - Whether a server in another policy is first removed from that policy. It is put back if it cannot join this
        policy.
      - With O(service=cbr), a server in any other vault is moved with its backups, in one step.
      - With V(false), such a server is an error.
    type: bool
    default: true
  tags:
    description:
      - Tags of the policy, at most 10. Its backups get the same tags. V({}) removes all tags if O(purge_tags=true).
      - With O(service=cbr), these are the tags of all its vaults, and backups have none.
    type: dict
  purge_tags:
    description:
      - Whether tags that are not in O(tags) are removed. This has an effect only if O(tags) is given.
      - With O(service=cbr), a tag that only some vaults of the policy have is not a tag of the policy, and stays.
        M(opentelekomcloud.csbs.csbs_tag) removes it.
    type: bool
    default: true
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
- name: Back up servers every night at two, local time, and keep backups for two weeks
  opentelekomcloud.csbs.csbs_policy:
    name: nightly
    schedule:
      frequency: daily
      times: ["02:00"]
      timezone: Europe/Berlin
    retention:
      days: 14
    servers:
      - web-1
      - db-1
    tags:
      team: platform

- name: Add all web servers to the policy, and remove all others
  opentelekomcloud.csbs.csbs_policy:
    name: nightly
    server_filters:
      name: web-*
    purge_servers: true

- name: Back up on Mondays and Thursdays, and keep the last backup of each of 12 months
  opentelekomcloud.csbs.csbs_policy:
    name: twice-a-week
    schedule:
      pattern: FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=1;BYMINUTE=30
    retention:
      max_backups: 8
      monthly: 12
      timezone: UTC+01:00

- name: Back up every third day at 22:30 in a zone without summer time
  opentelekomcloud.csbs.csbs_policy:
    name: every-third-day
    schedule:
      frequency: daily
      interval: 3
      times: ["22:30"]
      timezone: UTC+02:00

- name: Stop the schedule
  opentelekomcloud.csbs.csbs_policy:
    name: nightly
    enabled: false

- name: Do the same with CBR, in vaults that are three times as large as the disks of their servers
  opentelekomcloud.csbs.csbs_policy:
    service: cbr
    name: nightly-in-vaults
    schedule:
      frequency: daily
      times: ["02:00", "14:30"]
      timezone: Europe/Berlin
    retention:
      days: 14
    servers:
      - store-1
    vault:
      size_factor: 3

- name: Delete a policy, and keep its backups
  opentelekomcloud.csbs.csbs_policy:
    name: twice-a-week
    state: absent
"""

RETURN = r"""
policy:
  description: The policy after the task, or in check mode as the task would leave it. Null if it is absent.
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
from ..module_utils._operations.policy import finish, parse_options, plan

ARGUMENT_SPEC = POLICY_SPEC


def main():
    converge(create_module(ARGUMENT_SPEC), parse_options, plan, finish)


if __name__ == "__main__":
    main()
