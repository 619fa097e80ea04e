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
from .._domain.backup import USABLE, backup_result, by_server, fail_reason, images_of, newest, recovery_point, size_of
from .._domain.commands import Commands
from .._domain.controls import PASS, TITLES, Controls, Facts, judge, judge_room, parse_controls, promise_to
from .._domain.errors import InvalidInput
from .._domain.findings import Subjects, find
from .._domain.freshness import find_done
from .._domain.history import growth_of, history_of
from .._domain.limits import as_text
from .._domain.policy import members_of
from .._domain.protectability import unprotectable
from .._domain.protection import good_backups, protection_result
from .._domain.quota import quota_result
from .._domain.selection import names_of, once, parse_filters, parse_refs
from .._domain.server_lookup import choose_servers, servers_of_backups
from .._domain.times import format_time, parse_time

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.controls import Judgement, Promise
    from .._domain.rows import BackupRow, ServerRow

    Result = dict[str, t.Any]

_MB_PER_GB = 1024


class AuditInfoOptions(t.NamedTuple):
    """The options of csbs_audit_info in normal form. Empty filters match every server."""

    cloud: str | None
    servers: list[str] | None
    filters: dict[str, t.Any] | None
    ignore_unknown: bool
    controls: Controls
    max_age_key: str | None
    restore_tested_key: str

    @property
    def whole(self) -> bool:
        """Whether every server of the project is judged."""
        return self.filters == {}


class _Estate(t.NamedTuple):
    """What is read of a project, by server ID where it belongs to a chosen server."""

    servers: list[ServerRow]
    chosen: list[ServerRow]
    #: All of the project, as an audit shows them
    policies: list[Result]
    policy_of: dict[str, Result]
    quotas: list[Result]
    backups: list[BackupRow]
    backups_of: dict[str, list[BackupRow]]
    good: dict[str, list[BackupRow]]
    last: dict[str, BackupRow | None]
    failed: dict[str, list[BackupRow]]
    refusals: dict[str, str]
    #: With backup_ids, those of the backups that no image holds; empty unless all servers are chosen
    former: list[Result]
    now: datetime


def parse_options(params: dict[str, t.Any]) -> AuditInfoOptions:
    """Return the options in normal form. Raises InvalidInput."""
    servers, filters = parse_refs("servers", params["servers"]), parse_filters(params["server_filters"])
    restore_tested_key = _parse_key("restore_tested_key", params["restore_tested_key"])
    if restore_tested_key is None:
        raise InvalidInput("restore_tested_key: the key is empty; leave the option out or name a key of the metadata")
    return AuditInfoOptions(
        # A login that is given in full stands in no file, so no command can name it.
        cloud=params["cloud"] if isinstance(params.get("cloud"), str) else None,
        servers=servers,
        filters={} if servers is None and filters is None else filters,
        ignore_unknown=params["ignore_unknown_servers"],
        controls=parse_controls("controls", params["controls"]),
        max_age_key=_parse_key("max_age_key", params["max_age_key"]),
        restore_tested_key=restore_tested_key,
    )


def _parse_key(option: str, key: str | None) -> str | None:
    """Return a key of metadata, None for a blank one. Raises InvalidInput for one that no command can hold."""
    text = (key or "").strip()
    if not text.isprintable() or "=" in text:
        raise InvalidInput(f"{option}: {key!r} holds an equals sign or a character that cannot be printed")
    return text or None


def read(options: AuditInfoOptions, cloud: Cloud) -> Result:
    """Return how the chosen servers fare, from as few lists for many as for one."""
    servers = cloud.servers()
    unknown = _unknown_refs(options, servers)
    refs = None if options.servers is None else [ref for ref in options.servers if ref not in unknown]
    estate = _read_estate(servers, choose_servers(refs, options.filters, servers), cloud, options.whole)
    room, facts = _facts_of(options, estate)
    rows = [
        _row(options.controls, one, history_of(estate.good[server_id], estate.failed[server_id], estate.now.date()))
        for server_id, one in facts.items()
    ]
    shown = {policy["id"] for policy in estate.policy_of.values()}
    policies = [policy for policy in estate.policies if options.whole or policy["id"] in shown]
    subjects = Subjects(
        controls=options.controls,
        max_age_key=options.max_age_key,
        restore_tested_key=options.restore_tested_key,
        commands=Commands(options.cloud),
        servers=rows,
        facts=facts,
        policies=policies,
        all_policies=estate.policies,
        quotas=estate.quotas,
        room=room if rows and options.controls.room else None,
        former=estate.former,
        held=_held(options, estate),
    )
    return {
        "servers": rows,
        "policies": policies,
        "quotas": estate.quotas,
        "former_servers": [{key: row[key] for key in ("id", "name", "backups", "size_mb")} for row in estate.former],
        "growth": growth_of((row for good in estate.good.values() for row in good), estate.now.date()),
        "findings": find(subjects),
        "controls": _count_controls(options.controls, rows),
        "summary": {
            "servers": len(rows),
            "recovery_point_met": sum(row["compliant"] is True for row in rows),
            "passed": sum(row["passed"] for row in rows),
        },
        "unknown_servers": list(unknown),
        "project": cloud.project(),
        "audited_at": format_time(estate.now.isoformat()),
    }


def _unknown_refs(options: AuditInfoOptions, servers: list[ServerRow]) -> dict[str, None]:
    """Return in order the servers that are named, that no server is, and that are to be left out."""
    known = {text for row in servers for text in (row["id"], row["name"])}
    return dict.fromkeys(ref for ref in options.servers or [] if options.ignore_unknown and ref not in known)


# ========== What is read ==========
def _read_estate(servers: list[ServerRow], chosen: list[ServerRow], cloud: Cloud, whole: bool) -> _Estate:
    rows = complete_policies(once(cloud.policies()), lacks_fields, cloud.policy)
    backups = once(cloud.backups())
    backups_of = by_server(backups)
    former = _former_servers(servers, backups_of, cloud) if whole else []
    good = good_backups(chosen, backups)
    last = {server_id: newest(found) for server_id, found in good.items()}
    add_tags(cloud, [row for row in last.values() if row is not None], "backup")
    verdicts = cloud.protectable([server["id"] for server in chosen]) if chosen else {}
    quotas = [quota_result(row) for row in cloud.quotas()]
    # The time is read after the backups: none of them is younger.
    now = cloud.now()
    policies = [audited_policy(row, now) for row in rows]
    policy_of: dict[str, Result] = {}
    for row, policy in zip(rows, policies):
        for member in members_of(row):
            if member["id"] in good:
                policy_of.setdefault(member["id"], policy)
    return _Estate(
        servers=servers,
        chosen=chosen,
        policies=policies,
        policy_of=policy_of,
        quotas=quotas,
        backups=backups,
        backups_of=backups_of,
        good=good,
        last=last,
        failed={one["id"]: [row for row in backups_of.get(one["id"], []) if _has_failed(row)] for one in chosen},
        refusals=unprotectable(chosen, verdicts),
        former=former,
        now=now,
    )


def _former_servers(servers: list[ServerRow], backups_of: dict[str, list[BackupRow]], cloud: Cloud) -> list[Result]:
    """Return the servers that no longer exist and have good backups."""
    present = {server["id"] for server in servers}
    left = {
        server_id: good
        for server_id, rows in backups_of.items()
        if server_id not in present and (good := [row for row in rows if row["status"] in USABLE])
    }
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
            "backup_ids": [row["id"] for row in rows if not images_of(row)],
        }
        for server_id, rows in left.items()
    ]


def _has_failed(row: BackupRow) -> bool:
    # A backup whose deletion failed has this status as well.
    return row["status"] == "error" and (row.get("extend_info") or {}).get("fail_op") != "delete"


def _held(options: AuditInfoOptions, estate: _Estate) -> list[Result]:
    """Return the backups that images hold; those of former servers too, if all servers are chosen."""
    names = names_of(estate.servers)
    rows = [row for row in estate.backups if images_of(row) and (options.whole or row["resource_id"] in estate.good)]
    return [backup_result(row, names) for row in rows]


# ========== How it is judged ==========
def _facts_of(options: AuditInfoOptions, estate: _Estate) -> tuple[Judgement, dict[str, Facts]]:
    """Return whether the quotas have room, and by server ID what the chosen servers are judged by."""
    promises = {
        server["id"]: promise_to(server["metadata"], options.max_age_key, options.controls.max_age)
        for server in estate.chosen
    }
    done = _kept_promises(promises, estate)
    sizes = {server_id: None if last is None else size_of(last) for server_id, last in estate.last.items()}
    # Each backup needs some room, also when its size is not known.
    size_gb = max(-(-sum(size or 0 for size in sizes.values()) // _MB_PER_GB), 1)
    room, room_of_unknown = (
        judge_room(estate.quotas, len(estate.chosen), size_gb, size_known=known) for known in (True, False)
    )
    facts = {
        server["id"]: _facts(
            options,
            estate,
            server,
            promises[server["id"]],
            server["id"] in done,
            room_of_unknown if sizes[server["id"]] is None else room,
        )
        for server in estate.chosen
    }
    return room, facts


def _facts(
    options: AuditInfoOptions, estate: _Estate, server: ServerRow, promise: Promise, done: bool, room: Judgement
) -> Facts:
    server_id = server["id"]
    policy, last = estate.policy_of.get(server_id), estate.last[server_id]
    failures = _failed_since(last, estate.failed[server_id])
    failure = newest(failures)
    return Facts(
        protection=protection_result(
            server,
            policy and {key: policy[key] for key in ("id", "name", "enabled")},
            estate.refusals.get(server_id),
            estate.good[server_id],
            last,
            estate.now,
            None if promise.max_age is None else done,
        ),
        promise=promise,
        policy=policy,
        failures=len(failures),
        failure="" if failure is None else fail_reason(failure),
        room=room,
        restore_tested=as_text(server["metadata"].get(options.restore_tested_key)).strip(),
        now=estate.now,
    )


def _failed_since(last: BackupRow | None, failed: list[BackupRow]) -> list[BackupRow]:
    """Return the failed backups since the last good one, with those whose time is not known."""
    moment = None if last is None else recovery_point(last)
    if moment is None:
        return failed
    return [row for row in failed if (made := parse_time(row.get("created_at"))) is None or made > moment]


def _kept_promises(promises: dict[str, Promise], estate: _Estate) -> set[str]:
    """Return the IDs of the servers whose promise is kept, as csbs_backup with the same max_age decides it."""
    by_promise: dict[timedelta, list[ServerRow]] = {}
    for server in estate.chosen:
        promise = promises[server["id"]].max_age
        if promise is not None:
            by_promise.setdefault(promise, []).append(server)
    done: set[str] = set()
    for promise, servers in by_promise.items():
        rows = [row for server in servers for row in estate.backups_of.get(server["id"], [])]
        done.update(find_done(promise, None, estate.now, servers, rows))
    return done


# ========== What is returned ==========
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
