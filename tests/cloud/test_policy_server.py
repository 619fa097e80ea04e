# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_server against the local cloud: moves, many writers, faults, and that nothing else is touched."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import subprocess
import sys
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from openstack.exceptions import SDKException

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import members as policy_members
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.login import AUTH_SPEC, connect
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.clock import Clock
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.executor import execute
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy_server import (
    parse_options as parse_policy_server_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy_server import (
    plan as plan_policy_server,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._sdk.csbs.v1 import _proxy
from tests.emulator import Emulator
from tests.support.estate import create_policy, delete_server, policy_in, set_server
from tests.support.modes import one_mode
from tests.support.modules import auth_of, run_module, run_ok

MODULE = "csbs_policy_server"
# Switched off, so that nothing but the tests changes anything.
RICH = {
    "schedule": {"frequency": "weekly", "days": ["MO", "TH"], "times": ["02:30", "14:30"], "timezone": "Europe/Berlin"},
    "enabled": False,
    "description": "Stays",
    "retention": {"max_backups": 20, "days": 14, "monthly": 12, "timezone": "UTC+01:00"},
    "tags": {"team": "platform"},
}
DEFAULTS: dict[str, t.Any] = {"state": "present", "servers": None, "server_filters": None, "move_servers": True}


@pytest.fixture
def estate(cloud: Emulator) -> Emulator:
    """Policy p with the servers 1 and 2, policy old with 3 and 4; 5 and 6 are in none."""
    for name, servers in (("p", ["srv-0001", "srv-0002"]), ("old", ["srv-0003", "srv-0004"])):
        run_ok("csbs_policy", {"name": name, **RICH, "servers": servers}, cloud)
    cloud.journal.clear()
    return cloud


def join(cloud: Emulator, *servers: t.Any, **args: t.Any) -> dict[str, t.Any]:
    return run_ok(MODULE, {"policy": "p", "servers": list(servers), **args}, cloud)


def leave(cloud: Emulator, *servers: t.Any, **args: t.Any) -> dict[str, t.Any]:
    return join(cloud, *servers, state="absent", **args)


def refused(cloud: Emulator, **args: t.Any) -> dict[str, t.Any]:
    result = run_module(MODULE, {"policy": "p", **args}, cloud)
    assert result.get("failed"), result
    return result


def members(cloud: Emulator, name: str = "p") -> list[str]:
    return [one["name"] for one in policy_in(cloud, name).resources]


def state_of(cloud: Emulator, name: str) -> dict[str, t.Any]:
    """All that the cloud holds of a policy."""
    return copy.deepcopy(vars(policy_in(cloud, name)))


def test_joining_and_leaving_touch_nothing_but_the_members(estate: Emulator) -> None:
    before = {name: state_of(estate, name) for name in ("p", "old")}
    result = join(estate, "srv-0003", "srv-0005")
    assert [one["name"] for one in result["servers"]] == ["srv-0003", "srv-0005"]
    assert [one["name"] for one in result["policy"]["servers"]] == ["srv-0001", "srv-0002", "srv-0003", "srv-0005"]
    assert (members(estate), members(estate, "old")) == (["srv-0001", "srv-0002", "srv-0003", "srv-0005"], ["srv-0004"])
    leave(estate, "srv-0003", "srv-0005")
    join(estate, "srv-0003", policy="old")
    after = {name: state_of(estate, name) for name in ("p", "old")}
    assert sorted(after["old"].pop("resources"), key=str) == sorted(before["old"].pop("resources"), key=str)
    assert after == before


def test_each_write_names_its_policy_and_members_and_no_other_field(estate: Emulator) -> None:
    join(estate, "srv-0003")
    writes = estate.journal.writes()
    assert [entry["path"].rsplit("/", 1)[1] for entry in writes] == [
        policy_in(estate, name).id for name in ("old", "p")
    ]
    assert all(set(entry["body"]["policy"]) == {"resources"} for entry in writes)


def test_a_join_that_is_refused_puts_the_old_membership_back(estate: Emulator) -> None:
    before = {name: state_of(estate, name) for name in ("p", "old")}
    path = f"/policies/{policy_in(estate, 'p').id}$"
    estate.faults.add(method="PUT", path=path, status=400, error_code="CSBS.6033", error_msg="dss")
    result = refused(estate, servers=["srv-0004", "srv-0005"])
    assert result["error_code"] == "CSBS.6033" and "'srv-0004'" in result["msg"] and "Put back" in result["msg"]
    assert {name: state_of(estate, name) for name in ("p", "old")} == before


def test_a_join_of_which_nothing_is_known_is_taken_back_before_the_old_membership_is_restored(
    estate: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = members(estate), members(estate, "old")
    plain_update, new = _proxy.Proxy.update_policy, policy_in(estate, "p").id
    lost = [new]

    def update_and_fail_once(self: t.Any, policy: str, **attrs: t.Any) -> t.Any:
        answer = plain_update(self, policy, **attrs)
        if policy in lost:
            lost.remove(policy)
            assert "srv-0004" in members(estate)
            raise SDKException("others keep changing the servers of the policy")
        return answer

    monkeypatch.setattr(_proxy.Proxy, "update_policy", update_and_fail_once)
    message = refused(estate, servers=["srv-0004"])["msg"]
    assert "Put back" in message and "COULD NOT" not in message
    assert (members(estate), members(estate, "old")) == (before[0], ["srv-0003", "srv-0004"])


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_change_that_was_accepted_and_cannot_be_looked_at_is_told_as_a_change(estate: Emulator, state: str) -> None:
    server = "srv-0003" if state == "present" else "srv-0001"
    path = f"/policies/{policy_in(estate, 'p').id}$"
    estate.faults.add(method="GET", path=path, skip=2, times=-1, status=403, error_code="CSBS.9009")
    result = refused(estate, servers=[server], state=state)
    assert result["changed"] is True and "Already done and kept" in result["msg"]
    assert (server in members(estate)) is (state == "present")
    assert members(estate, "old") == (["srv-0004"] if state == "present" else ["srv-0003", "srv-0004"])


@pytest.mark.parametrize(
    "fault", [{"drop": "before"}, {"drop": "after"}, {"status": 502, "effect": True}, {"status": 504}], ids=str
)
@pytest.mark.parametrize("server", ["srv-0003", "srv-0005"])
def test_a_write_whose_answer_was_lost_is_done_once_and_loses_nobody(
    estate: Emulator, server: str, fault: dict[str, t.Any]
) -> None:
    estate.faults.add(method="PUT", path=f"/policies/{policy_in(estate, 'p').id}$", **fault)
    assert join(estate, server)["changed"] is True
    assert members(estate) == ["srv-0001", "srv-0002", server]
    assert members(estate, "old") == [name for name in ("srv-0003", "srv-0004") if name != server]


@one_mode
def test_many_hosts_join_one_policy_and_none_is_lost(cloud: Emulator, tmp_path: Path) -> None:
    """As forks of a play do: each host a process of its own, each with its own server."""
    cloud.reset(servers=8)
    cloud.settings(list_delay=0)
    create_policy(cloud, "p")
    cloud.write_clouds(tmp_path / "clouds.yaml")
    code = f"import ansible_collections.opentelekomcloud.csbs.plugins.modules.{MODULE} as module; module.main()"
    environment = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml"), "OS_CLOUD": "local"}
    args = [
        json.dumps({"ANSIBLE_MODULE_ARGS": {"policy": "p", "servers": [f"srv-{number:04d}"]}}) for number in range(1, 9)
    ]
    script = "import sys; from ansible.module_utils import basic; basic._ANSIBLE_ARGS = sys.argv[1].encode(); "
    script += "basic._ANSIBLE_PROFILE = 'legacy'; "
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script + code, arg],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for arg in args
    ]
    for process in running:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, out + err
    assert sorted(members(cloud)) == [f"srv-{number:04d}" for number in range(1, 9)]


def test_writers_on_several_machines_join_one_policy_and_none_is_lost(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes of a cluster share no lock; all of them read the empty list before the first of them writes."""
    monkeypatch.setattr(policy_members, "file_lock", lambda kind, key, within: contextlib.nullcontext())
    cloud.settings(list_delay=0)
    create_policy(cloud, "p")
    together = threading.Barrier(6)
    plain_update = _proxy.Proxy.update_policy
    has_met = threading.local()

    def update_together(self: t.Any, policy: str, **attrs: t.Any) -> t.Any:
        if not getattr(has_met, "done", False):
            has_met.done = True
            together.wait(timeout=120)
        return plain_update(self, policy, **attrs)

    monkeypatch.setattr(_proxy.Proxy, "update_policy", update_together)

    def one_host(number: int) -> None:
        node = connect({**dict.fromkeys(AUTH_SPEC), **auth_of(cloud)}, 120)
        make_options = parse_policy_server_options({**DEFAULTS, "policy": "p", "servers": [f"srv-{number:04d}"]})
        execute(plan_policy_server(make_options, node), node, Clock(120))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one_host, range(1, 7)))
    assert sorted(members(cloud)) == [f"srv-{number:04d}" for number in range(1, 7)]


def test_nobody_leaves_for_a_policy_that_is_full(cloud: Emulator) -> None:
    cloud.reset(servers=66)
    run_ok("csbs_policy", {"name": "p", **RICH, "servers": [f"srv-{number:04d}" for number in range(1, 64)]}, cloud)
    run_ok("csbs_policy", {"name": "old", **RICH, "servers": ["srv-0064", "srv-0065"]}, cloud)
    cloud.journal.clear()
    assert "65" in refused(cloud, servers=["srv-0064", "srv-0065"])["msg"]
    assert cloud.journal.writes() == []
    assert join(cloud, "srv-0064")["changed"] is True
    assert (len(members(cloud)), members(cloud, "old")) == (64, ["srv-0065"])


def test_a_broken_server_is_not_moved_but_may_leave(estate: Emulator) -> None:
    set_server(estate, "srv-0003", status="ERROR")
    message = refused(estate, servers=["srv-0003", "srv-0005"])["msg"]
    assert "srv-0003" in message and "ERROR" in message
    assert estate.journal.writes() == []
    assert leave(estate, "srv-0003", policy="old")["changed"] is True
    assert members(estate, "old") == ["srv-0004"]


def test_without_move_servers_a_member_of_another_policy_is_an_error(estate: Emulator) -> None:
    message = refused(estate, servers=["srv-0003", "srv-0005"], move_servers=False)["msg"]
    assert "move_servers" in message and "'old'" in message and policy_in(estate, "old").id in message
    assert estate.journal.writes() == []
    assert join(estate, "srv-0005", move_servers=False)["changed"] is True


@pytest.mark.parametrize("by", ["id", "label"])
def test_a_server_that_no_longer_exists_can_leave(estate: Emulator, by: str) -> None:
    gone = estate.server("srv-0001").id
    delete_server(estate, "srv-0001")
    result = leave(estate, gone if by == "id" else "srv-0001")
    assert result["servers"] == [{"id": gone, "name": "srv-0001"}]
    assert members(estate) == ["srv-0002"]


def test_a_label_that_is_stale_names_nobody(estate: Emulator) -> None:
    policy_in(estate, "p").resources[0]["name"] = "former"
    assert leave(estate, "former")["changed"] is False
    assert leave(estate, "srv-0001")["changed"] is True


def test_what_is_not_there_needs_nothing_to_leave(estate: Emulator) -> None:
    for args in (
        {"servers": ["srv-0005", "unknown"]},
        {"server_filters": {"name": "zzz*"}},
        {"servers": ["srv-0001"], "policy": "unknown"},
    ):
        result = run_ok(MODULE, {"policy": "p", **args, "state": "absent"}, estate)
        assert result["changed"] is False
        assert (result["policy"] is None) is (args.get("policy") == "unknown")
    assert estate.journal.writes() == []


def test_what_is_unknown_or_ambiguous_is_refused_before_anything_is_written(estate: Emulator) -> None:
    twin = estate.add_server(name="srv-0005")
    twin_id = twin["id"] if isinstance(twin, dict) else twin.id
    for state in ("present", "absent"):
        message = refused(estate, servers=["srv-0003", "srv-0005"], state=state)["msg"]
        assert "ambiguous" in message and twin_id in message
    assert "'no-such'" in refused(estate, servers=["srv-0003", "no-such"])["msg"]
    assert "'no-policy'" in refused(estate, policy="no-policy", servers=["srv-0003"])["msg"]
    estate.settings(list_delay=0)
    if estate.state.settings.live:
        other = create_policy(estate, "p")
        for state in ("present", "absent"):
            message = refused(estate, servers=["srv-0003"], state=state)["msg"]
            assert "ambiguous" in message and other in message
    assert [entry for entry in estate.journal.writes() if entry["method"] == "PUT"] == []


def test_a_policy_that_is_deleted_meanwhile_has_no_members(estate: Emulator) -> None:
    path = f"/policies/{policy_in(estate, 'p').id}$"
    # The first look, which plans, still finds it.
    estate.faults.add(method="GET", path=path, status=404, error_code="CSBS.3000", error_msg="gone", skip=1, times=-1)
    result = leave(estate, "srv-0001")
    assert result["policy"] is None


@one_mode
def test_a_fleet_costs_no_request_for_each_server(cloud: Emulator) -> None:
    cloud.reset(servers=60)
    cloud.settings(list_delay=0)
    create_policy(cloud, "p")
    cloud.journal.clear()
    run_ok(MODULE, {"policy": "p", "server_filters": {"name": "*"}}, cloud)
    assert len([entry for entry in cloud.journal if entry["service"] == "csbs"]) <= 8
    assert len(members(cloud)) == 60


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, ["servers", "server_filters"]),
        ({"server_filters": {}}, ["server_filters"]),
        ({"servers": [""]}, ["servers", "''"]),
        ({"policy": " ", "servers": ["a"]}, ["policy"]),
        ({"servers": [f"s{number}" for number in range(65)]}, ["65", "64"]),
    ],
)
@one_mode
def test_bad_input_is_refused_before_the_first_request(
    cloud: Emulator, args: dict[str, t.Any], words: list[str]
) -> None:
    cloud.journal.clear()
    message = refused(cloud, **args)["msg"]
    assert all(word in message for word in words), message
    assert list(cloud.journal) == []
