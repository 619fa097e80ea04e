# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blank variables, null or empty text as AWX gives them: as if left out, but refused where that would choose more."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.modes import one_mode
from tests.support.plays import own_play
from tests.support.roles import NEEDED, ROLES

pytestmark = [pytest.mark.e2e, one_mode]

PREFIXES = {"migrate_to_cbr": "migrate", "patch_with_backup": "patch"}
BLANK = {"null": None, "empty": "", "spaces": "  "}
SERVER = {"csbs_servers": ["srv-0001"]}
# What each role must refuse to find blank
REFUSED = {"prune": ["csbs_backup_name", "csbs_tags"]}


def options(role: str) -> dict[str, t.Any]:
    specs: dict[str, t.Any] = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text())[
        "argument_specs"
    ]["main"]["options"]
    return specs


def spec(role: str) -> dict[str, t.Any]:
    """Return the types by which a role checks its variables."""
    found: dict[str, t.Any] = yaml.safe_load((ROLES / role / "vars" / "main.yml").read_text())[
        f"csbs_{PREFIXES.get(role, role)}_spec"
    ]
    return found


def shape(described: dict[str, t.Any]) -> dict[str, t.Any]:
    return {name: shape(one.get("options", {})) for name, one in described.items()}


def include(role: str, **variables: t.Any) -> dict[str, t.Any]:
    return {
        "name": f"Role {role}",
        "ansible.builtin.include_role": {"name": f"opentelekomcloud.csbs.{role}"},
        "vars": variables,
    }


def expect_refusal(task: dict[str, t.Any], *words: str) -> dict[str, t.Any]:
    told = {
        "that": [f"'{word}' in ansible_failed_result.msg" for word in words],
        "fail_msg": "{{ ansible_failed_result.msg }}",
    }
    return {
        "block": [task, {"ansible.builtin.debug": {"msg": "NOT REFUSED"}}],
        "rescue": [{"ansible.builtin.assert": told}],
    }


@pytest.mark.parametrize("role", NEEDED)
def test_what_is_described_is_what_is_checked(running: Emulator, role: str) -> None:
    described, checked = options(role), spec(role)
    inner = {name: one.get("options", {}) for name, one in checked.items()}
    assert set(described) == set(checked)
    assert {name: set(shape(one)) for name, one in inner.items() if one} == {
        name: set(described[name].get("options", {})) for name, one in inner.items() if one
    }


@pytest.mark.parametrize("values_each", [1, pytest.param(len(BLANK), marks=pytest.mark.holds)])
def test_every_blank_variable_by_itself_is_as_if_it_were_not_there(
    cloud: Emulator, tmp_path: Path, values_each: int
) -> None:
    """The role's own check before its first task takes it, and then it is not among what has a value."""
    plays, values = [], list(BLANK.values())
    for role, given in NEEDED.items():
        prefix = f"csbs_{PREFIXES.get(role, role)}"
        tasks: list[dict[str, t.Any]] = [{"ansible.builtin.include_vars": str(ROLES / role / "vars" / "main.yml")}]
        described = {"argument_spec": options(role), "provided_arguments": {}}
        for number, name in enumerate(options(role)):
            for blank in values if values_each == len(values) else [values[number % len(values)]]:
                # A variable that is required is refused for being absent.
                if not options(role)[name].get("required"):
                    check = {**described, "provided_arguments": {**given, name: blank}}
                    tasks.append({"name": f"{role} {name} {blank!r}", "ansible.builtin.validate_argument_spec": check})
                that = [f"'{name}' not in {prefix}_given"]
                if name in REFUSED.get(role, []):
                    that.append(f"'{name}' in {prefix}_blank")
                tasks.append(
                    {
                        "name": f"{role} {name} {blank!r}",
                        "ansible.builtin.assert": {"that": that},
                        "vars": {**given, name: blank},
                    }
                )
        plays.append({"hosts": "localhost", "gather_facts": False, "tasks": tasks})
    code, output = own_play(cloud, tmp_path, plays, {})
    assert code == 0, output[-3000:]


@pytest.mark.parametrize("values_each", [1, pytest.param(2, marks=pytest.mark.holds)])
def test_roles_do_with_blank_variables_what_they_do_without(cloud: Emulator, tmp_path: Path, values_each: int) -> None:
    for name in ("golden", "other"):
        cloud.make_backup(cloud.server("srv-0001").id, name, age=86400)
    (tmp_path / "patch.yml").write_text("- name: Patch\n  ansible.builtin.debug:\n")
    tasks = []
    for number, (role, given) in enumerate(NEEDED.items()):
        for blank in (None, "") if values_each == 2 else [(None, "")[number % 2]]:
            others = {name: blank for name in options(role) if name not in given and name not in REFUSED.get(role, [])}
            tasks.append(include(role, **{**given, **others}))
    code, output = own_play(
        cloud, tmp_path, [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], {}, "--check"
    )
    assert code == 0 and cloud.journal.writes() == [], output


def test_blank_variables_inside_others_and_what_is_refused(cloud: Emulator, tmp_path: Path) -> None:
    policy = {
        **NEEDED["protect"]["csbs_policy"],
        "enabled": "",
        "move_servers": None,
        "tags": "",
        "retention": None,
        "description": "",
    }
    timezone = {"frequency": "daily", "times": ["02:00"], "timezone": ""}
    backup = {"name": "", "max_age": None, "incremental": "", "tags": ""}
    good = [
        include("protect", **SERVER, csbs_policy={**policy, "schedule": timezone}, csbs_backup=backup),
        include("protect", **SERVER, csbs_policy=policy, csbs_backup=None),
        include("offboard", **SERVER, csbs_final_backup=backup),
    ]
    delete = {"csbs_delete_backups": True, "csbs_confirm": True}
    bad = [
        expect_refusal(
            include(role, **{**given, "csbs_server_filters": {"name": blank, "status": "ACTIVE"}}),
            "NOT DONE",
            "csbs_server_filters.name",
        )
        for role, given in NEEDED.items()
        if "csbs_servers" in given
        for blank in (None, "")
    ]
    bad += [
        expect_refusal(include("prune", **NEEDED["prune"], **{name: None}), "NOT DONE", name)
        for name in REFUSED["prune"]
    ]
    bad += [
        expect_refusal(include("offboard", **SERVER, **delete, csbs_final_backup=""), "NOT DONE", "csbs_final_backup"),
        expect_refusal(
            include("protect", **SERVER, csbs_policy={**policy, "retention": {"days": ""}}),
            "NOT DONE",
            "csbs_policy.retention",
        ),
        expect_refusal(include("protect", **SERVER, csbs_policy="", csbs_backup=None), "NOT DONE"),
        expect_refusal(include("protect", **SERVER, csbs_policy={**policy, "name": ""}), "name"),
        expect_refusal(include("protect", **SERVER, csbs_policy=policy, csbs_timeout="soon"), "csbs_timeout"),
        expect_refusal(include("patch_with_backup", csbs_patch_tasks=""), "csbs_patch_tasks"),
        expect_refusal(include("restore", csbs_server="", csbs_backup=None), "NOT DONE"),
    ]
    code, output = own_play(
        cloud, tmp_path, [{"hosts": "localhost", "gather_facts": False, "tasks": good}], {}, "--check"
    )
    assert code == 0 and cloud.journal.writes() == [], output
    assert (
        output.count("TASK [opentelekomcloud.csbs.protect : Back up the servers now]") == 2
        and "csbs_backup: " not in output
    )
    code, output = own_play(cloud, tmp_path, [{"hosts": "localhost", "gather_facts": False, "tasks": bad}], {})
    assert code == 0 and "NOT REFUSED" not in output and cloud.journal.writes() == [], output
