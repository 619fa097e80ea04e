# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_migration: its options, what it reads from both services, and how it ends."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from .._cloud.find_policy import complete_policies, find_policy, is_new, lacks_members, read_policy
from .._domain.errors import CloudError, InvalidInput, TaskFailed
from .._domain.limits import check_name, check_range
from .._domain.migration import mapping_of
from .._domain.policy import members_of, policy_result
from .._domain.selection import once, parse_policy_ref, parse_refs
from .._domain.services import RULES
from .._domain.times import parse_age
from .._domain.vault_option import parse_vault_option
from .._plans.migration import Estate, MigrationContext, MigrationOptions, not_moved, plan_migration

if t.TYPE_CHECKING:
    from .._cloud.both_clouds import BothClouds
    from .._domain.rows import ServerRow
    from .._execution.clock import Clock
    from .._plans.plan import Outcome, Plan

_RULES = RULES["cbr"]
# As many servers as marks that a vault may have
_MAX_CONCURRENCY = 10
_NO_POLICY = "the policy of CBR is not ready"


def parse_options(params: dict[str, t.Any]) -> MigrationOptions:
    """Return the options of csbs_migration in normal form. Raises InvalidInput before anything is sent."""
    if params["target_name"] is not None:
        check_name("target_name", params["target_name"], most=_RULES.max_policy_name)
    check_range("concurrency", params["concurrency"], 1, _MAX_CONCURRENCY)
    return MigrationOptions(
        policy=parse_policy_ref(params["policy"]),
        state=params["state"],
        servers=parse_refs("servers", params["servers"]),
        target_name=params["target_name"],
        retention=None if params["retention"] is None else _parse_retention(params["retention"]),
        vault=parse_vault_option({"vault": params["vault"]})[0],
        max_age=parse_age("max_age", params["max_age"]),
        first_backup=params["first_backup"],
        concurrency=params["concurrency"],
        wait=params["wait"],
        poll_interval=params["poll_interval"],
    )


def _parse_retention(retention: dict[str, t.Any]) -> dict[str, t.Any]:
    # Loaded here, because most policies take their retention along.
    from .._domain.retention_option import parse_retention

    return parse_retention(retention, None, datetime.now(timezone.utc), _RULES)


def plan(options: MigrationOptions, cloud: BothClouds) -> Plan[MigrationContext]:
    """Read both services, CSBS first, and return the plan. Raises InvalidInput for what stands in the way."""
    rows = once(cloud.csbs.policies())
    policy = find_policy(options.policy, rows, cloud.csbs)
    if policy is None:
        raise InvalidInput(f"policy: CSBS has no such policy: {options.policy!r}")
    mapping = mapping_of(policy, rows, options.decision)
    options = options._replace(vault=options.vault._replace(description=mapping.target.description or None))
    csbs_policies = complete_policies(rows, lacks_members, cloud.csbs.policy)
    # Marks before members: a server that joins meanwhile is seen as one that has joined.
    vaults = cloud.vaults_with_tags()
    cbr = once(cloud.policies())
    targets = [row for row in cbr if row["name"] == mapping.target.name]
    current = read_policy(cloud, targets[0]["id"]) if targets else None
    servers = cloud.servers()
    estate = Estate(
        policy=policy,
        current=current,
        cbr=cbr,
        elsewhere=len(rows),
        vaults=vaults,
        servers=servers,
        held={member["id"] for row in csbs_policies for member in members_of(row)},
        csbs_backups=cloud.csbs.backups(),
        cbr_backups=cloud.backups(),
        now=cloud.now(),
        unsettled=len(targets) > 1 and any(is_new(row, cloud) for row in targets),
    )
    return plan_migration(options, mapping, estate._replace(servers=_with_sizes(estate, cloud)))


def _with_sizes(estate: Estate, cloud: BothClouds) -> list[ServerRow]:
    """Return the servers, those that are to move with the sizes of their disks."""
    wanted = {member["id"] for member in members_of(estate.policy)}
    wanted |= {tag["key"] for vault in estate.vaults for tag in vault["tags"] or ()}
    wanted -= {member["id"] for vault in estate.vaults for member in vault["members"]}
    sized = cloud.with_sizes([server for server in estate.servers if server["id"] in wanted])
    by_id = {server["id"]: server for server in sized}
    return [by_id.get(server["id"], server) for server in estate.servers]


def finish(
    options: MigrationOptions, cloud: BothClouds, plan: Plan[MigrationContext], outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    """Give the vaults room, move the servers, make the first backups, and return the result.

    Raises TaskFailed that names every server that has not moved or has no backup.
    """
    context = plan.context
    if outcome.failures:
        return _unmoved(cloud, plan)
    if not plan.changed and not context.running and not context.refused:
        return {}
    # Loaded here, because a task with nothing to do needs none of it.
    from .._execution.migration import Migration, settle_created

    try:
        policy_id = context.policy_id or settle_created(cloud, context, outcome, clock)
    except CloudError as error:
        results = {**plan.result, **_unmoved(cloud, plan), **error.fields(), "changed": True}
        raise TaskFailed(str(error), results) from error
    return Migration(options, cloud, context, clock, outcome.changed).carry_out(policy_id, plan.result)


def _unmoved(cloud: BothClouds, plan: Plan[MigrationContext]) -> dict[str, t.Any]:
    """Return the result of a task that could not make or change the policy of CBR."""
    context = plan.context
    reasons = {**context.refused, **{server["id"]: _NO_POLICY for server in context.moving}}
    policy = read_policy(cloud, context.policy_id) if context.policy_id else None
    return {
        "policy": None if policy is None else policy_result(policy, context.names),
        "moved": [],
        "not_moved": not_moved(context.chosen, reasons),
        "backups": [],
    }
