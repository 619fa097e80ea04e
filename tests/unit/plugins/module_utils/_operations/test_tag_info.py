# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag_info: the tags in use, and the resources that carry them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError, InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.tag_info import parse_options, read
from tests.support.fakes import Cloud, policy

OPTIONS = dict.fromkeys(("resources", "tags", "tags_any", "not_tags", "not_tags_any"))
A1, A2 = [{"key": "a", "value": "1"}], [{"key": "a", "value": "2"}]
POLICIES = [policy("nightly", tags=A1), policy("weekly", tags=A2), policy("plain")]


def look_up(cloud: Cloud, **options: t.Any) -> dict[str, t.Any]:
    return read(parse_options({"resource_type": "policy", **OPTIONS, **options}), cloud)


@pytest.mark.parametrize(
    ("options", "values", "names"),
    [
        ({}, {"a": ["1", "2"]}, ["nightly", "weekly"]),
        ({"resources": ["weekly"]}, {"a": ["2"]}, ["weekly"]),
        ({"resources": ["plain"]}, {}, ["plain"]),
        ({"resources": ["none"]}, {}, []),
        ({"resources": []}, {}, []),
        ({"tags": {"a": None}, "resources": ["weekly", "plain"]}, {"a": ["2"]}, ["weekly"]),
        ({"tags": {"a": None}}, {"a": ["1", "2"]}, ["nightly", "weekly"]),
        ({"tags": {"b": None}}, {}, []),
    ],
)
def test_resources_are_found_by_name_and_by_tag(
    options: dict[str, t.Any], values: dict[str, t.Any], names: list[str]
) -> None:
    found = look_up(Cloud(policies=POLICIES), **options)
    assert (found["tags"], [resource["name"] for resource in found["resources"]]) == (values, names)


def test_odd_entries_of_the_tags_in_use_are_left_out() -> None:
    cloud = Cloud(policies=POLICIES)
    odd: list[t.Any] = [{"key": "b"}, {"values": ["1"]}, {"key": "a", "values": ["2", None, "1"]}, None]
    cloud.tags_in_project = lambda resource_type: odd  # type: ignore[method-assign]
    assert look_up(cloud)["tags"] == {"b": [], "a": ["", "1", "2"]}


def test_all_resources_are_listed_where_the_service_refuses_a_query_without_a_tag() -> None:
    class Strict(Cloud):
        def find_tagged(self, resource_type: str, query: dict[str, t.Any]) -> list[dict[str, t.Any]]:
            raise CloudError("look up", "no tags given", "CSBS.9001", 400)

        def tags_in_project(self, resource_type: str) -> list[dict[str, t.Any]]:
            return [{"key": "a", "values": ["1", "2"]}]

        def policies(self) -> list[dict[str, t.Any]]:
            """Return a list without tags in which a page shows a policy again."""
            return [{**row, "tags": None} for row in super().policies() for _page in range(2)]

    assert look_up(Strict(policies=POLICIES)) == {
        "tags": {"a": ["1", "2"]},
        "resources": [
            {"id": "pol-nightly", "name": "nightly", "tags": {"a": "1"}},
            {"id": "pol-weekly", "name": "weekly", "tags": {"a": "2"}},
        ],
    }


def test_tags_on_backups_are_refused_where_the_service_keeps_none() -> None:
    with pytest.raises(InvalidInput, match=r"^resource_type: .* keeps no tags on backups"):
        parse_options({"resource_type": "backup", "service": "cbr", **OPTIONS})
