# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag_info: its options, and the tags that fit them."""

from __future__ import annotations

import typing as t

from .._cloud.find_resources import read_resources
from .._cloud.tags import add_tags, all_tagged
from .._domain.selection import once, parse_refs
from .._domain.tags import tag_query, tags_as_dict, values_by_key

if t.TYPE_CHECKING:
    from .._domain.rows import Row


# ========== csbs_tag_info ==========
def parse_options(params: dict[str, t.Any]) -> Row:
    """Return the options of csbs_tag_info in normal form."""
    return {
        "resource_type": params["resource_type"],
        "resources": parse_refs("resources", params["resources"]),
        "query": tag_query(params),
    }


def read(options: Row, cloud: t.Any) -> dict[str, t.Any]:
    """Return the tags in use with their values, and the resources that carry them."""
    resource_type, keys, query = options["resource_type"], options["resources"], options["query"]
    if keys is None and not query:
        rows = [row for row in _all_resources(resource_type, cloud) if row["tags"]]
        return {"tags": values_by_key(cloud.tags_in_project(resource_type)), "resources": rows}
    named = None if keys is None else read_resources(resource_type, keys, cloud, missing_ok=True)
    rows = named or []
    if query:
        wanted = None if named is None else {one["id"] for one in named}
        rows = [_tagged(row) for row in cloud.find_tagged(resource_type, query)]
        rows = [row for row in rows if wanted is None or row["id"] in wanted]
    values: dict[str, set[str]] = {}
    for row in rows:
        for key, value in row["tags"].items():
            values.setdefault(key, set()).add(value)
    return {"tags": {key: sorted(found) for key, found in sorted(values.items())}, "resources": rows}


def _all_resources(resource_type: str, cloud: t.Any) -> list[Row]:
    """Return all backups or policies with their tags."""
    tagged = all_tagged(cloud, resource_type)
    if tagged is not None:
        return [_tagged(row) for row in tagged]
    rows = once(cloud.policies() if resource_type == "policy" else cloud.backups())
    add_tags(cloud, rows, resource_type)
    return [{"id": row["id"], "name": row["name"], "tags": tags_as_dict(row["tags"])} for row in rows]


def _tagged(row: Row) -> Row:
    return {"id": row["resource_id"], "name": row["resource_name"], "tags": tags_as_dict(row.get("tags"))}
