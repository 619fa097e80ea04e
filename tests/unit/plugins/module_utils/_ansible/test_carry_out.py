# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that others have made outdated is made again, unless something could not be put back or the time is over."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._ansible.carry_out import carry_out
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._ansible.task import Task
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    Outdated,
    TaskFailed,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Call, Plan
from tests.support.calls import FINAL, AnyCloud
from tests.support.fakes import Ticks

TAKEN = CloudError("create policy 'nightly'", "the name is taken.", "CSBS.9007", 400)


def outdated(applied: bool = False) -> Outdated:
    error = Outdated("join", "others have filled the policy.")
    error.applied = applied
    return error


class Module:
    _diff = True


class Tried(t.NamedTuple):
    """What became of a task: its results or its failure, and what it sent."""

    results: dict[str, t.Any]
    failure: str
    sent: list[str]
    plans: int
    seconds: float


def run(*rounds: list[str], timeout: float = 3600, **answers: list[t.Any]) -> Tried:
    """Carry out a plan with the calls of the first round, and plan those of the next one each time; the last stays."""
    cloud, ticks, planned = AnyCloud(answers=answers), Ticks(), []

    def plan(options: t.Any = None, cloud: t.Any = None) -> Plan[t.Any]:
        methods = rounds[min(len(planned), len(rounds) - 1)]
        planned.append(methods)
        undo = Call("put back", "back")
        calls = (Call(method, method, undo=undo if method == "leave" else None) for method in methods)
        return Plan(tuple(calls), len(planned), "after", {"notes": []}, replan_on=frozenset({"CSBS.9007"}))

    task: Task[t.Any, t.Any] = Task(t.cast(t.Any, Module()), plan, lambda *dummy: {"finished": True})
    failure = ""
    try:
        carry_out(task, None, plan(), t.cast(t.Any, cloud), ticks.clock(timeout))
    except TaskFailed as error:
        failure, task.results = str(error), error.results
    return Tried(task.results, failure, cloud.sent, len(planned), ticks.time)


@pytest.mark.parametrize("refusal", [outdated(), TAKEN])
def test_a_task_plans_again_when_others_have_changed_what_its_plan_rests_on(refusal: CloudError) -> None:
    found = run(["leave", "join"], ["make"], join=[refusal])
    assert found.sent == ["leave", "join", "back", "make"]
    assert found.results == {
        "changed": True,
        "diff": {"before": 1, "after": "after"},
        "finished": True,
        "notes": [],
    }


@pytest.mark.parametrize(("applied", "changed"), [(True, True), (False, False)])
def test_a_task_whose_new_plan_is_empty_has_changed_only_what_stays(applied: bool, changed: bool) -> None:
    assert run(["join"], [], join=[outdated(applied)]).results["changed"] is changed


def test_another_refusal_ends_the_task() -> None:
    found = run(["leave", "join"], ["make"], join=[FINAL])
    assert (found.sent, found.plans) == (["leave", "join", "back"], 1)
    assert found.failure.startswith("Could not operation: no Put back: put back.")
    assert found.results["changed"] is False


@pytest.mark.parametrize("refusal", [outdated(), TAKEN])
def test_a_task_that_could_not_put_something_back_does_not_go_on(refusal: CloudError) -> None:
    """The next plan would not know of it, and its success would hide it."""
    found = run(["leave", "join"], ["make"], join=[refusal], back=[FINAL])
    assert found.sent == ["leave", "join", "back"]
    assert "COULD NOT PUT BACK, do it by hand: put back (no)" in found.failure
    assert found.results["changed"] is True


def test_a_task_that_others_are_always_ahead_of_gives_up() -> None:
    found = run(["join"], join=[outdated()])
    assert "Could not join: others have filled the policy." in found.failure
    assert found.results["changed"] is False
    assert 30 < found.seconds < 40 and found.plans == len(found.sent)


def test_a_task_whose_time_is_over_tells_the_refusal_and_not_what_was_not_started() -> None:
    found = run(["join"], timeout=1, join=[TAKEN])
    assert "the name is taken" in found.failure and "timeout" not in found.failure
    assert found.results["error_code"] == "CSBS.9007"
