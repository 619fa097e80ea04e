# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a schedule runs."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .errors import InvalidInput
from .limits import check_range
from .schedule import RawPattern, gaps_of
from .schedule_option import parse_schedule
from .services import RULES
from .times import parse_user_time

if t.TYPE_CHECKING:
    from .schedule import Rule, SeveralRules

#: The most runs that one call returns
MAX_RUNS = 1000
#: The calendar ends with the year 9999; the runs of any schedule end before
_YEARS = (1970, 9000)


def parse_moment(option: str, value: str) -> datetime:
    """Return a time in ISO 8601 to count runs from, as UTC when it has no zone. Raises InvalidInput."""
    moment = parse_user_time(option, value)
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise InvalidInput(f"{option}: {value!r} is not in the years {_YEARS[0]} to {_YEARS[1]}")
    return moment


def parse_rule(schedule: dict[str, t.Any], moment: datetime) -> Rule | SeveralRules:
    """Return the rules of a schedule in the shape of the option schedule of csbs_policy, which results have too.

    A time zone with summer time counts with its offset at moment, as csbs_policy would send it. Raises InvalidInput,
    also for a pattern that the service does not know.
    """
    # CBR takes every schedule that CSBS takes.
    rule, dummy = parse_schedule(schedule, moment, RULES["cbr"])
    if isinstance(rule, RawPattern):
        raise InvalidInput(f"{rule.refusal}. When such a schedule runs is not known")
    return rule


def next_runs(rule: Rule | SeveralRules, start: datetime, since: datetime | None, count: int) -> list[datetime]:
    """Return the first count runs of a schedule after start, in UTC and in order.

    since is the time at which the policy got its schedule: the service counts an interval of several days from this
    day, and there is no run before it. All times are aware. Raises InvalidInput.
    """
    check_range("count", count, 1, MAX_RUNS)
    interval = longest_interval(rule)
    if since is None and interval > 1:
        raise InvalidInput(
            f"since is needed for a schedule that runs every {interval} days, which are counted from the day on"
            " which the policy got its schedule; give that time, such as the created_at of the policy"
        )
    runs = {run for one in rule.rules for run in _runs_of_rule(one, start, since, count)}
    return sorted(runs)[:count]


def longest_interval(rule: Rule | SeveralRules) -> int:
    """Return the most days that a rule of the schedule counts; above 1, the runs depend on the day of its start."""
    return max(one.interval for one in rule.rules)


def _runs_of_rule(rule: Rule, start: datetime, since: datetime | None, count: int) -> list[datetime]:
    first = start if since is None else max(start, since)
    day = _midnight(first)
    if since is not None:
        day += timedelta(days=(_midnight(since) - day).days % rule.interval)
    times = [timedelta(minutes=minutes) for minutes in rule.times]
    runs: list[datetime] = []
    while len(runs) < count:
        if day.weekday() in rule.days:
            runs += [day + time for time in times if day + time > first]
        day += timedelta(days=rule.interval)
    return runs[:count]


def longest_gap(rule: Rule | SeveralRules) -> timedelta:
    """Return the longest time between two runs of a schedule. Raises InvalidInput when it is not known."""
    return timedelta(minutes=max(gaps_of(rule)))


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
