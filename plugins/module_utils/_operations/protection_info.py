# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_protection_info: its options, and what it reads."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from .._cloud.readings import add_tags_of, read_backups, read_memberships, read_refusals
from .._domain.backup import newest
from .._domain.freshness import find_done
from .._domain.protection import good_backups, protection_result, service_of, summarise
from .._domain.selection import parse_filters, parse_refs
from .._domain.server_lookup import choose_servers
from .._domain.services import services_of
from .._domain.times import parse_age

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import ServerRow


class ProtectionInfoOptions(t.NamedTuple):
    """The options of csbs_protection_info in normal form. Empty filters match every server."""

    servers: list[str] | None
    filters: dict[str, t.Any] | None
    max_age: timedelta | None


def parse_options(params: dict[str, t.Any]) -> ProtectionInfoOptions:
    """Return the options in normal form. Raises InvalidInput."""
    services_of(params)
    servers, filters = parse_refs("servers", params["servers"]), parse_filters(params["server_filters"])
    return ProtectionInfoOptions(
        servers=servers,
        filters={} if servers is None and filters is None else filters,
        max_age=None if params["max_age"] is None else parse_age("max_age", params["max_age"]),
    )


def read(options: ProtectionInfoOptions, clouds: t.Sequence[Cloud]) -> dict[str, t.Any]:
    """Return the protection of the chosen servers and a summary, from one service or from both as one."""
    results = [result for dummy, result in read_servers(options, clouds)]
    return {"servers": results, "summary": summarise(results, options.max_age)}


def read_servers(options: ProtectionInfoOptions, clouds: t.Sequence[Cloud]) -> list[tuple[ServerRow, dict[str, t.Any]]]:
    """Return the chosen servers, each with its protection, from as few lists for many as for one.

    Raises InvalidInput that lists unknown servers.
    """
    chosen = choose_servers(options.servers, options.filters, clouds[0].servers())
    return list(zip(chosen, _protection_of(chosen, options.max_age, clouds))) if chosen else []


def _protection_of(
    chosen: list[ServerRow], max_age: timedelta | None, clouds: t.Sequence[Cloud]
) -> list[dict[str, t.Any]]:
    policies, vaults = read_memberships(clouds)
    refusals = read_refusals(clouds, chosen, policies)
    backups, services = read_backups(clouds, **({"resource_id": chosen[0]["id"]} if len(chosen) == 1 else {}))
    good = good_backups(chosen, backups)
    last = {server_id: newest(rows) for server_id, rows in good.items()}
    add_tags_of(clouds, [row for row in last.values() if row is not None], services)
    # The backups' times come from the clock of the cloud.
    now = clouds[0].now()
    # As csbs_backup with the same max_age decides which servers it leaves alone.
    done = None if max_age is None else find_done(max_age, None, now, chosen, backups)
    read = [cloud.rules.service for cloud in clouds]
    results = []
    for server in chosen:
        server_id = server["id"]
        policy, newest_backup = policies.get(server_id), last[server_id]
        results.append(
            protection_result(
                server,
                policy,
                refusals.get(server_id),
                good[server_id],
                newest_backup,
                now,
                None if done is None else server_id in done,
                service_of(read, policy, None if newest_backup is None else services[newest_backup["id"]]),
                vaults.get(server_id),
            )
        )
    return results
