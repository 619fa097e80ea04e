# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits until the backups that a prune removes are gone, and says what became of each."""

from __future__ import annotations

import contextlib
import typing as t

from .._domain.backup import BEING_DELETED
from .._domain.errors import CloudError, TaskFailed
from .._domain.retries import RETRYABLE_CODES
from .._plans.deletion import DeletionContext
from .._plans.plan import Outcome
from .._plans.prune import Decision, result_of
from .deletion import await_deletion
from .watch import first_fields, join_problems

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow
    from .._plans.plan import Plan
    from .._plans.prune import PruneContext, PruneOptions
    from .clock import Clock

# Codes of backups that the service does not delete, and for which reason they are kept
_KEPT_BY_SERVICE = {"CSBS.8007": "image", "BackupService.6204": "image", "BackupService.6220": "locked"}
_CONFLICT = 409


def await_removal(
    options: PruneOptions, cloud: Cloud, plan: Plan[PruneContext], outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    """Wait as the options say, and return the result. Raises TaskFailed that names every backup not deleted."""
    context = plan.context
    revised, to_delete, rest = _set_aside_held_and_busy(context.decisions, outcome)
    ending = await_deletion(DeletionContext(to_delete, []), options, cloud, rest, clock)
    unsure = [decision for decision in revised.values() if decision.outcome == "busy"]
    unsure += [Decision(row, "failed") for row in to_delete if row["id"] in ending.not_deleted]
    if options.wait:
        unsure += [Decision(row, "busy") for row in to_delete if row["id"] in ending.pending]
    revised.update(_read_again(unsure, cloud))
    decisions = [revised.get(decision.row["id"], decision) for decision in context.decisions]
    removed = [decision for decision in decisions if decision.outcome == "removed"]
    going = [decision for decision in decisions if decision.outcome == "busy" and _is_being_deleted(decision.row)]
    results = {"changed": bool(rest.answers or removed or going), **result_of(decisions, context.names)}
    if ending.problems:
        raise TaskFailed(
            f"{len(removed)} of {len(plan.calls)} backups that were to be removed are gone."
            f" {join_problems(ending.problems)}",
            {**plan.result, **results, **first_fields(rest, ending.unseen)},
        )
    return results


def _set_aside_held_and_busy(
    decisions: t.Iterable[Decision], outcome: Outcome
) -> tuple[dict[str, Decision], list[BackupRow], Outcome]:
    """Set aside the backups that images hold, that are locked or that were busy.

    Return by ID the new decisions on them, the other backups that were to be removed, and the outcome of their calls.
    """
    set_aside: dict[str, Decision] = {}
    others: list[BackupRow] = []
    rest = Outcome()
    to_remove = (decision for decision in decisions if decision.outcome == "removed")
    for position, decision in enumerate(to_remove):
        error = outcome.failures.get(position)
        if error is None:
            rest.answers[len(others)] = outcome.answers.get(position)
            others.append(decision.row)
        elif error.error_code in _KEPT_BY_SERVICE:
            set_aside[decision.row["id"]] = Decision(decision.row, "kept", (_KEPT_BY_SERVICE[error.error_code],))
        elif error.error_code in RETRYABLE_CODES or error.status == _CONFLICT:
            set_aside[decision.row["id"]] = Decision(decision.row, "busy")
        else:
            rest.failures[len(others)] = error
            others.append(decision.row)
    return set_aside, others, rest


def _read_again(decisions: list[Decision], cloud: Cloud) -> dict[str, Decision]:
    """Return by ID new decisions on backups that may be gone: removed if so, busy while they are being deleted.

    A backup that was busy or was not deleted may be gone because of a request whose answer was lost, or because of
    another task.
    """
    rows: dict[str, BackupRow | None] = {}
    # This only makes the report more exact, so an error must not replace the report.
    with contextlib.suppress(CloudError):
        rows.update(cloud.backups_by_id([decision.row["id"] for decision in decisions]))
    return {decision.row["id"]: _revise(decision, rows.get(decision.row["id"], decision.row)) for decision in decisions}


def _revise(decision: Decision, row: BackupRow | None) -> Decision:
    """Return a decision for the present state of its backup, which is None when it is gone."""
    if row is None or row["status"] == "deleted":
        return decision._replace(outcome="removed")
    now: BackupRow = {**decision.row, "status": row["status"]}
    return Decision(now, "busy" if _is_being_deleted(row) else decision.outcome)


def _is_being_deleted(row: BackupRow) -> bool:
    return row["status"] in BEING_DELETED
