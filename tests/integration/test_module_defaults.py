# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A play that sets the service for all modules, with the modules that work with both services at once in it."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support.modes import one_mode
from tests.support.modules import run_ok
from tests.support.plays import changed, own_play

# One mode: nothing here depends on what the service answers.
pytestmark = [pytest.mark.e2e, one_mode]

GROUP, COLLECTION = "group/opentelekomcloud.csbs.csbs", "opentelekomcloud.csbs"
NIGHTLY = {"schedule": {"frequency": "daily", "times": ["02:00"]}, "enabled": False}


def task(module: str, **args: t.Any) -> dict[str, t.Any]:
    return {f"{COLLECTION}.{module}": args or None, "register": "done"}


def that(*facts: str) -> dict[str, t.Any]:
    return {"ansible.builtin.assert": {"that": list(facts), "fail_msg": "{{ done | to_json }}"}}


def run(cloud: Emulator, folder: Path, defaults: dict[str, str], *tasks: dict[str, t.Any]) -> tuple[int, str]:
    play = {"hosts": "localhost", "gather_facts": False, "module_defaults": {GROUP: defaults}, "tasks": list(tasks)}
    return own_play(cloud, folder, [play], {"the_service": "cbr"})


@pytest.mark.parametrize("service", ["cbr", "csbs", "{{ the_service }}"])
def test_a_service_for_all_modules_does_not_stop_those_that_work_with_both(
    cloud: Emulator, tmp_path: Path, service: str
) -> None:
    run_ok("csbs_policy", {"name": "nightly", **NIGHTLY, "servers": ["srv-0001"]}, cloud)
    there = "cbr" if service.startswith("{") else service
    code, told = run(
        cloud,
        tmp_path,
        {"service": service},
        task("csbs_migration_info"),
        that("done.policies | length == 1"),
        task("csbs_migration", policy="nightly"),
        that("done.policy.vaults | length == 1"),
        task("csbs_policy_info"),
        # All other modules have it.
        that(f"(done.policies | map(attribute='vaults') | flatten | length > 0) == {there == 'cbr'}"),
        {"block": [task("csbs_migration_info")], "module_defaults": {GROUP: {"service": "csbs"}}},
    )
    assert (code, changed(told)) == (0, 1), told


def test_all_other_defaults_hold(cloud: Emulator, tmp_path: Path) -> None:
    for module, args in (("csbs_migration_info", {}), ("csbs_migration", {"policy": "nightly"})):
        code, told = run(cloud, tmp_path, {"service": "cbr", "cloud": "of-others"}, task(module, **args))
        assert code and "of-others" in told


@pytest.mark.parametrize("defaults", [{}, {"service": "csbs"}], ids=["no-defaults", "another-default"])
def test_a_task_that_gives_the_service_itself_is_refused(
    cloud: Emulator, tmp_path: Path, defaults: dict[str, str]
) -> None:
    for module, args in (("csbs_migration_info", {}), ("csbs_migration", {"policy": "nightly"})):
        code, told = run(cloud, tmp_path, defaults, task(module, **args, service="cbr"))
        assert code and "Unsupported parameters" in told and "service" in told
