# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backup a restore means, onto which server it goes, and the plan of the restore."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._domain.backup import UNUSABLE, USABLE, backup_result, describe_backup, newest, recovery_point
from .._domain.errors import RETRYABLE_CODES, FinalError, InvalidInput
from .._domain.protectability import PROTECTABLE_STATUSES
from .._domain.restore import is_under_way
from .._domain.selection import find_one, names_of, server_refs
from .plan import Call, Plan
from .recovery import changed_backup

if t.TYPE_CHECKING:
    from .._domain.disk_mapping import Pair
    from .._domain.rows import BackupRow, Row, ServerRow, VerdictRow


class RestoreOptions(t.NamedTuple):
    """The options of csbs_restore in normal form; volumes pairs disks of the backup with disks of the target."""

    backup: str | None = None
    server: str | None = None
    before: datetime | None = None
    target_server: str | None = None
    volumes: tuple[tuple[str, str], ...] = ()
    power_on: bool = True
    wait: bool = True
    poll_interval: float = 10


class RestoreContext(t.NamedTuple):
    """The backup as it was before the restore, and by server ID the names that servers have now."""

    backup: BackupRow
    names: t.Mapping[str, str]


# ========== Which backup ==========
def choose_backup(options: RestoreOptions, rows: list[BackupRow]) -> BackupRow | None:
    """Return the backup that is meant among candidates, None when there is none.

    Raises InvalidInput when several backups have the name.
    """
    if options.backup is None:
        return newest(_good_backups(rows, before=options.before))
    named = [row for row in rows if options.backup in (row["id"], row["name"])]
    # A name never means a failed backup when another one has it too.
    return find_one("backup", options.backup, [row for row in named if row["status"] not in UNUSABLE] or named)


def _good_backups(
    rows: t.Iterable[BackupRow], name: str | None = None, before: datetime | None = None
) -> list[BackupRow]:
    """Return the usable backups with a known recovery point; name and before limit them, unless they are None."""
    points = [(row, recovery_point(row)) for row in rows if row["status"] in USABLE and name in (None, row["name"])]
    return [row for row, point in points if point is not None and (before is None or point <= before)]


def explain_no_backup(options: RestoreOptions, server_id: str | None, rows: list[BackupRow]) -> str:
    """Return that no backup is meant, with the oldest one of the server where that helps."""
    if options.backup is not None:
        of_server = "" if options.server is None else f" of server {options.server!r}"
        return f"backup: no such backup{of_server}: {options.backup!r}"
    server = f"server {options.server!r} ({server_id})"
    if options.before is None:
        return f"{server} has no good backup"
    points = [point for row in _good_backups(rows) if (point := recovery_point(row))]
    oldest = f"; its oldest good backup is of {_time_text(min(points))}" if points else ""
    return f"{server} has no good backup of {_time_text(options.before)} or earlier{oldest}"


def explain_former(options: RestoreOptions, servers: list[ServerRow], rows: list[BackupRow]) -> str:
    """Return a hint for the end of a message: former servers of the same name have what was not found.

    rows are all backups that were made under that name. The hint is empty when no former server has such backups.
    """
    names = names_of(servers)
    good = [row for row in _good_backups(rows, options.backup, options.before) if row["resource_id"] not in names]
    latest = newest(good)
    if latest is None:
        return ""
    refs = {
        "backup": options.backup,
        "server": latest["resource_id"],
        "target_server": options.target_server or options.server,
    }
    write = ", ".join(f"{option}: {ref}" for option, ref in refs.items() if ref is not None)
    same_before = "" if options.before is None else ", with the same before"
    many = len(_server_ids(good)) > 1
    former = "Former servers of that name have" if many else "A former server of that name has"
    return (
        f". {former} such backups: {_list_former(good)}. What to do to restore from there: write {write}{same_before}"
    )


def check_one_former(ref: str, servers: list[ServerRow], rows: list[BackupRow]) -> None:
    """Raise InvalidInput unless a name that no server has now was the name of exactly one former server.

    rows are all backups that were made under that name.
    """
    names = names_of(servers)
    former = [row for row in rows if row["resource_id"] not in names]
    count = len(_server_ids(former))
    if count == 1:
        return
    if former:
        raise InvalidInput(
            f"server: no server is named {ref!r} now, and {count} former servers had that name:"
            f" {_list_former(former)}. What to do: write one of these IDs as server"
        )
    renamed = ", ".join(f"{names[server_id]!r} ({server_id})" for server_id in _server_ids(rows))
    if renamed:
        raise InvalidInput(
            f"server: no server is named {ref!r} now; the server of the backups with that name is now {renamed}. Write"
            " its ID as server"
        )
    raise InvalidInput(f"server: no such server, and no backup of one: {ref!r}")


def _server_ids(rows: t.Iterable[BackupRow]) -> list[str]:
    return list(dict.fromkeys(row["resource_id"] for row in rows))


def _list_former(rows: list[BackupRow]) -> str:
    """Return each server of some backups with the number of its good backups and the newest of them, as text."""
    entries = []
    for server_id in _server_ids(rows):
        good = _good_backups(row for row in rows if row["resource_id"] == server_id)
        latest = newest(good)
        has = "no good backup"
        if latest is not None:
            count = f"{len(good)} good backup{'s' if len(good) > 1 else ''}"
            has = f"{count}, the newest is {latest['name']!r} of {_time_text(recovery_point(latest))}"
        entries.append(f"{server_id} ({has})")
    return "; ".join(entries)


def _time_text(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")


# ========== Which server ==========
def choose_target(options: RestoreOptions, backup: BackupRow, servers: list[ServerRow]) -> ServerRow:
    """Return the server that is restored to. Raises InvalidInput when it does not exist, or is in a wrong state."""
    target = find_one("server", options.target_server or backup["resource_id"], servers)
    if target is None:
        if options.target_server is not None:
            raise InvalidInput(f"target_server: no such server: {options.target_server!r}")
        raise InvalidInput(f"target_server is needed: the server of backup {describe_backup(backup)} no longer exists")
    if target["status"] not in PROTECTABLE_STATUSES:
        raise InvalidInput(
            f"target server {describe_server(target)} is in state {target['status']}; it must be"
            f" {' or '.join(PROTECTABLE_STATUSES)} to be restored"
        )
    return target


def describe_server(server: t.Mapping[str, t.Any]) -> str:
    """Return name and ID of a server for messages."""
    return f"{server['name']!r} ({server['id']})"


def describe_renamed(backup: BackupRow, names: t.Mapping[str, str]) -> str:
    """Return a backup for messages, with the name that its server has now."""
    info = backup.get("extend_info") or {}
    name = names.get(backup["resource_id"]) or info.get("resource_name")
    return describe_backup({**backup, "extend_info": {**info, "resource_name": name}})


# ========== Plan ==========
def disk_ids(pairs: list[Pair]) -> list[dict[str, str]]:
    """Return pairs of disks as the service takes them."""
    return [{"backup_id": source["id"], "volume_id": disk["id"]} for source, disk in pairs]


def plan_restore(
    options: RestoreOptions,
    backup: BackupRow,
    target: ServerRow,
    pairs: list[Pair],
    verdict: VerdictRow,
    names: t.Mapping[str, str],
) -> Plan[RestoreContext]:
    """Return the plan of a restore; verdict is the service's own check of it.

    Raises CloudError when the service refuses it for good.
    """
    operation = f"restore backup {describe_renamed(backup, names)} to server {describe_server(target)}"
    _check_verdict(operation, verdict)
    parameters = {
        "checkpoint_item_id": backup["id"],
        "power_on": options.power_on,
        "targets": {"server_id": target["id"], "volumes": disk_ids(pairs)},
    }
    call = Call(
        operation,
        "restore_backup",
        {"operation": operation, "checkpoint_id": backup["checkpoint_id"], "parameters": parameters},
        find_effect=changed_backup(backup["id"], lambda now: is_under_way(backup, now)),
    )
    restore = {
        "id": None,
        "status": None,
        "target_server": server_refs([target])[0],
        "power_on": options.power_on,
        "volumes": [_pair_result(pair) for pair in pairs],
    }
    result = {"restore": restore, "backup": backup_result(backup, names)}
    before, after = _diff(result["backup"], target, pairs, options.power_on)
    return Plan((call,), before, after, result, context=RestoreContext(backup, names))


def _check_verdict(operation: str, verdict: VerdictRow) -> None:
    # A refusal because something is busy is not final: the executor retries the call.
    if verdict["result"] or verdict.get("error_code") in RETRYABLE_CODES:
        return
    if not verdict.get("error_code"):
        reason = verdict.get("error_msg") or "without a reason"
        raise FinalError(
            operation,
            f"the service's own check refuses it ({reason}). What to do: check the backup, the target server and its"
            " disks.",
        )
    # Loaded here, because it is needed for a refusal only.
    from .._domain.explain import explain

    raise explain(operation, None, verdict, None)


def _pair_result(pair: Pair) -> Row:
    source, disk = pair
    return {
        "backup_id": source["id"],
        "source_volume_id": source["volume_id"],
        "source_name": source["volume_name"],
        "source_size_gb": source["volume_size_gb"],
        "volume_id": disk["id"],
        "volume_name": disk["name"],
        "volume_size_gb": disk["size_gb"],
        "bootable": disk["bootable"],
        "device": disk["device"],
    }


def _diff(backup: Row, target: ServerRow, pairs: list[Pair], power_on: bool) -> tuple[Row, Row]:
    """Return the target server before and after; what is on its disks now is not known."""
    origin = f"backup {backup['name']!r} of server {backup['server']['name'] or backup['server']['id']!r}"
    disks = [{"name": disk["name"], "device": disk["device"], "size_gb": disk["size_gb"]} for _, disk in pairs]
    contents = [f"disk {source['volume_name']!r} ({source['volume_size_gb']} GB) of {origin}" for source, _ in pairs]
    return (
        {
            "server": target["name"],
            "status": target["status"],
            "disks": [{**disk, "content": "as it is now"} for disk in disks],
        },
        {
            "server": target["name"],
            "status": "ACTIVE" if power_on else "SHUTOFF",
            "disks": [{**disk, "content": content} for disk, content in zip(disks, contents)],
        },
    )
