# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_set: its options, what it reads, and whether the set is then as desired."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._cloud.find_policy import complete_policies, is_new, lacks_fields, other_places, with_sizes
from .._cloud.tags import add_tags
from .._domain.errors import InvalidInput
from .._domain.limits import MAX_SERVERS_PER_POLICY, check_name, check_range
from .._domain.policy import definition_in, members_of, policy_result
from .._domain.protectability import PROTECTABLE_STATUSES, is_refused
from .._domain.retention import unreported
from .._domain.selection import describe_server, is_id, names_of, once
from .._domain.services import refuse_on, rules_of
from .._domain.shards import SUFFIX_LENGTH, Spread, spread
from .._plans.plan import Plan, PlanAgain
from .._plans.policy_options import NOT_WITH_ABSENT, PolicyOptions, parse_name, parse_policy, refuse_with_absent
from .._plans.policy_set import (
    SetContext,
    SetOptions,
    SetState,
    plan_absent_set,
    plan_set,
    policies_of_set,
)

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import PolicyRow, ServerRow, VerdictRow
    from .._execution.clock import Clock
    from .._plans.plan import Outcome

_NOT_WITH_ABSENT = (*NOT_WITH_ABSENT, "servers_per_policy", "stagger_minutes")
# More servers than a project has
_NO_LIMIT = 1_000_000
_NEEDLESS = {
    "servers_per_policy": "needs one policy only, with as many vaults as the servers need",
    "stagger_minutes": "needs one policy only, which starts all its backups at the times of its schedule",
}


def parse_options(params: dict[str, t.Any], now: datetime | None = None) -> SetOptions:
    """Return what the options of csbs_policy_set ask for; raises InvalidInput before anything is sent."""
    rules = rules_of(params)
    # One policy takes any number of servers where the service has no limit, so it needs no number.
    always_numbered = params["suffix"] == "always" and rules.max_servers is not None
    for option in ("name", "new_name"):
        if params[option] is not None and always_numbered:
            check_name(option, params[option], room=SUFFIX_LENGTH)
            _refuse_id(option, params[option])
    if params["state"] == "absent":
        if params["servers"] is not None or params["server_filters"] is not None:
            raise InvalidInput(
                "servers, server_filters: state absent deletes all policies of the set, whatever they say."
                " To take servers out of the set, use purge_servers."
                " To delete the policies, leave them out"
            )
        refuse_with_absent(params, _NOT_WITH_ABSENT)
        return SetOptions(PolicyOptions(parse_name(params), "absent"), always_numbered=always_numbered)
    if rules.max_servers is None:
        refuse_on(rules, params, _NEEDLESS)
    each = parse_policy(params, now)
    size = params["servers_per_policy"]
    check_range("servers_per_policy", size, 1, MAX_SERVERS_PER_POLICY)
    stagger = params["stagger_minutes"]
    if stagger is not None:
        # Loaded here, because few tasks stagger.
        from .._domain.stagger import check_stagger

        check_stagger("stagger_minutes", stagger, each.rule)
    return SetOptions(each, size or rules.max_servers or _NO_LIMIT, stagger or 0, always_numbered)


def _refuse_id(option: str, value: str) -> None:
    if is_id(value):
        raise InvalidInput(f"{option}: {value!r} is an ID; a policy set has a name, and its policies have IDs")


def plan(options: SetOptions, cloud: Cloud) -> Plan[SetContext]:
    """Read what a task about a policy set needs to know and return its plan."""
    rows = once(cloud.policies())
    options = _with_name(options, rows, cloud)
    policies = _read_policies(options, rows, cloud)
    if options.each.state == "absent":
        names = names_of(cloud.servers()) if any(members_of(policy) for policy in policies) else {}
        staying = [name for policy in policies for name in cloud.vaults_that_stay(policy)]
        return plan_absent_set(policies, names, options.name, staying)
    state = _state_of(options, rows, policies, cloud.servers(), cloud)
    spread_servers = _spread(options, state, cloud)
    if spread_servers.new:
        state = state._replace(elsewhere=cloud.policies_of_other_service())
    return plan_set(options, state, spread_servers)


def _with_name(options: SetOptions, rows: list[PolicyRow], cloud: Cloud) -> SetOptions:
    """Return options with the name of the set, where they have the ID of its only policy.

    A policy that is too new to be listed is added to rows.
    """
    if options.always_numbered or not is_id(options.each.name):
        return options
    found = next((row for row in rows if row["id"] == options.each.name), None)
    if found is None:
        found = cloud.policy(options.each.name)
        if found is None:
            return options
        rows.append(found)
    return options._replace(each=options.each._replace(name=found["name"]), only_id=found["id"])


def _read_policies(options: SetOptions, rows: list[PolicyRow], cloud: Cloud) -> list[PolicyRow]:
    """Return the policies of the set with all that is compared, from the list where it tells enough."""
    fresh = {row["id"] for row in rows if is_new(row, cloud)}
    found = policies_of_set(options, rows, fresh)
    _refuse_twins(found, fresh)
    policies = complete_policies(found, lacks_fields, cloud.policy)
    wanted = {key for key, value in (options.each.retention or {}).items() if value}
    for position, policy in enumerate(policies):
        if not wanted & unreported(definition_in(policy)):
            continue
        full = cloud.policy(policy["id"]) or policy
        if wanted & unreported(definition_in(full)):
            # A service that does not report it of one policy does not report it of the others.
            break
        policies[position] = full
    return add_tags(cloud, policies, "policy")


def _refuse_twins(policies: list[PolicyRow], fresh: t.Collection[str]) -> None:
    """Raise InvalidInput when two policies of a set have one name, unless the newer one is fresh (IDs)."""
    for older, newer in zip(policies, policies[1:]):
        if older["name"] == newer["name"] and newer["id"] not in fresh:
            ids = ", ".join(policy["id"] for policy in policies if policy["name"] == newer["name"])
            raise InvalidInput(
                f"name: policy {newer['name']!r} is ambiguous: several have that name; rename or delete all but one of"
                f" {ids}"
            )


def _state_of(
    options: SetOptions, rows: list[PolicyRow], policies: list[PolicyRow], servers: list[ServerRow], cloud: Cloud
) -> SetState:
    each, names = options.each, names_of(servers)
    members = [member for policy in policies for member in members_of(policy, names)]
    chosen: list[ServerRow] = []
    if each.servers or each.filters is not None:
        # Loaded here, because some tasks choose no servers.
        from .._domain.server_lookup import choose_members

        chosen = choose_members(each.servers, each.filters, servers, members, each.purge_servers)
    own_ids = {policy["id"] for policy in policies}
    member_ids = {member["id"] for member in members}
    others: list[PolicyRow] = []
    if any(server["id"] not in member_ids for server in chosen):
        others = other_places([row for row in rows if row["id"] not in own_ids], cloud)
        chosen = with_sizes(chosen, [server for server in chosen if server["id"] not in member_ids], cloud)
    known = {policy["id"]: policy["name"] for policy in (*rows, *policies)}
    return SetState(policies, others, known, servers, chosen, names)


def _spread(options: SetOptions, state: SetState, cloud: Cloud) -> Spread:
    """Return which servers each policy is to have. Raises InvalidInput when a server must not or cannot move."""
    staying, joining = _members(options.each, state, _former_servers(options.each, state, cloud))
    movable = _movable(options.each, state)
    verdicts: dict[str, VerdictRow] = {}
    _check_joining(options.each, state, joining, verdicts, cloud)
    while True:
        found = spread(staying, [server["id"] for server in joining], options.size, movable)
        moved = _moved(staying, found)
        # Also those that come from nowhere: they may join with the same request, and a refusal is for all of it.
        others = [server["id"] for server in joining] if moved else []
        unasked = [server for server in (*moved, *others) if server not in verdicts]
        if unasked:
            verdicts.update(cloud.protectable(unasked))
            _check_joining(options.each, state, joining, verdicts, cloud)
        # A server that no policy takes stays where it is.
        refused = {server for server in moved if is_refused(verdicts.get(server))}
        if not refused:
            return found
        movable -= refused


def _former_servers(each: PolicyOptions, state: SetState, cloud: Cloud) -> set[str]:
    """Return the members that no longer exist, if the task says which servers are members.

    They need no protection, and would take the room of others. A list alone does not tell that a server is gone.
    """
    if each.servers is None and each.filters is None:
        return set()
    known = {server["id"] for server in (*state.servers, *state.chosen)}
    unlisted = {member["id"] for policy in state.policies for member in members_of(policy)} - known
    return {server for server in unlisted if each.purge_servers or cloud.server_state(server) is None}


def _members(
    each: PolicyOptions, state: SetState, former: t.Collection[str] = ()
) -> tuple[dict[str, list[str]], list[ServerRow]]:
    """Return by policy ID the servers that stay in the set, and the servers that join it; former servers leave."""
    chosen_ids = {server["id"] for server in state.chosen}
    purge = each.purge_servers and (each.servers is not None or each.filters is not None)
    seen: set[str] = set()
    staying: dict[str, list[str]] = {}
    for policy in state.policies:
        members = dict.fromkeys(member["id"] for member in members_of(policy))
        staying[policy["id"]] = [
            server
            for server in members
            if server not in seen and (server in chosen_ids or not (purge or server in former))
        ]
        seen.update(members)
    return staying, [server for server in state.chosen if server["id"] not in seen]


def _movable(each: PolicyOptions, state: SetState) -> set[str]:
    """Return the servers that may change to another policy of the set.

    A server that the task does not name never moves: after an interruption nobody would put it back.
    """
    if not each.move_servers:
        return set()
    return {server["id"] for server in state.chosen if server.get("status") in PROTECTABLE_STATUSES}


def _check_joining(
    each: PolicyOptions,
    state: SetState,
    joining: list[ServerRow],
    verdicts: dict[str, VerdictRow],
    cloud: Cloud,
) -> None:
    """Raise InvalidInput when a server must not leave its policy for the set, or cannot join the set.

    The verdicts are filled when servers leave policies outside the set.
    """
    if not joining:
        return
    # Loaded here, because in most tasks no server joins.
    from .._plans.moves import check_joinable, check_not_held, find_moves

    ids = [server["id"] for server in joining]
    moves = find_moves(joining, state.others, each.move_servers)
    check_not_held(joining, cloud.held_by_other_service(ids))
    if (moves or each.rules.vaults) and not verdicts:
        verdicts.update(cloud.protectable(ids))
    check_joinable(joining, moves, verdicts)


def _moved(staying: t.Mapping[str, list[str]], found: Spread) -> list[str]:
    """Return the servers that change to another policy of the set."""
    moved = []
    for policy, servers in staying.items():
        kept = set(found.kept.get(policy, ()))
        moved += [server for server in servers if server not in kept]
    return moved


def finish(
    options: SetOptions, cloud: Cloud, todo: Plan[SetContext], outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    """Return the result of a task about a policy set: its policies as they are now.

    Raises PlanAgain when the set is not yet as desired.
    """
    if not todo.changed:
        return {}
    if options.each.state == "absent" and not outcome.failures:
        return _check_deleted(cloud, todo.context.deleted)
    created = [str(outcome.answers[position]["id"]) for position in todo.context.created if position in outcome.answers]
    if created and not outcome.failures:
        # Loaded here, because most tasks create no policy.
        from .._execution.policy import list_until_shown

        rows = once(list_until_shown(created, cloud, clock))
    else:
        rows = once(cloud.policies())
    left = _left_of(rows, todo.context.deleted, cloud)
    if left and not outcome.failures:
        raise PlanAgain(f"policy {left[0]['name']!r} is still there")
    rows = [row for row in rows if row["id"] not in todo.context.deleted or row in left]
    options = _with_name(options, rows, cloud)
    policies = _read_policies(options, rows, cloud)
    if not outcome.failures:
        _check_result(options, rows, policies, todo.context.servers, cloud)
    names = names_of(todo.context.servers)
    return {"policies": [policy_result(policy, names) for policy in policies]}


def _check_deleted(cloud: Cloud, policy_ids: t.Sequence[str]) -> dict[str, t.Any]:
    """Return the result of a deletion; raises PlanAgain when a policy is still there."""
    left = _left_of(cloud.policies(), policy_ids, cloud)
    if left:
        raise PlanAgain(f"policy {left[0]['name']!r} is still there")
    return {}


def _left_of(rows: list[PolicyRow], policy_ids: t.Collection[str], cloud: Cloud) -> list[PolicyRow]:
    """Return the policies of a list that were deleted and are still there: the list may lag behind, they do not."""
    return [row for row in rows if row["id"] in policy_ids and cloud.policy(row["id"]) is not None]


def _check_result(
    options: SetOptions, rows: list[PolicyRow], policies: list[PolicyRow], servers: list[ServerRow], cloud: Cloud
) -> None:
    """Raise PlanAgain when a set lacks something that the task asked for, although every call was accepted."""
    asked = options._replace(each=options.each._replace(purge_servers=False, purge_tags=False))
    state = _state_of(asked, rows, policies, servers, cloud)
    staying, joining = _members(asked.each, state)
    if joining:
        raise PlanAgain(f"these servers are in no policy of the set: {', '.join(map(describe_server, joining))}")
    missing = plan_set(asked, state, Spread(staying, [], []))
    if missing.changed:
        raise PlanAgain(f"this is still to do: {'; '.join(call.operation for call in missing.calls)}")
