# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_policy_run: which servers of a policy are to be backed up now, and the one call that does it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ._backup import UNNAMED, find_done, unprotectable
from ._backup_shape import backup_result
from ._backup_tags import add_tags
from ._errors import explain
from ._plan import Call, Plan
from ._policy_server import find_policy, wanted_policy
from ._policy_shape import members_of, policy_result
from ._rules import InvalidInput
from ._selection import brief, choose_servers, names_of, wanted_filters, wanted_keys
from ._times import parse_age

_GONE = "DELETED"


@dataclass(frozen=True)
class RunWish:
    """The options of csbs_policy_run in normal form."""

    policy: str
    servers: list[str] | None = None
    filters: dict[str, t.Any] | None = None
    max_age: timedelta | None = None
    wait: bool = True
    poll_interval: float = 10


def wish_run(params: dict[str, t.Any], now: datetime) -> RunWish:
    """Return what the options of csbs_policy_run ask for; raises InvalidInput before anything is sent."""
    return RunWish(
        wanted_policy(params["policy"]),
        wanted_keys("servers", params["servers"]),
        wanted_filters(params["server_filters"]),
        None if params["max_age"] is None else parse_age("max_age", params["max_age"]),
        params["wait"],
        params["poll_interval"],
    )


def plan_run_task(wish: RunWish, cloud: t.Any) -> Plan:
    """Read what a run needs to know and return its plan."""
    policy = find_policy(wish.policy, cloud.policies(), cloud)
    if policy is None:
        raise InvalidInput(f"policy: no such policy: {wish.policy!r}")
    if not members_of(policy) and wish.servers is None and wish.filters is None:
        raise explain(f"run backup policy {policy['name']!r}", None, {"error_code": "CSBS.6032"}, None)
    chosen = choose_members(wish, policy, cloud.servers())
    rows = _existing(wish, policy, chosen, cloud)
    # Ages are counted by the clock that gave the backups their times.
    done = find_done(wish.max_age, None, cloud.now(), chosen, rows)
    to_back_up = [server for server in chosen if server["id"] not in done]
    refusals = unprotectable(to_back_up, cloud.protectable([server["id"] for server in to_back_up]))
    if to_back_up and len(refusals) == len(to_back_up):
        lines = "; ".join(describe_refusal(server, refusals[server["id"]]) for server in to_back_up)
        raise InvalidInput(f"servers: none of those that need a backup can be backed up, and policy {policy['name']!r} was not run. {lines}")
    add_tags(cloud, list(done.values()))
    return plan_run(wish, policy, chosen, rows, done, refusals)


def describe_refusal(server: dict[str, t.Any], reason: str) -> str:
    """Return how messages say why a server has no backup."""
    return f"{server['name']!r} ({server['id']}): {reason}"


def choose_members(wish: RunWish, policy: dict[str, t.Any], servers: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return the members of a policy that are to be run: as listed or filtered, or else all.

    Raises InvalidInput naming every server that is no member; a run cannot back up others.
    """
    by_id = {server["id"]: server for server in servers}
    members = {
        one["id"]: by_id.get(one["id"]) or {"id": one["id"], "name": one["name"] or one["id"], "status": _GONE} for one in members_of(policy)
    }
    if wish.servers is None and wish.filters is None:
        return list(members.values())
    named = choose_servers(wish.servers, None, servers, known=members.values())
    strangers = [server for server in named if server["id"] not in members]
    if strangers:
        names = ", ".join(f"{server['name']!r} ({server['id']})" for server in strangers)
        raise InvalidInput(f"servers: not in policy {policy['name']!r}, which can back up its own servers only: {names}")
    matching = choose_servers(None, wish.filters, [server for server in servers if server["id"] in members])
    return list({server["id"]: server for server in (*named, *matching)}.values())


def _existing(wish: RunWish, policy: dict[str, t.Any], chosen: list[dict[str, t.Any]], cloud: t.Any) -> list[dict[str, t.Any]]:
    """Return the backups that may make a run needless, or else those that must not be taken for its own."""
    if not chosen:
        return []
    query: dict[str, t.Any] = {"policy_id": policy["id"]} if wish.max_age is None else {}
    if len(chosen) == 1:
        query["resource_id"] = chosen[0]["id"]
    rows: list[dict[str, t.Any]] = cloud.backups(**query)
    return rows


def plan_run(
    wish: RunWish,
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
    calls = (_run_call(wish, policy, [server["id"] for server in ready], frozenset(row["id"] for row in rows)),) if ready else ()
    known = policy_result(policy)
    return Plan(
        calls,
        {"backups": []},
        {"backups": [{"name": UNNAMED, "server": planned[key]["server"], "tags": planned[key]["tags"]} for key in planned]},
        {
            "backups": [planned.get(one["id"]) or backup_result(done[one["id"]], names) for one in chosen if one["id"] not in refusals],
            "policy": {key: known[key] for key in ("id", "name", "enabled")},
            "servers": brief(chosen),
        },
        context={"policy": policy, "chosen": chosen, "ready": ready, "done": done, "refusals": refusals},
    )


def _run_call(wish: RunWish, policy: dict[str, t.Any], ready: list[str], known: frozenset[str]) -> Call:
    arguments: dict[str, t.Any] = {"policy": policy["id"]}
    if set(ready) != {one["id"] for one in members_of(policy)}:
        arguments["servers"] = ready
    sought: dict[str, t.Any] = {"policy_id": policy["id"], "server_ids": ready, "known": known}
    return Call(
        f"run backup policy {policy['name']!r}",
        "execute_policy",
        arguments,
        recover=("started_run", sought),
        # The run that keeps the policy busy may be too new to have been listed, and make all that is wanted.
        meanwhile=None if wish.max_age is None else ("running_run", sought),
    )


def _planned_row(server: dict[str, t.Any], policy: dict[str, t.Any]) -> dict[str, t.Any]:
    info = {"resource_name": server["name"], "auto_trigger": False}
    return {"resource_id": server["id"], "tags": policy.get("tags") or [], "extend_info": info}
