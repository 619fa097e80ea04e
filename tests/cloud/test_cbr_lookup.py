# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The info modules with CBR: policies with their vaults, backups in vaults, and quotas that both services share."""

from __future__ import annotations

import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.estate import create_policy, delete_server
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

HOUR = 3600
UNKNOWN_ID = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(autouse=True)
def _still(cloud: Emulator) -> None:
    cloud.settings(speed=0, list_delay=0)


def ids(cloud: Emulator, *names: str) -> list[str]:
    return [cloud.server(name).id for name in names]


def look_up(cloud: Emulator, module: str, **args: t.Any) -> dict[str, t.Any]:
    return run_ok(module, {"service": "cbr", **args}, cloud)


def policies(cloud: Emulator, **args: t.Any) -> list[dict[str, t.Any]]:
    found: list[dict[str, t.Any]] = look_up(cloud, "csbs_policy_info", **args)["policies"]
    return found


def names(cloud: Emulator, **args: t.Any) -> list[str]:
    return sorted(policy["name"] for policy in policies(cloud, **args))


def backups(cloud: Emulator, **args: t.Any) -> list[str]:
    found = look_up(cloud, "csbs_backup_info", **args)
    assert found["count"] == len(found["backups"])
    return [one["name"] for one in found["backups"]]


def asked(cloud: Emulator) -> list[str]:
    """Return the last words of the paths that CBR was asked for."""
    return [entry["path"].rsplit("/", 1)[-1] for entry in cloud.journal if entry["service"] == "cbr"]


# ========== Policies ==========
@pytest.fixture
def two(cloud: Emulator) -> dict[str, t.Any]:
    """Two policies of others: nightly with two vaults, weekly with one; and a vault without a policy."""
    first, second, third, fourth = ids(cloud, "srv-0001", "srv-0002", "srv-0003", "srv-0004")
    vaults = {
        "a": cloud.make_vault("a vault of theirs", [first], size=100, tags={"team": "web"}),
        "b": cloud.make_vault("b", [second], size=50, tags={"team": "web", "stage": "prod"}),
        "c": cloud.make_vault("c", [third], tags={"team": "db"}),
        "d": cloud.make_vault("d", [fourth]),
    }
    cloud.make_vault_policy("nightly", [vaults["a"].id, vaults["b"].id])
    cloud.make_vault_policy("weekly", [vaults["c"].id], enabled=False)
    return vaults


def test_a_policy_has_the_servers_and_the_tags_of_its_vaults(cloud: Emulator, two: dict[str, t.Any]) -> None:
    cloud.fill_vault(two["a"].id, 50)
    (nightly,) = policies(cloud, name="nightly")
    first, second = ids(cloud, "srv-0001", "srv-0002")
    assert nightly["servers"] == [{"id": first, "name": "srv-0001"}, {"id": second, "name": "srv-0002"}]
    assert nightly["vaults"] == [
        {"id": two["a"].id, "name": "a vault of theirs", "size_gb": 100, "used_mb": 50 * 1024, "server_count": 1},
        {"id": two["b"].id, "name": "b", "size_gb": 50, "used_mb": 0, "server_count": 1},
    ]
    assert (nightly["tags"], nightly["enabled"], nightly["created_at"]) == ({"team": "web"}, True, None)
    (weekly,) = policies(cloud, servers=["srv-0003"])
    assert (weekly["name"], weekly["enabled"], weekly["tags"]) == ("weekly", False, {"team": "db"})


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("args", "found"),
    [
        ({}, ["nightly", "weekly"]),
        ({"name": "night"}, []),
        ({"name": UNKNOWN_ID}, []),
        ({"servers": ["srv-0002", "srv-0004"]}, ["nightly"]),
        ({"servers": ["srv-0004"]}, []),
        ({"server_filters": {"name": "srv-000[23]"}}, ["nightly", "weekly"]),
        ({"tags": {"team": None}}, ["nightly", "weekly"]),
        ({"tags": {"stage": None}}, []),
        ({"not_tags": {"team": "web"}}, ["weekly"]),
        ({"servers": ["srv-0001"], "tags": {"team": "db"}}, []),
    ],
)
def test_policies_are_found_by_name_server_and_tag(cloud: Emulator, args: dict[str, t.Any], found: list[str]) -> None:
    assert names(cloud, **args) == found


def test_a_policy_is_found_by_its_id_and_by_a_server_that_no_longer_exists(
    cloud: Emulator, two: dict[str, t.Any]
) -> None:
    (nightly,) = policies(cloud, name="nightly")
    assert names(cloud, name=nightly["id"]) == ["nightly"]
    delete_server(cloud, "srv-0001")
    for ref in ("srv-0001", nightly["servers"][0]["id"]):
        assert names(cloud, servers=[ref]) == ["nightly"]


@pytest.mark.parametrize("count", [2, 12])
def test_policies_with_many_vaults_cost_a_list_of_each(cloud: Emulator, count: int) -> None:
    for number in range(count):
        vaults = [cloud.make_vault(f"v-{number}-{part}").id for part in range(5)]
        cloud.make_vault_policy(f"p-{number}", vaults)
    for args in ({}, {"tags": {}}, {"not_tags": {"a": None}}):
        cloud.journal.clear()
        assert len(policies(cloud, **args)) == count
        assert len(asked(cloud)) == (4 if args.get("not_tags") else 2)
        assert set(asked(cloud)) == {"policies", "vaults"}


GIVEN_BACK = ("name", "enabled", "schedule", "retention", "servers", "tags")


@pytest.mark.parametrize(
    "wish",
    [
        {"schedule": {"frequency": "daily", "times": ["02:00", "14:00"]}, "retention": {"days": 14}},
        {
            "schedule": {"frequency": "weekly", "days": ["MO", "FR"], "times": ["01:30"]},
            "retention": {"max_backups": 5},
        },
        {"schedule": {"frequency": "daily", "interval": 2, "times": ["02:00"]}, "retention": {"permanent": True}},
        {
            "schedule": {"frequency": "daily", "times": ["02:00"]},
            "retention": {"daily": 7, "monthly": 6, "timezone": "Europe/Berlin"},
        },
    ],
)
def test_what_is_returned_can_be_given_to_csbs_policy_and_changes_nothing(
    cloud: Emulator, wish: dict[str, t.Any]
) -> None:
    servers = ["srv-0001", "srv-0002"]
    made = look_up(cloud, "csbs_policy", name="nightly", servers=servers, tags={"a": "1"}, **wish)
    (found,) = policies(cloud, name="nightly")
    assert found == made["policy"]
    again = look_up(cloud, "csbs_policy", **{key: found[key] for key in GIVEN_BACK})
    assert again["changed"] is False and again["policy"] == found


# ========== Backups ==========
@pytest.fixture
def saved(cloud: Emulator, two: dict[str, t.Any]) -> dict[str, t.Any]:
    """Backups in the vaults of others, by name."""
    first, second, third, fourth = ids(cloud, "srv-0001", "srv-0002", "srv-0003", "srv-0004")
    return {
        "one": cloud.make_vault_backup(first, name="one", age=1 * HOUR),
        "two": cloud.make_vault_backup(second, name="two", age=2 * HOUR, status="error"),
        "three": cloud.make_vault_backup(third, name="three", age=3 * HOUR),
        "four": cloud.make_vault_backup(fourth, name="four", age=4 * HOUR),
        "one-0001": cloud.make_vault_backup(first, name="one-0001", age=5 * HOUR, auto_trigger=True),
    }


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(
    ("args", "found"),
    [
        ({}, ["one", "two", "three", "four", "one-0001"]),
        ({"name": "one"}, ["one"]),
        ({"name": "on"}, []),
        ({"servers": ["srv-0001"]}, ["one", "one-0001"]),
        ({"servers": ["srv-0001", "no-such"], "name": "one-0001"}, ["one-0001"]),
        ({"server_filters": {"name": "srv-000[34]"}}, ["three", "four"]),
        ({"policy": "nightly"}, ["one", "two", "one-0001"]),
        ({"policy": "weekly"}, ["three"]),
        ({"policy": "no-such"}, []),
        ({"policy": UNKNOWN_ID}, []),
        ({"policy": "nightly", "status": "error"}, ["two"]),
        ({"policy": "nightly", "servers": ["srv-0003"]}, []),
        ({"status": "deleting"}, []),
        ({"image_type": "backup", "servers": ["srv-0003"]}, ["three"]),
        ({"image_type": "replication"}, []),
        ({"availability_zone": "eu-de-99"}, []),
        ({"created_after": "2999-01-01"}, []),
        ({"created_before": "2000-01-01"}, []),
        ({"checkpoint_id": UNKNOWN_ID}, []),
        ({"ids": [UNKNOWN_ID, "no-id"]}, []),
    ],
)
def test_every_filter_narrows_and_counts(cloud: Emulator, args: dict[str, t.Any], found: list[str]) -> None:
    assert backups(cloud, **args) == found
    if not args.keys() & {"ids", "name"}:
        counted = look_up(cloud, "csbs_backup_info", count_only=True, **args)
        assert (counted["backups"], counted["count"]) == ([], len(found))


def test_filters_that_depend_on_the_backup(cloud: Emulator, saved: dict[str, t.Any]) -> None:
    rows = {one["name"]: one for one in look_up(cloud, "csbs_backup_info")["backups"]}
    assert backups(cloud, checkpoint_id=rows["two"]["checkpoint_id"]) == ["two"]
    assert backups(cloud, ids=[saved["four"].id, saved["two"].id]) == ["two", "four"]
    assert backups(cloud, ids=[one.id for one in saved.values()]) == list(saved)
    assert backups(cloud, ids=[saved["one"].id, saved["three"].id], policy="weekly") == ["three"]
    assert backups(cloud, availability_zone=rows["one"]["availability_zone"], servers=["srv-0001"])[0] == "one"
    for option, expected in (
        ("created_after", ["one", "two"]),
        ("created_before", ["two", "three", "four", "one-0001"]),
    ):
        assert backups(cloud, **{option: rows["two"]["created_at"]}) == expected
        counted = look_up(cloud, "csbs_backup_info", count_only=True, **{option: rows["two"]["created_at"]})
        assert counted["count"] == len(expected)


def test_backups_of_a_server_that_no_longer_exists(cloud: Emulator, saved: dict[str, t.Any]) -> None:
    (key,) = ids(cloud, "srv-0001")
    delete_server(cloud, "srv-0001")
    for ref in ("srv-0001", key):
        assert backups(cloud, servers=[ref]) == ["one", "one-0001"]


def test_disks_are_told_of_up_to_three_backups_that_are_asked_for_by_id(
    cloud: Emulator, saved: dict[str, t.Any]
) -> None:
    every = [one.id for one in saved.values()]
    for args, told in (({"ids": every[:3]}, True), ({"ids": every[:4]}, False), ({"servers": ["srv-0001"]}, False)):
        rows = look_up(cloud, "csbs_backup_info", **args)["backups"]
        assert [bool(one["volumes"]) for one in rows] == [told] * len(rows) and rows
    (volume,) = look_up(cloud, "csbs_backup_info", ids=every[:1])["backups"][0]["volumes"]
    assert (volume["bootable"], volume["volume_size_gb"]) == (True, 20)


def test_backups_in_many_vaults_cost_a_few_lists(cloud: Emulator, two: dict[str, t.Any]) -> None:
    for server in ids(cloud, "srv-0001", "srv-0002", "srv-0003", "srv-0004"):
        for number in range(5):
            cloud.make_vault_backup(server, name=f"b-{number}", age=number * HOUR)
    cloud.journal.clear()
    assert look_up(cloud, "csbs_backup_info")["count"] == 20
    assert asked(cloud).count("backups") == 1 and len(asked(cloud)) <= 2


@one_mode
@pytest.mark.parametrize(
    ("args", "fragment"),
    [
        ({"tags": {"a": None}}, "tags: Cloud Backup and Recovery (CBR) keeps no tags on backups"),
        ({"not_tags": {"a": "1"}, "count_only": True}, "not_tags: "),
        ({"image_type": "copy"}, "image_type: "),
        ({"status": "deleted"}, "status: "),
        ({"name": "b", "count_only": True}, "count_only: "),
    ],
)
def test_what_cbr_cannot_find_is_refused_before_the_first_request(
    cloud: Emulator, args: dict[str, t.Any], fragment: str
) -> None:
    cloud.journal.clear()
    failed = run_module("csbs_backup_info", {"service": "cbr", **args}, cloud)
    assert failed["failed"] and failed["msg"].startswith(fragment) and not list(cloud.journal)


# ========== Quotas ==========
def test_the_limit_of_policies_counts_those_of_both_services(cloud: Emulator, two: dict[str, t.Any]) -> None:
    for number in range(3):
        create_policy(cloud, f"old-{number}")
    cloud.make_vault_policy("to another region", operation_type="replication")
    policies_row, *rows = look_up(cloud, "csbs_quota_info")["quotas"]
    assert policies_row == {
        "type": "policies",
        "name": None,
        "unit": None,
        "quota": 32,
        "unlimited": False,
        "used": 5,
        "free": 27,
        "used_percent": 15,
    }
    assert {row["type"] for row in rows} == {"vault"} and len(rows) == len(two)


@pytest.mark.parametrize(
    ("filled", "used", "free", "percent"), [(0, 0, 100, 0), (50, 50, 50, 50), (99.99, 100, 0, 99), (100, 100, 0, 100)]
)
def test_a_vault_has_its_size_and_what_is_used_of_it(
    cloud: Emulator, two: dict[str, t.Any], filled: float, used: int, free: int, percent: int
) -> None:
    cloud.fill_vault(two["a"].id, filled)
    row = next(row for row in look_up(cloud, "csbs_quota_info")["quotas"] if row["name"] == "a vault of theirs")
    assert row == {
        "type": "vault",
        "name": "a vault of theirs",
        "unit": "GB",
        "quota": 100,
        "unlimited": False,
        "used": used,
        "free": free,
        "used_percent": percent,
    }


def test_vaults_of_disks_and_replicas_are_no_quotas_of_servers(cloud: Emulator) -> None:
    cloud.make_vault("disks", object_type="disk")
    cloud.make_vault("replicas", protect_type="replication")
    assert [row["type"] for row in look_up(cloud, "csbs_quota_info")["quotas"]] == ["policies"]


@pytest.mark.parametrize("why", ["not offered", "CSBS.0403", "BackupService.4008"])
def test_without_csbs_only_policies_of_cbr_count(cloud: Emulator, two: dict[str, t.Any], why: str) -> None:
    create_policy(cloud, "old")
    if why == "not offered":
        cloud.settings(catalog_lacks="data-protect")
    else:
        status = 403 if why == "CSBS.0403" else 400
        cloud.faults.add(path="/v1/[^/]*/policies", status=status, error_code=why, times=-1)
    assert look_up(cloud, "csbs_quota_info")["quotas"][0]["used"] == 2


def test_many_vaults_and_policies_cost_a_few_lists(cloud: Emulator) -> None:
    for number in range(20):
        cloud.make_vault(f"v-{number}")
    for number in range(10):
        create_policy(cloud, f"old-{number}")
    cloud.journal.clear()
    assert len(look_up(cloud, "csbs_quota_info")["quotas"]) == 21
    assert len([entry for entry in cloud.journal if entry["service"] in ("cbr", "csbs")]) == 3


def test_quotas_of_csbs_have_no_name(cloud: Emulator, two: dict[str, t.Any]) -> None:
    rows = run_ok("csbs_quota_info", {}, cloud)["quotas"]
    assert rows and [row["name"] for row in rows] == [None] * len(rows)
