# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy, csbs_policy_server and csbs_policy_set with service: cbr, at the local cloud."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import vault_change, vault_members
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.login import AUTH_SPEC, connect
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import NotFound
from tests.emulator import Emulator
from tests.support.estate import send
from tests.support.modes import one_mode
from tests.support.modules import Args, auth_of, run_module, run_ok
from tests.support.policy_sets import meanwhile

# Switched off, because a night of the local cloud is over within seconds, and a run keeps servers and vaults busy.
NIGHTLY: Args = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}, "enabled": False}


@pytest.fixture(autouse=True)
def lists_show_new_things_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (vault_change, vault_members):
        monkeypatch.setattr(module, "SECONDS_UNTIL_LISTED", 0.5)


def ask(module: str, args: Args, cloud: Emulator, **how: t.Any) -> Args:
    return run_module(module, {"service": "cbr", **args}, cloud, **how)


def do(module: str, args: Args, cloud: Emulator) -> Args:
    return run_ok(module, {"service": "cbr", **args}, cloud)


def id_of(cloud: Emulator, name: str) -> str:
    return cloud.server(name).id


def calls(cloud: Emulator) -> list[str]:
    """The changing requests, each as its method and the last word of its path that is no ID."""
    found = []
    for entry in cloud.journal.writes():
        words = [word for word in entry["path"].split("/")[4:] if len(word) != 36]
        found.append(f"{entry['method']} {words[-1]}")
    return found


def vaults_of(cloud: Emulator, policy: str) -> list[Args]:
    (found,) = do("csbs_policy_info", {"name": policy}, cloud)["policies"]
    return t.cast("list[Args]", found["vaults"])


def where(cloud: Emulator, server: str) -> str | None:
    """The name of the vault that a server is in."""
    vault_id = cloud.state.cbr.vault_of.get(id_of(cloud, server))
    return None if vault_id is None else cloud.state.cbr.vaults[vault_id].name


def backups_of(cloud: Emulator, server: str) -> list[str]:
    server_id = id_of(cloud, server)
    return [backup.id for backup in cloud.state.cbr.backups.values() if backup.resource_id == server_id]


# ========== A policy and its vaults ==========
def test_a_new_policy_with_servers_is_a_policy_a_vault_and_their_association(cloud: Emulator) -> None:
    result = do("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0002"]}, cloud)
    (vault,) = result["policy"]["vaults"]
    assert (vault["name"], vault["size_gb"], vault["used_mb"], vault["server_count"]) == ("nightly", 80, 0, 2)
    assert calls(cloud) == ["POST policies", "POST vaults", "PUT vaults", "POST associatepolicy", "POST addresources"]
    assert cloud.state.cbr.vaults[vault["id"]].auto_expand is True


def test_the_option_vault_says_what_a_new_vault_is_like(cloud: Emulator) -> None:
    vault = {"name": "safe", "size_gb": 500, "auto_expand": False}
    result = do("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"], "vault": vault, "description": "d" * 70}, cloud)
    assert [(one["name"], one["size_gb"]) for one in result["policy"]["vaults"]] == [("safe", 500)]
    made = cloud.state.cbr.vaults[result["policy"]["vaults"][0]["id"]]
    assert (made.auto_expand, made.description) == (False, "d" * 64)
    assert any("cut to 64" in note for note in result["notes"])


def test_a_size_below_the_disks_is_refused_before_anything_is_sent(cloud: Emulator) -> None:
    args = {**NIGHTLY, "servers": ["srv-0001", "srv-0002"], "vault": {"size_gb": 30}}
    failed = ask("csbs_policy", args, cloud)
    assert failed["failed"] and "vault.size_gb: 30 GB" in failed["msg"] and "40 GB" in failed["msg"]
    assert calls(cloud) == []


@one_mode
@pytest.mark.parametrize(
    ("module", "args", "message"),
    [
        ("csbs_policy", {**NIGHTLY, "service": "csbs", "vault": {"name": "x"}}, "vault goes with service: cbr"),
        (
            "csbs_policy",
            {**NIGHTLY, "service": "csbs", "leaving_backups": "delete", "confirm": True},
            "leaving_backups",
        ),
        ("csbs_policy", {**NIGHTLY, "vault": {"size_factor": 0.5}}, "vault.size_factor: 0.5"),
        ("csbs_policy", {**NIGHTLY, "name": "n" * 65}, "1 to 64"),
        ("csbs_policy", {"name": "nightly", "state": "absent", "vault": {"name": "x"}}, "vault has no effect"),
        ("csbs_policy_set", {**NIGHTLY, "stagger_minutes": 5}, "stagger_minutes"),
        ("csbs_policy_set", {**NIGHTLY, "servers_per_policy": 5}, "servers_per_policy"),
    ],
)
def test_bad_input_is_refused_before_the_login(cloud: Emulator, module: str, args: Args, message: str) -> None:
    failed = ask(module, args, cloud)
    assert failed["failed"] and message in failed["msg"]
    assert cloud.journal.all() == []


def test_a_server_in_a_csbs_policy_is_refused_with_the_way_over(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    cloud.journal.clear()
    failed = ask("csbs_policy", {**NIGHTLY, "name": "other", "servers": ["srv-0001", "srv-0002"]}, cloud)
    assert failed["failed"] and "'srv-0001'" in failed["msg"] and "CSBS policy 'nightly'" in failed["msg"]
    assert "csbs_migration" in failed["msg"]
    assert calls(cloud) == []


def test_a_server_that_cannot_be_backed_up_is_refused_before_the_policy_is_made(cloud: Emulator) -> None:
    cloud.change_server(id_of(cloud, "srv-0002"), status="ERROR")
    failed = ask("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0002"]}, cloud)
    assert failed["failed"] and "srv-0002" in failed["msg"]
    assert calls(cloud) == []


@one_mode
def test_policies_of_both_services_count_against_one_limit(cloud: Emulator) -> None:
    for number in range(32):
        service = "csbs" if number % 2 else "cbr"
        run_ok("csbs_policy", {**NIGHTLY, "service": service, "name": f"p{number}"}, cloud)
    cloud.journal.clear()
    for service in ("csbs", "cbr"):
        failed = run_module("csbs_policy", {**NIGHTLY, "service": service, "name": "one-more"}, cloud)
        assert failed["failed"] and "number 33" in failed["msg"] and "allows 32" in failed["msg"]
    assert calls(cloud) == []


@one_mode
def test_a_backup_right_after_the_policy_finds_the_vault(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault_change, "SECONDS_UNTIL_LISTED", 10)
    cloud.settings(list_delay=1.5)
    do("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    assert do("csbs_backup", {"servers": ["srv-0001"], "name": "now", "wait": False}, cloud)["changed"] is True


# ========== Joining ==========
def test_a_server_of_another_vault_is_moved_with_its_backups(cloud: Emulator) -> None:
    theirs = cloud.make_vault("theirs", servers=[id_of(cloud, "srv-0003")]).id
    cloud.make_vault_backup(id_of(cloud, "srv-0003"), theirs)
    before = backups_of(cloud, "srv-0003")
    do("csbs_policy", {**NIGHTLY, "servers": ["srv-0003"]}, cloud)
    assert where(cloud, "srv-0003") == "nightly" and backups_of(cloud, "srv-0003") == before
    assert "POST migrateresources" in calls(cloud) and "POST removeresources" not in calls(cloud)


def test_without_move_servers_a_server_of_another_vault_is_an_error(cloud: Emulator) -> None:
    cloud.make_vault("theirs", servers=[id_of(cloud, "srv-0003")])
    failed = ask("csbs_policy", {**NIGHTLY, "servers": ["srv-0003"], "move_servers": False}, cloud)
    assert failed["failed"] and "in vault 'theirs'" in failed["msg"]
    assert calls(cloud) == []


def test_a_vault_without_room_grows_and_none_shrinks(cloud: Emulator) -> None:
    do("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"], "vault": {"size_factor": 1}}, cloud)
    result = do("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0002"]}, cloud)
    assert [vault["size_gb"] for vault in result["policy"]["vaults"]] == [80]
    result = do("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0002"], "state": "absent"}, cloud)
    assert [vault["size_gb"] for vault in result["policy"]["vaults"]] == [80]


def test_vaults_that_others_made_belong_to_the_policy_whatever_they_are_called(cloud: Emulator) -> None:
    policy = cloud.make_vault_policy("theirs").id
    cloud.make_vault("Some vault", servers=[id_of(cloud, "srv-0001")], policy_id=policy)
    cloud.make_vault("Other vault", servers=[id_of(cloud, "srv-0002")], policy_id=policy)
    result = do("csbs_policy_server", {"policy": "theirs", "servers": ["srv-0003"]}, cloud)
    assert [server["name"] for server in result["policy"]["servers"]] == ["srv-0001", "srv-0002", "srv-0003"]
    assert [vault["name"] for vault in result["policy"]["vaults"]] == ["Other vault", "Some vault"]


@one_mode
def test_hosts_that_join_at_once_lose_nobody(cloud: Emulator) -> None:
    do("csbs_policy", NIGHTLY, cloud)
    names = [f"srv-000{number}" for number in range(1, 7)]
    results: list[Args] = []
    # The modules of this process share its standard output, so the adapter itself is asked.
    policy_id = do("csbs_policy_info", {}, cloud)["policies"][0]["id"]

    def join(name: str) -> None:
        params = {**dict.fromkeys(AUTH_SPEC), **auth_of(cloud), "service": "cbr"}
        node = connect(params, 120)
        server: t.Any = {"id": id_of(cloud, name), "type": "OS::Nova::Server", "name": name, "disks_gb": 20}
        node.change_members("join", policy_id, [server])
        results.append({})

    threads = [threading.Thread(target=join, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    (policy,) = do("csbs_policy_info", {}, cloud)["policies"]
    assert [server["name"] for server in policy["servers"]] == names
    assert len(policy["vaults"]) == 1


@one_mode
def test_disks_that_cannot_be_listed_are_read_server_by_server(cloud: Emulator) -> None:
    cloud.faults.add(path="/volumes/detail", status=403, times=-1)
    result = do("csbs_policy", {**NIGHTLY, "server_filters": {"name": "srv-*"}}, cloud)
    assert [vault["size_gb"] for vault in result["policy"]["vaults"]] == [240]


# ========== Others at the same time, on other machines ==========
@one_mode
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "too-new-to-be-listed"])
def test_room_that_others_take_meanwhile_is_made_anew(cloud: Emulator, listed: bool) -> None:
    policy = cloud.make_vault_policy("theirs").id
    cloud.settings(list_delay=0 if listed else 20)
    vault = cloud.make_vault("theirs", servers=[id_of(cloud, "srv-0001")], policy_id=policy, size=40).id
    join = {"resources": [{"id": id_of(cloud, "srv-0002"), "type": "OS::Nova::Server"}]}

    def take_the_room() -> None:
        send(cloud, "POST", f"/vaults/{vault}/addresources", join, base=cloud.cbr_url)

    with meanwhile("POST", take_the_room, path="addresources"):
        result = do("csbs_policy_server", {"policy": policy, "servers": ["srv-0003"]}, cloud)
    assert [server["name"] for server in result["policy"]["servers"]] == ["srv-0001", "srv-0002", "srv-0003"]
    assert len(result["policy"]["vaults"]) == 1


@one_mode
def test_a_refusal_that_nobody_else_has_caused_is_told_at_once(cloud: Emulator) -> None:
    do("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    cloud.journal.clear()
    cloud.faults.add(method="POST", path="addresources", status=400, error_code="BackupService.6101", times=-1)
    failed = ask("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0002"]}, cloud)
    assert failed["error_code"] == "BackupService.6101" and not failed["changed"]
    assert calls(cloud) == ["POST addresources"]


@one_mode
def test_a_policy_that_others_have_just_created_is_used_before_anybody_joins_a_second_one(cloud: Emulator) -> None:
    made = []

    def create() -> None:
        made.append(cloud.make_vault_policy("nightly").id)
        # Policies are dated by the second.
        cloud.clock.advance(2)

    with meanwhile("POST", create, path="policies"):
        result = do("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    assert result["policy"]["id"] == made[0] and list(cloud.state.cbr.policies) == made
    assert [vault["name"] for vault in result["policy"]["vaults"]] == ["nightly"] and len(cloud.state.cbr.vaults) == 1
    assert "POST migrateresources" not in calls(cloud)


@one_mode
def test_no_vault_is_deleted_when_others_have_made_one_of_its_name_at_the_same_time(cloud: Emulator) -> None:
    """Somebody else may put a server into it right before it goes."""
    do("csbs_policy", NIGHTLY, cloud)
    (policy,) = cloud.state.cbr.policies
    cloud.settings(unique_vault_names=False)

    def make() -> None:
        members = [id_of(cloud, "srv-0002")]
        cloud.make_vault("nightly", servers=members, policy_id=policy, size=40)

    with meanwhile("POST", make, path="/vaults"):
        do("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0001"]}, cloud)
    assert not [call for call in calls(cloud) if call.startswith("DELETE")]
    assert where(cloud, "srv-0001") == where(cloud, "srv-0002") == "nightly"
    assert not do("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0001"]}, cloud)["changed"]


@one_mode
def test_a_policy_that_others_have_deleted_is_not_there(cloud: Emulator) -> None:
    node = connect({**dict.fromkeys(AUTH_SPEC), **auth_of(cloud), "service": "cbr"}, 60)
    policy = cloud.make_vault_policy("theirs").id
    node.delete_empty_policy("delete it", policy)
    with pytest.raises(NotFound):
        node.delete_empty_policy("delete it", policy)


# ========== Leaving ==========
def test_a_server_with_backups_is_parked_with_them(cloud: Emulator) -> None:
    do("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0002"]}, cloud)
    cloud.make_vault_backup(id_of(cloud, "srv-0001"), vaults_of(cloud, "nightly")[0]["id"])
    before = backups_of(cloud, "srv-0001")
    cloud.journal.clear()
    result = do("csbs_policy", {"name": "nightly", "servers": ["srv-0002"], "purge_servers": True}, cloud)
    assert [server["name"] for server in result["policy"]["servers"]] == ["srv-0002"]
    assert where(cloud, "srv-0001") == "nightly-parked" and backups_of(cloud, "srv-0001") == before
    assert "POST removeresources" not in calls(cloud)


def test_a_second_server_goes_into_the_same_parking_vault_and_one_comes_back(cloud: Emulator) -> None:
    do("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0002", "srv-0003"]}, cloud)
    vault = vaults_of(cloud, "nightly")[0]["id"]
    for name in ("srv-0001", "srv-0002"):
        cloud.make_vault_backup(id_of(cloud, name), vault)
        do("csbs_policy_server", {"policy": "nightly", "servers": [name], "state": "absent"}, cloud)
    assert where(cloud, "srv-0001") == where(cloud, "srv-0002") == "nightly-parked"
    do("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0001"]}, cloud)
    assert where(cloud, "srv-0001") == "nightly" and len(backups_of(cloud, "srv-0001")) == 1


def test_a_server_without_backups_simply_leaves(cloud: Emulator) -> None:
    do("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0002"]}, cloud)
    cloud.journal.clear()
    do("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0001"], "state": "absent"}, cloud)
    assert where(cloud, "srv-0001") is None
    assert calls(cloud) == ["POST removeresources"]


def test_backups_of_a_leaving_server_go_only_with_both_words(cloud: Emulator) -> None:
    do("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    cloud.make_vault_backup(id_of(cloud, "srv-0001"), vaults_of(cloud, "nightly")[0]["id"])
    leave = {"policy": "nightly", "servers": ["srv-0001"], "state": "absent", "leaving_backups": "delete"}
    cloud.journal.clear()
    failed = ask("csbs_policy_server", leave, cloud)
    assert failed["failed"] and "confirm" in failed["msg"] and cloud.journal.all() == []
    assert ask("csbs_policy_server", leave, cloud, check=True)["changed"] is True
    assert calls(cloud) == [] and len(backups_of(cloud, "srv-0001")) == 1
    do("csbs_policy_server", {**leave, "confirm": True}, cloud)
    assert where(cloud, "srv-0001") is None and backups_of(cloud, "srv-0001") == []


def test_a_move_that_fails_says_so_and_the_server_stays_where_it_was(cloud: Emulator) -> None:
    theirs = cloud.make_vault("theirs", servers=[id_of(cloud, "srv-0003")]).id
    cloud.make_vault_backup(id_of(cloud, "srv-0003"), theirs)
    cloud.change_server(id_of(cloud, "srv-0003"), fail_next_join="BackupService.6137 the disk is shared")
    failed = ask("csbs_policy", {**NIGHTLY, "servers": ["srv-0003"]}, cloud)
    assert failed["failed"] and failed["changed"] is True and "6137" in failed["msg"]
    assert where(cloud, "srv-0003") == "theirs"


# ========== Absent ==========
def test_a_deleted_policy_takes_its_empty_vaults_along_and_leaves_the_others(cloud: Emulator) -> None:
    policy = cloud.make_vault_policy("nightly").id
    empty = cloud.make_vault("empty", servers=[id_of(cloud, "srv-0001")], policy_id=policy).id
    full = cloud.make_vault("full", servers=[id_of(cloud, "srv-0002")], policy_id=policy).id
    cloud.make_vault_backup(id_of(cloud, "srv-0002"), full)
    result = do("csbs_policy", {"name": "nightly", "state": "absent"}, cloud)
    assert len(result["notes"]) == 1 and "full" in result["notes"][0] and "empty" not in result["notes"][0]
    assert empty not in cloud.state.cbr.vaults and full in cloud.state.cbr.vaults
    assert len(backups_of(cloud, "srv-0002")) == 1 and where(cloud, "srv-0002") == "full"


# ========== Lost answers and kills ==========
@one_mode
@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize(
    "path", ["/policies$", "/vaults$", "/vaults/[^/]+$", "/associatepolicy$", "/addresources$", "/migrateresources$"]
)
def test_a_lost_answer_makes_nothing_twice(cloud: Emulator, path: str, drop: str) -> None:
    cloud.make_vault("theirs", servers=[id_of(cloud, "srv-0003")])
    cloud.faults.add(path=path, drop=drop, method="PUT" if path == "/vaults/[^/]+$" else "POST")
    result = do("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0003"]}, cloud)
    assert [server["name"] for server in result["policy"]["servers"]] == ["srv-0001", "srv-0003"]
    assert [policy.name for policy in cloud.state.cbr.policies.values()] == ["nightly"]
    assert sorted(vault.name for vault in cloud.state.cbr.vaults.values()) == ["nightly", "theirs"]


@one_mode
@pytest.mark.parametrize("path", ["/vaults$", "/associatepolicy$", "/addresources$"])
def test_a_run_that_stopped_anywhere_is_completed_by_the_next_one(cloud: Emulator, path: str) -> None:
    args = {**NIGHTLY, "servers": ["srv-0001"]}
    cloud.settings(list_delay=0)
    cloud.faults.add(method="POST", path=path, status=403, error_code="BackupService.8600", error_msg="stopped")
    failed = ask("csbs_policy", args, cloud)
    assert failed["failed"] and failed["changed"] is True
    result = do("csbs_policy", args, cloud)
    assert [vault["name"] for vault in result["policy"]["vaults"]] == ["nightly"]
    assert [server["name"] for server in result["policy"]["servers"]] == ["srv-0001"]
    assert len(cloud.state.cbr.vaults) == 1


def test_a_running_backup_is_waited_for_when_its_server_leaves(cloud: Emulator) -> None:
    do("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    do("csbs_policy_run", {"policy": "nightly", "wait": False}, cloud)
    result = do("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0001"], "state": "absent"}, cloud)
    assert result["policy"]["servers"] == []
    assert where(cloud, "srv-0001") == "nightly-parked" and len(backups_of(cloud, "srv-0001")) == 1


# ========== Sets ==========
def test_a_set_is_one_policy_with_the_vaults_that_its_servers_need(cloud: Emulator) -> None:
    args = {**NIGHTLY, "server_filters": {"name": "srv-*"}, "tags": {"team": "a"}}
    result = do("csbs_policy_set", args, cloud)
    assert [policy["name"] for policy in result["policies"]] == ["nightly"]
    assert len(result["policies"][0]["servers"]) == 6 and result["policies"][0]["tags"] == {"team": "a"}
    assert do("csbs_policy_set", args, cloud)["changed"] is False
    assert do("csbs_policy_set", {"name": "nightly", "state": "absent"}, cloud)["policies"] == []


def test_numbered_policies_become_one(cloud: Emulator) -> None:
    """As they are after a set of CSBS was brought over, policy by policy."""
    for number in (1, 2):
        args = {**NIGHTLY, "name": f"nightly-000{number}", "servers": [f"srv-000{number}"]}
        do("csbs_policy", args, cloud)
        cloud.make_vault_backup(id_of(cloud, f"srv-000{number}"), vaults_of(cloud, f"nightly-000{number}")[0]["id"])
    result = do("csbs_policy_set", {"name": "nightly", "servers": ["srv-0001", "srv-0002"]}, cloud)
    assert [policy["name"] for policy in result["policies"]] == ["nightly"]
    assert [server["name"] for server in result["policies"][0]["servers"]] == ["srv-0001", "srv-0002"]
    assert len(backups_of(cloud, "srv-0001")) == len(backups_of(cloud, "srv-0002")) == 1


# ========== Requests ==========
@one_mode
def test_300_servers_take_two_vaults_and_few_requests(cloud: Emulator) -> None:
    cloud.reset(servers=300)
    args = {**NIGHTLY, "server_filters": {"name": "srv-*"}, "tags": {"team": "a"}}
    result = do("csbs_policy_set", args, cloud)
    assert [vault["server_count"] for vault in result["policies"][0]["vaults"]] == [256, 44]
    assert len(cloud.journal.all()) <= 60
    cloud.journal.clear()
    assert do("csbs_policy_set", args, cloud)["changed"] is False
    assert len(cloud.journal.all()) <= 30
