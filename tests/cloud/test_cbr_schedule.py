# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules and retentions on CBR: several rules, what they mean to the service, and what it would refuse."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.filter.csbs import FilterModule
from tests.emulator import Emulator
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NIGHTLY = {"frequency": "daily", "times": ["02:00"]}
#: Other minutes, and one time that is on the day before in UTC, in summer and in winter
BERLIN = {
    "frequency": "weekly",
    "days": ["MO", "TH"],
    "times": ["00:30", "12:15", "22:45", "23:45"],
    "timezone": "Europe/Berlin",
}
NO_LIMIT: dict[str, t.Any] = {
    "max_backups": None,
    "days": None,
    "permanent": False,
    "daily": None,
    "weekly": None,
    "monthly": None,
    "yearly": None,
    "timezone": None,
}


def ask(cloud: Emulator, **options: t.Any) -> dict[str, t.Any]:
    return run_ok("csbs_policy", {"service": "cbr", "name": "p", **options}, cloud)


def refusal(cloud: Emulator, **options: t.Any) -> str:
    """Return the message of a task that fails before its first request."""
    cloud.journal.clear()
    result = run_module("csbs_policy", {"service": "cbr", "name": "p", **options}, cloud)
    assert result.get("failed") and list(cloud.journal) == [], result
    return str(result["msg"])


def shown(cloud: Emulator) -> dict[str, t.Any]:
    (policy,) = run_ok("csbs_policy_info", {"service": "cbr"}, cloud)["policies"]
    return dict(policy)


def held(cloud: Emulator) -> t.Any:
    """Return the policy as the cloud holds it."""
    (policy,) = cloud.state.cbr.policies.values()
    return policy


def fed_back(cloud: Emulator) -> dict[str, t.Any]:
    """Return the result of a task that is given what csbs_policy_info returns, and writes nothing."""
    keys = ("name", "enabled", "schedule", "retention", "servers", "tags")
    policy = shown(cloud)
    cloud.journal.clear()
    result = run_ok("csbs_policy", {"service": "cbr", **{key: policy[key] for key in keys}}, cloud)
    assert (result["changed"], cloud.journal.writes()) == (False, [])
    assert {key: result["policy"][key] for key in keys} == {key: policy[key] for key in keys}
    return result


def local_moments() -> set[tuple[int, int]]:
    """Return weekday and minute in UTC of each run of BERLIN, laid out by hand with the present offset."""
    offset = datetime.now(ZoneInfo("Europe/Berlin")).utcoffset() or timedelta(0)
    monday = datetime(2026, 3, 2, tzinfo=timezone(offset))
    runs = set()
    for day in BERLIN["days"]:
        for clock in BERLIN["times"]:
            hour, minute = map(int, clock.split(":"))
            run = monday + timedelta(days=DAYS.index(day), hours=hour, minutes=minute)
            in_utc = run.astimezone(timezone.utc)
            runs.add((in_utc.weekday(), in_utc.hour * 60 + in_utc.minute))
    return runs


# ========== Several rules ==========
def test_times_that_one_rule_cannot_say_become_several_and_stay(cloud: Emulator) -> None:
    first = ask(cloud, schedule=BERLIN, enabled=False)
    rules = held(cloud).pattern
    # 22:45 and 23:45 share their minutes and days; the other two share neither.
    assert first["changed"] and len(rules) == 3
    assert all(rule.startswith("FREQ=WEEKLY;BYDAY=") for rule in rules)
    # Words have one list of days for all times.
    assert first["policy"]["schedule"] == {**dict.fromkeys(first["policy"]["schedule"]), "pattern": rules}
    cloud.journal.clear()
    second = ask(cloud, schedule=BERLIN, enabled=False)
    assert (second["changed"], cloud.journal.writes()) == (False, [])
    fed_back(cloud)


def test_check_mode_shows_the_rules_that_will_be(cloud: Emulator) -> None:
    options = {"service": "cbr", "name": "p", "schedule": BERLIN, "enabled": False}
    planned = run_module("csbs_policy", options, cloud, check=True)
    assert planned["policy"]["schedule"] == ask(cloud, **options)["policy"]["schedule"]


def test_the_cloud_runs_when_the_filter_says(cloud: Emulator) -> None:
    policy = ask(cloud, schedule=BERLIN, servers=["srv-0001"], retention={})["policy"]
    # It begins at a time that is no run and near none.
    cloud.settings(speed=0)
    with cloud.state.lock:
        start = cloud.state.now
    filters = FilterModule().filters()
    runs = [datetime.fromisoformat(run) for run in filters["next_runs"](policy, 8, start=f"{start.isoformat()}Z")]
    assert {(run.weekday(), run.hour * 60 + run.minute) for run in runs} == local_moments()
    for run in runs:
        cloud.clock.advance((run.replace(tzinfo=None) - cloud.clock.now()).total_seconds() + 1800)
        run_ok("csbs_backup_info", {"service": "cbr"}, cloud)
    with cloud.state.lock:
        made = sorted(task.created_at for task in cloud.state.cbr.tasks.values() if task.created_at > start)
    assert [moment.replace(second=0, microsecond=0, tzinfo=timezone.utc) for moment in made] == runs
    gaps = [(later - earlier).total_seconds() for earlier, later in zip(runs, [*runs[1:], runs[0] + timedelta(7)])]
    assert filters["longest_gap"](policy) == max(gaps)


def test_times_with_other_minutes_are_told_in_words(cloud: Emulator) -> None:
    ask(cloud, schedule={"frequency": "daily", "times": ["14:30", "02:00", "03:00"], "interval": 2}, enabled=False)
    assert held(cloud).pattern == [
        "FREQ=DAILY;INTERVAL=2;BYHOUR=02,03;BYMINUTE=00",
        "FREQ=DAILY;INTERVAL=2;BYHOUR=14;BYMINUTE=30",
    ]
    schedule = fed_back(cloud)["policy"]["schedule"]
    assert (schedule["frequency"], schedule["interval"], schedule["times"]) == ("daily", 2, ["02:00", "03:00", "14:30"])


SAME: list[tuple[list[str], t.Any]] = [
    (["FREQ=DAILY;BYHOUR=2,14;BYMINUTE=0"], ["FREQ=DAILY;BYHOUR=14;BYMINUTE=00", "FREQ=DAILY;BYHOUR=2;BYMINUTE=0"]),
    (["FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=2;BYMINUTE=0"], "FREQ=DAILY;INTERVAL=1;BYHOUR=02;BYMINUTE=00"),
    (
        ["FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=0", "FREQ=WEEKLY;BYDAY=TU;BYHOUR=2;BYMINUTE=0"],
        ["BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nRRULE:FREQ=WEEKLY;BYDAY=TU,MO;BYHOUR=2;BYMINUTE=0\r\nEND:VEVENT\r\n"],
    ),
]


@pytest.mark.parametrize(("stored", "asked"), SAME)
def test_another_spelling_of_the_same_runs_changes_nothing(cloud: Emulator, stored: list[str], asked: t.Any) -> None:
    ask(cloud, schedule=NIGHTLY, enabled=False)
    with cloud.state.lock:
        held(cloud).pattern = stored
    cloud.journal.clear()
    result = ask(cloud, schedule={"pattern": asked})
    assert (result["changed"], cloud.journal.writes()) == (False, [])
    fed_back(cloud)


def test_a_change_of_the_schedule_sends_nothing_else(cloud: Emulator) -> None:
    ask(cloud, schedule=NIGHTLY, enabled=False, retention={"daily": 7, "timezone": "UTC+01:00"})
    cloud.journal.clear()
    pattern = ["FREQ=WEEKLY;BYDAY=SU;BYHOUR=9;BYMINUTE=0", "FREQ=DAILY;INTERVAL=2;BYHOUR=2;BYMINUTE=30"]
    assert ask(cloud, schedule={"pattern": pattern})["policy"]["schedule"]["pattern"] == [
        "FREQ=WEEKLY;BYDAY=SU;BYHOUR=09;BYMINUTE=00",
        "FREQ=DAILY;INTERVAL=2;BYHOUR=02;BYMINUTE=30",
    ]
    (write,) = cloud.journal.writes()
    assert write["body"]["policy"]["trigger"]["properties"]["pattern"] == held(cloud).pattern
    assert "operation_definition" not in write["body"]["policy"]
    assert held(cloud).definition["day_backups"] == 7
    fed_back(cloud)


ODD = {
    "monthly": ["FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=02;BYMINUTE=00"],
    "too close together": ["FREQ=DAILY;BYHOUR=02;BYMINUTE=00", "FREQ=WEEKLY;BYDAY=MO;BYHOUR=02;BYMINUTE=30"],
}


@pytest.mark.parametrize("stored", ODD.values(), ids=ODD)
def test_rules_of_another_client_that_cannot_be_sent_are_kept(cloud: Emulator, stored: list[str]) -> None:
    # Disabled, because the local cloud cannot run such a schedule.
    ask(cloud, schedule=NIGHTLY, enabled=False)
    with cloud.state.lock:
        held(cloud).pattern = stored
    # One rule is a text, several are a list.
    assert fed_back(cloud)["policy"]["schedule"]["pattern"] == (stored if len(stored) > 1 else stored[0])
    result = run_module("csbs_policy", {"service": "cbr", "name": "new", "schedule": {"pattern": stored}}, cloud)
    assert "Only a policy that has this pattern already can keep it" in result["msg"]
    assert cloud.journal.writes() == []


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({"frequency": "daily", "times": ["02:00", "02:30"]}, "schedule.times: two points in time are 30 minutes"),
        (
            {"frequency": "daily", "times": ["01:00", "12:00"], "interval": 2, "timezone": "UTC+02:00"},
            "schedule.times: 01:00, 12:00 in UTC+02:00 fall on different days in UTC, in which schedule.interval 2",
        ),
        ({"pattern": []}, "schedule.pattern: an empty list is not a rule"),
        ({"pattern": [NIGHTLY]}, "schedule.pattern: {'frequency'"),
        ({"pattern": ["FREQ=DAILY;BYHOUR=2;BYMINUTE=0", "nightly"]}, "schedule.pattern: 'NIGHTLY' is not known"),
    ],
)
@one_mode
def test_a_schedule_that_cannot_be_is_refused_before_the_first_request(
    cloud: Emulator, schedule: t.Any, message: str
) -> None:
    assert refusal(cloud, schedule=schedule).startswith(message)


@one_mode
def test_csbs_takes_a_list_of_one_rule_and_refuses_more(cloud: Emulator) -> None:
    rule = "FREQ=DAILY;BYHOUR=2;BYMINUTE=0"
    first = ask(cloud, service="csbs", schedule={"pattern": [rule]}, enabled=False)
    assert first["changed"] and first["policy"]["schedule"]["times"] == ["02:00"]
    assert refusal(cloud, service="csbs", schedule={"pattern": [rule, rule.replace("2", "4")]}).startswith(
        "schedule.pattern: 2 rules; a schedule of Cloud Server Backup Service (CSBS) has one."
    )


# ========== Retention ==========
@pytest.mark.parametrize(
    ("retention", "result", "sent"),
    [
        ({}, {}, {}),
        ({"permanent": True}, {}, {}),
        ({"days": 14, "daily": 0}, {"days": 14}, {"retention_duration_days": 14}),
        ({"max_backups": 20, "days": -1}, {"max_backups": 20}, {"max_backups": 20}),
        (
            {"max_backups": 20, "daily": 7, "yearly": 2, "timezone": "UTC+02:00"},
            {"max_backups": 20, "daily": 7, "yearly": 2, "timezone": "UTC+02:00"},
            {"max_backups": 20, "day_backups": 7, "year_backups": 2},
        ),
    ],
)
def test_a_retention_is_set_and_stays(
    cloud: Emulator, retention: dict[str, t.Any], result: dict[str, t.Any], sent: dict[str, int]
) -> None:
    first = ask(cloud, schedule=NIGHTLY, enabled=False, retention=retention)
    assert first["policy"]["retention"] == {**NO_LIMIT, **result} == shown(cloud)["retention"]
    assert held(cloud).definition == {**sent, "timezone": result.get("timezone") or "UTC+00:00"}
    cloud.journal.clear()
    second = ask(cloud, schedule=NIGHTLY, retention=retention)
    assert (second["changed"], cloud.journal.writes()) == (False, [])
    fed_back(cloud)


def test_a_new_retention_replaces_the_whole_old_one(cloud: Emulator) -> None:
    counts = {"max_backups": 20, "daily": 7, "timezone": "UTC+02:00"}
    ask(cloud, schedule=NIGHTLY, enabled=False, retention=counts)
    for retention in ({"days": 14}, counts, {"permanent": True}, counts):
        changed = ask(cloud, retention=retention)
        given = {} if "permanent" in retention else retention
        assert changed["changed"] and changed["policy"]["retention"] == {**NO_LIMIT, **given}
        assert shown(cloud)["retention"] == {**NO_LIMIT, **given}
        fed_back(cloud)


def test_an_update_of_something_else_leaves_the_retention_alone(cloud: Emulator) -> None:
    ask(cloud, schedule=NIGHTLY, enabled=False, retention={"monthly": 12, "timezone": "UTC+02:00"})
    before = dict(held(cloud).definition)
    cloud.journal.clear()
    ask(cloud, new_name="q", servers=["srv-0001"], schedule={**NIGHTLY, "times": ["04:00"]})
    assert held(cloud).definition == before
    assert all("operation_definition" not in str(entry["body"]) for entry in cloud.journal.writes())


def test_the_time_zone_counts_only_where_long_term_counts_are_set(cloud: Emulator) -> None:
    ask(cloud, schedule=NIGHTLY, enabled=False, retention={"days": 14})
    with cloud.state.lock:
        held(cloud).definition["timezone"] = "UTC+05:00"
    assert ask(cloud, retention={"days": 14, "timezone": "UTC+01:00"})["changed"] is False
    assert ask(cloud, retention={"daily": 14, "timezone": "UTC+01:00"})["changed"]
    assert ask(cloud, retention={"daily": 14, "timezone": "UTC+02:00"})["changed"]


@pytest.mark.parametrize(
    ("retention", "message"),
    [
        ({"days": 14, "max_backups": 20}, "retention.days: 14 excludes retention.max_backups: 20; "),
        (
            {"days": 14, "daily": 7, "yearly": 1, "timezone": "UTC+01:00"},
            "retention.days: 14 excludes retention.daily: 7, retention.yearly: 1; ",
        ),
        ({"max_backups": 0}, "retention.max_backups: 0 is out of range; it must be 1 to 99999 or -1"),
        ({"days": 0}, "retention.days: 0 is out of range; it must be 1 to 99999 or -1"),
        ({"permanent": True, "days": 14}, "retention.permanent: true excludes retention.days: 14; "),
        (
            {"permanent": True, "daily": 7, "timezone": "UTC+01:00"},
            "retention.permanent: true excludes retention.daily: 7; ",
        ),
    ],
)
@one_mode
def test_a_retention_that_cbr_cannot_keep_is_refused_before_the_first_request(
    cloud: Emulator, retention: dict[str, t.Any], message: str
) -> None:
    assert refusal(cloud, schedule=NIGHTLY, retention=retention).startswith(message)
