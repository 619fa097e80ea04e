# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows backups that are being deleted until they are gone."""

from __future__ import annotations

import typing as t

from .._domain.backup import BEING_DELETED, describe_backup, images_of
from .watch import failure_texts, follow, problems_of

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.errors import CloudError
    from .._domain.rows import BackupRow
    from .._plans.deletion import DeletionContext
    from .._plans.plan import Outcome
    from .clock import Clock
    from .watch import WaitOptions


class DeletionFollower:
    """Follows backups that are being deleted."""

    def __init__(self, cloud: Cloud, rows: t.Iterable[BackupRow]) -> None:
        self._cloud = cloud
        #: By ID, the backups that are not gone yet
        self.pending = {row["id"]: row for row in rows}
        self._seen_being_deleted = {row["id"] for row in self.pending.values() if row["status"] in BEING_DELETED}
        #: By ID, the backups that were not deleted, and why
        self.failed: dict[str, str] = {}

    def refresh(self, early: bool = False) -> bool:
        """Read the pending backups once; return whether the deletion of each has ended."""
        for backup_id, row in self._cloud.backups_by_id(list(self.pending)):
            if row is None or row["status"] == "deleted":
                del self.pending[backup_id]
            elif self._has_failed(row):
                reason = self._cloud.why_failed(row) or "the service gives no reason"
                self.failed[backup_id] = f"{describe_backup(row)} was not deleted: {reason}"
                del self.pending[backup_id]
            else:
                self.pending[backup_id] = row
                if row["status"] in BEING_DELETED:
                    self._seen_being_deleted.add(backup_id)
        return not self.pending

    def find_ids(self) -> bool:
        """Return True: the IDs of backups to delete are known."""
        return True

    def _has_failed(self, row: BackupRow) -> bool:
        """Return whether the deletion of a backup has failed. A backup may have been in error before it."""
        if row["id"] in self._seen_being_deleted:
            return row["status"] not in BEING_DELETED
        return row["status"] == "error" and self.pending[row["id"]]["status"] != "error"


class DeletionsEnding(t.NamedTuple):
    """How the wait for deletions ended."""

    #: IDs of the backups that were not deleted
    not_deleted: frozenset[str]
    #: IDs of the backups that were not seen to be gone
    pending: frozenset[str]
    #: What is wrong, as sentences for the message of the task
    problems: list[str]
    #: Why the end could not be seen, None when it could
    unseen: CloudError | None


def await_deletion(
    context: DeletionContext, options: WaitOptions, cloud: Cloud, outcome: Outcome, clock: Clock
) -> DeletionsEnding:
    """Wait until backups are gone, unless options say not to wait. outcome is that of the plan's calls."""
    refused = [context.to_delete[position] for position in outcome.failures]
    not_deleted = {row["id"] for row in refused}
    follower = DeletionFollower(
        cloud, (row for row in (*context.to_delete, *context.being_deleted) if row["id"] not in not_deleted)
    )
    ending = follow(follower, options, clock, "backups deleted", len(follower.pending))
    problems = failure_texts(outcome)
    images = [image_id for row in refused for image_id in images_of(row)]
    if images:
        problems.append(f"Images that hold these backups: {', '.join(images)}")
    problems += [f"Backup {reason}" for reason in follower.failed.values()]
    late = ", ".join(f"{describe_backup(row)} is {row['status']}" for row in follower.pending.values())
    problems += problems_of(ending, late, "The deletion goes on.", "run the task again")
    return DeletionsEnding(
        frozenset(not_deleted | follower.failed.keys()), frozenset(follower.pending), problems, ending.unseen
    )
