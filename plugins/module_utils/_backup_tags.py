# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""The tags of backups and policies that were read from lists, which may leave them out."""

from __future__ import annotations

import typing as t

from ._errors import CloudError, NotFound

_BAD_REQUEST = 400


def add_tags(cloud: t.Any, rows: list[dict[str, t.Any]], resource_type: str = "backup") -> list[dict[str, t.Any]]:
    """Give rows the tags that lists leave out, and return the rows; one query tells of all.

    resource_type is backup or policy. What the query leaves out, as its pages move while others write, is read by
    itself; a row that is gone gets no tags.
    """
    lacking = [row for row in rows if row.get("tags") is None]
    if not lacking:
        return rows
    known = {row["resource_id"]: row.get("tags") or [] for row in all_tagged(cloud, resource_type) or ()}
    for row in lacking:
        try:
            row["tags"] = known[row["id"]] if row["id"] in known else cloud.tags_of(resource_type, row["id"])
        except NotFound:
            row["tags"] = []
    return rows


def all_tagged(cloud: t.Any, resource_type: str) -> list[dict[str, t.Any]] | None:
    """Return all backups or policies with their tags, None where the service refuses a query without a tag."""
    try:
        rows: list[dict[str, t.Any]] = cloud.find_tagged(resource_type, {})
    except CloudError as error:
        if error.status != _BAD_REQUEST:
            raise
        return None
    return rows
