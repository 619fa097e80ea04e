# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups or policies that a task names: a few are read one by one, more by one list and one tag query."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.find_resources import read_resources
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput, NotFound
from tests.support.fakes import Cloud, backup, policy

Row = dict[str, t.Any]
NEW_ID = "90c1d5fa-1b9f-4aeb-b2f4-81c806e98190"
TAG = [{"key": "a", "value": "1"}]


class Stale(Cloud):
    """A cloud with lists that are older than the last change, and without tags."""

    def policies(self) -> list[Row]:
        return [{**row, "tags": [{"key": "stale", "value": ""}]} for row in super().policies()]

    def backups(self, **query: t.Any) -> list[Row]:
        return [{**row, "tags": None} for row in super().backups(**query)]


def names(found: list[t.Any]) -> list[str]:
    return [resource["name"] for resource in found]


@pytest.mark.parametrize("count", [1, 3, 4, 6])
@pytest.mark.parametrize("by", ["id", "name"])
def test_resources_are_found_in_the_order_in_which_they_are_named(count: int, by: str) -> None:
    rows = [backup(f"b{number}", "web", tags=TAG) for number in range(6)]
    wanted = list(reversed(rows))[:count]
    found = read_resources("backup", [row[by] for row in wanted], Stale(backups=rows))
    assert found == [{"id": row["id"], "name": row["name"], "tags": {"a": "1"}} for row in wanted]


def test_few_resources_have_the_tags_that_they_have_now_and_not_those_of_a_list() -> None:
    cloud = Stale(policies=[policy("p", tags=TAG)])
    assert [resource["tags"] for resource in read_resources("policy", ["p"], cloud)] == [{"a": "1"}]


def test_few_backups_are_found_by_their_names_without_the_list_of_all() -> None:
    cloud = Cloud(backups=[backup("b", "web"), backup("bb", "db")])
    assert names(read_resources("backup", ["b", "bb"], cloud)) == ["b", "bb"]
    assert [query for what, query in cloud.asked if what == "backups"] == [{"name": "b"}, {"name": "bb"}]


@pytest.mark.parametrize("more", [[], ["x", "y", "z"]])
def test_a_resource_that_is_named_by_name_and_id_comes_once(more: list[str]) -> None:
    cloud = Cloud(policies=[policy("p"), *(policy(name) for name in more)])
    assert names(read_resources("policy", ["p", "pol-p", *more], cloud)) == ["p", *more]


@pytest.mark.parametrize("more", [[], ["x", "y", "z"]])
def test_an_ambiguous_name_lists_the_ids(more: list[str]) -> None:
    ids = ["1" + NEW_ID[1:], "2" + NEW_ID[1:]]
    rows = [backup("b", "web", id=ids[0]), backup("b", "db", id=ids[1]), *(backup(name, "web") for name in more)]
    with pytest.raises(InvalidInput, match=f"backup 'b' is ambiguous.*{ids[0]}, {ids[1]}"):
        read_resources("backup", ["b", *more], Cloud(backups=rows))
    assert read_resources("backup", [ids[1], *more], Cloud(backups=rows))[0]["id"] == ids[1]


@pytest.mark.parametrize("others", [0, 3])
def test_a_resource_that_is_too_new_to_be_listed_is_found_by_its_id(others: int) -> None:
    listed = [policy(f"p{number}") for number in range(others)]
    cloud = Cloud(policies=[policy("new", id=NEW_ID), *listed])
    cloud.policies = lambda: listed  # type: ignore[method-assign]
    assert names(read_resources("policy", [NEW_ID, *(row["name"] for row in listed)], cloud))[0] == "new"


@pytest.mark.parametrize("refs", [["p1", "no-1", "no-2"], ["p1", "p2", "p3", "no-1", "no-2"]])
def test_all_unknown_resources_are_named_or_left_out_where_that_is_allowed(refs: list[str]) -> None:
    cloud = Cloud(policies=[policy(f"p{number}") for number in range(1, 4)])
    with pytest.raises(InvalidInput, match="^resources: no such policy: 'no-1', 'no-2'$"):
        read_resources("policy", refs, cloud)
    assert names(read_resources("policy", refs, cloud, missing_ok=True)) == refs[:-2]


@pytest.mark.parametrize("count", [2, 5])
def test_a_row_that_two_pages_show_is_not_ambiguous(count: int) -> None:
    cloud = Cloud(policies=[policy(f"p{number}") for number in range(count)] * 2)
    refs = [f"p{number}" for number in range(count)]
    assert names(read_resources("policy", refs, cloud)) == refs


class Vanishing(Cloud):
    """A cloud in which all policies are deleted after the list was read."""

    def policies(self) -> list[Row]:
        return [{**row, "tags": None} for row in super().policies()]

    def policy(self, policy_id: str) -> Row | None:
        return None

    def tags_of(self, resource_type: str, resource_id: str) -> list[Row]:
        raise NotFound("read", "no such policy", "CSBS.3000", 404)

    def find_tagged(self, resource_type: str, query: Row) -> list[Row]:
        return []


def test_a_resource_that_is_deleted_meanwhile_is_left_out_only_where_it_may_be_missing() -> None:
    cloud = Vanishing(policies=[policy("p")])
    assert read_resources("policy", ["p"], cloud, missing_ok=True) == []
    with pytest.raises(NotFound):
        read_resources("policy", ["p"], cloud)


def test_of_many_resources_one_that_is_deleted_meanwhile_has_no_tags() -> None:
    refs = [f"p{number}" for number in range(5)]
    found = read_resources("policy", refs, Vanishing(policies=[policy(name) for name in refs]), missing_ok=True)
    assert [resource["tags"] for resource in found] == [{}] * 5
