# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy as results show it, and the meaning of its fields."""

from __future__ import annotations

import typing as t

from .errors import InvalidInput
from .limits import MAX_NAME, MAX_SERVERS_PER_POLICY, SERVER_TYPE
from .tags import tags_as_dict
from .times import format_time

if t.TYPE_CHECKING:
    from .rows import MemberRow, PolicyRow, ServerRef, VaultRow


def operation_of(raw: PolicyRow) -> dict[str, t.Any]:
    """Return the one scheduled operation of a policy, empty when there is none."""
    operations = raw.get("scheduled_operations") or [{}]
    return operations[0]


def is_enabled(raw: PolicyRow) -> bool:
    """Return whether the schedule of a policy is enabled; the policy's own status says nothing about that."""
    return str(operation_of(raw).get("enabled")).lower() == "true"


def pattern_of(raw: PolicyRow) -> str | list[str] | None:
    """Return the pattern of a policy's schedule; where a schedule may have several rules, their list."""
    trigger = operation_of(raw).get("trigger") or {}
    return (trigger.get("properties") or {}).get("pattern")


def definition_in(raw: PolicyRow) -> dict[str, t.Any]:
    """Return the operation_definition of a policy: its retention."""
    return operation_of(raw).get("operation_definition") or {}


def members_of(raw: PolicyRow, names: t.Mapping[str, str] | None = None) -> list[ServerRef]:
    """Return the servers of a policy: id and name.

    names holds the present names of servers by ID. A server that is not in it has the name that the policy stored when
    it joined, which may be old.
    """
    present = names or {}
    return [
        {"id": member["id"], "name": present.get(member["id"]) or member.get("name") or None}
        for member in raw.get("resources") or []
        if member.get("id")
    ]


def policy_result(raw: PolicyRow, names: t.Mapping[str, str] | None = None) -> dict[str, t.Any]:
    """Return a policy in the one shape of results, from the service's answer to a get; names as for members_of."""
    # csbs_protection_info reads policies and shows neither schedule nor retention.
    from .retention import current_retention
    from .schedule import describe_schedule

    return {
        "id": raw.get("id"),
        "name": raw.get("name"),
        "description": raw.get("description") or "",
        "enabled": is_enabled(raw),
        "schedule": describe_schedule(pattern_of(raw)),
        "retention": current_retention(definition_in(raw)),
        "servers": in_order(members_of(raw, names), "vaults" in raw),
        "tags": tags_as_dict(raw.get("tags")),
        "created_at": format_time(raw.get("created_at")),
        "vaults": [vault_result(vault) for vault in raw.get("vaults") or []],
    }


def in_order(servers: list[ServerRef], in_vaults: bool) -> list[ServerRef]:
    """Return servers of a policy as results list them: by name where they are in vaults, which know no order."""
    return sorted(servers, key=lambda server: (server["name"] or "", server["id"])) if in_vaults else servers


def vault_result(vault: VaultRow) -> dict[str, t.Any]:
    """Return a vault in the shape of results."""
    return {
        "id": vault["id"],
        "name": vault["name"],
        "size_gb": vault["size_gb"],
        "used_mb": vault["used_mb"],
        "server_count": len(vault["members"]),
    }


def for_diff(policy: dict[str, t.Any] | None) -> dict[str, t.Any]:
    """Return the part of a policy's result that a user can change, for a diff; empty for no policy."""
    shown = {key: value for key, value in (policy or {}).items() if key not in ("id", "created_at", "vaults")}
    vaults = [
        {key: vault[key] for key in ("name", "size_gb", "server_count")} for vault in (policy or {}).get("vaults") or []
    ]
    return {**shown, "vaults": vaults} if vaults else shown


def as_resource(server: t.Mapping[str, t.Any]) -> MemberRow:
    """Return a server (id and name) as an entry of a policy's resources, with the size of its disks if it is known."""
    # The name is only a note, and the services refuse a longer one than the compute service has.
    name = (server["name"] or server["id"])[:MAX_NAME]
    member: MemberRow = {"id": server["id"], "type": SERVER_TYPE, "name": name}
    if "disks_gb" in server:
        member["disks_gb"] = server["disks_gb"]
    return member


def check_capacity(option: str, count: int, policy: str, most: int | None = MAX_SERVERS_PER_POLICY) -> None:
    """Raise InvalidInput when a policy would have more servers than the service allows; None allows any number."""
    if most is not None and count > most:
        raise InvalidInput(
            f"{option}: policy {policy!r} would have {count} servers; the service allows {most}."
            " Spread the servers over several policies"
        )
