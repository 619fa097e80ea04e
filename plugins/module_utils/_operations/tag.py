# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag: its options, what it reads, and whether each resource then has the tags as desired."""

from __future__ import annotations

import contextlib
import typing as t

from .._cloud.find_resources import read_resources
from .._domain.errors import CloudError, InvalidInput, NotFound, NotStarted, TaskFailed
from .._domain.selection import parse_refs
from .._domain.tag_option import parse_tags, parse_tags_to_remove
from .._domain.tags import apply_tags, check_count, tags_as_dict
from .._execution.clock import Clock, poll
from .._plans.plan import Call, Outcome, Plan
from .._plans.tag import TagOptions, changes_of, tag_calls

if t.TYPE_CHECKING:
    from .._cloud.find_resources import TaggedResource
    from .._domain.cloud import Cloud

# How many backups or policies are changed at a time
_WORKERS = 5
# Seconds within which readings, and then the tag query, must show a change; and the first pause between two of them
_SECONDS_UNTIL_SHOWN = 10
_SECONDS_BETWEEN_READINGS = 0.5


def parse_options(params: dict[str, t.Any]) -> TagOptions:
    """Return what the options of csbs_tag ask for; raises InvalidInput before anything is sent."""
    state, purge = params["state"], params["purge"]
    if state == "absent" and purge:
        raise InvalidInput(
            "purge goes with state present; to remove every tag write tags: {} with state present and purge: true"
        )
    tags = parse_tags_to_remove("tags", params["tags"]) if state == "absent" else parse_tags("tags", params["tags"])
    resources = parse_refs("resources", params["resources"])
    return TagOptions(params["resource_type"], resources or [], tags or {}, state, purge)


def plan(options: TagOptions, cloud: Cloud) -> Plan[None]:
    """Read the current tags and return the plan that leads to the desired ones; removals go first."""
    resources = read_resources(options.resource_type, options.resources, cloud, missing_ok=options.state == "absent")
    calls: list[Call] = []
    after = []
    for resource in resources:
        what, current = _describe(options, resource), resource["tags"] or {}
        remove, put = changes_of(options, current)
        tags = apply_tags(current, remove, put)
        # Other tags than the service allows may be there already; only a task that adds some is refused.
        check_count(what, tags if put else {})
        calls += tag_calls(options.resource_type, resource["id"], what, remove, put, group=resource["id"])
        after.append({**resource, "tags": tags})
    return Plan(tuple(calls), {"resources": resources}, {"resources": after}, {"resources": after}, workers=_WORKERS)


def _describe(options: TagOptions, resource: TaggedResource) -> str:
    return f"{options.resource_type} {resource['name']!r} ({resource['id']})"


def finish(options: TagOptions, cloud: Cloud, plan: Plan[None], outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Return the resources with their tags as they are now; raises TaskFailed naming each that is not as desired."""
    if not plan.changed:
        return {}
    failures, sent = _by_resource(plan, outcome)
    reader = _TagReader(options, cloud, sent, failures)
    for shown in (reader.read, reader.query_agrees):
        poll(shown, clock.renewed(min(_SECONDS_UNTIL_SHOWN, clock.left)), _SECONDS_BETWEEN_READINGS)
    before: list[TaggedResource] = plan.before["resources"]
    resources: list[TaggedResource] = [
        {**resource, "tags": reader.tags.get(resource["id"]) if resource["id"] in sent else resource["tags"]}
        for resource in before
    ]
    errors = {**reader.errors, **failures}
    problems = [why for resource in resources if (why := _problem(options, resource, errors)) is not None]
    if not problems:
        return {"resources": resources}
    differ = any(new["tags"] not in (None, old["tags"]) for old, new in zip(before, resources))
    first_error = next(iter((failures or reader.errors).values()), None)
    raise TaskFailed(
        f"{len(problems)} of {len(resources)} resources do not have the desired tags. {' '.join(problems)}",
        {
            "changed": outcome.changed or differ,
            "resources": resources,
            **(first_error.fields() if first_error else {}),
            **outcome.fields(),
        },
    )


def _by_resource(plan: Plan[None], outcome: Outcome) -> tuple[dict[str, CloudError], set[str]]:
    """Return by ID why resources could not be changed, and the IDs of those for which anything was sent."""
    failures: dict[str, CloudError] = {}
    sent = set()
    for position, call in enumerate(plan.calls):
        resource_id, error = call.arguments["resource_id"], outcome.failures.get(position)
        if error is not None:
            # After the first failure, the later calls of the resource are not sent.
            failures.setdefault(resource_id, error)
        if not isinstance(error, NotStarted):
            sent.add(resource_id)
    return failures, sent


def _problem(options: TagOptions, resource: TaggedResource, errors: t.Mapping[str, CloudError]) -> str | None:
    """Return why a resource is not as desired, None when it is."""
    error = errors.get(resource["id"])
    if error is not None:
        return str(error)
    if resource["tags"] is None or changes_of(options, resource["tags"]) == ({}, {}):
        return None
    return (
        f"The service accepted the change of {_describe(options, resource)} but shows the tags {resource['tags']!r}."
        " What to do: look for other tasks that change these tags, and run the task again."
    )


class _TagReader:
    """Reads the tags of changed resources, each by itself, until it shows the change."""

    def __init__(
        self, options: TagOptions, cloud: Cloud, resource_ids: t.Iterable[str], failures: t.Container[str]
    ) -> None:
        self._options, self._cloud, self._failures = options, cloud, failures
        self._waiting = set(resource_ids)
        #: The tags that could be read, by resource
        self.tags: dict[str, dict[str, str]] = {}
        #: Why tags could not be read, by resource
        self.errors: dict[str, CloudError] = {}

    def read(self) -> bool:
        """Read the resources that have not shown their change; return whether no reading is left to wait for."""
        for resource_id in sorted(self._waiting):
            try:
                self.tags[resource_id] = tags_as_dict(self._cloud.tags_of(self._options.resource_type, resource_id))
            except CloudError as error:
                if isinstance(error, NotFound) and self._options.state == "absent":
                    # What does not exist has no tags.
                    self.tags[resource_id] = {}
                else:
                    self.errors[resource_id] = error
            if resource_id in self._failures or resource_id in self.errors or self._shows_change(resource_id):
                self._waiting.discard(resource_id)
        return not self._waiting

    def _shows_change(self, resource_id: str) -> bool:
        return changes_of(self._options, self.tags[resource_id]) == ({}, {})

    def query_agrees(self) -> bool:
        """Return whether the tag query, which the next task may use, shows the same tags as the resources do."""
        rows = []
        if not self.tags:
            return True
        # The query only serves the next task, so its failure is no failure of this one.
        with contextlib.suppress(CloudError):
            rows = self._cloud.find_tagged(self._options.resource_type, {})
        return all(
            tags_as_dict(row["tags"]) == self.tags[row["resource_id"]]
            for row in rows
            if row.get("tags") is not None and row.get("resource_id") in self.tags
        )
