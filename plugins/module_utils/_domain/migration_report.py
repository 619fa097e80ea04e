# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the protection report says about the way from CSBS to CBR: of each project, and of all of them."""

from __future__ import annotations

import typing as t

from .errors import InvalidInput

Row = t.Mapping[str, t.Any]

STATES = ("csbs", "moving", "cbr", "none")
_FIELDS = ("policies", "servers")


def migration_of(audit: Row) -> dict[str, t.Any] | None:
    """Return where the servers of an audit are, None if the project has nothing in policies of CSBS.

    audit has migration: None if it was not asked for, a result of csbs_migration_info, or msg when it could not be
    read. The plan may know more servers than the audit. Raises InvalidInput for a result of something else.
    """
    plan = audit.get("migration")
    if plan is None:
        return None
    if "servers" not in plan:
        return _document(plan.get("msg") or "the task gives no reason", [], [])
    missing = [key for key in _FIELDS if key not in plan]
    if missing:
        raise InvalidInput(f"a plan has servers but no {', '.join(missing)}: it is not of csbs_migration_info")
    judged = {row["id"] for row in audit["servers"]}
    shown = {row["id"] for row in audit["policies"]}
    servers = [row for row in plan["servers"] if row["id"] in judged]
    policies = [
        _policy(row)
        for row in plan["policies"]
        if row["id"] in shown or any(server["id"] in judged for server in row["servers"])
    ]
    # The policy that a server on its way has left may be gone.
    if not policies and not any(row["state"] == "moving" for row in servers):
        return None
    return _document(None, policies, servers)


def _policy(row: Row) -> dict[str, t.Any]:
    states = [server["state"] for server in row["servers"]]
    # What holds for servers that are to move says nothing any more when all of them are over.
    to_move = "csbs" in states or "moving" in states
    return {
        **{key: row[key] for key in ("id", "name", "state")},
        "target": {key: row["target"][key] for key in ("id", "name")},
        "servers": {state: states.count(state) for state in STATES[:3]},
        "losses": row["losses"] if to_move else [],
        "blockers": row["blockers"] if to_move else [],
    }


def _document(error: str | None, policies: list[dict[str, t.Any]], servers: list[Row]) -> dict[str, t.Any]:
    states = [row["state"] for row in servers]
    return {
        "read": error is None,
        "error": error,
        "summary": {
            "servers": {state: states.count(state) for state in STATES},
            "done": sum(row["done"] for row in servers),
            "not_ready": sum(row["reason"] is not None for row in servers),
            "blocked": sum(bool(policy["blockers"]) for policy in policies),
        },
        "policies": policies,
        "servers": servers,
    }


def all_migrations(migrations: t.Iterable[Row | None]) -> dict[str, t.Any] | None:
    """Return the numbers of all projects, None if none of them is on the way."""
    found = [one for one in migrations if one is not None]
    if not found:
        return None
    sums = [one["summary"] for one in found]
    return {
        "complete": all(one["read"] for one in found),
        "servers": {state: sum(one["servers"][state] for one in sums) for state in STATES},
        **{key: sum(one[key] for one in sums) for key in ("done", "not_ready", "blocked")},
    }
