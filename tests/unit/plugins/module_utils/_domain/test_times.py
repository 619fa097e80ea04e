# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ages, timestamps and offsets."""

from __future__ import annotations

import contextlib
import typing as t
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.times import (
    Duration,
    format_time,
    has_summer_time,
    load_zone,
    normalise_offset,
    offset_at,
    parse_age,
    parse_duration,
    parse_user_time,
)
from tests.support.fakes import SUMMER, WINTER


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90m", 5400),
        ("24h", 86400),
        ("7d", 604800),
        ("2w", 1209600),
        ("3600", 3600),
        (3600, 3600),
        (" 1h ", 3600),
        ("5s", 5),
    ],
)
def test_an_age_is_read_with_each_unit(text: t.Any, seconds: int) -> None:
    assert parse_age("max_age", text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "0", "0h", "-1h", "1.5h", "24H", "1 day", "h", "1h30m", "P1D", "\u00b2h"])
def test_what_is_no_age_is_refused_with_the_option_and_the_value(text: str) -> None:
    with pytest.raises(InvalidInput, match="^max_age: ") as refusal:
        parse_age("max_age", text)
    assert repr(text) in str(refusal.value)


@pytest.mark.parametrize("text", ["99999999999999999999w", "800000d", "9" * 5000])
def test_an_age_that_reaches_before_the_calendar_is_refused_and_not_a_crash_later(text: str) -> None:
    with pytest.raises(InvalidInput, match="^max_age: "):
        SUMMER - parse_age("max_age", text)


@pytest.mark.parametrize(
    ("text", "hints"),
    [("90m", ["5400", "2700d"]), ("5 m", ["300", "150d"]), ("1y5m", ["24h, 7d, 2w"]), ("0m", ["24h, 7d, 2w"])],
)
def test_an_age_beside_durations_refuses_the_unit_that_could_be_minutes_or_months(text: str, hints: list[str]) -> None:
    with pytest.raises(InvalidInput, match="^older_than: ") as refusal:
        parse_age("older_than", text, minutes=False)
    assert repr(text) in str(refusal.value) and all(hint in str(refusal.value) for hint in hints)


@pytest.mark.parametrize("text", ["24h", "7d", "2w", "3600", "5s"])
def test_an_age_beside_durations_is_any_other_age(text: str) -> None:
    assert parse_age("older_than", text, minutes=False) == parse_age("max_age", text)


# ========== Durations ==========
@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("1y5m7d2h", Duration(1, 5, 7, 2)),
        ("90m", Duration(months=90)),
        ("7m", Duration(months=7)),
        ("14d", Duration(days=14)),
        ("36h", Duration(hours=36)),
        ("1y2h", Duration(years=1, hours=2)),
        ("0y001m", Duration(months=1)),
        (" 7d ", Duration(days=7)),
        ("9999y", Duration(years=9999)),
    ],
)
def test_a_duration_is_read_as_restic_reads_it(text: str, duration: Duration) -> None:
    assert parse_duration("keep_within", text) == duration


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("2w", "2w write 14d"),
        ("02 W", "2w write 14d"),
        ("30s", "such as 1h"),
        ("3600", "needs a unit"),
        (7, "needs a unit"),
        ("7M", "Write 7m"),
        ("1Y5M", "Write 1y5m"),
        ("1y 5m", "Write 1y5m"),
        ("2h1y", "Write 1y2h"),
        ("5m1y7d", "Write 1y5m7d"),
        ("", "m is months"),
        (" ", "m is months"),
        ("0d", "keep nothing"),
        ("0y0m0d0h", "keep nothing"),
        ("1d1d", "1y5m7d2h"),
        ("1m2w", "1y5m7d2h"),
        ("-1d", "1y5m7d2h"),
        ("1.5d", "1y5m7d2h"),
        ("90min", "1y5m7d2h"),
        ("P1D", "1y5m7d2h"),
        ("soon", "1y5m7d2h"),
        ("\u0661d", "1y5m7d2h"),
        ("9" * 5000 + "d", "at most 9 digits"),
        ("9" * 5000, "needs a unit"),
        ("9" * 5000 + "w", "1y5m7d2h"),
    ],
)
def test_what_is_no_duration_of_restic_is_refused_with_the_rule_and_the_right_spelling(text: t.Any, hint: str) -> None:
    with pytest.raises(InvalidInput, match="^keep_within: ") as refusal:
        parse_duration("keep_within", text)
    assert hint in str(refusal.value) and repr(text) in str(refusal.value)


@pytest.mark.parametrize(
    ("moment", "duration", "zone", "expected"),
    [
        # What Go's Time.AddDate makes of days that a month lacks.
        ("2026-03-31 12:00", Duration(months=1), "UTC", "2026-03-03 12:00"),
        ("2024-03-31 12:00", Duration(months=1), "UTC", "2024-03-02 12:00"),
        ("2024-02-29 12:00", Duration(years=1), "UTC", "2023-03-01 12:00"),
        ("2026-03-31 12:00", Duration(months=1, days=1), "UTC", "2026-03-02 12:00"),
        ("2026-01-31 12:00", Duration(months=2), "UTC", "2025-12-01 12:00"),
        ("2026-01-15 12:00", Duration(years=1, months=13, days=20, hours=13), "UTC", "2023-11-24 23:00"),
        # Days are those of the zone, hours are hours.
        ("2026-03-29 12:00", Duration(days=1), "Europe/Berlin", "2026-03-28 13:00"),
        ("2026-03-29 12:00", Duration(hours=24), "Europe/Berlin", "2026-03-28 12:00"),
        # 02:30 comes twice on 25 October in Berlin, and never on 29 March; in New York 01:30 twice on 1 November, 02:30 never on 8 March.
        ("2026-10-26 01:30", Duration(days=1), "Europe/Berlin", "2026-10-25 01:30"),
        ("2026-03-30 00:30", Duration(days=1), "Europe/Berlin", "2026-03-29 01:30"),
        ("2026-10-26 01:30", Duration(days=1), "Europe/London", "2026-10-25 01:30"),
        ("2026-03-30 00:30", Duration(days=1), "Europe/London", "2026-03-29 01:30"),
        ("2026-11-02 06:30", Duration(days=1), "America/New_York", "2026-11-01 05:30"),
        ("2026-03-09 06:30", Duration(days=1), "America/New_York", "2026-03-08 06:30"),
        ("2026-03-31 23:30", Duration(months=1), "UTC+02:00", "2026-02-28 23:30"),
        # Before the calendar begins there is only its beginning.
        ("2026-03-31 12:00", Duration(years=9999), "UTC", "0001-01-01 00:00"),
        ("2026-03-31 12:00", Duration(days=999999999), "UTC", "0001-01-01 00:00"),
        ("2026-03-31 12:00", Duration(hours=999999999), "UTC", "0001-01-01 00:00"),
        ("0001-01-01 00:00", Duration(hours=1), "America/New_York", "0001-01-01 00:00"),
    ],
)
def test_a_duration_reaches_back_by_the_calendar_of_the_zone(
    moment: str, duration: Duration, zone: str, expected: str
) -> None:
    before = duration.before(datetime.fromisoformat(moment).replace(tzinfo=timezone.utc), load_zone("timezone", zone))
    assert before == datetime.fromisoformat(expected).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("2018-08-14T07:53:15.663766", "2018-08-14T07:53:15.663766Z"),
        ("2018-08-14 07:53:15", "2018-08-14T07:53:15.000000Z"),
        ("2018-08-14T07:53:15Z", "2018-08-14T07:53:15.000000Z"),
        ("2018-08-14T07:53:15.5Z", "2018-08-14T07:53:15.500000Z"),
        ("2018-08-14T09:53:15+02:00", "2018-08-14T07:53:15.000000Z"),
        ("2018-08-14T00:30:00.123456789+02:00", "2018-08-13T22:30:00.123456Z"),
        (None, None),
        ("", None),
        ("soon", None),
    ],
)
def test_every_timestamp_of_the_service_comes_back_as_utc_with_z(text: str | None, result: str | None) -> None:
    assert format_time(text) == result


def test_texts_of_times_sort_as_the_times_do() -> None:
    times = ["2018-08-14T07:53:15", "2018-08-14T07:53:15.000001", "2018-08-14T07:53:15.5", "2018-08-14T07:53:16"]
    texts = [str(format_time(one)) for one in times]
    assert sorted(texts) == texts


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "", "2026-02-30", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="^created_after: "):
        parse_user_time("created_after", text)


def test_a_bare_date_means_midnight_utc() -> None:
    assert parse_user_time("created_after", "2026-03-01") == datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "CEST summer", "Europe", "Europe/Berlin\n"])
def test_an_unknown_zone_is_refused_with_the_option_and_the_value(name: str) -> None:
    with pytest.raises(InvalidInput, match="^schedule.timezone: ") as refusal:
        load_zone("schedule.timezone", name)
    assert repr(name) in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "minutes"),
    [
        ("UTC+02:00", 120),
        ("utc+2:00", 120),
        (" UTC-03:30 ", -210),
        ("UTC+14:00", 840),
        ("UTC-12:00", -720),
        ("UTC-00:00", 0),
        ("utc", 0),
    ],
)
def test_a_fixed_offset_is_a_time_zone_without_summer_time(name: str, minutes: int) -> None:
    zone = load_zone("schedule.timezone", name)
    assert {offset_at(zone, now) for now in (SUMMER, WINTER)} == {timedelta(minutes=minutes)}
    assert not has_summer_time(zone, SUMMER)


@pytest.mark.parametrize(
    ("zone", "now", "summer_time"),
    [
        ("Europe/Berlin", SUMMER, True),
        ("Europe/Berlin", WINTER, True),
        ("America/Sao_Paulo", SUMMER, False),
        ("Asia/Kolkata", SUMMER, False),
        ("Australia/Lord_Howe", WINTER, True),
        ("Africa/Casablanca", SUMMER, True),
    ],
)
def test_summer_time_is_seen_all_year_round(zone: str, now: datetime, summer_time: bool) -> None:
    assert has_summer_time(ZoneInfo(zone), now) is summer_time


@pytest.mark.parametrize(
    ("name", "now", "offset"),
    [
        ("UTC+01:00", SUMMER, "UTC+01:00"),
        ("utc+1:00", SUMMER, "UTC+01:00"),
        ("UTC-12:00", SUMMER, "UTC-12:00"),
        ("UTC+14:00", SUMMER, "UTC+14:00"),
        ("Europe/Berlin", SUMMER, "UTC+02:00"),
        ("Europe/Berlin", WINTER, "UTC+01:00"),
        ("Asia/Kolkata", WINTER, "UTC+05:30"),
        ("America/St_Johns", WINTER, "UTC-03:30"),
        ("America/St_Johns", SUMMER, "UTC-02:30"),
        ("UTC", SUMMER, "UTC+00:00"),
        ("UTC-00:00", SUMMER, "UTC+00:00"),
    ],
)
def test_an_offset_is_in_the_form_that_the_service_takes(name: str, now: datetime, offset: str) -> None:
    assert normalise_offset("retention.timezone", name, now) == offset


@pytest.mark.parametrize(
    "name", ["UTC+15:00", "UTC+01:60", "UTC-13:00", "UTC+14:30", "UTC-12:30", "+01:00", "UTC+1", "GMT+1:00"]
)
def test_an_offset_that_no_zone_has_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="^retention.timezone: "):
        normalise_offset("retention.timezone", name, SUMMER)
    with pytest.raises(InvalidInput, match="^timezone: .*UTC"):
        load_zone("timezone", name)


# ========== Hostile input ==========
@given(st.text(max_size=40))
@example("9" * 5000)
@example("\0")
@example("a" * 5000)
@example("\ud800")
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    for read in (parse_age, parse_duration, load_zone, parse_user_time):
        with contextlib.suppress(InvalidInput):
            read("option", text)
    with contextlib.suppress(InvalidInput):
        normalise_offset("option", text, SUMMER)
    format_time(text)
