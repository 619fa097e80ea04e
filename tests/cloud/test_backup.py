# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup against the local cloud: fleets, names, faults and deletions."""

from __future__ import annotations

import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.estate import backup_in, delete_server, make_image, run_policy, set_server
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

FAST = {"poll_interval": 0.1, "timeout": 60}


def backup(cloud: Emulator, **args: t.Any) -> dict[str, t.Any]:
    return run_ok("csbs_backup", {**FAST, **args}, cloud)


def failed(cloud: Emulator, **args: t.Any) -> dict[str, t.Any]:
    result = run_module("csbs_backup", {**FAST, **args}, cloud)
    assert result.get("failed"), result
    return result


def named(result: dict[str, t.Any]) -> dict[str, str]:
    return {one["server"]["name"]: one["name"] for one in result["backups"]}


def listed(cloud: Emulator, **args: t.Any) -> list[dict[str, t.Any]]:
    return run_ok("csbs_backup_info", args, cloud)["backups"]


def test_numbers_stay_when_the_fleet_is_reordered_and_grows(cloud: Emulator) -> None:
    first = named(backup(cloud, name="b", servers=["srv-0002", "srv-0001"]))
    grown = named(backup(cloud, name="b", servers=["srv-0003", "srv-0001", "srv-0002"]))
    assert grown == {**first, "srv-0003": "b-0003"}
    assert sorted(first.values()) == ["b-0001", "b-0002"]


def test_every_backup_is_available_and_carries_its_tags(cloud: Emulator) -> None:
    made = backup(cloud, name="b", servers=["srv-0001", "srv-0002"], tags={"change": "7"}, description="why")
    assert [(one["status"], one["tags"], one["description"]) for one in made["backups"]] == [
        ("available", {"change": "7"}, "why")
    ] * 2
    assert all(backup_in(cloud, one["id"]).status == "available" for one in made["backups"])


def test_a_backup_that_failed_fails_the_task_after_the_others_are_finished(cloud: Emulator) -> None:
    set_server(cloud, "srv-0002", fail_next_backup="disk unreachable")
    result = failed(cloud, name="b", servers=["srv-0001", "srv-0002", "srv-0003"])
    assert "srv-0002" in result["msg"] and "disk unreachable" in result["msg"] and "2 of 3" in result["msg"]
    assert sorted(one["status"] for one in result["backups"]) == ["available", "available", "error"]
    assert result["changed"] is True
    again = backup(cloud, name="b", servers=["srv-0001", "srv-0002", "srv-0003"])
    assert again["changed"] is True and {one["status"] for one in again["backups"]} == {"available"}


def test_nothing_is_sent_when_one_of_the_fleet_cannot_be_backed_up(cloud: Emulator) -> None:
    set_server(cloud, "srv-0002", status="ERROR")
    cloud.journal.clear()
    result = failed(cloud, name="b", servers=["srv-0001", "srv-0002"])
    assert "srv-0002" in result["msg"] and "ERROR" in result["msg"]
    assert cloud.journal.writes() == []
    checks = [entry for entry in cloud.journal if entry["path"].endswith("/resources/action")]
    assert len(checks) == 1 and len(checks[0]["body"]["check_protectable"]) == 2
    done = backup(cloud, name="b", servers=["srv-0001", "srv-0002"], skip_unprotectable=True)
    assert [one["name"] for one in done["skipped_servers"]] == ["srv-0002"]
    assert [one["server"]["name"] for one in done["backups"]] == ["srv-0001"]


@pytest.mark.parametrize(
    "fault",
    [{"drop": "before"}, {"drop": "after"}, {"status": 502, "effect": True}, {"status": 504}],
    ids=["before", "after", "502", "504"],
)
def test_a_lost_answer_never_makes_two_backups(cloud: Emulator, fault: dict[str, t.Any]) -> None:
    cloud.faults.add(method="POST", path="/resources/[^/]+/action$", times=1, **fault)
    made = backup(cloud, servers=["srv-0001"], name="once")
    assert made["backups"][0]["status"] == "available"
    assert len(listed(cloud, servers=["srv-0001"])) == 1


@one_mode
@pytest.mark.parametrize(
    "fault",
    [
        {"path": "/checkpoint_items", "status": 502, "times": 2},
        {"path": "/resources/[^/]+/action$", "status": 429, "error_code": "APIGW.0308", "retry_after": 1, "times": 2},
        {
            "path": "/resources/[^/]+/action$",
            "status": 500,
            "error_code": "CSBS.6030",
            "error_msg": "auto plan executing",
            "times": 1,
        },
        {"path": "/checkpoint_items", "drop": "before", "times": 1, "skip": 1},
        {"path": "/checkpoint_items", "expire_tokens": True, "times": 1, "skip": 1},
        {"path": "/servers/detail", "status": 503, "times": 1},
    ],
    ids=["gateway", "throttled", "busy", "dropped", "expired", "nova"],
)
def test_passing_trouble_is_ridden_out(cloud: Emulator, fault: dict[str, t.Any]) -> None:
    cloud.faults.add(**fault)
    assert backup(cloud, servers=["srv-0001"], name="b")["backups"][0]["status"] == "available"
    assert len(listed(cloud, servers=["srv-0001"])) == 1


@one_mode
def test_one_servers_final_refusal_leaves_the_others_to_finish(cloud: Emulator) -> None:
    server = cloud.server("srv-0002").id
    cloud.faults.add(
        method="POST",
        path=f"/resources/{server}/action$",
        status=400,
        error_code="CSBS.9006",
        error_msg="Quota exceeded",
    )
    result = failed(cloud, name="b", servers=["srv-0001", "srv-0002", "srv-0003"])
    assert "srv-0002" in result["msg"] and "quota" in result["msg"] and result["error_code"] == "CSBS.9006"
    assert [one["server"]["name"] for one in result["backups"] if one["status"] == "available"] == [
        "srv-0001",
        "srv-0003",
    ]


@one_mode
def test_a_timeout_returns_what_was_started(cloud: Emulator) -> None:
    cloud.settings(speed=1)
    result = failed(cloud, name="b", servers=["srv-0001"], timeout=8)
    cloud.settings(speed=3000)
    assert "timeout" in result["msg"] and result["changed"] is True
    assert result["backups"][0]["checkpoint_id"]
    again = backup(cloud, name="b", servers=["srv-0001"])
    assert again["changed"] is False and again["backups"][0]["status"] == "available"


@one_mode
def test_without_wait_the_task_ends_at_once_and_tells_the_ids(cloud: Emulator) -> None:
    cloud.settings(speed=1)
    result = backup(cloud, name="b", servers=["srv-0001"], wait=False)
    cloud.settings(speed=3000)
    assert result["backups"][0]["status"] in ("waiting_protect", "protecting") and result["backups"][0]["id"]


def test_max_age_goes_by_the_last_good_backup(cloud: Emulator) -> None:
    first = backup(cloud, servers=["srv-0001"])
    assert backup(cloud, servers=["srv-0001"], max_age="52w")["changed"] is False
    backup_in(cloud, first["backups"][0]["id"]).status = "error"
    assert backup(cloud, servers=["srv-0001"], max_age="52w")["changed"] is True


def test_deleting_one_servers_backup_of_a_run_leaves_the_others(cloud: Emulator) -> None:
    schedule = {"frequency": "daily", "times": ["02:00"]}
    run_ok(
        "csbs_policy", {"name": "p", "schedule": schedule, "enabled": False, "servers": ["srv-0001", "srv-0002"]}, cloud
    )
    cloud.settings(list_delay=0)
    run_policy(cloud, "p")
    cloud.clock.advance(7200)
    items = listed(cloud, policy="p")
    assert len(items) == 2 and len({one["checkpoint_id"] for one in items}) == 1
    gone = backup(cloud, ids=[items[0]["id"], items[0]["id"]], state="absent")
    assert [one["id"] for one in gone["backups"]] == [items[0]["id"]]
    assert [one["id"] for one in listed(cloud)] == [items[1]["id"]]


def test_a_backup_that_an_image_holds_is_named_with_the_image_and_the_others_go(cloud: Emulator) -> None:
    made = backup(cloud, name="b", servers=["srv-0001", "srv-0002"])["backups"]
    image = make_image(cloud, made[0]["id"])
    result = failed(cloud, name="b", state="absent")
    assert image in result["msg"] and result["error_code"] == "CSBS.8007"
    assert [one["id"] for one in listed(cloud)] == [made[0]["id"]]


def test_backups_of_a_deleted_server_are_cleaned_up_by_its_id(cloud: Emulator) -> None:
    server = cloud.server("srv-0001").id
    backup(cloud, name="b", servers=["srv-0001"])
    delete_server(cloud, "srv-0001")
    assert len(listed(cloud, servers=[server])) == 1
    assert backup(cloud, name="b", servers=[server], state="absent")["changed"] is True
    assert listed(cloud) == []


def test_waiting_polls_one_list_for_all(cloud: Emulator) -> None:
    cloud.journal.clear()
    backup(cloud, name="b", servers=[f"srv-{number:04d}" for number in range(1, 7)])
    gets = [entry for entry in cloud.journal if entry["method"] == "GET" and "/checkpoint_items/" in entry["path"]]
    assert gets == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, ["servers"]),
        ({"servers": ["a"], "name": "no space"}, ["name", "no space"]),
        ({"servers": ["a", "b"], "name": "x" * 251}, ["suffix"]),
        ({"servers": ["a"], "max_age": "soon"}, ["max_age", "soon"]),
        ({"servers": ["a"], "tags": {"": "x"}}, ["tags"]),
        ({"servers": ["a"], "concurrency": 0}, ["concurrency"]),
        ({"servers": ["a"], "timeout": 0}, ["timeout"]),
        ({"servers": ["a"], "poll_interval": -1}, ["poll_interval"]),
        ({"servers": ["a"], "description": "<"}, ["description"]),
        ({"servers": ["a"], "ids": ["b"]}, ["ids"]),
        ({"state": "absent"}, ["ids", "name"]),
        ({"state": "absent", "servers": ["a"]}, ["ids", "name"]),
        ({"state": "absent", "ids": ["a"], "name": "b"}, ["ids"]),
        ({"servers": ["a"], "server_filters": {"name": None}}, ["server_filters"]),
    ],
)
@one_mode
def test_bad_input_is_refused_before_the_first_request(
    cloud: Emulator, args: dict[str, t.Any], words: list[str]
) -> None:
    cloud.journal.clear()
    message = failed(cloud, **args)["msg"]
    assert all(word in message for word in words), message
    assert list(cloud.journal) == []


def test_a_run_that_was_killed_before_lists_showed_its_backup_is_followed_and_not_doubled(cloud: Emulator) -> None:
    cloud.settings(list_delay=10, speed=24)
    backup(cloud, name="b", servers=["srv-0001", "srv-0002"], wait=False)
    cloud.journal.clear()
    again = backup(cloud, name="b", servers=["srv-0002", "srv-0001"])
    young = backup(cloud, max_age="52w", servers=["srv-0002", "srv-0001"])
    assert {one["status"] for one in again["backups"]} == {"available"} and young["changed"] is False
    assert len(cloud.state.items) == 2
    assert cloud.journal.writes(), "the second run came too late for what is tested"


@one_mode
def test_tokens_that_expire_under_many_submissions_are_renewed_for_each(cloud: Emulator) -> None:
    cloud.faults.add(method="POST", path="/resources/[^/]+/action$", delay=0.3, times=-1)
    cloud.faults.add(method="GET", path="/checkpoint_items", expire_tokens=True)
    made = backup(cloud, name="b", servers=[f"srv-{number:04d}" for number in range(1, 7)], concurrency=6)
    assert {one["status"] for one in made["backups"]} == {"available"}


@one_mode
def test_a_busy_server_does_not_hold_up_the_others(cloud: Emulator) -> None:
    server = cloud.server("srv-0001").id
    cloud.faults.add(method="POST", path=f"/resources/{server}/action$", status=500, error_code="CSBS.2003", times=2)
    cloud.journal.clear()
    backup(cloud, name="b", servers=["srv-0001", "srv-0002", "srv-0003"], concurrency=1)
    tried = [server in entry["path"] for entry in cloud.journal if entry["write"]]
    assert tried == [True, False, False, True, True]


def test_backups_are_counted_without_being_listed(cloud: Emulator) -> None:
    for age in (1, 2, 3):
        cloud.make_backup(cloud.server("srv-0001").id, f"b-{age}", age=age * 86400)
    backup(cloud, name="tagged", servers=["srv-0002"], tags={"change": "7"})
    cloud.journal.clear()
    for make_options, number in (
        ({}, 4),
        ({"status": "available", "servers": ["srv-0001"]}, 3),
        ({"servers": ["srv-0001", "srv-0002"]}, 4),
        ({"server_filters": {"name": "nothing"}}, 0),
        ({"tags": {"change": "7"}}, 1),
        ({"status": "error"}, 0),
    ):
        found = run_ok("csbs_backup_info", {"count_only": True, **make_options}, cloud)
        assert (found["count"], found["backups"]) == (number, []), make_options
    assert not cloud.journal.select(method="GET", path="/checkpoint_items$")
    assert run_ok("csbs_backup_info", {"name": "tagged"}, cloud)["count"] == 1


@one_mode
def test_ages_are_counted_by_the_clock_of_the_cloud(cloud: Emulator) -> None:
    """As if the clock of this machine were a day and a half slow."""
    cloud.clock.advance(36 * 3600)
    cloud.make_backup(cloud.server("srv-0001").id, "young", age=8 * 3600)
    cloud.make_backup(cloud.server("srv-0002").id, "old", age=30 * 3600)
    backup(cloud, servers=["srv-0001", "srv-0002"], max_age="24h")
    assert [len(listed(cloud, servers=[name])) for name in ("srv-0001", "srv-0002")] == [1, 2]
