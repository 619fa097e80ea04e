#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_backup_info
short_description: Look up backups
version_added: 0.1.0
description:
  - Returns the backups that match all given options, or all backups if no option is given. The newest come first.
    The list is empty if no backup matches.
  - With O(service=cbr), backups have no tags, so O(tags), O(tags_any), O(not_tags) and O(not_tags_any) are refused.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  ids:
    description:
      - IDs of backups. Unknown IDs are left out. When 100 of them are unknown, the list of the service decides about
        the others.
    type: list
    elements: raw
  name:
    description:
      - Exact name of the backups.
    type: str
  servers:
    description:
      - Names or IDs of servers. Only their backups are returned. An unknown server has no backups.
      - A server that no longer exists is found by its ID, or by the name that its backups have. If an existing server
        has this name, the name means the existing server.
    type: list
    elements: raw
  policy:
    description:
      - Name or ID of the policy that made the backups. An unknown policy has no backups.
        A policy that no longer exists is found by its ID.
      - With O(service=cbr), all backups in the vaults of the policy, whoever made them.
    type: str
  status:
    description:
      - Status of the backups. With O(service=cbr), there is no V(deleted).
    type: str
    choices: [waiting_protect, protecting, available, waiting_restore, restoring, error, waiting_delete, deleting,
      deleted]
  created_after:
    description:
      - Only backups created at this time or later, such as V(2026-03-01) or V(2026-03-01T02:00:00Z). A time without a
        zone is UTC.
    type: str
  created_before:
    description:
      - Only backups created at this time or earlier.
    type: str
  checkpoint_id:
    description:
      - ID of the checkpoint that contains the backups of one run.
    type: str
  image_type:
    description:
      - Type of the backups, such as V(backup).
      - With O(service=cbr), V(backup) or V(replication). Without it, replicas are left out.
    type: str
  availability_zone:
    description:
      - Availability zone of the backups.
    type: str
  count_only:
    description:
      - Whether only the number of backups is returned. The service counts them without a list, unless there are more
        than three servers. With O(service=cbr), the module counts what the service lists.
      - Cannot be used with O(ids) and O(name). A tag query can be counted only if it is the only filter.
    type: bool
    default: false
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.attributes.info
  - opentelekomcloud.csbs.server_filters
  - opentelekomcloud.csbs.tag_queries
"""

EXAMPLES = r"""
- name: Look up the good backups of a server
  opentelekomcloud.csbs.csbs_backup_info:
    servers: [web-1]
    status: available
  register: found

- name: Look up backups that failed since yesterday
  opentelekomcloud.csbs.csbs_backup_info:
    status: error
    created_after: "{{ '%Y-%m-%d' | ansible.builtin.strftime(now().timestamp() - 86400) }}"

- name: Look up backups by tag
  opentelekomcloud.csbs.csbs_backup_info:
    tags:
      change: CHG-4711

- name: Look up the backups in the vaults of a policy of CBR
  opentelekomcloud.csbs.csbs_backup_info:
    service: cbr
    policy: nightly-in-vaults

- name: Count all backups
  opentelekomcloud.csbs.csbs_backup_info:
    count_only: true
"""

RETURN = r"""
backups:
  description:
    - The backups, in the shape that M(opentelekomcloud.csbs.csbs_backup) returns. Empty with O(count_only).
    - C(server.name) is the current name of the server. If the server no longer exists, it is the name that is stored
      in the backup.
    - With O(service=cbr), C(volumes) is empty in lists. It has the disks if up to three O(ids) are given. C(size_mb)
      and C(finished_at) are null.
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
      volumes:
        - id: 70675cbc-d3a8-43a7-9f81-c8b6bc3f5d6d
          status: available
          volume_id: ee27f809-6fb5-40ae-ac46-c932bb4ee8fe
          volume_name: web-1-system
          volume_size_gb: 20
          bootable: true
          size_mb: 1450
count:
  description: Number of backups that match.
  returned: success
  type: int
  sample: 1
"""

from ..module_utils._ansible.arguments import FILTERS_SPEC, TAG_QUERY_SPEC
from ..module_utils._ansible.module import create_module
from ..module_utils._ansible.report import report
from ..module_utils._operations.backup_info import parse_options, read

STATUSES = [
    "waiting_protect",
    "protecting",
    "available",
    "waiting_restore",
    "restoring",
    "error",
    "waiting_delete",
    "deleting",
    "deleted",
]
ARGUMENT_SPEC = {
    "availability_zone": {"type": "str"},
    "checkpoint_id": {"type": "str"},
    "count_only": {"type": "bool", "default": False},
    "created_after": {"type": "str"},
    "created_before": {"type": "str"},
    "ids": {"type": "list", "elements": "raw"},
    "image_type": {"type": "str"},
    "name": {"type": "str"},
    "policy": {"type": "str"},
    "server_filters": FILTERS_SPEC,
    "servers": {"type": "list", "elements": "raw"},
    "status": {"type": "str", "choices": STATUSES},
    **TAG_QUERY_SPEC,
}


def main():
    report(create_module(ARGUMENT_SPEC), parse_options, read)


if __name__ == "__main__":
    main()
