# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup: which servers in no vault join the vault of the option vault, and which get no backup."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.joining import (
    join_call,
    why_outside,
    with_joining,
)
from tests.support.fakes import server

WEB, DB = (t.cast("t.Any", server(name, disks_gb=20)) for name in ("web", "db"))
AN_ID = "45baf976-c20a-4894-a7c3-c94b7376bf55"


def vault(members: int = 0, **fields: t.Any) -> t.Any:
    rows = [
        {"id": f"m{number}", "name": "m", "disks_gb": 1, "backups_mb": 0, "has_backups": False}
        for number in range(members)
    ]
    return {
        "id": "vault-a",
        "name": "a",
        "description": None,
        "size_gb": 1000,
        "allocated_gb": members,
        "used_mb": 0,
        "status": "available",
        "members": rows,
        "tags": [],
        **fields,
    }


def group(vault_id: str, *servers: str) -> t.Any:
    return {
        "vault": {"id": vault_id, "name": vault_id.removeprefix("vault-")},
        "servers": list(servers),
        "arguments": {"vault": vault_id, "servers": list(servers)},
        "query": {"vault_id": vault_id},
    }


def test_who_csbs_holds_stays_outside_and_the_others_join_only_where_a_vault_is_named() -> None:
    held = {"id-web": "CSBS policy 'old'"}
    reasons = why_outside([WEB, DB], held, None)
    assert "CSBS policy 'old'" in reasons["id-web"] and reasons["id-db"] == "it is in no vault"
    assert why_outside([WEB, DB], held, "a").keys() == {"id-web"}


def test_a_vault_that_is_not_there_is_named_until_it_is() -> None:
    (made,) = with_joining([], [WEB, DB], "a", None)
    assert made["vault"] == {"id": None, "name": "a"}
    assert made["arguments"] == {"vault": "a", "servers": ["id-web", "id-db"]}
    assert made["query"] == {"vault_id": "a"} and made["joining"] == [WEB, DB]


def test_members_of_the_vault_and_those_that_join_are_one_group() -> None:
    other = group("vault-b", "id-app")
    groups = with_joining([group("vault-a", "id-web"), other], [DB], "a", vault(1))
    assert [one["arguments"] for one in groups] == [
        {"vault": "vault-b", "servers": ["id-app"]},
        {"vault": "vault-a", "servers": ["id-web", "id-db"]},
    ]
    assert groups[0] is other and groups[1]["joining"] == [DB]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (vault(255), ["2 more servers", "at most 256", "has 255"]),
        (vault(status="frozen"), ["frozen"]),
        (vault(status="error"), ["error"]),
    ],
    ids=["too-many", "frozen", "error"],
)
def test_a_vault_that_cannot_take_all_is_refused(found: t.Any, words: list[str]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        with_joining([], [WEB, DB], "a", found)
    assert all(word in str(refusal.value) for word in ["vault: 'a'", "another vault", *words])


def test_more_servers_than_a_new_vault_has_room_for_are_refused() -> None:
    fleet: t.Any = [server(f"s{number}", disks_gb=1) for number in range(257)]
    with pytest.raises(InvalidInput, match="cannot take 257 more servers"):
        with_joining([], fleet, "a", None)
    assert len(with_joining([], fleet[:256], "a", None)[0]["servers"]) == 256


def test_the_id_of_no_vault_is_no_name_of_a_new_one() -> None:
    with pytest.raises(InvalidInput, match=f"no vault with the ID {AN_ID}"):
        with_joining([], [WEB], AN_ID, None)


def test_the_call_that_puts_servers_into_a_vault_knows_their_sizes() -> None:
    (made,) = with_joining([], [WEB, DB], "a", None)
    call = join_call(made)
    assert (call.operation, call.method, call.group) == (
        "put servers 'web', 'db' into vault 'a'",
        "put_into_vault",
        "a",
    )
    assert call.arguments == {
        "operation": call.operation,
        "vault": "a",
        "servers": [
            {"id": "id-web", "type": "OS::Nova::Server", "name": "web", "disks_gb": 20},
            {"id": "id-db", "type": "OS::Nova::Server", "name": "db", "disks_gb": 20},
        ],
    }
