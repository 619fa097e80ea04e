# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ages and timestamps."""

from __future__ import annotations

import contextlib
import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.times import (
    format_time,
    parse_age,
    parse_user_time,
)
from tests.support.fakes import SUMMER


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
    texts = [str(format_time(time)) for time in times]
    assert sorted(texts) == texts


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "", "2026-02-30", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="^created_after: "):
        parse_user_time("created_after", text)


def test_a_bare_date_means_midnight_utc() -> None:
    assert parse_user_time("created_after", "2026-03-01") == datetime(2026, 3, 1, tzinfo=timezone.utc)


@given(st.text(max_size=40))
@example("9" * 5000)
@example("\0")
@example("a" * 5000)
@example("\ud800")
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    for read in (parse_age, parse_user_time):
        with contextlib.suppress(InvalidInput):
            read("option", text)
    format_time(text)
