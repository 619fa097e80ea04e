# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers as hosts of an inventory: their variables, groups, addresses and names."""

from __future__ import annotations

import typing as t
from collections import Counter

if t.TYPE_CHECKING:
    from .rows import ServerRow

    Variables = dict[str, t.Any]

PROTECTED, DISABLED, UNPROTECTED, STALE = "csbs_protected", "csbs_disabled", "csbs_unprotected", "csbs_stale"


def host_variables(server: ServerRow, protection: t.Mapping[str, t.Any]) -> Variables:
    """Return the variables of a server; protection is in the shape of results (protection.py: protection_result)."""
    values = {
        **protection,
        "status": server["status"],
        "metadata": server["metadata"],
        "tags": server["tags"],
        "addresses": _addresses(server),
    }
    return {f"csbs_{key}": value for key, value in values.items()}


def _addresses(server: ServerRow) -> dict[str, list[dict[str, t.Any]]]:
    return {
        network: [
            {
                "addr": entry.get("addr"),
                "version": entry.get("version"),
                "type": entry.get("OS-EXT-IPS:type"),
                "mac": entry.get("OS-EXT-IPS-MAC:mac_addr"),
            }
            for entry in entries
        ]
        for network, entries in (server.get("addresses") or {}).items()
    }


def state_groups(variables: Variables) -> tuple[str, ...]:
    """Return the groups for the policy's state. A disabled policy protects nobody."""
    policy = variables["csbs_policy"]
    if policy is None:
        return (UNPROTECTED,)
    return (PROTECTED,) if policy["enabled"] else (UNPROTECTED, DISABLED)


def is_stale(variables: Variables) -> bool:
    """Return whether the last good backup is too old or missing; False without an age to compare with."""
    return variables["csbs_compliant"] is False


def choose_address(variables: Variables, choices: t.Iterable[t.Mapping[str, t.Any]]) -> str | None:
    """Return the first address that fits the first choice that any address fits, None when no address fits any.

    A choice has network, version and type; what is None fits every address.
    """
    addresses = [
        {**entry, "network": network} for network, entries in variables["csbs_addresses"].items() for entry in entries
    ]
    for choice in choices:
        for entry in addresses:
            if entry["addr"] and all(value is None or entry[key] == value for key, value in choice.items()):
                return str(entry["addr"])
    return None


def host_names(
    hosts: t.Sequence[Variables], reserved: t.Collection[str], known: t.Mapping[str, str] | None = None
) -> list[str]:
    """Return the names of hosts in the inventory, in order; no two are the same.

    A host has the name of its server. The ID is added to a name that several servers have, that is reserved (such as
    the name of a group), or that looks as if an ID had been added. The ID replaces a name that is blank, cannot be
    shown, or would lead to a file elsewhere. known holds by server ID the names of hosts that are there already.
    """
    known = known or {}
    ids = {host["csbs_id"] for host in hosts}
    taken = {*reserved, *known.values()}
    servers_of = Counter(host["csbs_name"] for host in hosts)
    names = []
    for host in hosts:
        server_id, name = host["csbs_id"], host["csbs_name"]
        if server_id in known:
            names.append(known[server_id])
        elif not _is_usable(name):
            names.append(server_id)
        elif servers_of[name] > 1 or name in taken or name.rpartition("_")[2] in ids:
            names.append(f"{name}_{server_id}")
        else:
            names.append(name)
    return names


def _is_usable(name: str) -> bool:
    # Ansible reads variables from the file host_vars/NAME.
    return bool(name.strip()) and name.isprintable() and ".." not in name.split("/")
