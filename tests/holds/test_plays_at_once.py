# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks that run at once as slices of a job on different nodes, which share neither folders nor locks."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support.at_once import backups_of, members_in
from tests.support.migrations import marks_in
from tests.support.modes import one_mode
from tests.support.modules import Args, run_ok
from tests.support.plays import changed, play, start_play

from .conftest import Tried

pytestmark = [pytest.mark.e2e, one_mode]

DAILY: Args = {"frequency": "daily", "times": ["02:00"]}
POLICY: Args = {"name": "nightly", "schedule": DAILY, "enabled": False}
FAST: Args = {"csbs_poll_interval": 0.5}
#: A playbook and its variables
Play = tuple[str, Args]


def names(first: int, last: int) -> list[str]:
    return [f"srv-{number:04d}" for number in range(first, last + 1)]


def run_at_once(cloud: Emulator, folder: Path, plays: t.Sequence[Play]) -> list[tuple[int, str]]:
    """Run playbooks at once, each on a machine of its own; return their exit codes and what they printed."""
    running: list[subprocess.Popen[str]] = []
    try:
        running += [start_play(cloud, folder / f"node-{number}", *one) for number, one in enumerate(plays)]
        printed = [process.communicate(timeout=600)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    return [(process.returncode, output) for process, output in zip(running, printed)]


def begin(cloud: Emulator, servers: int) -> None:
    """Start with a fleet in a cloud in which a backup takes some seconds."""
    cloud.settings(speed=60, list_delay=0.3)
    cloud.reset(servers=servers)


def all_succeed(done: list[tuple[int, str]]) -> None:
    for code, output in done:
        assert code == 0, output


def has_nothing_to_do(cloud: Emulator, folder: Path, playbook: str, variables: Args) -> None:
    cloud.journal.clear()
    code, output = play(cloud, folder, playbook, variables)
    assert code == 0 and changed(output) == 0 and not cloud.journal.writes(), output


@pytest.mark.parametrize("service", ["csbs", pytest.param("cbr", marks=pytest.mark.holds)])
def test_two_runs_of_one_fleet_backup_make_one_backup_of_each_server(
    cloud: Emulator, tmp_path: Path, tried: Tried, service: str
) -> None:
    begin(cloud, 10)
    run_ok("csbs_policy", {**POLICY, "service": service, "servers": names(1, 10)}, cloud)
    backup: Args = {**FAST, "csbs_service": service, "csbs_servers": names(1, 10), "csbs_backup_name": "before"}
    all_succeed(run_at_once(cloud, tmp_path, [("backup", backup)] * 2))
    assert {server: len(made) for server, made in backups_of(cloud, service).items()} == dict.fromkeys(names(1, 10), 1)
    has_nothing_to_do(cloud, tmp_path, "backup", backup)
    tried("concurrency", "backup", "2 runs of one fleet backup", 2)


@pytest.mark.holds
@pytest.mark.parametrize("service", ["csbs", "cbr"])
def test_slices_that_protect_parts_of_a_fleet_at_once_lose_nobody(
    cloud: Emulator, tmp_path: Path, tried: Tried, service: str
) -> None:
    begin(cloud, 60)
    # The policies of one name that slices create at once are told from others by their age.
    cloud.settings(speed=5)
    given: Args = {**FAST, "csbs_service": service, "csbs_policy": POLICY}
    slices = [names(first, first + 14) for first in range(1, 60, 15)]
    all_succeed(run_at_once(cloud, tmp_path, [("protect", {**given, "csbs_servers": part}) for part in slices]))
    assert members_in(cloud) == {f"{service} nightly": names(1, 60)}
    has_nothing_to_do(cloud, tmp_path, "protect", {**given, "csbs_servers": names(1, 60)})
    tried("concurrency", "protect", "4 slices of 15 servers", 4)


@pytest.mark.holds
@pytest.mark.parametrize("service", ["csbs", "cbr"])
def test_a_migration_while_the_same_fleet_is_protected_loses_nobody(
    cloud: Emulator, tmp_path: Path, tried: Tried, service: str
) -> None:
    begin(cloud, 6)
    run_ok("csbs_policy", {**POLICY, "servers": names(1, 6)}, cloud)
    for name in names(1, 6):
        cloud.make_backup(cloud.server(name).id, "old", age=3600)
    move: Args = {**FAST, "csbs_phase": "move", "csbs_policies": ["nightly"]}
    protect: Args = {**FAST, "csbs_service": service, "csbs_servers": names(1, 6), "csbs_policy": POLICY}
    moved, protected = run_at_once(cloud, tmp_path, [("migrate_to_cbr", move), ("protect", protect)])
    assert moved[0] == 0, moved[1]
    assert "Traceback" not in protected[1] and (protected[0] == 0 or "fatal: " in protected[1]), protected[1]
    has_nothing_to_do(cloud, tmp_path, "migrate_to_cbr", move)
    assert members_in(cloud) == {"csbs nightly": [], "cbr nightly": names(1, 6)} and not marks_in(cloud)
    assert {server: len(made) for server, made in backups_of(cloud, "cbr").items()} == dict.fromkeys(names(1, 6), 1)
    tried("concurrency", "migrate_to_cbr", f"beside protect with {service}")
