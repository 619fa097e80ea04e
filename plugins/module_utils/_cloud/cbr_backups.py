# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backups of CBR: readings as rows, and the calls that make and delete backups."""

from __future__ import annotations

import typing as t

from .._domain.cbr_rows import backup_row
from .._domain.limits import MAX_SINGLE_READS
from .._domain.selection import is_id
from .._domain.times import parse_time
from .compute import checked, found, plain
from .errors import errors_of

if t.TYPE_CHECKING:
    from .._domain.rows import BackupGroup, BackupRow, CheckpointRow, PolicyRow, Row, ServerRow, VaultRow, VerdictRow

_BACKUP_FIELDS = ("id", "checkpoint_id", "resource_id", "status", "vault_id")
# What the filters of the rows are called by the service
_FILTERS = {"availability_zone": "resource_az"}
_TIMES = ("start_time", "end_time")


class CbrBackups:
    """The part of CbrCloud that is about backups."""

    cbr: t.Any
    vaults: t.Callable[..., list[VaultRow]]
    servers: t.Callable[[], list[ServerRow]]

    def _vault_names(self) -> dict[str, str]:
        return {str(vault["id"]): vault["name"] for vault in self.vaults()}

    def backups(self, **query: t.Any) -> list[BackupRow]:
        """Return the backups that fit a query; rows lack the disks. policy_id means the vaults of that policy."""
        query = {_FILTERS.get(key, key): value for key, value in query.items()}
        for key in _TIMES:
            moment = parse_time(query.get(key))
            if moment is not None:
                query[key] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        policy_id = query.pop("policy_id", None)
        scopes: list[Row] = [{}]
        if policy_id is not None:
            scopes = [{"vault_id": vault["id"]} for vault in self.vaults(policy_id=policy_id)]
        with errors_of("list backups"):
            rows = [
                checked(row, *_BACKUP_FIELDS)
                for scope in scopes
                for row in self.cbr.backups(**{"image_type": "backup", **query, **scope})
            ]
        names = self._vault_names() if rows else {}
        return [backup_row(row, names) for row in rows]

    def backup(self, backup_id: str) -> BackupRow | None:
        """Return one backup in full, None when it does not exist or the text is no ID."""
        if not is_id(backup_id):
            return None
        with errors_of(f"read backup {backup_id}"):
            row = found(self.cbr.get_backup, backup_id, *_BACKUP_FIELDS)
        return None if row is None else backup_row(row, self._vault_names())

    def backups_by_id(self, ids: t.Collection[str]) -> t.Iterator[tuple[str, BackupRow | None]]:
        """Yield each ID with its backup, None when there is none; those that a list shows come first."""
        listed = {row["id"]: row for row in self.backups()} if len(ids) > MAX_SINGLE_READS else {}
        yield from ((backup_id, listed[backup_id]) for backup_id in ids if backup_id in listed)
        yield from ((backup_id, self.backup(backup_id)) for backup_id in ids if backup_id not in listed)

    def count_backups(self, **query: t.Any) -> int:
        """Return how many backups fit a query."""
        return len(self.backups(**query))

    def protectable(self, server_ids: t.Sequence[str]) -> dict[str, VerdictRow]:
        """Return by server ID whether the server can be backed up, as far as its state tells."""
        from .._domain.protectability import PROTECTABLE_STATUSES

        wanted = set(server_ids)
        verdicts: dict[str, VerdictRow] = {}
        for server in self.servers():
            if server["id"] in wanted:
                good = server["status"] in PROTECTABLE_STATUSES
                verdicts[server["id"]] = {
                    "result": good,
                    "error_code": None if good else "BackupService.7101",
                    "error_msg": None if good else f"its status is {server['status']}",
                }
        return verdicts

    def backup_groups(self, servers: t.Sequence[ServerRow]) -> tuple[list[BackupGroup], list[ServerRow]]:
        """Return for each vault which of the servers it holds, and the servers that are in no vault."""
        held: dict[str, str] = {}
        groups: dict[str, BackupGroup] = {}
        for vault in self.vaults():
            vault_id = str(vault["id"])
            for member in vault["members"]:
                held[member["id"]] = vault_id
            groups[vault_id] = {"place": vault["name"], "servers": [], "arguments": {"vault": vault_id}}
        for server in servers:
            if server["id"] in held:
                groups[held[server["id"]]]["servers"].append(server["id"])
        used = [group for group in groups.values() if group["servers"]]
        for group in used:
            group["arguments"]["servers"] = list(group["servers"])
        return used, [server for server in servers if server["id"] not in held]

    def run_groups(self, policy: PolicyRow, server_ids: t.Sequence[str]) -> list[BackupGroup]:
        """Return for each vault of a policy which of the servers it holds."""
        groups: list[BackupGroup] = []
        for vault in policy["vaults"]:
            held = {member["id"] for member in vault["members"]}
            servers = [server_id for server_id in server_ids if server_id in held]
            if servers:
                arguments: dict[str, t.Any] = {"vault": vault["id"]}
                if held != set(servers):
                    arguments["servers"] = servers
                groups.append({"place": vault["name"], "servers": servers, "arguments": arguments})
        return groups

    def run_policy(self, policy: str, servers: t.Sequence[str] | None = None, **place: t.Any) -> CheckpointRow:
        """Back up the members of a vault of the policy now, all of them or some."""
        return self._checkpoint(place["vault"], servers)

    def back_up(self, **attrs: t.Any) -> CheckpointRow:
        """Back up servers of one vault now; attrs: vault, servers, name, description, incremental."""
        vault, servers = attrs.pop("vault"), attrs.pop("servers")
        return self._checkpoint(vault, servers, **{key: value for key, value in attrs.items() if value is not None})

    def _checkpoint(self, vault: str, servers: t.Sequence[str] | None, **parameters: t.Any) -> CheckpointRow:
        row = plain(self.cbr.create_checkpoint(vault, servers, **parameters), "id")
        skipped = (row.get("vault") or {}).get("skipped_resources") or []
        return {
            "id": row["id"],
            "created_at": row.get("created_at"),
            "skipped": {
                one["id"]: f"{one.get('reason') or 'no reason is given'} ({one.get('code')})" for one in skipped
            },
        }

    def delete_backup(self, checkpoint: str, item: str) -> None:
        """Start to delete one backup."""
        self.cbr.delete_backup(item, ignore_missing=False)
