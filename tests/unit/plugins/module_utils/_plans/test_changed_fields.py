# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparison knows what is not given from what is empty."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy import changed_fields


@pytest.mark.parametrize(
    ("current", "wanted", "changed"),
    [
        ({"a": 1, "b": 2}, {"a": None, "b": None}, {}),
        ({"a": 1}, {"a": 1}, {}),
        ({"a": "x"}, {"a": ""}, {"a": ""}),
        ({"a": True}, {"a": False}, {"a": False}),
        ({}, {"a": "x"}, {"a": "x"}),
    ],
)
def test_what_is_not_given_is_left_alone_and_what_is_empty_clears(
    current: dict[str, t.Any], wanted: dict[str, t.Any], changed: dict[str, t.Any]
) -> None:
    assert changed_fields(current, wanted) == changed
