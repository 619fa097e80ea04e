# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_info: every option narrows, and lists are completed by as few requests as possible."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.policy import policy_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy_info import parse_options, read
from tests.support.fakes import DAILY_0200, Cloud, policy, server

QUERIES = dict.fromkeys(("tags", "tags_any", "not_tags", "not_tags_any"))
A = [{"key": "a", "value": "1"}]
GONE_ID = "45baf976-c20a-4894-a7c3-c94b7376bf55"


def look_up(cloud: Cloud, **options: t.Any) -> list[dict[str, t.Any]]:
    params = {"name": None, "servers": None, "server_filters": None, **QUERIES, **options}
    policies: list[dict[str, t.Any]] = read(parse_options(params), cloud)["policies"]
    return policies


def ids_of(cloud: Cloud, **options: t.Any) -> list[str]:
    return [policy["id"] for policy in look_up(cloud, **options)]


POLICIES = [
    policy("nightly", ["web", "gone"], tags=A),
    policy("weekly", ["db"]),
    policy("same", id="same-1"),
    policy("same", id="same-2"),
    policy("nightly-old"),
]
FLEET = [server("web"), server("db"), server("idle"), server("twin", "t1"), server("twin", "t2")]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({}, ["pol-nightly", "pol-weekly", "same-1", "same-2", "pol-nightly-old"]),
        ({"name": "nightly"}, ["pol-nightly"]),
        ({"name": "pol-weekly"}, ["pol-weekly"]),
        ({"name": "same"}, ["same-1", "same-2"]),
        ({"name": "night"}, []),
        ({"servers": ["web"]}, ["pol-nightly"]),
        ({"servers": ["web", "id-db"]}, ["pol-nightly", "pol-weekly"]),
        ({"servers": ["idle"]}, []),
        ({"servers": []}, []),
        ({"servers": ["gone"]}, ["pol-nightly"]),
        ({"servers": ["id-gone"]}, ["pol-nightly"]),
        ({"servers": [GONE_ID]}, []),
        ({"servers": ["no-such"]}, []),
        ({"servers": ["no-such", "db"]}, ["pol-weekly"]),
        ({"servers": ["gone"], "tags": {"b": None}}, []),
        ({"server_filters": {"name": "w*"}}, ["pol-nightly"]),
        ({"server_filters": {"name": "zzz"}}, []),
        ({"tags": {"a": 1}}, ["pol-nightly"]),
        ({"tags": {"a": 1}, "servers": ["db"]}, []),
    ],
)
def test_policies_fit_every_filter(options: dict[str, t.Any], ids: list[str]) -> None:
    assert ids_of(Cloud(FLEET, POLICIES), **options) == ids


def test_an_ambiguous_server_is_refused() -> None:
    with pytest.raises(InvalidInput, match="ambiguous.* t1, t2"):
        look_up(Cloud(FLEET, POLICIES), servers=["twin"])


class Listing(Cloud):
    """Lists policies without a part of them, and counts those that are read by their ID."""

    lacks: t.ClassVar[dict[str, t.Any]] = {}

    def policies(self) -> list[dict[str, t.Any]]:
        return [{**row, "tags": None, **self.lacks} for row in super().policies()]

    def policy(self, policy_id: str) -> dict[str, t.Any] | None:
        self.asked.append(("policy", policy_id))
        return super().policy(policy_id)


@pytest.mark.parametrize(
    "lacks",
    [
        {"resources": None},
        {"description": None},
        {"created_at": None},
        {"scheduled_operations": None},
        {"scheduled_operations": [{"enabled": True, "operation_definition": {}}]},
        {"scheduled_operations": [{"enabled": True, "trigger": {"properties": {"pattern": DAILY_0200}}}]},
        {"scheduled_operations": [{"operation_definition": {}, "trigger": {"properties": {"pattern": DAILY_0200}}}]},
        {},
    ],
)
@pytest.mark.parametrize("servers", [None, ["web", "gone"]])
def test_only_rows_that_lack_something_are_read_by_themselves(
    lacks: dict[str, t.Any], servers: list[str] | None
) -> None:
    cloud = Listing(FLEET, [policy(f"p{number}", ["web"], description="x", tags=A) for number in range(5)])
    cloud.lacks = lacks  # type: ignore[misc]
    found = look_up(cloud, servers=servers)
    assert found == [policy_result(row) for row in cloud.all_policies]
    assert [what for what, _about in cloud.asked].count("policy") == (5 if lacks else 0)
    assert [what for what, _about in cloud.asked].count("servers") == 1


def test_a_policy_that_is_deleted_while_it_is_looked_up_is_left_out() -> None:
    cloud = Cloud(policies=[policy("nightly"), policy("weekly")])
    cloud.policies = lambda: [policy("nightly"), policy("weekly"), policy("gone")]  # type: ignore[method-assign]
    assert ids_of(cloud) == ["pol-nightly", "pol-weekly"]


def test_tags_that_a_get_leaves_out_are_read_by_one_query() -> None:
    cloud = Cloud(policies=[policy("nightly", tags=None), policy("weekly", tags=None)])
    cloud.find_tagged = lambda resource_type, query: [{"resource_id": "pol-nightly", "tags": A}]  # type: ignore[method-assign]
    assert [policy["tags"] for policy in look_up(cloud)] == [{"a": "1"}, {}]


def test_a_policy_that_is_too_new_to_be_listed_is_found_by_its_id_and_read_once() -> None:
    cloud = Listing(FLEET, [policy("nightly", ["web"])])
    cloud.policies = lambda: []  # type: ignore[method-assign]
    assert ids_of(cloud, name="pol-nightly", servers=["web"]) == ["pol-nightly"]
    assert [what for what, _about in cloud.asked].count("policy") == 1


def test_a_server_has_its_present_name_and_a_former_one_the_name_in_the_policy() -> None:
    cloud = Cloud([server("renamed", "id-web")], [policy("nightly", ["web", "gone"])])
    assert [member["name"] for member in look_up(cloud)[0]["servers"]] == ["renamed", "gone"]


def test_policies_with_vaults_are_told_by_the_list_alone() -> None:
    vault = {
        "id": "v1",
        "name": "vault-1",
        "description": None,
        "size_gb": 40,
        "allocated_gb": 20,
        "used_mb": 100,
        "status": "available",
        "members": [],
        "tags": A,
    }
    cloud = Cloud(policies=[policy("nightly", tags=A, created_at=None, vaults=[vault]), policy("b", vaults=[])])
    cloud.policy = lambda policy_id: pytest.fail("a policy was read by itself")  # type: ignore[method-assign]
    found = look_up(cloud)
    assert [one["tags"] for one in found] == [{"a": "1"}, {}]
    assert [len(one["vaults"]) for one in found] == [1, 0]
