# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup: the options, the names of new backups, and the plan that makes them."""

from __future__ import annotations

import secrets
import typing as t
from datetime import timedelta

from .._domain.backup import IN_PROGRESS, USABLE, backup_result
from .._domain.backup_names import UNNAMED
from .._domain.freshness import names_that_count
from .._domain.selection import describe_servers, names_of, server_refs
from .._domain.services import RULES, Rules
from .._domain.tags import tags_as_list
from .plan import Call, Plan

if t.TYPE_CHECKING:
    from .._domain.backup_names import BackupNames
    from .._domain.rows import BackupGroup, BackupRow, ServerRow, VaultRef


class BackupOptions(t.NamedTuple):
    """The options of csbs_backup in normal form."""

    state: str
    servers: list[str] | None = None
    filters: dict[str, t.Any] | None = None
    ids: list[str] | None = None
    name: str | None = None
    description: str | None = None
    incremental: bool | None = None
    tags: dict[str, str] | None = None
    max_age: timedelta | None = None
    skip_unprotectable: bool = False
    concurrency: int = 5
    wait: bool = True
    poll_interval: float = 10
    vault: str | None = None
    rules: Rules = RULES["csbs"]


class CreationContext(t.NamedTuple):
    """What the backups of a task are followed by."""

    #: All servers of the task, also those that are skipped
    chosen: list[ServerRow]
    #: By the position of the call that backs servers up, what is known of their new backups
    planned: dict[int, list[BackupRow]]
    #: By server ID, the backups that make a new one unnecessary; some may be in progress
    done: dict[str, BackupRow]


def assign_names(
    names: BackupNames | None, servers: t.Iterable[ServerRow], rows: t.Iterable[BackupRow]
) -> dict[str, str | None]:
    """Return by server ID the name of its new backup, None where it is made up.

    A server that had a number of its own keeps it. The others get the numbers after the highest number in use.
    """
    if names is None or names.highest is None:
        return {server["id"]: names.base if names else None for server in servers}
    users: dict[int, set[str]] = {}
    for row in rows:
        number = names.number_of(row["name"])
        if number:
            users.setdefault(number, set()).add(row["resource_id"])
    highest = max(users, default=0)
    numbers = {next(iter(ids)): number for number, ids in sorted(users.items()) if len(ids) == 1}
    assigned: dict[str, str | None] = {}
    for server in servers:
        if server["id"] not in numbers:
            highest += 1
            numbers[server["id"]] = highest
        assigned[server["id"]] = f"{names.base}-{numbers[server['id']]:04d}"
    return assigned


def plan_creation(
    options: BackupOptions,
    chosen: list[ServerRow],
    rows: list[BackupRow],
    done: dict[str, BackupRow],
    refusals: t.Mapping[str, str],
    groups: t.Sequence[BackupGroup],
) -> Plan[CreationContext]:
    """Return the plan that backs up every chosen server that is neither done nor refused.

    rows are existing backups. done holds by server ID the backups that make a new one unnecessary, refusals the reasons
    why servers cannot be backed up. The other servers are those of groups.
    """
    by_id = {server["id"]: server for server in chosen}
    grouped = {server_id: group for group in groups for server_id in group["servers"]}
    to_back_up = [server for server in chosen if server["id"] in grouped]
    names = None if options.name is None else names_that_count(options.name, chosen, rows)
    assigned = _names(options, names, to_back_up, grouped, rows)
    known = frozenset(row["id"] for row in rows)
    calls: list[Call] = []
    planned: dict[int, list[BackupRow]] = {}
    for group in groups:
        servers = [by_id[server_id] for server_id in group["servers"]]
        calls.extend(_calls(options, group, servers, assigned, names, known))
        planned[len(calls) - 1] = [
            planned_row(server, _sent_name(calls[-1], servers), options, group["vault"]) for server in servers
        ]
    shown = {
        server["id"]: backup_result(
            planned_row(server, assigned[server["id"]], options, grouped[server["id"]]["vault"])
        )
        for server in to_back_up
    }
    present = names_of(chosen)
    results = {**{server_id: backup_result(row, present) for server_id, row in done.items()}, **shown}
    return Plan(
        tuple(calls),
        before={"backups": []},
        after={"backups": [_for_diff(backup, options.name) for backup in shown.values()]},
        result={
            "backups": [results[server["id"]] for server in chosen if server["id"] in results],
            "skipped_servers": [
                {"id": server["id"], "name": server["name"], "reason": refusals[server["id"]]}
                for server in chosen
                if server["id"] in refusals
            ],
            "servers": server_refs(chosen),
        },
        workers=options.concurrency,
        context=CreationContext(chosen, planned, done),
    )


def _names(
    options: BackupOptions,
    names: BackupNames | None,
    servers: t.Sequence[ServerRow],
    grouped: t.Mapping[str, BackupGroup],
    rows: t.Iterable[BackupRow],
) -> dict[str, str | None]:
    """Return by server ID the name of its new backup, None where it is made up or not known before."""
    if not options.rules.numbers_names:
        return assign_names(names, servers, rows)
    alone = {server["id"] for server in servers if len(grouped[server["id"]]["servers"]) == 1}
    return {server["id"]: options.name if server["id"] in alone else None for server in servers}


def _sent_name(call: Call, servers: t.Sequence[ServerRow]) -> str | None:
    """Return the name of the backup that a call makes. The service numbers the names of several, in any order."""
    return call.arguments["name"] if len(servers) == 1 else None


def _calls(
    options: BackupOptions,
    group: BackupGroup,
    servers: list[ServerRow],
    assigned: t.Mapping[str, str | None],
    names: BackupNames | None,
    known: t.Collection[str],
) -> t.Iterator[Call]:
    """Yield the calls that back a group up, the backup last; known are the IDs of backups that were there before."""
    # Loaded here, because most tasks find that nothing has to be backed up.
    from .._domain.backup_names import BackupNames
    from .recovery import running_backups, started_backups

    several = len(servers) > 1
    name = (None if several else assigned[servers[0]["id"]]) or options.name or f"manualbk_{secrets.token_hex(2)}"
    arguments: dict[str, t.Any] = {**group["arguments"], "name": name}
    if options.description is not None:
        arguments["description"] = options.description
    if options.incremental is not None:
        arguments["incremental"] = options.incremental
    if options.tags:
        arguments["tags"] = tags_as_list(options.tags)
    server_ids = group["servers"]
    vault = group["vault"]
    find_existing = None
    if options.name is not None or options.max_age is not None:
        # A backup that another task has just started may not be listed yet, but it makes the server busy.
        names_that_do = None if options.max_age is not None else names
        find_existing = running_backups(
            group["query"], server_ids, known, names_that_do, USABLE | IN_PROGRESS, _operation(servers, vault)
        )
    made = BackupNames(name, highest=len(servers) if several else None)
    place = None if vault is None else str(vault["id"] or vault["name"])
    if group.get("joining"):
        # Loaded here, because few tasks put servers into vaults.
        from .joining import join_call

        yield join_call(group)
    yield Call(
        _operation(servers, vault),
        "back_up",
        arguments,
        find_effect=started_backups(group["query"], server_ids, known, made),
        find_existing=find_existing,
        group=place,
    )


def _operation(servers: t.Sequence[ServerRow], vault: VaultRef | None) -> str:
    if vault is None:
        return f"back up server {servers[0]['name']!r}"
    return f"back up {describe_servers(servers)} in vault {vault['name']!r}"


def planned_row(
    server: ServerRow, name: str | None, options: BackupOptions, vault: VaultRef | None = None
) -> BackupRow:
    """Return what is known of a new backup before the service shows it."""
    row: BackupRow = {
        "name": name,
        "description": options.description,
        "resource_id": server["id"],
        "tags": tags_as_list(options.tags or {}),
        "extend_info": {"resource_name": server["name"], "auto_trigger": False},
    }
    if vault is not None:
        row["vault"] = vault
    return row


def _for_diff(backup: dict[str, t.Any], base: str | None) -> dict[str, t.Any]:
    # Names that are made up, or numbered by the service, differ in each run.
    unnamed = UNNAMED if base is None else f"{base}-xxxx"
    vault = {} if backup["vault"] is None else {"vault": backup["vault"]["name"]}
    return {
        "name": backup["name"] or unnamed,
        "description": backup["description"],
        "server": backup["server"],
        "tags": backup["tags"],
        **vault,
    }
