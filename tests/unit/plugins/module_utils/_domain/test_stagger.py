# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staggered schedules: the runs of the same rule, so many minutes later, or a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.schedule import (
    EVERY_DAY,
    RawPattern,
    Rule,
    check_spacing,
    parse_pattern,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.stagger import check_stagger, shifted

DAY, WEEK = 24 * 60, 7 * 24 * 60
RULE = parse_pattern("FREQ=DAILY;BYHOUR=2;BYMINUTE=0")
RAW = RawPattern("FREQ=MONTHLY;BYHOUR=2;BYMINUTE=0", "pattern: FREQ must be DAILY or WEEKLY, not 'MONTHLY'")


# ========== The option ==========
@pytest.mark.parametrize(("minutes", "rule"), [(0, None), (0, RULE), (0, RAW), (1, RULE), (1439, RULE)])
def test_minutes_of_less_than_a_day_with_a_schedule_are_taken(minutes: int, rule: Rule | RawPattern | None) -> None:
    assert check_stagger("stagger_minutes", minutes, rule) == minutes


@pytest.mark.parametrize(
    ("minutes", "rule", "words"),
    [
        (-1, RULE, "-1 is out of range; it must be 0 to 1439"),
        (1440, RULE, "1440 is out of range"),
        (15, None, "no effect without schedule"),
        (15, RAW, "the pattern cannot be shifted: .*not 'MONTHLY'"),
    ],
)
def test_minutes_that_cannot_be_added_are_refused(minutes: int, rule: Rule | RawPattern | None, words: str) -> None:
    with pytest.raises(InvalidInput, match=f"^stagger_minutes.*{words}"):
        check_stagger("stagger_minutes", minutes, rule)


# ========== One rule after another ==========
@pytest.mark.parametrize(
    ("pattern", "minutes", "later"),
    [
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=0", 0, "FREQ=DAILY;BYHOUR=2;BYMINUTE=0"),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=50", 15, "FREQ=DAILY;BYHOUR=3;BYMINUTE=5"),
        ("FREQ=DAILY;BYHOUR=2,23;BYMINUTE=30", 30, "FREQ=DAILY;BYHOUR=0,3;BYMINUTE=0"),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=0", 2 * DAY, "FREQ=DAILY;BYHOUR=2;BYMINUTE=0"),
        ("FREQ=WEEKLY;BYDAY=MO,SU;BYHOUR=23;BYMINUTE=45", 15, "FREQ=WEEKLY;BYDAY=TU,MO;BYHOUR=0;BYMINUTE=0"),
        ("FREQ=WEEKLY;BYDAY=FR;BYHOUR=2,22;BYMINUTE=0", 119, "FREQ=WEEKLY;BYDAY=FR;BYHOUR=3,23;BYMINUTE=59"),
        ("FREQ=WEEKLY;BYDAY=FR;BYHOUR=2,22;BYMINUTE=0", 22 * 60, "FREQ=WEEKLY;BYDAY=SA;BYHOUR=0,20;BYMINUTE=0"),
        ("FREQ=DAILY;INTERVAL=3;BYHOUR=23;BYMINUTE=0", 90, "FREQ=DAILY;INTERVAL=3;BYHOUR=0;BYMINUTE=30"),
    ],
)
def test_a_rule_is_shifted(pattern: str, minutes: int, later: str) -> None:
    assert shifted(parse_pattern(pattern), minutes, "stagger_minutes") == parse_pattern(later)


@pytest.mark.parametrize(
    "pattern", ["FREQ=WEEKLY;BYDAY=FR;BYHOUR=2,22;BYMINUTE=0", "FREQ=DAILY;INTERVAL=2;BYHOUR=2,22;BYMINUTE=0"]
)
def test_a_rule_that_would_be_on_two_days_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidInput, match="^stagger_minutes: 120 minutes later, .*which one rule cannot express"):
        shifted(parse_pattern(pattern), 120, "stagger_minutes")


# ========== For all rules ==========
def keeps_the_rules(rule: Rule) -> bool:
    try:
        check_spacing("schedule", rule)
    except InvalidInput:
        return False
    return True


HOURS = st.frozensets(st.integers(0, 23), min_size=1)
MINUTES = st.frozensets(st.integers(0, 59), min_size=1, max_size=2)
WEEKLY = st.builds(Rule, st.just(1), st.frozensets(st.integers(0, 6), min_size=1), HOURS, MINUTES).filter(
    keeps_the_rules
)
EVERY_FEW_DAYS = st.builds(Rule, st.integers(2, 30), st.just(EVERY_DAY), HOURS, MINUTES).filter(keeps_the_rules)
LATER = st.integers(0, 31 * (DAY - 1))


def points(rule: Rule) -> set[int]:
    """Return the runs in a week, in minutes after its begin."""
    return {day * DAY + time for day in rule.days for time in rule.times}


@given(WEEKLY, LATER)
def test_the_runs_are_so_many_minutes_later_or_no_rule_has_them(rule: Rule, minutes: int) -> None:
    wanted = {(point + minutes) % WEEK for point in points(rule)}
    days, times = {point // DAY for point in wanted}, {point % DAY for point in wanted}
    # A rule means every one of its times on every one of its days.
    if len(wanted) == len(days) * len(times):
        later = shifted(rule, minutes, "stagger_minutes")
        assert points(later) == wanted
        assert keeps_the_rules(later)
    else:
        with pytest.raises(InvalidInput):
            shifted(rule, minutes, "stagger_minutes")


@given(EVERY_FEW_DAYS, LATER)
def test_the_runs_of_every_few_days_stay_on_one_day(rule: Rule, minutes: int) -> None:
    if len({(time + minutes) // DAY for time in rule.times}) == 1:
        later = shifted(rule, minutes, "stagger_minutes")
        assert (later.interval, later.days) == (rule.interval, EVERY_DAY)
        assert set(later.times) == {(time + minutes) % DAY for time in rule.times}
        assert keeps_the_rules(later)
    else:
        with pytest.raises(InvalidInput):
            shifted(rule, minutes, "stagger_minutes")
