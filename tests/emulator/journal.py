# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of every request that a client sent."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

QUERY_POSTS = (
    re.compile(r"^/v3/auth/tokens/?$"),
    re.compile(r"^/csbs/v1/[^/]+/csbs_backup(_policy)?/resource_instances/action$"),
    re.compile(r"^/csbs/v1/[^/]+/providers/[^/]+/resources/action$"),
    re.compile(r"^/cbr/v3/[^/]+/vault/resource_instances/action$"),
)
# The first part of a path: the service. The image service can have two addresses.
SERVICES = {"compute": "compute", "volume": "volume", "csbs": "csbs", "cbr": "cbr", "ims": "ims", "image": "ims"}


def service_of(path: str) -> str:
    """Which service a path belongs to; everything outside the prefixes is Keystone."""
    head = path.split("/", 2)[1] if path.startswith("/") else ""
    return SERVICES.get(head, "identity")


def is_write(method: str, path: str) -> bool:
    """Whether a request can change anything: all but reads and the POSTs that only ask."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return False
    return not (method == "POST" and any(pattern.match(path) for pattern in QUERY_POSTS))


class Entry(dict):  # type: ignore[type-arg]
    """One request, a dict that also answers to attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Journal:
    """List-like and safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._last_id = 0

    def add(self, **fields: Any) -> Entry:
        """Record one request."""
        with self._lock:
            self._last_id += 1
            entry = Entry(id=self._last_id, **fields)
            self._entries.append(entry)
            return entry

    def clear(self) -> None:
        """Forget all requests; ids go on counting."""
        with self._lock:
            self._entries = []

    def all(self) -> list[Entry]:
        """A copy of all entries."""
        with self._lock:
            return list(self._entries)

    def writes(self) -> list[Entry]:
        """The requests that can change something."""
        return [entry for entry in self.all() if entry["write"]]

    def select(self, service: str | None = None, method: str | None = None, path: str | None = None) -> list[Entry]:
        """Entries by service, method and a regular expression that is searched in the path."""
        return [
            entry
            for entry in self.all()
            if (service is None or entry["service"] == service)
            and (method is None or entry["method"] == method.upper())
            and (path is None or re.search(path, entry["path"]))
        ]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.all())

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: Any) -> Any:
        return self.all()[index]

    def __repr__(self) -> str:
        return "\n".join(f"{e['id']} {e['method']} {e['path']} {e['query']} -> {e['status']}" for e in self.all())
