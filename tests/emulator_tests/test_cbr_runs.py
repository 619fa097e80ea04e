# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of policies by the clock, servers that join by themselves, and what retention leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.emulator.cbr import retention
from tests.emulator_tests.api import Api
from tests.emulator_tests.cbr_api import DAILY, CbrApi, code

DAY = 24 * 3600


@pytest.fixture
def cbr() -> Iterator[CbrApi]:
    """A cloud where it is Thursday noon and tokens live for ever."""
    start = datetime(2026, 1, 1, 12)
    with Emulator(servers=3, speed=0, list_delay=0, start=start, token_lifetime=10**9) as cloud:
        yield CbrApi(cloud)
        assert cloud.contract_violations == [] and cloud.internal_errors == []


def _protected(cbr: CbrApi, servers: int = 1, rules: list[str] | None = None, **changes: Any) -> tuple[Any, Any]:
    policy = cbr.create_cbr_policy(rules=rules, **changes)
    vault = cbr.create_vault(servers=cbr.ids()[:servers], size=5000, backup_policy_id=policy["id"])
    return policy, vault


def test_a_run_for_each_vault(cbr: CbrApi) -> None:
    first, second, third = cbr.ids()
    policy, vault = _protected(cbr, 2)
    other = cbr.create_vault("other", [third])
    cbr.apply(other["id"], policy["id"])
    cbr.cloud.clock.advance(DAY)
    found = cbr.backups()
    assert {row["resource_id"] for row in found} == {first, second, third}
    assert len({row["checkpoint_id"] for row in found}) == 2
    assert all(row["name"].startswith("autobk_") and row["extend_info"]["auto_trigger"] for row in found)
    assert {row["created_at"] for row in found} == {"2026-01-02T02:00:00.000000"}, "hours are UTC"
    tasks = cbr.tasks(operation_type="backup")
    assert {task["policy_id"] for task in tasks} == {policy["id"]}
    cbr.ok("POST", f"vaults/{other['id']}/dissociatepolicy", {"policy_id": policy["id"]})
    cbr.cloud.clock.advance(DAY)
    assert len(cbr.backups(vault_id=other["id"])) == 1
    assert len(cbr.backups(vault_id=vault["id"])) == 4


def test_several_rules_and_changed_ones(cbr: CbrApi) -> None:
    rules = ["FREQ=WEEKLY;BYDAY=FR;BYHOUR=4;BYMINUTE=30", "FREQ=DAILY;INTERVAL=2;BYHOUR=20;BYMINUTE=00"]
    policy, _vault = _protected(cbr, rules=rules)
    cbr.cloud.clock.advance(4 * DAY)
    times = [row["created_at"][:16] for row in cbr.backups(sort="created_at:asc")]
    assert times == ["2026-01-01T20:00", "2026-01-02T04:30", "2026-01-03T20:00"]
    trigger = {"properties": {"pattern": [DAILY]}}
    cbr.ok("PUT", f"policies/{policy['id']}", {"policy": {"trigger": trigger}})
    cbr.cloud.clock.advance(2 * DAY)
    assert [row["created_at"][:16] for row in cbr.backups(limit=2)] == ["2026-01-07T02:00", "2026-01-06T02:00"]


def test_a_disabled_policy_does_nothing(cbr: CbrApi) -> None:
    policy, vault = _protected(cbr, enabled=False, keep={"max_backups": 1})
    cbr.cloud.clock.advance(2 * DAY)
    assert cbr.backups() == []
    for _number in range(3):
        cbr.good(vault["id"], auto_trigger=True)
    assert len(cbr.backups()) == 3, "nor does it prune"
    cbr.ok("PUT", f"policies/{policy['id']}", {"policy": {"enabled": True}})
    cbr.cloud.clock.advance(DAY)
    assert len(cbr.backups()) == 1


def test_runs_that_cannot_be(cbr: CbrApi) -> None:
    policy, vault = _protected(cbr)
    cbr.cloud.clock.advance(14 * 3600 - 60)
    cbr.back_up(vault["id"])
    cbr.cloud.clock.advance(120)
    (task,) = cbr.tasks(status="skipped")
    assert (task["error_info"]["code"], task["policy_id"]) == (code("6125"), policy["id"])
    cbr.cloud.fill_vault(vault["id"])
    cbr.cloud.clock.advance(DAY)
    (task,) = cbr.tasks(status="failed")
    assert task["error_info"]["code"] == code("6114")
    assert len(cbr.backups()) == 1


@pytest.mark.parametrize(
    ("keep", "days", "kept"),
    [
        ({}, 10, 10),
        ({"max_backups": -1, "retention_duration_days": -1}, 5, 5),
        ({"max_backups": 3}, 10, 3),
        ({"retention_duration_days": 3}, 10, 3),
        ({"retention_duration_days": 3, "day_backups": 0, "max_backups": -1}, 10, 3),
        ({"max_backups": 1, "week_backups": 2}, 14, 2),
        ({"max_backups": 1, "month_backups": 3}, 65, 3),
        ({"max_backups": 2, "day_backups": 4}, 9, 4),
        ({"day_backups": 2}, 5, 5),
    ],
    ids=str,
)
def test_retention(cbr: CbrApi, keep: dict[str, Any], days: int, kept: int) -> None:
    _protected(cbr, keep=keep)
    cbr.cloud.clock.advance(days * DAY)
    assert len(cbr.backups()) == kept


def test_days_are_kept_with_each_backup(cbr: CbrApi) -> None:
    policy, vault = _protected(cbr, keep={"retention_duration_days": 2})
    cbr.cloud.clock.advance(DAY)
    (row,) = cbr.backups()
    assert row["expired_at"] == "2026-01-04T02:00:00.000000"
    definition = {"retention_duration_days": 30, "timezone": "UTC+00:00"}
    cbr.ok("PUT", f"policies/{policy['id']}", {"policy": {"operation_definition": definition}})
    cbr.ok("POST", f"vaults/{vault['id']}/dissociatepolicy", {"policy_id": policy["id"]})
    cbr.good(vault["id"])
    cbr.cloud.clock.advance(2 * DAY - 13 * 3600 + 60)
    assert cbr.cloud.clock.now().isoformat()[:16] == "2026-01-04T00:01"
    cbr.cloud.clock.advance(7 * 3600)
    assert len(cbr.backups()) == 2, "not on the minute"
    cbr.cloud.clock.advance(3600 + 120)
    (left,) = cbr.backups()
    assert (left["extend_info"]["auto_trigger"], left["expired_at"]) == (False, None), "manual ones never expire"


@pytest.mark.parametrize(
    ("over", "batch"),
    [
        ("2026-01-04T02:00", "2026-01-04T08:00"),
        ("2026-01-04T08:00", "2026-01-04T08:00"),
        ("2026-01-04T08:01", "2026-01-04T09:00"),
        ("2026-01-04T20:00", "2026-01-04T20:00"),
        ("2026-01-04T20:01", "2026-01-05T08:00"),
    ],
)
def test_batches(over: str, batch: str) -> None:
    assert retention.next_batch(datetime.fromisoformat(over)) == datetime.fromisoformat(batch)


def test_what_is_deleted_by_hand_does_not_expire(cbr: CbrApi) -> None:
    _protected(cbr, keep={"retention_duration_days": 2})
    cbr.cloud.clock.advance(DAY)
    cbr.ok("DELETE", f"backups/{cbr.backups()[0]['id']}")
    cbr.cloud.clock.advance(3 * DAY)
    assert len(cbr.tasks(operation_type="delete", status="success")) == 2


def test_from_count_to_days(cbr: CbrApi) -> None:
    policy, _vault = _protected(cbr, keep={"max_backups": 3})
    cbr.cloud.clock.advance(5 * DAY)
    definition = {"retention_duration_days": 2, "timezone": "UTC+00:00"}
    cbr.ok("PUT", f"policies/{policy['id']}", {"policy": {"operation_definition": definition}})
    cbr.cloud.clock.advance(10 * DAY)
    found = cbr.backups()
    assert len([row for row in found if row["expired_at"] is None]) == 3, "old ones stay for ever"
    assert len([row for row in found if row["expired_at"] is not None]) == 2


def test_from_more_to_less_prunes_after_the_next_backup(cbr: CbrApi) -> None:
    policy, vault = _protected(cbr)
    cbr.cloud.clock.advance(4 * DAY)
    definition = {"max_backups": 1, "timezone": "UTC+00:00"}
    cbr.ok("PUT", f"policies/{policy['id']}", {"policy": {"operation_definition": definition}})
    assert len(cbr.backups(status="available")) == 4
    (manual,) = cbr.good(vault["id"])
    found = cbr.backups()
    assert len(found) == 2 and manual["id"] in [row["id"] for row in found]
    assert len(cbr.tasks(operation_type="delete", status="success")) == 3


def test_expiry_waits_for_a_policy_that_is_off_and_for_images(cbr: CbrApi) -> None:
    policy, _vault = _protected(cbr, keep={"retention_duration_days": 1})
    cbr.cloud.clock.advance(DAY)
    cbr.ok("PUT", f"policies/{policy['id']}", {"policy": {"enabled": False}})
    cbr.cloud.clock.advance(5 * DAY)
    (row,) = cbr.backups()
    image = {"name": "golden", "backup_id": row["id"], "whole_image_type": "CBR"}
    url = f"{cbr.cloud.ims_url}/v1/cloudimages/wholeimages/action"
    assert cbr.session.post(url, json=image, timeout=10).status_code == 200
    cbr.cloud.clock.advance(3600)
    cbr.ok("PUT", f"policies/{policy['id']}", {"policy": {"enabled": True}})
    cbr.cloud.clock.advance(DAY)
    assert row["id"] in [other["id"] for other in cbr.backups()]
    (image_id,) = cbr.cloud.state.images
    assert cbr.session.delete(f"{cbr.cloud.ims_url}/v2/images/{image_id}", timeout=10).status_code == 204
    cbr.cloud.clock.advance(DAY)
    assert row["id"] not in [other["id"] for other in cbr.backups()]


def test_members_join_by_themselves(cbr: CbrApi) -> None:
    cloud = cbr.cloud
    other = cloud.add_server("other", tags=["env=test"]).id
    *tagged, _no_room = [cloud.add_server(f"t{number}", tags=["env=prod"]).id for number in range(4)]
    bound = cloud.add_server("old", tags=["env=prod"]).id
    big = cloud.add_server("big", tags=["role"], disks=[{"size": 500}]).id
    Api(cloud).create_policy("old", [bound])
    policy = cbr.create_cbr_policy()
    rules = {"tags": [{"key": "env", "value": "prod"}, {"key": "role"}]}
    vault = cbr.create_vault(size=100, auto_bind=True, bind_rules=rules)
    cloud.clock.advance(DAY)
    assert cbr.members(vault["id"]) == [], "without a policy nobody joins"
    cbr.apply(vault["id"], policy["id"])
    cloud.clock.advance(DAY)
    assert cbr.members(vault["id"]) == tagged, "until no more than 40 GB would be left, and only who is unprotected"
    assert {row["resource_id"] for row in cbr.backups()} == set(tagged)
    assert big not in cbr.members(vault["id"]) and other not in cbr.members(vault["id"])


def test_members_join_without_rules(cbr: CbrApi) -> None:
    policy = cbr.create_cbr_policy()
    vault = cbr.create_vault(auto_bind=True, backup_policy_id=policy["id"])
    cbr.cloud.clock.advance(DAY)
    assert cbr.members(vault["id"]) == cbr.ids()


def test_retention_follows_the_policy_that_made_a_backup(cbr: CbrApi) -> None:
    _policy, vault = _protected(cbr)
    cbr.cloud.clock.advance(3 * DAY)
    other = cbr.create_cbr_policy("other", keep={"max_backups": 1})
    target = cbr.create_vault("target", size=500, backup_policy_id=other["id"])
    body = {"destination_vault_id": target["id"], "resource_ids": cbr.ids()[:1]}
    cbr.ok("POST", f"vaults/{vault['id']}/migrateresources", body)
    cbr.cloud.clock.advance(2 * DAY)
    assert len(cbr.backups(vault_id=target["id"])) == 4, "three that came along, and the one that is kept"
