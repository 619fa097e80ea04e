#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_migration_info
short_description: Plan the migration from CSBS to CBR, and see how far it is
version_added: 0.1.0
description:
  - Reads CSBS and CBR, and changes nothing. Returns what each policy of CSBS becomes with CBR, what gets lost, what
    stands in the way, how large the vaults must be, where each server is, and which backups stay in CSBS.
  - M(opentelekomcloud.csbs.csbs_migration) carries the plan out, policy by policy. A policy with blockers is refused
    there, until you decide or mend what the blockers say.
  - The module works with both services at once, so it has no option C(service). Both must be in the catalog. A
    C(service) in the C(module_defaults) of the action group has no effect on it. All other defaults hold.
  - The module reads a few lists. Their number is the same for one server and for hundreds.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  policies:
    description:
      - Names or IDs of policies of CSBS, or dictionaries with C(id) as in results. The default is all policies.
      - Without O(servers), the result then has the servers of these policies only.
    type: list
    elements: raw
  servers:
    description:
      - Names or IDs of servers, or dictionaries with C(id) as in results. The default is all servers of the project.
        It chooses what RV(servers) and RV(backups) list, and has no effect on RV(policies).
      - An unknown server is an error.
    type: list
    elements: raw
  decisions:
    description:
      - What you decide for policies that cannot be taken over as they are. The plan then shows the policy as it
        becomes with these decisions. Give the same to M(opentelekomcloud.csbs.csbs_migration).
    type: list
    elements: dict
    suboptions:
      policy:
        description:
          - Name or ID of the policy of CSBS.
        type: str
        required: true
      target_name:
        description:
          - Name of the policy of CBR, up to 64 letters, digits, hyphens and underscores. The default is the name of
            the policy of CSBS, cut to 64 characters, with hyphens in place of other characters.
          - A policy of CBR with this name takes the servers, whatever servers it has already.
        type: str
      retention:
        description:
          - What CBR is to keep, instead of the retention of the policy of CSBS. This is the whole rule. V({}) keeps
            backups forever.
          - CBR keeps backups either for C(days), or by C(max_backups) with C(daily), C(weekly), C(monthly) and
            C(yearly). Both together are refused.
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
              - V(true) alone keeps backups forever, as V({}) does.
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
              - Time zone in which days, weeks, months and years begin, such as V(UTC+01:00) or V(Europe/Berlin).
                Required with C(daily), C(weekly), C(monthly) and C(yearly).
            type: str
  vault:
    description:
      - What a new vault is like. It decides how large the planned vaults are.
    type: dict
    suboptions:
      name:
        description:
          - Name of the first vault of a policy. Further vaults get V(-0002), V(-0003) and so on. The default is the
            name of the policy of CBR.
        type: str
      size_gb:
        description:
          - Size of a new vault in GB, at least the sum of the disks of its servers. The default is the sum of the
            disks times O(vault.size_factor), at least 10 GB.
        type: int
      size_factor:
        description:
          - A new or growing vault is this many times as large as the disks of its servers, at least 1.
        type: float
        default: 2.0
      auto_expand:
        description:
          - Whether the service enlarges a new vault by a quarter when it is full. It has no effect on the plan.
        type: bool
        default: true
  max_age:
    description:
      - A server moves only if it has a good backup in CSBS that is younger than this, such as V(90m), V(24h), V(7d),
        V(2w), or a number of seconds. RV(servers[].reason) tells which servers have none.
    type: str
    default: 24h
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.attributes.info
"""

EXAMPLES = r"""
- name: Plan the migration of the whole project
  opentelekomcloud.csbs.csbs_migration_info:
  register: plan

- name: Show what to know before it begins, and what stands in the way
  ansible.builtin.debug:
    msg: "{{ plan.notes + plan.policies | map(attribute='blockers') | flatten }}"

- name: Plan one policy with smaller vaults and another retention
  opentelekomcloud.csbs.csbs_migration_info:
    policies:
      - nightly
    decisions:
      - policy: nightly
        retention:
          days: 30
    vault:
      size_factor: 1.5
  register: plan
  failed_when: plan is failed or plan.summary.blocked > 0

- name: See where two servers are
  opentelekomcloud.csbs.csbs_migration_info:
    servers:
      - web-1
      - web-2
"""

RETURN = r"""
policies:
  description: The policies of CSBS, sorted by name, and what becomes of them.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: ID of the policy of CSBS.
      type: str
    name:
      description: Name of the policy of CSBS.
      type: str
    target:
      description:
        - The policy of CBR that it becomes. One that exists already and has servers keeps its own schedule and
          retention, and RV(policies[].losses) says in what they differ.
      type: dict
      contains:
        id:
          description: ID of the policy of CBR. Null if it does not exist yet.
          type: str
        name:
          description: Name of the policy of CBR.
          type: str
        enabled:
          description: Whether its schedule runs.
          type: bool
        schedule:
          description: Its schedule in UTC, in the shape of the option of M(opentelekomcloud.csbs.csbs_policy). Null if
            a blocker says why there is none.
          type: dict
        retention:
          description: Its retention, in the shape of the option of M(opentelekomcloud.csbs.csbs_policy). Null if a
            blocker says why there is none.
          type: dict
        tags:
          description: The tags that its vaults get.
          type: dict
        description:
          description: The description that its vaults get.
          type: str
        vaults:
          description:
            - Its vaults when all servers are over, with C(id), C(name), C(size_gb), C(used_mb) and C(server_count).
              C(id) is null for a vault that does not exist yet. C(used_mb) is null if it is not known yet.
          type: list
          elements: dict
    servers:
      description:
        - The servers that it has, those that are on the way, and those that are in the vaults of the policy of CBR,
          with C(id), C(name) and C(state). The states are those of RV(servers).
        - Servers that no longer exist are not in the list.
      type: list
      elements: dict
    gone:
      description: The servers that it still has, and that no longer exist, with C(id) and C(name).
      type: list
      elements: dict
    losses:
      description: What gets lost or changes on the way, as sentences. Each says what to do.
      type: list
      elements: str
    blockers:
      description:
        - What stands in the way, as sentences. Each says what to do.
        - M(opentelekomcloud.csbs.csbs_migration) refuses a policy with the same sentences, and accepts one without
          any. It works with one policy at a time. So only this module tells that there is no room for all policies of
          the plan together.
      type: list
      elements: str
    state:
      description:
        - V(csbs), the migration has not begun. V(prepared), the policy of CBR and its vaults exist, and no server has
          moved. V(moving), some servers have moved or are on the way. V(moved), the policy of CSBS has no server left
          that exists.
      type: str
  sample:
    - id: 27b11f3f-578d-4464-89d1-7c6d5894f753
      name: nightly
      target:
        id: null
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
          days: 30
          permanent: false
          daily: null
          weekly: null
          monthly: null
          yearly: null
          timezone: null
        tags:
          team: platform
        description: ""
        vaults:
          - id: null
            name: nightly
            size_gb: 160
            used_mb: 0
            server_count: 1
      servers:
        - id: 45baf976-c20a-4894-a7c3-c94b7376bf55
          name: web-1
          state: csbs
      gone: []
      losses:
        - "The vaults get the tags of the policy, and backups of CBR have no tags. What to do: look for backups by
          policy, vault or name where you look by tag today"
      blockers: []
      state: csbs
servers:
  description: The servers. Those in O(servers) come in the given order, otherwise they are sorted by name.
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
    state:
      description:
        - V(csbs), it is in a policy of CSBS. V(moving), it has left CSBS and is not yet in a vault of CBR.
          V(cbr), it is in a vault with a policy. V(none), it is in no policy of either service.
        - A server stays in V(moving) only if a task was interrupted. Run M(opentelekomcloud.csbs.csbs_migration) again.
      type: str
    csbs_policy:
      description:
        - Its policy of CSBS, with C(id), C(name) and C(enabled). For a server on the way, the policy that it has left.
          C(name) and C(enabled) are null if that policy no longer exists. Otherwise null.
      type: dict
    cbr_policy:
      description: Its policy of CBR, with C(id), C(name) and C(enabled). Null if it is in none.
      type: dict
    last_csbs_backup:
      description: Its newest good backup in CSBS, with C(id), C(name), C(protected_at) and C(age_seconds). Null if
        there is none.
      type: dict
    last_cbr_backup:
      description: Its newest good backup in CBR, in the same shape. Null if there is none.
      type: dict
    done:
      description: Whether it is in state V(cbr), and has a good backup in CBR.
      type: bool
    reason:
      description: Why a server that is still to move cannot move now, and what to do. Null for all other servers.
      type: str
  sample:
    - id: 45baf976-c20a-4894-a7c3-c94b7376bf55
      name: web-1
      state: csbs
      csbs_policy:
        id: 27b11f3f-578d-4464-89d1-7c6d5894f753
        name: nightly
        enabled: true
      cbr_policy: null
      last_csbs_backup:
        id: 90c1d5fa-1b9f-4aeb-b2f4-81c806e98190
        name: autobk_b629
        protected_at: "2026-03-01T01:00:08.265000Z"
        age_seconds: 30600
      last_cbr_backup: null
      done: false
      reason: null
backups:
  description:
    - What stays in CSBS, for each server that has backups there. No call takes these backups along to CBR.
    - Without O(policies) and O(servers), it also has servers that no longer exist.
  returned: success
  type: list
  elements: dict
  contains:
    server:
      description: The server, with C(id) and C(name).
      type: dict
    exists:
      description: Whether the server still exists.
      type: bool
    count:
      description: Number of its backups, good or not.
      type: int
    automatic:
      description: How many of them a schedule made. The others were made by hand.
      type: int
    size_mb:
      description: Their size in MB, as far as the service reports it.
      type: int
    expires_at:
      description:
        - When the last of them expires, if CSBS says so for each of them. Null means that they stay until somebody
          deletes them, because a retention of CSBS works only while the server is in its policy.
      type: str
    images:
      description: IDs of the images that hold some of them. Such a backup cannot be deleted before its image.
      type: list
      elements: str
  sample:
    - server:
        id: 45baf976-c20a-4894-a7c3-c94b7376bf55
        name: web-1
      exists: true
      count: 14
      automatic: 13
      size_mb: 20300
      expires_at: null
      images: []
summary:
  description: The numbers of the plan, for the policies and servers in the result.
  returned: success
  type: dict
  contains:
    policies:
      description: Number of policies in each state, with C(csbs), C(prepared), C(moving) and C(moved).
      type: dict
    servers:
      description: Number of servers in each state, with C(csbs), C(moving), C(cbr) and C(none).
      type: dict
    done:
      description: Number of servers that are done.
      type: int
    blocked:
      description: Number of policies with blockers.
      type: int
    not_ready:
      description: Number of servers that cannot move now.
      type: int
    gb_needed:
      description: Size of all vaults of the policies of CBR in GB when all servers are over. CBR bills it.
      type: int
    csbs_gb_held:
      description: Size of the backups that stay in CSBS in GB, rounded up. CSBS bills it.
      type: int
    policies_used:
      description: Number of policies in the whole project, of both services.
      type: int
    policies_free:
      description: How many more policies the project may have. Both services share a limit of 32.
      type: int
  sample:
    policies:
      csbs: 1
      prepared: 0
      moving: 0
      moved: 0
    servers:
      csbs: 1
      moving: 0
      cbr: 0
      none: 0
    done: 0
    blocked: 0
    not_ready: 0
    gb_needed: 160
    csbs_gb_held: 20
    policies_used: 1
    policies_free: 31
notes:
  description: What to know before the migration begins, as sentences.
  returned: success
  type: list
  elements: str
  sample:
    - "CBR bills the size of vaults, used or not: 160 GB by this plan. A vault must be as large as the disks of its
      servers. What to do: choose vault.size_factor between 1 and what your retention needs; a vault can grow later,
      but never shrinks by itself"
"""

from ..module_utils._ansible.arguments import VAULT_SPEC
from ..module_utils._ansible.module import create_module
from ..module_utils._ansible.policy_arguments import POLICY_SPEC
from ..module_utils._ansible.report import report_of_all
from ..module_utils._operations.migration_info import parse_options, read

DECISION_SPEC = {
    "policy": {"type": "str", "required": True},
    "retention": POLICY_SPEC["retention"],
    "target_name": {"type": "str"},
}
ARGUMENT_SPEC = {
    "decisions": {"type": "list", "elements": "dict", "options": DECISION_SPEC},
    "max_age": {"type": "str", "default": "24h"},
    "policies": {"type": "list", "elements": "raw"},
    "servers": {"type": "list", "elements": "raw"},
    "vault": VAULT_SPEC["vault"],
}


def main():
    report_of_all(create_module(ARGUMENT_SPEC, with_service=False), parse_options, read)


if __name__ == "__main__":
    main()
