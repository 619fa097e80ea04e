# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of the service are whole numbers or nothing."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.numbers import whole_number


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7),
        ("7", 7),
        ("29.9", 29),
        (-1, -1),
        (True, 1),
        (None, None),
        ("", None),
        ("many", None),
        ([7], None),
        ("NaN", None),
        (float("inf"), None),
        ("1e999", None),
    ],
)
def test_a_number_may_come_as_text_and_anything_else_is_none(value: t.Any, number: int | None) -> None:
    assert whole_number(value) == number
