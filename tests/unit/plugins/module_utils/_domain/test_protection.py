# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protection of a server: which backups count, how old the last one is, and what is added up."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup import newest
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.protection import (
    by_holder,
    good_backups,
    protection_result,
    service_of,
    summarise,
    vaults_by_server,
)
from tests.support.fakes import SUMMER, backup, server

WEB = server("web")
NIGHTLY = {"id": "pol-nightly", "name": "nightly", "enabled": True}
PAUSED = {**NIGHTLY, "enabled": False}


def result(**fields: t.Any) -> dict[str, t.Any]:
    """The protection of a server without policy and backups, but for some fields."""
    return {**protection_result(WEB, None, None, [], None, SUMMER, None), **fields}


@pytest.mark.parametrize(
    ("status", "counts"),
    [("available", True), ("restoring", True), ("waiting_restore", True), ("error", False), ("protecting", False)],
)
def test_only_a_usable_backup_counts(status: str, counts: bool) -> None:
    rows = [backup("b", "web", status), backup("b", "elsewhere", status)]
    assert good_backups([WEB], rows) == {"id-web": rows[:1] if counts else []}


def test_a_backup_that_two_pages_show_counts_once() -> None:
    assert len(good_backups([WEB], [backup("b", "web"), backup("b", "web")])["id-web"]) == 1


def test_sizes_are_added_up_and_the_age_is_that_of_the_last_backup() -> None:
    good = [
        backup("old", "web", created_at="2026-06-30T12:00:00", info={"size": 100}),
        backup("new", "web", created_at="2026-07-01T11:00:00", info={"size": "50.9"}),
        backup("unsized", "web", created_at="2026-06-01T00:00:00"),
    ]
    found = protection_result({**WEB, "name": "renamed"}, NIGHTLY, None, good, newest(good), SUMMER, True)
    assert (found["backup_count"], found["size_mb"], found["age_seconds"]) == (3, 150, 3600)
    assert (found["last_backup"]["name"], found["last_backup"]["server"]["name"]) == ("new", "renamed")


def test_a_backup_from_the_future_has_the_age_zero() -> None:
    good = [backup("b", "web", created_at="2026-07-01T13:00:00")]
    assert protection_result(WEB, None, None, good, good[0], SUMMER, None)["age_seconds"] == 0


def test_a_refusal_is_the_reason() -> None:
    found = protection_result(WEB, None, "it has no disk", [], None, SUMMER, None)
    assert (found["protectable"], found["reason"], found["last_backup"]) == (False, "it has no disk", None)


def test_every_server_is_counted_by_policy_and_by_age() -> None:
    results = [
        result(policy=NIGHTLY, compliant=True, last_backup={}),
        result(policy=PAUSED, compliant=False, protectable=False),
        result(compliant=False),
    ]
    expected = {
        "servers": 3,
        "protected": 1,
        "disabled": 1,
        "unprotected": 1,
        "unprotectable": 1,
        "never_backed_up": 2,
        "compliant": 1,
        "stale": 2,
    }
    assert summarise(results, timedelta(days=1)) == expected
    assert summarise(results, None) == {**expected, "compliant": None, "stale": None}


# ========== Several services ==========
ON, OFF = {"id": "on", "enabled": True, "service": "csbs"}, {"id": "off", "enabled": False, "service": "cbr"}
LATER = {"id": "later", "enabled": True, "service": "cbr"}


@pytest.mark.parametrize(
    ("policies", "holder"),
    [
        ([ON], ON),
        ([OFF], OFF),
        ([OFF, ON], ON),
        ([ON, OFF], ON),
        ([ON, LATER], ON),
        ([LATER, ON], LATER),
        ([OFF, LATER, ON], LATER),
    ],
)
def test_an_enabled_policy_holds_a_server_before_a_disabled_one_and_then_the_first(
    policies: list[dict[str, t.Any]], holder: dict[str, t.Any]
) -> None:
    assert by_holder((policy, ["web"]) for policy in policies) == {"web": holder}


@pytest.mark.parametrize(
    ("services", "policy", "last", "service"),
    [
        (["csbs"], None, None, "csbs"),
        (["cbr"], None, None, "cbr"),
        (["csbs", "cbr"], OFF, "csbs", "cbr"),
        (["csbs", "cbr"], None, "csbs", "csbs"),
        (["csbs", "cbr"], None, None, None),
    ],
)
def test_a_server_is_of_the_service_of_its_policy_or_else_of_its_last_backup(
    services: list[str], policy: dict[str, t.Any] | None, last: str | None, service: str | None
) -> None:
    assert service_of(services, policy, last) == service


def test_the_size_in_a_vault_is_added_to_that_of_the_backups() -> None:
    members = [{"id": WEB["id"], "backups_mb": 7}, {"id": "other", "backups_mb": 100}]
    vault: t.Any = {"id": "v", "members": members}
    assert vaults_by_server([{"id": "p", "vaults": [vault]}, {"id": "csbs"}]) == {WEB["id"]: vault, "other": vault}  # type: ignore[typeddict-item]
    good: t.Any = [backup("b", "web", info={"size": 5})]
    assert protection_result(WEB, None, None, good, None, SUMMER, None, "cbr", vault)["size_mb"] == 12
    assert protection_result(WEB, None, None, good, None, SUMMER, None)["size_mb"] == 5
