# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The change of a policy's servers, when other writers, throttling and lost answers come in between."""

from __future__ import annotations

import contextlib
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import login as login_cloud
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import members as policy_members
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.csbs import CsbsCloud as Cloud
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.login import AUTH_SPEC
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    FinalError,
    NotFound,
    OutcomeUnknown,
    Outdated,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.policy import SERVER_TYPE
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.clock import Clock
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.executor import execute
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.moves import members_call
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Call, Plan
from tests.emulator import Emulator
from tests.support.estate import create_policy, policy_in
from tests.support.modes import one_mode
from tests.support.modules import auth_of
from tests.support.policy_sets import meanwhile

ACT = "change policy p"


def connect(cloud: Emulator, patience: float = 60) -> Cloud:
    return login_cloud.connect({**dict.fromkeys(AUTH_SPEC), **auth_of(cloud)}, patience)


def entry(cloud: Emulator, name: str) -> dict[str, str]:
    return {"id": cloud.server(name).id, "type": SERVER_TYPE, "name": name}


def members(cloud: Emulator) -> list[str]:
    return sorted(member["name"] for member in policy_in(cloud, "p").resources)


@pytest.fixture
def policy(cloud: Emulator) -> str:
    """The ID of a policy p without servers."""
    cloud.settings(list_delay=0)
    made = create_policy(cloud, "p")
    cloud.journal.clear()
    return made


@pytest.fixture
def several_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes of a cluster share no lock."""
    monkeypatch.setattr(policy_members, "file_lock", lambda kind, key, within: contextlib.nullcontext())


def join(node: Cloud, policy: str, *servers: dict[str, str]) -> None:
    """As a task does it: by a plan, with its retries."""
    execute(Plan((members_call(ACT, policy, add=list(servers)),)), node, Clock(60))


@pytest.mark.usefixtures("several_machines")
def test_a_throttled_change_is_made_anew_with_the_list_as_it_is_then(
    cloud: Emulator, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first writer waits to retry, another server joins; the list read before must not be sent again."""
    first, second = connect(cloud), connect(cloud)
    cloud.faults.add(method="PUT", path="/policies/", status=429, error_code="APIGW.0308", retry_after=3)

    class WhileItWaits(Clock):
        def sleep(self, seconds: float) -> bool:
            join(second, policy, entry(cloud, "srv-0002"))
            return True

    call = members_call(ACT, policy, add=[entry(cloud, "srv-0001")])
    execute(Plan((call,)), first, WhileItWaits(60))
    assert members(cloud) == ["srv-0001", "srv-0002"]
    bodies = [sent["body"]["policy"]["resources"] for sent in cloud.journal.writes()]
    assert [len(body) for body in bodies] == [1, 1, 2]


@pytest.mark.usefixtures("several_machines")
def test_a_writer_that_was_overwritten_writes_again(
    cloud: Emulator, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = connect(cloud)
    plain_update, late = type(node.csbs).update_policy, [True]

    def overwritten(self: t.Any, policy_id: str, **attrs: t.Any) -> t.Any:
        answer = plain_update(self, policy_id, **attrs)
        if late and late.pop():
            # The other writer had read the list before, and replaces it now.
            plain_update(self, policy_id, resources=[entry(cloud, "srv-0002")])
        return answer

    monkeypatch.setattr(type(node.csbs), "update_policy", overwritten)
    node.change_members(ACT, policy, add=[entry(cloud, "srv-0001")])
    assert members(cloud) == ["srv-0001", "srv-0002"]


@pytest.mark.usefixtures("several_machines")
@pytest.mark.parametrize("leaves", [True, False], ids=["leave", "change"])
def test_a_list_with_a_server_that_has_gone_elsewhere_meanwhile_is_read_again(
    cloud: Emulator, policy: str, leaves: bool
) -> None:
    node, second = connect(cloud), connect(cloud)
    elsewhere = create_policy(cloud, "elsewhere")
    join(node, policy, entry(cloud, "srv-0001"), entry(cloud, "srv-0002"))

    def go_elsewhere() -> None:
        second.change_members(ACT, policy, remove=[cloud.server("srv-0002").id])
        join(second, elsewhere, entry(cloud, "srv-0002"))

    with meanwhile("PUT", go_elsewhere):
        if leaves:
            policy_members.PolicyMembers(node, node.csbs).leave(ACT, policy, cloud.server("srv-0001").id)
        else:
            node.change_members(ACT, policy, add=[entry(cloud, "srv-0003")], remove=[cloud.server("srv-0001").id])
    assert members(cloud) == ([] if leaves else ["srv-0003"])


def test_a_server_that_belongs_elsewhere_is_refused_as_the_service_says(cloud: Emulator, policy: str) -> None:
    elsewhere = create_policy(cloud, "elsewhere")
    join(connect(cloud), elsewhere, entry(cloud, "srv-0001"))
    cloud.journal.clear()
    with pytest.raises(CloudError) as refusal:
        connect(cloud).change_members(ACT, policy, add=[entry(cloud, "srv-0001")])
    assert refusal.value.error_code == "CSBS.6004" and len(cloud.journal.writes()) == 1


class SlowTime:
    """A clock that only moves when told; at given times requests of other writers arrive."""

    def __init__(self, *arrivals: tuple[float, t.Callable[[], t.Any]]) -> None:
        self.now, self.arrivals = 0.0, arrivals

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        for arrival, arrive in self.arrivals:
            if self.now < arrival <= self.now + seconds:
                arrive()
        self.now += seconds


def test_the_second_look_waits_as_long_as_a_slow_service_needs(
    cloud: Emulator, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = connect(cloud)
    plain_update = type(node.csbs).update_policy
    # The other writer had read the list before ours was there; its request takes as long as ours, ten seconds.
    clock = SlowTime((18, lambda: plain_update(node.csbs, policy, resources=[entry(cloud, "srv-0002")])))

    def slow_update(self: t.Any, policy_id: str, **attrs: t.Any) -> t.Any:
        clock.now += 10
        return plain_update(self, policy_id, **attrs)

    monkeypatch.setattr(policy_members, "time", clock)
    monkeypatch.setattr(type(node.csbs), "update_policy", slow_update)
    node.change_members(ACT, policy, add=[entry(cloud, "srv-0001")])
    assert members(cloud) == ["srv-0001", "srv-0002"]


@one_mode
def test_a_writer_goes_on_looking_while_others_change_the_list(
    cloud: Emulator, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slowest of three had read the list before the others wrote, and replaces it after the first look."""
    node = connect(cloud)

    def replace(*names: str) -> t.Callable[[], t.Any]:
        return lambda: node.csbs.update_policy(policy, resources=[entry(cloud, name) for name in names])

    clock = SlowTime((0.1, replace("srv-0001", "srv-0002")), (0.7, replace("srv-0002", "srv-0003")))
    monkeypatch.setattr(policy_members, "time", clock)
    node.change_members(ACT, policy, add=[entry(cloud, "srv-0001")])
    assert members(cloud) == ["srv-0001", "srv-0002", "srv-0003"]


@one_mode
def test_a_change_that_others_undo_and_redo_is_looked_at_again(
    cloud: Emulator, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is there when the writer is about to write again; who has put it there may be as slow as the others."""
    node = connect(cloud)
    reads, plain_get = [0], type(node.csbs).get_policy

    def replaced_by_others(self: t.Any, key: str) -> t.Any:
        reads[0] += 1
        lists: dict[int, list[str]] = {2: [], 3: ["srv-0001"], 4: []}
        if reads[0] in lists:
            self.update_policy(key, resources=[entry(cloud, name) for name in lists[reads[0]]])
        return plain_get(self, key)

    monkeypatch.setattr(policy_members, "time", SlowTime())
    monkeypatch.setattr(type(node.csbs), "get_policy", replaced_by_others)
    node.change_members(ACT, policy, add=[entry(cloud, "srv-0001")])
    assert members(cloud) == ["srv-0001"] and reads[0] > 4


@pytest.mark.parametrize(
    "fault", [{"drop": "before"}, {"drop": "after"}, {"status": 502, "effect": True}, {"status": 504}], ids=str
)
def test_a_lost_answer_is_looked_for_and_nothing_is_sent_with_an_old_list(
    cloud: Emulator, policy: str, fault: dict[str, t.Any]
) -> None:
    cloud.faults.add(method="PUT", path="/policies/", **fault)
    had_effect = fault.get("drop") == "after" or bool(fault.get("effect"))
    with pytest.raises(OutcomeUnknown) as lost:
        connect(cloud).change_members(ACT, policy, add=[entry(cloud, "srv-0001")])
    assert lost.value.applied is had_effect
    assert (members(cloud) == ["srv-0001"]) is had_effect
    assert len(cloud.journal.writes()) == 1


@pytest.mark.parametrize(
    "fault", [{"status": 403, "error_code": "CSBS.9009"}, {"status": 404}, {"status": 200, "body": "{}"}], ids=str
)
def test_an_accepted_change_that_cannot_be_looked_at_is_told_as_one(
    cloud: Emulator, policy: str, fault: dict[str, t.Any]
) -> None:
    cloud.faults.add(method="GET", path=f"/policies/{policy}$", skip=1, times=-1, **fault)
    with pytest.raises(CloudError) as failure:
        connect(cloud).change_members(ACT, policy, add=[entry(cloud, "srv-0001")])
    assert failure.value.applied and members(cloud) == ["srv-0001"]


def test_who_is_overwritten_again_and_again_says_so(
    cloud: Emulator, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_members, "_MAX_WRITES", 2)
    node = connect(cloud)
    plain_update = type(node.csbs).update_policy
    monkeypatch.setattr(
        type(node.csbs), "update_policy", lambda self, key, **attrs: plain_update(self, key, resources=[])
    )
    with pytest.raises(FinalError, match="Could not change policy p: other tasks keep changing the servers"):
        node.change_members(ACT, policy, add=[entry(cloud, "srv-0001")])


@pytest.mark.usefixtures("several_machines")
def test_a_policy_that_others_fill_meanwhile_gets_no_more_servers_than_it_may_have(
    cloud: Emulator, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither before the change is written nor after it was overwritten."""
    node = connect(cloud)
    node.change_members(ACT, policy, add=[entry(cloud, "srv-0001")], most=1)
    with pytest.raises(Outdated, match="it would have 2, and it may have 1") as full:
        node.change_members(ACT, policy, add=[entry(cloud, "srv-0002")], most=1)
    assert not full.value.applied and members(cloud) == ["srv-0001"]
    plain_update, late = type(node.csbs).update_policy, [True]

    def overwritten(self: t.Any, policy_id: str, **attrs: t.Any) -> t.Any:
        answer = plain_update(self, policy_id, **attrs)
        if late and late.pop():
            plain_update(self, policy_id, resources=[entry(cloud, name) for name in ("srv-0001", "srv-0003")])
        return answer

    monkeypatch.setattr(type(node.csbs), "update_policy", overwritten)
    with pytest.raises(Outdated) as full:
        node.change_members(ACT, policy, add=[entry(cloud, "srv-0002")], most=2)
    assert full.value.applied and full.value.not_joined and members(cloud) == ["srv-0001", "srv-0003"]


@pytest.mark.parametrize("leaving", [[], ["srv-0001"], ["srv-0001", "srv-0002"]], ids=len)
def test_a_policy_is_deleted_when_it_has_nobody_but_those_who_leave(
    cloud: Emulator, policy: str, leaving: list[str]
) -> None:
    node = connect(cloud)
    if leaving:
        node.change_members(ACT, policy, add=[entry(cloud, name) for name in leaving])
    node.delete_empty_policy(ACT, policy, [cloud.server(name).id for name in leaving])
    assert not cloud.state.policies


def test_a_policy_that_somebody_has_joined_is_not_deleted(cloud: Emulator, policy: str) -> None:
    """The servers of others would be in no policy."""
    node = connect(cloud)
    names = ["srv-0001", "srv-0002", "srv-0003"]
    node.change_members(ACT, policy, add=[entry(cloud, name) for name in names])
    cloud.journal.clear()
    with pytest.raises(Outdated) as refusal:
        node.delete_empty_policy(ACT, policy, [cloud.server("srv-0001").id])
    assert str(refusal.value) == (
        "Could not change policy p: others have put servers into it: 'srv-0002', 'srv-0003'."
        " What to do: run the task again."
    )
    assert not refusal.value.applied and not cloud.journal.writes() and members(cloud) == names


def test_a_policy_that_others_have_deleted_is_not_there(cloud: Emulator, policy: str) -> None:
    connect(cloud).delete_empty_policy(ACT, policy)
    with pytest.raises(NotFound):
        connect(cloud).delete_empty_policy(ACT, policy)
    call = Call(ACT, "delete_empty_policy", {"operation": ACT, "policy": policy}, missing_ok=True)
    assert execute(Plan((call,)), connect(cloud), Clock(60)).answers == {0: None}


@one_mode
def test_tasks_of_one_machine_take_turns(cloud: Emulator, policy: str) -> None:
    cloud.faults.add(method="PUT", path="/policies/", delay=0.2, times=-1)
    names = [f"srv-{number:04d}" for number in range(1, 7)]
    nodes = [connect(cloud) for dummy in names]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda pair: pair[0].change_members(ACT, policy, add=[entry(cloud, pair[1])]), zip(nodes, names)))
    assert members(cloud) == names
    assert len(cloud.journal.writes()) == len(names), "somebody had to write twice"
