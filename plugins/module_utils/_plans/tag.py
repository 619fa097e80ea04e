# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the tags of a resource to the calls that make them as desired."""

from __future__ import annotations

import typing as t

from .._domain.tags import compare_tags, tags_as_list
from .plan import Call


class TagOptions(t.NamedTuple):
    """The options of csbs_tag in normal form."""

    resource_type: str
    resources: list[str]
    tags: dict[str, str]
    state: str
    purge: bool


def changes_of(options: TagOptions, current: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return (tags to remove, tags to set) for one resource.

    With state absent, a tag is removed when its key is named, with this value or without any.
    """
    if options.state == "absent":
        remove = {key: value for key, value in current.items() if options.tags.get(key) in ("", value)}
        return remove, {}
    return compare_tags(current, options.tags, options.purge)


def tag_calls(
    resource_type: str,
    resource_id: str,
    what: str,
    remove: dict[str, str],
    put: dict[str, str],
    group: str | None = None,
) -> list[Call]:
    """Return the calls that change tags; removals first, so that the limit is never exceeded in between.

    A single tag has requests of its own, which remove the tag even if its value has changed meanwhile. what names the
    resource in messages, group is that of the calls.
    """
    where = {"resource_type": resource_type, "resource_id": resource_id}
    calls = []
    if len(remove) == 1:
        (key,) = remove
        calls.append(Call(f"remove a tag of {what}", "remove_tag", {**where, "key": key}, missing_ok=True, group=group))
    elif remove:
        calls.append(Call(f"remove tags of {what}", "unset_tags", {**where, "tags": tags_as_list(remove)}, group=group))
    if len(put) == 1:
        ((key, value),) = put.items()
        calls.append(Call(f"set a tag of {what}", "add_tag", {**where, "key": key, "value": value}, group=group))
    elif put:
        calls.append(Call(f"set tags of {what}", "set_tags", {**where, "tags": tags_as_list(put)}, group=group))
    return calls
