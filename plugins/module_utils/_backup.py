# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_backup: what is wanted of backups, and the plan that leads there."""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ._backup_delete import plan_deletion
from ._backup_shape import GOOD, RUNNING, BackupNames, backup_names, backup_result, newest, recovery_point
from ._backup_tags import add_tags
from ._errors import RETRYABLE_CODES
from ._membership import OTHER_POLICY, explain_verdict
from ._plan import Call, Plan
from ._rules import InvalidInput, check_description, check_name, check_range, refuse_ignored
from ._selection import RUNNABLE, brief, choose_servers, names_of, wanted_filters, wanted_keys
from ._tags import tags_as_list, wanted_tags
from ._times import parse_age

# What the diff shows of a name that is made up when the backup is sent.
UNNAMED = "manualbk_xxxx"
_SUFFIX_ROOM = 5
_NOT_WITH_ABSENT = ("max_age", "tags", "description", "incremental", "skip_unprotectable")


@dataclass(frozen=True)
class BackupWish:
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


def wish_backup(params: dict[str, t.Any], now: datetime) -> BackupWish:
    """Return what the options of csbs_backup ask for; raises InvalidInput before anything is sent."""
    servers, filters = wanted_keys("servers", params["servers"]), wanted_filters(params["server_filters"])
    ids, name = wanted_keys("ids", params["ids"]), params["name"]
    if params["state"] == "absent":
        if ids is None and name is None:
            raise InvalidInput("state absent needs ids or name: it deletes what is named, and nothing by omission")
        if ids is not None and (name is not None or servers is not None or filters is not None):
            raise InvalidInput("ids: each ID is one backup; it excludes name, servers and server_filters")
        refuse_ignored(params, "with state: absent, which deletes every backup that ids or name say", _NOT_WITH_ABSENT)
    else:
        if ids is not None:
            raise InvalidInput("ids goes with state absent; a new backup has no ID yet")
        if servers is None and filters is None:
            raise InvalidInput("servers or server_filters is needed: they say what to back up")
    if name is not None:
        check_name("name", name, room=_SUFFIX_ROOM if filters is not None or len(servers or []) > 1 else 0)
    if params["description"] is not None:
        check_description("description", params["description"])
    check_range("concurrency", params["concurrency"], 1, 100)
    return BackupWish(
        params["state"],
        servers,
        filters,
        ids,
        name,
        params["description"],
        params["incremental"],
        wanted_tags("tags", params["tags"]),
        None if params["max_age"] is None else parse_age("max_age", params["max_age"]),
        params["skip_unprotectable"],
        params["concurrency"],
        params["wait"],
        params["poll_interval"],
    )


def plan_backup_task(wish: BackupWish, cloud: t.Any) -> Plan:
    """Read what a backup task needs to know and return its plan."""
    if wish.state == "absent":
        return plan_deletion(wish, cloud)
    chosen = choose_servers(wish.servers, wish.filters, cloud.servers())
    rows = _existing(wish, chosen, cloud)
    # Ages are counted by the clock that gave the backups their times.
    done = find_done(wish.max_age, wish.name, cloud.now(), chosen, rows)
    to_back_up = [server for server in chosen if server["id"] not in done]
    refusals = unprotectable(to_back_up, cloud.protectable([server["id"] for server in to_back_up]))
    if refusals and not wish.skip_unprotectable:
        lines = "; ".join(f"{server['name']!r} ({server['id']}): {refusals[server['id']]}" for server in to_back_up if server["id"] in refusals)
        raise InvalidInput(
            f"servers: {len(refusals)} of {len(chosen)} servers cannot be backed up, and nothing was sent. {lines}."
            " skip_unprotectable: true backs up the others"
        )
    add_tags(cloud, list(done.values()))
    return plan_creation(wish, chosen, rows, done, refusals)


def _existing(wish: BackupWish, chosen: list[dict[str, t.Any]], cloud: t.Any) -> list[dict[str, t.Any]]:
    """Return the backups that may make new ones needless; without name and max_age none does."""
    if not chosen or (wish.name is None and wish.max_age is None):
        return []
    query = {} if wish.max_age is not None else {"name": wish.name}
    if len(chosen) == 1:
        query["resource_id"] = chosen[0]["id"]
    rows: list[dict[str, t.Any]] = cloud.backups(**query)
    return rows


def find_done(
    max_age: timedelta | None, name: str | None, now: datetime, chosen: list[dict[str, t.Any]], rows: list[dict[str, t.Any]]
) -> dict[str, dict[str, t.Any]]:
    """Return by server ID the backup that makes a new one needless.

    With max_age that is a good backup that is young enough, or else one that is running; with name alone a
    good or running backup of that name, or of its suffixed form when several servers share it.
    """
    names = None if name is None else names_that_count(name, chosen, rows)
    by_server: dict[str, list[dict[str, t.Any]]] = {}
    for row in rows:
        by_server.setdefault(row["resource_id"], []).append(row)
    return {
        server["id"]: found
        for server in chosen
        if (found := _done_by(max_age, names, now, by_server.get(server["id"], []))) is not None
    }


def _done_by(
    max_age: timedelta | None, names: BackupNames | None, now: datetime, rows: list[dict[str, t.Any]]
) -> dict[str, t.Any] | None:
    good = [row for row in rows if row["status"] in GOOD]
    running = [row for row in rows if row["status"] in RUNNING]
    if max_age is not None:
        oldest = now - max_age
        good = [row for row in good if (recovery_point(row) or oldest) > oldest]
    elif names is not None:
        good, running = ([row for row in part if names.fit(row["name"])] for part in (good, running))
    else:
        return None
    return newest(good) or newest(running)


def names_that_count(name: str, chosen: t.Sized, rows: list[dict[str, t.Any]]) -> BackupNames:
    """Return the names that a task with this name gives; one server alone gets no number."""
    return backup_names(name, rows, more=len(chosen)) if len(chosen) > 1 else BackupNames(name)


def unprotectable(servers: list[dict[str, t.Any]], verdicts: dict[str, dict[str, t.Any]]) -> dict[str, str]:
    """Return by server why it cannot be backed up; a server that is merely busy, or bound to a policy, can."""
    refusals = {}
    for server in servers:
        verdict = verdicts.get(server["id"])
        if verdict is None or verdict["result"]:
            continue
        if server["status"] not in RUNNABLE:
            refusals[server["id"]] = f"{explain_verdict(verdict)}; the server is in state {server['status']}"
        elif verdict.get("error_code") not in RETRYABLE_CODES | {OTHER_POLICY}:
            refusals[server["id"]] = explain_verdict(verdict)
    return refusals


def assign_names(names: BackupNames | None, servers: list[dict[str, t.Any]], rows: list[dict[str, t.Any]]) -> dict[str, str | None]:
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
    numbers = {next(iter(owner)): number for number, owner in sorted(owners.items()) if len(owner) == 1}
    assigned: dict[str, str | None] = {}
    for server in servers:
        if server["id"] not in numbers:
            highest += 1
            numbers[server["id"]] = highest
        assigned[server["id"]] = f"{names.base}-{numbers[server['id']]:04d}"
    return assigned


def plan_creation(
    wish: BackupWish,
    chosen: list[dict[str, t.Any]],
    rows: list[dict[str, t.Any]],
    done: dict[str, dict[str, t.Any]],
    refusals: dict[str, str],
) -> Plan:
    """Return the plan that backs up every chosen server that is neither done nor refused."""
    to_back_up = [server for server in chosen if server["id"] not in done and server["id"] not in refusals]
    names = None if wish.name is None else names_that_count(wish.name, chosen, rows)
    assigned = assign_names(names, to_back_up, rows)
    present = names_of(chosen)
    known = frozenset(row["id"] for row in rows)
    # A backup that another run has just started may be too new to be listed. The server is busy then, and it is looked for.
    makes_done: dict[str, t.Any] | None = None
    if wish.name is not None or wish.max_age is not None:
        makes_done = {"names": None if wish.max_age is not None else names, "states": GOOD | RUNNING}
    calls, planned = [], {}
    for server in to_back_up:
        name = assigned[server["id"]]
        attrs: dict[str, t.Any] = {"backup_name": name or f"manualbk_{secrets.token_hex(2)}"}
        if wish.description is not None:
            attrs["description"] = wish.description
        if wish.incremental is not None:
            attrs["incremental"] = wish.incremental
        if wish.tags:
            attrs["tags"] = tags_as_list(wish.tags)
        of_this = {"server_id": server["id"], "known": known}
        calls.append(
            Call(
                f"back up server {server['name']!r}",
                "protect_server",
                {"server": server["id"], **attrs},
                recover=("started_backup", {**of_this, "name": attrs["backup_name"]}),
                meanwhile=None if makes_done is None else ("running_backup", {**of_this, **makes_done}),
            )
        )
        planned[server["id"]] = backup_result(_planned_row(server, name, wish))
    results = [planned.get(server["id"]) or backup_result(done[server["id"]], present) for server in chosen if server["id"] not in refusals]
    skipped = [{"id": server["id"], "name": server["name"], "reason": refusals[server["id"]]} for server in chosen if server["id"] in refusals]
    return Plan(
        tuple(calls),
        {"backups": []},
        {"backups": [_for_diff(planned[server["id"]]) for server in to_back_up]},
        {"backups": results, "skipped_servers": skipped, "servers": brief(chosen)},
        workers=wish.concurrency,
        context={"to_back_up": to_back_up, "done": done, "chosen": chosen, "skipped": skipped},
    )


def _planned_row(server: dict[str, t.Any], name: str | None, wish: BackupWish) -> dict[str, t.Any]:
    return {
        "name": name,
        "description": wish.description,
        "resource_id": server["id"],
        "tags": tags_as_list(wish.tags or {}),
        "extend_info": {"resource_name": server["name"], "auto_trigger": False},
    }


def _for_diff(planned: dict[str, t.Any]) -> dict[str, t.Any]:
    return {
        "name": planned["name"] or UNNAMED,
        "description": planned["description"],
        "server": planned["server"],
        "tags": planned["tags"],
    }
