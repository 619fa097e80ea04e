# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References to servers, policies and backups: names or IDs in options, and the rows that they mean."""

from __future__ import annotations

import re
import typing as t

from .errors import InvalidInput
from .limits import MAX_NAME, as_text

if t.TYPE_CHECKING:
    from .rows import ServerRef

    R = t.TypeVar("R", bound=t.Mapping[str, t.Any])

# More servers than this are not named one by one in the words for a call
_MOST_NAMED = 3


def parse_policy_ref(ref: str) -> str:
    """Return the option policy: a name or an ID. Raises InvalidInput for an empty text."""
    return (parse_refs("policy", [ref]) or [""])[0]


def parse_text(option: str, text: str | None) -> str | None:
    """Return what an option looks for; None stays None. Raises InvalidInput for what nothing can have."""
    if text is None:
        return None
    found = text.strip()
    if not 1 <= len(found) <= MAX_NAME:
        raise InvalidInput(f"{option}: {text!r} can be found nowhere; give 1 to {MAX_NAME} characters, or leave it out")
    return found


def parse_refs(option: str, entries: t.Iterable[t.Any] | None) -> list[str] | None:
    """Return the names or IDs that an option lists, each once; None stays None.

    An entry may be a name, an ID, or a dict with id or name from a result of this collection.
    """
    if entries is None:
        return None
    refs = []
    for entry in entries:
        named = entry.get("id") or entry.get("name") if isinstance(entry, dict) else entry
        ref = "" if isinstance(named, (dict, list)) else as_text(named).strip()
        if not 1 <= len(ref) <= MAX_NAME:
            raise InvalidInput(
                f"{option}: {entry!r} is neither a name nor an ID; these have 1 to {MAX_NAME} characters"
            )
        refs.append(ref)
    return list(dict.fromkeys(refs))


def parse_filters(filters: dict[str, t.Any] | None) -> dict[str, t.Any] | None:
    """Return the filters of the option server_filters that are set; None stays None.

    Raises InvalidInput when no filter is set, which would choose every server, and for an empty filter, which is often
    a variable without a value.
    """
    if filters is None:
        return None
    given = {key: value for key, value in filters.items() if value is not None}
    if given:
        # Loaded here, because many tasks name their servers.
        from .server_filters import check_filters

        check_filters("server_filters", given)
    if not given:
        raise InvalidInput(
            'server_filters: no filter is set, which would choose every server; write name: "*" to mean that'
        )
    return given


def is_id(ref: str) -> bool:
    """Return whether a text has the form of the service's IDs."""
    return bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", ref))


def find_one(kind: str, ref: str, rows: t.Iterable[R]) -> R | None:
    """Return the row with the ID ref, or else with the name ref; None when there is none.

    Raises InvalidInput that lists the IDs when several rows have that name.
    """
    named = []
    for row in rows:
        if row["id"] == ref:
            return row
        if row["name"] == ref:
            named.append(row)
    if len(named) > 1:
        ids = ", ".join(sorted(row["id"] for row in named))
        raise InvalidInput(f"{kind} {ref!r} is ambiguous: {len(named)} have that name; use one of the IDs {ids}")
    return named[0] if named else None


def once(rows: t.Iterable[R]) -> list[R]:
    """Return each row of a list once: pages move while others write, so a row may come twice."""
    return list({row["id"]: row for row in rows}.values())


def names_of(servers: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, str]:
    """Return the present names of servers by ID."""
    return {server["id"]: server["name"] for server in servers}


def server_refs(servers: t.Iterable[t.Mapping[str, t.Any]]) -> list[ServerRef]:
    """Return servers in the shape of results: id and name."""
    return [{"id": server["id"], "name": server["name"]} for server in servers]


def describe_server(server: t.Mapping[str, t.Any]) -> str:
    """Return name and ID of a server for messages."""
    return f"{server['name']!r} ({server['id']})"


def describe_servers(servers: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Return how operations name servers: by their names, or by their number when there are many."""
    if len(servers) > _MOST_NAMED:
        return f"{len(servers)} servers"
    listed = ", ".join(repr(server["name"]) for server in servers)
    return f"server {listed}" if len(servers) == 1 else f"servers {listed}"
