# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module, whatever texts, types, IDs, pages and links are in the answers of the cloud."""

from __future__ import annotations

import collections
import json
import math
import re
import time
import typing as t
import uuid
from urllib.parse import unquote

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._ansible import report
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import migration, session
from tests.emulator import Emulator
from tests.laws.scenarios.scenario import BACKED_UP, GIVEN, Scenario, args_on_cbr
from tests.laws.situations import CBR_LOOKUPS, CBR_SCENARIOS, LOOKUPS, SCENARIOS
from tests.laws.test_laws import prepare
from tests.support import holds
from tests.support.modes import one_mode
from tests.support.modules import MODULES, Args, run_module, run_ok

from .conftest import Tried
from .hostile import ELSEWHERE, JINJA, LONG, TEXTS, Case, Rewriter, cases_of, kind_of, putting

pytestmark = one_mode

#: A task of each module that changes something
CHANGES = (
    "policy changes in everything",
    "policy_server moves from another policy",
    "policy_set loses a policy",
    "policy_set gets another retention",
    "backup of several servers by name",
    "policy_run of some",
    "prune to the last one",
    "image of a backup",
    "restore of a backup by name",
    "tag a policy",
    "migration moves",
)
PART = "hostile answers"
FOREIGN = "is not what the service documents"
MOST_CHARACTERS = 10_000
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
#: The calls of CBR that keep the backups of a server that leaves; nobody asks for them one by one
CAREFUL = re.compile(r"^POST .*/vaults(/\*/(migrateresources|associatepolicy|addresources))?$|^PUT .*/vaults/\*$")
#: What no user can read
PYTHON = re.compile("Unexpected error|Traceback|KeyError|TypeError|object has no attribute")


def wait_until_listed(*given: t.Any) -> None:
    """Wait, because what was made right before is in no list yet."""
    time.sleep(0.3)


def _asked(module: str, args: Args) -> Scenario:
    service = args.get("service", "csbs")
    given = [(name, args_on_cbr(name, args) if service == "cbr" else args) for name, args in (GIVEN, BACKED_UP)]
    return Scenario(f"{service} {module}", module, args, (*given, wait_until_listed))


def tasks() -> list[Scenario]:
    """Return for each service and module a task that changes something, or a question to an info module."""
    by_name = {one.name: one for one in (*CBR_SCENARIOS, *SCENARIOS)}
    both = [by_name.get(name) for change in CHANGES for name in (change, f"cbr {change}")]
    asked = [
        _asked(*one)
        for lookups in (LOOKUPS, CBR_LOOKUPS)
        for one in {name: (name, args) for name, args in reversed(lookups)}.values()
    ]
    return [*filter(None, both), *asked]


TASKS = tasks()
# A new module needs a task here.
assert {task.module for task in TASKS} == set(MODULES)
each_task = pytest.mark.parametrize("task", TASKS, ids=lambda one: one.name.replace(" ", "-"))
each_question = pytest.mark.parametrize(
    "task", [one for one in TASKS if one.module.endswith("_info")], ids=lambda one: one.name.replace(" ", "-")
)


def run(task: Scenario, cloud: Emulator, check: bool) -> Args:
    args = task.args if task.module.endswith("_info") else {**task.args, "timeout": 4}
    return run_module(task.module, args, cloud, check=check)


def note(tried: Tried, task: Scenario, columns: t.Iterable[str]) -> None:
    for column, times in collections.Counter(columns).items():
        tried(PART, task.module, column, times)


@each_task
def test_readings_are_never_more_than_data(cloud: Emulator, task: Scenario, tried: Tried) -> None:
    """All that is read before anything is changed, in check mode; nothing is written."""
    with Rewriter(cloud) as layer:
        prepare(cloud, task)
        assert not run(task, cloud, True).get("failed")
        cases = holds.chosen(cases_of(layer.answers, TASKS.index(task)), lambda case: case.class_name)
        for case in cases:
            layer.urls.clear()
            layer.rule = putting(case.kind, case.paths, case.value)
            check_result(run(task, cloud, True), case)
            layer.rule = None
            check_urls(layer.urls, case)
            assert cloud.journal.writes() == [], case
    note(tried, task, (case.class_name for case in cases))


@pytest.mark.parametrize(
    "task", [one for one in TASKS if not one.module.endswith("_info")], ids=lambda one: one.name.replace(" ", "-")
)
def test_a_change_sends_no_call_but_its_own(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch, task: Scenario, tried: Tried
) -> None:
    """Also what is read between and after changes, and the answers to them."""
    monkeypatch.setattr(migration, "SECONDS_TO_JOIN", 1.0)
    with Rewriter(cloud) as layer:
        prepare(cloud, task)
        run_ok(task.module, task.args, cloud)
        own = {kind_of(entry["method"], entry["path"]) for entry in cloud.journal.writes()}
        cases = holds.cover(cases_of(layer.answers, TASKS.index(task)), lambda case: case.class_name)
        for case in cases[:: 2 if holds.ALL else 6]:
            cloud.reset(servers=6)
            prepare(cloud, task)
            layer.urls.clear()
            layer.rule = putting(case.kind, case.paths, case.value)
            result = run(task, cloud, False)
            layer.rule = None
            check_result(result, case)
            check_urls(layer.urls, case)
            sent = {kind_of(entry["method"], entry["path"]) for entry in cloud.journal.writes()}
            assert all(one in own or CAREFUL.search(one) for one in sent), (case, sent - own)
            tried(PART, task.module, case.class_name)


def check_result(result: Args, case: Case) -> None:
    """A task succeeds, or fails with one clear line."""
    told = (case.kind, case.class_name, case.paths, repr(case.value)[:60], str(result.get("msg"))[:600])
    assert "exception" not in result, told
    assert all(map(math.isfinite, _floats_in(result))), told
    json.dumps(result, ensure_ascii=False).encode()
    for line in (*([result["msg"]] if result.get("failed") else ()), *result.get("warnings", ())):
        assert not PYTHON.search(line) and not CONTROLS.search(line) and len(line) <= MOST_CHARACTERS, told


def _floats_in(value: t.Any) -> t.Iterator[float]:
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _floats_in(inner)
    elif isinstance(value, float):
        yield value


def check_urls(urls: t.Iterable[str], case: Case) -> None:
    """No text of an answer leads a request to another object."""
    for url in urls:
        path = url.partition("?")[0]
        assert re.fullmatch(r"[\w/.~%-]*", path, re.ASCII) and not re.search(r"/\.\.?(/|$)", path), (url, case)
        assert ELSEWHERE not in unquote(path), (url, case)


# ========== refusals ==========
REFUSALS: tuple[dict[str, t.Any], ...] = (
    *({"error_code": "CSBS.9999", "error_msg": value} for values in TEXTS.values() for value in values[:1]),
    {"error_code": ["x"], "error_msg": {"a": "b"}},
    {"error_code": 7, "error_msg": 7},
    {"error_code": JINJA, "error_msg": None, "request_id": "\x1b[31m"},
    {"error": {"code": {"x": "y"}, "message": ["\x1b[31m"]}},
    {"badRequest": {"code": LONG, "message": LONG}},
)


@each_task
def test_a_refusal_is_told_in_one_line(cloud: Emulator, task: Scenario, tried: Tried) -> None:
    prepare(cloud, task)
    refusals = REFUSALS if holds.ALL else REFUSALS[TASKS.index(task) % 8 :: 8]
    for number, body in enumerate(refusals):
        cloud.faults.clear()
        path = ("^/csbs|^/cbr", "^/compute")[number % 2]
        cloud.faults.add(path=path, times=-1, status=(400, 403, 404, 409, 500)[number % 5], body=json.dumps(body))
        result = run(task, cloud, True)
        check_result(result, Case(path, "error messages", (), body))
        fields = (result.get("error_code"), result.get("request_id"))
        assert all(value is None or re.fullmatch(r"[\w.-]{1,64}", value) for value in fields), fields
    tried(PART, task.module, "error messages", len(refusals))


# ========== pages and links ==========
def _pages(fresh: bool) -> t.Callable[[str, t.Any], t.Any]:
    """Return the rule that fills each page of a list with the rows of the first, with new IDs each time or the same."""
    first: dict[tuple[str, str], t.Any] = {}

    def rule(kind: str, answer: t.Any) -> t.Any:
        for key, given in answer.items() if isinstance(answer, dict) else ():
            rows = first.setdefault((kind, key), given)
            if isinstance(rows, list) and rows and isinstance(rows[0], dict):
                full = [dict(rows[number % len(rows)]) for number in range(1000)]
                for row in full if fresh else ():
                    row.update({name: str(uuid.uuid4()) for name in ("id", "resource_id") if name in row})
                answer[key] = full
        return answer

    return rule


@each_question
@pytest.mark.parametrize("fresh", [False, pytest.param(True, marks=pytest.mark.holds)])
def test_a_list_without_an_end_ends(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch, task: Scenario, tried: Tried, fresh: bool
) -> None:
    monkeypatch.setattr(report, "_SECONDS_TO_READ", 2 if fresh else 120)
    monkeypatch.setattr(session, "_MOST_READINGS_AFTER_DEADLINE", 5)
    with Rewriter(cloud) as layer:
        prepare(cloud, task)
        layer.rule = _pages(fresh)
        result = run(task, cloud, False)
        check_result(result, Case("every list", "lists without an end", (), fresh))
        # What comes again is seen, long before the time of the task is over.
        assert fresh or not result.get("failed") or "has no end" in result["msg"], result["msg"]
    tried(PART, task.module, "lists without an end")


@each_task
def test_no_link_in_an_answer_leads_the_token_elsewhere(cloud: Emulator, task: Scenario, tried: Tried) -> None:
    """Links to versions, to further pages and to objects all name another host, which would get the requests."""

    def elsewhere(kind: str, answer: t.Any) -> t.Any:
        if isinstance(answer, dict):
            further = [{"rel": "next", "href": f"{cloud.url}/elsewhere"}]
            answer.update({"next": f"{cloud.url}/elsewhere", "links": further})
            answer.update({f"{key}_links": further for key, rows in list(answer.items()) if isinstance(rows, list)})
        return json.dumps(answer).replace("127.0.0.1", "localhost").encode()

    with Rewriter(cloud) as layer:
        prepare(cloud, task)
        layer.token_hosts.clear()
        layer.rule = elsewhere
        check_result(run(task, cloud, True), Case("every answer", "links elsewhere", (), "localhost"))
        assert {host.partition(":")[0] for host in layer.token_hosts} == {"127.0.0.1"}
    tried(PART, task.module, "links elsewhere")
