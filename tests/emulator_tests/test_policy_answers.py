# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How policies are printed, call by call and mode by mode."""

from __future__ import annotations

from typing import Any

from tests.emulator_tests.api import Api

DEFINITION = {
    "max_backups": 20,
    "retention_duration_days": -1,
    "permanent": False,
    "day_backups": 7,
    "timezone": "UTC+01:00",
}
IN_TEXT = {"max_backups": "20", "retention_duration_days": "-1", "permanent": "False"}


def _calls(api: Api) -> dict[str, dict[str, Any]]:
    tags = [{"key": "env", "value": "prod"}]
    body = api.policy_body("nightly", api.ids()[:1], definition=DEFINITION, tags=tags)
    body["policy"]["resources"][0]["name"] = "a stale label"
    created = api.ok("POST", "policies", body)["policy"]
    path = f"policies/{created['id']}"
    return {
        "create": created,
        "update": api.ok("PUT", path, {"policy": {"description": "new"}})["policy"],
        "get": api.get(path)["policy"],
        "list": api.get("policies")["policies"][0],
    }


def _definition(policy: dict[str, Any]) -> dict[str, Any]:
    shown = dict(policy["scheduled_operations"][0]["operation_definition"])
    assert shown.pop("plan_id") == policy["id"]
    assert shown.pop("provider_id") == policy["provider_id"]
    return shown


def test_live(live_api: Api) -> None:
    calls = _calls(live_api)
    assert {policy["status"] for policy in calls.values()} == {"suspended"}
    numbers = {key: DEFINITION[key] for key in IN_TEXT}
    assert _definition(calls["create"]) == _definition(calls["update"]) == IN_TEXT
    assert _definition(calls["get"]) == _definition(calls["list"]) == numbers
    assert calls["get"]["tags"] and "tags" not in calls["list"]
    get_trigger = calls["get"]["scheduled_operations"][0]["trigger"]
    assert " " in get_trigger["properties"]["start_time"] and get_trigger["id"]
    assert "start_time" not in calls["list"]["scheduled_operations"][0]["trigger"]["properties"]
    thin = calls["update"]
    assert thin["user_id"] is None and "tags" not in thin
    assert "trigger_id" not in thin["scheduled_operations"][0]
    assert set(thin["scheduled_operations"][0]["trigger"]) == {"properties"}
    assert {policy["resources"][0]["name"] for policy in calls.values()} == {"a stale label"}


def test_reference(reference_api: Api) -> None:
    calls = _calls(reference_api)
    assert {policy["status"] for policy in calls.values()} == {"enabled"}
    assert _definition(calls["get"]) == _definition(calls["list"]) == DEFINITION
    assert _definition(calls["create"]) == {**IN_TEXT, "day_backups": "7", "timezone": "UTC+01:00"}
    assert calls["list"] == calls["get"]
    path = f"policies/{calls['get']['id']}"
    operation = {"id": calls["get"]["scheduled_operations"][0]["id"], "enabled": False}
    reference_api.ok("PUT", path, {"policy": {"scheduled_operations": [operation]}})
    assert reference_api.get(path)["policy"]["status"] == "disabled"


def test_unset_is_missing(api: Api) -> None:
    policy = api.create_policy(definition={})
    assert _definition(policy) == {}
    assert _definition(api.get(f"policies/{policy['id']}")["policy"]) == {}
    assert policy["created_at"][10] == "T" and len(policy["created_at"]) == 26
