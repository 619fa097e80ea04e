# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_backup_prune after its calls: waiting until what went is gone, and telling truly what went and what did not."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ._backup_shape import LEAVING
from ._deletion_wait import await_deletion
from ._errors import RETRYABLE_CODES, ActionFailed, CloudError
from ._plan import Outcome, Plan
from ._prune_plan import Judged, PruneWish, result_of
from ._wait import Clock
from ._watch import first_fields

_HELD = "CSBS.8007"
_CONFLICT = 409


def finish_prune(wish: PruneWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed naming every backup that could not be removed.

    What an image in the making holds is kept, and what was busy until the timeout is reported as busy; neither is a
    failure.
    """
    if not plan.changed:
        return {}
    fates: dict[str, Judged] = {}
    going: list[dict[str, t.Any]] = []
    sent = Outcome()
    for position, one in enumerate(judged for judged in plan.context.judged if judged.fate == "removed"):
        error = outcome.failures.get(position)
        if error is not None and error.error_code == _HELD:
            fates[one.row["id"]] = dataclasses.replace(one, fate="kept", reasons=("image",))
        elif error is not None and (error.error_code in RETRYABLE_CODES or error.status == _CONFLICT):
            fates[one.row["id"]] = dataclasses.replace(one, fate="busy")
        else:
            if error is not None:
                sent.failures[len(going)] = error
            else:
                sent.answers[len(going)] = outcome.answers.get(position)
            going.append(one.row)
    departure = await_deletion(wish, cloud, going, [], sent, clock)
    unsure = [one for one in fates.values() if one.fate == "busy"]
    if unsure or departure.problems:
        # Waiting ended before the deadline and saw everything: what does not stay was seen to be gone.
        all_seen = wish.wait and departure.unseen is None and clock.left > 0
        unsure += [Judged(row, "stuck") for row in going if row["id"] in departure.staying]
        unsure += [Judged(row, "removed") for row in going if row["id"] not in departure.staying and not all_seen]
        fates.update(_seen_now(unsure, cloud, wish.wait))
    judged = [fates.get(one.row["id"], one) for one in plan.context.judged]
    gone = sum(1 for one in judged if one.fate == "removed")
    leaving = [one for one in judged if one.fate == "busy" and one.row["status"] in LEAVING]
    results = {"changed": bool(sent.answers or gone or leaving), **result_of(judged, plan.context.names)}
    if departure.problems:
        text = f"{gone} of {len(plan.calls)} backups that were to be removed are gone. {' '.join(departure.problems)}"
        raise ActionFailed(text, {**plan.result, **results, **first_fields(sent, departure.unseen)})
    return results


def _seen_now(unsure: list[Judged], cloud: t.Any, wait: bool) -> dict[str, Judged]:
    """Return by id what became of backups: removed when it is gone, busy when it is being deleted still, or as it was thought.

    One that was busy or could not be deleted may be gone by now, by a request whose answer was lost or by somebody
    else's. Where nobody waits, what was accepted counts as removed; otherwise only what is known to be gone does.
    """
    accepted = {one.row["id"]: one for one in unsure if one.fate == "removed" and not wait}
    looked_for = [one for one in unsure if one.row["id"] not in accepted]
    rows = _rows_now([one.row["id"] for one in looked_for], cloud)
    seen = {}
    for one in looked_for:
        row = rows.get(one.row["id"], one.row) or {"status": "deleted"}
        fate = "removed" if row["status"] == "deleted" else "busy" if row["status"] in LEAVING or one.fate == "removed" else one.fate
        seen[one.row["id"]] = Judged({**one.row, "status": one.row["status"] if fate == "removed" else row["status"]}, fate)
    return {**accepted, **seen}


def _rows_now(ids: list[str], cloud: t.Any) -> dict[str, dict[str, t.Any] | None]:
    """Return by id the backups as they are now, None for one that is gone; what cannot be read is left out."""
    rows: dict[str, dict[str, t.Any] | None] = {}
    # After the calls this only refines the report, which must not be lost.
    with contextlib.suppress(CloudError):
        for key, row in cloud.backups_by_id(ids):
            rows[key] = row
    return rows
