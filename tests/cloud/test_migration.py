# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_migration over HTTP: nobody is ever lost on the way, whatever comes between."""

from __future__ import annotations

import contextlib
import typing as t
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import migration
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.both_clouds import BothClouds
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.vault_option import USUAL
from tests.emulator import Emulator
from tests.support.estate import delete_server, policy_in, run_policy, send, set_server
from tests.support.kills import killed_after
from tests.support.migrations import (
    MODULE,
    MOVED,
    NIGHTLY,
    PREPARED,
    SERVERS,
    connect_both,
    hurry_up,
    in_csbs,
    marks_in,
    outcome,
    place_of,
    places,
)
from tests.support.modes import one_mode
from tests.support.modules import Args, run_module, run_ok
from tests.support.policy_sets import meanwhile
from tests.support.processes import result_of, start_task

IN_CSBS, IN_CBR = dict.fromkeys(SERVERS, "csbs"), dict.fromkeys(SERVERS, "nightly")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry_up(monkeypatch)


def refused(cloud: Emulator, **args: t.Any) -> Args:
    """Run a task that must fail, with one clear line."""
    result = run_module(MODULE, {**MOVED, **args}, cloud)
    assert result.get("failed") and "exception" not in result, result
    assert "\n" not in result["msg"] and "Unexpected" not in result["msg"]
    return result


def vault_of(cloud: Emulator, name: str = "nightly") -> t.Any:
    return next(vault for vault in cloud.state.cbr.vaults.values() if vault.name == name)


def writes(cloud: Emulator) -> list[str]:
    return [f"{entry['method']} {entry['path'].rsplit('/', 1)[-1]}" for entry in cloud.journal.writes()]


# ========== What is promised ==========
def test_prepared_makes_policy_and_vault_and_touches_no_server(cloud: Emulator) -> None:
    in_csbs(cloud)
    result = run_ok(MODULE, PREPARED, cloud)
    assert result["changed"] and not result["moved"] and not result["backups"]
    assert result["policy"]["servers"] == [] and result["policy"]["tags"] == {"team": "web"}
    assert [(vault["name"], vault["size_gb"]) for vault in result["policy"]["vaults"]] == [("nightly", 120)]
    assert places(cloud) == IN_CSBS and not marks_in(cloud)
    cloud.journal.clear()
    again = run_ok(MODULE, PREPARED, cloud)
    assert not again["changed"] and not cloud.journal.writes()


def test_a_vault_that_a_killed_run_has_left_without_auto_expand_gets_it(cloud: Emulator) -> None:
    in_csbs(cloud)
    run_ok(MODULE, PREPARED, cloud)
    vault_of(cloud).auto_expand = False
    cloud.journal.clear()
    planned = run_module(MODULE, PREPARED, cloud, check=True)
    assert planned["changed"] and not cloud.journal.writes()
    assert planned["diff"]["before"] != planned["diff"]["after"]
    assert run_ok(MODULE, PREPARED, cloud)["changed"] and vault_of(cloud).auto_expand
    assert not run_ok(MODULE, PREPARED, cloud)["changed"]
    vault_of(cloud).auto_expand = False
    unwanted = {**PREPARED, "vault": {"auto_expand": False}}
    assert not run_ok(MODULE, unwanted, cloud)["changed"] and not vault_of(cloud).auto_expand


@pytest.mark.parametrize("given", [(), (PREPARED,)], ids=["at-once", "prepared-before"])
def test_servers_are_moved_and_get_their_first_backup(cloud: Emulator, given: tuple[Args, ...]) -> None:
    in_csbs(cloud)
    for args in given:
        run_ok(MODULE, args, cloud)
    result = run_ok(MODULE, MOVED, cloud)
    assert [server["name"] for server in result["moved"]] == list(SERVERS) and result["not_moved"] == []
    assert {(one["server"]["name"], one["status"]) for one in result["backups"]} == {
        (server, "available") for server in SERVERS
    }
    assert [server["name"] for server in result["policy"]["servers"]] == list(SERVERS)
    assert places(cloud) == IN_CBR and not marks_in(cloud)
    assert len(cloud.state.items) == 3, "old backups stay"
    cloud.journal.clear()
    for args in (MOVED, PREPARED):
        again = run_ok(MODULE, args, cloud)
        assert not again["changed"] and not again["moved"] and not cloud.journal.writes()


@one_mode
def test_a_server_joins_with_the_request_after_the_one_with_which_it_leaves(cloud: Emulator) -> None:
    in_csbs(cloud)
    run_ok(MODULE, {**MOVED, "concurrency": 1}, cloud)
    sent = [(entry["method"], entry["path"]) for entry in cloud.journal]
    leaving = [number for number, (method, path) in enumerate(sent) if method == "PUT" and "/policies/" in path]
    assert len(leaving) == 3
    for number in leaving:
        assert sent[number + 1][0] == "POST" and sent[number + 1][1].endswith("/addresources")
        assert sent[number - 1][0] == "GET", "the list is read right before"


@one_mode
def test_a_part_of_the_servers_can_go_first(cloud: Emulator) -> None:
    in_csbs(cloud)
    result = run_ok(MODULE, {**MOVED, "servers": ["srv-0002"], "first_backup": False}, cloud)
    assert [server["name"] for server in result["moved"]] == ["srv-0002"] and result["backups"] == []
    assert places(cloud) == {**IN_CSBS, "srv-0002": "nightly"}
    again = run_ok(MODULE, {**MOVED, "servers": ["srv-0002"], "wait": False}, cloud)
    assert not again["moved"] and [one["server"]["name"] for one in again["backups"]] == ["srv-0002"]
    cloud.clock.advance(7200)
    result = run_ok(MODULE, MOVED, cloud)
    assert [server["name"] for server in result["moved"]] == ["srv-0001", "srv-0003"]
    assert {one["server"]["name"] for one in result["backups"]} == {"srv-0001", "srv-0003"}
    assert places(cloud) == IN_CBR and vault_of(cloud).size == 120
    assert "srv-0005" in refused(cloud, servers=["srv-0005"])["msg"]


@one_mode
def test_servers_that_no_longer_exist_stay_and_are_told(cloud: Emulator) -> None:
    in_csbs(cloud)
    delete_server(cloud, "srv-0002")
    result = run_ok(MODULE, MOVED, cloud)
    assert [server["name"] for server in result["moved"]] == ["srv-0001", "srv-0003"]
    assert "srv-0002" in result["notes"][0]
    cloud.journal.clear()
    assert not run_ok(MODULE, MOVED, cloud)["changed"] and not cloud.journal.writes()


# ========== Who may leave ==========
@one_mode
def test_nobody_leaves_without_a_young_backup(cloud: Emulator) -> None:
    in_csbs(cloud, "srv-0001")
    cloud.make_backup(cloud.server("srv-0002").id, "too-old", age=2 * 86400)
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0004"]}, cloud)
    cloud.make_backup(cloud.server("srv-0004").id, "old", age=3600)
    set_server(cloud, "srv-0004", status="ERROR")
    check = run_module(MODULE, MOVED, cloud, check=True)
    assert [one["name"] for one in check["not_moved"]] == ["srv-0002", "srv-0003", "srv-0004"]
    result = refused(cloud)
    assert result["changed"] and result["not_moved"] == check["not_moved"]
    assert [one["name"] for one in result["moved"]] == ["srv-0001"] and len(result["backups"]) == 1
    reasons = {one["name"]: one["reason"] for one in result["not_moved"]}
    assert "max_age" in reasons["srv-0002"] and "it has none" in reasons["srv-0003"] and "ERROR" in reasons["srv-0004"]
    assert places(cloud) == {**IN_CSBS, "srv-0001": "nightly"}
    cloud.journal.clear()
    again = refused(cloud)
    assert not again["changed"] and not cloud.journal.writes() and len(again["not_moved"]) == 3
    run_ok(MODULE, {**MOVED, "max_age": "7d", "servers": ["srv-0002"]}, cloud)
    assert place_of(cloud, "srv-0002") == "nightly"


@one_mode
def test_the_backup_is_looked_at_right_before_the_server_leaves(cloud: Emulator) -> None:
    in_csbs(cloud)

    def lose() -> None:
        for item in list(cloud.state.items.values()):
            cloud.force_backup(item.id, status="error")

    with meanwhile("POST", lose, path="associatepolicy"):
        result = refused(cloud)
    assert places(cloud) == IN_CSBS and not marks_in(cloud)
    assert result["moved"] == [] and len(result["not_moved"]) == 3


@one_mode
def test_a_server_whose_backup_is_in_progress_leaves_when_it_has_ended(cloud: Emulator) -> None:
    in_csbs(cloud)
    run_policy(cloud, "nightly")
    result = run_ok(MODULE, MOVED, cloud)
    assert len(result["moved"]) == 3 and len(result["backups"]) == 3
    assert all(item.status == "available" for item in cloud.state.items.values())


@one_mode
def test_what_stands_in_the_way_of_the_policy_refuses_it_before_anything_is_written(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "retention": {"days": 14, "max_backups": 3}}, cloud)
    for server in SERVERS:
        cloud.make_backup(cloud.server(server).id, "old", age=3600)
    cloud.journal.clear()
    assert "retention" in refused(cloud)["msg"] and not cloud.journal.writes()
    result = run_ok(MODULE, {**MOVED, "retention": {"days": 7}, "target_name": "other"}, cloud)
    assert result["policy"]["name"] == "other" and result["policy"]["retention"]["days"] == 7
    assert "no such policy" in refused(cloud, policy="nobody")["msg"]


@one_mode
def test_a_policy_of_cbr_with_servers_of_its_own_must_be_named(cloud: Emulator) -> None:
    in_csbs(cloud)
    vault = cloud.make_vault("theirs", [cloud.server("srv-0005").id])
    cloud.make_vault_policy("nightly", [vault.id], enabled=True)
    assert "srv-0005" in refused(cloud)["msg"] and not cloud.journal.writes()
    result = run_ok(MODULE, {**MOVED, "target_name": "nightly"}, cloud)
    assert result["policy"]["enabled"] and "enabled" in result["notes"][0], "one with servers stays as it is"
    assert set(places(cloud).values()) == {"theirs"}


@one_mode
def test_an_empty_policy_of_cbr_follows_that_of_csbs(cloud: Emulator) -> None:
    in_csbs(cloud)
    run_ok(MODULE, PREPARED, cloud)
    run_ok("csbs_policy", {"name": "nightly", "retention": {"days": 30}}, cloud)
    result = run_ok(MODULE, PREPARED, cloud)
    assert result["changed"] and result["policy"]["retention"]["days"] == 30


# ========== Who cannot join ==========
@one_mode
@pytest.mark.parametrize("code", ["6137", "7104"])
def test_who_cannot_join_is_put_back(cloud: Emulator, code: str) -> None:
    in_csbs(cloud)
    set_server(cloud, "srv-0002", fail_next_join=f"BackupService.{code} not this one")
    result = refused(cloud)
    assert places(cloud) == {**IN_CBR, "srv-0002": "csbs"} and not marks_in(cloud)
    (stays,) = result["not_moved"]
    assert stays["name"] == "srv-0002" and code in stays["reason"] and "put back" in stays["reason"]
    assert len(result["moved"]) == len(result["backups"]) == 2
    assert result["error_code"] == f"BackupService.{code}"
    result = run_ok(MODULE, MOVED, cloud)
    assert places(cloud) == IN_CBR and len(result["moved"]) == 1


@one_mode
def test_a_busy_vault_is_tried_again_for_a_moment(cloud: Emulator) -> None:
    in_csbs(cloud)
    cloud.faults.add(method="POST", path="addresources", status=400, error_code="BackupService.6112", times=2)
    run_ok(MODULE, MOVED, cloud)
    assert places(cloud) == IN_CBR


@one_mode
def test_who_can_neither_join_nor_go_back_is_told_loudly_and_the_next_run_goes_on(cloud: Emulator) -> None:
    in_csbs(cloud)
    run_ok(MODULE, PREPARED, cloud)
    cloud.faults.add(method="POST", path="addresources", status=400, error_code="BackupService.6137", times=-1)
    cloud.faults.add(method="PUT", path="/policies/", skip=1, status=400, error_code="CSBS.6003", times=-1)
    result = refused(cloud, servers=["srv-0001"])
    assert "COULD NOT PUT BACK" in result["msg"] and result["changed"]
    assert place_of(cloud, "srv-0001") == "moving"
    assert marks_in(cloud) == {cloud.server("srv-0001").id: policy_in(cloud, "nightly").id}
    assert "srv-0001" in run_ok(MODULE, PREPARED, cloud)["notes"][0], "prepared touches no server, but tells it"
    cloud.faults.clear()
    # Its last backup is now too old, but it must not stay where it is.
    cloud.clock.advance(10 * 86400)
    result = refused(cloud)
    assert [one["name"] for one in result["moved"]] == ["srv-0001"] and place_of(cloud, "srv-0001") == "nightly"
    assert not marks_in(cloud)


@one_mode
def test_others_delete_the_policy_of_csbs_between_leaving_and_joining(cloud: Emulator) -> None:
    in_csbs(cloud)
    policy = policy_in(cloud, "nightly").id
    with meanwhile("POST", lambda: send(cloud, "DELETE", f"/policies/{policy}"), path="addresources"):
        run_module(MODULE, MOVED, cloud)
    assert places(cloud) == IN_CBR and not marks_in(cloud)


@one_mode
@pytest.mark.parametrize("where", ["csbs", "cbr"])
def test_others_put_the_server_elsewhere_meanwhile(
    cloud: Emulator, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "SECONDS_TO_JOIN", 0.3)
    in_csbs(cloud)
    run_ok(MODULE, PREPARED, cloud)
    server_id = cloud.server("srv-0001").id
    run_ok("csbs_policy", {**NIGHTLY, "name": "other", "servers": []}, cloud)
    other = cloud.make_vault("theirs")
    cloud.force_vault(other.id, size=500)

    def act() -> None:
        entry = {"id": server_id, "type": "OS::Nova::Server", "name": "srv-0001"}
        if where == "csbs":
            body = {"policy": {"resources": [entry]}}
            send(cloud, "PUT", f"/policies/{policy_in(cloud, 'other').id}", body)
        else:
            body = {"resources": [{"id": server_id, "type": "OS::Nova::Server"}]}
            send(cloud, "POST", f"/vaults/{other.id}/addresources", body, base=cloud.cbr_url)

    with meanwhile("POST", act, path="addresources"):
        result = refused(cloud, servers=["srv-0001"])
    assert ("other" if where == "csbs" else "theirs") in result["not_moved"][0]["reason"]
    assert "COULD NOT" not in result["msg"] and not marks_in(cloud)


@one_mode
def test_others_take_the_server_out_before_it_leaves(cloud: Emulator) -> None:
    in_csbs(cloud)
    policy = policy_in(cloud, "nightly")

    def act() -> None:
        rest = [{"id": one["id"], "type": one["type"], "name": one["name"]} for one in policy.resources[1:]]
        send(cloud, "PUT", f"/policies/{policy.id}", {"policy": {"resources": rest}})

    with meanwhile("POST", act, path="associatepolicy"):
        result = refused(cloud)
    assert places(cloud) == {**IN_CBR, "srv-0001": "nowhere"} and not marks_in(cloud)
    assert "taken the server out" in result["not_moved"][0]["reason"]


# ========== Marks ==========
@one_mode
def test_ten_servers_at_a_time_are_on_the_way_into_a_vault_and_tags_of_users_stay(cloud: Emulator) -> None:
    in_csbs(cloud)
    run_ok(MODULE, PREPARED, cloud)
    both, vault = connect_both(cloud), vault_of(cloud)
    others = {f"00000000-0000-4000-8000-{number:012d}": "x" for number in range(10)}
    tags = {f"own-{number}": "1" for number in range(9)}
    vault.tags.update({**others, **tags})
    with pytest.raises(CloudError, match="10 other servers") as caught:
        move(cloud, both, "srv-0001")
    assert caught.value.retryable and places(cloud) == IN_CSBS
    del vault.tags[next(iter(others))]
    move(cloud, both, "srv-0001")
    assert place_of(cloud, "srv-0001") == "nightly" and {**tags, "team": "web"}.items() <= vault.tags.items()
    vault.tags.clear()
    vault.tags.update({f"own-{number}": "1" for number in range(20)})
    result = refused(cloud)
    assert "6600" in str(result["error_code"]) and places(cloud) == {**IN_CSBS, "srv-0001": "nightly"}


def move(cloud: Emulator, both: BothClouds, name: str) -> None:
    """Move a server as a plan tells the adapter to do."""
    server: t.Any = {"id": cloud.server(name).id, "type": "OS::Nova::Server", "name": name, "disks_gb": 20}
    (target,) = [policy.id for policy in cloud.state.cbr.policies.values()]
    source = policy_in(cloud, "nightly").id
    both.move_server(f"move {name}", server, source, target, USUAL, timedelta(hours=24))


@one_mode
def test_marks_that_nobody_needs_any_more_are_removed(cloud: Emulator) -> None:
    in_csbs(cloud)
    run_ok(MODULE, {**MOVED, "servers": ["srv-0001"]}, cloud)
    policy_id, vault = policy_in(cloud, "nightly").id, vault_of(cloud)
    vault.tags[cloud.server("srv-0001").id] = policy_id
    vault.tags[cloud.server("srv-0006").id] = policy_id
    delete_server(cloud, "srv-0006")
    result = run_ok(MODULE, {**MOVED, "servers": ["srv-0001"]}, cloud)
    assert result["changed"] and not marks_in(cloud) and not result["moved"]
    assert writes(cloud)[-1] == "POST action"


# ========== Faults and kills at every write ==========
FAULTS: dict[str, Args] = {
    "lost-before": {"drop": "before"},
    "lost-after": {"status": 504, "effect": True},
    "no-answer-of-the-service": {"status": 200, "body": "{}", "effect": True},
    "busy": {"status": 400, "error_code": "BackupService.6125"},
    "refused": {"status": 400, "error_code": "BackupService.6137"},
    "throttled": {"status": 429},
    "broken": {"status": 500, "error_code": "BackupService.9999"},
}


def begin(cloud: Emulator) -> None:
    cloud.faults.clear()
    cloud.reset(servers=6)
    in_csbs(cloud)


def clean_run(cloud: Emulator, args: Args) -> tuple[t.Any, list[t.Any]]:
    begin(cloud)
    run_ok(MODULE, args, cloud)
    return outcome(cloud), cloud.journal.writes()


def run_again(cloud: Emulator, args: Args) -> None:
    """Run a task again without faults, not sooner than lists show what is new."""
    cloud.faults.clear()
    for made in (*cloud.state.cbr.policies.values(), *cloud.state.cbr.vaults.values()):
        made.visible_at = 0.0
    run_ok(MODULE, args, cloud)


@one_mode
@pytest.mark.holds
@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_task_that_is_killed_after_any_write_is_simply_run_again(cloud: Emulator, concurrency: int) -> None:
    args = {**MOVED, "servers": list(SERVERS[: concurrency + 1]), "concurrency": concurrency}
    desired, sent = clean_run(cloud, args)
    for count in range(len(sent) + 1):
        begin(cloud)
        with killed_after(count):
            run_module(MODULE, args, cloud)
        found = places(cloud)
        assert "nowhere" not in found.values(), f"killed after write {count}: {found}"
        run_again(cloud, args)
        cloud.clock.advance(3600)
        assert outcome(cloud) == desired, f"killed after write {count}"


@one_mode
@pytest.mark.holds
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_write_leaves_nobody_unprotected(cloud: Emulator, fault: str) -> None:
    """A single fault is overcome, or whoever cannot move is back; the next run ends as a clean one."""
    args = {**MOVED, "servers": ["srv-0001"]}
    desired, sent = clean_run(cloud, args)
    for position, entry in enumerate(sent):
        begin(cloud)
        same = [
            one for one in sent[:position] if (one["method"], one["service"]) == (entry["method"], entry["service"])
        ]
        path = "^/cbr/" if entry["service"] == "cbr" else "^/csbs/"
        cloud.faults.add(method=entry["method"], path=path, skip=len(same), **FAULTS[fault])
        result = run_module(MODULE, args, cloud)
        told = f"{fault} at {entry['method']} {entry['path']}: {result.get('msg')}"
        assert "exception" not in result and "Unexpected" not in result.get("msg", ""), told
        assert set(places(cloud).values()) <= {"csbs", "nightly"}, told
        moved = sorted(one["name"] for one in result.get("moved", []))
        assert moved == sorted(name for name, place in places(cloud).items() if place == "nightly"), told
        run_again(cloud, args)
        cloud.clock.advance(3600)
        assert outcome(cloud) == desired, told


@one_mode
@pytest.mark.holds
def test_a_reading_that_is_refused_at_any_moment_leaves_nobody_unprotected(cloud: Emulator) -> None:
    args = {**MOVED, "servers": ["srv-0001"]}
    desired, dummy = clean_run(cloud, args)
    sent = list(cloud.journal)
    first_write = sent.index(cloud.journal.writes()[0])
    readings = [entry for entry in sent if entry["method"] == "GET"]
    for position, entry in enumerate(readings):
        if sent.index(entry) < first_write:
            continue
        begin(cloud)
        same = [one for one in readings[:position] if one["service"] == entry["service"]]
        path = f"^/{entry['service']}/"
        cloud.faults.add(method="GET", path=path, skip=len(same), status=403, error_code="BackupService.0008")
        result = run_module(MODULE, args, cloud)
        told = f"refused at {entry['path']}: {result.get('msg')}"
        assert "exception" not in result and "Unexpected" not in result.get("msg", ""), told
        assert set(places(cloud).values()) <= {"csbs", "nightly"}, told
        assert result.get("failed") or not marks_in(cloud) or "srv-0001" in result["notes"][0], told
        run_again(cloud, args)
        cloud.clock.advance(3600)
        assert outcome(cloud) == desired, told


@one_mode
def test_the_time_of_the_task_ends_between_leaving_and_joining(cloud: Emulator) -> None:
    """The server joins all the same, and the result says what was done and what not."""
    in_csbs(cloud)
    run_ok(MODULE, PREPARED, cloud)
    both: list[t.Any] = []
    plain = BothClouds.move_server

    def remember(self: t.Any, *args: t.Any, **kwargs: t.Any) -> None:
        both.append(self)
        plain(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BothClouds, "move_server", remember)
        with meanwhile("POST", lambda: both[0].set_deadline(0), path="addresources"):
            result = run_module(MODULE, {**MOVED, "servers": ["srv-0001"]}, cloud)
    assert place_of(cloud, "srv-0001") == "nightly"
    assert [one["name"] for one in result["moved"]] == ["srv-0001"]


@one_mode
def test_after_the_timeout_nobody_leaves_and_the_result_says_who_has_moved(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_csbs(cloud)
    run_ok(MODULE, PREPARED, cloud)
    monkeypatch.setattr(migration, "_SECONDS_FOR_A_MOVE", 100.0)
    result = refused(cloud)
    assert not result["changed"] and result["moved"] == [] and len(result["not_moved"]) == 3
    assert "timeout" in result["msg"] and places(cloud) == IN_CSBS and not marks_in(cloud)


# ========== Two runs at once ==========
STEPS = [("POST", "/tags"), ("PUT", "policies/"), ("POST", "addresources"), ("DELETE", "/tags/")]


@one_mode
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step[0]}{step[1].replace('/', '-')}")
def test_another_run_moves_the_same_server_at_any_step(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch, step: tuple[str, str], before: bool
) -> None:
    in_csbs(cloud)
    run_ok(MODULE, PREPARED, cloud)
    first, second = connect_both(cloud), connect_both(cloud)
    # Two machines share no lock.
    monkeypatch.setattr("tests.support.policy_sets.members.file_lock", lambda *args: contextlib.nullcontext())
    method, path = step
    with meanwhile(method, lambda: move(cloud, second, "srv-0001"), path=path, before=before):
        move(cloud, first, "srv-0001")
    assert places(cloud) == {**IN_CSBS, "srv-0001": "nightly"} and not marks_in(cloud)


@one_mode
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step[0]}{step[1].replace('/', '-')}")
def test_another_run_moves_another_server_at_any_step(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch, step: tuple[str, str], before: bool
) -> None:
    """A list of servers that was read before the other one left is refused, and read again."""
    in_csbs(cloud)
    run_ok(MODULE, PREPARED, cloud)
    first, second = connect_both(cloud), connect_both(cloud)
    # Two machines share no lock.
    monkeypatch.setattr("tests.support.policy_sets.members.file_lock", lambda *args: contextlib.nullcontext())
    method, path = step
    with meanwhile(method, lambda: move(cloud, second, "srv-0002"), path=path, before=before):
        move(cloud, first, "srv-0001")
    assert places(cloud) == {**IN_CBR, "srv-0003": "csbs"} and not marks_in(cloud)


@one_mode
@pytest.mark.parametrize("step", STEPS[:3], ids=lambda step: f"{step[0]}{step[1].replace('/', '-')}")
def test_another_run_puts_the_server_back_at_any_step(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch, step: tuple[str, str]
) -> None:
    """Whoever looks last finds it in one of the services, and no mark lies."""
    in_csbs(cloud)
    run_ok(MODULE, PREPARED, cloud)
    first, second = connect_both(cloud), connect_both(cloud)
    monkeypatch.setattr("tests.support.policy_sets.members.file_lock", lambda *args: contextlib.nullcontext())
    set_server(cloud, "srv-0001", fail_next_join="BackupService.6137 not now")

    def act() -> None:
        with contextlib.suppress(CloudError):
            move(cloud, second, "srv-0001")

    with meanwhile(step[0], act, path=step[1]), contextlib.suppress(CloudError):
        move(cloud, first, "srv-0001")
    assert place_of(cloud, "srv-0001") in ("csbs", "nightly") and not marks_in(cloud)
    run_ok(MODULE, MOVED, cloud)
    assert places(cloud) == IN_CBR and not marks_in(cloud)


@one_mode
def test_two_tasks_on_two_machines_lose_nobody(cloud: Emulator, tmp_path: Path) -> None:
    in_csbs(cloud)
    tasks = [start_task(cloud, tmp_path, machine, MODULE, MOVED) for machine in (1, 2)]
    results = [result_of(task) for task in tasks]
    assert "nowhere" not in places(cloud).values()
    run_ok(MODULE, MOVED, cloud)
    assert places(cloud) == IN_CBR and not marks_in(cloud), results
    assert len(cloud.state.cbr.policies) == 1 and not any("exception" in result for result in results)
