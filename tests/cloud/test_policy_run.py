# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_run against the local cloud: who is backed up, who is left out, faults, lost answers, waiting."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._sdk.csbs.v1 import _proxy
from tests.emulator import Emulator
from tests.support.estate import delete_server, policy_in, run_policy, set_server
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

FAST = {"poll_interval": 0.1, "timeout": 60}
RUNS = "/checkpoints$"
SERVERS = ["srv-0001", "srv-0002", "srv-0003"]


@pytest.fixture
def estate(cloud: Emulator) -> Emulator:
    """Policy p with three servers, switched off."""
    schedule = {"frequency": "daily", "times": ["02:00"]}
    run_ok(
        "csbs_policy",
        {"name": "p", "schedule": schedule, "enabled": False, "servers": SERVERS, "tags": {"team": "web"}},
        cloud,
    )
    cloud.journal.clear()
    return cloud


def run(cloud: Emulator, **args: t.Any) -> dict[str, t.Any]:
    return run_ok("csbs_policy_run", {**FAST, "policy": "p", **args}, cloud)


def failed(cloud: Emulator, **args: t.Any) -> dict[str, t.Any]:
    result = run_module("csbs_policy_run", {**FAST, "policy": "p", **args}, cloud)
    assert result.get("failed"), result
    return result


def names(result: dict[str, t.Any]) -> list[str]:
    return [one["server"]["name"] for one in result["backups"]]


def made(cloud: Emulator) -> list[str]:
    """The servers of all backups that the cloud holds."""
    return sorted(item.resource_name for item in cloud.state.items.values())


def keep_busy(cloud: Emulator, name: str) -> None:
    """Let a server have a backup under way that does not end."""
    backup = run_ok("csbs_backup", {**FAST, "servers": [name]}, cloud)["backups"][0]
    cloud.force_backup(backup["id"], status="protecting")
    cloud.journal.clear()


def sent(cloud: Emulator) -> list[dict[str, t.Any]]:
    return [entry["body"]["checkpoint"]["parameters"] for entry in cloud.journal.writes()]


def test_a_run_backs_up_all_servers_of_a_policy_that_is_switched_off(estate: Emulator) -> None:
    result = run(estate)
    assert names(result) == SERVERS and made(estate) == SERVERS
    assert {(one["status"], one["auto_trigger"], one["tags"]["team"]) for one in result["backups"]} == {
        ("available", False, "web")
    }
    assert len({one["checkpoint_id"] for one in result["backups"]}) == 1
    assert result["policy"] == {"id": policy_in(estate, "p").id, "name": "p", "enabled": False}
    assert sent(estate) == [{"auto_trigger": False}]


def test_a_run_of_some_backs_up_no_other(estate: Emulator) -> None:
    result = run(estate, servers=["srv-0003"], server_filters={"name": "srv-000[25]"})
    assert names(result) == ["srv-0003", "srv-0002"] and made(estate) == ["srv-0002", "srv-0003"]
    assert [len(one["resources"]) for one in sent(estate)] == [2]


def test_a_server_that_is_no_member_is_named_before_anything_is_sent(estate: Emulator) -> None:
    message = failed(estate, servers=["srv-0001", "srv-0005"])["msg"]
    assert "'srv-0005'" in message and "'srv-0001'" not in message
    assert "'no-such'" in failed(estate, servers=["no-such"])["msg"]
    assert "'q'" in failed(estate, policy="q")["msg"]
    assert estate.journal.writes() == []


def test_an_empty_policy_cannot_be_run_and_no_servers_are_nothing_to_do(estate: Emulator) -> None:
    run_ok("csbs_policy", {"name": "p", "servers": [], "purge_servers": True}, estate)
    estate.journal.clear()
    assert failed(estate)["error_code"] == "CSBS.6032"
    assert run(estate, servers=[])["changed"] is False
    assert run(estate, server_filters={"name": "*"})["changed"] is False
    assert estate.journal.writes() == []


def test_max_age_runs_the_policy_for_those_only_that_need_it(estate: Emulator) -> None:
    first = run_ok("csbs_backup", {**FAST, "servers": ["srv-0001"]}, estate)["backups"][0]
    result = run(estate, max_age="52w")
    assert result["backups"][0] == first and names(result) == SERVERS
    assert made(estate) == SERVERS
    estate.journal.clear()
    again = run(estate, max_age="52w")
    assert (again["changed"], again["backups"]) == (False, result["backups"])
    assert estate.journal.writes() == []


def test_max_age_counts_a_running_backup_and_waits_for_it(estate: Emulator) -> None:
    estate.settings(list_delay=0)
    run_policy(estate, "p")
    result = run(estate, max_age="52w")
    assert result["changed"] is False
    assert {one["status"] for one in result["backups"]} == {"available"}
    assert made(estate) == SERVERS


@pytest.mark.parametrize(
    ("fault", "args"),
    [
        ({"drop": "before"}, {}),
        ({"drop": "after"}, {}),
        ({"status": 502, "effect": True}, {"servers": ["srv-0001"]}),
        ({"status": 504}, {"servers": ["srv-0001"]}),
        ({"drop": "after"}, {"max_age": "52w"}),
    ],
    ids=str,
)
def test_a_lost_answer_never_makes_two_runs(estate: Emulator, args: dict[str, t.Any], fault: dict[str, t.Any]) -> None:
    # Of an earlier run, which must not be taken for this one.
    old = run_ok("csbs_policy_run", {**FAST, "policy": "p", "servers": ["srv-0001"]}, estate)["backups"][0]
    estate.faults.add(method="POST", path=RUNS, **fault)
    result = run(estate, **args)
    assert {one["status"] for one in result["backups"]} == {"available"}
    wanted = ["srv-0002", "srv-0003"] if "max_age" in args else args.get("servers", SERVERS)
    assert made(estate) == sorted(["srv-0001", *wanted])
    assert ("max_age" in args) is (old["id"] in [one["id"] for one in result["backups"]])


def test_a_lost_answer_of_a_run_that_left_somebody_out_makes_no_second_run(estate: Emulator) -> None:
    keep_busy(estate, "srv-0002")
    estate.faults.add(method="POST", path=RUNS, drop="after")
    message = failed(estate)["msg"]
    assert "left out" in message and "'srv-0002'" in message
    assert made(estate) == SERVERS, "there was a second run"


def test_a_run_in_progress_is_waited_for(estate: Emulator) -> None:
    run_policy(estate, "p")
    assert names(run(estate)) == SERVERS
    assert made(estate) == sorted(SERVERS * 2)


@one_mode
@pytest.mark.parametrize("code", ["CSBS.1001", "CSBS.6030", "CSBS.2004"])
def test_a_run_is_tried_again_when_the_policy_was_busy(estate: Emulator, code: str) -> None:
    estate.faults.add(method="POST", path=RUNS, status=500, error_code=code, error_msg="busy", times=2)
    assert names(run(estate)) == SERVERS
    assert made(estate) == SERVERS


def test_a_policy_that_stays_busy_until_the_timeout_is_told(estate: Emulator) -> None:
    estate.faults.add(method="POST", path=RUNS, status=500, error_code="CSBS.1001", error_msg="busy", times=-1)
    result = failed(estate, timeout=3)
    assert (
        result["error_code"] == "CSBS.1001" and "run backup policy 'p'" in result["msg"] and "timeout" in result["msg"]
    )


def test_a_run_that_was_too_new_to_be_listed_makes_a_second_one_needless(estate: Emulator) -> None:
    estate.settings(list_delay=4, speed=60)
    run_policy(estate, "p")
    result = run(estate, max_age="52w")
    assert {one["status"] for one in result["backups"]} == {"available"}
    assert made(estate) == SERVERS


def test_who_cannot_be_backed_up_is_told_when_the_others_are_done(estate: Emulator) -> None:
    set_server(estate, "srv-0002", status="ERROR")
    result = failed(estate)
    assert "'srv-0002'" in result["msg"] and "ERROR" in result["msg"] and "2 of 3" in result["msg"]
    assert [(one["server"]["name"], one["status"]) for one in result["backups"]] == [
        ("srv-0001", "available"),
        ("srv-0003", "available"),
    ]
    assert result["changed"] is True


def test_nothing_is_sent_when_nobody_can_be_backed_up(estate: Emulator) -> None:
    set_server(estate, "srv-0002", status="ERROR")
    gone = estate.server("srv-0001").id
    delete_server(estate, "srv-0001")
    message = failed(estate, servers=[gone, "srv-0002"])["msg"]
    assert gone in message and "CSBS.6000" in message and "'srv-0002'" in message and "ERROR" in message
    assert estate.journal.writes() == []


def test_a_server_that_the_run_left_out_in_silence_is_an_error_with_the_reason(
    estate: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_run = _proxy.Proxy.execute_policy

    def break_and_run(self: t.Any, policy: str, servers: t.Any = None) -> t.Any:
        # Between the check and the run.
        set_server(estate, "srv-0003", unprotectable="CSBS.6007")
        return plain_run(self, policy, servers)

    monkeypatch.setattr(_proxy.Proxy, "execute_policy", break_and_run)
    result = failed(estate)
    assert "left out" in result["msg"] and "'srv-0003'" in result["msg"] and "CSBS.6007" in result["msg"]
    assert names(result) == ["srv-0001", "srv-0002"]


def test_a_server_that_was_busy_with_another_backup_is_told(estate: Emulator) -> None:
    keep_busy(estate, "srv-0002")
    result = failed(estate)
    assert "left out" in result["msg"] and "'srv-0002'" in result["msg"] and "busy" in result["msg"]
    assert names(result) == ["srv-0001", "srv-0003"]
    assert {one["status"] for one in result["backups"]} == {"available"}


def test_a_backup_that_failed_fails_the_task_after_the_others_are_finished(estate: Emulator) -> None:
    set_server(estate, "srv-0002", fail_next_backup="disk unreachable")
    result = failed(estate)
    bad = next(one for one in result["backups"] if one["status"] == "error")
    assert all(word in result["msg"] for word in ("'srv-0002'", "disk unreachable", "2 of 3", bad["id"]))
    assert sorted(one["status"] for one in result["backups"]) == ["available", "available", "error"]


@one_mode
def test_a_timeout_returns_what_was_started(estate: Emulator) -> None:
    estate.settings(speed=1)
    result = failed(estate, timeout=2)
    assert "timeout" in result["msg"] and result["changed"] is True
    assert names(result) == SERVERS and len({one["checkpoint_id"] for one in result["backups"]}) == 1


def test_without_wait_the_task_ends_at_once_and_tells_the_ids(estate: Emulator) -> None:
    estate.settings(speed=1)
    result = run(estate, wait=False)
    assert {one["status"] for one in result["backups"]} <= {"waiting_protect", "protecting"}
    assert all(one["id"] and one["checkpoint_id"] for one in result["backups"])


def test_waiting_reads_one_list_of_the_run_each_time(estate: Emulator) -> None:
    run(estate)
    after = estate.journal.writes()[-1]["id"]
    looks = [entry for entry in estate.journal if entry["id"] > after and entry["service"] == "csbs"]
    assert looks and all(
        entry["path"].endswith("/checkpoint_items") and "checkpoint_id" in entry["query"] for entry in looks
    )


@one_mode
@pytest.mark.parametrize(
    "fault",
    [
        {"path": "/checkpoint_items", "status": 502, "times": 2, "skip": 1},
        {"path": RUNS, "status": 429, "error_code": "APIGW.0308", "retry_after": 1, "times": 2},
        {"path": "/checkpoint_items", "drop": "before", "times": 1, "skip": 1},
        {"path": "/checkpoint_items", "expire_tokens": True, "times": 1, "skip": 1},
    ],
    ids=["gateway", "throttled", "dropped", "expired"],
)
def test_passing_trouble_is_ridden_out(estate: Emulator, fault: dict[str, t.Any]) -> None:
    estate.faults.add(**fault)
    assert {one["status"] for one in run(estate)["backups"]} == {"available"}
    assert made(estate) == SERVERS


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"max_age": "soon"}, ["max_age", "soon"]),
        ({"policy": ""}, ["policy"]),
        ({"servers": [""]}, ["servers"]),
        ({"server_filters": {"name": ""}}, ["server_filters.name"]),
        ({"timeout": 0}, ["timeout"]),
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
