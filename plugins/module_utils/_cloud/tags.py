# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of backups and policies where lists leave them out. resource_type is "backup" or "policy"."""

from __future__ import annotations

import typing as t

from .._domain.errors import CloudError, NotFound

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, PolicyRow, TaggedRow

    Taggable = t.TypeVar("Taggable", bound=BackupRow | PolicyRow)

_BAD_REQUEST = 400


def add_tags(cloud: Cloud, rows: list[Taggable], resource_type: str = "backup") -> list[Taggable]:
    """Give rows the tags that lists leave out, and return the rows; one query reads the tags of all.

    What the query leaves out, because its pages move while others write, is read by itself; a row that is gone gets no
    tags. Raises CloudError.
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


def all_tagged(cloud: Cloud, resource_type: str) -> list[TaggedRow] | None:
    """Return all backups or policies with their tags, None where the service refuses a query without a tag.

    Raises CloudError.
    """
    try:
        return cloud.find_tagged(resource_type, {})
    except CloudError as error:
        if error.status != _BAD_REQUEST:
            raise
        return None
