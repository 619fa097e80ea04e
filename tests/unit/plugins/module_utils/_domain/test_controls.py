# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controls: what passes, what fails and what cannot be judged, each with its evidence."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.controls import (
    FAIL,
    NO_LOCKS,
    PASS,
    TITLES,
    UNKNOWN,
    Controls,
    Facts,
    Promise,
    judge,
    judge_room,
    parse_controls,
    promise_to,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from tests.support.fakes import SUMMER

DAY = timedelta(days=1)
GIVEN: dict[str, t.Any] = {
    "enabled_policy": True,
    "min_frequency": None,
    "min_retention_days": None,
    "max_age": "24h",
    "no_failed_backup": True,
    "room": True,
    "locked": False,
    "restore_tested_within": None,
}
EVERY = Controls(
    enabled_policy=True,
    min_frequency=DAY,
    min_retention_days=14,
    max_age=DAY,
    no_failed_backup=True,
    room=True,
    locked=True,
    restore_tested_within=90 * DAY,
)
ROOM = judge_room([], 1, 1, size_known=True)
SCHEDULE = {"frequency": "daily", "interval": 1, "times": ["02:00"], "pattern": None}


def time_of(age: timedelta) -> str:
    return (SUMMER - age).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def policy(**fields: t.Any) -> dict[str, t.Any]:
    return {
        "name": "nightly",
        "enabled": True,
        "schedule": SCHEDULE,
        "longest_gap_seconds": 86400,
        "retention_days": 14,
        **fields,
    }


def protection(age: timedelta | None = timedelta(hours=1), **fields: t.Any) -> dict[str, t.Any]:
    last = None if age is None else {"protected_at": None, "created_at": time_of(age)}
    seconds = None if age is None else max(int(age.total_seconds()), 0)
    return {"last_backup": last, "age_seconds": seconds, "compliant": age is not None and age < DAY, **fields}


def facts(**fields: t.Any) -> Facts:
    usual: dict[str, t.Any] = {
        "protection": protection(),
        "promise": Promise(DAY, None),
        "policy": policy(),
        "failures": 0,
        "failure": "",
        "room": ROOM,
        "lock": NO_LOCKS,
        "restore_tested": "2026-06-01",
        "now": SUMMER,
        "service": "csbs",
        "last_service": "csbs",
    }
    return Facts(**{**usual, **fields})


def judged(control: str, **fields: t.Any) -> tuple[str, str]:
    found = judge(EVERY, facts(**fields))[control]
    return found["result"], found["evidence"]


# ========== Which controls ==========
def test_only_what_is_asked_for_is_judged_in_the_order_of_reports() -> None:
    assert list(judge(EVERY, facts())) == list(TITLES)
    none = EVERY._replace(**{name: None for name in TITLES if name != "max_age"})
    assert list(judge(none, facts())) == ["max_age"]


def test_controls_in_normal_form() -> None:
    found = parse_controls("controls", {**GIVEN, "min_frequency": "90m", "restore_tested_within": "2w"})
    assert found == Controls(True, timedelta(minutes=90), None, DAY, True, True, False, timedelta(days=14))


@pytest.mark.parametrize(
    "allowed", [{"min_frequency": "60m"}, {"min_retention_days": 1}, {"min_retention_days": 99999}]
)
def test_the_least_and_the_most_that_can_be_asked_for(allowed: dict[str, t.Any]) -> None:
    assert parse_controls("controls", {**GIVEN, **allowed})


@pytest.mark.parametrize(
    ("given_controls", "message"),
    [
        ({"max_age": "soon"}, "controls.max_age: 'soon' is not an age"),
        ({"max_age": None}, "controls.max_age: None is not an age"),
        ({"max_age": "0h"}, "controls.max_age: '0h' is not an age"),
        ({"min_frequency": "daily"}, "controls.min_frequency: 'daily' is not an age"),
        ({"min_frequency": "59m"}, "controls.min_frequency: '59m' is less than an hour"),
        ({"min_retention_days": 0}, "controls.min_retention_days: 0 is out of range"),
        ({"min_retention_days": 100000}, "controls.min_retention_days: 100000 is out of range"),
        ({"min_retention_days": -1}, "controls.min_retention_days: -1 is out of range"),
        ({"restore_tested_within": ""}, "controls.restore_tested_within: '' is not an age"),
    ],
)
def test_bad_controls_are_named(given_controls: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse_controls("controls", {**GIVEN, **given_controls})


# ========== The promise ==========
@pytest.mark.parametrize(
    ("metadata", "key", "promise"),
    [
        ({}, None, Promise(DAY, None)),
        ({}, "rpo", Promise(DAY, None)),
        ({"rpo": "4h"}, None, Promise(DAY, None)),
        ({"rpo": "4h"}, "RPO", Promise(DAY, None)),
        ({"rpo": "4h"}, "rpo", Promise(timedelta(hours=4), "4h")),
        ({"rpo": " 4h\n"}, "rpo", Promise(timedelta(hours=4), "4h")),
        ({"rpo": 3600}, "rpo", Promise(timedelta(hours=1), "3600")),
        ({"rpo": ""}, "rpo", Promise(DAY, None)),
        ({"rpo": " \t"}, "rpo", Promise(DAY, None)),
        ({"rpo": None}, "rpo", Promise(DAY, None)),
        ({"rpo": 0}, "rpo", Promise(None, "0")),
        ({"rpo": False}, "rpo", Promise(None, "false")),
        ({"rpo": "-1h"}, "rpo", Promise(None, "-1h")),
        ({"rpo": "four hours"}, "rpo", Promise(None, "four hours")),
        ({"rpo": "9" * 5000}, "rpo", Promise(None, "9" * 5000)),
        ({"rpo": "36525d"}, "rpo", Promise(timedelta(days=36525), "36525d")),
        ({"rpo": "36526d"}, "rpo", Promise(None, "36526d")),
        ({"rpo": "\u0662h"}, "rpo", Promise(None, "\u0662h")),
        ({"rpo": "{{ 1 }}"}, "rpo", Promise(None, "{{ 1 }}")),
    ],
)
def test_the_promise_to_a_server(metadata: dict[str, t.Any], key: str | None, promise: Promise) -> None:
    assert promise_to(metadata, key, DAY) == promise


@given(st.text())
def test_no_text_of_the_metadata_is_an_error_and_only_a_blank_one_is_none(text: str) -> None:
    found = promise_to({"rpo": text}, "rpo", DAY)
    assert found.own == (text.strip() or None)
    assert (found == Promise(DAY, None)) is (not text.strip())


# ========== Policies ==========
NO_POLICY = (FAIL, "the server is in no policy")
DISABLED = (FAIL, "policy 'nightly' is disabled")
NOT_DOCUMENTED = {"frequency": None, "interval": None, "times": None, "pattern": "FREQ=HOURLY"}
EMPTY = dict.fromkeys(NOT_DOCUMENTED)


@pytest.mark.parametrize(
    ("of_policy", "expected"),
    [
        (None, NO_POLICY),
        (policy(enabled=False), DISABLED),
        (policy(enabled=False, schedule=EMPTY), DISABLED),
        (policy(), (PASS, "policy 'nightly' is enabled")),
        (policy(schedule=NOT_DOCUMENTED), (PASS, "policy 'nightly' is enabled")),
        (
            policy(schedule=EMPTY),
            (UNKNOWN, "policy 'nightly' is enabled, but the service shows no schedule of it"),
        ),
    ],
)
def test_enabled_policy(of_policy: t.Any, expected: tuple[str, str]) -> None:
    assert judged("enabled_policy", policy=of_policy) == expected


@pytest.mark.parametrize(
    ("of_policy", "expected"),
    [
        (None, NO_POLICY),
        (policy(enabled=False, longest_gap_seconds=None), DISABLED),
        (policy(enabled=False, longest_gap_seconds=60), DISABLED),
        (policy(longest_gap_seconds=None), (UNKNOWN, "when policy 'nightly' runs is not known")),
        (policy(), (PASS, "policy 'nightly' has up to 1d between two runs; allowed: 1d")),
        (
            policy(longest_gap_seconds=86460),
            (FAIL, "policy 'nightly' has up to 1d between two runs; allowed: 1d"),
        ),
        (
            policy(longest_gap_seconds=4 * 86400),
            (FAIL, "policy 'nightly' has up to 4d between two runs; allowed: 1d"),
        ),
    ],
)
def test_min_frequency(of_policy: t.Any, expected: tuple[str, str]) -> None:
    assert judged("min_frequency", policy=of_policy) == expected


@pytest.mark.parametrize(
    ("of_policy", "expected"),
    [
        (None, NO_POLICY),
        (policy(), (PASS, "policy 'nightly' keeps every backup 14 days; required: 14")),
        (policy(enabled=False), (PASS, "policy 'nightly' keeps every backup 14 days; required: 14")),
        (policy(retention_days=13), (FAIL, "policy 'nightly' keeps every backup 13 days; required: 14")),
        (policy(retention_days=0), (FAIL, "policy 'nightly' keeps every backup 0 days; required: 14")),
        (policy(retention_days=-1), (PASS, "policy 'nightly' keeps every backup for ever")),
        (policy(retention_days=None), (UNKNOWN, "how long policy 'nightly' keeps a backup is not known")),
    ],
)
def test_min_retention_days(of_policy: t.Any, expected: tuple[str, str]) -> None:
    assert judged("min_retention_days", policy=of_policy) == expected


# ========== Backups ==========
UNDATED = protection(last_backup={"protected_at": None, "created_at": None}, age_seconds=None, compliant=False)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (protection(), (PASS, "the last good backup is 1h old; promised: 1d")),
        (protection(DAY), (FAIL, "the last good backup is 1d old; promised: 1d")),
        (protection(3 * DAY), (FAIL, "the last good backup is 3d old; promised: 1d")),
        (
            protection(3 * DAY, compliant=True),
            (PASS, "the last good backup is 3d old, but one is in progress"),
        ),
        (protection(None), (FAIL, "there is no good backup; promised: 1d")),
        (protection(None, compliant=True), (PASS, "there is no good backup, but one is in progress")),
        (UNDATED, (FAIL, "the service gives no time of the last good backup; promised: 1d")),
        (
            {**UNDATED, "compliant": True},
            (PASS, "the service gives no time of the last good backup, but one is in progress"),
        ),
        (protection(-DAY), (PASS, "the last good backup is 0s old; promised: 1d")),
        (protection(-1.1 * DAY), (UNKNOWN, "the time of the last good backup is in the future")),
    ],
)
def test_max_age(row: dict[str, t.Any], expected: tuple[str, str]) -> None:
    assert judged("max_age", protection=row) == expected


def test_the_point_in_time_that_is_held_goes_before_the_time_of_creation() -> None:
    ahead = {"protected_at": time_of(-3 * DAY), "created_at": time_of(DAY)}
    assert judged("max_age", protection=protection(last_backup=ahead))[0] == UNKNOWN


def test_a_promise_that_is_no_age_cannot_be_judged() -> None:
    found = judged("max_age", promise=Promise(None, "4 hours"), protection=protection(compliant=None))
    assert found == (UNKNOWN, "the server's own promise '4 hours' is not an age such as 24h")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (PASS, "no backup has failed since the last good one")),
        ({"protection": protection(None)}, (UNKNOWN, "there is neither a good backup nor a failed one")),
        (
            {"failures": 1, "failure": "no space"},
            (FAIL, "a backup has failed since the last good one: no space"),
        ),
        (
            {"failures": 3, "protection": protection(None)},
            (FAIL, "3 backups have failed since the last good one: the service gives no reason"),
        ),
    ],
)
def test_no_failed_backup(fields: dict[str, t.Any], expected: tuple[str, str]) -> None:
    assert judged("no_failed_backup", **fields) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("", (UNKNOWN, "no tested restore is recorded")),
        ("yes", (UNKNOWN, "the record 'yes' is not a date such as 2026-03-01")),
        ("YYYY-MM-DD", (UNKNOWN, "the record 'YYYY-MM-DD' is not a date such as 2026-03-01")),
        ("2026-07-03", (UNKNOWN, "the record '2026-07-03' is in the future")),
        ("2026-07-02", (PASS, "a restore was tested 0s ago; allowed: 90d")),
        ("2026-07-01T06:00:00+02:00", (PASS, "a restore was tested 8h ago; allowed: 90d")),
        ("2026-04-02T12:00:00Z", (PASS, "a restore was tested 90d ago; allowed: 90d")),
        ("2026-04-02T11:59:59Z", (FAIL, "a restore was tested 90d ago; allowed: 90d")),
        ("0001-01-01", (FAIL, "a restore was tested 739797d 12h ago; allowed: 90d")),
    ],
)
def test_restore_tested_within(record: str, expected: tuple[str, str]) -> None:
    assert judged("restore_tested_within", restore_tested=record) == expected


def test_csbs_cannot_lock_backups() -> None:
    assert judged("locked") == (UNKNOWN, "CSBS cannot lock backups")


# ========== Room ==========
def quota(kind: str, free: int | None, **fields: t.Any) -> dict[str, t.Any]:
    unit = "GB" if kind == "backup_capacity" else None
    return {"type": kind, "unit": unit, "free": free, "unlimited": False, **fields}


FREE = quota("backups", None, unlimited=True)
CAPACITY = quota("backup_capacity", None, unlimited=True)
NOT_SAID = "the service does not say how much of the quota is left: "


@pytest.mark.parametrize(
    ("quotas", "known", "expected"),
    [
        ([FREE, CAPACITY], True, (PASS, "the quotas are unlimited")),
        ([FREE, CAPACITY], False, (PASS, "the quotas are unlimited")),
        ([quota("backups", 5), CAPACITY], True, (PASS, "backups: 5 free, the next backups need 5")),
        ([quota("backups", 4), CAPACITY], True, (FAIL, "backups: 4 free, the next backups need 5")),
        ([quota("backups", 0), CAPACITY], True, (FAIL, "backups: 0 free, the next backups need 5")),
        (
            [FREE, quota("backup_capacity", 20)],
            True,
            (PASS, "backup_capacity: 20 free, the next backups need 20"),
        ),
        (
            [FREE, quota("backup_capacity", 19)],
            True,
            (FAIL, "backup_capacity: 19 free, the next backups need 20"),
        ),
        (
            [quota("backups", 9), quota("backup_capacity", 19)],
            False,
            (FAIL, "backups: 9 free, the next backups need 5; backup_capacity: 19 free, the next backups need 20"),
        ),
        ([FREE, quota("backup_capacity", 20)], False, (UNKNOWN, "how large the next backup becomes is not known")),
        ([FREE, quota("backup_capacity", 99, unit="TB")], True, (UNKNOWN, NOT_SAID + "backup_capacity")),
        (
            [FREE, quota("backup_capacity", 20, unit=None)],
            True,
            (PASS, "backup_capacity: 20 free, the next backups need 20"),
        ),
        ([FREE, quota("backup_capacity", None)], True, (UNKNOWN, NOT_SAID + "backup_capacity")),
        ([FREE], True, (UNKNOWN, NOT_SAID + "backup_capacity")),
        ([quota("backups", 9)], True, (UNKNOWN, NOT_SAID + "backup_capacity")),
        ([quota("backups", 1)], True, (FAIL, "backups: 1 free, the next backups need 5")),
        ([], True, (UNKNOWN, NOT_SAID + "backups, backup_capacity")),
        ([quota("volumes", 0), FREE, CAPACITY], True, (PASS, "the quotas are unlimited")),
    ],
)
def test_room(quotas: list[dict[str, t.Any]], known: bool, expected: tuple[str, str]) -> None:
    found = judge_room(quotas, 5, 20, size_known=known)
    assert (found["result"], found["evidence"]) == expected


# ========== All of them ==========
def test_what_cannot_be_judged_is_never_a_pass() -> None:
    """Nothing is known of a server: no control passes."""
    nothing = facts(
        protection=protection(None, compliant=None),
        promise=Promise(None, "?"),
        policy=policy(schedule=EMPTY, longest_gap_seconds=None, retention_days=None),
        restore_tested="",
    )
    assert {found["result"] for found in judge(EVERY, nothing).values()} == {UNKNOWN}
