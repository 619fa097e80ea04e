# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No task deletes backups of CBR as a side effect, whatever happens meanwhile.

The guard (tests/support/safety.py) watches every request of every test that runs on the local cloud: the laws over all
situations, the tests of modules, the roles. Here it is shown to see what it must see, and what others do at the wrong
moment is tried on purpose.
"""

from __future__ import annotations

import contextlib
import typing as t
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support.estate import send, set_server
from tests.support.kills import killed_after
from tests.support.migrations import hurry_up
from tests.support.modes import one_mode
from tests.support.modules import Args, run_module, run_ok
from tests.support.policy_sets import meanwhile
from tests.support.processes import result_of, start_task
from tests.support.safety import GUARD

from .scenarios.scenario import FAST, backed_up, in_their_vault, in_two_vaults, plant

# The live mode is the harder one.
pytestmark = one_mode


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Let servers that cannot join CBR go back to CSBS soon."""
    if "comes-from-csbs" in request.node.name:
        hurry_up(monkeypatch)


Task = tuple[str, Args]
CBR: Args = {"service": "cbr", "timeout": 60}
#: Switched off, so that no run of the schedule comes between
NIGHTLY: Args = {
    **CBR,
    "name": "nightly",
    "enabled": False,
    "schedule": {"frequency": "daily", "times": ["02:00"]},
    "servers": ["srv-0001", "srv-0002"],
}
GIVEN: Task = ("csbs_policy", NIGHTLY)
PURGE: Args = {"servers": [], "purge_servers": True}
#: Tasks after which servers are no longer in the policy
LEAVING: dict[str, Task] = {
    "policy": ("csbs_policy", {**NIGHTLY, **PURGE}),
    "policy_set": ("csbs_policy_set", {**NIGHTLY, **PURGE}),
    "policy_server": (
        "csbs_policy_server",
        {**CBR, "policy": "nightly", "servers": NIGHTLY["servers"], "state": "absent"},
    ),
}
#: Tasks after which there is no policy
ENDING: dict[str, Task] = {
    name: (module, {**CBR, "name": "nightly", "state": "absent"})
    for name, module in (("policy", "csbs_policy"), ("policy_set", "csbs_policy_set"))
}
each_leaving = pytest.mark.parametrize("task", LEAVING.values(), ids=LEAVING.keys())
each_ending = pytest.mark.parametrize("task", ENDING.values(), ids=ENDING.keys())


def vault_of(cloud: Emulator, server: str) -> t.Any:
    """Return the vault that holds a server, None when none does."""
    return cloud.state.cbr.vaults.get(cloud.state.cbr.vault_of.get(cloud.server(server).id, ""))


def place_of(cloud: Emulator, server: str) -> tuple[str, str | None] | None:
    """Return the name of the vault that holds a server, and of its policy."""
    vault = vault_of(cloud, server)
    policy = vault and cloud.state.cbr.policies.get(vault.policy_id or "")
    return vault and (vault.name, policy and policy.name)


def backups_in(cloud: Emulator) -> dict[str, str]:
    """Return the backups that are there and not about to go, by ID, with the name of the vault that holds them."""
    cbr = cloud.state.cbr
    going = ("waiting_delete", "deleting", "deleted")
    return {one.id: cbr.vaults[one.vault_id].name for one in cbr.backups.values() if one.status not in going}


def begin_backup(cloud: Emulator, server: str) -> t.Callable[[], None]:
    """Return what somebody else does: to begin a backup of a server in its vault."""

    def act() -> None:
        member = {"resources": [cloud.server(server).id]}
        body = {"checkpoint": {"vault_id": vault_of(cloud, server).id, "parameters": member}}
        send(cloud, "POST", "/checkpoints", body, base=cloud.cbr_url)

    return act


@contextlib.contextmanager
def once_refused(cloud: Emulator, act: t.Callable[[], t.Any]) -> t.Iterator[None]:
    """Let others act as soon as the next request after a fault has come."""
    (fault,) = cloud.faults.all()
    acted: list[bool] = []

    def see(method: str, path: str, body: t.Any) -> None:
        if fault.fired and not acted:
            acted.append(True)
            act()

    # Before the guard sees the request: it may be the same one again.
    cloud.watchers.insert(0, see)
    yield
    cloud.watchers.remove(see)
    assert acted, "nothing was sent after the fault"


def finish_backups(cloud: Emulator) -> None:
    cloud.clock.advance(3600)


# ========== The guard sees what it must see ==========
def test_the_guard_sees_a_server_and_a_vault_that_take_backups_along(cloud: Emulator) -> None:
    """Or everything here would pass whatever tasks do."""
    run_ok(*GIVEN, cloud)
    vault, server_id = vault_of(cloud, "srv-0001"), cloud.server("srv-0001").id
    removal, leaver = f"/vaults/{vault.id}/removeresources", {"resource_ids": [server_id]}
    plant(cloud, "cbr", "srv-0002", "other")
    with GUARD.asked({"leaving_backups": "delete", "confirm": False}):
        send(cloud, "POST", removal, leaver, base=cloud.cbr_url)
        assert not GUARD.losses, "the server that leaves has no backup"
        finish_backups(cloud)
        run_ok(*GIVEN, cloud)
        made = plant(cloud, "cbr", "srv-0001", "precious")
        cloud.faults.add(method="POST", path="removeresources", status=400, error_code="BackupService.6112")
        with pytest.raises(AssertionError, match="6112"):
            send(cloud, "POST", removal, leaver, base=cloud.cbr_url)
    assert GUARD.losses == ["removeresources takes along precious of srv-0001 (available)"], "a refused one counts too"
    with GUARD.asked([{"vars": {"csbs_leaving_backups": "delete", "csbs_confirm": True}}]):
        send(cloud, "POST", removal, leaver, base=cloud.cbr_url)
    assert len(GUARD.losses) == 1, "that was asked for"
    finish_backups(cloud)
    with GUARD.asked({"leaving_backups": "delete", "confirm": True}):
        send(cloud, "DELETE", f"/vaults/{vault.id}", base=cloud.cbr_url)
    assert GUARD.losses[1:] == ["DELETE vaults takes along other of srv-0002 (available)"], "nobody can ask for that"
    in_their_vault(cloud, "cbr")
    (made,) = [one for one in cloud.state.cbr.backups.values() if one.name == "old"]
    with GUARD.asked({}, "csbs_restore"):
        send(cloud, "DELETE", f"/backups/{made.id}", base=cloud.cbr_url)
    assert GUARD.deletions == ["csbs_restore deletes old of srv-0003 (available)"]
    GUARD.forget()


# ========== Without the word of the user ==========
@each_leaving
def test_backups_go_only_after_a_confirmation_that_is_asked_for_before_the_first_request(
    cloud: Emulator, task: Task
) -> None:
    run_ok(*GIVEN, cloud)
    backed_up(cloud, "cbr")
    module, args = task
    cloud.journal.clear()
    result = run_module(module, {**args, "leaving_backups": "delete"}, cloud)
    assert result.get("failed") and "confirm" in result["msg"] and not list(cloud.journal)
    predicted = run_module(module, {**args, "leaving_backups": "delete"}, cloud, check=True)
    assert predicted["changed"] and not cloud.journal.writes()
    kept = backups_in(cloud)
    # To confirm is not to ask for it.
    run_ok(module, {**args, "confirm": True}, cloud)
    assert backups_in(cloud) == dict.fromkeys(kept, "nightly-parked")


@pytest.mark.parametrize(
    "kind",
    [{"auto_trigger": True}, {"auto_trigger": False}, {"status": "error"}],
    ids=["automatic", "manual", "failed"],
)
def test_every_kind_of_backup_is_kept(cloud: Emulator, kind: Args) -> None:
    run_ok(*GIVEN, cloud)
    made = plant(cloud, "cbr", "srv-0001", "only", **kind)
    run_ok(*LEAVING["policy"], cloud)
    assert backups_in(cloud) == {made.id: "nightly-parked"}
    assert place_of(cloud, "srv-0001") == ("nightly-parked", None) and place_of(cloud, "srv-0002") is None


# ========== What others do between reading and changing ==========
@each_leaving
def test_a_backup_that_begins_before_its_server_leaves_is_kept(cloud: Emulator, task: Task) -> None:
    run_ok(*GIVEN, cloud)
    with meanwhile("POST", begin_backup(cloud, "srv-0002"), path="removeresources"):
        run_ok(*task, cloud)
    assert list(backups_in(cloud).values()) == ["nightly-parked"]
    assert place_of(cloud, "srv-0002") == ("nightly-parked", None) and place_of(cloud, "srv-0001") is None


@each_ending
def test_a_backup_that_begins_before_its_vault_goes_is_kept(cloud: Emulator, task: Task) -> None:
    run_ok(*GIVEN, cloud)
    with meanwhile("DELETE", begin_backup(cloud, "srv-0002"), path="vaults/"):
        run_ok(*task, cloud)
    assert list(backups_in(cloud).values()) == ["nightly"] and not cloud.state.cbr.policies
    assert place_of(cloud, "srv-0002") == ("nightly", None)


@each_leaving
def test_a_backup_that_ends_while_other_servers_are_parked_is_kept(cloud: Emulator, task: Task) -> None:
    """What was read before the long way into the other vault is no longer true."""
    run_ok(*GIVEN, cloud)
    backed_up(cloud, "cbr")
    with meanwhile("POST", lambda: plant(cloud, "cbr", "srv-0002", "late"), path="migrateresources", before=False):
        run_ok(*task, cloud)
    assert list(backups_in(cloud).values()) == ["nightly-parked"] * 2


@each_leaving
def test_a_backup_that_no_list_shows_yet_is_kept(cloud: Emulator, task: Task) -> None:
    run_ok(*GIVEN, cloud)
    cloud.settings(list_delay=30)
    begin_backup(cloud, "srv-0001")()
    finish_backups(cloud)
    assert not run_ok("csbs_backup_info", {"service": "cbr"}, cloud)["backups"]
    run_ok(*task, cloud)
    assert list(backups_in(cloud).values()) == ["nightly-parked"]


@each_ending
def test_a_vault_with_a_backup_that_no_list_shows_yet_stays(cloud: Emulator, task: Task) -> None:
    run_ok(*GIVEN, cloud)
    cloud.settings(list_delay=30)
    begin_backup(cloud, "srv-0001")()
    finish_backups(cloud)
    run_ok(*task, cloud)
    assert list(backups_in(cloud).values()) == ["nightly"] and not cloud.state.cbr.policies


not_done = pytest.mark.parametrize("fault", [{"drop": "before"}, {"status": 503}, {"status": 429}], ids=str)


@not_done
def test_a_removal_is_not_repeated_blindly(cloud: Emulator, fault: Args) -> None:
    run_ok(*GIVEN, cloud)
    cloud.faults.add(method="POST", path="removeresources", **fault)
    with once_refused(cloud, lambda: plant(cloud, "cbr", "srv-0001", "late")):
        run_ok(*LEAVING["policy_server"], cloud)
    assert list(backups_in(cloud).values()) == ["nightly-parked"]


@not_done
def test_a_deletion_of_a_vault_is_not_repeated_blindly(cloud: Emulator, fault: Args) -> None:
    run_ok(*GIVEN, cloud)
    cloud.faults.add(method="DELETE", path="/vaults/", **fault)
    with once_refused(cloud, lambda: plant(cloud, "cbr", "srv-0001", "late")):
        run_ok(*ENDING["policy"], cloud)
    assert list(backups_in(cloud).values()) == ["nightly"] and not cloud.state.cbr.policies


def test_a_server_that_others_move_at_the_same_time_keeps_its_backups(cloud: Emulator) -> None:
    task = LEAVING["policy_server"]
    run_ok(*GIVEN, cloud)
    other = cloud.make_vault("theirs")

    def act() -> None:
        server, source = cloud.server("srv-0002").id, vault_of(cloud, "srv-0002")
        body = {"destination_vault_id": other.id, "resource_ids": [server]}
        cloud.force_vault(other.id, size=500)
        send(cloud, "POST", f"/vaults/{source.id}/migrateresources", body, base=cloud.cbr_url)
        finish_backups(cloud)
        plant(cloud, "cbr", "srv-0002", "there")

    with meanwhile("POST", act, path="removeresources"):
        run_module(*task, cloud)
    assert list(backups_in(cloud).values()) == ["theirs"]
    run_ok(*task, cloud)
    assert vault_of(cloud, "srv-0001") is None
    assert list(backups_in(cloud).values()) == ["theirs"]


# ========== Faults and kills at every write ==========
def on_both_sides(cloud: Emulator, service: str) -> None:
    """Make a policy of CSBS with two servers, and one of CBR that is to take them and has a server with a backup."""
    vault = cloud.make_vault("nightly", [cloud.server("srv-0003").id])
    cloud.make_vault_policy("nightly", [vault.id], enabled=False)
    plant(cloud, "cbr", "srv-0003", "old", age=3600)
    run_ok("csbs_policy", {key: value for key, value in NIGHTLY.items() if key != "service"}, cloud)
    for server in NIGHTLY["servers"]:
        plant(cloud, "csbs", server, "last-of-csbs", age=3600)


def two_vaults_with_backups(cloud: Emulator, service: str) -> None:
    in_two_vaults(cloud, service)
    plant(cloud, service, "srv-0002", "old", age=3600)


#: What makes a whole estate, without the policy that all others begin with
WHOLE = (on_both_sides, two_vaults_with_backups)
CASES: dict[str, tuple[Task, t.Callable[[Emulator, str], None]]] = {
    "parks-one-of-two": (LEAVING["policy_server"], backed_up),
    "leaves-two-vaults": (LEAVING["policy"], two_vaults_with_backups),
    "moves-from-a-vault-of-others": (
        ("csbs_policy", {**NIGHTLY, "servers": ["srv-0003", "srv-0004"]}),
        in_their_vault,
    ),
    "ends-with-two-vaults": (ENDING["policy"], two_vaults_with_backups),
    "lets-backups-go": (
        ("csbs_policy_server", {**LEAVING["policy_server"][1], "leaving_backups": "delete", "confirm": True}),
        backed_up,
    ),
    "comes-from-csbs": (
        (
            "csbs_migration",
            # The first backups have no names of their own.
            {**FAST, "policy": "nightly", "state": "moved", "target_name": "nightly", "first_backup": False},
        ),
        on_both_sides,
    ),
}
FAULTS: dict[str, Args] = {
    "lost-before": {"drop": "before"},
    "lost-after": {"status": 504, "effect": True},
    "busy": {"status": 400, "error_code": "BackupService.6125"},
    "refused": {"status": 400, "error_code": "BackupService.6110"},
}


def prepare(cloud: Emulator, case: str) -> Task:
    task, others = CASES[case]
    cloud.faults.clear()
    cloud.reset(servers=6)
    if others not in WHOLE:
        run_ok(*GIVEN, cloud)
    others(cloud, "cbr")
    cloud.journal.clear()
    return task


def outcome(cloud: Emulator) -> t.Any:
    """Return who is where and whose backups are in which service, whatever the IDs are."""
    held = sorted(
        (one.resource_name, one.name) for one in cloud.state.cbr.backups.values() if one.id in backups_in(cloud)
    )
    places = {server.name: place_of(cloud, server.name) for server in cloud.state.servers.values()}
    tags = sorted(key for vault in cloud.state.cbr.vaults.values() for key in vault.tags)
    in_csbs = sorted(server["name"] for policy in cloud.state.policies.values() for server in policy.resources)
    kept = sorted((item.resource_name, item.name, item.status) for item in cloud.state.items.values())
    return held, places, sorted(policy.name for policy in cloud.state.cbr.policies.values()), tags, in_csbs, kept


def clean_run(cloud: Emulator, case: str) -> tuple[t.Any, list[t.Any]]:
    run_ok(*prepare(cloud, case), cloud)
    writes = [entry for entry in cloud.journal.writes() if entry["service"] in ("cbr", "csbs")]
    finish_backups(cloud)
    return outcome(cloud), writes


@pytest.mark.parametrize("case", CASES)
def test_a_task_that_is_killed_after_any_write_ends_as_a_clean_run_when_it_is_run_again(
    cloud: Emulator, case: str
) -> None:
    desired, writes = clean_run(cloud, case)
    assert writes
    for count in range(len(writes) + 1):
        task = prepare(cloud, case)
        with killed_after(count):
            run_module(*task, cloud)
        run_ok(*task, cloud)
        finish_backups(cloud)
        assert outcome(cloud) == desired, f"killed after write {count}"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("case", CASES)
def test_a_fault_at_any_write_loses_nothing_and_the_next_run_ends_as_a_clean_one(
    cloud: Emulator, case: str, fault: str
) -> None:
    desired, writes = clean_run(cloud, case)
    for position, entry in enumerate(writes):
        task = prepare(cloud, case)
        same = [
            one for one in writes[:position] if (one["method"], one["service"]) == (entry["method"], entry["service"])
        ]
        path = "^/cbr/" if entry["service"] == "cbr" else "/policies/"
        cloud.faults.add(method=entry["method"], path=path, skip=len(same), **FAULTS[fault])
        result = run_module(*task, cloud)
        told = f"{fault} at {entry['method']} {entry['path']}: {result.get('msg')}"
        assert "exception" not in result and "Unexpected" not in result.get("msg", ""), told
        run_ok(*task, cloud)
        finish_backups(cloud)
        assert outcome(cloud) == desired, told


# ========== Two tasks at once ==========
def test_two_tasks_that_take_the_same_servers_out_lose_nothing(cloud: Emulator, tmp_path: Path) -> None:
    """On two machines, which share no lock."""
    run_ok(*GIVEN, cloud)
    backed_up(cloud, "cbr")
    module, args = LEAVING["policy_server"]
    tasks = [start_task(cloud, tmp_path, machine, module, args) for machine in (1, 2)]
    for task in tasks:
        result_of(task)
    run_ok(module, args, cloud)
    finish_backups(cloud)
    assert list(backups_in(cloud).values()) == ["nightly-parked"]
    assert place_of(cloud, "srv-0001") == ("nightly-parked", None) and place_of(cloud, "srv-0002") is None


def test_a_backup_task_and_a_task_that_takes_the_server_out_lose_nothing(cloud: Emulator, tmp_path: Path) -> None:
    run_ok(*GIVEN, cloud)
    backup = {**CBR, "servers": ["srv-0001", "srv-0002"], "name": "before", "poll_interval": 0.1}
    tasks = [
        start_task(cloud, tmp_path, 1, "csbs_backup", backup),
        start_task(cloud, tmp_path, 2, *LEAVING["policy_server"]),
    ]
    results = [result_of(task) for task in tasks]
    made = [one for one in results[0].get("backups") or [] if one["status"] == "available"]
    assert {one["id"] for one in made} <= backups_in(cloud).keys(), results


# ========== What is left behind ==========
def test_a_vault_whose_policy_others_deleted_keeps_its_backups(cloud: Emulator) -> None:
    run_ok(*GIVEN, cloud)
    backed_up(cloud, "cbr")
    (policy,) = cloud.state.cbr.policies.values()
    send(cloud, "DELETE", f"/policies/{policy.id}", base=cloud.cbr_url)
    kept = backups_in(cloud)
    for task in (*ENDING.values(), GIVEN, LEAVING["policy"], GIVEN, ENDING["policy"], GIVEN):
        run_ok(*task, cloud)
        assert backups_in(cloud).keys() == kept.keys()
    assert [one["last_backup"] is not None for one in protection(cloud)[:1]] == [True]


def protection(cloud: Emulator) -> list[Args]:
    rows: list[Args] = run_ok("csbs_protection_info", {"service": "cbr"}, cloud)["servers"]
    return sorted(rows, key=lambda row: row["name"])


def test_servers_that_are_parked_and_come_back_again_and_again_keep_their_backups(cloud: Emulator) -> None:
    run_ok(*GIVEN, cloud)
    kept = set()
    for turn in range(3):
        kept.add(plant(cloud, "cbr", "srv-0001", f"turn-{turn}").id)
        run_ok(*LEAVING["policy"], cloud)
        assert backups_in(cloud) == dict.fromkeys(kept, "nightly-parked")
        run_ok(*GIVEN, cloud)
        assert set(backups_in(cloud)) == kept and place_of(cloud, "srv-0001") == ("nightly", "nightly")


def test_a_server_that_broke_keeps_its_backups_when_it_leaves(cloud: Emulator) -> None:
    run_ok(*GIVEN, cloud)
    backed_up(cloud, "cbr")
    set_server(cloud, "srv-0001", status="ERROR")
    run_ok(*LEAVING["policy"], cloud)
    assert list(backups_in(cloud).values()) == ["nightly-parked"]
