#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_migration
short_description: Move the servers of a backup policy from CSBS to CBR
version_added: 0.1.0
description:
  - Makes a policy of CBR with vaults from a policy of CSBS, and moves its servers there, one by one. Each server gets
    its first backup with CBR, and the task waits for it.
  - A server can be in one of the services only. It leaves CSBS, and joins its vault with the very next request. If the
    vault does not take it, it is put back.
  - No server leaves CSBS without a good backup there that is younger than O(max_age). A server that cannot move stays
    where it is, the others are moved, and then the task fails and names it.
  - A task that was interrupted, whenever and wherever, is simply run again, on any machine. Before a server leaves,
    its vault gets a tag whose key is the ID of the server. It is removed when the server is in the vault. Several tasks
    may run at the same time.
  - Old backups stay in CSBS, and so does the policy of CSBS. Servers that no longer exist stay in it, too.
  - M(opentelekomcloud.csbs.csbs_migration_info) shows before what each policy becomes, and what gets lost.
  - The module works with both services at once, so it has no option C(service). Both must be in the catalog. A
    C(service) in the C(module_defaults) of the action group has no effect on it. All other defaults hold.
  - While the module works on the control node, the output shows how many servers are moved, and how many backups are
    finished.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  policy:
    description:
      - Name or ID of the policy of CSBS.
      - If something stands in the way of the whole policy, nothing is changed. The message says what to do.
    type: str
    required: true
  state:
    description:
      - With V(prepared), there is a policy of CBR with vaults that have room for the servers. No server is touched.
      - With V(moved), the servers are in these vaults, too, and have their first backups.
    type: str
    choices: [moved, prepared]
    default: prepared
  servers:
    description:
      - Names or IDs of servers of the policy, or dictionaries with C(id) as in results. Only these are moved, and the
        vaults get room for these only. The default is all servers of the policy. With V([]), no server is moved.
    type: list
    elements: raw
  target_name:
    description:
      - Name of the policy of CBR. The default is the name of the policy of CSBS, shortened to 64 characters, with
        hyphens for characters that CBR does not allow.
      - A policy of CBR with this name that has servers which never were in CSBS is refused unless this option names it.
      - A policy of CBR with this name that has no servers gets the schedule and the retention of the policy of CSBS.
        One that has servers keeps its own, and RV(notes) says in what they differ.
    type: str
  retention:
    description:
      - How long the backups of the schedule are kept with CBR. This is the whole rule. The default is that of the
        policy of CSBS.
      - It is needed if CBR cannot have the retention of the policy, for example days together with a number of backups.
      - Give O(retention.days) alone, or the other keys. V({}) keeps backups forever.
    type: dict
    suboptions:
      max_backups:
        description:
          - How many backups of each server are kept, 1 to 99999. V(-1) means no limit.
        type: int
      days:
        description:
          - How many days backups are kept, 1 to 99999. V(-1) means no limit.
        type: int
      permanent:
        description:
          - Whether backups are kept forever. V(true) alone is the same as V({}).
        type: bool
      daily:
        description:
          - For how many days the last backup of the day is kept, up to 100.
        type: int
      weekly:
        description:
          - For how many weeks the last backup of the week is kept, up to 100.
        type: int
      monthly:
        description:
          - For how many months the last backup of the month is kept, up to 100.
        type: int
      yearly:
        description:
          - For how many years the last backup of the year is kept, up to 100.
        type: int
      timezone:
        description:
          - Time zone in which days, weeks, months and years begin, such as V(UTC+01:00) or V(Europe/Berlin). Required
            with O(retention.daily), O(retention.weekly), O(retention.monthly) and O(retention.yearly).
        type: str
  vault:
    description:
      - What a vault is like that the task makes. Vaults that exist are never renamed, and grow only if servers need
        the room.
    type: dict
    suboptions:
      name:
        description:
          - Name of the first vault that the task makes. Further vaults get V(-0002), V(-0003) and so on. The default is
            the name of the policy of CBR.
        type: str
      size_gb:
        description:
          - Size of a new vault in GB, at least the sum of the disks of its servers. The service bills this size. The
            default is the sum of the disks of the servers times O(vault.size_factor), at least 10 GB.
        type: int
      size_factor:
        description:
          - A new or growing vault is this many times as large as the disks of its servers, at least 1.
        type: float
        default: 2.0
      auto_expand:
        description:
          - Whether the service enlarges a new vault by a quarter when it is full. Without it, a full vault takes no
            more backups.
          - Also switched on for a vault of the policy that is empty and has the name of a new one, because an
            interrupted run may have left it.
        type: bool
        default: true
  max_age:
    description:
      - A server leaves CSBS only if its last good backup there is younger than this. Such as V(90m), V(24h), V(7d),
        V(2w), or a number of seconds.
      - This is checked in the plan, and again right before the server leaves.
    type: str
    default: 24h
  first_backup:
    description:
      - Whether servers that are in CBR and have no good backup there get one. A first backup is full, so it takes as
        long as the disks are large. Give O(timeout) accordingly.
    type: bool
    default: true
  concurrency:
    description:
      - How many servers are moved at a time, 1 to 10.
    type: int
    default: 5
  wait:
    description:
      - Whether the task waits until the first backups are finished. The moves themselves are always finished.
      - With V(false), the task ends as soon as the backups have begun.
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.attributes
  - opentelekomcloud.csbs.wait
attributes:
  check_mode:
    support: full
    details:
      - In check mode, servers that cannot move are in RV(not_moved), and the task does not fail because of them.
seealso:
  - module: opentelekomcloud.csbs.csbs_migration_info
  - module: opentelekomcloud.csbs.csbs_policy
"""

EXAMPLES = r"""
- name: Make the policy of CBR and its vault, and touch no server
  opentelekomcloud.csbs.csbs_migration:
    policy: mail

- name: Move one server first, whose last backup may be two weeks old
  opentelekomcloud.csbs.csbs_migration:
    policy: mail
    state: moved
    servers:
      - mail-1
    max_age: 2w
    poll_interval: 1

- name: Move all others, three at a time, and take six hours for their first backups
  opentelekomcloud.csbs.csbs_migration:
    policy: mail
    state: moved
    max_age: 2w
    concurrency: 3
    timeout: 21600
    poll_interval: 1

- name: Decide what CBR cannot take over, and back servers up later with the schedule
  opentelekomcloud.csbs.csbs_migration:
    policy: archive
    state: moved
    target_name: archive-2026
    retention:
      days: 30
    vault:
      size_factor: 3
    max_age: 4w
    first_backup: false
"""

RETURN = r"""
policy:
  description:
    - The policy of CBR after the task, or in check mode as the task would leave it, in the shape of
      M(opentelekomcloud.csbs.csbs_policy). C(id) and C(vaults[].id) are null in check mode if they would be new.
    - If the task fails because there is no such policy yet, it is null.
  returned: success
  type: dict
  sample:
    id: 27b11f3f-578d-4464-89d1-7c6d5894f753
    name: mail
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
        name: mail-1
    tags:
      team: platform
    created_at: null
    vaults:
      - id: 0f8c1a4e-0d3a-4c0b-9a6e-2f1f3d0f5b7c
        name: mail
        size_gb: 80
        used_mb: 20480
        server_count: 1
moved:
  description: The servers that the task has moved, or in check mode would move, each with C(id) and C(name).
  returned: always, unless an option is wrong or the login fails
  type: list
  elements: dict
  sample:
    - id: 45baf976-c20a-4894-a7c3-c94b7376bf55
      name: mail-1
not_moved:
  description:
    - The servers that the task was to move and did not, each with C(id), C(name) and C(reason). If it is not empty, the
      task fails, except in check mode.
  returned: always, unless an option is wrong or the login fails
  type: list
  elements: dict
  sample: []
backups:
  description:
    - The first backups of servers, in the shape of M(opentelekomcloud.csbs.csbs_backup), as far as the task has begun
      them or waited for them. Values that are not known yet, in check mode or with O(wait=false), are null.
  returned: always, unless an option is wrong or the login fails
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
        name: mail-1
      vault:
        id: 0f8c1a4e-0d3a-4c0b-9a6e-2f1f3d0f5b7c
        name: mail
      tags: {}
      created_at: "2026-03-01T09:31:08.265000Z"
      protected_at: "2026-03-01T09:31:08.265000Z"
      finished_at: null
      expired_at: null
      auto_trigger: false
      incremental: true
      instant_restore: true
      progress: 100
      size_mb: null
      image_type: backup
      availability_zone: eu-de-01
      images: []
      fail_reason: null
      volumes: []
notes:
  description: Hints for the user, for example that servers of the policy no longer exist.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ..module_utils._ansible.arguments import VAULT_SPEC, WAIT_SPEC
from ..module_utils._ansible.converge import converge_on_both
from ..module_utils._ansible.module import create_module
from ..module_utils._ansible.policy_arguments import POLICY_SPEC
from ..module_utils._operations.migration import finish, parse_options, plan

ARGUMENT_SPEC = {
    "concurrency": {"type": "int", "default": 5},
    "first_backup": {"type": "bool", "default": True},
    "max_age": {"type": "str", "default": "24h"},
    "policy": {"type": "str", "required": True},
    "retention": POLICY_SPEC["retention"],
    "servers": {"type": "list", "elements": "raw"},
    "state": {"type": "str", "default": "prepared", "choices": ["moved", "prepared"]},
    "target_name": {"type": "str"},
    "vault": VAULT_SPEC["vault"],
    **WAIT_SPEC,
}


def main():
    converge_on_both(create_module(ARGUMENT_SPEC, with_service=False), parse_options, plan, finish)


if __name__ == "__main__":
    main()
