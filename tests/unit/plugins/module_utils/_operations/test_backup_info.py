# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup_info: every option narrows, names match exactly, and nothing found is an empty list."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup_info import parse_options, read
from tests.support.fakes import Cloud, backup, policy, server

QUERIES = dict.fromkeys(("tags", "tags_any", "not_tags", "not_tags_any"))
A = [{"key": "a", "value": "1"}]
GONE_ID = "45baf976-c20a-4894-a7c3-c94b7376bf55"
FLEET = [server("web"), server("db"), server("twin", "t1"), server("twin", "t2")]
POLICIES = [policy("nightly"), policy("same", id="same-1"), policy("same", id="same-2")]
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
    """A cloud that knows which policy made which backup, and filters by fields that its rows may lack."""

    def backups(self, **query: t.Any) -> list[dict[str, t.Any]]:
        made = {"pol-nightly": [IDS[0]]}.get(query.pop("policy_id", ""))
        told = {"resource_az": query.get("availability_zone"), "image_type": query.get("image_type")}
        return [
            row
            for row in super().backups(**query)
            if (made is None or row["id"] in made)
            and all(value is None or row["extend_info"].get(key) == value for key, value in told.items())
        ]


def look_up(cloud: Cloud | None = None, **options: t.Any) -> dict[str, t.Any]:
    params = {**dict.fromkeys(OPTIONS), **QUERIES, **options}
    return read(parse_options(params), cloud or WithPolicies(FLEET, POLICIES, BACKUPS))


def names_of(cloud: Cloud | None = None, **options: t.Any) -> list[str]:
    return [backup["name"] for backup in look_up(cloud, **options)["backups"]]


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
    assert names_of(**options) == names


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
def test_a_bad_option_is_refused_with_its_name(options: dict[str, t.Any], fragment: str) -> None:
    with pytest.raises(InvalidInput, match=fragment):
        look_up(**options)


def test_a_backup_that_two_pages_show_is_one() -> None:
    class Moving(Cloud):
        def backups(self, **query: t.Any) -> list[dict[str, t.Any]]:
            return [row for row in super().backups(**query) for _page in range(2)]

    found = look_up(Moving(FLEET, POLICIES, BACKUPS))
    assert found["count"] == len(found["backups"]) == len(BACKUPS)


def test_a_row_that_lacks_the_field_that_the_service_filtered_by_matches() -> None:
    class Sparse(WithPolicies):
        def backups(self, **query: t.Any) -> list[dict[str, t.Any]]:
            return [{**row, "extend_info": {}} for row in super().backups(**query)]

    assert names_of(Sparse(FLEET, POLICIES, BACKUPS), availability_zone="eu-de-02") == ["bb"]


def test_backups_that_are_too_new_to_be_listed_are_found_by_their_ids() -> None:
    class Late(Cloud):
        def backups(self, **query: t.Any) -> list[dict[str, t.Any]]:
            return super().backups(**query)[1:]

    assert len(names_of(Late(FLEET, POLICIES, BACKUPS), ids=IDS)) == len(BACKUPS)


class Counting(WithPolicies):
    """A cloud that counts by its own lists, and notes how it was asked."""

    def count_backups(self, **query: t.Any) -> int:
        self.asked.append(("count", query))
        query = {key: query[key] for key in query if key not in ("start_time", "end_time")}
        return len(self.backups(**query))

    def count_tagged(self, resource_type: str, query: dict[str, t.Any]) -> int:
        return len(self.find_tagged(resource_type, query))


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 3),
        ({"servers": ["web", "db"]}, 2),
        ({"servers": [f"id-{number}" for number in range(3)] + ["id-gone", "id-web"]}, 2),
        ({"policy": "nightly"}, 1),
        ({"availability_zone": "eu-de-02"}, 1),
        ({"servers": ["no-such"]}, 0),
        ({"policy": "no-such"}, 0),
        ({"tags": {"a": None}}, 1),
    ],
)
def test_a_count_comes_without_the_backups(options: dict[str, t.Any], count: int) -> None:
    fleet = [*FLEET, *(server(str(number)) for number in range(3)), server("gone")]
    found = look_up(Counting(fleet, POLICIES, BACKUPS), count_only=True, **options)
    assert found == {"backups": [], "count": count}


def test_times_are_counted_in_utc_without_a_zone() -> None:
    cloud = Counting(FLEET, POLICIES, BACKUPS)
    look_up(cloud, count_only=True, created_after="2026-06-02T02:00:00+02:00", created_before="2026-06-03")
    asked = [query for what, query in cloud.asked if what == "count"]
    assert asked == [{"start_time": "2026-06-02T00:00:00.000000", "end_time": "2026-06-03T00:00:00.000000"}]


@pytest.mark.parametrize(("servers", "lists"), [(["web"], 1), (["web", "db"], 2), (["web", "db", "t1", "t2"], 1)])
def test_a_few_servers_are_listed_one_by_one_and_more_by_one_list(servers: list[str], lists: int) -> None:
    cloud = Cloud(FLEET, POLICIES, BACKUPS)
    look_up(cloud, servers=servers)
    assert [what for what, _about in cloud.asked].count("backups") == lists


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"tags": {"a": None}}, r"^tags: .*\(CBR\) keeps no tags on backups.*leave tags out"),
        ({"not_tags_any": {"a": "1"}, "count_only": True}, r"^not_tags_any: .*keeps no tags on backups"),
        ({"image_type": "copy"}, r"^image_type: no backup of .*\(CBR\) has 'copy'; there are backup, replication"),
        ({"status": "deleted"}, r"^status: no backup of .* has 'deleted'; there are waiting_protect, "),
    ],
)
def test_what_no_backup_of_cbr_can_have_is_refused_for_cbr_only(options: dict[str, t.Any], reason: str) -> None:
    params = {**dict.fromkeys(OPTIONS), **QUERIES, **options}
    parse_options({**params, "service": "csbs"})
    with pytest.raises(InvalidInput, match=reason):
        parse_options({**params, "service": "cbr"})


def test_an_empty_tag_query_asks_for_nothing_on_either_service() -> None:
    params = {**dict.fromkeys(OPTIONS), **QUERIES, "tags": {}}
    assert [parse_options({**params, "service": service}).query for service in ("csbs", "cbr")] == [{}, {}]
