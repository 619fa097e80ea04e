# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_image against the local cloud: one image for a backup, found again whatever happened, and never made twice."""

from __future__ import annotations

import typing as t

import pytest
from ansible.module_utils.common import warnings as basic_warnings

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import images
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._sdk.ims.v1 import _proxy
from tests.emulator import Emulator, keystone
from tests.support.estate import backup_in, make_image, send, set_server
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

# The image service is the same in both modes; the laws read backups for images in both.
pytestmark = one_mode

FAST = {"poll_interval": 0.1, "timeout": 60}
ACTION = "/wholeimages/action$"
READING = "/v2/(cloud)?images"
HTML: dict[str, t.Any] = {"body": "<html>Log in</html>", "content_type": "text/html"}
GATEWAY = {"status": 404, "error_code": "APIGW.0101"}
# What a task may get instead of an image's details
UNREADABLE: dict[str, dict[str, t.Any]] = {
    "gateway": GATEWAY,
    "404-without-code": {"status": 404, "body": "{}"},
    "404-page": {"status": 404, **HTML},
    "forbidden": {"status": 403, "error_code": "IMG.0003"},
    "broken": {"status": 500},
    "page": HTML,
    "empty": {"body": "{}"},
    "cut-off": {"body": '{"images": [{"id'},
}


def image(cloud: Emulator, **args: t.Any) -> dict[str, t.Any]:
    """Return the result of a run that succeeded, with its warnings as one text."""
    # Ansible keeps the warnings of a process, and here many runs share one.
    basic_warnings._global_warnings.clear()
    result = run_ok("csbs_image", {**FAST, "backup": "b", "name": "golden", **args}, cloud)
    return {**result, "warnings": str(result.get("warnings") or "")}


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
    make_options = {"description": "why not", "tags": {"release": "12"}, "min_ram": 1024, "max_ram": 4096}
    made = image(cloud, **make_options)
    assert made["changed"] is True and made["image_id"] == made["image"]["id"] == backup_in(cloud, backup_id).image_id
    shown = {key: made["image"][key] for key in ("name", "status", "backup_id", *make_options)}
    assert shown == {"name": "golden", "status": "active", "backup_id": backup_id, **make_options}
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
    assert (
        "'image'" in result["msg"] and there in result["msg"] and "'b'" in result["msg"] and backup_id in result["msg"]
    )
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
    late = not listed
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
    assert "no longer exists" in result["msg"] and there in result["msg"] and result["changed"] is False


@pytest.mark.parametrize(
    "fault",
    [{"drop": "before"}, {"drop": "after"}, {"status": 502, "effect": True}, {"status": 504}],
    ids=["before", "after", "502", "504"],
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
    assert (
        "not known how this ended" in result["msg"]
        and "run the task again" in result["msg"]
        and backup_id in result["msg"]
    )
    assert result["changed"] is True and result["status"] == 500


def test_a_timeout_says_what_goes_on_and_the_next_run_waits_for_it(cloud: Emulator) -> None:
    cloud.settings(speed=1, list_delay=0)
    backup_id = a_backup(cloud)
    result = failed(cloud, timeout=1)
    assert "timeout" in result["msg"] and "goes on making it" in result["msg"] and "run the task again" in result["msg"]
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
    assert (
        "disk unreachable" in result["msg"] and "'golden'" in result["msg"] and "until the timeout" not in result["msg"]
    )
    assert cloud.state.images == {}


def test_a_backup_that_stays_busy_until_the_timeout_is_told_with_its_code(cloud: Emulator) -> None:
    cloud.settings(speed=1, list_delay=0)
    run_ok("csbs_backup", {**FAST, "name": "b", "servers": ["srv-0001"], "wait": False}, cloud)
    result = failed(cloud, timeout=2)
    assert (
        result["error_code"] == "CSBS.8001"
        and "until the timeout" in result["msg"]
        and "wait until the backup is available" in result["msg"]
    )


@pytest.mark.parametrize("status", ["error", "waiting_delete"])
def test_a_backup_that_can_never_become_an_image_is_refused_before_anything_is_written(
    cloud: Emulator, status: str
) -> None:
    backup_in(cloud, a_backup(cloud)).status = status
    result = failed(cloud)
    assert status in result["msg"] and "of an available backup only" in result["msg"]
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
def test_a_catalog_that_has_the_image_service_under_another_type_will_do(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.delitem(keystone.SERVICES, "ims")
    monkeypatch.setitem(keystone.SERVICES, "image", ("glance", f"/ims{suffix}"))
    a_backup(cloud)
    assert image(cloud)["image"]["status"] == "active"


def test_a_catalog_without_the_image_service_is_told_as_that(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(keystone.SERVICES, "ims")
    monkeypatch.delitem(keystone.SERVICES, "image")
    a_backup(cloud)
    message = failed(cloud)["msg"]
    assert (
        "Could not find the image service" in message
        and "Image Management Service" in message
        and "region_name" in message
    )
    assert cloud.journal.writes() == []
    assert run_ok("csbs_backup_info", {"name": "b"}, cloud)["backups"], "nothing else needs that service"


@pytest.mark.parametrize(
    "lacking",
    [["/v2/cloudimages"], ["/v2/images/"], ["/v2/cloudimages", "/v2/images/"]],
    ids=["list", "details", "both"],
)
def test_a_cloud_with_one_way_of_asking_for_images_will_do_and_with_none_the_job_is_believed(
    cloud: Emulator, lacking: list[str]
) -> None:
    a_backup(cloud)
    for path in lacking:
        cloud.faults.add(method="GET", path=path, status=404, times=-1)
    made = image(cloud)
    assert (made["changed"], made["image"]["name"]) == (True, "golden") and made["image_id"] in cloud.state.images
    if len(lacking) == 1:
        assert image(cloud)["changed"] is False and "has image 'golden'" in failed(cloud, name="other")["msg"]


@pytest.mark.parametrize("fault", UNREADABLE.values(), ids=UNREADABLE)
def test_an_image_that_is_made_and_cannot_be_read_is_a_success_and_not_made_again(
    cloud: Emulator, fault: dict[str, t.Any]
) -> None:
    backup_id = a_backup(cloud)
    cloud.faults.add(method="GET", path=READING, times=-1, **fault)
    made = image(cloud)
    there = backup_in(cloud, backup_id).image_id
    assert (made["changed"], made["image_id"], made["image"]["id"], made["image"]["name"]) == (
        True,
        there,
        there,
        "golden",
    )
    assert (made["image"]["status"], made["image"]["created_at"]) == (None, None)
    assert "was made, but it could not be read" in made["warnings"] and there in made["warnings"]
    for name in ("golden", "other"):
        again = image(cloud, name=name)
        assert (again["changed"], again["image_id"], again["image"]["name"], again["image"]["tags"]) == (
            False,
            there,
            None,
            None,
        )
        assert all(word in again["warnings"] for word in ("was not compared with", name, there, backup_id))
    assert len(asked(cloud)) == len(cloud.state.jobs) == 1
    cloud.faults.clear()
    assert (image(cloud)["image"]["status"], image(cloud)["warnings"]) == ("active", "")
    assert there in failed(cloud, name="other")["msg"]


def test_an_image_whose_details_hang_is_a_success_within_the_task_s_time(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that can do without an answer does not wait for it until the deadline."""
    monkeypatch.setattr(images, "_SECONDS_TO_READ", 0.3)
    backup_id = a_backup(cloud)
    cloud.faults.add(method="GET", path=READING, times=-1, hang="before")
    made = image(cloud, timeout=3600)
    assert (
        made["changed"] is True
        and made["image_id"] == backup_in(cloud, backup_id).image_id
        and made["image"]["status"] is None
    )
    again = image(cloud, timeout=3600)
    assert (again["changed"], again["image_id"]) == (False, made["image_id"])
    assert len(asked(cloud)) == 1


def test_an_image_that_is_gone_and_blocks_another_ends_the_task_at_once(cloud: Emulator) -> None:
    """The service's own "not found" says that it is gone, so another one is asked for, which the service refuses."""
    there = make_image(cloud, a_backup(cloud))
    gone = '{"error": {"code": "IMG.0027", "message": "no such image"}}'
    cloud.faults.add(method="GET", path="/v2/images/", times=-1, status=404, body=gone)
    cloud.faults.add(method="GET", path="/v2/cloudimages", times=-1, body='{"images": []}')
    cloud.journal.clear()
    result = failed(cloud)
    assert there in result["msg"] and "there is no such image" in result["msg"] and result["changed"] is False
    assert [entry["status"] for entry in asked(cloud)] == [400] and "until the timeout" not in result["msg"]


@pytest.mark.parametrize(
    "answer", [HTML, {"body": "{}"}, {"status": 404, **HTML}, GATEWAY], ids=["page", "empty", "404-page", "gateway"]
)
def test_an_answer_that_is_not_the_service_s_own_to_a_job_is_no_end_of_it(
    cloud: Emulator, answer: dict[str, t.Any]
) -> None:
    backup_id = a_backup(cloud)
    cloud.faults.add(method="GET", path="/jobs/", times=3, **answer)
    assert image(cloud)["image_id"] == backup_in(cloud, backup_id).image_id
    cloud.faults.clear()
    other = a_backup(cloud, "srv-0002", "c")
    cloud.faults.add(method="GET", path="/jobs/", times=-1, **answer)
    result = failed(cloud, backup="c")
    assert result["changed"] is True and "Could not read job" in result["msg"] and other in result["msg"]


@pytest.mark.parametrize("effect", [True, False])
@pytest.mark.parametrize("answer", [HTML, {"body": "{}"}], ids=["page", "empty"])
def test_an_answer_to_the_call_that_is_not_the_service_s_own_makes_one_image(
    cloud: Emulator, answer: dict[str, t.Any], effect: bool
) -> None:
    a_backup(cloud)
    cloud.faults.add(method="POST", path=ACTION, effect=effect, **answer)
    assert image(cloud)["image"]["status"] == "active"
    assert len(cloud.state.images) == len(cloud.state.jobs) == 1
    assert len(asked(cloud)) == (1 if effect else 2)


@pytest.mark.parametrize("answer", [{"status": 404, **HTML}, GATEWAY], ids=["page", "gateway"])
def test_a_gateways_404_to_the_call_is_a_failure_that_changed_nothing(
    cloud: Emulator, answer: dict[str, t.Any]
) -> None:
    a_backup(cloud)
    cloud.faults.add(method="POST", path=ACTION, times=-1, **answer)
    result = failed(cloud)
    assert result["msg"].startswith("Could not make image 'golden'") and "\n" not in result["msg"]
    assert (result["changed"], result["status"], cloud.state.images) == (False, 404, {})


def test_a_lost_answer_is_looked_for_until_lists_show_the_image(cloud: Emulator) -> None:
    """The image shows in the list only after some looks, which are counted and not timed."""
    cloud.settings(speed=1, list_delay=0)
    a_backup(cloud)
    cloud.faults.add(method="POST", path=ACTION, drop="after")
    cloud.faults.add(method="GET", path="/v2/cloudimages", skip=1, times=2, body='{"images": []}')
    made = image(cloud, wait=False)
    assert made["image_id"] in cloud.state.images and len(asked(cloud)) == 1


@pytest.mark.parametrize("catalog", ["split", "ims", "image"])
def test_each_call_goes_to_the_address_that_serves_it(cloud: Emulator, catalog: str) -> None:
    cloud.settings(image_catalog=catalog)
    backup_id = a_backup(cloud)
    made = image(cloud)
    assert (made["changed"], made["image"]["status"], made["warnings"]) == (True, "active", "")
    assert (image(cloud)["changed"], image(cloud)["image"]) == (False, made["image"])
    assert made["image_id"] in failed(cloud, name="other")["msg"]
    del cloud.state.images[made["image_id"]]
    made = image(cloud)
    assert made["changed"] is True and made["image_id"] == backup_in(cloud, backup_id).image_id
    assert len([entry for entry in asked(cloud) if entry["status"] == 200]) == 2
    assert any(entry["path"].startswith("/image/") for entry in cloud.journal) is (catalog == "split")


def test_what_one_of_two_addresses_does_not_show_is_not_gone(cloud: Emulator) -> None:
    cloud.settings(image_catalog="split")
    a_backup(cloud)
    cloud.faults.add(method="GET", path="^/image/", times=-1, status=404, error_code="APIGW.0101")
    cloud.faults.add(method="GET", path="/v2/cloudimages[?].*id=", times=-1, **HTML)
    made = image(cloud)
    assert made["changed"] is True and "could not be read" in made["warnings"]
    assert image(cloud)["image_id"] == made["image_id"] and len(asked(cloud)) == 1


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
def test_bad_input_is_refused_before_the_first_request(
    cloud: Emulator, args: dict[str, t.Any], words: list[str]
) -> None:
    cloud.journal.clear()
    message = failed(cloud, **args)["msg"]
    assert all(word in message for word in words), message
    assert list(cloud.journal) == []
