# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that describe a policy, in normal form, or refused with the option and the value."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.schedule import RawPattern, parse_pattern
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_options import (
    PolicyOptions,
    parse_policy,
)
from tests.support.fakes import SUMMER, WINTER

DEFAULTS: dict[str, t.Any] = {
    **dict.fromkeys(
        ("new_name", "description", "enabled", "schedule", "retention", "servers", "server_filters", "tags")
    ),
    "name": "nightly",
    "purge_servers": False,
    "move_servers": True,
    "purge_tags": True,
}
BERLIN = {"frequency": "daily", "times": ["02:00"], "timezone": "Europe/Berlin"}


def parsed(**options: t.Any) -> PolicyOptions:
    return parse_policy({**DEFAULTS, **options}, SUMMER)


def test_what_is_not_given_is_left_as_it_is() -> None:
    assert parsed() == PolicyOptions("nightly", "present")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"new_name": "weekly", "description": ""}, {"new_name": "weekly", "description": ""}),
        ({"enabled": False, "move_servers": False}, {"enabled": False, "move_servers": False}),
        ({"purge_servers": True, "purge_tags": False}, {"purge_servers": True, "purge_tags": False}),
        ({"servers": ["web", {"id": "x"}, "web"]}, {"servers": ["web", "x"]}),
        ({"servers": []}, {"servers": []}),
        ({"server_filters": {"name": "web-*", "status": None}}, {"filters": {"name": "web-*"}}),
        ({"tags": {"a": 1, "b": None}}, {"tags": {"a": "1", "b": ""}}),
    ],
)
def test_what_is_given_comes_in_normal_form(options: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    assert parsed(**options) == PolicyOptions("nightly", "present")._replace(**expected)


def test_a_schedule_is_a_rule_in_utc_with_its_notes() -> None:
    found = parsed(schedule=BERLIN)
    assert found.rule == parse_pattern("FREQ=DAILY;BYHOUR=0;BYMINUTE=0")
    assert parse_policy({**DEFAULTS, "schedule": BERLIN}, WINTER).rule == parse_pattern(
        "FREQ=DAILY;BYHOUR=1;BYMINUTE=0"
    )
    (note,) = found.notes
    assert note.startswith("Europe/Berlin has summer time")


def test_a_pattern_that_cannot_be_sent_is_kept_with_the_reason() -> None:
    rule = parsed(schedule={"pattern": "FREQ=MONTHLY;BYHOUR=2;BYMINUTE=0"}).rule
    assert isinstance(rule, RawPattern) and "MONTHLY" in rule.refusal


@pytest.mark.parametrize(
    ("schedule", "timezone"), [(None, "UTC+01:00"), (BERLIN, "UTC+01:00"), (BERLIN, None)], ids=str
)
def test_a_retention_has_a_time_zone_of_its_own_or_that_of_the_schedule(
    schedule: dict[str, t.Any] | None, timezone: str | None
) -> None:
    found = parsed(schedule=schedule, retention={"monthly": 3, "timezone": timezone}).retention
    assert found is not None and (found["monthly"], found["days"]) == (3, None)
    assert found["timezone"] == (timezone or "UTC+02:00")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "a b"}, "^name: 'a b'"),
        ({"new_name": ""}, "^new_name: ''"),
        ({"description": "<b>"}, "^description: "),
        ({"schedule": {"frequency": "daily", "times": ["870"]}}, "^schedule.times: "),
        ({"retention": {"monthly": 1}}, "^retention.timezone is needed"),
        ({"servers": [" "]}, "^servers: ' '"),
        ({"server_filters": {"name": ""}}, "^server_filters.name: ''"),
        ({"tags": {f"k{number}": "" for number in range(11)}}, "^tags: "),
    ],
)
def test_an_option_that_breaks_a_rule_is_named(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        parsed(**options)


def test_a_key_of_a_tag_that_marks_a_server_on_cbr_is_refused_there() -> None:
    tags = {"45baf976-c20a-4894-a7c3-c94b7376bf55": "x"}
    assert parsed(tags=tags).tags == tags
    with pytest.raises(InvalidInput, match="^tags: .*has the form of an ID"):
        parsed(service="cbr", tags=tags)
