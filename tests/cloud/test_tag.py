# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag against the local cloud: few requests, every resource finished, and the tags as they are."""

from __future__ import annotations

import time
import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.estate import backup_in, create_policy, policy_in
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

KEEP = {"keep": "1"}


@pytest.fixture(autouse=True)
def _still(cloud: Emulator) -> None:
    cloud.settings(speed=0, list_delay=0)


def make(cloud: Emulator, count: int, **tags: str) -> list[str]:
    """Make good backups b-01, b-02, ... with tags, and return their IDs."""
    server = cloud.server("srv-0001").id
    return [
        cloud.make_backup(server, f"b-{number:02d}", age=number, tags=dict(tags)).id for number in range(1, count + 1)
    ]


def tag(keys: list[str], **args: t.Any) -> dict[str, t.Any]:
    return {"resource_type": "backup", "resources": keys, "tags": KEEP, **args}


def asked(cloud: Emulator) -> list[t.Any]:
    return [entry for entry in cloud.journal if entry["service"] != "identity"]


def shown(result: dict[str, t.Any]) -> dict[str, t.Any]:
    return {one["name"]: one["tags"] for one in result["resources"]}


# ========== Cost ==========
@pytest.mark.parametrize("by", ["name", "id"])
def test_sixty_backups_that_have_the_tag_cost_a_few_pages(cloud: Emulator, by: str) -> None:
    ids = make(cloud, 60, **KEEP)
    keys = ids if by == "id" else [backup_in(cloud, one).name for one in ids]
    cloud.journal.clear()
    result = run_ok("csbs_tag", tag(keys), cloud)
    assert result["changed"] is False and set(map(str, shown(result).values())) == {str(KEEP)}
    assert len(asked(cloud)) <= 5


def test_a_change_costs_one_write_and_one_reading_for_each_resource(cloud: Emulator) -> None:
    ids = make(cloud, 20, **KEEP)
    for one in ids[:4]:
        backup_in(cloud, one).tags.clear()
    cloud.journal.clear()
    result = run_ok("csbs_tag", tag(ids), cloud)
    assert result["changed"] and set(map(str, shown(result).values())) == {str(KEEP)}
    assert len(cloud.journal.writes()) == 4
    assert len(asked(cloud)) <= 4 + 4 + 5


def test_a_few_ids_are_read_one_by_one(cloud: Emulator) -> None:
    ids = make(cloud, 20, **KEEP)[:3]
    cloud.journal.clear()
    assert run_ok("csbs_tag", tag(ids), cloud)["changed"] is False
    assert sorted(entry["path"].rsplit("/", 1)[-1] for entry in asked(cloud)) == sorted(ids)


def test_a_backup_with_a_name_is_found_without_listing_all(cloud: Emulator) -> None:
    make(cloud, 12)
    cloud.journal.clear()
    assert run_ok("csbs_tag", tag(["b-01"]), cloud)["changed"]
    assert [entry["query"].get("name") for entry in cloud.journal.select(path="/checkpoint_items$")] == ["b-01"]


# ========== Readings that do not tell ==========
@pytest.mark.parametrize("count", [2, 5])
def test_what_is_too_new_for_lists_and_for_the_tag_query_is_read_by_itself(cloud: Emulator, count: int) -> None:
    ids = make(cloud, count, **KEEP)
    backup_in(cloud, ids[0]).visible_at = time.monotonic() + 600
    assert run_ok("csbs_tag", tag(ids), cloud)["changed"] is False
    backup_in(cloud, ids[0]).tags = {"old": "1"}
    result = run_ok("csbs_tag", tag(ids, purge=True), cloud)
    assert result["changed"] and shown(result)["b-01"] == KEEP


@pytest.mark.parametrize("kind", ["backup", "policy"])
def test_a_service_that_refuses_the_empty_tag_query_is_asked_for_each_resource(cloud: Emulator, kind: str) -> None:
    keys = make(cloud, 5) if kind == "backup" else [create_policy(cloud, f"p-{number}") for number in range(5)]
    tags = {"resource_type": kind, "resources": keys, "tags": KEEP}
    cloud.faults.add(path="/resource_instances/action", status=400, error_code="CSBS.9001", times=-1)
    result = run_ok("csbs_tag", tags, cloud)
    assert result["changed"] and set(map(str, shown(result).values())) == {str(KEEP)}
    assert run_ok("csbs_tag", tags, cloud)["changed"] is False


# ========== Refusals ==========
@pytest.mark.parametrize("count", [3, 6])
def test_the_others_are_finished_after_a_refusal(cloud: Emulator, count: int) -> None:
    ids = make(cloud, count)
    cloud.faults.add(
        method="POST", path=f"/{ids[1]}/tags", status=403, error_code="CSBS.0403", error_msg="no right", times=-1
    )
    failed = run_module("csbs_tag", tag(ids), cloud)
    assert failed["failed"] and failed["changed"] is True
    assert (
        failed["msg"].startswith(f"1 of {count} ")
        and "'b-02'" in failed["msg"]
        and ids[1] in failed["msg"]
        and "no right" in failed["msg"]
    )
    assert (failed["status"], failed["error_code"]) == (403, "CSBS.0403")
    assert shown(failed) == {f"b-{number:02d}": {} if number == 2 else KEEP for number in range(1, count + 1)}
    assert [backup_in(cloud, one).tags for one in ids] == [{} if one == ids[1] else KEEP for one in ids]


def test_nothing_changed_when_all_are_refused(cloud: Emulator) -> None:
    ids = make(cloud, 2)
    cloud.faults.add(method="POST", path="/tags", status=403, error_msg="no right", times=-1)
    failed = run_module("csbs_tag", tag(ids), cloud)
    assert failed["failed"] and failed["changed"] is False
    assert all(one in failed["msg"] for one in ids) and shown(failed) == {"b-01": {}, "b-02": {}}


def test_a_tag_is_not_set_where_the_removal_before_it_was_refused(cloud: Emulator) -> None:
    ids = make(cloud, 4, old="1")
    cloud.faults.add(method="DELETE", path=f"/{ids[0]}/tags/old", status=403, error_msg="no right", times=-1)
    failed = run_module("csbs_tag", tag(ids, purge=True), cloud)
    assert failed["failed"] and failed["changed"] is True and failed["msg"].startswith("1 of 4 ")
    assert shown(failed) == {"b-01": {"old": "1"}, "b-02": KEEP, "b-03": KEEP, "b-04": KEEP}
    assert cloud.journal.select(method="POST", path=f"/{ids[0]}/tags") == []
    for one in ids[1:]:
        writes = [entry["method"] for entry in cloud.journal.writes() if f"/{one}/" in entry["path"]]
        assert writes == ["DELETE", "POST"], "removal comes first: a resource may have ten tags already"


@one_mode
@pytest.mark.parametrize(
    "answer", [{"status": 404, "error_code": "APIGW.0101", "error_msg": "no such API"}, {"status": 404}]
)
def test_a_404_of_a_gateway_does_not_remove_a_tag(cloud: Emulator, answer: dict[str, t.Any]) -> None:
    ids = make(cloud, 2, **KEEP)
    cloud.faults.add(method="DELETE", path=f"/{ids[0]}/tags/keep$", times=-1, **answer)
    failed = run_module("csbs_tag", tag(ids, state="absent"), cloud)
    assert failed["failed"] and failed["changed"] is True and "'b-01'" in failed["msg"]
    assert shown(failed) == {"b-01": KEEP, "b-02": {}}
    failed = run_module("csbs_tag", tag(ids, state="absent"), cloud)
    assert failed["failed"] and failed["changed"] is False


def test_a_tag_that_the_service_no_longer_has_is_removed(cloud: Emulator) -> None:
    ids = make(cloud, 1, **KEEP)
    cloud.faults.add(method="DELETE", path="/tags/keep$", status=404, error_code="CSBS.7001", effect=True)
    result = run_ok("csbs_tag", tag(ids, state="absent"), cloud)
    assert result["changed"] and shown(result) == {"b-01": {}}


def test_a_change_whose_reading_fails_is_still_a_change(cloud: Emulator) -> None:
    create_policy(cloud, "nightly")
    key = policy_in(cloud, "nightly").id
    cloud.faults.add(method="GET", path=f"/{key}/tags$", status=403, error_msg="no right", times=-1)
    failed = run_module("csbs_tag", {"resource_type": "policy", "resources": [key], "tags": KEEP}, cloud)
    assert failed["failed"] and failed["changed"] is True and "read the tags of policy" in failed["msg"]
    assert failed["resources"] == [{"id": key, "name": "nightly", "tags": None}]
    assert policy_in(cloud, "nightly").tags == KEEP


@one_mode
def test_bad_input_is_refused_before_the_first_request(cloud: Emulator) -> None:
    cloud.journal.clear()
    failed = run_module("csbs_tag", tag(["b"], timeout=0), cloud)
    assert failed["failed"] and "timeout" in failed["msg"] and list(cloud.journal) == []
