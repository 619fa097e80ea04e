# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSBS as the Cloud that operations and plans speak to: readings as rows, and the calls that plans name."""

from __future__ import annotations

import typing as t

from .._domain.errors import CloudError, FinalError
from .._domain.selection import is_id
from .._domain.services import RULES
from .._sdk.csbs.service import attach
from .compute import Compute, checked, found, plain
from .errors import errors_of
from .messages import BACKUP_SERVICE
from .shared_calls import SharedCalls

if t.TYPE_CHECKING:
    from .._domain.restore import Verdict
    from .._domain.rows import (
        BackupGroup,
        BackupRow,
        CheckpointRow,
        MemberRow,
        PolicyRow,
        QuotaRow,
        Row,
        ServerRow,
        TaggedRow,
        TagRow,
        VaultRow,
        VerdictRow,
    )
    from .._domain.vault_option import VaultOptions

# Fields that every backup has
_BACKUP_FIELDS = ("id", "checkpoint_id", "resource_id", "status")
# Nobody knows whether the service takes a longer list.
_CHECKED_AT_ONCE = 1000


class CsbsCloud(SharedCalls, Compute):
    """A project whose backups are in CSBS.

    Readings raise CloudError. So do changes, when they run inside errors_of, as the executor runs them.
    """

    rules = RULES["csbs"]
    _whole_image_type = "CSBS"

    def __init__(self, connection: t.Any) -> None:
        super().__init__(connection)
        with errors_of("find the backup service", BACKUP_SERVICE):
            self.csbs = attach(connection)

    def with_sizes(self, servers: t.Sequence[ServerRow]) -> list[ServerRow]:
        """Return servers as they are: a policy takes them whatever their size."""
        return list(servers)

    # ========== Policies ==========
    def policies(self) -> list[PolicyRow]:
        """Return all policies; rows may lack everything but id and name."""
        with errors_of("list backup policies"):
            return [t.cast("PolicyRow", checked(row, "id", "name")) for row in self.csbs.policies()]

    def policy(self, policy_id: str) -> PolicyRow | None:
        """Return one policy in full, None when it does not exist or the text is no ID."""
        # Any other text would become part of the address.
        if not is_id(policy_id):
            return None
        with errors_of(f"read backup policy {policy_id}"):
            row = found(self.csbs.get_policy, policy_id, "id", "name", "scheduled_operations")
            return t.cast("PolicyRow | None", row)

    def places_outside_policies(self) -> list[PolicyRow]:
        """Return nothing: only policies hold servers."""
        return []

    def held_by_other_service(self, server_ids: t.Collection[str]) -> dict[str, str]:
        """Return nothing: the service itself refuses a server that is in a vault of CBR."""
        return {}

    def policies_of_other_service(self) -> int:
        """Return how many policies CBR has; none when it is not offered, or must not be read."""
        from .other_service import OtherService

        return OtherService(self.connection).count_cbr_policies()

    def vaults_that_stay(self, policy: PolicyRow) -> list[str]:
        """Return nothing: policies have no vaults."""
        return []

    def create_policy(self, *, vault: VaultOptions | None = None, **attrs: t.Any) -> PolicyRow:
        """Create a policy; attrs are the service's fields."""
        return t.cast("PolicyRow", plain(self.csbs.create_policy(**attrs), "id"))

    def update_policy(self, policy: str, **attrs: t.Any) -> PolicyRow:
        """Change fields of a policy, except its servers; returns less than a reading does."""
        row = plain(self.csbs.update_policy(policy, **attrs))
        self._check_name(policy, attrs)
        return t.cast("PolicyRow", row)

    def _check_name(self, policy: str, attrs: dict[str, t.Any]) -> None:
        """Raise KeyError when a policy has not got the name that it was to get, CloudError when it cannot be read.

        A set knows its policies by their names, so no call may follow a rename that something else than the service
        has answered.
        """
        if "name" not in attrs:
            return
        try:
            row = self.policy(policy)
        except CloudError as error:
            error.applied = True
            raise
        if row is not None and row["name"] != attrs["name"]:
            raise KeyError("the new name")

    def delete_policy(self, policy: str) -> None:
        """Delete a policy; its backups stay."""
        # A gateway's 404 says nothing about the policy, so the SDK must not take every 404 for success.
        self.csbs.delete_policy(policy, ignore_missing=False)

    def delete_empty_policy(self, operation: str, policy: str, leaving: t.Collection[str] = ()) -> None:
        """Delete a policy that has no servers but those in leaving (IDs); errors name the operation."""
        from .members import PolicyMembers

        PolicyMembers(self, self.csbs).delete_empty(operation, policy, leaving)

    def change_members(
        self,
        operation: str,
        policy: str,
        add: t.Sequence[MemberRow] = (),
        remove: t.Sequence[str] = (),
        **attrs: t.Any,
    ) -> None:
        """Add servers to a policy, remove others by ID, and change other fields of it; errors name the operation.

        attrs may hold most: how many servers the policy may have after servers are added. vault and delete_backups have
        no meaning here: there are no vaults, and backups of servers that leave stay.
        """
        for option in ("vault", "delete_backups"):
            attrs.pop(option, None)
        from .members import PolicyMembers

        PolicyMembers(self, self.csbs).change(operation, policy, add, remove, **attrs)
        self._check_name(policy, attrs)

    def run_groups(self, policy: PolicyRow, server_ids: t.Sequence[str]) -> list[BackupGroup]:
        """Return the one call that runs a policy for servers; without a list of servers it is for all."""
        members = {member["id"] for member in policy.get("resources") or []}
        arguments: dict[str, t.Any] = {} if set(server_ids) == members else {"servers": list(server_ids)}
        query = {"policy_id": policy["id"]}
        return [{"vault": None, "servers": list(server_ids), "arguments": arguments, "query": query}]

    def run_policy(self, policy: str, servers: t.Sequence[str] | None = None, **place: t.Any) -> CheckpointRow:
        """Run a policy now, for all its servers or for some."""
        return t.cast("CheckpointRow", plain(self.csbs.execute_policy(policy, servers), "id"))

    # ========== Backups ==========
    def backups(self, **query: t.Any) -> list[BackupRow]:
        """Return the backups that fit a query of the service; rows may lack tags."""
        with errors_of("list backups"):
            return [t.cast("BackupRow", checked(row, *_BACKUP_FIELDS)) for row in self.csbs.backups(**query)]

    def backup(self, backup_id: str) -> BackupRow | None:
        """Return one backup in full, None when it does not exist or the text is no ID."""
        if not is_id(backup_id):
            return None
        with errors_of(f"read backup {backup_id}"):
            return t.cast("BackupRow | None", found(self.csbs.get_backup, backup_id, *_BACKUP_FIELDS))

    def count_backups(self, **query: t.Any) -> int:
        """Return how many backups fit a query of the service."""
        with errors_of("count backups"):
            return int(self.csbs.count_backups(**query))

    def protectable(self, server_ids: t.Sequence[str]) -> dict[str, VerdictRow]:
        """Return by server ID whether the server can be backed up. One request for 1,000 servers."""
        verdicts: dict[str, VerdictRow] = {}
        for start in range(0, len(server_ids), _CHECKED_AT_ONCE):
            end = start + _CHECKED_AT_ONCE
            with errors_of("check which servers can be backed up"):
                for row in self.csbs.check_protectable(list(server_ids[start:end])):
                    verdicts[row["resource_id"]] = t.cast("VerdictRow", checked(row, "result"))
        return verdicts

    def backup_groups(self, servers: t.Sequence[ServerRow]) -> tuple[list[BackupGroup], list[ServerRow]]:
        """Return a call for each server."""
        groups: list[BackupGroup] = [
            {
                "vault": None,
                "servers": [server["id"]],
                "arguments": {"server": server["id"]},
                "query": {"resource_id": server["id"]},
            }
            for server in servers
        ]
        return groups, []

    def vault_named(self, name: str) -> tuple[VaultRow | None, list[VaultRow]]:
        """Return nothing: there are no vaults."""
        return None, []

    def put_into_vault(self, operation: str, vault: str, servers: t.Sequence[MemberRow]) -> None:
        """Raise FinalError: there are no vaults."""
        raise FinalError(operation, "CSBS has no vaults.")

    def back_up(self, **attrs: t.Any) -> CheckpointRow:
        """Back a server up now; attrs: server, name, description, incremental, tags."""
        server, name = attrs.pop("server"), attrs.pop("name", None)
        return t.cast("CheckpointRow", plain(self.csbs.protect_server(server, backup_name=name, **attrs), "id"))

    def delete_backup(self, checkpoint: str, item: str) -> None:
        """Start to delete one backup, and never the others of its checkpoint."""
        self.csbs.delete_backup(checkpoint, item)

    def why_failed(self, row: BackupRow) -> str:
        """Return why the last work on a backup failed, empty when the backup does not show it."""
        from .._domain.backup import fail_reason

        return fail_reason(row)

    # ========== Restores ==========
    def restorable(self, backup_id: str, server_id: str, volumes: list[dict[str, str]]) -> VerdictRow:
        """Return whether a backup can be restored to a server; volumes are dicts with backup_id and volume_id."""
        with errors_of(f"check whether backup {backup_id} can be restored to server {server_id}"):
            (row,) = self.csbs.check_restorable(backup_id, server_id, volumes)
            return t.cast("VerdictRow", checked(row, "result"))

    def restore_backup(self, operation: str, checkpoint_id: str, parameters: Row) -> Row:
        """Start a restore; return its id, None where only the backup shows that it began. Errors name the operation."""
        from .restores import Restores

        return Restores(self, self.csbs).create(operation, checkpoint_id, parameters)

    def restore_verdict(self, before: BackupRow, now: BackupRow) -> Verdict:
        """Return how a restore ended by what its backup shows: the service has no status of restores."""
        from .._domain.restore import verdict_of_backup

        return verdict_of_backup(before, now)

    # ========== Quotas ==========
    def quotas(self) -> list[QuotaRow]:
        """Return the quotas of the project."""
        with errors_of("read the quotas"):
            return [t.cast("QuotaRow", plain(quota)) for quota in self.csbs.quotas()]

    # ========== Tags; resource_type is "backup" or "policy" ==========
    def tags_of(self, resource_type: str, resource_id: str) -> list[TagRow]:
        """Return the tags of one backup or policy."""
        with errors_of(f"read the tags of {resource_type} {resource_id}"):
            tags: list[TagRow] = self.csbs.tags_of(resource_type, resource_id)
            return tags

    def tags_in_project(self, resource_type: str) -> list[Row]:
        """Return the tags of all backups or policies, each key with its values."""
        with errors_of(f"list the tags of all {resource_type} resources"):
            tags: list[Row] = self.csbs.tags_in_project(resource_type)
            return tags

    def find_tagged(self, resource_type: str, query: Row) -> list[TaggedRow]:
        """Return the backups or policies that fit a tag query."""
        with errors_of(f"look up {resource_type} resources by tag"):
            return list(self.csbs.find_tagged(resource_type, **query))

    def count_tagged(self, resource_type: str, query: Row) -> int:
        """Return how many backups or policies fit a tag query."""
        with errors_of(f"count {resource_type} resources by tag"):
            return int(self.csbs.count_tagged(resource_type, **query))

    def add_tag(self, resource_type: str, resource_id: str, key: str, value: str) -> None:
        """Set one tag."""
        self.csbs.add_tag(resource_type, resource_id, key, value)

    def remove_tag(self, resource_type: str, resource_id: str, key: str) -> None:
        """Remove one tag."""
        self.csbs.remove_tag(resource_type, resource_id, key)

    def set_tags(self, resource_type: str, resource_id: str, tags: list[TagRow]) -> None:
        """Set several tags; others stay."""
        self.csbs.set_tags(resource_type, resource_id, tags)

    def unset_tags(self, resource_type: str, resource_id: str, tags: list[TagRow]) -> None:
        """Remove several tags."""
        self.csbs.unset_tags(resource_type, resource_id, tags)
