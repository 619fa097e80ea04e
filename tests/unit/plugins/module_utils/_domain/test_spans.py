# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spans of time as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.spans import describe_seconds

UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (0.9, "0s"),
        (-0.9, "0s"),
        (30, "30s"),
        (59.9, "59s"),
        (60, "1m"),
        (45 * 60, "45m"),
        (45 * 60 + 30, "45m 30s"),
        (3600, "1h"),
        (3605, "1h"),
        (2 * 86400 + 3 * 3600 + 59 * 60, "2d 3h"),
        (86400 + 59 * 60, "1d"),
        (400 * 86400, "400d"),
        (-7200, "-2h"),
    ],
)
def test_seconds_in_two_units_at_most(seconds: float, expected: str) -> None:
    assert describe_seconds("seconds", seconds) == expected


@pytest.mark.parametrize("seconds", [1e300, -1e300, 10**400, float("inf"), float("nan")])
def test_what_is_longer_than_a_calendar_is_refused(seconds: float) -> None:
    with pytest.raises(InvalidInput, match="^seconds: this number"):
        describe_seconds("seconds", seconds)


@given(st.integers(-(10**12), 10**12))
def test_the_text_loses_less_than_its_second_unit(seconds: int) -> None:
    text = describe_seconds("seconds", seconds)
    parts = text.removeprefix("-").split()
    shown = sum(int(part[:-1]) * UNITS[part[-1]] for part in parts)
    second_unit = {"d": 3600, "h": 60, "m": 1, "s": 1}[parts[0][-1]]
    assert 0 <= abs(seconds) - shown < second_unit
    assert text.startswith("-") == (seconds < 0)
