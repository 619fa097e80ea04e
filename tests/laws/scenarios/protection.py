# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What csbs_audit_info, csbs_protection_info and csbs_quota_info are asked."""

from __future__ import annotations

from .scenario import Args

LOOKUPS: list[tuple[str, Args]] = [
    ("csbs_audit_info", {}),
    (
        "csbs_audit_info",
        {
            "servers": ["srv-0002", "srv-0006", "elsewhere"],
            "ignore_unknown_servers": True,
            "max_age_key": "rpo",
            "controls": {
                "max_age": "26h",
                "min_frequency": "24h",
                "min_retention_days": 14,
                "locked": True,
                "restore_tested_within": "90d",
            },
        },
    ),
    ("csbs_audit_info", {"server_filters": {"name": "nothing-*"}}),
    ("csbs_protection_info", {}),
    ("csbs_protection_info", {"servers": ["srv-0002", "srv-0006"], "max_age": "24h"}),
    ("csbs_protection_info", {"server_filters": {"name": "nothing-*"}, "max_age": 60}),
    ("csbs_quota_info", {}),
]
# With both services at once
CBR_LOOKUPS: list[tuple[str, Args]] = [
    ("csbs_audit_info", {"services": ["csbs", "cbr"]}),
    ("csbs_protection_info", {"services": ["csbs", "cbr"], "max_age": "24h"}),
]
