# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits: polls that may fail, the ending of a wait in one message, and the report of failures."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError, NotStarted
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.progress import PROGRESS_FILE
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.watch import (
    Ending,
    failure_texts,
    first_fields,
    follow,
    join_problems,
    problems_of,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome
from tests.support.fakes import Ticks

FAILURE = CloudError("list backups", "the service failed", "CSBS.9999", 500, "req-9")


class Options(t.NamedTuple):
    wait: bool = True
    poll_interval: float = 10


class Things:
    """Two things that end in the polls with these numbers; a poll may fail."""

    def __init__(self, ends: tuple[int, int] = (2, 4), failing: t.Container[int] = (), ids_in: int = 1) -> None:
        self.pending = dict.fromkeys(ends)
        self.polls = self.looks = 0
        self.failing, self.ids_in = failing, ids_in
        #: The numbers of the polls that came early
        self.early: list[int] = []

    def refresh(self, early: bool = False) -> bool:
        self.polls += 1
        if early:
            self.early.append(self.polls)
        if self.polls in self.failing:
            raise FAILURE
        self.pending = {end: None for end in self.pending if end > self.polls}
        return not self.pending

    def find_ids(self) -> bool:
        self.looks += 1
        return self.looks >= self.ids_in


# ========== Following ==========
def test_a_wait_ends_when_everything_has_ended() -> None:
    things, ticks = Things(), Ticks()
    assert follow(things, Options(), ticks.clock(), "things done", 2) == Ending(True, None, 3600)
    assert (things.polls, things.looks) == (4, 0)


def test_a_wait_ends_at_the_timeout() -> None:
    things = Things((2, 99))
    assert follow(things, Options(), Ticks().clock(30), "things done", 2) == Ending(False, None, 30)
    assert list(things.pending) == [99]


# Without early polls
CLOSE = Options(poll_interval=0.5)


def test_a_few_failed_polls_in_a_row_do_not_end_a_wait() -> None:
    things = Things((8, 9), failing=(1, 2, 3, 4, 6, 7))
    assert follow(things, CLOSE, Ticks().clock(), "things done", 2) == Ending(True, None, 3600)


def test_many_failed_polls_in_a_row_end_a_wait_with_the_reason() -> None:
    things = Things(failing=range(99))
    assert follow(things, CLOSE, Ticks().clock(), "things done", 2) == Ending(True, FAILURE, 3600)
    assert things.polls == 5


def test_early_polls_that_fail_end_no_wait_sooner() -> None:
    things, ticks = Things(failing=range(99)), Ticks()
    assert follow(things, Options(), ticks.clock(), "things done", 2) == Ending(True, FAILURE, 3600)
    assert (things.early, things.polls) == ([2, 3, 4, 5, 6], 5 + 5)
    assert ticks.time == pytest.approx(10 + 12 + 14.4 + 17.28)


def test_a_failed_poll_at_the_timeout_is_the_reason_why_nothing_is_seen() -> None:
    assert follow(Things(failing=range(99)), Options(), Ticks().clock(5), "things done", 2) == Ending(False, FAILURE, 5)


@pytest.mark.parametrize(("ids_in", "looks"), [(1, 1), (3, 3)])
def test_a_task_that_does_not_wait_looks_for_ids_only(ids_in: int, looks: int) -> None:
    things, ticks = Things(ids_in=ids_in), Ticks()
    assert follow(things, Options(wait=False), ticks.clock(), "things done", 2) == Ending(True, None, 3600)
    assert (things.polls, things.looks) == (0, looks)


@pytest.mark.parametrize(("timeout", "seconds"), [(3600, 3), (2, 2)])
def test_a_task_that_does_not_wait_gives_up_after_a_moment(timeout: float, seconds: float) -> None:
    ticks = Ticks()
    follow(Things(ids_in=999), Options(wait=False), ticks.clock(timeout), "things done", 2)
    assert ticks.time == seconds


def test_each_poll_writes_a_line_of_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "progress"
    path.touch()
    monkeypatch.setenv(PROGRESS_FILE, str(path))
    follow(Things((1, 2)), CLOSE, Ticks().clock(), "things done", 3)
    follow(Things((1, 1)), Options(), Ticks().clock(), "things done", 2, percent=lambda: 42)
    follow(Things((0, 0)), Options(wait=False), Ticks().clock(), "things done", 2)
    assert path.read_text(encoding="utf-8").splitlines() == [
        "2/3 things done, 67 %, after 0s",
        "3/3 things done, 100 %, after 0s",
        "2/2 things done, 42 %, after 0s",
    ]


def test_early_polls_write_news_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "progress"
    path.touch()
    monkeypatch.setenv(PROGRESS_FILE, str(path))
    follow(Things((3, 8)), Options(), Ticks().clock(), "things done", 2)
    assert path.read_text(encoding="utf-8").splitlines() == [
        "0/2 things done, 0 %, after 0s",
        "1/2 things done, 50 %, after 1s",
        "1/2 things done, 50 %, after 10s",
        "2/2 things done, 100 %, after 22s",
    ]


def test_nothing_to_wait_for_writes_no_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "progress"
    path.touch()
    monkeypatch.setenv(PROGRESS_FILE, str(path))
    things = Things()
    things.pending = {}
    follow(things, Options(), Ticks().clock(), "things done", 2)
    assert path.read_text(encoding="utf-8") == ""


# ========== Messages ==========
@pytest.mark.parametrize(
    ("ending", "late", "problems"),
    [
        (Ending(True, None, 60), "", []),
        (Ending(False, None, 60), "", []),
        (Ending(True, FAILURE, 60), "", []),
        # A task that does not wait.
        (Ending(True, None, 60), "it is protecting", []),
        (
            Ending(False, None, 60),
            "it is protecting",
            ["Not ended within 60 seconds (timeout): it is protecting. It goes on. What to do: wait."],
        ),
        (
            Ending(False, FAILURE, 60),
            "it is protecting",
            [f"{FAILURE} So it is not known how this ended: it is protecting. It goes on. What to do: wait."],
        ),
        (
            Ending(True, FAILURE, 60),
            "it is protecting",
            [f"{FAILURE} So it is not known how this ended: it is protecting. It goes on. What to do: wait."],
        ),
    ],
)
def test_one_message_says_what_has_not_ended_and_what_to_do(ending: Ending, late: str, problems: list[str]) -> None:
    assert problems_of(ending, late, "It goes on.", "wait") == problems


def test_each_problem_ends_with_one_full_stop() -> None:
    assert join_problems(["One", "two.", "three..."]) == "One. two. three."


def test_calls_that_were_not_started_for_one_reason_share_a_sentence() -> None:
    failures = {
        0: NotStarted("do a", "the time is over."),
        1: FAILURE,
        2: NotStarted("do c", "the time is over."),
        3: NotStarted("do d", "this failed: do b."),
    }
    assert failure_texts(Outcome(failures=failures)) == [
        "Could not list backups: the service failed",
        "Not started: do a, do c. Reason: the time is over.",
        "Not started: do d. Reason: this failed: do b.",
    ]


def test_the_fields_of_a_failed_task_are_those_of_the_first_error_that_is_a_cause() -> None:
    failures = {0: NotStarted("do a", "the time is over."), 1: FAILURE}
    fields = first_fields(Outcome(failures=failures), None)
    assert fields == {"error_code": "CSBS.9999", "status": 500, "request_id": "req-9", "not_started": ["do a"]}
    assert first_fields(Outcome(), FAILURE)["request_id"] == "req-9"
    assert first_fields(Outcome(), None) == {"error_code": None, "status": None, "request_id": None}
