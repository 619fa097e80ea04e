# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag: from the current tags to the desired ones, for several resources at once."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    InvalidInput,
    NotFound,
    NotStarted,
    OutcomeUnknown,
    TaskFailed,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.tag import (
    finish as finish_tag,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.tag import (
    parse_options as parse_tag_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.tag import (
    plan as plan_tag,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome, Plan
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.tag import TagOptions
from tests.support.fakes import Cloud, Ticks, policy


def listed(**tags: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


TEN = listed(**{f"k{number}": "" for number in range(10)})


def make_options(**options: t.Any) -> TagOptions:
    return parse_tag_options(
        {
            "resource_type": "policy",
            "resources": ["nightly"],
            "state": "present",
            "purge": False,
            "tags": {},
            **options,
        }
    )


def plan(cloud: Cloud, **options: t.Any) -> Plan:
    return plan_tag(make_options(**options), cloud)


def sent(todo: Plan) -> list[tuple[str, t.Any]]:
    about = ("resource_type", "resource_id")
    return [
        (call.method, {key: value for key, value in call.arguments.items() if key not in about}) for call in todo.calls
    ]


@pytest.mark.parametrize(
    ("present", "options", "calls"),
    [
        ({"a": "1"}, {"tags": {"a": 1}}, []),
        ({"a": "1"}, {"tags": {}}, []),
        ({"a": "1"}, {"tags": {"b": "2"}}, [("add_tag", {"key": "b", "value": "2"})]),
        ({"a": "1"}, {"tags": {"a": "2"}}, [("add_tag", {"key": "a", "value": "2"})]),
        (
            {"a": "1", "c": ""},
            {"tags": {"b": "2", "d": ""}, "purge": True},
            [("unset_tags", {"tags": listed(a="1", c="")}), ("set_tags", {"tags": listed(b="2", d="")})],
        ),
        ({"a": "1"}, {"tags": {}, "purge": True}, [("remove_tag", {"key": "a"})]),
        ({}, {"tags": {}, "purge": True}, []),
        ({"a": "1"}, {"tags": {"a": None}, "state": "absent"}, [("remove_tag", {"key": "a"})]),
        ({"a": "1"}, {"tags": {"a": "1"}, "state": "absent"}, [("remove_tag", {"key": "a"})]),
        ({"a": "1"}, {"tags": {"a": "2"}, "state": "absent"}, []),
        ({"a": "1"}, {"tags": {"b": None}, "state": "absent"}, []),
        ({"a": "1"}, {"tags": {}, "state": "absent"}, []),
    ],
)
def test_only_the_difference_is_sent_removals_first(
    present: dict[str, str], options: dict[str, t.Any], calls: list[t.Any]
) -> None:
    todo = plan(Cloud(policies=[policy(tags=listed(**present))]), **options)
    assert sent(todo) == calls
    assert (todo.before == todo.after) is (not calls)


def test_a_purge_with_absent_is_refused() -> None:
    with pytest.raises(InvalidInput, match="purge goes with state present"):
        make_options(state="absent", purge=True)


def test_a_tag_that_cannot_be_set_can_still_be_removed() -> None:
    assert make_options(state="absent", tags={"a.b": None}).tags == {"a.b": ""}
    with pytest.raises(InvalidInput, match="'a.b'"):
        make_options(tags={"a.b": ""})


def test_the_limit_counts_what_would_be_there_afterwards_and_names_the_resource() -> None:
    cloud = Cloud(policies=[policy("free"), policy("full", tags=TEN)])
    with pytest.raises(InvalidInput, match=r"policy 'full' \(pol-full\) would have 11 tags"):
        plan(cloud, resources=["free", "full"], tags={"new": "1"})
    assert plan(cloud, resources=["full"], tags={"new": "1"}, purge=True).changed
    assert plan(cloud, resources=["full"], tags={"k0": "1"}).changed


def test_a_resource_named_twice_is_changed_once() -> None:
    todo = plan(Cloud(policies=[policy()]), resources=["nightly", "pol-nightly", "nightly"], tags={"a": "1"})
    assert [call.arguments["resource_id"] for call in todo.calls] == ["pol-nightly"]
    assert len(todo.result["resources"]) == 1


def test_every_unknown_resource_is_named_before_anything_is_sent() -> None:
    with pytest.raises(InvalidInput, match="no such policy: 'no-1', 'no-2'"):
        plan(Cloud(policies=[policy()]), resources=["nightly", "no-1", "no-2"], tags={"a": "1"})


def test_absent_on_nothing_succeeds() -> None:
    assert plan(Cloud(), state="absent", tags={"a": None}).calls == ()


def test_the_result_has_the_tags_that_will_be_there_and_then_those_that_are() -> None:
    cloud = Cloud(policies=[policy(tags=listed(a="1"))])
    todo = plan(cloud, tags={"b": 2})
    expected = [{"id": "pol-nightly", "name": "nightly", "tags": {"a": "1", "b": "2"}}]
    assert todo.result["resources"] == expected
    cloud.all_policies[0]["tags"] = listed(b="2", a="1", meanwhile="x")
    after = finish_tag(make_options(), cloud, todo, Outcome(), Ticks().clock())
    assert after["resources"][0]["tags"] == {"a": "1", "b": "2", "meanwhile": "x"}


def finish(cloud: Cloud, todo: Plan, outcome: Outcome | None = None, **options: t.Any) -> t.Any:
    return finish_tag(make_options(**options), cloud, todo, outcome or Outcome(), Ticks().clock())


def test_a_change_that_shows_late_is_waited_for_and_one_that_never_shows_fails() -> None:
    cloud = Cloud(policies=[policy()])
    todo = plan(cloud, tags={"a": "1"})
    readings: list[list[dict[str, str]]] = [[], [], listed(a="1")]
    cloud.tags_of = lambda resource_type, key: readings.pop(0) if len(readings) > 1 else readings[0]  # type: ignore[method-assign]
    assert finish(cloud, todo, tags={"a": "1"})["resources"][0]["tags"] == {"a": "1"}
    readings[:] = [listed(b="2")]
    with pytest.raises(
        TaskFailed, match=r"accepted the change of policy 'nightly' \(pol-nightly\) but shows the tags {'b': '2'}"
    ) as failure:
        finish(cloud, todo, Outcome({0: None}), tags={"a": "1"})
    assert failure.value.results["changed"] is True
    assert failure.value.results["resources"] == [{"id": "pol-nightly", "name": "nightly", "tags": {"b": "2"}}]


def test_a_task_ends_when_the_tag_query_shows_its_change() -> None:
    """Or the next task, which asks the query, would find nothing to do."""
    cloud = Cloud(policies=[policy(tags=listed(a="1"))])
    todo = plan(cloud, tags={"a": "2"})
    cloud.all_policies[0]["tags"] = listed(a="2")
    rows = [{"resource_id": "pol-nightly", "tags": tags} for tags in (listed(a="1"), listed(a="1"), listed(a="2"))]
    asked = []

    def find_tagged(resource_type: str, query: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        asked.append(query)
        return [rows.pop(0), {"resource_id": "pol-other", "tags": None}]

    cloud.find_tagged = find_tagged  # type: ignore[method-assign]
    assert finish(cloud, todo, tags={"a": "2"})["resources"][0]["tags"] == {"a": "2"}
    assert asked == [{}, {}, {}] and rows == []


def test_what_was_not_started_is_named_with_the_tags_that_it_has() -> None:
    cloud = Cloud(policies=[policy("p1"), policy("p2", tags=listed(old="1"))])
    todo = plan(cloud, resources=["p1", "p2"], tags={"a": "1"})
    cloud.all_policies[0]["tags"] = listed(a="1")
    late = NotStarted(todo.calls[1].operation, "it was not started.")
    reads = []
    tags_of = cloud.tags_of
    cloud.tags_of = lambda resource_type, key: reads.append(key) or tags_of(resource_type, key)  # type: ignore[method-assign,func-returns-value]
    with pytest.raises(
        TaskFailed, match=r"^1 of 2 resources .*set a tag of policy 'p2' \(pol-p2\): it was not started"
    ) as failure:
        finish(cloud, todo, Outcome({0: None}, failures={1: late}), resources=["p1", "p2"], tags={"a": "1"})
    assert [resource["tags"] for resource in failure.value.results["resources"]] == [{"a": "1"}, {"old": "1"}]
    assert reads == ["pol-p1"]


def test_a_lost_answer_that_had_its_effect_is_a_change() -> None:
    cloud = Cloud(policies=[policy()])
    todo = plan(cloud, tags={"a": "1", "b": "2"})
    cloud.all_policies[0]["tags"] = listed(a="1", b="2")
    with pytest.raises(TaskFailed) as failure:
        finish(
            cloud,
            todo,
            Outcome(failures={0: OutcomeUnknown(todo.calls[0].operation, "closed")}),
            tags={"a": "1", "b": "2"},
        )
    assert failure.value.results["changed"] is True


def test_calls_of_one_resource_are_one_group_with_removals_first() -> None:
    cloud = Cloud(policies=[policy(name, tags=listed(old="1")) for name in ("p1", "p2")])
    todo = plan(cloud, resources=["p1", "p2"], tags={"a": "1"}, purge=True)
    assert todo.workers > 0
    assert [(call.group, call.method) for call in todo.calls] == [
        (group, method) for group in ("pol-p1", "pol-p2") for method in ("remove_tag", "add_tag")
    ]


@pytest.mark.parametrize("state", ["absent", "present"])
def test_a_resource_that_is_deleted_meanwhile_has_no_tags_which_is_wrong_only_where_it_should_have_some(
    state: str,
) -> None:
    cloud = Cloud(policies=[policy(tags=listed(a="1"))])
    tags = {"a": None} if state == "absent" else {"b": "2"}
    todo = plan(cloud, state=state, tags=tags)

    def tags_of(resource_type: str, resource_id: str) -> list[dict[str, str]]:
        raise NotFound("read the tags", "no such policy", "CSBS.3000", 404)

    cloud.tags_of = tags_of  # type: ignore[method-assign]
    if state == "absent":
        assert finish(cloud, todo, Outcome({0: None}), state=state, tags=tags)["resources"][0]["tags"] == {}
        return
    with pytest.raises(TaskFailed, match="no such policy") as failure:
        finish(cloud, todo, Outcome({0: None}), state=state, tags=tags)
    assert failure.value.results["resources"][0]["tags"] is None
    assert failure.value.results["error_code"] == "CSBS.3000"


# ========== Policies whose vaults have the tags ==========
class InVaults(Cloud):
    """A cloud in which vaults have the tags of policies."""

    def tags_of(self, resource_type: str, resource_id: str) -> list[dict[str, str]]:
        assert resource_type == "vault"
        vaults = [vault for one in self.all_policies for vault in one["vaults"]]
        return next(list(vault["tags"]) for vault in vaults if vault["id"] == resource_id)

    def policies(self) -> list[dict[str, t.Any]]:
        return copy.deepcopy(super().policies())


def in_vaults(*each: dict[str, str]) -> dict[str, t.Any]:
    """A policy of CBR with a vault for each set of tags."""
    vaults = [
        {"id": f"v{number}", "name": f"vault-{number}", "tags": listed(**tags)} for number, tags in enumerate(each)
    ]
    return policy(vaults=vaults)


@pytest.mark.parametrize(
    ("each", "options", "calls"),
    [
        ([{"a": "1"}, {}], {"tags": {"a": "1"}}, [("v1", "add_tag")]),
        ([{"a": "1"}, {"a": "2"}], {"tags": {"a": "2"}}, [("v0", "add_tag")]),
        ([{"a": "1"}, {"a": "1"}], {"tags": {"a": "1"}}, []),
        ([{}, {"a": "1"}], {"tags": {"a": None}, "state": "absent"}, [("v1", "remove_tag")]),
        (
            [{"a": "1"}, {"a": "2"}],
            {"tags": {"a": None}, "state": "absent"},
            [("v0", "remove_tag"), ("v1", "remove_tag")],
        ),
        ([{"a": "1"}, {"a": "2"}], {"tags": {"a": "2"}, "state": "absent"}, [("v1", "remove_tag")]),
        ([{"a": "1"}, {"b": "1"}], {"tags": {"b": "1"}, "purge": True}, [("v0", "remove_tag"), ("v0", "add_tag")]),
        ([], {"tags": {}, "purge": True}, []),
        ([], {"tags": {"a": None}, "state": "absent"}, []),
    ],
)
def test_each_vault_gets_only_what_differs_there(
    each: list[dict[str, str]], options: dict[str, t.Any], calls: list[tuple[str, str]]
) -> None:
    todo = plan(InVaults(policies=[in_vaults(*each)]), **options)
    assert [(call.arguments["resource_id"], call.method) for call in todo.calls] == calls
    assert {call.arguments["resource_type"] for call in todo.calls} <= {"vault"}
    assert (todo.before == todo.after) is (not calls)


def test_a_policy_has_the_tags_that_all_its_vaults_have() -> None:
    cloud = InVaults(policies=[in_vaults({"a": "1", "b": "1"}, {"a": "1"})])
    todo = plan(cloud, tags={"c": "3"})
    assert todo.before["resources"][0]["tags"] == {"a": "1"}
    assert todo.result["resources"] == [{"id": "pol-nightly", "name": "nightly", "tags": {"a": "1", "c": "3"}}]


def test_a_policy_without_a_vault_cannot_get_tags() -> None:
    with pytest.raises(InvalidInput, match=r"^tags: policy 'nightly' \(pol-nightly\) has no vault yet.*put a server"):
        plan(InVaults(policies=[in_vaults()]), tags={"a": "1"})


def test_the_limit_counts_the_tags_of_each_vault_and_names_the_vault() -> None:
    ten = {f"k{number}": "" for number in range(10)}
    cloud = InVaults(policies=[in_vaults({}, ten)])
    with pytest.raises(InvalidInput, match=r"vault 'vault-1' of policy 'nightly' \(pol-nightly\) would have 11 tags"):
        plan(cloud, tags={"new": "1"})


def test_a_refusal_names_the_vault_and_the_other_vaults_are_told_as_they_are() -> None:
    cloud = InVaults(policies=[in_vaults({}, {})])
    todo = plan(cloud, tags={"a": "1"})
    cloud.tags_of = lambda resource_type, key: listed(a="1") if key == "v0" else []  # type: ignore[method-assign]
    refused = NotFound(todo.calls[1].operation, "no such vault", "BackupService.6105", 404)
    with pytest.raises(
        TaskFailed, match=r"^1 of 1 resources .*set a tag of vault 'vault-1' of policy 'nightly'"
    ) as failure:
        finish(cloud, todo, Outcome({0: None}, failures={1: refused}), tags={"a": "1"})
    assert failure.value.results["changed"] is True
    assert failure.value.results["resources"] == [{"id": "pol-nightly", "name": "nightly", "tags": {}}]


def test_tags_on_backups_are_refused_where_the_service_keeps_none() -> None:
    with pytest.raises(InvalidInput, match=r"^resource_type: .* keeps no tags on backups"):
        make_options(service="cbr", resource_type="backup")
    with pytest.raises(InvalidInput, match="has the form of an ID"):
        make_options(service="cbr", tags={"45baf976-c20a-4894-a7c3-c94b7376bf55": "x"})
