# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The executor: order, undoing, the deadline, and failures beside each other."""

from __future__ import annotations

import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    FinalError,
    NotFound,
    Outdated,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.executor import execute
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.progress import PROGRESS_FILE, QUIET
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Call, Outcome, Plan, PlanFailed
from tests.support.calls import BUSY, FINAL, LOST, AnyCloud, are_growing
from tests.support.fakes import Ticks


def run(calls: list[Call], cloud: AnyCloud, workers: int = 0, timeout: float = 3600) -> tuple[Outcome, Ticks]:
    ticks = Ticks()
    plan: Plan[None] = Plan(tuple(calls), workers=workers)
    return execute(plan, t.cast(t.Any, cloud), ticks.clock(timeout)), ticks


def leave(name: str) -> Call:
    return Call(f"take out of {name}", f"leave_{name}", undo=Call(f"put back into {name}", f"back_{name}"))


def test_ordered_calls_are_sent_in_their_order_with_their_arguments() -> None:
    cloud = AnyCloud(answers={"first": ["1"], "second": ["2"]})
    outcome = run([Call("a", "first", {"x": 1}), Call("b", "second")], cloud)[0]
    assert cloud.changes.sent == [("first", {"x": 1}), ("second", {})]
    assert (outcome.answers, outcome.failures) == ({0: "1", 1: "2"}, {})


def test_a_failure_puts_back_what_was_done_the_last_first_and_sends_nothing_more() -> None:
    cloud = AnyCloud(answers={"join": [FINAL]})
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), leave("b"), Call("join", "join"), Call("tag", "tag")], cloud)
    assert cloud.sent == ["leave_a", "leave_b", "join", "back_b", "back_a"]
    assert "Put back: put back into b, put back into a." in str(failure.value)
    assert (failure.value.error.error_code, failure.value.error.status) == ("CSBS.6033", 400)


BACK = (Call("put web back", "back_web"), Call("put db back", "back_db"))


def test_servers_that_are_refused_together_are_put_back_one_by_one() -> None:
    """Or all stay without a policy because one has broken meanwhile."""
    cloud = AnyCloud(answers={"join": [FINAL], "back": [FINAL], "back_web": [FINAL]})
    out = Call("take both out", "leave", undo=Call("put both back", "back", parts=BACK))
    with pytest.raises(PlanFailed) as failure:
        run([out, Call("join", "join")], cloud)
    assert cloud.sent == ["leave", "join", "back", "back_web", "back_db"]
    assert "Put back: put db back. COULD NOT PUT BACK, do it by hand: put web back (no)." in str(failure.value)
    assert failure.value.stuck and failure.value.error.applied


def test_servers_whose_old_policy_is_gone_are_not_tried_one_by_one() -> None:
    gone = NotFound("put both back", "no such policy", error_code="CSBS.3000", status=404)
    cloud = AnyCloud(answers={"join": [FINAL], "back": [gone]})
    with pytest.raises(PlanFailed):
        run(
            [Call("take both out", "leave", undo=Call("put both back", "back", parts=BACK)), Call("join", "join")],
            cloud,
        )
    assert cloud.sent == ["leave", "join", "back"]


def test_what_came_before_a_call_that_stays_is_not_put_back() -> None:
    """A server that has joined its new policy must not be put back into the old one because a tag failed."""
    cloud = AnyCloud(answers={"tag": [FINAL]})
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), Call("join the new policy", "join"), Call("tag", "tag")], cloud)
    assert cloud.sent == ["leave_a", "join", "tag"]
    assert "Already done and kept: take out of a, join the new policy." in str(failure.value)
    assert "back into" not in str(failure.value)


def test_a_call_that_may_have_had_its_effect_is_put_back_as_well() -> None:
    """Nobody knows whether the server has left: it is put back, which does nothing when it has not."""
    cloud = AnyCloud(answers={"leave_b": [LOST]})
    with pytest.raises(PlanFailed):
        run([leave("a"), leave("b"), Call("join", "join")], cloud, timeout=5)
    assert cloud.sent[-2:] == ["back_b", "back_a"]
    assert "join" not in cloud.sent


def test_a_call_that_was_refused_is_not_put_back() -> None:
    cloud = AnyCloud(answers={"leave_b": [FINAL]})
    with pytest.raises(PlanFailed):
        run([leave("a"), leave("b"), Call("join", "join")], cloud)
    assert cloud.sent == ["leave_a", "leave_b", "back_a"]


def test_servers_that_did_not_join_are_put_back_although_something_of_the_call_stays() -> None:
    overwritten = FinalError("join", "others keep changing the servers of the policy")
    overwritten.applied = overwritten.not_joined = True
    cloud = AnyCloud(answers={"join": [overwritten]})
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), Call("join", "join"), Call("tag", "tag")], cloud)
    assert cloud.sent == ["leave_a", "join", "back_a"]
    assert failure.value.error.applied and failure.value.error.not_joined
    assert "Already done" not in str(failure.value) and "Put back: put back into a." in str(failure.value)


def test_what_could_not_be_put_back_is_named_and_the_rest_is_still_put_back() -> None:
    cloud = AnyCloud(answers={"join": [FINAL], "back_b": [FINAL]})
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), leave("b"), Call("join", "join")], cloud)
    assert cloud.sent[-1] == "back_a"
    assert "COULD NOT PUT BACK, do it by hand: put back into b (no)" in str(failure.value)
    assert "Put back: put back into a." in str(failure.value)


@pytest.mark.parametrize(("back", "stuck"), [(FINAL, True), (None, False)])
def test_a_plan_is_stuck_when_something_could_not_be_put_back(back: CloudError | None, stuck: bool) -> None:
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), Call("join", "join")], AnyCloud(answers={"join": [FINAL], "back_a": [back]}))
    assert failure.value.stuck is stuck


def test_a_failure_still_says_that_others_have_changed_what_it_rests_on() -> None:
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), Call("join", "join")], AnyCloud(answers={"join": [Outdated("join", "it is full")]}))
    assert failure.value.error.outdated and "Put back: put back into a." in str(failure.value)


def test_putting_back_waits_for_what_is_busy_although_the_timeout_is_over() -> None:
    cloud = AnyCloud(answers={"join": [BUSY], "back_a": [BUSY, BUSY, None]})
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), Call("join", "join")], cloud, timeout=20)
    assert cloud.sent.count("back_a") == 3
    assert "Put back: put back into a." in str(failure.value)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_failure_among_independent_calls_does_not_stop_the_others(workers: int) -> None:
    cloud = AnyCloud(answers={"b": [FINAL], "c": ["3"], "a": ["1"]})
    outcome = run([Call("b", "b"), Call("a", "a"), Call("c", "c")], cloud, workers)[0]
    assert outcome.answers == {1: "1", 2: "3"}
    assert outcome.failures == {0: FINAL}
    assert sorted(cloud.sent) == ["a", "b", "c"]


def test_no_more_independent_calls_run_at_a_time_than_there_are_workers() -> None:
    together, running, most = threading.Barrier(3), set[int](), 0

    def wait_for_two_others() -> None:
        nonlocal most
        running.add(threading.get_ident())
        most = max(most, len(running))
        together.wait(timeout=60)

    run([Call("a", "a") for dummy in range(9)], AnyCloud(answers={"a": [wait_for_two_others]}), workers=3)
    assert most == 3


def test_what_is_busy_holds_nobody_else_up() -> None:
    cloud = AnyCloud(answers={"busy": [BUSY, BUSY, BUSY, "late"], "free": ["done"]})
    calls = [Call("a", "busy"), *(Call("b", "free") for dummy in range(5))]
    outcome, ticks = run(calls, cloud, workers=1)
    assert outcome.answers == {0: "late", **dict.fromkeys(range(1, 6), "done")}
    assert cloud.sent[:6] == ["busy", *["free"] * 5]
    assert are_growing(ticks.sleeps, [2, 3, 4.5])


def test_what_stays_busy_beside_others_fails_at_the_timeout() -> None:
    cloud = AnyCloud(answers={"busy": [BUSY], "free": ["done"]})
    outcome, ticks = run([Call("a", "busy"), Call("b", "free")], cloud, workers=2, timeout=100)
    assert outcome.answers == {1: "done"}
    assert "It was tried until the timeout." in str(outcome.failures[0]) and ticks.time == 100


@pytest.mark.parametrize("workers", [0, 1])
def test_a_row_that_was_found_is_told_from_an_answer(workers: int) -> None:
    cloud = AnyCloud(shown_from_look=1, answers={"protect": [LOST, "second"], "tag": ["third"]})
    calls = [Call("back up", "protect", find_effect=lambda cloud: cloud.find()), Call("tag", "tag")]
    outcome = run(calls, cloud, workers)[0]
    assert (outcome.answers, outcome.found) == ({0: {"id": "found"}, 1: "third"}, {0})


# ========== The deadline ==========
def test_nothing_is_sent_after_the_deadline_and_what_was_not_started_is_named() -> None:
    ticks = Ticks()

    def slow() -> str:
        ticks.sleep_for(2)
        return "done"

    cloud = AnyCloud(answers={"go": [slow]})
    plan: Plan[None] = Plan(tuple(Call(f"back up {number}", "go") for number in range(6)), workers=1)
    outcome = execute(plan, t.cast(t.Any, cloud), ticks.clock(4))
    assert len(cloud.changes.sent) == len(outcome.answers) == 2
    assert outcome.not_started == [f"back up {number}" for number in range(2, 6)]
    assert all("it was not started" in str(error) and "timeout" in str(error) for error in outcome.failures.values())


def test_a_group_whose_call_is_found_at_the_deadline_ends_for_want_of_time() -> None:
    ticks = Ticks()

    def lose() -> None:
        ticks.sleep_for(5)
        raise LOST

    cloud = AnyCloud(shown_from_look=1, answers={"unset": [lose]})
    unset = Call("unset", "unset", group="a", find_effect=lambda cloud: cloud.find())
    plan: Plan[None] = Plan((unset, Call("set", "set", group="a")), workers=1)
    outcome = execute(plan, t.cast(t.Any, cloud), ticks.clock(4))
    assert (outcome.found, cloud.sent) == ({0}, ["unset"])
    assert "timeout" in str(outcome.failures[1]) and "this failed" not in str(outcome.failures[1])


def test_an_ordered_plan_stops_at_the_deadline_and_undoes_what_it_did() -> None:
    ticks = Ticks()
    cloud = AnyCloud(answers={"leave_a": [lambda: ticks.sleep_for(5)]})
    plan: Plan[None] = Plan((leave("a"), Call("join", "join"), Call("tag", "tag")))
    with pytest.raises(PlanFailed) as failure:
        execute(plan, t.cast(t.Any, cloud), ticks.clock(4))
    assert cloud.sent == ["leave_a", "back_a"]
    assert failure.value.outcome.not_started == ["tag"] and "Not started: tag." in str(failure.value)
    assert not failure.value.error.applied


def test_groups_wait_as_long_as_the_service_asks_for() -> None:
    throttled = CloudError("operation", "slow down", "APIGW.0308", 429, retry_after=40)
    assert run([Call("go", "go")], AnyCloud(answers={"go": [throttled, "done"]}), workers=1)[1].sleeps[0] >= 40


# ========== What is known of a failure ==========
@pytest.mark.parametrize(
    ("calls", "applied"),
    [
        ([Call("make", "make"), Call("tag", "tag")], True),
        ([leave("a"), Call("tag", "tag")], False),
        ([Call("tag", "tag")], False),
    ],
    ids=["kept", "undone", "nothing-done"],
)
def test_a_failed_plan_knows_whether_anything_stays_changed(calls: list[Call], applied: bool) -> None:
    with pytest.raises(PlanFailed) as failure:
        run(calls, AnyCloud(answers={"tag": [FINAL]}))
    assert failure.value.error.applied is applied and failure.value.outcome.changed is applied


def test_what_cannot_be_put_back_stays_changed() -> None:
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), Call("join", "join")], AnyCloud(answers={"join": [FINAL], "back_a": [FINAL]}))
    assert failure.value.error.applied


def test_a_call_that_had_its_effect_before_it_failed_stays_and_so_does_what_came_before() -> None:
    """The join was accepted and only the look at it failed: nobody is put back into the old policy."""
    refused = CloudError("operation", "no right to read", "CSBS.9009", 403)
    refused.applied = True
    cloud = AnyCloud(answers={"join": [refused]})
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), Call("join", "join", undo=Call("take out", "take_out"))], cloud)
    assert cloud.sent == ["leave_a", "join"]
    assert failure.value.error.applied and "Already done and kept" in str(failure.value)


def test_an_error_of_one_call_that_nobody_expects_does_not_hide_the_others() -> None:
    cloud = AnyCloud(answers={"a": ["1"], "b": [KeyError("checkpoint")], "c": ["3"]})
    outcome = run([Call("a", "a"), Call("b", "b"), Call("c", "c")], cloud, workers=2)[0]
    assert outcome.answers == {0: "1", 2: "3"}
    assert "not what the service documents" in str(outcome.failures[1])


# ========== Groups ==========
def test_a_group_keeps_its_order_and_stops_at_its_failure_while_others_go_on() -> None:
    cloud = AnyCloud(answers={"unset_a": [FINAL]})
    calls = [Call(f"{verb} {name}", f"{verb}_{name}", group=name) for name in ("a", "b") for verb in ("unset", "set")]
    outcome = run(calls, cloud, workers=2)[0]
    assert set(cloud.sent) == {"unset_a", "unset_b", "set_b"}
    assert [name for name in cloud.sent if name.endswith("_b")] == ["unset_b", "set_b"]
    assert sorted(outcome.answers) == [2, 3]
    assert outcome.failures[0] is FINAL and outcome.not_started == ["set a"]


def test_a_busy_call_holds_its_group_back_and_no_other() -> None:
    cloud = AnyCloud(answers={"unset_a": [BUSY, None]})
    calls = [Call(f"{verb} {name}", f"{verb}_{name}", group=name) for name in ("a", "b") for verb in ("unset", "set")]
    outcome = run(calls, cloud, workers=1)[0]
    assert cloud.sent == ["unset_a", "unset_b", "set_b", "unset_a", "set_a"]
    assert sorted(outcome.answers) == [0, 1, 2, 3]


# ========== Progress ==========
@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[], list[str]]:
    """Return what reads the progress lines that are shown."""
    path = tmp_path / "progress"
    path.touch()
    monkeypatch.setenv(PROGRESS_FILE, str(path))
    return lambda: [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(QUIET)]


def run_slowly(calls: list[Call], workers: int, seconds: float, **answers: list[t.Any]) -> None:
    """Carry out a plan in which each answer of the method go takes so many seconds."""
    ticks = Ticks()
    cloud = AnyCloud(answers={"go": [lambda: ticks.sleep_for(seconds)], **answers})
    execute(Plan[None](tuple(calls), workers=workers), t.cast(t.Any, cloud), ticks.clock())


@pytest.mark.parametrize("workers", [0, 1])
def test_a_plan_of_many_calls_writes_a_line_every_few_seconds(workers: int, lines: t.Callable[[], list[str]]) -> None:
    run_slowly([Call("a", "go") for dummy in range(12)], workers, seconds=1)
    assert lines() == [
        "5/12 changes made, 42 %, after 5s",
        "10/12 changes made, 83 %, after 10s",
        "12/12 changes made, 100 %, after 12s",
    ]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_quick_plan_writes_no_line(workers: int, lines: t.Callable[[], list[str]]) -> None:
    run_slowly([Call("a", "go") for dummy in range(100)], workers, seconds=0.01)
    assert lines() == []


@pytest.mark.parametrize("workers", [0, 1])
def test_a_plan_that_waits_for_what_is_busy_says_so(workers: int, lines: t.Callable[[], list[str]]) -> None:
    run_slowly([Call("a", "go"), Call("b", "busy")], workers, seconds=1, busy=[BUSY, BUSY, BUSY, BUSY, "done"])
    assert lines()[0].startswith("1/2 changes made, 50 %, after ")
    assert lines()[0].endswith(", waiting for what is busy")
    assert lines()[-1].startswith("2/2 changes made, 100 %, after ")


@pytest.mark.parametrize(
    ("methods", "what"),
    [
        (["back_up"], "backups started"),
        (["delete_backup"], "deletions started"),
        (["run_policy"], "runs started"),
        (["back_up", "delete_backup"], "changes made"),
    ],
)
def test_lines_say_what_is_done(methods: list[str], what: str, lines: t.Callable[[], list[str]]) -> None:
    ticks = Ticks()
    slow: list[t.Any] = [lambda **dummy: ticks.sleep_for(6)]
    cloud = AnyCloud(answers=dict.fromkeys(methods, slow))
    execute(Plan[None](tuple(Call("a", method) for method in methods)), t.cast(t.Any, cloud), ticks.clock())
    assert f"1/{len(methods)} {what}, " in lines()[0]


def test_the_last_line_is_not_repeated(lines: t.Callable[[], list[str]]) -> None:
    run_slowly([Call("a", "go")], workers=0, seconds=6)
    assert lines() == ["1/1 changes made, 100 %, after 6s"]


def test_a_plan_says_at_its_start_what_it_has_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The action plugin shows this line when the plan is silent for long, as while it waits for a lock."""
    path = tmp_path / "progress"
    path.touch()
    monkeypatch.setenv(PROGRESS_FILE, str(path))
    run([Call("a", "go"), Call("b", "go")], AnyCloud())
    assert path.read_text(encoding="utf-8") == f"{QUIET}0/2 changes made, 0 %, after 0s\n"


def test_a_plan_that_fails_ends_without_another_line(lines: t.Callable[[], list[str]]) -> None:
    with pytest.raises(PlanFailed):
        run_slowly([Call("a", "go"), Call("b", "no")], workers=0, seconds=6, no=[FINAL])
    assert lines() == ["1/2 changes made, 50 %, after 6s"]
