# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_set: from the policies of a set and the servers that each is to have to the calls."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.policy import policy_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retention import KEYS
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.schedule import parse_pattern
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.selection import names_of
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.shards import Spread
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_options import PolicyOptions
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_set import (
    SetOptions,
    SetState,
    plan_absent_set,
    plan_set,
    policies_of_set,
)
from tests.support.fakes import DAILY_0200, Cloud, policy, server

Row = dict[str, t.Any]
RULE = parse_pattern(DAILY_0200)
LIVE = {"max_backups": "20", "retention_duration_days": "-1", "permanent": "False"}
ONE, TWO, THREE = (f"nightly-000{number}" for number in (1, 2, 3))


def set_options(
    size: int = 2, stagger: int = 0, always: bool = True, only_id: str | None = None, **each: t.Any
) -> SetOptions:
    wanted = PolicyOptions(**{"name": "nightly", "state": "present", **each})
    return SetOptions(wanted, size, stagger, always, only_id)


def plan(
    policies: t.Sequence[Row] = (),
    kept: t.Mapping[str, str] | None = None,
    new: t.Sequence[str] = (),
    dropped: t.Sequence[str] = (),
    others: t.Sequence[Row] = (),
    **options: t.Any,
) -> Plan[t.Any]:
    """Return the plan for servers with names of one letter. All of them are chosen, and who is not told of stays."""
    places = {
        row["id"]: [member["id"] for member in row["resources"]] for row in policies if row["name"] not in dropped
    }
    places.update({f"pol-{name}": ids(letters) for name, letters in (kept or {}).items()})
    spread = Spread(places, [f"pol-{name}" for name in dropped], [ids(letters) for letters in new])
    servers = [server(letter) for letter in "abcdefgh"]
    known = names_of([*policies, *others])
    state = SetState(list(policies), list(others), known, servers, servers, names_of(servers))
    return plan_set(set_options(**options), state, spread)


def ids(letters: str) -> list[str]:
    return [f"id-{letter}" for letter in letters]


def sent(todo: Plan[t.Any]) -> list[tuple[str, dict[str, t.Any]]]:
    """Method and arguments of each call; the operation, which some calls take as an argument, is left out."""
    return [
        (call.method, {key: value for key, value in call.arguments.items() if key != "operation"})
        for call in todo.calls
    ]


def steps(todo: Plan[t.Any]) -> list[str]:
    """Return in one line each what the calls do."""
    lines = []
    for method, arguments in sent(todo):
        who = str(arguments.get("policy", arguments.get("name"))).removeprefix("pol-")
        parts = [
            f"+{''.join(member['name'] for member in arguments.get('add', arguments.get('resources', ())))}",
            f"-{''.join(arguments.get('remove', arguments.get('leaving', ()))).replace('id-', '')}",
            f"={arguments['name']}" if "policy" in arguments and "name" in arguments else "",
        ]
        lines.append(" ".join([method, who, *(part for part in parts if len(part) > 1)]))
    return lines


def shape(todo: Plan[t.Any]) -> dict[str, str]:
    """Return by name of each policy that is predicted its servers."""
    return {row["name"]: "".join(member["name"] for member in row["servers"]) for row in todo.result["policies"]}


# ========== Which policies belong to a set ==========
@pytest.mark.parametrize(
    ("names", "options", "own"),
    [
        ("nightly nightly-0002 nightly-0001", {}, "nightly-0001 nightly-0002"),
        ("nightly nightly-0002 nightly-0001", {"always": False}, "nightly"),
        ("nightly-0002 nightly-0001", {"always": False}, "nightly-0001 nightly-0002"),
        ("nightly-2024 nightly-0033 nightly-00001 nightly-x nightly weekly-0001", {}, ""),
        ("nightly-2024 nightly-0033 nightly-00001 nightly-x weekly", {"always": False}, ""),
        ("nightly-0002 weekly-0001", {"new_name": "weekly"}, "weekly-0001 nightly-0002"),
        ("weekly-0001 weekly-0002", {"new_name": "weekly"}, "weekly-0001 weekly-0002"),
        ("nightly-0001", {"new_name": "nightly"}, "nightly-0001"),
        ("nightly", {"new_name": "nightly", "always": False}, "nightly"),
        ("nightly-0001 weekly", {"new_name": "weekly"}, "nightly-0001"),
        ("weekly", {"new_name": "weekly", "always": False}, "weekly"),
        ("nightly-0001", {"new_name": "nightly-0001", "always": False}, "nightly-0001"),
    ],
)
def test_the_policies_of_a_set_have_its_name_and_a_number(names: str, options: dict[str, t.Any], own: str) -> None:
    found = policies_of_set(set_options(**options), [policy(name) for name in names.split()])
    assert [row["name"] for row in found] == own.split()


@pytest.mark.parametrize(
    ("names", "always"),
    [
        ("nightly-0001 weekly-0001", True),
        ("nightly-0001 nightly-0002 weekly-0002", True),
        ("nightly weekly", False),
        ("nightly-0001 weekly", False),
        ("nightly weekly-0002", False),
    ],
)
def test_the_name_of_another_policy_or_set_is_refused_as_the_new_name(names: str, always: bool) -> None:
    rows: t.Any = [policy(name) for name in names.split()]
    with pytest.raises(InvalidInput, match="^new_name: 'weekly' is the name of another .*: pol-weekly"):
        policies_of_set(set_options(new_name="weekly", always=always), rows)


def test_of_policies_with_one_number_the_oldest_comes_first() -> None:
    moments = {"new": "2026-03-01T09:00:00", "old": "2026-02-01T09:00:00", "unknown": None}
    rows: t.Any = [policy(ONE, id=key, created_at=moment) for key, moment in moments.items()]
    assert [row["id"] for row in policies_of_set(set_options(), rows)] == ["unknown", "old", "new"]


def test_an_id_means_one_policy_and_no_other_of_its_name() -> None:
    rows: t.Any = [policy(id="meant"), policy(id="other"), policy("weekly")]
    options = set_options(always=False, only_id="meant")
    assert [row["id"] for row in policies_of_set(options, rows)] == ["meant"]
    with pytest.raises(InvalidInput, match="'weekly' is the name of another policy"):
        policies_of_set(set_options(always=False, only_id="meant", new_name="weekly"), rows)
    renamed = set_options(always=False, only_id="meant", new_name="nightly")
    assert [row["id"] for row in policies_of_set(renamed, rows)] == ["meant"]


@pytest.mark.parametrize(
    ("fresh", "options", "own"),
    [
        ([], {}, "nightly"),
        (["pol-nightly"], {}, "nightly"),
        (["pol-nightly", f"pol-{ONE}"], {}, f"nightly {ONE}"),
        (["pol-nightly", f"pol-{ONE}"], {"only_id": "pol-nightly"}, "nightly"),
    ],
)
def test_policies_with_and_without_a_number_are_one_set_only_while_all_are_fresh(
    fresh: list[str], options: dict[str, t.Any], own: str
) -> None:
    """Tasks that create a set at once may see different servers, so that only one of them takes numbers."""
    rows: t.Any = [policy(ONE), policy("nightly")]
    found = policies_of_set(set_options(always=False, **options), rows, fresh)
    assert [row["name"] for row in found] == own.split()


# ========== absent ==========
def test_all_policies_of_a_set_are_deleted() -> None:
    rows: t.Any = [policy(ONE, ["a"]), policy(TWO)]
    todo = plan_absent_set(rows, {"id-a": "a-now"}, "nightly")
    assert sent(todo) == [("delete_policy", {"policy": f"pol-{name}"}) for name in (ONE, TWO)]
    assert all(call.missing_ok for call in todo.calls)
    assert [row["servers"] for row in todo.before["policies"]] == [[{"id": "id-a", "name": "a-now"}], []]
    assert (todo.after, todo.result) == ({"policies": []}, {"policies": [], "servers": [], "notes": []})
    assert todo.context.deleted == (f"pol-{ONE}", f"pol-{TWO}")
    assert todo.lock == plan().lock


def test_a_set_without_policies_is_absent() -> None:
    assert plan_absent_set([], {}, "nightly").calls == ()


# ========== What every policy gets ==========
def test_a_set_that_is_as_described_needs_no_call() -> None:
    rows = [policy(ONE, "ab"), policy(TWO, "c")]
    todo = plan(rows, description="", enabled=True, rule=RULE, tags={})
    assert (todo.calls, todo.after) == ((), todo.before)
    assert todo.result["policies"] == [policy_result(row) for row in rows]
    assert [member["name"] for member in todo.result["servers"]] == list("abcdefgh")


def test_each_policy_gets_what_differs() -> None:
    rows = [policy(ONE, "a", description="new"), policy(TWO, enabled=False), policy(THREE)]
    todo = plan(rows, description="new", enabled=True, tags={"team": "web"})
    assert [(method, arguments.get("policy", arguments.get("resource_id"))) for method, arguments in sent(todo)] == [
        ("add_tag", f"pol-{ONE}"),
        ("update_policy", f"pol-{TWO}"),
        ("add_tag", f"pol-{TWO}"),
        ("update_policy", f"pol-{THREE}"),
        ("add_tag", f"pol-{THREE}"),
    ]
    assert [(row["description"], row["enabled"], row["tags"]) for row in todo.result["policies"]] == [
        ("new", True, {"team": "web"})
    ] * 3


def test_the_same_note_is_given_once() -> None:
    monthly = {**dict.fromkeys(KEYS), "permanent": False, "max_backups": 20, "monthly": 12, "timezone": "UTC+01:00"}
    todo = plan([policy(ONE, definition=LIVE), policy(TWO, definition=LIVE)], retention=monthly, notes=("summer time",))
    assert todo.calls == ()
    summer, unseen = todo.result["notes"]
    assert summer == "summer time" and "does not report retention.monthly" in unseen


# ========== Names and numbers ==========
def test_all_policies_are_renamed_and_keep_their_numbers() -> None:
    todo = plan([policy(ONE), policy(THREE)], new_name="weekly")
    assert sent(todo) == [
        ("update_policy", {"policy": f"pol-{ONE}", "name": "weekly-0001"}),
        ("update_policy", {"policy": f"pol-{THREE}", "name": "weekly-0003"}),
    ]
    assert list(shape(todo)) == ["weekly-0001", "weekly-0003"]


def test_a_rename_that_was_interrupted_goes_on() -> None:
    todo = plan([policy(TWO), policy("weekly-0003")], new_name="weekly")
    assert steps(todo) == [f"update_policy {TWO} =weekly-0002"]


def test_new_policies_get_the_numbers_that_are_free() -> None:
    todo = plan([policy(TWO, "ab")], new=["cd", "e"], rule=RULE)
    assert steps(todo) == ["create_policy nightly-0001 +cd", "create_policy nightly-0003 +e"]
    assert shape(todo) == {"nightly-0001": "cd", "nightly-0002": "ab", "nightly-0003": "e"}
    assert todo.context.created == (0, 1)


def test_of_two_policies_with_one_number_the_older_keeps_it() -> None:
    rows = [policy(ONE, "a"), policy(ONE, "b", id="pol-twin"), policy(TWO, "c")]
    todo = plan(rows)
    assert sent(todo) == [("update_policy", {"policy": "pol-twin", "name": THREE})]
    assert shape(todo) == {ONE: "a", TWO: "c", THREE: "b"}


# ========== Sets that have a number only when they need one ==========
def test_a_single_policy_has_the_name_of_its_set() -> None:
    assert steps(plan(new=["ab"], always=False, rule=RULE)) == ["create_policy nightly +ab"]
    assert steps(plan(new=["ab"], rule=RULE)) == ["create_policy nightly-0001 +ab"]
    assert plan([policy("nightly", "ab")], always=False).calls == ()


def test_a_single_policy_that_is_not_enough_gets_a_number_and_keeps_its_servers() -> None:
    todo = plan([policy("nightly", "ab")], new=["cd"], always=False)
    assert steps(todo) == ["update_policy nightly =nightly-0001", "create_policy nightly-0002 +cd"]
    assert shape(todo) == {ONE: "ab", TWO: "cd"}


def test_the_last_policy_gets_the_name_of_the_set_after_all_others_are_gone() -> None:
    """A policy of that name beside numbered ones would stand alone: after an interruption they would not be found."""
    todo = plan([policy(ONE, "a"), policy(TWO, "b")], {TWO: "ab"}, dropped=[ONE], always=False, description="new")
    assert steps(todo) == [
        f"change_members {ONE} -a",
        f"change_members {TWO} +a",
        f"delete_empty_policy {ONE}",
        f"update_policy {TWO} =nightly",
    ]
    assert todo.calls[1].arguments["description"] == "new"
    assert todo.calls[3].arguments == {"policy": f"pol-{TWO}", "name": "nightly"}
    (after,) = todo.result["policies"]
    assert (after["name"], after["description"]) == ("nightly", "new")


def test_a_last_policy_that_is_alone_already_gets_its_name_with_the_rest() -> None:
    todo = plan([policy(TWO, "b")], always=False, description="new")
    assert sent(todo) == [("update_policy", {"policy": f"pol-{TWO}", "name": "nightly", "description": "new"})]


def test_a_last_policy_without_a_number_starts_when_the_schedule_says() -> None:
    todo = plan([policy(ONE), policy(TWO, "b")], dropped=[ONE], always=False, rule=RULE, stagger=30)
    assert todo.result["policies"][0]["schedule"]["times"] == ["02:00"]


def test_numbers_that_others_have_are_not_taken() -> None:
    others = [policy(ONE), policy("nightly-0007"), policy("nightly-2024")]
    with pytest.raises(InvalidInput, match=f"^servers: one policy is not enough .* exist: {ONE}, nightly-0007. Rename"):
        plan([policy("nightly", "ab")], new=["cd"], others=others, always=False)
    assert plan([policy("nightly", "ab")], others=others, always=False).calls == ()


def test_the_id_of_a_policy_is_no_name_for_several() -> None:
    with pytest.raises(InvalidInput, match="^name: pol-nightly is the ID of one policy, .*give the name of the set"):
        plan([policy("nightly", "ab")], new=["cd"], always=False, only_id="pol-nightly")


@pytest.mark.parametrize("options", [{"name": "x" * 251}, {"new_name": "x" * 251}])
def test_a_name_without_room_for_a_number_is_refused_when_it_needs_one(options: dict[str, str]) -> None:
    (option,) = options
    with pytest.raises(InvalidInput, match=f"^{option}: 'xx.* is too long"):
        plan([policy("nightly", "ab")], new=["cd"], always=False, **options)
    assert plan(new=["ab"], always=False, rule=RULE, **options).changed


# ========== Servers ==========
def test_servers_join_the_policies_that_they_are_given_to() -> None:
    todo = plan([policy(ONE, "a"), policy(TWO, "b")], {ONE: "ac", TWO: "bd"}, size=3)
    assert sent(todo) == [
        ("change_members", {"policy": f"pol-{name}", "add": [resource(one)], "remove": [], "most": 3})
        for name, one in ((ONE, "c"), (TWO, "d"))
    ]
    assert shape(todo) == {ONE: "ac", TWO: "bd"}


def resource(name: str) -> dict[str, str]:
    return {"id": f"id-{name}", "type": "OS::Nova::Server", "name": name}


def test_servers_leave_with_the_request_that_lets_others_join() -> None:
    todo = plan([policy(ONE, "ab"), policy(TWO, "c")], {ONE: "bd", TWO: ""})
    assert steps(todo) == [f"change_members {ONE} +d -a", f"change_members {TWO} -c"]
    assert shape(todo) == {ONE: "bd", TWO: ""}


def test_a_server_of_another_policy_leaves_it_first_and_can_go_back() -> None:
    todo = plan([policy(ONE, "a")], {ONE: "ab"}, others=[policy("old", "bc")])
    assert steps(todo) == ["change_members old -b", f"change_members {ONE} +b"]
    undo = todo.calls[0].undo
    assert undo is not None and undo.arguments["policy"] == "pol-old" and undo.arguments["add"] == [resource("b")]
    assert todo.calls[1].undo is None


def test_a_server_changes_its_policy_within_the_set_in_the_same_way() -> None:
    todo = plan([policy(ONE, "abc"), policy(TWO, "d")], {ONE: "ab", TWO: "dc"})
    assert steps(todo) == [f"change_members {ONE} -c", f"change_members {TWO} +c"]
    undo = todo.calls[0].undo
    assert undo is not None and undo.arguments["policy"] == f"pol-{ONE}" and undo.arguments["add"] == [resource("c")]
    assert shape(todo) == {ONE: "ab", TWO: "dc"}


def test_servers_leave_other_policies_before_a_new_one_is_created_for_them() -> None:
    todo = plan([policy(ONE, "abc")], {ONE: "ab"}, new=["cd"], others=[policy("old", "d")])
    assert steps(todo) == ["change_members old -d", f"change_members {ONE} -c", f"create_policy {TWO} +cd"]
    assert all(call.undo for call in todo.calls[:2])
    assert todo.context.created == (2,)
    assert shape(todo) == {ONE: "ab", TWO: "cd"}


def test_a_server_that_two_policies_list_leaves_the_second() -> None:
    todo = plan([policy(ONE, "a"), policy(TWO, "ab")], {ONE: "a", TWO: "b"})
    assert steps(todo) == [f"change_members {TWO} -a"]
    assert shape(todo) == {ONE: "a", TWO: "b"}
    assert steps(plan([policy(ONE, "a"), policy(TWO, "a")], dropped=[TWO])) == [f"delete_empty_policy {TWO} -a"]


# ========== Policies that are no longer needed ==========
def test_a_policy_is_deleted_last_and_with_nobody_but_those_who_leave_the_set() -> None:
    todo = plan([policy(ONE, "ax"), policy(TWO, "b")], {TWO: "ba"}, dropped=[ONE], tags={"team": "web"})
    assert steps(todo) == [
        f"change_members {ONE} -a",
        f"change_members {TWO} +a",
        "add_tag None",
        f"delete_empty_policy {ONE} -x",
    ]
    last = todo.calls[-1]
    assert last.missing_ok and last.arguments["operation"] == last.operation == f"delete backup policy {ONE!r}"
    assert todo.context.deleted == (f"pol-{ONE}",)
    assert shape(todo) == {TWO: "ba"}
    assert [row["name"] for row in todo.before["policies"]] == [ONE, TWO]


# ========== Limits ==========
@pytest.mark.parametrize(("others", "fits"), [(29, True), (30, False)])
def test_the_policies_of_others_count_too(others: int, fits: bool) -> None:
    options: dict[str, t.Any] = {"new": ["cd", "e"], "others": [policy(f"p{number}") for number in range(others)]}
    if fits:
        assert plan([policy(ONE, "ab")], rule=RULE, **options).changed
        return
    with pytest.raises(InvalidInput) as refusal:
        plan([policy(ONE, "ab")], rule=RULE, **options)
    assert str(refusal.value) == (
        "servers: with up to 2 servers in each policy, policy set 'nightly' would be 3 of 33 policies;"
        " the service allows 32 in a project"
    )


def test_a_full_project_does_not_hinder_a_set_that_needs_no_new_policy() -> None:
    others = [policy(f"p{number}") for number in range(40)]
    assert plan([policy(ONE, "a")], {ONE: "ab"}, others=others).changed


def test_a_policy_with_more_servers_than_it_may_have_is_noted() -> None:
    todo = plan([policy(ONE, "abc"), policy(TWO, "de")], description="")
    assert todo.calls == ()
    assert todo.result["notes"] == [
        f"Policy {ONE!r} keeps 3 servers, more than servers_per_policy, because they must not or cannot move to another"
        " policy"
    ]


# ========== Staggering ==========
def daily(clock: str) -> str:
    """Return the pattern for a time of the day."""
    hour, minute = clock.split(":")
    return DAILY_0200.replace("BYHOUR=02;BYMINUTE=00", f"BYHOUR={hour};BYMINUTE={minute}")


def test_the_number_of_a_policy_says_how_much_later_it_starts() -> None:
    rows = [policy(ONE, "a"), policy(THREE, "b", pattern=daily("03:30"))]
    todo = plan(rows, new=["cd"], rule=RULE, stagger=45)
    assert steps(todo) == [f"create_policy {TWO} +cd"]
    assert [row["schedule"]["times"] for row in todo.result["policies"]] == [["02:00"], ["02:45"], ["03:30"]]


def test_without_staggering_all_policies_start_together() -> None:
    todo = plan([policy(ONE, "a"), policy(TWO, "b", pattern=daily("02:45"))], rule=RULE)
    assert steps(todo) == [f"update_policy {TWO}"]
    assert [row["schedule"]["times"] for row in todo.result["policies"]] == [["02:00"], ["02:00"]]


def test_schedules_stay_as_they_are_when_the_task_gives_none() -> None:
    assert plan([policy(ONE, "a"), policy(TWO, "b", pattern=daily("02:45"))]).calls == ()


def test_staggering_that_no_rule_can_express_is_refused() -> None:
    weekly = parse_pattern("FREQ=WEEKLY;BYDAY=MO;BYHOUR=2,23;BYMINUTE=0")
    with pytest.raises(InvalidInput, match="^stagger_minutes: 60 minutes later"):
        plan(new=["ab", "cd"], rule=weekly, stagger=60)


# ========== New policies ==========
def test_a_new_policy_gets_what_the_task_does_not_say_from_the_first_one() -> None:
    rows = [
        policy(ONE, "ab", description="first", definition=LIVE, tags=[{"key": "team", "value": "web"}]),
        policy(TWO, "cd", description="second"),
    ]
    todo = plan(rows, new=["e"], enabled=False)
    create = next(call for call in todo.calls if call.method == "create_policy")
    (operation,) = create.arguments["scheduled_operations"]
    assert (create.arguments["description"], create.arguments["tags"]) == ("first", [{"key": "team", "value": "web"}])
    assert operation["enabled"] is False
    assert operation["operation_definition"] == {"max_backups": 20}
    assert operation["trigger"]["properties"]["pattern"] == DAILY_0200
    assert [note for note in todo.result["notes"] if f"New policy {THREE!r} gets the retention of {ONE!r}" in note]


def test_the_first_policy_of_a_set_needs_a_schedule() -> None:
    with pytest.raises(InvalidInput, match="^schedule is needed: there is no policy 'nightly'"):
        plan(new=[""])


def test_a_lost_creation_is_found_among_policies_that_did_not_exist_before() -> None:
    todo = plan([policy(ONE, "ab")], new=["c"], others=[policy("old")])
    find = todo.calls[0].find_effect
    assert find is not None
    before = [policy(ONE), policy("old", id="pol-old")]
    assert find(t.cast(t.Any, Cloud(policies=before))) is None
    found = find(t.cast(t.Any, Cloud(policies=[*before, policy(TWO)])))
    assert found is not None and found["id"] == f"pol-{TWO}"


def test_a_new_policy_is_predicted_in_the_shape_of_results() -> None:
    (row,) = plan(new=["ab"], rule=RULE, tags={"team": "web"}).result["policies"]
    assert row.keys() == policy_result(t.cast(t.Any, policy())).keys()
    assert (row["id"], row["name"], row["tags"], row["enabled"]) == (None, ONE, {"team": "web"}, True)


# ========== Tasks at once ==========
def test_tasks_about_one_set_take_turns_and_plan_again_when_others_were_faster() -> None:
    assert plan(new=[""], rule=RULE).lock == plan([policy(ONE)], new_name="weekly").lock
    assert plan(new=[""], rule=RULE).lock != plan(new=[""], rule=RULE, name="weekly").lock
    assert plan(new=[""], rule=RULE).replan_on == {
        "CSBS.9007",
        "CSBS.6004",
        "CSBS.0001",
        "CSBS.3000",
        "BackupService.6000",
    }
