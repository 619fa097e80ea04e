# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CBR's tasks say of restores and failures."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.cbr_tasks import (
    last_failure,
    newest_restore,
    restore_verdict,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.restore import Verdict


def task(status: str = "success", task_id: str = "t1", at: str = "1", **restore: t.Any) -> dict[str, t.Any]:
    fields = {"backup_id": "b", "target_resource_id": "s", **restore}
    return {"id": task_id, "status": status, "created_at": at, "error_info": None, "extra_info": {"restore": fields}}


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (None, Verdict(False)),
        (task("waiting"), Verdict(False, restore_id="t1")),
        (task("running"), Verdict(False, restore_id="t1")),
        (task("success"), Verdict(True, restore_id="t1")),
        (
            {**task("failed"), "error_info": {"code": "BackupService.2001", "message": "too small."}},
            Verdict(True, "too small (BackupService.2001)", "t1", "BackupService.2001"),
        ),
        (
            {**task("timeout"), "error_info": {"code": "", "message": ""}},
            Verdict(True, "its task ended as timeout", "t1"),
        ),
        (task("failed"), Verdict(True, "the service gives no reason", "t1")),
    ],
)
def test_a_task_says_how_its_restore_ended(row: t.Any, verdict: Verdict) -> None:
    assert restore_verdict(row) == verdict


@pytest.mark.parametrize(
    ("rows", "known", "found"),
    [
        ([], (), None),
        ([task(task_id="a", at="1"), task(task_id="b", at="3"), task(task_id="c", at="2")], (), "b"),
        ([task(task_id="a", at="1"), task(task_id="b", at="3")], ("b",), "a"),
        ([task(backup_id="other")], (), None),
        ([task(target_resource_id="other")], (), None),
        # Not every answer says where it goes.
        ([task(target_resource_id=None)], (), "t1"),
        ([{"id": "x", "status": "running"}], (), None),
    ],
)
def test_the_task_of_a_restore_is_the_newest_of_its_backup_and_server(
    rows: t.Any, known: t.Any, found: str | None
) -> None:
    row = newest_restore(rows, "b", "s", known)
    assert (row and row["id"]) == found


def work(status: str, at: str, kind: str = "delete", backup_id: str = "b", message: str = "") -> dict[str, t.Any]:
    error = {"code": "BackupService.9910", "message": message} if message else {"code": "", "message": ""}
    extra = {"common": {"progress": 100}, kind: {"backup_id": backup_id}}
    return {"id": at, "status": status, "created_at": at, "error_info": error, "extra_info": extra}


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], ""),
        ([work("failed", "1", message="storage is away.")], "storage is away (BackupService.9910)"),
        ([work("timeout", "1")], "its task ended as timeout"),
        ([work("failed", "1")], ""),
        (
            [work("failed", "1", message="old"), work("failed", "2", "backup", message="new")],
            "new (BackupService.9910)",
        ),
        ([work("failed", "1", message="old"), work("success", "2")], ""),
        ([work("failed", "1", message="old"), work("running", "2")], ""),
        ([work("failed", "1", backup_id="other", message="theirs")], ""),
        ([{"id": "x", "status": "failed", "extra_info": None}], ""),
    ],
)
def test_the_last_task_about_a_backup_says_why_it_failed(rows: t.Any, reason: str) -> None:
    assert last_failure(rows, "b") == reason
