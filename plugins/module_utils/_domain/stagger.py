# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staggered schedules: the same rule, some minutes later."""

from __future__ import annotations

from .errors import InvalidInput
from .limits import check_range
from .schedule import DAYS, EVERY_DAY, MINUTES_PER_DAY, RawPattern, Rule

#: Minutes between the policies of a set; a day later is the same time again
MOST_MINUTES = MINUTES_PER_DAY - 1


def check_stagger(option: str, minutes: int, rule: Rule | RawPattern | None) -> int:
    """Return the minutes between the start times of the policies of a set. Raises InvalidInput."""
    check_range(option, minutes, 0, MOST_MINUTES)
    if minutes and rule is None:
        raise InvalidInput(f"{option} has no effect without schedule, whose times it shifts. Give schedule, too")
    if minutes and isinstance(rule, RawPattern):
        raise InvalidInput(f"{option}: the pattern cannot be shifted: {rule.refusal}")
    return minutes


def shifted(rule: Rule, minutes: int, option: str) -> Rule:
    """Return a rule whose runs are so many minutes later; after midnight they are on the next day.

    Raises InvalidInput that names the option when one rule cannot express that.
    """
    times = [time + minutes for time in rule.times]
    day_shifts = {time // MINUTES_PER_DAY for time in times}
    if len(day_shifts) > 1 and (rule.days != EVERY_DAY or rule.interval > 1):
        raise InvalidInput(
            f"{option}: {minutes} minutes later, some runs of a day would be on the next day in UTC and others not,"
            " which one rule cannot express; choose fewer minutes, or other times"
        )
    day_shift = day_shifts.pop()
    return Rule(
        rule.interval,
        frozenset((day + day_shift) % len(DAYS) for day in rule.days),
        frozenset(time // 60 % 24 for time in times),
        frozenset(time % 60 for time in times),
    )
