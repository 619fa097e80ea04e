# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag_info: its options, and the tags that fit them."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._cloud.find import add_tags, all_tagged, read_resources
from .._domain.rows import Row, once
from .._domain.selection import wanted_keys
from .._domain.tags import tag_query, tags_as_dict, values_by_key


# ========== csbs_tag_info ==========
def wish_tag_lookup(params: dict[str, t.Any], now: datetime) -> Row:
    """Return the options of csbs_tag_info in normal form."""
    return {
        "owner": params["resource_type"],
        "resources": wanted_keys("resources", params["resources"]),
        "query": tag_query(params),
    }


def read_tags(wish: Row, cloud: t.Any) -> dict[str, t.Any]:
    """Return the tags in use with their values, and the resources that carry them."""
    owner, keys, query = wish["owner"], wish["resources"], wish["query"]
    if keys is None and not query:
        rows = [row for row in _all_resources(owner, cloud) if row["tags"]]
        return {"tags": values_by_key(cloud.tags_in_project(owner)), "resources": rows}
    named = None if keys is None else read_resources(owner, keys, cloud, missing_ok=True)
    rows = named or []
    if query:
        wanted = None if named is None else {one["id"] for one in named}
        rows = [_tagged(row) for row in cloud.find_tagged(owner, query)]
        rows = [row for row in rows if wanted is None or row["id"] in wanted]
    values: dict[str, set[str]] = {}
    for row in rows:
        for key, value in row["tags"].items():
            values.setdefault(key, set()).add(value)
    return {"tags": {key: sorted(found) for key, found in sorted(values.items())}, "resources": rows}


def _all_resources(owner: str, cloud: t.Any) -> list[Row]:
    """Return all backups or policies with their tags."""
    tagged = all_tagged(cloud, owner)
    if tagged is not None:
        return [_tagged(row) for row in tagged]
    rows = once(cloud.policies() if owner == "policy" else cloud.backups())
    add_tags(cloud, rows, owner)
    return [{"id": row["id"], "name": row["name"], "tags": tags_as_dict(row["tags"])} for row in rows]


def _tagged(row: Row) -> Row:
    return {"id": row["resource_id"], "name": row["resource_name"], "tags": tags_as_dict(row.get("tags"))}
