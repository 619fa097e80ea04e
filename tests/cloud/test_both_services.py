# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSBS and CBR read as one, in the middle of a migration: nobody is counted twice, and nobody is lost."""

from __future__ import annotations

import json
import shlex
import typing as t
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support.inventory import members, read_inventory, variables
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

HOUR = 3600
BOTH = {"services": ["csbs", "cbr"]}
MODULES = ("csbs_protection_info", "csbs_audit_info")
Rows = dict[str, dict[str, t.Any]]


@pytest.fixture(autouse=True)
def _still(cloud: Emulator) -> None:
    """Stop the clock: these tests speak of ages, and no schedule may fire meanwhile."""
    cloud.settings(speed=0, list_delay=0)


@pytest.fixture
def moving(cloud: Emulator) -> Emulator:
    """A fleet on its way, all of it with old backups in CSBS except the last server, which has none anywhere.

    Servers 1 and 2 are still in a policy of CSBS, 3 and 4 in one of CBR that has the same name, where only 3 has a
    backup. 5 is on its way: it has left, and a vault without a policy holds it. 6 is new.
    """
    nightly = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}, "retention": {"days": 14}}
    run_ok("csbs_policy", {**nightly, "servers": ["srv-0001", "srv-0002"]}, cloud)
    ids = ids_of(cloud)
    for name in list(ids)[:5]:
        cloud.make_backup(ids[name], "old", age=30 * HOUR)
    cloud.make_backup(ids["srv-0001"], "new", age=HOUR)
    vault = cloud.make_vault("nightly", [ids["srv-0003"], ids["srv-0004"]], size=100)
    cloud.make_vault_policy("nightly", [vault.id])
    cloud.make_vault_backup(ids["srv-0003"], vault.id, age=2 * HOUR)
    cloud.make_vault("nightly-parked", [ids["srv-0005"]], size=50)
    cloud.journal.clear()
    return cloud


def ids_of(cloud: Emulator) -> dict[str, str]:
    return {server.name: server.id for server in cloud.state.servers.values()}


def by_name(result: dict[str, t.Any]) -> Rows:
    return {row["name"]: row for row in result["servers"]}


def protection(cloud: Emulator, **args: t.Any) -> dict[str, t.Any]:
    return run_ok("csbs_protection_info", {**BOTH, **args}, cloud)


def audit(cloud: Emulator, **args: t.Any) -> dict[str, t.Any]:
    return run_ok("csbs_audit_info", {**BOTH, **args}, cloud)


def told(found: dict[str, t.Any], kind: str) -> tuple[dict[str, str], list[tuple[str, dict[str, t.Any]]]]:
    """Return the objects of a finding with their details, and its commands: the playbook or module, and its values."""
    (finding,) = [one for one in found["findings"] if one["kind"] == kind]
    commands = []
    for command in finding["commands"]:
        words = shlex.split(command)
        what = words[1] if words[0] == "ansible-playbook" else words[3]
        commands.append(
            (what.removeprefix("opentelekomcloud.csbs."), json.loads(next(x for x in words if x[0] == "{")))
        )
    return {one["name"]: one["detail"] for one in finding["objects"]}, commands


# ========== One verdict ==========
def test_each_server_is_counted_once_with_the_policy_that_holds_it_and_all_of_its_backups(moving: Emulator) -> None:
    found = protection(moving, max_age="24h")
    assert [
        (
            row["name"],
            row["service"],
            row["policy"] and (row["policy"]["name"], row["policy"]["enabled"]),
            row["backup_count"],
            row["age_seconds"] and round(row["age_seconds"] / HOUR),
            row["compliant"],
        )
        for row in found["servers"]
    ] == [
        ("srv-0001", "csbs", ("nightly", True), 2, 1, True),
        ("srv-0002", "csbs", ("nightly", True), 1, 30, False),
        ("srv-0003", "cbr", ("nightly", True), 2, 2, True),
        ("srv-0004", "cbr", ("nightly", True), 1, 30, False),
        ("srv-0005", "csbs", None, 1, 30, False),
        ("srv-0006", None, None, 0, None, False),
    ]
    assert found["summary"] == {
        "servers": 6,
        "protected": 4,
        "disabled": 0,
        "unprotected": 2,
        "unprotectable": 0,
        "never_backed_up": 1,
        "compliant": 2,
        "stale": 4,
    }
    assert moving.journal.writes() == []


def test_the_last_backup_may_be_in_the_other_service_and_sizes_are_added_up(moving: Emulator) -> None:
    rows = by_name(protection(moving))
    alone = {
        service: by_name(run_ok("csbs_protection_info", {"service": service}, moving)) for service in ("csbs", "cbr")
    }
    for name, row in rows.items():
        assert row["size_mb"] == sum(found[name]["size_mb"] for found in alone.values()), name
        assert row["backup_count"] == sum(found[name]["backup_count"] for found in alone.values()), name
    assert rows["srv-0003"]["size_mb"] > alone["csbs"]["srv-0003"]["size_mb"] > 0
    assert rows["srv-0003"]["last_backup"]["vault"]["name"] == "nightly"
    assert rows["srv-0004"]["policy"]["id"] == alone["cbr"]["srv-0004"]["policy"]["id"]
    assert rows["srv-0004"]["last_backup"] == alone["csbs"]["srv-0004"]["last_backup"]
    assert {row["service"] for row in alone["cbr"].values()} == {"cbr"}
    assert {row["service"] for row in alone["csbs"].values()} == {"csbs"}


def test_the_order_of_services_changes_nothing_while_one_policy_holds_each_server(moving: Emulator) -> None:
    forward, backward = (protection(moving, services=order) for order in (["csbs", "cbr"], ["cbr", "csbs"]))
    assert forward["servers"] == backward["servers"] and forward["summary"] == backward["summary"]


@pytest.mark.parametrize(("enabled", "holders"), [(True, ("csbs", "cbr")), (False, ("cbr", "cbr"))])
def test_of_two_policies_that_hold_a_server_the_enabled_one_counts_and_then_the_first(
    moving: Emulator, enabled: bool, holders: tuple[str, str]
) -> None:
    policy = run_ok("csbs_policy", {"name": "nightly", "enabled": enabled}, moving)["policy"]
    server = ids_of(moving)["srv-0004"]
    with moving.state.lock:
        row = {"id": server, "type": "OS::Nova::Server", "name": "srv-0004"}
        moving.state.policies[policy["id"]].resources.append(row)
    for services, holder in zip((["csbs", "cbr"], ["cbr", "csbs"]), holders):
        found = protection(moving, services=services)
        assert by_name(found)["srv-0004"]["service"] == holder
        assert found["summary"]["servers"] == 6


def test_a_backup_in_progress_in_either_service_counts_as_young(moving: Emulator) -> None:
    moving.make_vault_backup(ids_of(moving)["srv-0004"], age=60, status="protecting")
    assert by_name(protection(moving, max_age="24h"))["srv-0004"]["compliant"] is True


def test_the_service_of_the_policy_says_whether_a_server_can_be_backed_up(moving: Emulator) -> None:
    for name in ("srv-0002", "srv-0006"):
        moving.change_server(ids_of(moving)[name], unprotectable="CSBS.6033")
    moving.change_server(ids_of(moving)["srv-0005"], status="ERROR")
    rows = by_name(protection(moving))
    able = {name: row["protectable"] for name, row in rows.items() if row["service"] != "cbr"}
    assert able == {"srv-0001": True, "srv-0002": False, "srv-0005": False, "srv-0006": True}
    assert "CSBS.6033" in rows["srv-0002"]["reason"] and "ERROR" in rows["srv-0005"]["reason"]


# ========== Options ==========
@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(
    ("lacking", "services"), [("cbr", ["csbs", "cbr"]), ("data-protect", ["csbs", "cbr"]), ("cbr", ["cbr"])]
)
@one_mode
def test_a_service_that_the_catalog_lacks_is_an_error_that_names_it(
    cloud: Emulator, module: str, lacking: str, services: list[str]
) -> None:
    cloud.settings(catalog_lacks=lacking)
    failed = run_module(module, {"services": services}, cloud)
    name = {"cbr": "Cloud Backup and Recovery (cbr)", "data-protect": "Cloud Server Backup Service (data-protect)"}[
        lacking
    ]
    assert failed["failed"] and f"the catalog of this project has no {name}" in failed["msg"]
    assert "servers" not in failed and not failed["changed"]


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(("services", "told"), [([], "services: the list is empty"), (["vbs"], "services must be one")])
@one_mode
def test_bad_services_are_refused_before_the_first_request(
    cloud: Emulator, module: str, services: list[str], told: str
) -> None:
    failed = run_module(module, {"services": services}, cloud)
    assert failed["failed"] and told in failed["msg"].replace("value of ", "")
    assert not list(cloud.journal)


@one_mode
def test_services_go_before_service_and_count_once(moving: Emulator) -> None:
    found = run_ok("csbs_audit_info", {"service": "cbr", "services": ["csbs", "csbs"]}, moving)
    assert found["services"] == ["csbs"] and found["vaults"] == []
    assert {quota["service"] for quota in found["quotas"]} == {"csbs"}


# ========== Cost ==========
@one_mode
def test_a_hundred_servers_cost_as_many_requests_as_ten(cloud: Emulator) -> None:
    def requests(count: int) -> dict[str, int]:
        cloud.reset(servers=count)
        ids = ids_of(cloud)
        half = list(ids.values())[count // 2 :]
        vault = cloud.make_vault("v", half, size=9000)
        cloud.make_vault_policy("p", [vault.id])
        for number, server_id in enumerate(ids.values()):
            cloud.make_backup(server_id, "old", age=HOUR)
            if number >= count // 2:
                cloud.make_vault_backup(server_id, vault.id, age=HOUR)
        counts = {}
        for module in MODULES:
            cloud.journal.clear()
            assert len(run_ok(module, BOTH, cloud)["servers"]) == count
            counts[module] = len(list(cloud.journal))
            assert sum(entry["path"].endswith("/auth/tokens") for entry in cloud.journal) == 1
        return counts

    few = requests(10)
    assert requests(100) == few
    assert few["csbs_protection_info"] <= 20 and few["csbs_audit_info"] <= 24


# ========== The audit ==========
def test_the_audit_has_the_rows_of_csbs_protection_info(moving: Emulator) -> None:
    plain = protection(moving, max_age="24h")["servers"]
    found = audit(moving)
    assert [{key: row[key] for key in one} for row, one in zip(found["servers"], plain, strict=True)] == plain
    assert found["services"] == ["csbs", "cbr"]
    assert sorted((policy["service"], policy["name"]) for policy in found["policies"]) == [
        ("cbr", "nightly"),
        ("csbs", "nightly"),
    ]
    assert {quota["service"] for quota in found["quotas"]} == {"csbs", "cbr"}
    assert {vault["name"]: vault["policy"] and vault["policy"]["name"] for vault in found["vaults"]} == {
        "nightly": "nightly",
        "nightly-parked": None,
    }


def test_commands_name_the_service_that_they_are_for(moving: Emulator) -> None:
    ids, found = ids_of(moving), audit(moving)
    details, commands = told(found, "stale")
    assert list(details) == ["srv-0002", "srv-0004", "srv-0005"]
    assert [(what, given["csbs_service"], given["csbs_servers"]) for what, given in commands] == [
        ("backup", "csbs", [ids["srv-0002"]]),
        ("backup", "cbr", [ids["srv-0004"], ids["srv-0005"]]),
    ]
    details, commands = told(found, "unprotected")
    assert "nightly-parked" in details["srv-0005"] and details["srv-0006"] == "the server is in no policy"
    # Who is in no policy joins the successor, and there the policy that holds most servers.
    assert commands == [
        (
            "protect",
            {
                "csbs_service": "cbr",
                "csbs_servers": [ids["srv-0005"], ids["srv-0006"]],
                "csbs_policy": {"name": "nightly"},
            },
        )
    ]
    assert told(found, "never_backed_up")[1][0][1]["csbs_service"] == "csbs"


def test_a_restore_names_the_service_that_has_the_backup(moving: Emulator) -> None:
    for name, service in (("srv-0003", "cbr"), ("srv-0004", "csbs")):
        found = audit(moving, servers=[name], controls={"restore_tested_within": "90d"})
        what, given = told_restore(found)
        assert what == "opentelekomcloud.csbs.restore" and given["csbs_service"] == service
        assert given["csbs_backup"] == found["servers"][0]["last_backup"]["id"]


def told_restore(found: dict[str, t.Any]) -> tuple[str, dict[str, t.Any]]:
    (finding,) = [one for one in found["findings"] if one["kind"] == "restore_not_tested"]
    words = shlex.split(finding["commands"][0])
    return words[1], json.loads(words[3])


def test_backups_of_a_server_that_is_gone_are_one_finding_with_a_command_for_each_service(moving: Emulator) -> None:
    server = ids_of(moving)["srv-0003"]
    moving.remove_server(server)
    found = audit(moving)
    (former,) = found["former_servers"]
    assert (former["id"], former["backups"]) == (server, 2)
    details, commands = told(found, "former_server")
    assert len(details) == 1
    assert [(what, given["service"], len(given["ids"])) for what, given in commands] == [
        ("csbs_backup", "csbs", 1),
        ("csbs_backup", "cbr", 1),
    ]


def test_locks_are_judged_where_the_last_backup_is(moving: Emulator) -> None:
    vault = next(one for one in moving.state.cbr.vaults.values() if one.name == "nightly")
    moving.force_vault(vault.id, locked=True)
    found = audit(moving, controls={"locked": True})
    judged = {name: row["controls"]["locked"] for name, row in by_name(found).items()}
    assert judged["srv-0003"] == {"result": "pass", "evidence": "vault 'nightly' is locked"}
    others = {name: one["evidence"] for name, one in judged.items() if one["result"] == "unknown"}
    assert others == dict.fromkeys(
        ["srv-0001", "srv-0002", "srv-0004", "srv-0005", "srv-0006"], "CSBS cannot lock backups"
    )


# ========== The inventory ==========
def test_the_inventory_tells_the_same_and_policies_of_one_name_share_a_group(
    moving: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = read_inventory(moving, tmp_path, max_age="24h", **BOTH)
    hosts = variables(found)
    for name, row in by_name(protection(moving, max_age="24h")).items():
        assert {key: hosts[name][f"csbs_{key}"] for key in row} == row
    assert members(found)["csbs_policy_nightly"] == {"srv-0001", "srv-0002", "srv-0003", "srv-0004"}
    assert members(found)["csbs_unprotected"] == {"srv-0005", "srv-0006"}
    assert members(found)["csbs_stale"] == {"srv-0002", "srv-0004", "srv-0005", "srv-0006"}
    assert "share the group" not in capsys.readouterr().err


@one_mode
def test_the_inventory_reads_the_service_of_the_environment_unless_the_file_names_one(
    moving: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def protected(**options: t.Any) -> list[str]:
        return sorted(members(read_inventory(moving, tmp_path, **options))["csbs_protected"])

    assert protected() == ["srv-0001", "srv-0002"]
    monkeypatch.setenv("CSBS_SERVICE", "cbr")
    assert protected() == ["srv-0003", "srv-0004"]
    assert protected(service="csbs") == ["srv-0001", "srv-0002"]
    assert protected(**BOTH) == ["srv-0001", "srv-0002", "srv-0003", "srv-0004"]
    monkeypatch.setenv("CSBS_SERVICE", "")
    assert protected() == ["srv-0001", "srv-0002"]
    monkeypatch.setenv("CSBS_SERVICE", "vbs")
    with pytest.raises(SystemExit) as ended:
        protected()
    assert "service" in str(ended.value.__cause__) and "vbs" in str(ended.value.__cause__)


@one_mode
def test_another_service_is_not_answered_from_the_cache(moving: Emulator, tmp_path: Path) -> None:
    cache = {
        "cache": True,
        "cache_plugin": "jsonfile",
        "cache_connection": str(tmp_path / "cache"),
        "cache_timeout": 600,
    }
    counts = [
        len(members(read_inventory(moving, tmp_path, **cache, **choice))["csbs_protected"])
        for choice in ({}, {"service": "cbr"}, BOTH, {})
    ]
    assert counts == [2, 2, 4, 2]


@one_mode
def test_an_inventory_over_a_service_that_the_catalog_lacks_fails(moving: Emulator, tmp_path: Path) -> None:
    moving.settings(catalog_lacks="cbr")
    with pytest.raises(SystemExit) as ended:
        read_inventory(moving, tmp_path, **BOTH)
    assert "has no Cloud Backup and Recovery" in str(ended.value.__cause__)
