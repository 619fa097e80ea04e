# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies that several tasks create at once, and creations whose answer is lost while lists are late."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import SECONDS_UNTIL_LISTED
from tests.emulator import Emulator
from tests.support.estate import create_policy, policy_in
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok
from tests.support.processes import result_of, start_task

# One mode: what differs between them here, whether names are unique, is told by each test.
pytestmark = one_mode

NIGHTLY: dict[str, t.Any] = {
    "name": "nightly",
    "schedule": {"frequency": "daily", "times": ["02:00"]},
    "enabled": False,
}


def create_at_once(cloud: Emulator, folder: Path, hosts: int, machines: int) -> list[dict[str, t.Any]]:
    """Each host a process of its own, with its own server, as forks of a play on one or several control nodes."""
    running = [
        start_task(cloud, folder, number % machines, "csbs_policy", {**NIGHTLY, "servers": [f"srv-{number:04d}"]})
        for number in range(1, hosts + 1)
    ]
    results = [result_of(process) for process in running]
    assert all(process.returncode == 0 for process in running), results
    return results


@pytest.mark.parametrize("unique", [True, False], ids=["unique-names", "names-not-unique"])
@pytest.mark.parametrize("machines", [1, 4], ids=["one-machine", "four-machines"])
def test_hosts_that_create_one_policy_at_once_make_one_with_all_their_servers(
    cloud: Emulator, tmp_path: Path, machines: int, unique: bool
) -> None:
    cloud.settings(unique_policy_names=unique, list_delay=1, speed=1)
    results = create_at_once(cloud, tmp_path, 4, machines)
    policies = list(cloud.state.policies.values())
    assert [policy.name for policy in policies] == ["nightly"]
    assert sorted(server["name"] for server in policies[0].resources) == [f"srv-{number:04d}" for number in range(1, 5)]
    assert {result["policy"]["id"] for result in results} == {policies[0].id}
    assert all(result["changed"] for result in results)


def test_a_name_that_two_policies_have_for_long_is_ambiguous_at_once(cloud: Emulator) -> None:
    """Only two that are new may be about to become one."""
    cloud.settings(unique_policy_names=False, list_delay=0)
    made = [create_policy(cloud, "nightly") for dummy in range(2)]
    cloud.clock.advance(3600)
    cloud.journal.clear()
    for module, args in (
        ("csbs_policy", NIGHTLY),
        ("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0001"]}),
    ):
        result = run_module(module, args, cloud)
        assert result["failed"] and all(one in result["msg"] for one in made)
    assert len(cloud.journal.select(path="/policies$")) == 2


def test_a_name_that_somebody_takes_meanwhile_is_used_and_not_refused(cloud: Emulator) -> None:
    """The look before the creation does not show the policy yet; the service knows it already."""
    cloud.settings(unique_policy_names=True, list_delay=4)
    other = create_policy(cloud, "nightly")
    result = run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    assert result["policy"]["id"] == other and [one["name"] for one in result["policy"]["servers"]] == ["srv-0001"]
    assert [policy.id for policy in cloud.state.policies.values()] == [other]


def test_a_name_that_stays_taken_by_what_no_list_shows_is_an_error_in_the_end(cloud: Emulator) -> None:
    cloud.faults.add(
        method="POST", path="/policies$", status=400, error_code="CSBS.9007", error_msg="duplicate", times=-1
    )
    result = run_module("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"], "timeout": 12}, cloud)
    assert result["failed"] and result["error_code"] == "CSBS.9007" and result["changed"] is False, result["msg"]


@pytest.mark.parametrize("unique", [True, False], ids=["unique-names", "names-not-unique"])
@pytest.mark.parametrize("fault", [{"drop": "after"}, {"status": 504, "effect": True}], ids=["dropped", "gateway"])
def test_a_creation_whose_answer_is_lost_is_found_in_lists_that_are_late(
    cloud: Emulator, fault: dict[str, t.Any], unique: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server has left its old policy before, and must not be put back while it is in the new one."""
    monkeypatch.undo()
    assert SECONDS_UNTIL_LISTED >= 30
    run_ok("csbs_policy", {**NIGHTLY, "name": "old", "servers": ["srv-0001"]}, cloud)
    cloud.settings(unique_policy_names=unique, list_delay=9)
    cloud.faults.add(method="POST", path="/policies$", **fault)
    result = run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    assert sorted(policy.name for policy in cloud.state.policies.values()) == ["nightly", "old"]
    assert policy_in(cloud, "old").resources == []
    assert result["policy"]["id"] == policy_in(cloud, "nightly").id
    assert [one["name"] for one in policy_in(cloud, "nightly").resources] == ["srv-0001"]


# ========== What a failed task says of what it changed ==========
def test_a_created_policy_that_cannot_be_read_is_told_with_its_id(cloud: Emulator) -> None:
    cloud.faults.add(method="GET", path="/policies/[^/]+$", status=403, error_code="CSBS.9009", times=-1)
    result = run_module("csbs_policy", NIGHTLY, cloud)
    assert result["failed"] and result["changed"] is True and result["error_code"] == "CSBS.9009"
    assert result["policy"]["id"] == policy_in(cloud, "nightly").id


def test_an_update_whose_tags_are_refused_is_told_as_changed_with_the_policy_as_it_is(cloud: Emulator) -> None:
    run_ok("csbs_policy", NIGHTLY, cloud)
    cloud.faults.add(method="POST", path="/csbs_backup_policy/[^/]+/tags", status=403, error_code="CSBS.9009", times=-1)
    result = run_module("csbs_policy", {"name": "nightly", "description": "new", "tags": {"a": "1", "b": "2"}}, cloud)
    assert result["failed"] and result["changed"] is True and "Already done and kept" in result["msg"]
    assert (result["policy"]["description"], result["policy"]["tags"]) == ("new", {})


def test_what_the_timeout_cut_off_is_named(cloud: Emulator) -> None:
    run_ok("csbs_policy", NIGHTLY, cloud)
    cloud.faults.add(method="PUT", path="/policies/", status=429, error_code="APIGW.0308", times=-1)
    result = run_module(
        "csbs_policy", {"name": "nightly", "description": "new", "tags": {"a": "1"}, "timeout": 12}, cloud
    )
    assert result["failed"] and result["changed"] is False
    assert (
        result["not_started"] == ["set a tag of policy 'nightly'"] and "It was tried until the timeout" in result["msg"]
    )


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_write_that_is_accepted_and_does_nothing_is_no_success(cloud: Emulator, state: str) -> None:
    run_ok("csbs_policy", NIGHTLY, cloud)
    cloud.faults.add(
        method="PUT" if state == "present" else "DELETE", path="/policies/", status=200, body="{}", times=-1
    )
    args = {"name": "nightly", "description": "new"} if state == "present" else {"name": "nightly", "state": "absent"}
    result = run_module("csbs_policy", args, cloud)
    assert result["failed"] and "The service accepted the change, but policy 'nightly'" in result["msg"]
    assert result["changed"] is False
