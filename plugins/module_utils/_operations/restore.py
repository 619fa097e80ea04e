# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_restore: its options, the backup, server and disks that it reads, and the wait for the end of the restore.

What can be read is the backup, which becomes available again whether the restore succeeded or failed, and the server.
CSBS shows nothing else of a restore; CBR has a task for it.
"""

from __future__ import annotations

import typing as t

from .._domain.backup import USABLE, backup_result
from .._domain.disk_mapping import map_disks
from .._domain.errors import CloudError, InvalidInput, TaskFailed
from .._domain.limits import MAX_NAME
from .._domain.selection import describe_server, find_one, names_of, parse_refs
from .._domain.times import parse_user_time
from .._plans.restore import (
    RestoreContext,
    RestoreOptions,
    choose_backup,
    choose_target,
    describe_renamed,
    disk_ids,
    plan_restore,
)

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, ServerRow
    from .._execution.clock import Clock
    from .._plans.plan import Outcome, Plan

# More disks than a server can have
_MAX_VOLUMES = 100
# How long a server that is to stay shut off may take to show that it is.
_SECONDS_TO_SHOW_SHUTOFF = 5.0


# ========== Options ==========
def parse_options(params: dict[str, t.Any]) -> RestoreOptions:
    """Return the options of csbs_restore in normal form. Raises InvalidInput."""
    return RestoreOptions(
        backup=_parse_ref("backup", params["backup"]),
        server=_parse_ref("server", params["server"]),
        before=None if params["before"] is None else parse_user_time("before", params["before"]),
        target_server=_parse_ref("target_server", params["target_server"]),
        volumes=_parse_volumes(params["volumes"] or []),
        power_on=params["power_on"],
        wait=params["wait"],
        poll_interval=params["poll_interval"],
    )


def _parse_ref(option: str, value: t.Any) -> str | None:
    refs = parse_refs(option, None if value is None else [value])
    return refs[0] if refs else None


def _parse_volumes(volumes: list[dict[str, t.Any]]) -> tuple[tuple[str, str], ...]:
    for side in ("backup_id", "volume_id"):
        seen: set[str] = set()
        for pair in volumes:
            disk_id = str(pair[side]).strip()
            if not 1 <= len(disk_id) <= MAX_NAME:
                raise InvalidInput(
                    f"volumes.{side}: {pair[side]!r} is no ID; each entry names a disk of the backup and a disk of the"
                    " target server"
                )
            if disk_id in seen:
                raise InvalidInput(f"volumes.{side}: {disk_id} is there twice; map each disk once")
            seen.add(disk_id)
        if len(seen) > _MAX_VOLUMES:
            raise InvalidInput(f"volumes: {len(seen)} disks; a server has at most {_MAX_VOLUMES}")
    return tuple((str(pair["backup_id"]).strip(), str(pair["volume_id"]).strip()) for pair in volumes)


# ========== Plan ==========
def plan(options: RestoreOptions, cloud: Cloud) -> Plan[RestoreContext]:
    """Read backup, target and disks, have the service check them, and return the plan of the restore.

    Raises InvalidInput for what does not fit, and CloudError for what the service refuses for good.
    """
    servers = cloud.servers()
    names = names_of(servers)
    backup = _read_backup(options, servers, names, cloud)
    target = choose_target(options, backup, servers)
    disks = cloud.server_disks(target["id"])
    pairs = map_disks(backup_result(backup)["volumes"], disks, options.volumes, describe_server(target))
    verdict = cloud.restorable(backup["id"], target["id"], disk_ids(pairs))
    return plan_restore(options, backup, target, pairs, verdict, names)


def _read_backup(
    options: RestoreOptions, servers: list[ServerRow], names: t.Mapping[str, str], cloud: Cloud
) -> BackupRow:
    """Return in full the usable backup that is meant. Raises InvalidInput when there is none."""
    server_id, rows = _read_candidates(options, servers, cloud)
    listed = choose_backup(options, rows)
    if listed is None:
        # Loaded here, because only a refusal needs it.
        from .._plans.missing_backup import explain_no_backup

        raise InvalidInput(explain_no_backup(options, server_id, rows) + _hint_at_former(options, servers, cloud))
    # Rows of a list may be old and lack fields; the end of the restore is found by comparing with this one.
    backup = cloud.backup(listed["id"])
    if backup is None:
        raise InvalidInput(f"backup {describe_renamed(listed, names)} no longer exists")
    if backup["status"] not in USABLE:
        raise InvalidInput(
            f"backup {describe_renamed(backup, names)} is {backup['status']}; only an available backup can be restored"
            f"{_hint_at_former(options, servers, cloud)}"
        )
    return backup


def _read_candidates(
    options: RestoreOptions, servers: list[ServerRow], cloud: Cloud
) -> tuple[str | None, list[BackupRow]]:
    """Return the ID of the server that is meant, None when any is, and the backups that may be meant."""
    by_id = None if options.backup is None else cloud.backup(options.backup)
    if options.server is None:
        return None, [by_id] if by_id is not None else cloud.backups(name=options.backup)
    server_id, rows = _read_backups_of(options.server, servers, cloud)
    if by_id is not None and by_id["resource_id"] == server_id:
        # A new backup may not be listed yet.
        rows = [*(row for row in rows if row["id"] != by_id["id"]), by_id]
    return server_id, rows


def _read_backups_of(ref: str, servers: list[ServerRow], cloud: Cloud) -> tuple[str, list[BackupRow]]:
    """Return the ID of a server, which may no longer exist, and its backups. Raises InvalidInput."""
    # Loaded here, because a task that names its backup alone does not need it.
    from .._domain.server_lookup import resolve_servers, servers_of_backups

    known = resolve_servers([ref], None, servers, (), unknown="ignore")
    if known:
        rows = cloud.backups(resource_id=known[0])
    else:
        from .._plans.missing_backup import check_one_former

        rows = _read_backups_made_as(ref, cloud)
        check_one_former(ref, servers, rows)
        known = resolve_servers([ref], None, servers, servers_of_backups(rows))
    return known[0], [row for row in rows if row["resource_id"] == known[0]]


def _read_backups_made_as(name: str, cloud: Cloud) -> list[BackupRow]:
    """Return the backups that were made while their server had a name."""
    # The service finds parts of names as well.
    rows = cloud.backups(resource_name=name)
    return [row for row in rows if (row.get("extend_info") or {}).get("resource_name") == name]


def _hint_at_former(options: RestoreOptions, servers: list[ServerRow], cloud: Cloud) -> str:
    """Return for the end of a message what former servers with the name of the server have, empty for nothing."""
    server = None if options.server is None else find_one("server", options.server, servers)
    if server is None:
        return ""
    # Loaded here, because only a refusal needs it.
    from .._plans.missing_backup import explain_former

    try:
        return explain_former(options, servers, _read_backups_made_as(server["name"], cloud))
    except CloudError:
        # The message matters more than its hint.
        return ""


# ========== Wait and result ==========
def finish(
    options: RestoreOptions, cloud: Cloud, plan: Plan[RestoreContext], outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    """Wait for the end of the restore, if the options say so, and return the result. Raises TaskFailed."""
    # Loaded here, because check mode needs no wait.
    from .._execution.restore import RestoreFollower, explain_ending, read_server_state
    from .._execution.watch import first_fields, follow, join_problems

    backup, names = plan.context
    target = plan.result["restore"]["target_server"]
    # Where the answer was lost or names nothing, only readings show that the restore began.
    follower = RestoreFollower(cloud, backup, clock, None if 0 in outcome.found else outcome.answers[0]["id"])
    ending = follow(follower, options, clock, "restores ended", 1, follower.percent)
    restore_id = follower.restore_id
    restore = {**plan.result["restore"], "id": restore_id, "status": "in_progress"}
    results = {"restore": restore, "backup": backup_result(follower.row, names)}
    if not options.wait:
        return results
    described = (
        f"restore {restore_id or '(its id is not known)'} of backup {describe_renamed(follower.row, names)}"
        f" to server {describe_server(target)}"
    )
    problems, warnings = explain_ending(described, follower, ending), []
    if not problems:
        wrong_state = _check_state(options, target["id"], cloud, clock)
        if wrong_state is not None:
            text = f"The {described} ended without an error, but {wrong_state}."
            # Somebody may have started a server that should stay shut off, so that is no failure.
            if options.power_on:
                problems.append(f"{text} What to do: check the server before you use it.")
            else:
                warnings.append(text)
    if follower.ended:
        restore["status"] = "failed" if problems else "restored"
    if not problems:
        return {**results, "warnings": warnings}
    state = read_server_state(cloud, target["id"])
    if state is not None:
        problems.append(f"The server is {'shut off' if state == 'SHUTOFF' else state}.")
    fields = first_fields(outcome, ending.unseen)
    fields["error_code"] = follower.error_code or fields["error_code"]
    raise TaskFailed(join_problems(problems), {"changed": True, **results, **fields})


def _check_state(options: RestoreOptions, server_id: str, cloud: Cloud, clock: Clock) -> str | None:
    """Wait for the state that the server must have after the restore. Return what is wrong with it, or None."""
    from .._execution.restore import await_server_state

    wanted = "ACTIVE" if options.power_on else "SHUTOFF"
    seconds = clock.left if options.power_on else min(clock.left, _SECONDS_TO_SHOW_SHUTOFF)
    state = await_server_state(cloud, server_id, wanted, clock.renewed(seconds), options.poll_interval)
    if state == wanted:
        return None
    power_on = str(options.power_on).lower()
    is_now = f"it is {state}" if state else "its state could not be read"
    return f"with power_on: {power_on} the server must be {wanted}, and {is_now}"
