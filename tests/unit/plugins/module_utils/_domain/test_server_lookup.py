# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers are meant: those that exist by the name of today, former ones by the name that they had."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.server_lookup import (
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
