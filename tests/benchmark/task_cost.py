# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task with nothing to do costs beside a bare module with openstacksdk: `python -m tests.benchmark.task_cost`.

Each module is packed by ansible-playbook as for any task. The packed files are then run several times, in turns, so
that other work of the machine affects all of them alike. CPU is the time of the process, user and system together.
Own imports are the times of the files of this collection, by PYTHONPROFILEIMPORTTIME.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tests.emulator import Emulator

BARE = "bare_sdk"
NIGHTLY = {
    "name": "nightly",
    "servers": ["srv-0001", "srv-0002"],
    "schedule": {"frequency": "daily", "times": ["02:00"]},
}
#: Tasks that have nothing to do when they run for the second time
TASKS = {
    BARE: {},
    "csbs_policy": NIGHTLY,
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
    "csbs_tag_info": {"resource_type": "policy"},
    "csbs_quota_info": {},
}
# A restore always has something to do.
CHECKED = ("csbs_restore",)
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+\S*opentelekomcloud\.csbs")


def pack(folder: Path, environment: dict[str, str]) -> dict[str, Path]:
    """Run the tasks twice with ansible-playbook, and return by module the file that was sent for the second run."""
    tasks = [
        {name if name == BARE else f"opentelekomcloud.csbs.{name}": args or None, "check_mode": name in CHECKED}
        for name, args in TASKS.items()
    ]
    play = folder / "play.yml"
    play.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], sort_keys=False))
    for number in (1, 2):
        remote = {**environment, "ANSIBLE_KEEP_REMOTE_FILES": "1", "ANSIBLE_REMOTE_TMP": str(folder / f"sent-{number}")}
        command = [str(Path(sys.executable).with_name("ansible-playbook")), str(play)]
        subprocess.run(command, env=remote, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {name: next((folder / "sent-2").glob(f"*/AnsiballZ_{name}.py")) for name in TASKS}


def cpu_of(path: Path, environment: dict[str, str]) -> float:
    """Run a packed module and return its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, str(path)], env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def own_imports(path: Path, environment: dict[str, str]) -> float:
    """Run a packed module and return the milliseconds that importing this collection's files takes."""
    profiled = {**environment, "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run([sys.executable, str(path)], env=profiled, check=True, capture_output=True, text=True)
    return sum(int(number) for number in _IMPORT.findall(done.stderr)) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark.task_cost")
    parser.add_argument("--runs", type=int, default=7, help="how often each module runs (default 7)")
    runs = parser.parse_args().runs
    with Emulator(mode="live", servers=10, speed=600) as cloud, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {
            **os.environ,
            "OS_CLIENT_CONFIG_FILE": str(cloud.write_clouds(folder / "clouds.yaml")),
            "OS_CLOUD": "local",
            "ANSIBLE_LIBRARY": str(Path(__file__).with_name("library")),
            "ANSIBLE_LOCALHOST_WARNING": "0",
        }
        packed = pack(folder, environment)
        seconds: dict[str, list[float]] = {name: [] for name in packed}
        milliseconds: dict[str, list[float]] = {name: [] for name in packed}
        for dummy in range(runs):
            for name, path in packed.items():
                seconds[name].append(cpu_of(path, environment))
                milliseconds[name].append(own_imports(path, environment))
    bare = statistics.median(seconds[BARE])
    print("| module | CPU of a task (ms) | beside the bare SDK module | own imports (ms) |")
    print("|---|---|---|---|")
    for name in packed:
        cpu, own = statistics.median(seconds[name]), statistics.median(milliseconds[name])
        print(f"| `{name}` | {cpu * 1000:.0f} | {cpu / bare:.2f} | {own:.0f} |")


if __name__ == "__main__":
    main()
