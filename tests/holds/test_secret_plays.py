# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret is shown or kept by a command of Ansible, with -vvvv, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import typing as t
import uuid
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.holds import secrets
from tests.holds.conftest import Tried
from tests.holds.echoes import echoing
from tests.support.awx import launch, output
from tests.support.killed_plays import MARK, kill_marked
from tests.support.modes import one_mode
from tests.support.modules import COLLECTION, Args, auth_of, run_ok
from tests.support.safety import GUARD

pytestmark = [pytest.mark.e2e, one_mode]

#: What the user wrote with secrets in it
GIVEN = ("clouds.yaml", "secure.yaml", "vault.yml")
NAMESPACE = COLLECTION.removeprefix("ansible_collections.")
POLICY: Args = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}, "enabled": False}
#: Ansible keeps and tells all that it can.
TALKATIVE = {
    "ANSIBLE_CACHE_PLUGIN": "jsonfile",
    "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.tree,ansible.builtin.junit",
    "ANSIBLE_DISPLAY_TRACEBACK": "always",
    "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
    "ANSIBLE_NOCOLOR": "1",
}
NO_FILE = {"OS_CLOUD": "", "OS_CLIENT_CONFIG_FILE": "", "OS_CLIENT_SECURE_FILE": ""}
PLACES = {
    "ANSIBLE_ASYNC_DIR": "async",
    "ANSIBLE_CACHE_PLUGIN_CONNECTION": "facts",
    "ANSIBLE_CALLBACK_TREE_DIR": "results",
    "ANSIBLE_HOME": "ansible",
    "ANSIBLE_LOG_PATH": "ansible.log",
    "HOME": "home",
    "JUNIT_OUTPUT_DIR": "junit",
    "TMPDIR": "tmp",
    "XDG_RUNTIME_DIR": "locks",
}


class User:
    """Somebody whose login is in clouds.yaml and secure.yaml, and who looks at all that a command leaves."""

    def __init__(self, folder: Path, cloud: Emulator) -> None:
        self.folder, self._cloud = folder, cloud
        for name in ("home", "login", "tmp", "locks"):
            (folder / name).mkdir()
        clouds = cloud.clouds()
        password = clouds["clouds"]["local"]["auth"].pop("password")
        self._write("login/clouds.yaml", clouds)
        self._write("login/secure.yaml", {"clouds": {"local": {"auth": {"password": password}}}})
        self.environment = {
            **os.environ,
            **TALKATIVE,
            **{name: str(folder / place) for name, place in PLACES.items()},
            "OS_CLIENT_CONFIG_FILE": str(folder / "login" / "clouds.yaml"),
            "OS_CLIENT_SECURE_FILE": str(folder / "login" / "secure.yaml"),
            "OS_CLOUD": "local",
            "PWD": str(folder),
        }
        self.shown = ""

    def _write(self, name: str, content: t.Any) -> None:
        (self.folder / name).write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")

    def write_play(self, tasks: list[Args], **keywords: t.Any) -> None:
        """Write a playbook whose tasks may fail."""
        play = {"hosts": "localhost", "gather_facts": False, "ignore_errors": True, **keywords, "tasks": tasks}
        self._write("play.yml", [play])

    def start(self, tool: str, *options: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command of Ansible in a process group of its own."""
        command = [str(Path(sys.executable).with_name(tool)), *options]
        return subprocess.Popen(
            command,
            env={**self.environment, **environment},
            cwd=self.folder,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, tool: str, *options: str, **environment: str) -> str:
        """Run a command of Ansible with -vvvv, and return what it printed."""
        with GUARD.asked({}):
            told = self.start(tool, *options, "-vvvv", **environment).communicate()[0]
        self.shown += told
        return told

    def check(self, hidden: t.Iterable[str]) -> None:
        """Check that no secret was printed, and that none is in any file."""
        found = secrets.leaks(hidden, self.shown + secrets.files_in(self.folder, *GIVEN))
        assert not found, "\n-----\n".join(found)


@pytest.fixture
def hidden(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The secrets of the cloud, all of which must stay hidden."""
    return secrets.secrets_of(cloud, monkeypatch)


@pytest.fixture
def user(tmp_path: Path, cloud: Emulator, hidden: list[str]) -> User:
    return User(tmp_path, cloud)


def test_tasks_with_secrets_of_a_vault_show_none(cloud: Emulator, user: User, hidden: list[str], tried: Tried) -> None:
    """In options, in module_defaults and in a dictionary: good ones and wrong ones, all in one play.

    The keyword environment is not among the ways: Ansible itself shows it with -vvv.
    """
    # A token is good for a day of the cloud, and the play may take long.
    cloud.settings(speed=60)
    wrong, token = secrets.canary("wrong"), cloud.token()
    hidden += [wrong, token]
    usual = auth_of(cloud)["auth"]
    user._write("vault.yml", {"good": usual, "wrong": {**usual, "password": wrong}, "token": token})
    (user.folder / "key").write_text("the key of the vault\n")
    user.environment["ANSIBLE_VAULT_PASSWORD_FILE"] = str(user.folder / "key")
    user.run("ansible-vault", "encrypt", "vault.yml")
    assert (user.folder / "vault.yml").read_text().startswith("$ANSIBLE_VAULT")
    by_token = {"auth_url": usual["auth_url"], "project_id": cloud.project_id, "token": "{{ token }}"}
    info, policy = f"{NAMESPACE}.csbs_policy_info", f"{NAMESPACE}.csbs_policy"
    log = {"sdk_log_path": str(user.folder / "sdk.log"), "sdk_log_level": "DEBUG"}
    cases: dict[str, Args] = {
        "success": {policy: {**POLICY, **log, "auth": "{{ good }}", "auth_type": "password"}},
        "wrong password": {info: {**log, "auth": "{{ wrong }}", "auth_type": "password"}},
        "wrong password, dictionary": {info: {"cloud": {"auth": "{{ wrong }}", "auth_type": "password"}}},
        "token": {info: {**log, "auth": by_token, "auth_type": "token"}, "environment": NO_FILE},
        "background": {info: {"auth": "{{ wrong }}", "auth_type": "password"}, "async": 60, "poll": 1},
        "misplaced": {info: {"auth": "{{ wrong }}", "password": "{{ wrong.password }}"}},
        "module_defaults": {info: {}, "module_defaults": {f"group/{NAMESPACE}.csbs": {"auth": "{{ wrong }}"}}},
    }
    tasks = [{"name": name, **task, "register": "kept"} for name, task in cases.items()]
    facts = {"ansible.builtin.set_fact": {"kept": "{{ kept }}", "cacheable": True}}
    user.write_play([*tasks, facts], vars_files=["vault.yml"])
    told = user.run("ansible-playbook", "play.yml", "--diff")
    assert "failed=0" in told and f"ignored={len(cases) - 2}" in told, told
    assert told.count("the credentials were not accepted") > 4, told
    for place in ("async", "facts", "results", "junit", "ansible.log", "sdk.log"):
        assert (user.folder / place).exists(), place
    user.check(hidden)
    for name in cases:
        tried("secrets", "token" if name == "token" else "password", f"play: {name.split(',')[0]}")


def test_debugging_check_mode_and_an_echo_show_no_secret_of_files_and_variables(
    cloud: Emulator, user: User, hidden: list[str], tried: Tried
) -> None:
    log = {"sdk_log_path": str(user.folder / "sdk.log"), "sdk_log_level": "DEBUG"}
    modules = (f"{NAMESPACE}.csbs_policy_info", f"{NAMESPACE}.csbs_policy")
    user.write_play([{name: {**log, **(POLICY if name == modules[1] else {})}} for name in modules])
    with echoing(cloud, "error_msg with status 403", "/csbs/") as fault:
        told = user.run("ansible-playbook", "play.yml", "--check", "--diff", ANSIBLE_DEBUG="1")
    assert fault.fired and "ignored=2" in told, told
    cloud.faults.clear()
    with echoing(cloud, "HTML page with status 401", "/auth/tokens") as fault:
        variables = {f"OS_{name.upper()}": value for name, value in auth_of(cloud)["auth"].items()}
        told = user.run("ansible-playbook", "play.yml", **NO_FILE, **variables)
    assert fault.fired and "ignored=2" in told, told
    user.check(hidden)
    tried("secrets", "password", "play: echo", 4)


def test_a_run_that_is_killed_leaves_no_secret_of_a_file(
    cloud: Emulator, user: User, hidden: list[str], tried: Tried
) -> None:
    user.write_play([{f"{NAMESPACE}.csbs_policy": {**POLICY, "sdk_log_path": "sdk.log", "sdk_log_level": "DEBUG"}}])
    for number in (signal.SIGTERM, signal.SIGKILL):
        cloud.faults.clear()
        fault = cloud.faults.add(path="/csbs/", hang="before")
        mark = str(uuid.uuid4())
        process = user.start("ansible-playbook", "play.yml", "-vvvv", **{MARK: mark})
        while not fault.fired and process.poll() is None:
            time.sleep(0.05)
        assert fault.fired, process.communicate()[0]
        os.killpg(process.pid, number)
        # A worker of Ansible has a session of its own, and may live on.
        kill_marked(mark)
        user.shown += process.communicate()[0]
        tried("secrets", "password", "play: killed")
    user.check(hidden)


def test_roles_their_reports_and_an_inventory_hold_no_secret(
    cloud: Emulator, user: User, hidden: list[str], tried: Tried
) -> None:
    run_ok("csbs_policy", {**POLICY, "servers": ["srv-0001"]}, cloud)
    given = f"-ecsbs_report_path={user.folder}/report"
    for playbook in ("report", "migrate_to_cbr"):
        assert "failed=0" in user.run("ansible-playbook", f"{NAMESPACE}.{playbook}", "-ecsbs_cloud=local", given)
        tried("secrets", playbook, "success")
    assert {"protection.json", "migration.json"} <= {path.name for path in (user.folder / "report").iterdir()}
    cache = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(user.folder / "cache")}
    user._write("csbs.yml", {"plugin": f"{NAMESPACE}.csbs", "cloud": "local", **cache})
    told = user.run("ansible-inventory", "-i", "csbs.yml", "--list")
    assert "srv-0001" in told and list((user.folder / "cache").iterdir()), told
    with echoing(cloud, "message of Keystone", "/auth/tokens"):
        told = user.run("ansible-inventory", "-i", "csbs.yml", "--list", "--flush-cache")
    assert "Could not log in" in told, told
    user.check(hidden)
    tried("secrets", "inventory", "success")
    tried("secrets", "inventory", "the login server echoes")


@pytest.mark.holds
def test_artifacts_of_awx_hold_no_secret(cloud: Emulator, tmp_path: Path, hidden: list[str], tried: Tried) -> None:
    with echoing(cloud, "error_msg with status 403", "/csbs/.*checkpoint"):
        job = launch("CSBS report", cloud, tmp_path)
    assert not secrets.leaks(hidden, output(job))
    tried("secrets", "AWX", "a service echoes")
