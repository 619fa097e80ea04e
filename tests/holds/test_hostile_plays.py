# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays and inventories of a fleet with hostile names, as a user runs them: a name is a text in all that they make."""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.modes import one_mode
from tests.support.modules import run_ok
from tests.support.plays import own_play

from .conftest import Tried
from .hostile import JINJA, Rewriter
from .test_hostile_answers import CONTROLS, PART

pytestmark = [pytest.mark.e2e, one_mode]

#: What the servers are called, by the names that the cloud knows
NAMES = {
    "srv-0001": f"{JINJA}\x1b[31m\x1b]0;title\x07",
    "srv-0002": "two\nlines\r\x00\x9b31m \u202eleft 7*191={{ 7 * 191 }}",
    "srv-0003": "<script>alert(1)</script> [a](http://example.com) | `x`",
    "srv-0004": "=cmd|' /C calc'!A0;=1+1 \"} 1\nb{c=\"\\",
    "srv-0005": "!!python/object/apply:os.system [id]: &a *a $(touch evaluated); `touch evaluated` #",
    "srv-0006": f"👩‍👩‍👧‍👦 \ud800 {'long ' * 1000}",
}
#: The same for texts of other objects
TEXTS = {**NAMES, "before": NAMES["srv-0001"], "other": f"{NAMES['srv-0002']} of {NAMES['srv-0001']}"}
SCHEDULE = {"frequency": "weekly", "days": ["SU"], "times": ["02:00"]}
FAST = {"csbs_poll_interval": 0.2, "csbs_timeout": 120}


def renamed(kind: str, answer: t.Any) -> t.Any:
    """Put the hostile texts in place of those that the cloud knows, wherever one stands."""
    if isinstance(answer, dict):
        return {key: renamed(kind, inner) for key, inner in answer.items()}
    if isinstance(answer, list):
        return [renamed(kind, inner) for inner in answer]
    return TEXTS.get(answer, answer) if isinstance(answer, str) else answer


@pytest.fixture
def fleet(cloud: Emulator) -> t.Iterator[Emulator]:
    """Six servers, one of them in a policy and with a backup of others, all with hostile names."""
    server = cloud.server("srv-0005")
    run_ok("csbs_policy", {"name": "other", "enabled": False, "schedule": SCHEDULE, "servers": [server.id]}, cloud)
    cloud.make_backup(server.id, "before", age=3600)
    with Rewriter(cloud) as layer:
        layer.rule = renamed
        yield cloud


def role(name: str, **variables: t.Any) -> dict[str, t.Any]:
    return {"ansible.builtin.include_role": {"name": f"opentelekomcloud.csbs.{name}"}, "vars": {**FAST, **variables}}


def check_screen(output: str) -> None:
    assert "1337" not in output and "Traceback" not in output and "Unexpected error" not in output, output.replace(
        "long ", ""
    )[-3000:]
    bad = [line for line in output.splitlines() if CONTROLS.search(line)]
    assert not bad, bad[0][:500]


def check_folder(folder: Path) -> None:
    assert not list(folder.rglob("*evaluated*"))
    for path in folder.rglob("*"):
        if path.is_file():
            assert "1337" not in path.read_text(encoding="utf-8"), path


def test_roles_take_hostile_names_for_text(fleet: Emulator, tmp_path: Path, tried: Tried) -> None:
    facts = "{{ {'backups': csbs_backups | default([]), 'report': csbs_report, 'way': csbs_migration} | to_json }}"
    tasks = [
        role(
            "protect",
            csbs_server_filters={"name": "*[!x]"},
            csbs_policy={"name": "nightly", "enabled": False, "schedule": SCHEDULE, "move_servers": True},
            csbs_backup={"name": "mine"},
        ),
        role("backup", csbs_server_filters={"name": "*"}, csbs_backup_name="again"),
        role("report", csbs_max_age="52w", csbs_report_path="out", csbs_fail_on_findings=False),
        role("migrate_to_cbr", csbs_max_age="52w", csbs_report_path="way"),
        {"ansible.builtin.copy": {"content": facts, "dest": f"{tmp_path}/facts.json", "mode": "0600"}},
    ]
    code, output = own_play(fleet, tmp_path, [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], {})
    assert code == 0, output.replace("long ", "")[-3000:]
    check_screen(output)
    check_folder(tmp_path)
    told = (tmp_path / "facts.json").read_text(encoding="utf-8")
    shown = [name.replace("\ud800", "\ufffd") for name in NAMES.values()]
    facts_told = json.loads(told)
    assert {server["name"] for server in facts_told["report"]["clouds"][0]["servers"]} == set(shown)
    assert len(json.loads((tmp_path / "out" / "protection.json").read_text())["clouds"][0]["servers"]) == len(NAMES)
    for name in ("protect", "backup", "report", "migrate_to_cbr"):
        tried(PART, name, "a play with hostile names")


def test_an_inventory_takes_hostile_names_for_text(fleet: Emulator, tmp_path: Path, tried: Tried) -> None:
    """The hosts are called by a part of their ID, or by their names; a play shows both."""
    (tmp_path / "csbs.yml").write_text(yaml.safe_dump({"plugin": "opentelekomcloud.csbs.csbs"}))
    content = "{{ {'csbs_name': csbs_name, 'tags': csbs_tags, 'policy': csbs_policy | default('')} | to_json }}"
    task = {"ansible.builtin.copy": {"content": content, "dest": f"{tmp_path}/{{{{ csbs_id }}}}.json", "mode": "0600"}}
    plays = [{"hosts": "all", "gather_facts": False, "connection": "local", "tasks": [task]}]
    plays[0]["vars"] = {"ansible_python_interpreter": sys.executable}
    code, output = own_play(fleet, tmp_path, plays, {}, "-i", "csbs.yml")
    assert code == 0, output.replace("long ", "")[-3000:]
    check_screen(output)
    check_folder(tmp_path)
    names = {json.loads(path.read_text())["csbs_name"] for path in tmp_path.glob("*-*.json")}
    assert names == {name.replace("\ud800", "\ufffd") for name in NAMES.values()}
    tried(PART, "the inventory", "a play with hostile names")
