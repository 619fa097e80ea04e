# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Launches the job templates of docs/awx as AWX does: ansible-runner, a credentials file, survey answers, slices."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import ansible_runner
import yaml

from tests.emulator import Emulator

AWX = Path(__file__).parents[2] / "docs" / "awx"
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
TYPES: dict[str, type] = {"text": str, "integer": int, "multiplechoice": str}
ENVIRONMENT = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "ANSIBLE_FORCE_COLOR": "0"}
Vars = dict[str, t.Any]
SETTINGS: Vars = yaml.safe_load((AWX / "settings.yml").read_text())
TEMPLATES: dict[str, Vars] = {template["name"]: template for template in SETTINGS["awx_templates"]}


def questions(template: Vars) -> list[Vars]:
    """Return the questions of a template's survey."""
    found: list[Vars] = template.get("survey", {}).get("spec", [])
    return found


def extra_vars(template: Vars, answers: Vars) -> Vars:
    """Return a job's variables: the template's, then defaults of the survey, then answers, whose types AWX checks."""
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
        assert given[name].__class__ is TYPES[question["type"]], f"AWX refuses {given[name]!r} for {name}"
        assert given[name] in question.get("choices", [given[name]])
    assert not set(answers) - {question["variable"] for question in questions(template)}, (
        "AWX lets nobody answer what is not asked"
    )
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
    name: str,
    cloud: Emulator,
    folder: Path,
    answers: Vars | None = None,
    check: bool = False,
    hosts: t.Sequence[str] = ("localhost",),
    tasks: str | None = None,
    **more: t.Any,
) -> t.Any:
    """Run a job of a template and return ansible-runner's runner.

    hosts are the part of the inventory that the job's slice has; tasks replace the project's tasks/patch.yml; more are
    variables of the test, such as a shorter poll interval.
    """
    template = TEMPLATES[name]
    shutil.copytree(AWX / "project", folder / "project")
    if tasks is not None:
        (folder / "project" / "tasks" / "patch.yml").write_text(tasks)
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
        envvars={**ENVIRONMENT, "OS_CLIENT_CONFIG_FILE": str(clouds)},
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


def artifacts(runner: t.Any) -> Vars:
    """Return what AWX keeps of a job as its artifacts: what set_stats handed on."""
    found: Vars = next(event for event in runner.events if event["event"] == "playbook_on_stats")["event_data"]
    return t.cast(Vars, found["artifact_data"])


class Loader(yaml.SafeLoader):
    """Reads what Ansible is not to template as what is not to be templated."""


Loader.add_constructor("!unsafe", lambda loader, node: f"{{% raw %}}{loader.construct_scalar(node)}{{% endraw %}}")


def refusals(folder: Path) -> list[str]:
    """Return what the modules of awx.awx would refuse in controller.yml; each task validates in place of its module."""
    play = yaml.load((AWX / "controller.yml").read_text(), Loader)[0]  # noqa: S506 - a safe loader
    modules = [next(key for key in task if key.startswith("awx.awx.")) for task in play["tasks"]]
    options = documented(modules)
    for module, task in zip(modules, play["tasks"]):
        task["ansible.builtin.validate_argument_spec"] = {
            "argument_spec": options[module],
            "provided_arguments": task.pop(module),
        }
        task.update(no_log=False, ignore_errors=True)
    play["vars_files"] = [str(AWX / name) for name in play["vars_files"]]
    runner = ansible_runner.run(private_data_dir=str(folder), playbook=[play], quiet=True, envvars=ENVIRONMENT)
    results = [event["event_data"]["res"] for event in runner.events if "res" in event.get("event_data", {})]
    assert runner.status == "successful" and results, runner.stdout.read()
    return [message for result in results for message in result.get("argument_errors", [])]


def documented(modules: list[str]) -> dict[str, Vars]:
    """Return the options of modules as an argument spec."""
    tool = str(Path(sys.executable).with_name("ansible-doc"))
    done = subprocess.run(
        [tool, "--json", *modules], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    kept = ("type", "elements", "choices", "required", "aliases")
    return {
        module: {
            name: {key: option[key] for key in kept if key in option} for name, option in page["doc"]["options"].items()
        }
        for module, page in json.loads(done.stdout).items()
    }
