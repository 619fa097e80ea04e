# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup: its options, what it reads, and the end of its backups and deletions."""

from __future__ import annotations

import typing as t

from .._cloud.tags import add_tags
from .._domain.backup import BEING_DELETED, USABLE, backup_result, describe_backup
from .._domain.backup_names import backup_names
from .._domain.errors import InvalidInput, TaskFailed
from .._domain.freshness import find_done
from .._domain.limits import check_description, check_name, check_range, refuse_ignored
from .._domain.protectability import unprotectable
from .._domain.selection import names_of, parse_filters, parse_refs
from .._domain.server_lookup import choose_servers, resolve_servers, servers_of_backups
from .._domain.tags import parse_tags, tags_as_list
from .._domain.times import parse_age
from .._execution.backup import BackupFollower
from .._execution.clock import Clock, poll
from .._execution.deletion import await_deletion
from .._execution.watch import TolerantPoll, failure_texts, first_fields, with_progress
from .._plans.backup import BackupOptions, plan_creation
from .._plans.deletion import MAX_DELETIONS, deletion_calls, diff_of_deletion
from .._plans.plan import Outcome, Plan

_SUFFIX_ROOM = 5
_NOT_WITH_ABSENT = ("max_age", "tags", "description", "incremental", "skip_unprotectable")


def parse_options(params: dict[str, t.Any]) -> BackupOptions:
    """Return what the options of csbs_backup ask for; raises InvalidInput before anything is sent."""
    servers, filters = parse_refs("servers", params["servers"]), parse_filters(params["server_filters"])
    ids, name = parse_refs("ids", params["ids"]), params["name"]
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
    return BackupOptions(
        params["state"],
        servers,
        filters,
        ids,
        name,
        params["description"],
        params["incremental"],
        parse_tags("tags", params["tags"]),
        None if params["max_age"] is None else parse_age("max_age", params["max_age"]),
        params["skip_unprotectable"],
        params["concurrency"],
        params["wait"],
        params["poll_interval"],
    )


def plan(options: BackupOptions, cloud: t.Any) -> Plan:
    """Read what a backup task needs to know and return its plan."""
    if options.state == "absent":
        return plan_deletion(options, cloud)
    chosen = choose_servers(options.servers, options.filters, cloud.servers())
    rows = _existing(options, chosen, cloud)
    # Ages are counted by the clock that gave the backups their times.
    done = find_done(options.max_age, options.name, cloud.now(), chosen, rows)
    to_back_up = [server for server in chosen if server["id"] not in done]
    refusals = unprotectable(to_back_up, cloud.protectable([server["id"] for server in to_back_up]))
    if refusals and not options.skip_unprotectable:
        lines = "; ".join(
            f"{server['name']!r} ({server['id']}): {refusals[server['id']]}"
            for server in to_back_up
            if server["id"] in refusals
        )
        raise InvalidInput(
            f"servers: {len(refusals)} of {len(chosen)} servers cannot be backed up, and nothing was sent. {lines}."
            " skip_unprotectable: true backs up the others"
        )
    add_tags(cloud, list(done.values()))
    return plan_creation(options, chosen, rows, done, refusals)


def _existing(options: BackupOptions, chosen: list[dict[str, t.Any]], cloud: t.Any) -> list[dict[str, t.Any]]:
    """Return the backups that may make new ones needless; without name and max_age none does."""
    if not chosen or (options.name is None and options.max_age is None):
        return []
    query = {} if options.max_age is not None else {"name": options.name}
    if len(chosen) == 1:
        query["resource_id"] = chosen[0]["id"]
    rows: list[dict[str, t.Any]] = cloud.backups(**query)
    return rows


def plan_deletion(options: t.Any, cloud: t.Any) -> Plan:
    """Read which backups there are, and return the plan after which those that the task names are gone."""
    rows = [row for row in _targets(options, cloud) if row["status"] != "deleted"]
    to_delete = [row for row in rows if row["status"] not in BEING_DELETED]
    names = names_of(cloud.servers()) if to_delete else {}
    result = {"backups": [backup_result(row, names) for row in to_delete], "skipped_servers": [], "servers": []}
    shown = {"backups": [diff_of_deletion(row, options.name, names) for row in to_delete]}
    workers = min(options.concurrency, MAX_DELETIONS)
    context = {"to_delete": to_delete, "rows": rows}
    return Plan(deletion_calls(to_delete), shown, {"backups": []}, result, workers=workers, context=context)


def _targets(options: t.Any, cloud: t.Any) -> list[dict[str, t.Any]]:
    if options.ids is not None:
        found = dict(cloud.backups_by_id(options.ids))
        return [row for key in options.ids if (row := found[key]) is not None]
    # The name with its numbers as well, as one task gave it to several servers.
    rows = cloud.backups(name=options.name)
    names = backup_names(options.name, rows)
    rows = [row for row in rows if names.fit(row["name"])]
    if options.servers is None and options.filters is None:
        return rows
    wanted = resolve_servers(
        options.servers, options.filters, cloud.servers(), servers_of_backups(rows), unknown="ignore"
    )
    return [row for row in rows if row["resource_id"] in wanted]


# How long a task that does not wait looks for the ids of what it started.
_SECONDS_TO_FIND_IDS = 3


def finish(options: BackupOptions, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed naming every server and backup that failed."""
    if options.state == "absent":
        return _finish_deletion(options, cloud, plan, outcome, clock)
    return _finish_creation(options, cloud, plan, outcome, clock)


def _finish_creation(
    options: BackupOptions, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    context = plan.context
    watch = BackupFollower(cloud, options.name)
    for server_id, row in context["done"].items():
        watch.rows[server_id] = {**row, "seen": True}
    names = {server["id"]: server["name"] for server in context["chosen"]}
    for position, server in enumerate(context["to_back_up"]):
        answer = outcome.answers.get(position)
        if position in outcome.found:
            watch.rows[server["id"]] = {**answer, "seen": True}
        elif answer is not None:
            watch.rows[server["id"]] = _started(answer, plan.calls[position].arguments, server)
    look = TolerantPoll(watch.look)
    if options.wait:
        in_time = poll(
            with_progress(look, "backups available", lambda: watch.pending, len(watch.rows), clock),
            clock,
            options.poll_interval,
        )
    else:
        in_time = True
        poll(lambda: look() or all(row.get("id") for row in watch.pending.values()), Clock(_SECONDS_TO_FIND_IDS), 0.5)

    backups = _results(options, cloud, watch, context)
    problems = failure_texts(outcome)
    problems += [
        f"Backup {describe_backup(watch.rows[server_id])} failed: {why}" for server_id, why in watch.failed.items()
    ]
    results = {"backups": backups, "skipped_servers": context["skipped"], "servers": plan.result["servers"]}
    unseen = look.trouble if options.wait else None
    late = ", ".join(
        f"{describe_backup(row)} is {row.get('status') or 'not listed yet'}" for row in watch.pending.values()
    )
    if unseen and late:
        problems.append(
            f"{unseen} These were started and go on, but their end could not be seen: {late}. Run the task again"
        )
    elif late and not in_time:
        problems.append(
            f"Not ended within {clock.timeout:g} seconds (timeout): {late}. What was started goes on; run the task again"
        )
    if problems:
        good = sum(
            1 for server_id, row in watch.rows.items() if row.get("status") in USABLE and server_id not in watch.failed
        )
        text = f"{good} of {len(names) - len(context['skipped'])} servers have their backup. " + " ".join(
            f"{one.rstrip('.')}." for one in problems
        )
        raise TaskFailed(text, {"changed": outcome.changed, **results, **first_fields(outcome, unseen)})
    return results


def _started(answer: dict[str, t.Any], sent: dict[str, t.Any], server: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return what is known about a backup from the answer to its submission."""
    return {
        "id": None,
        "checkpoint_id": answer["id"],
        "name": sent["backup_name"],
        "description": sent.get("description"),
        "status": None,
        "resource_id": server["id"],
        "created_at": answer.get("created_at"),
        "tags": sent.get("tags") or [],
        "extend_info": {"resource_name": server["name"]},
    }


def _results(
    options: BackupOptions, cloud: t.Any, watch: BackupFollower, context: dict[str, t.Any]
) -> list[dict[str, t.Any]]:
    fresh = {server["id"] for server in context["to_back_up"]}
    for server_id, row in watch.rows.items():
        if server_id in fresh and row.get("tags") is None:
            row["tags"] = tags_as_list(options.tags or {})
    names = names_of(context["chosen"])
    return [backup_result(watch.rows[key], names) for key in names if key in watch.rows]


def _finish_deletion(
    options: BackupOptions, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    to_delete = plan.context["to_delete"]
    ids = {row["id"] for row in to_delete}
    being_deleted = [row for row in plan.context["rows"] if row["id"] not in ids]
    deletion = await_deletion(options, cloud, to_delete, being_deleted, outcome, clock)
    if deletion.problems:
        deleted = [backup for backup in plan.result["backups"] if backup["id"] not in deletion.staying]
        results = {**plan.result, "backups": deleted}
        raise TaskFailed(
            " ".join(deletion.problems),
            {"changed": outcome.changed, **results, **first_fields(outcome, deletion.unseen)},
        )
    return {}
