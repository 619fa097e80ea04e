# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options of csbs_policy to the calls that create a policy."""

from __future__ import annotations

import typing as t

from .._domain.errors import InvalidInput
from .._domain.limits import MAX_POLICIES
from .._domain.policy import as_resource, check_capacity, for_diff, in_order, policy_result
from .._domain.protectability import OTHER_POLICY
from .._domain.retention import definition_of
from .._domain.schedule import format_pattern
from .._domain.selection import is_id, server_refs
from .._domain.tags import tags_as_list
from .moves import move_calls
from .plan import Call, Plan
from .policy import NO_PLACE_FOR_TAGS, PolicyContext
from .recovery import created_policy

if t.TYPE_CHECKING:
    from .._domain.rows import PolicyRow, ServerRow
    from .moves import Move
    from .policy_options import PolicyOptions

#: The service already has a policy of that name.
NAME_TAKEN = "CSBS.9007"


def plan_creation(
    options: PolicyOptions,
    chosen: list[ServerRow],
    moves: list[Move],
    rows: list[PolicyRow],
    names: t.Mapping[str, str] | None = None,
    others: t.Sequence[PolicyRow] = (),
    elsewhere: int = 0,
) -> Plan[PolicyContext]:
    """Return the plan that creates a policy; rows are the policies that exist.

    others are as for plan_update. elsewhere is how many policies the other service has, which count against the limit.
    Raises InvalidInput when a limit or a missing schedule forbids it.
    """
    name = options.new_name or options.name
    known = frozenset(row["id"] for row in rows)
    create, after = creation_of(options, name, chosen, known, others)
    check_number(name, len(rows), elsewhere)
    check_capacity("servers", len(chosen), name, options.rules.max_servers)
    leave = move_calls(moves, options.rules)
    return Plan(
        (*leave, create),
        {},
        for_diff(after),
        {"policy": after, "servers": server_refs(chosen), "notes": notes_on_creation(options, after)},
        context=PolicyContext(None, chosen, names or {}, name, len(leave), known),
        lock=f"policy {name}",
        # A server may be in a policy that no list shows yet, also one that a run that was killed has just created.
        replan_on=frozenset({NAME_TAKEN, OTHER_POLICY}),
    )


def check_number(name: str, own: int, elsewhere: int) -> None:
    """Raise InvalidInput when the project has no room for one more policy.

    own and elsewhere are how many policies the service and the other service have.
    """
    if own + elsewhere >= MAX_POLICIES:
        both = f"{own} and the other backup service {elsewhere}" if elsewhere else f"{own}"
        raise InvalidInput(
            f"name: a new policy {name!r} would be number {own + elsewhere + 1};"
            f" the service allows {MAX_POLICIES} in a project (it has {both})"
        )


def notes_on_creation(options: PolicyOptions, after: dict[str, t.Any]) -> list[str]:
    """Return the notes for users on a new policy, which is after in the shape of results."""
    nowhere = bool(options.tags) and options.rules.vaults and not after["vaults"]
    return [*options.notes, *([NO_PLACE_FOR_TAGS] if nowhere else [])]


def creation_of(
    options: PolicyOptions,
    name: str,
    chosen: t.Sequence[ServerRow],
    known: t.Collection[str],
    others: t.Sequence[PolicyRow] = (),
) -> tuple[Call, dict[str, t.Any]]:
    """Return the call that creates a policy, and the policy in the shape of results.

    known are the IDs of the policies that exist, others are as for plan_update. Raises InvalidInput when the options
    are not enough for a policy.
    """
    attrs = _new_policy(options, name, chosen)
    tags = tags_as_list(options.tags or {})
    after = policy_result(t.cast("PolicyRow", {**attrs, "tags": tags}))
    if options.rules.vaults:
        # Loaded here, because only one of the services has vaults.
        from .vaults import vaults_of_policy

        after["servers"] = in_order(after["servers"], in_vaults=True)
        after["vaults"] = vaults_of_policy(options, name, attrs["resources"], (), others) if chosen else []
        attrs["vault"] = options.vault
        if not chosen:
            attrs.pop("tags", None)
            after["tags"] = {}
    create = Call(f"create backup policy {name!r}", "create_policy", attrs, find_effect=created_policy(name, known))
    return create, after


def _new_policy(options: PolicyOptions, name: str, chosen: t.Sequence[ServerRow]) -> dict[str, t.Any]:
    """Return the fields of a new policy; raises InvalidInput when the options are not enough for one."""
    if is_id(options.name):
        raise InvalidInput(f"name: there is no policy with the ID {options.name}, and a new one needs a name")
    if options.rule is None:
        raise InvalidInput(
            f"schedule is needed: there is no policy {options.name!r}, and a new one must say when it runs"
        )
    scheduled = {
        "enabled": options.enabled is not False,
        "operation_type": "backup",
        "operation_definition": definition_of(options.retention, update=False) if options.retention else {},
        "trigger": {"properties": {"pattern": format_pattern(options.rule)}},
    }
    attrs: dict[str, t.Any] = {
        "name": name,
        "resources": [as_resource(server) for server in chosen],
        "scheduled_operations": [scheduled],
    }
    if options.description is not None:
        attrs["description"] = options.description
    if options.tags:
        attrs["tags"] = tags_as_list(options.tags)
    return attrs
