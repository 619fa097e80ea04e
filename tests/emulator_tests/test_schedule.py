# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedule patterns: what is taken, what is refused, when they fire."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.emulator.schedule import PatternError, parse
from tests.emulator_tests.api import pattern


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;BYDAY=TH;BYHOUR=12;BYMINUTE=27",
        "FREQ=DAILY;INTERVAL=30;BYHOUR=2;BYMINUTE=0",
        "BYMINUTE=30;BYHOUR=14,02;BYDAY=SU,MO;FREQ=WEEKLY",
        "FREQ=DAILY;BYHOUR=" + ",".join(str(hour) for hour in range(24)) + ";BYMINUTE=59",
    ],
)
def test_taken(rule: str) -> None:
    parse(pattern(rule))
    parse(pattern(rule).rstrip("\r\n"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (pattern().replace("\r\n", "\n"), "CRLF"),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=0", "VCALENDAR"),
        (pattern("FREQ=MONTHLY;BYHOUR=2;BYMINUTE=0"), "FREQ"),
        (pattern("BYHOUR=2;BYMINUTE=0"), "FREQ"),
        (pattern("FREQ=DAILY;BYHOUR=24;BYMINUTE=0"), "BYHOUR"),
        (pattern("FREQ=DAILY;BYHOUR=2;BYMINUTE=60"), "BYMINUTE"),
        (pattern("FREQ=DAILY;BYHOUR=2"), "BYMINUTE"),
        (pattern("FREQ=DAILY;BYMINUTE=2"), "BYHOUR"),
        (pattern("FREQ=DAILY;BYHOUR=2;BYMINUTE=0;BYSECOND=0"), "BYSECOND"),
        (pattern("FREQ=DAILY;BYHOUR=2;BYHOUR=3;BYMINUTE=0"), "twice"),
        (pattern("FREQ=DAILY;INTERVAL=31;BYHOUR=2;BYMINUTE=0"), "INTERVAL"),
        (pattern("FREQ=DAILY;INTERVAL=0;BYHOUR=2;BYMINUTE=0"), "INTERVAL"),
        (pattern("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=2;BYMINUTE=0"), "INTERVAL"),
        (pattern("FREQ=WEEKLY;BYHOUR=2;BYMINUTE=0"), "BYDAY"),
        (pattern("FREQ=WEEKLY;BYDAY=XX;BYHOUR=2;BYMINUTE=0"), "BYDAY"),
        (pattern("FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30"), "hour apart"),
        (pattern("FREQ=DAILY;BYHOUR=0,23;BYMINUTE=0,30"), "hour apart"),
        (pattern("FREQ=DAILY;BYHOUR=;BYMINUTE=0"), "read"),
    ],
)
def test_refused(text: str, why: str) -> None:
    with pytest.raises(PatternError, match=why):
        parse(text)


@pytest.mark.parametrize(
    ("rule", "moment", "expected"),
    [
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=0", datetime(2026, 1, 1, 1), datetime(2026, 1, 1, 2)),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=0", datetime(2026, 1, 1, 2), datetime(2026, 1, 2, 2)),
        ("FREQ=DAILY;BYHOUR=2,14;BYMINUTE=30", datetime(2026, 1, 1, 3), datetime(2026, 1, 1, 14, 30)),
        ("FREQ=DAILY;INTERVAL=3;BYHOUR=2;BYMINUTE=0", datetime(2026, 1, 1, 3), datetime(2026, 1, 4, 2)),
        ("FREQ=WEEKLY;BYDAY=MO,SA;BYHOUR=2;BYMINUTE=0", datetime(2026, 1, 1), datetime(2026, 1, 3, 2)),
        ("FREQ=WEEKLY;BYDAY=TH;BYHOUR=2;BYMINUTE=0", datetime(2026, 1, 1, 2), datetime(2026, 1, 8, 2)),
    ],
)
def test_next_run(rule: str, moment: datetime, expected: datetime) -> None:
    assert parse(pattern(rule)).next_after(moment, date(2026, 1, 1)) == expected
