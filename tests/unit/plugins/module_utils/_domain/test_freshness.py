# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers need no new backup, by name and by age."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.freshness import find_done, names_that_count
from tests.support.fakes import SUMMER, backup, server

FLEET: list[t.Any] = [server("web"), server("db"), server("app")]
DAY = timedelta(days=1)


def done(*rows: t.Any, name: str | None = "b", max_age: timedelta | None = None, servers: int = 1) -> dict[str, str]:
    """By server ID, the ID of the backup that makes a new one unnecessary, for the first servers of the fleet."""
    found = find_done(max_age, name, SUMMER, FLEET[:servers], list(rows))
    return {server_id: row["id"] for server_id, row in found.items()}


# ========== By name ==========
@pytest.mark.parametrize(
    ("status", "is_done"),
    [
        ("available", True),
        ("restoring", True),
        ("waiting_restore", True),
        ("protecting", True),
        ("waiting_protect", True),
        ("error", False),
        ("deleting", False),
        ("waiting_delete", False),
        ("deleted", False),
    ],
)
def test_a_good_backup_of_the_name_or_one_in_progress_is_enough(status: str, is_done: bool) -> None:
    assert done(backup("b", "web", status)) == ({"id-web": "item-b-web"} if is_done else {})


@pytest.mark.parametrize("name", ["b-0001", "bb", "ab", "b-x", "B"])
def test_a_name_that_only_contains_the_name_is_another_name(name: str) -> None:
    assert done(backup(name, "web")) == {}


def test_a_backup_of_another_server_is_not_enough() -> None:
    assert done(backup("b", "db")) == {}


@pytest.mark.parametrize("name", ["b", "b-0001", "b-0007"])
def test_for_several_servers_the_name_and_its_numbered_forms_count(name: str) -> None:
    assert done(backup(name, "web"), servers=2).keys() == {"id-web"}


@pytest.mark.parametrize("status", ["available", "protecting"])
@pytest.mark.parametrize("name", ["release-2024", "release-1200", "release-20240101"])
def test_a_year_or_a_time_in_a_name_is_not_a_number(name: str, status: str) -> None:
    assert done(backup(name, "web", status), name="release", servers=2) == {}


def test_a_good_backup_goes_before_one_in_progress() -> None:
    rows = [backup("b", "web", "protecting", id="in progress"), backup("b", "web", id="good")]
    assert done(*rows) == {"id-web": "good"}


def test_without_name_and_age_a_new_backup_is_always_needed() -> None:
    assert done(backup("b", "web"), name=None) == {}


# ========== By age ==========
def aged(seconds: float, status: str = "available", **fields: t.Any) -> dict[str, t.Any]:
    moment = (SUMMER - timedelta(seconds=seconds)).replace(tzinfo=None)
    return {**backup("any", "web", status, created_at=moment.isoformat()), **fields}


@pytest.mark.parametrize(
    ("row", "is_done"),
    [
        (aged(86399), True),
        (aged(86400), False),
        (aged(86401), False),
        (aged(-60), True),
        (aged(999999, protected_at="2026-07-01T11:00:00"), True),
        (aged(60, protected_at="2026-06-01T11:00:00"), False),
        (aged(999999, updated_at="2026-07-01T11:00:00"), False),
        (aged(999999, "protecting"), True),
        (aged(60, "waiting_protect"), True),
        (aged(60, "error"), False),
        (aged(60, "deleting"), False),
        (aged(60, extend_info={"auto_trigger": True}), True),
        (aged(60, created_at=None), False),
    ],
)
def test_a_backup_that_is_young_or_in_progress_is_enough(row: dict[str, t.Any], is_done: bool) -> None:
    assert bool(done(row, name=None, max_age=DAY)) is is_done


def test_with_an_age_the_name_does_not_count() -> None:
    assert done(aged(999999, name="b"), max_age=DAY) == {}
    assert done(aged(60, name="other"), max_age=DAY).keys() == {"id-web"}


def test_each_server_is_judged_by_its_own_backups() -> None:
    assert done(aged(60), name=None, max_age=DAY, servers=3).keys() == {"id-web"}


# ========== Names ==========
def test_a_single_server_has_no_numbers_and_several_have() -> None:
    rows: list[t.Any] = [backup("b-0001", "web")]
    assert names_that_count("b", FLEET[:1], rows).highest is None
    assert names_that_count("b", FLEET, rows).highest == 4
