# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The info modules against the local cloud: nothing found is empty, names are current, and few requests are enough."""

from __future__ import annotations

import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.estate import backup_in, create_policy, delete_server, policy_in, same_but_for_time
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

HOUR = 3600
NIGHTLY = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}}
UNKNOWN_ID = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(autouse=True)
def _still(cloud: Emulator) -> None:
    cloud.settings(speed=0, list_delay=0)


def made(cloud: Emulator, server: str, name: str, hours: float = 1, **fields: t.Any) -> str:
    return cloud.make_backup(cloud.server(server).id, name, age=hours * HOUR, **fields).id


def rename(cloud: Emulator, old: str, new: str) -> None:
    cloud.change_server(cloud.server(old).id, name=new)


def backups(cloud: Emulator, **args: t.Any) -> list[str]:
    found = run_ok("csbs_backup_info", args, cloud)
    assert found["count"] == len(found["backups"])
    return [one["name"] for one in found["backups"]]


def policies(cloud: Emulator, **args: t.Any) -> list[dict[str, t.Any]]:
    found: list[dict[str, t.Any]] = run_ok("csbs_policy_info", args, cloud)["policies"]
    return found


def asked(cloud: Emulator) -> list[str]:
    """Return the last words of all paths, without what the SDK adds: logins, discovery, an empty page of servers."""
    paths = [
        entry["path"] for entry in cloud.journal if entry["service"] != "identity" and "marker" not in entry["query"]
    ]
    return [path.removesuffix("/action").rsplit("/", 1)[-1] for path in paths if not path.rstrip("/").endswith("/v2.1")]


# ========== Former and unknown servers ==========
@pytest.fixture
def former(cloud: Emulator) -> str:
    """A server that was renamed, backed up under each name, and deleted. Return its ID."""
    key: str = cloud.server("srv-0001").id
    run_ok("csbs_policy", {**NIGHTLY, "servers": [key]}, cloud)
    made(cloud, "srv-0001", "old", 3, status="error", tags={"a": "1"})
    rename(cloud, "srv-0001", "db-1")
    made(cloud, "db-1", "new", 2)
    made(cloud, "srv-0002", "other", 1, status="error", tags={"a": "1"})
    delete_server(cloud, "db-1")
    return key


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["new", "old"]),
        ({"status": "error"}, ["old"]),
        ({"status": "deleting"}, []),
        ({"availability_zone": "eu-de-99"}, []),
        ({"image_type": "none"}, []),
        ({"tags": {"a": None}}, ["old"]),
        ({"tags": {"b": None}}, []),
        ({"name": "old"}, ["old"]),
        ({"name": "other"}, []),
        ({"policy": "nightly"}, []),
        ({"policy": "no-such"}, []),
        ({"checkpoint_id": UNKNOWN_ID}, []),
        ({"created_after": "2999-01-01"}, []),
        ({"ids": [UNKNOWN_ID]}, []),
        ({"server_filters": {"name": "zzz"}}, ["new", "old"]),
    ],
)
def test_a_former_server_has_the_backups_that_fit_the_other_filters(
    cloud: Emulator, former: str, filters: dict[str, t.Any], names: list[str]
) -> None:
    for ref in ("srv-0001", "db-1", former):
        assert backups(cloud, servers=[ref], **filters) == names
    for ref in ("no-such", UNKNOWN_ID):
        assert backups(cloud, servers=[ref], **filters) == []


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 2),
        ({"status": "error"}, 1),
        ({"availability_zone": "eu-de-99"}, 0),
        ({"policy": "no-such"}, 0),
        ({"created_before": "2000-01-01"}, 0),
    ],
)
def test_the_backups_of_a_former_server_are_counted(
    cloud: Emulator, former: str, filters: dict[str, t.Any], count: int
) -> None:
    for ref in ("srv-0001", "db-1", former):
        assert run_ok("csbs_backup_info", {"servers": [ref], "count_only": True, **filters}, cloud)["count"] == count
    assert run_ok("csbs_backup_info", {"servers": ["no-such"], "count_only": True, **filters}, cloud)["count"] == 0


def test_the_backups_of_many_servers_are_counted_by_one_list(cloud: Emulator) -> None:
    for number in range(1, 7):
        made(cloud, f"srv-{number:04d}", "b", status="error" if number == 6 else "available")
    cloud.journal.clear()
    args = {"server_filters": {"name": "srv-000[2-9]"}, "count_only": True, "status": "available"}
    assert run_ok("csbs_backup_info", args, cloud)["count"] == 4
    assert asked(cloud) == ["detail", "checkpoint_items"]


def test_a_name_that_several_former_servers_had_lists_their_ids(cloud: Emulator) -> None:
    ids = sorted(cloud.server(name).id for name in ("srv-0001", "srv-0002"))
    for name in ("srv-0001", "srv-0002"):
        rename(cloud, name, "same")
        made(cloud, "same", "b")
        delete_server(cloud, "same")
    for args in ({}, {"status": "error"}, {"count_only": True}):
        failed = run_module("csbs_backup_info", {"servers": ["same"], **args}, cloud)
        assert failed["failed"] and "ambiguous" in failed["msg"] and ", ".join(ids) in failed["msg"]
    rename(cloud, "srv-0003", "same")
    made(cloud, "same", "mine")
    assert backups(cloud, servers=["same"]) == ["mine"], "a server that exists goes before former ones"


@pytest.mark.parametrize(
    "filters", [{}, {"name": "no-such"}, {"tags": {"no": "such"}}, {"name": "nightly", "tags": {"no": "such"}}]
)
def test_policies_of_former_and_unknown_servers(cloud: Emulator, filters: dict[str, t.Any]) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0002"]}, cloud)
    delete_server(cloud, "srv-0001")
    for ref in ("no-such", UNKNOWN_ID):
        assert policies(cloud, servers=[ref], **filters) == []
    assert len(policies(cloud, servers=["srv-0001"], **filters)) == (0 if filters else 1)


def test_an_old_label_of_a_policy_names_nobody_who_exists(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0002"]}, cloud)
    rename(cloud, "srv-0001", "db-1")
    delete_server(cloud, "srv-0002")
    assert policies(cloud, servers=["srv-0001"]) == []
    assert len(policies(cloud, servers=["db-1"])) == len(policies(cloud, servers=["srv-0002"])) == 1
    rename(cloud, "srv-0003", "srv-0002")
    assert policies(cloud, servers=["srv-0002"]) == [], "the name is another server's now"


@pytest.mark.parametrize("module", ["csbs_backup_info", "csbs_policy_info"])
def test_an_ambiguous_name_lists_the_ids_though_other_filters_fit_nothing(cloud: Emulator, module: str) -> None:
    ids = sorted(cloud.server(name).id for name in ("srv-0001", "srv-0002"))
    rename(cloud, "srv-0002", "srv-0001")
    failed = run_module(module, {"servers": ["srv-0001"], "name": "no-such"}, cloud)
    assert failed["failed"] and "ambiguous" in failed["msg"] and ", ".join(ids) in failed["msg"]


def test_an_ambiguous_policy_of_backups_lists_the_ids(cloud: Emulator) -> None:
    cloud.settings(unique_policy_names=False)
    ids = sorted(create_policy(cloud, "same") for _number in range(2))
    cloud.settings(unique_policy_names=None)
    failed = run_module("csbs_backup_info", {"policy": "same"}, cloud)
    assert failed["failed"] and "ambiguous" in failed["msg"] and ", ".join(ids) in failed["msg"]
    for key in ("no-such", UNKNOWN_ID):
        assert backups(cloud, policy=key) == [] and backups(cloud, policy=key, ids=[UNKNOWN_ID]) == []


# ========== Names ==========
def test_results_have_the_names_that_servers_have_now_and_the_stored_one_of_a_former_server(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0002"]}, cloud)
    for name in ("srv-0001", "srv-0002"):
        made(cloud, name, name)
    rename(cloud, "srv-0001", "db-1")
    delete_server(cloud, "srv-0002")
    assert [one["name"] for one in policies(cloud)[0]["servers"]] == ["db-1", "srv-0002"]
    found = run_ok("csbs_backup_info", {}, cloud)["backups"]
    assert {one["name"]: one["server"]["name"] for one in found} == {"srv-0001": "db-1", "srv-0002": "srv-0002"}
    rows = run_ok("csbs_protection_info", {"servers": ["db-1"]}, cloud)["servers"]
    assert rows[0]["last_backup"]["server"]["name"] == "db-1"
    assert rows[0]["last_backup"] == next(one for one in found if one["name"] == "srv-0001")


def test_servers_are_read_once(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    made(cloud, "srv-0001", "b")
    for module in ("csbs_backup_info", "csbs_policy_info", "csbs_protection_info"):
        for args in ({}, {"servers": ["srv-0001"]}):
            cloud.journal.clear()
            run_ok(module, args, cloud)
            assert asked(cloud).count("detail") == 1


# ========== A service that refuses the empty tag query ==========
def refuse_empty_tag_queries(cloud: Emulator) -> None:
    cloud.faults.add(
        path="/resource_instances/action", status=400, error_code="CSBS.9001", error_msg="no tags given", times=-1
    )


@pytest.mark.parametrize(
    ("module", "args"),
    [
        ("csbs_tag_info", {"resource_type": "backup"}),
        ("csbs_tag_info", {"resource_type": "policy"}),
        ("csbs_tag_info", {"resource_type": "backup", "resources": ["b-1", "b-2", "b-3", "b-4"]}),
        ("csbs_tag_info", {"resource_type": "policy", "resources": ["p-1"]}),
        ("csbs_policy_info", {}),
        ("csbs_backup_info", {}),
        ("csbs_protection_info", {}),
    ],
)
def test_the_answer_is_the_same_where_a_query_without_tags_is_refused(
    cloud: Emulator, module: str, args: dict[str, t.Any]
) -> None:
    for number in range(1, 6):
        policy = create_policy(cloud, f"p-{number}")
        run_ok("csbs_tag", {"resource_type": "policy", "resources": [policy], "tags": {"n": str(number)}}, cloud)
        made(cloud, f"srv-{number:04d}", f"b-{number}", tags={"n": str(number)})
    expected = run_ok(module, args, cloud)
    refuse_empty_tag_queries(cloud)
    found = run_ok(module, args, cloud)
    for key in ("backups", "policies", "resources", "tags"):
        assert found.get(key) == expected.get(key)
    assert same_but_for_time(expected.get("servers", []), found.get("servers", []))


# ========== Cost ==========
def test_two_ids_are_read_by_themselves_and_many_by_one_list(cloud: Emulator) -> None:
    ids = [made(cloud, "srv-0001", f"b-{number}", number) for number in range(1, 13)]
    for count, path in ((2, ids[1]), (12, "checkpoint_items")):
        cloud.journal.clear()
        assert len(backups(cloud, ids=ids[:count])) == count
        assert path in asked(cloud) and len(asked(cloud)) <= 4
        assert ("checkpoint_items" in asked(cloud)) is (count == 12)


@one_mode
@pytest.mark.parametrize("key", ["nope", "..", "../policies", "a/b", "?limit=1", "#"])
def test_what_is_no_id_names_no_backup_and_gets_into_no_address(cloud: Emulator, key: str) -> None:
    backup = made(cloud, "srv-0001", "b")
    cloud.journal.clear()
    assert backups(cloud, ids=[key]) == [] and asked(cloud) == []
    assert backups(cloud, ids=[key, backup]) == ["b"]
    for resource_type in ("backup", "policy"):
        assert run_ok("csbs_tag_info", {"resource_type": resource_type, "resources": [key]}, cloud)["resources"] == []
    assert policies(cloud, name=key) == []


def test_the_backups_of_one_server_are_listed_alone(cloud: Emulator) -> None:
    key = cloud.server("srv-0001").id
    made(cloud, "srv-0001", "b")
    cloud.journal.clear()
    assert backups(cloud, servers=["srv-0001"], status="available") == ["b"]
    lists = cloud.journal.select(path="/checkpoint_items$")
    assert [(entry["query"].get("resource_id"), entry["query"].get("status")) for entry in lists] == [
        (key, "available")
    ]


def test_thirty_policies_cost_three_pages_and_are_told_as_one_is(cloud: Emulator) -> None:
    for number in range(29):
        create_policy(cloud, f"p-{number}")
    retention = {"days": 14, "max_backups": 20}
    run_ok(
        "csbs_policy",
        {**NIGHTLY, "description": "x", "tags": {"a": "1"}, "retention": retention, "servers": ["srv-0001"]},
        cloud,
    )
    cloud.journal.clear()
    found = policies(cloud)
    assert len(found) == 30 and len(asked(cloud)) <= 3
    for one in found[:2]:
        assert policies(cloud, name=one["id"]) == [one]
    key = policy_in(cloud, "nightly").id
    assert next(one for one in found if one["id"] == key) == run_ok("csbs_policy", NIGHTLY, cloud)["policy"]


def test_the_tags_of_a_few_resources_are_read_by_themselves(cloud: Emulator) -> None:
    ids = [made(cloud, "srv-0001", f"b-{number}", tags={"a": str(number)}) for number in range(5)]
    cloud.journal.clear()
    found = run_ok("csbs_tag_info", {"resource_type": "backup", "resources": ids[:2]}, cloud)
    assert found["tags"] == {"a": ["0", "1"]} and asked(cloud) == ids[:2]
    cloud.journal.clear()
    found = run_ok("csbs_tag_info", {"resource_type": "backup", "resources": ids}, cloud)
    assert len(found["resources"]) == 5 and len(asked(cloud)) <= 2


def test_a_backup_that_no_list_shows_yet_is_found_by_its_id(cloud: Emulator) -> None:
    ids = [made(cloud, "srv-0001", f"b-{number}", number + 1, tags={"a": "1"}) for number in range(5)]
    backup_in(cloud, ids[0]).visible_at = float("inf")
    assert len(backups(cloud)) == 4
    found = run_ok("csbs_backup_info", {"ids": ids}, cloud)["backups"]
    assert [one["tags"] for one in found] == [{"a": "1"}] * 5
