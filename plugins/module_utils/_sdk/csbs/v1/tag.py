# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of backups and policies."""

from __future__ import annotations

from urllib.parse import quote

from ...guarded import sdk_exceptions
from ._base import PAGE_SIZE

#: resource_type -> its place in URLs
PATHS = {"backup": "csbs_backup", "policy": "csbs_backup_policy"}
#: What tag queries return of each backup or policy (api_description/tag_management)
FIELDS = ("resource_id", "resource_name", "tags")


def _answer(response):
    sdk_exceptions.raise_from_response(response)
    return response


def tags_of(session, resource_type, resource_id):
    """Return the tags of one backup or policy as a list of dicts with key and value."""
    return _answer(session.get(f"/{PATHS[resource_type]}/{resource_id}/tags")).json()["tags"]


def tags_in_project(session, resource_type):
    """Return the tags of all backups or policies as a list of dicts with key and values."""
    return _answer(session.get(f"/{PATHS[resource_type]}/tags")).json()["tags"]


def add_tag(session, resource_type, resource_id, key, value):
    """Set one tag."""
    _answer(session.post(f"/{PATHS[resource_type]}/{resource_id}/tags", json={"tag": {"key": key, "value": value}}))


def remove_tag(session, resource_type, resource_id, key):
    """Remove one tag."""
    _answer(session.delete(f"/{PATHS[resource_type]}/{resource_id}/tags/{quote(key, safe='')}"))


def change_tags(session, resource_type, resource_id, action, tags):
    """Set (action create) or remove (action delete) several tags, a list of dicts with key and value."""
    _answer(session.post(f"/{PATHS[resource_type]}/{resource_id}/tags/action", json={"action": action, "tags": tags}))


def find_tagged(session, resource_type, **query):
    """Yield each backup or policy that matches a query, as a dict with FIELDS.

    query is tags, tags_any, not_tags, not_tags_any, matches.
    """
    offset = 0
    while True:
        # In the reference, limit and offset are strings.
        body = {**query, "action": "filter", "limit": str(PAGE_SIZE), "offset": str(offset)}
        rows = _answer(session.post(f"/{PATHS[resource_type]}/resource_instances/action", json=body)).json()[
            "resources"
        ]
        yield from ({field: row.get(field) for field in FIELDS} for row in rows)
        if len(rows) < PAGE_SIZE:
            return
        offset += len(rows)


def count_tagged(session, resource_type, **query):
    """Return the number of backups or policies that match a query."""
    response = _answer(
        session.post(f"/{PATHS[resource_type]}/resource_instances/action", json={**query, "action": "count"})
    )
    return int(response.json()["total_count"])
