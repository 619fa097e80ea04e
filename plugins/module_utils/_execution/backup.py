# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows backups, and the backups of a policy run, to their end by one list."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from .._domain.backup import IN_PROGRESS, USABLE, fail_reason
from .._domain.times import parse_time

# A filter that hides what was started is dropped after so many looks.
_LOOKS_BEFORE_FULL_LIST = 3


class BackupFollower:
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
            server: row
            for server, row in self.rows.items()
            if server not in self.failed and row.get("status") not in USABLE
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
                if row["status"] not in USABLE | IN_PROGRESS:
                    why = fail_reason(row) or "the service gives no reason"
                    self.failed[server] = (
                        why if row["status"] == "error" else f"it was deleted meanwhile ({row['status']})"
                    )
        return not self.pending

    def _query(self, pending: dict[str, dict[str, t.Any]]) -> dict[str, t.Any]:
        if self._checkpoint_id is not None:
            return {"checkpoint_id": self._checkpoint_id}
        if self._name is not None and all((row.get("name") or "").startswith(self._name) for row in pending.values()):
            return {"name": self._name}
        if len(pending) == 1:
            return {"resource_id": next(iter(pending))}
        since = [parse_time(row.get("created_at")) for row in pending.values()]
        if self._looks > _LOOKS_BEFORE_FULL_LIST and any(not row.get("seen") for row in pending.values()):
            self._narrow = False
        if None in since or not self._narrow:
            return {}
        earliest = min(moment for moment in since if moment) - timedelta(seconds=1)
        return {"start_time": earliest.replace(tzinfo=None).isoformat(timespec="microseconds")}


# Lists lag: who has not turned up when the others have ended is looked for so many times more.
_EXTRA_LOOKS = 3


class RunFollower(BackupFollower):
    """The backups of a policy run, and the servers that the service left out of it without a word."""

    def __init__(self, cloud: t.Any, checkpoint_id: str) -> None:
        """Follow the record of a run."""
        super().__init__(cloud, checkpoint_id=checkpoint_id)
        self._more = _EXTRA_LOOKS
        #: ids of servers of which the run made no backup
        self.left_out: list[str] = []

    def look(self) -> bool:
        """Read the list once; return whether everything has ended, and who is missing does so for good."""
        ended = super().look()
        pending = self.pending
        missing = [server for server, row in pending.items() if not row.get("seen")]
        # As long as nothing of the run is listed, the list is late and nobody is missing.
        if not missing or len(missing) < len(pending) or len(missing) == len(self.rows):
            return ended
        self._more -= 1
        if self._more >= 0:
            return False
        self.left_out = missing
        for server in missing:
            del self.rows[server]
        return True
