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


def start_task(cloud: Emulator, folder: Path, machine: int, module: str, args: Args) -> subprocess.Popen[str]:
    """Start a task on one of several machines, which share no lock."""
    home = folder / f"machine-{machine}"
    home.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "OS_CLIENT_CONFIG_FILE": str(cloud.write_clouds(folder / "clouds.yaml")),
        "OS_CLOUD": "local",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": "",
    }
    run = (
        "import sys; from ansible.module_utils import basic;"
        " basic._ANSIBLE_ARGS = sys.argv[1].encode(); basic._ANSIBLE_PROFILE = 'legacy'; "
        f"import {COLLECTION}.plugins.modules.{module} as module; module.main()"
    )
    given = json.dumps({"ANSIBLE_MODULE_ARGS": args})
    return subprocess.Popen(
        [sys.executable, "-c", run, given], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def result_of(process: subprocess.Popen[str]) -> dict[str, t.Any]:
    """Wait for the end of a task and return its result."""
    out, err = process.communicate(timeout=600)
    assert out, err
    result: Args = json.loads(out.strip().splitlines()[-1])
    return result
