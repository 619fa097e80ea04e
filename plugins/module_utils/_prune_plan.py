# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_backup_prune: what is wanted of it, which backups are kept, and the plan that deletes the others."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from ._backup_delete import MAX_DELETIONS, deletion_calls
from ._backup_shape import GOOD, backup_result, recovery_point
from ._errors import CloudError, NotFound
from ._plan import Plan
from ._prune import UNLIMITED, Point, Rules, has_tags, reasons_to_keep
from ._rules import InvalidInput, as_text
from ._selection import brief, choose_servers, find_one, is_id, wanted_filters, wanted_keys
from ._tags import tags_as_dict, wanted_tags
from ._times import load_zone, parse_age

_COUNTS = ("last", "daily", "weekly", "monthly", "yearly")
_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)
_SOME_RULE = "keep_last, keep_daily, keep_weekly, keep_monthly, keep_yearly, keep_within or keep_tags"


@dataclass(frozen=True)
class PruneWish:
    """The options of csbs_backup_prune in normal form."""

    rules: Rules
    servers: list[str] | None
    filters: dict[str, t.Any] | None
    include_automatic: bool
    wait: bool
    poll_interval: float


@dataclass(frozen=True)
class Judged:
    """A backup and what is to become of it: fate is kept (for reasons), removed, busy, or stuck (it could not be deleted)."""

    row: dict[str, t.Any]
    fate: str
    reasons: tuple[str, ...] = ()


def wish_prune(params: dict[str, t.Any], now: datetime) -> PruneWish:
    """Return what the options of csbs_backup_prune ask for; raises InvalidInput before anything is sent."""
    servers, filters = wanted_keys("servers", params["servers"]), wanted_filters(params["server_filters"])
    if servers is None and filters is None:
        raise InvalidInput("servers or server_filters is needed: nothing is pruned by omission")
    for name in _COUNTS:
        if (params[f"keep_{name}"] or 0) < UNLIMITED:
            raise InvalidInput(f"keep_{name}: {params[f'keep_{name}']} is out of range; it must be 0 or more, or -1 for all")
    rules = Rules(
        **{name: params[f"keep_{name}"] or 0 for name in _COUNTS},
        within=None if params["keep_within"] is None else parse_age("keep_within", params["keep_within"]),
        tags=_tags_to_keep(params["keep_tags"]),
        zone=load_zone("timezone", params["timezone"]),
    )
    if rules.empty:
        raise InvalidInput(f"no rule says what to keep, so everything would go: give {_SOME_RULE}; a count of 0 is no rule")
    return PruneWish(rules, servers, filters, params["include_automatic"], params["wait"], params["poll_interval"])


def _tags_to_keep(tags: dict[str, t.Any] | None) -> dict[str, str | None]:
    """Return the tags that keep a backup; one that is given without a value may have any, as in tag queries."""
    wanted = wanted_tags("keep_tags", tags) or {}
    open_keys = {as_text(key) for key, value in (tags or {}).items() if value is None}
    return {key: None if key in open_keys else value for key, value in wanted.items()}


def plan_prune(wish: PruneWish, cloud: t.Any) -> Plan:
    """Read servers and backups, and return the plan after which the backups that no rule keeps are gone."""
    chosen, rows = _read(wish, cloud)
    ids = {server["id"] for server in chosen}
    mine: dict[str, list[dict[str, t.Any]]] = {}
    # Pages move while others write, so a row may come twice; it must not count twice.
    for row in {row["id"]: row for row in rows}.values():
        if row["resource_id"] in ids and _takes_part(row, wish):
            mine.setdefault(row["resource_id"], []).append(row)
    _add_tags(cloud, [row for group in mine.values() for row in group])
    judged = [one for server in chosen for one in judge(mine.get(server["id"], []), wish.rules)]
    if wish.rules.only_tags:
        _refuse_to_remove_all(chosen, judged)
    going = [one.row for one in judged if one.fate == "removed"]
    names = {server["id"]: server["name"] for server in chosen}
    shown = [{"name": row["name"], "server": names[row["resource_id"]]} for row in going]
    result = {**result_of(judged), "servers": brief(chosen)}
    return Plan(deletion_calls(going), {"backups": shown}, {"backups": []}, result, workers=MAX_DELETIONS, context=judged)


def _read(wish: PruneWish, cloud: t.Any) -> tuple[list[dict[str, t.Any]], list[dict[str, t.Any]]]:
    """Return the chosen servers (id, name), and backups among which all of theirs are."""
    servers = cloud.servers()
    found = {key: find_one("server", key, servers) for key in wish.servers or []}
    matching = choose_servers(None, wish.filters, servers)
    ids = {server["id"] if server else key for key, server in found.items()} | {server["id"] for server in matching}
    lost = [key for key, server in found.items() if server is None]
    rows: list[dict[str, t.Any]] = []
    if len(ids) == 1 and all(is_id(key) for key in lost):
        rows = cloud.backups(resource_id=next(iter(ids)))
    elif ids:
        rows = cloud.backups()
    former = _former(rows, {server["id"] for server in servers})
    chosen: dict[str, dict[str, t.Any]] = {}
    missing = []
    for key, server in found.items():
        # Whose last backup was removed is known to nobody any more; asking for it again is no mistake.
        server = server or find_one("server", key, former) or ({"id": key, "name": None} if is_id(key) else None)
        if server is None:
            missing.append(key)
        else:
            chosen.setdefault(server["id"], server)
    if missing:
        raise InvalidInput(f"servers: no such server, and no backup of one: {', '.join(repr(key) for key in missing)}")
    for server in matching:
        chosen.setdefault(server["id"], server)
    return list(chosen.values()), rows


def _former(rows: list[dict[str, t.Any]], present: set[str]) -> list[dict[str, t.Any]]:
    """Return the servers that exist only in their backups, once by each name that those bear, the latest name first.

    A server that exists is not found by a name that it had once: it may be another's today.
    """
    newest_first = sorted(rows, key=lambda row: as_text(row.get("created_at")), reverse=True)
    borne = dict.fromkeys((row["resource_id"], (row.get("extend_info") or {}).get("resource_name")) for row in newest_first)
    return [{"id": server_id, "name": name} for server_id, name in borne if server_id not in present]


def _takes_part(row: dict[str, t.Any], wish: PruneWish) -> bool:
    """Return whether a backup is judged at all.

    Only what the service calls manual is manual. What runs, is being deleted, is in a state that nobody knows or
    is good but of unknown age is left alone.
    """
    if not wish.include_automatic and backup_result(row)["auto_trigger"] is not False:
        return False
    return row["status"] == "error" or (row["status"] in GOOD and recovery_point(row) is not None)


def _add_tags(cloud: t.Any, rows: list[dict[str, t.Any]]) -> None:
    """Give rows the tags that lists leave out, by one query for all.

    What the query leaves out, as its pages move while others delete, is read itself: no backup goes because the tag
    that keeps it was not seen.
    """
    lacking = [row for row in rows if row.get("tags") is None]
    if not lacking:
        return
    known: dict[str, t.Any] = {}
    try:
        known = {row["resource_id"]: row.get("tags") or [] for row in cloud.find_tagged("backup", {})}
    except CloudError as error:
        # A service that answers only queries for some tag is asked for each backup.
        if error.status != 400:
            raise
    for row in lacking:
        try:
            row["tags"] = known[row["id"]] if row["id"] in known else cloud.tags_of("backup", row["id"])
        except NotFound:
            row["tags"] = []


def judge(rows: list[dict[str, t.Any]], rules: Rules) -> list[Judged]:
    """Return what is to become of each backup of one server, the newest first.

    Failed ones hold no recovery point: they never count, and go unless a tag or an image keeps them.
    """
    points = [Point(row["id"], moment, tags_as_dict(row["tags"])) for row in rows if row["status"] in GOOD and (moment := recovery_point(row))]
    reasons = reasons_to_keep(points, rules)
    judged = []
    for row in sorted(sorted(rows, key=lambda row: str(row["id"])), key=lambda row: recovery_point(row) or _LONG_AGO, reverse=True):
        why = reasons.get(row["id"])
        if why is None:
            why = ["tag"] if has_tags(tags_as_dict(row["tags"]), rules.tags) else []
        if backup_result(row)["images"]:
            why = [*why, "image"]
        # A good backup that is not available is being restored.
        fate = "kept" if why else "removed" if row["status"] in ("available", "error") else "busy"
        judged.append(Judged(row, fate, tuple(why)))
    return judged


def _refuse_to_remove_all(chosen: list[dict[str, t.Any]], judged: list[Judged]) -> None:
    """Raise InvalidInput when tags are the only rule and keep no good backup of a server that has some, as restic does."""
    good = [one for one in judged if one.row["status"] in GOOD]
    safe = {one.row["resource_id"] for one in good if one.fate == "kept"}
    bare = {one.row["resource_id"] for one in good} - safe
    if bare:
        names = ", ".join(repr(server["name"] or server["id"]) for server in chosen if server["id"] in bare)
        raise InvalidInput(
            f"keep_tags: no good backup of these servers has these tags, and each would lose all: {names}. Nothing was removed."
            " keep_last: 1 beside keep_tags keeps the newest"
        )


def result_of(judged: list[Judged]) -> dict[str, list[dict[str, t.Any]]]:
    """Return the backups in the shape of results: kept with reasons, removed, busy."""
    return {
        "kept": [{**backup_result(one.row), "reasons": list(one.reasons)} for one in judged if one.fate == "kept"],
        **{fate: [backup_result(one.row) for one in judged if one.fate == fate] for fate in ("removed", "busy")},
    }
