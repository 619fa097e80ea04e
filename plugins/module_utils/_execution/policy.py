# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows the creation of a policy: lists must show it, and of several with one name only one may stay."""

from __future__ import annotations

import typing as t

from .._domain.errors import CloudError, FinalError
from .._domain.policy import members_of
from .._plans.plan import SECONDS_UNTIL_LISTED, Plan, PlanFailed
from .._plans.policy import delete_call
from .clock import poll
from .executor import execute

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import PolicyRow
    from .._plans.policy import PolicyContext
    from .._plans.policy_options import PolicyOptions
    from .clock import Clock

    Planner = t.Callable[[PolicyOptions, Cloud], Plan[PolicyContext]]

# First pause between two lists that are to show a new policy
_SECONDS_BETWEEN_LISTS = 0.5


def settle(
    options: PolicyOptions, policy_id: str, cloud: Cloud, context: PolicyContext, clock: Clock, plan: Planner
) -> str:
    """Wait until lists show a new policy, and return the ID of the policy that keeps its name.

    Where names need not be unique, tasks on several machines may each have created one. The oldest stays: the servers
    of the task's own policy move there, and its own policy is deleted. plan returns the plan for other options.
    Raises CloudError.
    """
    rows = list_until_shown([policy_id], cloud, clock)
    twins = [row for row in rows if row["name"] == context.name and row["id"] not in context.known]
    oldest = min(twins, key=lambda row: (row.get("created_at") or row.get("start_time") or "", row["id"]), default=None)
    if oldest is None or oldest["id"] == policy_id:
        return policy_id
    todo = plan(options._replace(name=oldest["id"], new_name=None, move_servers=True), cloud)
    _merge(todo, policy_id, oldest["id"], cloud, clock)
    return oldest["id"]


def list_until_shown(policy_ids: t.Collection[str], cloud: Cloud, clock: Clock) -> list[PolicyRow]:
    """Return the list of policies as soon as it shows some policies, or the last one when it never does.

    The next task makes a policy again if no list shows it, so a list that cannot be read does not end this. Raises the
    CloudError of the last one.
    """
    rows: list[PolicyRow] = []
    trouble: CloudError | None = None

    def is_shown() -> bool:
        nonlocal trouble
        try:
            rows[:] = cloud.policies()
        except CloudError as error:
            trouble = error
            return False
        trouble = None
        return {row["id"] for row in rows}.issuperset(policy_ids)

    poll(is_shown, clock.renewed(min(SECONDS_UNTIL_LISTED, clock.left)), _SECONDS_BETWEEN_LISTS)
    if trouble is not None:
        raise trouble
    return rows


def _merge(todo: Plan[PolicyContext], own_id: str, oldest_id: str, cloud: Cloud, clock: Clock) -> None:
    """Carry out the plan that moves the servers of the own policy to the oldest, and delete the own policy.

    Raises CloudError; FinalError when servers are left in the own policy.
    """
    try:
        execute(todo, cloud, clock)
        own = cloud.policy(own_id)
        if own is None:
            return
        if not members_of(own):
            execute(Plan((delete_call(own),)), cloud, clock)
            return
    except PlanFailed as failure:
        raise failure.error from failure
    raise FinalError(
        f"keep one policy {own['name']!r}",
        f"another task created one of that name at the same time, and both have servers: {oldest_id} and {own_id}."
        " What to do: move the servers into one of them, and delete the other.",
    )
