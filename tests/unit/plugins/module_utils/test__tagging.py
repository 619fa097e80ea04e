# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag: from the present tags to the wanted ones, for several resources at once."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils import _tagging
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plan import Outcome, Plan
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._rules import InvalidInput

from tests.unit.plugins.module_utils.fakes import SUMMER, Cloud, Ticks, backup, policy


def listed(**tags: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


TEN = listed(**{f"k{number}": "" for number in range(10)})


def wish(**options: t.Any) -> _tagging.TagWish:
    return _tagging.wish_tags(
        {
            "resource_type": "policy",
            "resources": ["nightly"],
            "state": "present",
            "purge": False,
            "tags": {},
            **options,
        },
        SUMMER,
    )


def plan(cloud: Cloud, **options: t.Any) -> Plan:
    return _tagging.plan_tag_task(wish(**options), cloud)


def sent(todo: Plan) -> list[tuple[str, t.Any]]:
    about = ("owner", "resource_id")
    return [(call.method, {key: value for key, value in call.arguments.items() if key not in about}) for call in todo.calls]


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
        wish(state="absent", purge=True)


def test_a_tag_that_cannot_be_set_can_still_be_removed() -> None:
    assert wish(state="absent", tags={"a.b": None}).tags == {"a.b": ""}
    with pytest.raises(InvalidInput, match="'a.b'"):
        wish(tags={"a.b": ""})


def test_the_limit_counts_what_would_be_there_afterwards_and_names_the_owner() -> None:
    cloud = Cloud(policies=[policy("free"), policy("full", tags=TEN)])
    with pytest.raises(InvalidInput, match="policy 'full' would have 11 tags"):
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


def test_an_ambiguous_backup_lists_the_ids() -> None:
    cloud = Cloud(backups=[backup("b", "web"), backup("b", "db")])
    with pytest.raises(InvalidInput, match="backup 'b' is ambiguous.*item-b-db, item-b-web"):
        plan(cloud, resource_type="backup", resources=["b"], tags={"a": "1"})
    (call,) = plan(cloud, resource_type="backup", resources=["item-b-db"], tags={"a": "1"}).calls
    assert (call.arguments["owner"], call.arguments["resource_id"]) == ("backup", "item-b-db")


def test_a_resource_that_is_too_new_to_be_listed_is_found_by_its_id() -> None:
    new_id = "90c1d5fa-1b9f-4aeb-b2f4-81c806e98190"
    cloud = Cloud(policies=[policy("new", id=new_id)])
    cloud.policies = lambda: []  # type: ignore[method-assign]
    assert plan(cloud, resources=[new_id], tags={"a": "1"}).changed


def test_the_result_has_the_tags_that_will_be_there_and_then_those_that_are() -> None:
    cloud = Cloud(policies=[policy(tags=listed(a="1"))])
    todo = plan(cloud, tags={"b": 2})
    expected = [{"id": "pol-nightly", "name": "nightly", "tags": {"a": "1", "b": "2"}}]
    assert todo.result["resources"] == expected
    cloud.all_policies[0]["tags"] = listed(b="2", a="1", meanwhile="x")
    after = _tagging.finish_tags(wish(), cloud, todo, Outcome(), Ticks().clock())
    assert after["resources"][0]["tags"] == {"a": "1", "b": "2", "meanwhile": "x"}
