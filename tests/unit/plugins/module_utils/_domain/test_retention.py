# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A retention has one normal form, whatever types the service answers with."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retention import (
    COUNTS,
    LONG_TERM,
    current_retention,
    definition_of,
    same_retention,
    unreported,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retention_option import parse_retention
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.services import RULES
from tests.support.fakes import SUMMER

NOTHING: dict[str, t.Any] = {
    "max_backups": None,
    "days": None,
    "permanent": False,
    "daily": None,
    "weekly": None,
    "monthly": None,
    "yearly": None,
    "timezone": None,
}


def wanted(zone: str | None = None, **retention: t.Any) -> dict[str, t.Any]:
    return parse_retention(retention, zone, SUMMER, RULES["csbs"])


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ({}, {}),
        ({"max_backups": "20", "retention_duration_days": "-1", "permanent": "False"}, {"max_backups": 20}),
        ({"max_backups": 20, "retention_duration_days": -1, "permanent": False}, {"max_backups": 20}),
        ({"permanent": "True", "max_backups": None}, {"permanent": True}),
        ({"permanent": "true"}, {"permanent": True}),
        ({"retention_duration_days": "14.0", "plan_id": "x", "provider_id": "y"}, {"days": 14}),
        (
            {"day_backups": "0", "month_backups": "12", "timezone": "UTC+01:00"},
            {"monthly": 12, "timezone": "UTC+01:00"},
        ),
        ({"day_backups": 0, "week_backups": 0, "timezone": "UTC+01:00"}, {}),
        ({"day_backups": "-1", "week_backups": -1, "timezone": "UTC+00:00"}, {}),
        # No numbers at all.
        (
            {
                "max_backups": float("inf"),
                "retention_duration_days": "1e999",
                "day_backups": "NaN",
                "week_backups": [3],
            },
            {},
        ),
    ],
)
def test_what_the_service_answers_has_one_form(definition: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    assert current_retention(definition) == {**NOTHING, **expected}


@pytest.mark.parametrize(
    ("definition", "hidden"),
    [
        ({"max_backups": 20}, {"daily", "weekly", "monthly", "yearly", "timezone"}),
        ({"day_backups": 0}, {"timezone"}),
        ({"month_backups": 12, "timezone": "UTC+01:00"}, set()),
        ({"timezone": "UTC+01:00"}, {"daily", "weekly", "monthly", "yearly", "timezone"}),
    ],
)
def test_what_the_service_keeps_to_itself_is_known(definition: dict[str, t.Any], hidden: set[str]) -> None:
    assert unreported(definition) == hidden


@pytest.mark.parametrize(
    ("definition", "retention", "same"),
    [
        ({"max_backups": "20", "retention_duration_days": "-1", "permanent": "False"}, {"max_backups": 20}, True),
        ({"max_backups": "20"}, {"max_backups": 20, "monthly": 12, "timezone": "UTC+01:00"}, True),
        ({"max_backups": "20"}, {"max_backups": 21, "monthly": 12, "timezone": "UTC+01:00"}, False),
        ({"max_backups": "20"}, {}, False),
        ({}, {}, True),
        ({"permanent": "True"}, {}, False),
        ({"retention_duration_days": -1}, {"days": 0}, False),
        ({"month_backups": 12, "timezone": "UTC+01:00"}, {}, False),
        ({"month_backups": 12, "timezone": "UTC+01:00"}, {"monthly": 12, "timezone": "UTC+02:00"}, False),
        ({"month_backups": 12}, {"monthly": 12, "timezone": "UTC+02:00"}, True),
        ({"month_backups": 12}, {"monthly": 12, "daily": 7, "timezone": "UTC+02:00"}, False),
    ],
)
def test_only_a_reported_difference_is_a_difference(
    definition: dict[str, t.Any], retention: dict[str, t.Any], same: bool
) -> None:
    current = current_retention(definition)
    assert same_retention(current, wanted(**retention), unreported(definition)) is same


def test_an_update_clears_every_key_that_is_not_given() -> None:
    assert definition_of(wanted(days=14), update=True) == {
        "max_backups": -1,
        "retention_duration_days": 14,
        "permanent": False,
        "day_backups": 0,
        "week_backups": 0,
        "month_backups": 0,
        "year_backups": 0,
        "timezone": "UTC+00:00",
    }


@pytest.mark.parametrize(
    ("retention", "sent"),
    [
        ({}, {}),
        ({"max_backups": 20, "days": -1}, {"max_backups": 20}),
        ({"yearly": 2, "timezone": "UTC+01:00"}, {"year_backups": 2, "timezone": "UTC+01:00"}),
        ({"permanent": True}, {"permanent": True}),
    ],
)
def test_a_creation_never_sends_what_was_not_asked_for(retention: dict[str, t.Any], sent: dict[str, t.Any]) -> None:
    assert definition_of(wanted(**retention), update=False) == sent


COUNT = st.none() | st.integers(-1, 99999)


LONG = st.none() | st.integers(0, 100)


@given(
    st.fixed_dictionaries(
        {
            "max_backups": COUNT,
            "days": COUNT,
            "permanent": st.booleans(),
            "daily": LONG,
            "weekly": LONG,
            "monthly": LONG,
            "yearly": LONG,
        }
    ),
    st.booleans(),
    st.booleans(),
)
def test_a_retention_that_was_set_is_found_again_and_changes_nothing(
    retention: dict[str, t.Any], update: bool, as_text: bool
) -> None:
    desired = wanted("UTC", **retention)
    sent = definition_of(desired, update)
    answer = {key: str(value) for key, value in sent.items()} if as_text else sent
    current = current_retention(answer)
    assert current == desired
    assert same_retention(current, wanted("UTC", **current), unreported(answer))


ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=1)
)


@given(st.dictionaries(st.sampled_from([*COUNTS.values(), *LONG_TERM.values(), "permanent"]), ANYTHING))
def test_whatever_the_service_answers_has_the_form(definition: dict[str, t.Any]) -> None:
    current = current_retention(definition)
    assert current.keys() == NOTHING.keys()
    assert all(isinstance(current[key], (int, type(None))) for key in NOTHING if key != "timezone")
