# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks and plays that run at once, on one machine or on several, and where servers are afterwards."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

from tests.emulator import Emulator
from tests.support.modules import Args
from tests.support.processes import let_go, result_of, start_task

#: A module and its options
Task = tuple[str, Args]


def run_at_once(cloud: Emulator, folder: Path, tasks: t.Sequence[Task], machines: int) -> list[Args]:
    """Run tasks as forks on one or several machines; all of them begin at the same moment."""
    running: list[subprocess.Popen[str]] = []
    try:
        running += [start_task(cloud, folder, number % machines, *task, held=True) for number, task in enumerate(tasks)]
        let_go(running)
        return [result_of(process) for process in running]
    finally:
        for process in running:
            process.kill()


def failures(results: t.Iterable[Args]) -> list[str]:
    """Return the messages of tasks that failed."""
    return [result["msg"] for result in results if result.get("failed")]


def members_in(cloud: Emulator) -> dict[str, list[str]]:
    """Return by service and name of each policy of both services the names of its servers, as often as it has them."""
    found: dict[str, list[str]] = {}
    with cloud.state.lock:
        for policy in cloud.state.policies.values():
            _put(found, f"csbs {policy.name}", [one["name"] for one in policy.resources])
        store = cloud.state.cbr
        for rule in store.policies.values():
            vaults = [vault for vault in store.vaults.values() if vault.policy_id == rule.id]
            _put(found, f"cbr {rule.name}", [member.name for vault in vaults for member in vault.members.values()])
    return found


def _put(found: dict[str, list[str]], name: str, servers: list[str]) -> None:
    assert name not in found, f"two policies: {name}"
    found[name] = sorted(servers)


def backups_of(cloud: Emulator, service: str) -> dict[str, list[str]]:
    """Return by server the names of its backups that are good or in progress."""
    found: dict[str, list[str]] = {}
    with cloud.state.lock:
        cloud.state.tick()
        backups: t.Any = cloud.state.items if service == "csbs" else cloud.state.cbr.backups
        for backup in backups.values():
            if backup.status not in ("error", "waiting_delete", "deleting"):
                found.setdefault(backup.resource_name, []).append(backup.name)
    return found
