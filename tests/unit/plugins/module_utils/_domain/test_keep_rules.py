# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which recovery points the rules keep: tables, and the definitions written a second time in another way."""

from __future__ import annotations

import calendar
import typing as t
import zoneinfo
from datetime import datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.durations import Duration
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.keep_rules import (
    Point,
    Rules,
    has_tags,
    reasons_to_keep,
)

BERLIN, KATHMANDU = zoneinfo.ZoneInfo("Europe/Berlin"), zoneinfo.ZoneInfo("Asia/Kathmandu")
COUNTS = ("last", "hourly", "daily", "weekly", "monthly", "yearly")
WITHIN = ("within", *(f"within_{name}" for name in COUNTS[1:]))


def points(*moments: str) -> list[Point]:
    """Points named for their moments, which are in UTC."""
    return [Point(one, datetime.fromisoformat(one).replace(tzinfo=timezone.utc)) for one in moments]


def kept(given_points: t.Iterable[Point], rules: Rules) -> dict[str, list[str]]:
    return {key: reasons for key, reasons in reasons_to_keep(given_points, rules).items() if reasons}


SUNDAYS = points(
    *(
        f"2019-{date} 11:00"
        for date in ("09-01", "09-08", "09-15", "09-22", "09-29", "10-06", "10-13", "10-20", "10-27", "11-03")
    )
)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (Rules(last=2), {"2019-11-03 11:00": ["last"], "2019-10-27 11:00": ["last"]}),
        (Rules(daily=2), {"2019-11-03 11:00": ["daily"], "2019-10-27 11:00": ["daily"]}),
        (Rules(last=1, monthly=2), {"2019-11-03 11:00": ["last", "monthly"], "2019-10-27 11:00": ["monthly"]}),
        # Three months are there: the fourth is the oldest of all.
        (
            Rules(monthly=3),
            {"2019-11-03 11:00": ["monthly"], "2019-10-27 11:00": ["monthly"], "2019-09-29 11:00": ["monthly"]},
        ),
        (
            Rules(monthly=4),
            {
                key: ["monthly"]
                for key in ("2019-11-03 11:00", "2019-10-27 11:00", "2019-09-29 11:00", "2019-09-01 11:00")
            },
        ),
        (Rules(yearly=1), {"2019-11-03 11:00": ["yearly"]}),
        (Rules(yearly=2), {"2019-11-03 11:00": ["yearly"], "2019-09-01 11:00": ["yearly"]}),
        (Rules(yearly=-1), {"2019-11-03 11:00": ["yearly"], "2019-09-01 11:00": ["yearly"]}),
        (Rules(weekly=-1), {point.key: ["weekly"] for point in SUNDAYS}),
        (Rules(last=-1), {point.key: ["last"] for point in SUNDAYS}),
        (Rules(last=99), {point.key: ["last"] for point in SUNDAYS}),
        # Exactly two weeks before the newest is not within them.
        (Rules(within=Duration(days=14)), {"2019-11-03 11:00": ["within"], "2019-10-27 11:00": ["within"]}),
        (Rules(within=Duration(days=14, hours=1)), {point.key: ["within"] for point in SUNDAYS[-3:]}),
        # A month before 3 November is 3 October.
        (Rules(within=Duration(months=1)), {point.key: ["within"] for point in SUNDAYS[-5:]}),
        (Rules(within_monthly=Duration(months=1)), {"2019-11-03 11:00": ["within"], "2019-10-27 11:00": ["within"]}),
        (Rules(within_monthly=Duration(days=8)), {"2019-11-03 11:00": ["within"], "2019-10-27 11:00": ["within"]}),
        # The oldest of all is within a year, and is kept beside the newest of its month.
        (
            Rules(within_monthly=Duration(years=1)),
            {
                key: ["within"]
                for key in ("2019-11-03 11:00", "2019-10-27 11:00", "2019-09-29 11:00", "2019-09-01 11:00")
            },
        ),
        # The oldest that is within is not the oldest of all.
        (Rules(within_yearly=Duration(months=2)), {"2019-11-03 11:00": ["within"]}),
        (
            Rules(within=Duration(hours=1), within_weekly=Duration(days=8), within_yearly=Duration(years=9)),
            {key: ["within"] for key in ("2019-11-03 11:00", "2019-10-27 11:00", "2019-09-01 11:00")},
        ),
        (
            Rules(
                last=1,
                hourly=1,
                daily=1,
                weekly=1,
                monthly=1,
                yearly=1,
                within=Duration(days=1),
                within_daily=Duration(days=1),
            ),
            {"2019-11-03 11:00": ["last", "hourly", "daily", "weekly", "monthly", "yearly", "within"]},
        ),
        # Young is what is younger than that now, and not what is exactly as old.
        (
            Rules(older_than=timedelta(days=7), now=datetime(2019, 11, 3, 11, tzinfo=timezone.utc)),
            {"2019-11-03 11:00": ["young"]},
        ),
        (
            Rules(older_than=timedelta(days=7, seconds=1), now=datetime(2019, 11, 3, 11, tzinfo=timezone.utc)),
            {"2019-11-03 11:00": ["young"], "2019-10-27 11:00": ["young"]},
        ),
        # What is young counts for the other rules.
        (
            Rules(last=2, older_than=timedelta(days=1), now=datetime(2019, 11, 3, 12, tzinfo=timezone.utc)),
            {"2019-11-03 11:00": ["last", "young"], "2019-10-27 11:00": ["last"]},
        ),
        # A backup of the future is no measure, and stays.
        (
            Rules(within=Duration(days=8), now=datetime(2019, 10, 20, 12, tzinfo=timezone.utc)),
            {point.key: ["within"] for point in SUNDAYS[-4:]},
        ),
        (
            Rules(within=Duration(hours=1), now=datetime(2019, 1, 1, tzinfo=timezone.utc)),
            {point.key: ["within"] for point in SUNDAYS},
        ),
        (Rules(), {}),
    ],
)
def test_each_rule_keeps_what_its_definition_says(rules: Rules, expected: dict[str, list[str]]) -> None:
    assert kept(SUNDAYS, rules) == expected


@pytest.mark.parametrize(
    ("rules", "moments", "expected"),
    [
        # Midnight in Berlin is 22:00 UTC in summer and 23:00 in winter.
        (
            Rules(daily=2),
            ["2026-07-01 21:30", "2026-07-01 22:30", "2026-07-01 23:30"],
            ["2026-07-01 21:30", "2026-07-01 23:30"],
        ),
        (Rules(daily=1), ["2026-07-01 21:30", "2026-07-01 22:30", "2026-07-01 23:30"], ["2026-07-01 23:30"]),
        (
            Rules(daily=2, zone=BERLIN),
            ["2026-07-01 20:00", "2026-07-01 21:30", "2026-07-01 22:30"],
            ["2026-07-01 21:30", "2026-07-01 22:30"],
        ),
        (
            Rules(daily=1, zone=BERLIN),
            ["2026-01-15 22:30", "2026-01-15 23:30", "2026-01-16 00:30"],
            ["2026-01-16 00:30"],
        ),
        (
            Rules(daily=2, zone=BERLIN),
            ["2026-01-15 22:00", "2026-01-15 22:30", "2026-01-16 00:30"],
            ["2026-01-15 22:30", "2026-01-16 00:30"],
        ),
        (
            Rules(daily=2),
            ["2026-01-15 22:00", "2026-01-15 23:30", "2026-01-16 00:30"],
            ["2026-01-15 23:30", "2026-01-16 00:30"],
        ),
        # The nights on which the clocks change: 02:30 comes twice in October, the day has 25 hours; in March it has 23.
        (
            Rules(daily=2, zone=BERLIN),
            ["2026-10-24 22:00", "2026-10-25 00:30", "2026-10-25 01:30", "2026-10-25 23:00"],
            ["2026-10-25 01:30", "2026-10-25 23:00"],
        ),
        (
            Rules(daily=2, zone=BERLIN),
            ["2026-03-28 22:30", "2026-03-28 23:00", "2026-03-29 21:59", "2026-03-29 22:00"],
            ["2026-03-29 21:59", "2026-03-29 22:00"],
        ),
        # The ISO week of New Year: 2026-12-31 and 2027-01-01 are in week 53 of 2026; 2027-01-04 begins week 1 of 2027.
        (
            Rules(weekly=2),
            ["2026-12-27 12:00", "2026-12-31 12:00", "2027-01-01 12:00", "2027-01-04 12:00"],
            ["2027-01-01 12:00", "2027-01-04 12:00"],
        ),
        (
            Rules(weekly=3),
            ["2026-12-20 12:00", "2026-12-27 12:00", "2026-12-28 12:00", "2027-01-03 12:00", "2027-01-04 12:00"],
            ["2026-12-27 12:00", "2027-01-03 12:00", "2027-01-04 12:00"],
        ),
        # 2024-12-30 is in week 1 of 2025, which is not week 1 of 2024.
        (
            Rules(weekly=2),
            ["2024-01-01 12:00", "2024-12-30 12:00", "2025-01-02 12:00"],
            ["2024-01-01 12:00", "2025-01-02 12:00"],
        ),
        (Rules(weekly=1, zone=BERLIN), ["2026-07-05 22:30", "2026-07-05 21:30"], ["2026-07-05 22:30"]),
        (
            Rules(yearly=2, zone=BERLIN),
            ["2026-12-31 22:30", "2026-12-31 23:30", "2025-06-01 12:00"],
            ["2026-12-31 22:30", "2026-12-31 23:30"],
        ),
        (
            Rules(yearly=2),
            ["2026-12-31 22:30", "2026-12-31 23:30", "2025-06-01 12:00", "2025-05-01 12:00"],
            ["2025-06-01 12:00", "2026-12-31 23:30"],
        ),
        (
            Rules(monthly=2, zone=BERLIN),
            ["2026-07-31 21:59", "2026-07-31 22:00", "2026-06-01 12:00"],
            ["2026-07-31 21:59", "2026-07-31 22:00"],
        ),
        (
            Rules(hourly=2),
            ["2026-07-01 12:00", "2026-07-01 12:59", "2026-07-01 13:00", "2026-07-01 11:59"],
            ["2026-07-01 12:59", "2026-07-01 13:00"],
        ),
        (
            Rules(hourly=2, zone=KATHMANDU),
            ["2026-07-01 12:14", "2026-07-01 12:15", "2026-07-01 13:14", "2026-07-01 11:00"],
            ["2026-07-01 12:14", "2026-07-01 13:14"],
        ),
        # The hour that comes twice when the clocks go back is one hour, as on the clock.
        (
            Rules(hourly=2, zone=BERLIN),
            ["2026-10-25 00:30", "2026-10-25 01:30", "2026-10-24 22:30", "2026-10-24 21:30"],
            ["2026-10-24 22:30", "2026-10-25 01:30"],
        ),
        # A month before 31 March, which it still is three hours west of Greenwich, is 3 March.
        (
            Rules(within=Duration(months=1), zone=timezone(timedelta(hours=-3))),
            ["2026-04-01 02:00", "2026-03-04 02:01", "2026-03-04 02:00"],
            ["2026-03-04 02:01", "2026-04-01 02:00"],
        ),
        (
            Rules(within=Duration(months=1)),
            ["2026-04-01 02:00", "2026-03-04 02:00", "2026-03-01 02:00"],
            ["2026-03-04 02:00", "2026-04-01 02:00"],
        ),
        (
            Rules(within=Duration(months=1)),
            ["2026-03-31 02:00", "2026-03-03 02:00", "2026-03-03 02:01"],
            ["2026-03-03 02:01", "2026-03-31 02:00"],
        ),
    ],
)
def test_periods_are_those_of_the_time_zone(rules: Rules, moments: list[str], expected: list[str]) -> None:
    assert sorted(kept(points(*moments), rules)) == expected


@pytest.mark.parametrize(
    ("tags", "wanted", "expected"),
    [
        ({"a": "1", "b": "2"}, {"a": "1"}, True),
        ({"a": "1", "b": "2"}, {"a": "1", "b": "2"}, True),
        ({"a": "1"}, {"a": "1", "b": "2"}, False),
        ({"a": "2"}, {"a": "1"}, False),
        ({"a": "1"}, {"a": ""}, False),
        ({"a": ""}, {"a": ""}, True),
        ({"a": "1"}, {"a": None}, True),
        ({}, {"a": None}, False),
        ({"a": "1"}, {}, False),
    ],
)
def test_a_tag_rule_wants_all_its_tags_with_their_values(
    tags: dict[str, str], wanted: dict[str, str | None], expected: bool
) -> None:
    assert has_tags(tags, wanted) is expected
    one = SUNDAYS[0]._replace(tags=tags)
    assert reasons_to_keep([one], Rules(tags=wanted)) == {one.key: ["tag"] if expected else []}


@pytest.mark.parametrize(
    ("rules", "empty", "only_tags"),
    [
        (Rules(), True, True),
        (Rules(zone=BERLIN), True, True),
        (Rules(tags={"a": None}), False, True),
        (Rules(tags={"a": None}, last=1), False, False),
        *((Rules(**{name: Duration(hours=1)}), False, False) for name in WITHIN),
        (Rules(older_than=timedelta(1)), True, True),
        (Rules(older_than=timedelta(1), tags={"a": None}), False, True),
        (Rules(older_than=timedelta(1), last=1), False, False),
        *((Rules(**{name: -1}), False, False) for name in COUNTS),
    ],
)
def test_what_is_no_rule_is_told(rules: Rules, empty: bool, only_tags: bool) -> None:
    assert (rules.empty, rules.only_tags) == (empty, only_tags)


# ========== The definitions a second time ==========
ZONES = [
    timezone.utc,
    BERLIN,
    *(zoneinfo.ZoneInfo(name) for name in ("America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati")),
]
# Around New Year, and around both nights on which clocks change, where periods are at their trickiest; or anywhere.
STARTS = [datetime(2026, 12, 25), datetime(2026, 3, 27), datetime(2026, 10, 23), datetime(2024, 2, 27)]
OFFSETS = st.one_of(st.integers(0, 14 * 24 * 4).map(lambda quarters: quarters * 900), st.integers(0, 3 * 365 * 86400))
MOMENTS = st.builds(
    lambda start, seconds: start.replace(tzinfo=timezone.utc) + timedelta(seconds=seconds),
    st.sampled_from(STARTS),
    OFFSETS,
)
TAGS = st.dictionaries(st.sampled_from("ab"), st.sampled_from(["", "1", "2"]))
GROUPS = st.lists(st.builds(lambda moment, tags: (moment, tags), MOMENTS, TAGS), max_size=25).map(
    lambda rows: [Point(f"b{number:02d}", moment, tags) for number, (moment, tags) in enumerate(rows)]
)
NUMBERS = st.sampled_from([0, 0, 1, 2, 3, 5, 30, -1])
DURATIONS = st.builds(Duration, *(st.sampled_from([0, 0, 1, 2, most]) for most in (3, 14, 40, 999))).filter(
    lambda one: one != Duration()
)
RULES = st.builds(
    Rules,
    **{name: NUMBERS for name in COUNTS},
    **{name: st.none() | DURATIONS for name in WITHIN},
    older_than=st.none() | st.integers(1, 40 * 24).map(lambda hours: timedelta(hours=hours)),
    now=st.none() | MOMENTS,
    tags=st.dictionaries(st.sampled_from("ab"), st.sampled_from([None, "", "1"]), max_size=2),
    zone=st.sampled_from(ZONES),
)
FORMATS = {"hourly": "%Y-%m-%d %H", "daily": "%Y-%m-%d", "weekly": "%G-%V", "monthly": "%Y-%m", "yearly": "%Y"}


def long_before(moment: datetime, duration: Duration, zone: tzinfo) -> datetime:
    """The moment that lies a duration before another, by counting days of months."""
    local = moment.astimezone(zone)
    year, month = local.year - duration.years, local.month - duration.months
    while month < 1:
        year, month = year - 1, month + 12
    length = calendar.monthrange(year, month)[1]
    beyond = max(local.day - length, 0)
    wall = local.replace(tzinfo=None, year=year, month=month, day=min(local.day, length)) + timedelta(
        days=beyond - duration.days
    )
    # Where clocks change, a time may come twice or never. Restic takes the later moment east of Greenwich, and the
    # earlier one west of it.
    moments = [wall.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1)]
    east = (local.utcoffset() or timedelta(0)) >= timedelta(0)
    return (max if east else min)(moments) - timedelta(hours=duration.hours)


def by_definition(group: list[Point], rules: Rules, key: str) -> list[str]:
    """Return why one point is kept, each rule for itself as its definition has it, by sets and comparisons."""
    me = next(point for point in group if point.key == key)
    newer = [point for point in group if point.moment > me.moment or (point.moment == me.moment and point.key < me.key)]
    others = [point for point in group if point.key != key]
    unlimited = len(group) + 1
    reasons = []

    def period(point: Point, form: str) -> str:
        return point.moment.astimezone(rules.zone).strftime(form)

    if len(newer) < (unlimited if rules.last == -1 else rules.last):
        reasons.append("last")
    for name, form in FORMATS.items():
        count = unlimited if getattr(rules, name) == -1 else getattr(rules, name)
        newest_of_its_period = period(me, form) not in {period(point, form) for point in newer}
        among_the_last = len({period(point, form) for point in group if period(point, form) > period(me, form)}) < count
        oldest_with_count_left = len(newer) == len(others) and len({period(point, form) for point in others}) < count
        if (newest_of_its_period and among_the_last) or oldest_with_count_left:
            reasons.append(name)
    past = [point.moment for point in group if rules.now is None or point.moment < rules.now + timedelta(minutes=1)]

    def inside(name: str) -> bool:
        duration = getattr(rules, name)
        return duration is not None and (not past or me.moment > long_before(max(past), duration, rules.zone))

    by_period = any(
        inside(f"within_{name}")
        and (len(newer) == len(others) or all(period(me, form) != period(point, form) for point in newer))
        for name, form in FORMATS.items()
    )
    if inside("within") or by_period:
        reasons.append("within")
    if rules.older_than is not None and rules.now is not None and me.moment > rules.now - rules.older_than:
        reasons.append("young")
    if rules.tags and all(
        (me.tags.get(tag) is not None) if value is None else me.tags.get(tag) == value
        for tag, value in rules.tags.items()
    ):
        reasons.append("tag")
    return reasons


# The definitions are slow, and a busy machine makes them slower.
@settings(deadline=None)
@given(GROUPS, RULES)
@example([], Rules(last=1))
@example(SUNDAYS, Rules(daily=3, weekly=30, yearly=1))
def test_the_engine_agrees_with_the_definitions(group: list[Point], rules: Rules) -> None:
    assert reasons_to_keep(group, rules) == {point.key: by_definition(group, rules, point.key) for point in group}


@given(GROUPS, RULES, st.randoms())
def test_the_order_of_points_does_not_matter(group: list[Point], rules: Rules, random: t.Any) -> None:
    shuffled = list(group)
    random.shuffle(shuffled)
    assert reasons_to_keep(shuffled, rules) == reasons_to_keep(group, rules)


@given(GROUPS, RULES)
def test_the_newest_is_kept_unless_tags_are_the_only_rule(group: list[Point], rules: Rules) -> None:
    if group and not rules.only_tags:
        newest = max(point.moment for point in group)
        assert any(point.moment == newest for point in group if reasons_to_keep(group, rules)[point.key])


@given(GROUPS, RULES)
def test_a_second_run_over_what_is_kept_removes_nothing(group: list[Point], rules: Rules) -> None:
    left = [point for point in group if reasons_to_keep(group, rules)[point.key]]
    assert all(reasons_to_keep(left, rules).values())


@given(GROUPS, RULES, st.sampled_from(COUNTS), NUMBERS, st.sampled_from(WITHIN), DURATIONS, st.integers(0, 1000))
def test_more_generous_rules_keep_all_that_meaner_ones_keep(
    group: list[Point], rules: Rules, name: str, more: int, within: str, longer: Duration, hours: int
) -> None:
    now, duration = getattr(rules, name), getattr(rules, within) or Duration()
    count = -1 if -1 in (now, more) else now + more
    total = Duration(*(number + more for number, more in zip(duration, longer)))
    older_than = (rules.older_than or timedelta(0)) + timedelta(hours=hours)
    generous = rules._replace(**{name: count, within: total, "older_than": older_than})
    assert set(kept(group, rules)) <= set(kept(group, generous))


@given(GROUPS, RULES)
def test_rules_do_not_look_at_one_another(group: list[Point], rules: Rules) -> None:
    """What several rules keep is what each keeps alone."""
    parts = [*((name,) for name in COUNTS), WITHIN, ("older_than",), ("tags",)]
    alone = [Rules(**{name: getattr(rules, name) for name in names}, zone=rules.zone, now=rules.now) for names in parts]
    for point in group:
        assert reasons_to_keep(group, rules)[point.key] == [
            reason for one in alone for reason in reasons_to_keep(group, one)[point.key]
        ]


@given(st.lists(st.datetimes(timezones=st.sampled_from(ZONES)), max_size=5), RULES)
def test_no_date_of_the_calendar_is_too_early_or_too_late(moments: list[datetime], rules: Rules) -> None:
    """A service may answer the year 1 for a time that it does not know."""
    group = [Point(f"b{number}", moment, {}) for number, moment in enumerate(moments)]
    assert set(reasons_to_keep(group, rules)) == {point.key for point in group}
