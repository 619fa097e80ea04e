# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers that refs and filters mean: existing ones by their present name, former ones by an old name."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.selection import server_refs
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.server_lookup import (
    choose_members,
    choose_servers,
    resolve_servers,
    servers_of_backups,
)
from tests.support.fakes import backup, server

UNKNOWN_ID = "45baf976-c20a-4894-a7c3-c94b7376bf55"


SERVERS = [server("web"), server("db"), server("twin", "t1"), server("twin", "t2")]


FORMER = [
    {"id": "id-gone", "name": "gone"},
    {"id": "id-gone", "name": "renamed"},
    {"id": "id-gone", "name": "gone"},
    {"id": "id-old-db", "name": "db"},
    {"id": "id-web", "name": "label"},
    {"id": "f1", "name": "pair"},
    {"id": "f2", "name": "pair"},
    {"id": "f3", "name": None},
]


@pytest.mark.parametrize(
    ("refs", "filters", "ids"),
    [
        (None, None, []),
        ([], None, []),
        (["web", "id-db", "id-web", "web"], None, ["id-web", "id-db"]),
        (["gone", "renamed", "id-gone"], None, ["id-gone"]),
        (["db"], None, ["id-db"]),
        (["id-old-db"], None, ["id-old-db"]),
        (["t2", "f1", "f3"], None, ["t2", "f1", "f3"]),
        (["gone"], {"name": "*b"}, ["id-gone", "id-db", "id-web"]),
        (None, {"name": "t*"}, ["t1", "t2"]),
        (None, {"name": "gone"}, []),
    ],
)
def test_names_and_ids_of_servers_of_today_and_of_former_ones(
    refs: list[str] | None, filters: dict[str, t.Any] | None, ids: list[str]
) -> None:
    assert (
        resolve_servers(refs, filters, SERVERS, FORMER)
        == resolve_servers(refs, filters, SERVERS, FORMER, "ignore")
        == ids
    )


def test_the_old_label_of_a_server_that_exists_names_nobody() -> None:
    assert resolve_servers(["label"], None, SERVERS, FORMER, unknown="ignore") == []
    with pytest.raises(InvalidInput, match="servers: no such server: 'label'"):
        resolve_servers(["label"], None, SERVERS, FORMER)


def test_all_unknown_refs_are_named_with_the_option() -> None:
    with pytest.raises(InvalidInput, match=f"^target_server: no such server: 'no-1', '{UNKNOWN_ID}'$"):
        resolve_servers(["no-1", "web", UNKNOWN_ID], None, SERVERS, FORMER, option="target_server")


def test_an_unknown_id_stays_where_unknown_servers_are_no_mistake() -> None:
    assert resolve_servers(["no-1", UNKNOWN_ID], None, SERVERS, FORMER, unknown="ignore") == [UNKNOWN_ID]
    known = [*FORMER, {"id": UNKNOWN_ID, "name": None}]
    assert resolve_servers([UNKNOWN_ID], None, SERVERS, known) == [UNKNOWN_ID]


@pytest.mark.parametrize("unknown", ["error", "ignore"])
@pytest.mark.parametrize(("ref", "ids"), [("twin", "t1, t2"), ("pair", "f1, f2")])
def test_an_ambiguous_name_lists_the_ids(unknown: t.Any, ref: str, ids: str) -> None:
    with pytest.raises(InvalidInput, match=f"'{ref}' is ambiguous.*{ids}"):
        resolve_servers([ref], None, SERVERS, FORMER, unknown)


def test_backups_know_servers_by_each_name_that_they_had() -> None:
    rows: list[dict[str, t.Any]] = [backup("a", "web"), backup("b", "web"), backup("c", "x", resource_id="id-web")]
    sparse: list[dict[str, t.Any]] = [
        {"resource_id": "id-db"},
        {"resource_id": "id-db", "extend_info": None},
        {"resource_id": None},
        {},
    ]
    assert servers_of_backups([*rows, *sparse]) == [
        {"id": "id-web", "name": "web"},
        {"id": "id-web", "name": "x"},
        {"id": "id-db", "name": None},
    ]


FLEET = [
    server("web-2", tags=["env=prod", "web"], metadata={"tier": "front", "count": "2"}),
    server("web-1", tags=["env.test"], metadata={"tier": "front"}, status="SHUTOFF"),
    server("db-1", availability_zone="eu-de-02", metadata={"tier": "back", "flag": "true"}),
    server("twin", "twin-b"),
    server("twin", "twin-a", status="ERROR"),
]


def test_servers_and_filters_are_joined_and_each_is_chosen_once_in_the_order_of_the_list() -> None:
    chosen = choose_servers(["web-2", "db-1", "id-web-2"], {"name": "web-*"}, FLEET)
    assert [row["name"] for row in chosen] == ["web-2", "db-1", "web-1"]


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


# ========== Servers of a policy ==========
MEMBERS: list[t.Any] = [{"id": "id-gone", "name": "gone"}, {"id": "id-web-1", "name": "old-name"}]


@pytest.mark.parametrize("purge", [False, True])
def test_servers_are_chosen_for_a_policy_also_members_that_no_longer_exist(purge: bool) -> None:
    chosen = choose_members(["id-gone"], {"name": "web-*"}, FLEET, MEMBERS, purge)
    assert server_refs(chosen) == [
        {"id": "id-gone", "name": "gone"},
        {"id": "id-web-1", "name": "web-1"},
        {"id": "id-web-2", "name": "web-2"},
    ]


@pytest.mark.parametrize(
    ("refs", "filters", "purge", "refused"),
    [
        (None, {"name": "nothing"}, True, True),
        ([], {"name": "nothing"}, True, True),
        (None, {"name": "nothing"}, False, False),
        (["web-1"], {"name": "nothing"}, True, False),
        # Nobody can mean this by mistake.
        ([], None, True, False),
        (None, None, True, False),
    ],
)
def test_filters_that_match_nothing_never_empty_a_policy(
    refs: list[str] | None, filters: dict[str, t.Any] | None, purge: bool, refused: bool
) -> None:
    if refused:
        with pytest.raises(InvalidInput, match="^server_filters: no server matches.*write servers: \\[\\] without"):
            choose_members(refs or [], filters, FLEET, MEMBERS, purge)
    else:
        assert [row["name"] for row in choose_members(refs or [], filters, FLEET, MEMBERS, purge)] == (refs or [])
