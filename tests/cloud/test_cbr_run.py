# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_run with service: cbr, at the local cloud: one restore point for each vault of the policy."""

from __future__ import annotations

import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.estate import delete_server, set_server
from tests.support.modes import one_mode
from tests.support.modules import Args, run_module, run_ok

FAST: Args = {"service": "cbr", "policy": "p", "poll_interval": 0.1, "timeout": 60}
RESTORE_POINTS = "/checkpoints$"
SERVERS = ["srv-0001", "srv-0002", "srv-0003"]


@pytest.fixture
def estate(cloud: Emulator) -> Emulator:
    """Policy p, switched off, for vault a with srv-0001 and srv-0002 and vault b with srv-0003; c has no policy."""
    ids = [cloud.server(f"srv-{number:04d}").id for number in range(1, 5)]
    vaults = [cloud.make_vault("a", ids[:2]), cloud.make_vault("b", ids[2:3])]
    cloud.make_vault("c", ids[3:])
    cloud.make_vault_policy("p", [vault.id for vault in vaults], enabled=False)
    cloud.clock.advance(60)
    return cloud


def run(cloud: Emulator, **args: t.Any) -> Args:
    return run_ok("csbs_policy_run", {**FAST, **args}, cloud)


def failed(cloud: Emulator, **args: t.Any) -> Args:
    result = run_module("csbs_policy_run", {**FAST, **args}, cloud)
    assert result.get("failed"), result
    return result


def names(result: Args) -> list[str]:
    return [one["server"]["name"] for one in result["backups"]]


def made(cloud: Emulator) -> list[str]:
    """The servers of all backups that CBR holds."""
    return sorted(one.resource_name for one in cloud.state.cbr.backups.values())


def vault_named(cloud: Emulator, name: str) -> t.Any:
    return next(vault for vault in cloud.state.cbr.vaults.values() if vault.name == name)


# ========== Who is backed up ==========
def test_a_run_backs_up_all_vaults_of_a_policy_that_is_switched_off(estate: Emulator) -> None:
    result = run(estate)
    assert names(result) == SERVERS and made(estate) == SERVERS
    assert [one["vault"]["name"] for one in result["backups"]] == ["a", "a", "b"]
    assert {(one["status"], one["auto_trigger"]) for one in result["backups"]} == {("available", False)}
    assert len({one["checkpoint_id"] for one in result["backups"]}) == len(estate.journal.writes()) == 2
    assert (result["policy"]["name"], result["policy"]["enabled"]) == ("p", False)


def test_a_run_of_some_backs_up_no_other(estate: Emulator) -> None:
    assert names(run(estate, servers=["srv-0002"])) == ["srv-0002"]
    assert made(estate) == ["srv-0002"]


def test_a_server_outside_of_the_policys_vaults_is_refused_before_anything_is_sent(estate: Emulator) -> None:
    message = failed(estate, servers=["srv-0001", "srv-0004"])["msg"]
    assert "'srv-0004'" in message and "'srv-0001'" not in message
    assert estate.journal.writes() == []


def test_check_mode_plans_what_the_run_does(estate: Emulator) -> None:
    foreseen = run_module("csbs_policy_run", FAST, estate, check=True)
    assert estate.journal.writes() == []
    assert [(one["vault"]["name"], one["name"], one["id"]) for one in foreseen["backups"]] == [
        ("a", None, None),
        ("a", None, None),
        ("b", None, None),
    ]
    done = run(estate)
    assert done["diff"] == foreseen["diff"] and done["changed"] is foreseen["changed"] is True


def test_backups_have_no_tags_of_the_policy(estate: Emulator) -> None:
    for vault in (vault_named(estate, "a"), vault_named(estate, "b")):
        vault.tags = {"team": "web"}
    foreseen = run_module("csbs_policy_run", FAST, estate, check=True)
    assert {str(one["tags"]) for one in (*foreseen["backups"], *run(estate)["backups"])} == {"{}"}


@pytest.mark.parametrize("vaults", [[], ["empty"]], ids=["no-vault", "empty-vault"])
def test_a_policy_without_servers_cannot_be_run(estate: Emulator, vaults: list[str]) -> None:
    estate.make_vault_policy("q", [estate.make_vault(name).id for name in vaults])
    estate.clock.advance(60)
    result = failed(estate, policy="q")
    assert "run backup policy 'q'" in result["msg"] and "CSBS." not in result["msg"]
    assert result["error_code"] == "BackupService.0001"
    assert run(estate, servers=[])["changed"] is False
    assert estate.journal.writes() == []


def test_max_age_runs_the_policy_for_those_only_that_need_it(estate: Emulator) -> None:
    first = run(estate, servers=["srv-0001"])["backups"][0]
    result = run(estate, max_age="52w")
    assert result["backups"][0] == first and names(result) == SERVERS
    assert made(estate) == SERVERS
    estate.journal.clear()
    again = run(estate, max_age="52w")
    assert (again["changed"], again["backups"]) == (False, result["backups"])
    assert estate.journal.writes() == []


# ========== What fails ==========
def test_when_one_vault_fails_the_others_are_finished_and_reported(estate: Emulator) -> None:
    estate.fill_vault(vault_named(estate, "a").id)
    result = failed(estate)
    assert result["error_code"] == "BackupService.6114" and "for vault 'a'" in result["msg"]
    assert "1 of 3" in result["msg"] and result["changed"] is True
    assert [(one["server"]["name"], one["status"]) for one in result["backups"]] == [("srv-0003", "available")]


def test_when_all_vaults_fail_nothing_has_changed(estate: Emulator) -> None:
    for name in ("a", "b"):
        estate.fill_vault(vault_named(estate, name).id)
    result = failed(estate)
    assert (result["changed"], result["backups"]) == (False, [])
    assert "'a'" in result["msg"] and "'b'" in result["msg"]


def test_a_skipped_server_is_told_with_its_code(estate: Emulator) -> None:
    set_server(estate, "srv-0002", unprotectable="BackupService.7106")
    result = failed(estate)
    assert all(word in result["msg"] for word in ("2 of 3", "left out", "'srv-0002'", "BackupService.7106"))
    assert names(result) == ["srv-0001", "srv-0003"]


def test_who_cannot_be_backed_up_is_told_when_the_others_are_done(estate: Emulator) -> None:
    gone = estate.server("srv-0002").id
    set_server(estate, "srv-0001", status="ERROR")
    delete_server(estate, "srv-0002")
    result = failed(estate)
    assert all(word in result["msg"] for word in ("'srv-0001'", "ERROR", gone, "BackupService.7100", "1 of 3"))
    assert len(estate.journal.writes()) == 1, "they were sent"
    assert names(result) == ["srv-0003"]


# ========== Busy vaults and lost answers ==========
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
def test_a_lost_answer_never_makes_two_runs(estate: Emulator, args: Args, fault: Args) -> None:
    # Of an earlier run, which must not be taken for this one.
    run(estate, servers=["srv-0001"])
    estate.faults.add(method="POST", path=RESTORE_POINTS, **fault)
    assert {one["status"] for one in run(estate, **args)["backups"]} == {"available"}
    wanted = ["srv-0002", "srv-0003"] if "max_age" in args else args.get("servers", SERVERS)
    assert made(estate) == sorted(["srv-0001", *wanted])


def test_a_lost_answer_of_a_run_that_left_somebody_out_makes_no_second_run(estate: Emulator) -> None:
    set_server(estate, "srv-0002", unprotectable="BackupService.7106")
    estate.faults.add(method="POST", path=RESTORE_POINTS, drop="after", times=2)
    message = failed(estate)["msg"]
    assert "left out" in message and "'srv-0002'" in message
    assert made(estate) == ["srv-0001", "srv-0003"]


def test_a_restore_point_in_progress_is_waited_for(estate: Emulator) -> None:
    estate.settings(speed=600)
    run(estate, servers=["srv-0001"], wait=False)
    assert names(run(estate)) == SERVERS
    assert made(estate) == ["srv-0001", *SERVERS]


def test_a_run_that_was_too_new_to_be_listed_makes_a_second_one_needless(estate: Emulator) -> None:
    estate.settings(list_delay=4, speed=60)
    run(estate, wait=False, timeout=2)
    result = run(estate, max_age="52w")
    assert {one["status"] for one in result["backups"]} == {"available"}
    assert made(estate) == SERVERS


@one_mode
def test_waiting_reads_one_list_each_time(estate: Emulator) -> None:
    run(estate)
    after = estate.journal.writes()[-1]["id"]
    looks = [entry for entry in estate.journal if entry["id"] > after]
    assert looks and all(
        entry["path"].endswith("/backups") and set(entry["query"]) & {"start_time", "checkpoint_id", "resource_id"}
        for entry in looks
    )
