# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_set: its options, which servers are in which policy, and whether the set is then as desired."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError, InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.policy import policy_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy_set import (
    finish as finish_set,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy_set import (
    parse_options as parse_set_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy_set import (
    plan as plan_set,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome, Plan, PlanAgain
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_set import SetOptions
from tests.support.fakes import SUMMER, Cloud, Ticks, policy, server

Row = dict[str, t.Any]
DEFAULTS: dict[str, t.Any] = {
    **dict.fromkeys(
        (
            "new_name",
            "description",
            "enabled",
            "schedule",
            "retention",
            "servers",
            "server_filters",
            "tags",
            "servers_per_policy",
            "stagger_minutes",
        )
    ),
    "name": "nightly",
    "state": "present",
    "purge_servers": False,
    "move_servers": True,
    "purge_tags": True,
    "suffix": "always",
}
SCHEDULE = {"frequency": "daily", "times": ["02:00"]}
ID = "27b11f3f-578d-4464-89d1-7c6d5894f753"
ONE, TWO, THREE = (f"nightly-000{number}" for number in (1, 2, 3))
JUST_NOW = "2026-07-01T11:59:30"


class Counted(Cloud):
    """A cloud that notes which policies are read in full."""

    def policy(self, policy_id: str) -> Row | None:
        self.asked.append(("policy", policy_id))
        return super().policy(policy_id)

    def reads(self, what: str = "policy") -> list[t.Any]:
        return [about for asked, about in self.asked if asked == what]


class Sparse(Counted):
    """A cloud whose lists tell little."""

    def policies(self) -> list[Row]:
        return [{"id": row["id"], "name": row["name"], "created_at": None} for row in super().policies()]


def cloud_of(*policies: Row, servers: str = "abcdef", **more: t.Any) -> Counted:
    return Counted([server(letter) for letter in servers], policies, **more)


def parse(**options: t.Any) -> SetOptions:
    return parse_set_options({**DEFAULTS, **options}, SUMMER)


def plan(cloud: t.Any, **options: t.Any) -> Plan[t.Any]:
    """Return the plan of a task; servers_per_policy is 2 where the task does not say otherwise."""
    small = {"servers_per_policy": 2} if options.get("state") != "absent" else {}
    return plan_set(parse(**{**small, **options}), cloud)


def finish(cloud: t.Any, todo: Plan[t.Any], outcome: Outcome, **options: t.Any) -> dict[str, t.Any]:
    return finish_set(parse(**options), cloud, todo, outcome, Ticks().clock())


def shape(todo: Plan[t.Any]) -> dict[str, str]:
    """Return by name of each policy that is predicted its servers."""
    return {row["name"]: "".join(member["name"] for member in row["servers"]) for row in todo.result["policies"]}


# ========== Refused before anything is read ==========
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": ID}, "^name: .* is an ID; a policy set has a name"),
        ({"new_name": ID}, "^new_name: .* is an ID"),
        ({"name": "x" * 251}, "^name: .* is too long; with the suffix -0001"),
        ({"new_name": "x" * 251}, "^new_name: .* is too long"),
        ({"name": "a b", "suffix": "when_needed"}, "^name: 'a b'"),
        ({"servers_per_policy": 0}, "^servers_per_policy: 0 is out of range; it must be 1 to 64"),
        ({"servers_per_policy": 65}, "^servers_per_policy: 65"),
        ({"stagger_minutes": 15}, "^stagger_minutes has no effect without schedule"),
        ({"stagger_minutes": -1, "schedule": SCHEDULE}, "^stagger_minutes: -1"),
        ({"stagger_minutes": 15, "schedule": {"pattern": "FREQ=MONTHLY;BYHOUR=2"}}, "cannot be shifted"),
        ({"servers": [""]}, "^servers: "),
        ({"state": "absent", "servers": []}, "^servers, server_filters: state absent"),
        ({"state": "absent", "server_filters": {"name": "*"}}, "^servers, server_filters: state absent"),
    ],
)
def test_bad_options_are_refused_before_the_first_request(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        parse(**options)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("new_name", "weekly"),
        ("description", ""),
        ("enabled", False),
        ("schedule", SCHEDULE),
        ("retention", {}),
        ("purge_servers", True),
        ("tags", {}),
        ("servers_per_policy", 3),
        ("stagger_minutes", 0),
    ],
)
def test_options_that_a_deletion_would_ignore_are_refused(option: str, value: t.Any) -> None:
    with pytest.raises(InvalidInput, match=f"^{option} has no effect with state: absent"):
        parse(state="absent", **{option: value})


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (64, 0, True)),
        ({"servers_per_policy": 1, "suffix": "when_needed"}, (1, 0, False)),
        ({"schedule": SCHEDULE, "stagger_minutes": 15}, (64, 15, True)),
        ({"stagger_minutes": 0}, (64, 0, True)),
        ({"name": "x" * 255, "suffix": "when_needed"}, (64, 0, False)),
        ({"name": ID, "suffix": "when_needed"}, (64, 0, False)),
        ({"state": "absent", "name": ID, "suffix": "when_needed"}, (64, 0, False)),
        ({"name": "x" * 250}, (64, 0, True)),
    ],
)
def test_good_options_are_taken(options: dict[str, t.Any], expected: tuple[int, int, bool]) -> None:
    found = parse(**options)
    assert (found.size, found.stagger, found.always_numbered) == expected
    assert found.each.name == options.get("name", "nightly")


# ========== absent ==========
def test_a_set_is_deleted_and_nothing_else() -> None:
    cloud = cloud_of(policy("nightly", "a"), policy(ONE, "b"), policy(TWO), policy("nightly-2024"))
    todo = plan(cloud, state="absent")
    assert [call.arguments["policy"] for call in todo.calls] == [f"pol-{ONE}", f"pol-{TWO}"]
    assert plan(cloud, state="absent", name="weekly").calls == ()


def test_a_single_policy_is_deleted_by_its_id_too() -> None:
    cloud = cloud_of(policy("nightly", id=ID), policy("nightly", id="pol-other"), policy(ONE))
    todo = plan(cloud, state="absent", name=ID, suffix="when_needed")
    assert [call.arguments["policy"] for call in todo.calls] == [ID]


def test_servers_are_read_for_a_deletion_only_where_the_diff_names_some() -> None:
    cloud = cloud_of(policy(ONE))
    assert plan(cloud, state="absent").changed and not cloud.reads("servers")
    cloud = cloud_of(policy(ONE, "a"))
    assert plan(cloud, state="absent").changed and cloud.reads("servers")


# ========== Who is where ==========
def test_a_new_set_has_as_few_policies_as_its_servers_need() -> None:
    fleet = [server(f"s{number:03d}") for number in range(130)]
    todo = plan_set(parse(server_filters={"name": "s*"}, schedule=SCHEDULE), t.cast(t.Any, Cloud(fleet)))
    assert [len(row["servers"]) for row in todo.result["policies"]] == [64, 64, 2]
    assert [row["name"] for row in todo.result["policies"]] == [ONE, TWO, THREE]


@pytest.mark.parametrize(
    ("options", "after"),
    [
        ({}, {ONE: "ab", TWO: "c"}),
        ({"servers": ["d"]}, {ONE: "ab", TWO: "cd"}),
        ({"servers": ["d", "e"]}, {ONE: "ab", TWO: "cd", THREE: "e"}),
        ({"server_filters": {"name": "[de]"}, "servers": ["f"]}, {ONE: "ab", TWO: "cf", THREE: "de"}),
        # A server that is left out stays, unless it is purged.
        ({"servers": ["a"]}, {ONE: "ab", TWO: "c"}),
        ({"purge_servers": True}, {ONE: "ab", TWO: "c"}),
        ({"servers": ["a", "c"], "purge_servers": True}, {ONE: "ac"}),
        ({"servers": ["a", "c"], "purge_servers": True, "move_servers": False}, {ONE: "a", TWO: "c"}),
        ({"servers": ["c"], "purge_servers": True}, {TWO: "c"}),
        ({"servers": [], "purge_servers": True}, {ONE: ""}),
        # Nobody moves whom the task does not name.
        ({"servers": ["a"], "servers_per_policy": 3}, {ONE: "ab", TWO: "c"}),
        ({"servers": ["c"], "servers_per_policy": 3}, {ONE: "abc"}),
        ({"servers": ["c"], "servers_per_policy": 3, "move_servers": False}, {ONE: "ab", TWO: "c"}),
        ({"servers": ["a", "b", "c"], "servers_per_policy": 1}, {ONE: "a", TWO: "c", THREE: "b"}),
    ],
)
def test_servers_stay_come_and_go(options: dict[str, t.Any], after: dict[str, str]) -> None:
    todo = plan(cloud_of(policy(ONE, "ab"), policy(TWO, "c")), **options)
    assert shape(todo) == after
    assert todo.changed == (after != {ONE: "ab", TWO: "c"})


def test_purging_with_filters_that_match_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no server matches.*purge_servers"):
        plan(cloud_of(policy(ONE, "a")), server_filters={"name": "zzz"}, purge_servers=True)


def test_a_server_that_no_longer_exists_stays_where_it_is() -> None:
    cloud = cloud_of(policy(ONE, ["gone"]), policy(TWO, "a"))
    todo = plan(cloud, servers=["id-gone", "a"], purge_servers=True)
    assert [row["id"] for row in todo.result["policies"]] == [f"pol-{ONE}"]
    assert [member["id"] for member in todo.result["policies"][0]["servers"]] == ["id-gone", "id-a"]
    # To leave the set, it need not exist.
    assert shape(plan(cloud, servers=["a"], purge_servers=True)) == {TWO: "a"}


def test_a_server_that_two_policies_list_counts_where_it_is_first() -> None:
    todo = plan(cloud_of(policy(ONE, "a"), policy(TWO, "ab")), servers=["a", "b"])
    assert shape(todo) == {ONE: "ab"}
    assert shape(plan(cloud_of(policy(ONE, "a"), policy(TWO, "ab")))) == {ONE: "a", TWO: "b"}


# ========== Moves ==========
REFUSED = {"result": False, "error_code": "CSBS.6033", "error_msg": "no"}


def test_a_server_of_another_policy_moves_unless_that_is_forbidden() -> None:
    cloud = cloud_of(policy(ONE), policy("old", "a"))
    assert [call.arguments["policy"] for call in plan(cloud, servers=["a"]).calls] == ["pol-old", f"pol-{ONE}"]
    with pytest.raises(InvalidInput, match="move_servers is false.*'a' in policy 'old'"):
        plan(cloud, servers=["a"], move_servers=False)


def test_a_server_that_the_service_would_refuse_leaves_no_other_policy() -> None:
    cloud = cloud_of(policy(ONE), policy("old", "a"), verdicts={"id-a": REFUSED})
    with pytest.raises(InvalidInput, match="'a'.*is not moved out of its policy.*CSBS.6033"):
        plan(cloud, servers=["a"])


@pytest.mark.parametrize(
    ("verdict", "after"),
    [
        ({"result": True}, {ONE: "ab"}),
        ({"result": False, "error_code": "CSBS.6004"}, {ONE: "ab"}),
        ({"result": False, "error_code": "CSBS.2003"}, {ONE: "ab"}),
        (REFUSED, {TWO: "ba"}),
    ],
)
def test_a_server_that_the_service_would_refuse_stays_in_its_policy(
    verdict: dict[str, t.Any], after: dict[str, str]
) -> None:
    cloud = cloud_of(policy(ONE, "a"), policy(TWO, "b"), verdicts={"id-b": verdict})
    assert shape(plan(cloud, servers=["a", "b"])) == after


def test_another_server_moves_in_place_of_one_that_must_stay() -> None:
    cloud = cloud_of(policy(ONE, "abcd"), verdicts={"id-c": REFUSED})
    assert shape(plan(cloud, servers=["a", "b", "c", "d"])) == {ONE: "ac", TWO: "bd"}
    assert cloud.reads("protectable") == [["id-c", "id-d"], ["id-b"]]


def test_servers_that_all_must_stay_keep_their_policies() -> None:
    cloud = cloud_of(policy(ONE, "abc"), verdicts=dict.fromkeys(("id-a", "id-b", "id-c"), REFUSED))
    todo = plan(cloud, servers=["a", "b", "c"])
    assert todo.calls == ()
    assert todo.result["notes"][0].startswith(f"Policy {ONE!r} keeps 3 servers")


@pytest.mark.parametrize("status", ["ERROR", "BUILD"])
def test_a_server_in_a_bad_state_stays_in_its_policy(status: str) -> None:
    servers = [server("a"), server("b", status=status)]
    cloud = Cloud(servers, [policy(ONE, "a"), policy(TWO, "b")])
    assert shape(plan(cloud, servers=["a", "b"])) == {TWO: "ba"}


def test_the_service_is_asked_only_about_servers_that_move() -> None:
    cloud = cloud_of(policy(ONE, "ab"), policy(TWO, "c"))
    assert plan(cloud, servers=["a", "b", "d"]).changed and not cloud.reads("protectable")
    cloud = cloud_of(policy(ONE, "a"), policy(TWO, "b"))
    assert plan(cloud, servers=["a", "b"]).changed and cloud.reads("protectable") == [["id-b"]]
    cloud = cloud_of(policy(ONE, "a"), policy("old", "b"))
    assert plan(cloud, servers=["b"]).changed and cloud.reads("protectable") == [["id-b"]]


# ========== What is read ==========
def test_policies_that_the_list_shows_in_full_are_not_read_again() -> None:
    cloud = cloud_of(policy(ONE, "a"), policy(TWO, "b"), policy("old", "c"))
    assert plan(cloud, servers=["a", "b", "c"], servers_per_policy=1).changed
    assert cloud.reads() == []


def test_policies_that_the_list_shows_without_their_fields_are_read_and_others_only_for_servers_that_join() -> None:
    cloud = Sparse([server(letter) for letter in "abc"], [policy(ONE, "a"), policy("old", "b")])
    assert plan(cloud, servers=["a"]).calls == ()
    assert cloud.reads() == [f"pol-{ONE}"]
    cloud.asked.clear()
    assert plan(cloud, servers=["b"]).changed
    assert cloud.reads() == [f"pol-{ONE}", "pol-old"]


def test_tags_that_the_list_leaves_out_are_read_by_one_query() -> None:
    tag = [{"key": "team", "value": "web"}]
    cloud = cloud_of(*(policy(name, who, tags=tag) for name, who in ((ONE, "ab"), (TWO, "cd"), (THREE, "e"))))
    bare = [{**row, "tags": None} for row in cloud.all_policies]
    cloud.policies = lambda: [dict(row) for row in bare]  # type: ignore[method-assign]
    todo = plan(cloud)
    assert [row["tags"] for row in todo.result["policies"]] == [{"team": "web"}] * 3
    assert cloud.reads() == []


MONTHLY = {"monthly": 3, "timezone": "UTC+01:00"}
COUNTS = {"day_backups": 0, "week_backups": 0, "month_backups": 3, "year_backups": 0, "timezone": "UTC+01:00"}


@pytest.mark.parametrize(
    ("definition", "read", "changed"),
    [
        # A service that reports the counts reports them of each policy.
        (COUNTS, [f"pol-{ONE}", f"pol-{TWO}"], False),
        ({**COUNTS, "month_backups": 4}, [f"pol-{ONE}", f"pol-{TWO}"], True),
        # The live service does not: one look is enough.
        ({}, [f"pol-{ONE}"], False),
    ],
)
def test_policies_are_read_for_counts_that_the_list_leaves_out(
    definition: dict[str, t.Any], read: list[str], changed: bool
) -> None:
    cloud = cloud_of(policy(ONE, "ab", definition=definition), policy(TWO, "c", definition=definition))
    listed = [policy(ONE, "ab"), policy(TWO, "c")]
    cloud.policies = lambda: [dict(row) for row in listed]  # type: ignore[method-assign]
    assert plan(cloud, retention=MONTHLY).changed is changed
    assert cloud.reads() == read
    cloud.asked.clear()
    assert plan(cloud, retention={"days": 7}).changed and cloud.reads() == []


def test_a_row_that_comes_twice_is_one_policy() -> None:
    cloud = cloud_of(policy(ONE, "a"), policy(ONE, "a"))
    assert plan(cloud).calls == ()


# ========== Names and IDs ==========
@pytest.mark.parametrize("options", [{}, {"state": "absent"}])
def test_two_old_policies_of_one_name_are_refused(options: dict[str, t.Any]) -> None:
    with pytest.raises(InvalidInput, match=f"^name: policy '{ONE}' is ambiguous: .* p1, p2$"):
        plan(cloud_of(policy(ONE, id="p2", created_at="2026-03-02T09:00:00"), policy(ONE, id="p1")), **options)


def test_policies_that_tasks_have_just_created_at_once_become_one() -> None:
    cloud = cloud_of(policy(ONE, "a"), policy(ONE, "b", id="pol-new", created_at=JUST_NOW))
    todo = plan(cloud, servers=["a", "b"])
    assert shape(todo) == {ONE: "ab"}
    assert (todo.calls[-1].method, todo.calls[-1].arguments["policy"]) == ("delete_empty_policy", "pol-new")


@pytest.mark.parametrize(("created", "deleted"), [(JUST_NOW, [f"pol-{ONE}"]), ("2026-07-01T11:00:00", [])])
def test_a_set_that_tasks_have_just_created_with_and_without_numbers_becomes_one(
    created: str, deleted: list[str]
) -> None:
    """A policy with a number that is older belongs to another set, and only its server is taken."""
    rows = [policy("nightly", "a", created_at=JUST_NOW), policy(ONE, "b", created_at=created)]
    todo = plan(cloud_of(*rows), servers=["a", "b"], suffix="when_needed")
    assert shape(todo) == {"nightly": "ab"}
    assert [call.arguments["policy"] for call in todo.calls if call.method == "delete_empty_policy"] == deleted


def test_the_id_of_a_policy_stands_for_its_name() -> None:
    cloud = cloud_of(policy("nightly", "a", id=ID), policy("nightly", "c", id="pol-other"))
    by_id: dict[str, t.Any] = {"name": ID, "suffix": "when_needed"}
    assert plan(cloud, **by_id).calls == ()
    assert [call.arguments["policy"] for call in plan(cloud, servers=["b"], **by_id).calls] == [ID]
    with pytest.raises(InvalidInput, match="^name: .* is the ID of one policy, and one policy is not enough"):
        plan(cloud, servers=["a", "b", "d"], **by_id)
    renamed = plan(cloud, new_name="weekly", **by_id)
    assert [call.arguments for call in renamed.calls] == [{"policy": ID, "name": "weekly"}]
    assert plan(cloud_of(policy("weekly", id=ID)), new_name="weekly", **by_id).calls == ()


def test_an_id_without_a_policy_is_no_name_for_a_new_one() -> None:
    with pytest.raises(InvalidInput, match=f"^name: there is no policy with the ID {ID}"):
        plan(cloud_of(), name=ID, suffix="when_needed", schedule=SCHEDULE)
    assert plan(cloud_of(), name=ID, suffix="when_needed", state="absent").calls == ()


def test_a_policy_that_is_too_new_to_be_listed_is_found_by_its_id() -> None:
    cloud = cloud_of(policy("nightly", id=ID))
    cloud.policies = list  # type: ignore[method-assign, assignment]
    todo = plan(cloud, name=ID, suffix="when_needed", enabled=False)
    assert [call.arguments["policy"] for call in todo.calls] == [ID]


# ========== Afterwards ==========
DONE: dict[str, t.Any] = {"servers": ["a", "b"], "servers_per_policy": 2}


def test_nothing_is_read_again_when_nothing_changed() -> None:
    cloud = cloud_of(policy(ONE))
    assert finish(cloud, Plan(), Outcome()) == {}
    assert cloud.asked == []


def test_the_set_is_reported_as_it_is_now() -> None:
    todo = plan(cloud_of(policy(ONE, "a")), **DONE)
    now = [policy(ONE, "ab"), policy(TWO, "c")]
    assert finish(cloud_of(*now), todo, Outcome({0: None}), **DONE) == {"policies": [policy_result(row) for row in now]}


def test_a_new_policy_is_waited_for_until_lists_show_it() -> None:
    todo = plan(cloud_of(policy("old", "a")), schedule=SCHEDULE, **DONE)
    assert [call.method for call in todo.calls] == ["change_members", "create_policy"]

    class Late(Counted):
        def policies(self) -> list[Row]:
            rows = super().policies()
            return rows if len(self.reads("policies")) > 2 else []

    cloud = Late([], [policy(ONE, "ab")])
    result = finish(cloud, todo, Outcome({0: None, 1: {"id": f"pol-{ONE}"}}), schedule=SCHEDULE, **DONE)
    assert [row["name"] for row in result["policies"]] == [ONE]
    assert len(cloud.reads("policies")) == 3


def test_servers_that_another_task_took_out_meanwhile_make_the_task_plan_again() -> None:
    todo = plan(cloud_of(policy(ONE, "a")), **DONE)
    with pytest.raises(PlanAgain, match=r"these servers are in no policy of the set: 'b' \(id-b\)"):
        finish(cloud_of(policy(ONE, "a")), todo, Outcome({0: None}), **DONE)


def test_a_change_that_another_task_overwrote_makes_the_task_plan_again() -> None:
    todo = plan(cloud_of(policy(ONE, "ab"), policy(TWO, "c")), description="new")
    changed, lost = policy(ONE, "ab", description="new"), policy(TWO, "c")
    with pytest.raises(PlanAgain, match=f"this is still to do: update backup policy '{TWO}'$"):
        finish(cloud_of(changed, lost), todo, Outcome({0: None, 1: None}), description="new")


def test_servers_and_tags_that_others_added_meanwhile_are_no_mistake() -> None:
    options: dict[str, t.Any] = {**DONE, "purge_servers": True, "tags": {"team": "web"}}
    todo = plan(cloud_of(policy(ONE, "ac")), **options)
    tags = [{"key": "team", "value": "web"}, {"key": "other", "value": ""}]
    assert finish(cloud_of(policy(ONE, "abf", tags=tags)), todo, Outcome({0: None}), **options)["policies"]


def test_a_policy_that_is_still_there_is_deleted_again() -> None:
    todo = plan(cloud_of(policy(ONE), policy(TWO)), state="absent")
    outcome = Outcome({0: None, 1: None})
    with pytest.raises(PlanAgain, match=f"policy '{TWO}' is still there"):
        finish(cloud_of(policy(TWO)), todo, outcome, state="absent")
    assert finish(cloud_of(policy("other")), todo, outcome, state="absent") == {}


@pytest.mark.parametrize("state", ["absent", "present"])
def test_a_deleted_policy_that_a_list_still_shows_is_gone(state: str) -> None:
    options: dict[str, t.Any] = {"state": state}
    if state == "present":
        options.update(servers=["b"], purge_servers=True)
    todo = plan(cloud_of(policy(ONE, "a"), policy(TWO, "b")), **options)
    left = [policy(TWO, "b")] if state == "present" else []
    cloud = cloud_of(*left)
    late = [policy(ONE, "a"), *left]
    cloud.policies = lambda: [dict(row) for row in late]  # type: ignore[method-assign]
    result = finish(cloud, todo, Outcome({0: None, 1: None}), **options)
    assert [row["name"] for row in result.get("policies", ())] == [row["name"] for row in left]


def test_after_a_failure_the_policies_are_reported_without_complaint() -> None:
    todo = plan(cloud_of(policy(ONE, "a"), policy(TWO, "c")), description="new", **DONE)
    failed = Outcome({0: None}, failures={1: CloudError("update", "no")})
    result = finish(cloud_of(policy(ONE, "ab"), policy(TWO, "c")), todo, failed, description="new", **DONE)
    assert [row["name"] for row in result["policies"]] == [ONE, TWO]
    absent = plan(cloud_of(policy(ONE), policy(TWO)), state="absent")
    assert [row["name"] for row in finish(cloud_of(policy(TWO)), absent, failed, state="absent")["policies"]] == [TWO]


def test_a_policy_that_was_renamed_is_found_by_its_id() -> None:
    options: dict[str, t.Any] = {"name": ID, "new_name": "weekly", "suffix": "when_needed"}
    todo = plan(cloud_of(policy("nightly", id=ID)), **options)
    result = finish(cloud_of(policy("weekly", id=ID)), todo, Outcome({0: None}), **options)
    assert [row["name"] for row in result["policies"]] == ["weekly"]
