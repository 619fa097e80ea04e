# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting a restore, following it to its end, and telling how it ended from what little the service shows."""

from __future__ import annotations

import types
import typing as t
from pathlib import Path

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.restores import Restores
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    FinalError,
    ForeignAnswer,
    OutcomeUnknown,
    TaskFailed,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.progress import PROGRESS_FILE
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.restore import (
    _await_state,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.restore import (
    finish as finish_restore,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.restore import (
    parse_options as parse_restore_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.restore import (
    plan as plan_restore,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome
from tests.support.fakes import Cloud, Ticks
from tests.unit.plugins.module_utils._operations.test_restore import (
    DEFAULTS,
    Restoring,
    good,
)

Row = dict[str, t.Any]
Look = t.Union[Row, None, CloudError]
ID = "item-b-web"


def seen(status: str = "available", updated_at: str = "1", op: str = "", reason: str = "", **info: t.Any) -> Row:
    row = good("b", status=status, updated_at=updated_at)
    return {**row, "extend_info": {**row["extend_info"], "fail_op": op, "fail_reason": reason, **info}}


class Showing(Cloud):
    """A cloud that shows a backup in one look after the other, the last of them for ever, and servers in a state."""

    def __init__(self, looks: list[Look], state: str = "ACTIVE", **more: t.Any) -> None:
        super().__init__(**more)
        self.looks, self.state = list(looks), state

    def backup(self, backup_id: str) -> Row | None:
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return look

    def server_state(self, server_id: str) -> str | None:
        return self.state


def finish(
    looks: list[Look],
    before: Row | None = None,
    state: str = "ACTIVE",
    timeout: float = 3600,
    found: bool = False,
    **options: t.Any,
) -> tuple[Row, Ticks]:
    make_options = parse_restore_options({**DEFAULTS, "backup": "b", **options})
    plan = plan_restore(make_options, Restoring([before or seen()]))
    ticks = Ticks()
    answer: t.Any = seen("restoring") if found else types.SimpleNamespace(id="restore-1")
    return finish_restore(make_options, Showing(looks, state), plan, Outcome({0: answer}), ticks.clock(timeout)), ticks


def failing(looks: list[Look], **more: t.Any) -> tuple[str, Row]:
    with pytest.raises(TaskFailed) as failure:
        finish(looks, **more)
    text, results = str(failure.value), failure.value.results
    assert all(word in text for word in ("'web'", "id-web", "'b'", ID, "What to do"))
    assert results["changed"] is True and results["restore"]["id"] == "restore-1" and "restore-1" in text
    return text, results


@pytest.mark.parametrize(
    ("looks", "pauses"),
    [
        ([seen("waiting_restore"), seen("restoring"), seen()], 2),
        # It may still read available just after the call.
        ([seen(), seen(), seen("restoring"), seen("restoring"), seen()], 4),
        # Over between two looks: a change that is seen twice.
        ([seen(), seen(updated_at="2")], 2),
        ([seen(), seen(updated_at="2"), seen("restoring", "3"), seen(updated_at="4")], 3),
    ],
)
def test_the_end_is_believed_when_the_backup_left_and_came_back(looks: list[Look], pauses: int) -> None:
    result, ticks = finish(looks)
    assert (result["restore"]["status"], result["restore"]["id"], result["backup"]["status"]) == (
        "restored",
        "restore-1",
        "available",
    )
    assert len(ticks.sleeps) == pauses


def test_a_restore_of_which_nothing_was_ever_seen_is_no_success() -> None:
    text, results = failing([seen()])
    assert "no sign of it" in text and results["restore"]["status"] == "failed"


def test_a_restore_that_was_found_after_a_lost_answer_has_begun_and_has_no_id() -> None:
    result = finish([seen()], found=True)[0]
    assert (result["restore"]["status"], result["restore"]["id"]) == ("restored", None)


OLD = {"op": "restore", "reason": "disk gone"}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, OLD, "failed: disk gone"),
        (OLD, {"op": "restore", "reason": "another"}, "failed: another"),
        ({}, {"op": "restore"}, "failed operation 'restore'"),
        ({}, {"fail_code": {"Code": 7, "Description": "bad"}}, "failed: bad \\(code 7\\)"),
        (OLD, OLD, "showed the same failure before this one.*: disk gone"),
        ({"reason": "disk gone"}, {"reason": "disk gone"}, "showed the same failure before this one"),
    ],
)
@pytest.mark.parametrize("begun", [True, False])
def test_an_end_in_available_with_a_failure_is_a_failure(before: Row, after: Row, words: str, begun: bool) -> None:
    looks: list[Look] = [seen("restoring", **before)] if begun else []
    with pytest.raises(TaskFailed, match=words) as failure:
        finish([*looks, seen(updated_at="2", **after)], before=seen(**before), state="SHUTOFF")
    assert "The server is shut off." in str(failure.value)
    assert failure.value.results["restore"]["status"] == "failed"


@pytest.mark.parametrize(
    ("before", "after"), [(OLD, {}), ({"op": "delete", "reason": "busy"}, {"op": "delete", "reason": "busy"})]
)
def test_a_failure_that_went_away_or_was_never_of_a_restore_is_none(before: Row, after: Row) -> None:
    assert (
        finish([seen("restoring", **before), seen(**after)], before=seen(**before))[0]["restore"]["status"]
        == "restored"
    )


@pytest.mark.parametrize(
    ("looks", "words"),
    [
        ([seen("restoring"), seen("error", reason="all lost")], "failed: all lost"),
        ([seen("restoring"), seen("error")], "the backup is error"),
        ([seen("restoring"), seen("deleting")], "the backup is deleting"),
        ([seen("restoring"), None], "no longer exists"),
    ],
)
def test_another_end_than_available_is_a_failure(looks: list[Look], words: str) -> None:
    text, results = failing(looks)
    assert words in text and results["restore"]["status"] == "failed"


@pytest.mark.parametrize("state", ["SHUTOFF", "ERROR"])
def test_a_server_that_was_not_started_is_a_failure(state: str) -> None:
    text = failing([seen("restoring"), seen()], state=state)[0]
    assert f"must be ACTIVE, and it is {state}" in text
    assert finish([seen("restoring"), seen()], state="ACTIVE")[0]["restore"]["status"] == "restored"


@pytest.mark.parametrize(("state", "warnings"), [("SHUTOFF", 0), ("ACTIVE", 1)])
def test_a_server_that_runs_although_it_was_to_stay_shut_off_is_told_of(state: str, warnings: int) -> None:
    result = finish([seen("restoring"), seen()], state=state, power_on=False)[0]
    assert result["restore"]["status"] == "restored" and len(result["warnings"]) == warnings
    assert all(
        f"power_on: false the server must be SHUTOFF, and it is {state}." in warning for warning in result["warnings"]
    )


def test_the_servers_state_is_waited_for_within_the_timeout() -> None:
    with pytest.raises(TaskFailed):
        finish([seen("restoring"), seen()], state="SHUTOFF", timeout=15)
    ticks = Ticks()
    clock = ticks.clock(15)
    assert _await_state(Showing([seen()], "SHUTOFF"), "id-web", "ACTIVE", clock, 5) == "SHUTOFF"
    assert ticks.time == 15


def test_a_server_may_take_the_whole_time_of_the_task_to_start() -> None:
    class Slow(Showing):
        def server_state(self, server_id: str) -> str | None:
            return "ACTIVE" if ticks.time > 1000 else "SHUTOFF"

    ticks = Ticks()
    make_options = parse_restore_options({**DEFAULTS, "backup": "b"})
    plan = plan_restore(make_options, Restoring([seen()]))
    answer: t.Any = types.SimpleNamespace(id="restore-1")
    result = finish_restore(make_options, Slow([seen("restoring"), seen()]), plan, Outcome({0: answer}), ticks.clock())
    assert result["restore"]["status"] == "restored"


def test_a_timeout_says_what_goes_on_and_warns_of_a_second_run() -> None:
    text, results = failing([seen("restoring")], timeout=100)
    assert (
        "Not ended within 100 seconds (timeout)" in text
        and "the backup is restoring" in text
        and "Do not run the task again" in text
    )
    assert results["restore"]["status"] == "in_progress"


def test_looks_that_fail_now_and_then_do_not_end_the_wait_and_looks_that_all_fail_do() -> None:
    trouble = CloudError("read backup", "the service failed", "CSBS.9999", 500, "req-9")
    assert finish([trouble, seen("restoring"), trouble, trouble, seen()])[0]["restore"]["status"] == "restored"
    text, results = failing([seen("restoring"), trouble])
    assert "not known how the restore" in text and (results["error_code"], results["request_id"]) == (
        "CSBS.9999",
        "req-9",
    )


def test_without_waiting_one_look_is_enough() -> None:
    result, ticks = finish([seen("waiting_restore")], wait=False)
    assert (result["restore"]["status"], result["backup"]["status"], ticks.sleeps) == (
        "in_progress",
        "waiting_restore",
        [],
    )


def test_progress_is_told_with_the_services_per_cent_where_it_tells_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = tmp_path / "voice"
    voice.touch()
    monkeypatch.setenv(PROGRESS_FILE, str(voice))
    finish([seen("restoring", progress=100), seen("restoring", progress=42), seen()])
    assert [line.split(", after")[0] for line in voice.read_text().splitlines()] == [
        "0/1 restores ended, 0 %",
        "0/1 restores ended, 42 %",
        "1/1 restores ended, 100 %",
    ]


# ========== Starting it ==========
def start(looks: list[Look], answer: t.Any) -> t.Any:
    cloud = Showing(looks, answers={"create_restore": [answer]})
    return Restores(cloud).create("restore it", "rec", {"checkpoint_item_id": ID})


LOST = OutcomeUnknown("restore it", "the connection was closed.")


class Restored(types.SimpleNamespace):
    """The service's answer to the call."""

    def __init__(self, restore_id: str | None) -> None:
        super().__init__(id=restore_id)


@pytest.mark.parametrize(
    "now", [seen("restoring"), seen("waiting_restore"), seen(updated_at="2"), seen(op="restore", reason="no")]
)
def test_a_lost_answer_is_made_good_by_what_the_backup_shows_at_once(now: Row) -> None:
    assert start([seen(), now], LOST) == now


@pytest.mark.parametrize("now", [seen(), None])
def test_an_answer_stays_lost_when_nothing_shows(now: Look) -> None:
    with pytest.raises(OutcomeUnknown, match="it may have: check the backup"):
        start([seen(), now], LOST)


@pytest.mark.parametrize("answer", [LOST, Restored(None), ForeignAnswer("restore it", "text/html instead of JSON")])
def test_an_answer_that_is_no_answer_is_a_lost_one(answer: t.Any) -> None:
    assert start([seen(), seen("restoring")], answer)["status"] == "restoring"
    with pytest.raises(OutcomeUnknown):
        start([seen()], answer)


def test_a_look_that_fails_after_a_lost_answer_ends_the_task() -> None:
    """A later look could miss a restore that has ended meanwhile, and the restore would be sent a second time."""
    with pytest.raises(
        FinalError, match="connection was closed.*could not be read.*no: out of order.*not sent again.*What to do"
    ) as raised:
        start([seen(), CloudError("read backup", "no: out of order.", "CSBS.2003", 409)], LOST)
    assert not raised.value.retryable


@pytest.mark.parametrize("before", [seen("restoring"), seen("waiting_restore")])
def test_an_answer_that_is_lost_while_another_restore_goes_on_is_not_guessed(before: Look) -> None:
    with pytest.raises(FinalError, match="not known whether this one began.*not sent again"):
        start([before, seen("restoring")], LOST)


@pytest.mark.parametrize(
    ("before", "words"),
    [(None, "no longer exists"), (seen("error"), "is now error"), (seen("deleting"), "is now deleting")],
)
def test_a_backup_that_was_lost_while_the_task_waited_is_not_restored(before: Look, words: str) -> None:
    cloud = Showing([before], answers={"create_restore": [Restored("restore-1")]})
    with pytest.raises(FinalError, match=words):
        Restores(cloud).create("restore it", "rec", {"checkpoint_item_id": ID})
    assert cloud.changes.sent == []


def test_what_is_refused_is_not_looked_for() -> None:
    refusal = CloudError("restore it", "no", "CSBS.6024", 400)
    with pytest.raises(CloudError) as raised:
        start([seen(), seen("restoring")], refusal)
    assert raised.value is refusal
