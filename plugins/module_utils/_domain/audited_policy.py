# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy as an audit shows it: when it runs, and how long it keeps its backups."""

from __future__ import annotations

import contextlib
import itertools
import typing as t
from datetime import datetime

from .controls import FOR_EVER
from .errors import InvalidInput
from .numbers import whole_number
from .policy import operation_of, policy_result
from .retention import COUNTS
from .runs import longest_interval, next_runs, parse_rule
from .schedule import MINUTES_PER_DAY, gaps_of
from .times import parse_time

if t.TYPE_CHECKING:
    from .rows import PolicyRow
    from .schedule import Rule, SeveralRules

_RUNS = 3


def audited_policy(raw: PolicyRow, now: datetime) -> dict[str, t.Any]:
    """Return what an audit shows of a policy that was read in full.

    next_runs, longest_gap_seconds and retention_days are None when they are not known. A disabled policy has no runs.
    """
    policy = policy_result(raw)
    rule, gaps = None, None
    # Only what is known is shown.
    with contextlib.suppress(InvalidInput):
        rule = parse_rule(policy["schedule"], now)
        gaps = gaps_of(rule)
    enabled = policy["enabled"]
    return {
        **{key: policy[key] for key in ("id", "name", "enabled", "schedule", "retention", "created_at")},
        "server_count": len({member["id"] for member in policy["servers"]}),
        "next_runs": _runs(rule, _start(raw), now) if enabled else [],
        "longest_gap_seconds": max(gaps) * 60 if gaps and enabled else None,
        "retention_days": _retention_days(policy["retention"], gaps) if _tells_retention(raw) else None,
    }


def _start(raw: PolicyRow) -> datetime | None:
    """Return when a policy was created, or when it got its schedule, whichever the service shows."""
    return parse_time(raw.get("created_at") or raw.get("start_time"))


def _runs(rule: Rule | SeveralRules | None, since: datetime | None, now: datetime) -> list[str] | None:
    # The service counts an interval of several days from a day that only the start tells.
    began = None if since is None or since > now else since
    if rule is None or (began is None and longest_interval(rule) > 1):
        return None
    return [run.strftime("%Y-%m-%dT%H:%M:%SZ") for run in next_runs(rule, now, began, _RUNS)]


def _tells_retention(raw: PolicyRow) -> bool:
    """Return whether the service shows the retention, with limits that are numbers from -1 on."""
    definition = operation_of(raw).get("operation_definition")
    if definition is None:
        return False
    limits = [definition[field] for field in COUNTS.values() if definition.get(field) is not None]
    return all((number := whole_number(limit)) is not None and number >= -1 for limit in limits)


def _retention_days(retention: t.Mapping[str, t.Any], gaps: list[int] | None) -> int | None:
    """Return for how many days every backup is kept; what the long-term counts keep longer are only some of them."""
    if retention["permanent"]:
        return FOR_EVER
    limits = [] if retention["days"] is None else [retention["days"]]
    if retention["max_backups"] is not None:
        if gaps is None:
            return None
        limits.append(_days_of_runs(retention["max_backups"], gaps))
    return min(limits, default=FOR_EVER)


def _days_of_runs(count: int, gaps: list[int]) -> int:
    """Return the whole days that so many runs in a row take at least."""
    cycles, rest = divmod(count, len(gaps))
    shortest = min(sum(itertools.islice(itertools.cycle(gaps), start, start + rest)) for start in range(len(gaps)))
    return (cycles * sum(gaps) + shortest) // MINUTES_PER_DAY
