# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_backup after its calls: following backups and deletions to their end, by lists, and telling what came of them."""

from __future__ import annotations

import typing as t

from ._backup import BackupWish
from ._backup_shape import GOOD, backup_result, describe_backup
from ._deletion_wait import await_deletion
from ._errors import ActionFailed
from ._plan import Outcome, Plan
from ._selection import names_of
from ._tags import tags_as_list
from ._wait import Clock, poll
from ._watch import Patience, Watch, failure_texts, first_fields, voiced

# How long a task that does not wait looks for the ids of what it started.
_BRIEFLY = 3


def finish_backup(wish: BackupWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed naming every server and backup that failed."""
    if wish.state == "absent":
        return _finish_deletion(wish, cloud, plan, outcome, clock)
    return _finish_creation(wish, cloud, plan, outcome, clock)


def _finish_creation(wish: BackupWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    context = plan.context
    watch = Watch(cloud, wish.name)
    for server_id, row in context["done"].items():
        watch.rows[server_id] = {**row, "seen": True}
    names = {server["id"]: server["name"] for server in context["chosen"]}
    for position, server in enumerate(context["to_back_up"]):
        answer = outcome.answers.get(position)
        if answer is not None:
            watch.rows[server["id"]] = _started(answer, plan.calls[position].arguments, server)
    look = Patience(watch.look)
    if wish.wait:
        in_time = poll(voiced(look, "backups available", lambda: watch.pending, len(watch.rows), clock), clock, wish.poll_interval)
    else:
        in_time = True
        poll(lambda: look() or all(row.get("id") for row in watch.pending.values()), Clock(_BRIEFLY), 0.5)

    backups = _results(wish, cloud, watch, context)
    problems = failure_texts(outcome)
    problems += [
        f"Backup {describe_backup(watch.rows[server_id])} failed: {why}" for server_id, why in watch.failed.items()
    ]
    results = {"backups": backups, "skipped_servers": context["skipped"], "servers": plan.result["servers"]}
    unseen = look.trouble if wish.wait else None
    late = ", ".join(f"{describe_backup(row)} is {row.get('status') or 'not listed yet'}" for row in watch.pending.values())
    if unseen and late:
        problems.append(f"{unseen} These were started and go on, but their end could not be seen: {late}. Run the task again")
    elif late and not in_time:
        problems.append(f"Not ended within {clock.timeout:g} seconds (timeout): {late}. What was started goes on; run the task again")
    if problems:
        good = sum(1 for server_id, row in watch.rows.items() if row.get("status") in GOOD and server_id not in watch.failed)
        text = f"{good} of {len(names) - len(context['skipped'])} servers have their backup. " + " ".join(f"{one.rstrip('.')}." for one in problems)
        raise ActionFailed(text, {"changed": outcome.changed, **results, **first_fields(outcome, unseen)})
    return results


def _started(answer: t.Any, sent: dict[str, t.Any], server: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return what is known of a backup from the answer to its submission, or from the list where that was lost."""
    # The SDK's resources are dicts as well; a row of the list is nothing else.
    if type(answer) is dict:  # pylint: disable=unidiomatic-typecheck
        return {**answer, "seen": True}
    return {
        "id": None,
        "checkpoint_id": answer.id,
        "name": sent["backup_name"],
        "description": sent.get("description"),
        "status": None,
        "resource_id": server["id"],
        "created_at": answer.created_at,
        "tags": sent.get("tags") or [],
        "extend_info": {"resource_name": server["name"]},
    }


def _results(wish: BackupWish, cloud: t.Any, watch: Watch, context: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    fresh = {server["id"] for server in context["to_back_up"]}
    for server_id, row in watch.rows.items():
        if server_id in fresh and row.get("tags") is None:
            row["tags"] = tags_as_list(wish.tags or {})
    names = names_of(context["chosen"])
    return [backup_result(watch.rows[key], names) for key in names if key in watch.rows]


def _finish_deletion(wish: BackupWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    to_delete = plan.context["to_delete"]
    ids = {row["id"] for row in to_delete}
    being_deleted = [row for row in plan.context["rows"] if row["id"] not in ids]
    deletion = await_deletion(wish, cloud, to_delete, being_deleted, outcome, clock)
    if deletion.problems:
        deleted = [backup for backup in plan.result["backups"] if backup["id"] not in deletion.staying]
        results = {**plan.result, "backups": deleted}
        raise ActionFailed(" ".join(deletion.problems), {"changed": outcome.changed, **results, **first_fields(outcome, deletion.unseen)})
    return {}
