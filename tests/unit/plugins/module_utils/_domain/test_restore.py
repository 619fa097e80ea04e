# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup shows of restores."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.restore import (
    Verdict,
    failure_of,
    has_changed,
    is_under_way,
    verdict_of_backup,
)


def show(status: str = "available", updated_at: str = "1", op: str = "", reason: str = "", code: t.Any = None) -> t.Any:
    info = {"fail_op": op, "fail_reason": reason, "fail_code": code or {}}
    return {"status": status, "updated_at": updated_at, "extend_info": info}


@pytest.mark.parametrize(
    ("now", "changed", "under_way"),
    [
        (show(), False, False),
        (show(updated_at="2"), True, False),
        (show("restoring"), False, True),
        (show("waiting_restore", "2"), True, True),
        (show(op="restore", reason="x"), True, True),
        (show(code={"Code": 1}), True, True),
    ],
)
def test_a_time_that_moved_is_a_change_but_no_sign_of_a_restore(now: t.Any, changed: bool, under_way: bool) -> None:
    assert (has_changed(show(), now), is_under_way(show(), now)) == (changed, under_way)


def test_a_failure_is_its_operation_its_reason_and_its_code_and_empty_without_one() -> None:
    assert failure_of(show(op="restore", reason="x")) == ("restore", "x", "")
    assert failure_of({}) == failure_of({"extend_info": None}) == ("", "", "")


# ========== The end, by what the backup shows ==========
OLD = {"op": "restore", "reason": "disk gone"}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, OLD, "disk gone"),
        (OLD, {"op": "restore", "reason": "another"}, "another"),
        ({}, {"op": "restore"}, "failed operation 'restore'"),
        ({}, {"code": {"Code": 7, "Description": "bad"}}, "bad (code 7)"),
        (OLD, OLD, "showed the same failure before this one, so it is not known whether this one failed: disk gone"),
        ({"reason": "disk gone"}, {"reason": "disk gone"}, "showed the same failure before this one"),
    ],
)
def test_a_backup_that_shows_a_failure_says_that_the_restore_failed(before: t.Any, after: t.Any, words: str) -> None:
    verdict = verdict_of_backup(show(**before), show(**after))
    assert verdict.ended and words in str(verdict.failed)


@pytest.mark.parametrize(
    ("before", "after"), [({}, {}), (OLD, {}), ({"op": "delete", "reason": "x"}, {"op": "delete", "reason": "x"})]
)
def test_a_failure_that_went_away_or_was_never_of_a_restore_is_none(before: t.Any, after: t.Any) -> None:
    assert verdict_of_backup(show(**before), show(**after)) == Verdict(True)
