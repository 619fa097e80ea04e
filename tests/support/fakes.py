# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows for unit tests: policies, backups and servers as the service describes them, and a cloud made of such rows."""

from __future__ import annotations

import contextlib
import typing as t
from datetime import datetime, timezone

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.csbs import CsbsCloud
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.clock import Clock

SUMMER = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
WINTER = datetime(2026, 1, 15, 12, tzinfo=timezone.utc)
DAILY_0200 = (
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nRRULE:FREQ=DAILY;BYHOUR=02;BYMINUTE=00\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def server(name: str, server_id: str = "", **fields: t.Any) -> dict[str, t.Any]:
    return {
        "id": server_id or f"id-{name}",
        "name": name,
        "status": "ACTIVE",
        "metadata": {},
        "tags": [],
        "availability_zone": "eu-de-01",
        **fields,
    }


def policy(name: str = "nightly", servers: t.Iterable[str] = (), **fields: t.Any) -> dict[str, t.Any]:
    """A policy as a get answers; servers are names, their ids are id-name."""
    operation = {
        "id": f"op-{name}",
        "enabled": fields.pop("enabled", True),
        "operation_definition": fields.pop("definition", {}),
        "trigger": {"properties": {"pattern": fields.pop("pattern", DAILY_0200)}},
    }
    return {
        "id": f"pol-{name}",
        "name": name,
        "description": "",
        "status": "suspended",
        "resources": [{"id": f"id-{one}", "type": "OS::Nova::Server", "name": one} for one in servers],
        "scheduled_operations": [operation],
        "tags": [],
        "created_at": "2026-03-01T09:31:08.265000",
        **fields,
    }


def backup(name: str, server_name: str, status: str = "available", **fields: t.Any) -> dict[str, t.Any]:
    """A checkpoint item as a list tells of it."""
    info = {"resource_name": server_name, "auto_trigger": False, **fields.pop("info", {})}
    return {
        "id": f"item-{name}-{server_name}",
        "checkpoint_id": f"rec-{name}-{server_name}",
        "name": name,
        "status": status,
        "resource_id": f"id-{server_name}",
        "created_at": "2026-07-01T06:00:00.000000",
        "tags": [],
        "extend_info": info,
        **fields,
    }


class Ticks:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0
        self.sleeps: list[float] = []

    def sleep_for(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += seconds

    def clock(self, timeout: float = 3600) -> Clock:
        return Clock(timeout, lambda: self.time, self.sleep_for)


class Changes:
    """What the cloud was told to change, and the answers that the test laid out."""

    def __init__(self, answers: dict[str, list[t.Any]]) -> None:
        self.sent: list[tuple[str, dict[str, t.Any]]] = []
        self._answers = answers

    def __getattr__(self, method: str) -> t.Callable[..., t.Any]:
        def send(**arguments: t.Any) -> t.Any:
            self.sent.append((method, arguments))
            queue = self._answers.get(method) or [None]
            answer = queue.pop(0) if len(queue) > 1 else queue[0]
            if isinstance(answer, Exception):
                raise answer
            return answer(**arguments) if callable(answer) else answer

        return send


#: The methods of a cloud that change something
CHANGES = (
    "add_tag",
    "back_up",
    "change_members",
    "create_image",
    "create_policy",
    "delete_backup",
    "delete_empty_policy",
    "delete_policy",
    "remove_tag",
    "restore_backup",
    "run_policy",
    "set_tags",
    "unset_tags",
    "update_policy",
)


class Cloud:
    """A cloud that is only data."""

    def __init__(
        self,
        servers: t.Iterable[dict[str, t.Any]] = (),
        policies: t.Iterable[dict[str, t.Any]] = (),
        backups: t.Iterable[dict[str, t.Any]] = (),
        verdicts: dict[str, dict[str, t.Any]] | None = None,
        answers: dict[str, list[t.Any]] | None = None,
    ) -> None:
        self.all_servers, self.all_policies, self.all_backups = list(servers), list(policies), list(backups)
        self.verdicts = verdicts or {}
        self.changes = Changes(answers or {})
        for method in CHANGES:
            setattr(self, method, getattr(self.changes, method))
        self.asked: list[tuple[str, t.Any]] = []

    @contextlib.contextmanager
    def errors_of(self, operation: str, service: str = "") -> t.Iterator[None]:
        yield

    def now(self) -> datetime:
        return SUMMER

    def project(self) -> dict[str, str | None]:
        return {"id": "project", "region": "eu-de"}

    def set_deadline(self, seconds: float) -> None:
        self.asked.append(("set_deadline", seconds))

    def servers(self) -> list[dict[str, t.Any]]:
        self.asked.append(("servers", None))
        return list(self.all_servers)

    def policies(self) -> list[dict[str, t.Any]]:
        self.asked.append(("policies", None))
        return [dict(one) for one in self.all_policies]

    def policy(self, policy_id: str) -> dict[str, t.Any] | None:
        return next((dict(one) for one in self.all_policies if one["id"] == policy_id), None)

    def backups(self, **query: t.Any) -> list[dict[str, t.Any]]:
        """Find names by a part of them, as the service does."""
        self.asked.append(("backups", query))
        return [
            dict(one)
            for one in self.all_backups
            if query.get("name", "") in one["name"] and query.get("resource_id") in (None, one["resource_id"])
        ]

    def backup(self, backup_id: str) -> dict[str, t.Any] | None:
        self.asked.append(("backup", backup_id))
        return next((dict(one) for one in self.all_backups if one["id"] == backup_id), None)

    backups_by_id = CsbsCloud.backups_by_id
    why_failed = CsbsCloud.why_failed

    def protectable(self, server_ids: list[str]) -> dict[str, dict[str, t.Any]]:
        self.asked.append(("protectable", server_ids))
        return {key: self.verdicts.get(key, {"result": True}) for key in server_ids}

    rules = CsbsCloud.rules
    with_sizes = CsbsCloud.with_sizes
    places_outside_policies = CsbsCloud.places_outside_policies
    held_by_other_service = CsbsCloud.held_by_other_service
    vaults_that_stay = CsbsCloud.vaults_that_stay
    run_groups = CsbsCloud.run_groups
    backup_groups = CsbsCloud.backup_groups
    vault_named = CsbsCloud.vault_named

    def policies_of_other_service(self) -> int:
        return 0

    def tags_of(self, resource_type: str, resource_id: str) -> list[dict[str, t.Any]]:
        rows = self.all_policies if resource_type == "policy" else self.all_backups
        return next(list(one["tags"] or []) for one in rows if one["id"] == resource_id)

    def tags_in_project(self, resource_type: str) -> list[dict[str, t.Any]]:
        values: dict[str, list[str]] = {}
        for row in self.find_tagged(resource_type, {}):
            for tag in row["tags"]:
                values.setdefault(tag["key"], []).append(tag["value"])
        return [{"key": key, "values": found} for key, found in values.items()]

    def find_tagged(self, resource_type: str, query: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        rows = self.all_policies if resource_type == "policy" else self.all_backups
        wanted = {one["key"] for one in query.get("tags", [])}
        return [
            {"resource_id": one["id"], "resource_name": one["name"], "tags": one["tags"] or []}
            for one in rows
            if wanted <= {tag["key"] for tag in one["tags"] or []}
        ]
