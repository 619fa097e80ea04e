# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of new backups."""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import dataclass
from datetime import timedelta

from .._domain.backup import IN_PROGRESS, USABLE, backup_result
from .._domain.backup_names import BackupNames
from .._domain.freshness import names_that_count
from .._domain.selection import names_of, server_refs
from .._domain.tags import tags_as_list
from .plan import Call, Plan
from .recovery import running_backup, started_backup

# What the diff shows of a name that is made up when the backup is sent.
UNNAMED = "manualbk_xxxx"


@dataclass(frozen=True)
class BackupOptions:
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


def assign_names(
    names: BackupNames | None, servers: list[dict[str, t.Any]], rows: list[dict[str, t.Any]]
) -> dict[str, str | None]:
    """Return by server the name of its new backup; None where it is made up.

    A server that had a number for itself keeps it; the others get the numbers after the highest that is taken.
    """
    if names is None or names.highest is None:
        return {server["id"]: names.base if names else None for server in servers}
    owners: dict[int, set[str]] = {}
    for row in rows:
        number = names.number_of(row["name"])
        if number:
            owners.setdefault(number, set()).add(row["resource_id"])
    highest = max(owners, default=0)
    numbers = {
        next(iter(resource_type)): number for number, resource_type in sorted(owners.items()) if len(resource_type) == 1
    }
    assigned: dict[str, str | None] = {}
    for server in servers:
        if server["id"] not in numbers:
            highest += 1
            numbers[server["id"]] = highest
        assigned[server["id"]] = f"{names.base}-{numbers[server['id']]:04d}"
    return assigned


def plan_creation(
    options: BackupOptions,
    chosen: list[dict[str, t.Any]],
    rows: list[dict[str, t.Any]],
    done: dict[str, dict[str, t.Any]],
    refusals: dict[str, str],
) -> Plan:
    """Return the plan that backs up every chosen server that is neither done nor refused."""
    to_back_up = [server for server in chosen if server["id"] not in done and server["id"] not in refusals]
    names = None if options.name is None else names_that_count(options.name, chosen, rows)
    assigned = assign_names(names, to_back_up, rows)
    present = names_of(chosen)
    known = frozenset(row["id"] for row in rows)
    # A backup that another run has just started may be too new to be listed. The server is busy then, and it is looked for.
    any_will_do = options.name is not None or options.max_age is not None
    names_that_do = None if options.max_age is not None else names
    calls, planned = [], {}
    for server in to_back_up:
        name = assigned[server["id"]]
        attrs: dict[str, t.Any] = {"backup_name": name or f"manualbk_{secrets.token_hex(2)}"}
        if options.description is not None:
            attrs["description"] = options.description
        if options.incremental is not None:
            attrs["incremental"] = options.incremental
        if options.tags:
            attrs["tags"] = tags_as_list(options.tags)
        calls.append(
            Call(
                f"back up server {server['name']!r}",
                "back_up_server",
                {"server": server["id"], **attrs},
                find_effect=started_backup(server["id"], attrs["backup_name"], known),
                find_existing=running_backup(server["id"], names_that_do, USABLE | IN_PROGRESS, known)
                if any_will_do
                else None,
            )
        )
        planned[server["id"]] = backup_result(_planned_row(server, name, options))
    results = [
        planned.get(server["id"]) or backup_result(done[server["id"]], present)
        for server in chosen
        if server["id"] not in refusals
    ]
    skipped = [
        {"id": server["id"], "name": server["name"], "reason": refusals[server["id"]]}
        for server in chosen
        if server["id"] in refusals
    ]
    return Plan(
        tuple(calls),
        {"backups": []},
        {"backups": [_for_diff(planned[server["id"]]) for server in to_back_up]},
        {"backups": results, "skipped_servers": skipped, "servers": server_refs(chosen)},
        workers=options.concurrency,
        context={"to_back_up": to_back_up, "done": done, "chosen": chosen, "skipped": skipped},
    )


def _planned_row(server: dict[str, t.Any], name: str | None, options: BackupOptions) -> dict[str, t.Any]:
    return {
        "name": name,
        "description": options.description,
        "resource_id": server["id"],
        "tags": tags_as_list(options.tags or {}),
        "extend_info": {"resource_name": server["name"], "auto_trigger": False},
    }


def _for_diff(planned: dict[str, t.Any]) -> dict[str, t.Any]:
    return {
        "name": planned["name"] or UNNAMED,
        "description": planned["description"],
        "server": planned["server"],
        "tags": planned["tags"],
    }
