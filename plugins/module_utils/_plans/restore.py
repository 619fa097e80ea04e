# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backup a restore means, onto which server it goes, and the plan of the restore."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._domain.backup import UNUSABLE, USABLE, backup_result, describe_backup, newest, recovery_point
from .._domain.errors import FinalError, InvalidInput
from .._domain.protectability import PROTECTABLE_STATUSES
from .._domain.restore import is_under_way
from .._domain.selection import describe_server, find_one, server_refs
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
        return newest(good_backups(rows, before=options.before))
    named = [row for row in rows if options.backup in (row["id"], row["name"])]
    # A name never means a failed backup when another one has it too.
    return find_one("backup", options.backup, [row for row in named if row["status"] not in UNUSABLE] or named)


def good_backups(
    rows: t.Iterable[BackupRow], name: str | None = None, before: datetime | None = None
) -> list[BackupRow]:
    """Return the usable backups with a known recovery point; name and before limit them, unless they are None."""
    points = [(row, recovery_point(row)) for row in rows if row["status"] in USABLE and name in (None, row["name"])]
    return [row for row, point in points if point is not None and (before is None or point <= before)]


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
    if verdict["result"]:
        return
    # Loaded here, because most restores are not refused.
    from .._domain.retries import RETRYABLE_CODES

    if verdict.get("error_code") in RETRYABLE_CODES:
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
    disks = [{"name": disk["name"], "device": disk["device"], "size_gb": disk["size_gb"]} for dummy, disk in pairs]
    contents = [
        f"disk {source['volume_name']!r} ({source['volume_size_gb']} GB) of {origin}" for source, dummy in pairs
    ]
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
