# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers are meant when some of them may no longer exist."""

from __future__ import annotations

import typing as t

from .errors import InvalidInput
from .selection import find_one, is_id, match_server

if t.TYPE_CHECKING:
    from .rows import Row


def resolve_servers(
    refs: t.Iterable[str] | None,
    filters: dict[str, t.Any] | None,
    servers: t.Iterable[Row],
    former: t.Iterable[Row],
    unknown: t.Literal["error", "ignore"] = "error",
    option: str = "servers",
) -> list[str]:
    """Return the IDs of the servers that refs name and filters match, each once: first as listed, then by name.

    servers are those that exist. former holds further servers (id and name) as backups or policies know them. A name
    in former counts only for a server that does not exist any more: the stored name of an existing one may be old.
    A name that exists now goes before the same name of a former server.

    Raises InvalidInput for a name that several servers have. unknown says what happens with a ref that fits none:
    "error" raises InvalidInput that lists all such refs, "ignore" drops names and returns IDs as they are. A caller
    that accepts unknown IDs with "error" adds them to former.
    """
    present = {server["id"]: server for server in servers}
    gone = {(one["id"], one["name"]): one for one in former if one["id"] not in present}
    now, then = _by_ref(present.values()), _by_ref(gone.values())
    found: dict[str, None] = {}
    missing: list[str] = []
    for ref in refs or ():
        server = find_one("server", ref, now.get(ref, ())) or find_one("server", ref, then.get(ref, ()))
        if server is not None:
            found[server["id"]] = None
        elif unknown == "error":
            missing.append(ref)
        elif is_id(ref):
            found[ref] = None
    if missing:
        raise InvalidInput(f"{option}: no such server: {', '.join(repr(ref) for ref in missing)}")
    if filters is not None:
        for server in sorted(present.values(), key=lambda one: (one["name"], one["id"])):
            if match_server(server, filters):
                found[server["id"]] = None
    return list(found)


def _by_ref(rows: t.Iterable[Row]) -> dict[str, list[Row]]:
    """Return by ID and by name the servers that a ref may mean; a server that had several names is one server."""
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        for ref in (row["id"], row["name"]):
            if ref:
                found.setdefault(ref, {})[row["id"]] = {"id": row["id"], "name": row["name"]}
    return {ref: list(servers.values()) for ref, servers in found.items()}


def servers_of_backups(rows: t.Iterable[Row]) -> list[Row]:
    """Return the servers that backups know, once by each name that they had: id and name."""
    known = dict.fromkeys((row.get("resource_id"), (row.get("extend_info") or {}).get("resource_name")) for row in rows)
    return [{"id": server_id, "name": name} for server_id, name in known if server_id]
