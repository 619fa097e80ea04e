# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits until backups that are being deleted are gone, and says which are not."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._domain.backup import BEING_DELETED, backup_result, describe_backup, fail_reason
from .._domain.errors import CloudError
from .._plans.plan import Outcome
from .clock import Clock, poll
from .watch import TolerantPoll, failure_texts, with_progress


@dataclass(frozen=True)
class Deletion:
    """What came of deletions: the ids that stay, what to tell of it, and why nothing could be seen in the end."""

    staying: frozenset[str]
    problems: tuple[str, ...]
    unseen: CloudError | None = None


def await_deletion(
    options: t.Any,
    cloud: t.Any,
    to_delete: list[dict[str, t.Any]],
    being_deleted: list[dict[str, t.Any]],
    outcome: Outcome,
    clock: Clock,
) -> Deletion:
    """Wait, if wish.wait says so, until backups are gone.

    to_delete are the backups in the order of the plan's calls, being_deleted those whose deletion had begun before; both
    are answers of the service. wish has wait and poll_interval (seconds).
    """
    problems = failure_texts(outcome)
    staying = {to_delete[position]["id"] for position in outcome.failures}
    held = [image for position in outcome.failures for image in backup_result(to_delete[position])["images"]]
    if held:
        problems.append(f"Images that hold these backups: {', '.join(held)}")
    pending = {row["id"]: row for row in (*to_delete, *being_deleted) if row["id"] not in staying}
    failed: dict[str, str] = {}
    in_time, unseen = True, None
    if options.wait:
        look = TolerantPoll(lambda: _all_gone(pending, failed, cloud))
        in_time = poll(
            with_progress(look, "backups deleted", lambda: pending, len(pending), clock), clock, options.poll_interval
        )
        unseen = look.trouble
        problems += [f"Backup {why}" for why in failed.values()]
    if unseen and pending:
        listed = ", ".join(describe_backup(row) for row in pending.values())
        problems.append(
            f"{unseen} The deletion of these goes on, but its end could not be seen: {listed}. Run the task again"
        )
    elif not in_time:
        listed = ", ".join(f"{describe_backup(row)} is {row['status']}" for row in pending.values())
        problems.append(
            f"Not deleted within {clock.timeout:g} seconds (timeout): {listed}. The deletion goes on; run the task again"
        )
    return Deletion(frozenset(staying | failed.keys()), tuple(f"{text.rstrip('.')}." for text in problems), unseen)


def _all_gone(pending: dict[str, dict[str, t.Any]], failed: dict[str, str], cloud: t.Any) -> bool:
    """Look once at backups that are being deleted; take those that are gone or failed out of pending."""
    for key, row in cloud.backups_by_id(list(pending)):
        before = pending[key]
        if row is None or row["status"] == "deleted":
            del pending[key]
        elif (before.get("left") and row["status"] not in BEING_DELETED) or (
            row["status"] == "error" and before["status"] != "error"
        ):
            failed[key] = f"{describe_backup(row)} was not deleted: {fail_reason(row) or 'the service gives no reason'}"
            del pending[key]
        else:
            pending[key] = {**row, "left": before.get("left") or row["status"] in BEING_DELETED}
    return not pending
