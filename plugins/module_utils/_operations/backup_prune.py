# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup_prune: its options, what it reads, and what happened to the backups that it deletes."""

from __future__ import annotations

import fnmatch
import re
import typing as t

from .._cloud.tags import add_tags
from .._domain.errors import InvalidInput
from .._domain.keep_rules import PERIODS, UNLIMITED, Rules, has_tags
from .._domain.limits import MAX_NAME, as_text
from .._domain.selection import is_id, names_of, once, parse_filters, parse_refs, server_refs
from .._domain.server_lookup import resolve_servers, servers_of_backups
from .._domain.services import refuse_on, rules_of
from .._domain.tags import tags_as_dict
from .._domain.times import parse_age
from .._domain.timezones import load_zone
from .._plans.plan import Plan
from .._plans.prune import PruneContext, PruneOptions, judge, refuse_to_remove_all, result_of, takes_part

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, ServerRef, ServerRow
    from .._execution.clock import Clock
    from .._plans.plan import Call, Outcome

_COUNTS = ("last", *PERIODS)
_DURATIONS = ("within", *(f"within_{name}" for name in PERIODS))
_SOME_RULE = ", ".join(f"keep_{name}" for name in (*_COUNTS, *_DURATIONS))
_NO_TAGS = "keeps no tags on backups"


def parse_options(params: dict[str, t.Any]) -> PruneOptions:
    """Return the options of csbs_backup_prune in normal form. Raises InvalidInput before anything is sent."""
    servers, filters = parse_refs("servers", params["servers"]), parse_filters(params["server_filters"])
    # The argument spec takes an option with the value null for one that is given.
    if servers is None and filters is None:
        raise InvalidInput("servers or server_filters is needed, so that only chosen servers are pruned")
    service = rules_of(params)
    if not service.backup_tags:
        refuse_on(service, params, {"tags": _NO_TAGS, "keep_tags": _NO_TAGS})
    rules = _parse_rules(params)
    name, tags = _parse_name(params["name"]), params["tags"]
    if tags == {}:
        raise InvalidInput("tags: {} names no tag; leave tags out to prune backups with any tags or none")
    return PruneOptions(
        rules=rules,
        servers=servers,
        filters=filters,
        name=name,
        tags=None if tags is None else _parse_tag_filter("tags", tags),
        include_automatic=params["include_automatic"],
        wait=params["wait"],
        poll_interval=params["poll_interval"],
    )


def _parse_rules(params: dict[str, t.Any]) -> Rules:
    """Return the rules. Raises InvalidInput also when no rule keeps an old backup."""
    kept: dict[str, t.Any] = {name: _parse_count(f"keep_{name}", params[f"keep_{name}"]) for name in _COUNTS}
    kept.update(_parse_durations(params))
    older_than = params["older_than"]
    rules = Rules(
        **kept,
        older_than=None if older_than is None else parse_age("older_than", older_than, minutes=False),
        tags=_parse_tag_filter("keep_tags", params["keep_tags"]),
        zone=load_zone("timezone", params["timezone"]),
    )
    if rules.empty:
        missing = (
            "no rule says what to keep, so all backups would be deleted"
            if rules.older_than is None
            else "older_than: no other rule says what to keep, so all older backups would be deleted"
        )
        some = f"{_SOME_RULE} or keep_tags" if rules_of(params).backup_tags else _SOME_RULE
        raise InvalidInput(f"{missing}. Give one of {some} as well; a count of 0 is no rule")
    return rules


def _parse_count(option: str, count: int | None) -> int:
    if count is not None and count < UNLIMITED:
        raise InvalidInput(f"{option}: {count} is out of range; it must be 0 or more, or -1 for all")
    return count or 0


def _parse_durations(params: dict[str, t.Any]) -> dict[str, t.Any]:
    given = {name: params[f"keep_{name}"] for name in _DURATIONS if params[f"keep_{name}"] is not None}
    if not given:
        return {}
    # Loaded here, because many tasks keep backups by counts only.
    from .._domain.durations import parse_duration

    return {name: parse_duration(f"keep_{name}", value) for name, value in given.items()}


def _parse_name(name: str | None) -> re.Pattern[str] | None:
    """Return the pattern that whole names of backups must match, None for all names."""
    if name is None:
        return None
    if len(name) > MAX_NAME:
        raise InvalidInput(f"name: {name!r} is too long; no name has more than {MAX_NAME} characters")
    if not name.strip():
        raise InvalidInput(f'name: {name!r} is empty; leave name out, or write name: "*", to prune backups of any name')
    try:
        return re.compile(fnmatch.translate(name))
    except re.error:
        # Old releases of Python translate some globs, such as [z-a], into invalid patterns.
        raise InvalidInput(f"name: {name!r} is not a valid glob; check what is between [ and ]") from None


def _parse_tag_filter(option: str, tags: dict[str, t.Any] | None) -> dict[str, str | None]:
    """Return the tags of a filter. A tag that is given without a value has None, which fits any value."""
    if tags is None:
        return {}
    # Loaded here, because many tasks name no tags.
    from .._domain.tag_option import parse_tags

    parsed = parse_tags(option, tags) or {}
    open_keys = {as_text(key) for key, value in tags.items() if value is None}
    return {key: None if key in open_keys else value for key, value in parsed.items()}


def plan(options: PruneOptions, cloud: Cloud) -> Plan[PruneContext]:
    """Read servers and backups, and return the plan that deletes the backups that no rule keeps.

    Raises InvalidInput for servers that do not exist, and when tags alone would keep no good backup of a server.
    """
    servers = cloud.servers()
    chosen, rows = _read(options, cloud, servers)
    # The age is counted by the clock of the cloud, which also dates the backups.
    rules = options.rules._replace(now=cloud.now())
    by_server: dict[str, list[BackupRow]] = {server["id"]: [] for server in chosen}
    for row in add_tags(cloud, [row for row in rows if row["resource_id"] in by_server and takes_part(row, options)]):
        if options.tags is None or has_tags(tags_as_dict(row["tags"]), options.tags):
            by_server[row["resource_id"]].append(row)
    decisions = [decision for server_rows in by_server.values() for decision in judge(server_rows, rules)]
    if rules.only_tags:
        refuse_to_remove_all(chosen, decisions)
    names = names_of(servers)
    result: dict[str, t.Any] = {**result_of(decisions, names), "servers": server_refs(chosen)}
    to_remove = [decision.row for decision in decisions if decision.outcome == "removed"]
    calls, workers = _deletions(to_remove) if to_remove else ((), 0)
    before = [{"name": backup["name"], "server": backup["server"]["name"]} for backup in result["removed"]]
    return Plan(
        calls,
        before={"backups": before},
        after={"backups": []},
        result=result,
        workers=workers,
        context=PruneContext(decisions, names),
    )


def _deletions(rows: list[BackupRow]) -> tuple[tuple[Call, ...], int]:
    """Return the calls that delete backups, and how many of them may run at a time."""
    # Loaded here, because most tasks delete nothing.
    from .._plans.deletion import MAX_DELETIONS, deletion_calls

    return deletion_calls(rows), MAX_DELETIONS


def _read(options: PruneOptions, cloud: Cloud, servers: list[ServerRow]) -> tuple[list[ServerRef], list[BackupRow]]:
    """Return the chosen servers, and a list of backups that contains all of theirs."""
    refs = options.servers or []
    ids = resolve_servers(refs, options.filters, servers, (), unknown="ignore")
    present = {text for server in servers for text in (server["id"], server["name"])}
    former_names = [ref for ref in refs if ref not in present and not is_id(ref)]
    rows: list[BackupRow] = []
    if len(ids) == 1 and not former_names:
        rows = cloud.backups(resource_id=ids[0])
    elif ids or former_names:
        rows = cloud.backups()
    newest_first = sorted(rows, key=lambda row: as_text(row.get("created_at")), reverse=True)
    former = servers_of_backups(newest_first)
    # After its last backup is pruned a deleted server is unknown; naming its ID again must not fail.
    former += [{"id": ref, "name": None} for ref in refs if is_id(ref)]
    names = {**{server["id"]: server["name"] for server in reversed(former)}, **names_of(servers)}
    chosen = resolve_servers(refs, options.filters, servers, former)
    return [{"id": server_id, "name": names[server_id]} for server_id in chosen], once(rows)


def finish(
    options: PruneOptions, cloud: Cloud, plan: Plan[PruneContext], outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    """Wait as the options say, and return the result. Raises TaskFailed that names every backup not deleted.

    A backup that an image holds or that is locked is kept, and a backup that was busy until the timeout is reported as
    busy. Neither is a failure.
    """
    if not plan.changed:
        return {}
    # Loaded here, because most tasks delete nothing.
    from .._execution.prune import await_removal

    return await_removal(options, cloud, plan, outcome, clock)
