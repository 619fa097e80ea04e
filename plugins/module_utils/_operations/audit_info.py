# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_audit_info: its options, and what it reads and judges."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .._cloud.find_policy import complete_policies, lacks_fields
from .._cloud.readings import add_tags_of, read_backups, read_refusals
from .._domain.audited_policy import audited_policy
from .._domain.backup import USABLE, backup_result, by_server, fail_reason, images_of, newest, recovery_point, size_of
from .._domain.commands import Commands
from .._domain.controls import (
    NO_LOCKS,
    NO_VAULT,
    PASS,
    TITLES,
    Controls,
    Facts,
    judge,
    judge_room,
    parse_controls,
    promise_to,
)
from .._domain.errors import InvalidInput
from .._domain.findings import Subjects, find
from .._domain.freshness import find_done
from .._domain.history import growth_of, history_of
from .._domain.limits import MAX_NAME, as_text
from .._domain.policy import is_enabled, members_of
from .._domain.protection import by_holder, good_backups, protection_result, service_of, size_in, vaults_by_server
from .._domain.quota import quota_result
from .._domain.selection import names_of, once, parse_filters, parse_refs
from .._domain.server_lookup import choose_servers, servers_of_backups
from .._domain.services import RULES, services_of
from .._domain.times import format_time, parse_time

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.controls import Judgement, Promise
    from .._domain.rows import BackupRow, PolicyRow, ServerRow, VaultRow

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

    services: list[str]
    servers: list[ServerRow]
    chosen: list[ServerRow]
    #: All of the project, as an audit shows them
    policies: list[Result]
    policy_of: dict[str, Result]
    quotas: list[Result]
    #: All vaults, each with its policy, and by server ID those of all servers
    vaults: list[tuple[VaultRow, PolicyRow | None]]
    vault_of: dict[str, VaultRow]
    backups: list[BackupRow]
    #: The service of each backup by its ID
    service_of: dict[str, str]
    backups_of: dict[str, list[BackupRow]]
    good: dict[str, list[BackupRow]]
    last: dict[str, BackupRow | None]
    failed: dict[str, list[BackupRow]]
    refusals: dict[str, str]
    #: With backup_ids, by service those of the backups that no image holds; empty unless all servers are chosen
    former: list[Result]
    now: datetime


def parse_options(params: dict[str, t.Any]) -> AuditInfoOptions:
    """Return the options in normal form. Raises InvalidInput."""
    services_of(params)
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
    if len(text) > MAX_NAME:
        raise InvalidInput(f"{option}: {key!r} is too long; a key has at most {MAX_NAME} characters")
    if not text.isprintable() or "=" in text:
        raise InvalidInput(f"{option}: {key!r} holds an equals sign or a character that cannot be printed")
    return text or None


def read(options: AuditInfoOptions, clouds: t.Sequence[Cloud]) -> Result:
    """Return how the chosen servers fare, from as few lists for many as for one; several services count as one."""
    servers = clouds[0].servers()
    unknown = _unknown_refs(options, servers)
    refs = None if options.servers is None else [ref for ref in options.servers if ref not in unknown]
    estate = _read_estate(servers, choose_servers(refs, options.filters, servers), clouds, options.whole)
    room, rooms = _rooms_of(estate)
    facts = _facts_of(options, estate, room, rooms)
    rows = [
        _row(options.controls, one, history_of(estate.good[server_id], estate.failed[server_id], estate.now.date()))
        for server_id, one in facts.items()
    ]
    shown = {policy["id"] for policy in estate.policy_of.values()}
    policies = [policy for policy in estate.policies if options.whole or policy["id"] in shown]
    vaults = _vaults_of(options, estate)
    judged = rows and options.controls.room
    subjects = Subjects(
        services=estate.services,
        controls=options.controls,
        max_age_key=options.max_age_key,
        restore_tested_key=options.restore_tested_key,
        commands=Commands(options.cloud),
        servers=rows,
        facts=facts,
        policies=policies,
        all_policies=estate.policies,
        quotas=estate.quotas,
        room=room.known if judged and room.servers else None,
        vaults=vaults if options.whole else [],
        rooms=list(rooms.values()) if judged else [],
        former=estate.former,
        held=_held(options, estate),
    )
    return {
        "servers": rows,
        "policies": policies,
        "quotas": estate.quotas,
        "vaults": vaults,
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
        "services": estate.services,
        "project": clouds[0].project(),
        "audited_at": format_time(estate.now.isoformat()),
    }


def _unknown_refs(options: AuditInfoOptions, servers: list[ServerRow]) -> dict[str, None]:
    """Return in order the servers that are named, that no server is, and that are to be left out."""
    known = {text for row in servers for text in (row["id"], row["name"])}
    return dict.fromkeys(ref for ref in options.servers or [] if options.ignore_unknown and ref not in known)


# ========== What is read ==========
def _read_estate(servers: list[ServerRow], chosen: list[ServerRow], clouds: t.Sequence[Cloud], whole: bool) -> _Estate:
    rows = [(cloud, row) for cloud in clouds for row in _policies_of(cloud)]
    loose = [row for cloud in clouds for row in cloud.places_outside_policies()]
    vault_of = vaults_by_server([*(row for dummy, row in rows), *loose])
    backups, services = read_backups(clouds)
    backups_of = by_server(backups)
    former = _former_servers(servers, backups_of, services, vault_of, clouds[0]) if whole else []
    good = good_backups(chosen, backups)
    last = {server_id: newest(found) for server_id, found in good.items()}
    add_tags_of(clouds, [row for row in last.values() if row is not None], services)
    holders = by_holder(
        (
            {"id": row["id"], "name": row["name"], "enabled": is_enabled(row), "service": cloud.rules.service},
            [member["id"] for member in members_of(row)],
        )
        for cloud, row in rows
    )
    refusals = read_refusals(clouds, chosen, holders)
    quotas = [{"service": cloud.rules.service, **quota_result(row)} for cloud in clouds for row in cloud.quotas()]
    # The time is read after the backups: none of them is younger.
    now = clouds[0].now()
    policies = [{"service": cloud.rules.service, **audited_policy(row, now)} for cloud, row in rows]
    by_id = {policy["id"]: policy for policy in policies}
    return _Estate(
        services=[cloud.rules.service for cloud in clouds],
        servers=servers,
        chosen=chosen,
        policies=policies,
        policy_of={one: by_id[holder["id"]] for one, holder in holders.items() if one in good},
        quotas=quotas,
        vaults=[
            *((vault, row) for dummy, row in rows for vault in row.get("vaults") or ()),
            *((vault, None) for row in loose for vault in row["vaults"]),
        ],
        vault_of=vault_of,
        backups=backups,
        service_of=services,
        backups_of=backups_of,
        good=good,
        last=last,
        failed={one["id"]: [row for row in backups_of.get(one["id"], []) if _has_failed(row)] for one in chosen},
        refusals=refusals,
        former=former,
        now=now,
    )


def _policies_of(cloud: Cloud) -> list[PolicyRow]:
    return complete_policies(once(cloud.policies()), lacks_fields, cloud.policy)


def _former_servers(
    servers: list[ServerRow],
    backups_of: dict[str, list[BackupRow]],
    services: t.Mapping[str, str],
    vault_of: t.Mapping[str, VaultRow],
    cloud: Cloud,
) -> list[Result]:
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
    former = []
    for server_id, rows in left.items():
        ids: dict[str, list[str]] = {}
        for row in rows:
            if not images_of(row):
                ids.setdefault(services[row["id"]], []).append(row["id"])
        size_mb = sum(size_of(row) or 0 for row in rows) + size_in(vault_of.get(server_id), server_id)
        former.append(
            {
                "id": server_id,
                "name": labels.get(server_id),
                "backups": len(rows),
                "size_mb": size_mb,
                "backup_ids": ids,
            }
        )
    return former


def _has_failed(row: BackupRow) -> bool:
    # A backup whose deletion failed has this status as well.
    return row["status"] == "error" and (row.get("extend_info") or {}).get("fail_op") != "delete"


def _held(options: AuditInfoOptions, estate: _Estate) -> list[Result]:
    """Return the backups that images hold; those of former servers too, if all servers are chosen."""
    names = names_of(estate.servers)
    rows = [row for row in estate.backups if images_of(row) and (options.whole or row["resource_id"] in estate.good)]
    return [backup_result(row, names) for row in rows]


def _vaults_of(options: AuditInfoOptions, estate: _Estate) -> list[Result]:
    """Return the vaults of the project, or those of the chosen servers."""
    if not estate.vaults:
        return []
    # Loaded here, because not every service has vaults.
    from .._domain.audited_vault import audited_vault

    shown = {vault["id"] for server_id, vault in estate.vault_of.items() if server_id in estate.good}
    return [audited_vault(vault, policy) for vault, policy in estate.vaults if options.whole or vault["id"] in shown]


# ========== How it is judged ==========
class _Room(t.NamedTuple):
    """Whether the quotas have room: for a server whose next backup has a known size, and for others."""

    servers: int
    known: Judgement
    unknown: Judgement


def _rooms_of(estate: _Estate) -> tuple[_Room, dict[str, tuple[Result, Judgement]]]:
    """Return whether the quotas have room, and by vault ID whether those that hold chosen servers have."""
    sizes = {
        one["id"]: None if (last := estate.last[one["id"]]) is None else size_of(last)
        for one in estate.chosen
        if not _is_in_vault(estate, one["id"])
    }
    # Each backup needs some room, also when its size is not known.
    size_gb = max(-(-sum(size or 0 for size in sizes.values()) // _MB_PER_GB), 1)
    quotas = [quota for quota in estate.quotas if not RULES[quota["service"]].vaults]
    known, unknown = (judge_room(quotas, len(sizes), size_gb, size_known=known) for known in (True, False))
    used = {vault["id"]: vault for one in estate.chosen if (vault := estate.vault_of.get(one["id"]))}
    rooms: dict[str, tuple[Result, Judgement]] = {}
    if used:
        # Loaded here, because not every service has vaults.
        from .._domain.audited_vault import judge_vault_room

        counts: dict[str, int] = {}
        for row in estate.backups:
            if "vault" in row and row["status"] in USABLE:
                counts[row["resource_id"]] = counts.get(row["resource_id"], 0) + 1
        rooms = {
            str(vault_id): (t.cast("Result", vault), judge_vault_room(vault, counts))
            for vault_id, vault in used.items()
        }
    return _Room(len(sizes), known, unknown), rooms


def _is_in_vault(estate: _Estate, server_id: str) -> bool:
    """Return whether a vault takes the next backup of a server."""
    policy = estate.policy_of.get(server_id)
    return server_id in estate.vault_of if policy is None else RULES[policy["service"]].vaults


def _facts_of(
    options: AuditInfoOptions, estate: _Estate, room: _Room, rooms: t.Mapping[str, tuple[Result, Judgement]]
) -> dict[str, Facts]:
    """Return by server ID what the chosen servers are judged by."""
    promises = {
        server["id"]: promise_to(server["metadata"], options.max_age_key, options.controls.max_age)
        for server in estate.chosen
    }
    done = _kept_promises(promises, estate)
    return {
        server["id"]: _facts(
            options,
            estate,
            server,
            promises[server["id"]],
            server["id"] in done,
            _place_of(estate, server, room, rooms),
        )
        for server in estate.chosen
    }


class _Place(t.NamedTuple):
    """Where the next backup of a server goes: the service (None for nowhere), and what its place is judged to be."""

    service: str | None
    room: Judgement
    lock: Judgement
    idle: str = ""


def _place_of(
    estate: _Estate, server: ServerRow, room: _Room, rooms: t.Mapping[str, tuple[Result, Judgement]]
) -> _Place:
    server_id = server["id"]
    policy, last = estate.policy_of.get(server_id), estate.last[server_id]
    without_vaults = [service for service in estate.services if not RULES[service].vaults]
    if _is_in_vault(estate, server_id):
        # Loaded here, because not every service has vaults.
        from .._domain.audited_vault import judge_lock

        vault = estate.vault_of[server_id]
        return _Place(
            service=next(service for service in estate.services if RULES[service].vaults),
            room=rooms[str(vault["id"])][1],
            # What is kept where nothing can be locked is not locked.
            lock=judge_lock(vault) if last is None or "vault" in last else NO_LOCKS,
            idle="" if policy else f"the server is in vault {vault['name']!r}, to which no policy is applied",
        )
    if not without_vaults:
        return _Place(None, NO_VAULT, NO_VAULT)
    size_known = last is not None and size_of(last) is not None
    return _Place(without_vaults[0], room.known if size_known else room.unknown, NO_LOCKS)


def _facts(
    options: AuditInfoOptions, estate: _Estate, server: ServerRow, promise: Promise, done: bool, place: _Place
) -> Facts:
    server_id = server["id"]
    policy, last = estate.policy_of.get(server_id), estate.last[server_id]
    last_service = None if last is None else estate.service_of[last["id"]]
    failures = _failed_since(last, estate.failed[server_id])
    failure = newest(failures)
    return Facts(
        protection=protection_result(
            server,
            policy,
            estate.refusals.get(server_id),
            estate.good[server_id],
            last,
            estate.now,
            None if promise.max_age is None else done,
            service_of(estate.services, policy, last_service),
            estate.vault_of.get(server_id),
        ),
        promise=promise,
        policy=policy,
        failures=len(failures),
        failure="" if failure is None else fail_reason(failure),
        room=place.room,
        lock=place.lock,
        restore_tested=as_text(server["metadata"].get(options.restore_tested_key)).strip(),
        now=estate.now,
        service=place.service,
        last_service=last_service,
        idle=place.idle,
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
