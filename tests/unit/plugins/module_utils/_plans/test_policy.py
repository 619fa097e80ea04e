# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy: from options and the present state to the calls."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.policy import policy_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy import (
    finish as finish_policy,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy import (
    parse_options as parse_policy_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy import (
    plan as plan_policy,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome, Plan
from tests.support.fakes import DAILY_0200, SUMMER, Cloud, Ticks, policy, server

DEFAULTS: dict[str, t.Any] = {
    **dict.fromkeys(
        ("new_name", "description", "enabled", "schedule", "retention", "servers", "server_filters", "tags")
    ),
    "name": "nightly",
    "state": "present",
    "purge_servers": False,
    "move_servers": True,
    "purge_tags": True,
}
SCHEDULE = {"frequency": "daily", "times": ["02:00"]}
FULL = [f"s{number:02d}" for number in range(64)]


def cloud_of(*policies: dict[str, t.Any], servers: t.Iterable[str] = ("web", "db", "new"), **more: t.Any) -> Cloud:
    return Cloud([server(one) for one in servers], policies, **more)


def plan(cloud: Cloud, **options: t.Any) -> Plan:
    return plan_policy(parse_policy_options({**DEFAULTS, **options}, SUMMER), cloud)


def sent(todo: Plan) -> list[tuple[str, dict[str, t.Any]]]:
    """Method and arguments of each call; the act, which some calls take as an argument, is told by others."""
    return [
        (call.method, {key: value for key, value in call.arguments.items() if key != "operation"})
        for call in todo.calls
    ]


def resource(name: str) -> dict[str, str]:
    return {"id": f"id-{name}", "type": "OS::Nova::Server", "name": name}


# ========== Refused before anything is read ==========
@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"name": "a b"}, "name: 'a b'"),
        ({"new_name": "x" * 256}, "new_name: "),
        ({"new_name": ""}, "new_name: ''"),
        ({"description": "<b>"}, "description: "),
        ({"schedule": {"frequency": "daily", "times": ["870"]}}, '"14:30"'),
        ({"retention": {"days": -5}}, "retention.days: -5"),
        ({"retention": {"monthly": 1}}, "retention.timezone is needed"),
        ({"servers": [f"s{number}" for number in range(65)]}, "65 servers"),
        ({"servers": [""]}, "servers: "),
        ({"server_filters": {"name": None}}, "server_filters: "),
        ({"tags": {f"k{number}": "" for number in range(11)}}, "11 tags"),
    ],
)
def test_bad_options_are_refused_before_the_first_request(options: dict[str, t.Any], fragment: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_policy_options({**DEFAULTS, **options}, SUMMER)
    assert fragment in str(refusal.value)


def test_servers_that_repeat_are_counted_once() -> None:
    assert len(parse_policy_options({**DEFAULTS, "servers": FULL + FULL}, SUMMER).servers or []) == 64


# ========== absent ==========
def test_absent_on_nothing_does_nothing() -> None:
    assert plan(cloud_of(policy("other")), state="absent").calls == ()


@pytest.mark.parametrize("key", ["nightly", "pol-nightly"])
def test_absent_deletes_the_one_policy_by_name_or_id(key: str) -> None:
    todo = plan(cloud_of(policy("nightly", ["web"]), policy("other")), name=key, state="absent")
    assert sent(todo) == [("delete_policy", {"policy": "pol-nightly"})]
    assert (todo.after, todo.result["policy"]) == ({}, None)


@pytest.mark.parametrize("state", ["absent", "present"])
def test_an_ambiguous_name_lists_the_ids_and_plans_nothing(state: str) -> None:
    with pytest.raises(InvalidInput, match="ambiguous.* p1, p2"):
        plan(cloud_of(policy("nightly", id="p1"), policy("nightly", id="p2")), state=state)


# ========== A new policy ==========
def test_a_new_policy_is_created_as_described() -> None:
    todo = plan(
        cloud_of(),
        schedule=SCHEDULE,
        enabled=False,
        description="d",
        servers=["web", "id-db", "web"],
        retention={"days": 14, "max_backups": -1, "monthly": 12, "timezone": "Europe/Berlin"},
        tags={"b": 1, "a": None},
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
    assert sent(todo) == [("create_policy", attrs)]
    assert todo.before == {}
    assert todo.result["policy"] == policy_result({**attrs, "id": None, "created_at": None})


def test_a_minimal_new_policy_sends_an_empty_server_list_and_neither_tags_nor_counts() -> None:
    (call,) = plan(cloud_of(), schedule=SCHEDULE).calls
    assert call.arguments["resources"] == []
    assert call.arguments["scheduled_operations"][0]["operation_definition"] == {}
    assert call.arguments.keys() == {"name", "resources", "scheduled_operations"}
    assert call.find_effect == ("created_policy", {"name": "nightly", "known": frozenset()})


def test_a_lost_creation_is_told_from_another_policy_of_that_name() -> None:
    (call,) = plan(cloud_of(policy("other")), schedule=SCHEDULE).calls
    assert call.find_effect == ("created_policy", {"name": "nightly", "known": frozenset({"pol-other"})})


def test_a_new_policy_without_a_schedule_is_refused() -> None:
    with pytest.raises(InvalidInput, match="schedule is needed: there is no policy 'nightly'"):
        plan(cloud_of(), description="d")


def test_a_33rd_policy_is_refused_before_anybody_moves() -> None:
    full = [policy(f"p{number}", ["web"] if number == 0 else []) for number in range(32)]
    with pytest.raises(InvalidInput, match="number 33.* 32"):
        plan(cloud_of(*full), schedule=SCHEDULE, servers=["web"])
    assert plan(cloud_of(*full[:31]), schedule=SCHEDULE, servers=["web"]).changed


def test_a_new_policy_for_more_than_64_servers_is_refused() -> None:
    fleet = [f"s{number}" for number in range(65)]
    with pytest.raises(InvalidInput, match="65"):
        plan(cloud_of(servers=fleet), schedule=SCHEDULE, server_filters={"name": "s*"})


# ========== Nothing to change ==========
LIVE = {"max_backups": "20", "retention_duration_days": "-1", "permanent": "False"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"description": ""},
        {"enabled": True},
        {"schedule": SCHEDULE},
        {"schedule": {"pattern": "rrule:byminute=0;byhour=2;interval=1;freq=daily"}},
        {"schedule": {"frequency": "daily", "times": ["04:00"], "timezone": "Europe/Berlin"}},
        {"retention": {"max_backups": 20}},
        {"retention": {"max_backups": 20, "days": -1, "permanent": False}},
        {"retention": {"max_backups": 20, "monthly": 12, "timezone": "UTC+01:00"}},
        {"servers": ["web"]},
        {"servers": ["web", "id-db", "id-web"], "purge_servers": True},
        {"servers": []},
        {"server_filters": {"name": "nothing-*"}},
        {"server_filters": {"name": "web"}},
        {"tags": {"a": 1}},
        {"tags": {}, "purge_tags": False},
        {"new_name": "nightly"},
        {"name": "pol-nightly"},
        {"name": "before-the-rename", "new_name": "nightly"},
    ],
)
def test_a_policy_that_is_as_described_needs_no_call(options: dict[str, t.Any]) -> None:
    current = policy("nightly", ["web", "db"], definition=LIVE, tags=[{"key": "a", "value": "1"}])
    todo = plan(cloud_of(current), **options)
    assert todo.calls == ()
    assert todo.before == todo.after
    assert todo.result["policy"] == policy_result(current)


@pytest.mark.parametrize(
    "current",
    [
        policy("nightly", ["web", "gone"], definition=LIVE, tags=[{"key": "a", "value": "1"}], description="d"),
        policy("nightly", enabled=False, definition={"month_backups": 12, "timezone": "UTC+01:00", "permanent": True}),
        policy("nightly", pattern="RRULE:FREQ=WEEKLY;BYDAY=MO;BYHOUR=2,14;BYMINUTE=30"),
        policy("nightly", pattern="RRULE:FREQ=DAILY;INTERVAL=3;BYHOUR=2;BYMINUTE=30"),
    ],
)
def test_the_output_of_the_info_module_fed_back_changes_nothing(current: dict[str, t.Any]) -> None:
    output = policy_result(current)
    fed = {key: output[key] for key in ("name", "description", "enabled", "schedule", "retention", "servers", "tags")}
    assert plan(cloud_of(current, servers=["web"]), **fed, purge_servers=True).calls == ()


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


@pytest.mark.parametrize(
    ("options", "attrs"),
    [
        ({"description": "new"}, {"description": "new"}),
        ({"new_name": "weekly"}, {"name": "weekly"}),
        ({"enabled": False}, {"scheduled_operations": [{**OPERATION, "enabled": False}]}),
        ({"retention": {"days": 7}}, {"scheduled_operations": [{**OPERATION, "operation_definition": WHOLE_RULE}]}),
        (
            {"schedule": {"frequency": "daily", "times": ["03:00"]}},
            {
                "scheduled_operations": [
                    {**OPERATION, "trigger": {"properties": {"pattern": DAILY_0200.replace("02", "03")}}}
                ]
            },
        ),
        (
            {"description": "new", "retention": {"max_backups": 20, "monthly": 12, "timezone": "UTC+01:00"}},
            {
                "description": "new",
                "scheduled_operations": [
                    {
                        **OPERATION,
                        "operation_definition": {
                            **WHOLE_RULE,
                            "max_backups": 20,
                            "retention_duration_days": -1,
                            "month_backups": 12,
                            "timezone": "UTC+01:00",
                        },
                    }
                ],
            },
        ),
        (
            {"retention": {}},
            {
                "scheduled_operations": [
                    {**OPERATION, "operation_definition": {**WHOLE_RULE, "retention_duration_days": -1}}
                ]
            },
        ),
    ],
)
def test_only_what_differs_is_sent(options: dict[str, t.Any], attrs: dict[str, t.Any]) -> None:
    todo = plan(cloud_of(policy("nightly", definition=LIVE)), **options)
    assert sent(todo) == [("update_policy", {"policy": "pol-nightly", **attrs})]
    assert todo.before != todo.after


def test_an_update_of_something_else_keeps_a_disabled_schedule_off() -> None:
    (call,) = plan(cloud_of(policy("nightly", enabled=False)), retention={"days": 7}).calls
    assert call.arguments["scheduled_operations"][0]["enabled"] is False


def test_a_change_is_predicted_with_the_keys_and_values_it_will_have() -> None:
    current = policy("nightly", ["web"], definition=LIVE, tags=[{"key": "a", "value": "1"}])
    todo = plan(
        cloud_of(current), new_name="weekly", enabled=False, servers=["db"], tags={"b": "2"}, retention={"days": 7}
    )
    shown = todo.result["policy"]
    assert shown.keys() == policy_result(current).keys()
    assert (shown["name"], shown["enabled"], shown["tags"], shown["id"]) == ("weekly", False, {"b": "2"}, "pol-nightly")
    assert shown["servers"] == [{"id": "id-web", "name": "web"}, {"id": "id-db", "name": "db"}]
    assert (shown["retention"]["days"], shown["retention"]["max_backups"]) == (7, None)
    assert todo.before["name"] == "nightly" and todo.after["name"] == "weekly"


# ========== Names ==========
def test_a_new_name_that_another_policy_has_is_refused_with_its_id() -> None:
    with pytest.raises(InvalidInput, match="'weekly' is the name of another policy, pol-weekly"):
        plan(cloud_of(policy("nightly"), policy("weekly")), new_name="weekly")


def test_a_policy_that_is_to_be_renamed_but_never_was_is_created_under_its_new_name() -> None:
    (call,) = plan(cloud_of(), new_name="weekly", schedule=SCHEDULE).calls
    assert call.arguments["name"] == "weekly"


def test_a_rename_that_was_done_goes_on_with_the_rest() -> None:
    todo = plan(cloud_of(policy("weekly")), new_name="weekly", description="d")
    assert sent(todo) == [("update_policy", {"policy": "pol-weekly", "description": "d"})]


# ========== Servers ==========
@pytest.mark.parametrize(
    ("options", "add", "remove"),
    [
        ({"servers": ["new"]}, ["new"], []),
        ({"servers": ["new", "web"], "purge_servers": True}, ["new"], ["id-db"]),
        ({"servers": [], "purge_servers": True}, [], ["id-web", "id-db"]),
        ({"server_filters": {"name": "n*"}}, ["new"], []),
        ({"server_filters": {"name": "n*"}, "servers": ["web"], "purge_servers": True}, ["new"], ["id-db"]),
        ({"servers": [{"id": "id-new", "name": "whatever"}]}, ["new"], []),
    ],
)
def test_servers_join_and_leave_as_named(options: dict[str, t.Any], add: list[str], remove: list[str]) -> None:
    todo = plan(cloud_of(policy("nightly", ["web", "db"])), **options)
    arguments = {"policy": "pol-nightly", "add": [resource(one) for one in add], "remove": remove}
    assert sent(todo) == [("change", arguments)]


@pytest.mark.parametrize(
    "options", [{"server_filters": {"name": "zzz"}}, {"server_filters": {"name": "zzz"}, "servers": []}]
)
def test_purging_with_filters_that_match_nothing_is_refused(options: dict[str, t.Any]) -> None:
    with pytest.raises(InvalidInput, match="no server matches.*purge_servers"):
        plan(cloud_of(policy("nightly", ["web"])), purge_servers=True, **options)


def test_purging_without_servers_unprotects_nobody() -> None:
    assert plan(cloud_of(policy("nightly", ["web"])), purge_servers=True).calls == ()


def test_a_member_that_no_longer_exists_can_stay_and_can_be_purged_by_omission() -> None:
    current = policy("nightly", ["web", "gone"])
    assert (
        plan(cloud_of(current), servers=["web", "new", "id-gone"], purge_servers=True).calls[0].arguments["remove"]
        == []
    )
    assert plan(cloud_of(current), servers=["web"], purge_servers=True).calls[0].arguments["remove"] == ["id-gone"]


def test_a_server_in_error_may_leave_and_may_stay() -> None:
    cloud = Cloud([server("web", status="ERROR"), server("db")], [policy("nightly", ["web", "db"])])
    assert plan(cloud, servers=["db"], purge_servers=True).calls[0].arguments["remove"] == ["id-web"]
    assert plan(cloud, servers=["web", "db"], purge_servers=True).calls == ()


def test_unknown_servers_are_all_named() -> None:
    with pytest.raises(InvalidInput, match="no such server: 'no-1', 'no-2'"):
        plan(cloud_of(policy("nightly")), servers=["web", "no-1", "no-2"], description="d")


def test_a_65th_server_does_not_leave_its_old_policy() -> None:
    cloud = cloud_of(policy("nightly", FULL), policy("old", ["web"]), servers=[*FULL, "web"])
    with pytest.raises(InvalidInput, match="policy 'nightly' would have 65 servers"):
        plan(cloud, servers=["web"])


def test_a_full_policy_takes_one_in_when_another_leaves_with_it() -> None:
    cloud = cloud_of(policy("nightly", FULL), servers=[*FULL, "web"])
    (call,) = plan(cloud, servers=[*FULL[1:], "web"], purge_servers=True).calls
    assert (call.arguments["add"], call.arguments["remove"]) == ([resource("web")], ["id-s00"])


def test_a_move_takes_the_server_out_first_and_can_be_undone() -> None:
    todo = plan(cloud_of(policy("nightly", ["db"]), policy("old", ["web", "other"])), servers=["web"])
    assert sent(todo) == [
        ("change_members", {"policy": "pol-old", "add": [], "remove": ["id-web"]}),
        ("change_members", {"policy": "pol-nightly", "add": [resource("web")], "remove": []}),
    ]
    undo = todo.calls[0].undo
    assert undo is not None and undo.arguments == {
        "operation": undo.operation,
        "policy": "pol-old",
        "add": [resource("web")],
        "remove": [],
    }
    assert todo.calls[1].undo is None


def test_a_move_into_a_new_policy_creates_it_last() -> None:
    todo = plan(cloud_of(policy("old", ["web"]), policy("older", ["db"])), servers=["web", "db"], schedule=SCHEDULE)
    assert [call.method for call in todo.calls] == ["change", "change", "create_policy"]
    assert todo.context["created"] == 2


def test_a_move_that_is_not_wished_is_refused() -> None:
    with pytest.raises(InvalidInput, match="move_servers is false.*'web' in policy 'old'"):
        plan(cloud_of(policy("nightly"), policy("old", ["web"])), servers=["web"], move_servers=False)


def test_a_server_in_error_is_not_moved() -> None:
    cloud = Cloud([server("web", status="ERROR")], [policy("nightly"), policy("old", ["web"])])
    with pytest.raises(InvalidInput, match="'web'.*not moved.*ERROR"):
        plan(cloud, servers=["web"])


# ========== Tags ==========
def test_tags_go_before_tags_come() -> None:
    todo = plan(
        cloud_of(policy("nightly", tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])),
        tags={"b": "3", "c": ""},
    )
    where = {"resource_type": "policy", "resource_id": "pol-nightly"}
    assert sent(todo) == [
        ("remove_tag", {**where, "key": "a"}),
        ("set_tags", {**where, "tags": [{"key": "b", "value": "3"}, {"key": "c", "value": ""}]}),
    ]


def test_the_tags_that_would_be_there_afterwards_are_counted() -> None:
    ten = [{"key": f"k{number}", "value": ""} for number in range(10)]
    with pytest.raises(InvalidInput, match="would have 11 tags"):
        plan(cloud_of(policy("nightly", tags=ten)), tags={"new": "1"}, purge_tags=False)
    assert plan(cloud_of(policy("nightly", tags=ten)), tags={"new": "1"}).changed


# ========== Notes ==========
HIDDEN = {"max_backups": 20, "monthly": 12, "timezone": "UTC+01:00"}


@pytest.mark.parametrize(
    ("options", "noted"), [({}, True), ({"tags": {"a": "1"}}, True), ({"description": "new"}, False)]
)
def test_counts_that_can_neither_be_seen_nor_were_sent_are_noted(options: dict[str, t.Any], noted: bool) -> None:
    todo = plan(cloud_of(policy("nightly", definition=LIVE)), retention=HIDDEN, **options)
    assert ["retention.monthly" in note for note in todo.result["notes"]] == [True] * noted


def test_summer_time_is_noted() -> None:
    todo = plan(cloud_of(), schedule={**SCHEDULE, "timezone": "Europe/Berlin"})
    assert "Europe/Berlin" in todo.result["notes"][0]


# ========== Afterwards ==========
def test_a_new_policy_is_waited_for_until_lists_show_it() -> None:
    todo = plan(cloud_of(policy("old", ["web"])), servers=["web"], schedule=SCHEDULE)
    make_options = parse_policy_options({**DEFAULTS, "schedule": SCHEDULE}, SUMMER)
    cloud = cloud_of(policy("nightly", ["web"]))
    result = finish_policy(make_options, cloud, todo, Outcome({1: {"id": "pol-nightly"}}), Ticks().clock())
    assert result["policy"] == policy_result(policy("nightly", ["web"]))
    assert ("policies", None) in cloud.asked


def test_nothing_is_read_again_when_nothing_changed() -> None:
    cloud = cloud_of(policy("nightly"))
    make_options = parse_policy_options(DEFAULTS, SUMMER)
    assert finish_policy(make_options, cloud, Plan(), Outcome(), Ticks().clock()) == {}
    assert cloud.asked == []


def test_an_id_that_no_policy_has_is_not_taken_for_the_name_of_a_new_one() -> None:
    with pytest.raises(InvalidInput, match="no policy with the ID"):
        plan(cloud_of(), name="27b11f3f-578d-4464-89d1-7c6d5894f753", schedule=SCHEDULE)


def test_a_time_zone_beside_a_pattern_is_not_ignored_in_silence() -> None:
    schedule = {"pattern": "FREQ=DAILY;BYHOUR=2;BYMINUTE=0", "timezone": "Europe/Berlin"}
    assert any("has no effect" in note for note in plan(cloud_of(), schedule=schedule).result["notes"])


def test_minus_one_long_term_counts_are_unset_ones() -> None:
    retention = {"days": -1, "daily": -1, "weekly": -1, "monthly": -1, "yearly": -1}
    (call,) = plan(cloud_of(), schedule=SCHEDULE, retention=retention).calls
    assert call.arguments["scheduled_operations"][0]["operation_definition"] == {}
