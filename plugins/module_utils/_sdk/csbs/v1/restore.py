# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores."""

from __future__ import annotations

from ...guarded import resource


class Restore(resource.Resource):
    """A restore of a backup to a server (api_description/restoration_management).

    The service cannot look a restore up; the backup's status shows how it goes on.
    """

    resource_key = "restore"
    base_path = "/restores"

    # capabilities
    allow_create = True

    #: ID of the checkpoint that holds the backup
    checkpoint_id = resource.Body("checkpoint_id")
    #: The backup, the target server and its disks, and whether to start the server afterwards
    parameters = resource.Body("parameters", type=dict)
    #: ID of the project
    project_id = resource.Body("project_id")
    #: ID of the backup provider
    provider_id = resource.Body("provider_id")
    #: Reasons of failure by resource
    resources_reason = resource.Body("resources_reason")
    #: Status by resource
    resources_status = resource.Body("resources_status")
    #: Address of the target cloud
    restore_target = resource.Body("restore_target")
    #: Status of the restore
    status = resource.Body("status")
