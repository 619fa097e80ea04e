# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of changes to tags."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .._domain.tags import compare_tags, tags_as_list
from .plan import Call


def tag_calls(
    resource_type: str,
    resource_id: str,
    what: str,
    unset: dict[str, str],
    put: dict[str, str],
    group: str | None = None,
) -> list[Call]:
    """Return the calls that change tags; removal first, so that the limit is never passed on the way.

    A single tag has calls of its own, and is removed whatever its value has become meanwhile. group is that of the calls.
    """
    where = {"resource_type": resource_type, "resource_id": resource_id}
    calls = []
    if len(unset) == 1:
        calls.append(
            Call(f"remove a tag of {what}", "remove_tag", {**where, "key": next(iter(unset))}, missing_ok=True)
        )
    elif unset:
        calls.append(Call(f"remove tags of {what}", "unset_tags", {**where, "tags": tags_as_list(unset)}))
    if len(put) == 1:
        key, value = next(iter(put.items()))
        calls.append(Call(f"set a tag of {what}", "add_tag", {**where, "key": key, "value": value}))
    elif put:
        calls.append(Call(f"set tags of {what}", "set_tags", {**where, "tags": tags_as_list(put)}))
    return [replace(call, group=group) for call in calls]


@dataclass(frozen=True)
class TagOptions:
    """The options of csbs_tag in normal form."""

    resource_type: str
    resources: list[str]
    tags: dict[str, str]
    state: str
    purge: bool


def changes_of(options: TagOptions, current: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return (tags to remove, tags to set) for one resource.

    A tag to be absent goes when its key is there and its value is the given one, or none is given.
    """
    if options.state == "absent":
        leaving = {
            key: value for key, value in current.items() if key in options.tags and options.tags[key] in ("", value)
        }
        return leaving, {}
    return compare_tags(current, options.tags, options.purge)
