# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers a task means: names, IDs and filters turned into servers."""

from __future__ import annotations

import fnmatch
import re
import typing as t

from .errors import InvalidInput
from .limits import as_text

if t.TYPE_CHECKING:
    from .rows import Row


def parse_policy_ref(key: str) -> str:
    """Return the name or ID of a policy as an option has it; raises InvalidInput for an empty one."""
    return (parse_refs("policy", [key]) or [""])[0]


_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def parse_refs(option: str, entries: t.Iterable[t.Any] | None) -> list[str] | None:
    """Return the names or ids that an option lists, each once; None stays None.

    An entry may be a name, an id, or a dict with an id as results of this collection hold them.
    """
    if entries is None:
        return None
    keys = []
    for entry in entries:
        key = as_text(entry.get("id") or entry.get("name")) if isinstance(entry, dict) else as_text(entry)
        if not key.strip():
            raise InvalidInput(f"{option}: {entry!r} is neither a name nor an ID")
        keys.append(key.strip())
    return list(dict.fromkeys(keys))


def parse_filters(filters: dict[str, t.Any] | None) -> dict[str, t.Any] | None:
    """Return the filters that are set; None stays None.

    Raises InvalidInput when none is set, for that would be everything, and for an empty one, which would be dropped
    without a word where somebody left a question unanswered.
    """
    if filters is None:
        return None
    wanted = {key: value for key, value in filters.items() if value is not None}
    for key, value in wanted.items():
        if value in ("", [], {}):
            raise InvalidInput(
                f"server_filters.{key}: {value!r} is empty; leave the filter out, or say what it is to match"
            )
    if not wanted:
        raise InvalidInput(
            'server_filters: no filter is set, which would choose every server; write name: "*" to mean that'
        )
    return wanted


def is_id(key: str) -> bool:
    """Return whether a key is written as the service writes IDs."""
    return bool(_ID.fullmatch(key))


def match_server(server: dict[str, t.Any], filters: dict[str, t.Any]) -> bool:
    """Return whether a server fits all filters."""
    return all(_MATCHERS[key](server, value) for key, value in filters.items())


def _match_tags(server: dict[str, t.Any], wanted: t.Any) -> bool:
    # Nova's tags are plain words; the platform writes key=value or key.value into them.
    words = set(server["tags"])
    if isinstance(wanted, dict):
        return all(
            words & {f"{key}={as_text(value)}", f"{key}.{as_text(value)}"}
            or (as_text(value) == "" and _has_key(words, key))
            for key, value in wanted.items()
        )
    return words.issuperset(as_text(word) for word in _listed(wanted))


def _has_key(words: set[str], key: str) -> bool:
    return any(word == key or word.startswith((f"{key}=", f"{key}.")) for word in words)


def _listed(value: t.Any) -> list[t.Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


_MATCHERS: dict[str, t.Callable[[dict[str, t.Any], t.Any], bool]] = {
    "name": lambda server, wanted: any(fnmatch.fnmatchcase(server["name"], as_text(glob)) for glob in _listed(wanted)),
    "status": lambda server, wanted: server["status"].upper() in {as_text(one).upper() for one in _listed(wanted)},
    "metadata": lambda server, wanted: all(
        key in server["metadata"] and as_text(server["metadata"][key]) == as_text(value)
        for key, value in wanted.items()
    ),
    "tags": _match_tags,
    "availability_zone": lambda server, wanted: server["availability_zone"]
    in {as_text(one) for one in _listed(wanted)},
}


def find_one(kind: str, key: str, rows: t.Iterable[dict[str, t.Any]]) -> dict[str, t.Any] | None:
    """Return the row whose id or else name is key, None when there is none.

    Raises InvalidInput listing the ids when several rows have that name.
    """
    named = []
    for row in rows:
        if row["id"] == key:
            return row
        if row["name"] == key:
            named.append(row)
    return _only(kind, key, named)


def _only(kind: str, key: str, named: list[dict[str, t.Any]]) -> dict[str, t.Any] | None:
    if len(named) > 1:
        ids = ", ".join(sorted(row["id"] for row in named))
        raise InvalidInput(f"{kind} {key!r} is ambiguous: {len(named)} have that name; use one of the IDs {ids}")
    return named[0] if named else None


def choose_servers(
    keys: list[str] | None,
    filters: dict[str, t.Any] | None,
    servers: list[dict[str, t.Any]],
    known: t.Iterable[dict[str, t.Any]] = (),
    option: str = "servers",
) -> list[dict[str, t.Any]]:
    """Return the servers that keys name and filters match, each once: first as listed, then by name.

    known holds further rows (id and name) that may be chosen by id although no server has it any more.
    Raises InvalidInput naming every key that fits nothing.
    """
    by_id: dict[str, dict[str, t.Any]] = {row["id"]: row for row in known}
    by_id.update((server["id"], server) for server in servers)
    by_name: dict[str, list[dict[str, t.Any]]] = {}
    for row in servers:
        by_name.setdefault(row["name"], []).append(row)
    chosen: dict[str, dict[str, t.Any]] = {}
    missing: list[str] = []
    for key in keys or []:
        server: dict[str, t.Any] | None = by_id.get(key) or _only("server", key, by_name.get(key, []))
        if server is None:
            missing.append(key)
        else:
            chosen[server["id"]] = server
    if missing:
        raise InvalidInput(f"{option}: no such server: {', '.join(repr(key) for key in missing)}")
    if filters is not None:
        for match in sorted(servers, key=lambda server: (server["name"], server["id"])):
            if match_server(match, filters):
                chosen.setdefault(match["id"], match)
    return list(chosen.values())


def once(rows: list[Row]) -> list[Row]:
    """Return each row of a list once: pages move while others write, so a row may come twice."""
    return list({row["id"]: row for row in rows}.values())


def names_of(servers: t.Iterable[dict[str, t.Any]]) -> dict[str, str]:
    """Return by id the names that servers have now."""
    return {server["id"]: server["name"] for server in servers}


def server_refs(servers: t.Iterable[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return servers in the shape of results: id and name."""
    return [{"id": server["id"], "name": server["name"]} for server in servers]
