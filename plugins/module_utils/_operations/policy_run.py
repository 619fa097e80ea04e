# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_run: its options, what it reads, and the end of its run."""

from __future__ import annotations

import typing as t

from .._cloud.find_policy import find_policy
from .._cloud.tags import add_tags
from .._domain.backup import USABLE, backup_result, describe_backup
from .._domain.errors import CloudError, InvalidInput, TaskFailed
from .._domain.explain import explain
from .._domain.freshness import find_done
from .._domain.policy import members_of
from .._domain.protectability import describe_refusal, explain_verdict, unprotectable
from .._domain.selection import names_of, parse_filters, parse_policy_ref, parse_refs
from .._domain.server_lookup import choose_servers
from .._domain.times import parse_age
from .._execution.backup import BackupFollower, RunFollower
from .._execution.clock import Clock, poll
from .._execution.watch import TolerantPoll, first_fields, with_progress
from .._plans.plan import Outcome, Plan
from .._plans.policy_run import RunOptions, plan_run

_GONE = "DELETED"


def parse_options(params: dict[str, t.Any]) -> RunOptions:
    """Return what the options of csbs_policy_run ask for; raises InvalidInput before anything is sent."""
    return RunOptions(
        parse_policy_ref(params["policy"]),
        parse_refs("servers", params["servers"]),
        parse_filters(params["server_filters"]),
        None if params["max_age"] is None else parse_age("max_age", params["max_age"]),
        params["wait"],
        params["poll_interval"],
    )


def plan(options: RunOptions, cloud: t.Any) -> Plan:
    """Read what a run needs to know and return its plan."""
    policy = find_policy(options.policy, cloud.policies(), cloud)
    if policy is None:
        raise InvalidInput(f"policy: no such policy: {options.policy!r}")
    if not members_of(policy) and options.servers is None and options.filters is None:
        raise explain(f"run backup policy {policy['name']!r}", None, {"error_code": "CSBS.6032"}, None)
    chosen = choose_members(options, policy, cloud.servers())
    rows = _existing(options, policy, chosen, cloud)
    # Ages are counted by the clock that gave the backups their times.
    done = find_done(options.max_age, None, cloud.now(), chosen, rows)
    to_back_up = [server for server in chosen if server["id"] not in done]
    refusals = unprotectable(to_back_up, cloud.protectable([server["id"] for server in to_back_up]))
    if to_back_up and len(refusals) == len(to_back_up):
        lines = "; ".join(describe_refusal(server, refusals[server["id"]]) for server in to_back_up)
        raise InvalidInput(
            f"servers: none of those that need a backup can be backed up, and policy {policy['name']!r} was not run. {lines}"
        )
    add_tags(cloud, list(done.values()))
    return plan_run(options, policy, chosen, rows, done, refusals)


def choose_members(
    options: RunOptions, policy: dict[str, t.Any], servers: list[dict[str, t.Any]]
) -> list[dict[str, t.Any]]:
    """Return the members of a policy that are to be run: as listed or filtered, or else all.

    Raises InvalidInput naming every server that is no member; a run cannot back up others.
    """
    by_id = {server["id"]: server for server in servers}
    members = {
        one["id"]: by_id.get(one["id"]) or {"id": one["id"], "name": one["name"] or one["id"], "status": _GONE}
        for one in members_of(policy)
    }
    if options.servers is None and options.filters is None:
        return list(members.values())
    named = choose_servers(options.servers, None, servers, known=members.values())
    strangers = [server for server in named if server["id"] not in members]
    if strangers:
        names = ", ".join(f"{server['name']!r} ({server['id']})" for server in strangers)
        raise InvalidInput(
            f"servers: not in policy {policy['name']!r}, which can back up its own servers only: {names}"
        )
    matching = choose_servers(None, options.filters, [server for server in servers if server["id"] in members])
    return list({server["id"]: server for server in (*named, *matching)}.values())


def _existing(
    options: RunOptions, policy: dict[str, t.Any], chosen: list[dict[str, t.Any]], cloud: t.Any
) -> list[dict[str, t.Any]]:
    """Return the backups that may make a run needless, or else those that must not be taken for its own."""
    if not chosen:
        return []
    query: dict[str, t.Any] = {"policy_id": policy["id"]} if options.max_age is None else {}
    if len(chosen) == 1:
        query["resource_id"] = chosen[0]["id"]
    rows: list[dict[str, t.Any]] = cloud.backups(**query)
    return rows


# How long a task that does not wait looks for the ids of what it started.
_SECONDS_TO_FIND_IDS = 3


def finish(options: RunOptions, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed naming every server without its backup."""
    chosen = {server["id"]: server for server in plan.context["chosen"]}
    run, others = _follow(cloud, plan, outcome)
    look, total = TolerantPoll(lambda: _look_at_all(run, others)), len(run.rows) + len(others.rows)
    if options.wait:
        in_time = poll(
            with_progress(look, "backups available", lambda: {**run.pending, **others.pending}, total, clock),
            clock,
            options.poll_interval,
        )
    else:
        in_time = True
        poll(lambda: look() or all(row.get("id") for row in run.pending.values()), Clock(_SECONDS_TO_FIND_IDS), 0.5)

    names = names_of(chosen.values())
    rows = {**run.rows, **others.rows}
    failed, pending = {**run.failed, **others.failed}, {**run.pending, **others.pending}
    problems = [f"Backup {describe_backup(rows[server])} failed: {why}" for server, why in failed.items()]
    problems += [f"Server {describe_refusal(chosen[server], why)}" for server, why in plan.context["refusals"].items()]
    problems += [
        f"The run left out server {describe_refusal(chosen[server], why)}"
        for server, why in _why_left_out(cloud, run.left_out).items()
    ]
    unseen = look.trouble if options.wait else None
    late = ", ".join(f"{describe_backup(row)} is {row.get('status') or 'not listed yet'}" for row in pending.values())
    if unseen and late:
        problems.append(
            f"{unseen} These were started and go on, but their end could not be seen: {late}. Look at them with csbs_backup_info"
        )
    elif late and not in_time:
        problems.append(f"Not ended within {clock.timeout:g} seconds (timeout): {late}. What was started goes on")
    results = {**plan.result, "backups": [backup_result(rows[server], names) for server in chosen if server in rows]}
    if problems:
        good = sum(1 for server, row in rows.items() if row.get("status") in USABLE and server not in failed)
        text = f"{good} of {len(chosen)} servers have their backup. " + " ".join(
            f"{one.rstrip('.')}." for one in problems
        )
        raise TaskFailed(text, {"changed": plan.changed, **results, **first_fields(outcome, unseen)})
    return results


def _follow(cloud: t.Any, plan: Plan, outcome: Outcome) -> tuple[RunFollower, BackupFollower]:
    """Return what follows the run, and what follows the backups that made it needless and may be running."""
    record = outcome.answers[0]["id"] if plan.changed else ""
    run, others = RunFollower(cloud, record), BackupFollower(cloud)
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


def _look_at_all(run: RunFollower, others: BackupFollower) -> bool:
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
        server: explain_verdict(verdicts[server]) if server in verdicts and not verdicts[server]["result"] else unknown
        for server in servers
    }
