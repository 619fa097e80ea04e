# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new policy of a set is like the one that it is copied from, as far as the task does not say otherwise."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retention import KEYS
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.schedule import (
    RawPattern,
    format_pattern,
    parse_pattern,
    parse_rules,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_options import PolicyOptions
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_template import fill_from
from tests.support.fakes import DAILY_0200, policy

OPTIONS = PolicyOptions("nightly", "present", servers=["web"])
RETENTION = {**dict.fromkeys(KEYS), "permanent": False}
#: All counts, as a service reports them that reports the long-term ones
REPORTED = {"max_backups": 20, "day_backups": 7, "week_backups": 0, "month_backups": 0, "year_backups": 0}
TEMPLATE: t.Any = policy(
    "nightly-0001",
    ["db"],
    description="first",
    enabled=False,
    definition={**REPORTED, "timezone": "UTC+01:00"},
    tags=[{"key": "team", "value": "web"}],
)
FILLED = {
    "description": "first",
    "enabled": False,
    "rule": parse_pattern(DAILY_0200),
    "retention": {**RETENTION, "max_backups": 20, "daily": 7, "timezone": "UTC+01:00"},
    "tags": {"team": "web"},
}
GIVEN = {
    "description": "",
    "enabled": True,
    "rule": parse_pattern("FREQ=DAILY;BYHOUR=3;BYMINUTE=0"),
    "retention": RETENTION,
    "tags": {},
}


def test_a_service_that_reports_the_counts_has_reported_all_that_matters() -> None:
    counts: t.Any = policy("nightly-0001", definition=REPORTED)
    assert fill_from(counts, OPTIONS, "nightly-0002")[1] == []


def test_without_a_policy_to_copy_the_options_stay_as_they_are() -> None:
    assert fill_from(None, OPTIONS, "nightly-0001") == (OPTIONS, [])


def test_what_the_task_does_not_say_is_copied() -> None:
    assert fill_from(TEMPLATE, OPTIONS, "nightly-0002") == (OPTIONS._replace(**FILLED), [])


@pytest.mark.parametrize("option", list(GIVEN))
def test_what_the_task_says_is_not_copied_also_when_it_is_empty(option: str) -> None:
    told = {option: GIVEN[option]}
    found = fill_from(TEMPLATE, OPTIONS._replace(**told), "nightly-0002")[0]
    assert found == OPTIONS._replace(**{**FILLED, **told})


@pytest.mark.parametrize(
    ("tags", "purge", "expected"),
    [
        ({"more": "1"}, False, {"team": "web", "more": "1"}),
        ({"team": "db"}, False, {"team": "db"}),
        ({}, False, {"team": "web"}),
        ({"more": "1"}, True, {"more": "1"}),
    ],
)
def test_tags_that_the_others_keep_are_copied(tags: dict[str, str], purge: bool, expected: dict[str, str]) -> None:
    found = fill_from(TEMPLATE, OPTIONS._replace(tags=tags, purge_tags=purge), "nightly-0002")[0]
    assert found.tags == expected


@pytest.mark.parametrize(("retention", "noted"), [(None, True), (RETENTION, False)])
def test_counts_that_the_service_does_not_report_cannot_be_copied_which_is_noted(
    retention: dict[str, t.Any] | None, noted: bool
) -> None:
    live: t.Any = policy("nightly-0001", definition={"max_backups": "20", "retention_duration_days": "-1"})
    found, notes = fill_from(live, OPTIONS._replace(retention=retention), "nightly-0002")
    assert found.retention == (retention or {**RETENTION, "max_backups": 20})
    assert [note.startswith("New policy 'nightly-0002' gets the retention of 'nightly-0001'") for note in notes] == [
        True
    ] * noted


@pytest.mark.parametrize("pattern", ["FREQ=MONTHLY;BYHOUR=2;BYMINUTE=0", "", None])
def test_a_schedule_that_cannot_be_sent_cannot_be_copied(pattern: str | None) -> None:
    odd: t.Any = policy("nightly-0001", pattern=pattern)
    rule = fill_from(odd, OPTIONS, "nightly-0002")[0].rule
    assert isinstance(rule, RawPattern)
    with pytest.raises(
        InvalidInput, match="^schedule is needed for a new policy: that of 'nightly-0001' cannot be copied"
    ):
        format_pattern(rule)


def test_a_policy_without_fields_of_its_own_is_copied_as_an_empty_one() -> None:
    bare: t.Any = policy("nightly-0001", description=None, tags=None)
    found = fill_from(bare, OPTIONS, "nightly-0002")[0]
    assert (found.description, found.tags, found.enabled) == ("", {}, True)


def test_several_rules_are_copied() -> None:
    stored = ["FREQ=DAILY;BYHOUR=2;BYMINUTE=0", "FREQ=DAILY;BYHOUR=4;BYMINUTE=30"]
    row: t.Any = policy("nightly-0001", pattern=stored)
    assert fill_from(row, OPTIONS, "nightly-0002")[0].rule == parse_rules("\n".join(stored))
