# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy's fields on their way to CBR and back."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.cbr_policy import (
    fields_to_send,
    reported_definition,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retention import (
    current_retention,
    definition_of,
    unreported,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retention_option import parse_retention
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.services import RULES
from tests.support.fakes import SUMMER

TRIGGER = {"properties": {"pattern": ["FREQ=DAILY;BYHOUR=02;BYMINUTE=00"]}}


@pytest.mark.parametrize(
    ("attrs", "fields"),
    [
        ({}, {}),
        ({"name": "p"}, {"name": "p"}),
        ({"name": "p", "description": "d", "resources": [], "tags": []}, {"name": "p"}),
        ({"scheduled_operations": [{"id": "x", "operation_type": "backup", "enabled": False}]}, {"enabled": False}),
        ({"scheduled_operations": [{"trigger": TRIGGER}]}, {"trigger": TRIGGER}),
        # No retention is given: it stays.
        ({"scheduled_operations": [{"operation_definition": {}}]}, {}),
    ],
)
def test_an_update_sends_what_changes_and_what_the_service_knows(
    attrs: dict[str, t.Any], fields: dict[str, t.Any]
) -> None:
    assert fields_to_send(attrs) == fields


def test_a_new_policy_has_a_retention_with_a_time_zone() -> None:
    scheduled = {"enabled": True, "operation_definition": {}, "trigger": TRIGGER}
    assert fields_to_send({"name": "p", "scheduled_operations": [scheduled]}, new=True) == {
        "name": "p",
        "enabled": True,
        "trigger": TRIGGER,
        "operation_definition": {"timezone": "UTC+00:00"},
    }


@pytest.mark.parametrize("update", [True, False])
@pytest.mark.parametrize(
    "retention",
    [{}, {"days": 14}, {"max_backups": 20}, {"max_backups": 20, "monthly": 12, "timezone": "UTC+02:00"}, {"yearly": 1}],
)
def test_a_retention_that_is_sent_comes_back_as_it_was_asked_for(retention: dict[str, t.Any], update: bool) -> None:
    desired = parse_retention(retention, "UTC+01:00", SUMMER, RULES["cbr"])
    operation = {"operation_definition": definition_of(desired, update)}
    sent = fields_to_send({"scheduled_operations": [operation]}, new=not update)["operation_definition"]
    assert "permanent" not in sent and sent["timezone"].startswith("UTC")
    assert current_retention(reported_definition(sent)) == desired


@pytest.mark.parametrize(
    "definition", [{}, {"max_backups": 20}, {"retention_duration_days": 3, "day_backups": None, "timezone": None}]
)
def test_what_the_service_leaves_out_is_not_set(definition: dict[str, t.Any]) -> None:
    reported = reported_definition(definition)
    assert unreported(reported) == set()
    assert all(current_retention(reported)[key] is None for key in ("daily", "weekly", "monthly", "yearly", "timezone"))
