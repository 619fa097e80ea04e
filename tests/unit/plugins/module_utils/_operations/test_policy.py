# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy: which policy and servers a task means, what it reads, and whether the policy is then as desired."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput, TaskFailed
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
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome, Plan, PlanAgain
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
    return Cloud([server(name) for name in servers], policies, **more)


def plan(cloud: Cloud, **options: t.Any) -> Plan:
    return plan_policy(parse_policy_options({**DEFAULTS, **options}, SUMMER), cloud)


def sent(todo: Plan) -> list[tuple[str, dict[str, t.Any]]]:
    """Method and arguments of each call; the operation, which some calls take as an argument, is left out."""
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


def test_absent_with_no_servers_deletes_only_a_policy_that_has_none() -> None:
    empty: dict[str, t.Any] = {"state": "absent", "servers": []}
    todo = plan(cloud_of(policy("nightly")), **empty)
    assert sent(todo) == [("delete_empty_policy", {"policy": "pol-nightly"})]
    with pytest.raises(InvalidInput, match="'nightly' has server 'web', and is to be deleted only if"):
        plan(cloud_of(policy("nightly", ["web"])), **empty)
    assert plan(cloud_of(policy("other", ["web"])), **empty).calls == ()


@pytest.mark.parametrize("state", ["absent", "present"])
def test_an_ambiguous_name_lists_the_ids_and_plans_nothing(state: str) -> None:
    with pytest.raises(InvalidInput, match="ambiguous.* p1, p2"):
        plan(cloud_of(policy("nightly", id="p1"), policy("nightly", id="p2")), state=state)


# ========== A new policy ==========
def test_a_new_policy_is_created_with_what_the_task_names() -> None:
    todo = plan(
        cloud_of(),
        schedule={"frequency": "daily", "times": ["04:00"], "timezone": "Europe/Berlin"},
        servers=["web", "id-db", "web"],
        retention={"days": 14, "max_backups": -1, "daily": -1, "monthly": 12, "timezone": "Europe/Berlin"},
        tags={"b": 1, "a": None},
    )
    (call,) = todo.calls
    (operation,) = call.arguments["scheduled_operations"]
    assert call.method == "create_policy"
    assert call.arguments["resources"] == [resource("web"), resource("db")]
    assert call.arguments["tags"] == [{"key": "a", "value": ""}, {"key": "b", "value": "1"}]
    assert operation["trigger"]["properties"]["pattern"] == DAILY_0200
    assert operation["operation_definition"] == {
        "retention_duration_days": 14,
        "month_backups": 12,
        "timezone": "UTC+02:00",
    }
    assert any("Europe/Berlin has summer time" in note for note in todo.result["notes"])


def test_a_new_policy_for_more_than_64_servers_is_refused() -> None:
    fleet = [f"s{number}" for number in range(65)]
    with pytest.raises(InvalidInput, match="65"):
        plan(cloud_of(servers=fleet), schedule=SCHEDULE, server_filters={"name": "s*"})


def test_a_time_zone_beside_a_pattern_is_noted_as_without_effect() -> None:
    schedule = {"pattern": "FREQ=DAILY;BYHOUR=2;BYMINUTE=0", "timezone": "Europe/Berlin"}
    assert any("has no effect" in note for note in plan(cloud_of(), schedule=schedule).result["notes"])


# ========== Nothing to change ==========
# Retention as the live service reports it
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
    arguments = {"policy": "pol-nightly", "add": [resource(name) for name in add], "remove": remove}
    assert sent(todo) == [("change_members", arguments)]


@pytest.mark.parametrize(
    "options", [{"server_filters": {"name": "zzz"}}, {"server_filters": {"name": "zzz"}, "servers": []}]
)
def test_purging_with_filters_that_match_nothing_is_refused(options: dict[str, t.Any]) -> None:
    with pytest.raises(InvalidInput, match="no server matches.*purge_servers"):
        plan(cloud_of(policy("nightly", ["web"])), purge_servers=True, **options)


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
    assert [call.method for call in todo.calls] == ["change_members", "change_members", "create_policy"]
    assert todo.context.create_call == 2


def test_policies_that_the_list_shows_without_servers_are_read_and_only_for_servers_that_join() -> None:
    class Sparse(Cloud):
        def policies(self) -> list[dict[str, t.Any]]:
            return [{"id": row["id"], "name": row["name"], "created_at": None} for row in super().policies()]

        def policy(self, policy_id: str) -> dict[str, t.Any] | None:
            self.asked.append(("policy", policy_id))
            return super().policy(policy_id)

    cloud = Sparse([server("web"), server("db")], [policy("nightly", ["db"]), policy("old", ["web"])])
    assert [call.arguments["policy"] for call in plan(cloud, servers=["web"]).calls] == ["pol-old", "pol-nightly"]
    cloud.asked.clear()
    assert plan(cloud, servers=["db"]).calls == ()
    assert [asked for asked in cloud.asked if asked[0] in ("policy", "protectable")] == [("policy", "pol-nightly")]


def test_whether_servers_can_be_backed_up_is_asked_only_when_some_move() -> None:
    cloud = cloud_of(policy("nightly"), policy("old", ["web"]))
    assert plan(cloud, servers=["new"]).changed
    assert "protectable" not in dict(cloud.asked)
    assert plan(cloud, servers=["new", "web"]).changed
    assert ("protectable", ["id-new", "id-web"]) in cloud.asked


def test_a_move_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(InvalidInput, match="move_servers is false.*'web' in policy 'old'"):
        plan(cloud_of(policy("nightly"), policy("old", ["web"])), servers=["web"], move_servers=False)


def test_a_server_in_error_is_not_moved() -> None:
    cloud = Cloud([server("web", status="ERROR")], [policy("nightly"), policy("old", ["web"])])
    with pytest.raises(InvalidInput, match="'web'.*not moved.*ERROR"):
        plan(cloud, servers=["web"])


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


def test_servers_that_another_task_took_out_meanwhile_make_the_task_plan_again() -> None:
    todo = plan(cloud_of(policy("nightly")), servers=["web"])
    options = parse_policy_options({**DEFAULTS, "servers": ["web"]}, SUMMER)
    with pytest.raises(PlanAgain, match="policy 'nightly' still differs in servers"):
        finish_policy(options, cloud_of(policy("nightly")), todo, Outcome({0: None}), Ticks().clock())


def test_a_policy_that_is_still_there_is_deleted_again() -> None:
    todo = plan(cloud_of(policy("nightly")), state="absent")
    options = parse_policy_options({**DEFAULTS, "state": "absent", "purge_servers": False}, SUMMER)
    with pytest.raises(PlanAgain, match="policy 'nightly' is still there"):
        finish_policy(options, cloud_of(policy("nightly")), todo, Outcome({0: None}), Ticks().clock())
    assert finish_policy(options, cloud_of(), todo, Outcome({0: None}), Ticks().clock()) == {}


def test_a_creation_that_failed_has_no_policy() -> None:
    todo = plan(cloud_of(), schedule=SCHEDULE)
    options = parse_policy_options({**DEFAULTS, "schedule": SCHEDULE}, SUMMER)
    assert finish_policy(options, cloud_of(), todo, Outcome(), Ticks().clock()) == {"policy": None}


OWN = policy("nightly", ["web"], id="pol-own", created_at="2026-07-01T12:00:01")
OLDEST = policy("nightly", ["db"], id="pol-oldest", created_at="2026-07-01T12:00:00")


def settle(cloud: Cloud) -> dict[str, t.Any]:
    todo = plan(cloud_of(), servers=["web"], schedule=SCHEDULE)
    options = parse_policy_options({**DEFAULTS, "servers": ["web"], "schedule": SCHEDULE}, SUMMER)
    return finish_policy(options, cloud, todo, Outcome({0: {"id": "pol-own"}}), Ticks().clock())


def test_of_two_policies_created_at_once_the_oldest_gets_the_servers_and_the_own_is_deleted() -> None:
    cloud = cloud_of(OWN, OLDEST)

    def change_members(policy: str, add: t.Any, remove: t.Any, **_more: t.Any) -> None:
        (row,) = (row for row in cloud.all_policies if row["id"] == policy)
        row["resources"] = [entry for entry in row["resources"] if entry["id"] not in remove] + add

    cloud.all_policies = [dict(row) for row in cloud.all_policies]
    cloud.changes._answers["change_members"] = [change_members]
    result = settle(cloud)["policy"]
    assert (result["id"], [member["name"] for member in result["servers"]]) == ("pol-oldest", ["db", "web"])
    assert [(method, arguments["policy"]) for method, arguments in cloud.changes.sent] == [
        ("change_members", "pol-own"),
        ("change_members", "pol-oldest"),
        ("delete_policy", "pol-own"),
    ]


def test_an_own_policy_that_keeps_servers_is_reported_and_not_deleted() -> None:
    cloud = cloud_of(OWN, OLDEST)
    with pytest.raises(TaskFailed, match="both have servers: pol-oldest and pol-own") as failure:
        settle(cloud)
    assert failure.value.results["changed"] is True
    assert "delete_policy" not in dict(cloud.changes.sent)
