# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task with nothing to do costs beside a bare module with openstacksdk.

Each module is packed by ansible-playbook as for any task. The packed files are then run several times, in turns, so
that other work of the machine affects all of them alike. CPU is the time of the process, user and system together.
Own imports are the times of the files of this collection, by PYTHONPROFILEIMPORTTIME.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import typing as t
from pathlib import Path

import yaml

from tests.emulator import Emulator

from .figures import TaskCost
from .measure import cost_of, environment_for
from .promises import BARE_TASK

NIGHTLY = {
    "name": "nightly",
    "servers": ["srv-0001", "srv-0002"],
    "schedule": {"frequency": "daily", "times": ["02:00"]},
}
#: Tasks that have nothing to do when they run for the second time
TASKS: dict[str, dict[str, t.Any]] = {
    BARE_TASK: {},
    "csbs_policy": NIGHTLY,
    "csbs_policy_set": {**NIGHTLY, "name": "fleet", "servers": ["srv-0003"]},
    "csbs_policy_server": {"policy": "nightly", "servers": ["srv-0001"]},
    "csbs_policy_run": {"policy": "nightly", "max_age": "24h", "poll_interval": 0.1},
    "csbs_backup": {"servers": ["srv-0001"], "name": "before", "poll_interval": 0.1},
    "csbs_backup_prune": {"servers": ["srv-0001"], "keep_last": 5},
    "csbs_image": {"backup": "before", "name": "golden", "poll_interval": 0.1},
    "csbs_restore": {"backup": "before"},
    "csbs_tag": {"resources": ["nightly"], "resource_type": "policy", "tags": {"team": "web"}},
    "csbs_policy_info": {"name": "nightly"},
    "csbs_backup_info": {"servers": ["srv-0001"]},
    "csbs_protection_info": {},
    "csbs_audit_info": {},
    "csbs_tag_info": {"resource_type": "policy"},
    "csbs_quota_info": {},
    "csbs_migration_info": {},
    "csbs_migration": {"policy": "nightly"},
}
# A restore always has something to do.
CHECKED = ("csbs_restore",)
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+\S*opentelekomcloud\.csbs")


def pack(tasks: dict[str, dict[str, t.Any]], folder: Path, environment: dict[str, str]) -> dict[str, Path]:
    """Run the tasks twice with ansible-playbook, and return by module the file that was sent for the second run."""
    play = [
        {name if name == BARE_TASK else f"opentelekomcloud.csbs.{name}": args or None, "check_mode": name in CHECKED}
        for name, args in tasks.items()
    ]
    path = folder / "play.yml"
    path.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": play}], sort_keys=False))
    for number in (1, 2):
        remote = {**environment, "ANSIBLE_KEEP_REMOTE_FILES": "1", "ANSIBLE_REMOTE_TMP": str(folder / f"sent-{number}")}
        cost_of([str(Path(sys.executable).with_name("ansible-playbook")), str(path)], remote, folder)
    return {name: next((folder / "sent-2").glob(f"*/AnsiballZ_{name}.py")) for name in tasks}


def own_imports(path: Path, environment: dict[str, str]) -> float:
    """Run a packed module and return the milliseconds that importing this collection's files takes."""
    profiled = {**environment, "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run([sys.executable, str(path)], env=profiled, check=True, capture_output=True, text=True)
    return sum(int(number) for number in _IMPORT.findall(done.stderr)) / 1000


def measure(folder: Path, tasks: dict[str, dict[str, t.Any]], rounds: int) -> dict[str, TaskCost]:
    """Run each packed task in turn, and return the medians by module."""
    with Emulator(mode="live", servers=10, speed=600) as cloud:
        environment = environment_for(cloud, folder)
        packed = pack(tasks, folder, environment)
        costs: dict[str, list[TaskCost]] = {name: [] for name in packed}
        for dummy in range(rounds):
            for name, path in packed.items():
                seconds = cost_of([sys.executable, str(path)], environment, folder).cpu
                costs[name].append(TaskCost(seconds * 1000, own_imports(path, environment)))
    return {name: TaskCost(*map(statistics.median, zip(*samples))) for name, samples in costs.items()}


def table(costs: dict[str, TaskCost]) -> str:
    """Return the table of ARCHITECTURE.md."""
    lines = ["| module | CPU of a task (ms) | beside the bare SDK module | own imports (ms) |", "|---|---|---|---|"]
    for name, cost in costs.items():
        lines.append(f"| `{name}` | {cost.cpu:.0f} | {cost.cpu / costs[BARE_TASK].cpu:.2f} | {cost.own_imports:.0f} |")
    return "\n".join(lines)
