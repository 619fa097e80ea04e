# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the filters of CBR's lists choose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from ..rules import SERVER_TYPE
from ..state import State
from .model import Backup, Policy, Task, Vault
from .rules import SERVER_PROVIDER, bad

Row = TypeVar("Row")
MOMENT = "%Y-%m-%dT%H:%M:%SZ"
PAGE_KEYS = ("limit", "offset", "marker", "sort")


def _fits(query: dict[str, Any], tests: dict[str, Callable[[Any, Any], bool]], rows: list[Row]) -> list[Row]:
    active = [(tests[key], value) for key, value in query.items() if key not in PAGE_KEYS]
    return [row for row in rows if all(test(row, value) for test, value in active)]


def _is(field: str) -> Callable[[Any, Any], bool]:
    get = attrgetter(field)
    return lambda row, value: get(row) == value


def _named(state: State, field: str) -> Callable[[Any, Any], bool]:
    """Names match in part in live mode; the reference does not say, and there only whole ones do."""
    get = attrgetter(field)
    if state.settings.live:
        return lambda row, value: value.lower() in get(row).lower()
    return lambda row, value: get(row) == value


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, MOMENT)
    except ValueError:
        raise bad(f"times look like 2018-02-01T12:00:00Z, not {text!r}") from None


def _since(row: Any, text: str) -> bool:
    created_at: datetime = row.created_at
    return created_at >= _moment(text)


def _until(row: Any, text: str) -> bool:
    created_at: datetime = row.created_at
    return created_at <= _moment(text)


def _check_times(query: dict[str, Any]) -> None:
    for key in ("start_time", "end_time"):
        if key in query:
            _moment(query[key])


def vaults(state: State, project_id: str, query: dict[str, Any]) -> list[Vault]:
    """The vaults that a query's filters choose, oldest first."""
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "id": _is("id"),
        "name": _named(state, "name"),
        "cloud_type": lambda vault, value: value == "public",
        "object_type": _is("object_type"),
        "protect_type": _is("protect_type"),
        "policy_id": _is("policy_id"),
        "resource_ids": lambda vault, value: value in vault.members,
        "status": _is("status"),
    }
    return _fits(query, tests, state.shown(state.cbr.vaults.values(), project_id))


def policies(state: State, project_id: str, query: dict[str, Any]) -> list[Policy]:
    """The policies that a query's filters choose, oldest first."""
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "operation_type": _is("operation_type"),
        "vault_id": lambda policy, value: any(vault.id == value for vault in state.cbr.vaults_of(policy)),
    }
    return _fits(query, tests, state.shown(state.cbr.policies.values(), project_id))


def backups(state: State, project_id: str, query: dict[str, Any]) -> list[Backup]:
    """The backups that a query's filters choose, oldest first; nothing is shared, and nothing is a replica."""
    _check_times(query)
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "checkpoint_id": _is("checkpoint_id"),
        "dec": lambda backup, value: not value,
        "start_time": _since,
        "end_time": _until,
        "image_type": lambda backup, value: value == "backup",
        "member_status": lambda backup, value: False,
        "name": _named(state, "name"),
        "own_type": lambda backup, value: value != "shared",
        "parent_id": lambda backup, value: False,
        "resource_az": _is("availability_zone"),
        "resource_id": _is("resource_id"),
        "resource_name": _named(state, "resource_name"),
        "resource_type": lambda backup, value: value == SERVER_TYPE,
        "status": lambda backup, value: backup.status in value,
        "used_percent": lambda backup, value: (
            backup.size * 100 >= int(value) * 1024 * state.cbr.vaults[backup.vault_id].size
        ),
        "vault_id": _is("vault_id"),
    }
    return _fits(query, tests, state.shown(state.cbr.backups.values(), project_id))


def tasks(state: State, project_id: str, query: dict[str, Any]) -> list[Task]:
    """The tasks that a query's filters choose, oldest first."""
    _check_times(query)
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "operation_type": _is("operation_type"),
        "status": _is("status"),
        "provider_id": lambda task, value: value == SERVER_PROVIDER,
        "resource_id": lambda task, value: task.resource is not None and task.resource["id"] == value,
        "resource_name": lambda task, value: task.resource is not None and task.resource["name"] == value,
        "vault_id": _is("vault_id"),
        "vault_name": _is("vault_name"),
        "start_time": _since,
        "end_time": _until,
    }
    return _fits(query, tests, state.shown(state.cbr.tasks.values(), project_id))


def fits_tag_query(vault: Vault, query: dict[str, Any]) -> bool:
    """Whether a vault is of the type that a tag query asks for."""
    return bool(query.get("object_type", vault.object_type) == vault.object_type)
