# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag: its options, what it reads, and whether the tags are then as they should be."""

from __future__ import annotations

import contextlib
import typing as t

from .._cloud.find_resources import read_resources
from .._domain.errors import CloudError, InvalidInput, NotFound, NotStarted, TaskFailed
from .._domain.selection import parse_refs
from .._domain.tags import apply_tags, check_count, parse_tags, parse_tags_to_remove, tags_as_dict
from .._execution.clock import Clock, poll
from .._plans.plan import Call, Outcome, Plan
from .._plans.tag import TagOptions, changes_of, tag_calls

if t.TYPE_CHECKING:
    from .._domain.rows import Row

# So many backups or policies are changed at a time.
_WORKERS = 5
# Seconds in which readings must show a change.
_SHOWN_WITHIN = 10


def parse_options(params: dict[str, t.Any]) -> TagOptions:
    """Return what the options of csbs_tag ask for; raises InvalidInput before anything is sent."""
    state, purge = params["state"], params["purge"]
    if state == "absent" and purge:
        raise InvalidInput(
            "purge goes with state present; to remove every tag write tags: {} with state present and purge: true"
        )
    tags = parse_tags_to_remove("tags", params["tags"]) if state == "absent" else parse_tags("tags", params["tags"])
    return TagOptions(
        params["resource_type"], parse_refs("resources", params["resources"]) or [], tags or {}, state, purge
    )


def plan(options: TagOptions, cloud: t.Any) -> Plan:
    """Read the present tags and return the plan that leads to the wanted ones; removals go first."""
    resources = read_resources(options.resource_type, options.resources, cloud, missing_ok=options.state == "absent")
    calls: list[Call] = []
    after = []
    for resource in resources:
        unset, put = changes_of(options, resource["tags"])
        wanted = apply_tags(resource["tags"], unset, put)
        check_count(_describe(options, resource), wanted if put else {})
        calls += tag_calls(
            options.resource_type, resource["id"], _describe(options, resource), unset, put, group=resource["id"]
        )
        after.append({**resource, "tags": wanted})
    return Plan(tuple(calls), {"resources": resources}, {"resources": after}, {"resources": after}, workers=_WORKERS)


def _describe(options: TagOptions, resource: Row) -> str:
    return f"{options.resource_type} {resource['name']!r} ({resource['id']})"


def finish(options: TagOptions, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
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
    reading = _Reading(options, cloud, sent)
    poll(lambda: reading.look(refused), clock.renewed(min(_SHOWN_WITHIN, clock.left)), 0.5)
    # The next task may ask the tag query.
    poll(reading.query_agrees, clock.renewed(min(_SHOWN_WITHIN, clock.left)), 0.5)
    resources = []
    for old, new in zip(plan.before["resources"], plan.result["resources"]):
        tags = reading.tags.get(new["id"]) if new["id"] in sent else (old if new["id"] in refused else new)["tags"]
        resources.append({**new, "tags": tags})
    problems = [why for row in resources if (why := _problem(options, row, refused, reading)) is not None]
    if not problems:
        return {"resources": resources}
    differ = any(row["tags"] not in (None, old["tags"]) for row, old in zip(resources, plan.before["resources"]))
    first = next((error for error in (*refused.values(), *reading.troubles.values())), CloudError("", ""))
    text = f"{len(problems)} of {len(resources)} resources do not have the tags as wanted. {' '.join(problems)}"
    raise TaskFailed(
        text, {"changed": outcome.changed or differ, "resources": resources, **first.fields(), **outcome.fields()}
    )


def _problem(options: TagOptions, row: Row, refused: dict[str, CloudError], reading: _Reading) -> str | None:
    """Return why a resource is not as wanted, None when it is."""
    error = refused.get(row["id"]) or reading.troubles.get(row["id"])
    if error is not None:
        return str(error)
    if row["tags"] is None or changes_of(options, row["tags"]) == ({}, {}):
        return None
    return (
        f"The service accepted the change of {_describe(options, row)} but shows the tags {row['tags']!r}."
        " What to do: look for other tasks that change these tags, and run the task again."
    )


class _Reading:
    """The tags of changed resources, each read by itself until it shows the change."""

    def __init__(self, options: TagOptions, cloud: t.Any, touched: set[str]) -> None:
        self._wish, self._cloud = options, cloud
        self._waiting = set(touched)
        self.tags: dict[str, dict[str, str]] = {}
        #: Why tags could not be read
        self.troubles: dict[str, CloudError] = {}

    def look(self, refused: t.Container[str]) -> bool:
        """Read what has not shown its change; return whether there is nothing more to wait for."""
        for key in sorted(self._waiting):
            try:
                self.tags[key] = tags_as_dict(self._cloud.tags_of(self._wish.resource_type, key))
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
            rows = self._cloud.find_tagged(self._wish.resource_type, {})
        return all(
            tags_as_dict(row["tags"]) == self.tags[row["resource_id"]]
            for row in rows
            if row.get("tags") is not None and row.get("resource_id") in self.tags
        )
