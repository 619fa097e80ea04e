# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that others have made outdated is made again, until the time is over."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._ansible.carry_out import carry_out
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._ansible.task import Task
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    InvalidInput,
    Outdated,
    TaskFailed,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Call, Plan, PlanAgain
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


def run(
    *rounds: list[str],
    timeout: float = 3600,
    cannot_plan: Exception | None = None,
    state_before: t.Callable[[int], int] = int,
    unfinished: bool = False,
    **answers: list[t.Any],
) -> Tried:
    """Carry out a plan with the calls of the first round, and plan those of the next one each time; the last stays.

    cannot_plan: what a second plan raises. state_before: from the number of a plan to the state that it begins with.
    unfinished: whether the cloud never shows what is desired.
    """
    cloud, ticks, planned = AnyCloud(answers=answers), Ticks(), []

    def plan(options: t.Any = None, cloud: t.Any = None) -> Plan[t.Any]:
        methods = rounds[min(len(planned), len(rounds) - 1)]
        planned.append(methods)
        if cannot_plan and len(planned) > 1:
            raise cannot_plan
        undo = Call("put back", "back")
        calls = (Call(method, method, undo=undo if method == "leave" else None) for method in methods)
        before = state_before(len(planned))
        return Plan(tuple(calls), before, "after", {"notes": []}, replan_on=frozenset({"CSBS.9007"}))

    def finish(*dummy: t.Any) -> dict[str, t.Any]:
        if unfinished:
            raise PlanAgain("it still differs")
        return {"finished": True}

    task: Task[t.Any, t.Any] = Task(t.cast(t.Any, Module()), plan, finish)
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
def test_a_task_that_could_not_put_something_back_plans_again(refusal: CloudError) -> None:
    """Who has left for a policy is among those that the task chooses, so the next plan puts them into one."""
    found = run(["leave", "join"], ["make"], join=[refusal], back=[FINAL])
    assert found.sent == ["leave", "join", "back", "make"]
    assert (found.failure, found.results["changed"]) == ("", True)


@pytest.mark.parametrize("end", [FINAL, outdated()])
def test_what_could_not_be_put_back_is_told_also_when_a_later_plan_fails(end: CloudError) -> None:
    found = run(["leave", "join"], ["make"], join=[outdated()], back=[FINAL], make=[end])
    assert "Could not join: " in found.failure and found.failure.count("COULD NOT PUT BACK") == 1
    assert found.results["changed"] is True


def test_a_plan_that_cannot_be_made_again_is_told_with_what_was_done() -> None:
    found = run(["leave", "join", "tag"], [], cannot_plan=InvalidInput("servers: no room"), join=[TAKEN])
    assert "the name is taken. Put back: put back. Not started: tag." in found.failure
    assert found.failure.endswith("It cannot be planned again: servers: no room")
    assert found.results["changed"] is False and found.results["error_code"] == "CSBS.9007"


def test_a_task_that_others_are_always_ahead_of_gives_up() -> None:
    found = run(["join"], join=[outdated()])
    assert "Could not join: others have filled the policy." in found.failure
    assert found.results["changed"] is False
    assert 30 < found.seconds < 40 and found.plans == len(found.sent)


def test_a_task_whose_time_is_over_tells_the_refusal_and_not_what_was_not_started() -> None:
    found = run(["join"], timeout=1, join=[TAKEN])
    assert "the name is taken" in found.failure and "timeout" not in found.failure
    assert found.results["error_code"] == "CSBS.9007"


def test_a_change_that_is_lost_again_and_again_is_made_three_times() -> None:
    found = run(["join"], unfinished=True, state_before=lambda number: 0)
    assert "The service accepted the change, but it still differs." in found.failure and len(found.sent) == 3


def test_a_change_is_made_more_often_while_others_change_the_same() -> None:
    found = run(["join"], unfinished=True)
    assert "it still differs" in found.failure
    assert len(found.sent) > 3 and 30 < found.seconds < 40
