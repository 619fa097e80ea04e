# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy: the calls that create a policy."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.policy import policy_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retention import KEYS
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.schedule import parse_pattern
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.moves import Move
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.new_policy import plan_creation
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_options import PolicyOptions
from tests.support.fakes import DAILY_0200, Cloud, policy, server

RULE = parse_pattern(DAILY_0200)
FULL = [f"s{number:02d}" for number in range(64)]
MOVE = Move("pol-old", "old", ({"id": "id-web", "name": "web"},))


def create(
    servers: t.Iterable[str] = (), rows: t.Iterable[dict[str, t.Any]] = (), moves: t.Iterable[Move] = (), **given: t.Any
) -> Plan[t.Any]:
    options = PolicyOptions(**{"name": "nightly", "state": "present", "rule": RULE, **given})
    return plan_creation(options, [server(name) for name in servers], list(moves), list(rows))


def resource(name: str) -> dict[str, str]:
    return {"id": f"id-{name}", "type": "OS::Nova::Server", "name": name}


def test_a_new_policy_is_created_as_described() -> None:
    todo = create(
        ["web", "db"],
        enabled=False,
        description="d",
        retention={**dict.fromkeys(KEYS), "permanent": False, "days": 14, "monthly": 12, "timezone": "UTC+02:00"},
        tags={"b": "1", "a": ""},
    )
    operation = {
        "enabled": False,
        "operation_type": "backup",
        "operation_definition": {"retention_duration_days": 14, "month_backups": 12, "timezone": "UTC+02:00"},
        "trigger": {"properties": {"pattern": DAILY_0200}},
    }
    attrs = {
        "name": "nightly",
        "description": "d",
        "resources": [resource("web"), resource("db")],
        "scheduled_operations": [operation],
        "tags": [{"key": "a", "value": ""}, {"key": "b", "value": "1"}],
    }
    assert [(call.method, call.arguments) for call in todo.calls] == [("create_policy", attrs)]
    assert todo.before == {}
    assert todo.result["policy"] == policy_result({**attrs, "id": None, "created_at": None})


def test_a_minimal_new_policy_sends_an_empty_server_list_and_neither_tags_nor_counts() -> None:
    (call,) = create().calls
    assert call.arguments["resources"] == []
    assert call.arguments["scheduled_operations"][0]["operation_definition"] == {}
    assert call.arguments.keys() == {"name", "resources", "scheduled_operations"}


def test_a_lost_creation_is_found_by_its_name_among_policies_that_did_not_exist_before() -> None:
    (call,) = create(rows=[policy("other")]).calls
    assert call.find_effect is not None
    assert call.find_effect(Cloud(policies=[policy("nightly", id="pol-other")])) is None
    found = call.find_effect(Cloud(policies=[policy("nightly", id="pol-other"), policy("nightly")]))
    assert found is not None and found["id"] == "pol-nightly"


def test_tasks_that_create_the_same_policy_take_turns_and_plan_again_when_one_was_faster() -> None:
    todo = create(new_name="weekly")
    assert todo.lock == create(name="weekly").lock != create().lock
    assert todo.replan_on == {"CSBS.9007", "CSBS.6004"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rule": None}, "schedule is needed: there is no policy 'nightly'"),
        ({"name": "27b11f3f-578d-4464-89d1-7c6d5894f753"}, "no policy with the ID"),
        ({"rows": [policy(f"p{number}") for number in range(32)]}, "number 33.* 32"),
        ({"servers": [*FULL, "web"]}, "65 servers"),
    ],
    ids=["no schedule", "an ID", "policies", "servers"],
)
def test_a_policy_that_cannot_be_created_is_refused(given: dict[str, t.Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        create(**given)


def test_the_32nd_policy_and_the_64th_server_are_allowed() -> None:
    assert create(FULL, rows=[policy(f"p{number}") for number in range(31)]).changed


def test_a_move_into_a_new_policy_creates_it_last() -> None:
    todo = create(["web"], moves=[MOVE])
    assert [call.method for call in todo.calls] == ["change_members", "create_policy"]
    assert todo.context.create_call == 1


def test_notes_of_the_schedule_are_passed_on() -> None:
    assert create(notes=("summer time",)).result["notes"] == ["summer time"]
