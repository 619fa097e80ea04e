# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of backups, policies and vaults, and looking resources up by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from .rules import CSBS_TAGS, ApiError, TagRules, clean_tags, merge_tags
from .state import Listed, State

FILTERS = ("tags", "tags_any", "not_tags", "not_tags_any")


class Tagged(Listed, Protocol):
    """What can have tags."""

    tags: dict[str, str]


@dataclass(frozen=True)
class Kind:
    """Things that have tags: where they are, and the rules of their service."""

    rules: TagRules
    find: Callable[[State, str, str], Any]
    all: Callable[[State], Iterable[Any]]
    repeats_when_deleting: bool = True
    fits: Callable[[Any, dict[str, Any]], bool] = lambda thing, query: True


BACKUPS = Kind(CSBS_TAGS, State.item, lambda state: state.items.values())
POLICIES = Kind(CSBS_TAGS, State.policy, lambda state: state.policies.values(), repeats_when_deleting=False)


def all_of(state: State, kind: Kind, project_id: str) -> list[Tagged]:
    """All things of a kind in a project that lists show by now, oldest first."""
    return state.shown(kind.all(state), project_id)


def add(kind: Kind, resource: Tagged, tags: list[dict[str, Any]]) -> None:
    """Set tags; those that exist get the new value."""
    resource.tags = merge_tags(resource.tags, clean_tags(tags, kind.rules), kind.rules)


def remove(kind: Kind, resource: Tagged, key: str) -> None:
    """Remove one tag, which must exist."""
    if key.strip() not in resource.tags:
        raise ApiError(kind.rules.missing, key)
    del resource.tags[key.strip()]


def act(kind: Kind, resource: Tagged, action: str, tags: list[dict[str, Any]]) -> None:
    """Set or remove several tags; removing what is not there succeeds."""
    if action == "create":
        for tag in tags:
            if "value" not in tag:
                raise ApiError(kind.rules.bad, f"tag {tag['key']!r} has no value")
        add(kind, resource, tags)
        return
    if len(tags) > kind.rules.most:
        raise ApiError(kind.rules.bad, f"at most {kind.rules.most} tags")
    keys = [tag["key"].strip() for tag in tags]
    if "" in keys:
        raise ApiError(kind.rules.bad, "a tag key is empty")
    if not kind.repeats_when_deleting and len(set(keys)) < len(keys):
        raise ApiError(kind.rules.bad, "tag keys repeat")
    left = dict(resource.tags)
    for key, tag in zip(keys, tags):
        if key in left and ("value" not in tag or tag["value"].strip() == left[key]):
            del left[key]
    resource.tags = left


def in_project(state: State, kind: Kind, project_id: str) -> list[dict[str, Any]]:
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
    if query.get("without_any_tag"):
        query = {key: value for key, value in query.items() if key not in FILTERS}
        if tags:
            return False
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


def query(state: State, kind: Kind, project_id: str, wish: dict[str, Any]) -> tuple[list[Tagged] | None, int]:
    """What a filter or count finds: the page (None for a count) and the total."""
    for name in FILTERS:
        keys = [tag["key"].strip() for tag in wish.get(name, ())]
        if len(set(keys)) < len(keys) or "" in keys:
            raise ApiError(kind.rules.bad, f"{name}: keys repeat or are empty")
    if len({match["key"] for match in wish.get("matches", ())}) < len(wish.get("matches", ())):
        raise ApiError(kind.rules.bad, "matches: keys repeat")
    found = [
        thing for thing in reversed(all_of(state, kind, project_id)) if _fits(thing, wish) and kind.fits(thing, wish)
    ]
    if wish["action"] == "count":
        if "limit" in wish or "offset" in wish:
            raise ApiError(kind.rules.bad, "limit and offset do not go with count")
        return None, len(found)
    limit, offset = int(wish.get("limit", 1000)), int(wish.get("offset", 0))
    if not 1 <= limit <= 1000:
        raise ApiError(kind.rules.bad, "limit must be 1 to 1000")
    return found[offset : offset + limit], len(found)
