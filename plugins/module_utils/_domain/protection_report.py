# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of the protection report: the audits of several projects as one."""

from __future__ import annotations

import typing as t

from .controls import TITLES
from .errors import InvalidInput
from .findings import TEXTS
from .migration_report import all_migrations, migration_of

if t.TYPE_CHECKING:
    from datetime import datetime

    Row = t.Mapping[str, t.Any]

#: Raised when a field of the document goes away or gets another meaning
SCHEMA = 1
_NOT_READ = {
    "kind": "cloud_not_read",
    "title": "Projects that could not be read",
    "remedy": "Nothing is known about the servers of this project. Remove the cause, and make the report again.",
}
_LISTS = ("services", "servers", "policies", "quotas", "vaults", "former_servers", "findings")
# What a result of csbs_audit_info has, so far as the document needs it
_FIELDS = (*_LISTS, "project", "audited_at", "summary", "controls", "growth", "unknown_servers")


def protection_report(audits: t.Sequence[Row], now: datetime) -> dict[str, t.Any]:
    """Return the document of a report from results of csbs_audit_info.

    Each of audits has cloud (a name or None), and either the result or, when it could not be read, msg. It may have
    migration, the result of csbs_migration_info or msg. now is the time of the report when no project could be read.
    Raises InvalidInput for a result of something else.
    """
    for audit in audits:
        missing = [key for key in _FIELDS if key not in audit] if "servers" in audit else []
        if missing:
            raise InvalidInput(f"a result has servers but no {', '.join(missing)}: it is not of csbs_audit_info")
    clouds = [_cloud(audit) for audit in audits]
    read = [audit for audit in audits if "servers" in audit]
    servers = [row for cloud in clouds for row in cloud["servers"]]
    met = sum(row["compliant"] is True for row in servers)
    passed = sum(row["passed"] for row in servers)
    complete = all(cloud["read"] for cloud in clouds)
    return {
        "schema": SCHEMA,
        "generated_at": min((audit["audited_at"] for audit in read), default=now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
        "verdict": "not_judged" if not servers else "met" if met == len(servers) and complete else "not_met",
        "complete": complete,
        "summary": {
            "clouds": len(clouds),
            "clouds_not_read": len(clouds) - len(read),
            "servers": len(servers),
            "recovery_point_met": met,
            "recovery_point_not_met": len(servers) - met,
            "passed": passed,
            "not_passed": len(servers) - passed,
            "findings": sum(len(finding["objects"]) for cloud in clouds for finding in cloud["findings"]),
            "backups": sum(row["backup_count"] for row in servers),
            "size_mb": sum(row["size_mb"] for row in servers),
        },
        "controls": _controls(read),
        "reasons": _reasons(servers),
        "unknown_servers": _unknown_everywhere(read),
        "growth": _growth(read),
        "findings": _findings(clouds),
        "migration": all_migrations(cloud["migration"] for cloud in clouds),
        "clouds": clouds,
    }


def _cloud(audit: Row) -> dict[str, t.Any]:
    if "servers" in audit:
        return {
            "cloud": audit["cloud"],
            "read": True,
            "error": None,
            **{key: audit[key] for key in ("project", "audited_at", "summary", *_LISTS)},
            "migration": migration_of(audit),
        }
    error = audit.get("msg") or "the task gives no reason"
    lost = {"id": None, "name": audit["cloud"], "detail": error}
    return {
        "cloud": audit["cloud"],
        "read": False,
        "error": error,
        "project": None,
        "audited_at": None,
        "summary": {"servers": 0, "recovery_point_met": 0, "passed": 0},
        **{key: [] for key in _LISTS},
        "findings": [{**_NOT_READ, "objects": [lost], "commands": []}],
        "migration": None,
    }


def _controls(audits: t.Iterable[Row]) -> list[dict[str, t.Any]]:
    """Return the controls of all audits, with the numbers of servers added up."""
    sums: dict[str, dict[str, t.Any]] = {}
    for audit in audits:
        for row in audit["controls"]:
            total = sums.setdefault(row["control"], {**row, "passed": 0, "failed": 0, "unknown": 0})
            for key in ("passed", "failed", "unknown"):
                total[key] += row[key]
    return [sums[name] for name in TITLES if name in sums]


def _reasons(servers: t.Iterable[Row]) -> list[dict[str, t.Any]]:
    """Return why promises are not kept, each with its number of servers, the most frequent first."""
    counts: dict[str, int] = {}
    for row in servers:
        if row["compliant"] is True:
            continue
        if row["compliant"] is None:
            reason = "the promise cannot be read"
        elif row["last_backup"] is None:
            reason = "there is no good backup"
        elif row["age_seconds"] is None:
            reason = "the last good backup has no time"
        else:
            reason = "the last good backup is too old"
        counts[reason] = counts.get(reason, 0) + 1
    return [{"reason": reason, "servers": count} for reason, count in sorted(counts.items(), key=lambda item: -item[1])]


def _unknown_everywhere(audits: t.Sequence[Row]) -> list[str]:
    """Return the servers that were named and that none of the clouds has."""
    first, *others = [audit["unknown_servers"] for audit in audits] or [[]]
    everywhere = set(first).intersection(*others)
    return [server for server in first if server in everywhere]


def _growth(audits: t.Sequence[Row]) -> list[dict[str, t.Any]]:
    """Return the growth of all audits, added up by day, for as many days as one of them has."""
    series = [{row["date"]: row for row in audit["growth"]} for audit in audits]
    days = sorted({day for rows in series for day in rows})
    start = len(days) - max(map(len, series), default=0)
    growth = []
    for day in days[start:]:
        # Midnight may come between two audits: the earlier one has no row of the last day.
        rows = [found[max((known for known in found if known <= day), default=min(found))] for found in series if found]
        growth.append({"date": day, **{key: sum(row[key] for row in rows) for key in ("backups", "size_mb")}})
    return growth


def _findings(clouds: t.Iterable[Row]) -> list[dict[str, t.Any]]:
    """Return the kinds of findings of all clouds, each with the number of its objects."""
    kinds: dict[str, dict[str, t.Any]] = {}
    for cloud in clouds:
        for finding in cloud["findings"]:
            kind = kinds.setdefault(
                finding["kind"], {key: finding[key] for key in ("kind", "title", "remedy")} | {"count": 0}
            )
            kind["count"] += len(finding["objects"])
    order = {kind: number for number, kind in enumerate(TEXTS)}
    return sorted(kinds.values(), key=lambda row: order.get(row["kind"], -1))
