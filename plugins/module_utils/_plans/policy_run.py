# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_run: the options, the choice of members, and the plan of a run."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from .._domain.backup import backup_result
from .._domain.backup_names import UNNAMED
from .._domain.errors import InvalidInput
from .._domain.policy import is_enabled, members_of
from .._domain.selection import describe_server, names_of, once, server_refs
from .._domain.server_lookup import choose_servers
from .._domain.services import RULES, Rules
from .plan import Call, Plan

if t.TYPE_CHECKING:
    from .._domain.rows import BackupGroup, BackupRow, PolicyRow, ServerRow, TagRow, VaultRef

# The state of a member that is no longer a server of the project.
_GONE = "DELETED"
# How many calls are sent at a time
_WORKERS = 5


class RunOptions(t.NamedTuple):
    """The options of csbs_policy_run in normal form."""

    policy: str
    servers: list[str] | None = None
    filters: dict[str, t.Any] | None = None
    max_age: timedelta | None = None
    wait: bool = True
    poll_interval: float = 10
    rules: Rules = RULES["csbs"]


class RunContext(t.NamedTuple):
    """What the backups of a run are followed by."""

    policy: PolicyRow
    #: All servers of the task, also those that are refused
    chosen: list[ServerRow]
    #: By the position of the call, what is known of the backups that it makes
    planned: dict[int, list[BackupRow]]
    #: By server ID, the backups that make a new one unnecessary; some may be in progress
    done: dict[str, BackupRow]
    #: By server ID, why servers cannot be backed up
    refusals: dict[str, str]


def choose_members(options: RunOptions, policy: PolicyRow, servers: list[ServerRow]) -> list[ServerRow]:
    """Return the members of a policy that the task means: those named or filtered, or else all.

    Raises InvalidInput that lists every server that is not a member. A run cannot back up others.
    """
    by_id = {server["id"]: server for server in servers}
    members: dict[str, ServerRow] = {}
    for member in members_of(policy):
        gone: ServerRow = {"id": member["id"], "name": member["name"] or member["id"], "status": _GONE}
        members[member["id"]] = by_id.get(member["id"], gone)
    if options.servers is None and options.filters is None:
        return list(members.values())
    named = choose_servers(options.servers, None, servers, known=members.values())
    others = [server for server in named if server["id"] not in members]
    if others:
        listed = ", ".join(map(describe_server, others))
        raise InvalidInput(
            f"servers: not in policy {policy['name']!r}, which can back up its own servers only: {listed}"
        )
    matching = choose_servers(None, options.filters, [server for server in servers if server["id"] in members])
    return once((*named, *matching))


def plan_run(
    options: RunOptions,
    policy: PolicyRow,
    chosen: list[ServerRow],
    rows: list[BackupRow],
    done: dict[str, BackupRow],
    refusals: dict[str, str],
    groups: t.Sequence[BackupGroup],
) -> Plan[RunContext]:
    """Return the plan that backs up every chosen member that is neither done nor refused.

    rows are existing backups. done holds by server ID the backups that make a new one unnecessary, refusals the reasons
    why servers cannot be backed up. The other servers are those of groups, with one call for each.
    """
    known = frozenset(row["id"] for row in rows)
    by_id = {server["id"]: server for server in chosen}
    # Where backups have no tags, those of a policy stay its own.
    tags = (policy.get("tags") or []) if options.rules.backup_tags else []
    planned = {
        position: [planned_row(by_id[server_id], tags, group["vault"]) for server_id in group["servers"]]
        for position, group in enumerate(groups)
    }
    shown = {row["resource_id"]: backup_result(row) for rows in planned.values() for row in rows}
    present = names_of(chosen)
    results = {**{server_id: backup_result(row, present) for server_id, row in done.items()}, **shown}
    return Plan(
        tuple(_call(options, policy, group, known) for group in groups),
        before={"backups": []},
        after={"backups": [_for_diff(shown[server["id"]]) for server in chosen if server["id"] in shown]},
        result={
            "backups": [results[server["id"]] for server in chosen if server["id"] in results],
            "policy": {"id": policy["id"], "name": policy["name"], "enabled": is_enabled(policy)},
            "servers": server_refs(chosen),
        },
        # When one of several calls fails, the others are sent all the same.
        workers=_WORKERS if len(groups) > 1 else 0,
        context=RunContext(policy, chosen, planned, done, refusals),
    )


def _call(options: RunOptions, policy: PolicyRow, group: BackupGroup, known: t.Collection[str]) -> Call:
    """Return the call that runs a policy for servers; known are the IDs of backups that were there before."""
    # Loaded here, because with an age many tasks find that nothing has to be run.
    from .recovery import running_backups, started_backups

    vault = group["vault"]
    where = "" if vault is None else f" for vault {vault['name']!r}"
    query, server_ids = group["query"], group["servers"]
    return Call(
        f"run backup policy {policy['name']!r}{where}",
        "run_policy",
        {"policy": policy["id"], **group["arguments"]},
        find_effect=started_backups(query, server_ids, known),
        # The run that keeps the policy busy may not be listed yet, and may make all the wanted backups.
        find_existing=None if options.max_age is None else running_backups(query, server_ids, known),
    )


def planned_row(server: ServerRow, tags: list[TagRow], vault: VaultRef | None = None) -> BackupRow:
    """Return what is known of a new backup before the service shows it."""
    info = {"resource_name": server["name"], "auto_trigger": False}
    row: BackupRow = {"resource_id": server["id"], "tags": tags, "extend_info": info}
    if vault is not None:
        row["vault"] = vault
    return row


def _for_diff(backup: dict[str, t.Any]) -> dict[str, t.Any]:
    vault = {} if backup["vault"] is None else {"vault": backup["vault"]["name"]}
    return {"name": UNNAMED, "server": backup["server"], "tags": backup["tags"], **vault}
