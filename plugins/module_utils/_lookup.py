# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""The info modules: what they look for, and how it is read."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ._backup_shape import backup_result
from ._backup_tags import add_tags, all_tagged
from ._policy_shape import members_of, operation_of, pattern_of, policy_result
from ._rows import Row, once
from ._rules import MAX_SINGLE_READS, InvalidInput, as_text
from ._selection import find_one, is_id, names_of, wanted_filters, wanted_keys
from ._server_lookup import resolve_servers, servers_of_backups
from ._tagging import read_resources
from ._tags import tag_query, tags_as_dict, values_by_key
from ._times import parse_time, parse_user_time


# ========== csbs_policy_info ==========
def wish_policies(params: dict[str, t.Any], now: datetime) -> Row:
    """Return the options of csbs_policy_info in normal form."""
    return {
        "name": params["name"],
        "servers": wanted_keys("servers", params["servers"]),
        "filters": wanted_filters(params["server_filters"]),
        "query": tag_query(params),
    }


def read_policies(wish: Row, cloud: t.Any) -> dict[str, t.Any]:
    """Return the policies that fit all filters."""
    listed = rows = once(cloud.policies())
    if wish["name"] is not None:
        row = next((row for row in rows if row["id"] == wish["name"]), None)
        rows = [row] if row else [row for row in rows if row["name"] == wish["name"]] or _direct(cloud, wish["name"])
    if wish["query"]:
        tagged = {row.get("resource_id") for row in cloud.find_tagged("policy", wish["query"])}
        rows = [row for row in rows if row["id"] in tagged]
    asks_for_servers = wish["servers"] is not None or wish["filters"] is not None
    servers = cloud.servers() if rows or asks_for_servers else []
    if asks_for_servers:
        rows = _wholes(rows, cloud, lambda row: row.get("resources") is None)
        former = [one for row in (*listed, *rows) for one in members_of(row)]
        wanted = set(resolve_servers(wish["servers"], wish["filters"], servers, former, unknown="ignore"))
        rows = [row for row in rows if wanted & {one["id"] for one in members_of(row)}]
    # A few policies are read in full: that costs no more than the tag query.
    few = len(rows) <= MAX_SINGLE_READS
    policies = _wholes(rows, cloud, lambda row: few or _is_sparse(row))
    add_tags(cloud, policies, "policy")
    return {"policies": [policy_result(raw, names_of(servers)) for raw in policies]}


def _wholes(rows: list[Row], cloud: t.Any, lacks: t.Callable[[Row], bool]) -> list[Row]:
    """Return rows of the list. Those that lack something are read by their ID, or left out when they are gone by now."""
    wholes = []
    for row in rows:
        if row.get("whole") or not lacks(row):
            wholes.append(row)
        elif (found := cloud.policy(row["id"])) is not None:
            wholes.append({**found, "whole": True})
    return wholes


def _is_sparse(row: Row) -> bool:
    """Return whether a row of the list lacks something that results show, other than tags."""
    operation = operation_of(row)
    shown = (row.get("description"), row.get("resources"), row.get("created_at"), pattern_of(row))
    return None in (*shown, operation.get("enabled"), operation.get("operation_definition"))


def _direct(cloud: t.Any, key: str) -> list[Row]:
    """Return what is too new to be listed, by its ID."""
    return _wholes([{"id": key}], cloud, lambda row: True)


# ========== csbs_backup_info ==========
def wish_backups(params: dict[str, t.Any], now: datetime) -> Row:
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


def _check_countable(wish: Row) -> None:
    # The service counts names by a part of them, and backups by their tags or by anything else.
    for option in ("ids", "name"):
        if wish[option] is not None:
            raise InvalidInput(f"count_only: the service cannot count by {option}; leave count_only out, and count holds the number as well")
    others = (wish["servers"], wish["filters"], wish["policy"], wish["after"], wish["before"], wish["fields"] or None)
    if wish["query"] and any(one is not None for one in others):
        raise InvalidInput("count_only: the service counts by tags or by the other filters, not by both; leave count_only out")


def read_backups(wish: Row, cloud: t.Any) -> dict[str, t.Any]:
    """Return the backups that fit all filters, the newest first, and their number. With count_only, return the number alone."""
    if wish["count_only"] and wish["query"]:
        return {"backups": [], "count": int(cloud.count_tagged("backup", wish["query"]))}
    asks_for_servers = wish["servers"] is not None or wish["filters"] is not None
    servers = cloud.servers() if asks_for_servers else None
    wanted = None if servers is None else _wanted_server_ids(wish, servers, cloud)
    policy_id = None if wish["policy"] is None else _policy_id(wish["policy"], cloud)
    if wanted == set() or (wish["policy"] is not None and policy_id is None):
        return {"backups": [], "count": 0}
    query = {**wish["fields"], **({} if policy_id is None else {"policy_id": policy_id})}
    if wish["count_only"]:
        return {"backups": [], "count": _count_backups(wish, cloud, query, wanted)}
    rows = _candidates(wish, cloud, query, wanted)
    if wish["query"]:
        tagged = {row.get("resource_id") for row in cloud.find_tagged("backup", wish["query"])}
        rows = [row for row in rows if row["id"] in tagged]
    rows = [row for row in rows if _fits(row, wish) and (wanted is None or row["resource_id"] in wanted)]
    rows.sort(key=lambda row: (as_text(row.get("created_at")), row["id"]), reverse=True)
    add_tags(cloud, rows, "backup")
    names = names_of((cloud.servers() if rows else []) if servers is None else servers)
    return {"backups": [backup_result(row, names) for row in rows], "count": len(rows)}


def _wanted_server_ids(wish: Row, servers: list[Row], cloud: t.Any) -> set[str]:
    """Return the IDs of the servers that are asked for. Former servers are looked for among all backups."""
    known = {key for server in servers for key in (server["id"], server["name"])}
    names = [ref for ref in wish["servers"] or [] if ref not in known and not is_id(ref)]
    # The service finds backups by a part of their server's name.
    lists = [cloud.backups(resource_name=name) for name in names] if len(names) <= MAX_SINGLE_READS else [cloud.backups()]
    former = servers_of_backups(row for rows in lists for row in rows)
    return set(resolve_servers(wish["servers"], wish["filters"], servers, former, unknown="ignore"))


def _count_backups(wish: Row, cloud: t.Any, query: Row, wanted: set[str] | None) -> int:
    query = dict(query)
    for option, name in (("after", "start_time"), ("before", "end_time")):
        if wish[option] is not None:
            query[name] = wish[option].replace(tzinfo=None).isoformat(timespec="microseconds")
    if wanted is None:
        return int(cloud.count_backups(**query))
    if len(wanted) <= MAX_SINGLE_READS:
        return sum(cloud.count_backups(**query, resource_id=server) for server in sorted(wanted))
    return sum(1 for row in once(cloud.backups(**query)) if row["resource_id"] in wanted)


def _candidates(wish: Row, cloud: t.Any, query: Row, wanted: set[str] | None) -> list[Row]:
    """Return backups among which all are that fit, by as few and as short lists as can tell."""
    if wish["ids"] is None:
        if wish["name"] is not None:
            query = {**query, "name": wish["name"]}
        if wanted is None or len(wanted) > MAX_SINGLE_READS:
            return once(cloud.backups(**query))
        return once([row for server in sorted(wanted) for row in cloud.backups(**query, resource_id=server)])
    made = {row["id"] for row in cloud.backups(policy_id=query["policy_id"])} if "policy_id" in query else None
    found = dict(cloud.backups_by_id(wish["ids"]))
    return [row for key in wish["ids"] if (row := found[key]) is not None and (made is None or row["id"] in made)]


def _policy_id(key: str, cloud: t.Any) -> str | None:
    """Return the ID of a policy, None when there is none. The ID of a deleted policy still finds its backups."""
    row = find_one("policy", key, once(cloud.policies()))
    return row["id"] if row is not None else key if is_id(key) else None


def _fits(row: dict[str, t.Any], wish: Row) -> bool:
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
def wish_tag_lookup(params: dict[str, t.Any], now: datetime) -> Row:
    """Return the options of csbs_tag_info in normal form."""
    return {"owner": params["resource_type"], "resources": wanted_keys("resources", params["resources"]), "query": tag_query(params)}


def read_tags(wish: Row, cloud: t.Any) -> dict[str, t.Any]:
    """Return the tags in use with their values, and the resources that carry them."""
    owner, keys, query = wish["owner"], wish["resources"], wish["query"]
    if keys is None and not query:
        rows = [row for row in _all_resources(owner, cloud) if row["tags"]]
        return {"tags": values_by_key(cloud.tags_in_project(owner)), "resources": rows}
    named = None if keys is None else read_resources(owner, keys, cloud, missing_ok=True)
    rows = named or []
    if query:
        wanted = None if named is None else {one["id"] for one in named}
        rows = [_tagged(row) for row in cloud.find_tagged(owner, query)]
        rows = [row for row in rows if wanted is None or row["id"] in wanted]
    values: dict[str, set[str]] = {}
    for row in rows:
        for key, value in row["tags"].items():
            values.setdefault(key, set()).add(value)
    return {"tags": {key: sorted(found) for key, found in sorted(values.items())}, "resources": rows}


def _all_resources(owner: str, cloud: t.Any) -> list[Row]:
    """Return all backups or policies with their tags."""
    tagged = all_tagged(cloud, owner)
    if tagged is not None:
        return [_tagged(row) for row in tagged]
    rows = once(cloud.policies() if owner == "policy" else cloud.backups())
    add_tags(cloud, rows, owner)
    return [{"id": row["id"], "name": row["name"], "tags": tags_as_dict(row["tags"])} for row in rows]


def _tagged(row: Row) -> Row:
    return {"id": row["resource_id"], "name": row["resource_name"], "tags": tags_as_dict(row.get("tags"))}
