# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a policy run by hand."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import timedelta

from .._domain.backup import backup_result
from .._domain.policy import members_of, policy_result
from .._domain.selection import names_of, server_refs
from .backup import UNNAMED
from .plan import Call, Plan
from .recovery import running_run, started_run


@dataclass(frozen=True)
class RunOptions:
    """The options of csbs_policy_run in normal form."""

    policy: str
    servers: list[str] | None = None
    filters: dict[str, t.Any] | None = None
    max_age: timedelta | None = None
    wait: bool = True
    poll_interval: float = 10


def plan_run(
    options: RunOptions,
    policy: dict[str, t.Any],
    chosen: list[dict[str, t.Any]],
    rows: list[dict[str, t.Any]],
    done: dict[str, dict[str, t.Any]],
    refusals: dict[str, str],
) -> Plan:
    """Return the plan that backs up every chosen member that is neither done nor refused, with one run of the policy."""
    names = names_of(chosen)
    ready = [server for server in chosen if server["id"] not in done and server["id"] not in refusals]
    planned = {server["id"]: backup_result(_planned_row(server, policy)) for server in ready}
    calls = (
        (_run_call(options, policy, [server["id"] for server in ready], frozenset(row["id"] for row in rows)),)
        if ready
        else ()
    )
    known = policy_result(policy)
    return Plan(
        calls,
        {"backups": []},
        {
            "backups": [
                {"name": UNNAMED, "server": planned[key]["server"], "tags": planned[key]["tags"]} for key in planned
            ]
        },
        {
            "backups": [
                planned.get(one["id"]) or backup_result(done[one["id"]], names)
                for one in chosen
                if one["id"] not in refusals
            ],
            "policy": {key: known[key] for key in ("id", "name", "enabled")},
            "servers": server_refs(chosen),
        },
        context={"policy": policy, "chosen": chosen, "ready": ready, "done": done, "refusals": refusals},
    )


def _run_call(options: RunOptions, policy: dict[str, t.Any], ready: list[str], known: frozenset[str]) -> Call:
    arguments: dict[str, t.Any] = {"policy": policy["id"]}
    if set(ready) != {one["id"] for one in members_of(policy)}:
        arguments["servers"] = ready
    return Call(
        f"run backup policy {policy['name']!r}",
        "run_policy",
        arguments,
        find_effect=started_run(policy["id"], ready, known),
        # The run that keeps the policy busy may be too new to have been listed, and make all that is wanted.
        find_existing=None if options.max_age is None else running_run(policy["id"], ready, known),
    )


def _planned_row(server: dict[str, t.Any], policy: dict[str, t.Any]) -> dict[str, t.Any]:
    info = {"resource_name": server["name"], "auto_trigger": False}
    return {"resource_id": server["id"], "tags": policy.get("tags") or [], "extend_info": info}
