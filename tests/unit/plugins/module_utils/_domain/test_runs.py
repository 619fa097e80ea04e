# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a schedule runs: as dateutil and the local cloud count it."""

from __future__ import annotations

import itertools
import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from dateutil.rrule import DAILY, rrule
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.runs import (
    MAX_RUNS,
    longest_gap,
    next_runs,
    parse_moment,
    parse_rule,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.schedule import (
    Rule,
    SeveralRules,
    fewest_rules,
    format_pattern,
)
from tests.emulator import schedule as local_cloud
from tests.support.fakes import SUMMER, WINTER
from tests.unit.plugins.module_utils._domain.test_schedule import rule, rules


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("desired", "start", "since", "expected"),
    [
        (rule("all", [2]), "2026-03-01 01:59", None, ["2026-03-01 02:00", "2026-03-02 02:00"]),
        # A run at the start itself is no next run.
        (rule("all", [2]), "2026-03-01 02:00", None, ["2026-03-02 02:00", "2026-03-03 02:00"]),
        (rule("all", [14, 2], 30), "2026-03-01 03:00", None, ["2026-03-01 14:30", "2026-03-02 02:30"]),
        (rule("MO TH", [2]), "2026-03-01 00:00", None, ["2026-03-02 02:00", "2026-03-05 02:00"]),
        # There is no run before the policy began.
        (rule("all", [2]), "2026-03-01 00:00", "2026-04-01 02:00", ["2026-04-02 02:00", "2026-04-03 02:00"]),
        (
            rule("all", [2], interval=3),
            "2026-03-01 12:00",
            "2026-03-01 10:00",
            ["2026-03-04 02:00", "2026-03-07 02:00"],
        ),
        (rule("all", [2, 14], interval=3), "2026-03-04 02:00", "2026-03-01", ["2026-03-04 14:00", "2026-03-07 02:00"]),
        (rule("all", [2], interval=30), "2026-02-28 00:00", "2026-03-01", ["2026-03-01 02:00", "2026-03-31 02:00"]),
    ],
)
def test_the_next_two_runs(desired: Rule, start: str, since: str | None, expected: list[str]) -> None:
    found = next_runs(desired, at(start), at(since) if since else None, 2)
    assert found == [at(text) for text in expected]


def test_the_phase_of_an_interval_is_never_guessed() -> None:
    with pytest.raises(InvalidInput, match="^since is needed .* every 3 days"):
        next_runs(rule("all", [2], interval=3), SUMMER, None, 1)


@pytest.mark.parametrize("count", [0, -1, MAX_RUNS + 1, 10**30])
def test_the_number_of_runs_has_a_limit(count: int) -> None:
    with pytest.raises(InvalidInput, match=f"^count: {count} is out of range; it must be 1 to {MAX_RUNS}"):
        next_runs(rule("all", [2]), SUMMER, None, count)


def test_the_last_run_that_can_be_asked_for_is_within_the_calendar() -> None:
    latest = parse_moment("start", "9000-12-31T23:59:59Z")
    assert len(next_runs(rule("all", [2], interval=30), latest, latest, MAX_RUNS)) == MAX_RUNS


@pytest.mark.parametrize("text", ["1969-12-31T23:00:00Z", "9001-01-01", "0001-01-01"])
def test_a_time_outside_of_the_years_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=f"^start: '{text}' is not in the years 1970 to 9000"):
        parse_moment("start", text)


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="^since: 'noon' is not a time"):
        parse_moment("since", "noon")


@pytest.mark.parametrize(
    ("schedule", "moment", "expected"),
    [
        ({"frequency": "daily", "times": ["02:00"], "timezone": "Europe/Berlin"}, WINTER, rule("all", [1])),
        ({"frequency": "daily", "times": ["02:00"], "timezone": "Europe/Berlin"}, SUMMER, rule("all", [0])),
        ({"pattern": "FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=0"}, SUMMER, rule("MO", [2])),
        (
            {"pattern": ["FREQ=DAILY;BYHOUR=2;BYMINUTE=0", "FREQ=DAILY;BYHOUR=4;BYMINUTE=30"]},
            SUMMER,
            fewest_rules([rule("all", [2]), rule("all", [4], 30)]),
        ),
        (
            {"frequency": "daily", "times": ["02:00", "04:30"]},
            SUMMER,
            fewest_rules([rule("all", [2]), rule("all", [4], 30)]),
        ),
    ],
)
def test_a_schedule_means_what_csbs_policy_would_send_at_that_moment(
    schedule: dict[str, t.Any], moment: datetime, expected: Rule | SeveralRules
) -> None:
    assert parse_rule(schedule, moment).rules == expected.rules


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({}, "schedule: give frequency .* or pattern"),
        ({"pattern": "FREQ=MONTHLY;BYHOUR=2;BYMINUTE=0"}, "schedule.pattern: FREQ must be .* not known$"),
        ({"pattern": "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30"}, "schedule.pattern: two points in time .* not known$"),
        ({"pattern": "whenever"}, "schedule.pattern: .*WHENEVER"),
    ],
)
def test_a_schedule_whose_runs_nobody_knows_is_refused(schedule: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{message}"):
        parse_rule(schedule, SUMMER)


@pytest.mark.parametrize(
    ("desired", "hours"),
    [
        (rule("all", [2]), 24),
        (rule("all", [2, 14]), 12),
        (rule("all", [2, 3]), 23),
        (rule("all", range(24)), 1),
        (rule("MO", [2]), 7 * 24),
        (rule("MO TH", [2]), 4 * 24),
        (rule("MO TH", [2, 14]), 4 * 24 - 12),
        (rule("all", [2], interval=3), 3 * 24),
        (rule("all", [2, 14], interval=3), 3 * 24 - 12),
    ],
)
def test_the_longest_gap(desired: Rule, hours: int) -> None:
    assert longest_gap(desired) == timedelta(hours=hours)


# ========== For all rules ==========
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9000, 12, 31), timezones=st.just(timezone.utc))
WAITS = st.timedeltas(timedelta(0), timedelta(days=70))


@given(rules(), MOMENTS, WAITS, st.integers(1, 60))
def test_the_runs_are_those_of_dateutil(desired: Rule, since: datetime, wait: timedelta, count: int) -> None:
    days = rrule(
        DAILY,
        interval=desired.interval,
        dtstart=since.replace(hour=0, minute=0, second=0, microsecond=0),
        byweekday=sorted(desired.days),
        byhour=sorted(desired.hours),
        byminute=sorted(desired.minutes),
        bysecond=0,
    )
    assert next_runs(desired, since + wait, since, count) == list(days.xafter(since + wait, count))


@given(rules(), MOMENTS, WAITS)
def test_the_runs_are_those_of_the_local_cloud(desired: Rule, since: datetime, wait: timedelta) -> None:
    its = local_cloud.parse(format_pattern(desired))
    moment, expected = (since + wait).replace(tzinfo=None), []
    for dummy in range(5):
        moment = its.next_after(moment, since.date())
        expected.append(moment.replace(tzinfo=timezone.utc))
    assert next_runs(desired, since + wait, since, 5) == expected


@given(rules().filter(lambda desired: desired.interval == 1), MOMENTS)
def test_a_schedule_of_every_week_needs_no_beginning(desired: Rule, start: datetime) -> None:
    assert next_runs(desired, start, None, 30) == next_runs(desired, start, start, 30)


@given(rules(), MOMENTS)
@example(rule("MO", [2]), WINTER)
def test_the_longest_gap_is_the_longest_between_runs(desired: Rule, start: datetime) -> None:
    # A week with a run each hour, and the next one.
    found = next_runs(desired, start, start, 7 * 24 + 1)
    assert longest_gap(desired) == max(later - earlier for earlier, later in itertools.pairwise(found))


# ========== Several rules ==========
@given(st.lists(rules(), min_size=1, max_size=5), MOMENTS, WAITS)
def test_the_runs_of_several_rules_are_those_of_the_local_cloud(
    each: list[Rule], since: datetime, wait: timedelta
) -> None:
    desired = fewest_rules(each)
    its = [local_cloud.parse_rule(str(one)) for one in format_pattern(desired)]
    moment, expected = (since + wait).replace(tzinfo=None), []
    for dummy in range(5):
        moment = min(one.next_after(moment, since.date()) for one in its)
        expected.append(moment.replace(tzinfo=timezone.utc))
    assert next_runs(desired, since + wait, since, 5) == expected


@given(st.lists(rules().filter(lambda one: one.interval == 1), min_size=1, max_size=5), MOMENTS)
def test_the_longest_gap_of_several_rules_is_the_longest_between_runs(each: list[Rule], start: datetime) -> None:
    desired = fewest_rules(each)
    per_week = sum(len(one.days) * len(one.times) for one in desired.rules)
    found = next_runs(desired, start, start, per_week + 1)
    assert longest_gap(desired) == max(later - earlier for earlier, later in itertools.pairwise(found))


def test_one_rule_with_an_interval_is_enough_to_need_a_beginning() -> None:
    mixed = fewest_rules([rule("all", [2]), rule("all", [4], interval=3)])
    with pytest.raises(InvalidInput, match="^since is needed .* every 3 days"):
        next_runs(mixed, SUMMER, None, 1)
    found = next_runs(mixed, at("2026-03-01"), at("2026-03-01"), 5)
    assert [run.strftime("%d %H") for run in found] == ["01 02", "01 04", "02 02", "03 02", "04 02"]


def test_the_longest_gap_of_runs_that_drift_is_refused() -> None:
    with pytest.raises(InvalidInput, match="INTERVAL"):
        longest_gap(fewest_rules([rule("all", [2]), rule("all", [4], interval=3)]))
