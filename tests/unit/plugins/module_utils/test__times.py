# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ages, timestamps and offsets."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils import _times
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._rules import InvalidInput

from tests.unit.plugins.module_utils.fakes import SUMMER, WINTER


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
    assert _times.parse_age("max_age", text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "0", "0h", "-1h", "1.5h", "24H", "1 day", "h", "1h30m", "P1D", "\u00b2h"])
def test_what_is_no_age_is_refused_with_the_option_and_the_value(text: str) -> None:
    with pytest.raises(InvalidInput, match="^max_age: ") as refusal:
        _times.parse_age("max_age", text)
    assert repr(text) in str(refusal.value)


@pytest.mark.parametrize("text", ["99999999999999999999w", "800000d", "9" * 5000])
def test_an_age_that_reaches_before_the_calendar_is_refused_and_not_a_crash_later(text: str) -> None:
    with pytest.raises(InvalidInput, match="^max_age: "):
        SUMMER - _times.parse_age("max_age", text)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("2018-08-14T07:53:15.663766", "2018-08-14T07:53:15.663766Z"),
        ("2018-08-14 07:53:15", "2018-08-14T07:53:15Z"),
        ("2018-08-14T07:53:15Z", "2018-08-14T07:53:15Z"),
        ("2018-08-14T07:53:15.5Z", "2018-08-14T07:53:15.500000Z"),
        ("2018-08-14T09:53:15+02:00", "2018-08-14T07:53:15Z"),
        ("2018-08-14T00:30:00.123456789+02:00", "2018-08-13T22:30:00.123456Z"),
        (None, None),
        ("", None),
        ("soon", None),
    ],
)
def test_every_timestamp_of_the_service_comes_back_as_utc_with_z(text: str | None, result: str | None) -> None:
    assert _times.format_time(text) == result


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "", "2026-02-30", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="^created_after: "):
        _times.parse_user_time("created_after", text)


def test_a_bare_date_means_midnight_utc() -> None:
    assert _times.parse_user_time("created_after", "2026-03-01") == datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "CEST summer", "Europe", "Europe/Berlin\n"])
def test_an_unknown_zone_is_refused_with_the_option_and_the_value(name: str) -> None:
    with pytest.raises(InvalidInput, match="^schedule.timezone: ") as refusal:
        _times.load_zone("schedule.timezone", name)
    assert repr(name) in str(refusal.value)


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
    assert _times.has_summer_time(ZoneInfo(zone), now) is summer_time


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
    ],
)
def test_an_offset_is_in_the_form_that_the_service_takes(name: str, now: datetime, offset: str) -> None:
    assert _times.normalise_offset("retention.timezone", name, now) == offset


@pytest.mark.parametrize(
    "name", ["UTC+15:00", "UTC+01:60", "UTC-13:00", "UTC+14:30", "UTC-12:30", "+01:00", "UTC+1", "GMT+1:00"]
)
def test_an_offset_that_no_zone_has_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="^retention.timezone: "):
        _times.normalise_offset("retention.timezone", name, SUMMER)
