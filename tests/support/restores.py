# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups to restore, and clouds that show them, for tests of csbs_restore."""

from __future__ import annotations

import typing as t

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.csbs import CsbsCloud
from tests.support.fakes import Cloud, backup, server

Row = dict[str, t.Any]
#: ID of the backup that seen returns
ITEM = "item-b-web"
DISK = {
    "id": "part",
    "source_volume_id": "vol-web",
    "source_volume_name": "web-disk",
    "source_volume_size": 20,
    "bootable": True,
}
SERVERS = [server("web"), server("db"), server("off", status="ERROR"), server("twin", "t1"), server("twin", "t2")]


def good(name: str, server_name: str = "web", status: str = "available", **fields: t.Any) -> Row:
    """A backup with one disk."""
    return backup(name, server_name, status, info={"volume_backups": [DISK]}, **fields)


def seen(status: str = "available", updated_at: str = "1", op: str = "", reason: str = "", **info: t.Any) -> t.Any:
    """A backup in some state, with the failure that it shows."""
    row = good("b", status=status, updated_at=updated_at)
    return {**row, "extend_info": {**row["extend_info"], "fail_op": op, "fail_reason": reason, **info}}


def former(name: str, server_id: str = "id-former", server_name: str = "web", **fields: t.Any) -> Row:
    """A backup of a server that no longer exists, and had the name of one that does."""
    return {**good(name, server_name, **fields), "id": f"item-{name}-{server_id}", "resource_id": server_id}


class RestoreCloud(Cloud):
    """A cloud whose servers each have one disk, and that says what the test wants of restores."""

    def __init__(self, rows: list[Row], verdict: Row | None = None) -> None:
        super().__init__(SERVERS, backups=rows)
        self.verdict = {"result": True, "error_code": "", "error_msg": "never mind", **(verdict or {})}

    def backups(self, **query: t.Any) -> list[Row]:
        of_server = query.pop("resource_name", None)
        return [row for row in super().backups(**query) if of_server in (None, row["extend_info"]["resource_name"])]

    def server_disks(self, server_id: str) -> list[Row]:
        name = server_id.removeprefix("id-")
        disk = {"id": f"vol-{name}", "name": f"{name}-disk", "size_gb": 20, "bootable": True, "shared": False}
        return [{**disk, "device": "/dev/vda"}]

    def restorable(self, backup_id: str, server_id: str, volumes: list[Row]) -> Row:
        self.asked.append(("restorable", (backup_id, server_id, volumes)))
        return self.verdict


class ShowingCloud(Cloud):
    """A cloud that shows a backup at each reading, the last one for ever, and servers in a state."""

    def __init__(self, looks: t.Iterable[t.Any], state: str = "ACTIVE", **more: t.Any) -> None:
        super().__init__(**more)
        self.looks, self.state = list(looks), state

    def backup(self, backup_id: str) -> Row | None:
        look: Row | Exception | None = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return look

    restore_verdict = CsbsCloud.restore_verdict

    def server_state(self, server_id: str) -> str | None:
        return self.state
