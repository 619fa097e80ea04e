# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup: its options, what it reads, and the end of its backups and deletions."""

from __future__ import annotations

import typing as t

from .._domain.backup import IN_PROGRESS
from .._domain.backup_names import backup_names
from .._domain.errors import InvalidInput, TaskFailed
from .._domain.freshness import find_done
from .._domain.limits import check_description, check_name, check_range, refuse_ignored
from .._domain.selection import names_of, parse_filters, parse_refs
from .._domain.server_lookup import choose_servers, resolve_servers, servers_of_backups
from .._domain.services import refuse_on, rules_of
from .._domain.times import parse_age
from .._plans.backup import BackupOptions, CreationContext, plan_creation
from .._plans.plan import SECONDS_UNTIL_LISTED, PlanAgain

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupGroup, BackupRow, ServerRow
    from .._execution.clock import Clock
    from .._plans.deletion import DeletionContext
    from .._plans.plan import Outcome, Plan

# The length of the suffix in names such as base-0001.
_SUFFIX_LENGTH = 5
_MAX_CONCURRENCY = 100
_NOT_WITH_ABSENT = ("max_age", "tags", "description", "incremental", "skip_unprotectable", "vault")


def parse_options(params: dict[str, t.Any]) -> BackupOptions:
    """Return the options of csbs_backup in normal form. Raises InvalidInput before anything is sent."""
    servers, filters = parse_refs("servers", params["servers"]), parse_filters(params["server_filters"])
    ids, name = parse_refs("ids", params["ids"]), params["name"]
    rules = rules_of(params)
    # The argument spec takes an option with the value null for one that is given.
    if params["state"] == "absent":
        if ids is None and name is None:
            raise InvalidInput("state: absent needs ids or name, so that only what is named is deleted")
        refuse_ignored(
            params, "with state: absent, which deletes every backup that ids or name specify", _NOT_WITH_ABSENT
        )
    else:
        if ids is not None:
            raise InvalidInput("ids goes with state: absent; a new backup has no ID yet")
        if servers is None and filters is None:
            raise InvalidInput("servers or server_filters is needed: they say what to back up")
    if name is not None:
        several = filters is not None or len(servers or []) > 1
        check_name("name", name, room=_SUFFIX_LENGTH if several else 0, most=rules.max_backup_name)
    if params["description"] is not None:
        check_description("description", params["description"])
    check_range("concurrency", params["concurrency"], 1, _MAX_CONCURRENCY)
    if not rules.vaults:
        refuse_on(rules, params, {"vault": "has no vaults"})
    if not rules.backup_tags:
        refuse_on(rules, params, {"tags": "keeps no tags on backups"})
    return BackupOptions(
        state=params["state"],
        servers=servers,
        filters=filters,
        ids=ids,
        name=name,
        description=params["description"],
        incremental=params["incremental"],
        tags=None if params["tags"] is None else _parse_tags(params["tags"]),
        max_age=None if params["max_age"] is None else parse_age("max_age", params["max_age"]),
        skip_unprotectable=params["skip_unprotectable"],
        concurrency=params["concurrency"],
        wait=params["wait"],
        poll_interval=params["poll_interval"],
        vault=None if params["vault"] is None else _parse_vault(params["vault"]),
        rules=rules,
    )


def _parse_vault(ref: str) -> str:
    # Loaded here, because few tasks name a vault.
    from .._domain.vault_option import check_vault_name

    return check_vault_name("vault", ref)


def _parse_tags(tags: dict[str, t.Any]) -> dict[str, str] | None:
    # Loaded here, because many tasks set no tags.
    from .._domain.tag_option import parse_tags

    return parse_tags("tags", tags)


def plan(options: BackupOptions, cloud: Cloud) -> Plan[CreationContext] | Plan[DeletionContext]:
    """Read servers and backups, and return the plan that makes or deletes backups.

    Raises InvalidInput for servers that do not exist or cannot be backed up, and CloudError.
    """
    if options.state == "absent":
        # Loaded here, because tasks that make backups need none of it.
        from .._plans.deletion import plan_deletion

        rows = _rows_to_delete(options, cloud)
        return plan_deletion(rows, options.name, names_of(cloud.servers()) if rows else {}, options.concurrency)
    chosen = choose_servers(options.servers, options.filters, cloud.servers())
    rows = _existing_rows(options, chosen, cloud)
    # The age is counted by the clock of the cloud, which also dates the backups.
    done = find_done(options.max_age, options.name, cloud.now(), chosen, rows)
    to_back_up = [server for server in chosen if server["id"] not in done]
    groups, refusals = _find_groups(options, chosen, to_back_up, cloud) if to_back_up else ([], {})
    if done:
        # Loaded here, because a task that backs up all its servers needs no tags of others.
        from .._cloud.tags import add_tags

        add_tags(cloud, list(done.values()))
    return plan_creation(options, chosen, rows, done, refusals, groups)


def _find_groups(
    options: BackupOptions, chosen: list[ServerRow], to_back_up: list[ServerRow], cloud: Cloud
) -> tuple[list[BackupGroup], dict[str, str]]:
    """Return which servers are backed up together, and by server ID why others cannot be backed up.

    Raises InvalidInput unless such servers may be skipped.
    """
    # Loaded here, because most tasks find that nothing has to be backed up.
    from .._domain.protectability import describe_refusal, unprotectable

    refusals = unprotectable(to_back_up, cloud.protectable([server["id"] for server in to_back_up]))
    groups, outside = cloud.backup_groups([server for server in to_back_up if server["id"] not in refusals])
    remedy = ""
    if outside:
        # Loaded here, because servers are usually where they can be backed up.
        from .._plans.joining import REMEDY, why_outside, with_joining

        held = cloud.held_by_other_service({server["id"] for server in outside})
        reasons = why_outside(outside, held, options.vault)
        if reasons:
            refusals, remedy = {**refusals, **reasons}, f" {REMEDY}."
    if refusals and not options.skip_unprotectable:
        refused = [server for server in to_back_up if server["id"] in refusals]
        listed = "; ".join(describe_refusal(server, refusals[server["id"]]) for server in refused)
        raise InvalidInput(
            f"servers: {len(refusals)} of {len(chosen)} servers cannot be backed up, and nothing was sent. {listed}."
            f"{remedy} skip_unprotectable: true backs up the others"
        )
    joining = [server for server in outside if server["id"] not in refusals]
    if joining and options.vault is not None:
        groups = with_joining(groups, cloud.with_sizes(joining), options.vault, cloud.vault_named(options.vault)[0])
    return groups, refusals


def _existing_rows(options: BackupOptions, chosen: list[ServerRow], cloud: Cloud) -> list[BackupRow]:
    """Return the backups that may make new ones unnecessary; without name and max_age there are none."""
    if not chosen or (options.name is None and options.max_age is None):
        return []
    query = {} if options.max_age is not None else {"name": options.name}
    if len(chosen) == 1:
        query["resource_id"] = chosen[0]["id"]
    return cloud.backups(**query)


def _rows_to_delete(options: BackupOptions, cloud: Cloud) -> list[BackupRow]:
    """Return the backups that the task names."""
    if options.ids is not None:
        found = dict(cloud.backups_by_id(options.ids))
        return [row for backup_id in options.ids if (row := found[backup_id]) is not None]
    base = options.name or ""
    # One task that backs up several servers adds numbers to the name.
    rows = cloud.backups(name=base)
    names = backup_names(base, rows)
    rows = [row for row in rows if names.fit(row["name"])]
    if options.servers is None and options.filters is None:
        return rows
    wanted = resolve_servers(
        options.servers, options.filters, cloud.servers(), servers_of_backups(rows), unknown="ignore"
    )
    return [row for row in rows if row["resource_id"] in wanted]


def finish(
    options: BackupOptions,
    cloud: Cloud,
    plan: Plan[CreationContext] | Plan[DeletionContext],
    outcome: Outcome,
    clock: Clock,
) -> dict[str, t.Any]:
    """Wait as the options say, and return the result.

    Raises TaskFailed that names every backup that failed, and PlanAgain when only others are in the way.
    """
    context = plan.context
    if not isinstance(context, CreationContext):
        return _finish_deletion(options, cloud, plan.result, context, outcome, clock)
    in_progress = any(row["status"] in IN_PROGRESS for row in context.done.values())
    if not plan.changed and not in_progress:
        return {}
    if outcome.failures and all(error.outdated for error in outcome.failures.values()):
        if outcome.answers:
            # What the task itself has started must be listed before it plans again.
            clock.sleep(SECONDS_UNTIL_LISTED)
        raise PlanAgain(
            "Other tasks back up some of the servers, or change their vault, at the same time", accepted=False
        )
    # Loaded here, because most tasks start nothing.
    from .._execution.backup import end_creation

    return end_creation(options, cloud, plan, context, outcome, clock)


def _finish_deletion(
    options: BackupOptions,
    cloud: Cloud,
    result: dict[str, t.Any],
    context: DeletionContext,
    outcome: Outcome,
    clock: Clock,
) -> dict[str, t.Any]:
    if not context.to_delete and not context.being_deleted:
        return {}
    # Loaded here, because a task that finds nothing to delete needs none of it.
    from .._execution.deletion import await_deletion
    from .._execution.watch import first_fields, join_problems

    ending = await_deletion(context, options, cloud, outcome, clock)
    if ending.problems:
        deleted = [backup for backup in result["backups"] if backup["id"] not in ending.not_deleted]
        raise TaskFailed(
            join_problems(ending.problems),
            {"changed": outcome.changed, **result, "backups": deleted, **first_fields(outcome, ending.unseen)},
        )
    return {}
