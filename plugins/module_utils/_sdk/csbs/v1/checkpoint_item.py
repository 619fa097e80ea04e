# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkpoint items: the backups themselves."""

from __future__ import annotations

from ...guarded import resource, sdk_exceptions
from ...paged import Paged


class CheckpointItem(Paged):
    """A backup of one server (api_description/backup_management)."""

    resource_key = "checkpoint_item"
    resources_key = "checkpoint_items"
    base_path = "/checkpoint_items"

    # capabilities
    allow_fetch = True
    allow_list = True

    _query_mapping = resource.QueryParameters(
        "all_tenants",
        "checkpoint_id",
        "end_time",
        "image_type",
        "ip",
        "limit",
        "marker",
        "name",
        "offset",
        "policy_id",
        "resource_id",
        "resource_name",
        "resource_type",
        "sort",
        "start_time",
        "status",
        availability_zone="az",
    )

    #: State of the server at the time of the backup
    backup_data = resource.Body("backup_data", type=dict)
    #: ID of the checkpoint that holds this backup
    checkpoint_id = resource.Body("checkpoint_id")
    #: Time of creation, UTC without a zone
    created_at = resource.Body("created_at")
    #: Free text of the user
    description = resource.Body("description")
    #: Time at which retention removes it
    expired_at = resource.Body("expired_at")
    #: Progress, size (MB), disks and causes of failure
    extend_info = resource.Body("extend_info", type=dict)
    #: The point in time whose data it holds
    protected_at = resource.Body("protected_at")
    #: ID of the server
    resource_id = resource.Body("resource_id")
    #: Always OS::Nova::Server
    resource_type = resource.Body("resource_type")
    #: waiting_protect, protecting, available, waiting_restore, restoring, error, waiting_delete, deleting or deleted
    status = resource.Body("status")
    #: Tags as key and value
    tags = resource.Body("tags", type=list)
    #: Time of the last change, which may be long after the backup has ended
    updated_at = resource.Body("updated_at")

    @classmethod
    def count(cls, session, **query):
        """Return the number of backups that match a query.

        Reference: api_description/backup_management/querying_the_number_of_backups.
        """
        params = cls._query_mapping._transpose(query, cls)
        response = session.get(f"{cls.base_path}/count", params=params)
        sdk_exceptions.raise_from_response(response)
        return int(response.json()["count"])
