# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that run as processes of their own, as forks of a play on one or several control nodes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

from tests.emulator import Emulator
from tests.support.modules import COLLECTION, Args

# What a task that is held prints when it could begin
_READY = "ready"


def start_task(
    cloud: Emulator, folder: Path, machine: int, module: str, args: Args, held: bool = False
) -> subprocess.Popen[str]:
    """Start a task on one of several machines, which share no lock. One that is held begins when it is let go."""
    home = folder / f"machine-{machine}"
    home.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "OS_CLIENT_CONFIG_FILE": str(cloud.write_clouds(folder / "clouds.yaml")),
        "OS_CLOUD": "local",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": "",
    }
    wait = f"print({_READY!r}, flush=True); sys.stdin.read(); " if held else ""
    run = (
        "import sys; from ansible.module_utils import basic;"
        " basic._ANSIBLE_ARGS = sys.argv[1].encode(); basic._ANSIBLE_PROFILE = 'legacy'; "
        f"import {COLLECTION}.plugins.modules.{module} as module; {wait}module.main()"
    )
    given = json.dumps({"ANSIBLE_MODULE_ARGS": args})
    return subprocess.Popen(
        [sys.executable, "-c", run, given],
        env=environment,
        stdin=subprocess.PIPE if held else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def let_go(tasks: t.Iterable[subprocess.Popen[str]]) -> None:
    """Let tasks that are held begin at the same moment, when each has loaded its module."""
    held = list(tasks)
    for task in held:
        assert task.stdout is not None and task.stdout.readline().strip() == _READY
    for task in held:
        assert task.stdin is not None
        task.stdin.close()
        task.stdin = None


def result_of(process: subprocess.Popen[str]) -> dict[str, t.Any]:
    """Wait for the end of a task and return its result."""
    out, err = process.communicate(timeout=600)
    assert out, err
    result: Args = json.loads(out.strip().splitlines()[-1])
    return result
