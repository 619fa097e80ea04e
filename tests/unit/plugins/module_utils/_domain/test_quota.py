# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas: what is left of a limit, and that no limit has nothing left to tell."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.quota import quota_result


@pytest.mark.parametrize(
    ("quota", "used", "unlimited", "free", "percent"),
    [
        (600, 0, False, 600, 0),
        (600, 150, False, 450, 25),
        (600, 599, False, 1, 99),
        (600, 600, False, 0, 100),
        (600, 660, False, 0, 110),
        (0, 0, False, 0, 100),
        (0, 3, False, 0, 100),
        (-1, 0, True, None, None),
        (-1, 10**7, True, None, None),
        (600, None, False, None, None),
        (None, 3, False, None, None),
    ],
)
def test_what_is_left_and_used(
    quota: int | None, used: int | None, unlimited: bool, free: int | None, percent: int | None
) -> None:
    raw = {"type": "backups", "quota": quota, "used": used}
    assert quota_result(raw) == {
        "type": "backups",
        "name": None,
        "unit": None,
        "quota": quota,
        "unlimited": unlimited,
        "used": used,
        "free": free,
        "used_percent": percent,
    }


@pytest.mark.parametrize(("unit", "told"), [("GB", "GB"), ("", None), (None, None)])
def test_a_quota_without_unit_has_null(unit: str | None, told: str | None) -> None:
    assert quota_result({"type": "backup_capacity", "unit": unit, "quota": -1, "used": 0})["unit"] == told


@given(quota=st.integers(0, 10**6), used=st.integers(0, 10**6))
def test_a_quota_is_full_exactly_when_nothing_is_left(quota: int, used: int) -> None:
    result: dict[str, t.Any] = quota_result({"type": "backups", "quota": quota, "used": used})
    assert (result["free"] == 0) == (result["used_percent"] >= 100)
    assert all(isinstance(result[key], int) for key in ("quota", "used", "free", "used_percent"))


@pytest.mark.parametrize(
    ("raw", "told"), [("600", 600), ("-1", -1), (600.0, 600), ("", None), ("many", None), ({}, None)]
)
def test_numbers_that_come_as_text_are_numbers(raw: t.Any, told: int | None) -> None:
    result = quota_result({"quota": raw, "used": "150"})
    assert (result["quota"], result["used"]) == (told, 150)
    assert quota_result({"quota": 600, "used": raw})["used"] == told


@pytest.mark.parametrize(
    ("used_mb", "used", "free", "percent"),
    [
        (0, 0, 40, 0),
        (1, 1, 39, 0),
        (1024, 1, 39, 2),
        (40 * 1024 - 1, 40, 0, 99),
        (40 * 1024, 40, 0, 100),
        (44 * 1024, 44, 0, 110),
    ],
)
def test_a_vault_is_full_to_a_hundred_percent_only_when_no_megabyte_is_left(
    used_mb: int, used: int, free: int, percent: int
) -> None:
    result = quota_result({"type": "vault", "name": "v", "unit": "GB", "quota": 40, "used_mb": used_mb})
    assert (result["name"], result["used"], result["free"], result["used_percent"]) == ("v", used, free, percent)
