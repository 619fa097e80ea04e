# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy has one shape, whatever the service leaves out or writes as text."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.policy import (
    as_resource,
    check_capacity,
    for_diff,
    members_of,
    policy_result,
)
from tests.support.fakes import policy

KEYS = {"id", "name", "description", "enabled", "schedule", "retention", "servers", "tags", "created_at", "vaults"}


def test_a_full_answer_is_shown_in_the_shape_of_the_options() -> None:
    raw = policy(
        servers=["web-1"],
        enabled="True",
        definition={"max_backups": "20", "retention_duration_days": "-1", "permanent": "False"},
        tags=[{"key": "team", "value": "a"}],
        description=None,
    )
    shown = policy_result(raw)
    assert (shown["id"], shown["name"], shown["description"], shown["enabled"]) == ("pol-nightly", "nightly", "", True)
    assert shown["servers"] == [{"id": "id-web-1", "name": "web-1"}]
    assert shown["tags"] == {"team": "a"}
    assert (shown["retention"]["max_backups"], shown["retention"]["days"], shown["retention"]["permanent"]) == (
        20,
        None,
        False,
    )
    assert (shown["schedule"]["frequency"], shown["schedule"]["times"]) == ("daily", ["02:00"])
    assert shown["created_at"] == "2026-03-01T09:31:08.265000Z"


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"id": "p", "scheduled_operations": None, "resources": None, "tags": None},
        {"id": "p", "scheduled_operations": []},
        {"id": "p", "scheduled_operations": [{}]},
        {"id": "p", "scheduled_operations": [{"trigger": None, "operation_definition": None, "enabled": None}]},
        {"id": "p", "scheduled_operations": [{"trigger": {"properties": None}}]},
        policy(),
    ],
)
def test_a_thin_answer_has_the_same_keys_all_the_way_down(raw: dict[str, t.Any]) -> None:
    shown = policy_result(raw)
    assert shown.keys() == KEYS
    assert shown["schedule"].keys() == {"frequency", "interval", "days", "times", "timezone", "pattern"}
    assert shown["retention"].keys() == {
        "max_backups",
        "days",
        "permanent",
        "daily",
        "weekly",
        "monthly",
        "yearly",
        "timezone",
    }


@pytest.mark.parametrize(
    ("enabled", "status", "shown"),
    [
        (True, "suspended", True),
        (False, "available", False),
        ("True", "suspended", True),
        ("false", "available", False),
        (None, "available", False),
    ],
)
def test_enabled_comes_from_the_schedule_and_not_from_the_status(enabled: t.Any, status: str, shown: bool) -> None:
    assert policy_result(policy(enabled=enabled, status=status))["enabled"] is shown


@pytest.mark.parametrize("label", [None, ""])
def test_a_server_without_a_label_is_sent_with_its_id_as_label(label: str | None) -> None:
    members = members_of({"resources": [{"id": "s", "name": label}]})
    assert members == [{"id": "s", "name": None}]
    assert as_resource(members[0]) == {"id": "s", "type": "OS::Nova::Server", "name": "s"}


def test_a_diff_holds_neither_ids_of_the_policy_nor_times() -> None:
    shown = for_diff(policy_result(policy()))
    assert shown.keys() == KEYS - {"id", "created_at", "vaults"}
    assert for_diff(None) == {}


def test_the_65th_server_is_refused_with_count_and_policy() -> None:
    check_capacity("servers", 64, "p")
    with pytest.raises(InvalidInput, match="^servers: policy 'p' would have 65 servers; the service allows 64"):
        check_capacity("servers", 65, "p")
