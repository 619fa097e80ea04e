# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of the service: read, described, compared and written."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.schedule import (
    DAYS,
    EVERY_DAY,
    RawPattern,
    Rule,
    SeveralRules,
    as_text,
    check_spacing,
    describe_schedule,
    fewest_rules,
    format_pattern,
    gaps_of,
    parse_pattern,
    parse_rules,
    read_pattern,
    same_schedule,
)
from tests.support.fakes import DAILY_0200


def rule(days: str, hours: t.Iterable[int], minute: int = 0, interval: int = 1) -> Rule:
    wanted = EVERY_DAY if days == "all" else frozenset(DAYS.index(day) for day in days.split())
    return Rule(interval, wanted, frozenset(hours), frozenset({minute}))


@pytest.mark.parametrize(
    "text",
    [
        DAILY_0200,
        DAILY_0200.replace("\r\n", "\n"),
        DAILY_0200.replace("\r\n", "\\r\\n"),
        DAILY_0200.replace("\r\n", "\\n"),
        DAILY_0200.lower(),
        "RRULE:FREQ=DAILY;BYHOUR=02;BYMINUTE=00",
        "FREQ=DAILY;BYHOUR=2;BYMINUTE=0;",
        "  RRULE:BYMINUTE=0;FREQ=DAILY;BYHOUR=2  ",
        "rrule:byminute=00;byhour=02;interval=1;freq=daily",
        "RRULE:FREQ=DAILY;INTERVAL=1;BYHOUR=02;BYMINUTE=00",
        "RRULE:FREQ=WEEKLY;BYDAY=SU,SA,FR,TH,WE,TU,MO;BYHOUR=02,2;BYMINUTE=00",
        "RRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=02;BYMINUTE=00",
    ],
)
def test_a_pattern_written_otherwise_is_the_same_schedule(text: str) -> None:
    assert same_schedule(text, rule("all", [2]))
    assert parse_pattern(text) == rule("all", [2])


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "nonsense",
        DAILY_0200.replace("02", "03"),
        DAILY_0200.replace("BYMINUTE=00", "BYMINUTE=01"),
        DAILY_0200.replace("FREQ=DAILY", "FREQ=DAILY;INTERVAL=2"),
        DAILY_0200.replace("FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA"),
        DAILY_0200.replace("BYHOUR=02", "BYHOUR=02,14"),
    ],
)
def test_another_schedule_is_not_the_same(text: str | None) -> None:
    assert not same_schedule(text, rule("all", [2]))


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("FREQ=MONTHLY;BYHOUR=2;BYMINUTE=0", "MONTHLY"),
        ("BYHOUR=2;BYMINUTE=0", "FREQ"),
        ("FREQ=DAILY;BYMINUTE=0", "BYHOUR"),
        ("FREQ=DAILY;BYHOUR=2", "BYMINUTE"),
        ("FREQ=DAILY;BYHOUR=24;BYMINUTE=0", "24"),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=60", "60"),
        ("FREQ=DAILY;BYHOUR=-1;BYMINUTE=0", "-1"),
        ("FREQ=DAILY;BYHOUR=\u00b2;BYMINUTE=0", "\u00b2"),
        ("FREQ=DAILY;BYHOUR=2,;BYMINUTE=0", "BYHOUR"),
        ("FREQ=DAILY;BYHOUR=2;BYHOUR=3;BYMINUTE=0", "BYHOUR=3"),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=0;COUNT=3", "COUNT=3"),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=0;UNTIL", "UNTIL"),
        ("FREQ=WEEKLY;BYHOUR=2;BYMINUTE=0", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=1MO;BYHOUR=2;BYMINUTE=0", "1MO"),
        ("FREQ=WEEKLY;BYDAY=MO;INTERVAL=2;BYHOUR=2;BYMINUTE=0", "INTERVAL"),
        ("FREQ=DAILY;BYDAY=MO;INTERVAL=2;BYHOUR=2;BYMINUTE=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=0;BYHOUR=2;BYMINUTE=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=31;BYHOUR=2;BYMINUTE=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=1,2;BYHOUR=2;BYMINUTE=0", "INTERVAL"),
        ("RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=0\nRRULE:FREQ=DAILY;BYHOUR=4;BYMINUTE=0", "exactly one"),
        ("DTSTART:20260301T020000Z\nRRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=0", "exactly one"),
        ("BEGIN:VCALENDAR\r\nEND:VCALENDAR", "exactly one"),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=" + ",".join(["0"] * 6000), "10240"),
        ("FREQ=DAILY;BYHOUR=" + "9" * 5000 + ";BYMINUTE=0", "BYHOUR"),
        ("FREQ=DAILY;BYHOUR=\u0662;BYMINUTE=0", "BYHOUR"),
    ],
)
def test_a_pattern_that_the_service_cannot_say_is_refused_with_the_part_that_is_wrong(text: str, fragment: str) -> None:
    with pytest.raises(InvalidInput, match="^schedule.pattern: ") as refusal:
        parse_pattern(text, "schedule.pattern")
    assert fragment in str(refusal.value)


def test_a_pattern_is_sent_with_envelope_and_crlf() -> None:
    assert format_pattern(rule("all", [2])) == DAILY_0200
    sent = format_pattern(rule("TH MO", [14, 2]))
    assert sent.split("\r\n")[2] == "RRULE:FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=02,14;BYMINUTE=00"
    assert "\n" not in sent.replace("\r\n", "")


EMPTY = {"frequency": None, "interval": None, "days": None, "times": None, "timezone": None, "pattern": None}


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        (None, EMPTY),
        ("", EMPTY),
        (DAILY_0200, {**EMPTY, "frequency": "daily", "interval": 1, "times": ["02:00"], "timezone": "UTC"}),
        (
            "RRULE:FREQ=DAILY;INTERVAL=3;BYHOUR=14,2;BYMINUTE=30",
            {**EMPTY, "frequency": "daily", "interval": 3, "times": ["02:30", "14:30"], "timezone": "UTC"},
        ),
        (
            "RRULE:FREQ=WEEKLY;BYDAY=TH,MO;BYHOUR=2;BYMINUTE=0",
            {**EMPTY, "frequency": "weekly", "days": ["MO", "TH"], "times": ["02:00"], "timezone": "UTC"},
        ),
        ("RRULE:FREQ=MONTHLY;BYHOUR=2", {**EMPTY, "pattern": "RRULE:FREQ=MONTHLY;BYHOUR=2"}),
        # Words for it would be refused.
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30", {**EMPTY, "pattern": "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30"}),
    ],
)
def test_a_pattern_is_described_in_the_shape_of_the_option(pattern: str | None, shape: dict[str, t.Any]) -> None:
    assert describe_schedule(pattern) == shape


# ========== For all rules ==========
def rules() -> st.SearchStrategy[Rule]:
    hours = st.frozensets(st.integers(0, 23), min_size=1)
    minutes = st.integers(0, 59).map(lambda minute: frozenset({minute}))
    every = st.builds(Rule, st.integers(1, 30), st.just(EVERY_DAY), hours, minutes)
    some = st.builds(Rule, st.just(1), st.frozensets(st.integers(0, 6), min_size=1), hours, minutes)
    return every | some


@given(rules())
def test_a_formatted_pattern_is_read_as_the_same_rule(desired: Rule) -> None:
    assert parse_pattern(format_pattern(desired)) == desired


@given(rules(), st.randoms(), st.sampled_from(["\n", "\r\n", "\\n"]), st.booleans(), st.booleans())
def test_the_writing_of_a_pattern_does_not_matter(
    desired: Rule, random: t.Any, end: str, envelope: bool, lower: bool
) -> None:
    parts = format_pattern(desired).split("\r\n")[2].removeprefix("RRULE:").split(";")
    random.shuffle(parts)
    text = "RRULE:" + ";".join(parts)
    if envelope:
        text = end.join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", text, "END:VEVENT", "END:VCALENDAR"])
    assert same_schedule(text.lower() if lower else text, desired)


def enveloped(text: str, *before: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *before, f"RRULE:{text}", "END:VEVENT", "END:VCALENDAR", ""])


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;BYHOUR=02,14;BYMINUTE=00",
        "rrule:byminute=0;byhour=14,2;byday=TH,MO;interval=2;freq=weekly;",
        " RRULE: FREQ = WEEKLY ; INTERVAL=02 ; BYDAY= MO , TH ; BYHOUR=2,14 ; BYMINUTE=0 ",
    ],
)
def test_a_pattern_that_breaks_the_rules_is_the_same_in_another_spelling(text: str) -> None:
    rule = RawPattern(text, "why")
    assert same_schedule(enveloped("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;BYHOUR=02,14;BYMINUTE=00"), rule)
    assert not same_schedule(enveloped("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYHOUR=02,14;BYMINUTE=00"), rule)


# ========== Several rules ==========
def runs_of(schedule: Rule | SeveralRules) -> list[tuple[int, int, int]]:
    """Return interval, day and time of each run, each as often as a rule has it."""
    return sorted((rule.interval, day, time) for rule in schedule.rules for day in rule.days for time in rule.times)


def several() -> st.SearchStrategy[list[Rule]]:
    return st.lists(rules(), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("given_rules", "fewest"),
    [
        ([rule("all", [2])], [rule("all", [2])]),
        ([rule("all", [2]), rule("all", [14])], [rule("all", [2, 14])]),
        ([rule("MO", [2]), rule("TH", [2])], [rule("MO TH", [2])]),
        ([rule("MO", [2]), rule("TU WE TH FR SA SU", [2])], [rule("all", [2])]),
        ([rule("all", [2]), rule("all", [2])], [rule("all", [2])]),
        ([rule("all", [2]), rule("MO", [2, 14])], [rule("all", [2]), rule("MO", [14])]),
        ([rule("all", [2], 30), rule("all", [4])], [rule("all", [4]), rule("all", [2], 30)]),
        ([rule("all", [2], interval=2), rule("all", [4])], [rule("all", [4]), rule("all", [2], interval=2)]),
        ([rule("all", [4], interval=2), rule("all", [2], interval=2)], [rule("all", [2, 4], interval=2)]),
        # By hours there would be three.
        ([rule("MO", [1, 2, 3]), rule("TU", [2, 3, 4])], [rule("MO", [1, 2, 3]), rule("TU", [2, 3, 4])]),
        # By days there would be three.
        ([rule("MO TU", [2]), rule("TU WE", [3])], [rule("MO TU", [2]), rule("TU WE", [3])]),
    ],
)
def test_rules_become_as_few_as_say_the_same(given_rules: list[Rule], fewest: list[Rule]) -> None:
    found = fewest_rules(given_rules)
    assert set(found.rules) == set(fewest) and len(found.rules) == len(fewest)


@given(several())
def test_fewer_rules_have_the_same_runs_each_of_them_once(given_rules: list[Rule]) -> None:
    found = fewest_rules(given_rules)
    assert runs_of(found) == sorted({run for one in given_rules for run in runs_of(one)})
    assert all(len(one.minutes) == 1 for one in found.rules)


@given(several(), st.randoms())
def test_equal_runs_are_equal_rules_however_they_were_cut(given_rules: list[Rule], random: t.Any) -> None:
    each = [
        Rule(one.interval, one.days if one.interval > 1 else frozenset({day}), frozenset({hour}), one.minutes)
        for one in given_rules
        for day in one.days
        for hour in one.hours
    ]
    random.shuffle(each)
    assert fewest_rules(each) == fewest_rules(given_rules)


@given(several())
def test_several_rules_are_sent_bare_and_read_as_the_same(given_rules: list[Rule]) -> None:
    desired = fewest_rules(given_rules)
    sent = format_pattern(desired)
    assert isinstance(sent, list) and all(one.startswith("FREQ=") and "INTERVAL=1;" not in one for one in sent)
    assert read_pattern(sent) == parse_rules(as_text(sent)) == desired
    assert same_schedule(sent, desired)
    # Words, or the rules themselves, for rules that may be sent.
    described = describe_schedule(sent)
    assert described["pattern"] is not None or described["times"] is not None


@pytest.mark.parametrize(
    "stored",
    [
        ["FREQ=DAILY;BYHOUR=2,14;BYMINUTE=0"],
        ["FREQ=DAILY;BYHOUR=14;BYMINUTE=00", "FREQ=DAILY;BYHOUR=02;BYMINUTE=00"],
        ["FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=2,14;BYMINUTE=0"],
        ["FREQ=DAILY;INTERVAL=1;BYHOUR=002,014;BYMINUTE=00"],
        [DAILY_0200, "RRULE:FREQ=DAILY;BYHOUR=14;BYMINUTE=0"],
        # A service that shows one text.
        "FREQ=DAILY;BYHOUR=2,14;BYMINUTE=0",
    ],
)
def test_several_rules_are_compared_by_their_runs(stored: str | list[str]) -> None:
    assert same_schedule(stored, fewest_rules([rule("all", [2]), rule("all", [14])]))
    assert not same_schedule(stored, fewest_rules([rule("all", [2])]))
    assert not same_schedule(stored, fewest_rules([rule("all", [2, 14], interval=2)]))


@pytest.mark.parametrize("stored", [None, [], [""], ["nonsense"], ["FREQ=DAILY;BYHOUR=2;BYMINUTE=0", "nonsense"]])
def test_what_is_no_rule_is_not_the_same_as_rules(stored: list[str] | None) -> None:
    assert not same_schedule(stored, fewest_rules([rule("all", [2])]))


@pytest.mark.parametrize("text", ["", "BEGIN:VCALENDAR\nEND:VCALENDAR"])
def test_rules_are_one_at_least(text: str) -> None:
    with pytest.raises(InvalidInput, match="^pattern: .* must hold at least one rule"):
        parse_rules(text)


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        ([], EMPTY),
        ([""], EMPTY),
        (
            ["FREQ=DAILY;BYHOUR=14;BYMINUTE=30", "FREQ=DAILY;BYHOUR=2;BYMINUTE=00"],
            {**EMPTY, "frequency": "daily", "interval": 1, "times": ["02:00", "14:30"], "timezone": "UTC"},
        ),
        (
            ["FREQ=DAILY;INTERVAL=3;BYHOUR=14;BYMINUTE=30", "FREQ=DAILY;INTERVAL=3;BYHOUR=2;BYMINUTE=00"],
            {**EMPTY, "frequency": "daily", "interval": 3, "times": ["02:00", "14:30"], "timezone": "UTC"},
        ),
        (
            ["FREQ=WEEKLY;BYDAY=TH,MO;BYHOUR=2;BYMINUTE=0", "FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=14;BYMINUTE=30"],
            {**EMPTY, "frequency": "weekly", "days": ["MO", "TH"], "times": ["02:00", "14:30"], "timezone": "UTC"},
        ),
        # Other times on other days
        (
            ["FREQ=WEEKLY;BYDAY=TH;BYHOUR=2;BYMINUTE=0", "FREQ=WEEKLY;BYDAY=MO;BYHOUR=14;BYMINUTE=0"],
            {
                **EMPTY,
                "pattern": [
                    "FREQ=WEEKLY;BYDAY=MO;BYHOUR=14;BYMINUTE=00",
                    "FREQ=WEEKLY;BYDAY=TH;BYHOUR=02;BYMINUTE=00",
                ],
            },
        ),
        (
            ["FREQ=DAILY;BYHOUR=2;BYMINUTE=0", "FREQ=DAILY;INTERVAL=2;BYHOUR=14;BYMINUTE=0"],
            {
                **EMPTY,
                "pattern": [
                    "FREQ=DAILY;BYHOUR=02;BYMINUTE=00",
                    "FREQ=DAILY;INTERVAL=2;BYHOUR=14;BYMINUTE=00",
                ],
            },
        ),
        # What cannot be sent stays as it is.
        (["FREQ=HOURLY"], {**EMPTY, "pattern": "FREQ=HOURLY"}),
        (["FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30"], {**EMPTY, "pattern": "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30"}),
        (["FREQ=HOURLY", "FREQ=DAILY"], {**EMPTY, "pattern": ["FREQ=HOURLY", "FREQ=DAILY"]}),
    ],
)
def test_several_rules_are_described_in_words_where_words_can_say_them(
    pattern: list[str], shape: dict[str, t.Any]
) -> None:
    assert describe_schedule(pattern) == shape


@pytest.mark.parametrize(
    ("given_rules", "minutes"),
    [
        ([rule("all", [2]), rule("all", [2], 59)], 59),
        ([rule("MO", [23], 30), rule("TU", [0])], 30),
        ([rule("SU", [23], 30), rule("MO", [0])], 30),
        ([rule("all", [2], interval=2), rule("MO", [2], 30)], 30),
        # Some day both run.
        ([rule("all", [2], interval=2), rule("all", [2], interval=3)], 0),
        ([rule("all", [23], 30, interval=2), rule("all", [0], interval=3)], 30),
    ],
)
def test_an_hour_lies_between_the_runs_of_all_rules(given_rules: list[Rule], minutes: int) -> None:
    with pytest.raises(InvalidInput, match=f"^pattern: two points in time are {minutes} minutes apart"):
        check_spacing("pattern", fewest_rules(given_rules))


@pytest.mark.parametrize(
    "given_rules",
    [
        [rule("all", [2]), rule("all", [3])],
        [rule("MO", [23], 30), rule("WE", [0])],
        [rule("all", [23], 30, interval=2), rule("all", [0], interval=2)],
        [rule("all", [2], interval=2), rule("all", [3], interval=3)],
        [rule("all", range(24), 30)],
    ],
)
def test_runs_an_hour_apart_are_in_order(given_rules: list[Rule]) -> None:
    check_spacing("pattern", fewest_rules(given_rules))


def test_a_day_has_at_most_24_runs() -> None:
    with pytest.raises(InvalidInput, match="^pattern: 48 points in time a day; the service allows 24"):
        check_spacing("pattern", fewest_rules([rule("all", range(24)), rule("MO", range(24), 30)]))


def test_a_schedule_has_at_most_24_rules() -> None:
    each = [rule(day, [hour], minute) for day in DAYS for hour, minute in ((2, 1), (4, 2), (6, 3), (8, 4))]
    check_spacing("pattern", fewest_rules(each))
    other = [one._replace(minutes=frozenset({number})) for number, one in enumerate(each)]
    check_spacing("pattern", fewest_rules(other[:24]))
    with pytest.raises(InvalidInput, match="^pattern: the points in time need 25 rules; the service allows 24"):
        check_spacing("pattern", fewest_rules(other[:25]))


@pytest.mark.parametrize(
    ("given_rules", "hours"),
    [
        ([rule("all", [2]), rule("all", [14])], [12] * 14),
        ([rule("MO", [2]), rule("TH", [14])], [3 * 24 + 12, 3 * 24 + 12]),
        ([rule("all", [2], interval=2), rule("all", [14], 30, interval=2)], [12.5, 35.5]),
    ],
)
def test_the_time_between_runs_of_several_rules(given_rules: list[Rule], hours: list[float]) -> None:
    assert gaps_of(fewest_rules(given_rules)) == [60 * one for one in hours]


def test_the_time_between_runs_that_drift_is_not_known() -> None:
    with pytest.raises(InvalidInput, match="different numbers of days"):
        gaps_of(fewest_rules([rule("all", [2], interval=2), rule("all", [4])]))


def test_several_rules_that_cannot_be_sent_are_the_same_in_another_spelling_and_order() -> None:
    stored = ["FREQ=HOURLY", "FREQ=DAILY;BYHOUR=02;BYMINUTE=00"]
    assert same_schedule(stored, RawPattern("freq=daily;byminute=0;byhour=2\nfreq=hourly", "why"))
    assert not same_schedule(stored[:1], RawPattern("\n".join(stored), "why"))
