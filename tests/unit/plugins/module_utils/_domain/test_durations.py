# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations as restic reads them, counted back by the calendar."""

from __future__ import annotations

import contextlib
import typing as t
from datetime import datetime, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.durations import Duration, parse_duration
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.timezones import load_zone


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
        # 02:30 comes twice on 25 October in Berlin, and never on 29 March.
        # In New York 01:30 comes twice on 1 November, and 02:30 never on 8 March.
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


@given(st.text(max_size=40))
@example("9" * 5000)
@example("\0")
@example("a" * 5000)
@example("\ud800")
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        parse_duration("option", text)
