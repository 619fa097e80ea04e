# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup_info: its options, and the backups that fit them."""

from __future__ import annotations

import typing as t

from .._cloud.tags import add_tags
from .._domain.backup import backup_result
from .._domain.errors import InvalidInput
from .._domain.limits import MAX_SINGLE_READS, as_text
from .._domain.selection import find_one, is_id, names_of, once, parse_filters, parse_refs
from .._domain.server_lookup import resolve_servers, servers_of_backups
from .._domain.tags import tag_query
from .._domain.times import parse_time, parse_user_time

if t.TYPE_CHECKING:
    from .._domain.rows import Row


# ========== csbs_backup_info ==========
def parse_options(params: dict[str, t.Any]) -> Row:
    """Return the options of csbs_backup_info in normal form; raises InvalidInput for times that are none, and for what cannot be counted."""
    after, before = params["created_after"], params["created_before"]
    options = {
        "ids": parse_refs("ids", params["ids"]),
        "name": params["name"],
        "policy": params["policy"],
        "servers": parse_refs("servers", params["servers"]),
        "filters": parse_filters(params["server_filters"]),
        "after": None if after is None else parse_user_time("created_after", after),
        "before": None if before is None else parse_user_time("created_before", before),
        "query": tag_query(params),
        "fields": {
            key: params[key]
            for key in ("availability_zone", "checkpoint_id", "image_type", "status")
            if params[key] is not None
        },
        "count_only": params["count_only"],
    }
    if options["count_only"]:
        _check_countable(options)
    return options


def _check_countable(options: Row) -> None:
    # The service counts names by a part of them, and backups by their tags or by anything else.
    for option in ("ids", "name"):
        if options[option] is not None:
            raise InvalidInput(
                f"count_only: the service cannot count by {option}; leave count_only out, and count holds the number as well"
            )
    others = (
        options["servers"],
        options["filters"],
        options["policy"],
        options["after"],
        options["before"],
        options["fields"] or None,
    )
    if options["query"] and any(one is not None for one in others):
        raise InvalidInput(
            "count_only: the service counts by tags or by the other filters, not by both; leave count_only out"
        )


def read(options: Row, cloud: t.Any) -> dict[str, t.Any]:
    """Return the backups that fit all filters, the newest first, and their number. With count_only, return the number alone."""
    if options["count_only"] and options["query"]:
        return {"backups": [], "count": int(cloud.count_tagged("backup", options["query"]))}
    asks_for_servers = options["servers"] is not None or options["filters"] is not None
    servers = cloud.servers() if asks_for_servers else None
    wanted = None if servers is None else _wanted_server_ids(options, servers, cloud)
    policy_id = None if options["policy"] is None else _policy_id(options["policy"], cloud)
    if wanted == set() or (options["policy"] is not None and policy_id is None):
        return {"backups": [], "count": 0}
    query = {**options["fields"], **({} if policy_id is None else {"policy_id": policy_id})}
    if options["count_only"]:
        return {"backups": [], "count": _count_backups(options, cloud, query, wanted)}
    rows = _candidates(options, cloud, query, wanted)
    if options["query"]:
        tagged = {row.get("resource_id") for row in cloud.find_tagged("backup", options["query"])}
        rows = [row for row in rows if row["id"] in tagged]
    rows = [row for row in rows if _fits(row, options) and (wanted is None or row["resource_id"] in wanted)]
    rows.sort(key=lambda row: (as_text(row.get("created_at")), row["id"]), reverse=True)
    add_tags(cloud, rows, "backup")
    names = names_of((cloud.servers() if rows else []) if servers is None else servers)
    return {"backups": [backup_result(row, names) for row in rows], "count": len(rows)}


def _wanted_server_ids(options: Row, servers: list[Row], cloud: t.Any) -> set[str]:
    """Return the IDs of the servers that are asked for. Former servers are looked for among all backups."""
    known = {key for server in servers for key in (server["id"], server["name"])}
    names = [ref for ref in options["servers"] or [] if ref not in known and not is_id(ref)]
    # The service finds backups by a part of their server's name.
    lists = (
        [cloud.backups(resource_name=name) for name in names] if len(names) <= MAX_SINGLE_READS else [cloud.backups()]
    )
    former = servers_of_backups(row for rows in lists for row in rows)
    return set(resolve_servers(options["servers"], options["filters"], servers, former, unknown="ignore"))


def _count_backups(options: Row, cloud: t.Any, query: Row, wanted: set[str] | None) -> int:
    query = dict(query)
    for option, name in (("after", "start_time"), ("before", "end_time")):
        if options[option] is not None:
            query[name] = options[option].replace(tzinfo=None).isoformat(timespec="microseconds")
    if wanted is None:
        return int(cloud.count_backups(**query))
    if len(wanted) <= MAX_SINGLE_READS:
        return sum(cloud.count_backups(**query, resource_id=server) for server in sorted(wanted))
    return sum(1 for row in once(cloud.backups(**query)) if row["resource_id"] in wanted)


def _candidates(options: Row, cloud: t.Any, query: Row, wanted: set[str] | None) -> list[Row]:
    """Return backups among which all are that fit, by as few and as short lists as can tell."""
    if options["ids"] is None:
        if options["name"] is not None:
            query = {**query, "name": options["name"]}
        if wanted is None or len(wanted) > MAX_SINGLE_READS:
            return once(cloud.backups(**query))
        return once([row for server in sorted(wanted) for row in cloud.backups(**query, resource_id=server)])
    made = {row["id"] for row in cloud.backups(policy_id=query["policy_id"])} if "policy_id" in query else None
    found = dict(cloud.backups_by_id(options["ids"]))
    return [row for key in options["ids"] if (row := found[key]) is not None and (made is None or row["id"] in made)]


def _policy_id(key: str, cloud: t.Any) -> str | None:
    """Return the ID of a policy, None when there is none. The ID of a deleted policy still finds its backups."""
    row = find_one("policy", key, once(cloud.policies()))
    return row["id"] if row is not None else key if is_id(key) else None


def _fits(row: dict[str, t.Any], options: Row) -> bool:
    """Return whether a backup fits; the service finds names by a part of them, and some were read by their id.

    What a row of a list does not tell was the service's to filter by.
    """
    shape = backup_result(row)
    created = parse_time(row.get("created_at"))
    if options["ids"] is not None and row["id"] not in options["ids"]:
        return False
    if options["name"] is not None and row["name"] != options["name"]:
        return False
    if options["after"] is not None and (created is None or created < options["after"]):
        return False
    if options["before"] is not None and (created is None or created > options["before"]):
        return False
    return all(
        shape[key] == value or (shape[key] is None and options["ids"] is None)
        for key, value in options["fields"].items()
    )
