# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup with service: cbr, at the local cloud: one restore point for each vault, whoever made the vault."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.login import AUTH_SPEC, connect
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import NotFound
from tests.emulator import Emulator
from tests.support.estate import delete_server, set_server
from tests.support.modes import one_mode
from tests.support.modules import Args, auth_of, plain, run_module, run_ok

FAST: Args = {"service": "cbr", "poll_interval": 0.1, "timeout": 60}
RESTORE_POINTS = "/checkpoints$"


@pytest.fixture
def estate(cloud: Emulator) -> Emulator:
    """Vault a with srv-0001 and srv-0002, vault b with srv-0003; the others are in no vault."""
    cloud.make_vault("a", [id_of(cloud, "srv-0001"), id_of(cloud, "srv-0002")])
    cloud.make_vault("b", [id_of(cloud, "srv-0003")])
    cloud.clock.advance(60)
    return cloud


def id_of(cloud: Emulator, name: str) -> str:
    return cloud.server(name).id


def vault_of(cloud: Emulator, server: str) -> t.Any:
    vault_id = cloud.state.cbr.vault_of.get(id_of(cloud, server))
    return None if vault_id is None else cloud.state.cbr.vaults[vault_id]


def backup(cloud: Emulator, *servers: str, **args: t.Any) -> Args:
    return run_ok("csbs_backup", {**FAST, "servers": list(servers), **args}, cloud)


def failed(cloud: Emulator, *servers: str, **args: t.Any) -> Args:
    result = run_module("csbs_backup", {**FAST, "servers": list(servers), **args}, cloud)
    assert result.get("failed"), result
    return result


def names(result: Args) -> dict[str, str | None]:
    return {one["server"]["name"]: one["name"] for one in result["backups"]}


def made(cloud: Emulator) -> list[str]:
    """The servers of all backups that CBR holds."""
    return sorted(one.resource_name for one in cloud.state.cbr.backups.values())


def sent(cloud: Emulator) -> list[tuple[str, list[str]]]:
    """For each restore point, the name that was asked for and its servers."""
    by_id = {server.id: server.name for server in cloud.state.servers.values()}
    bodies = [entry["body"]["checkpoint"] for entry in cloud.journal.writes() if entry["path"].endswith("/checkpoints")]
    return sorted((one["parameters"]["name"], [by_id[key] for key in one["parameters"]["resources"]]) for one in bodies)


# ========== Vaults ==========
def test_servers_of_one_vault_share_a_restore_point_and_other_vaults_have_their_own(estate: Emulator) -> None:
    result = backup(estate, "srv-0003", "srv-0002", "srv-0001", name="x")
    assert sent(estate) == [("x", ["srv-0002", "srv-0001"]), ("x", ["srv-0003"])]
    given = names(result)
    assert given.pop("srv-0003") == "x"
    assert sorted(map(str, given.values())) == ["x-0001", "x-0002"]
    assert {one["server"]["name"]: one["vault"]["name"] for one in result["backups"]} == {
        "srv-0001": "a",
        "srv-0002": "a",
        "srv-0003": "b",
    }
    assert {(one["status"], one["auto_trigger"], one["size_mb"]) for one in result["backups"]} == {
        ("available", False, None)
    }


def test_a_part_of_a_vault_is_backed_up_without_the_others(estate: Emulator) -> None:
    result = backup(estate, "srv-0002", description="why", incremental=False)
    assert made(estate) == ["srv-0002"]
    assert [one["description"] for one in result["backups"]] == ["why"]
    assert [backup.incremental for backup in estate.state.cbr.backups.values()] == [False]


def test_check_mode_tells_what_is_known_and_the_diff_is_that_of_the_run(estate: Emulator) -> None:
    args = {**FAST, "servers": ["srv-0001", "srv-0002", "srv-0003"], "name": "x"}
    foreseen = run_module("csbs_backup", args, estate, check=True)
    assert estate.journal.writes() == []
    assert names(foreseen) == {"srv-0001": None, "srv-0002": None, "srv-0003": "x"}
    assert [one["vault"]["name"] for one in foreseen["backups"]] == ["a", "a", "b"]
    assert [one["name"] for one in foreseen["diff"]["after"]["backups"]] == ["x-xxxx", "x-xxxx", "x"]
    done = backup(estate, "srv-0001", "srv-0002", "srv-0003", name="x")
    assert done["diff"] == foreseen["diff"] and done["changed"] is foreseen["changed"] is True
    assert done["backups"][0].keys() == foreseen["backups"][0].keys()


def test_a_second_run_with_a_name_or_an_age_changes_nothing(estate: Emulator) -> None:
    first = backup(estate, "srv-0001", "srv-0002", "srv-0003", name="x")
    estate.journal.clear()
    for args in ({"name": "x"}, {"max_age": "52w"}, {"name": "y", "max_age": "52w"}):
        again = backup(estate, "srv-0001", "srv-0002", "srv-0003", **args)
        assert (again["changed"], again["backups"]) == (False, first["backups"])
    assert estate.journal.writes() == []
    assert backup(estate, "srv-0003")["changed"] is True
    assert sent(estate)[0][0].startswith("manualbk_")


def test_only_servers_without_a_backup_of_the_name_get_one(estate: Emulator) -> None:
    backup(estate, "srv-0001", "srv-0003", name="x")
    estate.journal.clear()
    backup(estate, "srv-0001", "srv-0002", "srv-0003", name="x")
    assert sent(estate) == [("x", ["srv-0002"])]
    assert names(backup(estate, "srv-0001", "srv-0002", "srv-0003", name="x")) == dict.fromkeys(
        ("srv-0001", "srv-0002", "srv-0003"), "x"
    )


# ========== Servers in no vault ==========
def test_a_server_in_no_vault_is_refused_before_anything_is_sent(estate: Emulator) -> None:
    message = failed(estate, "srv-0001", "srv-0004")["msg"]
    assert all(word in message for word in ("1 of 2", "'srv-0004'", "in no vault", "csbs_policy", "option vault"))
    assert "'srv-0001'" not in message
    assert estate.journal.writes() == []


def test_a_vault_that_is_too_new_to_be_listed_is_known_by_its_policy(cloud: Emulator) -> None:
    """A play puts a server under a policy, and backs it up right after that."""
    policy = {"service": "cbr", "name": "nightly", "enabled": False}
    run_ok("csbs_policy", {**policy, "schedule": {"frequency": "daily", "times": ["02:00"]}}, cloud)
    cloud.settings(list_delay=60)
    run_ok("csbs_policy", {**policy, "servers": ["srv-0001"]}, cloud)
    for args in ({}, {"vault": "spare"}):
        assert [one["vault"]["name"] for one in backup(cloud, "srv-0001", wait=False, **args)["backups"]] == ["nightly"]
        cloud.clock.advance(3600)
    assert len(cloud.state.cbr.vaults) == 1


def test_a_server_in_no_vault_can_be_skipped(estate: Emulator) -> None:
    result = backup(estate, "srv-0001", "srv-0004", skip_unprotectable=True)
    assert made(estate) == ["srv-0001"]
    assert [(one["name"], one["reason"]) for one in result["skipped_servers"]] == [("srv-0004", "it is in no vault")]


def test_the_option_vault_makes_a_vault_for_those_in_none_and_the_others_stay(estate: Emulator) -> None:
    wish = {"name": "x", "vault": "manual"}
    args = {**FAST, "servers": ["srv-0003", "srv-0004", "srv-0005"], **wish}
    foreseen = run_module("csbs_backup", args, estate, check=True)
    assert [one["vault"] for one in foreseen["backups"]][1:] == [{"id": None, "name": "manual"}] * 2
    assert estate.journal.writes() == []
    done = backup(estate, "srv-0003", "srv-0004", "srv-0005", **wish)
    assert done["diff"] == foreseen["diff"]
    assert [vault_of(estate, name).name for name in ("srv-0003", "srv-0004", "srv-0005")] == ["b", "manual", "manual"]
    assert vault_of(estate, "srv-0004").policy_id is None
    assert {one["status"] for one in done["backups"]} == {"available"}
    assert sent(estate) == [("x", ["srv-0003"]), ("x", ["srv-0004", "srv-0005"])]
    estate.journal.clear()
    again = backup(estate, "srv-0003", "srv-0004", "srv-0005", **wish)
    assert (again["changed"], estate.journal.writes()) == (False, [])


@pytest.mark.parametrize("by_id", [False, True], ids=["name", "id"])
def test_a_vault_that_is_there_takes_the_server_grows_and_has_one_restore_point(estate: Emulator, by_id: bool) -> None:
    vault = vault_of(estate, "srv-0001")
    estate.force_vault(vault.id, size=45)
    result = backup(estate, "srv-0001", "srv-0004", name="x", vault=vault.id if by_id else "a")
    assert vault_of(estate, "srv-0004") is vault and vault.size >= 60
    assert sent(estate) == [("x", ["srv-0001", "srv-0004"])]
    assert {one["vault"]["id"] for one in result["backups"]} == {vault.id}


def test_a_vault_that_cannot_take_the_server_is_refused_before_anything_is_sent(estate: Emulator) -> None:
    estate.force_vault(vault_of(estate, "srv-0003").id, status="frozen")
    message = failed(estate, "srv-0004", vault="b")["msg"]
    assert all(word in message for word in ("'b'", "frozen", "256", "another vault"))
    message = failed(estate, "srv-0004", vault="45baf976-c20a-4894-a7c3-c94b7376bf55")["msg"]
    assert "no vault with the ID" in message
    assert estate.journal.writes() == []


@one_mode
def test_a_vault_that_others_delete_meanwhile_is_not_made_anew_with_its_id_as_name(estate: Emulator) -> None:
    node = connect({**dict.fromkeys(AUTH_SPEC), **auth_of(estate), "service": "cbr"}, 60)
    server: t.Any = {"id": id_of(estate, "srv-0004"), "type": "OS::Nova::Server", "name": "srv-0004", "disks_gb": 20}
    with pytest.raises(NotFound, match="no longer exists"):
        node.put_into_vault("put it there", "45baf976-c20a-4894-a7c3-c94b7376bf55", [server])
    assert not estate.journal.writes()


@one_mode
def test_two_vaults_of_the_name_are_ambiguous(estate: Emulator) -> None:
    twin = estate.make_vault("a").id
    estate.clock.advance(60)
    message = failed(estate, "srv-0004", vault="a")["msg"]
    assert "ambiguous" in message and twin in message
    assert estate.journal.writes() == []


@pytest.mark.parametrize("vault", [None, "manual"])
def test_a_server_that_csbs_holds_is_refused_with_the_way_on(estate: Emulator, vault: str | None) -> None:
    schedule = {"frequency": "daily", "times": ["02:00"]}
    run_ok("csbs_policy", {"name": "old", "schedule": schedule, "enabled": False, "servers": ["srv-0004"]}, estate)
    estate.journal.clear()
    message = failed(estate, "srv-0004", "srv-0005" if vault else "srv-0001", vault=vault)["msg"]
    assert all(word in message for word in ("'srv-0004'", "CSBS policy 'old'", "csbs_migration")), message
    assert "'srv-0005'" not in message and "'srv-0001'" not in message
    assert estate.journal.writes() == []
    result = backup(estate, "srv-0004", "srv-0005" if vault else "srv-0001", vault=vault, skip_unprotectable=True)
    assert ["'old'" in one["reason"] for one in result["skipped_servers"]] == [True]
    assert len(made(estate)) == 1


# ========== Servers that are left out ==========
def test_servers_that_cannot_be_backed_up_are_refused_by_their_state(estate: Emulator) -> None:
    set_server(estate, "srv-0001", status="ERROR")
    message = failed(estate, "srv-0001", "srv-0002")["msg"]
    assert "'srv-0001'" in message and "BackupService.7101" in message and "ERROR" in message
    assert estate.journal.writes() == []


def test_a_resource_that_the_answer_calls_skipped_is_a_failure_with_its_code(estate: Emulator) -> None:
    set_server(estate, "srv-0002", unprotectable="BackupService.7106")
    result = failed(estate, "srv-0001", "srv-0002", name="x")
    assert all(word in result["msg"] for word in ("1 of 2", "'srv-0002'", "BackupService.7106"))
    assert names(result) == {"srv-0001": "x"} and result["changed"] is True
    assert "srv-0001" not in result["msg"]


def test_a_skipped_resource_is_a_failure_also_after_a_lost_answer(estate: Emulator) -> None:
    set_server(estate, "srv-0002", unprotectable="BackupService.7106")
    estate.faults.add(method="POST", path=RESTORE_POINTS, drop="after")
    result = failed(estate, "srv-0001", "srv-0002", name="x")
    assert "No backup was made of server 'srv-0002'" in result["msg"]
    assert made(estate) == ["srv-0001"]


def test_a_backup_that_failed_fails_the_task_after_the_others_are_finished(estate: Emulator) -> None:
    set_server(estate, "srv-0002", fail_next_backup="BackupService.6215 disk unreachable")
    result = failed(estate, "srv-0001", "srv-0002", "srv-0003", name="x")
    assert all(word in result["msg"] for word in ("srv-0002", "disk unreachable", "2 of 3"))
    assert sorted(one["status"] for one in result["backups"]) == ["available", "available", "error"]
    again = backup(estate, "srv-0001", "srv-0002", "srv-0003", name="x")
    assert again["changed"] is True and {one["status"] for one in again["backups"]} == {"available"}


def test_a_full_vault_is_told_and_the_others_are_finished(estate: Emulator) -> None:
    estate.fill_vault(vault_of(estate, "srv-0001").id)
    result = failed(estate, "srv-0001", "srv-0003", name="x")
    assert result["error_code"] == "BackupService.6114" and "in vault 'a'" in result["msg"]
    assert [(one["server"]["name"], one["status"]) for one in result["backups"]] == [("srv-0003", "available")]
    assert result["changed"] is True


# ========== Busy vaults and lost answers ==========
@pytest.mark.parametrize(
    "fault",
    [{"drop": "before"}, {"drop": "after"}, {"status": 502, "effect": True}, {"status": 504}],
    ids=["before", "after", "502", "504"],
)
@pytest.mark.parametrize("args", [{"name": "x"}, {}, {"max_age": "52w"}], ids=["name", "always", "age"])
def test_a_lost_answer_never_makes_two_backups(estate: Emulator, fault: Args, args: Args) -> None:
    estate.make_vault_backup(id_of(estate, "srv-0001"), name="x-0001", age=400 * 86400, status="error")
    estate.faults.add(method="POST", path=RESTORE_POINTS, **fault)
    result = backup(estate, "srv-0001", "srv-0002", **args)
    assert {one["status"] for one in result["backups"]} == {"available"}
    assert made(estate) == ["srv-0001", "srv-0001", "srv-0002"]


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("path", ["/vaults$", "/addresources$"])
def test_a_lost_answer_while_servers_join_makes_no_second_vault(estate: Emulator, drop: str, path: str) -> None:
    estate.faults.add(method="POST", path=path, drop=drop)
    backup(estate, "srv-0004", "srv-0005", name="x", vault="manual")
    assert [vault.name for vault in estate.state.cbr.vaults.values()] == ["a", "b", "manual"]
    assert made(estate) == ["srv-0004", "srv-0005"]


UNLIKE_NEW: dict[str, Args] = {
    "size": {"size": 500},
    "tags": {"tags": {"team": "web"}},
    "text": {"description": "Ours"},
}


@one_mode
@pytest.mark.parametrize("fields", [{}, *UNLIKE_NEW.values()], ids=["as-new", *UNLIKE_NEW])
def test_only_a_vault_that_looks_like_one_that_a_killed_task_has_left_is_finished(
    estate: Emulator, fields: Args
) -> None:
    disks = sum(one.size for one in estate.state.volumes_of(estate.server("srv-0004")))
    estate.make_vault("manual", **{"size": 2 * disks, **fields})
    backup(estate, "srv-0004", name="x", vault="manual")
    vault = vault_of(estate, "srv-0004")
    assert vault.name == "manual" and vault.auto_expand is not bool(fields)


def test_a_restore_point_in_progress_is_waited_for(estate: Emulator) -> None:
    estate.settings(speed=600)
    backup(estate, "srv-0001", wait=False)
    result = backup(estate, "srv-0002", name="x")
    assert [one["status"] for one in result["backups"]] == ["available"]
    assert made(estate) == ["srv-0001", "srv-0002"]


def test_a_restore_point_that_was_too_new_to_be_listed_makes_a_second_one_needless(estate: Emulator) -> None:
    estate.settings(list_delay=4, speed=60)
    backup(estate, "srv-0001", "srv-0002", name="x", wait=False, timeout=2)
    result = backup(estate, "srv-0001", "srv-0002", name="x")
    assert {one["status"] for one in result["backups"]} == {"available"}
    assert made(estate) == ["srv-0001", "srv-0002"]


@one_mode
def test_a_timeout_returns_what_was_started(estate: Emulator) -> None:
    estate.settings(speed=1)
    result = failed(estate, "srv-0001", "srv-0002", name="x", timeout=3)
    assert "timeout" in result["msg"] and result["changed"] is True
    assert len({one["checkpoint_id"] for one in result["backups"]}) == 1


def test_without_wait_the_task_ends_at_once_and_tells_the_ids(estate: Emulator) -> None:
    estate.settings(speed=1)
    result = backup(estate, "srv-0001", "srv-0002", "srv-0003", name="x", wait=False)
    assert all(one["id"] and one["checkpoint_id"] and one["vault"]["id"] for one in result["backups"])


# ========== Requests ==========
@one_mode
def test_a_backup_of_a_fleet_costs_a_request_for_each_vault_and_a_few_more(cloud: Emulator) -> None:
    cloud.reset(servers=300)
    ids = list(cloud.state.servers)
    for number in range(6):
        cloud.make_vault(f"v{number}", ids[number * 50 : number * 50 + 50])
    cloud.clock.advance(60)
    args = {**FAST, "name": "before", "server_filters": {"name": "srv-*"}}
    result = run_ok("csbs_backup", args, cloud)
    assert len(result["backups"]) == 300 and {one["status"] for one in result["backups"]} == {"available"}
    assert len(cloud.journal.writes()) == 6
    after = cloud.journal.writes()[-1]["id"]
    looks = [entry for entry in cloud.journal if entry["id"] > after]
    assert looks and {entry["path"].rsplit("/", 1)[-1] for entry in looks} == {"backups"}
    polls = sum(1 for entry in looks if "offset" not in entry["query"] and "marker" not in entry["query"])
    assert len(looks) <= 3 * polls
    assert len(cloud.journal) - len(looks) <= 6 + 20
    cloud.journal.clear()
    assert run_ok("csbs_backup", args, cloud)["changed"] is False
    assert len(cloud.journal) <= 20


# ========== Deletions and options ==========
def test_backups_are_deleted_by_name_one_by_one(estate: Emulator) -> None:
    backup(estate, "srv-0001", "srv-0002", "srv-0003", name="x")
    backup(estate, "srv-0001", name="other")
    gone = run_ok("csbs_backup", {**FAST, "state": "absent", "name": "x"}, estate)
    assert len(gone["backups"]) == 3 and {one["vault"]["name"] for one in gone["backups"]} == {"a", "b"}
    assert made(estate) == ["srv-0001"]
    again = run_ok("csbs_backup", {**FAST, "state": "absent", "name": "x"}, estate)
    assert plain(again)["changed"] is False


def test_a_deleted_server_that_is_still_a_member_is_no_server(estate: Emulator) -> None:
    gone = id_of(estate, "srv-0002")
    delete_server(estate, "srv-0002")
    assert "no such server" in failed(estate, gone)["msg"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"tags": {"a": "b"}}, ["tags", "keeps no tags on backups"]),
        ({"vault": "a b"}, ["vault", "'a b'", "64"]),
        ({"name": "x" * 65}, ["name", "64"]),
        ({"name": "x" * 60, "servers": ["srv-0001", "srv-0002"]}, ["name", "suffix", "64"]),
        ({"service": "csbs", "vault": "a"}, ["vault", "has no vaults"]),
        ({"state": "absent", "name": "x", "vault": "a"}, ["vault", "no effect"]),
    ],
)
@one_mode
def test_bad_input_is_refused_before_the_first_request(cloud: Emulator, args: Args, words: list[str]) -> None:
    cloud.journal.clear()
    message = failed(cloud, **{"servers": ["srv-0001"], **args})["msg"]
    assert all(word in message for word in words), message
    assert list(cloud.journal) == []
