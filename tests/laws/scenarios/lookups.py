# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the info modules for policies, backups and tags are asked."""

from __future__ import annotations

from .scenario import Args

LOOKUPS: list[tuple[str, Args]] = [
    ("csbs_policy_info", {}),
    ("csbs_policy_info", {"name": "nightly", "tags": {"team": "platform"}}),
    ("csbs_policy_info", {"name": "nothing"}),
    ("csbs_policy_info", {"servers": ["srv-0001"]}),
    ("csbs_policy_info", {"servers": ["no-such"], "tags": {"no": "such"}}),
    ("csbs_backup_info", {}),
    ("csbs_backup_info", {"servers": ["srv-0001"], "status": "available", "policy": "nightly"}),
    ("csbs_backup_info", {"name": "nothing"}),
    ("csbs_backup_info", {"servers": ["no-such"], "policy": "nothing", "status": "error"}),
    ("csbs_backup_info", {"servers": ["srv-0001"], "count_only": True}),
    ("csbs_tag_info", {"resource_type": "policy", "resources": ["nightly"]}),
    ("csbs_tag_info", {"resource_type": "policy", "tags": {"team": None}}),
]
# Backups in CBR have no tags.
CSBS_LOOKUPS: list[tuple[str, Args]] = [
    ("csbs_backup_info", {"servers": ["srv-0001"], "status": "available", "not_tags_any": {"change": ["2"]}}),
    ("csbs_tag_info", {"resource_type": "backup"}),
    ("csbs_tag_info", {"resource_type": "backup", "resources": ["nothing"], "tags": {"change": None}}),
]
CBR_LOOKUPS: list[tuple[str, Args]] = [
    ("csbs_backup_info", {"image_type": "replication"}),
    ("csbs_backup_info", {"policy": "nightly", "status": "waiting_protect"}),
]
