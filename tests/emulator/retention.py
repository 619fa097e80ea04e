# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retention: which automatic backups of a policy go."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from . import deletions
from .model import Item, Policy
from .state import State

Old = TypeVar("Old", bound=Item)


def offset(timezone: str | None) -> timedelta:
    """What 'UTC+08:00' adds to UTC."""
    if not timezone:
        return timedelta()
    hours, minutes = timezone[4:].split(":")
    sign = -1 if timezone[3] == "-" else 1
    return sign * timedelta(hours=int(hours), minutes=int(minutes))


PERIODS: dict[str, Callable[[datetime], Hashable]] = {
    "day_backups": lambda moment: moment.date(),
    "week_backups": lambda moment: moment.isocalendar()[:2],
    "month_backups": lambda moment: (moment.year, moment.month),
    "year_backups": lambda moment: moment.year,
}


def kept_long(definition: dict[str, Any], newest_first: Sequence[Item]) -> set[str]:
    """The ids that long-term counts hold on to."""
    kept: set[str] = set()
    shift = offset(definition.get("timezone"))
    for key, period in PERIODS.items():
        count = definition.get(key) or 0
        seen: dict[Hashable, str] = {}
        for item in newest_first:
            if len(seen) >= count:
                break
            seen.setdefault(period(item.created_at + shift), item.id)
        kept.update(seen.values())
    return kept


def expired(definition: dict[str, Any], newest_first: Sequence[Old], now: datetime) -> list[Old]:
    """The backups of one server that a policy no longer keeps."""
    if definition.get("permanent"):
        return []
    count = definition.get("max_backups", -1)
    days = definition.get("retention_duration_days", -1)
    too_many = list(newest_first[count:]) if count >= 0 else []
    too_old = [item for item in newest_first if item.created_at + timedelta(days=days) <= now] if days > 0 else []
    doomed = {item.id: item for item in too_many + too_old}
    for item_id in kept_long(definition, newest_first) if doomed else ():
        doomed.pop(item_id, None)
    return list(doomed.values())


def prune(state: State, policy: Policy, server_id: str) -> None:
    """Delete what one server of a policy has too much of; only what the schedule made."""
    if state.index.member_of.get(server_id) != policy.id:
        return
    mine = [
        item
        for item in state.index.items_of.get(server_id, {}).values()
        if item.auto_trigger and item.policy_id == policy.id and item.status == "available"
    ]
    mine.sort(key=lambda item: item.seq, reverse=True)
    for item in expired(policy.definition, mine, state.now):
        if not deletions.held(state, item):
            deletions.enqueue(state, item)


def watch(state: State, policy: Policy, item: Item) -> None:
    """Look again when the item's days are over."""
    days = policy.definition.get("retention_duration_days", -1)
    if days > 0 and not policy.definition.get("permanent"):
        moment = item.created_at + timedelta(days=days)
        if moment > state.now:
            state.at(moment, lambda _at: _again(state, policy, item.resource_id))


def _again(state: State, policy: Policy, server_id: str) -> None:
    if policy.id in state.policies:
        prune(state, policy, server_id)


def apply(state: State, policy: Policy) -> None:
    """After a policy's retention changed."""
    for resource in policy.resources:
        prune(state, policy, resource["id"])
        for item in state.index.items_of.get(resource["id"], {}).values():
            if item.auto_trigger and item.policy_id == policy.id and item.status == "available":
                watch(state, policy, item)
