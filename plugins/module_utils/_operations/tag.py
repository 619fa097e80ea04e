# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag: its options, what it reads, and whether each resource then has the tags as desired."""

from __future__ import annotations

import contextlib
import typing as t

from .._cloud.find_resources import as_resource, read_rows
from .._domain.errors import CloudError, InvalidInput, NotFound, NotStarted, TaskFailed
from .._domain.selection import parse_refs
from .._domain.services import rules_of
from .._domain.tag_carriers import Carrier, carriers_of, check_resource_type, shared_tags
from .._domain.tag_option import parse_tags, parse_tags_to_remove
from .._domain.tags import apply_tags, check_count, tags_as_dict
from .._execution.clock import Clock, poll
from .._plans.plan import Call, Outcome, Plan
from .._plans.tag import TagOptions, changes_of, tag_calls

if t.TYPE_CHECKING:
    from .._cloud.find_resources import TaggedResource
    from .._domain.cloud import Cloud

    # The resources as they are, each with what carries its tags
    Found = list[tuple[TaggedResource, list[Carrier]]]

# How many backups, policies or vaults are changed at a time
_WORKERS = 5
# Seconds within which readings, and then the tag query, must show a change; and the first pause between two of them
_SECONDS_UNTIL_SHOWN = 10
_SECONDS_BETWEEN_READINGS = 0.5


def parse_options(params: dict[str, t.Any]) -> TagOptions:
    """Return what the options of csbs_tag ask for; raises InvalidInput before anything is sent."""
    resource_type, state, purge = check_resource_type(params), params["state"], params["purge"]
    if state == "absent" and purge:
        raise InvalidInput(
            "purge goes with state present; to remove every tag write tags: {} with state present and purge: true"
        )
    if state == "absent":
        tags = parse_tags_to_remove("tags", params["tags"])
    else:
        tags = parse_tags("tags", params["tags"], rules_of(params).vaults) or {}
    resources = parse_refs("resources", params["resources"])
    return TagOptions(resource_type, resources or [], tags, state, purge)


def plan(options: TagOptions, cloud: Cloud) -> Plan[Found]:
    """Read the current tags and return the plan that leads to the desired ones; removals go first."""
    rows = read_rows(options.resource_type, options.resources, cloud, missing_ok=options.state == "absent")
    found = [(as_resource(options.resource_type, row), carriers_of(options.resource_type, row)) for row in rows]
    calls: list[Call] = []
    after: Found = []
    for resource, carriers in found:
        _check_carriers(options, resource, carriers)
        planned = []
        for carrier in carriers:
            what = _describe(options, resource, carrier)
            remove, put = changes_of(options, carrier.tags)
            tags = apply_tags(carrier.tags, remove, put)
            # Other tags than the service allows may be there already; only a task that adds some is refused.
            check_count(what, tags if put else {})
            calls += tag_calls(carrier.resource_type, carrier.id, what, remove, put, group=carrier.id)
            planned.append(carrier._replace(tags=tags))
        after.append(({**resource, "tags": _tags_of(planned)}, planned))
    return Plan(
        tuple(calls),
        {"resources": [_for_diff(*one) for one in found]},
        {"resources": [_for_diff(*one) for one in after]},
        {"resources": [resource for resource, dummy in after]},
        workers=_WORKERS,
        context=found,
    )


def _check_carriers(options: TagOptions, resource: TaggedResource, carriers: list[Carrier]) -> None:
    """Raise InvalidInput when a resource is to have tags and nothing can carry them."""
    if options.state == "present" and options.tags and not carriers:
        raise InvalidInput(
            f"tags: {options.resource_type} {resource['name']!r} ({resource['id']}) has no vault yet, and its tags are"
            " those of its vaults. What to do: put a server into the policy first; that makes a vault"
        )


def _tags_of(carriers: list[Carrier]) -> dict[str, str]:
    return shared_tags([carrier.tags for carrier in carriers])


def _for_diff(resource: TaggedResource, carriers: list[Carrier]) -> dict[str, t.Any]:
    """Return a resource with the tags of each carrier where there are several: they may differ."""
    if len(carriers) < 2:
        return {**resource}
    return {**resource, "vaults": [{"name": carrier.vault, "tags": carrier.tags} for carrier in carriers]}


def _describe(options: TagOptions, resource: TaggedResource, carrier: Carrier) -> str:
    what = f"{options.resource_type} {resource['name']!r} ({resource['id']})"
    return what if carrier.vault is None else f"vault {carrier.vault!r} of {what}"


def finish(options: TagOptions, cloud: Cloud, plan: Plan[Found], outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Return the resources with their tags as they are now; raises TaskFailed naming each that is not as desired."""
    if not plan.changed:
        return {}
    failures, sent = _by_carrier(plan, outcome)
    reader = _TagReader(options, cloud, plan.context, sent, failures)
    for shown in (reader.read, reader.query_agrees):
        poll(shown, clock.renewed(min(_SECONDS_UNTIL_SHOWN, clock.left)), _SECONDS_BETWEEN_READINGS)
    resources = reader.resources()
    errors = {**reader.errors, **failures}
    problems = [why for one in plan.context if (why := _problem(options, *one, errors, reader)) is not None]
    if not problems:
        return {"resources": resources}
    differ = any(reader.tags.get(one.id, one.tags) != one.tags for dummy, carriers in plan.context for one in carriers)
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


def _by_carrier(plan: Plan[Found], outcome: Outcome) -> tuple[dict[str, CloudError], set[str]]:
    """Return by ID why carriers could not be changed, and the IDs of those for which anything was sent."""
    failures: dict[str, CloudError] = {}
    sent = set()
    for position, call in enumerate(plan.calls):
        carrier_id, error = call.arguments["resource_id"], outcome.failures.get(position)
        if error is not None:
            # After the first failure, the later calls of the carrier are not sent.
            failures.setdefault(carrier_id, error)
        if not isinstance(error, NotStarted):
            sent.add(carrier_id)
    return failures, sent


def _problem(
    options: TagOptions,
    resource: TaggedResource,
    carriers: list[Carrier],
    errors: t.Mapping[str, CloudError],
    reader: _TagReader,
) -> str | None:
    """Return why a resource is not as desired, None when it is."""
    for carrier in carriers:
        error, tags = errors.get(carrier.id), reader.tags.get(carrier.id)
        if error is not None:
            return str(error)
        if tags is not None and changes_of(options, tags) != ({}, {}):
            return (
                f"The service accepted the change of {_describe(options, resource, carrier)} but shows the tags"
                f" {tags!r}. What to do: look for other tasks that change these tags, and run the task again."
            )
    return None


class _TagReader:
    """Reads the tags of changed carriers, each by itself, until it shows the change."""

    def __init__(
        self, options: TagOptions, cloud: Cloud, found: Found, sent: t.Collection[str], failures: t.Container[str]
    ) -> None:
        self._options, self._cloud, self._found, self._failures = options, cloud, found, failures
        self._sent = sent
        self._waiting = {one.id: one for dummy, carriers in found for one in carriers if one.id in sent}
        #: The tags that could be read, by carrier
        self.tags: dict[str, dict[str, str]] = {}
        #: Why tags could not be read, by carrier
        self.errors: dict[str, CloudError] = {}

    def read(self) -> bool:
        """Read the carriers that have not shown their change; return whether no reading is left to wait for."""
        for carrier_id, carrier in sorted(self._waiting.items()):
            try:
                self.tags[carrier_id] = tags_as_dict(self._cloud.tags_of(carrier.resource_type, carrier_id))
            except CloudError as error:
                if isinstance(error, NotFound) and self._options.state == "absent":
                    # What does not exist has no tags.
                    self.tags[carrier_id] = {}
                else:
                    self.errors[carrier_id] = error
            if carrier_id in self._failures or carrier_id in self.errors or self._shows_change(carrier_id):
                del self._waiting[carrier_id]
        return not self._waiting

    def _shows_change(self, carrier_id: str) -> bool:
        return changes_of(self._options, self.tags[carrier_id]) == ({}, {})

    def resources(self) -> list[TaggedResource]:
        """Return the resources with their tags as they are now, None where those of a carrier could not be read."""
        return [{**resource, "tags": self._tags_now(carriers)} for resource, carriers in self._found]

    def _tags_now(self, carriers: list[Carrier]) -> dict[str, str] | None:
        if any(one.id in self._sent and one.id not in self.tags for one in carriers):
            return None
        return _tags_of([one._replace(tags=self.tags.get(one.id, one.tags)) for one in carriers])

    def query_agrees(self) -> bool:
        """Return whether the tag query, which the next task may use, shows the same tags as the resources do."""
        rows = []
        if not self.tags:
            return True
        changed = [one for one in self._found if any(carrier.id in self.tags for carrier in one[1])]
        known = {resource["id"]: self._tags_now(carriers) for resource, carriers in changed}
        # The query only serves the next task, so its failure is no failure of this one.
        with contextlib.suppress(CloudError):
            rows = self._cloud.find_tagged(self._options.resource_type, {})
        return all(
            tags_as_dict(row["tags"]) == known[row["resource_id"]]
            for row in rows
            if row.get("tags") is not None and known.get(row["resource_id"]) is not None
        )
