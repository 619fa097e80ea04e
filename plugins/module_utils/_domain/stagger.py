# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staggered schedules: the same rule, some minutes later."""

from __future__ import annotations

from .errors import InvalidInput
from .limits import check_range
from .schedule import MINUTES_PER_DAY, RawPattern, Rule, SeveralRules, rule_later

#: Minutes between the policies of a set; a day later is the same time again
MOST_MINUTES = MINUTES_PER_DAY - 1


def check_stagger(option: str, minutes: int, rule: Rule | SeveralRules | RawPattern | None) -> int:
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
    later = rule_later(rule.interval, rule.days, rule.times, minutes)
    if later is None:
        raise InvalidInput(
            f"{option}: {minutes} minutes later, some runs of a day would be on the next day in UTC and others not,"
            " which one rule cannot express; choose fewer minutes, or other times"
        )
    return later
