# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls for tags, which the backup services share."""

from __future__ import annotations

from urllib.parse import quote

from .guarded import sdk_exceptions
from .paged import PAGE_SIZE, no_end

#: What tag queries return of each object
FIELDS = ("resource_id", "resource_name", "tags")


def _answer(response):
    sdk_exceptions.raise_from_response(response)
    return response


class Tags:
    """The tags of one kind of objects; path is its place in URLs, such as csbs_backup."""

    def __init__(self, session, path):
        self._session = session
        self._path = path

    def of(self, resource_id):
        """Return the tags of one object as a list of dicts with key and value."""
        return _answer(self._session.get(f"/{self._path}/{resource_id}/tags")).json()["tags"] or []

    def in_project(self):
        """Return the tags of all objects as a list of dicts with key and values."""
        return _answer(self._session.get(f"/{self._path}/tags")).json()["tags"] or []

    def add(self, resource_id, key, value):
        """Set one tag."""
        tag = {"key": key, "value": value}
        _answer(self._session.post(f"/{self._path}/{resource_id}/tags", json={"tag": tag}))

    def remove(self, resource_id, key):
        """Remove one tag."""
        _answer(self._session.delete(f"/{self._path}/{resource_id}/tags/{quote(key, safe='')}"))

    def change(self, resource_id, action, tags):
        """Set (action create) or remove (action delete) several tags, a list of dicts with key and value."""
        body = {"action": action, "tags": tags}
        _answer(self._session.post(f"/{self._path}/{resource_id}/tags/action", json=body))

    def find(self, **query):
        """Yield each object that matches a query, as a dict with FIELDS.

        query is tags, tags_any, not_tags, not_tags_any, matches, and what else the service takes.
        """
        offset, before = 0, None
        while True:
            # In the references, limit and offset are strings.
            rows = self._query({**query, "action": "filter", "limit": str(PAGE_SIZE), "offset": str(offset)})[
                "resources"
            ]
            if rows and rows == before:
                raise no_end()
            before = rows
            yield from ({field: row.get(field) for field in FIELDS} for row in rows)
            if len(rows) < PAGE_SIZE:
                return
            offset += len(rows)

    def count(self, **query):
        """Return the number of objects that match a query."""
        return int(self._query({**query, "action": "count"})["total_count"])

    def _query(self, body):
        return _answer(self._session.post(f"/{self._path}/resource_instances/action", json=body)).json()
