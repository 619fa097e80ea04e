# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup policies."""

from __future__ import annotations

from ...guarded import resource
from ...paged import Paged


class Policy(Paged):
    """A policy: when the vaults that it is applied to are backed up, and for how long (cbr_apis/policies)."""

    resource_key = "policy"
    resources_key = "policies"
    base_path = "/policies"
    page_size = None

    # capabilities
    allow_create = True
    allow_fetch = True
    allow_commit = True
    allow_delete = True
    allow_list = True

    _query_mapping = resource.QueryParameters("operation_type", "vault_id", include_pagination_defaults=False)

    #: The vaults that it is applied to, each a dict with vault_id; null or missing after creation
    associated_vaults = resource.Body("associated_vaults")
    #: Whether it runs; a disabled policy also deletes no old backup
    enabled = resource.Body("enabled")
    #: Retention: retention_duration_days, max_backups (-1: no limit), day_backups, week_backups, month_backups,
    #: year_backups, timezone (such as UTC+01:00: the border of its days); keys that were not sent may be missing
    operation_definition = resource.Body("operation_definition")
    #: backup or replication; set on creation only
    operation_type = resource.Body("operation_type")
    #: properties with pattern, a list of rules in UTC such as FREQ=DAILY;BYHOUR=14;BYMINUTE=00; the service adds id,
    #: name, type and properties.start_time
    trigger = resource.Body("trigger")
