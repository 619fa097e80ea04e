# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkpoints: the restore points that the reference speaks of."""

from __future__ import annotations

from ...guarded import resource


class Checkpoint(resource.Resource):
    """A checkpoint: it holds one backup for each member of a vault that was backed up (cbr_apis/restore_points)."""

    resource_key = "checkpoint"
    base_path = "/checkpoints"

    # capabilities
    allow_create = True
    allow_fetch = True

    #: Time of creation, UTC, with or without a zone
    created_at = resource.Body("created_at")
    #: name, description and retention_duration (days); missing when it is read later
    extra_info = resource.Body("extra_info")
    #: What to back up, and how (request)
    parameters = resource.Body("parameters")
    #: ID of the project
    project_id = resource.Body("project_id")
    #: protecting, available, error, deleting, deleted or error-deleting
    status = resource.Body("status")
    #: The vault, a dict with id, name, resources and skipped_resources, a list of id, type, name, code and reason. In
    #: resources, numbers may be text, and extra_info a text or a dict. All of it may be missing when it is read later.
    vault = resource.Body("vault")
    #: ID of the vault (request)
    vault_id = resource.Body("vault_id")
