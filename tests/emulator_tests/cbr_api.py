# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client for CBR of the local cloud, and bodies to send."""

from __future__ import annotations

from typing import Any

from tests.emulator_tests.api import SERVER_TYPE, Api

DAILY = "FREQ=DAILY;INTERVAL=1;BYHOUR=2;BYMINUTE=00"
NOBODY = "00000000-0000-4000-8000-000000000000"


def code(number: str) -> str:
    """An error code of the service."""
    return f"BackupService.{number}"


def rows(server_ids: list[str], **extra: Any) -> list[dict[str, Any]]:
    """Servers to take into a vault."""
    return [{"id": server_id, "type": SERVER_TYPE, **extra} for server_id in server_ids]


class CbrApi(Api):
    """CBR of one cloud by HTTP, for the demo project."""

    @property
    def url(self) -> str:
        """Where the service is."""
        return self.cloud.cbr_url

    def no(self, number: str, method: str, path: str, body: Any = None, **query: Any) -> int:
        """A call that is refused with this code of the service; its status."""
        return self.refused(code(number), method, path, body, **query).status_code

    # --- vaults -------------------------------------------------------------------------------------------------------

    def vault_body(self, name: str = "vault", servers: list[str] | None = None, size: int = 200, **changes: Any) -> Any:
        """A vault to make."""
        billing = {
            "size": size,
            "object_type": "server",
            "protect_type": "backup",
            "consistent_level": "crash_consistent",
            **changes.pop("billing", {}),
        }
        return {"vault": {"name": name, "billing": billing, "resources": rows(servers or []), **changes}}

    def create_vault(
        self, name: str = "vault", servers: list[str] | None = None, size: int = 200, **changes: Any
    ) -> dict[str, Any]:
        """A vault that is made."""
        vault: dict[str, Any] = self.ok("POST", "vaults", self.vault_body(name, servers, size, **changes))["vault"]
        return vault

    def vault(self, vault_id: str) -> dict[str, Any]:
        """One vault."""
        vault: dict[str, Any] = self.get(f"vaults/{vault_id}")["vault"]
        return vault

    def members(self, vault_id: str) -> list[str]:
        """The ids of a vault's servers."""
        return [row["id"] for row in self.vault(vault_id)["resources"]]

    # --- policies -----------------------------------------------------------------------------------------------------

    def cbr_policy_body(self, name: str = "nightly", rules: list[str] | None = None, **changes: Any) -> Any:
        """A policy to make."""
        return {
            "policy": {
                "name": name,
                "operation_type": "backup",
                "operation_definition": {"timezone": "UTC+00:00", **changes.pop("keep", {})},
                "trigger": {"properties": {"pattern": rules or [DAILY]}},
                **changes,
            }
        }

    def create_cbr_policy(self, name: str = "nightly", rules: list[str] | None = None, **changes: Any) -> Any:
        """A policy that is made."""
        return self.ok("POST", "policies", self.cbr_policy_body(name, rules, **changes))["policy"]

    def cbr_policy(self, policy_id: str) -> dict[str, Any]:
        """One policy."""
        policy: dict[str, Any] = self.get(f"policies/{policy_id}")["policy"]
        return policy

    def apply(self, vault_id: str, policy_id: str) -> None:
        """Apply a policy to a vault."""
        self.ok("POST", f"vaults/{vault_id}/associatepolicy", {"policy_id": policy_id})

    # --- backups ------------------------------------------------------------------------------------------------------

    def checkpoint_body(self, vault_id: str, **parameters: Any) -> dict[str, Any]:
        """A restore point to make."""
        return {"checkpoint": {"vault_id": vault_id, "parameters": parameters}}

    def back_up(self, vault_id: str, **parameters: Any) -> dict[str, Any]:
        """A restore point, just begun."""
        made: dict[str, Any] = self.ok("POST", "checkpoints", self.checkpoint_body(vault_id, **parameters))
        checkpoint: dict[str, Any] = made["checkpoint"]
        return checkpoint

    def good(self, vault_id: str, **parameters: Any) -> list[dict[str, Any]]:
        """The good backups of a restore point, in the order of their names, with their disks."""
        made = self.back_up(vault_id, **parameters)
        self.cloud.clock.advance(3600)
        found = sorted(self.backups(checkpoint_id=made["id"]), key=lambda row: str(row["name"]))
        return [self.backup(row["id"]) for row in found]

    def backups(self, **query: Any) -> list[dict[str, Any]]:
        """A page of backups."""
        found: list[dict[str, Any]] = self.get("backups", **query)["backups"]
        return found

    def backup(self, backup_id: str) -> dict[str, Any]:
        """One backup."""
        found: dict[str, Any] = self.get(f"backups/{backup_id}")["backup"]
        return found

    def restore(self, backup: dict[str, Any], server_id: str | None = None, **changes: Any) -> dict[str, Any]:
        """A restore to ask for; disks in order."""
        target = server_id or backup["resource_id"]
        volumes = self.cloud.state.servers[target].volume_ids
        mappings = [
            {"backup_id": child["id"], "volume_id": volume_id} for child, volume_id in zip(backup["children"], volumes)
        ]
        return {"restore": {"server_id": target, "mappings": mappings, **changes}}

    def tasks(self, **query: Any) -> list[dict[str, Any]]:
        """A page of tasks."""
        found: list[dict[str, Any]] = self.get("operation-logs", **query)["operation_logs"]
        return found
