# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag_info: its options, and the tags in use with the resources that carry them."""

from __future__ import annotations

import typing as t

from .._cloud.find_resources import read_resources
from .._cloud.tags import add_tags, all_tagged
from .._domain.selection import once, parse_refs
from .._domain.tag_carriers import check_resource_type
from .._domain.tag_query import tag_query
from .._domain.tags import tags_as_dict, values_by_key

if t.TYPE_CHECKING:
    from .._cloud.find_resources import TaggedResource
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, PolicyRow, TaggedRow


class TagInfoOptions(t.NamedTuple):
    """The options of csbs_tag_info in normal form; resources is None for all, query is empty without a filter."""

    resource_type: str
    resources: list[str] | None
    query: dict[str, list[dict[str, t.Any]]]


def parse_options(params: dict[str, t.Any]) -> TagInfoOptions:
    """Return what the options of csbs_tag_info ask for; raises InvalidInput before anything is sent."""
    return TagInfoOptions(check_resource_type(params), parse_refs("resources", params["resources"]), tag_query(params))


def read(options: TagInfoOptions, cloud: Cloud) -> dict[str, t.Any]:
    """Return the tags in use with their values, and the resources that carry them. Raises CloudError."""
    if options.resources is None and not options.query:
        carriers = [resource for resource in _all_resources(options.resource_type, cloud) if resource["tags"]]
        return {"tags": values_by_key(cloud.tags_in_project(options.resource_type)), "resources": carriers}
    resources: list[TaggedResource] = []
    if options.resources is not None:
        resources = read_resources(options.resource_type, options.resources, cloud, missing_ok=True)
    if options.query:
        fitting = [_resource_of(row) for row in cloud.find_tagged(options.resource_type, options.query)]
        named = None if options.resources is None else {resource["id"] for resource in resources}
        resources = [resource for resource in fitting if named is None or resource["id"] in named]
    return {"tags": _values_of(resources), "resources": resources}


def _values_of(resources: list[TaggedResource]) -> dict[str, list[str]]:
    """Return each tag key of resources with its values, both in order."""
    values: dict[str, set[str]] = {}
    for resource in resources:
        for key, value in (resource["tags"] or {}).items():
            values.setdefault(key, set()).add(value)
    return {key: sorted(found) for key, found in sorted(values.items())}


def _all_resources(resource_type: str, cloud: Cloud) -> list[TaggedResource]:
    """Return all backups or policies with their tags."""
    tagged = all_tagged(cloud, resource_type)
    if tagged is not None:
        return [_resource_of(row) for row in tagged]
    rows: list[BackupRow | PolicyRow] = [*(cloud.policies() if resource_type == "policy" else cloud.backups())]
    tagged_rows = add_tags(cloud, once(rows), resource_type)
    return [{"id": row["id"], "name": row["name"], "tags": tags_as_dict(row["tags"])} for row in tagged_rows]


def _resource_of(row: TaggedRow) -> TaggedResource:
    return {"id": row["resource_id"], "name": row["resource_name"], "tags": tags_as_dict(row.get("tags"))}
