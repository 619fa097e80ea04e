# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists: filters, order and pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from .model import Item, Policy
from .rules import MAX_PAGE, ApiError, bad
from .state import Listed, State

Row = TypeVar("Row", bound=Listed)
ITEM_KEYS = ("created_at", "updated_at", "name", "status", "protected_at", "id")
POLICY_KEYS = ("created_at", "name", "id")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?")


def items(state: State, project_id: str, query: dict[str, Any]) -> list[Item]:
    """The backups that a query's filters choose, oldest first."""
    _refuse_all_tenants(query)
    tests = _item_tests(query)
    source = state.index.items_of.get(query["resource_id"], {}) if "resource_id" in query else state.items
    return [item for item in state.shown(source.values(), project_id) if all(test(item) for test in tests)]


def policies(state: State, project_id: str, query: dict[str, Any]) -> list[Policy]:
    """The policies that a query's filters choose, oldest first."""
    _refuse_all_tenants(query)
    found = state.shown(state.policies.values(), project_id)
    name = query.get("name")
    if name is None:
        return found
    if state.settings.live:
        return [policy for policy in found if name.lower() in policy.name.lower()]
    return [policy for policy in found if policy.name == name]


def _refuse_all_tenants(query: dict[str, Any]) -> None:
    if query.get("all_tenants"):
        raise ApiError("APIGW.0302", "all_tenants is for administrators")


def _moment(name: str, text: str) -> datetime:
    if not MOMENT.fullmatch(text):
        raise bad(f"{name} must look like 2017-04-18T01:21:52.701973")
    try:
        return datetime.fromisoformat(text.ljust(26, "0") if "." in text else text)
    except ValueError:
        raise bad(name) from None


def _item_tests(query: dict[str, Any]) -> list[Callable[[Item], bool]]:
    tests: list[Callable[[Item], bool]] = []
    for parameter, field in (
        ("status", "status"),
        ("az", "availability_zone"),
        ("policy_id", "policy_id"),
        ("checkpoint_id", "checkpoint_id"),
    ):
        if parameter in query:
            tests.append(lambda item, get=attrgetter(field), want=query[parameter]: get(item) == want)  # type: ignore
    for parameter, field in (("name", "name"), ("resource_name", "resource_name")):
        if parameter in query:
            want = query[parameter].lower()
            tests.append(lambda item, get=attrgetter(field), want=want: want in get(item).lower())  # type: ignore
    if "start_time" in query:
        start = _moment("start_time", query["start_time"])
        tests.append(lambda item: item.created_at >= start)
    if "end_time" in query:
        end = _moment("end_time", query["end_time"])
        tests.append(lambda item: item.created_at <= end)
    if query.get("image_type", "backup") != "backup" or query.get("resource_type", "OS::Nova::Server") != (
        "OS::Nova::Server"
    ):
        tests.append(lambda item: False)
    if "ip" in query:
        tests.append(lambda item: query["ip"] in (item.backup_data["private_ip"], item.backup_data["eip"]))
    return tests


def page(
    state: State,
    rows: list[Row],
    query: dict[str, Any],
    keys: Sequence[str] = (),
    refused: Callable[[str], ApiError] = bad,
) -> list[Row]:
    """Order rows and cut one page out; a marker that was deleted since still holds its place."""
    order = _order(query.get("sort"), keys, refused)
    limit = min(query.get("limit", MAX_PAGE), MAX_PAGE)
    marker = query.get("marker")
    tombstone = None
    if marker is not None and all(row.id != marker for row in rows):
        tombstone = state.once_listed(marker)
        if tombstone is None:
            raise refused(f"marker {marker}")
        rows = [*rows, tombstone]
        rows.sort(key=attrgetter("seq"))
    if order:
        rows = list(rows)
        for key, descending in reversed(order):
            rows.sort(key=_sort_key(key), reverse=descending)
    else:
        rows = rows[::-1]
    start = 0
    if marker is not None:
        start = next(number for number, row in enumerate(rows) if row.id == marker) + 1
    start += query.get("offset", 0)
    return rows[start : start + limit]


def _sort_key(key: str) -> Callable[[Any], Any]:
    if key == "created_at":
        return attrgetter("seq")
    if key == "protected_at":
        return lambda row: row.protected_at or row.created_at
    return attrgetter(key)


def _order(sort: str | None, keys: Sequence[str], refused: Callable[[str], ApiError]) -> list[tuple[str, bool]]:
    if not sort:
        return []
    order = []
    for part in sort.split(","):
        key, _colon, direction = part.partition(":")
        if key not in keys or direction not in ("", "asc", "desc"):
            raise refused(f"sort: {part!r}")
        order.append((key, direction != "asc"))
    return order
