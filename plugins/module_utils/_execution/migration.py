# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The move of the servers of a policy from CSBS to CBR: room in the vaults, the moves, the first backups."""

from __future__ import annotations

import typing as t

from .._domain.errors import CloudError, FinalError, TaskFailed
from .._domain.policy import members_of, policy_result
from .._domain.selection import server_refs
from .._plans.backup import CreationContext, plan_creation
from .._plans.migration import backup_options, move_calls, not_moved, preparing_calls
from .._plans.plan import Outcome, Plan, PlanFailed
from .._plans.policy import PolicyContext
from .backup import end_creation
from .executor import execute
from .watch import first_fields, join_problems

if t.TYPE_CHECKING:
    from .._domain.cloud import BothServices, Cloud
    from .._domain.rows import PolicyRow, ServerRow
    from .._plans.migration import MigrationContext, MigrationOptions
    from .._plans.policy_options import PolicyOptions
    from .clock import Clock

# Seconds in which a task whose time is over may read how far it got.
_SECONDS_TO_READ = 10.0


def settle_created(cloud: BothServices, context: MigrationContext, outcome: Outcome, clock: Clock) -> str:
    """Return the ID of the policy of CBR that the task has created, or of the one that others created just before."""
    # Loaded here, because most tasks create no policy.
    from .policy import settle

    policy_id = str(outcome.answers[context.creation.create_call]["id"])
    return settle(context.desired, policy_id, cloud, context.creation, clock, _plan_for_twin)


def _plan_for_twin(options: PolicyOptions, cloud: Cloud) -> Plan[PolicyContext]:
    """Return the plan for the policy that stays: what differs from it is not changed, and no server is in ours yet."""
    return Plan(context=PolicyContext(options.name))


class Migration:
    """One run, and what is known of it. changed says whether anything has changed."""

    def __init__(
        self, options: MigrationOptions, cloud: BothServices, context: MigrationContext, clock: Clock, changed: bool
    ) -> None:
        self._options, self._cloud, self._context, self._clock = options, cloud, context, clock
        self.changed = changed
        # By server ID, why a server has not moved
        self._reasons = dict(context.refused)
        self._problems: list[str] = []
        self._first = Outcome()
        self._backups: list[dict[str, t.Any]] = []

    def carry_out(self, policy_id: str, result: dict[str, t.Any]) -> dict[str, t.Any]:
        """Move the servers to the policy of CBR with this ID, and return the result of the task.

        result is what the plan predicts. Raises TaskFailed when a server has not moved, or has no first backup.
        """
        if self._prepare(policy_id):
            self._move(policy_id)
        policy, over = self._read(policy_id)
        if policy is not None and not self._problems:
            self._back_up(policy, over)
            # Backups fill the vaults.
            policy = self._read(policy_id)[0] if self._backups else policy
        moved = [server for server in self._context.moving if server["id"] in over]
        staying = {key: reason for key, reason in self._reasons.items() if key not in over}
        results = {
            **result,
            "changed": self.changed,
            "policy": result["policy"] if policy is None else policy_result(policy, self._context.names),
            "moved": server_refs(moved),
            "not_moved": not_moved(self._context.chosen, staying),
            "backups": self._backups,
            "notes": [*result["notes"], *self._notes_on(moved)],
        }
        self._fail(results, len(moved))
        return results

    def _notes_on(self, moved: list[ServerRow]) -> list[str]:
        """Return what is left to do for servers that have moved although their move ended with an error."""
        return [
            f"Server {server['name']!r} has moved, but a tag of the vault that marks the move may be left:"
            f" {self._reasons[server['id']]}. What to do: run the task again, which removes the tag"
            for server in moved
            if server["id"] in self._reasons
        ]

    def _fail(self, results: dict[str, t.Any], moved: int) -> None:
        """Raise TaskFailed when there is something to tell."""
        staying = results["not_moved"]
        told = [f"Server {server['name']!r} was not moved: {server['reason']}" for server in staying]
        if not told and not self._problems:
            return
        sums = [f"{moved} of {moved + len(staying)} servers were moved"] if staying else []
        raise TaskFailed(join_problems([*sums, *told, *self._problems]), {**results, **first_fields(self._first, None)})

    # ========== Steps ==========
    def _prepare(self, policy_id: str) -> bool:
        """Remove old marks and give the vaults room. Return whether servers may move."""
        calls = preparing_calls(self._context, policy_id)
        if not calls:
            return True
        try:
            execute(Plan(calls), self._cloud, self._clock)
        except PlanFailed as failure:
            self._first = failure.outcome
            self.changed = self.changed or failure.error.applied
            self._problems.append(str(failure.error))
            self._reasons.update({server["id"]: "the vaults could not be prepared" for server in self._context.moving})
            return False
        self.changed = True
        return True

    def _move(self, policy_id: str) -> None:
        calls = move_calls(self._options, self._context, policy_id)
        if not calls:
            return
        outcome = execute(Plan(calls, workers=self._options.concurrency), self._cloud, self._clock)
        self._first = outcome
        self.changed = self.changed or outcome.changed
        for position, error in outcome.failures.items():
            self._reasons[calls[position].arguments["server"]["id"]] = error.reason.rstrip(".")

    def _read(self, policy_id: str) -> tuple[PolicyRow | None, set[str]]:
        """Return the policy of CBR, None when it cannot be read, and the IDs of its servers."""
        if not self._clock.left:
            self._cloud.set_deadline(_SECONDS_TO_READ)
        try:
            policy = self._cloud.policy(policy_id)
        except CloudError as error:
            self._problems.append(str(error))
            policy = None
        if policy is None:
            moving = {server["id"] for server in self._context.moving}
            return None, moving - self._reasons.keys()
        return policy, {member["id"] for member in members_of(policy)}

    def _back_up(self, policy: PolicyRow, over: t.Collection[str]) -> None:
        """Make the first backups of the servers that are over, and wait for them as the options say."""
        context = self._context
        servers = [server for server in context.to_back_up if server["id"] in over]
        if not servers and not context.running:
            return
        options = backup_options(self._options)
        try:
            groups = self._cloud.run_groups(policy, [server["id"] for server in servers])
            running = [server for server in context.chosen if server["id"] in context.running]
            plan = plan_creation(options, [*running, *servers], context.known, context.running, {}, groups)
            outcome = execute(plan, self._cloud, self._clock)
            self.changed = self.changed or outcome.changed
            chosen: CreationContext = plan.context
            self._backups = end_creation(options, self._cloud, plan, chosen, outcome, self._clock)["backups"]
        except TaskFailed as failure:
            self._backups = failure.results["backups"]
            self._problems.append(f"First backups: {failure}")
        except CloudError as error:
            self._problems.append(str(FinalError.with_note(error, "So the first backups are missing.")))
