# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup_prune: its options, what it reads, and what became of the backups that it removes."""

from __future__ import annotations

import contextlib
import dataclasses
import fnmatch
import re
import typing as t
from dataclasses import replace

from .._cloud.tags import add_tags
from .._domain.backup import BEING_DELETED
from .._domain.durations import parse_duration
from .._domain.errors import RETRYABLE_CODES, CloudError, InvalidInput, TaskFailed
from .._domain.keep_rules import PERIODS, UNLIMITED, Rules, has_tags
from .._domain.limits import as_text
from .._domain.selection import is_id, names_of, parse_filters, parse_refs, server_refs
from .._domain.server_lookup import resolve_servers, servers_of_backups
from .._domain.tags import parse_tags, tags_as_dict
from .._domain.times import parse_age
from .._domain.timezones import load_zone
from .._execution.clock import Clock
from .._execution.deletion import await_deletion
from .._execution.watch import first_fields
from .._plans.deletion import MAX_DELETIONS, deletion_calls
from .._plans.plan import Outcome, Plan
from .._plans.prune import Decision, PruneContext, PruneOptions, judge, refuse_to_remove_all, result_of, takes_part

_COUNTS = ("last", *PERIODS)
_DURATIONS = ("within", *(f"within_{name}" for name in PERIODS))
_SOME_RULE = ", ".join(f"keep_{name}" for name in (*_COUNTS, *_DURATIONS)) + " or keep_tags"


def parse_options(params: dict[str, t.Any]) -> PruneOptions:
    """Return what the options of csbs_backup_prune ask for; raises InvalidInput before anything is sent."""
    servers, filters = parse_refs("servers", params["servers"]), parse_filters(params["server_filters"])
    if servers is None and filters is None:
        raise InvalidInput("servers or server_filters is needed: nothing is pruned by omission")
    for name in _COUNTS:
        if (params[f"keep_{name}"] or 0) < UNLIMITED:
            raise InvalidInput(
                f"keep_{name}: {params[f'keep_{name}']} is out of range; it must be 0 or more, or -1 for all"
            )
    older_than = params["older_than"]
    kept: dict[str, t.Any] = {name: params[f"keep_{name}"] or 0 for name in _COUNTS}
    for name in _DURATIONS:
        if params[f"keep_{name}"] is not None:
            kept[name] = parse_duration(f"keep_{name}", params[f"keep_{name}"])
    rules = Rules(
        **kept,
        older_than=None if older_than is None else parse_age("older_than", older_than, minutes=False),
        tags=_tags_to_find("keep_tags", params["keep_tags"]),
        zone=load_zone("timezone", params["timezone"]),
    )
    if rules.empty and rules.older_than is not None:
        raise InvalidInput(
            "older_than: no rule beside it says what to keep, so everything older would go:"
            f" give {_SOME_RULE} as well; a count of 0 is no rule"
        )
    if rules.empty:
        raise InvalidInput(
            f"no rule says what to keep, so everything would go: give {_SOME_RULE}; a count of 0 is no rule"
        )
    pattern, tags = _parse_name(params["name"]), params["tags"]
    if tags == {}:
        raise InvalidInput("tags: {} names no tag; leave tags out to judge backups with any tags or none")
    return PruneOptions(
        rules,
        servers,
        filters,
        pattern,
        None if tags is None else _tags_to_find("tags", tags),
        params["include_automatic"],
        params["wait"],
        params["poll_interval"],
    )


def _parse_name(name: str | None) -> re.Pattern[str] | None:
    """Return the pattern that whole names of backups must fit, None when all do."""
    if name is None:
        return None
    if not name.strip():
        raise InvalidInput(f'name: {name!r} is empty; leave name out, or write name: "*", to judge backups of any name')
    try:
        return re.compile(fnmatch.translate(name))
    except re.error:
        # Old releases of Python make no valid expression of some globs, such as [z-a].
        raise InvalidInput(f"name: {name!r} is not a valid glob; look at what is between [ and ]") from None


def _tags_to_find(option: str, tags: dict[str, t.Any] | None) -> dict[str, str | None]:
    """Return tags that backups may have; one that is given without a value may have any, as in tag queries."""
    wanted = parse_tags(option, tags) or {}
    open_keys = {as_text(key) for key, value in (tags or {}).items() if value is None}
    return {key: None if key in open_keys else value for key, value in wanted.items()}


def plan(options: PruneOptions, cloud: t.Any) -> Plan:
    """Read servers and backups, and return the plan after which the backups that no rule keeps are gone."""
    servers = cloud.servers()
    chosen, rows = _read(options, cloud, servers)
    ids = {server["id"] for server in chosen}
    # Pages move while others write, so a row may come twice; it must not count twice.
    unique = {row["id"]: row for row in rows}.values()
    candidates = add_tags(cloud, [row for row in unique if row["resource_id"] in ids and takes_part(row, options)])
    mine: dict[str, list[dict[str, t.Any]]] = {}
    for row in candidates:
        if options.tags is None or has_tags(tags_as_dict(row["tags"]), options.tags):
            mine.setdefault(row["resource_id"], []).append(row)
    # Backups are dated by the cloud's clock, which is known after the first answer.
    rules = replace(options.rules, now=cloud.now())
    decisions = [one for server in chosen for one in judge(mine.get(server["id"], []), rules)]
    if rules.only_tags:
        refuse_to_remove_all(chosen, decisions)
    names = names_of(servers)
    calls = deletion_calls([one.row for one in decisions if one.outcome == "removed"])
    result = {**result_of(decisions, names), "servers": server_refs(chosen)}
    before = {"backups": [{"name": one["name"], "server": one["server"]["name"]} for one in result["removed"]]}
    return Plan(calls, before, {"backups": []}, result, workers=MAX_DELETIONS, context=PruneContext(decisions, names))


def _read(
    options: PruneOptions, cloud: t.Any, servers: list[dict[str, t.Any]]
) -> tuple[list[dict[str, t.Any]], list[dict[str, t.Any]]]:
    """Return the chosen servers (id, name), and backups among which all of theirs are."""
    refs = options.servers or []
    ids = resolve_servers(refs, options.filters, servers, (), unknown="ignore")
    present = {text for server in servers for text in (server["id"], server["name"])}
    former_names = [ref for ref in refs if ref not in present and not is_id(ref)]
    rows: list[dict[str, t.Any]] = []
    if len(ids) == 1 and not former_names:
        rows = cloud.backups(resource_id=ids[0])
    elif ids or former_names:
        rows = cloud.backups()
    newest_first = sorted(rows, key=lambda row: as_text(row.get("created_at")), reverse=True)
    # After its last backup is pruned a deleted server is unknown; naming its ID again must not fail.
    former = [*servers_of_backups(newest_first), *({"id": ref, "name": None} for ref in refs if is_id(ref))]
    names = {**{server["id"]: server["name"] for server in reversed(former)}, **names_of(servers)}
    chosen = resolve_servers(refs, options.filters, servers, former)
    return [{"id": key, "name": names[key]} for key in chosen], rows


_HELD = "CSBS.8007"
_CONFLICT = 409


def finish(options: PruneOptions, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed naming every backup that could not be removed.

    What an image in the making holds is kept, and what was busy until the timeout is reported as busy; neither is a
    failure.
    """
    if not plan.changed:
        return {}
    revised: dict[str, Decision] = {}
    going: list[dict[str, t.Any]] = []
    sent = Outcome()
    for position, one in enumerate(decisions for decisions in plan.context.decisions if decisions.outcome == "removed"):
        error = outcome.failures.get(position)
        if error is not None and error.error_code == _HELD:
            revised[one.row["id"]] = dataclasses.replace(one, outcome="kept", reasons=("image",))
        elif error is not None and (error.error_code in RETRYABLE_CODES or error.status == _CONFLICT):
            revised[one.row["id"]] = dataclasses.replace(one, outcome="busy")
        else:
            if error is not None:
                sent.failures[len(going)] = error
            else:
                sent.answers[len(going)] = outcome.answers.get(position)
            going.append(one.row)
    deletion = await_deletion(options, cloud, going, [], sent, clock)
    unsure = [one for one in revised.values() if one.outcome == "busy"]
    if unsure or deletion.problems:
        # Waiting ended before the deadline and saw everything: what does not stay was seen to be gone.
        all_seen = options.wait and deletion.unseen is None and clock.left > 0
        unsure += [Decision(row, "failed") for row in going if row["id"] in deletion.staying]
        unsure += [Decision(row, "removed") for row in going if row["id"] not in deletion.staying and not all_seen]
        revised.update(_seen_now(unsure, cloud, options.wait))
    decisions = [revised.get(one.row["id"], one) for one in plan.context.decisions]
    gone = sum(1 for one in decisions if one.outcome == "removed")
    leaving = [one for one in decisions if one.outcome == "busy" and one.row["status"] in BEING_DELETED]
    results = {"changed": bool(sent.answers or gone or leaving), **result_of(decisions, plan.context.names)}
    if deletion.problems:
        text = f"{gone} of {len(plan.calls)} backups that were to be removed are gone. {' '.join(deletion.problems)}"
        raise TaskFailed(text, {**plan.result, **results, **first_fields(sent, deletion.unseen)})
    return results


def _seen_now(unsure: list[Decision], cloud: t.Any, wait: bool) -> dict[str, Decision]:
    """Return by id what became of backups: removed when it is gone, busy when it is being deleted still, or as it was thought.

    One that was busy or could not be deleted may be gone by now, by a request whose answer was lost or by somebody
    else's. Where nobody waits, what was accepted counts as removed; otherwise only what is known to be gone does.
    """
    accepted = {one.row["id"]: one for one in unsure if one.outcome == "removed" and not wait}
    looked_for = [one for one in unsure if one.row["id"] not in accepted]
    rows = _rows_now([one.row["id"] for one in looked_for], cloud)
    seen = {}
    for one in looked_for:
        row = rows.get(one.row["id"], one.row) or {"status": "deleted"}
        outcome = (
            "removed"
            if row["status"] == "deleted"
            else "busy"
            if row["status"] in BEING_DELETED or one.outcome == "removed"
            else one.outcome
        )
        seen[one.row["id"]] = Decision(
            {**one.row, "status": one.row["status"] if outcome == "removed" else row["status"]}, outcome
        )
    return {**accepted, **seen}


def _rows_now(ids: list[str], cloud: t.Any) -> dict[str, dict[str, t.Any] | None]:
    """Return by id the backups as they are now, None for one that is gone; what cannot be read is left out."""
    rows: dict[str, dict[str, t.Any] | None] = {}
    # After the calls this only refines the report, which must not be lost.
    with contextlib.suppress(CloudError):
        for key, row in cloud.backups_by_id(ids):
            rows[key] = row
    return rows
