#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_protection_info
short_description: Look up which servers are protected, by which policy, and how old their last good backup is
version_added: 0.1.0
description:
  - Returns for each server its backup policy, whether it can be backed up and why not, its last good backup, and the
    number of its good backups. With O(max_age), the result also says whether the last good backup is young enough.
  - Without O(servers) and O(server_filters), it returns every server of the project. Servers that no longer exist are
    not in the result, even if they still have backups.
  - With O(services), it reads CSBS and CBR, and returns one verdict for each server over both. In the middle of a
    migration, no server is counted twice, and none is lost.
  - The module reads a few lists. Their number is the same for one server and for thousands.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  servers:
    description:
      - Names or IDs of servers, or dictionaries with C(id) as in results.
      - An unknown server is an error, so that a misspelled name is never taken for a protected server.
    type: list
    elements: raw
  max_age:
    description:
      - Maximum age of the last good backup of a server, such as V(90m), V(24h), V(7d), V(2w), or a number of seconds.
      - A backup that is in progress counts as young. So a server is compliant exactly if
        M(opentelekomcloud.csbs.csbs_backup) with the same O(opentelekomcloud.csbs.csbs_backup#module:max_age) would
        not back it up.
      - With O(services), a good backup in either service is enough, whether the server is in a policy or not.
    type: str
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.services
  - opentelekomcloud.csbs.attributes.info
  - opentelekomcloud.csbs.server_filters
"""

EXAMPLES = r"""
- name: Look up the protection of all servers of the project
  opentelekomcloud.csbs.csbs_protection_info:
  register: found

- name: Look up which web servers have a good backup of the last 24 hours
  opentelekomcloud.csbs.csbs_protection_info:
    server_filters:
      name: web-*
    max_age: 24h

- name: Look up the protection in the middle of a migration from CSBS to CBR
  opentelekomcloud.csbs.csbs_protection_info:
    services:
      - csbs
      - cbr
    max_age: 24h

- name: Fail if one of these servers cannot be backed up
  opentelekomcloud.csbs.csbs_protection_info:
    servers:
      - web-1
      - web-2
  register: found
  failed_when: found.summary.unprotectable > 0
"""

RETURN = r"""
servers:
  description: The servers. Those in O(servers) come first and in the given order, the others are sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: ID of the server.
      type: str
    name:
      description: Name of the server.
      type: str
    service:
      description:
        - The backup service of the server, V(csbs) or V(cbr). With a single service it is always that one.
        - With both in O(services), it is that of the policy that holds the server, or else that of the newest good
          backup. Null if there is neither.
      type: str
    policy:
      description: The backup policy of the server, with C(id), C(name) and C(enabled). Null if it is in no policy.
      type: dict
    protectable:
      description:
        - Whether the server can be backed up. This is also true for a server that is only busy, or that is in a policy.
        - With several services, the service of the policy decides. For a server in no policy, it is enough that one of
          them can back it up.
      type: bool
    reason:
      description: Why the server cannot be backed up. Null if it can be backed up.
      type: str
    last_backup:
      description:
        - The newest good backup, in the shape that M(opentelekomcloud.csbs.csbs_backup) returns. Null if there is none.
        - A good backup is available, or a restore from it is in progress. It can be automatic or manual.
      type: dict
    backup_count:
      description: Number of good backups.
      type: int
    size_mb:
      description:
        - Size of all good backups in MB, as far as the service reports it.
        - CBR reports it for all backups of a server in its vault, also for those that are not good.
      type: int
    age_seconds:
      description: Age of the recovery point of the last good backup, in seconds. Null if there is no good backup.
      type: int
    compliant:
      description: Whether the last good backup is younger than O(max_age), or a backup is in progress. Null without
        O(max_age).
      type: bool
  sample:
    - id: 45baf976-c20a-4894-a7c3-c94b7376bf55
      name: web-1
      service: csbs
      policy:
        id: 27b11f3f-578d-4464-89d1-7c6d5894f753
        name: nightly
        enabled: true
      protectable: true
      reason: null
      last_backup:
        id: 90c1d5fa-1b9f-4aeb-b2f4-81c806e98190
        checkpoint_id: f672a1bb-6912-446a-816c-72792c5263e0
        name: autobk_b629
        description: ""
        status: available
        server:
          id: 45baf976-c20a-4894-a7c3-c94b7376bf55
          name: web-1
        vault: null
        tags:
          team: platform
        created_at: "2026-03-01T01:00:08.265000Z"
        protected_at: "2026-03-01T01:00:08.265000Z"
        finished_at: "2026-03-01T01:07:41.000000Z"
        expired_at: null
        auto_trigger: true
        incremental: true
        instant_restore: false
        progress: 100
        size_mb: 1450
        image_type: backup
        availability_zone: eu-de-01
        images: []
        fail_reason: null
        volumes: []
      backup_count: 14
      size_mb: 20300
      age_seconds: 30600
      compliant: true
summary:
  description: The number of servers of each kind.
  returned: success
  type: dict
  contains:
    servers:
      description: All servers in the result.
      type: int
    protected:
      description: Servers in a policy that is enabled.
      type: int
    disabled:
      description: Servers in a policy that is disabled.
      type: int
    unprotected:
      description: Servers in no policy. C(protected), C(disabled) and C(unprotected) together are all servers.
      type: int
    unprotectable:
      description: Servers that cannot be backed up, whether they are in a policy or not.
      type: int
    never_backed_up:
      description: Servers without a good backup.
      type: int
    compliant:
      description: Servers with a good backup younger than O(max_age), or with a backup in progress. Null without
        O(max_age).
      type: int
    stale:
      description: All other servers, including those without a good backup. Null without O(max_age).
      type: int
  sample:
    servers: 8
    protected: 5
    disabled: 1
    unprotected: 2
    unprotectable: 1
    never_backed_up: 1
    compliant: 6
    stale: 2
"""

from ..module_utils._ansible.arguments import FILTERS_SPEC, SERVICES_SPEC
from ..module_utils._ansible.module import create_module
from ..module_utils._ansible.report import report_of_all
from ..module_utils._operations.protection_info import parse_options, read

ARGUMENT_SPEC = {
    "max_age": {"type": "str"},
    "server_filters": FILTERS_SPEC,
    "servers": {"type": "list", "elements": "raw"},
    "services": SERVICES_SPEC,
}


def main():
    report_of_all(create_module(ARGUMENT_SPEC), parse_options, read)


if __name__ == "__main__":
    main()
