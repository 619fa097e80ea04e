# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_info: its options, and the policies that fit them."""

from __future__ import annotations

import typing as t

from .._cloud.tags import add_tags
from .._domain.limits import MAX_SINGLE_READS
from .._domain.policy import members_of, operation_of, pattern_of, policy_result
from .._domain.selection import names_of, once, parse_filters, parse_refs
from .._domain.server_lookup import resolve_servers
from .._domain.tags import tag_query

if t.TYPE_CHECKING:
    from .._domain.rows import Row


# ========== csbs_policy_info ==========
def parse_options(params: dict[str, t.Any]) -> Row:
    """Return the options of csbs_policy_info in normal form."""
    return {
        "name": params["name"],
        "servers": parse_refs("servers", params["servers"]),
        "filters": parse_filters(params["server_filters"]),
        "query": tag_query(params),
    }


def read(options: Row, cloud: t.Any) -> dict[str, t.Any]:
    """Return the policies that fit all filters."""
    listed = rows = once(cloud.policies())
    if options["name"] is not None:
        row = next((row for row in rows if row["id"] == options["name"]), None)
        rows = (
            [row] if row else [row for row in rows if row["name"] == options["name"]] or _direct(cloud, options["name"])
        )
    if options["query"]:
        tagged = {row.get("resource_id") for row in cloud.find_tagged("policy", options["query"])}
        rows = [row for row in rows if row["id"] in tagged]
    asks_for_servers = options["servers"] is not None or options["filters"] is not None
    servers = cloud.servers() if rows or asks_for_servers else []
    if asks_for_servers:
        rows = _wholes(rows, cloud, lambda row: row.get("resources") is None)
        former = [one for row in (*listed, *rows) for one in members_of(row)]
        wanted = set(resolve_servers(options["servers"], options["filters"], servers, former, unknown="ignore"))
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
