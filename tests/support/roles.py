# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the roles are, and the least that each of them needs."""

from __future__ import annotations

import typing as t
from pathlib import Path

ROLES = Path(__file__).parents[2] / "roles"
_SERVER = {"csbs_servers": ["srv-0001"]}
#: By role, the variables without which it does nothing
NEEDED: dict[str, dict[str, t.Any]] = {
    "backup": _SERVER,
    "migrate_to_cbr": {},
    "offboard": _SERVER,
    "patch_with_backup": {"csbs_patch_tasks": "patch.yml", "csbs_server": "srv-0001"},
    "protect": {**_SERVER, "csbs_policy": {"name": "p", "schedule": {"frequency": "daily", "times": ["02:00"]}}},
    "prune": {**_SERVER, "csbs_keep_last": 1},
    "report": _SERVER,
    "restore": {"csbs_server": "srv-0001"},
}
