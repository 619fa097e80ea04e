# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References and filters: nothing by accident, ambiguous names refused."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.selection import (
    find_one,
    parse_filters,
    parse_refs,
)


@pytest.mark.parametrize(
    ("entries", "keys"),
    [
        (None, None),
        ([], []),
        (["web-1", " web-1 ", "web-2"], ["web-1", "web-2"]),
        ([{"id": "id-1", "name": "web-1"}, {"name": "web-2"}, "id-1"], ["id-1", "web-2"]),
        ([4711], ["4711"]),
    ],
)
def test_keys_are_taken_once_as_names_ids_or_results(entries: t.Any, keys: list[str] | None) -> None:
    assert parse_refs("servers", entries) == keys


@pytest.mark.parametrize("entry", ["", " ", None, {}, {"id": None}, {"id": "", "name": ""}])
def test_an_empty_key_is_refused_and_never_means_everything(entry: t.Any) -> None:
    with pytest.raises(InvalidInput, match="^servers: "):
        parse_refs("servers", ["web-1", entry])


@pytest.mark.parametrize("filters", [{}, {"name": None, "status": None}])
def test_filters_of_which_none_is_set_are_refused(filters: dict[str, t.Any]) -> None:
    with pytest.raises(InvalidInput, match="server_filters: "):
        parse_filters(filters)


ROWS = [{"id": "b", "name": "a"}, {"id": "a", "name": "x"}, {"id": "c", "name": "same"}, {"id": "d", "name": "same"}]


@pytest.mark.parametrize(("key", "row"), [("a", "a"), ("x", "a"), ("d", "d"), ("none", None), ("X", None)])
def test_an_id_goes_before_a_name(key: str, row: str | None) -> None:
    found = find_one("policy", key, ROWS)
    assert (found and found["id"]) == row


def test_an_ambiguous_name_of_anything_lists_the_ids() -> None:
    with pytest.raises(InvalidInput, match="policy 'same' is ambiguous: .* c, d"):
        find_one("policy", "same", ROWS)


@pytest.mark.parametrize("empty", [{"name": ""}, {"tags": []}, {"metadata": {}}])
def test_an_empty_filter_beside_a_set_one_is_refused_and_not_dropped(empty: dict[str, t.Any]) -> None:
    (name,) = empty
    with pytest.raises(InvalidInput, match=f"server_filters.{name}: "):
        parse_filters({"status": "ACTIVE", **empty})
