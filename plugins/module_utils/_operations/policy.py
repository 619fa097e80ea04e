# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy: its options, what it reads, and whether the policy is then as desired."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._cloud.find_policy import find_policy, read_policy
from .._domain.errors import CloudError, InvalidInput, TaskFailed
from .._domain.policy import check_capacity, members_of, policy_result
from .._domain.selection import names_of
from .._plans.plan import Plan, PlanAgain
from .._plans.policy import PolicyContext, plan_absent, plan_update
from .._plans.policy_options import PolicyOptions, parse_name, parse_policy, refuse_with_absent

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import PolicyRow, ServerRow
    from .._execution.clock import Clock
    from .._plans.moves import Move
    from .._plans.plan import Outcome


def parse_options(params: dict[str, t.Any], now: datetime | None = None) -> PolicyOptions:
    """Return what the options of csbs_policy ask for; raises InvalidInput before anything is sent."""
    if params["state"] == "absent":
        if params["servers"] or params["server_filters"] is not None:
            raise InvalidInput(
                "servers, server_filters: state absent deletes the whole policy, whatever they say."
                " To take servers out of the policy, use csbs_policy_server with state: absent."
                " To delete the policy, leave them out. To delete it only if it has no servers, give servers: []"
            )
        refuse_with_absent(params)
        return PolicyOptions(parse_name(params), "absent", servers=params["servers"])
    options = parse_policy(params, now)
    check_capacity("servers", len(options.servers or []), options.name, options.rules.max_servers)
    return options


def plan(options: PolicyOptions, cloud: Cloud) -> Plan[PolicyContext]:
    """Read what a policy task needs to know and return its plan."""
    rows = cloud.policies()
    current = _find_current(options, rows, cloud)
    members = members_of(current) if current else []
    if options.state == "absent":
        staying = cloud.vaults_that_stay(current) if current else []
        names = names_of(cloud.servers()) if members else {}
        return plan_absent(current, names, staying, only_empty=options.servers is not None)
    needs_servers = options.servers or options.filters is not None or members
    servers = cloud.servers() if needs_servers else []
    names = names_of(servers)
    chosen = _choose(options, current, servers, names)
    member_ids = {member["id"] for member in members}
    joining = [server for server in chosen if server["id"] not in member_ids]
    moves: list[Move] = []
    others: list[PolicyRow] = []
    if joining:
        # Loaded here, because in most tasks no server joins.
        from .._cloud.find_policy import other_places, with_sizes

        others = other_places([row for row in rows if current is None or row["id"] != current["id"]], cloud)
        moves = _find_moves(options, joining, others, cloud)
        chosen = with_sizes(chosen, joining, cloud)
    if current is None:
        # Loaded here, because most policies exist.
        from .._plans.new_policy import plan_creation

        return plan_creation(options, chosen, moves, rows, names, others, cloud.policies_of_other_service())
    return plan_update(options, current, chosen, moves, names, others)


def _find_current(options: PolicyOptions, rows: list[PolicyRow], cloud: Cloud) -> PolicyRow | None:
    """Return in full the policy of the task, None when there is none; raises InvalidInput for a new name in use."""
    current = find_policy(options.name, rows, cloud)
    if options.new_name is None:
        return current
    if current is None:
        # After an earlier rename the policy has its new name.
        return find_policy(options.new_name, rows, cloud)
    for row in rows:
        if row["name"] == options.new_name and row["id"] != current["id"]:
            raise InvalidInput(f"new_name: {options.new_name!r} is the name of another policy, {row['id']}")
    return current


def _choose(
    options: PolicyOptions, current: PolicyRow | None, servers: list[ServerRow], names: t.Mapping[str, str]
) -> list[ServerRow]:
    """Return the servers that the task names or filters; members that no longer exist may be named by ID."""
    if options.filters is None and not options.servers:
        return []
    # Loaded here, because many tasks choose no servers.
    from .._domain.server_lookup import choose_members

    members = members_of(current, names) if current else []
    return choose_members(options.servers, options.filters, servers, members, options.purge_servers)


def _find_moves(options: PolicyOptions, joining: list[ServerRow], others: list[PolicyRow], cloud: Cloud) -> list[Move]:
    """Return which servers must leave which other places; raises InvalidInput when they must not."""
    # Loaded here, because in most tasks no server joins.
    from .._plans.moves import check_joinable, check_not_held, find_moves

    ids = [server["id"] for server in joining]
    moves = find_moves(joining, others, options.move_servers)
    check_not_held(joining, cloud.held_by_other_service(ids))
    if moves or options.rules.vaults:
        check_joinable(joining, moves, cloud.protectable(ids))
    return moves


def finish(
    options: PolicyOptions, cloud: Cloud, todo: Plan[PolicyContext], outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    """Return the result of a policy task: the policy as it is now.

    Raises PlanAgain when it is not yet as desired, TaskFailed when it cannot be read after the change.
    """
    if not todo.changed:
        return {}
    policy_id = _changed_id(todo, outcome)
    if options.state == "absent":
        return _check_deleted(cloud, policy_id)
    if policy_id is None:
        return {"policy": None}
    try:
        if todo.context.policy_id is None and not outcome.failures:
            # Loaded here, because most tasks create no policy.
            from .._execution.policy import settle

            policy_id = settle(options, policy_id, cloud, todo.context, clock, plan)
        policy = read_policy(cloud, policy_id)
    except CloudError as error:
        planned = {**todo.result, "policy": {**todo.result["policy"], "id": policy_id}}
        raise TaskFailed(
            f"{error} The change itself was accepted.", {"changed": True, **planned, **error.fields()}
        ) from error
    if policy is None:
        return {"policy": None}
    if not outcome.failures:
        _check_result(options, policy, todo.context)
    return {"policy": policy_result(policy, todo.context.names)}


def _changed_id(plan: Plan[PolicyContext], outcome: Outcome) -> str | None:
    """Return the ID of the policy that was created or changed, None when it was not created."""
    if plan.context.policy_id is not None:
        return plan.context.policy_id
    answer = outcome.answers.get(plan.context.create_call)
    return None if answer is None else str(answer["id"])


def _check_deleted(cloud: Cloud, policy_id: str | None) -> dict[str, t.Any]:
    """Return the result of a deletion; raises PlanAgain when the policy is still there."""
    left = cloud.policy(policy_id) if policy_id else None
    if left is not None:
        raise PlanAgain(f"policy {left['name']!r} is still there")
    return {}


def _check_result(options: PolicyOptions, policy: PolicyRow, context: PolicyContext) -> None:
    """Raise PlanAgain when a policy lacks something that the task asked for, although every call was accepted."""
    asked = options._replace(purge_servers=False, purge_tags=False)
    missing = plan_update(asked, policy, list(context.chosen), [], context.names)
    if missing.changed:
        differ = [key for key in missing.after if missing.after[key] != missing.before.get(key)]
        raise PlanAgain(f"policy {policy['name']!r} still differs in {', '.join(differ) or 'what was sent'}")
