# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries for backups: CBR is asked for what it can choose exactly, and the rest is compared here.

CBR takes times to the second, and does not say whether a name that it looks for may be a part of the name.
"""

from __future__ import annotations

import typing as t
from datetime import timedelta

from .limits import SERVER_TYPE
from .times import parse_time

if t.TYPE_CHECKING:
    from datetime import datetime

    from .rows import BackupRow

# What the filters are called by CBR
_FILTERS = {"availability_zone": "resource_az"}
_COMPARED_HERE = ("name", "resource_name")
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def cbr_query(query: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return what to ask CBR for, so that every backup of a server is listed that fits a query of CSBS."""
    asked = {_FILTERS.get(key, key): value for key, value in query.items() if key not in _COMPARED_HERE}
    start, end = parse_time(query.get("start_time")), parse_time(query.get("end_time"))
    if start is not None:
        asked["start_time"] = start.strftime(_MOMENT)
    if end is not None:
        asked["end_time"] = _full_second_after(end).strftime(_MOMENT)
    return {"image_type": "backup", "resource_type": SERVER_TYPE, **asked}


def fits(row: BackupRow, query: t.Mapping[str, t.Any]) -> bool:
    """Return whether a backup fits those parts of a query that CBR is not asked for, or not exactly."""
    name, server = query.get("name") or "", query.get("resource_name") or ""
    if name not in (row.get("name") or "") or server not in ((row.get("extend_info") or {}).get("resource_name") or ""):
        return False
    created = parse_time(row.get("created_at"))
    start, end = parse_time(query.get("start_time")), parse_time(query.get("end_time"))
    return created is None or ((start is None or created >= start) and (end is None or created <= end))


def _full_second_after(moment: datetime) -> datetime:
    return moment + timedelta(microseconds=(1_000_000 - moment.microsecond) % 1_000_000)
