# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters in ansible-playbook: every example with the result that it shows, and what they refuse."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.modes import one_mode
from tests.support.plays import own_play

pytestmark = [pytest.mark.e2e, one_mode]

FOLDER = Path(__file__).parents[2] / "plugins" / "filter"
DOCS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))}
RESULT = re.compile(r"^# => (.*)$", re.MULTILINE)
NIGHTLY = {"frequency": "daily", "times": ["02:00"]}
# What the roles had before they used the filter
OLD_GIVEN = r"dict2items | rejectattr('value', 'none') | rejectattr('value', 'match', '\s*$') | items2dict"


def own_tasks(cloud: Emulator, folder: Path, tasks: list[dict[str, t.Any]], **variables: t.Any) -> tuple[int, str]:
    play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}
    return own_play(cloud, folder, [play], {})


def check_of(expression: str, expected: t.Any, **variables: t.Any) -> dict[str, t.Any]:
    """Return a task that compares as text, because ansible-core 2.18 makes text of numbers in variables."""
    return {
        "ansible.builtin.assert": {"that": "shown | string == expected | string", "fail_msg": "got {{ shown }}"},
        "vars": {**variables, "shown": expression, "expected": expected},
    }


def tasks_of(examples: str) -> t.Iterator[dict[str, t.Any]]:
    """Yield the tasks of the examples, and after each one that shows its result a task that checks the result."""
    for text in re.split(r"\n\n(?=- name: )", examples):
        (task,) = yaml.safe_load(text)
        yield task
        shown = RESULT.search(text)
        if shown:
            message = task["ansible.builtin.debug"]["msg"]
            yield {"name": task["name"], **check_of(message, yaml.safe_load(shown[1]), **task.get("vars", {}))}


def test_every_example_gives_the_result_that_it_shows(running: Emulator, tmp_path: Path) -> None:
    policies = [
        {"name": "nightly", "schedule": NIGHTLY},
        {"name": "off", "schedule": NIGHTLY, "enabled": False},
        {"name": "third", "schedule": {**NIGHTLY, "interval": 3}},
    ]
    made = [{"opentelekomcloud.csbs.csbs_policy": policy} for policy in policies]
    backup = {"opentelekomcloud.csbs.csbs_backup": {"servers": ["web-1"], "name": "b", "poll_interval": 0.1}}
    examples = {name: list(tasks_of(docs["EXAMPLES"])) for name, docs in DOCS.items()}
    assert [
        name for name, tasks in examples.items() if not any("ansible.builtin.assert" in task for task in tasks)
    ] == []
    with Emulator(mode="live", speed=3000, seed="demo", list_delay=0.1) as cloud:
        code, output = own_tasks(
            cloud, tmp_path, [*made, backup, *(task for name in examples for task in examples[name])]
        )
        assert code == 0, output
    assert "off: never" in output and re.search(r"third: 20[0-9-]{8}T0[34]:00:00\+0[12]:00", output)
    # The clock of the local cloud is ahead of that of this machine.
    assert re.search(r'"b: -?\d+[dhms]', output)


def test_every_filter_can_be_looked_up(running: Emulator) -> None:
    names = [f"opentelekomcloud.csbs.{name}" for name in DOCS]
    tool = str(Path(sys.executable).with_name("ansible-doc"))
    done = subprocess.run([tool, "-t", "filter", "--json", *names], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found.keys() == set(names) and len(names) > 5
    assert all(docs["examples"] and docs["return"]["_value"] and docs["doc"]["options"] for docs in found.values())


def test_given_drops_what_the_expression_of_the_roles_dropped(cloud: Emulator, tmp_path: Path) -> None:
    values = [None, "", " ", "\n", " \n\t", "\nx", " x", "None", "null", 0, 1.5, False, True, [], {}, [""], {"a": ""}]
    answers = {f"value_{number}": value for number, value in enumerate(values)}
    tasks = [
        check_of("{{ answers | opentelekomcloud.csbs.given }}", "{{ answers | " + OLD_GIVEN + " }}"),
        check_of("{{ answers | opentelekomcloud.csbs.given | length }}", 12),
    ]
    code, output = own_tasks(cloud, tmp_path, tasks, answers=answers)
    assert code == 0, output


def test_text_of_the_cloud_stays_data(cloud: Emulator, tmp_path: Path) -> None:
    hostile = "{{ lookup('ansible.builtin.pipe', 'touch evaluated') }}"
    cloud.server("srv-0001").name = hostile
    known = cloud.server(hostile).id
    row = "(found.servers | selectattr('id', 'equalto', id) | first)"
    tasks = [
        {"opentelekomcloud.csbs.csbs_protection_info": {"servers": [known]}, "register": "found"},
        {"ansible.builtin.set_fact": {"row": "{{ " + row + " | opentelekomcloud.csbs.given }}"}, "vars": {"id": known}},
        {"ansible.builtin.set_fact": {"text": "{{ none | opentelekomcloud.csbs.duration(none=row.name) }}"}},
        {"ansible.builtin.set_fact": {"label": "{{ row.name | opentelekomcloud.csbs.escaped('prometheus') }}"}},
        {"ansible.builtin.set_fact": {"report": "{{ [{'msg': row.name}] | opentelekomcloud.csbs.protection_report }}"}},
        {
            "ansible.builtin.copy": {
                "dest": str(tmp_path / "told"),
                "content": "{{ text }} {{ row.name }} {{ label }} {{ report.clouds[0].error }}",
                "mode": "0600",
            }
        },
        {
            "block": [{"ansible.builtin.debug": {"msg": "{{ row.name | opentelekomcloud.csbs.age }}"}}],
            "rescue": [{"ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}],
        },
    ]
    code, output = own_tasks(cloud, tmp_path, tasks)
    assert code == 0, output
    assert (tmp_path / "told").read_text() == " ".join([hostile] * 4)
    assert "is not a time" in output and not (tmp_path / "evaluated").exists()


REFUSED = {
    "'tomorrow' | opentelekomcloud.csbs.age": "age: timestamp: 'tomorrow' is not a time",
    "'soon' | opentelekomcloud.csbs.seconds": "seconds: age: 'soon' is not an age",
    "'long' | opentelekomcloud.csbs.duration": "duration: seconds: 'long' is not a number",
    "'text' | opentelekomcloud.csbs.given": "given: 'text' is not a dictionary",
    "{'every': 'day'} | opentelekomcloud.csbs.longest_gap": "longest_gap: schedule: 'every' is not known",
    "nightly | opentelekomcloud.csbs.next_runs(0)": "next_runs: count: 0 is out of range",
    "nightly | opentelekomcloud.csbs.next_runs(timezone='Mars')": "next_runs: timezone: 'Mars' is not a time zone",
    "'text' | opentelekomcloud.csbs.escaped('pdf')": "escaped: format: 'pdf' is not one of html, markdown",
    "'text' | opentelekomcloud.csbs.protection_report": "protection_report: the audits are no list of results",
    "[{'servers': []}] | opentelekomcloud.csbs.protection_report": "protection_report: a result has servers but no",
    "[] | opentelekomcloud.csbs.protection_report(migrations=[{}])": "protection_report: migrations: it is no list",
    "nope | opentelekomcloud.csbs.age": "'nope' is undefined",
    "nightly | opentelekomcloud.csbs.next_runs(start=nope)": "'nope' is undefined",
    "{'pattern': nope} | opentelekomcloud.csbs.next_runs": "'nope' is undefined",
    "lazy | opentelekomcloud.csbs.longest_gap": "'nope' is undefined",
    "lazy | opentelekomcloud.csbs.given": "'nope' is undefined",
}


def test_a_wrong_value_fails_the_task_with_a_clear_message(cloud: Emulator, tmp_path: Path) -> None:
    told = {"that": "message in ansible_failed_result.msg", "fail_msg": "got {{ ansible_failed_result.msg }}"}
    tasks = [
        {
            "vars": {"message": message},
            "block": [{"ansible.builtin.debug": {"msg": "{{ " + expression + " }}"}}, {"ansible.builtin.fail": {}}],
            "rescue": [{"ansible.builtin.assert": told}],
        }
        for expression, message in REFUSED.items()
    ]
    code, output = own_tasks(cloud, tmp_path, tasks, nightly=NIGHTLY, lazy={"pattern": "{{ nope }}"})
    assert code == 0 and f"rescued={len(REFUSED)}" in output, output
    assert "Traceback" not in output
