# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_tag: what is wanted of the tags of backups or policies, and the plan that leads there."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ._plan import Call, Outcome, Plan
from ._policy import tag_calls
from ._rules import InvalidInput
from ._selection import find_one, is_id, wanted_keys
from ._tags import apply_tags, check_count, compare_tags, leaving_tags, tags_as_dict, wanted_tags
from ._wait import Clock


@dataclass(frozen=True)
class TagWish:
    """The options of csbs_tag in normal form."""

    owner: str
    resources: list[str]
    tags: dict[str, str]
    state: str
    purge: bool


def wish_tags(params: dict[str, t.Any], now: datetime) -> TagWish:
    """Return what the options of csbs_tag ask for; raises InvalidInput before anything is sent."""
    state, purge = params["state"], params["purge"]
    if state == "absent" and purge:
        raise InvalidInput("purge goes with state present; to remove every tag write tags: {} with state present and purge: true")
    tags = leaving_tags("tags", params["tags"]) if state == "absent" else wanted_tags("tags", params["tags"])
    return TagWish(params["resource_type"], wanted_keys("resources", params["resources"]) or [], tags or {}, state, purge)


def find_resources(owner: str, keys: list[str], cloud: t.Any, missing_ok: bool = False) -> list[dict[str, t.Any]]:
    """Return the backups or policies that keys name, each once: id and name.

    Raises InvalidInput naming those that do not exist, unless missing_ok, and the ids of an ambiguous name.
    """
    if not keys:
        return []
    rows = cloud.policies() if owner == "policy" else cloud.backups()
    found: dict[str, dict[str, t.Any]] = {}
    missing = []
    for key in keys:
        row = find_one(owner, key, rows) or _unlisted(owner, key, cloud)
        if row is None:
            missing.append(key)
        else:
            found[row["id"]] = {"id": row["id"], "name": row["name"]}
    if missing and not missing_ok:
        raise InvalidInput(f"resources: no such {owner}: {', '.join(repr(key) for key in missing)}")
    return list(found.values())


def _unlisted(owner: str, key: str, cloud: t.Any) -> dict[str, t.Any] | None:
    """Return what is too new to be listed; only an ID can find it."""
    if not is_id(key):
        return None
    row: dict[str, t.Any] | None = cloud.policy(key) if owner == "policy" else cloud.backup(key)
    return row


def plan_tag_task(wish: TagWish, cloud: t.Any) -> Plan:
    """Read the present tags and return the plan that leads to the wanted ones; removals go first."""
    resources = find_resources(wish.owner, wish.resources, cloud, missing_ok=wish.state == "absent")
    calls: list[Call] = []
    before, after = [], []
    for resource in resources:
        current = tags_as_dict(cloud.tags_of(wish.owner, resource["id"]))
        unset, put = changes_of(wish, current)
        wanted = apply_tags(current, unset, put)
        check_count(f"{wish.owner} {resource['name']!r}", wanted if put else {})
        calls += tag_calls(wish.owner, resource["id"], f"{wish.owner} {resource['name']!r}", unset, put)
        before.append({**resource, "tags": current})
        after.append({**resource, "tags": wanted})
    return Plan(tuple(calls), {"resources": before}, {"resources": after}, {"resources": after})


def changes_of(wish: TagWish, current: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return (tags to remove, tags to set) for one resource.

    A tag to be absent goes when its key is there and its value is the given one, or none is given.
    """
    if wish.state == "absent":
        leaving = {key: value for key, value in current.items() if key in wish.tags and wish.tags[key] in ("", value)}
        return leaving, {}
    return compare_tags(current, wish.tags, wish.purge)


def finish_tags(wish: TagWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Return the resources with their tags as they are now."""
    if not plan.changed:
        return {}
    return {
        "resources": [
            {**resource, "tags": tags_as_dict(cloud.tags_of(wish.owner, resource["id"]))}
            for resource in ({"id": row["id"], "name": row["name"]} for row in plan.result["resources"])
        ]
    }
