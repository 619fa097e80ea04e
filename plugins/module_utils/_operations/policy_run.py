# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_run: its options, what it reads, and the end of its run."""

from __future__ import annotations

import typing as t

from .._cloud.find_policy import find_policy
from .._domain.backup import IN_PROGRESS
from .._domain.errors import InvalidInput
from .._domain.freshness import find_done
from .._domain.policy import members_of
from .._domain.selection import parse_filters, parse_policy_ref, parse_refs
from .._domain.services import rules_of
from .._domain.times import parse_age
from .._plans.policy_run import RunContext, RunOptions, choose_members, plan_run

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, PolicyRow, ServerRow
    from .._execution.clock import Clock
    from .._plans.plan import Outcome, Plan


def parse_options(params: dict[str, t.Any]) -> RunOptions:
    """Return the options of csbs_policy_run in normal form. Raises InvalidInput before anything is sent."""
    return RunOptions(
        policy=parse_policy_ref(params["policy"]),
        servers=parse_refs("servers", params["servers"]),
        filters=parse_filters(params["server_filters"]),
        max_age=None if params["max_age"] is None else parse_age("max_age", params["max_age"]),
        wait=params["wait"],
        poll_interval=params["poll_interval"],
        rules=rules_of(params),
    )


def plan(options: RunOptions, cloud: Cloud) -> Plan[RunContext]:
    """Read the policy, servers and backups, and return the plan of the run.

    Raises InvalidInput for a policy or servers that do not exist, and when none of the servers can be backed up;
    CloudError for a policy without servers.
    """
    policy = find_policy(options.policy, cloud.policies(), cloud)
    if policy is None:
        raise InvalidInput(f"policy: no such policy: {options.policy!r}")
    if not members_of(policy) and options.servers is None and options.filters is None:
        # Loaded here, because only this refusal needs the words of the error codes.
        from .._domain.explain import explain

        code = options.rules.nothing_to_back_up
        raise explain(f"run backup policy {policy['name']!r}", None, {"error_code": code}, None)
    chosen = choose_members(options, policy, cloud.servers())
    rows = _existing_rows(options, policy, chosen, cloud)
    # The age is counted by the clock of the cloud, which also dates the backups.
    done = find_done(options.max_age, None, cloud.now(), chosen, rows)
    to_back_up = [server for server in chosen if server["id"] not in done]
    refusals = _find_refusals(policy, to_back_up, cloud) if to_back_up else {}
    if done:
        # Loaded here, because a task that backs up all its servers needs no tags of others.
        from .._cloud.tags import add_tags

        add_tags(cloud, list(done.values()))
    able = [server["id"] for server in to_back_up if server["id"] not in refusals]
    groups = cloud.run_groups(policy, able) if able else []
    return plan_run(options, policy, chosen, rows, done, refusals, groups)


def _find_refusals(policy: PolicyRow, to_back_up: list[ServerRow], cloud: Cloud) -> dict[str, str]:
    """Return by server ID why servers cannot be backed up. Raises InvalidInput when none of them can be."""
    # Loaded here, because with an age many tasks find that nothing has to be run.
    from .._domain.protectability import describe_refusal, unprotectable

    refusals = unprotectable(to_back_up, cloud.protectable([server["id"] for server in to_back_up]))
    if len(refusals) == len(to_back_up):
        listed = "; ".join(describe_refusal(server, refusals[server["id"]]) for server in to_back_up)
        raise InvalidInput(
            f"servers: none of those that need a backup can be backed up, and policy {policy['name']!r} was not run."
            f" {listed}"
        )
    return refusals


def _existing_rows(options: RunOptions, policy: PolicyRow, chosen: list[ServerRow], cloud: Cloud) -> list[BackupRow]:
    """Return the backups that may make a run unnecessary, or else those that must not be mistaken for its own."""
    if not chosen:
        return []
    query: dict[str, t.Any] = {"policy_id": policy["id"]} if options.max_age is None else {}
    if len(chosen) == 1:
        query["resource_id"] = chosen[0]["id"]
    return cloud.backups(**query)


def finish(
    options: RunOptions, cloud: Cloud, plan: Plan[RunContext], outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    """Wait as the options say, and return the result. Raises TaskFailed that names every server without its backup."""
    context = plan.context
    in_progress = any(row["status"] in IN_PROGRESS for row in context.done.values())
    if not plan.changed and not in_progress:
        return {}
    # Loaded here, because most tasks start nothing.
    from .._execution.backup import end_run

    return end_run(options, cloud, plan, outcome, clock)
