# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletion of backups: each by itself, at most five at a time, and never one that is already being deleted."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.deletion import (
    DeletionContext,
    deletion_calls,
    plan_deletion,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from tests.support.fakes import backup


def plan(*rows: t.Any, name: str | None = None, concurrency: int = 5) -> Plan[DeletionContext]:
    return plan_deletion(rows, name, {"id-web": "web-now"}, concurrency)


def test_each_backup_is_deleted_by_itself_and_not_with_its_checkpoint() -> None:
    rows: list[t.Any] = [backup("run", name, checkpoint_id="shared") for name in ("web", "db")]
    calls = deletion_calls(rows[:1])
    assert [(call.method, call.arguments) for call in calls] == [
        ("delete_backup", {"checkpoint": "shared", "item": "item-run-web"})
    ]


def test_a_backup_that_is_gone_needs_no_deletion() -> None:
    row: t.Any = backup("b", "web")
    assert all(call.missing_ok for call in deletion_calls([row]))


@pytest.mark.parametrize(
    ("status", "deleted", "waited_for"),
    [
        ("available", 1, 0),
        ("error", 1, 0),
        ("restoring", 1, 0),
        ("deleting", 0, 1),
        ("waiting_delete", 0, 1),
        ("deleted", 0, 0),
    ],
)
def test_a_backup_that_is_being_deleted_is_waited_for_and_not_deleted_again(
    status: str, deleted: int, waited_for: int
) -> None:
    todo = plan(backup("b", "web", status))
    assert (len(todo.calls), len(todo.context.to_delete), len(todo.context.being_deleted)) == (
        deleted,
        deleted,
        waited_for,
    )
    assert len(todo.result["backups"]) == len(todo.before["backups"]) == deleted


def test_the_diff_marks_backups_whose_name_has_a_number() -> None:
    shown = plan(backup("b", "web"), backup("b-0001", "web"), name="b").before["backups"]
    assert [(row["name"], row.get("numbered_form_of")) for row in shown] == [("b", None), ("b-0001", "b")]
    assert "numbered_form_of" not in plan(backup("b-0001", "web")).before["backups"][0]


def test_diff_and_result_show_the_present_names_of_servers() -> None:
    todo = plan(backup("b", "web"), backup("b-0001", "gone"))
    for rows in (todo.before["backups"], todo.result["backups"]):
        assert [row["server"]["name"] for row in rows] == ["web-now", "gone"]


@pytest.mark.parametrize(("concurrency", "workers"), [(1, 1), (5, 5), (100, 5)])
def test_the_service_never_gets_more_than_five_deletions_at_a_time(concurrency: int, workers: int) -> None:
    assert plan(backup("b", "web"), concurrency=concurrency).workers == workers
