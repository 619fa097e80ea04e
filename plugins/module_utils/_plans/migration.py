# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_migration: from a policy of CSBS and what CBR has to what is missing there: policy, vaults, servers, backups."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .._domain.backup import IN_PROGRESS, USABLE, backup_result, by_server, newest
from .._domain.departure import why_to_stay
from .._domain.errors import InvalidInput
from .._domain.migration import own_members
from .._domain.policy import as_resource, for_diff, in_order, members_of, policy_result, vault_result
from .._domain.selection import describe_server, describe_servers, is_id, names_of, server_refs
from .._domain.server_lookup import choose_servers
from .._domain.services import RULES
from .._domain.vaults import joining_members, names_in_use, place
from .backup import BackupOptions, planned_row
from .new_policy import plan_creation
from .plan import Call, Plan
from .policy import plan_update
from .policy_options import PolicyOptions

if t.TYPE_CHECKING:
    from .._domain.migration import Target
    from .._domain.rows import BackupRow, PolicyRow, ServerRef, ServerRow, TagRow, VaultRow
    from .._domain.vaults import Step, VaultOptions
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


class Estate(t.NamedTuple):
    """What both services say.

    policy is that of CSBS. current is the policy of CBR that it becomes, None when there is none. cbr are all policies
    of CBR, elsewhere is how many policies CSBS has. vaults are all vaults with their tags. servers are those of the
    project, where they are to move with the sizes of their disks. held are the IDs of the servers in policies of CSBS.
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


class _Who(t.NamedTuple):
    """Where the servers of a migration are: in the policy of CSBS, on the way, in CBR; and those that are gone."""

    left: list[ServerRow]
    on_the_way: list[ServerRow]
    over: list[ServerRow]
    gone: list[ServerRef]
    stale: dict[str, list[TagRow]]

    @property
    def all(self) -> list[ServerRow]:
        return [*self.left, *self.on_the_way, *self.over]


def who_moves(
    policy: PolicyRow,
    current: PolicyRow | None,
    vaults: t.Iterable[VaultRow],
    servers: t.Iterable[ServerRow],
    held: t.Collection[str],
) -> _Who:
    """Return where the servers of a policy of CSBS are; arguments are those of Estate."""
    vaults, by_id = list(vaults), {server["id"]: server for server in servers}
    in_vaults = {member["id"] for vault in vaults for member in vault["members"]}
    members = [member for member in members_of(policy) if member["id"] not in in_vaults]
    on_the_way: list[ServerRow] = []
    stale: dict[str, list[TagRow]] = {}
    for vault in vaults:
        for tag in vault["tags"] or ():
            server_id = tag["key"]
            if not is_id(server_id):
                continue
            if server_id in in_vaults or (server_id not in by_id and server_id not in held):
                stale.setdefault(str(vault["id"]), []).append(tag)
            elif tag["value"] == policy["id"] and server_id not in held and by_id[server_id] not in on_the_way:
                on_the_way.append(by_id[server_id])
    over = [by_id[member["id"]] for member in members_of(current) if member["id"] in by_id] if current else []
    return _Who(
        [by_id[member["id"]] for member in members if member["id"] in by_id],
        on_the_way,
        over,
        [member for member in members if member["id"] not in by_id],
        stale,
    )


def choose(options: MigrationOptions, who: _Who, servers: list[ServerRow], name: str) -> list[ServerRow]:
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


def plan_migration(options: MigrationOptions, target: Target, estate: Estate) -> Plan[MigrationContext]:
    """Return the plan that prepares the way to CBR, or moves servers. Raises InvalidInput when it cannot be."""
    who = who_moves(estate.policy, estate.current, estate.vaults, estate.servers, estate.held)
    chosen = choose(options, who, estate.servers, estate.policy["name"])
    chosen_ids = {server["id"] for server in chosen}
    on_the_way = [server for server in who.on_the_way if server["id"] in chosen_ids]
    left = [server for server in who.left if server["id"] in chosen_ids]
    if left or on_the_way:
        _check_own_members(options, target, estate)
    moves = options.state == "moved"
    refused = _refused(options, left, estate) if moves else {}
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
    policy_plan, notes = _plan_policy(desired, estate)
    room = [server for server in (*on_the_way, *left) if server.get("disks_gb")]
    vaults, needs_room, places = _vaults(options, target.name, estate, room, moving)
    over = [server for server in who.over if server["id"] in chosen_ids]
    to_back_up, running = _first_backups(options, [*over, *moving], estate)
    stale = who.stale if moves else {}
    after = {
        **policy_plan.result["policy"],
        "servers": in_order([*policy_plan.result["policy"]["servers"], *server_refs(moving)], in_vaults=True),
    }
    names = names_of(estate.servers)
    filled = {places[server["id"]] for server in to_back_up if server["id"] in places}
    after["vaults"] = [
        {**vault_result(vault), **({"used_mb": None} if vault["name"] in filled else {})} for vault in vaults
    ]
    if vaults and not (estate.current and estate.current["vaults"]):
        after["tags"] = dict(target.tags)
    result = {
        "policy": after,
        "moved": server_refs(moving),
        "not_moved": not_moved(left, refused),
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
            "first_backups": [],
        },
        {
            "csbs_servers": sorted(server["name"] for server in who.left if server["id"] not in moving_ids),
            "on_the_way": sorted(server["name"] for server in who.on_the_way if server["id"] not in moving_ids),
            "policy": for_diff(after),
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
            room=room if needs_room else None,
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


def _check_own_members(options: MigrationOptions, target: Target, estate: Estate) -> None:
    """Raise InvalidInput when the policy of CBR may be another one that only has the same name."""
    if options.target_name is not None:
        return
    marked = {tag["key"] for vault in estate.vaults for tag in vault["tags"] or ()}
    own = own_members(estate.current, {row["resource_id"] for row in estate.csbs_backups} | marked)
    if own:
        listed = ", ".join(repr(server["name"] or server["id"]) for server in own[:10])
        raise InvalidInput(
            f"policy: CBR has a policy {target.name!r} with servers that have no backup in CSBS, so it may be another"
            f" one: {listed}. What to do: give target_name: {target.name} to bring the servers into this policy, or"
            " another name"
        )


def _refused(options: MigrationOptions, left: t.Iterable[ServerRow], estate: Estate) -> dict[str, str]:
    """Return by server ID why servers do not leave CSBS. What ends by itself is waited for."""
    backups, refused = by_server(estate.csbs_backups), {}
    for server in left:
        reason, passes = why_to_stay(server.get("status"), backups.get(server["id"], ()), estate.now, options.max_age)
        if reason is None and not server.get("disks_gb"):
            reason = "the server has no disk, and no vault takes it. What to do: take it out of the policy"
        if reason is not None and not passes:
            refused[server["id"]] = reason
    return refused


def _plan_policy(desired: PolicyOptions, estate: Estate) -> tuple[Plan[PolicyContext], list[str]]:
    """Return the plan of the policy of CBR without its servers, and notes for users."""
    if estate.current is None:
        return plan_creation(desired, [], [], estate.cbr, elsewhere=estate.elsewhere), []
    names = names_of(estate.servers)
    changes = plan_update(desired, estate.current, [], [], names)
    if not changes.changed or not members_of(estate.current):
        return changes, []
    # Retentions prune, and schedules of others are others' business.
    differs = ", ".join(key for key in changes.after if changes.after[key] != changes.before.get(key))
    note = (
        f"Policy {estate.current['name']!r} of CBR has servers already, so it stays as it is, though it differs from"
        f" what the policy of CSBS would become: {differs}. What to do: change it with csbs_policy and service: cbr, if"
        " it is to follow"
    )
    return plan_update(PolicyOptions(desired.name, "present", rules=_RULES), estate.current, [], [], names), [note]


def _vaults(
    options: MigrationOptions, name: str, estate: Estate, room: list[ServerRow], moving: list[ServerRow]
) -> tuple[list[VaultRow], bool, dict[str, str]]:
    """Return the vaults as they will be, whether one must be made or enlarged, and by server ID the name of its vault.

    room are the servers that there must be room for, moving those that join. Raises InvalidInput.
    """
    own = estate.current["vaults"] if estate.current else []
    own_ids, bound_ids = {vault["id"] for vault in own}, {vault["id"] for row in estate.cbr for vault in row["vaults"]}
    others = [vault for vault in estate.vaults if vault["id"] not in own_ids]
    taken = names_in_use(
        [vault for vault in others if vault["id"] in bound_ids],
        [vault for vault in others if vault["id"] not in bound_ids],
    )
    joining = joining_members([as_resource(server) for server in room], ())
    steps = {step.vault["name"]: step for step in place(own, joining, options.vault.name or name, options.vault, taken)}
    moving_ids = {server["id"] for server in moving}
    rows: list[VaultRow] = []
    places = {member["id"]: vault["name"] for vault in own for member in vault["members"]}
    new = [step.vault for step in steps.values() if step.vault["id"] is None]
    for vault in [*own, *new]:
        step: Step | None = steps.get(vault["name"])
        size = vault["size_gb"] if step is None or step.size_gb is None else step.size_gb
        members = [member for member in (step.joining if step else ()) if member["id"] in moving_ids]
        places.update({member["id"]: vault["name"] for member in members})
        rows.append({**vault, "size_gb": size, "members": [*vault["members"], *members]})
    needs_room = any(step.size_gb is not None for step in steps.values())
    return sorted(rows, key=lambda vault: vault["name"]), needs_room, places


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
    to_back_up: t.Iterable[ServerRow],
    running: t.Mapping[str, BackupRow],
    places: t.Mapping[str, str],
    vaults: t.Iterable[VaultRow],
    names: t.Mapping[str, str],
) -> list[dict[str, t.Any]]:
    ids = {vault["name"]: vault["id"] for vault in vaults}
    options = BackupOptions("present", rules=_RULES)
    new = [
        planned_row(server, None, options, {"id": ids[places[server["id"]]], "name": places[server["id"]]})
        for server in to_back_up
    ]
    return [backup_result(row, names) for row in (*running.values(), *new)]


def _notes(who: _Who, moves: bool) -> list[str]:
    notes = []
    if who.gone:
        listed = ", ".join(repr(server["name"] or server["id"]) for server in who.gone)
        notes.append(
            f"These servers no longer exist, so they are not moved, and stay in the policy of CSBS: {listed}. What to"
            " do: take them out with csbs_policy_server and state: absent"
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
