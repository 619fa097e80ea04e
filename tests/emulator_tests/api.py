# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client for the local cloud, and bodies to send."""

from __future__ import annotations

from typing import Any

import requests

from tests.emulator import Emulator
from tests.emulator.rules import PROVIDER_ID

SERVER_TYPE = "OS::Nova::Server"
RULE = "FREQ=WEEKLY;BYDAY=TH;BYHOUR=12;BYMINUTE=27"


def pattern(rule: str = RULE) -> str:
    """A schedule pattern as the service wants it."""
    return f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nRRULE:{rule}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


class Api:
    """CSBS of one cloud by HTTP, for the demo project."""

    def __init__(self, cloud: Emulator) -> None:
        self.cloud = cloud
        self.session = requests.Session()
        self.session.headers["X-Auth-Token"] = cloud.token()

    @property
    def url(self) -> str:
        """Where the service is."""
        return self.cloud.csbs_url

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        """Any call below the catalog's URL."""
        url = f"{self.url}/{path}"
        return self.session.request(method, url, json=body, params=query or None, timeout=30)

    def get(self, path: str, **query: Any) -> Any:
        """A GET that succeeds."""
        answer = self.call("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ok(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """A call that succeeds."""
        answer = self.call(method, path, body, **query)
        assert answer.status_code in (200, 202, 204), answer.text
        return answer.json() if answer.content else None

    def refused(self, code: str, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        """A call that is refused with this code."""
        answer = self.call(method, path, body, **query)
        assert answer.status_code >= 400, answer.text
        assert answer.json()["error_code"] == code, answer.text
        assert set(answer.json()) == {"error_code", "error_msg"}
        return answer

    # --- bodies and frequent calls ------------------------------------------------------------------------------------

    def ids(self) -> list[str]:
        """The ids of the servers, oldest first."""
        return list(self.cloud.state.servers)

    def policy_body(self, name: str = "nightly", servers: list[str] | None = None, **changes: Any) -> dict[str, Any]:
        """A policy to create; ``rule``, ``enabled`` and ``definition`` reach into its operation."""
        operation = {
            "name": "operation",
            "description": "an operation",
            "enabled": changes.pop("enabled", True),
            "operation_type": "backup",
            "operation_definition": changes.pop("definition", {"max_backups": 20}),
            "trigger": {"properties": {"pattern": pattern(changes.pop("rule", RULE))}},
        }
        policy = {
            "name": name,
            "description": "a policy",
            "provider_id": PROVIDER_ID,
            "parameters": {"common": {}},
            "scheduled_operations": [operation],
            "resources": resources(servers or []),
            **changes,
        }
        return {"policy": policy}

    def create_policy(self, name: str = "nightly", servers: list[str] | None = None, **changes: Any) -> dict[str, Any]:
        """A policy that is made."""
        policy: dict[str, Any] = self.ok("POST", "policies", self.policy_body(name, servers, **changes))["policy"]
        return policy

    def protect_path(self, server_id: str) -> str:
        """Where a server is backed up."""
        return f"providers/{PROVIDER_ID}/resources/{server_id}/action"

    def protect(self, server_id: str, **wish: Any) -> dict[str, Any]:
        """A backup by hand; the item."""
        made = self.ok("POST", self.protect_path(server_id), {"protect": wish})["checkpoint"]
        return next(item for item in self.items() if item["checkpoint_id"] == made["id"])

    def backed_up(self, server_id: str, **wish: Any) -> dict[str, Any]:
        """A backup by hand that is good."""
        item = self.protect(server_id, **wish)
        self.cloud.clock.advance(3600)
        return self.item(item["id"])

    def items(self, **query: Any) -> list[dict[str, Any]]:
        """A page of backups."""
        rows: list[dict[str, Any]] = self.get("checkpoint_items", **query)["checkpoint_items"]
        return rows

    def item(self, item_id: str) -> dict[str, Any]:
        """One backup."""
        row: dict[str, Any] = self.get(f"checkpoint_items/{item_id}")["checkpoint_item"]
        return row

    def run_path(self) -> str:
        """Where policies are run."""
        return f"providers/{PROVIDER_ID}/checkpoints"

    def run(self, policy_id: str, **parameters: Any) -> dict[str, Any]:
        """Run a policy by hand."""
        body = {"checkpoint": {"plan_id": policy_id, "parameters": {"auto_trigger": False, **parameters}}}
        made: dict[str, Any] = self.ok("POST", self.run_path(), body)["checkpoint"]
        return made

    def delete_path(self, item: dict[str, Any]) -> str:
        """Where a backup's record is deleted."""
        return f"providers/{PROVIDER_ID}/checkpoints/{item['checkpoint_id']}"

    def restore_body(self, item: dict[str, Any], server_id: str | None = None, **changes: Any) -> dict[str, Any]:
        """A restore of a backup to its own, or another, server; disks in order."""
        target = server_id or item["resource_id"]
        volumes = self.cloud.state.servers[target].volume_ids
        mapping = [
            {"backup_id": part["id"], "volume_id": volume_id}
            for part, volume_id in zip(item["extend_info"]["volume_backups"], volumes)
        ]
        return {
            "restore": {
                "provider_id": PROVIDER_ID,
                "checkpoint_id": item["checkpoint_id"],
                "parameters": {
                    "checkpoint_item_id": item["id"],
                    "power_on": changes.pop("power_on", True),
                    "targets": {"server_id": target, "volumes": changes.pop("volumes", mapping)},
                },
            }
        }


def resources(server_ids: list[str], name: str = "label") -> list[dict[str, Any]]:
    """Members of a policy."""
    return [{"id": server_id, "type": SERVER_TYPE, "name": name} for server_id in server_ids]
