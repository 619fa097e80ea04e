# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults, which hold members and their backups."""

from __future__ import annotations

from ...guarded import resource, sdk_exceptions
from ...paged import Paged


class Vault(Paged):
    """A vault (cbr_apis/vaults).

    It does not name its policy: ask for the policies of a vault, or for the vaults of a policy.
    """

    resource_key = "vault"
    resources_key = "vaults"
    base_path = "/vaults"
    by_offset = True

    # capabilities
    allow_create = True
    allow_fetch = True
    allow_commit = True
    allow_delete = True
    allow_list = True

    _query_mapping = resource.QueryParameters(
        "cloud_type",
        "id",
        "name",
        "object_type",
        "policy_id",
        "protect_type",
        "resource_ids",
        "status",
        include_pagination_defaults=False,
    )

    #: Whether servers with a tag of bind_rules join by themselves
    auto_bind = resource.Body("auto_bind")
    #: Whether the vault grows by itself when it is full
    auto_expand = resource.Body("auto_expand")
    #: size (GB), allocated (GB, the sum of its members' disks), used (MB), status (available, lock, frozen, deleting or
    #: error), object_type, protect_type, consistent_level, charging_mode, cloud_type and spec_code; null or missing may
    #: be order_id, product_id, storage_unit and frozen_scene
    billing = resource.Body("billing")
    #: ID of a policy to apply (request, on creation only)
    backup_policy_id = resource.Body("backup_policy_id")
    #: A dict with tags, a list of key and value; empty without a rule
    bind_rules = resource.Body("bind_rules")
    #: Time of creation, UTC, with or without a zone
    created_at = resource.Body("created_at")
    #: Free text of the user, set on creation only; null when there is none
    description = resource.Body("description")
    #: ID of the enterprise project, a number or a text
    enterprise_project_id = resource.Body("enterprise_project_id")
    #: Whether backups cannot be deleted within their retention; true cannot be undone. May be missing.
    locked = resource.Body("locked")
    #: ID of the project
    project_id = resource.Body("project_id")
    #: ID of the kind of its members
    provider_id = resource.Body("provider_id")
    #: The members, each a dict with id, name, type, size (GB), protect_status (available, protecting, restoring,
    #: removing or error), backup_size, backup_count and extra_info, where exclude_volumes may be; the last four may be
    #: missing
    resources = resource.Body("resources")
    #: Whether the user is told when it is fuller than threshold
    smn_notify = resource.Body("smn_notify")
    #: The service that locks it, if one does
    sys_lock_source_service = resource.Body("sys_lock_source_service")
    #: Tags as key and value; set on creation only, changed later by the calls for tags
    tags = resource.Body("tags")
    #: Percentage of the size
    threshold = resource.Body("threshold")
    #: ID of the user who made it
    user_id = resource.Body("user_id")

    @classmethod
    def add_resources(cls, session, vault_id, resources):
        """Add members. Return the list of their IDs.

        Reference: cbr_apis/vaults/associating_resources.
        """
        return cls._act(session, vault_id, "addresources", {"resources": resources})["add_resource_ids"]

    @classmethod
    def remove_resources(cls, session, vault_id, resource_ids):
        """Remove members and delete all their backups. Return the list of their IDs.

        Reference: cbr_apis/vaults/dissociating_resources.
        """
        return cls._act(session, vault_id, "removeresources", {"resource_ids": resource_ids})["remove_resource_ids"]

    @classmethod
    def migrate_resources(cls, session, vault_id, destination_vault_id, resource_ids):
        """Move members with their backups to another vault. Return a list of IDs.

        Reference: cbr_apis/vaults/migrating_resources.
        """
        body = {"destination_vault_id": destination_vault_id, "resource_ids": resource_ids}
        return cls._act(session, vault_id, "migrateresources", body)["migrated_resources"]

    @classmethod
    def associate_policy(cls, session, vault_id, policy_id):
        """Apply a policy. Return a dict with vault_id and policy_id.

        Reference: cbr_apis/vaults/applying_a_policy_to_a_vault.
        """
        return cls._act(session, vault_id, "associatepolicy", {"policy_id": policy_id})["associate_policy"]

    @classmethod
    def dissociate_policy(cls, session, vault_id, policy_id):
        """Take a policy off. Return a dict with vault_id and policy_id.

        Reference: cbr_apis/vaults/removing_a_policy_from_a_vault.
        """
        return cls._act(session, vault_id, "dissociatepolicy", {"policy_id": policy_id})["dissociate_policy"]

    @classmethod
    def _act(cls, session, vault_id, action, body):
        response = session.post(f"{cls.base_path}/{vault_id}/{action}", json=body)
        sdk_exceptions.raise_from_response(response)
        return response.json()
