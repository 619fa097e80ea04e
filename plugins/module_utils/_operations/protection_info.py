# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_protection_info: its options, and what it reads."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from .._cloud.find_policy import read_memberships
from .._cloud.tags import add_tags
from .._domain.backup import newest
from .._domain.freshness import find_done
from .._domain.protectability import unprotectable
from .._domain.protection import good_backups, protection_result, summarise
from .._domain.selection import parse_filters, parse_refs
from .._domain.server_lookup import choose_servers
from .._domain.times import parse_age

if t.TYPE_CHECKING:
    from .._domain.rows import Row


@dataclass(frozen=True)
class ProtectionOptions:
    """The options of csbs_protection_info in normal form; filters {} fits every server."""

    servers: list[str] | None
    filters: dict[str, t.Any] | None
    max_age: timedelta | None


def parse_options(params: dict[str, t.Any]) -> ProtectionOptions:
    """Return what the options of csbs_protection_info ask for; raises InvalidInput before anything is sent."""
    servers, filters = parse_refs("servers", params["servers"]), parse_filters(params["server_filters"])
    if servers is None and filters is None:
        filters = {}
    return ProtectionOptions(
        servers, filters, None if params["max_age"] is None else parse_age("max_age", params["max_age"])
    )


def read(options: ProtectionOptions, cloud: t.Any) -> dict[str, t.Any]:
    """Return the chosen servers with their protection, and a summary; the same few lists for one server as for thousands.

    Raises InvalidInput naming a server that there is not.
    """
    chosen = choose_servers(options.servers, options.filters, cloud.servers())
    if not chosen:
        return {"servers": [], "summary": summarise([], options.max_age)}
    policies = read_memberships(cloud)
    verdicts = cloud.protectable([server["id"] for server in chosen])
    backups = cloud.backups(**({"resource_id": chosen[0]["id"]} if len(chosen) == 1 else {}))
    good = good_backups(chosen, backups)
    last = {server_id: newest(rows) for server_id, rows in good.items()}
    add_tags(cloud, [row for row in last.values() if row is not None], "backup")
    refusals = unprotectable(chosen, verdicts)
    # Ages are counted by the clock that gave the backups their times.
    now = cloud.now()
    young = find_young(options.max_age, now, chosen, backups)
    rows = [
        protection_result(
            server,
            policies.get(server["id"]),
            refusals.get(server["id"]),
            good[server["id"]],
            last[server["id"]],
            now,
            None if young is None else server["id"] in young,
        )
        for server in chosen
    ]
    return {"servers": rows, "summary": summarise(rows, options.max_age)}


def find_young(
    max_age: timedelta | None, now: datetime, chosen: list[Row], backups: list[Row]
) -> t.Collection[str] | None:
    """Return the servers that csbs_backup with the same max_age would leave alone, None without max_age."""
    return None if max_age is None else find_done(max_age, None, now, chosen, backups)
