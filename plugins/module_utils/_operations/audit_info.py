# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_audit_info: its options, and what it reads and judges."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .._cloud.find_policy import complete_policies, lacks_fields
from .._cloud.tags import add_tags
from .._domain.audited_policy import audited_policy
from .._domain.backup import USABLE, backup_result, fail_reason, images_of, newest, recovery_point, size_of
from .._domain.controls import PASS, TITLES, Controls, Facts, Promise, judge, judge_room, parse_controls, promise_to
from .._domain.errors import InvalidInput
from .._domain.findings import Subjects, find
from .._domain.freshness import find_done
from .._domain.history import growth_of, history_of
from .._domain.policy import policy_result
from .._domain.protectability import unprotectable
from .._domain.protection import good_backups, protection_result
from .._domain.quota import quota_result
from .._domain.selection import names_of, once, parse_filters, parse_refs
from .._domain.server_lookup import choose_servers, servers_of_backups
from .._domain.times import format_time, parse_time

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, ServerRow

    Result = dict[str, t.Any]

_MB_PER_GB = 1024


class AuditInfoOptions(t.NamedTuple):
    """The options of csbs_audit_info in normal form. Empty filters match every server."""

    servers: list[str] | None
    filters: dict[str, t.Any] | None
    ignore_unknown: bool
    controls: Controls
    max_age_key: str | None
    restore_tested_key: str


class _Estate(t.NamedTuple):
    """What is read of a project."""

    servers: list[ServerRow]
    chosen: list[ServerRow]
    #: Of the chosen servers, or of the whole project when all servers are chosen
    policies: list[Result]
    policy_of: dict[str, Result]
    quotas: list[Result]
    backups: list[BackupRow]
    former: list[Result]
    now: datetime


def parse_options(params: dict[str, t.Any]) -> AuditInfoOptions:
    """Return the options in normal form. Raises InvalidInput."""
    servers, filters = parse_refs("servers", params["servers"]), parse_filters(params["server_filters"])
    key = params["restore_tested_key"].strip()
    if not key:
        raise InvalidInput("restore_tested_key: the key is empty; leave the option out or name a key of the metadata")
    return AuditInfoOptions(
        servers=servers,
        filters={} if servers is None and filters is None else filters,
        ignore_unknown=params["ignore_unknown_servers"],
        controls=parse_controls("controls", params["controls"]),
        max_age_key=(params["max_age_key"] or "").strip() or None,
        restore_tested_key=key,
    )


def read(options: AuditInfoOptions, cloud: Cloud) -> Result:
    """Return how the chosen servers fare, from as few lists for many as for one."""
    servers = cloud.servers()
    known = {text for row in servers for text in (row["id"], row["name"])}
    unknown = [ref for ref in options.servers or [] if ref not in known] if options.ignore_unknown else []
    refs = None if options.servers is None else [ref for ref in options.servers if ref not in unknown]
    chosen = choose_servers(refs, options.filters, servers)
    estate = _read_estate(servers, chosen, cloud, whole=options.filters == {})
    facts, rows = _judge(options, estate, cloud)
    room = next((one.room for one in facts.values()), None) if options.controls.room else None
    subjects = Subjects(rows, facts, estate.policies, estate.quotas, room, estate.former, _held(estate))
    keys = {"max_age": options.max_age_key, "restore_tested": options.restore_tested_key}
    good = [row for rows in good_backups(chosen, estate.backups).values() for row in rows]
    return {
        "servers": rows,
        "policies": estate.policies,
        "quotas": estate.quotas,
        "former_servers": [{key: row[key] for key in ("id", "name", "backups", "size_mb")} for row in estate.former],
        "growth": growth_of(good, estate.now.date()),
        "findings": find(subjects, options.controls, keys),
        "controls": _count_controls(options.controls, rows),
        "summary": {
            "servers": len(rows),
            "recovery_point_met": sum(row["compliant"] is True for row in rows),
            "passed": sum(row["passed"] for row in rows),
        },
        "unknown_servers": unknown,
        "project": cloud.project(),
        "audited_at": format_time(estate.now.isoformat()),
    }


def _read_estate(servers: list[ServerRow], chosen: list[ServerRow], cloud: Cloud, whole: bool) -> _Estate:
    names, ids = names_of(servers), {server["id"] for server in chosen}
    complete = complete_policies(cloud.policies(), lacks_fields, cloud.policy)
    results = [policy_result(row, names) for row in complete]
    now = cloud.now()
    policies, policy_of = [], {}
    for result in results:
        members = [member["id"] for member in result["servers"] if member["id"] in ids]
        if whole or members:
            policies.append(audited_policy(result, now))
            policy_of.update({member: policies[-1] for member in members if member not in policy_of})
    backups = list(once(cloud.backups()))
    return _Estate(
        servers,
        chosen,
        policies,
        policy_of,
        [quota_result(row) for row in cloud.quotas()],
        backups,
        _former_servers(servers, backups, cloud) if whole else [],
        # The time is read after the backups: none of them is younger.
        cloud.now(),
    )


def _former_servers(servers: list[ServerRow], backups: list[BackupRow], cloud: Cloud) -> list[Result]:
    """Return the servers that no longer exist and have good backups."""
    left: dict[str, list[BackupRow]] = {}
    present = {server["id"] for server in servers}
    for row in backups:
        if row["resource_id"] not in present and row["status"] in USABLE:
            left.setdefault(row["resource_id"], []).append(row)
    if left:
        # A server that was created after the first list must not be taken for one that is gone.
        for server in cloud.servers():
            left.pop(server["id"], None)
    labels = {ref["id"]: ref["name"] for ref in servers_of_backups(row for rows in left.values() for row in rows)}
    return [
        {
            "id": server_id,
            "name": labels.get(server_id),
            "backups": len(rows),
            "size_mb": sum(size_of(row) or 0 for row in rows),
            "backup_ids": [row["id"] for row in rows],
        }
        for server_id, rows in left.items()
    ]


def _judge(options: AuditInfoOptions, estate: _Estate, cloud: Cloud) -> tuple[dict[str, Facts], list[Result]]:
    """Return by server ID what the chosen servers are judged by, and their rows."""
    chosen, now = estate.chosen, estate.now
    if not chosen:
        return {}, []
    good = good_backups(chosen, estate.backups)
    last = {server_id: newest(rows) for server_id, rows in good.items()}
    add_tags(cloud, [row for row in last.values() if row is not None], "backup")
    failed = _failed_backups(chosen, estate.backups)
    refusals = unprotectable(chosen, cloud.protectable([server["id"] for server in chosen]))
    promises = {
        server["id"]: promise_to(server["metadata"], options.max_age_key, options.controls.max_age) for server in chosen
    }
    done = _compliant(chosen, promises, estate)
    sizes = sum(size_of(row) or 0 for row in last.values() if row is not None)
    room = judge_room(estate.quotas, {"backups": len(chosen), "backup_capacity": -(-sizes // _MB_PER_GB)})
    facts, rows = {}, []
    for server in chosen:
        server_id = server["id"]
        policy, promise = estate.policy_of.get(server_id), promises[server_id]
        protection = protection_result(
            server,
            policy and {key: policy[key] for key in ("id", "name", "enabled")},
            refusals.get(server_id),
            good[server_id],
            last[server_id],
            now,
            None if promise.max_age is None else server_id in done,
        )
        failures = _failed_since(last[server_id], failed[server_id])
        failure = newest(failures)
        facts[server_id] = Facts(
            protection,
            promise,
            policy,
            len(failures),
            "" if failure is None else fail_reason(failure),
            room,
            str(server["metadata"].get(options.restore_tested_key) or "").strip(),
            now,
        )
        history = history_of(good[server_id], failed[server_id], now.date())
        rows.append(_row(options.controls, facts[server_id], history))
    return facts, rows


def _row(controls: Controls, facts: Facts, history: str) -> Result:
    promise, judgements = facts.promise, judge(controls, facts)
    return {
        **facts.protection,
        "max_age_seconds": None if promise.max_age is None else int(promise.max_age.total_seconds()),
        "promised_by": "controls" if promise.own is None else "metadata",
        "failed_backups": facts.failures,
        "controls": judgements,
        "passed": all(judgement["result"] == PASS for judgement in judgements.values()),
        "history": history,
    }


def _failed_backups(chosen: list[ServerRow], backups: list[BackupRow]) -> dict[str, list[BackupRow]]:
    failed: dict[str, list[BackupRow]] = {server["id"]: [] for server in chosen}
    for row in backups:
        if row["resource_id"] in failed and _has_failed(row):
            failed[row["resource_id"]].append(row)
    return failed


def _has_failed(row: BackupRow) -> bool:
    # A backup whose deletion failed has this status as well.
    return row["status"] == "error" and (row.get("extend_info") or {}).get("fail_op") != "delete"


def _failed_since(last: BackupRow | None, failed: list[BackupRow]) -> list[BackupRow]:
    moment = None if last is None else recovery_point(last)
    if moment is None:
        return failed
    return [row for row in failed if (parse_time(row.get("created_at")) or moment) > moment]


def _compliant(chosen: list[ServerRow], promises: dict[str, Promise], estate: _Estate) -> set[str]:
    """Return the IDs of the servers whose promise is kept, as csbs_backup with the same max_age decides it."""
    by_server: dict[str, list[BackupRow]] = {}
    for row in estate.backups:
        by_server.setdefault(row["resource_id"], []).append(row)
    by_promise: dict[timedelta, list[ServerRow]] = {}
    for server in chosen:
        promise = promises[server["id"]].max_age
        if promise is not None:
            by_promise.setdefault(promise, []).append(server)
    done: set[str] = set()
    for promise, servers in by_promise.items():
        rows = [row for server in servers for row in by_server.get(server["id"], [])]
        done.update(find_done(promise, None, estate.now, servers, rows))
    return done


def _held(estate: _Estate) -> list[Result]:
    ids, names = {server["id"] for server in estate.chosen}, names_of(estate.servers)
    rows = [row for row in estate.backups if row["resource_id"] in ids and images_of(row)]
    return [backup_result(row, names) for row in rows]


def _count_controls(controls: Controls, rows: list[Result]) -> list[Result]:
    counts = []
    for name, title in TITLES.items():
        if getattr(controls, name):
            results = [row["controls"][name]["result"] for row in rows]
            counts.append(
                {
                    "control": name,
                    "title": title,
                    "passed": results.count("pass"),
                    "failed": results.count("fail"),
                    "unknown": results.count("unknown"),
                }
            )
    return counts
