# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_protection_info: which servers are protected, by what, and whether that holds what was promised; pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ._backup import find_done, unprotectable
from ._backup_shape import GOOD, backup_result, newest, recovery_point, size_of
from ._backup_tags import add_tags
from ._policy_shape import operation_of, policy_result
from ._rows import Row
from ._selection import choose_servers, names_of, wanted_filters, wanted_keys
from ._times import parse_age


@dataclass(frozen=True)
class ProtectionWish:
    """The options of csbs_protection_info in normal form; filters {} fits every server."""

    servers: list[str] | None
    filters: dict[str, t.Any] | None
    max_age: timedelta | None


def wish_protection(params: dict[str, t.Any], now: datetime) -> ProtectionWish:
    """Return what the options of csbs_protection_info ask for; raises InvalidInput before anything is sent."""
    servers, filters = wanted_keys("servers", params["servers"]), wanted_filters(params["server_filters"])
    if servers is None and filters is None:
        filters = {}
    return ProtectionWish(servers, filters, None if params["max_age"] is None else parse_age("max_age", params["max_age"]))


def read_protection(wish: ProtectionWish, cloud: t.Any) -> dict[str, t.Any]:
    """Return the chosen servers with their protection, and a summary; the same few lists for one server as for thousands.

    Raises InvalidInput naming a server that there is not.
    """
    chosen = choose_servers(wish.servers, wish.filters, cloud.servers())
    if not chosen:
        return {"servers": [], "summary": summarise([], wish.max_age)}
    policies = read_memberships(cloud)
    verdicts = cloud.protectable([server["id"] for server in chosen])
    backups = cloud.backups(**({"resource_id": chosen[0]["id"]} if len(chosen) == 1 else {}))
    good = good_backups(chosen, backups)
    last = {server_id: newest(rows) for server_id, rows in good.items()}
    add_tags(cloud, [row for row in last.values() if row is not None], "backup")
    refusals = unprotectable(chosen, verdicts)
    # Ages are counted by the clock that gave the backups their times.
    now = cloud.now()
    young = find_young(wish.max_age, now, chosen, backups)
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
    return {"servers": rows, "summary": summarise(rows, wish.max_age)}


def read_memberships(cloud: t.Any) -> dict[str, Row]:
    """Return by server the policy that it is in: id, name and enabled.

    A row of the list that lacks the servers or the schedule's switch is read in full; there are few policies.
    """
    found: dict[str, Row] = {}
    for row in cloud.policies():
        sparse = row.get("resources") is None or operation_of(row).get("enabled") is None
        shape = policy_result((cloud.policy(row["id"]) or {}) if sparse else row)
        for member in shape["servers"]:
            found.setdefault(member["id"], {key: shape[key] for key in ("id", "name", "enabled")})
    return found


def good_backups(chosen: list[Row], backups: list[Row]) -> dict[str, list[Row]]:
    """Return the good backups of each chosen server, those of a policy and those made by hand."""
    good: dict[str, list[Row]] = {server["id"]: [] for server in chosen}
    # Pages move while others write, so a row may come twice.
    for row in {row["id"]: row for row in backups}.values():
        if row["status"] in GOOD and row["resource_id"] in good:
            good[row["resource_id"]].append(row)
    return good


def find_young(max_age: timedelta | None, now: datetime, chosen: list[Row], backups: list[Row]) -> t.Collection[str] | None:
    """Return the servers that csbs_backup with the same max_age would leave alone, None without max_age."""
    return None if max_age is None else find_done(max_age, None, now, chosen, backups)


def protection_result(
    server: Row, policy: Row | None, refusal: str | None, good: list[Row], last: Row | None, now: datetime, compliant: bool | None
) -> Row:
    """Return the protection of a server in the shape of results; last is the newest of its good backups."""
    moment = None if last is None else recovery_point(last)
    return {
        "id": server["id"],
        "name": server["name"],
        "policy": policy,
        "protectable": refusal is None,
        "reason": refusal,
        "last_backup": None if last is None else backup_result(last, names_of([server])),
        "backup_count": len(good),
        "size_mb": sum(size_of(row) or 0 for row in good),
        # A backup that is made meanwhile may be newer than the time that was told.
        "age_seconds": None if moment is None else max(int((now - moment).total_seconds()), 0),
        "compliant": compliant,
    }


def summarise(rows: list[Row], max_age: timedelta | None) -> dict[str, int | None]:
    """Return how many rows there are of each kind; what max_age decides is null without it."""
    protected = sum(1 for row in rows if row["policy"] and row["policy"]["enabled"])
    disabled = sum(1 for row in rows if row["policy"] and not row["policy"]["enabled"])
    compliant = sum(1 for row in rows if row["compliant"])
    return {
        "servers": len(rows),
        "protected": protected,
        "disabled": disabled,
        "unprotected": len(rows) - protected - disabled,
        "unprotectable": sum(1 for row in rows if not row["protectable"]),
        "never_backed_up": sum(1 for row in rows if row["last_backup"] is None),
        "compliant": None if max_age is None else compliant,
        "stale": None if max_age is None else len(rows) - compliant,
    }
