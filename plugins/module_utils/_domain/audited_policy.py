# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy as an audit shows it: when it runs, and how long it keeps its backups."""

from __future__ import annotations

import itertools
import typing as t
from datetime import datetime

from .controls import FOR_EVER
from .errors import InvalidInput
from .numbers import whole_number
from .policy import operation_of, policy_result
from .retention import COUNTS
from .runs import longest_gap, next_runs, parse_rule
from .schedule import MINUTES_PER_DAY, gaps_of
from .times import parse_time

if t.TYPE_CHECKING:
    from .rows import PolicyRow
    from .schedule import Rule

_RUNS = 3


def audited_policy(raw: PolicyRow, now: datetime) -> dict[str, t.Any]:
    """Return what an audit shows of a policy that was read in full.

    next_runs, longest_gap_seconds and retention_days are None when they are not known. A disabled policy has no runs.
    """
    policy = policy_result(raw)
    try:
        rule = parse_rule(policy["schedule"], now)
    except InvalidInput:
        rule = None
    enabled = policy["enabled"]
    return {
        **{key: policy[key] for key in ("id", "name", "enabled", "schedule", "retention", "created_at")},
        "server_count": len({member["id"] for member in policy["servers"]}),
        "next_runs": _runs(rule, parse_time(policy["created_at"]), now) if enabled else [],
        "longest_gap_seconds": int(longest_gap(rule).total_seconds()) if rule and enabled else None,
        "retention_days": _retention_days(policy["retention"], rule) if _tells_retention(raw) else None,
    }


def _runs(rule: Rule | None, since: datetime | None, now: datetime) -> list[str] | None:
    # The service counts an interval of several days from a day that only created_at tells.
    began = None if since is None or since > now else since
    if rule is None or (began is None and rule.interval > 1):
        return None
    return [run.strftime("%Y-%m-%dT%H:%M:%SZ") for run in next_runs(rule, now, began, _RUNS)]


def _tells_retention(raw: PolicyRow) -> bool:
    """Return whether the service shows the retention, with limits that are numbers from -1 on."""
    definition = operation_of(raw).get("operation_definition")
    if definition is None:
        return False
    limits = [definition[field] for field in COUNTS.values() if definition.get(field) is not None]
    return all((number := whole_number(limit)) is not None and number >= -1 for limit in limits)


def _retention_days(retention: t.Mapping[str, t.Any], rule: Rule | None) -> int | None:
    """Return for how many days every backup is kept; what the long-term counts keep longer are only some of them."""
    if retention["permanent"]:
        return FOR_EVER
    limits = [] if retention["days"] is None else [retention["days"]]
    if retention["max_backups"] is not None:
        if rule is None:
            return None
        limits.append(_days_of_runs(retention["max_backups"], gaps_of(rule)))
    return min(limits, default=FOR_EVER)


def _days_of_runs(count: int, gaps: list[int]) -> int:
    """Return the whole days that so many runs in a row take at least."""
    cycles, rest = divmod(count, len(gaps))
    shortest = min(sum(itertools.islice(itertools.cycle(gaps), start, start + rest)) for start in range(len(gaps)))
    return (cycles * sum(gaps) + shortest) // MINUTES_PER_DAY
