# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_restore: its options, which backup goes onto which server, and the end of the restore.

The service has no status of a restore. What can be read is the backup, which becomes available again whether the
restore succeeded or failed, and the server.
"""

from __future__ import annotations

import contextlib
import typing as t
from datetime import datetime

from .._domain.backup import UNUSABLE, USABLE, backup_result, describe_backup, newest, recovery_point
from .._domain.disk_mapping import map_disks
from .._domain.errors import CloudError, InvalidInput, TaskFailed
from .._domain.protectability import PROTECTABLE_STATUSES
from .._domain.restore import is_under_way
from .._domain.selection import find_one, is_id, names_of, parse_refs, server_refs
from .._domain.times import parse_user_time
from .._execution.clock import Clock, poll
from .._execution.restore import RestoreFollower, with_restore_progress
from .._execution.watch import TolerantPoll, first_fields
from .._plans.plan import Call, Outcome, Plan
from .._plans.recovery import changed_backup
from .._plans.restore import RestoreContext, RestoreOptions, check_verdict, describe_now, for_diff, pair_result

if t.TYPE_CHECKING:
    from .._domain.rows import Row


def parse_options(params: dict[str, t.Any]) -> RestoreOptions:
    """Return what the options of csbs_restore ask for; raises InvalidInput before anything is sent."""
    backup, server, target = (_parse_ref(option, params[option]) for option in ("backup", "server", "target_server"))
    if backup is None and server is None:
        raise InvalidInput(
            "backup or server is needed: backup names one backup, server means the newest good backup of that server"
        )
    if params["before"] is not None and (backup is not None or server is None):
        raise InvalidInput(
            "before goes with server: it means the newest good backup of that server until then; it excludes backup"
        )
    return RestoreOptions(
        backup,
        server,
        None if params["before"] is None else parse_user_time("before", params["before"]),
        target,
        _parse_volumes(params["volumes"] or []),
        params["power_on"],
        params["wait"],
        params["poll_interval"],
    )


def _parse_ref(option: str, value: t.Any) -> str | None:
    keys = parse_refs(option, None if value is None else [value])
    return keys[0] if keys else None


def _parse_volumes(volumes: list[dict[str, t.Any]]) -> tuple[tuple[str, str], ...]:
    for side in ("backup_id", "volume_id"):
        ids = [str(pair[side]).strip() for pair in volumes]
        for key in ids:
            if not key:
                raise InvalidInput(
                    f"volumes: {side} is empty; each entry names a disk of the backup and a disk of the target server"
                )
            if ids.count(key) > 1:
                raise InvalidInput(f"volumes: {side} {key} is there twice; map each disk once")
    return tuple((str(pair["backup_id"]).strip(), str(pair["volume_id"]).strip()) for pair in volumes)


def plan(options: RestoreOptions, cloud: t.Any) -> Plan:
    """Read backup, target and disks, have the service check them, and return the plan of the restore.

    Raises InvalidInput for what does not fit, and CloudError for what the service refuses for good.
    """
    servers = cloud.servers()
    names = names_of(servers)
    found = _find_backup(options, servers, cloud)
    # Rows of a list may be sparser, and older, than the backup itself; the end of the restore is compared with this.
    row = cloud.backup(found["id"])
    if row is None:
        raise InvalidInput(f"backup {describe_now(found, names)} no longer exists")
    if row["status"] not in USABLE:
        hint = "" if options.server is None else _hint_at_former(options, servers, cloud)
        raise InvalidInput(
            f"backup {describe_now(row, names)} is {row['status']}; only an available backup can be restored{hint}"
        )
    target = _find_target(options, row, servers)
    named = f"{target['name']!r} ({target['id']})"
    pairs = map_disks(backup_result(row)["volumes"], cloud.server_disks(target["id"]), options.volumes, named)
    if target["status"] not in PROTECTABLE_STATUSES:
        raise InvalidInput(
            f"target server {named} is in state {target['status']}; it must be {' or '.join(PROTECTABLE_STATUSES)} to be restored"
        )
    operation = f"restore backup {describe_now(row, names)} to server {named}"
    mapping = [{"backup_id": source["id"], "volume_id": disk["id"]} for source, disk in pairs]
    check_verdict(operation, cloud.restorable(row["id"], target["id"], mapping))
    parameters = {
        "checkpoint_item_id": row["id"],
        "power_on": options.power_on,
        "targets": {"server_id": target["id"], "volumes": mapping},
    }
    call = Call(
        operation,
        "restore_backup",
        {"operation": operation, "checkpoint_id": row["checkpoint_id"], "parameters": parameters},
        find_effect=changed_backup(row["id"], lambda now: is_under_way(row, now)),
    )
    restore = {
        "id": None,
        "status": None,
        "target_server": server_refs([target])[0],
        "power_on": options.power_on,
        "volumes": [pair_result(pair) for pair in pairs],
    }
    result = {"restore": restore, "backup": backup_result(row, names)}
    before, after = for_diff(result["backup"], target, pairs, options.power_on)
    return Plan((call,), before, after, result, context=RestoreContext(row, names))


def _find_backup(options: RestoreOptions, servers: list[Row], cloud: t.Any) -> Row:
    if options.backup is not None:
        return _find_named(options, servers, cloud)
    server_id, rows = _backups_of(options.server or "", servers, cloud)
    dated = _good_and_dated(rows)
    found = newest(row for row in dated if _fits(options, row))
    if found is None:
        until = "" if options.before is None else f" of {_in_words(options.before)} or earlier"
        oldest = min((moment for moment in map(recovery_point, dated) if moment), default=None)
        has = f"; its oldest good backup is of {_in_words(oldest)}" if oldest else ""
        hint = _hint_at_former(options, servers, cloud)
        raise InvalidInput(f"server {options.server!r} ({server_id}) has no good backup{until}{has}{hint}")
    return found


def _good_and_dated(rows: t.Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["status"] in USABLE and recovery_point(row) is not None]


def _fits(options: RestoreOptions, row: Row) -> bool:
    """Return whether a dated backup is one that the options backup and before allow."""
    point = recovery_point(row)
    return (options.backup is None or row["name"] == options.backup) and (
        options.before is None or (point is not None and point <= options.before)
    )


def _find_named(options: RestoreOptions, servers: list[Row], cloud: t.Any) -> Row:
    """Return the backup that the option backup means, among those of the server if one is given."""
    key = options.backup or ""
    row: Row | None = cloud.backup(key)
    if options.server is None:
        rows = [row] if row else cloud.backups(name=key)
    else:
        server_id, rows = _backups_of(options.server, servers, cloud)
        # What is too new to be listed is found by its ID.
        rows = [one for one in rows if row is None or one["id"] != row["id"]] + (
            [row] if row and row["resource_id"] == server_id else []
        )
    named = [one for one in rows if key in (one["id"], one["name"])]
    usable = [one for one in named if one["status"] not in UNUSABLE]
    found = find_one("backup", key, usable or named)
    if found is None:
        of_server, hint = (
            ("", "")
            if options.server is None
            else (f" of server {options.server!r}", _hint_at_former(options, servers, cloud))
        )
        raise InvalidInput(f"backup: no such backup{of_server}: {key!r}{hint}")
    return found


def _backups_of(key: str, servers: list[Row], cloud: t.Any) -> tuple[str, list[Row]]:
    """Return the id of a server, which may no longer exist, and its backups."""
    server = find_one("server", key, servers)
    if server is not None or is_id(key):
        server_id = key if server is None else server["id"]
        return server_id, [row for row in cloud.backups(resource_id=server_id) if row["resource_id"] == server_id]
    names = names_of(servers)
    rows = _labelled(key, cloud)
    # A former server is known by its backups alone, and two of them may have had the name.
    former = dict.fromkeys(row["resource_id"] for row in rows if row["resource_id"] not in names)
    if len(former) == 1:
        server_id = next(iter(former))
        return server_id, [row for row in rows if row["resource_id"] == server_id]
    if former:
        raise InvalidInput(
            f"server: no server is named {key!r} now, and {len(former)} former servers had that name:"
            f" {_tell_former(rows, former)}."
            " What to do: write one of these IDs as server"
        )
    renamed = {row["resource_id"]: names[row["resource_id"]] for row in rows}
    if renamed:
        known = ", ".join(f"{name!r} ({server_id})" for server_id, name in renamed.items())
        raise InvalidInput(
            f"server: no server is named {key!r} now; the server of the backups with that name is now {known}. Write"
            " its ID as server"
        )
    raise InvalidInput(f"server: no such server, and no backup of one: {key!r}")


def _labelled(name: str, cloud: t.Any) -> list[Row]:
    """Return the backups whose server had a name when they were made; the service finds parts of names as well."""
    return [
        row for row in cloud.backups(resource_name=name) if (row.get("extend_info") or {}).get("resource_name") == name
    ]


def _hint_at_former(options: RestoreOptions, servers: list[Row], cloud: t.Any) -> str:
    """Return, for the end of a message, which former servers of the same name have what was not found."""
    key = options.server or ""
    server = find_one("server", key, servers)
    if server is None:
        return ""
    present = names_of(servers)
    rows = []
    # The hint must not hide what it is added to.
    with contextlib.suppress(CloudError):
        rows = [
            row
            for row in _good_and_dated(_labelled(server["name"], cloud))
            if row["resource_id"] not in present and _fits(options, row)
        ]
    if not rows:
        return ""
    former = dict.fromkeys(row["resource_id"] for row in rows)
    latest = (newest(rows) or {})["resource_id"]
    written = {"backup": options.backup, "server": latest, "target_server": options.target_server or key}
    write = ", ".join(f"{option}: {value}" for option, value in written.items() if value is not None)
    kept = "" if options.before is None else ", with the same before"
    who = (
        "A former server of that name has such backups"
        if len(former) == 1
        else "Former servers of that name have such backups"
    )
    return f". {who}: {_tell_former(rows, former)}. What to do to restore from there: write {write}{kept}"


def _tell_former(rows: list[Row], former: t.Iterable[str]) -> str:
    """Return how many good backups each former server has, and its newest one, in words."""
    told = []
    for server_id in former:
        good = _good_and_dated(row for row in rows if row["resource_id"] == server_id)
        has = "no good backup"
        if good:
            last = newest(good) or {}
            count = f"{len(good)} good backup{'s' if len(good) > 1 else ''}"
            has = f"{count}, the newest is {last['name']!r} of {_in_words(recovery_point(last))}"
        told.append(f"{server_id} ({has})")
    return "; ".join(told)


def _in_words(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")


def _find_target(options: RestoreOptions, row: Row, servers: list[Row]) -> Row:
    target = find_one("server", options.target_server or row["resource_id"], servers)
    if target is not None:
        return target
    if options.target_server is not None:
        raise InvalidInput(f"target_server: no such server: {options.target_server!r}")
    raise InvalidInput(f"target_server is needed: the server of backup {describe_backup(row)} no longer exists")


# Seconds at most between two looks at the server's state. So long a server that stays shut off may take to show it.
_POWER_PAUSE = 5.0


def finish(options: RestoreOptions, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed with server, backup, reason and ids."""
    target, context = plan.result["restore"]["target_server"], plan.context
    # Where the answer was lost, only the backup shows that the restore began.
    known_by = None if 0 in outcome.found else outcome.answers[0]["id"]
    follower = RestoreFollower(cloud, context.before, clock, begun=known_by is None)
    look = TolerantPoll(follower.look)
    restore = {**plan.result["restore"], "id": known_by, "status": "in_progress"}
    if not options.wait:
        look()
        return {"restore": restore, "backup": backup_result(follower.row, context.names)}
    poll(with_restore_progress(look, follower, clock), clock, options.poll_interval)
    named = (
        f"restore {known_by or '(its id is not known)'} of backup {context.describe(follower.row)}"
        f" to server {target['name']!r} ({target['id']})"
    )
    status, problem = _judge(named, options, cloud, follower, look.trouble, target["id"], clock)
    results = {"restore": {**restore, "status": status}, "backup": backup_result(follower.row, context.names)}
    if problem is None:
        return (
            results if options.power_on else {**results, "warnings": _running_anyway(named, cloud, target["id"], clock)}
        )
    state = _state_of(cloud, target["id"])
    known = f" The server is {'shut off' if state == 'SHUTOFF' else state}." if state else ""
    raise TaskFailed(f"{problem}{known}", {"changed": True, **results, **first_fields(outcome, look.trouble)})


def _judge(
    named: str,
    options: RestoreOptions,
    cloud: t.Any,
    follower: RestoreFollower,
    unseen: CloudError | None,
    server_id: str,
    clock: Clock,
) -> tuple[str, str | None]:
    """Return the status of a restore, which messages call named, and what is wrong with it."""
    wait_first = (
        "What to do: follow the backup with csbs_backup_info."
        " Do not run the task again before the backup is available: it would restore a second time."
    )
    if follower.ended and follower.failed:
        return "failed", (
            f"The {named} failed: {follower.failed.rstrip('.')}. What to do: do not use the data on the server's disks;"
            " it may be incomplete."
            " Remove the cause, and restore again from this backup or from another."
        )
    if unseen and not follower.ended:
        return (
            "in_progress",
            f"{unseen} So it is not known how the {named} ended. It was started and may still be running. {wait_first}",
        )
    if not follower.ended:
        return "in_progress", (
            f"Not ended within {clock.timeout:g} seconds (timeout): the {named}; the backup is"
            f" {follower.row['status']}. The restore goes on."
            f" {wait_first}"
        )
    state = _await_state(cloud, server_id, "ACTIVE", clock, options.poll_interval) if options.power_on else None
    if state == "ACTIVE" or not options.power_on:
        return "restored", None
    return "failed", (
        f"The {named} ended without an error, but with power_on: true the server must be ACTIVE, and {_told(state)}."
        " What to do: check the server before you use it."
    )


def _told(state: str | None) -> str:
    return f"it is {state}" if state else "its state could not be read"


def _running_anyway(named: str, cloud: t.Any, server_id: str, clock: Clock) -> list[str]:
    """Return a warning for a server that should stay shut off and does not; somebody may have started it."""
    state = _await_state(cloud, server_id, "SHUTOFF", clock.renewed(min(clock.left, _POWER_PAUSE)), _POWER_PAUSE)
    if state == "SHUTOFF":
        return []
    return [
        f"The {named} ended without an error, but with power_on: false the server must be SHUTOFF, and {_told(state)}."
    ]


def _await_state(cloud: t.Any, server_id: str, wanted: str, clock: Clock, interval: float) -> str | None:
    """Return the server's state once it is as wanted or ERROR, or when the clock's time is over."""
    state = None

    def look() -> bool:
        nonlocal state
        state = _state_of(cloud, server_id)
        return state in (wanted, "ERROR")

    poll(look, clock, min(interval, _POWER_PAUSE))
    return state


def _state_of(cloud: t.Any, server_id: str) -> str | None:
    """Return the state of a server, None when it is gone or cannot be seen."""
    try:
        state: str | None = cloud.server_state(server_id)
    except CloudError:
        return None
    return state
