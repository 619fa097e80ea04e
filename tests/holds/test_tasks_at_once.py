# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two tasks for one fleet at once, on two machines: backups, a migration, a deletion by rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support.at_once import Task, backups_of, failures, members_in, run_at_once
from tests.support.estate import policy_in
from tests.support.holds import ALL
from tests.support.migrations import marks_in, place_of
from tests.support.modes import one_mode
from tests.support.modules import Args, run_ok

from .conftest import Tried

pytestmark = one_mode

SERVERS = [f"srv-{number:04d}" for number in range(1, 11)]
#: Switched off, so that no run of the schedule comes between
NIGHTLY: Args = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}, "enabled": False}
DAY = 86400.0
# A backup takes six minutes.
SPEED = 60
SERVICES = ["csbs", "cbr"]


@pytest.fixture(autouse=True)
def fleet(cloud: Emulator) -> None:
    """Ten servers in a cloud in which a backup takes some seconds."""
    cloud.settings(speed=SPEED, list_delay=0.3)
    cloud.reset(servers=len(SERVERS))


def in_policy(cloud: Emulator, service: str, servers: list[str] = SERVERS) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "service": service, "servers": servers}, cloud)


@pytest.mark.parametrize("sort", [{"name": "before"}, {"max_age": "1d"}], ids=lambda sort: next(iter(sort)))
@pytest.mark.parametrize("service", SERVICES)
def test_a_backup_of_one_fleet_that_runs_several_times_at_once_makes_one_of_each_server(
    cloud: Emulator, tmp_path: Path, tried: Tried, service: str, sort: Args
) -> None:
    in_policy(cloud, service)
    runs = 4 if ALL else 2
    task: Task = ("csbs_backup", {"service": service, "servers": SERVERS, "poll_interval": 0.5, **sort})
    results = run_at_once(cloud, tmp_path, [task] * runs, runs)
    assert not failures(results)
    assert {server: len(backups) for server, backups in backups_of(cloud, service).items()} == dict.fromkeys(SERVERS, 1)
    for result in results:
        assert [one["status"] for one in result["backups"]] == ["available"] * len(SERVERS)
    cloud.journal.clear()
    assert not run_ok(*task, cloud)["changed"] and not cloud.journal.writes()
    tried("concurrency", "csbs_backup", f"{runs} runs of one fleet backup", runs)


@pytest.mark.parametrize("sort", [{"name": "before"}, {"max_age": "1d"}], ids=lambda sort: next(iter(sort)))
@pytest.mark.parametrize("service", SERVICES)
def test_a_server_of_two_fleets_that_are_backed_up_at_once_has_one_backup(
    cloud: Emulator, tmp_path: Path, tried: Tried, service: str, sort: Args
) -> None:
    in_policy(cloud, service)
    common: Args = {"service": service, "poll_interval": 0.5, **sort}
    fleets = (SERVERS[:6], SERVERS[4:])
    tasks: list[Task] = [("csbs_backup", {**common, "servers": servers}) for servers in fleets]
    results = run_at_once(cloud, tmp_path, tasks, 2)
    assert not failures(results)
    assert {server: len(backups) for server, backups in backups_of(cloud, service).items()} == dict.fromkeys(SERVERS, 1)
    assert [[backup["server"]["name"] for backup in result["backups"]] for result in results] == [*map(list, fleets)]
    for task in tasks:
        assert not run_ok(*task, cloud)["changed"]
    tried("concurrency", "csbs_backup", "2 fleets with common servers", 2)


@pytest.mark.parametrize("service", SERVICES)
def test_a_migration_and_a_task_that_protects_the_same_servers_lose_nobody(
    cloud: Emulator, tmp_path: Path, tried: Tried, service: str
) -> None:
    """What protects them is refused for those that the other service holds, and says so."""
    servers = SERVERS[:5]
    in_policy(cloud, "csbs", servers)
    for name in servers:
        cloud.make_backup(cloud.server(name).id, "old", age=3600)
    move: Task = ("csbs_migration", {"policy": "nightly", "state": "moved", "poll_interval": 0.5})
    protect: Task = ("csbs_policy", {**NIGHTLY, "service": service, "servers": servers})
    moved, protected = run_at_once(cloud, tmp_path, [move, protect], 2)
    assert not any("exception" in result for result in (moved, protected))
    assert not moved.get("failed"), moved["msg"]
    assert not protected.get("failed") or "CBR" in protected["msg"] or "CSBS" in protected["msg"], protected["msg"]
    assert set(map(lambda name: place_of(cloud, name), servers)) <= {"csbs", "nightly"} and not marks_in(cloud)
    run_ok(*move, cloud)
    assert (
        members_in(cloud) == {"csbs nightly": [], "cbr nightly": servers} and not policy_in(cloud, "nightly").resources
    )
    assert {server: len(backups) for server, backups in backups_of(cloud, "cbr").items()} == dict.fromkeys(servers, 1)
    cloud.journal.clear()
    assert not run_ok(*move, cloud)["changed"] and not cloud.journal.writes()
    tried("concurrency", "csbs_migration", f"beside csbs_policy with {service}")


@pytest.mark.parametrize("service", SERVICES)
def test_a_deletion_by_rule_and_a_backup_at_once_keep_what_the_rule_keeps(
    cloud: Emulator, tmp_path: Path, tried: Tried, service: str
) -> None:
    servers = SERVERS[:4]
    in_policy(cloud, service, servers)
    for age in (1, 2, 3):
        for name in servers:
            server_id = cloud.server(name).id
            if service == "csbs":
                cloud.make_backup(server_id, f"old-{age}", age=age * DAY)
            else:
                cloud.make_vault_backup(server_id, cloud.state.cbr.vault_of[server_id], f"old-{age}", age=age * DAY)
    prune: Task = (
        "csbs_backup_prune",
        {"service": service, "servers": servers, "keep_last": 2, "poll_interval": 0.5},
    )
    backup: Task = ("csbs_backup", {"service": service, "servers": servers, "name": "new", "poll_interval": 0.5})
    assert not failures(run_at_once(cloud, tmp_path, [prune, backup], 2))
    run_ok(*prune, cloud)
    held = backups_of(cloud, service)
    assert sorted(held) == servers
    assert {tuple(sorted(name[:5] for name in names)) for names in held.values()} == {("new-0", "old-1")}
    cloud.journal.clear()
    assert not run_ok(*prune, cloud)["changed"] and not run_ok(*backup, cloud)["changed"]
    assert not cloud.journal.writes()
    tried("concurrency", "csbs_backup_prune", "beside csbs_backup")
