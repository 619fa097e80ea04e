# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names and numbers that a task gives to its backups."""

from __future__ import annotations

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup_names import (
    BackupNames,
    backup_names,
)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("b", 0),
        ("b-0001", 1),
        ("b-0999", 999),
        ("b-1000", None),
        ("b-2024", None),
        ("b-1200", None),
        ("b-0000", None),
        ("b-10000", None),
        ("b-00010", None),
        ("b-20260301", None),
        ("b-260301", None),
        ("b-1", None),
        ("b-001", None),
        ("b-old", None),
        ("b-", None),
        ("b-0001-0002", None),
        ("ab", None),
        ("b-0001\n", None),
        ("b-x001", None),
        ("B-0001", None),
        (None, None),
    ],
)
def test_a_number_begins_with_0_and_a_year_or_a_time_is_a_name_of_its_own(name: str | None, number: int | None) -> None:
    """With state absent whatever fits is deleted."""
    assert BackupNames("b", 3).number_of(name) == number


def test_a_name_for_one_server_has_no_numbers() -> None:
    names = BackupNames("b")
    assert [name for name in ("b", "b-0001", "b-0002") if names.fit(name)] == ["b"]
    assert BackupNames("b-0001", 5).number_of("b-0001-0002") == 2


@pytest.mark.parametrize(("count", "number"), [(1023, None), (1024, 1024), (2000, 1024)])
def test_a_number_above_0999_counts_only_when_there_are_as_many_backups_of_the_name(
    count: int, number: int | None
) -> None:
    rows = [{"name": f"b-{number:04d}"} for number in range(1, count)] + [
        {"name": "b-1024"},
        {"name": "other"},
        {"name": None},
    ]
    assert backup_names("b", rows).number_of("b-1024") == number
