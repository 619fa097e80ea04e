# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault at each request of each module: what was wished is there, or what was before, and the task says which."""

from __future__ import annotations

import re
import time

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import (
    migration,
    session,
    vault_change,
    vault_members,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution import policy as settling
from tests.emulator import Emulator
from tests.laws.scenarios.scenario import Scenario
from tests.laws.test_laws import prepare
from tests.support.modes import one_mode
from tests.support.modules import Args, run_module
from tests.support.policy_sets import hurry

from .conftest import Tried
from .end_state import Entry, end_state
from .fault_kinds import Kind
from .matrix import Request, cases, cells, clean_run, settled

# The live mode is the harder one.
pytestmark = one_mode
State = dict[Entry, object]


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pauses short: how long they are is tested elsewhere."""
    hurry(monkeypatch)
    monkeypatch.setattr(migration, "SECONDS_TO_JOIN", 3.0)
    for module in (settling, vault_change, vault_members):
        monkeypatch.setattr(module, "SECONDS_UNTIL_LISTED", 1.0)
    pause = staticmethod(lambda seconds: time.sleep(min(seconds, 0.15)))
    monkeypatch.setattr(session.RetryingSession, "sleep", pause)


@pytest.mark.parametrize(("module", "service", "column"), cases(), ids=lambda value: str(value).replace(" ", "-"))
def test_a_fault_loses_nothing_doubles_nothing_and_is_told(
    cloud: Emulator, tried: Tried, module: str, service: str, column: str
) -> None:
    tests = cells(module, service, column)
    wrong = []
    for scenario, request, kind in tests:
        try:
            problem = problem_with(cloud, scenario, service, request, kind)
        except AssertionError as error:
            problem = str(error)
        if problem:
            at = f"{kind.name} at {request.method} {request.path} #{request.number}" if request and kind else column
            wrong.append(f"{scenario.name}: {at}: {problem}")
    assert not wrong, "\n\n".join(wrong)
    tried(f"faults with {service}", module, column, len(tests))


def problem_with(
    cloud: Emulator, scenario: Scenario, service: str, request: Request | None, kind: Kind | None
) -> str | None:
    """Run a task with a fault, and return what it owes and does not keep, None when all is well."""
    wished = clean_run(scenario.name, scenario.module, service).wished
    cloud.faults.clear()
    cloud.settings(list_delay=0.1)
    cloud.reset(servers=6)
    prepare(cloud, scenario)
    before = end_state(cloud)
    args = {**scenario.args}
    if kind and "hang" in kind.fault:
        args["api_timeout"] = 1
    if request and kind:
        cloud.faults.add(method=request.method, path=request.path, skip=request.number, **kind.fault)
    else:
        cloud.settings(list_delay=0.8)
    result = run_module(scenario.module, args, cloud)
    after = settled(cloud)
    if problem := problem_of(result, scenario, before, after):
        return problem
    differing = difference(after, wished)
    # A note tells what is left to the next run.
    if not result.get("failed") and not (differing and result.get("notes")):
        return differing
    told = result.get("msg") or " ".join(result["notes"])
    if kind and kind.foreign and not re.search("not what the service documents|Not ended within", told):
        return f"does not say that the answer is not the service's: {told}"
    if kind is None or kind.passes:
        return f"one moment of trouble ends the task: {told}"
    cloud.faults.clear()
    again = run_module(scenario.module, scenario.args, cloud)
    if again.get("failed"):
        return f"the next run fails: {again['msg']}; after {told}"
    return None if scenario.repeats else difference(settled(cloud), wished, "after the next run")


def problem_of(result: Args, scenario: Scenario, before: State, after: State) -> str | None:
    """Return what is wrong with the result of a task and with what it left, whatever the fault was."""
    message = str(result.get("msg"))
    if "exception" in result:
        return f"traceback: {message}"
    if (before != after) is not result["changed"]:
        return f"changed is {result['changed']}; {message}; {difference(after, before)}"
    if result.get("failed"):
        if re.search(r"\n|<html|Traceback|Unexpected error|KeyError|JSONDecode|object has no attribute", message):
            return f"not a clear line: {message}"
        if not re.search("Could not|Not ended|was not moved", message):
            return f"does not name the act: {message}"
        if missing := {"error_code", "status", "request_id"} - set(result):
            return f"the failed result has no {missing}"
    return None


def difference(found: State, wished: State, when: str = "") -> str | None:
    """Return where two states differ, None when they are the same."""
    differing = [key for key in {**found, **wished} if found.get(key, "-") != wished.get(key, "-")]
    told = [f"{key} is {found.get(key, 'not there')}, not {wished.get(key, 'there')}" for key in differing]
    return f"{when} {'; '.join(told)}".strip() if told else None
