# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choosing servers: nothing by accident, unknown and ambiguous ones named."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.selection import (
    choose_servers,
    find_one,
    parse_filters,
    parse_refs,
    server_refs,
)
from tests.support.fakes import server

FLEET = [
    server("web-2", tags=["env=prod", "web"], metadata={"tier": "front", "count": "2"}),
    server("web-1", tags=["env.test"], metadata={"tier": "front"}, status="SHUTOFF"),
    server("db-1", availability_zone="eu-de-02", metadata={"tier": "back", "flag": "true"}),
    server("twin", "twin-b"),
    server("twin", "twin-a", status="ERROR"),
]


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


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"name": "web-*"}, ["id-web-1", "id-web-2"]),
        ({"name": ["db-*", "web-1"]}, ["id-db-1", "id-web-1"]),
        ({"name": "WEB-*"}, []),
        ({"name": "*"}, ["id-db-1", "twin-a", "twin-b", "id-web-1", "id-web-2"]),
        ({"name": "twin"}, ["twin-a", "twin-b"]),
        ({"name": "web"}, []),
        ({"name": "web-[2-9]"}, ["id-web-2"]),
        ({"status": "shutoff"}, ["id-web-1"]),
        ({"status": ["ERROR", "SHUTOFF"]}, ["twin-a", "id-web-1"]),
        ({"metadata": {"tier": "front"}}, ["id-web-1", "id-web-2"]),
        ({"metadata": {"tier": "front", "count": 2}}, ["id-web-2"]),
        ({"metadata": {"flag": True}}, ["id-db-1"]),
        ({"metadata": {"none": ""}}, []),
        ({"tags": ["web"]}, ["id-web-2"]),
        ({"tags": "web"}, ["id-web-2"]),
        ({"tags": {"env": "prod"}}, ["id-web-2"]),
        ({"tags": {"env": "test"}}, ["id-web-1"]),
        ({"tags": {"env": None}}, ["id-web-1", "id-web-2"]),
        ({"tags": {"en": None}}, []),
        ({"tags": {"env": "pro"}}, []),
        ({"availability_zone": "eu-de-02"}, ["id-db-1"]),
        ({"availability_zone": ["eu-de-02", "eu-de-03"]}, ["id-db-1"]),
        ({"name": "web-*", "status": "ACTIVE"}, ["id-web-2"]),
        ({"name": "nothing-*"}, []),
    ],
)
def test_filters_choose_the_servers_that_fit_all_of_them_by_name(filters: dict[str, t.Any], ids: list[str]) -> None:
    wanted = parse_filters({**dict.fromkeys(("name", "status", "metadata", "tags", "availability_zone")), **filters})
    assert [one["id"] for one in choose_servers(None, wanted, FLEET)] == ids


def test_servers_and_filters_are_joined_and_each_is_chosen_once_in_the_order_of_the_list() -> None:
    chosen = choose_servers(["web-2", "db-1", "id-web-2"], {"name": "web-*"}, FLEET)
    assert [one["name"] for one in chosen] == ["web-2", "db-1", "web-1"]


@pytest.mark.parametrize(("keys", "filters"), [(None, None), ([], None), ([], {"name": "nothing"})])
def test_nothing_chosen_is_nothing(keys: list[str] | None, filters: dict[str, t.Any] | None) -> None:
    assert choose_servers(keys, filters, FLEET) == []


def test_every_unknown_server_is_named() -> None:
    with pytest.raises(InvalidInput) as refusal:
        choose_servers(["web-1", "no-1", "no-2"], {"name": "*"}, FLEET)
    assert str(refusal.value) == "servers: no such server: 'no-1', 'no-2'"


def test_an_ambiguous_name_lists_the_ids_and_an_id_is_never_ambiguous() -> None:
    with pytest.raises(InvalidInput, match="server 'twin' is ambiguous: 2 .* twin-a, twin-b"):
        choose_servers(["twin"], None, FLEET)
    assert choose_servers(["twin-b"], None, FLEET)[0]["id"] == "twin-b"


def test_a_server_that_no_longer_exists_is_known_by_its_id_only() -> None:
    gone = [{"id": "id-gone", "name": "gone"}]
    assert choose_servers(["id-gone"], None, FLEET, known=gone) == gone
    with pytest.raises(InvalidInput, match="'gone'"):
        choose_servers(["gone"], None, FLEET, known=gone)


def test_the_present_name_of_a_server_counts_and_not_a_stale_label() -> None:
    chosen = choose_servers(["id-web-1"], None, FLEET, known=[{"id": "id-web-1", "name": "old-name"}])
    assert server_refs(chosen) == [{"id": "id-web-1", "name": "web-1"}]


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
