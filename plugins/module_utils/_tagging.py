# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_tag: what is wanted of the tags of backups or policies, and the plan that leads there."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ._backup_tags import add_tags
from ._errors import ActionFailed, CloudError, NotFound, NotStarted
from ._plan import Call, Outcome, Plan
from ._policy import tag_calls
from ._rows import Row
from ._rules import MAX_SINGLE_READS, InvalidInput
from ._selection import find_one, wanted_keys
from ._tags import apply_tags, check_count, compare_tags, leaving_tags, tags_as_dict, wanted_tags
from ._wait import Clock, poll

# So many backups or policies are changed at a time.
_WORKERS = 5
# Seconds in which readings must show a change.
_SHOWN_WITHIN = 10


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


def read_resources(owner: str, keys: list[str], cloud: t.Any, missing_ok: bool = False) -> list[Row]:
    """Return the backups or policies that keys name, each once: id, name and tags.

    A few are read one by one, more by one list and one tag query.
    Raises InvalidInput naming those that do not exist, unless missing_ok, and the ids of an ambiguous name.
    """
    few = len(keys) <= MAX_SINGLE_READS
    found = _find_few(owner, keys, cloud) if few else _find_many(owner, keys, cloud)
    missing = [key for key, row in found.items() if row is None]
    if missing and not missing_ok:
        raise InvalidInput(f"resources: no such {owner}: {', '.join(repr(key) for key in missing)}")
    rows = list({row["id"]: row for row in found.values() if row is not None}.values())
    if few:
        rows = [full for row in rows if (full := _with_own_tags(owner, row, cloud, missing_ok)) is not None]
    else:
        add_tags(cloud, rows, owner)
    return [{"id": row["id"], "name": row["name"], "tags": tags_as_dict(row["tags"])} for row in rows]


def _find_few(owner: str, keys: list[str], cloud: t.Any) -> dict[str, Row | None]:
    """Return by key what it names. Only what was read by its ID has tags: lists may be older than the last change."""
    found = {key: _in_full(owner, key, cloud) for key in keys}
    names = [key for key, row in found.items() if row is None]
    if names and owner == "policy":
        rows = _by_key(cloud.policies())
    else:
        # The service finds backups by a part of their name, so there is no need to list them all.
        rows = _by_key([row for name in names for row in cloud.backups(name=name)])
    for name in names:
        row = find_one(owner, name, rows.get(name, ()))
        found[name] = None if row is None else {**row, "tags": None}
    return found


def _find_many(owner: str, keys: list[str], cloud: t.Any) -> dict[str, Row | None]:
    """Return by key what it names. What is too new to be listed is found by its ID."""
    rows = _by_key(cloud.policies() if owner == "policy" else cloud.backups())
    return {key: find_one(owner, key, rows.get(key, ())) or _in_full(owner, key, cloud) for key in keys}


def _by_key(rows: list[Row]) -> dict[str, list[Row]]:
    """Return rows of a list by their ID and by their name. A row that two pages show is one."""
    found: dict[str, list[Row]] = {}
    for row in {row["id"]: row for row in rows}.values():
        for key in dict.fromkeys((row["id"], row["name"])):
            found.setdefault(key, []).append(row)
    return found


def _in_full(owner: str, key: str, cloud: t.Any) -> Row | None:
    """Return the backup or policy with an ID, None when there is none or the key is no ID."""
    row: Row | None = cloud.policy(key) if owner == "policy" else cloud.backup(key)
    return row


def _with_own_tags(owner: str, row: Row, cloud: t.Any, missing_ok: bool) -> Row | None:
    """Return a row with the tags that the resource has now, None when it was deleted meanwhile and that is allowed."""
    if row.get("tags") is not None:
        return row
    try:
        return {**row, "tags": cloud.tags_of(owner, row["id"])}
    except NotFound:
        if not missing_ok:
            raise
        return None


def plan_tag_task(wish: TagWish, cloud: t.Any) -> Plan:
    """Read the present tags and return the plan that leads to the wanted ones; removals go first."""
    resources = read_resources(wish.owner, wish.resources, cloud, missing_ok=wish.state == "absent")
    calls: list[Call] = []
    after = []
    for resource in resources:
        unset, put = changes_of(wish, resource["tags"])
        wanted = apply_tags(resource["tags"], unset, put)
        check_count(_describe(wish, resource), wanted if put else {})
        calls += tag_calls(wish.owner, resource["id"], _describe(wish, resource), unset, put, group=resource["id"])
        after.append({**resource, "tags": wanted})
    return Plan(tuple(calls), {"resources": resources}, {"resources": after}, {"resources": after}, workers=_WORKERS)


def _describe(wish: TagWish, resource: Row) -> str:
    return f"{wish.owner} {resource['name']!r} ({resource['id']})"


def changes_of(wish: TagWish, current: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return (tags to remove, tags to set) for one resource.

    A tag to be absent goes when its key is there and its value is the given one, or none is given.
    """
    if wish.state == "absent":
        leaving = {key: value for key, value in current.items() if key in wish.tags and wish.tags[key] in ("", value)}
        return leaving, {}
    return compare_tags(current, wish.tags, wish.purge)


def finish_tags(wish: TagWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Return the resources with their tags as they are now; raises ActionFailed naming each that is not as wanted."""
    if not plan.changed:
        return {}
    refused: dict[str, CloudError] = {}
    sent = set()
    for position, call in enumerate(plan.calls):
        error = outcome.failures.get(position)
        if error is not None:
            # After the first failure, the later calls of the resource are not sent.
            refused.setdefault(call.arguments["resource_id"], error)
        if not isinstance(error, NotStarted):
            sent.add(call.arguments["resource_id"])
    reading = _Reading(wish, cloud, sent)
    poll(lambda: reading.look(refused), clock.renewed(min(_SHOWN_WITHIN, clock.left)), 0.5)
    # The next task may ask the tag query.
    poll(reading.query_agrees, clock.renewed(min(_SHOWN_WITHIN, clock.left)), 0.5)
    resources = []
    for old, new in zip(plan.before["resources"], plan.result["resources"]):
        tags = reading.tags.get(new["id"]) if new["id"] in sent else (old if new["id"] in refused else new)["tags"]
        resources.append({**new, "tags": tags})
    problems = [why for row in resources if (why := _problem(wish, row, refused, reading)) is not None]
    if not problems:
        return {"resources": resources}
    differ = any(row["tags"] not in (None, old["tags"]) for row, old in zip(resources, plan.before["resources"]))
    first = next((error for error in (*refused.values(), *reading.troubles.values())), CloudError("", ""))
    text = f"{len(problems)} of {len(resources)} resources do not have the tags as wanted. {' '.join(problems)}"
    raise ActionFailed(text, {"changed": outcome.changed or differ, "resources": resources, **first.fields(), **outcome.fields()})


def _problem(wish: TagWish, row: Row, refused: dict[str, CloudError], reading: _Reading) -> str | None:
    """Return why a resource is not as wanted, None when it is."""
    error = refused.get(row["id"]) or reading.troubles.get(row["id"])
    if error is not None:
        return str(error)
    if row["tags"] is None or changes_of(wish, row["tags"]) == ({}, {}):
        return None
    return (
        f"The service accepted the change of {_describe(wish, row)} but shows the tags {row['tags']!r}."
        " What to do: look for other tasks that change these tags, and run the task again."
    )


class _Reading:
    """The tags of changed resources, each read by itself until it shows the change."""

    def __init__(self, wish: TagWish, cloud: t.Any, touched: set[str]) -> None:
        self._wish, self._cloud = wish, cloud
        self._waiting = set(touched)
        self.tags: dict[str, dict[str, str]] = {}
        #: Why tags could not be read
        self.troubles: dict[str, CloudError] = {}

    def look(self, refused: t.Container[str]) -> bool:
        """Read what has not shown its change; return whether there is nothing more to wait for."""
        for key in sorted(self._waiting):
            try:
                self.tags[key] = tags_as_dict(self._cloud.tags_of(self._wish.owner, key))
            except NotFound as error:
                # What is gone has no tags.
                if self._wish.state == "absent":
                    self.tags[key] = {}
                else:
                    self.troubles[key] = error
            except CloudError as error:
                self.troubles[key] = error
            if key in refused or key in self.troubles or changes_of(self._wish, self.tags[key]) == ({}, {}):
                self._waiting.discard(key)
        return not self._waiting

    def query_agrees(self) -> bool:
        """Return whether the tag query shows no other tags than the resources themselves."""
        rows: list[Row] = []
        if not self.tags:
            return True
        # Whether it answers at all is the next task's concern.
        with contextlib.suppress(CloudError):
            rows = self._cloud.find_tagged(self._wish.owner, {})
        return all(
            tags_as_dict(row["tags"]) == self.tags[row["resource_id"]]
            for row in rows
            if row.get("tags") is not None and row.get("resource_id") in self.tags
        )
