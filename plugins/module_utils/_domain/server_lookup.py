# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers that names, IDs and filters mean, also when some of the servers no longer exist."""

from __future__ import annotations

import fnmatch
import typing as t

from .errors import InvalidInput
from .limits import as_text
from .selection import find_one, is_id

if t.TYPE_CHECKING:
    from .rows import BackupRow, ServerRef

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
        raise InvalidInput(f"{option}: no such server: {', '.join(repr(ref) for ref in missing)}")
    if filters is not None:
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


def match_server(server: Server, filters: dict[str, t.Any]) -> bool:
    """Return whether a server fits all filters."""
    return all(_MATCHERS[key](server, value) for key, value in filters.items())


def _match_name(server: Server, patterns: t.Any) -> bool:
    return any(fnmatch.fnmatchcase(server["name"], pattern) for pattern in _texts(patterns))


def _match_status(server: Server, statuses: t.Any) -> bool:
    return server["status"].upper() in {status.upper() for status in _texts(statuses)}


def _match_metadata(server: Server, desired: dict[str, t.Any]) -> bool:
    metadata = server["metadata"]
    return all(key in metadata and as_text(metadata[key]) == as_text(value) for key, value in desired.items())


def _match_tags(server: Server, desired: t.Any) -> bool:
    # Nova's tags are plain words; the platform writes key=value or key.value into them.
    words = set(server["tags"])
    if isinstance(desired, dict):
        return all(_has_tag(words, key, as_text(value)) for key, value in desired.items())
    return words.issuperset(_texts(desired))


def _has_tag(words: set[str], key: str, value: str) -> bool:
    if words & {f"{key}={value}", f"{key}.{value}"}:
        return True
    # Without a value, the key alone is enough.
    return value == "" and any(word == key or word.startswith((f"{key}=", f"{key}.")) for word in words)


def _match_zone(server: Server, zones: t.Any) -> bool:
    return server["availability_zone"] in _texts(zones)


def _texts(values: t.Any) -> list[str]:
    """Return one value or a list of values as a list of texts."""
    return [as_text(value) for value in (values if isinstance(values, (list, tuple)) else [values])]


_MATCHERS: dict[str, t.Callable[[Server, t.Any], bool]] = {
    "name": _match_name,
    "status": _match_status,
    "metadata": _match_metadata,
    "tags": _match_tags,
    "availability_zone": _match_zone,
}
