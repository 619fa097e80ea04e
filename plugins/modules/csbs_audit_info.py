#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_audit_info
short_description: Judge servers by the controls of an audit, and find what is wrong, with the commands that mend it
version_added: 0.1.0
description:
  - Judges each server by controls, such as whether it is in an enabled policy and has a recent backup. Each control has
    a result and the evidence for it. What cannot be judged is not a pass.
  - Returns also the policies with their next runs, the quotas, the growth in size, the backups of servers that no
    longer exist, and findings. A finding says what to do, with the commands for it.
  - Without O(servers) and O(server_filters), it judges every server of the project. Only then the result has policies
    without any of the servers, and the servers that no longer exist.
  - The role P(opentelekomcloud.csbs.report#role) makes a page for people and four files for programs of this result.
  - With O(services), it judges CSBS and CBR as one. Each server has one row, and each command names its service.
  - The module reads a few lists. Their number is the same for one server and for thousands.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  servers:
    description:
      - Names or IDs of servers, or dictionaries with C(id) as in results.
    type: list
    elements: raw
  ignore_unknown_servers:
    description:
      - Whether unknown servers in O(servers) are left out and returned in RV(unknown_servers). This is for servers in
        several projects. Otherwise an unknown server is an error.
    type: bool
    default: false
  controls:
    description:
      - The controls that every server is judged by. Those without a value are left out.
      - An age is written like V(90m), V(24h), V(7d), V(2w), or as a number of seconds.
    type: dict
    default: {}
    suboptions:
      enabled_policy:
        description:
          - The server is in a policy, and the policy is enabled. If the service shows no schedule of the policy, this
            cannot be judged.
        type: bool
        default: true
      min_frequency:
        description:
          - The longest time that may be between two runs of the policy, one hour at least.
          - For a disabled policy this control fails. If the service does not document the schedule, it cannot be
            judged.
        type: str
      min_retention_days:
        description:
          - The number of days for which the policy must keep every backup. A maximum number of backups counts as the
            shortest time that so many runs take.
          - Long-term counts such as C(monthly) do not count, because they keep only some of the backups.
        type: int
      max_age:
        description:
          - The promised recovery point, which is the maximum age of the last good backup.
          - As with O(opentelekomcloud.csbs.csbs_protection_info#module:max_age), a backup in progress counts as young.
        type: str
        default: 24h
      no_failed_backup:
        description:
          - No backup has failed since the last good one. Without any backup, good or failed, this cannot be judged.
        type: bool
        default: true
      room:
        description:
          - With CSBS, the quotas have room for one more backup of every server that is judged, each of the size of its
            last one. If the size is limited, this cannot be judged for a server without a backup.
          - With CBR, the vault of the server has room for one more backup of all its servers. CBR gives no size of a
            single backup, so a next one counts as the mean of those that the server has there. If the first backup of a
            server may not fit, this cannot be judged. A vault that grows by itself (C(auto_expand)) passes unless it is
            full already. Without a vault, this control fails.
        type: bool
        default: true
      locked:
        description:
          - The backups are locked.
          - With CBR, the vault that holds the server is locked. CSBS cannot lock backups, so this control cannot be
            judged for a server whose last good backup is there.
        type: bool
        default: false
      restore_tested_within:
        description:
          - The maximum age of the last restore test.
          - The service keeps no record of tests. So the metadata of the server must hold the date, see
            O(restore_tested_key).
        type: str
  max_age_key:
    description:
      - A key of the metadata of servers. A server with this key has its value as promise instead of
        O(controls.max_age). If the value is not an age, the promise cannot be judged.
    type: str
  restore_tested_key:
    description:
      - The key of the metadata of servers that holds the date of the last restore test, such as V(2026-03-01).
    type: str
    default: csbs_restore_tested
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.services
  - opentelekomcloud.csbs.attributes.info
  - opentelekomcloud.csbs.server_filters
seealso:
  - module: opentelekomcloud.csbs.csbs_protection_info
"""

EXAMPLES = r"""
- name: Judge all servers of the project
  opentelekomcloud.csbs.csbs_audit_info:
  register: audit

- name: Judge production by the controls of the company
  opentelekomcloud.csbs.csbs_audit_info:
    server_filters:
      metadata:
        env: prod
    controls:
      max_age: 26h
      min_frequency: 24h
      min_retention_days: 14
      restore_tested_within: 90d
    max_age_key: rpo
  register: audit

- name: Judge those of these servers that are in this project, without a look at quotas
  opentelekomcloud.csbs.csbs_audit_info:
    servers:
      - web-1
      - server-of-another-project
    ignore_unknown_servers: true
    controls:
      enabled_policy: true
      no_failed_backup: true
      room: false
      locked: false
      restore_tested_within: 90d
    restore_tested_key: last_restore_test

- name: Judge all servers in the middle of a migration from CSBS to CBR
  opentelekomcloud.csbs.csbs_audit_info:
    services:
      - csbs
      - cbr
    controls:
      locked: true

- name: Show what is wrong, and how to mend it
  ansible.builtin.debug:
    msg: "{{ item.title }}: {{ item.commands }}"
  loop: "{{ audit.findings }}"
  loop_control:
    label: "{{ item.kind }}"
"""

RETURN = r"""
servers:
  description:
    - The servers. Those in O(servers) come first and in the given order, the others are sorted by name.
    - Each has the fields that M(opentelekomcloud.csbs.csbs_protection_info) returns, and these.
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
      description: Whether the server can be backed up.
      type: bool
    reason:
      description: Why the server cannot be backed up. Null if it can be backed up.
      type: str
    last_backup:
      description: The newest good backup. Null if there is none.
      type: dict
    backup_count:
      description: Number of good backups.
      type: int
    size_mb:
      description: Size of all good backups in MB, as far as the service reports it.
      type: int
    age_seconds:
      description: Age of the last good backup in seconds. Null if there is none.
      type: int
    compliant:
      description: Whether the promised recovery point is met. Null if the promise cannot be read.
      type: bool
    max_age_seconds:
      description: The promised recovery point in seconds. Null if the promise cannot be read.
      type: int
    promised_by:
      description: Where the promise is from, V(controls) or V(metadata).
      type: str
    failed_backups:
      description: Number of backups that have failed since the last good one.
      type: int
    controls:
      description:
        - By control, C(result) and C(evidence). The result is V(pass), V(fail) or V(unknown), which means that the
          control cannot be judged.
      type: dict
    passed:
      description: Whether the server passes every control.
      type: bool
    history:
      description:
        - A character for each of the last 28 days in UTC, the oldest first. V(g) is a day with a good backup, V(f) one
          with failed backups only, and a dot one without any. Backups that were deleted do not count.
      type: str
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
        name: autobk_b629
        status: available
        protected_at: "2026-03-01T01:00:08.265000Z"
      backup_count: 14
      size_mb: 20300
      age_seconds: 30600
      compliant: true
      max_age_seconds: 86400
      promised_by: controls
      failed_backups: 0
      controls:
        max_age:
          result: pass
          evidence: "the last good backup is 8h 30m old; promised: 1d"
      passed: true
      history: "..............gggggggggggggg"
policies:
  description: The policies, as M(opentelekomcloud.csbs.csbs_policy_info) returns them but without servers and tags.
  returned: success
  type: list
  elements: dict
  contains:
    service:
      description: The service of the policy, V(csbs) or V(cbr).
      type: str
    id:
      description: ID of the policy.
      type: str
    name:
      description: Name of the policy.
      type: str
    enabled:
      description: Whether the policy is enabled.
      type: bool
    schedule:
      description: When the policy runs.
      type: dict
    retention:
      description: How long the policy keeps its backups.
      type: dict
    created_at:
      description: When the policy was created.
      type: str
    server_count:
      description: Number of servers in the policy.
      type: int
    next_runs:
      description:
        - The next three runs in UTC. Empty if the policy is disabled, null if the schedule is not known.
        - An interval of several days is counted from C(created_at), because the service does not show when the schedule
          was changed.
      type: list
      elements: str
    longest_gap_seconds:
      description: The longest time between two runs. Null if the policy is disabled or the schedule is not known.
      type: int
    retention_days:
      description: The days for which every backup is kept. V(-1) means for ever. Null if that is not known.
      type: int
  sample:
    - service: csbs
      id: 27b11f3f-578d-4464-89d1-7c6d5894f753
      name: nightly
      enabled: true
      schedule:
        frequency: daily
        interval: 1
        days: null
        times:
          - "01:00"
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
      created_at: "2026-02-01T09:31:08.265000Z"
      server_count: 5
      next_runs:
        - "2026-03-02T01:00:00Z"
        - "2026-03-03T01:00:00Z"
        - "2026-03-04T01:00:00Z"
      longest_gap_seconds: 86400
      retention_days: 14
quotas:
  description: The quotas, as M(opentelekomcloud.csbs.csbs_quota_info) returns them, each with its C(service).
  returned: success
  type: list
  elements: dict
  sample:
    - service: csbs
      type: backups
      name: null
      unit: null
      quota: 1000
      unlimited: false
      used: 112
      free: 888
      used_percent: 11
vaults:
  description:
    - The vaults of CBR. A vault costs money by its size, whether it is used or not. Empty with CSBS alone.
    - With O(servers) or O(server_filters), only those of the chosen servers.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: ID of the vault.
      type: str
    name:
      description: Name of the vault.
      type: str
    policy:
      description: The policy that is applied to the vault, with C(id) and C(name). Null if there is none.
      type: dict
    size_gb:
      description: Size in GB.
      type: int
    used_mb:
      description: How many MB its backups use.
      type: int
    server_count:
      description: Number of servers in the vault.
      type: int
    auto_expand:
      description: Whether the vault grows by itself. Null if the service does not say.
      type: bool
    locked:
      description: Whether automatic backups in the vault are locked. Null if the service does not say.
      type: bool
  sample:
    - id: 1c2f0a0e-4a0e-4f0c-8a5e-5d1b7c7e4b11
      name: nightly
      policy:
        id: 8f1d3e62-7c1b-4d5e-9b0a-2f6c4e8a9d33
        name: nightly
      size_gb: 200
      used_mb: 40960
      server_count: 5
      auto_expand: true
      locked: false
former_servers:
  description: Servers that no longer exist but have good backups, which still cost money.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: ID of the server.
      type: str
    name:
      description: Name of the server at the time of a backup.
      type: str
    backups:
      description: Number of good backups.
      type: int
    size_mb:
      description: Size of these backups in MB, as far as the service reports it.
      type: int
  sample:
    - id: 0e4c3f3a-4f77-4b7e-9c5c-7a4a5a1c7d11
      name: web-0
      backups: 3
      size_mb: 4350
growth:
  description:
    - For each of the last 28 days in UTC, how many of the good backups that the servers have today were there at its
      end, and their size.
  returned: success
  type: list
  elements: dict
  contains:
    date:
      description: The day in UTC.
      type: str
    backups:
      description: Number of backups.
      type: int
    size_mb:
      description: Size of the backups in MB.
      type: int
  sample:
    - date: "2026-03-01"
      backups: 14
      size_mb: 20300
findings:
  description: What is wrong, in a fixed order. Empty if nothing is.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description:
        - One of V(never_backed_up), V(stale), V(unprotected), V(policy_disabled), V(failing), V(unprotectable),
          V(schedule_too_rare), V(retention_too_short), V(restore_not_tested), V(not_locked), V(not_judged), V(no_room),
          V(quota_nearly_used), V(idle_vault), V(policy_full), V(former_server), V(held_by_image).
      type: str
    title:
      description: The kind in words.
      type: str
    remedy:
      description: What to do.
      type: str
    objects:
      description: The servers, policies, vaults, backups or quotas, each with C(id), C(name) and C(detail).
      type: list
      elements: dict
    commands:
      description:
        - Commands for a shell that mend it, each in one line. A command that deletes or overwrites something, or makes
          the service delete it, has C(--check), so that it only shows what it would do.
        - They hold IDs, and no name from the cloud except that of a policy that is a plain word. Words in capital
          letters, such as V(TEST-SERVER), stand for what only you know.
        - They are for the cloud in O(cloud), or else for that of the environment. They name the service, except in an
          audit of CSBS alone.
      type: list
      elements: str
  sample:
    - kind: unprotected
      title: Servers in no policy
      remedy: Add the servers to a policy.
      objects:
        - id: 7b7c2b1e-0b46-4a5a-9e52-6f0a6a4f4f10
          name: web-2
          detail: the server is in no policy
      commands:
        - >-
          ansible-playbook opentelekomcloud.csbs.protect
          -e '{"csbs_servers": ["7b7c2b1e-0b46-4a5a-9e52-6f0a6a4f4f10"], "csbs_policy": {"name": "nightly"}}'
controls:
  description: The controls that were judged, each with the number of servers for each result.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: Name of the control.
      type: str
    title:
      description: The control in words.
      type: str
    passed:
      description: Number of servers that pass.
      type: int
    failed:
      description: Number of servers that fail.
      type: int
    unknown:
      description: Number of servers for which the control cannot be judged.
      type: int
  sample:
    - control: max_age
      title: The last good backup is recent enough
      passed: 5
      failed: 1
      unknown: 0
summary:
  description: Numbers of servers.
  returned: success
  type: dict
  contains:
    servers:
      description: All servers in the result.
      type: int
    recovery_point_met:
      description: Servers whose promised recovery point is met.
      type: int
    passed:
      description: Servers that pass every control.
      type: int
  sample:
    servers: 6
    recovery_point_met: 5
    passed: 4
unknown_servers:
  description: The entries of O(servers) that were left out because of O(ignore_unknown_servers).
  returned: success
  type: list
  elements: str
  sample: []
services:
  description: The services that were read, in their order.
  returned: success
  type: list
  elements: str
  sample:
    - csbs
project:
  description: The project that was read, with C(id) and C(region).
  returned: success
  type: dict
  sample:
    id: 5dd3c0b24cdc4d31952c49589182a89d
    region: eu-de
audited_at:
  description: The time of the audit by the clock of the cloud.
  returned: success
  type: str
  sample: "2026-03-01T09:30:08.265000Z"
"""

from ..module_utils._ansible.arguments import FILTERS_SPEC, SERVICES_SPEC
from ..module_utils._ansible.module import create_module
from ..module_utils._ansible.report import report_of_all
from ..module_utils._operations.audit_info import parse_options, read

ARGUMENT_SPEC = {
    "controls": {
        "type": "dict",
        "default": {},
        "apply_defaults": True,
        "options": {
            "enabled_policy": {"type": "bool", "default": True},
            "locked": {"type": "bool", "default": False},
            "max_age": {"type": "str", "default": "24h"},
            "min_frequency": {"type": "str"},
            "min_retention_days": {"type": "int"},
            "no_failed_backup": {"type": "bool", "default": True},
            "restore_tested_within": {"type": "str"},
            "room": {"type": "bool", "default": True},
        },
    },
    "ignore_unknown_servers": {"type": "bool", "default": False},
    "max_age_key": {"type": "str", "no_log": False},
    "restore_tested_key": {"type": "str", "default": "csbs_restore_tested", "no_log": False},
    "server_filters": FILTERS_SPEC,
    "servers": {"type": "list", "elements": "raw"},
    "services": SERVICES_SPEC,
}


def main():
    report_of_all(create_module(ARGUMENT_SPEC), parse_options, read)


if __name__ == "__main__":
    main()
