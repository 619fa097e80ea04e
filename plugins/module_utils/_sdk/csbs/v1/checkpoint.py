# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkpoints: the records that hold the backups of one run."""

from __future__ import annotations

from ...guarded import resource, sdk_exceptions
from ._base import PROVIDER_ID


class Checkpoint(resource.Resource):
    """A backup record; it holds one item for each server that was backed up (api_description/backup_management)."""

    resource_key = "checkpoint"
    base_path = f"/providers/{PROVIDER_ID}/checkpoints"

    # capabilities
    allow_create = True

    #: When the record was created; UTC without a zone
    created_at = resource.Body("created_at")
    #: How it came about
    extra_info = resource.Body("extra_info")
    #: The policy to run (request)
    plan_id = resource.Body("plan_id")
    #: Which of its servers to back up, and that it was by hand (request)
    parameters = resource.Body("parameters", type=dict)
    #: The project it belongs to
    project_id = resource.Body("project_id")
    #: The policy that ran and its servers; made up for a backup of one server
    protection_plan = resource.Body("protection_plan", type=dict)
    #: Which backups include which
    resource_graph = resource.Body("resource_graph")
    #: Status of the record
    status = resource.Body("status")

    @classmethod
    def protect(cls, session, server_id, **attrs):
        """Back one server up now; attrs are the fields of protect. Returns its new Checkpoint.

        Reference: api_description/resource_management/creating_a_backup_for_a_resource.
        """
        response = session.post(f"/providers/{PROVIDER_ID}/resources/{server_id}/action", json={"protect": attrs})
        sdk_exceptions.raise_from_response(response)
        return cls.existing(**response.json()["checkpoint"])

    @classmethod
    def delete_item(cls, session, checkpoint_id, item_id):
        """Start to delete one item of a record, and never the others.

        Reference: api_description/backup_management/deleting_a_backup.
        """
        response = session.delete(f"{cls.base_path}/{checkpoint_id}", params={"checkpoint_items": item_id})
        sdk_exceptions.raise_from_response(response)
