# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The executor: order, undoing, lost answers, busy objects, and failures beside each other."""

from __future__ import annotations

import threading
import types
import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    ForeignAnswer,
    NotFound,
    OutcomeUnknown,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.executor import execute
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import (
    SECONDS_UNTIL_LISTED,
    Call,
    Outcome,
    Plan,
    PlanFailed,
)
from tests.support.fakes import Cloud as RowCloud
from tests.support.fakes import Ticks


class Cloud(RowCloud):
    """A cloud that takes calls of any name."""

    def __getattr__(self, method: str) -> t.Any:
        return getattr(self.__dict__["changes"], method)


FINAL = CloudError("operation", "no", "CSBS.6033", 400)
BUSY = CloudError("operation", "busy", "CSBS.2003", 500)
LOST = OutcomeUnknown("operation", "connection closed")


def names(cloud: Cloud) -> list[str]:
    return [method for method, dummy in cloud.changes.sent]


def run(calls: list[Call], cloud: Cloud, workers: int = 0, timeout: float = 3600) -> tuple[Outcome, Ticks]:
    ticks = Ticks()
    return execute(Plan(tuple(calls), workers=workers), cloud, ticks.clock(timeout)), ticks


def growing(sleeps: list[float], least: list[float]) -> bool:
    """Pauses are at least as long as planned; a random quarter of each keeps tasks from coming back together."""
    return len(sleeps) == len(least) and all(low <= pause <= low * 1.25 for pause, low in zip(sleeps, least))


def leave(name: str) -> Call:
    return Call(f"take out of {name}", f"leave_{name}", undo=Call(f"put back into {name}", f"back_{name}"))


def test_a_plan_changes_something_when_it_has_calls_and_only_then() -> None:
    assert Plan((Call("a", "a"),), before={}, after={}).changed is True
    assert Plan((), before={"a": 1}, after={"a": 2}).changed is False


def test_ordered_calls_are_sent_in_their_order_with_their_arguments() -> None:
    cloud = Cloud(answers={"first": ["1"], "second": ["2"]})
    outcome = run([Call("a", "first", {"x": 1}), Call("b", "second")], cloud)[0]
    assert cloud.changes.sent == [("first", {"x": 1}), ("second", {})]
    assert (outcome.answers, outcome.failures) == ({0: "1", 1: "2"}, {})


def test_a_failure_puts_back_what_was_done_the_last_first_and_sends_nothing_more() -> None:
    cloud = Cloud(answers={"join": [FINAL]})
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), leave("b"), Call("join", "join"), Call("tag", "tag")], cloud)
    assert names(cloud) == ["leave_a", "leave_b", "join", "back_b", "back_a"]
    assert "Put back: put back into b, put back into a." in str(failure.value)
    assert (failure.value.error.error_code, failure.value.error.status) == ("CSBS.6033", 400)


def test_what_came_before_a_call_that_stays_is_not_put_back() -> None:
    """A server that has joined its new policy must not be put back into the old one because a tag failed."""
    cloud = Cloud(answers={"tag": [FINAL]})
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), Call("join the new policy", "join"), Call("tag", "tag")], cloud)
    assert names(cloud) == ["leave_a", "join", "tag"]
    assert "Already done and kept: take out of a, join the new policy." in str(failure.value)
    assert "back into" not in str(failure.value)


def test_a_call_that_may_have_had_its_effect_is_put_back_as_well() -> None:
    """Nobody knows whether the server has left: it is put back, which does nothing when it has not."""
    cloud = Cloud(answers={"leave_b": [LOST]})
    with pytest.raises(PlanFailed):
        run([leave("a"), leave("b"), Call("join", "join")], cloud, timeout=5)
    assert names(cloud)[-2:] == ["back_b", "back_a"]
    assert "join" not in names(cloud)


def test_a_call_that_was_refused_is_not_put_back() -> None:
    cloud = Cloud(answers={"leave_b": [FINAL]})
    with pytest.raises(PlanFailed):
        run([leave("a"), leave("b"), Call("join", "join")], cloud)
    assert names(cloud) == ["leave_a", "leave_b", "back_a"]


def test_what_could_not_be_put_back_is_named_and_the_rest_is_still_put_back() -> None:
    cloud = Cloud(answers={"join": [FINAL], "back_b": [FINAL]})
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), leave("b"), Call("join", "join")], cloud)
    assert names(cloud)[-1] == "back_a"
    assert "COULD NOT PUT BACK, do it by hand: put back into b (no)" in str(failure.value)
    assert "Put back: put back into a." in str(failure.value)


def test_putting_back_waits_for_what_is_busy_although_the_timeout_is_over() -> None:
    cloud = Cloud(answers={"join": [BUSY], "back_a": [BUSY, BUSY, None]})
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), Call("join", "join")], cloud, timeout=20)
    assert names(cloud).count("back_a") == 3
    assert "Put back: put back into a." in str(failure.value)


def test_what_is_busy_is_tried_until_it_is_not() -> None:
    cloud = Cloud(answers={"go": [BUSY, BUSY, "done"]})
    outcome, ticks = run([Call("go", "go")], cloud)
    assert outcome.answers == {0: "done"}
    assert growing(ticks.sleeps, [2, 3])


def test_what_stays_busy_fails_at_the_timeout_and_not_before() -> None:
    cloud, ticks = Cloud(answers={"go": [BUSY]}), Ticks()
    with pytest.raises(PlanFailed, match="busy It was tried until the timeout.") as failure:
        execute(Plan((Call("go", "go"),)), cloud, ticks.clock(100))
    assert ticks.time == 100
    assert failure.value.error.error_code == "CSBS.2003"


def test_what_is_final_is_not_tried_again() -> None:
    cloud = Cloud(answers={"go": [FINAL, "never"]})
    with pytest.raises(PlanFailed):
        run([Call("go", "go")], cloud)
    assert names(cloud) == ["go"]


@pytest.mark.parametrize("workers", [0, 2])
def test_an_object_that_is_gone_is_done_only_where_that_was_wanted(workers: int) -> None:
    gone = NotFound("operation", "gone", status=404)
    outcome = run([Call("delete", "go", missing_ok=True)], Cloud(answers={"go": [gone]}), workers)[0]
    assert (outcome.answers, outcome.failures) == ({0: None}, {})
    with pytest.raises(PlanFailed):
        run([Call("change", "go")], Cloud(answers={"go": [gone]}))


RECOVER = ("started_backup", {"server_id": "s", "name": "n", "known": frozenset()})


class Finding(Cloud):
    """A cloud whose list shows what was started from the given look on; 0 is never."""

    def __init__(self, from_look: int, **more: t.Any) -> None:
        super().__init__(**more)
        self.from_look, self.looks = from_look, 0
        self.sent_at_look: list[int] = []

    def started_backup(self, server_id: str, name: str, known: t.Collection[str]) -> str | None:
        assert (server_id, name, known) == ("s", "n", frozenset())
        self.looks += 1
        self.sent_at_look.append(len(self.changes.sent))
        return "found" if self.from_look and self.looks >= self.from_look else None


@pytest.mark.parametrize("look", [1, 2, 5])
def test_an_effect_whose_answer_was_lost_is_found_and_not_sent_again(look: int) -> None:
    cloud = Finding(look, answers={"protect": [LOST, "second"]})
    assert run([Call("back up", "protect", find_effect=RECOVER)], cloud)[0].answers == {0: "found"}
    assert names(cloud) == ["protect"]


def test_a_call_that_had_no_effect_is_sent_again_after_looking() -> None:
    cloud = Finding(0, answers={"protect": [LOST, "second"]})
    assert run([Call("back up", "protect", find_effect=RECOVER)], cloud)[0].answers == {0: "second"}
    assert cloud.looks >= 2 and set(cloud.sent_at_look) == {1}


def test_a_lost_answer_is_still_looked_for_after_the_service_said_busy() -> None:
    """The first sending had its effect, so the second is told that the server is busy."""
    cloud = Finding(13, answers={"protect": [LOST, BUSY, "third"]})
    assert run([Call("back up", "protect", find_effect=RECOVER)], cloud)[0].answers == {0: "found"}
    assert names(cloud) == ["protect", "protect"]


def test_looking_for_a_lost_answer_outlasts_a_lost_look() -> None:
    cloud = Finding(1, answers={"protect": [LOST, "second"]})
    found, troubles = (
        cloud.started_backup,
        [
            OutcomeUnknown("list backups", "closed"),
            CloudError("list backups", "slow", None, 503),
        ],
    )

    def look(**arguments: t.Any) -> str | None:
        if troubles:
            raise troubles.pop()
        return found(**arguments)

    cloud.started_backup = look  # type: ignore[method-assign]
    assert run([Call("back up", "protect", find_effect=RECOVER)], cloud)[0].answers == {0: "found"}
    assert names(cloud) == ["protect"]


def test_a_call_without_a_way_to_look_is_simply_sent_again() -> None:
    cloud = Cloud(answers={"update": [LOST, "done"]})
    assert run([Call("update", "update")], cloud)[0].answers == {0: "done"}


@pytest.mark.parametrize("workers", [1, 3])
def test_a_failure_among_independent_calls_does_not_stop_the_others(workers: int) -> None:
    cloud = Cloud(answers={"b": [FINAL], "c": ["3"], "a": ["1"]})
    outcome = run([Call("b", "b"), Call("a", "a"), Call("c", "c")], cloud, workers)[0]
    assert outcome.answers == {1: "1", 2: "3"}
    assert outcome.failures == {0: FINAL}
    assert sorted(names(cloud)) == ["a", "b", "c"]


def test_no_more_independent_calls_run_at_a_time_than_there_are_workers() -> None:
    together, running, most = threading.Barrier(3), set[int](), 0

    def wait_for_two_others() -> None:
        nonlocal most
        running.add(threading.get_ident())
        most = max(most, len(running))
        together.wait(timeout=60)

    run([Call("a", "a") for dummy in range(9)], Cloud(answers={"a": [wait_for_two_others]}), workers=3)
    assert most == 3


def test_what_is_busy_holds_nobody_else_up() -> None:
    cloud = Cloud(answers={"busy": [BUSY, BUSY, BUSY, "late"], "free": ["done"]})
    calls = [Call("a", "busy"), *(Call("b", "free") for dummy in range(5))]
    outcome, ticks = run(calls, cloud, workers=1)
    assert outcome.answers == {0: "late", **dict.fromkeys(range(1, 6), "done")}
    assert names(cloud)[:6] == ["busy", *["free"] * 5]
    assert growing(ticks.sleeps, [2, 3, 4.5])


def test_what_stays_busy_beside_others_fails_at_the_timeout() -> None:
    cloud, ticks = Cloud(answers={"busy": [BUSY], "free": ["done"]}), Ticks()
    outcome = execute(Plan((Call("a", "busy"), Call("b", "free")), workers=2), cloud, ticks.clock(100))
    assert outcome.answers == {1: "done"}
    assert "It was tried until the timeout." in str(outcome.failures[0]) and ticks.time == 100


def test_what_keeps_a_call_busy_may_be_what_it_wants() -> None:
    """A killed run has just started it, and lists did not show it yet."""
    cloud = Finding(2, answers={"protect": [BUSY]})
    outcome = run([Call("back up", "protect", find_existing=RECOVER)], cloud, workers=2)[0]
    assert outcome.answers == {0: "found"}
    assert names(cloud) == ["protect", "protect"]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_lost_answer_is_not_sent_again_when_there_is_no_time_to_see_it(workers: int) -> None:
    cloud = Finding(0, answers={"protect": [LOST, "second"]})
    if workers:
        assert "timeout" in str(
            run([Call("back up", "protect", find_effect=RECOVER)], cloud, workers, timeout=4)[0].failures[0]
        )
    else:
        with pytest.raises(PlanFailed, match="timeout"):
            run([Call("back up", "protect", find_effect=RECOVER)], cloud, timeout=4)
    assert names(cloud) == ["protect"]


# ========== The deadline ==========
def test_nothing_is_sent_after_the_deadline_and_what_was_not_started_is_named() -> None:
    ticks = Ticks()

    def slow() -> str:
        ticks.sleep_for(2)
        return "done"

    cloud = Cloud(answers={"go": [slow]})
    outcome = execute(
        Plan(tuple(Call(f"back up {number}", "go") for number in range(6)), workers=1), cloud, ticks.clock(4)
    )
    assert len(cloud.changes.sent) == len(outcome.answers) == 2
    assert outcome.not_started == [f"back up {number}" for number in range(2, 6)]
    assert all("it was not started" in str(error) and "timeout" in str(error) for error in outcome.failures.values())


def test_an_ordered_plan_stops_at_the_deadline_and_undoes_what_it_did() -> None:
    ticks = Ticks()
    cloud = Cloud(answers={"leave_a": [lambda: ticks.sleep_for(5)]})
    with pytest.raises(PlanFailed) as failure:
        execute(Plan((leave("a"), Call("join", "join"), Call("tag", "tag"))), cloud, ticks.clock(4))
    assert names(cloud) == ["leave_a", "back_a"]
    assert failure.value.outcome.not_started == ["tag"] and "Not started: tag." in str(failure.value)
    assert not failure.value.error.applied


def test_the_service_decides_how_long_the_pause_is() -> None:
    throttled = CloudError("operation", "slow down", "APIGW.0308", 429, retry_after=40)
    for workers in (0, 1):
        ticks = Ticks()
        execute(Plan((Call("go", "go"),), workers=workers), Cloud(answers={"go": [throttled, "done"]}), ticks.clock())
        assert ticks.sleeps[0] >= 40


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
        run(calls, Cloud(answers={"tag": [FINAL]}))
    assert failure.value.error.applied is applied and failure.value.outcome.changed is applied


def test_what_cannot_be_put_back_stays_changed() -> None:
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), Call("join", "join")], Cloud(answers={"join": [FINAL], "back_a": [FINAL]}))
    assert failure.value.error.applied


def test_a_call_that_had_its_effect_before_it_failed_stays_and_so_does_what_came_before() -> None:
    """The join was accepted and only the look at it failed: nobody is put back into the old policy."""
    refused = CloudError("operation", "no right to read", "CSBS.9009", 403)
    refused.applied = True
    cloud = Cloud(answers={"join": [refused]})
    with pytest.raises(PlanFailed) as failure:
        run([leave("a"), Call("join", "join", undo=Call("take out", "take_out"))], cloud)
    assert names(cloud) == ["leave_a", "join"]
    assert failure.value.error.applied and "Already done and kept" in str(failure.value)


def test_an_error_of_one_call_that_nobody_expects_does_not_hide_the_others() -> None:
    cloud = Cloud(answers={"a": ["1"], "b": [KeyError("checkpoint")], "c": ["3"]})
    outcome = run([Call("a", "a"), Call("b", "b"), Call("c", "c")], cloud, workers=2)[0]
    assert outcome.answers == {0: "1", 2: "3"}
    assert "not what the service documents" in str(outcome.failures[1])


def test_a_foreign_answer_to_a_call_that_makes_something_is_looked_for() -> None:
    cloud = Finding(2, answers={"protect": [ForeignAnswer("operation", "it is no JSON"), "second"]})
    assert run([Call("back up", "protect", find_effect=RECOVER)], cloud, workers=1)[0].answers == {0: "found"}
    assert names(cloud) == ["protect"]


def test_an_answer_without_the_id_of_what_was_made_is_looked_for() -> None:
    cloud = Finding(1, answers={"protect": [types.SimpleNamespace(id=None), "second"]})
    assert run([Call("back up", "protect", find_effect=RECOVER)], cloud)[0].answers == {0: "found"}


def test_what_was_made_is_not_made_again_before_every_list_must_show_it() -> None:
    cloud, ticks = Finding(0, answers={"protect": [LOST, "second"]}), Ticks()
    execute(Plan((Call("back up", "protect", find_effect=RECOVER),)), cloud, ticks.clock())
    assert ticks.time >= SECONDS_UNTIL_LISTED


def test_a_lost_answer_that_cannot_be_looked_for_is_told_as_lost() -> None:
    cloud = Finding(1, answers={"protect": [LOST]})

    def look(**arguments: t.Any) -> str | None:
        raise CloudError("list backups", "not allowed", None, 403)

    cloud.started_backup = look  # type: ignore[method-assign]
    with pytest.raises(PlanFailed, match="connection closed.*could it be looked for.*not allowed"):
        run([Call("back up", "protect", find_effect=RECOVER)], cloud)
    assert names(cloud) == ["protect"]


# ========== Groups ==========
def test_a_group_keeps_its_order_and_stops_at_its_failure_while_others_go_on() -> None:
    cloud = Cloud(answers={"unset_a": [FINAL]})
    calls = [Call(f"{verb} {name}", f"{verb}_{name}", group=name) for name in ("a", "b") for verb in ("unset", "set")]
    outcome = run(calls, cloud, workers=2)[0]
    assert set(names(cloud)) == {"unset_a", "unset_b", "set_b"}
    assert [name for name in names(cloud) if name.endswith("_b")] == ["unset_b", "set_b"]
    assert sorted(outcome.answers) == [2, 3]
    assert outcome.failures[0] is FINAL and outcome.not_started == ["set a"]


def test_a_busy_call_holds_its_group_back_and_no_other() -> None:
    cloud = Cloud(answers={"unset_a": [BUSY, None]})
    calls = [Call(f"{verb} {name}", f"{verb}_{name}", group=name) for name in ("a", "b") for verb in ("unset", "set")]
    outcome = run(calls, cloud, workers=1)[0]
    assert names(cloud) == ["unset_a", "unset_b", "set_b", "unset_a", "set_a"]
    assert sorted(outcome.answers) == [0, 1, 2, 3]
