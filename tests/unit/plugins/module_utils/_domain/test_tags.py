# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: what may be set, what may be removed, and the way from one to the other."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.tags import (
    apply_tags,
    check_count,
    compare_tags,
    tags_as_dict,
    tags_as_list,
    values_by_key,
)

TEN = {f"k{number}": "v" for number in range(10)}


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (None, {}),
        ([], {}),
        ([{"key": "b", "value": "1"}, {"key": "a"}], {"a": "", "b": "1"}),
        ([{"key": "a", "value": None}], {"a": ""}),
        ([{"key": "a", "value": 1}, {"value": "x"}, {"key": None}, "b", None, {"key": 2}], {"2": "", "a": "1"}),
    ],
)
def test_the_tags_of_the_service_become_a_dict(listed: t.Any, expected: dict[str, str]) -> None:
    assert tags_as_dict(listed) == expected
    assert list(tags_as_dict(listed)) == sorted(expected)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (None, {}),
        ([{"key": "a", "values": ["2", "1"]}], {"a": ["1", "2"]}),
        ([{"key": "a"}, {"key": "b", "values": None}, {"values": ["x"]}, None], {"a": [], "b": []}),
    ],
)
def test_the_tags_in_use_become_a_dict(listed: t.Any, expected: dict[str, list[str]]) -> None:
    assert values_by_key(listed) == expected


@pytest.mark.parametrize(
    ("current", "wanted", "purge", "remove", "put"),
    [
        ({"a": "1"}, {"a": "1"}, True, {}, {}),
        ({"a": "1"}, {"a": "2"}, True, {}, {"a": "2"}),
        ({"a": "1", "b": "2"}, {"a": "1"}, True, {"b": "2"}, {}),
        ({"a": "1", "b": "2"}, {"a": "1"}, False, {}, {}),
        ({"a": "1"}, {}, True, {"a": "1"}, {}),
        ({"a": "1"}, {}, False, {}, {}),
        ({}, {"a": ""}, False, {}, {"a": ""}),
    ],
)
def test_only_the_difference_is_sent(
    current: dict[str, str], wanted: dict[str, str], purge: bool, remove: dict[str, str], put: dict[str, str]
) -> None:
    assert compare_tags(current, wanted, purge) == (remove, put)


TAGS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["", "1", "2"]))


@given(TAGS, TAGS, st.booleans())
def test_what_is_compared_and_applied_leads_to_what_is_wanted(
    current: dict[str, str], wanted: dict[str, str], purge: bool
) -> None:
    remove, put = compare_tags(current, wanted, purge)
    reached = apply_tags(current, remove, put)
    assert reached == (wanted if purge else {**current, **wanted})
    assert compare_tags(reached, wanted, purge) == ({}, {})
    assert not remove.keys() & put.keys()
    assert tags_as_dict(tags_as_list(reached)) == reached


def test_an_eleventh_tag_is_refused_with_the_owner() -> None:
    check_count("policy 'p'", TEN)
    with pytest.raises(InvalidInput, match="policy 'p' would have 11 tags"):
        check_count("policy 'p'", {**TEN, "k10": ""})
