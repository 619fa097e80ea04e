# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following backups that are being deleted until they are gone."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.deletion import (
    DeletionFollower,
    await_deletion,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.backup import BackupOptions
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.deletion import DeletionContext
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome
from tests.support.fakes import Cloud, Ticks, backup

Rows = list[dict[str, t.Any]]
MANY = [backup("b", "web"), *(backup(f"b-000{number}", "db") for number in range(1, 5))]


class Moving(Cloud):
    """A cloud with one backup that is in the next state with each read; None is a backup that is gone."""

    def __init__(self, row: dict[str, t.Any], states: t.Iterable[str | None]) -> None:
        super().__init__(backups=[row])
        self.states = list(states)

    def backup(self, backup_id: str) -> dict[str, t.Any] | None:
        status = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return None if status is None else {**self.all_backups[0], "status": status}


def follow(status: str, states: t.Iterable[str | None], polls: int) -> DeletionFollower:
    """Poll so often that the deletion of a backup, which had a status before it, must have ended."""
    row: t.Any = backup("b", "web", status)
    follower = DeletionFollower(t.cast("t.Any", Moving(row, states)), [row])
    assert [follower.refresh() for dummy in range(polls)] == [False] * (polls - 1) + [True]
    return follower


@pytest.mark.parametrize(
    ("status", "states"),
    [
        ("available", ["available", "deleting", None]),
        ("available", ["deleting", "deleting", "deleted"]),
        ("error", ["error", "deleting", None]),
        ("deleting", ["deleting", "deleting", None]),
    ],
)
def test_a_backup_is_followed_until_it_is_gone(status: str, states: list[str | None]) -> None:
    assert follow(status, states, 3).failed == {}


@pytest.mark.parametrize(
    ("status", "states"),
    [
        ("available", ["deleting", "available"]),
        ("available", ["deleting", "error"]),
        ("available", ["available", "error"]),
        ("error", ["deleting", "error"]),
        ("deleting", ["deleting", "available"]),
    ],
)
def test_a_backup_that_comes_back_was_not_deleted(status: str, states: list[str | None]) -> None:
    reasons = follow(status, states, 2).failed
    assert reasons == {"item-b-web": "'b' of server 'web' (item-b-web) was not deleted: the service gives no reason"}


def test_a_backup_that_a_list_leaves_out_is_not_gone() -> None:
    """Pages move while others delete."""

    class Leaky(Cloud):
        def backups(self, **query: t.Any) -> Rows:
            return super().backups(**query)[1:]

    follower = DeletionFollower(t.cast("t.Any", Leaky(backups=MANY)), t.cast("t.Any", MANY))
    assert follower.refresh() is False
    assert len(follower.pending) == len(MANY)


# ========== The ending ==========
def end(
    cloud: Cloud, failures: dict[int, CloudError] | None = None, rows: t.Any = None, wait: bool = True
) -> tuple[t.Any, Ticks]:
    ticks = Ticks()
    to_delete: t.Any = rows or MANY[:2]
    context = DeletionContext(to_delete, [])
    options = BackupOptions("absent", wait=wait)
    return await_deletion(
        context, options, t.cast("t.Any", cloud), Outcome({}, set(), failures or {}), ticks.clock(60)
    ), ticks


def test_what_is_gone_is_no_problem() -> None:
    ending, ticks = end(Cloud())
    assert (ending.not_deleted, ending.pending, ending.problems, ticks.sleeps) == (frozenset(), frozenset(), [], [])


def test_a_deletion_that_does_not_end_is_named_with_its_state() -> None:
    ending, dummy = end(Cloud(backups=[backup("b", "web", "deleting")]))
    assert ending.pending == {"item-b-web"}
    assert ending.problems == [
        "Not ended within 60 seconds (timeout): 'b' of server 'web' (item-b-web) is deleting."
        " The deletion goes on. What to do: run the task again."
    ]


def test_a_refused_deletion_is_not_followed_and_names_the_image_that_holds_the_backup() -> None:
    held = CloudError("delete backup 'b'", "an image holds it", "CSBS.8007", 400)
    rows = [backup("b", "web", info={"os_images_data": [{"image_id": "img-1"}]}), MANY[1]]
    ending, ticks = end(Cloud(backups=rows[:1]), {0: held}, rows)
    assert (ending.not_deleted, ending.pending, ticks.sleeps) == ({"item-b-web"}, frozenset(), [])
    assert ending.problems == [
        "Could not delete backup 'b': an image holds it",
        "Images that hold these backups: img-1",
    ]


def test_a_task_that_does_not_wait_reads_nothing() -> None:
    cloud = Cloud(backups=MANY)
    ending, dummy = end(cloud, wait=False)
    assert (cloud.asked, ending.problems, len(ending.pending)) == ([], [], 2)


def test_an_ending_that_nobody_saw_has_the_reason() -> None:
    class Failing(Cloud):
        def backup(self, backup_id: str) -> t.Any:
            raise CloudError("read backup", "the service failed", "CSBS.9999", 500)

    ending, dummy = end(Failing(backups=MANY))
    assert ending.unseen is not None and ending.pending == {"item-b-web", "item-b-0001-db"}
    assert "The deletion goes on." in ending.problems[0]
