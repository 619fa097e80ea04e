# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the collection's playbooks as a user does: ansible-playbook, a clouds.yaml and variables."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import yaml

from tests.emulator import Emulator
from tests.support.safety import GUARD


def play(cloud: Emulator, folder: Path, playbook: str, variables: dict[str, t.Any], *options: str) -> tuple[int, str]:
    """Run a playbook of the collection in a folder; return its exit code and what it printed."""
    return play_with(cloud.write_clouds(folder / "clouds.yaml"), "local", folder, playbook, variables, *options)


def own_play(
    cloud: Emulator, folder: Path, plays: list[dict[str, t.Any]], variables: dict[str, t.Any], *options: str
) -> tuple[int, str]:
    """Run plays of a user, who has the collection's roles in them."""
    return own_play_with(cloud.write_clouds(folder / "clouds.yaml"), "local", folder, plays, variables, *options)


def own_play_with(
    clouds: Path, name: str, folder: Path, plays: list[dict[str, t.Any]], variables: dict[str, t.Any], *options: str
) -> tuple[int, str]:
    """Run plays of a user with a cloud of a clouds.yaml."""
    path = folder / "own.yml"
    path.write_text(yaml.safe_dump(plays, sort_keys=False))
    with GUARD.asked(plays):
        return _run(clouds, name, folder, str(path), variables, *options)


def play_with(
    clouds: Path, name: str, folder: Path, playbook: str, variables: dict[str, t.Any], *options: str
) -> tuple[int, str]:
    """Run a playbook with a cloud of a clouds.yaml."""
    return _run(clouds, name, folder, f"opentelekomcloud.csbs.{playbook}", variables, *options)


def _run(
    clouds: Path, name: str, folder: Path, playbook: str, variables: dict[str, t.Any], *options: str
) -> tuple[int, str]:
    command, environment = command_of(clouds, name, folder, playbook, variables, *options)
    with GUARD.asked(variables):
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=folder, check=False, stdin=subprocess.DEVNULL
        )
    return done.returncode, done.stdout + done.stderr


def start_play(cloud: Emulator, folder: Path, playbook: str, variables: dict[str, t.Any]) -> subprocess.Popen[str]:
    """Start a playbook as a slice of a job on another node: it shares no folder and no lock with others."""
    for name in ("home", "ansible", "temporary", "runtime"):
        (folder / name).mkdir(parents=True, mode=0o700)
    clouds = cloud.write_clouds(folder / "clouds.yaml")
    command, environment = command_of(clouds, "local", folder, f"opentelekomcloud.csbs.{playbook}", variables)
    own = {
        "HOME": folder / "home",
        "ANSIBLE_HOME": folder / "ansible",
        "ANSIBLE_LOCAL_TEMP": folder / "temporary",
        "TMPDIR": folder / "temporary",
        "XDG_RUNTIME_DIR": folder / "runtime",
    }
    return subprocess.Popen(
        command,
        env={**environment, **{name: str(path) for name, path in own.items()}},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def command_of(
    clouds: Path, name: str, folder: Path, playbook: str, variables: dict[str, t.Any], *options: str
) -> tuple[list[str], dict[str, str]]:
    """Write the variables of a playbook; return the command that runs it in a folder, and its environment."""
    (folder / "vars.json").write_text(json.dumps(variables))
    environment = {
        **os.environ,
        "OS_CLIENT_CONFIG_FILE": str(clouds),
        "OS_CLOUD": name,
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "PWD": str(folder),
    }
    tool = str(Path(sys.executable).with_name("ansible-playbook"))
    return [tool, playbook, "-e", f"@{folder / 'vars.json'}", *options], environment


def changed(output: str) -> int:
    """Return how many tasks changed something, on all hosts together."""
    found = re.findall(r"changed=(\d+)", output)
    assert found, output
    return sum(map(int, found))


def inventory(folder: Path, hosts: t.Iterable[str], **variables: t.Any) -> str:
    """Write an inventory of other names of this machine, with variables for all; return the option that uses it."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **variables}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": dict.fromkeys(hosts), "vars": local}}))
    return f"--inventory={folder / 'hosts.json'}"
