# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup policies."""

from __future__ import annotations

from ...guarded import resource
from ...paged import Paged


class Policy(Paged):
    """A policy that backs servers up on a schedule (api_description/backup_policy_management)."""

    resource_key = "policy"
    resources_key = "policies"
    base_path = "/policies"

    # capabilities
    allow_create = True
    allow_fetch = True
    allow_commit = True
    allow_delete = True
    allow_list = True

    _query_mapping = resource.QueryParameters("all_tenants", "limit", "marker", "name", "offset", "sort")

    #: Time of creation, UTC without a zone
    created_at = resource.Body("created_at")
    #: Free text of the user
    description = resource.Body("description")
    #: General parameters, empty by default
    parameters = resource.Body("parameters", type=dict)
    #: ID of the project
    project_id = resource.Body("project_id")
    #: ID of the backup provider
    provider_id = resource.Body("provider_id")
    #: The servers, each a dict with id, type and name; an update replaces the whole list
    resources = resource.Body("resources", type=list)
    #: A list of one schedule, with retention and trigger
    scheduled_operations = resource.Body("scheduled_operations", type=list)
    #: Status, which does not say whether the policy is enabled
    status = resource.Body("status")
    #: Tags as key and value; set on creation only, changed later by the calls for tags
    tags = resource.Body("tags", type=list)
