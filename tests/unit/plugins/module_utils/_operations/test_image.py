# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_image: its options, which backup and image are read, what is looked for again, and how the task ends."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    FinalError,
    InvalidInput,
    TaskFailed,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.image import unread_image
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations import image as operation
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.image import (
    ImageContext,
    ImageOptions,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome, Plan
from tests.support.fakes import Cloud, Ticks, backup
from tests.support.images import DONE, ITEM, MAKING, NO_RIGHT, ClosedCloud, ImageCloud, an_image

Row = dict[str, t.Any]
DEFAULTS: Row = {
    "backup": "b",
    "name": "golden",
    "description": None,
    "tags": None,
    "min_ram": None,
    "max_ram": None,
    "wait": True,
    "poll_interval": 10,
}
SYSTEM_DISK = {"volume_backups": [{"id": "v", "bootable": "true"}]}


def make_options(**options: t.Any) -> ImageOptions:
    return operation.parse_options({**DEFAULTS, **options})


def a_backup(status: str = "available", **info: t.Any) -> Row:
    return backup("b", "web", status, info={**SYSTEM_DISK, **info})


def plan(cloud: Cloud, **options: t.Any) -> Plan[ImageContext]:
    return operation.plan(make_options(**options), t.cast(t.Any, cloud))


# ========== Options ==========
def test_only_the_fields_that_are_given_are_sent() -> None:
    assert make_options(tags={}).attrs == {}
    given_fields = {"description": "d", "tags": {"b": 2, "a": "1"}, "min_ram": 0, "max_ram": 64}
    assert make_options(**given_fields).attrs == {
        "description": "d",
        "image_tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
        "min_ram": 0,
        "max_ram": 64,
    }


@given(st.text(max_size=140))
def test_a_name_is_taken_or_refused_as_the_service_does(name: str) -> None:
    letters = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._ ")
    good = 1 <= len(name) <= 128 and set(name) <= letters and name == name.strip(" ")
    if good:
        assert make_options(name=name).name == name
    else:
        with pytest.raises(InvalidInput, match="name"):
            make_options(name=name)


# ========== Reading ==========
@pytest.mark.parametrize(
    "info", [{}, {"os_images_data": [{"image_id": "img-golden"}]}], ids=["by-the-image", "by-the-backup"]
)
def test_an_image_that_the_backup_or_the_list_names_is_done(info: Row) -> None:
    assert not plan(ImageCloud([a_backup(**info)], [an_image()])).changed


def test_what_the_backup_names_is_done_before_a_list_shows_it() -> None:
    cloud = ImageCloud([a_backup(os_images_data=[{"image_id": "img-golden"}])], [an_image()], hidden=["img-golden"])
    assert not plan(cloud).changed


@pytest.mark.parametrize("dead", ["killed", "deleted"])
def test_an_image_that_was_never_ready_does_not_count(dead: str) -> None:
    cloud = ImageCloud([a_backup(os_images_data=[{"image_id": "img-golden"}])], [an_image(status=dead)])
    assert plan(cloud).changed


def test_an_image_that_the_backup_names_and_that_is_gone_does_not_count() -> None:
    assert plan(ImageCloud([a_backup(os_images_data=[{"image_id": "img-gone"}])])).changed


def test_images_that_cannot_be_listed_are_left_to_the_service_with_a_warning() -> None:
    todo = plan(ClosedCloud([a_backup()]))
    assert todo.changed and "do not allow" in todo.context.warnings[0]


def test_an_image_that_cannot_be_read_is_there_and_its_name_is_not_known() -> None:
    todo = plan(ClosedCloud([a_backup(os_images_data=[{"image_id": "img-1"}])]))
    assert not todo.changed and todo.before == todo.after
    assert todo.result["image"].keys() == plan(ImageCloud([a_backup()])).result["image"].keys()
    assert set(todo.result["image"].values()) == {"img-1", ITEM, None}


def test_an_image_that_can_be_read_goes_before_one_that_cannot() -> None:
    class Half(ImageCloud):
        def image(self, image_id: str) -> Row | None:
            if image_id == "img-1":
                raise NO_RIGHT
            return super().image(image_id)

    row = a_backup(os_images_data=[{"image_id": "img-1"}, {"image_id": "img-golden"}])
    assert plan(Half([row], [an_image()])).result["image"]["status"] == "active"


def test_a_name_means_the_backup_that_an_image_can_be_made_of() -> None:
    lost = {**backup("b", "db", "error"), "id": "item-lost"}
    assert plan(ImageCloud([lost, a_backup(), backup("bb", "web")])).calls[0].arguments["backup_id"] == ITEM


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([], "no such backup: 'b'"),
        ([backup("bb", "web")], "no such"),
        ([backup("b", "web"), backup("b", "db")], "item-b-db"),
    ],
)
def test_a_name_that_fits_none_or_several_is_refused(rows: list[Row], word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        plan(ImageCloud(rows))


# ========== Looking again, after a lost answer or a refusal ==========
def look_again(cloud: Cloud, refused: bool = False) -> Row | None:
    """Look as the call does after its answer was lost, or after the service refused it."""
    call = plan(ImageCloud([a_backup()])).calls[0]
    find = call.find_existing if refused else call.find_effect
    assert find is not None
    image: Row | None = find(t.cast(t.Any, cloud))
    return image


@pytest.mark.parametrize("refused", [True, False])
def test_what_is_there_after_all_is_found_and_what_is_busy_is_not(refused: bool) -> None:
    queued = an_image(status="queued")
    assert look_again(ImageCloud([a_backup()], [queued]), refused) == queued
    assert look_again(ImageCloud([a_backup("protecting")]), refused) is None


@pytest.mark.parametrize("refused", [True, False])
@pytest.mark.parametrize(
    ("rows", "words"),
    [([], "no longer exists"), ([a_backup("error", fail_reason="no room")], "is error \\(no room\\)")],
    ids=["gone", "failed"],
)
def test_a_backup_that_can_have_no_image_any_more_ends_the_task(rows: list[Row], words: str, refused: bool) -> None:
    with pytest.raises(FinalError, match=f"Could not make image 'golden' of backup .*{words}"):
        look_again(ImageCloud(rows), refused)


def test_an_image_that_is_gone_and_for_which_the_service_refuses_another_ends_the_task() -> None:
    cloud = ImageCloud([a_backup(os_images_data=[{"image_id": "img-far"}])])
    with pytest.raises(FinalError, match="img-far.*no such image.*What to do"):
        look_again(cloud, refused=True)
    assert look_again(cloud) is None, "after a lost answer the new one may be listed later"


@pytest.mark.parametrize("refused", [True, False])
def test_images_that_cannot_be_listed_count_as_none(refused: bool) -> None:
    assert look_again(ClosedCloud([a_backup()]), refused) is None


# ========== The end ==========
ANSWER = {"job_id": "job-1"}


def finish(
    cloud: Cloud, answer: Row | None = None, timeout: float = 3600, found: bool = False, **options: t.Any
) -> tuple[Row, Ticks]:
    """End a task whose call was answered, or whose image was found after the answer was lost."""
    todo, ticks = plan(ImageCloud([a_backup()]), **options), Ticks()
    outcome = Outcome({0: ANSWER if answer is None else answer}, {0} if found else set())
    result = operation.finish(make_options(**options), t.cast(t.Any, cloud), todo, outcome, ticks.clock(timeout))
    return result, ticks


def test_the_task_waits_until_the_image_is_active() -> None:
    cloud = ImageCloud(images=[an_image()], jobs=[{"status": "INIT"}, MAKING, DONE], reads=[None, "saving", "active"])
    result, ticks = finish(cloud)
    assert (result["image_id"], result["image"]["status"], result["warnings"]) == ("img-golden", "active", [])
    assert len(ticks.sleeps) == 4


def test_an_image_that_was_found_is_waited_for() -> None:
    cloud = ImageCloud(images=[an_image()], reads=["queued", "active"])
    assert finish(cloud, an_image(status="queued"), found=True)[0]["image"]["status"] == "active"


def test_an_image_that_was_there_before_is_waited_for_without_a_change() -> None:
    cloud = ImageCloud([a_backup()], [an_image(status="saving")], reads=["saving", "killed"])
    todo = operation.plan(make_options(), t.cast(t.Any, ImageCloud([a_backup()], [an_image(status="saving")])))
    with pytest.raises(TaskFailed, match="killed") as failure:
        operation.finish(make_options(), t.cast(t.Any, cloud), todo, Outcome(), Ticks().clock())
    assert failure.value.results["changed"] is False


def test_an_image_that_is_ready_needs_no_request() -> None:
    todo = plan(ImageCloud([a_backup()], [an_image()]))
    result = operation.finish(make_options(), t.cast(t.Any, None), todo, Outcome(), Ticks().clock())
    assert (result["image_id"], result["image"]["status"]) == ("img-golden", "active")


@pytest.mark.parametrize(
    ("jobs", "reads", "words"),
    [
        ([{"status": "FAIL", "fail_reason": "no room", "error_code": "IMG.0100"}], [], "no room (IMG.0100)"),
        ([DONE], ["saving", None], "no longer exists"),
    ],
)
def test_an_image_that_is_not_made_fails_the_task(jobs: list[Row], reads: list[t.Any], words: str) -> None:
    with pytest.raises(TaskFailed) as failure:
        finish(ImageCloud(images=[an_image()], jobs=jobs, reads=reads))
    text, results = str(failure.value), failure.value.results
    assert words in text and "job job-1" in text and ITEM in text and "'golden'" in text
    assert results["changed"] is True and results["error_code"] == jobs[0].get("error_code")
    assert results.keys() == {"changed", "image_id", "image", "error_code", "status", "request_id"}


@pytest.mark.parametrize("reads", [[NO_RIGHT], [None, NO_RIGHT], ["saving", NO_RIGHT], [None]])
def test_a_job_that_succeeded_is_a_success_whatever_can_be_read_of_the_image(reads: list[t.Any]) -> None:
    why = "do not allow" if NO_RIGHT in reads else "does not show it yet"
    result, ticks = finish(ImageCloud(jobs=[MAKING, DONE], reads=reads), tags={"a": "b"})
    assert (result["image_id"], result["image"]["status"], result["image"]["created_at"]) == ("img-golden", None, None)
    accepted = (result["image"]["name"], result["image"]["tags"])
    assert accepted == ("golden", {"a": "b"}), "the service has accepted these"
    (warning,) = result["warnings"]
    assert "was made, but it could not be read" in warning and why in warning and ITEM in warning
    assert ticks.time <= 60, "it is polled a few times only"


def test_a_made_image_that_cannot_be_read_until_the_deadline_is_a_success() -> None:
    result = finish(ClosedCloud(jobs=[DONE]), timeout=10)[0]
    assert result["image_id"] == "img-golden" and len(result["warnings"]) == 1


def test_an_image_in_the_making_that_cannot_be_read_is_no_success() -> None:
    with pytest.raises(TaskFailed, match="do not allow.*not known how this ended.*may still be making it"):
        finish(ClosedCloud(), an_image(status="queued"), found=True)


def test_an_unread_image_that_was_found_is_not_taken_for_another() -> None:
    result = finish(ImageCloud(), unread_image("img-1", ITEM, str(NO_RIGHT)), found=True)[0]
    assert result["image_id"] == "img-1" and result["image"]["name"] is None
    assert "was not compared with 'golden'" in result["warnings"][0] and "do not allow" in result["warnings"][0]


def test_readings_that_fail_a_few_times_do_not_end_the_wait() -> None:
    trouble = CloudError("read job", "the service failed", "CSBS.9999", 500, "req-9")
    assert finish(ImageCloud(images=[an_image()], jobs=[*[trouble] * 4, DONE]))[0]["image_id"] == "img-golden"
    words = "Could not read job: the service failed.*not known how this ended.*run the task again"
    with pytest.raises(TaskFailed, match=words) as failure:
        finish(ImageCloud(images=[an_image()], jobs=[trouble]))
    assert failure.value.results["request_id"] == "req-9" and failure.value.results["image_id"] == "img-golden"


def test_a_timeout_says_what_goes_on_with_all_ids() -> None:
    with pytest.raises(TaskFailed, match="Not ended within 60 seconds") as failure:
        finish(ImageCloud(images=[an_image(status="saving")], jobs=[MAKING]), timeout=60)
    text = str(failure.value)
    assert all(word in text for word in ("job-1", "img-golden", ITEM, "is RUNNING", "goes on", "run the task again"))
    assert failure.value.results["image_id"] == "img-golden"


def test_another_image_that_was_made_first_is_named() -> None:
    with pytest.raises(TaskFailed, match="img-other") as failure:
        finish(ImageCloud(), an_image("other"), found=True)
    assert failure.value.results["changed"] is False and failure.value.results["image_id"] == "img-other"


def test_without_waiting_an_id_that_does_not_show_is_null() -> None:
    cloud = ImageCloud(images=[an_image(status="queued")], hidden=["img-golden"])
    result, ticks = finish(cloud, wait=False)
    assert ticks.time == 3
    assert finish(cloud, timeout=1, wait=False)[1].time == 1, "within the deadline of the task"
    assert (result["image_id"], result["image"]["name"], result["image"]["status"]) == (None, "golden", None)
    result = finish(ImageCloud(images=[an_image(status="queued")]), wait=False)[0]
    assert (result["image_id"], result["image"]["status"]) == ("img-golden", "queued")
