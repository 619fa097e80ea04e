# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The info modules: every filter narrows, names match exactly, nothing found is an empty list."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError, InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.policy import policy_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup_info import (
    parse_options as parse_backup_info_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup_info import (
    read as read_backup_info,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy_info import (
    parse_options as parse_policy_info_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy_info import (
    read as read_policy_info,
)
from tests.support.fakes import DAILY_0200, Cloud, backup, policy, server

QUERIES = dict.fromkeys(("tags", "tags_any", "not_tags", "not_tags_any"))
A = [{"key": "a", "value": "1"}]
GONE_ID = "45baf976-c20a-4894-a7c3-c94b7376bf55"


# ========== Policies ==========
def policies(cloud: Cloud, **options: t.Any) -> list[str]:
    params = {"name": None, "servers": None, "server_filters": None, **QUERIES, **options}
    found = read_policy_info(parse_policy_info_options(params), cloud)["policies"]
    return [one["id"] for one in found]


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
    assert policies(Cloud(FLEET, POLICIES), **options) == ids


def test_an_ambiguous_server_is_refused() -> None:
    with pytest.raises(InvalidInput, match="ambiguous.* t1, t2"):
        policies(Cloud(FLEET, POLICIES), servers=["twin"])


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
    make_options = parse_policy_info_options({"name": None, "servers": servers, "server_filters": None, **QUERIES})
    found = read_policy_info(make_options, cloud)["policies"]
    assert found == [policy_result(one) for one in cloud.all_policies]
    assert [what for what, _about in cloud.asked].count("policy") == (5 if lacks else 0)
    assert [what for what, _about in cloud.asked].count("servers") == 1


def test_a_policy_that_is_deleted_while_it_is_looked_up_is_left_out() -> None:
    cloud = Cloud(policies=[policy("nightly"), policy("weekly")])
    cloud.policies = lambda: [policy("nightly"), policy("weekly"), policy("gone")]  # type: ignore[method-assign]
    assert policies(cloud) == ["pol-nightly", "pol-weekly"]


def test_tags_that_a_get_leaves_out_are_read_by_one_query() -> None:
    cloud = Cloud(policies=[policy("nightly", tags=None), policy("weekly", tags=None)])
    cloud.find_tagged = lambda resource_type, query: [{"resource_id": "pol-nightly", "tags": A}]  # type: ignore[method-assign]
    make_options = parse_policy_info_options({"name": None, "servers": None, "server_filters": None, **QUERIES})
    assert [one["tags"] for one in read_policy_info(make_options, cloud)["policies"]] == [{"a": "1"}, {}]


# ========== Backups ==========
OPTIONS = (
    "ids",
    "name",
    "policy",
    "servers",
    "server_filters",
    "created_after",
    "created_before",
    "availability_zone",
    "checkpoint_id",
    "count_only",
    "image_type",
    "status",
)
IDS = [f"{number}0c1d5fa-1b9f-4aeb-b2f4-81c806e98190" for number in range(3)]
BACKUPS = [
    backup("b", "web", id=IDS[0], created_at="2026-06-01T00:00:00", info={"resource_az": "eu-de-01"}, tags=A),
    backup("b-0001", "db", "error", id=IDS[1], created_at="2026-06-03T00:00:00", info={"image_type": "backup"}),
    backup("bb", "gone", id=IDS[2], created_at="2026-06-02T00:00:00.000001", info={"resource_az": "eu-de-02"}),
]


class WithPolicies(Cloud):
    """A cloud that knows which policy made which backup, and filters by what its rows may not tell."""

    def backups(self, **query: t.Any) -> list[dict[str, t.Any]]:
        made = {"pol-nightly": [IDS[0]]}.get(query.pop("policy_id", ""))
        told = {"resource_az": query.get("availability_zone"), "image_type": query.get("image_type")}
        return [
            row
            for row in super().backups(**query)
            if (made is None or row["id"] in made)
            and all(value is None or row["extend_info"].get(key) == value for key, value in told.items())
        ]


def backups(**options: t.Any) -> list[str]:
    params = {**dict.fromkeys(OPTIONS), **QUERIES, **options}
    cloud = WithPolicies(FLEET, POLICIES, BACKUPS)
    return [one["name"] for one in read_backup_info(parse_backup_info_options(params), cloud)["backups"]]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["b-0001", "bb", "b"]),
        ({"name": "b"}, ["b"]),
        ({"ids": [IDS[0]]}, ["b"]),
        ({"ids": [IDS[0], IDS[2], IDS[0], "no-such"]}, ["bb", "b"]),
        ({"ids": ["no-such"]}, []),
        ({"ids": []}, []),
        ({"ids": [IDS[0]], "status": "error"}, []),
        ({"ids": [IDS[0]], "servers": ["db"]}, []),
        ({"ids": [IDS[0]], "policy": "nightly"}, ["b"]),
        ({"ids": [IDS[1]], "policy": "nightly"}, []),
        ({"policy": "nightly"}, ["b"]),
        ({"servers": ["web"]}, ["b"]),
        ({"servers": ["gone"]}, ["bb"]),
        ({"servers": [GONE_ID]}, []),
        ({"servers": []}, []),
        ({"servers": ["no-such"]}, []),
        ({"servers": ["gone"], "status": "error"}, []),
        ({"policy": "no-such"}, []),
        ({"server_filters": {"name": "zzz"}}, []),
        ({"server_filters": {"name": "d*"}}, ["b-0001"]),
        ({"status": "error"}, ["b-0001"]),
        ({"availability_zone": "eu-de-02"}, ["bb"]),
        ({"image_type": "backup"}, ["b-0001"]),
        ({"checkpoint_id": "rec-bb-gone"}, ["bb"]),
        ({"created_after": "2026-06-02"}, ["b-0001", "bb"]),
        ({"created_after": "2026-06-02", "created_before": "2026-06-02T12:00:00Z"}, ["bb"]),
        ({"created_before": "2026-06-02T02:00:00+02:00"}, ["b"]),
        ({"tags": {"a": None}}, ["b"]),
        ({"tags": {"a": None}, "status": "error"}, []),
    ],
)
def test_backups_fit_every_filter_the_newest_first(options: dict[str, t.Any], names: list[str]) -> None:
    assert backups(**options) == names


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"created_after": "soon"}, "created_after: 'soon'"),
        ({"created_before": "2026-13-01"}, "created_before: "),
        ({"policy": "same"}, "ambiguous.* same-1, same-2"),
        ({"servers": ["twin"]}, "ambiguous.* t1, t2"),
        ({"servers": ["twin"], "policy": "no-such"}, "ambiguous.* t1, t2"),
        ({"tags": {"a": {"b": "c"}}}, "tags: .*not a tag value"),
        ({"server_filters": {}}, "server_filters"),
        ({"count_only": True, "name": "b"}, "count_only: .*by name"),
        ({"count_only": True, "ids": ["x"]}, "count_only: .*by ids"),
        ({"count_only": True, "tags": {"a": None}, "status": "error"}, "count_only: .*not by both"),
    ],
)
def test_a_filter_that_is_none_is_refused_with_its_value(options: dict[str, t.Any], fragment: str) -> None:
    with pytest.raises(InvalidInput, match=fragment):
        backups(**options)


def test_a_backup_that_two_pages_show_is_one() -> None:
    class Moving(Cloud):
        def backups(self, **query: t.Any) -> list[dict[str, t.Any]]:
            return [row for row in super().backups(**query) for _page in range(2)]

    params = {**dict.fromkeys(OPTIONS), **QUERIES}
    found = read_backup_info(parse_backup_info_options(params), Moving(FLEET, POLICIES, BACKUPS))
    assert found["count"] == len(found["backups"]) == len(BACKUPS)


def test_rows_that_do_not_tell_what_the_service_filtered_by_are_believed() -> None:
    class Sparse(WithPolicies):
        def backups(self, **query: t.Any) -> list[dict[str, t.Any]]:
            return [{**row, "extend_info": {}} for row in super().backups(**query)]

    params = {**dict.fromkeys(OPTIONS), **QUERIES, "availability_zone": "eu-de-02"}
    found = read_backup_info(parse_backup_info_options(params), Sparse(FLEET, POLICIES, BACKUPS))
    assert [one["name"] for one in found["backups"]] == ["bb"]


def test_backups_that_are_too_new_to_be_listed_are_found_by_their_ids() -> None:
    class Late(Cloud):
        def backups(self, **query: t.Any) -> list[dict[str, t.Any]]:
            return super().backups(**query)[1:]

    params = {**dict.fromkeys(OPTIONS), **QUERIES, "ids": [one["id"] for one in BACKUPS]}
    found = read_backup_info(parse_backup_info_options(params), Late(FLEET, POLICIES, BACKUPS))
    assert len(found["backups"]) == len(BACKUPS)


def test_tags_are_read_one_by_one_where_the_service_refuses_a_query_for_none() -> None:
    class Strict(Cloud):
        def find_tagged(self, resource_type: str, query: dict[str, t.Any]) -> list[dict[str, t.Any]]:
            raise CloudError("look up", "no tags given", "CSBS.9001", 400)

        def backups(self, **query: t.Any) -> list[dict[str, t.Any]]:
            return [{**row, "tags": None} for row in super().backups(**query)]

    params = {**dict.fromkeys(OPTIONS), **QUERIES, "name": "b"}
    tagged = [backup("b", "web", tags=[{"key": "a", "value": "1"}])]
    found = read_backup_info(parse_backup_info_options(params), Strict(FLEET, backups=tagged))
    assert found["backups"][0]["tags"] == {"a": "1"}
