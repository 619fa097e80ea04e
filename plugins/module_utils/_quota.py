# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_quota_info: how much backup a project may have, and has; pure.

Reference: api_description/quota_management/querying_quotas.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ._numbers import whole_number


def wish_quotas(params: dict[str, t.Any], now: datetime) -> None:
    """Return what the options of csbs_quota_info ask for: there is nothing to choose."""


def read_quotas(wish: None, cloud: t.Any) -> dict[str, t.Any]:
    """Return the quotas in the order in which the service lists them."""
    return {"quotas": [quota_result(raw) for raw in cloud.quotas()]}


def quota_result(raw: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return a quota in the shape of results.

    What is left of an unlimited quota, or of one that the service does not tell, is null. Per cent are rounded down,
    so that 100 means used up.
    """
    quota, used = whole_number(raw.get("quota")), whole_number(raw.get("used"))
    free = percent = None
    if quota is not None and used is not None and quota >= 0:
        free, percent = max(quota - used, 0), used * 100 // quota if quota else 100
    return {
        "type": raw.get("type"),
        "unit": raw.get("unit") or None,
        "quota": quota,
        "unlimited": quota is not None and quota < 0,
        "used": used,
        "free": free,
        "used_percent": percent,
    }
