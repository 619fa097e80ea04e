# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore is to do, and how its plan shows it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from .._domain.backup import describe_backup
from .._domain.disk_mapping import Pair
from .._domain.errors import RETRYABLE_CODES, FinalError
from .._domain.explain import explain

if t.TYPE_CHECKING:
    from .._domain.rows import Row


@dataclass(frozen=True)
class RestoreOptions:
    """The options of csbs_restore in normal form; volumes pairs disks of the backup with disks of the target."""

    backup: str | None = None
    server: str | None = None
    before: datetime | None = None
    target_server: str | None = None
    volumes: tuple[tuple[str, str], ...] = ()
    power_on: bool = True
    wait: bool = True
    poll_interval: float = 10


@dataclass(frozen=True)
class RestoreContext:
    """What the end of a restore is compared with: the backup as it was before, and the names that servers have now."""

    before: Row
    names: t.Mapping[str, str]

    def describe(self, row: Row) -> str:
        """Return how messages speak of the backup."""
        return describe_now(row, self.names)


def describe_now(row: Row, names: t.Mapping[str, str]) -> str:
    """Return how messages speak of a backup, with the name that its server has now."""
    info = row.get("extend_info") or {}
    name = names.get(row["resource_id"]) or info.get("resource_name")
    return describe_backup({**row, "extend_info": {**info, "resource_name": name}})


def check_verdict(operation: str, verdict: Row) -> None:
    """Raise CloudError for a refusal that is final; what is merely busy is waited for when the call is made."""
    if verdict["result"] or verdict.get("error_code") in RETRYABLE_CODES:
        return
    if not verdict.get("error_code"):
        said = verdict.get("error_msg") or "without a reason"
        raise FinalError(
            operation,
            f"the service's own check refuses it ({said}). What to do: check the backup, the target server and its"
            " disks.",
        )
    raise explain(operation, None, verdict, None)


def pair_result(pair: Pair) -> Row:
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


def for_diff(backup: Row, target: Row, pairs: list[Pair], power_on: bool) -> tuple[Row, Row]:
    """Return before and after in names; the present content of a disk has none, the later one is the backup's."""
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
