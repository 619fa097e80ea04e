#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_backup_prune
short_description: Delete manual backups that no rule keeps, as restic forget does
version_added: 0.1.0
description:
  - Deletes the backups of servers that no rule keeps. Manual backups, and those of a policy that was run manually,
    stay until somebody deletes them. The retention of policies has no effect on them. This module is their retention.
  - The rules are those of C(restic forget). A backup is kept if at least one rule keeps it. RV(kept) contains the
    reasons.
  - O(name) and O(tags) limit the task to some backups. All others are not deleted, not counted and not in the result.
  - The rules apply to the backups of each server separately, sorted by their recovery points.
  - Only good backups count, which are backups that can be restored. Failed backups contain no recovery point. They
    are deleted and never count instead of a good backup, unless O(older_than), O(keep_tags) or an image keeps them.
  - Backups that are being created or deleted are not touched and not counted. They are not in RV(kept) and not in
    RV(removed).
  - A backup from which an image was created cannot be deleted. It is kept with the reason V(image), and counts like
    any other backup.
  - With O(service=cbr), automatic backups in a locked vault cannot be deleted within their retention. They are kept
    with the reason V(locked). Only the refusal of the service shows this, so check mode lists them in RV(removed).
  - With O(keep_hourly), O(keep_daily), O(keep_weekly), O(keep_monthly) and O(keep_yearly), the oldest backup of a
    server is also kept if there are fewer hours, days, weeks, months or years with a backup than the count, as
    C(restic) does. It then has the reason of this rule. So O(keep_daily=7) with backups of three days keeps the
    newest backup of each of these days, and the oldest backup of all. This keeps the history long while it grows.
    With O(keep_within_hourly) to O(keep_within_yearly), the oldest backup is also kept if it is within the duration.
  - Run the module with C(--check --diff) first, to see which backups would be deleted.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  servers:
    description:
      - Names or IDs of servers, or dictionaries with C(id) as in results. Backups of other servers are never touched.
      - Give a server that no longer exists by its ID, or by its name as long as it has backups.
      - At least one of O(servers) and O(server_filters) is required. An empty list chooses nothing.
    type: list
    elements: raw
  name:
    description:
      - A glob such as V(before-patch-*). The rules apply only to backups with a matching name. The whole name must
        match. Upper and lower case matter.
      - Backups of several servers in one task have names with a number, so use V(before-patch*) to match
        V(before-patch-0001) too.
      - If no name matches, nothing is deleted. An empty text is refused. V(*) matches every name.
    type: str
  tags:
    description:
      - The rules apply only to backups that have all these tags with these values. A key without a value matches any
        value.
      - If no backup has the tags, nothing is deleted. An empty dictionary is refused.
      - Refused with O(service=cbr), because CBR keeps no tags on backups.
    type: dict
  older_than:
    description:
      - Only backups that are at least this old are deleted, measured from now by the clock of the cloud. Younger
        backups, including failed ones, are kept with the reason V(young).
      - Young backups still count for the other rules. So O(keep_last=3) with five young backups keeps these five, and
        no older ones.
      - Such as V(24h), V(7d), V(2w), or a number of seconds. C(m) is refused, because it could mean minutes or months.
      - Another rule is required, which says which of the older backups are kept.
    type: str
  keep_last:
    description:
      - Keeps this number of the newest backups. V(-1) keeps all, V(0) means no rule.
    type: int
  keep_hourly:
    description:
      - For this number of hours that have a backup, keeps the newest backup of the hour. V(-1) means all hours, V(0)
        means no rule.
      - Hours are hours of the clock, such as 14:00 to 14:59. If fewer hours have a backup, the oldest backup is also
        kept.
    type: int
  keep_daily:
    description:
      - For this number of days that have a backup, keeps the newest backup of the day. V(-1) means all days, V(0)
        means no rule.
      - Days without a backup do not count. If fewer days have a backup, the oldest backup is also kept.
    type: int
  keep_weekly:
    description:
      - For this number of weeks that have a backup, keeps the newest backup of the week. V(-1) means all weeks, V(0)
        means no rule.
      - Weeks begin on Monday, as in ISO 8601. If fewer weeks have a backup, the oldest backup is also kept.
    type: int
  keep_monthly:
    description:
      - For this number of months that have a backup, keeps the newest backup of the month. V(-1) means all months,
        V(0) means no rule.
      - If fewer months have a backup, the oldest backup is also kept.
    type: int
  keep_yearly:
    description:
      - For this number of years that have a backup, keeps the newest backup of the year. V(-1) means all years, V(0)
        means no rule.
      - If fewer years have a backup, the oldest backup is also kept.
    type: int
  keep_within:
    description:
      - Keeps every backup within this duration before the newest good backup of its server.
      - A duration of C(restic), with years, months, days and hours in this order, such as V(14d), V(36h) or
        V(1y5m7d2h). B(C(m) means months), not minutes. There are no weeks, minutes or seconds, and each number needs
        a unit.
      - Months and years are those of the calendar in O(timezone).
      - The duration ends at the newest backup and not at the current time. So a server that is no longer backed up
        does not lose more backups over time. A backup with a date in the future is never the end of the duration.
    type: str
  keep_within_hourly:
    description:
      - Keeps the newest backup of each hour within this duration before the newest good backup of its server.
        The duration is written as for O(keep_within).
    type: str
  keep_within_daily:
    description:
      - Keeps the newest backup of each day within this duration before the newest good backup of its server.
        The duration is written as for O(keep_within).
    type: str
  keep_within_weekly:
    description:
      - Keeps the newest backup of each week within this duration before the newest good backup of its server.
        The duration is written as for O(keep_within).
    type: str
  keep_within_monthly:
    description:
      - Keeps the newest backup of each month within this duration before the newest good backup of its server.
        The duration is written as for O(keep_within).
    type: str
  keep_within_yearly:
    description:
      - Keeps the newest backup of each year within this duration before the newest good backup of its server.
        The duration is written as for O(keep_within).
    type: str
  keep_tags:
    description:
      - Keeps every backup that has all these tags with these values. It still counts for the other rules.
        A key without a value matches any value.
      - If this is the only rule, and no good backup of a server has these tags, the task is refused, as C(restic) does.
      - Refused with O(service=cbr), because CBR keeps no tags on backups.
    type: dict
  include_automatic:
    description:
      - Whether the rules also apply to backups of a policy's schedule. These then count together with the manual
        backups.
      - With V(false), they are not touched. Backups are also not touched if the service does not say how they were
        made.
    type: bool
    default: false
  timezone:
    description:
      - Time zone of hours, days, weeks, months and years. An IANA name such as V(Europe/Berlin), or a fixed offset
        such as V(UTC+02:00).
    type: str
    default: UTC
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.attributes
  - opentelekomcloud.csbs.server_filters
  - opentelekomcloud.csbs.wait
notes:
  - A task without any rule, or with only counts of V(0), is refused, because it would delete everything.
  - At most five deletions are in progress at the same time.
seealso:
  - module: opentelekomcloud.csbs.csbs_backup
  - module: opentelekomcloud.csbs.csbs_backup_info
"""

EXAMPLES = r"""
- name: Keep the last three backups of a server, one of each of the last 7 days, 5 weeks and 12 months
  opentelekomcloud.csbs.csbs_backup_prune:
    servers: [db-1]
    keep_last: 3
    keep_daily: 7
    keep_weekly: 5
    keep_monthly: 12
    timezone: Europe/Berlin
    poll_interval: 1

- name: Keep the backups of the two weeks before the newest backup of each web server, and those with the tag retain
  opentelekomcloud.csbs.csbs_backup_prune:
    server_filters:
      name: web-*
    keep_within: 14d
    keep_tags:
      retain: "true"
    poll_interval: 1

- name: Keep one backup for each day of all servers in production, and apply the rule to automatic backups too
  opentelekomcloud.csbs.csbs_backup_prune:
    server_filters:
      metadata:
        env: prod
    keep_daily: -1
    include_automatic: true
    poll_interval: 1

- name: Keep one backup a day for a week, one a week for a month, and one a month for a year and a half
  opentelekomcloud.csbs.csbs_backup_prune:
    server_filters:
      name: "*"
    keep_within_daily: 7d
    keep_within_weekly: 1m
    keep_within_monthly: 1y6m
    poll_interval: 1

- name: Keep the last two backups before patches, and all that are younger than two days, and touch no other backup
  opentelekomcloud.csbs.csbs_backup_prune:
    server_filters:
      name: "*"
    name: before-patch*
    keep_last: 2
    older_than: 2d
    poll_interval: 1

- name: Apply the rules only to backups that have the tag team with any value
  opentelekomcloud.csbs.csbs_backup_prune:
    servers: [db-1]
    tags:
      team:
    keep_hourly: 24
    keep_daily: 7
    poll_interval: 1

- name: Keep the last three manual backups of a server in CBR
  opentelekomcloud.csbs.csbs_backup_prune:
    service: cbr
    servers: [db-1]
    keep_last: 3
    poll_interval: 1
"""

RETURN = r"""
kept:
  description:
    - The backups that stay, of those to which the rules apply. They are sorted by server, and the newest come first.
      They have the shape of RV(opentelekomcloud.csbs.csbs_backup_info#module:backups).
    - Each has C(reasons), a list of V(last), V(hourly), V(daily), V(weekly), V(monthly), V(yearly), V(within),
      V(young), V(tag), V(image) and V(locked), in this order. V(within) is the reason of O(keep_within) and of all
      options that begin with C(keep_within_).
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
      reasons: [last, daily]
removed:
  description:
    - The deleted backups, or in check mode those that would be deleted. With O(wait=false), the service has accepted
      their deletion.
    - If the task fails, only the backups that are already deleted.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 1b7f5a63-5a2e-4d70-9b1c-0d5b8a6f0f52
      checkpoint_id: 7d3f0c56-9f16-4be1-8a55-3a1a57f9b0a1
      name: before-upgrade-0001
      description: Before the upgrade to release 11
      status: available
      server:
        id: 45baf976-c20a-4894-a7c3-c94b7376bf55
        name: web-1
      vault: null
      tags: {}
      created_at: "2025-11-02T09:30:11.101000Z"
      protected_at: "2025-11-02T09:30:11.101000Z"
      finished_at: "2025-11-02T09:37:20.000000Z"
      expired_at: null
      auto_trigger: false
      incremental: true
      instant_restore: false
      progress: 100
      size_mb: 1320
      image_type: backup
      availability_zone: eu-de-01
      images: []
      fail_reason: null
      volumes: []
busy:
  description:
    - The backups that no rule keeps, but that could not be deleted because they are busy, for example with a restore.
      A later run deletes them.
    - Backups whose deletion was still in progress at the timeout are here too.
  returned: success
  type: list
  elements: dict
  sample: []
servers:
  description: The servers that O(servers) and O(server_filters) chose, each with C(id) and C(name). The name is null
    if it is no longer known.
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
from ..module_utils._operations.backup_prune import finish, parse_options, plan

ARGUMENT_SPEC = {
    "include_automatic": {"type": "bool", "default": False},
    "keep_daily": {"type": "int"},
    "keep_hourly": {"type": "int"},
    "keep_last": {"type": "int"},
    "keep_monthly": {"type": "int"},
    "keep_tags": {"type": "dict"},
    "keep_weekly": {"type": "int"},
    "keep_within": {"type": "str"},
    "keep_within_daily": {"type": "str"},
    "keep_within_hourly": {"type": "str"},
    "keep_within_monthly": {"type": "str"},
    "keep_within_weekly": {"type": "str"},
    "keep_within_yearly": {"type": "str"},
    "keep_yearly": {"type": "int"},
    "name": {"type": "str"},
    "older_than": {"type": "str"},
    "server_filters": FILTERS_SPEC,
    "servers": {"type": "list", "elements": "raw"},
    "tags": {"type": "dict"},
    "timezone": {"type": "str", "default": "UTC"},
    **WAIT_SPEC,
}


def main():
    module = create_module(ARGUMENT_SPEC, required_one_of=[["servers", "server_filters"]])
    converge(module, parse_options, plan, finish)


if __name__ == "__main__":
    main()
