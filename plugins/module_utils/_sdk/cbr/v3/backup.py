# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups."""

from __future__ import annotations

from ...guarded import resource, sdk_exceptions
from ...paged import Paged


class Backup(Paged):
    """A backup of one member of a vault (cbr_apis/backups)."""

    resource_key = "backup"
    resources_key = "backups"
    base_path = "/backups"

    # capabilities
    allow_fetch = True
    allow_delete = True
    allow_list = True

    _query_mapping = resource.QueryParameters(
        "checkpoint_id",
        "end_time",
        "image_type",
        "member_status",
        "name",
        "own_type",
        "parent_id",
        "resource_az",
        "resource_id",
        "resource_name",
        "resource_type",
        "sort",
        "start_time",
        "status",
        "used_percent",
        "vault_id",
        dedicated_cloud="dec",
        include_pagination_defaults=False,
    )

    #: ID of the checkpoint that holds it
    checkpoint_id = resource.Body("checkpoint_id")
    #: The backups of its disks, each a dict with the fields of a backup: id is the backup_id of a restore, resource_id
    #: the disk, extend_info.bootable true for the system disk. Empty in lists.
    children = resource.Body("children")
    #: Time of creation, UTC, with or without a zone
    created_at = resource.Body("created_at")
    #: Free text of the user; null or empty when there is none
    description = resource.Body("description")
    #: Time at which retention in days removes it; else null or missing
    expired_at = resource.Body("expired_at")
    #: auto_trigger, incremental, bootable, supported_restore_mode (na, backup or snapshot), os_images_data (null or a
    #: list of dicts with image_id), contain_system_disk, encrypted, system_disk, progress, ...; any may be missing
    extend_info = resource.Body("extend_info")
    #: backup or replication
    image_type = resource.Body("image_type")
    #: ID of the backup of the server when this is one of its children
    parent_id = resource.Body("parent_id")
    #: ID of the project
    project_id = resource.Body("project_id")
    #: The point in time whose data it holds; null or missing while it is made
    protected_at = resource.Body("protected_at")
    #: ID of the kind of what it backs up
    provider_id = resource.Body("provider_id")
    #: Its replicas
    replication_records = resource.Body("replication_records")
    #: Availability zone of the server
    resource_az = resource.Body("resource_az")
    #: ID of the server
    resource_id = resource.Body("resource_id")
    #: Name of the server at the time of the backup
    resource_name = resource.Body("resource_name")
    #: Size of the server's disks, in GB
    resource_size = resource.Body("resource_size")
    #: OS::Nova::Server for a server
    resource_type = resource.Body("resource_type")
    #: waiting_protect, protecting, available, waiting_restore, restoring, waiting_delete, deleting or error
    status = resource.Body("status")
    #: Time of the last change
    updated_at = resource.Body("updated_at")
    #: ID of the vault that holds it
    vault_id = resource.Body("vault_id")

    @classmethod
    def restore(cls, session, backup_id, **attrs):
        """Start to restore a backup; attrs are the fields of the request.

        Reference: cbr_apis/backups/restoring_a_backup.
        """
        sdk_exceptions.raise_from_response(
            session.post(f"{cls.base_path}/{backup_id}/restore", json={"restore": attrs})
        )
