# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkpoints, which hold the backups of one run."""

from __future__ import annotations

from ...guarded import resource, sdk_exceptions


class Checkpoint(resource.Resource):
    """A checkpoint: it holds one item for each server that was backed up (api_description/backup_management)."""

    resource_key = "checkpoint"
    base_path = "/providers/%(provider_id)s/checkpoints"

    # capabilities
    allow_create = True

    #: ID of the backup provider
    provider_id = resource.URI("provider_id")
    #: Time of creation, UTC without a zone
    created_at = resource.Body("created_at")
    #: Origin of the checkpoint
    extra_info = resource.Body("extra_info")
    #: ID of the policy to run (request)
    plan_id = resource.Body("plan_id")
    #: The servers to back up, and that the run is manual (request)
    parameters = resource.Body("parameters", type=dict)
    #: ID of the project
    project_id = resource.Body("project_id")
    #: The policy that ran and its servers; a placeholder for the backup of one server
    protection_plan = resource.Body("protection_plan", type=dict)
    #: Relations between the resources
    resource_graph = resource.Body("resource_graph")
    #: Status of the checkpoint
    status = resource.Body("status")

    @classmethod
    def protect(cls, session, provider, server_id, **attrs):
        """Back one server up now; attrs are the fields of protect. Return the new Checkpoint.

        Reference: api_description/resource_management/creating_a_backup_for_a_resource.
        """
        response = session.post(f"/providers/{provider}/resources/{server_id}/action", json={"protect": attrs})
        sdk_exceptions.raise_from_response(response)
        return cls.existing(**response.json()["checkpoint"])

    @classmethod
    def delete_item(cls, session, provider, checkpoint_id, item_id):
        """Start to delete one item of a checkpoint; the others stay.

        Reference: api_description/backup_management/deleting_a_backup.
        """
        response = session.delete(
            f"/providers/{provider}/checkpoints/{checkpoint_id}", params={"checkpoint_items": item_id}
        )
        sdk_exceptions.raise_from_response(response)
