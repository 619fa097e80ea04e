# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_backup with state absent: which backups go, and the plan that deletes each for itself."""

from __future__ import annotations

import typing as t

from ._backup_shape import LEAVING, backup_result, describe_backup, name_pattern
from ._plan import Call, Plan
from ._selection import find_one, match_server

# The service deletes five at a time and lets the others queue.
MAX_DELETIONS = 5
# So many backups are read one by one; more are read by one list.
_FEW = 3


def plan_deletion(wish: t.Any, cloud: t.Any) -> Plan:
    """Read which backups there are, and return the plan after which those that are wished away are gone."""
    rows = [row for row in _targets(wish, cloud) if row["status"] != "deleted"]
    going = [row for row in rows if row["status"] not in LEAVING]
    shown = [{"name": row["name"], "server": backup_result(row)["server"]} for row in going]
    result = {"backups": [backup_result(row) for row in going], "skipped_servers": [], "servers": []}
    workers = min(wish.concurrency, MAX_DELETIONS)
    return Plan(deletion_calls(going), {"backups": shown}, {"backups": []}, result, workers=workers, context={"going": going, "rows": rows})


def deletion_calls(rows: list[dict[str, t.Any]]) -> tuple[Call, ...]:
    """Return the calls that delete backups, each for itself and never the others of its record."""
    return tuple(
        Call(
            f"delete backup {describe_backup(row)}",
            "delete_backup",
            {"checkpoint": row["checkpoint_id"], "item": row["id"]},
            gone_is_done=True,
        )
        for row in rows
    )


def _targets(wish: t.Any, cloud: t.Any) -> list[dict[str, t.Any]]:
    if wish.ids is not None:
        listed = {row["id"]: row for row in cloud.backups()} if len(wish.ids) > _FEW else {}
        # What the list does not show may be too new for it.
        found = (listed.get(one) or cloud.backup(one) for one in wish.ids)
        return [row for row in found if row is not None]
    # The name with its numbers as well, as one task gave it to several servers.
    pattern = name_pattern(wish.name)
    rows = [row for row in cloud.backups(name=wish.name) if pattern.fullmatch(row["name"] or "")]
    if wish.servers is None and wish.filters is None:
        return rows
    wanted = _wanted_server_ids(wish, cloud.servers())
    return [row for row in rows if row["resource_id"] in wanted]


def _wanted_server_ids(wish: t.Any, servers: list[dict[str, t.Any]]) -> set[str]:
    """Return the ids of the chosen servers; one that no longer exists is known by its id only."""
    wanted = set()
    for key in wish.servers or []:
        server = find_one("server", key, servers)
        wanted.add(key if server is None else server["id"])
    if wish.filters is not None:
        wanted.update(server["id"] for server in servers if match_server(server, wish.filters))
    return wanted
