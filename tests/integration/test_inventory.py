# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory as a user has it: ansible-inventory and ansible-playbook with files that name the plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.opentelekomcloud.csbs.plugins.inventory import csbs
from tests.emulator import Emulator
from tests.support.awx import AWX, SETTINGS, credentials
from tests.support.inventory import NAME
from tests.support.modes import one_mode
from tests.support.modules import run_ok

pytestmark = pytest.mark.e2e

TEMPLATE = "{{ lookup('pipe', 'touch evaluated') }}"
STATIC = {"all": {"hosts": {"other": {"ansible_connection": "local"}}}}
PLAY = [
    {
        "hosts": "all",
        "gather_facts": False,
        "connection": "local",
        "tasks": [{"name": "Show", "ansible.builtin.debug": {"msg": "{{ inventory_hostname }}={{ csbs_name }}"}}],
    }
]


class Shell:
    """Runs the tools of Ansible in a folder, with the login of a cloud in the environment."""

    def __init__(self, folder: Path, cloud: Emulator) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "OS_CLIENT_CONFIG_FILE": str(cloud.write_clouds(folder / "clouds.yaml")),
            "OS_CLOUD": "local",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOME": str(folder / "home"),
            "PWD": str(folder),
        }
        self.write("play.yml", PLAY)
        self.write("hosts.yml", STATIC)

    def write(self, name: str, content: t.Any) -> None:
        """Write a YAML file."""
        (self.folder / name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def source(self, name: str = "csbs.yml", **options: t.Any) -> None:
        """Write an inventory file."""
        self.write(name, {"plugin": NAME, **options})

    def run(self, tool: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a tool; stdout and stderr are apart."""
        return subprocess.run(
            [str(Path(sys.executable).with_name(tool)), *arguments],
            capture_output=True,
            text=True,
            env={**self.environment, **environment},
            cwd=self.folder,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def listed(self, *arguments: str, **environment: str) -> dict[str, t.Any]:
        """Return what ansible-inventory --list shows, with plain texts."""
        done = self.run("ansible-inventory", "-i", "csbs.yml", "--list", *arguments, **environment)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        found: dict[str, t.Any] = plain(json.loads(done.stdout))
        return found


def plain(value: t.Any) -> t.Any:
    """Return a value without the marks of texts that are no templates."""
    if isinstance(value, dict):
        return (
            value["__ansible_unsafe"] if set(value) == {"__ansible_unsafe"} else {k: plain(v) for k, v in value.items()}
        )
    return [plain(inner) for inner in value] if isinstance(value, list) else value


@pytest.fixture
def shell(cloud: Emulator, tmp_path: Path) -> Shell:
    cloud.settings(speed=0, list_delay=0)
    return Shell(tmp_path, cloud)


# ========== What it shows ==========
def test_ansible_inventory_lists_servers_with_their_protection(cloud: Emulator, shell: Shell) -> None:
    run_ok(
        "csbs_policy",
        {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}, "servers": ["srv-0001"]},
        cloud,
    )
    cloud.make_backup(cloud.server("srv-0002").id, "young", age=3600)
    shell.source(max_age="24h", ansible_host_from=[{"version": 4}])
    found = shell.listed()
    hosts = found["_meta"]["hostvars"]
    assert len(hosts) == 6
    assert found["csbs_protected"] == {"hosts": ["srv-0001"]} == found["csbs_policy_nightly"]
    assert len(found["csbs_unprotected"]["hosts"]) == len(found["csbs_stale"]["hosts"]) == 5
    assert "srv-0002" not in found["csbs_stale"]["hosts"]
    assert hosts["srv-0002"]["csbs_last_backup"]["name"] == "young" and hosts["srv-0002"]["csbs_compliant"] is True
    assert hosts["srv-0001"]["ansible_host"] == cloud.server("srv-0001").private_ip
    assert hosts["srv-0001"]["csbs_policy"]["name"] == "nightly"


@one_mode
def test_a_play_sees_names_and_evaluates_none(cloud: Emulator, shell: Shell) -> None:
    cloud.add_server(TEMPLATE, metadata={TEMPLATE: TEMPLATE}, tags=[TEMPLATE])
    shell.source(
        strict=True,
        compose={"label": "csbs_name"},
        keyed_groups=[{"key": "csbs_tags", "prefix": "tag"}],
        groups={"mine": "csbs_name != label"},
    )
    shell.write(
        "play.yml",
        [
            {
                **PLAY[0],
                "tasks": [
                    {
                        "name": "Show",
                        "ansible.builtin.debug": {
                            "msg": "{{ inventory_hostname }} {{ label }} {{ csbs_metadata }} {{ csbs_tags }}"
                        },
                    }
                ],
            }
        ],
    )
    done = shell.run("ansible-playbook", "-i", "csbs.yml", "play.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{TEMPLATE} {TEMPLATE} " in done.stdout
    assert not (shell.folder / "evaluated").exists()


@one_mode
def test_a_play_for_localhost_never_goes_to_a_server_of_that_name(cloud: Emulator, shell: Shell) -> None:
    server = cloud.add_server("localhost")
    shell.source(ansible_host_from=[{}])
    shell.write(
        "play.yml", [{**PLAY[0], "hosts": "localhost", "tasks": [{"ansible.builtin.debug": {"var": "ansible_host"}}]}]
    )
    done = shell.run("ansible-playbook", "-i", "csbs.yml", "play.yml")
    assert done.returncode == 0 and server.private_ip not in done.stdout, done.stdout


EXAMPLES = list(yaml.safe_load_all(csbs.EXAMPLES))


@pytest.mark.parametrize("example", EXAMPLES, ids=[str(number) for number in range(len(EXAMPLES))])
@one_mode
def test_the_examples_of_the_documentation_run(cloud: Emulator, shell: Shell, example: dict[str, t.Any]) -> None:
    cloud.change_server(cloud.server("srv-0001").id, metadata={"env": "prod", "role": "web"})
    clouds = yaml.safe_load((shell.folder / "clouds.yaml").read_text())["clouds"]
    shell.write("clouds.yaml", {"clouds": {**clouds, "otc": clouds["local"]}})
    if "cache_connection" in example:
        example = {**example, "cache_connection": str(shell.folder / "cache")}
    shell.write("csbs.yml", example)
    hosts = shell.listed()["_meta"]["hostvars"]
    assert "srv-0001" in hosts
    if "compose" in example:
        assert set(hosts) == {"srv-0001"} and hosts["srv-0001"]["backup_day"] == "never"


@one_mode
def test_the_documentation_can_be_read(shell: Shell) -> None:
    done = shell.run("ansible-doc", "-t", "inventory", NAME)
    assert done.returncode == 0 and "csbs_protected" in done.stdout, done.stderr


# ========== The source of AWX ==========
@one_mode
def test_the_source_of_the_controller_lists_the_fleet(cloud: Emulator, shell: Shell) -> None:
    """With the credential as AWX gives it: a clouds.yaml with one cloud, and nothing else."""
    server = cloud.server("srv-0001")
    cloud.change_server(server.id, metadata={"env": "prod"})
    shell.write("clouds.yaml", credentials(cloud))
    source = (AWX / "project" / SETTINGS["awx_inventory_source"]["path"]).read_text()
    (shell.folder / "csbs.yml").write_text(source)
    del shell.environment["OS_CLOUD"]
    hosts = shell.listed("--export")["_meta"]["hostvars"]
    assert set(hosts) == {"srv-0001"}
    assert hosts["srv-0001"]["csbs_server"] == server.id and hosts["srv-0001"]["ansible_host"] == server.private_ip


# ========== The cache ==========
@one_mode
def test_a_cache_answers_until_it_is_flushed(cloud: Emulator, shell: Shell) -> None:
    shell.source(cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(shell.folder / "cache"))
    first = shell.listed()
    cloud.journal.clear()
    cloud.add_server("new")
    assert shell.listed() == first and list(cloud.journal) == []
    assert "new" in shell.listed("--flush-cache")["_meta"]["hostvars"]
    assert "new" in shell.listed()["_meta"]["hostvars"]


# ========== It fails, and is never empty ==========
def refused(done: subprocess.CompletedProcess[str], path: Path) -> str:
    """Return why a command failed; it must say so in one line, show nothing else, and do nothing."""
    assert done.returncode == 1 and done.stdout == "", done
    (line,) = done.stderr.splitlines()
    assert line.startswith(("[ERROR]: ", "ERROR! ")) and f" {path}: " in line
    assert "Traceback" not in line and "secret" not in line
    return line


UNREACHABLE = {"auth_url": "http://127.0.0.1:9/v3", "username": "u", "password": "secret", "project_name": "p"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"cloud": "nope"}, "Cloud nope was not found"),
        ({"auth": {"password": "secret-but-wrong"}}, "Could not log in"),
        ({"cloud": {"auth": UNREACHABLE, "auth_type": "password"}}, "Could not log in"),
        ({"servers": ["nobody"]}, "no such server: 'nobody'"),
        ({"max_agee": "24h"}, "there is no option max_agee"),
        ({"auth": "secret"}, "auth"),
        ({"strict": True, "compose": {"a": "nothing.at_all"}}, "Could not set a for host"),
        ({"cache": True, "cache_plugin": "ansible.builtin.jsonfile"}, "_uri"),
    ],
)
@one_mode
def test_a_failure_is_one_line_and_a_failed_command(shell: Shell, options: dict[str, t.Any], told: str) -> None:
    shell.source(**options)
    path = shell.folder / "csbs.yml"
    assert told in refused(shell.run("ansible-inventory", "-i", "csbs.yml", "--list"), path)


@pytest.mark.parametrize("sources", [["csbs.yml"], ["hosts.yml", "csbs.yml"], ["csbs.yml", "hosts.yml"], ["folder"]])
@one_mode
def test_a_play_does_not_start_on_an_inventory_that_lacks_the_servers(
    cloud: Emulator, shell: Shell, sources: list[str]
) -> None:
    """Also not on the hosts of the other sources."""
    cloud.faults.add(path="/checkpoint_items", status=403, error_msg="no right", times=-1)
    (shell.folder / "folder").mkdir()
    name = "folder/csbs.yml" if sources == ["folder"] else "csbs.yml"
    shell.source(name)
    shell.write("folder/hosts.yml", STATIC)
    arguments = [argument for source in sources for argument in ("-i", source)]
    for tool, more in (("ansible-playbook", ["play.yml"]), ("ansible-inventory", ["--graph"])):
        assert "no right" in refused(shell.run(tool, *arguments, *more), shell.folder / name)


@one_mode
def test_an_inventory_that_is_read_again_in_a_play_ends_it(cloud: Emulator, shell: Shell) -> None:
    cloud.faults.add(path="/servers/detail", status=403, error_msg="no right", times=-1, skip=1)
    shell.source()
    again = {"name": "Read the inventory again", "ansible.builtin.meta": "refresh_inventory"}
    tasks = [again, {"name": "After it", "ansible.builtin.debug": {"msg": "went on"}}]
    shell.write("play.yml", [{**PLAY[0], "tasks": tasks}])
    done = shell.run("ansible-playbook", "-i", "csbs.yml", "play.yml")
    assert done.returncode == 1 and "no right" in done.stderr and "went on" not in done.stdout, done


@one_mode
def test_filters_that_fit_nothing_are_no_failure(shell: Shell) -> None:
    shell.source(server_filters={"name": "nothing-*"})
    assert shell.listed()["_meta"]["hostvars"] == {}
