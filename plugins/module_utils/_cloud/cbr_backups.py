# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backups of CBR: readings as rows, and the calls that make and delete backups."""

from __future__ import annotations

import typing as t

from .._domain.backup_query import cbr_query, fits
from .._domain.cbr_rows import backup_row
from .._domain.limits import MAX_SINGLE_READS, SERVER_TYPE
from .._domain.selection import is_id
from .compute import Compute, checked, found, plain
from .errors import errors_of

if t.TYPE_CHECKING:
    from .._domain.rows import BackupGroup, BackupRow, CheckpointRow, PolicyRow, Row, ServerRow, VaultRow, VerdictRow

_BACKUP_FIELDS = ("id", "checkpoint_id", "resource_id", "status", "vault_id")
# Seconds until every list shows a vault that was just made, and between two looks for it; the first, and the longest
_SECONDS_UNTIL_LISTED = 30.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 4.0


class CbrBackups(Compute):
    """The part of CbrCloud that is about backups."""

    cbr: t.Any
    policies: t.Callable[[], list[PolicyRow]]
    vault: t.Callable[[str], VaultRow | None]
    vaults: t.Callable[..., list[VaultRow]]
    vault_named: t.Callable[[str], tuple[VaultRow | None, list[VaultRow]]]
    _vault_ids: t.Callable[[Row], list[str]]

    def __init__(self, connection: t.Any) -> None:
        super().__init__(connection)
        # By ID, kept because backups do not name their vault; None for a vault that is gone.
        self._vault_names: dict[str, str | None] = {}

    def backups(self, **query: t.Any) -> list[BackupRow]:
        """Return the backups of servers that fit a query; rows lack the disks.

        Parts of names fit, policy_id means the vaults that the policy has now, and vault_id may be the name of a vault.
        """
        scopes = self._scopes(query)
        asked = {key: value for key, value in query.items() if key not in ("policy_id", "vault_id")}
        # Many vaults are not read one by one.
        queries: list[Row] = [{}]
        if scopes is not None and len(scopes) <= MAX_SINGLE_READS:
            queries = [{"vault_id": vault_id} for vault_id in scopes]
        with errors_of("list backups"):
            rows = [
                checked(row, *_BACKUP_FIELDS)
                for scope in queries
                for row in self.cbr.backups(**cbr_query(asked), **scope)
            ]
        rows = [row for row in rows if scopes is None or row["vault_id"] in scopes]
        return [row for row in self._rows(rows) if fits(row, query)]

    def _scopes(self, query: t.Mapping[str, t.Any]) -> list[str] | None:
        """Return the IDs of the vaults that a query is about, None for all."""
        if query.get("vault_id") is not None:
            return [self._vault_id(query["vault_id"])]
        policy_id = query.get("policy_id")
        if policy_id is None:
            return None
        if not is_id(policy_id):
            return []
        with errors_of(f"read backup policy {policy_id}"):
            policy = found(self.cbr.get_policy, policy_id, "id")
        return [] if policy is None else self._vault_ids(policy)

    def _rows(self, rows: t.Sequence[Row]) -> list[BackupRow]:
        unknown = {row["vault_id"] for row in rows} - self._vault_names.keys()
        if len(unknown) > MAX_SINGLE_READS:
            self._learn(self.vaults())
            unknown -= self._vault_names.keys()
        # What the list lacks is too new, or gone.
        for vault_id in unknown:
            vault = self.vault(vault_id)
            self._vault_names[vault_id] = None if vault is None else vault["name"]
        return [backup_row(row, self._vault_names) for row in rows]

    def _learn(self, vaults: t.Iterable[VaultRow]) -> None:
        self._vault_names.update({str(vault["id"]): vault["name"] for vault in vaults})

    def backup(self, backup_id: str) -> BackupRow | None:
        """Return one backup of a server in full, None when it does not exist or the text is no ID of one."""
        if not is_id(backup_id):
            return None
        with errors_of(f"read backup {backup_id}"):
            row = found(self.cbr.get_backup, backup_id, *_BACKUP_FIELDS)
        if row is None or row.get("resource_type") not in (None, SERVER_TYPE):
            return None
        return self._rows([row])[0]

    def count_backups(self, **query: t.Any) -> int:
        """Return how many backups fit a query."""
        return len(self.backups(**query))

    def protectable(self, server_ids: t.Sequence[str]) -> dict[str, VerdictRow]:
        """Return by server ID whether the server can be backed up, as far as its state tells."""
        from .._domain.protectability import PROTECTABLE_STATUSES

        statuses = {server["id"]: server["status"] for server in self.servers()}
        verdicts: dict[str, VerdictRow] = {}
        for server_id in server_ids:
            if server_id not in statuses:
                verdicts[server_id] = {"result": False, "error_code": "BackupService.7100"}
            elif statuses[server_id] not in PROTECTABLE_STATUSES:
                verdicts[server_id] = {"result": False, "error_code": "BackupService.7101"}
            else:
                verdicts[server_id] = {"result": True}
        return verdicts

    def backup_groups(self, servers: t.Sequence[ServerRow]) -> tuple[list[BackupGroup], list[ServerRow]]:
        """Return for each vault which of the servers it holds, and the servers that are in no vault."""
        vaults = self.vaults()
        held = {member["id"]: vault for vault in vaults for member in vault["members"]}
        if any(server["id"] not in held for server in servers):
            # A vault that was just made may not be listed yet, but its policy names it.
            new = [vault for policy in self.policies() for vault in policy["vaults"]]
            held = {**{member["id"]: vault for vault in new for member in vault["members"]}, **held}
        self._learn(held.values())
        groups: dict[str, BackupGroup] = {}
        for server in servers:
            vault = held.get(server["id"])
            if vault is not None:
                groups.setdefault(str(vault["id"]), _group(vault, []))["servers"].append(server["id"])
        return list(groups.values()), [server for server in servers if server["id"] not in held]

    def run_groups(self, policy: PolicyRow, server_ids: t.Sequence[str]) -> list[BackupGroup]:
        """Return for each vault of a policy which of the servers it holds."""
        self._learn(policy["vaults"])
        groups: list[BackupGroup] = []
        for vault in policy["vaults"]:
            held = {member["id"] for member in vault["members"]}
            servers = [server_id for server_id in server_ids if server_id in held]
            if servers:
                groups.append(_group(vault, servers))
        return groups

    def run_policy(self, policy: str, servers: t.Sequence[str] | None = None, **place: t.Any) -> CheckpointRow:
        """Back up the members of a vault of the policy now, all of them or some."""
        return self._checkpoint(place["vault"], servers)

    def back_up(self, **attrs: t.Any) -> CheckpointRow:
        """Back up servers of one vault now; attrs: vault (ID or name), servers, name, description, incremental."""
        vault, servers = self._vault_id(attrs.pop("vault")), attrs.pop("servers")
        return self._checkpoint(vault, servers, **{key: value for key, value in attrs.items() if value is not None})

    def _checkpoint(self, vault_id: str, servers: t.Sequence[str] | None, **parameters: t.Any) -> CheckpointRow:
        row = plain(self.cbr.create_checkpoint(vault_id, servers, **parameters), "id")
        skipped = (row.get("vault") or {}).get("skipped_resources") or []
        return {
            "id": row["id"],
            "created_at": row.get("created_at"),
            "skipped": {str(one.get("id")): _why_skipped(one) for one in skipped},
        }

    def _vault_id(self, ref: str) -> str:
        """Return the ID of a vault that is given by ID or name. One that was just made may not be listed yet."""
        if is_id(ref):
            return ref
        # Loaded here, because only tasks that make vaults do not know their IDs.
        import time

        from .._domain.backoff import backoff
        from .._domain.errors import FinalError, InvalidInput

        waited = 0.0
        for pause in backoff(_FIRST_PAUSE, most=_LONGEST_PAUSE):
            try:
                vault = self.vault_named(ref)[0]
            except InvalidInput as error:
                raise FinalError(f"find vault {ref!r}", f"{error}.") from error
            if vault is not None:
                return str(vault["id"])
            if waited >= _SECONDS_UNTIL_LISTED or self.seconds_left() <= pause:
                break
            time.sleep(pause)
            waited += pause
        raise FinalError(f"find vault {ref!r}", "there is no such vault.")

    def delete_backup(self, checkpoint: str, item: str) -> None:
        """Start to delete one backup."""
        self.cbr.delete_backup(item, ignore_missing=False)


def _group(vault: VaultRow, servers: list[str]) -> BackupGroup:
    vault_id = str(vault["id"])
    return {
        "vault": {"id": vault_id, "name": vault["name"]},
        "servers": servers,
        # All by name: a server that joins meanwhile is nobody's wish.
        "arguments": {"vault": vault_id, "servers": servers},
        "query": {"vault_id": vault_id},
    }


def _why_skipped(row: Row) -> str:
    from .._domain.protectability import explain_verdict

    return explain_verdict({"result": False, "error_code": row.get("code"), "error_msg": row.get("reason")})
