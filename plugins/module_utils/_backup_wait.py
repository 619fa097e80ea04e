# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_backup after its calls: following backups and deletions to their end, by lists, and telling what came of them."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from ._backup import BackupWish
from ._backup_shape import GOOD, LEAVING, RUNNING, backup_result, describe_backup, fail_reason
from ._errors import ActionFailed, CloudError
from ._plan import Outcome, Plan
from ._progress import progress_line, tell
from ._tags import tags_as_list
from ._times import parse_time
from ._wait import Clock, poll

# How long a task that does not wait looks for the ids of what it started.
_BRIEFLY = 3
_FEW = 3
# A filter that hides what was started is dropped after so many looks.
_TRUST = 3
# So many looks in a row may fail while backups go on; then the task ends, and tells what it started.
_LOOKS = 5


def finish_backup(wish: BackupWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed naming every server and backup that failed."""
    if wish.state == "absent":
        return _finish_deletion(wish, cloud, plan, outcome, clock)
    return _finish_creation(wish, cloud, plan, outcome, clock)


def _voiced(look: t.Callable[[], bool], what: str, pending: t.Callable[[], t.Sized], total: int, clock: Clock) -> t.Callable[[], bool]:
    """Return look as one that tells each time how far it is, as long as there is something to wait for."""

    def voiced() -> bool:
        waiting = bool(pending())
        ended = look()
        if waiting:
            tell(progress_line(what, total - len(pending()), total, clock.elapsed))
        return ended

    return voiced


class Watch:
    """Backups that are followed until each has ended, by one list for all of them."""

    def __init__(self, cloud: t.Any, name: str | None) -> None:
        self._cloud, self._name = cloud, name
        self._looks = 0
        self._narrow = True
        #: server id -> what is known of its backup: checkpoint_id, resource_id and later the row
        self.rows: dict[str, dict[str, t.Any]] = {}
        #: server id -> why its backup failed
        self.failed: dict[str, str] = {}

    @property
    def pending(self) -> dict[str, dict[str, t.Any]]:
        """Return what has neither ended nor failed."""
        return {
            server: row for server, row in self.rows.items() if server not in self.failed and row.get("status") not in GOOD
        }

    def look(self) -> bool:
        """Read the list once; return whether everything has ended."""
        pending = self.pending
        if not pending:
            return True
        self._looks += 1
        query = self._query(pending)
        found = {(row["checkpoint_id"], row["resource_id"]): row for row in self._cloud.backups(**query)}
        for server, known in pending.items():
            row = found.get((known["checkpoint_id"], server))
            if row is None and known.get("seen"):
                if "start_time" in query:
                    self._narrow = False
                    continue
                # Lists lag, and pages move while others delete: only the backup itself tells that it is gone.
                row = self._cloud.backup(known["id"])
                if row is None:
                    self.failed[server] = "it is no longer there"
            if row is not None:
                # Rows of a list may lack the tags.
                tags = known.get("tags") if row.get("tags") is None else row["tags"]
                self.rows[server] = {**row, "tags": tags, "seen": True}
                if row["status"] not in GOOD | RUNNING:
                    why = fail_reason(row) or "the service gives no reason"
                    self.failed[server] = why if row["status"] == "error" else f"it was deleted meanwhile ({row['status']})"
        return not self.pending

    def _query(self, pending: dict[str, dict[str, t.Any]]) -> dict[str, t.Any]:
        if self._name is not None and all((row.get("name") or "").startswith(self._name) for row in pending.values()):
            return {"name": self._name}
        if len(pending) == 1:
            return {"resource_id": next(iter(pending))}
        since = [parse_time(row.get("created_at")) for row in pending.values()]
        if self._looks > _TRUST and any(not row.get("seen") for row in pending.values()):
            self._narrow = False
        if None in since or not self._narrow:
            return {}
        earliest = min(moment for moment in since if moment) - timedelta(seconds=1)
        return {"start_time": earliest.replace(tzinfo=None).isoformat(timespec="microseconds")}


class Patience:
    """A look that may fail a few times in a row, as what is looked at goes on meanwhile."""

    def __init__(self, look: t.Callable[[], bool]) -> None:
        self._look = look
        self._failures = 0
        #: Why nothing could be seen, when looking was given up or the time was up
        self.trouble: CloudError | None = None

    def __call__(self) -> bool:
        """Look; return whether there is no more to look for, or no way to see it."""
        try:
            ended = self._look()
        except CloudError as error:
            self._failures += 1
            self.trouble = error
            return self._failures >= _LOOKS
        self._failures, self.trouble = 0, None
        return ended


def _finish_creation(wish: BackupWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    context = plan.context
    watch = Watch(cloud, wish.name)
    for server_id, row in context["done"].items():
        watch.rows[server_id] = {**row, "seen": True}
    names = {server["id"]: server["name"] for server in context["chosen"]}
    for position, server in enumerate(context["needy"]):
        answer = outcome.answers.get(position)
        if answer is not None:
            watch.rows[server["id"]] = _started(answer, plan.calls[position].arguments, server)
    look = Patience(watch.look)
    if wish.wait:
        in_time = poll(_voiced(look, "backups available", lambda: watch.pending, len(watch.rows), clock), clock, wish.poll_interval)
    else:
        in_time = True
        poll(lambda: look() or all(row.get("id") for row in watch.pending.values()), Clock(_BRIEFLY), 0.5)

    backups = _results(wish, cloud, watch, context)
    problems = [str(error) for error in outcome.failures.values()]
    problems += [
        f"Backup {describe_backup(watch.rows[server_id])} failed: {why}" for server_id, why in watch.failed.items()
    ]
    results = {"backups": backups, "skipped_servers": context["skipped"], "servers": plan.result["servers"]}
    unseen = look.trouble if wish.wait else None
    late = ", ".join(f"{describe_backup(row)} is {row.get('status') or 'not listed yet'}" for row in watch.pending.values())
    if unseen and late:
        problems.append(f"{unseen} So nobody knows what became of these, which were started and go on: {late}. Run the task again")
    elif late and not in_time:
        problems.append(f"Not ended within {clock.timeout:g} seconds (timeout): {late}. What was started goes on; run the task again")
    if problems:
        good = sum(1 for server_id, row in watch.rows.items() if row.get("status") in GOOD and server_id not in watch.failed)
        text = f"{good} of {len(names) - len(context['skipped'])} servers have their backup. " + " ".join(f"{one.rstrip('.')}." for one in problems)
        raise ActionFailed(text, {"changed": bool(outcome.answers), **results, **_first_fields(outcome, unseen)})
    return results


def _first_fields(outcome: Outcome, unseen: CloudError | None) -> dict[str, t.Any]:
    for error in (*outcome.failures.values(), unseen):
        if error:
            return error.fields()
    return {"error_code": None, "status": None, "request_id": None}


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
    fresh = {server["id"] for server in context["needy"]}
    for server_id, row in watch.rows.items():
        if server_id in fresh and row.get("tags") is None:
            row["tags"] = tags_as_list(wish.tags or {})
    rows = [_with_server(watch.rows[server["id"]], server) for server in context["chosen"] if server["id"] in watch.rows]
    return [backup_result(row) for row in rows]


def _with_server(row: dict[str, t.Any], server: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return a row of a list, which may lack it, with the name of its server."""
    info = row.get("extend_info") or {}
    return row if info.get("resource_name") else {**row, "extend_info": {**info, "resource_name": server["name"]}}


def _finish_deletion(wish: BackupWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    going = plan.context["going"]
    problems = []
    refused = set()
    for position, error in outcome.failures.items():
        row = going[position]
        refused.add(row["id"])
        images = backup_result(row)["images"]
        held = f" Images: {', '.join(images)}." if images else ""
        problems.append(f"{error}{held}")
    pending = {row["id"]: row for row in plan.context["rows"] if row["id"] not in refused}
    failed: dict[str, str] = {}
    in_time, unseen = True, None
    if wish.wait:
        look = Patience(lambda: _all_gone(pending, failed, cloud))
        in_time = poll(_voiced(look, "backups deleted", lambda: pending, len(pending), clock), clock, wish.poll_interval)
        unseen = look.trouble
        problems += [f"Backup {why}" for why in failed.values()]
    if unseen and pending:
        listed = ", ".join(describe_backup(row) for row in pending.values())
        problems.append(f"{unseen} So nobody knows what became of these, which are to go: {listed}. Run the task again")
    elif not in_time:
        listed = ", ".join(f"{describe_backup(row)} is {row['status']}" for row in pending.values())
        problems.append(f"Not deleted within {clock.timeout:g} seconds (timeout): {listed}. The deletion goes on; run the task again")
    if problems:
        text = " ".join(f"{one.rstrip('.')}." for one in problems)
        deleted = [one for one in plan.result["backups"] if one["id"] not in refused | failed.keys()]
        results = {**plan.result, "backups": deleted}
        raise ActionFailed(text, {"changed": bool(outcome.answers), **results, **_first_fields(outcome, unseen)})
    return {}


def _all_gone(pending: dict[str, dict[str, t.Any]], failed: dict[str, str], cloud: t.Any) -> bool:
    """Look once at backups that are being deleted; take those that are gone or failed out of pending."""
    if len(pending) <= _FEW:
        rows = {key: row for key in pending if (row := cloud.backup(key)) is not None}
    else:
        rows = {row["id"]: row for row in cloud.backups()}
    for key in list(pending):
        row, before = rows.get(key), pending[key]
        if row is None or row["status"] == "deleted":
            del pending[key]
        elif (before.get("left") and row["status"] not in LEAVING) or (row["status"] == "error" and before["status"] != "error"):
            failed[key] = f"{describe_backup(row)} was not deleted: {fail_reason(row) or 'the service gives no reason'}"
            del pending[key]
        else:
            pending[key] = {**row, "left": before.get("left") or row["status"] in LEAVING}
    return not pending
