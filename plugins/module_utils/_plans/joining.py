# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup: servers that are in no vault, and the vault that takes them: loaded where there are such servers."""

from __future__ import annotations

import typing as t

from .._domain.errors import InvalidInput
from .._domain.limits import SERVER_TYPE
from .._domain.selection import describe_servers, is_id
from .._domain.vault_option import USUAL
from .._domain.vaults import MAX_MEMBERS, joining_members, place
from .plan import Call

if t.TYPE_CHECKING:
    from .._domain.rows import BackupGroup, MemberRow, ServerRow, VaultRow

#: What messages say after the servers that are in no vault
REMEDY = (
    "CBR backs up servers in vaults only. What to do: put them under a policy with csbs_policy or csbs_policy_server,"
    " or name a vault that takes them with the option vault; bring those that CSBS still holds over with csbs_migration"
)


def why_outside(outside: t.Iterable[ServerRow], held: t.Mapping[str, str], vault: str | None) -> dict[str, str]:
    """Return by server ID why servers that are in no vault get no backup.

    held says by server ID where CSBS holds the server, in words; vault is the option.
    """
    reasons = {}
    for server in outside:
        if server["id"] in held:
            reasons[server["id"]] = f"it is still in {held[server['id']]}, and so cannot be in a vault of CBR"
        elif vault is None:
            reasons[server["id"]] = "it is in no vault"
    return reasons


def with_joining(
    groups: t.Sequence[BackupGroup], joining: list[ServerRow], ref: str, vault: VaultRow | None
) -> list[BackupGroup]:
    """Return groups with servers that join a vault first. ref is its name or ID, vault is None when it is not there.

    The servers have disks_gb. Raises InvalidInput when the vault cannot take them.
    """
    if vault is None and is_id(ref):
        raise InvalidInput(f"vault: there is no vault with the ID {ref}. What to do: give the name of a vault")
    _check_room(joining, ref, vault)
    vault_id = None if vault is None else str(vault["id"])
    place_of_all: t.Any = vault_id or ref
    new: BackupGroup = {
        "vault": {"id": vault_id, "name": ref if vault is None else vault["name"]},
        "servers": [],
        "arguments": {"vault": place_of_all},
        "query": {"vault_id": place_of_all},
    }
    group = next((group for group in groups if group["query"] == new["query"]), new)
    servers = [*group["servers"], *(server["id"] for server in joining)]
    filled: BackupGroup = {
        **group,
        "servers": servers,
        "arguments": {**group["arguments"], "servers": servers},
        "joining": joining,
    }
    return [*(other for other in groups if other is not group), filled]


def _check_room(joining: list[ServerRow], ref: str, vault: VaultRow | None) -> None:
    steps = place([] if vault is None else [vault], joining_members(_members(joining), ()), ref, USUAL)
    wanted_id = None if vault is None else vault["id"]
    if len(steps) != 1 or steps[0].vault["id"] != wanted_id:
        members, status = (0, "available") if vault is None else (len(vault["members"]), vault["status"])
        raise InvalidInput(
            f"vault: {ref!r} cannot take {len(joining)} more servers: a vault has at most {MAX_MEMBERS}, this one has"
            f" {members} and its status is {status}. What to do: name another vault"
        )


def join_call(group: BackupGroup) -> Call:
    """Return the call that puts the servers of a group into their vault, which is made when it is not there."""
    joining, vault = group["joining"], group["vault"] or {"id": None, "name": None}
    operation = f"put {describe_servers(joining)} into vault {vault['name']!r}"
    ref = group["arguments"]["vault"]
    arguments = {"operation": operation, "vault": ref, "servers": _members(joining)}
    return Call(operation, "put_into_vault", arguments, group=ref)


def _members(servers: t.Iterable[ServerRow]) -> list[MemberRow]:
    return [
        {"id": server["id"], "type": SERVER_TYPE, "name": server["name"], "disks_gb": server["disks_gb"]}
        for server in servers
    ]
