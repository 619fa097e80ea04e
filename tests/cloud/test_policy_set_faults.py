# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_set when it is killed, when answers are lost or foreign, and when others change the set meanwhile."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import members as policy_members
from tests.emulator import Emulator
from tests.support.estate import create_policy, policy_in, send
from tests.support.kills import killed_after
from tests.support.modes import one_mode
from tests.support.modules import Args, run_module, run_ok
from tests.support.policy_sets import (
    MODULE,
    NIGHTLY,
    all_in,
    hurry,
    make,
    meanwhile,
    of,
    protected,
    refused,
    spread_in,
    start,
)
from tests.support.processes import result_of

# One mode: what differs between them here, whether names are unique, is told by each test.
pytestmark = one_mode

Task = tuple[str, Args]
PURGE: Args = {"purge_servers": True}
SINGLE: Args = {"suffix": "when_needed"}
RICH: Args = {"tags": {"a": "1", "b": "2"}, "description": "Every night", "stagger_minutes": 60}


@pytest.fixture(autouse=True)
def _quick(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    cloud.settings(list_delay=0)
    cloud.reset(servers=9)


def task(*numbers: int, **args: t.Any) -> Task:
    return MODULE, {**NIGHTLY, "timeout": 20, "servers": of(*numbers), **args}


def old(name: str, *numbers: int) -> Task:
    args = {key: value for key, value in NIGHTLY.items() if key != "servers_per_policy"}
    return "csbs_policy", {**args, "name": name, "servers": of(*numbers), "description": "stays"}


ABSENT: Args = {"name": "nightly", "state": "absent"}
#: What was done before, and the task
CASES: dict[str, tuple[list[Task], Task]] = {
    "creation": ([], task(1, 2, 3, 4, 5, **RICH)),
    "growth": ([task(1, 2)], task(1, 2, 3, 4, 5, **RICH)),
    "shrinking": ([task(1, 2, 3, 4, 5, 6, 7)], task(2, 5, 7, 3, **PURGE)),
    "fewer-in-each": ([task(1, 2, 3, 4, 5)], task(1, 2, 3, 4, 5, servers_per_policy=1)),
    "fewer-in-each-and-more": ([task(1, 2, 3, 4, 5, 6, servers_per_policy=3)], task(1, 2, 3, 4, 5, 6, 7, 8, 9)),
    "renaming": ([task(1, 2, 3, 4, 5)], task(1, 2, 3, 4, 5, 6, 7, new_name="each")),
    "renaming-and-shrinking": ([task(1, 2, 3, 4, 5)], task(1, 3, 5, new_name="each", **PURGE)),
    "out-of-one-policy": ([task(1, 2, **SINGLE)], task(1, 2, 3, 4, 5, **SINGLE)),
    "out-of-one-policy-renamed": ([task(1, 2, **SINGLE)], task(1, 2, 3, new_name="each", **SINGLE)),
    "back-into-one-policy": ([task(1, 2, 3, 4, 5, **SINGLE)], task(2, 5, **SINGLE, **PURGE)),
    "back-into-one-renamed": ([task(1, 2, 3, 4, 5, **SINGLE)], task(2, 5, new_name="each", **SINGLE, **PURGE)),
    "moves-in": ([old("old", 1, 2, 3), old("older", 4, 5)], task(1, 2, 3, 4, 5)),
    "moves-in-and-within": ([old("old", 1, 2), old("older", 5), task(6, 7, 8)], task(1, 5, 6, 8, **PURGE, **RICH)),
    "absent": ([task(1, 2, 3, 4, 5)], (MODULE, ABSENT)),
    "absent-single": ([task(1, 2, **SINGLE)], (MODULE, {**ABSENT, **SINGLE})),
}


def prepare(cloud: Emulator, case: str) -> Task:
    """Begin anew, do what comes before the task of a case, and return the task."""
    given, todo = CASES[case]
    cloud.reset(servers=9)
    for module, args in given:
        run_ok(module, args, cloud)
    cloud.journal.clear()
    return todo


def clean_run(cloud: Emulator, case: str) -> tuple[dict[str, Args], list[t.Any]]:
    """Run the task of a case; return what the cloud then holds, and the requests that wrote."""
    run_ok(*prepare(cloud, case), cloud)
    assert cloud.journal.writes()
    return all_in(cloud), cloud.journal.writes()


# ========== Kills ==========
@pytest.mark.holds
@pytest.mark.parametrize("case", CASES)
def test_a_task_that_is_killed_after_any_write_ends_as_a_clean_run_when_it_is_run_again(
    cloud: Emulator, case: str
) -> None:
    desired, writes = clean_run(cloud, case)
    staying = {name for fields in desired.values() for name in fields["servers"]}
    missing: set[str] = set()
    for count in range(len(writes) + 1):
        todo = prepare(cloud, case)
        before = protected(cloud) & staying
        with killed_after(count):
            run_module(*todo, cloud)
        left = {policy.name: [one["name"] for one in policy.resources] for policy in cloud.state.policies.values()}
        told = f"killed after write {count}, which left {left}"
        # Nobody is without a policy, except from when it leaves one until the next call lets it join another.
        assert not before - protected(cloud) or missing < before - protected(cloud), told
        missing = before - protected(cloud)
        run_ok(*todo, cloud)
        assert all_in(cloud) == desired, told
        cloud.journal.clear()
        assert run_ok(*todo, cloud)["changed"] is False and not cloud.journal.writes(), told
    assert not missing


# ========== Faults at every write ==========
FAULTS: dict[str, Args] = {
    "dropped-before": {"drop": "before"},
    "dropped-after": {"drop": "after"},
    "gateway-504-done": {"status": 504, "effect": True},
    "gateway-502": {"status": 502},
    "throttled": {"status": 429, "error_code": "APIGW.0308"},
    "busy": {"status": 500, "error_code": "CSBS.2004"},
    "trouble": {"status": 500, "error_code": "CSBS.9999"},
    "final": {"status": 400, "error_code": "CSBS.6033", "error_msg": "dss"},
    "gateway-404": {"status": 404},
    "page-200": {"body": "<html>", "content_type": "text/html", "effect": True},
}
#: What a task rides out by itself
RIDDEN_OUT = ("dropped-before", "dropped-after", "gateway-504-done", "gateway-502", "throttled", "busy", "page-200")
WRITTEN = r"/(policies(/[^/]+)?|tags(/[^/]+)?)$"


def fault_at(cloud: Emulator, writes: list[t.Any], position: int, **fault: t.Any) -> None:
    """Let the request that writes at a position of a clean run meet a fault."""
    method = writes[position]["method"]
    skip = sum(entry["method"] == method for entry in writes[:position])
    cloud.faults.add(method=method, path=WRITTEN, skip=skip, **fault)


@pytest.mark.holds
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("case", ["moves-in-and-within", "fewer-in-each-and-more"])
def test_a_fault_at_any_write_leaves_nobody_without_a_policy_and_is_told(
    cloud: Emulator, case: str, fault: str
) -> None:
    desired, writes = clean_run(cloud, case)
    staying = {name for fields in desired.values() for name in fields["servers"]}
    for position in range(len(writes)):
        # Half of all: each write meets half of the faults, and each fault half of the writes.
        if (position + list(FAULTS).index(fault)) % 2:
            continue
        todo = prepare(cloud, case)
        before, safe = all_in(cloud), protected(cloud) & staying
        fault_at(cloud, writes, position, **FAULTS[fault])
        result = run_module(*todo, cloud)
        told = f"{fault} at write {position}: {result.get('msg')}"
        assert "exception" not in result, told
        assert cloud.faults.all()[0].fired, told
        cloud.faults.clear()
        assert not safe - protected(cloud), told
        assert result["changed"] is (all_in(cloud) != before), told
        if not result.get("failed"):
            assert all_in(cloud) == desired, told
            continue
        assert fault not in RIDDEN_OUT, told
        assert result["msg"].startswith("Could not ") and "What to do: " in result["msg"], told
        assert ("Already done and kept: " in result["msg"]) is result["changed"], told
        assert ("Not started: " in result["msg"]) is bool(result.get("not_started")), told
        if result["changed"]:
            names = [name for name in spread_in(cloud) if name.startswith("nightly-")]
            assert [policy["name"] for policy in result["policies"]] == names, told
        run_ok(*todo, cloud)
        assert all_in(cloud) == desired, told


@pytest.mark.parametrize("numbers", [(1, 2, 3), (1, 2)], ids=["renamed-only", "renamed-with-a-new-server"])
def test_a_rename_that_something_else_has_answered_is_not_followed_by_a_new_policy(
    cloud: Emulator, numbers: tuple[int, ...]
) -> None:
    """A policy with a number beside one without would not be told from one of another set."""
    make(cloud, *numbers[1:], **SINGLE)
    cloud.clock.advance(3600)
    cloud.faults.add(method="PUT", path="/policies/", status=200, body="{}")
    make(cloud, 1, 2, 3, **SINGLE)
    assert list(spread_in(cloud)) == ["nightly-0001", "nightly-0002"] and protected(cloud) == set(of(1, 2, 3))
    cloud.faults.clear()
    run_ok(MODULE, {**ABSENT, **SINGLE}, cloud)
    make(cloud, *numbers[1:], **SINGLE)
    cloud.faults.add(method="PUT", path="/policies/", status=200, body="{}", times=-1)
    result = refused(cloud, servers=of(1, 2, 3), **SINGLE)
    assert "not what the service documents" in result["msg"] or "keep changing" in result["msg"], result["msg"]
    assert result["changed"] is False and list(spread_in(cloud)) == ["nightly"]


# ========== Others that change the set meanwhile ==========
def change(cloud: Emulator, name: str, *numbers: int) -> None:
    """Let another task put other servers into a policy."""
    rows = [{"id": cloud.server(one).id, "type": "OS::Nova::Server", "name": one} for one in of(*numbers)]
    send(cloud, "PUT", f"/policies/{policy_in(cloud, name).id}", {"policy": {"resources": rows}})


def test_a_policy_that_gets_a_server_while_it_is_to_be_deleted_stays(cloud: Emulator) -> None:
    """The other server would be without a policy."""
    make(cloud, 1, 2, 3, 4)
    with meanwhile("PUT", lambda: change(cloud, "nightly-0002", 5), calls=2, before=False):
        result = make(cloud, 1, 2, 3, 4, servers_per_policy=4)
    assert result["changed"] is True
    assert spread_in(cloud) == {"nightly-0001": of(1, 2, 3, 4), "nightly-0002": of(5)}


def test_a_policy_that_is_deleted_meanwhile_is_made_up_for(cloud: Emulator) -> None:
    run_ok(*old("old", 3), cloud)
    make(cloud, 1)
    with meanwhile("PUT", lambda: send(cloud, "DELETE", f"/policies/{policy_in(cloud, 'nightly-0001').id}")):
        result = make(cloud, 1, 2, 3)
    assert spread_in(cloud) == {"nightly-0001": of(1, 2), "nightly-0002": of(3), "old": []}
    assert result["changed"] is True and make(cloud, 1, 2, 3)["changed"] is False


def test_an_old_policy_that_is_deleted_while_its_server_moves_strands_nobody(cloud: Emulator) -> None:
    """The server cannot join and cannot be put back; the task goes on until it is in the set."""
    run_ok(*old("old", 3), cloud)
    make(cloud, 1)

    def act() -> None:
        change(cloud, "nightly-0001", 1, 2)
        send(cloud, "DELETE", f"/policies/{policy_in(cloud, 'old').id}")

    # The task reads the policy again right before it lets the server join.
    with meanwhile("GET", act, path=policy_in(cloud, "nightly-0001").id):
        assert make(cloud, 3)["changed"] is True
    assert spread_in(cloud) == {"nightly-0001": of(1, 2), "nightly-0002": of(3)}


def test_a_server_that_no_plan_can_protect_any_more_is_named(cloud: Emulator) -> None:
    """As above, but the project has no room for another policy by then."""
    run_ok(*old("old", 3), cloud)
    make(cloud, 1)

    def act() -> None:
        change(cloud, "nightly-0001", 1, 2)
        send(cloud, "DELETE", f"/policies/{policy_in(cloud, 'old').id}")
        for number in range(31):
            create_policy(cloud, f"other-{number}")

    with meanwhile("GET", act, path=policy_in(cloud, "nightly-0001").id):
        result = refused(cloud, servers=of(3))
    assert result["changed"] is True
    assert "COULD NOT PUT BACK, do it by hand: put 'srv-0003' back" in result["msg"] and "32" in result["msg"]


def test_a_policy_that_is_filled_meanwhile_gets_no_more_than_its_share(cloud: Emulator) -> None:
    run_ok(*old("old", 3, 4), cloud)
    make(cloud, 1)
    with meanwhile("PUT", lambda: change(cloud, "nightly-0001", 1, 2), before=False):
        make(cloud, 3)
    assert spread_in(cloud) == {"nightly-0001": of(1, 2), "nightly-0002": of(3), "old": of(4)}


@pytest.mark.parametrize("unique", [True, False], ids=["unique-names", "names-not-unique"])
def test_a_name_that_is_taken_meanwhile_is_not_used_twice(cloud: Emulator, unique: bool) -> None:
    cloud.settings(unique_policy_names=unique, speed=1)

    def take() -> None:
        create_policy(cloud, "nightly-0001")
        change(cloud, "nightly-0001", 4, 5)

    with meanwhile("POST", take):
        make(cloud, 1, 2, 3)
    assert list(spread_in(cloud)) == ["nightly-0001", "nightly-0002", "nightly-0003"]
    assert spread_in(cloud)["nightly-0001"] == of(4, 5) and protected(cloud) == set(of(1, 2, 3, 4, 5))
    assert make(cloud, 1, 2, 3)["changed"] is False


def test_policies_that_tasks_at_once_have_created_with_and_without_a_number_become_one_set(cloud: Emulator) -> None:
    """One task found no policy and created one without a number, while others had given theirs one already."""
    cloud.settings(unique_policy_names=False, speed=1)
    make(cloud, 1, 2, 3)
    create_policy(cloud, "nightly")
    change(cloud, "nightly", 4)
    make(cloud, 1, 2, 3, 4, 5, **SINGLE)
    assert sorted(map(len, spread_in(cloud).values())) == [1, 2, 2] and "nightly" not in spread_in(cloud)
    # A set that has been there for long is not that of a policy which is new.
    create_policy(cloud, "nightly")
    cloud.clock.advance(3600)
    assert "nightly-0001" in refused(cloud, servers=of(1, 2, 3), **SINGLE)["msg"]


def test_a_server_that_joins_another_policy_meanwhile_moves_from_there(cloud: Emulator) -> None:
    run_ok(*old("old", 5), cloud)
    with meanwhile("POST", lambda: change(cloud, "old", 5, 1)):
        make(cloud, 1, 2, 3)
    assert spread_in(cloud) == {"nightly-0001": of(1, 2), "nightly-0002": of(3), "old": of(5)}


def test_a_quota_that_others_use_up_meanwhile_is_told_with_what_was_done(cloud: Emulator) -> None:
    run_ok(*old("old", 3), cloud)
    for number in range(29):
        create_policy(cloud, f"other-{number}")
    with meanwhile("POST", lambda: create_policy(cloud, "last"), calls=2):
        result = refused(cloud, servers=of(1, 2, 3))
    assert result["changed"] is True and result["error_code"] == "CSBS.0001"
    assert "Already done and kept: create backup policy 'nightly-0001'." in result["msg"]
    assert "Put back: put 'srv-0003' back into backup policy 'old'" in result["msg"] and "32" in result["msg"]
    assert [policy["name"] for policy in result["policies"]] == ["nightly-0001"]
    assert protected(cloud) == set(of(1, 2, 3))


def test_a_server_whose_joining_others_overwrite_until_the_end_is_put_back(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_members, "_MAX_WRITES", 2)
    run_ok(*old("old", 3), cloud)
    make(cloud, 1)
    path = policy_in(cloud, "nightly-0001").id
    with meanwhile("PUT", lambda: change(cloud, "nightly-0001", 1), path=path, before=False, times=99):
        result = refused(cloud, servers=of(3), retention={"days": 3})
    assert "Put back: put 'srv-0003' back" in result["msg"] and result["changed"] is True
    assert spread_in(cloud) == {"nightly-0001": of(1), "old": of(3)}


# ========== Several tasks at once ==========
@pytest.mark.parametrize(
    ("machines", "unique", "suffix"), [(1, False, "always"), (3, True, "always"), (3, False, "when_needed")]
)
def test_tasks_that_add_their_servers_at_once_lose_nobody(
    cloud: Emulator, tmp_path: Path, machines: int, unique: bool, suffix: str
) -> None:
    """More servers than fit into one policy, so policies are created at the same time."""
    cloud.settings(unique_policy_names=unique, list_delay=0.3, speed=1)
    tasks = [start(cloud, tmp_path, number % machines, servers=of(number), suffix=suffix) for number in range(1, 4)]
    results = [result_of(process) for process in tasks]
    assert not [result["msg"] for result in results if result.get("failed")]
    assert all(result["changed"] for result in results)
    assert sorted(len(servers) for servers in spread_in(cloud).values()) == [1, 2]
    assert protected(cloud) == set(of(1, 2, 3))
    cloud.journal.clear()
    assert make(cloud, 1, 2, 3, suffix=suffix)["changed"] is False and not cloud.journal.writes()


def test_a_task_that_shrinks_the_set_while_another_adds_loses_nobody(cloud: Emulator, tmp_path: Path) -> None:
    cloud.settings(list_delay=0.3, speed=1)
    make(cloud, 1, 2, 3)
    shrinking = start(cloud, tmp_path, 0, servers=of(1, 2, 3), servers_per_policy=3)
    adding = start(cloud, tmp_path, 1, servers=of(4), servers_per_policy=3)
    results = [result_of(process) for process in (shrinking, adding)]
    assert not [result["msg"] for result in results if result.get("failed")]
    assert protected(cloud) == set(of(1, 2, 3, 4))
    assert all(len(servers) <= 3 for servers in spread_in(cloud).values())
    assert len(make(cloud, 1, 2, 3, 4, servers_per_policy=3)["policies"]) == 2
