#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_policy_run
short_description: Run a backup policy of Cloud Server Backup Service now
version_added: 0.1.0
description:
  - Backs up all or some servers of a policy at once, and waits until each backup is available.
  - A policy can be run even if its schedule is disabled.
  - With O(service=csbs), that is one request. With O(service=cbr), it is one for each vault of the policy. If one of
    them fails, the others are finished all the same, and then the task fails.
  - The backups of such a run are manual backups, and with O(service=csbs) they have the tags of the policy. No
    retention deletes them. They stay until M(opentelekomcloud.csbs.csbs_backup_prune) deletes them, or
    M(opentelekomcloud.csbs.csbs_backup) with O(opentelekomcloud.csbs.csbs_backup#module:state=absent).
  - If a run of the policy is in progress, the module first waits for its end, until O(timeout).
  - While the module waits on the control node, the output shows how many backups are finished.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  policy:
    description:
      - Name or ID of the policy.
    type: str
    required: true
  servers:
    description:
      - Names or IDs of servers, or dictionaries with C(id) as in results. Each must be in the policy.
      - Without this option and O(server_filters), all servers of the policy are backed up. With V([]), none is.
      - If a server cannot be backed up, the others are still backed up, and then the task fails.
        If none can be backed up, nothing is sent.
    type: list
    elements: raw
  server_filters:
    description:
      - Chooses servers of the policy.
  max_age:
    description:
      - Skips servers if their last good backup, manual or automatic, is younger than this, or if a backup is in
        progress. Such as V(90m), V(24h), V(7d), V(2w), or a number of seconds.
    type: str
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.attributes
  - opentelekomcloud.csbs.server_filters
  - opentelekomcloud.csbs.wait
attributes:
  idempotent:
    support: partial
    details:
      - With O(max_age), a second run changes nothing. Without it, every run makes new backups, also
        the run after one that was interrupted.
seealso:
  - module: opentelekomcloud.csbs.csbs_backup
"""

EXAMPLES = r"""
- name: Back up all servers of a policy now
  opentelekomcloud.csbs.csbs_policy_run:
    policy: nightly
    poll_interval: 1

- name: Ensure that two of them have a backup of the last 24 hours
  opentelekomcloud.csbs.csbs_policy_run:
    policy: nightly
    servers:
      - web-1
      - web-2
    max_age: 24h
    poll_interval: 1

- name: Back up the servers in all vaults of a policy of CBR
  opentelekomcloud.csbs.csbs_policy_run:
    service: cbr
    policy: nightly-in-vaults
    poll_interval: 1

- name: Start a run for some servers, and do not wait for its end
  opentelekomcloud.csbs.csbs_policy_run:
    policy: nightly
    server_filters:
      name: web-*
      status: ACTIVE
    wait: false
"""

RETURN = r"""
backups:
  description:
    - One backup for each chosen server, the new backup or the existing one that is young enough.
    - Values that are not known yet, in check mode or with O(wait=false), are null.
    - C(vault), with C(id) and C(name), is the vault of CBR that holds the backup. It is null with O(service=csbs).
  returned: success
  type: list
  elements: dict
  sample:
    - id: 90c1d5fa-1b9f-4aeb-b2f4-81c806e98190
      checkpoint_id: f672a1bb-6912-446a-816c-72792c5263e0
      name: manualbk_5f0c
      description: ""
      status: available
      server:
        id: 45baf976-c20a-4894-a7c3-c94b7376bf55
        name: web-1
      vault: null
      tags:
        team: platform
      created_at: "2026-03-01T09:31:08.265000Z"
      protected_at: "2026-03-01T09:31:08.265000Z"
      finished_at: "2026-03-01T09:38:41.000000Z"
      expired_at: null
      auto_trigger: false
      incremental: true
      instant_restore: false
      progress: 100
      size_mb: 1450
      image_type: backup
      availability_zone: eu-de-01
      images: []
      fail_reason: null
      volumes: []
policy:
  description: The policy, with C(id), C(name) and C(enabled), which says whether its schedule is enabled.
  returned: success
  type: dict
  sample:
    id: 27b11f3f-578d-4464-89d1-7c6d5894f753
    name: nightly
    enabled: true
servers:
  description: The chosen servers, each with C(id) and C(name).
  returned: success
  type: list
  elements: dict
  sample:
    - id: 45baf976-c20a-4894-a7c3-c94b7376bf55
      name: web-1
"""

from ..module_utils._ansible.arguments import FILTERS_SPEC, WAIT_SPEC
from ..module_utils._ansible.converge import converge
from ..module_utils._ansible.module import create_module
from ..module_utils._operations.policy_run import finish, parse_options, plan

ARGUMENT_SPEC = {
    "max_age": {"type": "str"},
    "policy": {"type": "str", "required": True},
    "server_filters": FILTERS_SPEC,
    "servers": {"type": "list", "elements": "raw"},
    **WAIT_SPEC,
}


def main():
    converge(create_module(ARGUMENT_SPEC), parse_options, plan, finish)


if __name__ == "__main__":
    main()
