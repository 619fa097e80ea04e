# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time zones by name and by offset."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.timezones import (
    has_summer_time,
    load_zone,
    normalise_offset,
    offset_at,
)
from tests.support.fakes import SUMMER, WINTER


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


@given(st.text(max_size=40))
@example("9" * 5000)
@example("\0")
@example("a" * 5000)
@example("\ud800")
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    for read in (load_zone, lambda option, name: normalise_offset(option, name, SUMMER)):
        with contextlib.suppress(InvalidInput):
            read("option", text)
