# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of policies, by hand and by the schedule, and what retention leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.emulator import Emulator
from tests.emulator_tests.api import Api, resources

DAILY = "FREQ=DAILY;BYHOUR=2;BYMINUTE=0"
DAY = 24 * 3600


@pytest.fixture
def api() -> Iterator[Api]:
    """A cloud where it is Thursday noon and tokens live for ever."""
    start = datetime(2026, 1, 1, 12)
    with Emulator(servers=3, speed=0, list_delay=0, start=start, token_lifetime=10**9) as cloud:
        yield Api(cloud)
        assert cloud.contract_violations == [] and cloud.internal_errors == []


def test_run_by_hand(api: Api) -> None:
    policy = api.create_policy("nightly", api.ids(), enabled=False, tags=[{"key": "env", "value": "prod"}])
    made = api.run(policy["id"])
    assert made["protection_plan"]["id"] == policy["id"]
    assert made["extra_info"] == '{"created_by": "manual"}'
    items = api.items(checkpoint_id=made["id"])
    assert sorted(item["resource_id"] for item in items) == sorted(api.ids())
    assert {item["extend_info"]["auto_trigger"] for item in items} == {False}
    assert all(item["tags"] == [{"key": "env", "value": "prod"}] for item in items)
    assert items[0]["name"].startswith("manualbk_")
    assert len(api.items(policy_id=policy["id"])) == 3


def test_run_of_some(api: Api) -> None:
    first, second, third = api.ids()
    policy = api.create_policy("nightly", [first, second])
    made = api.run(policy["id"], resources=[second])
    assert [item["resource_id"] for item in api.items(checkpoint_id=made["id"])] == [second]
    api.cloud.clock.advance(3600)
    body = {"checkpoint": {"plan_id": policy["id"], "parameters": {"resources": [third]}}}
    api.refused("CSBS.9001", "POST", api.run_path(), body)


def test_run_conflicts(api: Api) -> None:
    first, second, _third = api.ids()
    policy = api.create_policy("nightly", [first, second], rule=DAILY)
    body = {"checkpoint": {"plan_id": policy["id"], "parameters": {}}}
    api.run(policy["id"])
    assert api.refused("CSBS.1001", "POST", api.run_path(), body).status_code == 500
    api.refused("CSBS.2003", "POST", api.protect_path(first), {"protect": {}})
    assert api.refused("CSBS.2004", "DELETE", f"policies/{policy['id']}").status_code == 400
    api.cloud.clock.advance(14 * 3600 + 60)
    assert api.refused("CSBS.6030", "POST", api.run_path(), body).status_code == 500
    api.cloud.clock.advance(3600)
    api.ok("DELETE", f"policies/{policy['id']}")
    api.refused("CSBS.3000", "POST", api.run_path(), body)
    assert len(api.items()) == 4, "backups outlive their policy"


def test_run_leaves_out_in_silence(api: Api) -> None:
    first, second, third = api.ids()
    policy = api.create_policy("nightly", [first, second, third])
    api.cloud.change_server(first, status="ERROR")
    api.protect(second)
    made = api.run(policy["id"])
    assert len(made["protection_plan"]["resources"]) == 3
    assert [item["resource_id"] for item in api.items(checkpoint_id=made["id"])] == [third]
    empty = api.create_policy("empty")
    body = {"checkpoint": {"plan_id": empty["id"], "parameters": {}}}
    assert api.refused("CSBS.6032", "POST", api.run_path(), body).status_code == 500


def test_schedule_and_count(api: Api) -> None:
    first, second, _third = api.ids()
    policy = api.create_policy("nightly", [first, second], rule=DAILY, definition={"max_backups": 2})
    manual = api.backed_up(first)
    api.run(policy["id"])
    api.cloud.clock.advance(5 * DAY)
    items = api.items(resource_id=first)
    automatic = [item for item in items if item["extend_info"]["auto_trigger"]]
    assert [item["created_at"][:16] for item in automatic] == ["2026-01-06T02:00", "2026-01-05T02:00"]
    assert all(item["name"].startswith("autobk_") for item in automatic)
    assert len(items) == 4 and manual["id"] in [item["id"] for item in items], "what people made stays"
    assert len(api.items(checkpoint_id=automatic[0]["checkpoint_id"])) == 2


def test_disabled_and_changed_schedules(api: Api) -> None:
    policy = api.create_policy("nightly", api.ids()[:1], rule=DAILY, enabled=False)
    api.cloud.clock.advance(3 * DAY)
    assert api.items() == []
    operation = {"id": policy["scheduled_operations"][0]["id"], "enabled": True}
    api.ok("PUT", f"policies/{policy['id']}", {"policy": {"scheduled_operations": [operation]}})
    api.cloud.clock.advance(DAY)
    assert len(api.items()) == 1


@pytest.mark.parametrize(
    ("definition", "days", "kept"),
    [
        ({}, 10, 10),
        ({"permanent": True, "max_backups": 1}, 5, 5),
        ({"max_backups": -1, "retention_duration_days": -1}, 5, 5),
        ({"retention_duration_days": 3}, 10, 3),
        ({"retention_duration_days": 3, "max_backups": 2}, 10, 2),
        ({"max_backups": 1, "week_backups": 2, "timezone": "UTC+00:00"}, 14, 2),
        ({"max_backups": 1, "month_backups": 3, "timezone": "UTC+00:00"}, 65, 3),
        ({"max_backups": 1, "year_backups": 1, "timezone": "UTC+00:00"}, 5, 1),
        ({"max_backups": 2, "day_backups": 4, "timezone": "UTC+00:00"}, 9, 4),
    ],
    ids=str,
)
def test_retention(api: Api, definition: dict[str, object], days: int, kept: int) -> None:
    api.create_policy("nightly", api.ids()[:1], rule=DAILY, definition=definition)
    api.cloud.clock.advance(days * DAY)
    assert len(api.items()) == kept


def test_retention_ends_with_membership(api: Api) -> None:
    first = api.ids()[0]
    policy = api.create_policy("nightly", [first], rule=DAILY, definition={"retention_duration_days": 2})
    api.cloud.clock.advance(2 * DAY)
    api.ok("PUT", f"policies/{policy['id']}", {"policy": {"resources": resources([])}})
    api.cloud.clock.advance(30 * DAY)
    assert len(api.items()) == 2, "taking a server out keeps its backups"


def test_stricter_retention_acts_on_what_is_there(api: Api) -> None:
    policy = api.create_policy("nightly", api.ids()[:1], rule=DAILY, definition={})
    api.cloud.clock.advance(5 * DAY)
    operation = {"id": policy["scheduled_operations"][0]["id"], "operation_definition": {"max_backups": 1}}
    api.ok("PUT", f"policies/{policy['id']}", {"policy": {"scheduled_operations": [operation]}})
    api.cloud.clock.advance(600)
    assert len(api.items()) == 1


def test_start_of_an_interval(api: Api) -> None:
    api.create_policy("nightly", api.ids()[:1], rule="FREQ=DAILY;INTERVAL=3;BYHOUR=2;BYMINUTE=0")
    api.cloud.clock.advance(7 * DAY)
    made = [datetime.fromisoformat(item["created_at"]) for item in api.items()]
    assert made[0] - made[1] == timedelta(days=3)
