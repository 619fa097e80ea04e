# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""The info modules: what they look for, and how it is read."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ._backup import with_tags
from ._backup_shape import backup_result
from ._policy_shape import members_of, policy_result
from ._rules import InvalidInput, as_text
from ._selection import find_one, is_id, match_server, wanted_filters, wanted_keys
from ._tagging import find_resources
from ._tags import tag_query, tags_as_dict
from ._times import parse_time, parse_user_time

Wish = dict[str, t.Any]


# ========== csbs_policy_info ==========
def wish_policies(params: dict[str, t.Any], now: datetime) -> Wish:
    """Return the options of csbs_policy_info in normal form."""
    return {
        "name": params["name"],
        "servers": wanted_keys("servers", params["servers"]),
        "filters": wanted_filters(params["server_filters"]),
        "query": tag_query(params),
    }


def read_policies(wish: Wish, cloud: t.Any) -> dict[str, t.Any]:
    """Return the policies that fit all filters, each in full."""
    rows = cloud.policies()
    if wish["name"] is not None:
        row = next((row for row in rows if row["id"] == wish["name"]), None)
        rows = [row] if row else [row for row in rows if row["name"] == wish["name"]] or _direct(cloud, wish["name"])
    if wish["query"]:
        tagged = {row["resource_id"] for row in cloud.find_tagged("policy", wish["query"])}
        rows = [row for row in rows if row["id"] in tagged]
    policies = [raw for raw in (cloud.policy(row["id"]) for row in rows) if raw is not None]
    wanted = wanted_server_ids(wish, cloud, [one for raw in policies for one in members_of(raw)])
    if wanted is not None:
        policies = [raw for raw in policies if wanted & {one["id"] for one in members_of(raw)}]
    if any(raw.get("tags") is None for raw in policies):
        tags = {row["resource_id"]: row.get("tags") for row in cloud.find_tagged("policy", {})}
        policies = [raw if raw.get("tags") is not None else {**raw, "tags": tags.get(raw["id"])} for raw in policies]
    return {"policies": [policy_result(raw) for raw in policies]}


def _direct(cloud: t.Any, key: str) -> list[dict[str, t.Any]]:
    """Return what is too new to be listed, by its ID."""
    row = cloud.policy(key) if is_id(key) else None
    return [row] if row else []


def wanted_server_ids(wish: Wish, cloud: t.Any, known: list[dict[str, t.Any]]) -> set[str] | None:
    """Return the ids of the servers that are asked for, None when none are.

    known are id and name of servers as policies or backups have them, which may no longer exist.
    Raises InvalidInput for a name that nothing bears, now or then, and for an ambiguous one.
    """
    if wish["servers"] is None and wish["filters"] is None:
        return None
    servers = cloud.servers()
    wanted: set[str] = set()
    for key in wish["servers"] or []:
        server = find_one("server", key, servers)
        former = {one["id"] for one in known if key in (one["id"], one["name"])}
        if server is None and not former and not is_id(key):
            raise InvalidInput(f"servers: no such server: {key!r}")
        wanted |= {server["id"]} if server else former
    if wish["filters"] is not None:
        wanted |= {server["id"] for server in servers if match_server(server, wish["filters"])}
    return wanted


# ========== csbs_backup_info ==========
def wish_backups(params: dict[str, t.Any], now: datetime) -> Wish:
    """Return the options of csbs_backup_info in normal form; raises InvalidInput for times that are none, and for what cannot be counted."""
    after, before = params["created_after"], params["created_before"]
    wish = {
        "ids": wanted_keys("ids", params["ids"]),
        "name": params["name"],
        "policy": params["policy"],
        "servers": wanted_keys("servers", params["servers"]),
        "filters": wanted_filters(params["server_filters"]),
        "after": None if after is None else parse_user_time("created_after", after),
        "before": None if before is None else parse_user_time("created_before", before),
        "query": tag_query(params),
        "fields": {key: params[key] for key in ("availability_zone", "checkpoint_id", "image_type", "status") if params[key] is not None},
        "count_only": params["count_only"],
    }
    if wish["count_only"]:
        _check_countable(wish)
    return wish


def _check_countable(wish: Wish) -> None:
    # The service counts names by a part of them, and backups by their tags or by anything else.
    for option in ("ids", "name"):
        if wish[option] is not None:
            raise InvalidInput(f"count_only: the service cannot count by {option}; leave count_only out, and count holds the number as well")
    others = (wish["servers"], wish["filters"], wish["policy"], wish["after"], wish["before"], wish["fields"] or None)
    if wish["query"] and any(one is not None for one in others):
        raise InvalidInput("count_only: the service counts by tags or by the other filters, not by both; leave count_only out")


def read_backups(wish: Wish, cloud: t.Any) -> dict[str, t.Any]:
    """Return the backups that fit all filters, the newest first, and their number; or with count_only their number alone."""
    if wish["count_only"]:
        return {"backups": [], "count": _count_backups(wish, cloud)}
    rows = _candidates(wish, cloud)
    if wish["query"]:
        tagged = {row["resource_id"] for row in cloud.find_tagged("backup", wish["query"])}
        rows = [row for row in rows if row["id"] in tagged]
    known = [{"id": row["resource_id"], "name": (row.get("extend_info") or {}).get("resource_name")} for row in rows]
    wanted = wanted_server_ids(wish, cloud, known)
    rows = [row for row in rows if _fits(row, wish) and (wanted is None or row["resource_id"] in wanted)]
    rows.sort(key=lambda row: (as_text(row.get("created_at")), row["id"]), reverse=True)
    return {"backups": [backup_result(row) for row in with_tags(cloud, rows)], "count": len(rows)}


def _count_backups(wish: Wish, cloud: t.Any) -> int:
    if wish["query"]:
        return int(cloud.count_tagged("backup", wish["query"]))
    query = _service_query(wish, cloud)
    for option, name in (("after", "start_time"), ("before", "end_time")):
        if wish[option] is not None:
            query[name] = wish[option].replace(tzinfo=None).isoformat(timespec="microseconds")
    servers = wanted_server_ids(wish, cloud, [])
    if servers is None:
        return int(cloud.count_backups(**query))
    return sum(cloud.count_backups(**query, resource_id=server) for server in sorted(servers))


def _candidates(wish: Wish, cloud: t.Any) -> list[dict[str, t.Any]]:
    """Return backups among which all are that fit, by one list where that can tell."""
    if wish["ids"] is None:
        rows: list[dict[str, t.Any]] = cloud.backups(**_service_query(wish, cloud))
        return rows
    made = None if wish["policy"] is None else {row["id"] for row in cloud.backups(policy_id=_policy_id(wish["policy"], cloud))}
    listed = {row["id"]: row for row in cloud.backups()} if len(wish["ids"]) > 1 else {}
    # What the list does not show may be too new for it.
    found = (listed.get(one) or cloud.backup(one) for one in wish["ids"])
    return [row for row in found if row is not None and (made is None or row["id"] in made)]


def _service_query(wish: Wish, cloud: t.Any) -> dict[str, t.Any]:
    query = dict(wish["fields"])
    if wish["name"] is not None:
        query["name"] = wish["name"]
    if wish["policy"] is not None:
        query["policy_id"] = _policy_id(wish["policy"], cloud)
    return query


def _policy_id(key: str, cloud: t.Any) -> str:
    """Return the id of a policy; that of a deleted policy still finds its backups."""
    row = find_one("policy", key, cloud.policies())
    if row is None and not is_id(key):
        raise InvalidInput(f"policy: no such policy: {key!r}")
    return key if row is None else row["id"]


def _fits(row: dict[str, t.Any], wish: Wish) -> bool:
    """Return whether a backup fits; the service finds names by a part of them, and some were read by their id.

    What a row of a list does not tell was the service's to filter by.
    """
    shape = backup_result(row)
    created = parse_time(row.get("created_at"))
    if wish["ids"] is not None and row["id"] not in wish["ids"]:
        return False
    if wish["name"] is not None and row["name"] != wish["name"]:
        return False
    if wish["after"] is not None and (created is None or created < wish["after"]):
        return False
    if wish["before"] is not None and (created is None or created > wish["before"]):
        return False
    return all(shape[key] == value or (shape[key] is None and wish["ids"] is None) for key, value in wish["fields"].items())


# ========== csbs_tag_info ==========
def wish_tag_lookup(params: dict[str, t.Any], now: datetime) -> Wish:
    """Return the options of csbs_tag_info in normal form."""
    return {"owner": params["resource_type"], "resources": wanted_keys("resources", params["resources"]), "query": tag_query(params)}


def read_tags(wish: Wish, cloud: t.Any) -> dict[str, t.Any]:
    """Return the tags in use with their values, and the resources that carry them."""
    owner = wish["owner"]
    rows = [
        {"id": row["resource_id"], "name": row["resource_name"], "tags": tags_as_dict(row.get("tags"))}
        for row in cloud.find_tagged(owner, wish["query"])
    ]
    if wish["resources"] is not None:
        named = find_resources(owner, wish["resources"], cloud, missing_ok=True)
        if wish["query"]:
            wanted = {one["id"] for one in named}
            rows = [row for row in rows if row["id"] in wanted]
        else:
            rows = [{**one, "tags": tags_as_dict(cloud.tags_of(owner, one["id"]))} for one in named]
    elif not wish["query"]:
        rows = [row for row in rows if row["tags"]]
        return {"tags": {tag["key"]: sorted(tag["values"]) for tag in cloud.tags_in_project(owner)}, "resources": rows}
    values: dict[str, set[str]] = {}
    for row in rows:
        for key, value in row["tags"].items():
            values.setdefault(key, set()).add(value)
    return {"tags": {key: sorted(found) for key, found in sorted(values.items())}, "resources": rows}
