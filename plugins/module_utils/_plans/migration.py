# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_migration: from a policy of CSBS and what CBR has to what is missing there: policy, vaults, servers, backups."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .._domain.backup import IN_PROGRESS, USABLE, backup_result, by_server, newest
from .._domain.departure import NO_DISK, why_to_stay
from .._domain.errors import InvalidInput, Unsettled
from .._domain.limits import MAX_POLICIES
from .._domain.migration import (
    Decision,
    blockers_in_cbr,
    differences,
    listed,
    marks_of,
    members_in_the_way,
    stays_as_it_is,
    steps_to_room,
    vaults_with_room,
    who_moves,
)
from .._domain.policy import as_resource, for_diff, in_order, members_of, policy_result, vault_result
from .._domain.selection import describe_server, describe_servers, is_id, names_of, server_refs
from .._domain.server_lookup import choose_servers
from .._domain.services import RULES
from .plan import Call, Plan
from .policy import plan_update
from .policy_options import PolicyOptions

if t.TYPE_CHECKING:
    from .._domain.migration import Mapping, Target, Who
    from .._domain.rows import BackupRow, PolicyRow, ServerRow, TagRow, VaultRef, VaultRow
    from .._domain.vault_option import VaultOptions
    from .._domain.vaults import Step
    from .backup import BackupOptions
    from .policy import PolicyContext

_RULES = RULES["cbr"]


class MigrationOptions(t.NamedTuple):
    """The options of csbs_migration in normal form."""

    policy: str
    state: str
    servers: list[str] | None
    target_name: str | None
    retention: dict[str, t.Any] | None
    vault: VaultOptions
    max_age: timedelta
    first_backup: bool = True
    concurrency: int = 5
    wait: bool = True
    poll_interval: float = 10

    @property
    def decision(self) -> Decision:
        """What the task decides about the policy."""
        return Decision(self.target_name, self.retention)


class Estate(t.NamedTuple):
    """What both services say.

    policy is that of CSBS. current is the policy of CBR that it becomes, None when there is none. cbr are all policies
    of CBR, elsewhere is how many policies CSBS has. vaults are all vaults with their tags. servers are those of the
    project, where they are to move with the sizes of their disks. held are the IDs of the servers in policies of CSBS.
    unsettled: whether CBR has several policies of the name that are so new that tasks may not have agreed on one yet.
    """

    policy: PolicyRow
    current: PolicyRow | None
    cbr: list[PolicyRow]
    elsewhere: int
    vaults: list[VaultRow]
    servers: list[ServerRow]
    held: t.Collection[str]
    csbs_backups: list[BackupRow]
    cbr_backups: list[BackupRow]
    now: datetime
    unsettled: bool = False


class MigrationContext(t.NamedTuple):
    """What the finish step of csbs_migration needs to know.

    source_id is that of the policy of CSBS, policy_id that of the policy of CBR, None when the plan creates it; then
    creation is the context of that. desired is that policy without its servers, tags are those of its vaults, and
    vault says what these are like. room are the servers for which the vaults need
    room, None when they have it. moving are the servers that are to move, refused says by ID why others are not.
    stale are marks by the vault that still has them. to_back_up are the servers that get their first backup, running
    by server ID the first backups in progress. known are the backups of CBR, names those of servers by ID.
    """

    source_id: str
    policy_id: str | None
    name: str
    vault: VaultOptions
    creation: PolicyContext
    desired: PolicyOptions
    tags: list[TagRow]
    room: list[ServerRow] | None
    moving: list[ServerRow]
    refused: dict[str, str]
    chosen: list[ServerRow]
    stale: dict[str, list[TagRow]]
    to_back_up: list[ServerRow]
    running: dict[str, BackupRow]
    known: list[BackupRow]
    names: t.Mapping[str, str]


def stale_marks(
    vaults: t.Iterable[VaultRow], servers: t.Container[str], held: t.Container[str]
) -> dict[str, list[TagRow]]:
    """Return by vault the marks that nobody needs any more: of servers that are in a vault, or gone.

    servers are the IDs of those that exist, held the IDs of those in policies of CSBS.
    """
    vaults = list(vaults)
    in_vaults = {member["id"] for vault in vaults for member in vault["members"]}
    stale: dict[str, list[TagRow]] = {}
    for vault in vaults:
        for tag in vault["tags"] or ():
            server_id = tag["key"]
            gone = server_id not in servers and server_id not in held
            if is_id(server_id) and (server_id in in_vaults or gone):
                stale.setdefault(str(vault["id"]), []).append(tag)
    return stale


def choose(options: MigrationOptions, who: Who, servers: list[ServerRow], name: str) -> list[ServerRow]:
    """Return the servers that the task means: those that it names, or else all of the policy.

    Raises InvalidInput for servers that are not in it, nor on their way, nor in CBR.
    """
    if options.servers is None:
        return who.all
    known = {server["id"]: server for server in who.all}
    named = choose_servers(options.servers, None, servers)
    others = [server for server in named if server["id"] not in known]
    if others:
        raise InvalidInput(
            f"servers: neither in policy {name!r} of CSBS nor in that of CBR which it becomes:"
            f" {', '.join(map(describe_server, others))}"
        )
    return [known[server["id"]] for server in named]


def plan_migration(options: MigrationOptions, mapping: Mapping, estate: Estate) -> Plan[MigrationContext]:
    """Return the plan that prepares the way to CBR, or moves servers. Raises InvalidInput when it cannot be."""
    target, marks = mapping.target, marks_of(estate.vaults)
    by_id = {server["id"]: server for server in estate.servers}
    who = who_moves(estate.policy, estate.current, estate.vaults, marks, by_id, estate.held)
    chosen = choose(options, who, estate.servers, estate.policy["name"])
    chosen_ids = {server["id"] for server in chosen}
    on_the_way = [server for server in who.on_the_way if server["id"] in chosen_ids]
    left = [server for server in who.left if server["id"] in chosen_ids]
    steps = _check(options, mapping, estate, who, [*on_the_way, *left])
    moves = options.state == "moved"
    refused = _refused(options, left, on_the_way, estate) if moves else {}
    moving = [server for server in (*on_the_way, *left) if server["id"] not in refused] if moves else []
    desired = PolicyOptions(
        target.name,
        "present",
        enabled=target.enabled,
        rule=target.rule,
        retention=target.retention,
        rules=_RULES,
        vault=options.vault,
    )
    policy_plan, notes = _plan_policy(desired, target, estate)
    own = estate.current["vaults"] if estate.current else []
    vaults = vaults_with_room(own, steps, {server["id"] for server in moving})
    places = {member["id"]: vault["name"] for vault in vaults for member in vault["members"]}
    needs_room = any(step.changes_vault for step in steps)
    unfinished = [step.vault["name"] for step in steps if step.auto_expand and step.vault["id"] is not None]
    over = [server for server in who.over if server["id"] in chosen_ids]
    to_back_up, running = _first_backups(options, [*over, *moving], estate)
    stale = stale_marks(estate.vaults, by_id, estate.held) if moves else {}
    after = {
        **policy_plan.result["policy"],
        "servers": in_order([*policy_plan.result["policy"]["servers"], *server_refs(moving)], in_vaults=True),
    }
    names = names_of(estate.servers)
    filled = {places[server["id"]] for server in to_back_up if server["id"] in places}
    after["vaults"] = [
        {**vault_result(vault), **({"used_mb": None} if vault["name"] in filled else {})} for vault in vaults
    ]
    if vaults and not own:
        after["tags"] = dict(target.tags)
    result = {
        "policy": after,
        "moved": server_refs(moving),
        "not_moved": not_moved(chosen, refused),
        "backups": _backups(to_back_up, running, places, vaults, names),
        "notes": [*notes, *_notes(who, moves)],
    }
    before = policy_result(estate.current, names) if estate.current else None
    waiting = [names.get(tag["key"], tag["key"]) for tags in stale.values() for tag in tags]
    moving_ids = {server["id"] for server in moving}
    return Plan(
        policy_plan.calls,
        {
            "csbs_servers": sorted(server["name"] for server in who.left),
            "on_the_way": sorted([*waiting, *(server["name"] for server in who.on_the_way)]),
            "policy": for_diff(before),
            "vaults_without_auto_expand": unfinished,
            "first_backups": [],
        },
        {
            "csbs_servers": sorted(server["name"] for server in who.left if server["id"] not in moving_ids),
            "on_the_way": sorted(server["name"] for server in who.on_the_way if server["id"] not in moving_ids),
            "policy": for_diff(after),
            "vaults_without_auto_expand": [],
            "first_backups": [server["name"] for server in to_back_up],
        },
        result,
        context=MigrationContext(
            source_id=estate.policy["id"],
            policy_id=estate.current["id"] if estate.current else None,
            name=target.name,
            vault=options.vault,
            creation=policy_plan.context,
            desired=desired,
            tags=[{"key": key, "value": value} for key, value in sorted(target.tags.items())],
            room=[server for server in (*on_the_way, *left) if server.get("disks_gb")] if needs_room else None,
            moving=moving,
            refused=refused,
            chosen=chosen,
            stale=stale,
            to_back_up=to_back_up,
            running=running,
            known=estate.cbr_backups,
            names=names,
        ),
        lock=policy_plan.lock,
        replan_on=policy_plan.replan_on,
        goes_on=bool(needs_room or moving or stale or to_back_up),
    )


def not_moved(servers: t.Iterable[ServerRow], reasons: t.Mapping[str, str]) -> list[dict[str, t.Any]]:
    """Return the servers that are not moved, each with the reason, in the shape of results."""
    return [
        {"id": server["id"], "name": server["name"], "reason": reasons[server["id"]]}
        for server in servers
        if server["id"] in reasons
    ]


def _check(
    options: MigrationOptions, mapping: Mapping, estate: Estate, who: Who, servers: list[ServerRow]
) -> list[Step]:
    """Return what happens to the vaults, so that they have room for servers.

    Raises InvalidInput with everything that stands in the way of the policy.
    """
    name, blockers = mapping.target.name, list(mapping.blockers)
    marks = marks_of(estate.vaults)
    own = members_in_the_way(estate.current, who, options.decision, estate.csbs_backups, marks)
    targets = [row for row in estate.cbr if row["name"] == name]
    blockers += blockers_in_cbr(name, targets, own, MAX_POLICIES - estate.elsewhere - len(estate.cbr))
    steps: list[Step] = []
    try:
        steps = steps_to_room(estate.current, estate.cbr, estate.vaults, servers, name, options.vault)
    except InvalidInput as error:
        blockers.append(str(error))
    if blockers:
        message = f"policy: {estate.policy['name']!r} cannot go over to CBR as it is. {'. '.join(blockers)}"
        raise (Unsettled if estate.unsettled else InvalidInput)(message)
    return steps


def _refused(
    options: MigrationOptions, left: t.Iterable[ServerRow], on_the_way: t.Iterable[ServerRow], estate: Estate
) -> dict[str, str]:
    """Return by server ID why servers do not leave CSBS, or do not join CBR. What ends by itself is waited for."""
    backups = by_server(estate.csbs_backups)
    refused = {server["id"]: NO_DISK for server in (*on_the_way, *left) if not server.get("disks_gb")}
    for server in left:
        reason, passes = why_to_stay(server.get("status"), backups.get(server["id"], ()), estate.now, options.max_age)
        if reason is not None and not passes:
            refused[server["id"]] = reason
    return refused


def _plan_policy(desired: PolicyOptions, target: Target, estate: Estate) -> tuple[Plan[PolicyContext], list[str]]:
    """Return the plan of the policy of CBR without its servers, and notes for users."""
    if estate.current is None:
        # Loaded here, because it is made once.
        from .new_policy import plan_creation

        return plan_creation(desired, [], [], estate.cbr, elsewhere=estate.elsewhere), []
    names = names_of(estate.servers)
    changes = plan_update(desired, estate.current, [], [], names)
    if not changes.changed or not members_of(estate.current):
        return changes, []
    # Retentions prune, and schedules of others are others' business.
    note = stays_as_it_is(estate.current["name"], differences(target, estate.current))
    return plan_update(PolicyOptions(desired.name, "present", rules=_RULES), estate.current, [], [], names), [note]


def _first_backups(
    options: MigrationOptions, over: list[ServerRow], estate: Estate
) -> tuple[list[ServerRow], dict[str, BackupRow]]:
    """Return the servers that need their first backup with CBR, and by ID the backups that are in progress already."""
    if options.state != "moved" or not options.first_backup:
        return [], {}
    backups = by_server(estate.cbr_backups)
    to_back_up: list[ServerRow] = []
    running: dict[str, BackupRow] = {}
    for server in over:
        rows = backups.get(server["id"], [])
        if any(row["status"] in USABLE for row in rows):
            continue
        begun = newest(row for row in rows if row["status"] in IN_PROGRESS)
        if begun is None:
            to_back_up.append(server)
        else:
            running[server["id"]] = begun
    return to_back_up, running


def backup_options(options: MigrationOptions) -> BackupOptions:
    """Return the options of the first backups."""
    from .backup import BackupOptions

    return BackupOptions(
        "present",
        # One that the schedule has just begun will do.
        max_age=options.max_age,
        concurrency=options.concurrency,
        wait=options.wait,
        poll_interval=options.poll_interval,
        rules=_RULES,
    )


def _backups(
    to_back_up: t.Collection[ServerRow],
    running: t.Mapping[str, BackupRow],
    places: t.Mapping[str, str],
    vaults: t.Iterable[VaultRow],
    names: t.Mapping[str, str],
) -> list[dict[str, t.Any]]:
    new: list[BackupRow] = []
    if to_back_up:
        # Loaded here, because a server gets its first backup once.
        from .backup import BackupOptions, planned_row

        ids, options = {vault["name"]: vault["id"] for vault in vaults}, BackupOptions("present", rules=_RULES)
        for server in to_back_up:
            vault: VaultRef = {"id": ids[places[server["id"]]], "name": places[server["id"]]}
            new.append(planned_row(server, None, options, vault))
    return [backup_result(row, names) for row in (*running.values(), *new)]


def _notes(who: Who, moves: bool) -> list[str]:
    notes = []
    if who.gone:
        notes.append(
            "These servers no longer exist, so they are not moved, and stay in the policy of CSBS:"
            f" {listed(who.gone)}. What to do: take them out with csbs_policy_server and state: absent"
        )
    if who.on_the_way and not moves:
        notes.append(
            f"On the way, and in neither service: {describe_servers(who.on_the_way)}. What to do: run the task with"
            " state: moved at once"
        )
    return notes


# ========== Calls of the finish step ==========
def preparing_calls(context: MigrationContext, policy_id: str) -> tuple[Call, ...]:
    """Return the calls that come before the moves: old marks go, and the vaults get room."""
    calls = []
    for vault_id, marks in context.stale.items():
        operation = f"remove marks of servers from vault {vault_id}"
        calls.append(
            Call(
                operation, "remove_marks", {"operation": operation, "vault": vault_id, "marks": marks}, missing_ok=True
            )
        )
    if context.room is not None:
        operation = f"prepare the vaults of backup policy {context.name!r}"
        arguments = {
            "operation": operation,
            "policy": policy_id,
            "servers": [as_resource(server) for server in context.room],
            "vault": context.vault,
            "tags": context.tags,
        }
        calls.append(Call(operation, "prepare_vaults", arguments))
    return tuple(calls)


def move_calls(options: MigrationOptions, context: MigrationContext, policy_id: str) -> tuple[Call, ...]:
    """Return one call for each server that moves."""
    calls = []
    for server in context.moving:
        operation = f"move server {server['name']!r} from CSBS to backup policy {context.name!r} of CBR"
        arguments = {
            "operation": operation,
            "server": as_resource(server),
            "source": context.source_id,
            "target": policy_id,
            "vault": context.vault,
            "max_age": options.max_age,
        }
        calls.append(Call(operation, "move_server", arguments))
    return tuple(calls)
