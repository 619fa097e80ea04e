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
from .._domain.selection import names_of, server_refs
from .._domain.tags import tags_as_list
from .plan import Call, Plan

if t.TYPE_CHECKING:
    from .._domain.backup_names import BackupNames
    from .._domain.rows import BackupRow, ServerRow


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


class CreationContext(t.NamedTuple):
    """What the backups of a task are followed by."""

    #: All servers of the task, also those that are skipped
    chosen: list[ServerRow]
    #: Servers that get a new backup, in the order of the calls
    to_back_up: list[ServerRow]
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
) -> Plan[CreationContext]:
    """Return the plan that backs up every chosen server that is neither done nor refused.

    rows are existing backups. done holds by server ID the backups that make a new one unnecessary, refusals the reasons
    why servers cannot be backed up.
    """
    to_back_up = [server for server in chosen if server["id"] not in done and server["id"] not in refusals]
    names = None if options.name is None else names_that_count(options.name, chosen, rows)
    assigned = assign_names(names, to_back_up, rows)
    known = frozenset(row["id"] for row in rows)
    planned = [planned_row(server, assigned[server["id"]], options) for server in to_back_up]
    shown = {row["resource_id"]: backup_result(row) for row in planned}
    present = names_of(chosen)
    results = {**{server_id: backup_result(row, present) for server_id, row in done.items()}, **shown}
    return Plan(
        tuple(_call(options, server, row, names, known) for server, row in zip(to_back_up, planned)),
        before={"backups": []},
        after={"backups": [_for_diff(backup) for backup in shown.values()]},
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
        context=CreationContext(chosen, to_back_up, done),
    )


def _call(
    options: BackupOptions, server: ServerRow, row: BackupRow, names: BackupNames | None, known: t.Collection[str]
) -> Call:
    """Return the call that makes a planned backup; known are the IDs of backups that were there before."""
    # Loaded here, because most tasks find that nothing has to be backed up.
    from .recovery import running_backup, started_backup

    name = row["name"] or f"manualbk_{secrets.token_hex(2)}"
    arguments: dict[str, t.Any] = {"server": server["id"], "name": name}
    if options.description is not None:
        arguments["description"] = options.description
    if options.incremental is not None:
        arguments["incremental"] = options.incremental
    if options.tags:
        arguments["tags"] = row["tags"]
    find_existing = None
    if options.name is not None or options.max_age is not None:
        # A backup that another task has just started may not be listed yet, but it makes the server busy.
        names_that_do = None if options.max_age is not None else names
        find_existing = running_backup(server["id"], names_that_do, USABLE | IN_PROGRESS, known)
    return Call(
        f"back up server {server['name']!r}",
        "back_up",
        arguments,
        find_effect=started_backup(server["id"], name, known),
        find_existing=find_existing,
    )


def planned_row(server: ServerRow, name: str | None, options: BackupOptions) -> BackupRow:
    """Return what is known of a new backup before the service shows it."""
    return {
        "name": name,
        "description": options.description,
        "resource_id": server["id"],
        "tags": tags_as_list(options.tags or {}),
        "extend_info": {"resource_name": server["name"], "auto_trigger": False},
    }


def _for_diff(backup: dict[str, t.Any]) -> dict[str, t.Any]:
    return {
        "name": backup["name"] or UNNAMED,
        "description": backup["description"],
        "server": backup["server"],
        "tags": backup["tags"],
    }
