# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protection of a server as results show it."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .backup import USABLE, backup_result, recovery_point, size_of
from .selection import names_of

if t.TYPE_CHECKING:
    from .rows import Row


def good_backups(chosen: list[Row], backups: list[Row]) -> dict[str, list[Row]]:
    """Return the good backups of each chosen server, those of a policy and those made by hand."""
    good: dict[str, list[Row]] = {server["id"]: [] for server in chosen}
    # Pages move while others write, so a row may come twice.
    for row in {row["id"]: row for row in backups}.values():
        if row["status"] in USABLE and row["resource_id"] in good:
            good[row["resource_id"]].append(row)
    return good


def protection_result(
    server: Row,
    policy: Row | None,
    refusal: str | None,
    good: list[Row],
    last: Row | None,
    now: datetime,
    compliant: bool | None,
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
