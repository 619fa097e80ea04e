# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protection of a server as results show it."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .backup import USABLE, backup_result, recovery_point, size_of
from .selection import names_of, once

if t.TYPE_CHECKING:
    from .rows import BackupRow, PolicyRow, ServerRow, VaultRow

    Policy = t.TypeVar("Policy", bound=t.Mapping[str, t.Any])


def by_holder(policies: t.Iterable[tuple[Policy, t.Iterable[str]]]) -> dict[str, Policy]:
    """Return by server ID the policy that holds the server; policies come with the IDs of their servers.

    In the middle of a migration, policies of two services may hold a server for a moment. Then an enabled one counts
    before a disabled one, and the first before the others.
    """
    holders: dict[str, Policy] = {}
    for policy, server_ids in policies:
        for server_id in server_ids:
            other = holders.get(server_id)
            if other is None or (policy["enabled"] and not other["enabled"]):
                holders[server_id] = policy
    return holders


def vaults_by_server(rows: t.Iterable[PolicyRow]) -> dict[str, VaultRow]:
    """Return by server ID the vault that holds the server; rows are policies, and places outside of policies."""
    return {member["id"]: vault for row in rows for vault in row.get("vaults") or () for member in vault["members"]}


def service_of(services: t.Sequence[str], policy: t.Mapping[str, t.Any] | None, last: str | None) -> str | None:
    """Return the service of a server: the only one that was read, or that of its policy, or that of its last backup.

    None when several services were read, and the server is in no policy and has no backup.
    """
    if len(services) == 1:
        return services[0]
    return last if policy is None else str(policy["service"])


def good_backups(servers: t.Iterable[ServerRow], backups: t.Iterable[BackupRow]) -> dict[str, list[BackupRow]]:
    """Return the usable backups of each server by its ID, made by a policy or by hand."""
    good: dict[str, list[BackupRow]] = {server["id"]: [] for server in servers}
    for row in once(backups):
        if row["status"] in USABLE and row["resource_id"] in good:
            good[row["resource_id"]].append(row)
    return good


def protection_result(
    server: ServerRow,
    policy: t.Mapping[str, t.Any] | None,
    refusal: str | None,
    good: list[BackupRow],
    last: BackupRow | None,
    now: datetime,
    compliant: bool | None,
    service: str | None = None,
    vault: VaultRow | None = None,
) -> dict[str, t.Any]:
    """Return the protection of a server in the shape of results.

    policy is the one that the server is in (id, name, enabled). refusal says why it cannot be backed up. good are its
    usable backups, and last is the newest of them, with its tags. compliant is None without an age to compare with.
    vault tells the size of the backups in it, which have no size of their own.
    """
    moment = None if last is None else recovery_point(last)
    return {
        "id": server["id"],
        "name": server["name"],
        "service": service,
        "policy": None if policy is None else {key: policy[key] for key in ("id", "name", "enabled")},
        "protectable": refusal is None,
        "reason": refusal,
        "last_backup": None if last is None else backup_result(last, names_of([server])),
        "backup_count": len(good),
        "size_mb": sum(size_of(row) or 0 for row in good) + size_in(vault, server["id"]),
        # A backup may be made between the reading of the time and of the backups.
        "age_seconds": None if moment is None else max(int((now - moment).total_seconds()), 0),
        "compliant": compliant,
    }


def size_in(vault: VaultRow | None, server_id: str) -> int:
    """Return the size (MB) of all backups of a server in a vault."""
    return sum(one["backups_mb"] for one in (vault["members"] if vault else ()) if one["id"] == server_id)


def summarise(results: list[dict[str, t.Any]], max_age: timedelta | None) -> dict[str, int | None]:
    """Return the number of protection results of each kind; compliant and stale are None without max_age."""
    protected = sum(1 for result in results if result["policy"] and result["policy"]["enabled"])
    disabled = sum(1 for result in results if result["policy"] and not result["policy"]["enabled"])
    compliant = sum(1 for result in results if result["compliant"])
    return {
        "servers": len(results),
        "protected": protected,
        "disabled": disabled,
        "unprotected": len(results) - protected - disabled,
        "unprotectable": sum(1 for result in results if not result["protectable"]),
        "never_backed_up": sum(1 for result in results if result["last_backup"] is None),
        "compliant": None if max_age is None else compliant,
        "stale": None if max_age is None else len(results) - compliant,
    }
