#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_backup_prune
short_description: Thin manual backups out by rule, as restic forget does
version_added: 0.1.0
description:
  - Deletes the backups of servers that no rule keeps. Backups made by hand, and those of a policy that was run by hand, stay until
    somebody deletes them; no policy's retention acts on them. This module is their retention.
  - The rules are those of C(restic forget). A backup is kept when at least one rule keeps it, and RV(kept) tells by which.
  - O(name) and O(tags) limit the task to some backups. All others are neither deleted nor counted, and are not in the result.
  - The backups of each server are a group for themselves, sorted by their recovery points. What a rule counts is never shared among servers.
  - Only good backups count, those that could be restored. Failed ones hold no recovery point, so they are deleted and never take the place
    of good ones, unless O(older_than), O(keep_tags) or an image keeps them.
  - Backups that are being made or deleted are left alone and not counted; they are neither in RV(kept) nor in RV(removed).
  - A backup of which an image was made cannot be deleted; it is kept with the reason V(image), and counts like any other.
  - With O(keep_hourly), O(keep_daily), O(keep_weekly), O(keep_monthly) and O(keep_yearly) the oldest backup of a group is kept as well, as
    C(restic) does it, when the count is not used up by the time it is reached; it then has that rule's reason. So O(keep_daily=7) with
    backups of three days keeps the newest of each of these days, and the oldest backup of all. This keeps the history long while it is
    being built up. With O(keep_within_hourly) to O(keep_within_yearly) the oldest backup is kept as well when it is within the duration.
  - Run it with C(--check --diff) first, to see what would go.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  servers:
    description:
      - Names or IDs of servers, or dictionaries with C(id) as results hold them. Backups of other servers are never touched.
      - A server that no longer exists is named by its ID, or by its name as long as it has backups.
      - This or O(server_filters) is required. An empty list chooses nothing.
    type: list
    elements: raw
  name:
    description:
      - Only backups whose whole name matches this glob are judged, such as V(before-patch-*). Case matters.
      - Several servers that were backed up together have names with a number, so V(before-patch*) finds V(before-patch-0001) too.
      - A glob that matches no name deletes nothing. An empty text is refused; V(*) matches every name.
    type: str
  tags:
    description:
      - Only backups that have all these tags with these values are judged. A key with nothing after it stands for any value of that tag.
      - Tags that no backup has delete nothing. An empty dictionary is refused.
    type: dict
  older_than:
    description:
      - Only backups that are at least this old are deleted, counted from now, by the clock of the cloud. Younger ones, failed ones
        included, are kept with the reason V(young).
      - Young backups count for the other rules all the same. So O(keep_last=3) with five young backups keeps these five, and nothing older.
      - Such as V(24h), V(7d), V(2w), or a number of seconds. C(m) is refused, as it could be minutes or months.
      - It needs another rule beside it that says what to keep of the older backups.
    type: str
  keep_last:
    description:
      - Keeps so many of the newest backups; V(-1) keeps all, V(0) is no rule.
    type: int
  keep_hourly:
    description:
      - For the last so many hours in which there is a backup, keeps the newest one of each hour; V(-1) means all hours, V(0) is no rule.
      - Hours are those of the clock, such as 14:00 to 14:59. While the count is not used up, the oldest backup is kept as well.
    type: int
  keep_daily:
    description:
      - For the last so many days on which there is a backup, keeps the newest one of each day; V(-1) means all days, V(0) is no rule.
      - Days without a backup do not count. While the count is not used up, the oldest backup is kept as well.
    type: int
  keep_weekly:
    description:
      - For the last so many weeks in which there is a backup, keeps the newest one of each week; V(-1) means all weeks, V(0) is no rule.
      - Weeks begin on Monday, as ISO 8601 has them. While the count is not used up, the oldest backup is kept as well.
    type: int
  keep_monthly:
    description:
      - For the last so many months in which there is a backup, keeps the newest one of each month; V(-1) means all months, V(0) is no rule.
      - While the count is not used up, the oldest backup is kept as well.
    type: int
  keep_yearly:
    description:
      - For the last so many years in which there is a backup, keeps the newest one of each year; V(-1) means all years, V(0) is no rule.
      - While the count is not used up, the oldest backup is kept as well.
    type: int
  keep_within:
    description:
      - Keeps every backup that is less than this older than the newest good backup of its server.
      - A duration as C(restic) takes it, with years, months, days and hours in this order, such as V(14d), V(36h) or V(1y5m7d2h).
        B(C(m) is months), not minutes. There are no weeks, minutes or seconds, and a number needs its unit.
      - Months and years are those of the calendar in O(timezone).
      - It is counted from the newest backup and not from the present time, so a server that is no longer backed up
        loses nothing more as time goes by. A backup whose date is in the future is not the one to count from.
    type: str
  keep_within_hourly:
    description:
      - Keeps the newest backup of each hour, among those that are less than this older than the newest good backup of its server.
        A duration as for O(keep_within).
    type: str
  keep_within_daily:
    description:
      - Keeps the newest backup of each day, among those that are less than this older than the newest good backup of its server.
        A duration as for O(keep_within).
    type: str
  keep_within_weekly:
    description:
      - Keeps the newest backup of each week, among those that are less than this older than the newest good backup of its server.
        A duration as for O(keep_within).
    type: str
  keep_within_monthly:
    description:
      - Keeps the newest backup of each month, among those that are less than this older than the newest good backup of its server.
        A duration as for O(keep_within).
    type: str
  keep_within_yearly:
    description:
      - Keeps the newest backup of each year, among those that are less than this older than the newest good backup of its server.
        A duration as for O(keep_within).
    type: str
  keep_tags:
    description:
      - Keeps every backup that has all these tags with these values; it counts for the other rules all the same.
        A key with nothing after it keeps backups with that tag whatever its value is.
      - When this is the only rule, and no good backup of a server has these tags, the task is refused, as C(restic) refuses it.
    type: dict
  include_automatic:
    description:
      - Whether backups that a policy's schedule made are thinned as well. They then count together with the manual ones.
      - With V(false) they are not touched, and neither is a backup of which the service does not say how it was made.
    type: bool
    default: false
  timezone:
    description:
      - Time zone whose hours, days, weeks, months and years count. An IANA name such as V(Europe/Berlin), or a fixed offset such as
        V(UTC+02:00).
    type: str
    default: UTC
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.attributes
  - opentelekomcloud.csbs.server_filters
  - opentelekomcloud.csbs.wait
notes:
  - A task without any rule, or with counts of V(0) only, is refused, as everything would go.
  - At most five deletions are under way at a time.
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

- name: Keep what was made in the two weeks before the newest backup of each web server, and what is tagged to be kept
  opentelekomcloud.csbs.csbs_backup_prune:
    server_filters:
      name: web-*
    keep_within: 14d
    keep_tags:
      retain: "true"
    poll_interval: 1

- name: Keep one backup for each day of all servers in production, those that policies made included
  opentelekomcloud.csbs.csbs_backup_prune:
    server_filters:
      metadata:
        env: prod
    keep_daily: -1
    include_automatic: true
    poll_interval: 1

- name: Keep one backup a day for a week, one a week for a month, and one a month for a year and a half, as restic counts them
  opentelekomcloud.csbs.csbs_backup_prune:
    server_filters:
      name: "*"
    keep_within_daily: 7d
    keep_within_weekly: 1m
    keep_within_monthly: 1y6m
    poll_interval: 1

- name: Keep the last two backups that were made before patches, and all that are younger than two days; touch no other backup
  opentelekomcloud.csbs.csbs_backup_prune:
    server_filters:
      name: "*"
    name: before-patch*
    keep_last: 2
    older_than: 2d
    poll_interval: 1

- name: Thin out what one team made, whatever the value of its tag is
  opentelekomcloud.csbs.csbs_backup_prune:
    servers: [db-1]
    tags:
      team:
    keep_hourly: 24
    keep_daily: 7
    poll_interval: 1
"""

RETURN = r"""
kept:
  description:
    - The backups that were judged and stay, by server and the newest first, as RV(opentelekomcloud.csbs.csbs_backup_info#module:backups) has them.
    - Each has C(reasons), a list of V(last), V(hourly), V(daily), V(weekly), V(monthly), V(yearly), V(within), V(young), V(tag) and V(image),
      in this order. V(within) stands for O(keep_within) and all options that begin with C(keep_within_).
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
    - The backups that were deleted, or in check mode would be; with O(wait=false) those whose deletion the service has accepted.
    - When the task fails, only those that have gone.
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
    - The backups that no rule keeps, and that could not be deleted as they were busy, such as being restored. A later run deletes them.
    - When the time was over while backups were being deleted, they are here too.
  returned: success
  type: list
  elements: dict
  sample: []
servers:
  description: The servers that O(servers) and O(server_filters) chose, each with C(id) and C(name), which is null when nothing knows it any more.
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
    converge(create_module(ARGUMENT_SPEC), parse_options, plan, finish)


if __name__ == "__main__":
    main()
