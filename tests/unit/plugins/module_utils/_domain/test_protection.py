# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protection of a server: which backups count, how old the last one is, and what is added up."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup import newest
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.protection import (
    good_backups,
    protection_result,
    summarise,
)
from tests.support.fakes import SUMMER, backup, server

WEB = server("web")
NIGHTLY = {"id": "pol-nightly", "name": "nightly", "enabled": True}
PAUSED = {**NIGHTLY, "enabled": False}


def result(**fields: t.Any) -> dict[str, t.Any]:
    """The protection of a server without policy and backups, but for some fields."""
    return {**protection_result(WEB, None, None, [], None, SUMMER, None), **fields}


@pytest.mark.parametrize(
    ("status", "counts"),
    [("available", True), ("restoring", True), ("waiting_restore", True), ("error", False), ("protecting", False)],
)
def test_only_a_usable_backup_counts(status: str, counts: bool) -> None:
    rows = [backup("b", "web", status), backup("b", "elsewhere", status)]
    assert good_backups([WEB], rows) == {"id-web": rows[:1] if counts else []}


def test_a_backup_that_two_pages_show_counts_once() -> None:
    assert len(good_backups([WEB], [backup("b", "web"), backup("b", "web")])["id-web"]) == 1


def test_sizes_are_added_up_and_the_age_is_that_of_the_last_backup() -> None:
    good = [
        backup("old", "web", created_at="2026-06-30T12:00:00", info={"size": 100}),
        backup("new", "web", created_at="2026-07-01T11:00:00", info={"size": "50.9"}),
        backup("unsized", "web", created_at="2026-06-01T00:00:00"),
    ]
    found = protection_result({**WEB, "name": "renamed"}, NIGHTLY, None, good, newest(good), SUMMER, True)
    assert (found["backup_count"], found["size_mb"], found["age_seconds"]) == (3, 150, 3600)
    assert (found["last_backup"]["name"], found["last_backup"]["server"]["name"]) == ("new", "renamed")


def test_a_backup_from_the_future_has_the_age_zero() -> None:
    good = [backup("b", "web", created_at="2026-07-01T13:00:00")]
    assert protection_result(WEB, None, None, good, good[0], SUMMER, None)["age_seconds"] == 0


def test_a_refusal_is_the_reason() -> None:
    found = protection_result(WEB, None, "it has no disk", [], None, SUMMER, None)
    assert (found["protectable"], found["reason"], found["last_backup"]) == (False, "it has no disk", None)


def test_every_server_is_counted_by_policy_and_by_age() -> None:
    results = [
        result(policy=NIGHTLY, compliant=True, last_backup={}),
        result(policy=PAUSED, compliant=False, protectable=False),
        result(compliant=False),
    ]
    expected = {
        "servers": 3,
        "protected": 1,
        "disabled": 1,
        "unprotected": 1,
        "unprotectable": 1,
        "never_backed_up": 2,
        "compliant": 1,
        "stale": 2,
    }
    assert summarise(results, timedelta(days=1)) == expected
    assert summarise(results, None) == {**expected, "compliant": None, "stale": None}
