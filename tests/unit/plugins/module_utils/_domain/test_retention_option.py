# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option retention is the whole retention."""

from __future__ import annotations

import contextlib
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retention import (
    COUNTS,
    LONG_TERM,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retention_option import parse_retention
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.services import RULES
from tests.support.fakes import SUMMER, WINTER
from tests.unit.plugins.module_utils._domain.test_retention import NOTHING, wanted

CBR = RULES["cbr"]


@pytest.mark.parametrize(
    ("retention", "zone", "expected"),
    [
        ({}, None, {}),
        ({"max_backups": -1, "days": -1}, None, {}),
        ({"max_backups": None, "days": None, "permanent": None}, None, {}),
        ({"daily": 0, "weekly": 0, "monthly": 0, "yearly": 0}, None, {}),
        ({"days": 14}, "Europe/Berlin", {"days": 14}),
        ({"max_backups": 99999, "permanent": True}, None, {"max_backups": 99999, "permanent": True}),
        ({"days": 0}, None, {"days": 0}),
        ({"monthly": 12}, "Europe/Berlin", {"monthly": 12, "timezone": "UTC+02:00"}),
        ({"monthly": 12, "timezone": "utc+1:00"}, "Europe/Berlin", {"monthly": 12, "timezone": "UTC+01:00"}),
        ({"days": 14, "timezone": "UTC+01:00"}, None, {"days": 14}),
        ({"monthly": 12}, "UTC+02:00", {"monthly": 12, "timezone": "UTC+02:00"}),
    ],
)
def test_the_option_becomes_the_whole_rule(
    retention: dict[str, t.Any], zone: str | None, expected: dict[str, t.Any]
) -> None:
    assert wanted(zone, **retention) == {**NOTHING, **expected}


@pytest.mark.parametrize(
    ("retention", "zone", "fragment"),
    [
        ({"days": -2}, None, "retention.days: -2"),
        ({"days": 100000}, None, "retention.days: 100000"),
        ({"max_backups": 100000}, None, "retention.max_backups: 100000"),
        ({"daily": 101}, "UTC", "retention.daily: 101"),
        ({"yearly": -2}, "UTC", "retention.yearly: -2"),
        ({"monthly": 12}, None, "retention.timezone is needed"),
        ({"monthly": 12, "timezone": "Mars/Olympus"}, None, "'Mars/Olympus'"),
        ({"days": 1, "timezone": "Mars/Olympus"}, None, "'Mars/Olympus'"),
    ],
)
def test_a_retention_that_cannot_be_is_refused(retention: dict[str, t.Any], zone: str | None, fragment: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        wanted(zone, **retention)
    assert fragment in str(refusal.value)


def test_the_time_zone_of_long_term_counts_has_the_offset_of_the_day() -> None:
    zones = {parse_retention({"daily": 1}, "Europe/Berlin", now, RULES["csbs"])["timezone"] for now in (SUMMER, WINTER)}
    assert zones == {"UTC+01:00", "UTC+02:00"}


@given(st.dictionaries(st.sampled_from([*COUNTS, *LONG_TERM]), st.none() | st.integers()))
def test_whatever_is_asked_for_is_a_retention_or_refused(retention: dict[str, t.Any]) -> None:
    with contextlib.suppress(InvalidInput):
        assert wanted("UTC+05:45", **retention).keys() == NOTHING.keys()


# ========== Limits that exclude each other ==========
@pytest.mark.parametrize(
    ("retention", "expected"),
    [
        ({}, {}),
        ({"permanent": True}, {}),
        ({"permanent": True, "days": -1, "max_backups": -1, "daily": 0}, {}),
        ({"permanent": False, "days": 14, "max_backups": -1, "weekly": 0}, {"days": 14}),
        ({"max_backups": 20, "days": -1}, {"max_backups": 20}),
        (
            {"max_backups": 20, "monthly": 12, "timezone": "UTC+01:00"},
            {"max_backups": 20, "monthly": 12, "timezone": "UTC+01:00"},
        ),
    ],
)
def test_days_or_numbers_are_kept(retention: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    assert parse_retention(retention, None, SUMMER, CBR) == {**NOTHING, **expected}


@pytest.mark.parametrize(
    ("retention", "message"),
    [
        ({"days": 14, "max_backups": 1}, "retention.days: 14 excludes retention.max_backups: 1; Cloud Backup"),
        (
            {"days": 14, "daily": 7, "monthly": 1, "timezone": "UTC+01:00"},
            "retention.days: 14 excludes retention.daily: 7, retention.monthly: 1; ",
        ),
        ({"days": 0}, "retention.days: 0 is out of range; it must be 1 to 99999 or -1"),
        ({"max_backups": 0}, "retention.max_backups: 0 is out of range; it must be 1 to 99999 or -1"),
        ({"permanent": True, "days": 1}, "retention.permanent: true excludes retention.days: 1; "),
        (
            {"permanent": True, "yearly": 1, "timezone": "UTC+01:00"},
            "retention.permanent: true excludes retention.yearly: 1; ",
        ),
        ({"daily": 7}, "retention.timezone is needed"),
    ],
)
def test_limits_that_exclude_each_other_are_refused(retention: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{message}"):
        parse_retention(retention, None, SUMMER, CBR)
