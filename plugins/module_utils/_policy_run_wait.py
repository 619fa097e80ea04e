# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_policy_run after its call: following the backups of the run, and telling who was left out of it."""

from __future__ import annotations

import typing as t

from ._backup_shape import GOOD, backup_result, describe_backup
from ._errors import ActionFailed, CloudError
from ._membership import explain_verdict
from ._plan import Outcome, Plan
from ._policy_run import RunWish, describe_refusal
from ._selection import names_of
from ._wait import Clock, poll
from ._watch import Patience, Watch, first_fields, voiced

# How long a task that does not wait looks for the ids of what it started.
_BRIEFLY = 3
# Lists lag: who has not turned up when the others have ended is looked for so many times more.
_MORE_LOOKS = 3


class RunWatch(Watch):
    """The backups of a policy run, and the servers that the service left out of it without a word."""

    def __init__(self, cloud: t.Any, checkpoint_id: str) -> None:
        """Follow the record of a run."""
        super().__init__(cloud, checkpoint_id=checkpoint_id)
        self._more = _MORE_LOOKS
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


def finish_run(wish: RunWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed naming every server without its backup."""
    chosen = {server["id"]: server for server in plan.context["chosen"]}
    run, others = _follow(cloud, plan, outcome)
    look, total = Patience(lambda: _look_at_all(run, others)), len(run.rows) + len(others.rows)
    if wish.wait:
        in_time = poll(voiced(look, "backups available", lambda: {**run.pending, **others.pending}, total, clock), clock, wish.poll_interval)
    else:
        in_time = True
        poll(lambda: look() or all(row.get("id") for row in run.pending.values()), Clock(_BRIEFLY), 0.5)

    names = names_of(chosen.values())
    rows = {**run.rows, **others.rows}
    failed, pending = {**run.failed, **others.failed}, {**run.pending, **others.pending}
    problems = [f"Backup {describe_backup(rows[server])} failed: {why}" for server, why in failed.items()]
    problems += [f"Server {describe_refusal(chosen[server], why)}" for server, why in plan.context["refusals"].items()]
    problems += [f"The run left out server {describe_refusal(chosen[server], why)}" for server, why in _why_left_out(cloud, run.left_out).items()]
    unseen = look.trouble if wish.wait else None
    late = ", ".join(f"{describe_backup(row)} is {row.get('status') or 'not listed yet'}" for row in pending.values())
    if unseen and late:
        problems.append(f"{unseen} These were started and go on, but their end could not be seen: {late}. Look at them with csbs_backup_info")
    elif late and not in_time:
        problems.append(f"Not ended within {clock.timeout:g} seconds (timeout): {late}. What was started goes on")
    results = {**plan.result, "backups": [backup_result(rows[server], names) for server in chosen if server in rows]}
    if problems:
        good = sum(1 for server, row in rows.items() if row.get("status") in GOOD and server not in failed)
        text = f"{good} of {len(chosen)} servers have their backup. " + " ".join(f"{one.rstrip('.')}." for one in problems)
        raise ActionFailed(text, {"changed": plan.changed, **results, **first_fields(outcome, unseen)})
    return results


def _follow(cloud: t.Any, plan: Plan, outcome: Outcome) -> tuple[RunWatch, Watch]:
    """Return what follows the run, and what follows the backups that made it needless and may be running."""
    record = outcome.answers[0]["id"] if plan.changed else ""
    run, others = RunWatch(cloud, record), Watch(cloud)
    for server in plan.context["ready"]:
        run.rows[server["id"]] = {
            "id": None,
            "checkpoint_id": record,
            "resource_id": server["id"],
            "tags": plan.context["policy"].get("tags") or [],
            "extend_info": {"resource_name": server["name"]},
        }
    for server_id, row in plan.context["done"].items():
        others.rows[server_id] = {**row, "seen": True}
    return run, others


def _look_at_all(run: RunWatch, others: Watch) -> bool:
    ended = run.look()
    return others.look() and ended


def _why_left_out(cloud: t.Any, servers: list[str]) -> dict[str, str]:
    """Return by server why a run made no backup of it, as far as the service tells."""
    unknown = "the service gives no reason; it may have been busy with another backup or a restore, so run the policy for it again"
    try:
        verdicts = cloud.protectable(servers)
    except CloudError as error:
        return dict.fromkeys(servers, f"the reason could not be asked for ({error.reason.rstrip('.')})")
    return {
        server: explain_verdict(verdicts[server]) if server in verdicts and not verdicts[server]["result"] else unknown for server in servers
    }
