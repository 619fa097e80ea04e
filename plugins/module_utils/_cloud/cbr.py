# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CBR as the Cloud that operations and plans speak to: readings as rows, and the calls that plans name."""

from __future__ import annotations

import typing as t

from .._domain.cbr_rows import common_tags, place_row, policy_row, vault_row
from .._domain.errors import CloudError
from .._domain.limits import MAX_SINGLE_READS
from .._domain.selection import is_id
from .._domain.services import RULES
from .._domain.tag_carriers import without_marks
from .._sdk.cbr.service import attach
from .cbr_backups import CbrBackups
from .compute import Compute, checked, found, plain
from .errors import errors_of
from .messages import CBR_SERVICE
from .shared_calls import SharedCalls

if t.TYPE_CHECKING:
    from .._domain.restore import Verdict
    from .._domain.rows import (
        BackupRow,
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
    from .cbr_restores import Restores

# Fields that every vault and every policy has
_VAULT_FIELDS = ("id", "name", "billing")
_POLICY_FIELDS = ("id", "name", "trigger")
# HTTP statuses of a list that is not offered
_NOT_LISTED = (403, 404)


class CbrCloud(SharedCalls, CbrBackups, Compute):
    """A project whose backups are in CBR.

    A policy of the rows is a policy of CBR with the vaults that it is applied to; its servers are their members.
    Readings raise CloudError. So do changes, when they run inside errors_of, as the executor runs them.
    """

    rules = RULES["cbr"]
    _whole_image_type = "CBR"

    def __init__(self, connection: t.Any) -> None:
        super().__init__(connection)
        with errors_of("find the backup service", CBR_SERVICE):
            self.cbr = attach(connection)
        self._started_restores: Restores | None = None
        # By name, the policies that this task has created: a call that is sent again goes on with them.
        self._created: dict[str, str] = {}

    # ========== Vaults ==========
    def vaults(self, **query: t.Any) -> list[VaultRow]:
        """Return the vaults for backups of servers that fit a query of the service."""
        with errors_of("list vaults"):
            rows = self.cbr.vaults(object_type="server", protect_type="backup", **query)
            return [vault_row(checked(row, *_VAULT_FIELDS)) for row in rows]

    def vaults_with_tags(self) -> list[VaultRow]:
        """Return all vaults with all of their tags, also those that mark servers."""
        vaults = self.vaults()
        for vault in vaults:
            if vault["tags"] is None:
                with errors_of(f"read the tags of vault {vault['id']}"):
                    vault["tags"] = self.cbr.tags_of(vault["id"])
        return vaults

    def vault(self, vault_id: str) -> VaultRow | None:
        """Return one vault, None when it does not exist or the text is no ID."""
        if not is_id(vault_id):
            return None
        with errors_of(f"read vault {vault_id}"):
            row = found(self.cbr.get_vault, vault_id, *_VAULT_FIELDS)
            return None if row is None else vault_row(row)

    def vault_named(self, name: str) -> tuple[VaultRow | None, list[VaultRow]]:
        """Return the vault with that name or ID, None when there is none, and all vaults."""
        from .._domain.selection import find_one

        vaults = self.vaults()
        staying = [vault for vault in vaults if vault["status"] != "deleting"]
        row = t.cast("VaultRow | None", find_one("vault", name, t.cast("list[t.Any]", staying)))
        return row or self.vault(name), vaults

    def places_outside_policies(self) -> list[PolicyRow]:
        """Return the vaults that no policy is applied to, in the shape of policies."""
        return [place_row(vault) for vault in self.vaults_by_binding()[1]]

    def vaults_by_binding(self) -> tuple[list[VaultRow], list[VaultRow]]:
        """Return the vaults that a backup policy is applied to, and those that none is applied to."""
        bound_ids = {vault_id for policy in self._raw_policies() for vault_id in self._vault_ids(policy)}
        bound: list[VaultRow] = []
        loose: list[VaultRow] = []
        for vault in self.vaults():
            (bound if vault["id"] in bound_ids else loose).append(vault)
        return bound, loose

    # ========== Policies ==========
    def _raw_policies(self) -> list[Row]:
        with errors_of("list backup policies"):
            return [checked(row, *_POLICY_FIELDS) for row in self.cbr.policies(operation_type="backup")]

    def _vault_ids(self, raw: Row) -> list[str]:
        """Return the IDs of the vaults that a policy is applied to. Some answers leave them out."""
        associated = raw.get("associated_vaults")
        if associated is None:
            return [str(vault["id"]) for vault in self.vaults(policy_id=raw["id"])]
        return [entry["vault_id"] for entry in associated]

    def policies(self) -> list[PolicyRow]:
        """Return all backup policies with their servers and vaults."""
        raw = self._raw_policies()
        if not raw:
            return []
        listed = {vault["id"]: vault for vault in self.vaults()}
        return [policy_row(policy, self._vaults_of(policy, listed)) for policy in raw]

    def policy(self, policy_id: str) -> PolicyRow | None:
        """Return one policy in full, None when it does not exist or the text is no ID."""
        if not is_id(policy_id):
            return None
        with errors_of(f"read backup policy {policy_id}"):
            raw = found(self.cbr.get_policy, policy_id, *_POLICY_FIELDS)
        return None if raw is None else policy_row(raw, self._vaults_of(raw, {}))

    def _vaults_of(self, raw: Row, listed: t.Mapping[str | None, VaultRow]) -> list[VaultRow]:
        """Return the vaults of a policy, the oldest name first. One that is too new to be listed is read by its ID."""
        found_vaults = [listed.get(vault_id) or self.vault(vault_id) for vault_id in self._vault_ids(raw)]
        return sorted((vault for vault in found_vaults if vault is not None), key=lambda vault: vault["name"])

    def policies_of_other_service(self) -> int:
        """Return how many policies CSBS has; none when it is not offered, or must not be read."""
        from .other_service import OtherService

        return OtherService(self.connection).count_csbs_policies()

    def held_by_other_service(self, server_ids: t.Collection[str]) -> dict[str, str]:
        """Return by server ID which CSBS policy holds the server, in words."""
        from .other_service import OtherService

        return OtherService(self.connection).held_by_csbs(server_ids)

    def vaults_that_stay(self, policy: PolicyRow) -> list[str]:
        """Return the names of the vaults that stay when a policy is deleted, because they hold backups."""
        return [vault["name"] for vault in policy["vaults"] if self.backups(vault_id=vault["id"])]

    def create_policy(self, *, vault: VaultOptions | None = None, **attrs: t.Any) -> PolicyRow:
        """Create a policy, its vaults and its servers; attrs are the fields of a row."""
        from .vault_members import VaultMembers

        return VaultMembers(self).create_policy(vault, self._created, **attrs)

    def update_policy(self, policy: str, **attrs: t.Any) -> PolicyRow:
        """Change fields of a policy, except its servers."""
        from .._domain.cbr_policy import fields_to_send

        # Fields that were not sent: the SDK gives back those that were, whatever the answer is.
        row = plain(self.cbr.update_policy(policy, **fields_to_send(attrs)), "operation_type")
        if "name" in attrs and row.get("name") not in (None, attrs["name"]):
            raise KeyError("the new name")
        return t.cast("PolicyRow", row)

    def delete_policy(self, policy: str) -> None:
        """Delete a policy and its vaults that hold no backup; others stay, with their servers and backups."""
        from .vault_members import VaultMembers

        VaultMembers(self).delete_policy(policy)

    def delete_empty_policy(self, operation: str, policy: str, leaving: t.Collection[str] = ()) -> None:
        """Delete a policy that has no servers but those in leaving (IDs); errors name the operation."""
        from .vault_members import VaultMembers

        VaultMembers(self).delete_empty(operation, policy, leaving)

    def change_members(
        self,
        operation: str,
        policy: str,
        add: t.Sequence[MemberRow] = (),
        remove: t.Sequence[str] = (),
        **attrs: t.Any,
    ) -> None:
        """Add servers to the vaults of a policy, take others out by ID, and change other fields of the policy.

        Backups of servers that leave are kept, unless delete_backups.
        """
        from .vault_members import VaultMembers

        VaultMembers(self).change(operation, policy, add, remove, **attrs)

    def put_into_vault(self, operation: str, vault: str, servers: t.Sequence[MemberRow]) -> None:
        """Put servers into the vault with that name or ID, which is made without a policy when it is not there."""
        from .vault_members import VaultMembers

        VaultMembers(self).put_into_vault(operation, vault, servers)

    # ========== Restores ==========
    def restorable(self, backup_id: str, server_id: str, volumes: list[dict[str, str]]) -> VerdictRow:
        """Return that a backup can be restored: the service checks it only when the restore begins."""
        return {"result": True}

    def restore_backup(self, operation: str, checkpoint_id: str, parameters: Row) -> Row:
        """Start a restore; return its id, None where only later readings show it. Errors name the operation."""
        return self._restores.create(operation, parameters)

    def restore_verdict(self, before: BackupRow, now: BackupRow) -> Verdict:
        """Return how the restore of this task ended by the service's task of it."""
        return self._restores.verdict()

    def why_failed(self, row: BackupRow) -> str:
        """Return why the last work on a backup failed by the service's tasks, empty when none says it."""
        from .cbr_tasks import why_failed

        return why_failed(self.cbr, row)

    @property
    def _restores(self) -> Restores:
        # Kept, because it knows which of the service's tasks were there before.
        if self._started_restores is None:
            from .cbr_restores import Restores

            self._started_restores = Restores(self, self.cbr)
        return self._started_restores

    # ========== Quotas ==========
    def quotas(self) -> list[QuotaRow]:
        """Return the limit of policies, which CSBS shares, and the size and use of each vault."""
        from .._domain.limits import MAX_POLICIES

        own = len(self._raw_policies())
        rows: list[QuotaRow] = [
            {
                "type": "policies",
                "name": None,
                "unit": "",
                "quota": MAX_POLICIES,
                "used": own + self.policies_of_other_service(),
            }
        ]
        rows.extend(
            {
                "type": "vault",
                "name": vault["name"],
                "unit": "GB",
                "quota": vault["size_gb"],
                "used_mb": vault["used_mb"] or 0,
            }
            for vault in self.vaults()
        )
        return rows

    # ========== Tags of vaults. Those of a policy are what all its vaults have; backups have none ==========
    def _carriers(self, resource_type: str, resource_id: str) -> list[str]:
        """Return the IDs of the vaults that carry the tags of a policy, or that of a vault itself."""
        if resource_type == "vault":
            return [resource_id]
        return [str(vault["id"]) for vault in self._existing_policy(resource_id)["vaults"]]

    def _existing_policy(self, policy_id: str) -> PolicyRow:
        """Return a policy in full; raises NotFound when it does not exist."""
        policy = self.policy(policy_id)
        if policy is None:
            from .._domain.explain import explain

            raise explain(
                f"read backup policy {policy_id}", 404, {"error_code": "BackupService.6000", "error_msg": ""}, None
            )
        return policy

    def tags_of(self, resource_type: str, resource_id: str) -> list[TagRow]:
        """Return the tags of one vault, or those that all vaults of a policy have."""
        if resource_type == "vault":
            with errors_of(f"read the tags of vault {resource_id}"):
                return without_marks(self.cbr.tags_of(resource_id))
        return self._tags_in(self._existing_policy(resource_id))

    def _tags_in(self, policy: PolicyRow) -> list[TagRow]:
        for vault in policy["vaults"]:
            if vault["tags"] is None:
                vault["tags"] = self.tags_of("vault", str(vault["id"]))
        return common_tags(policy["vaults"]) or []

    def tags_in_project(self, resource_type: str) -> list[Row]:
        """Return the tags of all policies, each key with its values."""
        values: dict[str, dict[str, None]] = {}
        for row in self.find_tagged(resource_type, {}):
            for tag in row["tags"] or ():
                values.setdefault(tag["key"], {})[tag["value"]] = None
        return [{"key": key, "values": list(in_use)} for key, in_use in values.items()]

    def find_tagged(self, resource_type: str, query: Row) -> list[TaggedRow]:
        """Return the policies that fit a tag query.

        The service would find vaults, and a policy may have several: what all of them have decides.
        """
        from .._domain.tag_match import fits
        from .._domain.tags import tags_as_dict

        rows: list[TaggedRow] = [
            {"resource_id": policy["id"], "resource_name": policy["name"], "tags": self._tags_in(policy)}
            for policy in self.policies()
        ]
        return [row for row in rows if fits(tags_as_dict(row["tags"]), query)]

    def count_tagged(self, resource_type: str, query: Row) -> int:
        """Return how many policies fit a tag query."""
        return len(self.find_tagged(resource_type, query))

    def add_tag(self, resource_type: str, resource_id: str, key: str, value: str) -> None:
        """Set one tag of a vault, or of all vaults of a policy."""
        for vault_id in self._carriers(resource_type, resource_id):
            self.cbr.add_tag(vault_id, key, value)

    def remove_tag(self, resource_type: str, resource_id: str, key: str) -> None:
        """Remove one tag of a vault, or of all vaults of a policy that have it, whatever its value."""
        if resource_type == "vault":
            self.cbr.remove_tag(resource_id, key)
            return
        for vault in self._existing_policy(resource_id)["vaults"]:
            tags = [tag for tag in vault["tags"] or () if tag["key"] == key]
            if tags:
                self.cbr.unset_tags(vault["id"], tags)

    def set_tags(self, resource_type: str, resource_id: str, tags: list[TagRow]) -> None:
        """Set several tags of a vault, or of all vaults of a policy; others stay."""
        for vault_id in self._carriers(resource_type, resource_id):
            self.cbr.set_tags(vault_id, tags)

    def unset_tags(self, resource_type: str, resource_id: str, tags: list[TagRow]) -> None:
        """Remove several tags of a vault, or of all vaults of a policy."""
        for vault_id in self._carriers(resource_type, resource_id):
            self.cbr.unset_tags(vault_id, tags)

    # ========== Servers ==========
    def with_sizes(self, servers: t.Sequence[ServerRow]) -> list[ServerRow]:
        """Return servers with the sum of their disks. A few are read one by one, more by one list."""
        sizes: dict[str, int] = {}
        if len(servers) > MAX_SINGLE_READS:
            try:
                sizes = self._disk_sizes()
            except CloudError as error:
                # Not everybody may list all disks of a project, and not every cloud lets them.
                if error.status not in _NOT_LISTED:
                    raise
        for server in servers:
            if not sizes.get(server["id"]):
                sizes[server["id"]] = sum(disk["size_gb"] for disk in self.server_disks(server["id"]))
        return [{**server, "disks_gb": sizes[server["id"]]} for server in servers]
