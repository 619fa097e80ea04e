# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call: retries while something is busy, lost answers whose effect is found, and the deadline."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    FinalError,
    ForeignAnswer,
    NotFound,
    NotStarted,
    OutcomeUnknown,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.attempt import Attempt
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import SECONDS_UNTIL_LISTED, Call
from tests.support.calls import BUSY, FINAL, LOST, AnyCloud, are_growing
from tests.support.fakes import Ticks

FOUND = {"id": "found"}
FOREIGN = ForeignAnswer("operation", "it is no JSON")


def make_call(**fields: t.Any) -> Call:
    return Call("operation", "send", **fields)


LOOKING = make_call(find_effect=lambda cloud: cloud.find())


def attempt(call: Call, cloud: AnyCloud, timeout: float = 3600) -> tuple[Attempt, Ticks]:
    """Send a call until it is answered, and return what became of it."""
    made, ticks = Attempt(call), Ticks()
    made.send_until_answered(t.cast(t.Any, cloud), ticks.clock(timeout))
    return made, ticks


def answering(*answers: t.Any, shown_from_look: int = 0) -> AnyCloud:
    return AnyCloud(shown_from_look, answers={"send": list(answers)})


# ========== Busy, refused, gone ==========
def test_a_call_is_sent_once_with_its_arguments_and_its_answer_is_kept() -> None:
    cloud = answering("done", "again")
    made, ticks = attempt(make_call(arguments={"server": "s"}), cloud)
    assert (made.answer, made.was_found, ticks.sleeps) == ("done", False, [])
    assert cloud.changes.sent == [("send", {"server": "s"})]


def test_a_busy_call_is_sent_again_after_growing_pauses() -> None:
    made, ticks = attempt(make_call(), answering(BUSY, BUSY, "done"))
    assert made.answer == "done" and are_growing(ticks.sleeps, [2, 3])


def test_a_call_that_stays_busy_fails_at_the_timeout_and_not_before() -> None:
    made, ticks = Attempt(make_call()), Ticks()
    with pytest.raises(CloudError, match="busy It was tried until the timeout.") as failure:
        made.send_until_answered(t.cast(t.Any, answering(BUSY)), ticks.clock(100))
    assert (ticks.time, failure.value.error_code) == (100, "CSBS.2003")


def test_a_state_that_may_last_is_tried_for_about_a_minute() -> None:
    unclear = CloudError("operation", "the vault is frozen.", "BackupService.6112", 400)
    made, ticks = attempt(make_call(), answering(unclear, unclear, "done"))
    assert made.answer == "done"
    lasting, ticks = Attempt(make_call()), Ticks()
    with pytest.raises(CloudError, match="the vault is frozen") as failure:
        lasting.send_until_answered(t.cast(t.Any, answering(unclear)), ticks.clock(3600))
    assert failure.value.error_code == "BackupService.6112" and 45 <= sum(ticks.sleeps) <= 90


def test_a_final_refusal_is_not_sent_again() -> None:
    cloud = answering(FINAL, "never")
    with pytest.raises(CloudError) as failure:
        attempt(make_call(), cloud)
    assert failure.value is FINAL and cloud.sent == ["send"]


@pytest.mark.parametrize(
    ("earlier", "later", "uncertain"),
    [
        (LOST, FinalError("operation", "the certificate is not trusted."), True),
        (LOST, FinalError("operation", "it is full.", "CSBS.6000", 400), False),
        (BUSY, FinalError("operation", "the certificate is not trusted."), False),
    ],
    ids=["without an answer", "the service answers", "it was not lost"],
)
def test_a_call_whose_answer_was_lost_may_have_had_its_effect_when_nobody_answers_later(
    earlier: CloudError, later: CloudError, uncertain: bool
) -> None:
    with pytest.raises(FinalError) as failure:
        attempt(make_call(), answering(earlier, later))
    assert failure.value.uncertain is uncertain and ("may have had" in str(failure.value)) is uncertain


def test_a_missing_object_is_success_only_where_the_call_says_so() -> None:
    gone = NotFound("operation", "gone", status=404)
    assert attempt(make_call(missing_ok=True), answering(gone))[0].answer is None
    with pytest.raises(NotFound):
        attempt(make_call(), answering(gone))


def test_the_service_decides_how_long_a_pause_is() -> None:
    throttled = CloudError("operation", "slow down", "APIGW.0308", 429, retry_after=40)
    assert attempt(make_call(), answering(throttled, "done"))[1].sleeps[0] >= 40


# ========== Lost answers ==========
@pytest.mark.parametrize("look", [1, 2, 5])
def test_the_effect_of_a_lost_answer_is_found_and_the_call_not_sent_again(look: int) -> None:
    cloud = answering(LOST, "second", shown_from_look=look)
    made = attempt(LOOKING, cloud)[0]
    assert (made.answer, made.was_found, cloud.sent) == (FOUND, True, ["send"])


def test_a_call_without_effect_is_sent_again_after_looking() -> None:
    cloud = answering(LOST, "second")
    made = attempt(LOOKING, cloud)[0]
    assert (made.answer, made.was_found) == ("second", False)
    assert cloud.looks >= 2 and set(cloud.sent_at_look) == {1}


def test_a_call_is_not_sent_again_before_every_list_must_show_its_effect() -> None:
    assert attempt(LOOKING, answering(LOST, "second"))[1].time >= SECONDS_UNTIL_LISTED


def test_a_lost_answer_is_still_looked_for_after_the_service_said_busy() -> None:
    """The first request had its effect, so the second one is refused because the server is busy."""
    cloud = answering(LOST, BUSY, "third", shown_from_look=13)
    assert attempt(LOOKING, cloud)[0].answer == FOUND and cloud.sent == ["send", "send"]


@pytest.mark.parametrize(
    "trouble", [OutcomeUnknown("list backups", "closed"), CloudError("list backups", "slow", None, 503)]
)
def test_a_look_that_fails_for_a_moment_is_repeated(trouble: CloudError) -> None:
    cloud = answering(LOST, "second", shown_from_look=1)
    cloud.troubles = [trouble]
    assert attempt(LOOKING, cloud)[0].answer == FOUND and cloud.sent == ["send"]


def test_a_lost_answer_that_cannot_be_looked_for_is_reported_with_both_reasons() -> None:
    cloud = answering(LOST)
    cloud.troubles = [CloudError("list backups", "not allowed", None, 403)]
    with pytest.raises(FinalError, match="connection closed.*could it be looked for.*not allowed"):
        attempt(LOOKING, cloud)
    assert cloud.sent == ["send"]


def test_a_look_that_says_why_the_call_cannot_succeed_any_more_ends_it_with_that_reason() -> None:
    cloud, reason = answering(LOST), FinalError("operation", "the backup no longer exists.")
    cloud.troubles = [reason]
    with pytest.raises(FinalError) as failure:
        attempt(LOOKING, cloud)
    assert failure.value is reason


def test_a_call_whose_effect_nobody_can_look_for_is_sent_again() -> None:
    assert attempt(make_call(), answering(LOST, "done"))[0].answer == "done"


def test_a_foreign_answer_counts_as_a_lost_one() -> None:
    cloud = answering(FOREIGN, "second", shown_from_look=2)
    assert attempt(LOOKING, cloud)[0].answer == FOUND and cloud.sent == ["send"]


def test_a_proxy_that_answers_every_time_ends_the_call_before_the_timeout() -> None:
    cloud = answering(FOREIGN)
    with pytest.raises(ForeignAnswer):
        attempt(make_call(), cloud)
    assert cloud.sent == ["send"] * 3


# ========== Busy with what is wanted ==========
def test_a_busy_object_may_already_be_busy_with_what_is_wanted() -> None:
    """An interrupted task has just started it, and lists did not show it at first."""
    cloud = answering(BUSY, shown_from_look=2)
    made = attempt(make_call(find_existing=lambda cloud: cloud.find()), cloud)[0]
    assert (made.answer, made.was_found, cloud.sent) == (FOUND, True, ["send", "send"])


@pytest.mark.parametrize("answers", [["done"], [LOST, "done"]])
def test_what_is_wanted_is_looked_for_only_when_something_was_busy(answers: list[t.Any]) -> None:
    cloud = answering(*answers, shown_from_look=1)
    assert attempt(make_call(find_existing=lambda cloud: cloud.find()), cloud)[0].answer == "done"
    assert cloud.looks == 0


# ========== The deadline ==========
def test_nothing_is_sent_after_the_deadline() -> None:
    cloud = answering("done")
    with pytest.raises(NotStarted, match="it was not started.*timeout"):
        attempt(make_call(), cloud, timeout=0)
    assert cloud.sent == []


def test_a_lost_answer_is_not_sent_again_when_no_time_is_left_to_see_its_effect() -> None:
    cloud = answering(LOST, "second")
    with pytest.raises(CloudError, match="timeout. It may have had its effect all the same"):
        attempt(LOOKING, cloud, timeout=4)
    assert cloud.sent == ["send"]


def test_an_effect_that_shows_at_the_deadline_still_counts() -> None:
    made, cloud, ticks = Attempt(LOOKING), answering(LOST, shown_from_look=1), Ticks()
    assert made.send(t.cast(t.Any, cloud), ticks.clock()) is False
    made.end(t.cast(t.Any, cloud))
    assert (made.answer, made.was_found) == (FOUND, True)


def test_a_call_that_had_an_effect_before_it_failed_says_so_to_the_end() -> None:
    first, second = CloudError("operation", "busy", "CSBS.2003", 500), CloudError("operation", "no", "CSBS.6033", 400)
    first.applied = True
    with pytest.raises(CloudError) as failure:
        attempt(make_call(), answering(first, second))
    assert failure.value is second and second.applied
