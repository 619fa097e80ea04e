# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a server may leave CSBS."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.departure import why_to_stay
from tests.support.fakes import SUMMER, backup

DAY = timedelta(days=1)
YOUNG, OLD = "2026-07-01T06:00:00.000000", "2026-06-30T11:59:59.000000"


def rows(*states: tuple[str, str]) -> list[t.Any]:
    return [backup("b", "web", status, created_at=at) for status, at in states]


@pytest.mark.parametrize("status", ["ACTIVE", "SHUTOFF"])
def test_a_server_with_a_young_good_backup_may_leave(status: str) -> None:
    assert why_to_stay(status, rows(("available", YOUNG)), SUMMER, DAY) == (None, False)
    assert why_to_stay(status, rows(("available", OLD), ("error", YOUNG), ("restoring", YOUNG)), SUMMER, DAY)[0] is None


@pytest.mark.parametrize(
    ("status", "states", "reason"),
    [
        ("ACTIVE", (), "it has none"),
        ("ACTIVE", (("error", YOUNG), ("deleting", YOUNG)), "it has none"),
        ("ACTIVE", (("available", OLD),), "its last one is of 2026-06-30 11:59 UTC"),
        ("ACTIVE", (("available", ""),), "the age of its last one is not known"),
        ("ERROR", (("available", YOUNG),), "state ERROR"),
        (None, (("available", YOUNG),), "no longer exists"),
    ],
)
def test_others_stay(status: str | None, states: t.Any, reason: str) -> None:
    told, passes = why_to_stay(status, rows(*states), SUMMER, DAY)
    assert told is not None and reason in told and not passes


def test_a_backup_in_progress_is_waited_for() -> None:
    told, passes = why_to_stay("ACTIVE", rows(("available", YOUNG), ("protecting", YOUNG)), SUMMER, DAY)
    assert passes and told is not None and "in progress" in told
    assert not why_to_stay("ERROR", rows(("protecting", YOUNG)), SUMMER, DAY)[1]


def test_the_age_is_told_as_it_was_meant() -> None:
    told = why_to_stay("ACTIVE", [], SUMMER, timedelta(hours=36))[0]
    assert told is not None and "younger than 1d 12h (max_age)" in told
