# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_migration_info: its options, and what it reads from both services."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

from .._cloud.find_policy import complete_policies, lacks_fields
from .._cloud.tags import add_tags
from .._domain.errors import InvalidInput
from .._domain.limits import check_name
from .._domain.migration import Decision, marks_of
from .._domain.migration_plan import (
    Estate,
    Wishes,
    notes_of,
    old_backups,
    policy_plans,
    server_plans,
    summary_of,
)
from .._domain.policy import members_of
from .._domain.selection import find_one, once, parse_refs
from .._domain.server_lookup import choose_servers
from .._domain.services import RULES
from .._domain.times import parse_age
from .._domain.vault_option import parse_vault_option

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud, VaultCloud
    from .._domain.rows import PolicyRow, ServerRow
    from .._domain.vault_option import VaultOptions


class MigrationInfoOptions(t.NamedTuple):
    """The options of csbs_migration_info in normal form; decisions are by the name or ID of the policy."""

    policies: list[str] | None
    servers: list[str] | None
    decisions: dict[str, Decision]
    vault: VaultOptions
    max_age: timedelta


def parse_options(params: dict[str, t.Any]) -> MigrationInfoOptions:
    """Return the options in normal form. Raises InvalidInput."""
    return MigrationInfoOptions(
        policies=parse_refs("policies", params["policies"]),
        servers=parse_refs("servers", params["servers"]),
        decisions=_parse_decisions(params["decisions"] or ()),
        vault=parse_vault_option({"vault": params["vault"]})[0],
        max_age=parse_age("max_age", params["max_age"]),
    )


def _parse_decisions(given: t.Iterable[dict[str, t.Any]]) -> dict[str, Decision]:
    rules = RULES["cbr"]
    decisions: dict[str, Decision] = {}
    for decision in given:
        (ref,) = parse_refs("decisions.policy", [decision["policy"]]) or [""]
        if ref in decisions:
            raise InvalidInput(f"decisions: policy {ref!r} is there twice. What to do: say all about it in one entry")
        name, retention = decision.get("target_name"), decision.get("retention")
        if name is not None:
            check_name("decisions.target_name", name, most=rules.max_policy_name)
        if retention is not None:
            # Loaded here, because few tasks decide about a retention.
            from .._domain.retention_option import parse_retention

            retention = parse_retention(retention, None, datetime.now(timezone.utc), rules, "decisions.retention")
        decisions[ref] = Decision(name, retention)
    return decisions


def read(options: MigrationInfoOptions, clouds: t.Sequence[Cloud]) -> dict[str, t.Any]:
    """Return the plan of the way from CSBS to CBR. Raises InvalidInput for unknown and ambiguous names."""
    csbs, cbr = clouds[0], t.cast("VaultCloud", clouds[1])
    servers = csbs.servers()
    rows = complete_policies(once(csbs.policies()), lacks_fields, csbs.policy)
    rows.sort(key=lambda row: (row["name"], row["id"]))
    chosen = _choose_policies("policies", options.policies, rows)
    decisions = {
        policy_id: decision
        for ref, decision in options.decisions.items()
        for policy_id in _choose_policies("decisions.policy", [ref], rows)
    }
    chosen_servers = choose_servers(options.servers, {} if options.servers is None else None, servers)
    wishes = Wishes(decisions, options.vault)
    estate = _read_estate(csbs, cbr, servers, add_tags(csbs, rows, "policy"))
    policies = policy_plans(estate, chosen, wishes)
    if options.policies is not None and options.servers is None:
        of_policies = {server["id"] for policy in policies for server in policy["servers"]}
        chosen_servers = [server for server in chosen_servers if server["id"] in of_policies]
    everything = options.policies is None and options.servers is None
    results = server_plans(estate, [estate.servers[server["id"]] for server in chosen_servers], options.max_age)
    backups = old_backups(estate, None if everything else {server["id"] for server in chosen_servers})
    summary = summary_of(estate, policies, results, backups)
    return {
        "policies": policies,
        "servers": results,
        "backups": backups,
        "summary": summary,
        "notes": notes_of(policies, results, backups, summary),
    }


def _choose_policies(option: str, refs: list[str] | None, rows: list[PolicyRow]) -> list[str]:
    """Return the IDs of the policies that names or IDs mean, None for all. Raises InvalidInput."""
    if refs is None:
        return [row["id"] for row in rows]
    found = {ref: find_one("policy", ref, rows) for ref in refs}
    missing = [ref for ref, row in found.items() if row is None]
    if missing:
        # Loaded here, because most tasks name what exists.
        from .._domain.listing import name_all

        raise InvalidInput(f"{option}: CSBS has no such policy: {name_all(missing)}")
    return [row["id"] for row in found.values() if row is not None]


def _read_estate(csbs: Cloud, cbr: VaultCloud, servers: list[ServerRow], policies: list[PolicyRow]) -> Estate:
    """Read the rest. CSBS comes first, then the marks, then the members: a server that moves meanwhile is not lost."""
    vaults = cbr.vaults_with_tags()
    marks = marks_of(vaults)
    cbr_policies = cbr.policies()
    moving = {member["id"] for policy in policies for member in members_of(policy)} | marks.keys()
    sized = cbr.with_sizes([server for server in servers if server["id"] in moving])
    return Estate(
        servers={server["id"]: server for server in (*servers, *sized)},
        csbs=policies,
        cbr=cbr_policies,
        vaults=vaults,
        marks=marks,
        csbs_backups=once(csbs.backups()),
        cbr_backups=once(cbr.backups()),
        now=csbs.now(),
    )
