# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""Long waits: backups that are followed to their end by one list, looks that may fail, and a voice for them."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from ._backup_shape import GOOD, RUNNING, fail_reason
from ._errors import CloudError, NotStarted
from ._plan import Outcome
from ._progress import progress_line, tell
from ._times import parse_time
from ._wait import Clock

# A filter that hides what was started is dropped after so many looks.
_TRUST = 3
# So many looks in a row may fail while backups go on; then the task ends, and tells what it started.
_LOOKS = 5


def voiced(look: t.Callable[[], bool], what: str, pending: t.Callable[[], t.Sized], total: int, clock: Clock) -> t.Callable[[], bool]:
    """Return look as one that tells each time how far it is, as long as there is something to wait for."""

    def look_and_tell() -> bool:
        waiting = bool(pending())
        ended = look()
        if waiting:
            tell(progress_line(what, total - len(pending()), total, clock.elapsed))
        return ended

    return look_and_tell


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


class Watch:
    """Backups that are followed until each has ended, by one list for all of them."""

    def __init__(self, cloud: t.Any, name: str | None = None, checkpoint_id: str | None = None) -> None:
        """Follow backups that have a name in common, or the record of a policy run, or neither."""
        self._cloud, self._name, self._checkpoint_id = cloud, name, checkpoint_id
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
        if self._checkpoint_id is not None:
            return {"checkpoint_id": self._checkpoint_id}
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


def failure_texts(outcome: Outcome) -> list[str]:
    """Return the failures of a plan as sentences; what was not started is told in one sentence for each reason."""
    texts = []
    not_started: dict[str, list[str]] = {}
    for dummy, error in sorted(outcome.failures.items()):
        if isinstance(error, NotStarted):
            not_started.setdefault(error.reason, []).append(error.act)
        else:
            texts.append(str(error))
    return texts + [f"Not started: {', '.join(acts)}. Reason: {reason}" for reason, acts in not_started.items()]


def first_fields(outcome: Outcome, unseen: CloudError | None) -> dict[str, t.Any]:
    """Return what a failed task reports beside msg: the fields of its first error, and what was not started."""
    errors = sorted(outcome.failures.items(), key=lambda pair: (isinstance(pair[1], NotStarted), pair[0]))
    first = next((error for error in (*(error for dummy, error in errors), unseen) if error), None)
    fields = {"error_code": None, "status": None, "request_id": None} if first is None else first.fields()
    return {**fields, **outcome.fields()}
