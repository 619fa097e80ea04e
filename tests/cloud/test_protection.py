# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_protection_info and csbs_quota_info against the local cloud: what an auditor is told, and at what cost."""

from __future__ import annotations

import typing as t

import pytest
from openstack import resource

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import compute
from tests.emulator import Emulator
from tests.support.estate import delete_server, run_policy, set_server
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

HOUR = 3600
NIGHTLY = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}}


@pytest.fixture(autouse=True)
def _still(cloud: Emulator) -> None:
    """Stop the clock: these tests speak of ages, and no schedule may fire meanwhile."""
    cloud.settings(speed=0, list_delay=0)


def protection(cloud: Emulator, **args: t.Any) -> dict[str, t.Any]:
    return run_ok("csbs_protection_info", args, cloud)


def rows(found: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    return {row["name"]: row for row in found["servers"]}


def made(cloud: Emulator, server: str, hours: float, name: str = "made", **fields: t.Any) -> str:
    """Make a backup so many hours ago."""
    return cloud.make_backup(cloud.server(server).id, name, age=hours * HOUR, **fields).id


def numbers(summary: dict[str, t.Any], *keys: str) -> list[t.Any]:
    return [summary[key] for key in keys]


# ========== Policies and states ==========
def test_an_auditor_sees_who_is_in_which_policy_and_whether_it_is_enabled(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0002"]}, cloud)
    run_ok("csbs_policy", {**NIGHTLY, "name": "paused", "enabled": False, "servers": ["srv-0003"]}, cloud)
    delete_server(cloud, "srv-0002")
    set_server(cloud, "srv-0001", status="ERROR")
    set_server(cloud, "srv-0005", unprotectable="CSBS.6033")
    set_server(cloud, "srv-0006", status="SHUTOFF")
    found = protection(cloud)
    assert [row["name"] for row in found["servers"]] == ["srv-0001", "srv-0003", "srv-0004", "srv-0005", "srv-0006"]
    policies = {
        name: row["policy"] and (row["policy"]["name"], row["policy"]["enabled"]) for name, row in rows(found).items()
    }
    assert policies == {
        "srv-0001": ("nightly", True),
        "srv-0003": ("paused", False),
        "srv-0004": None,
        "srv-0005": None,
        "srv-0006": None,
    }
    assert {name for name, row in rows(found).items() if not row["protectable"]} == {"srv-0001", "srv-0005"}
    assert "ERROR" in rows(found)["srv-0001"]["reason"] and "dedicated storage" in rows(found)["srv-0005"]["reason"]
    assert {row["reason"] for row in found["servers"] if row["protectable"]} == {None}
    assert numbers(found["summary"], "servers", "protected", "disabled", "unprotected", "unprotectable") == [
        5,
        1,
        1,
        3,
        2,
    ]


def test_the_reason_is_in_the_words_of_csbs_backup(cloud: Emulator) -> None:
    set_server(cloud, "srv-0001", status="ERROR")
    set_server(cloud, "srv-0002", disks=[])
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0003"]}, cloud)
    names = ["srv-0001", "srv-0002", "srv-0003"]
    cloud.settings(speed=3000)
    skipped = run_ok("csbs_backup", {"servers": names, "skip_unprotectable": True, "poll_interval": 0.1}, cloud)[
        "skipped_servers"
    ]
    told = [row for row in protection(cloud, servers=names)["servers"] if not row["protectable"]]
    assert [{key: row[key] for key in ("id", "name", "reason")} for row in told] == skipped
    assert [one["name"] for one in skipped] == ["srv-0001", "srv-0002"]


def test_a_chosen_server_that_is_none_is_named_and_a_filter_that_fits_none_is_empty(cloud: Emulator) -> None:
    gone = cloud.server("srv-0002").id
    delete_server(cloud, "srv-0002")
    for key in ("srv-0002", gone):
        failed = run_module("csbs_protection_info", {"servers": ["srv-0001", key]}, cloud)
        assert failed["failed"] and f"no such server: {key!r}" in failed["msg"]
    found = protection(cloud, server_filters={"name": "nothing-*"}, max_age="1h")
    assert found["servers"] == [] and set(found["summary"].values()) == {0}


@pytest.mark.parametrize("args", [{"max_age": "soon"}, {"server_filters": {}}, {"servers": [None]}])
@one_mode
def test_bad_input_is_refused_before_the_first_request(cloud: Emulator, args: dict[str, t.Any]) -> None:
    cloud.journal.clear()
    failed = run_module("csbs_protection_info", args, cloud)
    assert failed["failed"] and next(iter(args)) in failed["msg"]
    assert list(cloud.journal) == []


# ========== Backups and their age ==========
def test_good_backups_of_both_kinds_count_and_a_failed_newest_one_does_not(cloud: Emulator) -> None:
    old, last = made(cloud, "srv-0001", 50.5, "old"), made(cloud, "srv-0001", 30.5, "last", auto_trigger=True)
    made(cloud, "srv-0001", 1, "failed", status="error", size=99999)
    made(cloud, "srv-0002", 2, "other")
    row = rows(protection(cloud))["srv-0001"]
    sizes = {one["id"]: one["size_mb"] for one in run_ok("csbs_backup_info", {}, cloud)["backups"]}
    assert row["last_backup"] == run_ok("csbs_backup_info", {"ids": [last]}, cloud)["backups"][0]
    assert row["last_backup"]["auto_trigger"] is True
    assert (row["backup_count"], row["size_mb"]) == (2, sizes[old] + sizes[last])
    assert row["age_seconds"] // HOUR == 30


def test_the_last_backup_has_its_tags_though_lists_lack_them(cloud: Emulator) -> None:
    cloud.settings(speed=3000)
    args = {"servers": ["srv-0001"], "tags": {"change": "7"}, "name": "b", "poll_interval": 0.1}
    backup = run_ok("csbs_backup", args, cloud)["backups"][0]
    row = protection(cloud, servers=["srv-0001"])["servers"][0]
    assert row["last_backup"]["id"] == backup["id"] and row["last_backup"]["tags"] == {"change": "7"}


@one_mode
def test_no_schedule_fires_between_two_tasks_of_a_test(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    before = cloud.clock.now()
    made(cloud, "srv-0001", 30)
    protection(cloud)
    assert cloud.clock.now() == before


@one_mode
def test_ages_are_counted_by_the_clock_of_the_cloud(cloud: Emulator) -> None:
    cloud.clock.advance(400 * 24 * HOUR)
    made(cloud, "srv-0001", 30.5)
    row = protection(cloud, servers=["srv-0001"], max_age="31h")["servers"][0]
    assert (row["age_seconds"] // HOUR, row["compliant"]) == (30, True)


def test_max_age_tells_young_from_stale_and_running_counts_as_young(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 23)
    made(cloud, "srv-0002", 25)
    made(cloud, "srv-0003", 25)
    made(cloud, "srv-0003", 1, status="error")
    made(cloud, "srv-0004", 25)
    run_ok("csbs_backup", {"servers": ["srv-0004", "srv-0005"], "wait": False}, cloud)
    found = protection(cloud, max_age="24h")
    young = {name for name, row in rows(found).items() if row["compliant"]}
    assert young == {"srv-0001", "srv-0004", "srv-0005"}
    assert numbers(found["summary"], "compliant", "stale", "never_backed_up") == [3, 3, 2]
    assert rows(found)["srv-0005"]["last_backup"] is None
    assert {row["protectable"] for row in found["servers"]} == {True}, "a busy server can be backed up"
    told = {row["compliant"] for row in protection(cloud)["servers"]}
    assert told == {None}


def test_csbs_backup_would_back_up_exactly_the_stale_ones(cloud: Emulator) -> None:
    for server, hours in (("srv-0001", 5.9), ("srv-0002", 6.1), ("srv-0003", 47), ("srv-0004", 49)):
        made(cloud, server, hours)
    made(cloud, "srv-0002", 1, status="error")
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0004", "srv-0005"]}, cloud)
    run_policy(cloud, "nightly")
    for max_age in ("6h", "2d"):
        found = protection(cloud, max_age=max_age)
        for name, row in rows(found).items():
            planned = run_module("csbs_backup", {"servers": [name], "max_age": max_age}, cloud, check=True)
            assert planned["changed"] is not row["compliant"], (name, max_age)
        every = run_module("csbs_backup", {"server_filters": {"name": "*"}, "max_age": max_age}, cloud, check=True)
        assert len(every["diff"]["after"]["backups"]) == found["summary"]["stale"] > 0


# ========== Cost and trouble ==========
def test_sixty_servers_cost_as_many_requests_as_three(cloud: Emulator) -> None:
    costs = []
    for count in (3, 60):
        cloud.reset(servers=count)
        names = [f"srv-{number:04d}" for number in range(1, count + 1)]
        run_ok("csbs_policy", {**NIGHTLY, "servers": names}, cloud)
        for name in names:
            made(cloud, name, 30)
        cloud.journal.clear()
        found = protection(cloud, max_age="24h")
        assert numbers(found["summary"], "servers", "protected", "stale") == [count] * 3
        costs.append([(entry["method"], entry["path"].rsplit("/", 1)[-1]) for entry in cloud.journal])
        assert cloud.journal.writes() == []
    assert costs[0] == costs[1]
    # Rows of backups lack their tags in live mode.
    tags = ["resource_instances"] if cloud.state.settings.live else []
    asked = [
        entry["path"].removesuffix("/action").rsplit("/", 1)[-1]
        for entry in cloud.journal
        if entry["service"] == "csbs"
    ]
    assert asked == ["policies", "resources", "checkpoint_items", *tags]


def test_one_server_reads_its_own_backups_only(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 1)
    cloud.journal.clear()
    protection(cloud, servers=["srv-0001"])
    lists = cloud.journal.select(path="/checkpoint_items$")
    assert [entry["query"].get("resource_id") for entry in lists] == [cloud.server("srv-0001").id]


@one_mode
@pytest.mark.parametrize(
    ("module", "path", "operation"),
    [
        ("csbs_protection_info", "/servers/detail", "list servers"),
        ("csbs_protection_info", "/policies", "list backup policies"),
        ("csbs_protection_info", "/resources/action", "check which servers can be backed up"),
        ("csbs_protection_info", "/checkpoint_items", "list backups"),
        ("csbs_quota_info", "/quotas", "read the quotas"),
    ],
)
def test_a_refusal_names_the_act_and_passing_trouble_is_ridden_out(
    cloud: Emulator, module: str, path: str, operation: str
) -> None:
    cloud.faults.add(path=path, status=503, times=1)
    run_ok(module, {}, cloud)
    cloud.faults.add(path=path, status=403, error_msg="no right", times=1)
    failed = run_module(module, {}, cloud)
    assert failed["failed"] and failed["msg"].startswith(f"Could not {operation}:") and failed["status"] == 403


# ========== Quotas ==========
@one_mode
def test_quotas_without_a_limit_have_nothing_left_to_tell(cloud: Emulator) -> None:
    cloud.settings(quota_backups=-1, quota_capacity=-1)
    quotas = {one["type"]: one for one in run_ok("csbs_quota_info", {}, cloud)["quotas"]}
    nothing = {"name": None, "quota": -1, "unlimited": True, "used": 0, "free": None, "used_percent": None}
    assert quotas == {
        "backup_capacity": {"type": "backup_capacity", "unit": "GB", **nothing},
        "backups": {"type": "backups", "unit": None, **nothing},
    }


@one_mode
def test_quotas_with_limits_count_what_there_is(cloud: Emulator) -> None:
    for hours in (1, 2, 3):
        made(cloud, "srv-0001", hours, status="available", size=2048)
    cloud.settings(quota_backups=4, quota_capacity=100)
    try:
        quotas = {one["type"]: one for one in run_ok("csbs_quota_info", {}, cloud)["quotas"]}
        told = {
            kind: numbers(one, "quota", "unlimited", "used", "free", "used_percent") for kind, one in quotas.items()
        }
        assert told == {"backups": [4, False, 3, 1, 75], "backup_capacity": [100, False, 6, 94, 6]}
        made(cloud, "srv-0001", 4, status="available")
        full = next(one for one in run_ok("csbs_quota_info", {}, cloud)["quotas"] if one["type"] == "backups")
        assert numbers(full, "free", "used_percent") == [0, 100]
        refused = run_module("csbs_backup", {"servers": ["srv-0002"], "poll_interval": 0.1, "timeout": 20}, cloud)
        assert refused["failed"] and refused["error_code"] == "CSBS.9006"
    finally:
        cloud.settings(quota_backups=-1, quota_capacity=-1)


@pytest.mark.parametrize("fault", [{"status": 404}, {"status": 500}, {"status": 200, "body": "<html>"}], ids=str)
def test_a_compute_service_whose_version_cannot_be_discovered_still_lists_servers(
    cloud: Emulator, fault: dict[str, t.Any]
) -> None:
    cloud.faults.add(method="GET", path=r"/compute/v2\.1$", times=-1, **fault)
    cloud.journal.clear()
    result = run_ok("csbs_protection_info", {}, cloud)
    assert [entry["status"] for entry in cloud.journal if entry["path"] == "/compute/v2.1"], "it is asked for"
    assert len(result["servers"]) == 6


@pytest.mark.parametrize("size", [2, 4, 6, 7])
def test_servers_of_every_page_are_listed(cloud: Emulator, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "_PAGE_SIZE", size)
    cloud.journal.clear()
    assert len(run_ok("csbs_protection_info", {}, cloud)["servers"]) == 6
    pages = [entry for entry in cloud.journal if entry["path"].endswith("/servers/detail")]
    assert len(pages) == 6 // size + 1


def test_lists_make_no_object_of_the_sdk_for_each_entry(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Resource costs milliseconds; a project has thousands of servers and backups."""
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    made(cloud, "srv-0001", hours=1)
    objects: list[str] = []
    plain_init = resource.Resource.__init__

    def counted_init(self: t.Any, *args: t.Any, **attrs: t.Any) -> None:
        objects.append(type(self).__name__)
        plain_init(self, *args, **attrs)

    monkeypatch.setattr(resource.Resource, "__init__", counted_init)
    found = run_ok("csbs_protection_info", {}, cloud)
    assert found["servers"][0]["last_backup"]["name"] == "made" and found["servers"][0]["policy"]
    assert objects == []
    run_ok("csbs_policy_info", {"name": "nightly"}, cloud)
    assert "Policy" in objects, "or nothing would be counted"
