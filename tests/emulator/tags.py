# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of backups and policies, and looking resources up by them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .model import Item, Policy
from .rules import ApiError, bad, clean_tags, merge_tags
from .state import State

KINDS = ("csbs_backup", "csbs_backup_policy")
FILTERS = ("tags", "tags_any", "not_tags", "not_tags_any")
Tagged = Item | Policy


def find(state: State, kind: str, project_id: str, resource_id: str) -> Tagged:
    """The backup or policy that tags belong to."""
    if kind == "csbs_backup":
        return state.item(project_id, resource_id)
    return state.policy(project_id, resource_id)


def all_of(state: State, kind: str, project_id: str) -> list[Tagged]:
    """All backups or policies of a project that lists show by now, oldest first."""
    source: Iterable[Tagged] = state.items.values() if kind == "csbs_backup" else state.policies.values()
    return state.shown(source, project_id)


def add(resource: Tagged, tags: list[dict[str, Any]]) -> None:
    """Set tags; those that exist get the new value."""
    resource.tags = merge_tags(resource.tags, clean_tags(tags))


def remove(resource: Tagged, key: str) -> None:
    """Remove one tag, which must exist."""
    if key.strip() not in resource.tags:
        raise ApiError("CSBS.7001", key)
    del resource.tags[key.strip()]


def act(kind: str, resource: Tagged, action: str, tags: list[dict[str, Any]]) -> None:
    """Set or remove several tags; removing what is not there succeeds."""
    if action == "create":
        for tag in tags:
            if "value" not in tag:
                raise bad(f"tag {tag['key']!r} has no value")
        add(resource, tags)
        return
    if len(tags) > 10:
        raise bad("at most 10 tags")
    keys = [tag["key"].strip() for tag in tags]
    if "" in keys:
        raise bad("a tag key is empty")
    if kind == "csbs_backup_policy" and len(set(keys)) < len(keys):
        raise bad("tag keys repeat")
    left = dict(resource.tags)
    for key, tag in zip(keys, tags):
        if key in left and ("value" not in tag or tag["value"].strip() == left[key]):
            del left[key]
    resource.tags = left


def in_project(state: State, kind: str, project_id: str) -> list[dict[str, Any]]:
    """All keys in use with all their values."""
    values: dict[str, dict[str, None]] = {}
    for thing in all_of(state, kind, project_id):
        for key, value in thing.tags.items():
            values.setdefault(key, {})[value] = None
    return [{"key": key, "values": list(found)} for key, found in values.items()]


def _has(tags: dict[str, str], wanted: dict[str, Any]) -> bool:
    value = tags.get(wanted["key"].strip())
    if value is None:
        return False
    if not wanted["values"]:
        return True
    return any(
        text[1:] in value if text.startswith("*") else text == value
        for text in (candidate.strip() for candidate in wanted["values"])
    )


def _fits(thing: Tagged, query: dict[str, Any]) -> bool:
    tags = thing.tags
    if "tags" in query and not all(_has(tags, tag) for tag in query["tags"]):
        return False
    if "tags_any" in query and not any(_has(tags, tag) for tag in query["tags_any"]):
        return False
    if "not_tags" in query and all(_has(tags, tag) for tag in query["not_tags"]):
        return False
    if "not_tags_any" in query and any(_has(tags, tag) for tag in query["not_tags_any"]):
        return False
    for match in query.get("matches", ()):
        value = match["value"].lower()
        name = thing.name.lower()
        if (value not in name) if value else (name != ""):
            return False
    return True


def query(state: State, kind: str, project_id: str, wish: dict[str, Any]) -> tuple[list[Tagged] | None, int]:
    """What a filter or count finds: the page (None for a count) and the total."""
    for name in FILTERS:
        keys = [tag["key"].strip() for tag in wish.get(name, ())]
        if len(set(keys)) < len(keys) or "" in keys:
            raise bad(f"{name}: keys repeat or are empty")
    if len({match["key"] for match in wish.get("matches", ())}) < len(wish.get("matches", ())):
        raise bad("matches: keys repeat")
    found = [thing for thing in reversed(all_of(state, kind, project_id)) if _fits(thing, wish)]
    if wish["action"] == "count":
        if "limit" in wish or "offset" in wish:
            raise bad("limit and offset do not go with count")
        return None, len(found)
    limit, offset = int(wish.get("limit", 1000)), int(wish.get("offset", 0))
    if not 1 <= limit <= 1000:
        raise bad("limit must be 1 to 1000")
    return found[offset : offset + limit], len(found)
