# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What describes a policy: its schedule, its retention and what it is for."""

    DOCUMENTATION = r"""
options:
  description:
    description:
      - What the policy is for, up to 255 characters without C(<) and C(>).
    type: str
  enabled:
    description:
      - Whether the schedule runs. A new policy is enabled unless this is V(false).
    type: bool
  schedule:
    description:
      - When backups are made. Required for a new policy.
      - Give either O(schedule.frequency) with O(schedule.times), or O(schedule.pattern).
    type: dict
    suboptions:
      frequency:
        description:
          - How often backups are made. V(daily) means every day, or every O(schedule.interval) days. V(weekly) means
            on O(schedule.days) of each week. No other value is accepted.
        type: str
      interval:
        description:
          - Number of days from one backup to the next, 1 to 30. Only for V(daily).
        type: int
      days:
        description:
          - Days of the week, V(MO) to V(SU). Only for V(weekly).
        type: list
        elements: str
      times:
        description:
          - Times of the day in O(schedule.timezone), in quotes, such as V("02:00"). At most 24, at least an hour apart.
          - With CSBS and several times, each hour must have the same minutes, and all times must be on the same day
            in UTC, because a schedule of CSBS is one rule. With CBR, such times become several rules.
        type: list
        elements: str
      timezone:
        description:
          - Time zone of O(schedule.times) and O(schedule.days). An IANA name such as V(Europe/Berlin), or a fixed
            offset from V(UTC-12:00) to V(UTC+14:00). The default is UTC, also for an empty text.
          - The service uses UTC. With an IANA name, the module uses the offset at the time of the run, so a play that
            runs regularly follows summer time. A fixed offset never changes.
        type: str
      pattern:
        description:
          - The schedule as an iCalendar rule in UTC, with or without the lines around the rule,
            such as V(FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=2;BYMINUTE=0).
          - The service accepts V(FREQ=DAILY) and V(FREQ=WEEKLY) with the keys C(INTERVAL) (days, for V(FREQ=DAILY)
            only), C(BYDAY), C(BYHOUR) and C(BYMINUTE). Any other pattern is refused, unless the policy already has
            exactly this pattern. So the schedule that M(opentelekomcloud.csbs.csbs_policy_info) returns is always
            accepted.
          - A text, or a list of texts. With CSBS, the list has one rule. With CBR, it has up to 24 rules, and the
            schedule runs whenever one of them does. Rules with the same runs are the same schedule, however they are
            written.
        type: raw
  retention:
    description:
      - How long the backups of the schedule are kept. This is the whole rule. Keys that are left out are removed, and
        V({}) keeps backups forever. It has no effect on manual backups.
      - CBR keeps backups either for O(retention.days), or by O(retention.max_backups) with O(retention.daily),
        O(retention.weekly), O(retention.monthly) and O(retention.yearly). Both together are refused.
    type: dict
    suboptions:
      max_backups:
        description:
          - How many backups of each server are kept, 0 to 99999, with CBR from 1. V(-1) means no limit.
        type: int
      days:
        description:
          - How many days backups are kept, 0 to 99999, with CBR from 1. V(-1) means no limit.
        type: int
      permanent:
        description:
          - Whether backups are kept forever. The other keys then have no effect.
          - CBR keeps backups forever when there is no limit. So V(true) alone is the same as V({}) there, and limits
            beside it are refused.
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
          - Required with O(retention.daily), O(retention.weekly), O(retention.monthly) and O(retention.yearly),
            unless O(schedule.timezone) is given.
        type: str
"""
