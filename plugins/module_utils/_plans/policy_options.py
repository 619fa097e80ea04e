# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that describe a policy, of csbs_policy and csbs_policy_set, in normal form."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from .._domain.limits import check_description, check_name
from .._domain.selection import parse_filters, parse_refs
from .._domain.tag_option import parse_tags

if t.TYPE_CHECKING:
    from .._domain.schedule import RawPattern, Rule


#: The options that describe a policy, which have no effect when it is deleted
NOT_WITH_ABSENT = ("new_name", "description", "enabled", "schedule", "retention", "purge_servers", "tags")


class PolicyOptions(t.NamedTuple):
    """What a policy is to be; None leaves a field as it is."""

    name: str
    state: str
    new_name: str | None = None
    description: str | None = None
    enabled: bool | None = None
    rule: Rule | RawPattern | None = None
    retention: dict[str, t.Any] | None = None
    servers: list[str] | None = None
    filters: dict[str, t.Any] | None = None
    purge_servers: bool = False
    move_servers: bool = True
    tags: dict[str, str] | None = None
    purge_tags: bool = True
    notes: tuple[str, ...] = ()


def parse_policy(params: dict[str, t.Any], now: datetime | None = None) -> PolicyOptions:
    """Return the options of a policy that is to be present. Raises InvalidInput."""
    for option in ("name", "new_name"):
        if params[option] is not None:
            check_name(option, params[option])
    if params["description"] is not None:
        check_description("description", params["description"])
    rule, notes, retention = _parse_times(params, now or datetime.now(timezone.utc))
    return PolicyOptions(
        name=params["name"],
        state="present",
        new_name=params["new_name"],
        description=params["description"],
        enabled=params["enabled"],
        rule=rule,
        retention=retention,
        servers=parse_refs("servers", params["servers"]),
        filters=parse_filters(params["server_filters"]),
        purge_servers=params["purge_servers"],
        move_servers=params["move_servers"],
        tags=parse_tags("tags", params["tags"]),
        purge_tags=params["purge_tags"],
        notes=tuple(notes),
    )


def _parse_times(params: dict[str, t.Any], now: datetime) -> tuple[t.Any, list[str], dict[str, t.Any] | None]:
    """Return the schedule's rule, notes on it, and the retention; None for what is not given."""
    rule, retention = None, None
    notes: list[str] = []
    schedule = params["schedule"]
    # The parsers are loaded here, because many tasks change neither schedule nor retention.
    if schedule is not None:
        from .._domain.schedule_option import parse_schedule

        rule, notes = parse_schedule(schedule, now)
    if params["retention"] is not None:
        from .._domain.retention_option import parse_retention

        retention = parse_retention(params["retention"], (schedule or {}).get("timezone"), now)
    return rule, notes, retention
