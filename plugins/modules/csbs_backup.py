#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_backup
short_description: Back up servers now, or delete backups, with Cloud Server Backup Service
version_added: 0.1.0
description:
  - Backs up any number of servers in one task, and waits until each backup is available.
  - Deletes backups by ID or by name, one by one. Backups of other servers in the same checkpoint stay.
  - While the module waits on the control node, the output shows how many backups are finished.
  - Manual backups stay until somebody deletes them. The retention of policies has no effect on them.
  - With O(service=cbr), a server must be in a vault. All chosen servers of a vault are backed up with one request, and
    servers of several vaults with one request for each vault.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  state:
    description:
      - With V(present), the chosen servers have a backup.
      - With V(absent), the backups in O(ids) or of the name O(name) are deleted. Options that describe new backups
        are then refused, because users could take them for a condition.
    type: str
    choices: [absent, present]
    default: present
  servers:
    description:
      - Names or IDs of servers, or dictionaries with C(id) as in results.
      - With O(state=present), this or O(server_filters) is required. An empty list chooses no server.
      - With O(state=absent), only backups of these servers are deleted. Give a server that no longer exists by its
        ID, or by the name that its backups have.
    type: list
    elements: raw
  name:
    description:
      - Name of the backups. Several servers get the name with the suffixes V(-0001), V(-0002) and so on.
      - With O(service=cbr), the service sets these suffixes, for the servers of each vault anew. A server that is alone
        in its request gets the plain name. A name has up to 64 characters, and 59 if it may get a suffix.
      - If a server already has a backup of this name that is good or in progress, the module makes no other one.
      - Without it, a backup is named C(manualbk_xxxx), and every run makes a new backup unless O(max_age) is given.
        So does the run after one that was interrupted.
      - With O(state=absent), backups of this name are deleted, with and without suffix.
      - Four digits are a suffix only if they begin with 0, or are not greater than the number of backups of this name.
        So V(release-2024) is another name, and not a backup of the name V(release) with a suffix.
    type: str
  description:
    description:
      - What the backups are for, up to 255 characters without C(<) and C(>).
    type: str
  incremental:
    description:
      - Whether the backups are incremental (V(true)) or full (V(false)). Without it, the default of the service
        applies.
      - The first backup of a server is always full. Instant Restore of later backups needs a full backup.
    type: bool
  tags:
    description:
      - Tags of new backups, at most 10.
      - Refused with O(service=cbr), because CBR keeps no tags on backups.
    type: dict
  max_age:
    description:
      - Skips servers if their last good backup, manual or automatic, is younger than this, or if a backup is in
        progress. Such as V(90m), V(24h), V(7d), V(2w), or a number of seconds.
      - Together with O(name), only the age decides. New backups get the name.
    type: str
  skip_unprotectable:
    description:
      - Whether servers that cannot be backed up are left out, and returned in RV(skipped_servers). With
        O(service=cbr), these are also servers in no vault, unless O(vault) takes them.
      - With V(false), one such server is an error, and no server is backed up.
    type: bool
    default: false
  concurrency:
    description:
      - How many requests that start backups are sent in parallel. With O(service=cbr), these are vaults. Deletions are
        limited to 5.
    type: int
    default: 5
  vault:
    description:
      - Name or ID of the vault that takes the chosen servers that are in no vault, with O(service=cbr). Without it,
        such a server is an error.
      - Servers that are in a vault stay there, and are backed up there.
      - If there is no vault of this name, it is made, without a policy. Before that, the task looks for it for 30
        seconds, because lists of the service may be late.
      - A vault that is too small for the disks of its servers grows. An empty vault that is like a new one for the same
        servers, but does not grow by itself when it is full, is taken for one that an interrupted run has left, and
        gets C(auto_expand).
      - A server that is in a policy of CSBS cannot join a vault, and is refused before anything is written.
      - Refused with O(service=csbs), which has no vaults.
    type: str
  ids:
    description:
      - IDs of backups to delete, with O(state=absent). Mutually exclusive with O(name), O(servers) and
        O(server_filters).
    type: list
    elements: raw
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
      - With O(name), O(max_age) or O(state=absent), a second run changes nothing. Without them, every run makes a new
        backup.
"""

EXAMPLES = r"""
- name: Back up two servers before a change, and wait until both backups are available
  opentelekomcloud.csbs.csbs_backup:
    name: before-upgrade
    description: Before the upgrade to release 12
    servers:
      - web-1
      - db-1
    tags:
      change: CHG-4711
    poll_interval: 1

- name: Ensure that every web server has a backup of the last 24 hours
  opentelekomcloud.csbs.csbs_backup:
    server_filters:
      name: web-*
    max_age: 24h
    poll_interval: 1

- name: Make a full backup of a server, even if other backups exist
  opentelekomcloud.csbs.csbs_backup:
    servers: [db-1]
    incremental: false
    poll_interval: 1

- name: Back up a server with CBR, in a vault that is made when it is not there
  opentelekomcloud.csbs.csbs_backup:
    service: cbr
    name: before-upgrade
    servers: [store-1]
    vault: manual
    poll_interval: 1

- name: Delete the backups again
  opentelekomcloud.csbs.csbs_backup:
    name: before-upgrade
    state: absent
    poll_interval: 1
"""

RETURN = r"""
backups:
  description:
    - With O(state=present), one backup for each chosen server that was not skipped, new or existing.
    - With O(state=absent), the deleted backups.
    - Values that are not known yet, in check mode or with O(wait=false), are null.
    - C(vault), with C(id) and C(name), is the vault of CBR that holds the backup. It is null with O(service=csbs).
    - CBR does not report C(size_mb), which is then null.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 90c1d5fa-1b9f-4aeb-b2f4-81c806e98190
      checkpoint_id: f672a1bb-6912-446a-816c-72792c5263e0
      name: before-upgrade-0001
      description: Before the upgrade to release 12
      status: available
      server:
        id: 45baf976-c20a-4894-a7c3-c94b7376bf55
        name: web-1
      vault: null
      tags:
        change: CHG-4711
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
skipped_servers:
  description: With O(skip_unprotectable=true), the servers that cannot be backed up, each with C(id), C(name) and
    C(reason).
  returned: success
  type: list
  elements: dict
  sample: []
servers:
  description: The servers that O(servers) and O(server_filters) chose, each with C(id) and C(name). Empty with
    O(state=absent).
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
from ..module_utils._operations.backup import finish, parse_options, plan

ARGUMENT_SPEC = {
    "concurrency": {"type": "int", "default": 5},
    "description": {"type": "str"},
    "ids": {"type": "list", "elements": "raw"},
    "incremental": {"type": "bool"},
    "max_age": {"type": "str"},
    "name": {"type": "str"},
    "server_filters": FILTERS_SPEC,
    "servers": {"type": "list", "elements": "raw"},
    "skip_unprotectable": {"type": "bool", "default": False},
    "state": {"type": "str", "default": "present", "choices": ["absent", "present"]},
    "tags": {"type": "dict"},
    "vault": {"type": "str"},
    **WAIT_SPEC,
}


def main():
    module = create_module(
        ARGUMENT_SPEC,
        mutually_exclusive=[["ids", "name"], ["ids", "servers"], ["ids", "server_filters"]],
        required_if=[
            ["state", "absent", ["ids", "name"], True],
            ["state", "present", ["servers", "server_filters"], True],
        ],
    )
    converge(module, parse_options, plan, finish)


if __name__ == "__main__":
    main()
