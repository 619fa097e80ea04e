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
    describe_schedule,
    format_pattern,
    parse_pattern,
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
