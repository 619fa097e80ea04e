# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of a task: requests that never end, submissions that take longer than there is time, lists that are late."""

from __future__ import annotations

import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

# One mode: time passes in both alike.
pytestmark = one_mode

NIGHTLY: dict[str, t.Any] = {
    "name": "nightly",
    "schedule": {"frequency": "daily", "times": ["02:00"]},
    "enabled": False,
}
FLEET = [f"srv-{number:04d}" for number in range(1, 7)]


@pytest.mark.parametrize(
    "path", ["/servers/detail", "/checkpoint_items", "/auth/tokens"], ids=["servers", "backups", "login"]
)
def test_a_request_that_is_never_answered_ends_with_the_task_and_nothing_is_started(cloud: Emulator, path: str) -> None:
    cloud.faults.add(path=path, hang="before", times=-1)
    result = run_module("csbs_backup", {"name": "b", "servers": FLEET[:1], "timeout": 8}, cloud)
    assert result["failed"] and result["changed"] is False and "cannot be reached" in result["msg"]
    assert cloud.journal.writes() == []


@pytest.mark.parametrize("hang", ["before", "after"])
def test_a_submission_that_is_never_answered_is_looked_for_and_never_made_twice(cloud: Emulator, hang: str) -> None:
    cloud.faults.add(method="POST", path="/resources/[^/]+/action$", hang=hang)
    made = run_ok("csbs_backup", {"name": "b", "servers": FLEET[:1], "api_timeout": 2, "poll_interval": 0.2}, cloud)
    assert made["backups"][0]["status"] == "available" and len(cloud.state.items) == 1


def test_what_there_is_no_time_for_is_not_started_and_named(cloud: Emulator) -> None:
    cloud.settings(speed=1)
    cloud.faults.add(method="POST", path="/resources/[^/]+/action$", delay=4, times=-1)
    result = run_module("csbs_backup", {"name": "b", "servers": FLEET, "concurrency": 1, "timeout": 14}, cloud)
    assert result["failed"] and result["changed"] is True
    started = {backup["server"]["name"] for backup in result["backups"]}
    assert 0 < len(started) < len(FLEET)
    # One more may have been under way when the time was over. It is told as such, and never sent again.
    under_way = [name for name in FLEET if f"Could not back up server {name!r}" in result["msg"]]
    assert len(under_way) <= 1 and not started & set(under_way)
    left = [f"back up server {name!r}" for name in FLEET if name not in (*started, *under_way)]
    assert result["not_started"] == left and all(operation in result["msg"] for operation in left)
    assert len(cloud.state.items) <= len(started) + len(under_way)


def test_deletions_there_is_no_time_for_are_not_started_and_named(cloud: Emulator) -> None:
    for name in FLEET:
        cloud.make_backup(cloud.server(name).id, name="b")
    cloud.faults.add(method="DELETE", delay=4, times=-1)
    result = run_module(
        "csbs_backup", {"name": "b", "state": "absent", "concurrency": 1, "timeout": 14, "wait": False}, cloud
    )
    assert result["failed"] and result["changed"] is True
    # One more may have been under way when the time was over.
    under_way = result["msg"].count("Could not delete backup")
    assert 0 < len(result["backups"]) < len(FLEET) and under_way <= 1
    assert len(result["backups"]) + under_way + len(result["not_started"]) == len(FLEET)


def test_a_pause_that_the_service_asks_for_does_not_outlast_the_task(cloud: Emulator) -> None:
    cloud.faults.add(path="/servers/detail", status=429, error_code="APIGW.0308", retry_after=3600, times=-1)
    result = run_module("csbs_backup", {"name": "b", "servers": FLEET[:1], "timeout": 30}, cloud)
    assert result["failed"] and result["status"] == 429


@pytest.mark.parametrize("args", [{"name": "b"}, {"max_age": "24h"}, {}], ids=["by-name", "by-age", "without-name"])
@pytest.mark.parametrize(
    "fault", [{"drop": "after"}, {"status": 200, "body": "<html>", "effect": True}], ids=["dropped", "proxy"]
)
def test_a_backup_whose_answer_is_lost_is_found_in_lists_that_are_late(
    cloud: Emulator, args: dict[str, t.Any], fault: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    cloud.settings(list_delay=9)
    cloud.faults.add(method="POST", path="/resources/[^/]+/action$", **fault)
    made = run_ok("csbs_backup", {**args, "servers": FLEET[:1], "poll_interval": 1}, cloud)
    assert len(made["backups"]) == len(cloud.state.items) == 1


def test_a_run_whose_answer_is_lost_is_found_in_lists_that_are_late(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    run_ok("csbs_policy", {**NIGHTLY, "servers": FLEET[:2]}, cloud)
    cloud.settings(list_delay=9)
    cloud.faults.add(method="POST", path="/checkpoints$", drop="after")
    made = run_ok("csbs_policy_run", {"policy": "nightly", "poll_interval": 1}, cloud)
    assert len(made["backups"]) == len(cloud.state.items) == 2
