# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_info: its options, and the policies that match them."""

from __future__ import annotations

import functools
import typing as t

from .._cloud.find_policy import complete_policies, lacks_fields, lacks_members
from .._cloud.tags import add_tags
from .._domain.limits import MAX_SINGLE_READS
from .._domain.policy import members_of, policy_result
from .._domain.selection import names_of, once, parse_filters, parse_refs, parse_text
from .._domain.tag_query import tag_query

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import PolicyRow, ServerRow

    ReadPolicy = t.Callable[[str], "PolicyRow | None"]


class PolicyInfoOptions(t.NamedTuple):
    """The options of csbs_policy_info in normal form; query holds those for tags."""

    name: str | None
    servers: list[str] | None
    filters: dict[str, t.Any] | None
    query: dict[str, t.Any]

    @property
    def asks_for_servers(self) -> bool:
        """Whether the servers of a policy decide if it matches."""
        return self.servers is not None or self.filters is not None


def parse_options(params: dict[str, t.Any]) -> PolicyInfoOptions:
    """Return the options in normal form. Raises InvalidInput."""
    return PolicyInfoOptions(
        name=parse_text("name", params["name"]),
        servers=parse_refs("servers", params["servers"]),
        filters=parse_filters(params["server_filters"]),
        query=tag_query(params),
    )


def read(options: PolicyInfoOptions, cloud: Cloud) -> dict[str, t.Any]:
    """Return the policies that match all options. Raises InvalidInput for an ambiguous name of a server."""
    # No policy is read twice.
    read_policy = functools.cache(cloud.policy)
    listed = once(cloud.policies())
    rows = listed if options.name is None else _find_named(options.name, listed, read_policy)
    if options.query:
        tagged_ids = {row["resource_id"] for row in cloud.find_tagged("policy", options.query)}
        rows = [row for row in rows if row["id"] in tagged_ids]
    servers = cloud.servers() if rows or options.asks_for_servers else []
    if options.asks_for_servers:
        rows = complete_policies(rows, lacks_members, read_policy)
        rows = _with_servers(options, rows, [*listed, *rows], servers)
    # A few policies are read in full for their tags: that costs no more than a tag query.
    few = len(rows) <= MAX_SINGLE_READS
    policies = complete_policies(rows, _lacks_tags if few else lacks_fields, read_policy)
    add_tags(cloud, policies, "policy")
    names = names_of(servers)
    return {"policies": [policy_result(policy, names) for policy in policies]}


def _find_named(ref: str, listed: list[PolicyRow], read_policy: ReadPolicy) -> list[PolicyRow]:
    """Return the policies with that ID, or else with that name."""
    rows = [row for row in listed if row["id"] == ref] or [row for row in listed if row["name"] == ref]
    if rows:
        return rows
    # A policy that is too new to be listed is found by its ID.
    policy = read_policy(ref)
    return [] if policy is None else [policy]


def _with_servers(
    options: PolicyInfoOptions, rows: list[PolicyRow], known: list[PolicyRow], servers: list[ServerRow]
) -> list[PolicyRow]:
    """Return the policies that have one of the wanted servers; known policies give the names of former servers."""
    # Only tasks that name servers need it.
    from .._domain.server_lookup import resolve_servers

    former = [member for policy in known for member in members_of(policy)]
    wanted_ids = set(resolve_servers(options.servers, options.filters, servers, former, unknown="ignore"))
    return [row for row in rows if any(member["id"] in wanted_ids for member in members_of(row))]


def _lacks_tags(row: PolicyRow) -> bool:
    """Return whether a row of the list has no tags: those of CSBS never have any, those of CBR have those of vaults."""
    return "vaults" not in row or row["tags"] is None
