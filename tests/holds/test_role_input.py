# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the roles with values of wrong types, and with thousands of entries."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.holds import ALL, chosen, cover
from tests.support.modes import one_mode
from tests.support.plays import own_play
from tests.support.roles import NEEDED, ROLES

from .conftest import Tried
from .mistakes import MANY

pytestmark = [pytest.mark.e2e, one_mode]

MANY_KEYS = {f"key-{number}": {"a": ["b"]} for number in range(MANY)}
WRONG: dict[str, list[t.Any]] = {
    "bool": ["maybe", 2, ["a"], MANY_KEYS],
    "dict": ["no dictionary", ["a"], 5, [{}] * MANY],
    "float": ["abc", "1,5", ["a"], {"a": 1}, "9" * MANY + "x"],
    "int": ["abc", 1.5, ["a"], {"a": 1}, "x" * MANY],
    "list": [{"a": 1}, MANY_KEYS],
}


class Case(t.NamedTuple):
    """A variable of a role with a wrong value; kind is its type."""

    role: str
    name: str
    kind: str
    value: t.Any


def cases() -> t.Iterator[Case]:
    for role in NEEDED:
        prefix = {"migrate_to_cbr": "migrate", "patch_with_backup": "patch"}.get(role, role)
        variables = yaml.safe_load((ROLES / role / "vars" / "main.yml").read_text(encoding="utf-8"))
        for name, spec in variables[f"csbs_{prefix}_spec"].items():
            yield from (Case(role, name, spec["type"], value) for value in WRONG.get(spec["type"], ()))


#: Each type of variable of each role
SOME = cover(cases(), lambda case: (case.role, case.kind), lambda case: (case.kind, str(case.value)[:20]))
TRIED = chosen(SOME, lambda case: case.role, lambda case: case.kind)


def attempt(number: int, case: Case) -> dict[str, t.Any]:
    """Return tasks that include a role with a wrong value and print how it ended."""
    name = f"opentelekomcloud.csbs.{case.role}"
    shown = {"msg": f"CASE {number} {{{{ ansible_failed_result.msg | default('no message') | to_json }}}}"}
    return {
        "block": [
            {"ansible.builtin.include_role": {"name": name}, "vars": {**NEEDED[case.role], case.name: case.value}},
            {"ansible.builtin.debug": {"msg": f"TAKEN {number}"}},
        ],
        "rescue": [{"ansible.builtin.debug": shown}],
    }


def test_roles_refuse_wrong_types_before_the_first_request(cloud: Emulator, tmp_path: Path, tried: Tried) -> None:
    (tmp_path / "patch.yml").write_text("- name: Patch\n  ansible.builtin.debug:\n")
    tasks = [attempt(number, case) for number, case in enumerate(TRIED)]
    code, output = own_play(cloud, tmp_path, [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], {})
    assert code == 0, output[-3000:]
    wrong = []
    for number, case in enumerate(TRIED):
        found = re.search(rf"CASE {number} (.*)", output)
        message = found[1] if found else f"it is taken: {output[-300:]}"
        if case.name not in message or "Traceback" in message or "Unexpected failure" in message:
            wrong.append(f"{case.role} {case.name} {case.value!a:.60}: {message:.300}")
    assert wrong == []
    assert cloud.journal.all() == []
    for case in TRIED:
        tried("input", f"role {case.role}", f"wrong {case.kind}")


def test_roles_name_thousands_of_unknown_servers_shortly(cloud: Emulator, tmp_path: Path, tried: Tried) -> None:
    many = {"csbs_servers": [f"no-such-{number}" for number in range(MANY)]}
    roles = [role for role in NEEDED if "csbs_servers" in NEEDED[role] and role != "report"][: None if ALL else 1]
    tasks = [
        {
            "block": [{"ansible.builtin.include_role": {"name": f"opentelekomcloud.csbs.{role}"}, "vars": given}],
            "rescue": [{"ansible.builtin.debug": {"msg": f"CASE {role} {{{{ ansible_failed_result.msg }}}}"}}],
        }
        for role in roles
        for given in [{**NEEDED[role], **many}]
    ]
    code, output = own_play(cloud, tmp_path, [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], {})
    assert code == 0, output[-3000:]
    for role in roles:
        found = re.search(rf"CASE {role} (.*)", output)
        assert found and "servers: " in found[1] and len(found[1]) < 1000, found and found[1][:1500]
        tried("input", f"role {role}", "10,000 entries")
    assert cloud.journal.writes() == []
