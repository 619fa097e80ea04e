# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies in an audit: their next runs, the longest time between two of them, and for how long backups are kept."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.audited_policy import audited_policy
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.schedule import DAYS
from tests.support.fakes import SUMMER, policy

NIGHTLY = "FREQ=DAILY;BYHOUR=02;BYMINUTE=00"
DAY = 86400


def audited(pattern: str | list[str] | None = NIGHTLY, definition: t.Any = None, **fields: t.Any) -> dict[str, t.Any]:
    return audited_policy(policy(pattern=pattern, definition=definition, **fields), SUMMER)  # type: ignore[arg-type]


def kept(definition: t.Any, pattern: str | list[str] | None = NIGHTLY) -> int | None:
    days: int | None = audited(pattern, definition)["retention_days"]
    return days


def test_what_is_shown_of_a_policy() -> None:
    found = audited(definition={"retention_duration_days": "14"}, servers=["a", "b", "a"])
    assert found == {
        "id": "pol-nightly",
        "name": "nightly",
        "enabled": True,
        "schedule": {
            "frequency": "daily",
            "interval": 1,
            "days": None,
            "times": ["02:00"],
            "timezone": "UTC",
            "pattern": None,
        },
        "retention": {
            "max_backups": None,
            "days": 14,
            "permanent": False,
            "daily": None,
            "weekly": None,
            "monthly": None,
            "yearly": None,
            "timezone": None,
        },
        "created_at": "2026-03-01T09:31:08.265000Z",
        # One that is listed twice is one server.
        "server_count": 2,
        "next_runs": ["2026-07-02T02:00:00Z", "2026-07-03T02:00:00Z", "2026-07-04T02:00:00Z"],
        "longest_gap_seconds": DAY,
        "retention_days": 14,
    }


# ========== Runs ==========
@pytest.mark.parametrize(
    ("pattern", "fields", "runs", "gap"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=2;BYMINUTE=0", {}, ["07-02T02:00", "07-06T02:00", "07-09T02:00"], 4 * DAY),
        ("FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0", {}, ["07-05T02:00", "07-12T02:00", "07-19T02:00"], 7 * DAY),
        ("FREQ=DAILY;BYHOUR=12,13;BYMINUTE=0", {}, ["07-01T13:00", "07-02T12:00", "07-02T13:00"], DAY - 3600),
        # Every third day since 2026-03-01
        ("FREQ=DAILY;INTERVAL=3;BYHOUR=2;BYMINUTE=0", {}, ["07-02T02:00", "07-05T02:00", "07-08T02:00"], 3 * DAY),
        ("FREQ=DAILY;INTERVAL=3;BYHOUR=2;BYMINUTE=0", {"created_at": None}, None, 3 * DAY),
        ("FREQ=DAILY;INTERVAL=3;BYHOUR=2;BYMINUTE=0", {"created_at": "soon"}, None, 3 * DAY),
        ("FREQ=DAILY;INTERVAL=3;BYHOUR=2;BYMINUTE=0", {"created_at": "9999-12-31T23:00:00"}, None, 3 * DAY),
        (NIGHTLY, {"created_at": None}, ["07-02T02:00", "07-03T02:00", "07-04T02:00"], DAY),
        (NIGHTLY, {"created_at": "9999-12-31T23:00:00"}, ["07-02T02:00", "07-03T02:00", "07-04T02:00"], DAY),
        (NIGHTLY, {"enabled": False}, [], None),
        ("FREQ=HOURLY", {"enabled": False}, [], None),
        ("FREQ=HOURLY", {}, None, None),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30", {}, None, None),
        ("nonsense {{ 1 }}", {}, None, None),
        ("", {}, None, None),
        (None, {}, None, None),
    ],
)
def test_runs(pattern: str | None, fields: dict[str, t.Any], runs: list[str] | None, gap: int | None) -> None:
    found = audited(pattern, **fields)
    assert found["next_runs"] == (None if runs is None else [f"2026-{run}:00Z" for run in runs])
    assert found["longest_gap_seconds"] == gap


@pytest.mark.parametrize("operations", [None, [], [{}], [{"enabled": True, "trigger": None}]])
def test_nothing_is_known_of_a_policy_that_says_nothing(operations: t.Any) -> None:
    found = audited(scheduled_operations=operations)
    assert (found["longest_gap_seconds"], found["retention_days"]) == (None, None)
    assert found["next_runs"] == (None if found["enabled"] else [])


# ========== Retention ==========
IRREGULAR = "FREQ=WEEKLY;BYDAY=MO,TU;BYHOUR=2;BYMINUTE=0"


@pytest.mark.parametrize(
    ("definition", "pattern", "days"),
    [
        ({"retention_duration_days": 14}, NIGHTLY, 14),
        ({"retention_duration_days": "14", "max_backups": "-1", "permanent": "False"}, NIGHTLY, 14),
        ({"retention_duration_days": 0}, NIGHTLY, 0),
        ({}, NIGHTLY, -1),
        ({"retention_duration_days": -1, "max_backups": -1, "permanent": False}, NIGHTLY, -1),
        ({"permanent": True, "retention_duration_days": 1}, NIGHTLY, -1),
        ({"permanent": "True", "max_backups": 1}, NIGHTLY, -1),
        ({"max_backups": 20}, NIGHTLY, 20),
        ({"max_backups": 1}, NIGHTLY, 1),
        ({"max_backups": 0}, NIGHTLY, 0),
        ({"max_backups": 20, "retention_duration_days": 14}, NIGHTLY, 14),
        ({"max_backups": 10, "retention_duration_days": 14}, NIGHTLY, 10),
        ({"max_backups": 7}, "FREQ=DAILY;BYHOUR=2,14;BYMINUTE=0", 3),
        ({"max_backups": 3}, "FREQ=DAILY;INTERVAL=5;BYHOUR=2;BYMINUTE=0", 15),
        # From Monday to Tuesday is the shortest time between two runs, and two runs are always a week.
        ({"max_backups": 1}, IRREGULAR, 1),
        ({"max_backups": 2}, IRREGULAR, 7),
        ({"max_backups": 3}, IRREGULAR, 8),
        ({"max_backups": 3}, "FREQ=HOURLY", None),
        ({"max_backups": 3, "retention_duration_days": 1}, None, None),
        ({"retention_duration_days": 9}, "FREQ=HOURLY", 9),
        ({}, None, -1),
        # What the long-term counts keep longer is not every backup.
        ({"max_backups": 2, "month_backups": 12, "timezone": "UTC+00:00"}, NIGHTLY, 2),
        # What is not documented is not known.
        (None, NIGHTLY, None),
        ({"retention_duration_days": "long"}, NIGHTLY, None),
        ({"max_backups": "many", "retention_duration_days": 30}, NIGHTLY, None),
        ({"max_backups": -2}, "FREQ=DAILY;BYHOUR=2,14;BYMINUTE=0", None),
    ],
)
def test_for_how_many_days_every_backup_is_kept(definition: t.Any, pattern: str | None, days: int | None) -> None:
    assert kept(definition, pattern) == days


@given(
    st.integers(1, 40),
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.sets(st.integers(0, 23), min_size=1, max_size=5),
    st.integers(0, 59),
)
def test_a_number_of_backups_lasts_as_long_as_the_runs_that_push_the_oldest_out(
    count: int, days: set[str], hours: set[int], minute: int
) -> None:
    pattern = f"FREQ=WEEKLY;BYDAY={','.join(days)};BYHOUR={','.join(map(str, hours))};BYMINUTE={minute}"
    monday = datetime(2026, 6, 29, tzinfo=timezone.utc)
    runs = [
        monday + timedelta(days=day, hours=hour, minutes=minute)
        for day in range(7 * 60)
        if DAYS[(monday + timedelta(days=day)).weekday()] in days
        for hour in sorted(hours)
    ]
    # A backup is deleted when as many newer ones are there.
    lives = [later - run for run, later in zip(runs, runs[count:])]
    assert kept({"max_backups": count}, pattern) == min(lives).days


# ========== Several rules ==========
APART = ["FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=0", "FREQ=WEEKLY;BYDAY=TU;BYHOUR=14;BYMINUTE=30"]
DRIFTING = ["FREQ=DAILY;BYHOUR=2;BYMINUTE=0", "FREQ=DAILY;INTERVAL=2;BYHOUR=14;BYMINUTE=0"]


def test_runs_of_several_rules() -> None:
    found = audited(APART)
    assert found["next_runs"] == ["2026-07-06T02:00:00Z", "2026-07-07T14:30:00Z", "2026-07-13T02:00:00Z"]
    assert found["longest_gap_seconds"] == 7 * DAY - 36.5 * 3600


def test_of_rules_that_drift_only_the_next_runs_are_known() -> None:
    found = audited(DRIFTING, {"max_backups": 3})
    # Every second day since 2026-03-01.
    assert found["next_runs"] == ["2026-07-01T14:00:00Z", "2026-07-02T02:00:00Z", "2026-07-03T02:00:00Z"]
    assert (found["longest_gap_seconds"], found["retention_days"]) == (None, None)


@pytest.mark.parametrize(("count", "days"), [(1, 1), (2, 7), (3, 8)])
def test_for_how_many_days_runs_of_several_rules_keep_every_backup(count: int, days: int) -> None:
    assert kept({"max_backups": count}, APART) == days


@pytest.mark.parametrize("start", ["2026-06-30 10:00:00", "2026-06-30T10:00:00Z"])
def test_an_interval_is_counted_from_the_start_of_the_schedule_where_the_service_shows_it(start: str) -> None:
    rules = ["FREQ=DAILY;INTERVAL=5;BYHOUR=2;BYMINUTE=0"]
    row: t.Any = policy(pattern=rules, created_at=None, start_time=start)
    assert audited_policy(row, SUMMER)["next_runs"] == [
        "2026-07-05T02:00:00Z",
        "2026-07-10T02:00:00Z",
        "2026-07-15T02:00:00Z",
    ]
