# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a policy that exists and the options of csbs_policy to the calls that make the policy as desired."""

from __future__ import annotations

import typing as t

from .._domain.errors import InvalidInput
from .._domain.policy import (
    as_resource,
    check_capacity,
    definition_in,
    for_diff,
    members_of,
    pattern_of,
    policy_result,
)
from .._domain.retention import LONG_TERM, definition_of, same_retention, unreported
from .._domain.schedule import format_pattern, same_schedule
from .._domain.selection import describe_servers, server_refs
from .._domain.tags import apply_tags, check_count, compare_tags
from .plan import Call, Plan

if t.TYPE_CHECKING:
    from .._domain.rows import MemberRow, PolicyRow, ServerRow
    from .moves import Move
    from .policy_options import PolicyOptions


#: A note for users
NO_PLACE_FOR_TAGS = "The tags of a policy are those of its vaults. The policy has no vault yet, so no tag was set"


class PolicyContext(t.NamedTuple):
    """What the finish step of csbs_policy needs to know.

    policy_id: None for a policy that the plan creates.
    name, create_call, known: for a new policy, its name, the position of the call that creates it, and the IDs of the
    policies that existed before.
    chosen: the servers that the task names or filters. names: the names that servers have now, by ID.
    """

    policy_id: str | None
    chosen: t.Sequence[ServerRow] = ()
    names: t.Mapping[str, str] = {}
    name: str = ""
    create_call: int = 0
    known: t.Collection[str] = ()


class Update(t.NamedTuple):
    """What one request changes of a policy: its fields, those of its scheduled operation, and its servers."""

    fields: dict[str, t.Any]
    scheduled: dict[str, t.Any]
    add: list[MemberRow]
    remove: list[str]


class Change(t.NamedTuple):
    """What happens to a policy: its calls, the policy before and after in the shape of results, and notes for users."""

    calls: tuple[Call, ...]
    before: dict[str, t.Any]
    after: dict[str, t.Any]
    notes: list[str]


def plan_absent(
    current: PolicyRow | None,
    names: t.Mapping[str, str] | None = None,
    staying: t.Sequence[str] = (),
    only_empty: bool = False,
) -> Plan[PolicyContext]:
    """Return the plan after which a policy does not exist. Its backups stay.

    staying are the names of its vaults that stay, because they hold backups. Raises InvalidInput for a policy that has
    servers, although only_empty.
    """
    result: dict[str, t.Any] = {"policy": None, "servers": [], "notes": notes_on_vaults(staying)}
    if current is None:
        return Plan(before={}, after={}, result=result)
    before = for_diff(policy_result(current, names))
    call = delete_call(current)
    if only_empty:
        members = members_of(current, names)
        if members:
            raise InvalidInput(
                f"servers: policy {current['name']!r} has {describe_servers(members)}, and is to be deleted only if it"
                " has none. What to do: take them out with csbs_policy_server and state: absent, or leave servers out"
            )
        # Others may put a server into it meanwhile.
        arguments = {"operation": call.operation, "policy": current["id"]}
        call = call._replace(method="delete_empty_policy", arguments=arguments)
    return Plan((call,), before, {}, result, context=PolicyContext(current["id"]))


def notes_on_vaults(staying: t.Sequence[str]) -> list[str]:
    """Return a note for users on the vaults that stay when their policy is deleted."""
    if not staying:
        return []
    return [
        f"These vaults hold backups, so they stay, without a policy, and cost as before: {', '.join(staying)}."
        " Their servers stay in them, and no schedule backs them up any more"
    ]


def delete_call(policy: PolicyRow) -> Call:
    """Return the call that deletes a policy."""
    return Call(f"delete backup policy {policy['name']!r}", "delete_policy", {"policy": policy["id"]}, missing_ok=True)


def plan_update(
    options: PolicyOptions,
    current: PolicyRow,
    chosen: list[ServerRow],
    moves: list[Move],
    names: t.Mapping[str, str] | None = None,
    others: t.Sequence[PolicyRow] = (),
) -> Plan[PolicyContext]:
    """Return the plan that makes a policy as desired; raises InvalidInput when a limit forbids it.

    others are the places that servers may leave for the policy: other policies, and vaults without a policy.
    """
    change = change_of(options, current, *_changed_members(options, current, chosen), moves, names, others)
    return Plan(
        change.calls,
        for_diff(change.before),
        for_diff(change.after),
        {"policy": change.after, "servers": server_refs(chosen), "notes": change.notes},
        context=PolicyContext(current["id"], chosen, names or {}),
    )


def change_of(
    options: PolicyOptions,
    current: PolicyRow,
    add: list[MemberRow],
    remove: list[str],
    moves: list[Move],
    names: t.Mapping[str, str] | None = None,
    others: t.Sequence[PolicyRow] = (),
    **limits: t.Any,
) -> Change:
    """Return what makes a policy as desired; add and remove (IDs) are the servers that join and leave.

    others are as for plan_update. limits are arguments of change_members besides what changes, such as most, the number
    of servers that may be there. Raises InvalidInput when a limit forbids it.
    """
    before = policy_result(current, names)
    update = _find_update(options, current, before, add, remove)
    count = len(before["servers"]) + len(update.add) - len(update.remove)
    check_capacity("servers", count, before["name"], options.rules.max_servers)
    calls: list[Call] = []
    after = dict(before)
    if any(update):
        # Loaded here, because most tasks change nothing.
        from .policy_update import policy_after, update_calls

        if options.rules.vaults and (update.add or update.remove):
            from .vaults import vault_arguments, vaults_of_policy

            limits = {**limits, **vault_arguments(options)}
            after["vaults"] = vaults_of_policy(
                options, current["name"], update.add, update.remove, others, current["vaults"]
            )
        calls = update_calls(current, before, update, moves, options.rules, **limits)
        after = {**policy_after(before, update, options.retention, options.rules), "vaults": after["vaults"]}
    notes = [*options.notes, *_notes_on_retention(options, current, updated=any(update))]
    if options.tags is not None and options.rules.vaults and not after["vaults"]:
        notes.append(NO_PLACE_FOR_TAGS)
    elif options.tags is not None:
        what = f"policy {before['name']!r}"
        unset, put = compare_tags(before["tags"], options.tags, options.purge_tags)
        after["tags"] = apply_tags(before["tags"], unset, put)
        if unset or put:
            from .tag import tag_calls

            check_count(what, after["tags"])
            calls += tag_calls("policy", current["id"], what, unset, put)
    return Change(tuple(calls), before, after, notes)


def changed_fields(current: dict[str, t.Any], desired: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return those of desired that are given (not None) and differ from current."""
    return {key: value for key, value in desired.items() if value is not None and current.get(key) != value}


def _find_update(
    options: PolicyOptions, current: PolicyRow, before: dict[str, t.Any], add: list[MemberRow], remove: list[str]
) -> Update:
    """Return what must change of a policy; before is the policy in the shape of results."""
    fields = changed_fields(before, {"name": options.new_name, "description": options.description})
    scheduled = changed_fields(before, {"enabled": options.enabled})
    if options.rule is not None and not same_schedule(pattern_of(current), options.rule):
        scheduled["trigger"] = {"properties": {"pattern": format_pattern(options.rule)}}
    if options.retention is not None:
        hidden = unreported(definition_in(current))
        differs = not same_retention(before["retention"], options.retention, hidden)
        # What the service does not report cannot be compared, so it goes along with every update.
        if differs or fields or scheduled or add or remove:
            scheduled["operation_definition"] = definition_of(options.retention, update=True)
    return Update(fields, scheduled, add, remove)


def _changed_members(
    options: PolicyOptions, current: PolicyRow, chosen: list[ServerRow]
) -> tuple[list[MemberRow], list[str]]:
    """Return the servers that join a policy, and the IDs of those that leave it."""
    members = members_of(current)
    member_ids = {member["id"] for member in members}
    add = [as_resource(server) for server in chosen if server["id"] not in member_ids]
    if not options.purge_servers or (options.servers is None and options.filters is None):
        return add, []
    chosen_ids = {server["id"] for server in chosen}
    return add, [member["id"] for member in members if member["id"] not in chosen_ids]


def _notes_on_retention(options: PolicyOptions, current: PolicyRow, updated: bool) -> list[str]:
    """Return a note when it is unknown whether the desired retention is set, because the service does not report it."""
    if options.retention is None or updated:
        return []
    hidden = unreported(definition_in(current))
    unseen = [key for key in LONG_TERM if options.retention[key] and key in hidden]
    if not unseen:
        return []
    return [
        f"The service does not report {', '.join(f'retention.{key}' for key in unseen)}:"
        " it is not known what is set there. The next update of the policy sends what this task asks for"
    ]
