# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following a restore to its end, from what little the backup shows of it, and then the state of the server."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.restore import Verdict
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.restore import (
    RestoreFollower,
    await_server_state,
    read_server_state,
)
from tests.support.fakes import Ticks
from tests.support.restores import ShowingCloud, seen

PAUSE = 10.0


class Judging(ShowingCloud):
    """A cloud whose service says of its own how a restore goes: each verdict once, the last one for ever."""

    def __init__(self, looks: t.Iterable[t.Any], verdicts: list[Verdict]) -> None:
        super().__init__(looks)
        self.verdicts = list(verdicts)

    def restore_verdict(self, before: t.Any, now: t.Any) -> Verdict:
        return self.verdicts.pop(0) if len(self.verdicts) > 1 else self.verdicts[0]


def follow(
    looks: list[t.Any],
    before: t.Any = None,
    restore_id: str | None = "restore-1",
    pause: float = PAUSE,
    verdicts: list[Verdict] | None = None,
) -> tuple[RestoreFollower, int]:
    """Refresh, with a pause after each reading, until the restore has ended; return the number of readings too."""
    ticks = Ticks()
    cloud: t.Any = ShowingCloud(looks) if verdicts is None else Judging(looks, verdicts)
    follower = RestoreFollower(cloud, before or seen(), ticks.clock(), restore_id)
    for count in range(1, 30):
        if follower.refresh():
            assert follower.ended and not follower.pending
            return follower, count
        assert follower.pending
        ticks.sleep_for(pause)
    raise AssertionError("it never ends")


@pytest.mark.parametrize(
    ("looks", "readings"),
    [
        ([seen("waiting_restore"), seen("restoring"), seen()], 3),
        # It may still be available just after the call.
        ([seen(), seen(), seen("restoring"), seen("restoring"), seen()], 5),
        # It was over between two readings: a change that is seen twice.
        ([seen(), seen(updated_at="2")], 3),
        ([seen(), seen(updated_at="2"), seen("restoring", "3"), seen(updated_at="4")], 4),
    ],
)
def test_available_is_the_end_when_the_restore_has_shown(looks: list[t.Any], readings: int) -> None:
    follower, count = follow(looks)
    assert (follower.failed, count) == (None, readings)


@pytest.mark.parametrize("look", [seen(), seen(updated_at="2")], ids=["unchanged", "changed"])
def test_early_readings_of_an_available_backup_are_not_its_end(look: t.Any) -> None:
    ticks = Ticks()
    follower = RestoreFollower(t.cast(t.Any, ShowingCloud([look])), seen(), ticks.clock(), "restore-1")
    for dummy in range(20):
        assert follower.refresh(early=True) is False
        ticks.sleep_for(PAUSE)


def test_a_restore_that_never_showed_ends_as_failed_after_a_minute() -> None:
    follower, count = follow([seen()])
    assert "no sign of it" in str(follower.failed) and count == 60 / PAUSE + 1


def test_a_restore_that_never_showed_is_read_six_times_however_long_the_pauses_are() -> None:
    assert follow([seen()], pause=600)[1] == 6


def test_a_restore_that_is_known_to_have_begun_ends_at_the_first_available() -> None:
    follower, count = follow([seen()], restore_id=None)
    assert (follower.failed, count) == (None, 1)


OLD = {"op": "restore", "reason": "disk gone"}


@pytest.mark.parametrize("shown", [True, False])
def test_available_with_a_new_failure_is_a_failure(shown: bool) -> None:
    looks = [seen("restoring")] if shown else []
    assert "disk gone" in str(follow([*looks, seen(updated_at="2", **OLD)])[0].failed)


def test_a_failure_that_went_away_is_none() -> None:
    assert follow([seen("restoring", **OLD), seen()], before=seen(**OLD))[0].failed is None


# ========== Where the service has a task of each restore ==========
NONE, RUNNING = Verdict(False), Verdict(False, restore_id="task-1")
DONE, FAILED = Verdict(True, restore_id="task-1"), Verdict(True, "node lost", "task-1", "BackupService.2001")


@pytest.mark.parametrize(
    ("looks", "verdicts", "readings"),
    [
        ([seen("restoring"), seen()], [RUNNING, DONE], 2),
        # The backup is available before the task has ended, or before a list shows the task.
        ([seen("restoring"), seen()], [RUNNING, RUNNING, RUNNING, DONE], 4),
        ([seen("restoring"), seen()], [NONE, NONE, NONE, DONE], 4),
        # The backup is still available just after the call.
        ([seen(), seen("restoring"), seen()], [NONE, NONE, DONE], 3),
    ],
)
def test_a_restore_ends_when_backup_and_task_have_ended(
    looks: list[t.Any], verdicts: list[Verdict], readings: int
) -> None:
    follower, count = follow(looks, restore_id=None, verdicts=verdicts)
    assert (follower.failed, follower.restore_id, count) == (None, "task-1", readings)


def test_a_task_that_goes_on_for_hours_is_waited_for() -> None:
    verdicts = [RUNNING] * 20 + [DONE]
    assert follow([seen()], restore_id=None, pause=600, verdicts=verdicts)[1] == 21


@pytest.mark.parametrize("last", [seen(), seen("error")])
def test_a_failed_task_is_a_failure_with_its_code_although_the_backup_is_available(last: t.Any) -> None:
    follower, dummy = follow([seen("restoring"), last], restore_id=None, verdicts=[RUNNING, FAILED])
    assert (follower.failed, follower.error_code) == ("node lost", "BackupService.2001")


def test_a_task_that_never_shows_leaves_the_end_unknown_after_a_minute() -> None:
    follower, count = follow([seen("restoring"), seen()], restore_id=None, verdicts=[NONE])
    assert "shows no task of the restore, so it is not known" in str(follower.failed)
    assert count == 1 + 60 / PAUSE + 1 and follower.restore_id is None


def test_early_readings_without_a_task_do_not_count() -> None:
    ticks = Ticks()
    follower = RestoreFollower(t.cast(t.Any, Judging([seen()], [NONE])), seen(), ticks.clock(), None)
    for dummy in range(20):
        assert follower.refresh(early=True) is False
        ticks.sleep_for(PAUSE)


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (seen("error", reason="all lost"), "all lost"),
        (seen("error"), "the backup is error"),
        (seen("deleting"), "the backup is deleting"),
        (None, "no longer exists"),
    ],
)
def test_another_end_than_available_is_a_failure(last: t.Any, words: str) -> None:
    assert words in str(follow([seen("restoring"), last])[0].failed)


def test_a_reading_that_fails_leaves_what_is_known() -> None:
    cloud = ShowingCloud([seen("restoring"), CloudError("read backup", "no")])
    follower = RestoreFollower(t.cast(t.Any, cloud), seen(), Ticks().clock(), "restore-1")
    follower.refresh()
    with pytest.raises(CloudError):
        follower.refresh()
    assert not follower.ended and follower.row["status"] == "restoring"


@pytest.mark.parametrize(
    ("row", "percent"),
    [
        (seen("restoring", progress=42), 42),
        (seen("restoring", progress=100), None),
        (seen("restoring"), None),
        (seen(), None),
    ],
)
def test_the_progress_of_the_backup_itself_is_not_that_of_the_restore(row: t.Any, percent: int | None) -> None:
    follower = RestoreFollower(t.cast(t.Any, ShowingCloud([row])), seen(), Ticks().clock(), "restore-1")
    assert follower.find_ids() is True and follower.percent() == percent


# ========== The state of the server ==========
class Starting(ShowingCloud):
    """A cloud whose server starts after some seconds."""

    def __init__(self, ticks: Ticks, seconds: float) -> None:
        super().__init__([seen()])
        self.ticks, self.seconds = ticks, seconds

    def server_state(self, server_id: str) -> str | None:
        return "ACTIVE" if self.ticks.time > self.seconds else "SHUTOFF"


@pytest.mark.parametrize(("seconds", "state"), [(12, "ACTIVE"), (20, "SHUTOFF")])
def test_a_state_is_waited_for_until_the_time_is_up(seconds: float, state: str) -> None:
    ticks = Ticks()
    cloud: t.Any = Starting(ticks, seconds)
    assert await_server_state(cloud, "id-web", "ACTIVE", ticks.clock(15), 60) == state
    assert ticks.time == 15 and max(ticks.sleeps) <= 6, "however rarely the restore itself is polled"


def test_a_server_in_error_is_not_waited_for() -> None:
    ticks = Ticks()
    cloud: t.Any = ShowingCloud([seen()], "ERROR")
    assert await_server_state(cloud, "id-web", "ACTIVE", ticks.clock(), 5) == "ERROR" and ticks.sleeps == []


def test_a_state_that_cannot_be_read_is_not_known() -> None:
    class Blind(ShowingCloud):
        def server_state(self, server_id: str) -> str | None:
            raise CloudError("read server", "no")

    assert read_server_state(t.cast(t.Any, Blind([seen()])), "id-web") is None
