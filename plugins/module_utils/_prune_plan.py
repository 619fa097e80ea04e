# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_backup_prune: what is wanted of it, which backups are kept, and the plan that deletes the others."""

from __future__ import annotations

import fnmatch
import re
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from ._backup_delete import MAX_DELETIONS, deletion_calls
from ._backup_shape import GOOD, backup_result, recovery_point
from ._backup_tags import add_tags
from ._plan import Plan
from ._prune import PERIODS, UNLIMITED, Point, Rules, has_tags, reasons_to_keep
from ._rules import InvalidInput, as_text
from ._selection import brief, is_id, names_of, wanted_filters, wanted_keys
from ._server_lookup import resolve_servers, servers_of_backups
from ._tags import tags_as_dict, wanted_tags
from ._times import load_zone, parse_age, parse_duration

_COUNTS = ("last", *PERIODS)
_DURATIONS = ("within", *(f"within_{name}" for name in PERIODS))
_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)
_SOME_RULE = ", ".join(f"keep_{name}" for name in (*_COUNTS, *_DURATIONS)) + " or keep_tags"


@dataclass(frozen=True)
class PruneWish:
    """The options of csbs_backup_prune in normal form.

    name and tags say which backups are judged at all, None is all of them; a tag whose value is None may have any.
    """

    rules: Rules
    servers: list[str] | None
    filters: dict[str, t.Any] | None
    name: re.Pattern[str] | None
    tags: dict[str, str | None] | None
    include_automatic: bool
    wait: bool
    poll_interval: float


@dataclass(frozen=True)
class Judged:
    """A backup and what is to become of it: fate is kept (for reasons), removed, busy, or stuck (it could not be deleted)."""

    row: dict[str, t.Any]
    fate: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What was decided, for the steps after the calls: each backup that was judged, and the present names of servers."""

    judged: list[Judged]
    names: dict[str, str]


def wish_prune(params: dict[str, t.Any], now: datetime) -> PruneWish:
    """Return what the options of csbs_backup_prune ask for; raises InvalidInput before anything is sent."""
    servers, filters = wanted_keys("servers", params["servers"]), wanted_filters(params["server_filters"])
    if servers is None and filters is None:
        raise InvalidInput("servers or server_filters is needed: nothing is pruned by omission")
    for name in _COUNTS:
        if (params[f"keep_{name}"] or 0) < UNLIMITED:
            raise InvalidInput(f"keep_{name}: {params[f'keep_{name}']} is out of range; it must be 0 or more, or -1 for all")
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
        raise InvalidInput(f"no rule says what to keep, so everything would go: give {_SOME_RULE}; a count of 0 is no rule")
    pattern, tags = _wanted_name(params["name"]), params["tags"]
    if tags == {}:
        raise InvalidInput("tags: {} names no tag; leave tags out to judge backups with any tags or none")
    return PruneWish(
        rules,
        servers,
        filters,
        pattern,
        None if tags is None else _tags_to_find("tags", tags),
        params["include_automatic"],
        params["wait"],
        params["poll_interval"],
    )


def _wanted_name(name: str | None) -> re.Pattern[str] | None:
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
    wanted = wanted_tags(option, tags) or {}
    open_keys = {as_text(key) for key, value in (tags or {}).items() if value is None}
    return {key: None if key in open_keys else value for key, value in wanted.items()}


def plan_prune(wish: PruneWish, cloud: t.Any) -> Plan:
    """Read servers and backups, and return the plan after which the backups that no rule keeps are gone."""
    servers = cloud.servers()
    chosen, rows = _read(wish, cloud, servers)
    ids = {server["id"] for server in chosen}
    # Pages move while others write, so a row may come twice; it must not count twice.
    unique = {row["id"]: row for row in rows}.values()
    candidates = add_tags(cloud, [row for row in unique if row["resource_id"] in ids and takes_part(row, wish)])
    mine: dict[str, list[dict[str, t.Any]]] = {}
    for row in candidates:
        if wish.tags is None or has_tags(tags_as_dict(row["tags"]), wish.tags):
            mine.setdefault(row["resource_id"], []).append(row)
    # Backups are dated by the cloud's clock, which is known after the first answer.
    rules = replace(wish.rules, now=cloud.now())
    judged = [one for server in chosen for one in judge(mine.get(server["id"], []), rules)]
    if rules.only_tags:
        refuse_to_remove_all(chosen, judged)
    names = names_of(servers)
    calls = deletion_calls([one.row for one in judged if one.fate == "removed"])
    result = {**result_of(judged, names), "servers": brief(chosen)}
    before = {"backups": [{"name": one["name"], "server": one["server"]["name"]} for one in result["removed"]]}
    return Plan(calls, before, {"backups": []}, result, workers=MAX_DELETIONS, context=Verdict(judged, names))


def _read(
    wish: PruneWish, cloud: t.Any, servers: list[dict[str, t.Any]]
) -> tuple[list[dict[str, t.Any]], list[dict[str, t.Any]]]:
    """Return the chosen servers (id, name), and backups among which all of theirs are."""
    refs = wish.servers or []
    ids = resolve_servers(refs, wish.filters, servers, (), unknown="ignore")
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
    chosen = resolve_servers(refs, wish.filters, servers, former)
    return [{"id": key, "name": names[key]} for key in chosen], rows


def takes_part(row: dict[str, t.Any], wish: PruneWish) -> bool:
    """Return whether a backup is judged, as far as it can be told without its tags.

    Only what the service calls manual is manual. What runs, is being deleted or is in a state that nobody knows is left
    alone, and so is what is of unknown age where ages count.
    """
    if not wish.include_automatic and backup_result(row)["auto_trigger"] is not False:
        return False
    if wish.name is not None and not wish.name.fullmatch(as_text(row.get("name"))):
        return False
    dated = recovery_point(row) is not None
    return (row["status"] in GOOD and dated) or (row["status"] == "error" and (dated or wish.rules.older_than is None))


def judge(rows: list[dict[str, t.Any]], rules: Rules) -> list[Judged]:
    """Return what is to become of each backup of one server, the newest first.

    Failed ones hold no recovery point: they never count, and go unless they are young or a tag or an image keeps them.
    """
    points = [Point(row["id"], moment, tags_as_dict(row["tags"])) for row in rows if row["status"] in GOOD and (moment := recovery_point(row))]
    reasons = reasons_to_keep(points, rules)
    judged = []
    for row in sorted(sorted(rows, key=lambda row: str(row["id"])), key=lambda row: recovery_point(row) or _LONG_AGO, reverse=True):
        why = reasons.get(row["id"])
        if why is None:
            why = ["young"] if rules.keeps_as_young(recovery_point(row)) else []
            why += ["tag"] if has_tags(tags_as_dict(row["tags"]), rules.tags) else []
        if backup_result(row)["images"]:
            why = [*why, "image"]
        # A good backup that is not available is being restored.
        fate = "kept" if why else "removed" if row["status"] in ("available", "error") else "busy"
        judged.append(Judged(row, fate, tuple(why)))
    return judged


def refuse_to_remove_all(chosen: list[dict[str, t.Any]], judged: list[Judged]) -> None:
    """Raise InvalidInput when tags are the only rule and keep no good backup of a server that has some, as restic does."""
    good = [one for one in judged if one.row["status"] in GOOD]
    safe = {one.row["resource_id"] for one in good if one.fate == "kept"}
    bare = {one.row["resource_id"] for one in good} - safe
    if bare:
        names = ", ".join(repr(server["name"] or server["id"]) for server in chosen if server["id"] in bare)
        raise InvalidInput(
            f"keep_tags: no good backup of these servers has these tags, so all of theirs would go: {names}."
            " Nothing was removed. To keep the newest one, give keep_last: 1 as well"
        )


def result_of(judged: list[Judged], names: t.Mapping[str, str]) -> dict[str, list[dict[str, t.Any]]]:
    """Return the backups in the shape of results: kept with reasons, removed, busy; names as for backup_result."""
    kept = [{**backup_result(one.row, names), "reasons": list(one.reasons)} for one in judged if one.fate == "kept"]
    others = {fate: [backup_result(one.row, names) for one in judged if one.fate == fate] for fate in ("removed", "busy")}
    return {"kept": kept, **others}
