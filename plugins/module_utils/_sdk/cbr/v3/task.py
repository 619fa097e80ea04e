# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks, which the service calls operation logs."""

from __future__ import annotations

from ...guarded import resource
from ...paged import Paged


class Task(Paged):
    """A task: what the service did or does with one member or vault (cbr_apis/tasks)."""

    resource_key = "operation_log"
    resources_key = "operation_logs"
    base_path = "/operation-logs"
    by_offset = True

    # capabilities
    allow_fetch = True
    allow_list = True

    _query_mapping = resource.QueryParameters(
        "end_time",
        "operation_type",
        "provider_id",
        "resource_id",
        "resource_name",
        "start_time",
        "status",
        "vault_id",
        "vault_name",
        include_pagination_defaults=False,
    )

    #: ID of the checkpoint
    checkpoint_id = resource.Body("checkpoint_id")
    #: Time of creation, UTC, with or without a zone
    created_at = resource.Body("created_at")
    #: Time of the end; null or missing until then
    ended_at = resource.Body("ended_at")
    #: The failure, a dict with code and message; both empty, or all missing, without one
    error_info = resource.Body("error_info")
    #: The parts that apply: resource (id, type, name), common (progress in percent, request_id, task_id), backup and
    #: delete (backup_id, backup_name), restore (also target_resource_id and target_resource_name), vault_delete
    #: (total_count, fail_count), remove_resources (also resources), sync
    extra_info = resource.Body("extra_info")
    #: backup, restore, delete, vault_delete, remove_resource, replication or sync
    operation_type = resource.Body("operation_type")
    #: ID of the policy that ran
    policy_id = resource.Body("policy_id")
    #: ID of the project
    project_id = resource.Body("project_id")
    #: ID of the kind of what it is about
    provider_id = resource.Body("provider_id")
    #: Time of the start; null or missing while it waits
    started_at = resource.Body("started_at")
    #: waiting, running, success, failed, skipped or timeout
    status = resource.Body("status")
    #: Time of the last change
    updated_at = resource.Body("updated_at")
    #: ID of the vault
    vault_id = resource.Body("vault_id")
    #: Name of the vault
    vault_name = resource.Body("vault_name")
