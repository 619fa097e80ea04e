#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_protection_info
short_description: Tell which servers are protected, by what, and how old their last good backup is
version_added: 0.1.0
description:
  - Returns for each server its backup policy, whether it can be backed up and why not, its last good backup, and how many good
    backups it has; with O(max_age) also whether the last one is young enough.
  - Without O(servers) and O(server_filters) it speaks of every server of the project. A server that no longer exists is not
    spoken of, whatever backups of it there still are.
  - It reads a few lists, as many for one server as for thousands.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  servers:
    description:
      - Names or IDs of servers, or dictionaries with C(id) as results hold them.
      - An unknown server is an error here, so that a misspelt name never passes for a protected server.
    type: list
    elements: raw
  max_age:
    description:
      - How old the last good backup of a server may be, such as V(90m), V(24h), V(7d), V(2w), or a number of seconds.
      - A backup that is running counts as young, so that a server is compliant exactly when
        M(opentelekomcloud.csbs.csbs_backup) with the same O(opentelekomcloud.csbs.csbs_backup#module:max_age) would leave it alone.
    type: str
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.attributes.info
  - opentelekomcloud.csbs.server_filters
"""

EXAMPLES = r"""
- name: Look up how all servers of the project are protected
  opentelekomcloud.csbs.csbs_protection_info:
  register: found

- name: Look up which web servers have had a good backup within a day
  opentelekomcloud.csbs.csbs_protection_info:
    server_filters:
      name: web-*
    max_age: 24h

- name: Fail when one of these servers cannot be backed up
  opentelekomcloud.csbs.csbs_protection_info:
    servers:
      - web-1
      - web-2
  register: found
  failed_when: found.summary.unprotectable > 0
"""

RETURN = r"""
servers:
  description: The servers, those that O(servers) names first and in its order, the others by name.
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
    policy:
      description: The backup policy that the server is in, with C(id), C(name) and C(enabled). Null when it is in none.
      type: dict
    protectable:
      description: Whether the server can be backed up. One that is merely busy can, and so can one in a policy.
      type: bool
    reason:
      description: Why it cannot be backed up. Null when it can.
      type: str
    last_backup:
      description:
        - The newest good backup, in the shape that M(opentelekomcloud.csbs.csbs_backup) returns. Null when there is none.
        - A good backup is available, or is just being restored. It may have been made by a policy or by hand.
      type: dict
    backup_count:
      description: How many good backups there are.
      type: int
    size_mb:
      description: What the good backups take together, in MB, as far as the service tells.
      type: int
    age_seconds:
      description: How old the point in time is that the last good backup holds. Null when there is none.
      type: int
    compliant:
      description: Whether the last good backup is younger than O(max_age), or one is running. Null without O(max_age).
      type: bool
  sample:
    - id: 45baf976-c20a-4894-a7c3-c94b7376bf55
      name: web-1
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
  description: How many servers of each kind were found.
  returned: success
  type: dict
  contains:
    servers:
      description: Servers spoken of.
      type: int
    protected:
      description: Servers in a policy that is enabled.
      type: int
    disabled:
      description: Servers in a policy that is disabled.
      type: int
    unprotected:
      description: Servers in no policy. With C(protected) and C(disabled) they are all servers.
      type: int
    unprotectable:
      description: Servers that cannot be backed up, in a policy or not.
      type: int
    never_backed_up:
      description: Servers without a good backup.
      type: int
    compliant:
      description: Servers whose last good backup is younger than O(max_age), or that have one running. Null without O(max_age).
      type: int
    stale:
      description: All other servers, those without a good backup among them. Null without O(max_age).
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

from ..module_utils._ansible.arguments import FILTERS_SPEC
from ..module_utils._ansible.module import create_module
from ..module_utils._ansible.report import report
from ..module_utils._operations.protection_info import parse_options, read

ARGUMENT_SPEC = {
    "max_age": {"type": "str"},
    "server_filters": FILTERS_SPEC,
    "servers": {"type": "list", "elements": "raw"},
}


def main():
    report(create_module(ARGUMENT_SPEC), parse_options, read)


if __name__ == "__main__":
    main()
