# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies: the rules of creating, changing and deleting them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.emulator_tests.api import Api, pattern, resources


def _operation(policy: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"policy": {"scheduled_operations": [{"id": policy["scheduled_operations"][0]["id"], **fields}]}}


def test_life(api: Api) -> None:
    made = api.create_policy("nightly", api.ids()[:2], tags=[{"key": " env ", "value": "prod "}])
    policy = api.get(f"policies/{made['id']}")["policy"]
    assert policy["name"] == "nightly"
    assert [resource["id"] for resource in policy["resources"]] == api.ids()[:2]
    assert policy["resources"][0]["name"] == "label"
    assert policy["tags"] == [{"key": "env", "value": "prod"}]
    assert [row["id"] for row in api.get("policies")["policies"]] == [made["id"]]
    api.ok("PUT", f"policies/{made['id']}", {"policy": {"name": "daily", "description": ""}})
    policy = api.get(f"policies/{made['id']}")["policy"]
    assert (policy["name"], policy["description"]) == ("daily", "")
    assert len(policy["resources"]) == 2
    assert api.ok("DELETE", f"policies/{made['id']}") == {}
    assert api.refused("CSBS.3000", "GET", f"policies/{made['id']}").status_code == 404
    api.refused("CSBS.3000", "PUT", f"policies/{made['id']}", {"policy": {}})
    api.refused("CSBS.3000", "DELETE", f"policies/{made['id']}")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "a" * 256},
        {"name": "a b"},
        {"name": "ä"},
        {"description": "a" * 256},
        {"description": "a<b"},
        {"provider_id": "other"},
        {"tags": []},
        {"tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]},
        {"tags": [{"key": "a" * 37, "value": "1"}]},
        {"tags": [{"key": "a", "value": "1" * 44}]},
        {"tags": [{"key": "a.b", "value": "1"}]},
        {"tags": [{"key": "a", "value": "1 2"}]},
        {"tags": [{"key": "a"}]},
        {"rule": "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30"},
        {"definition": {"max_backups": -2}},
        {"definition": {"max_backups": "20"}},
        {"definition": {"max_backups": 100000}},
        {"definition": {"permanent": "true"}},
        {"definition": {"day_backups": 5}},
        {"definition": {"day_backups": 101, "timezone": "UTC+01:00"}},
        {"definition": {"day_backups": 5, "timezone": "Europe/Berlin"}},
        {"definition": {"timezone": "UTC+01:00"}},
        {"definition": {"unknown": 1}},
        {"enabled": "yes"},
        {"scheduled_operations": []},
        {"surprise": True},
    ],
    ids=str,
)
def test_refused_values(live_api: Api, changes: dict[str, Any]) -> None:
    body = live_api.policy_body(**{"name": "nightly", **changes})
    assert live_api.refused("CSBS.9001", "POST", "policies", body).status_code == 400
    assert live_api.get("policies")["policies"] == []


@pytest.mark.parametrize("missing", ["name", "parameters", "provider_id", "resources", "scheduled_operations"])
def test_missing_keys(live_api: Api, missing: str) -> None:
    body = live_api.policy_body()
    del body["policy"][missing]
    assert missing in live_api.refused("CSBS.9001", "POST", "policies", body).json()["error_msg"]


def test_eleven_tags(live_api: Api) -> None:
    tags = [{"key": f"k{number}", "value": ""} for number in range(11)]
    live_api.refused("CSBS.7000", "POST", "policies", live_api.policy_body(tags=tags))
    live_api.create_policy(tags=tags[:10])


def test_limit_of_policies(live_api: Api) -> None:
    for number in range(32):
        live_api.create_policy(f"p{number}")
    assert live_api.refused("CSBS.0001", "POST", "policies", live_api.policy_body("more")).status_code == 400


def test_members(api: Api) -> None:
    first, second, third = api.ids()
    policy = api.create_policy("one", [first])
    api.refused("CSBS.6004", "POST", "policies", api.policy_body("two", [first]))
    api.refused("CSBS.6000", "POST", "policies", api.policy_body("two", ["unknown"]))
    api.refused("CSBS.9001", "POST", "policies", api.policy_body("two", [second, second]))
    wrong = api.policy_body("two", [second])
    wrong["policy"]["resources"][0]["type"] = "OS::Cinder::Volume"
    api.refused("CSBS.6003", "POST", "policies", wrong)
    other = api.create_policy("two", [second])
    path = f"policies/{other['id']}"
    api.refused("CSBS.6004", "PUT", path, {"policy": {"name": "new", "resources": resources([first])}})
    assert api.get(path)["policy"]["name"] == "two", "nothing changes when something is refused"
    api.ok("PUT", path, {"policy": {"resources": resources([third])}})
    assert [resource["id"] for resource in api.get(path)["policy"]["resources"]] == [third]
    api.ok("PUT", path, {"policy": {"resources": []}})
    api.ok("PUT", f"policies/{policy['id']}", {"policy": {"resources": resources([first, second, third])}})
    api.ok("DELETE", f"policies/{policy['id']}")
    api.ok("PUT", path, {"policy": {"resources": resources([first])}})


def test_members_that_broke_or_went_may_stay(live_api: Api) -> None:
    first, second, third = live_api.ids()
    policy = live_api.create_policy("one", [first, second])
    live_api.cloud.change_server(first, status="ERROR")
    live_api.cloud.change_server(third, status="ERROR")
    live_api.cloud.remove_server(second)
    path = f"policies/{policy['id']}"
    live_api.ok("PUT", path, {"policy": {"resources": resources([first, second])}})
    live_api.refused("CSBS.6006", "PUT", path, {"policy": {"resources": resources([first, third])}})
    live_api.ok("PUT", path, {"policy": {"resources": []}})
    live_api.refused("CSBS.6006", "PUT", path, {"policy": {"resources": resources([first])}})
    live_api.refused("CSBS.6000", "PUT", path, {"policy": {"resources": resources([second])}})


def test_64_servers() -> None:
    with Emulator(servers=65, speed=0, list_delay=0) as cloud:
        api = Api(cloud)
        api.refused("CSBS.9001", "POST", "policies", api.policy_body("full", api.ids()))
        api.create_policy("full", api.ids()[:64])


@pytest.mark.parametrize("unique", [None, True, False])
def test_names_twice(cloud: Emulator, api: Api, unique: bool | None) -> None:
    cloud.settings(unique_policy_names=unique)
    api.create_policy("same")
    other = api.create_policy("other")
    path = f"policies/{other['id']}"
    if (cloud.state.settings.mode == "reference") if unique is None else unique:
        api.refused("CSBS.9007", "POST", "policies", api.policy_body("same"))
        api.refused("CSBS.9007", "PUT", path, {"policy": {"name": "same"}})
        api.ok("PUT", path, {"policy": {"name": "other"}})
        assert len(api.get("policies")["policies"]) == 2
    else:
        api.create_policy("same")
        api.ok("PUT", path, {"policy": {"name": "same"}})
        assert len(api.get("policies", name="same")["policies"]) == 3


def test_of_two_that_create_a_policy_of_one_name_at_once_one_is_refused(cloud: Emulator, api: Api) -> None:
    cloud.settings(unique_policy_names=True)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _number: api.call("POST", "policies", api.policy_body("same")), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


@pytest.mark.parametrize("speed", [0, 1, 3000])
def test_created_at_tells_the_older_of_two_that_are_made_at_once(cloud: Emulator, api: Api, speed: int) -> None:
    cloud.settings(unique_policy_names=False, speed=speed)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _number: api.create_policy("same"), range(24)))
    times = {policy["id"]: policy["created_at"] for policy in made}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", time) for time in times.values())
    assert len(set(times.values())) == 24
    rows = api.get("policies", sort="created_at:asc")["policies"]
    assert [row["id"] for row in rows] == sorted(times, key=lambda key: times[key])
    assert {row["id"]: row["created_at"] for row in rows} == times, "lists say the same"
    answer = api.get(f"policies/{made[0]['id']}")["policy"]
    assert answer["created_at"] == times[made[0]["id"]]


def test_update_keeps_what_is_not_sent(reference_api: Api) -> None:
    api = reference_api
    definition = {"max_backups": 20, "month_backups": 12, "timezone": "UTC+01:00"}
    policy = api.create_policy(definition=definition)
    path = f"policies/{policy['id']}"
    api.ok("PUT", path, _operation(policy, operation_definition={"retention_duration_days": 14}))
    operation = api.get(path)["policy"]["scheduled_operations"][0]
    assert operation["operation_definition"].items() >= {**definition, "retention_duration_days": 14}.items()
    assert (operation["name"], operation["trigger"]["properties"]["pattern"]) == ("operation", pattern())
    api.refused("CSBS.9001", "PUT", path, _operation(policy, operation_definition={"month_backups": 0}))
    api.ok("PUT", path, _operation(policy, operation_definition={"month_backups": 0, "timezone": "UTC+01:00"}))
    assert api.get(path)["policy"]["scheduled_operations"][0]["operation_definition"]["month_backups"] == 0


def test_update_of_the_operation(live_api: Api) -> None:
    api = live_api
    policy = api.create_policy(enabled=False)
    path = f"policies/{policy['id']}"
    api.refused("CSBS.9001", "PUT", path, {"policy": {"scheduled_operations": [{"id": "other"}]}})
    api.refused("CSBS.9001", "PUT", path, {"policy": {"scheduled_operations": [{"enabled": True}]}})
    api.refused("CSBS.9001", "PUT", path, {"policy": {"tags": [{"key": "a", "value": "b"}]}})
    rule = "FREQ=DAILY;BYHOUR=2;BYMINUTE=0"
    trigger = {"properties": {"pattern": pattern(rule)}}
    api.ok("PUT", path, _operation(policy, enabled=False, name="new", trigger=trigger))
    operation = api.get(path)["policy"]["scheduled_operations"][0]
    assert (operation["enabled"], operation["name"]) == (False, "new")
    assert operation["trigger"]["properties"]["pattern"] == pattern(rule)
    api.ok("PUT", path, _operation(policy, name="newer"))
    assert api.get(path)["policy"]["scheduled_operations"][0]["enabled"] is True, "the reference's default is true"
