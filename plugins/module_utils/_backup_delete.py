# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_backup with state absent: which backups go, and the plan that deletes each for itself."""

from __future__ import annotations

import typing as t

from ._backup_shape import LEAVING, backup_names, backup_result, describe_backup
from ._plan import Call, Plan
from ._selection import names_of
from ._server_lookup import resolve_servers, servers_of_backups

# The service deletes five at a time and lets the others queue.
MAX_DELETIONS = 5


def plan_deletion(wish: t.Any, cloud: t.Any) -> Plan:
    """Read which backups there are, and return the plan after which those that the task names are gone."""
    rows = [row for row in _targets(wish, cloud) if row["status"] != "deleted"]
    to_delete = [row for row in rows if row["status"] not in LEAVING]
    names = names_of(cloud.servers()) if to_delete else {}
    result = {"backups": [backup_result(row, names) for row in to_delete], "skipped_servers": [], "servers": []}
    shown = {"backups": [diff_of_deletion(row, wish.name, names) for row in to_delete]}
    workers = min(wish.concurrency, MAX_DELETIONS)
    context = {"to_delete": to_delete, "rows": rows}
    return Plan(deletion_calls(to_delete), shown, {"backups": []}, result, workers=workers, context=context)


def diff_of_deletion(row: dict[str, t.Any], name: str | None, names: t.Mapping[str, str]) -> dict[str, t.Any]:
    shown = {"name": row["name"], "server": backup_result(row, names)["server"]}
    return shown if name in (None, row["name"]) else {**shown, "numbered_form_of": name}


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
        found = dict(cloud.backups_by_id(wish.ids))
        return [row for key in wish.ids if (row := found[key]) is not None]
    # The name with its numbers as well, as one task gave it to several servers.
    rows = cloud.backups(name=wish.name)
    names = backup_names(wish.name, rows)
    rows = [row for row in rows if names.fit(row["name"])]
    if wish.servers is None and wish.filters is None:
        return rows
    wanted = resolve_servers(wish.servers, wish.filters, cloud.servers(), servers_of_backups(rows), unknown="ignore")
    return [row for row in rows if row["resource_id"] in wanted]
