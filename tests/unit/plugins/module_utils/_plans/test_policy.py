# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy: from a policy and the options to the calls."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.policy import policy_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retention import KEYS
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.schedule import parse_pattern
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy import (
    changed_fields,
    plan_absent,
    plan_update,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_options import PolicyOptions
from tests.support.fakes import DAILY_0200, policy, server

AT_THREE = DAILY_0200.replace("02", "03")
FULL = [f"s{number:02d}" for number in range(64)]
# Retention as the live service reports it
LIVE = {"max_backups": "20", "retention_duration_days": "-1", "permanent": "False"}


def retention(**given: t.Any) -> dict[str, t.Any]:
    return {**dict.fromkeys(KEYS), "permanent": False, **given}


HIDDEN = retention(max_backups=20, monthly=12, timezone="UTC+01:00")


def update(current: dict[str, t.Any], chosen: t.Iterable[str] = (), **given: t.Any) -> Plan[t.Any]:
    options = PolicyOptions(**{"name": "nightly", "state": "present", **given})
    return plan_update(options, current, [server(name) for name in chosen], [])


def sent(todo: Plan[t.Any]) -> list[tuple[str, dict[str, t.Any]]]:
    """Method and arguments of each call; the operation, which some calls take as an argument, is left out."""
    return [
        (call.method, {key: value for key, value in call.arguments.items() if key != "operation"})
        for call in todo.calls
    ]


def resource(name: str) -> dict[str, str]:
    return {"id": f"id-{name}", "type": "OS::Nova::Server", "name": name}


@pytest.mark.parametrize(
    ("current", "desired", "changed"),
    [
        ({"a": 1, "b": 2}, {"a": None, "b": None}, {}),
        ({"a": 1}, {"a": 1}, {}),
        ({"a": "x"}, {"a": ""}, {"a": ""}),
        ({"a": True}, {"a": False}, {"a": False}),
        ({}, {"a": "x"}, {"a": "x"}),
    ],
)
def test_what_is_not_given_is_left_alone_and_what_is_empty_clears(
    current: dict[str, t.Any], desired: dict[str, t.Any], changed: dict[str, t.Any]
) -> None:
    assert changed_fields(current, desired) == changed


# ========== absent ==========
def test_a_deletion_shows_the_policy_that_goes() -> None:
    todo = plan_absent(policy("nightly", ["web"]), {"id-web": "web-now"})
    assert sent(todo) == [("delete_policy", {"policy": "pol-nightly"})] and todo.calls[0].missing_ok
    assert (todo.before["servers"], todo.after) == ([{"id": "id-web", "name": "web-now"}], {})
    assert plan_absent(None).calls == ()


# ========== One thing to change ==========
OPERATION = {"id": "op-nightly", "enabled": True}
WHOLE_RULE = {
    "max_backups": -1,
    "retention_duration_days": 7,
    "permanent": False,
    "day_backups": 0,
    "week_backups": 0,
    "month_backups": 0,
    "year_backups": 0,
    "timezone": "UTC+00:00",
}
HIDDEN_RULE = {
    **WHOLE_RULE,
    "max_backups": 20,
    "retention_duration_days": -1,
    "month_backups": 12,
    "timezone": "UTC+01:00",
}


@pytest.mark.parametrize(
    ("given", "fields", "operation"),
    [
        ({"description": "new"}, {"description": "new"}, None),
        ({"new_name": "weekly"}, {"name": "weekly"}, None),
        ({"enabled": False}, {}, {"enabled": False}),
        ({"retention": retention(days=7)}, {}, {"operation_definition": WHOLE_RULE}),
        ({"rule": parse_pattern(AT_THREE)}, {}, {"trigger": {"properties": {"pattern": AT_THREE}}}),
        (
            {"description": "new", "retention": HIDDEN},
            {"description": "new"},
            {"operation_definition": HIDDEN_RULE},
        ),
        ({"retention": retention()}, {}, {"operation_definition": {**WHOLE_RULE, "retention_duration_days": -1}}),
    ],
)
def test_only_what_differs_is_sent(
    given: dict[str, t.Any], fields: dict[str, t.Any], operation: dict[str, t.Any] | None
) -> None:
    todo = update(policy("nightly", definition=LIVE), **given)
    attrs = fields if operation is None else {**fields, "scheduled_operations": [{**OPERATION, **operation}]}
    assert sent(todo) == [("update_policy", {"policy": "pol-nightly", **attrs})]
    assert todo.before != todo.after


def test_an_update_of_something_else_keeps_a_disabled_schedule_off() -> None:
    (call,) = update(policy("nightly", enabled=False), retention=retention(days=7)).calls
    assert call.arguments["scheduled_operations"][0]["enabled"] is False


def test_a_change_is_predicted_with_the_keys_and_values_it_will_have() -> None:
    current = policy("nightly", ["web"], definition=LIVE, tags=[{"key": "a", "value": "1"}])
    todo = update(
        current,
        ["db"],
        new_name="weekly",
        enabled=False,
        rule=parse_pattern(AT_THREE),
        servers=["db"],
        tags={"b": "2"},
        retention=retention(days=7),
    )
    shown = todo.result["policy"]
    assert shown.keys() == policy_result(current).keys()
    assert (shown["name"], shown["enabled"], shown["tags"], shown["id"]) == ("weekly", False, {"b": "2"}, "pol-nightly")
    assert shown["servers"] == [{"id": "id-web", "name": "web"}, {"id": "id-db", "name": "db"}]
    assert (shown["retention"]["days"], shown["retention"]["max_backups"]) == (7, None)
    assert shown["schedule"]["times"] == ["03:00"]
    assert todo.before["name"] == "nightly" and todo.after["name"] == "weekly"


def test_servers_change_with_the_same_request_as_the_fields() -> None:
    todo = update(policy("nightly", ["web"]), ["db"], servers=["db"], purge_servers=True, description="d")
    arguments = {"policy": "pol-nightly", "add": [resource("db")], "remove": ["id-web"], "description": "d"}
    assert sent(todo) == [("change_members", arguments)]


@pytest.mark.parametrize("given", [{}, {"servers": []}, {"filters": {"name": "x"}}])
def test_only_a_task_that_names_or_filters_servers_purges_them(given: dict[str, t.Any]) -> None:
    todo = update(policy("nightly", ["web"]), purge_servers=True, **given)
    assert [call.arguments["remove"] for call in todo.calls] == [["id-web"]] * bool(given)


def test_a_full_policy_takes_a_server_in_when_another_leaves_with_the_same_request() -> None:
    chosen = [*FULL[1:], "web"]
    (call,) = update(policy("nightly", FULL), chosen, servers=chosen, purge_servers=True).calls
    assert (call.arguments["add"], call.arguments["remove"]) == ([resource("web")], ["id-s00"])
    with pytest.raises(InvalidInput, match="65 servers"):
        update(policy("nightly", FULL), chosen, servers=chosen)


# ========== Tags ==========
def test_tags_are_removed_before_tags_are_set() -> None:
    current = policy("nightly", tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    where = {"resource_type": "policy", "resource_id": "pol-nightly"}
    assert sent(update(current, tags={"b": "3", "c": ""})) == [
        ("remove_tag", {**where, "key": "a"}),
        ("set_tags", {**where, "tags": [{"key": "b", "value": "3"}, {"key": "c", "value": ""}]}),
    ]


def test_the_tags_that_would_be_there_afterwards_are_counted() -> None:
    current = policy("nightly", tags=[{"key": f"k{number}", "value": ""} for number in range(10)])
    with pytest.raises(InvalidInput, match="would have 11 tags"):
        update(current, tags={"new": "1"}, purge_tags=False)
    assert update(current, tags={"new": "1"}).changed


# ========== Notes ==========
@pytest.mark.parametrize(
    ("given", "noted"), [({}, True), ({"tags": {"a": "1"}}, True), ({"description": "new"}, False)]
)
def test_counts_that_can_neither_be_seen_nor_were_sent_are_noted(given: dict[str, t.Any], noted: bool) -> None:
    todo = update(policy("nightly", definition=LIVE), retention=HIDDEN, **given)
    assert ["retention.monthly" in note for note in todo.result["notes"]] == [True] * noted


def test_notes_of_the_schedule_are_passed_on() -> None:
    assert update(policy("nightly"), notes=("summer time",)).result["notes"] == ["summer time"]
