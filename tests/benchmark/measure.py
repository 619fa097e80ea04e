# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command costs, and the end of all its processes when it is interrupted."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import psutil

from tests.emulator import Emulator

#: Seconds after which something must be wrong
_LIMIT = 900


class Cost(t.NamedTuple):
    """What a command cost, with all processes that it started."""

    seconds: float
    #: Seconds of the processors, user and system
    cpu: float
    #: Of the largest process
    megabytes: float


def environment_for(cloud: Emulator, folder: Path) -> dict[str, str]:
    """Return the environment of commands that work with a cloud, and that write only into a folder."""
    return {
        **os.environ,
        "OS_CLIENT_CONFIG_FILE": str(cloud.write_clouds(folder / "clouds.yaml")),
        "OS_CLOUD": "local",
        "TMPDIR": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
        "ANSIBLE_REMOTE_TMP": str(folder / "remote"),
        "ANSIBLE_LIBRARY": str(Path(__file__).with_name("library")),
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
    }


def cost_of(command: t.Sequence[str], environment: dict[str, str], folder: Path) -> Cost:
    """Run a command to its end in a folder, and return its cost. Raises RuntimeError with its output if it fails."""
    report = folder / "cost.json"
    timed = [sys.executable, "-I", "-S", str(Path(__file__).with_name("timed.py")), str(report), *command]
    # A session of its own: Ctrl-C reaches only this process, which then ends all others.
    process = subprocess.Popen(
        timed,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, dummy = process.communicate(timeout=_LIMIT)
    except BaseException:
        _end(process)
        raise
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{output[-4000:]}")
    return Cost(**json.loads(report.read_text()))


def _end(process: subprocess.Popen[str]) -> None:
    """End a process with all that it has started; workers of ansible-playbook have sessions of their own."""
    started: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process.pid)
        # A stopped process starts no other one.
        while fresh := [child for child in parent.children(recursive=True) if child not in started]:
            _all(fresh, psutil.Process.suspend)
            started += fresh
    _all(started, psutil.Process.kill)
    process.kill()
    process.wait()
    psutil.wait_procs(started, timeout=10)


def _all(processes: t.Iterable[psutil.Process], act: t.Callable[[psutil.Process], None]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            act(process)
