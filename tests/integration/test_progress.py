# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress lines: where people see them, and what programs read instead."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.modes import one_mode
from tests.support.modules import run_ok

# One mode: what is shown does not depend on the service.
pytestmark = [pytest.mark.e2e, one_mode]

LINE = re.compile(r"^csbs_\w+: \[[\w-]+\] \d+/\d+ [a-z ]+, \d+ %, after ", re.MULTILINE)
BACKUP = {"servers": ["srv-0001"], "poll_interval": 0.5}
NIGHTLY = {"schedule": {"frequency": "daily", "times": ["02:00"]}, "enabled": False}
# Writes as the callbacks json and jsonl of ansible.posix do: one document at the end, or one for each event.
CALLBACK = """
import json
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
name: {name}
type: stdout
short_description: Output for programs
description: [Output for programs.]
extends_documentation_fragment: [default_callback]
'''

class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "stdout", "{name}"
    results = []

    def v2_runner_on_ok(self, result):
        self.results.append((getattr(result, "task", None) or result._task).get_name())
        if {each}:
            self._display.display(json.dumps({{"event": "ok"}}))

    def v2_playbook_on_stats(self, stats):
        self._display.display(json.dumps({{"results": self.results}}))
"""


class Folder:
    """A folder with a play, a clouds.yaml and callbacks for programs, in which commands of Ansible run."""

    def __init__(self, path: Path, cloud: Emulator) -> None:
        self.path = path
        callbacks = path / "collections/ansible_collections/ansible/posix/plugins/callback"
        callbacks.mkdir(parents=True)
        for name in ("json", "jsonl"):
            code = CALLBACK.format(name=f"ansible.posix.{name}", each=name == "jsonl")
            (callbacks / f"{name}.py").write_text(code)
        (path / "plugins").mkdir()
        (path / "plugins" / "for_programs.py").write_text(CALLBACK.format(name="for_programs", each=False))
        self.environment = {
            "OS_CLIENT_CONFIG_FILE": str(cloud.write_clouds(path / "clouds.yaml")),
            "OS_CLOUD": "local",
            # ansible-runner looks for ansible-playbook there.
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_CALLBACK_PLUGINS": str(path / "plugins"),
            "ANSIBLE_COLLECTIONS_PATH": str(path / "collections"),
        }

    def play(self, *tasks: dict[str, t.Any], hosts: str = "localhost") -> str:
        """Write a play and return the path of its file."""
        path = self.path / "play.yml"
        path.write_text(yaml.safe_dump([{"hosts": hosts, "gather_facts": False, "tasks": list(tasks)}]))
        return str(path)

    def run(self, tool: str, *options: str, **environment: str) -> str:
        """Run a command that must succeed, and return its standard output."""
        done = subprocess.run(
            [str(Path(sys.executable).with_name(tool)), *options],
            capture_output=True,
            text=True,
            env={**os.environ, **self.environment, **environment},
            cwd=self.path,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def folder(cloud: Emulator, tmp_path: Path) -> Folder:
    cloud.settings(speed=300)
    return Folder(tmp_path, cloud)


def task(module: str, args: dict[str, t.Any], **keywords: t.Any) -> dict[str, t.Any]:
    return {f"opentelekomcloud.csbs.{module}": args, **keywords}


def documents(text: str) -> list[t.Any]:
    """Return the JSON documents of a text that has one on each line and nothing else."""
    return [json.loads(line) for line in text.splitlines()]


# ========== People ==========
def test_several_hosts_and_the_rounds_of_a_loop_show_their_lines(folder: Folder) -> None:
    name = "{{ inventory_hostname }}-{{ item }}"
    play = folder.play(
        task("csbs_backup", {**BACKUP, "name": name, "servers": ["srv-000{{ item }}"]}, loop=[1, 2]), hosts="web,db"
    )
    local = ("-i", "web,db,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}")
    shown = folder.run("ansible-playbook", play, *local)
    for host in ("web", "db"):
        assert shown.count(f"csbs_backup: [{host}] 1/1 backups available, 100 %, after ") == 2, shown


def test_a_module_that_waits_for_a_busy_policy_says_so(folder: Folder, cloud: Emulator) -> None:
    run_ok("csbs_policy", {"name": "nightly", **NIGHTLY}, cloud)
    cloud.faults.add(method="PUT", path="/policies/", status=400, error_code="CSBS.2003", times=3)
    shown = folder.run("ansible-playbook", folder.play(task("csbs_policy", {"name": "nightly", "description": "new"})))
    assert re.search(r"csbs_policy: \[localhost\] 0/1 changes made, 0 %, after \d+s, waiting for what is busy", shown)


def test_results_in_json_for_people_stay_whole_beside_the_lines(folder: Folder) -> None:
    servers = ["srv-0001", "srv-0002", "srv-0003"]
    play = folder.play(task("csbs_backup", {**BACKUP, "name": "b", "servers": servers}))
    shown = folder.run(
        "ansible-playbook", "-v", play, ANSIBLE_CALLBACK_RESULT_FORMAT="json", ANSIBLE_CALLBACK_FORMAT_PRETTY="1"
    )
    found = re.search(r"^changed: \[localhost\] => (\{.*?^\})", shown, re.MULTILINE | re.DOTALL)
    assert "csbs_backup: [localhost] 0/3 backups available, 0 %, after " in shown and found, shown
    assert json.loads(found[1])["backups"][0]["status"] == "available"


def test_a_single_command_shows_the_lines(folder: Folder) -> None:
    args = json.dumps({**BACKUP, "name": "b"})
    assert LINE.search(folder.run("ansible", "localhost", "-m", "opentelekomcloud.csbs.csbs_backup", "-a", args))


def test_check_mode_shows_no_line(folder: Folder) -> None:
    play = folder.play(
        task("csbs_backup", {**BACKUP, "name": "b"}),
        task("csbs_policy", {"name": "nightly", **NIGHTLY}),
    )
    shown = folder.run("ansible-playbook", "--check", play)
    assert "changed=2" in shown and "%, after" not in shown


# ========== Programs ==========
@pytest.mark.parametrize("callback", ["for_programs", "ansible.posix.json", "ansible.posix.jsonl"])
def test_a_callback_for_programs_gets_no_line(callback: str, folder: Folder) -> None:
    play = folder.play(task("csbs_backup", {**BACKUP, "name": "b"}, name="back up"))
    shown = documents(folder.run("ansible-playbook", play, ANSIBLE_STDOUT_CALLBACK=callback))
    assert shown[-1] == {"results": ["back up"]}


def test_a_single_command_with_a_callback_for_programs_gets_no_line(folder: Folder) -> None:
    shown = folder.run(
        "ansible",
        "localhost",
        "-m",
        "opentelekomcloud.csbs.csbs_backup",
        "-a",
        json.dumps({**BACKUP, "name": "b"}),
        ANSIBLE_LOAD_CALLBACK_PLUGINS="1",
        ANSIBLE_STDOUT_CALLBACK="ansible.posix.json",
    )
    assert documents(shown) == [{"results": ["opentelekomcloud.csbs.csbs_backup"]}]


@pytest.mark.parametrize(("callback", "lines"), [("default", True), ("ansible.posix.json", False)])
def test_events_of_ansible_runner_stay_json(callback: str, lines: bool, folder: Folder) -> None:
    """ansible-runner, and so AWX, wraps the callback that the user chose."""
    (folder.path / "project").mkdir()
    play = Path(folder.play(task("csbs_backup", {**BACKUP, "name": "b"}, name="back up")))
    play.rename(folder.path / "project" / "play.yml")
    (folder.path / "inventory").mkdir()
    variables = f"ansible_connection=local ansible_python_interpreter={sys.executable}"
    (folder.path / "inventory" / "hosts").write_text(f"localhost {variables}\n")
    shown = folder.run(
        "ansible-runner", "run", str(folder.path), "-p", "play.yml", "-j", ANSIBLE_STDOUT_CALLBACK=callback
    )
    printed = "\n".join(event["stdout"] for event in documents(shown) if event["stdout"])
    assert bool(LINE.search(printed)) is lines, printed
    if not lines:
        assert json.loads(printed) == {"results": ["back up"]}
