# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that ask for tags."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.tag_query import tag_query


@pytest.mark.parametrize(
    ("params", "query"),
    [
        ({}, {}),
        ({"tags": None, "tags_any": {}}, {}),
        ({"tags": {"team": "a"}}, {"tags": [{"key": "team", "values": ["a"]}]}),
        ({"not_tags": {"team": None}}, {"not_tags": [{"key": "team", "values": []}]}),
        (
            {"tags_any": {"team": ["a", "b", "a"], "n": 1}},
            {"tags_any": [{"key": "team", "values": ["a", "b"]}, {"key": "n", "values": ["1"]}]},
        ),
        (
            {"not_tags_any": {"on": False, "empty": ""}},
            {"not_tags_any": [{"key": "on", "values": ["false"]}, {"key": "empty", "values": [""]}]},
        ),
    ],
)
def test_tag_filters_become_the_query_of_the_service(params: dict[str, t.Any], query: dict[str, t.Any]) -> None:
    assert tag_query(params) == query


@pytest.mark.parametrize(
    "params",
    [
        {"tags": {f"k{number}": None for number in range(11)}},
        {"tags_any": {"k": [str(number) for number in range(11)]}},
        {"not_tags": {"": "v"}},
        {"tags": {"k": "v" * 256}},
        {"tags": {"k": {"a": "b"}}},
    ],
)
def test_a_tag_filter_beyond_the_limits_is_refused_with_its_option(params: dict[str, t.Any]) -> None:
    with pytest.raises(InvalidInput, match=f"^{next(iter(params))}: "):
        tag_query(params)
