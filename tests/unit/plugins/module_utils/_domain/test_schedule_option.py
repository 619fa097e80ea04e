# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option schedule: words in local time and patterns become rules in UTC."""

from __future__ import annotations

import re
import typing as t
import zoneinfo
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.schedule import (
    DAYS,
    EVERY_DAY,
    RawPattern,
    Rule,
    SeveralRules,
    describe_schedule,
    fewest_rules,
    format_pattern,
    same_schedule,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.schedule_option import parse_schedule
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.services import RULES
from tests.support.fakes import DAILY_0200, SUMMER, WINTER
from tests.unit.plugins.module_utils._domain.test_schedule import rule

CSBS, CBR = RULES["csbs"], RULES["cbr"]


def wanted(schedule: dict[str, t.Any], now: datetime = SUMMER) -> Rule:
    rule = parse_schedule(schedule, now, CSBS)[0]
    assert isinstance(rule, Rule)
    return rule


def daily(*times: t.Any, **more: t.Any) -> dict[str, t.Any]:
    return {"frequency": "daily", "times": list(times), **more}


def weekly(days: str, *times: t.Any, **more: t.Any) -> dict[str, t.Any]:
    return {"frequency": "weekly", "days": days.split(), "times": list(times), **more}


@pytest.mark.parametrize(
    ("schedule", "now", "expected"),
    [
        (daily("02:00"), SUMMER, rule("all", [2])),
        (daily("2:00", "14:00", "02:00"), SUMMER, rule("all", [2, 14])),
        (daily("02:00", interval=3), SUMMER, rule("all", [2], interval=3)),
        (daily("02:00", timezone="Europe/Berlin"), SUMMER, rule("all", [0])),
        (daily("02:00", timezone="Europe/Berlin"), WINTER, rule("all", [1])),
        (daily("00:30", "12:30", timezone="Europe/Berlin"), SUMMER, rule("all", [22, 10], 30)),
        (daily("02:00", timezone="Asia/Kolkata"), SUMMER, rule("all", [20], 30)),
        (daily("00:15", timezone="Asia/Kathmandu"), SUMMER, rule("all", [18], 30)),
        (daily("02:00", timezone="UTC+02:00"), WINTER, rule("all", [0])),
        (daily("02:00", timezone="utc-3:30"), SUMMER, rule("all", [5], 30)),
        (weekly("MO", "01:00", timezone="UTC+02:00"), WINTER, rule("SU", [23])),
        (weekly("mo TH", "02:00"), SUMMER, rule("MO TH", [2])),
        (weekly("MO", "01:00", timezone="Europe/Berlin"), SUMMER, rule("SU", [23])),
        (weekly("MO", "01:00", timezone="Europe/Berlin"), WINTER, rule("MO", [0])),
        (weekly("SU", "23:00", timezone="America/New_York"), SUMMER, rule("MO", [3])),
        (weekly("MO SA", "00:30", "01:30", timezone="Europe/Berlin"), SUMMER, rule("SU FR", [22, 23], 30)),
        (weekly("MO TU WE TH FR SA SU", "02:00"), SUMMER, rule("all", [2])),
        (weekly("MO TU WE TH FR SA SU", "01:00", "12:00", timezone="Europe/Berlin"), SUMMER, rule("all", [23, 10])),
        (weekly("FR", "23:00", timezone="Pacific/Kiritimati"), SUMMER, rule("FR", [9])),
        (weekly("FR", "02:00", timezone="Pacific/Kiritimati"), SUMMER, rule("TH", [12])),
        (daily(*(f"{hour:02d}:45" for hour in range(24))), SUMMER, rule("all", range(24), 45)),
        (
            {"frequency": None, "times": None, "days": None, "interval": None, "timezone": None, "pattern": DAILY_0200},
            SUMMER,
            rule("all", [2]),
        ),
    ],
)
def test_a_schedule_in_words_becomes_the_rule_in_utc(schedule: dict[str, t.Any], now: datetime, expected: Rule) -> None:
    assert wanted(schedule, now) == expected


@pytest.mark.parametrize(
    ("schedule", "fragment"),
    [
        (daily(870), '"14:30"'),
        (daily("870"), '"14:30"'),
        (daily(120), '"02:00"'),
        (daily("24:00"), "'24:00' is not a time of day"),
        (daily("12:60"), "'12:60'"),
        (daily("1440"), "'1440'"),
        (daily("2"), '"00:02"'),
        (daily("2am"), "'2am'"),
        (daily("02:00:00"), "'02:00:00'"),
        (daily("\u00b2"), "'\u00b2'"),
        (daily(None), "'None'"),
        (daily(), "schedule.times is needed"),
        ({"times": ["02:00"]}, "give frequency"),
        ({}, "give frequency"),
        ({"frequency": "hourly", "times": ["02:00"]}, "schedule.frequency: 'hourly'"),
        ({"frequency": "Daily", "times": ["02:00"]}, "must be daily or weekly"),
        ({"frequency": "", "times": ["02:00"]}, "schedule.frequency: ''"),
        (daily("9" * 5000), "is not a time of day"),
        (daily("\u0660\u0662:00"), "is not a time of day"),
        (daily("02:00", "14:30"), "02:00, 14:30"),
        (daily("02:00", "02:59"), "59 minutes"),
        (daily("02:00", interval=0), "interval: 0"),
        (daily("02:00", interval=31), "interval: 31"),
        (daily("02:00", days=["MO"]), "schedule.days"),
        (daily("02:00", timezone="Mars/Olympus"), "'Mars/Olympus'"),
        (
            daily("02:00", timezone="UTC+15:00"),
            "'UTC+15:00' is not an offset from UTC; it must be UTC-12:00 to UTC+14:00",
        ),
        (daily("02:00", timezone="UTC+2"), "an offset like UTC+02:00"),
        (daily("01:00", "12:00", interval=2, timezone="UTC+02:00"), "01:00, 12:00 in UTC+02:00 fall on different days"),
        ({"pattern": DAILY_0200, "timezone": "Mars/Olympus"}, "'Mars/Olympus'"),
        (daily("01:00", "12:00", interval=2, timezone="Europe/Berlin"), "different days"),
        (weekly("", "02:00"), "schedule.days is needed"),
        (weekly("MON", "02:00"), "'MON'"),
        (weekly("MO", "02:00", interval=2), "schedule.interval: 2"),
        (
            weekly("MO", "01:00", "12:00", timezone="Europe/Berlin"),
            "01:00, 12:00 in Europe/Berlin fall on different days",
        ),
        ({"pattern": DAILY_0200, "times": ["02:00"]}, "excludes schedule.times"),
        ({"pattern": DAILY_0200, "frequency": "daily", "interval": 1}, "schedule.frequency, schedule.interval"),
        ({"pattern": DAILY_0200, "days": []}, "schedule.days"),
        ({"pattern": ""}, "exactly one RRULE"),
        ({"pattern": "every night"}, "'EVERY NIGHT' is not known"),
        ({"pattern": "RRULE:BYHOUR=2;BYMINUTE=0"}, "FREQ must be"),
        ({"pattern": "FREQ=DAILY;BYHOUR=2;BYMINUTE=0;" + "X=1;" * 2600}, "10240"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_with_the_offending_value(
    schedule: dict[str, t.Any], fragment: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        wanted(schedule)
    assert fragment in str(refusal.value)
    assert "schedule" in str(refusal.value)


@pytest.mark.parametrize(
    ("zone", "noted"),
    [("Europe/Berlin", True), ("UTC", False), (None, False), ("Asia/Kolkata", False), ("UTC+02:00", False)],
)
def test_a_zone_with_summer_time_carries_a_note_and_no_other_does(zone: str | None, noted: bool) -> None:
    notes = parse_schedule(daily("02:00", timezone=zone), WINTER, CSBS)[1]
    assert [str(zone) in note for note in notes] == [True] * noted


@pytest.mark.parametrize(
    ("zone", "noted"),
    [("Europe/Berlin", True), ("UTC+02:00", True), ("UTC", False), ("UTC+00:00", False), ("", False), (None, False)],
)
def test_a_zone_beside_a_pattern_carries_a_note(zone: str | None, noted: bool) -> None:
    notes = parse_schedule({"pattern": DAILY_0200, "timezone": zone}, SUMMER, CSBS)[1]
    assert [f"schedule.timezone {zone} has no effect" in note for note in notes] == [True] * noted


EMPTY = {"frequency": None, "interval": None, "days": None, "times": None, "timezone": None, "pattern": None}


# ========== Patterns that break the rules ==========
def enveloped(text: str, *before: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *before, f"RRULE:{text}", "END:VEVENT", "END:VCALENDAR", ""])


@pytest.mark.parametrize(
    ("stored", "fragment"),
    [
        (enveloped("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;BYHOUR=02;BYMINUTE=00"), "INTERVAL"),
        (enveloped("FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=02;BYMINUTE=00"), "BYMONTHDAY"),
        (enveloped("FREQ=DAILY;BYHOUR=02;BYMINUTE=00;WKST=SU"), "WKST=SU"),
        (enveloped("FREQ=DAILY;BYHOUR=02;BYMINUTE=00;UNTIL=20301231T000000Z"), "UNTIL"),
        (
            enveloped("FREQ=DAILY;BYHOUR=02;BYMINUTE=00", "DTSTART;TZID=Europe/Berlin:20260301T020000"),
            "exactly one RRULE",
        ),
        ("FREQ=HOURLY", "HOURLY"),
        ("RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=0,59", "59 minutes"),
        ("RRULE:FREQ=DAILY;BYHOUR=0,23;BYMINUTE=0,59", "1 minutes"),
        ("RRULE:FREQ=WEEKLY;BYDAY=SU,MO;BYHOUR=0,23;BYMINUTE=0,59", "1 minutes"),
        ("FREQ=DAILY;INTERVAL=2;BYHOUR=1;BYMINUTE=0,30", "30 minutes"),
        ("FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0,30", "48 points"),
    ],
)
def test_a_pattern_that_breaks_the_rules_stays_where_it_is_and_goes_nowhere_else(stored: str, fragment: str) -> None:
    described = describe_schedule(stored)
    assert described == {**EMPTY, "pattern": stored}
    rule, notes = parse_schedule(described, SUMMER, CSBS)
    assert isinstance(rule, RawPattern) and notes == []
    for same in (
        stored,
        stored.replace("\r\n", "\n"),
        stored.replace("\r\n", "\\r\\n"),
        stored.lower(),
        stored.replace("=0", "=00"),
    ):
        assert same_schedule(same, rule)
    for other in (None, "", DAILY_0200, stored.replace("FREQ=", "FREQ=X"), stored + ";COUNT=3"):
        assert not same_schedule(other, rule)
    with pytest.raises(
        InvalidInput, match="^schedule.pattern: .*Only a policy that has this pattern already can keep it"
    ) as refusal:
        format_pattern(rule)
    assert fragment in str(refusal.value)


PIECES = st.sampled_from(
    [
        "FREQ",
        "INTERVAL",
        "BYDAY",
        "=",
        ";",
        ",",
        ":",
        "DAILY",
        "WEEKLY",
        "MO",
        "0",
        "2",
        "59",
        "\r\n",
        "RRULE:",
        "BEGIN:VEVENT",
        " ",
        "\u0662",
        "9" * 5000,
    ]
)


@given(st.lists(PIECES, max_size=20).map("".join) | st.text(max_size=60))
@example("FREQ=DAILY;BYHOUR=" + "9" * 5000 + ";BYMINUTE=0")
@example("=;=,;FREQ=")
@example("=FREQ=")
def test_whatever_a_policy_has_is_described_and_what_it_gives_back_is_kept_or_refused(text: str) -> None:
    described = describe_schedule(text)
    try:
        rule = parse_schedule(described, SUMMER, CSBS)[0]
    except InvalidInput:
        # FREQ as a whole key: "FREQFREQ=" and "=FREQ=" have none.
        key = r"(?:(?:^|[\r\n])\s*(?:RRULE:)?|;)\s*FREQ\s*="
        assert not re.search(key, text, re.IGNORECASE) or len(text) > 10240
        return
    assert same_schedule(text, rule)


@given(
    st.fixed_dictionaries(
        {
            "frequency": st.sampled_from(["daily", "weekly", None]) | st.text(max_size=5),
            "interval": st.none() | st.integers(),
            "days": st.none() | st.lists(st.sampled_from(DAYS) | st.text(max_size=3), max_size=3),
            "times": st.none()
            | st.lists(st.sampled_from(["02:00", "14:30"]) | st.text(max_size=5) | st.integers(), max_size=3),
            "timezone": st.none() | st.sampled_from(["Europe/Berlin", "UTC+05:45", "UTC-12:00"]) | st.text(max_size=5),
            "pattern": st.none(),
        }
    )
)
def test_whatever_is_asked_for_is_a_rule_or_refused(schedule: dict[str, t.Any]) -> None:
    try:
        rule = parse_schedule(schedule, SUMMER, CSBS)[0]
    except InvalidInput:
        return
    assert same_schedule(format_pattern(rule), rule)


# ========== For all rules ==========
def rules() -> st.SearchStrategy[Rule]:
    hours = st.frozensets(st.integers(0, 23), min_size=1)
    minutes = st.integers(0, 59).map(lambda minute: frozenset({minute}))
    every = st.builds(Rule, st.integers(1, 30), st.just(EVERY_DAY), hours, minutes)
    some = st.builds(Rule, st.just(1), st.frozensets(st.integers(0, 6), min_size=1), hours, minutes)
    return every | some


@given(rules())
def test_a_described_schedule_fed_back_is_the_same_rule(desired: Rule) -> None:
    described = describe_schedule(format_pattern(desired))
    assert parse_schedule(described, SUMMER, CSBS) == (desired, [])


ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/St_Johns",
]


@given(
    zone=st.sampled_from(ZONES),
    now=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
    days=st.sets(st.sampled_from(DAYS), min_size=1),
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=4),
    minute=st.integers(0, 59),
)
def test_a_local_schedule_fires_at_those_local_times_and_at_no_others(
    zone: str, now: datetime, days: set[str], hours: set[int], minute: int
) -> None:
    now = now.replace(tzinfo=timezone.utc)
    times = [f"{hour:02d}:{minute:02d}" for hour in sorted(hours)]
    # A second way: lay a week of local times out with the present offset, and see when in UTC they are.
    offset = now.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset()
    monday = datetime(2026, 3, 2, tzinfo=timezone(offset or timedelta(0)))
    local = [monday + timedelta(days=DAYS.index(day), hours=hour, minutes=minute) for day in days for hour in hours]
    expected = {(at.weekday(), at.hour, at.minute) for at in (moment.astimezone(timezone.utc) for moment in local)}
    try:
        found = wanted(weekly(" ".join(days), *times, timezone=zone), now)
    except InvalidInput as refusal:
        assert "different days" in str(refusal)
        per_day = [{clock[1:] for clock in expected if clock[0] == day} for day in {clock[0] for clock in expected}]
        assert any(clocks != per_day[0] for clocks in per_day[1:]), "one rule could have said it"
        return
    assert {(day, *divmod(at, 60)) for day in found.days for at in found.times} == expected


# ========== Several rules ==========
def on_cbr(schedule: dict[str, t.Any], now: datetime = SUMMER) -> list[str] | str:
    return format_pattern(parse_schedule(schedule, now, CBR)[0])


@pytest.mark.parametrize(
    ("schedule", "now", "expected"),
    [
        (daily("02:00"), SUMMER, ["FREQ=DAILY;BYHOUR=02;BYMINUTE=00"]),
        (daily("02:00", "14:00", interval=1), SUMMER, ["FREQ=DAILY;BYHOUR=02,14;BYMINUTE=00"]),
        (
            daily("02:00", "14:30"),
            SUMMER,
            ["FREQ=DAILY;BYHOUR=02;BYMINUTE=00", "FREQ=DAILY;BYHOUR=14;BYMINUTE=30"],
        ),
        (daily("01:00", "12:00", timezone="Europe/Berlin"), SUMMER, ["FREQ=DAILY;BYHOUR=10,23;BYMINUTE=00"]),
        (
            daily("02:00", "14:30", interval=3),
            SUMMER,
            ["FREQ=DAILY;INTERVAL=3;BYHOUR=02;BYMINUTE=00", "FREQ=DAILY;INTERVAL=3;BYHOUR=14;BYMINUTE=30"],
        ),
        (
            weekly("MO", "01:00", "12:00", timezone="Europe/Berlin"),
            SUMMER,
            ["FREQ=WEEKLY;BYDAY=MO;BYHOUR=10;BYMINUTE=00", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=23;BYMINUTE=00"],
        ),
        (
            weekly("MO", "01:00", "12:00", timezone="Europe/Berlin"),
            WINTER,
            ["FREQ=WEEKLY;BYDAY=MO;BYHOUR=00,11;BYMINUTE=00"],
        ),
        (
            weekly("FR", "21:00", "20:00", "12:15", timezone="America/New_York"),
            SUMMER,
            ["FREQ=WEEKLY;BYDAY=FR;BYHOUR=16;BYMINUTE=15", "FREQ=WEEKLY;BYDAY=SA;BYHOUR=00,01;BYMINUTE=00"],
        ),
        ({"pattern": DAILY_0200}, SUMMER, ["FREQ=DAILY;BYHOUR=02;BYMINUTE=00"]),
        (
            {"pattern": ["FREQ=DAILY;BYHOUR=14;BYMINUTE=0", DAILY_0200]},
            SUMMER,
            ["FREQ=DAILY;BYHOUR=02,14;BYMINUTE=00"],
        ),
    ],
)
def test_a_schedule_becomes_the_few_rules_that_say_it(
    schedule: dict[str, t.Any], now: datetime, expected: list[str]
) -> None:
    assert on_cbr(schedule, now) == expected


@pytest.mark.parametrize(
    ("schedule", "fragment"),
    [
        (daily("02:00", "02:59"), "schedule.times: two points in time are 59 minutes apart"),
        (daily("23:30", "00:00"), "schedule.times: two points in time are 30 minutes apart"),
        (
            daily("01:00", "12:00", interval=2, timezone="Europe/Berlin"),
            "schedule.times: 01:00, 12:00 in Europe/Berlin fall on different days in UTC, in which schedule.interval 2",
        ),
        (daily("02:00", days=["MO"]), "schedule.days"),
        ({"pattern": []}, "schedule.pattern: an empty list is not a rule"),
        ({"pattern": [DAILY_0200, None]}, "schedule.pattern: None is not a rule"),
        ({"pattern": {"FREQ": "DAILY"}}, "schedule.pattern: {'FREQ': 'DAILY'} is not a rule"),
        ({"pattern": [DAILY_0200, ""]}, "schedule.pattern: '' must hold at least one rule"),
        ({"pattern": [DAILY_0200, "every night"]}, "schedule.pattern: 'EVERY NIGHT' is not known"),
        ({"pattern": [DAILY_0200], "times": ["02:00"]}, "excludes schedule.times"),
    ],
)
def test_what_several_rules_cannot_say_is_refused_with_the_offending_value(
    schedule: dict[str, t.Any], fragment: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        on_cbr(schedule)
    assert fragment in str(refusal.value)


def test_a_service_of_one_rule_takes_a_list_of_one() -> None:
    assert wanted({"pattern": [DAILY_0200]}) == rule("all", [2])
    with pytest.raises(InvalidInput, match=r"^schedule.pattern: 2 rules; a schedule of Cloud Server .* has one\. What"):
        wanted({"pattern": [DAILY_0200, DAILY_0200]})


@pytest.mark.parametrize(
    "stored",
    [
        ["FREQ=HOURLY"],
        ["FREQ=DAILY;BYHOUR=2;BYMINUTE=0", "FREQ=DAILY;BYHOUR=2;BYMINUTE=30"],
        ["FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=2;BYMINUTE=0", "FREQ=DAILY;BYHOUR=4;BYMINUTE=0"],
    ],
)
def test_rules_that_cannot_be_sent_stay_where_they_are_and_go_nowhere_else(stored: list[str]) -> None:
    described = describe_schedule(stored)
    schedule = parse_schedule(described, SUMMER, CBR)[0]
    assert isinstance(schedule, RawPattern) and same_schedule(stored, schedule)
    assert not same_schedule(["FREQ=DAILY;BYHOUR=4;BYMINUTE=0"], schedule)
    with pytest.raises(InvalidInput, match="Only a policy that has this pattern already can keep it"):
        format_pattern(schedule)


@given(st.lists(rules(), min_size=1, max_size=6))
def test_described_rules_fed_back_mean_the_same(each: list[Rule]) -> None:
    stored = format_pattern(fewest_rules(each))
    fed, notes = parse_schedule(describe_schedule(stored), SUMMER, CBR)
    assert same_schedule(stored, fed) and notes == []


@given(st.lists(st.lists(PIECES, max_size=20).map("".join) | st.text(max_size=60), min_size=1, max_size=3))
def test_whatever_a_policy_with_several_rules_has_is_kept_or_refused(texts: list[str]) -> None:
    try:
        fed = parse_schedule({"pattern": texts}, SUMMER, CBR)[0]
        again = parse_schedule(describe_schedule(texts), SUMMER, CBR)[0]
    except InvalidInput:
        return
    assert same_schedule(texts, fed) and same_schedule(texts, again)


@given(
    zone=st.sampled_from(ZONES),
    now=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
    days=st.sets(st.sampled_from(DAYS), min_size=1),
    clocks=st.sets(st.tuples(st.integers(0, 23), st.integers(0, 59)), min_size=1, max_size=5),
)
def test_several_rules_fire_at_the_local_times_and_at_no_others(
    zone: str, now: datetime, days: set[str], clocks: set[tuple[int, int]]
) -> None:
    now = now.replace(tzinfo=timezone.utc)
    offset = now.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset()
    monday = datetime(2026, 3, 2, tzinfo=timezone(offset or timedelta(0)))
    local = [
        monday + timedelta(days=DAYS.index(day), hours=hour, minutes=minute) for day in days for hour, minute in clocks
    ]
    in_utc = [moment.astimezone(timezone.utc) for moment in local]
    expected = sorted((at.weekday(), at.hour * 60 + at.minute) for at in in_utc)
    times = [f"{hour:02d}:{minute:02d}" for hour, minute in clocks]
    try:
        found = parse_schedule(weekly(" ".join(days), *times, timezone=zone), now, CBR)[0]
    except InvalidInput as refusal:
        assert "minutes apart" in str(refusal)
        return
    assert isinstance(found, SeveralRules) and len(found.rules) <= 24
    assert sorted((day, time) for one in found.rules for day in one.days for time in one.times) == expected
