# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults in an audit: what is shown of them, when one has room for the next backups, and when it is locked."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.audited_vault import (
    audited_vault,
    judge_lock,
    judge_vault_room,
)

GB = 1024


def member(name: str, backups_gb: float = 0, disks_gb: int = 20) -> dict[str, t.Any]:
    return {"id": name, "name": name, "disks_gb": disks_gb, "backups_mb": int(backups_gb * GB), "has_backups": False}


def vault(used_gb: float = 0, *members: dict[str, t.Any], **fields: t.Any) -> t.Any:
    return {
        "id": "v",
        "name": "nightly",
        "description": None,
        "size_gb": 100,
        "allocated_gb": 0,
        "used_mb": int(used_gb * GB),
        "status": "available",
        "members": list(members),
        "tags": [],
        "auto_expand": False,
        "locked": False,
        **fields,
    }


def judged(row: t.Any, **counts: int) -> tuple[str, str]:
    found = judge_vault_room(row, counts)
    return found["result"], found["evidence"]


def test_what_is_shown_of_a_vault() -> None:
    row = vault(1.5, member("web"), member("db"), auto_expand=True)
    policy: t.Any = {"id": "p", "name": "daily", "resources": []}
    assert audited_vault(row, policy) == {
        "id": "v",
        "name": "nightly",
        "policy": {"id": "p", "name": "daily"},
        "size_gb": 100,
        "used_mb": 1536,
        "server_count": 2,
        "auto_expand": True,
        "locked": False,
    }
    del row["auto_expand"], row["locked"]
    shown = audited_vault(row, None)
    assert (shown["policy"], shown["auto_expand"], shown["locked"]) == (None, None, None)


def test_a_next_backup_counts_as_the_mean_of_those_that_the_server_has() -> None:
    row = vault(96, member("web", 30), member("db", 66))
    text = "vault 'nightly': 96 GB of 100 GB used, the next backups need "
    # 30 GB in ten backups and 66 GB in sixty: 3 and 1.1 GB.
    assert judged(row, web=10, db=66) == ("pass", f"{text}4 GB")
    assert judged(row, web=10, db=60) == ("fail", f"{text}4.1 GB")


def test_a_first_backup_may_be_as_large_as_the_disks_and_what_may_not_fit_is_not_judged() -> None:
    row = vault(80, member("web", 80), member("new", disks_gb=12))
    assert judged(row, web=10)[0] == "pass"
    row = vault(80, member("web", 80), member("new", disks_gb=13))
    result, evidence = judged(row, web=10)
    assert result == "unknown" and evidence.endswith(
        "how large the first backup of 1 of its servers becomes is not known"
    )


@pytest.mark.parametrize("used", [100, 101])
def test_a_full_vault_has_no_room_also_for_nothing(used: int) -> None:
    assert judged(vault(used))[0] == "fail"


def test_a_vault_that_grows_by_itself_has_room_unless_it_is_full_already() -> None:
    result, evidence = judged(vault(99, member("web", 99), auto_expand=True), web=3)
    assert result == "pass" and evidence.endswith("; it grows by itself (auto_expand)")
    assert judged(vault(99, member("web"), auto_expand=True))[0] == "pass"
    result, evidence = judged(vault(100, auto_expand=True))
    assert result == "unknown" and "auto_expand may have come too late" in evidence


@pytest.mark.parametrize(
    ("status", "result"),
    [("available", "pass"), ("lock", "pass"), ("frozen", "fail"), ("error", "fail"), ("deleting", "fail")],
)
def test_a_vault_takes_backups_in_some_states_only(status: str, result: str) -> None:
    found, evidence = judged(vault(status=status))
    assert found == result and (status in evidence) is (result == "fail")


@pytest.mark.parametrize(
    ("locked", "expected"),
    [
        (True, ("pass", "vault 'nightly' is locked")),
        (False, ("fail", "vault 'nightly' is not locked")),
        (None, ("unknown", "the service does not say whether vault 'nightly' is locked")),
    ],
)
def test_a_vault_is_locked_or_not_or_the_service_is_silent(locked: bool | None, expected: tuple[str, str]) -> None:
    assert tuple(judge_lock(vault(locked=locked)).values()) == expected
