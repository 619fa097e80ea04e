# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What csbs_restore says when it finds no backup: loaded by tasks that fail, and for the name of a former server."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .._domain.backup import newest, recovery_point
from .._domain.errors import InvalidInput
from .._domain.selection import names_of
from .restore import RestoreOptions, good_backups

if t.TYPE_CHECKING:
    from .._domain.rows import BackupRow, ServerRow


def explain_no_backup(options: RestoreOptions, server_id: str | None, rows: list[BackupRow]) -> str:
    """Return that no backup is meant, with the oldest one of the server where that helps."""
    if options.backup is not None:
        of_server = "" if options.server is None else f" of server {options.server!r}"
        return f"backup: no such backup{of_server}: {options.backup!r}"
    server = f"server {options.server!r} ({server_id})"
    if options.before is None:
        return f"{server} has no good backup"
    points = [point for row in good_backups(rows) if (point := recovery_point(row))]
    oldest = f"; its oldest good backup is of {_time_text(min(points))}" if points else ""
    return f"{server} has no good backup of {_time_text(options.before)} or earlier{oldest}"


def explain_former(options: RestoreOptions, servers: list[ServerRow], rows: list[BackupRow]) -> str:
    """Return a hint for the end of a message: former servers of the same name have what was not found.

    rows are all backups that were made under that name. The hint is empty when no former server has such backups.
    """
    names = names_of(servers)
    good = [row for row in good_backups(rows, options.backup, options.before) if row["resource_id"] not in names]
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
        good = good_backups(row for row in rows if row["resource_id"] == server_id)
        latest = newest(good)
        has = "no good backup"
        if latest is not None:
            count = f"{len(good)} good backup{'s' if len(good) > 1 else ''}"
            has = f"{count}, the newest is {latest['name']!r} of {_time_text(recovery_point(latest))}"
        entries.append(f"{server_id} ({has})")
    return "; ".join(entries)


def _time_text(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")
