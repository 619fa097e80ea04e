# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers that names, IDs and filters mean, also when some of the servers no longer exist."""

from __future__ import annotations

import typing as t

from .errors import InvalidInput
from .selection import find_one, is_id

if t.TYPE_CHECKING:
    from .rows import BackupRow, ServerRef, ServerRow

    Server = t.Mapping[str, t.Any]
    S = t.TypeVar("S", bound=Server)


def choose_servers(
    refs: t.Iterable[str] | None,
    filters: dict[str, t.Any] | None,
    servers: t.Iterable[S],
    known: t.Iterable[S] = (),
    option: str = "servers",
) -> list[S]:
    """Return the rows of the servers that refs name and filters match, each once: first as listed, then by name.

    known holds rows (id and name) of servers that may be chosen by ID although they no longer exist.
    Raises InvalidInput that lists every ref without a server, and for a name that several servers have.
    """
    present = list(servers)
    rows = {row["id"]: row for row in (*known, *present)}
    former: list[ServerRef] = [{"id": server_id, "name": None} for server_id in rows]
    return [rows[server_id] for server_id in resolve_servers(refs, filters, present, former, option=option)]


def choose_members(
    refs: t.Sequence[str] | None,
    filters: dict[str, t.Any] | None,
    servers: t.Iterable[ServerRow],
    members: t.Sequence[ServerRef],
    purge: bool,
) -> list[ServerRow]:
    """Return the servers that are to be in a policy; members that no longer exist may be named by ID.

    purge says whether all others leave. Raises InvalidInput when that would be all members by mistake.
    """
    chosen = choose_servers(refs, filters, servers, known=t.cast("t.Sequence[ServerRow]", members))
    if not chosen and purge and (refs or filters is not None):
        raise InvalidInput(
            "server_filters: no server matches, and with purge_servers that would take every server out of the policy;"
            " write servers: [] without server_filters to mean that"
        )
    return chosen


def resolve_servers(
    refs: t.Iterable[str] | None,
    filters: dict[str, t.Any] | None,
    servers: t.Iterable[Server],
    former: t.Iterable[Server],
    unknown: t.Literal["error", "ignore"] = "error",
    option: str = "servers",
) -> list[str]:
    """Return the IDs of the servers that refs name and filters match, each once: first as listed, then by name.

    servers are those that exist. former holds further servers (id and name) as backups or policies know them. A name
    in former counts only for a server that does not exist any more: the stored name of an existing one may be old.
    A name that exists now goes before the same name of a former server.

    Raises InvalidInput for a name that several servers have. unknown says what happens with a ref without a server:
    "error" raises InvalidInput that lists all such refs, "ignore" drops names and returns IDs as they are. A caller
    that accepts unknown IDs with "error" adds them to former.
    """
    present = {server["id"]: server for server in servers}
    now = _by_ref(present.values())
    then = _by_ref(server for server in former if server["id"] not in present)
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
        # Loaded here, because most tasks name what exists.
        from .listing import name_all

        raise InvalidInput(f"{option}: no such server: {name_all(missing)}")
    if filters is not None:
        # Loaded here, because many tasks name their servers.
        from .server_filters import match_server

        matching = [server for server in present.values() if match_server(server, filters)]
        for server in sorted(matching, key=lambda server: (server["name"], server["id"])):
            found[server["id"]] = None
    return list(found)


def _by_ref(servers: t.Iterable[Server]) -> dict[str, list[Server]]:
    """Return the servers by each ID and name that a ref may use; a server that had several names is one server."""
    found: dict[str, dict[str, Server]] = {}
    for server in servers:
        for ref in (server["id"], server["name"]):
            if ref:
                found.setdefault(ref, {})[server["id"]] = {"id": server["id"], "name": server["name"]}
    return {ref: list(servers.values()) for ref, servers in found.items()}


def servers_of_backups(rows: t.Iterable[BackupRow]) -> list[ServerRef]:
    """Return the servers (id and name) that backups know, once for each name that a server had."""
    known = dict.fromkeys((row.get("resource_id"), (row.get("extend_info") or {}).get("resource_name")) for row in rows)
    return [{"id": server_id, "name": name} for server_id, name in known if server_id]
