# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_image against the local cloud: one image for a backup, found again whatever happened, and never made twice."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._ims.v1 import _proxy

from tests.emulator import Emulator, keystone
from tests.support.estate import backup_in, make_image, send, set_server
from tests.support.modules import run_module, run_ok

FAST = {"poll_interval": 0.1, "timeout": 60}
ACTION = "/wholeimages/action$"


def image(cloud: Emulator, **args: t.Any) -> dict[str, t.Any]:
    return run_ok("csbs_image", {**FAST, "backup": "b", "name": "golden", **args}, cloud)


def failed(cloud: Emulator, **args: t.Any) -> dict[str, t.Any]:
    result = run_module("csbs_image", {**FAST, "backup": "b", "name": "golden", **args}, cloud)
    assert result.get("failed"), result
    return result


def a_backup(cloud: Emulator, server: str = "srv-0001", name: str = "b") -> str:
    """Plant a good backup and forget what was sent until then; returns its id."""
    made = cloud.make_backup(cloud.server(server).id, name=name, age=3600)
    cloud.journal.clear()
    return str(made.id)


def start_job(cloud: Emulator, backup_id: str, name: str = "golden") -> str:
    """Start an image as a run does that is killed right then; returns its id."""
    body = {"name": name, "backup_id": backup_id, "whole_image_type": "CSBS"}
    send(cloud, "POST", "/v1/cloudimages/wholeimages/action", body, base=cloud.ims_url)
    cloud.journal.clear()
    return str(backup_in(cloud, backup_id).image_id)


def asked(cloud: Emulator) -> list[t.Any]:
    """What the journal tells of requests for images."""
    return [entry for entry in cloud.journal if entry["path"].endswith("/wholeimages/action")]


def test_an_image_is_made_and_is_active_with_all_that_was_wished(cloud: Emulator) -> None:
    backup_id = a_backup(cloud)
    wish = {"description": "why not", "tags": {"release": "12"}, "min_ram": 1024, "max_ram": 4096}
    made = image(cloud, **wish)
    assert made["changed"] is True and made["image_id"] == made["image"]["id"] == backup_in(cloud, backup_id).image_id
    shown = {key: made["image"][key] for key in ("name", "status", "backup_id", *wish)}
    assert shown == {"name": "golden", "status": "active", "backup_id": backup_id, **wish}
    assert asked(cloud)[0]["body"] == {
        "name": "golden",
        "backup_id": backup_id,
        "whole_image_type": "CSBS",
        "description": "why not",
        "image_tags": [{"key": "release", "value": "12"}],
        "min_ram": 1024,
        "max_ram": 4096,
    }


def test_a_second_run_is_done_and_asks_for_no_list_of_images(cloud: Emulator) -> None:
    a_backup(cloud)
    made = image(cloud)
    cloud.journal.clear()
    again = image(cloud, description="otherwise")
    assert (again["changed"], again["image"]) == (False, made["image"])
    assert cloud.journal.writes() == []
    assert not [entry for entry in cloud.journal if entry["path"].endswith("/cloudimages")]


@pytest.mark.parametrize("finished", [True, False], ids=["finished", "in-the-making"])
def test_another_name_is_an_error_that_names_the_image_there_is(cloud: Emulator, finished: bool) -> None:
    backup_id = a_backup(cloud)
    if not finished:
        cloud.settings(speed=1)
    there = make_image(cloud, backup_id) if finished else start_job(cloud, backup_id, "image")
    # However late lists are.
    cloud.state.images[there].visible_at = 0
    cloud.journal.clear()
    result = failed(cloud, name="other")
    assert "'image'" in result["msg"] and there in result["msg"] and "'b'" in result["msg"] and backup_id in result["msg"]
    assert ("being made" in result["msg"]) is not finished
    assert cloud.journal.writes() == []


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "not-listed-yet"])
def test_a_job_that_was_interrupted_is_found_again(cloud: Emulator, listed: bool) -> None:
    cloud.settings(speed=120, list_delay=0 if listed else 1.5)
    backup_id = a_backup(cloud)
    there = start_job(cloud, backup_id)
    again = image(cloud)
    assert (again["image_id"], again["image"]["status"]) == (there, "active")
    assert len(cloud.state.images) == 1
    late = cloud.state.settings.live and not listed
    assert again["changed"] is late, "what does not show when the task begins cannot be predicted to be there"
    assert bool(asked(cloud)) is late


def test_an_image_of_another_name_that_shows_late_is_named_when_it_shows(cloud: Emulator) -> None:
    cloud.settings(speed=1, list_delay=1)
    there = start_job(cloud, a_backup(cloud), "image")
    result = failed(cloud)
    assert there in result["msg"] and "'image'" in result["msg"]
    assert [entry["status"] for entry in asked(cloud) if entry["status"] != 400] == []
    assert result.get("changed") in (None, False)


def test_an_image_of_the_same_name_of_another_backup_is_another_image(cloud: Emulator) -> None:
    a_backup(cloud)
    a_backup(cloud, "srv-0002", "c")
    first = image(cloud)
    second = image(cloud, backup="c")
    assert second["changed"] is True and second["image_id"] != first["image_id"]
    assert image(cloud)["image_id"] == first["image_id"]


def test_a_failing_job_fails_the_task_with_reason_and_ids_and_the_next_run_makes_the_image(cloud: Emulator) -> None:
    set_server(cloud, "srv-0001", fail_next_image="no room at the image store")
    backup_id = a_backup(cloud)
    result = failed(cloud)
    assert "no room at the image store" in result["msg"] and backup_id in result["msg"] and "'golden'" in result["msg"]
    assert next(iter(cloud.state.jobs)) in result["msg"]
    assert (result["changed"], result["error_code"]) == (True, "IMG.0100")
    assert result["image"]["name"] == "golden"
    assert image(cloud)["image"]["status"] == "active"


def test_a_job_of_an_earlier_run_that_fails_fails_the_task(cloud: Emulator) -> None:
    cloud.settings(speed=120, list_delay=0)
    set_server(cloud, "srv-0001", fail_next_image="no room")
    there = start_job(cloud, a_backup(cloud))
    result = failed(cloud)
    assert "no longer there" in result["msg"] and there in result["msg"] and result["changed"] is False


@pytest.mark.parametrize(
    "fault", [{"drop": "before"}, {"drop": "after"}, {"status": 502, "effect": True}, {"status": 504}], ids=["before", "after", "502", "504"]
)
def test_a_lost_answer_never_makes_two_images(cloud: Emulator, fault: dict[str, t.Any]) -> None:
    a_backup(cloud)
    had_effect = fault.get("drop") == "after" or "effect" in fault
    cloud.faults.add(method="POST", path=ACTION, times=1, **fault)
    assert image(cloud)["image"]["status"] == "active"
    assert len(cloud.state.images) == len(cloud.state.jobs) == 1
    assert len(asked(cloud)) == (1 if had_effect else 2), "the effect is looked for before the request is sent again"


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "/jobs/", "status": 502, "times": 2},
        {"path": "/jobs/", "drop": "before", "times": 1},
        {"path": "/v2/images/", "status": 500, "times": 2},
        {"path": "/cloudimages$", "expire_tokens": True, "times": 1},
        {"method": "POST", "path": ACTION, "status": 429, "error_code": "APIGW.0308", "retry_after": 1, "times": 1},
    ],
    ids=["gateway", "dropped", "failing", "expired", "throttled"],
)
def test_passing_trouble_is_ridden_out(cloud: Emulator, fault: dict[str, t.Any]) -> None:
    a_backup(cloud)
    cloud.faults.add(**fault)
    assert image(cloud)["image"]["status"] == "active"
    assert len(cloud.state.images) == 1


def test_looks_that_all_fail_end_the_task_with_what_was_started(cloud: Emulator) -> None:
    cloud.settings(speed=1)
    backup_id = a_backup(cloud)
    cloud.faults.add(path="/jobs/", status=500, times=-1)
    result = failed(cloud)
    assert "goes on" in result["msg"] and backup_id in result["msg"] and result["changed"] is True and result["status"] == 500


def test_a_timeout_says_what_goes_on_and_the_next_run_waits_for_it(cloud: Emulator) -> None:
    cloud.settings(speed=1, list_delay=0)
    backup_id = a_backup(cloud)
    result = failed(cloud, timeout=1)
    assert "timeout" in result["msg"] and "goes on" in result["msg"] and "run the task again" in result["msg"]
    assert next(iter(cloud.state.jobs)) in result["msg"] and "RUNNING" in result["msg"]
    assert (result["changed"], result["image_id"]) == (True, backup_in(cloud, backup_id).image_id)
    stuck = failed(cloud, timeout=1)
    assert "queued" in stuck["msg"] and stuck["changed"] is False
    cloud.settings(speed=3000)
    again = image(cloud)
    assert (again["changed"], again["image"]["status"]) == (False, "active")


def test_without_wait_the_task_ends_at_once_and_tells_the_id(cloud: Emulator) -> None:
    cloud.settings(speed=1)
    backup_id = a_backup(cloud)
    result = image(cloud, wait=False)
    assert (result["image"]["status"], result["image_id"]) == ("queued", backup_in(cloud, backup_id).image_id)
    assert image(cloud, wait=False)["changed"] is False
    assert len(asked(cloud)) == 1


def test_a_backup_that_is_still_being_made_is_waited_for(cloud: Emulator) -> None:
    cloud.settings(speed=300, list_delay=0)
    run_ok("csbs_backup", {**FAST, "name": "b", "servers": ["srv-0001"], "wait": False}, cloud)
    cloud.journal.clear()
    made = image(cloud)
    assert made["image"]["status"] == "active"
    assert len([entry for entry in asked(cloud) if entry["status"] == 200]) == 1 < len(asked(cloud))


def test_a_backup_that_fails_while_it_is_waited_for_ends_the_task(cloud: Emulator) -> None:
    cloud.settings(speed=150, list_delay=0)
    set_server(cloud, "srv-0001", fail_next_backup="disk unreachable")
    run_ok("csbs_backup", {**FAST, "name": "b", "servers": ["srv-0001"], "wait": False}, cloud)
    result = failed(cloud)
    assert "disk unreachable" in result["msg"] and "'golden'" in result["msg"] and "until the timeout" not in result["msg"]
    assert cloud.state.images == {}


def test_a_backup_that_stays_busy_until_the_timeout_is_told_with_its_code(cloud: Emulator) -> None:
    cloud.settings(speed=1, list_delay=0)
    run_ok("csbs_backup", {**FAST, "name": "b", "servers": ["srv-0001"], "wait": False}, cloud)
    result = failed(cloud, timeout=2)
    assert result["error_code"] == "CSBS.8001" and "until the timeout" in result["msg"] and "wait until the backup is available" in result["msg"]


@pytest.mark.parametrize("status", ["error", "waiting_delete"])
def test_a_backup_that_can_never_become_an_image_is_refused_before_anything_is_written(cloud: Emulator, status: str) -> None:
    backup_in(cloud, a_backup(cloud)).status = status
    result = failed(cloud)
    assert status in result["msg"] and "only an available backup" in result["msg"]
    assert cloud.journal.writes() == []


def test_a_backup_without_system_disk_is_refused_before_anything_is_written(cloud: Emulator) -> None:
    set_server(cloud, "srv-0002", disks=[{"size": 10, "bootable": False}])
    a_backup(cloud, "srv-0002")
    assert "system disk" in failed(cloud)["msg"]
    assert cloud.journal.writes() == []


def test_what_the_service_refuses_for_good_is_told_with_its_code_and_sent_once(cloud: Emulator) -> None:
    a_backup(cloud)
    cloud.faults.add(method="POST", path=ACTION, status=400, error_code="IMG.0015", error_msg="full")
    result = failed(cloud)
    assert result["error_code"] == "IMG.0015" and "quota" in result["msg"]
    assert len(asked(cloud)) == 1


def test_a_backup_is_found_by_name_or_id_and_an_ambiguous_name_lists_the_ids(cloud: Emulator) -> None:
    first, second = a_backup(cloud), a_backup(cloud, "srv-0002")
    a_backup(cloud, "srv-0003", "bb")
    result = failed(cloud)
    assert first in result["msg"] and second in result["msg"] and "ambiguous" in result["msg"]
    assert image(cloud, backup=second)["image"]["backup_id"] == second
    assert image(cloud, backup={"id": first, "name": "b"})["image"]["backup_id"] == first


@pytest.mark.parametrize("key", ["nothing", "90c1d5fa-1b9f-4aeb-b2f4-81c806e98190"])
def test_an_unknown_backup_is_named_before_anything_is_written(cloud: Emulator, key: str) -> None:
    cloud.journal.clear()
    assert f"no such backup: {key!r}" in failed(cloud, backup=key)["msg"]
    assert cloud.journal.writes() == []


@pytest.mark.parametrize("suffix", ["", "/v2", "/v2/"])
def test_a_catalog_that_has_the_image_service_under_another_type_will_do(cloud: Emulator, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.delitem(keystone.SERVICES, "ims")
    monkeypatch.setitem(keystone.SERVICES, "image", ("glance", f"/ims{suffix}"))
    a_backup(cloud)
    assert image(cloud)["image"]["status"] == "active"


def test_a_catalog_without_the_image_service_is_told_as_that(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(keystone.SERVICES, "ims")
    monkeypatch.delitem(keystone.SERVICES, "image")
    a_backup(cloud)
    message = failed(cloud)["msg"]
    assert "Could not find the image service" in message and "Image Management Service" in message and "region_name" in message
    assert cloud.journal.writes() == []
    assert run_ok("csbs_backup_info", {"name": "b"}, cloud)["backups"], "nothing else needs that service"


@pytest.mark.parametrize("lacking", [["/v2/cloudimages"], ["/v2/images/"], ["/v2/cloudimages", "/v2/images/"]], ids=["list", "details", "both"])
def test_a_cloud_with_one_way_of_asking_for_images_will_do_and_with_none_the_job_is_believed(cloud: Emulator, lacking: list[str]) -> None:
    a_backup(cloud)
    for path in lacking:
        cloud.faults.add(method="GET", path=path, status=404, times=-1)
    made = image(cloud)
    assert (made["changed"], made["image"]["name"]) == (True, "golden") and made["image_id"] in cloud.state.images
    if len(lacking) == 1:
        assert image(cloud)["changed"] is False and "carries image 'golden'" in failed(cloud, name="other")["msg"]


def test_an_image_is_found_on_a_later_page(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_proxy, "PAGE_SIZE", 2)
    # An image that is ready shows in its backup, and no list is read.
    cloud.settings(speed=120)
    backup_id = a_backup(cloud)
    there = start_job(cloud, backup_id)
    for number in range(2, 6):
        start_job(cloud, a_backup(cloud, f"srv-{number:04d}", f"b{number}"))
    for one in cloud.state.images.values():
        one.visible_at = 0
    result = image(cloud)
    assert (result["changed"], result["image_id"]) == (False, there)
    assert len([entry for entry in cloud.journal if entry["path"].endswith("/cloudimages")]) == 3


def test_the_backup_of_an_image_is_not_deleted_and_the_image_is_named(cloud: Emulator) -> None:
    backup_id = a_backup(cloud)
    made = image(cloud)
    result = run_module("csbs_backup", {**FAST, "ids": [backup_id], "state": "absent"}, cloud)
    assert result["failed"] and made["image_id"] in result["msg"] and result["error_code"] == "CSBS.8007"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"name": ""}, ["name", "1 to 128"]),
        ({"name": " golden"}, ["name", "' golden'"]),
        ({"name": "golden "}, ["name", "space"]),
        ({"name": "x" * 129}, ["name", "128"]),
        ({"name": "gold/en"}, ["name", "gold/en"]),
        ({"name": "golden\n"}, ["name"]),
        ({"backup": ""}, ["backup"]),
        ({"backup": {"name": ""}}, ["backup"]),
        ({"description": "x" * 1025}, ["description", "1025"]),
        ({"description": "a\nb"}, ["description", "line breaks"]),
        ({"description": "<b>"}, ["description", "<b>"]),
        ({"tags": {"": "x"}}, ["tags"]),
        ({"tags": {"a b": "x"}}, ["tags", "a b"]),
        ({"tags": {str(number): "" for number in range(11)}}, ["tags", "10"]),
        ({"min_ram": -1}, ["min_ram", "-1"]),
        ({"max_ram": 0}, ["max_ram"]),
        ({"min_ram": 2048, "max_ram": 1024}, ["min_ram", "2048", "1024"]),
        ({"timeout": 0}, ["timeout"]),
    ],
)
def test_bad_input_is_refused_before_the_first_request(cloud: Emulator, args: dict[str, t.Any], words: list[str]) -> None:
    cloud.journal.clear()
    message = failed(cloud, **args)["msg"]
    assert all(word in message for word in words), message
    assert list(cloud.journal) == []
