# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that wait, in the background."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.estate import policy_in
from tests.support.modes import one_mode
from tests.support.modules import load_module, run_ok

pytestmark = pytest.mark.e2e

FAST = {"poll_interval": 0.5}
NIGHTLY = {"schedule": {"frequency": "daily", "times": ["02:00"]}, "enabled": False}
#: Every module that shows its progress, with what it is asked first and, after that, once more
WAITING: dict[str, tuple[dict[str, t.Any], dict[str, t.Any]]] = {
    "csbs_backup": ({"name": "first", "servers": ["srv-0001"]}, {"name": "second", "servers": ["srv-0001"]}),
    "csbs_policy_run": ({"policy": "p", "servers": ["srv-0002"]}, {"policy": "p", "servers": ["srv-0003"]}),
    "csbs_image": ({"backup": "first", "name": "one"}, {"backup": "second", "name": "two"}),
    "csbs_restore": ({"backup": "first", "confirm": True}, {"backup": "second", "confirm": True}),
    "csbs_backup_prune": (
        {"servers": ["srv-0002"], "keep_last": 1},
        {"servers": ["srv-0002"], "keep_last": 1, "include_automatic": True},
    ),
    "csbs_policy": ({"name": "q", **NIGHTLY}, {"name": "q", "description": "changed"}),
    "csbs_policy_server": (
        {"policy": "p", "servers": ["srv-0005"], "state": "absent"},
        {"policy": "p", "servers": ["srv-0006"], "state": "absent"},
    ),
    "csbs_policy_set": ({"name": "s", "servers": ["srv-0005"], **NIGHTLY}, {"name": "s", "servers": ["srv-0006"]}),
    "csbs_tag": (
        {"resource_type": "policy", "resources": ["p"], "tags": {"team": "web"}},
        {"resource_type": "policy", "resources": ["p"], "tags": {"team": "db"}},
    ),
    "csbs_migration": (
        {"policy": "p"},
        # A day goes by in half a minute here.
        {"policy": "p", "state": "moved", "servers": ["srv-0004"], "max_age": "52w"},
    ),
}


def test_every_module_that_shows_its_progress_is_tried_here() -> None:
    plugins = (Path(__file__).parents[2] / "plugins" / "action").glob("csbs_*.py")
    assert set(WAITING) == {path.stem for path in plugins if "ProgressAction" in path.read_text(encoding="utf-8")}


def run_tasks(
    cloud: Emulator, folder: Path, tasks: list[dict[str, t.Any]], **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run tasks in a play on localhost; stdout and stderr are apart."""
    play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    (folder / "play.yml").write_text(yaml.safe_dump([play], sort_keys=False))
    clouds = cloud.write_clouds(folder / "clouds.yaml")
    env = {
        **os.environ,
        "OS_CLIENT_CONFIG_FILE": str(clouds),
        "OS_CLOUD": "local",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_ASYNC_DIR": str(folder / "async"),
    }
    tool = str(Path(sys.executable).with_name("ansible-playbook"))
    return subprocess.run(
        [tool, "play.yml"],
        capture_output=True,
        text=True,
        env={**env, **environment},
        cwd=folder,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def task(module: str, args: dict[str, t.Any], **keywords: t.Any) -> dict[str, t.Any]:
    fast = FAST if "poll_interval" in load_module(module).ARGUMENT_SPEC else {}
    return {"name": module, f"opentelekomcloud.csbs.{module}": {**args, **fast}, **keywords}


@one_mode
def test_every_module_that_waits_runs_in_the_background(cloud: Emulator, tmp_path: Path) -> None:
    run_ok(
        "csbs_policy",
        {"name": "p", "server_filters": {"name": "*"}, **NIGHTLY},
        cloud,
    )
    for age in (3600, 7200, 10800):
        cloud.make_backup(cloud.server("srv-0002").id, name=f"old-{age}", age=age, auto_trigger=age == 10800)
    cloud.make_backup(cloud.server("srv-0004").id, name="before", age=3600)
    tasks = []
    for module, (first, second) in WAITING.items():
        tasks += [
            task(module, first, **{"async": 600, "poll": 0, "register": "job"}),
            {
                "name": f"{module}, looked at with async_status",
                "ansible.builtin.async_status": {"jid": "{{ job.ansible_job_id }}"},
                "register": "ended",
                "until": "ended is finished",
                "retries": 300,
                "delay": 1,
                "failed_when": "ended is failed or not ended.changed",
            },
        ]
    for module, (first, second) in WAITING.items():
        tasks.append(
            task(
                module,
                second,
                **{"async": 600, "poll": 1, "register": "ended", "failed_when": "ended is failed or not ended.changed"},
            )
        )
    done = run_tasks(cloud, tmp_path, tasks)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " failed=0 " in done.stdout and "%, after" not in done.stdout, "nobody listens to a task in the background"
    assert len(cloud.state.images) == 2 and policy_in(cloud, "p")
    assert cloud.server("srv-0004").id in cloud.state.cbr.vault_of
