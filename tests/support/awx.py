# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Launches the job templates of docs/awx as AWX does: ansible-runner, a credentials file, survey answers, slices."""

from __future__ import annotations

import shutil
import sys
import typing as t
from pathlib import Path

import ansible_runner
import yaml

from tests.emulator import Emulator

AWX = Path(__file__).parents[2] / "docs" / "awx"
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
TYPES: dict[str, type] = {"text": str, "integer": int, "multiplechoice": str}
Vars = dict[str, t.Any]


class Loader(yaml.SafeLoader):
    """Reads what Ansible marks as not to be templated yet."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
SETTINGS: Vars = yaml.load((AWX / "settings.yml").read_text(), Loader)  # noqa: S506 - a safe loader
TEMPLATES: dict[str, Vars] = {template["name"]: template for template in SETTINGS["awx_templates"]}


def questions(template: Vars) -> list[Vars]:
    """Return the questions of a template's survey."""
    found: list[Vars] = template.get("survey", {}).get("spec", [])
    return found


def extra_vars(template: Vars, answers: Vars) -> Vars:
    """Return what a job gets: the template's variables, then the survey's defaults, then the answers. AWX refuses answers of another type."""
    given = dict(template.get("extra_vars", {}))
    for question in questions(template):
        name, default = question["variable"], question.get("default")
        if default is not None:
            given[name] = default
        if name in answers:
            given[name] = answers[name]
        if name not in given:
            assert not question["required"], f"{name} is not answered"
            continue
        assert type(given[name]) is TYPES[question["type"]], f"AWX refuses {given[name]!r} for {name}"
        assert given[name] in question.get("choices", [given[name]])
    assert not set(answers) - {question["variable"] for question in questions(template)}, "AWX lets nobody answer what is not asked"
    return given


def credentials(cloud: Emulator) -> Vars:
    """Return the clouds.yaml that AWX makes of its OpenStack credential."""
    local = cloud.clouds()["clouds"]["local"]
    auth = local["auth"]
    return {
        "clouds": {
            "devstack": {
                "auth": {
                    "auth_url": auth["auth_url"],
                    "username": auth["username"],
                    "password": auth["password"],
                    "project_name": auth["project_name"],
                    "project_domain_name": auth["project_domain_name"],
                    "domain_name": auth["user_domain_name"],
                },
                "verify": True,
                "region_name": local["region_name"],
            }
        }
    }


def launch(
    name: str, cloud: Emulator, folder: Path, answers: Vars | None = None, check: bool = False, hosts: t.Sequence[str] = ("localhost",), **more: t.Any
) -> t.Any:
    """Run a job of a template and return ansible-runner's runner.

    hosts are the part of the inventory that the job's slice has; more are variables of the test's own, such as a shorter poll interval.
    """
    template = TEMPLATES[name]
    shutil.copytree(AWX / "project", folder / "project")
    for part in ("inventory", "env"):
        (folder / part).mkdir()
    inventory = {"all": {"hosts": {host: LOCAL for host in hosts}}}
    (folder / "inventory" / "hosts.yml").write_text(yaml.safe_dump(inventory))
    clouds = folder / "env" / "tmp-credential"
    clouds.write_text(yaml.safe_dump(credentials(cloud)))
    check = check or template.get("job_type") == "check"
    return ansible_runner.run(
        private_data_dir=str(folder),
        playbook=template["playbook"],
        extravars={**extra_vars(template, answers or {}), **more},
        envvars={"OS_CLIENT_CONFIG_FILE": str(clouds), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "ANSIBLE_FORCE_COLOR": "0"},
        cmdline="--diff --check" if check else "--diff",
        quiet=True,
    )


def output(runner: t.Any) -> str:
    """Return what a job printed, and all that its artifacts hold of it."""
    return "".join(path.read_text() for path in Path(runner.config.artifact_dir).rglob("*") if path.is_file())


def changed(runner: t.Any) -> int:
    """Return how many tasks of a job that ended well changed something."""
    assert runner.status == "successful", runner.stdout.read()
    return sum(runner.stats["changed"].values())
