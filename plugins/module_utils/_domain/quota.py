# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A quota as results show it.

Reference: api_description/quota_management/querying_quotas.
"""

from __future__ import annotations

import typing as t

from .numbers import whole_number

if t.TYPE_CHECKING:
    from .rows import QuotaRow


def quota_result(raw: QuotaRow) -> dict[str, t.Any]:
    """Return a quota in the shape of results.

    free and used_percent are None for an unlimited quota, and when the service gives no numbers. The percentage is
    rounded down, so that 100 means used up. Of a vault whole GB are told: what is begun is used.
    """
    quota, used = whole_number(raw.get("quota")), whole_number(raw.get("used"))
    used_mb = raw.get("used_mb")
    if used_mb is not None:
        used = -(-used_mb // 1024)
    free = percent = None
    if quota is not None and used is not None and quota >= 0:
        free, percent = max(quota - used, 0), used * 100 // quota if quota else 100
        if used_mb is not None and quota:
            percent = used_mb * 100 // (quota * 1024)
    return {
        "type": raw.get("type"),
        "name": raw.get("name"),
        "unit": raw.get("unit") or None,
        "quota": quota,
        "unlimited": quota is not None and quota < 0,
        "used": used,
        "free": free,
        "used_percent": percent,
    }
