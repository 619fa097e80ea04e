# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_image: what a backup carries, what it can come to carry, and the one call that makes it."""

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
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.image import (
    image_result,
    is_alive,
    unread_image,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.image import (
    _image_by_now,
    _image_that_blocks,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.image import (
    finish as finish_image,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.image import (
    parse_options as parse_image_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.image import (
    plan as plan_image,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.image import ImageOptions
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome, Plan
from tests.support.fakes import Cloud, Ticks, backup

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
ITEM = "item-b-web"


def make_options(**options: t.Any) -> ImageOptions:
    return parse_image_options({**DEFAULTS, **options})


def made(name: str = "golden", status: str = "active", **fields: t.Any) -> Row:
    return {"id": f"img-{name}", "name": name, "status": status, "__backup_id": ITEM, **fields}


class Imaging(Cloud):
    """A cloud with images; steps are what they are at each further look, None for one that is not to be seen."""

    def __init__(
        self,
        backups: list[Row],
        images: t.Iterable[Row] = (),
        hidden: t.Iterable[str] = (),
        jobs: t.Iterable[t.Any] = (),
    ) -> None:
        super().__init__(backups=backups)
        self.images, self.hidden, self.jobs = list(images), set(hidden), list(jobs)
        self.steps: list[str | None] = []

    def image(self, image_id: str) -> Row | None:
        if self.steps:
            status = self.steps.pop(0)
            return None if status is None else {**self.images[0], "status": status}
        return next((row for row in self.images if row["id"] == image_id), None)

    def image_of(self, backup_id: str) -> Row | None:
        rows = (row for row in self.images if row["__backup_id"] == backup_id and is_alive(row))
        return next((row for row in rows if row["id"] not in self.hidden), None)

    def image_job(self, job_id: str) -> Row:
        job = self.jobs.pop(0) if len(self.jobs) > 1 else self.jobs[0]
        if isinstance(job, Exception):
            raise job
        return t.cast(Row, job)


def a_backup(status: str = "available", **info: t.Any) -> Row:
    return backup("b", "web", status, info={**SYSTEM_DISK, **info})


def plan(cloud: Imaging, **options: t.Any) -> Plan:
    return plan_image(make_options(**options), cloud)


def test_a_backup_without_image_gets_one() -> None:
    todo = plan(Imaging([a_backup()]), description="d", tags={"b": 2, "a": "1"}, min_ram=0, max_ram=64)
    (call,) = todo.calls
    assert (call.service, call.method) == ("ims", "create_image")
    assert call.arguments == {
        "name": "golden",
        "backup_id": ITEM,
        "description": "d",
        "image_tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
        "min_ram": 0,
        "max_ram": 64,
    }
    assert (todo.before, todo.after) == ({"image": None}, {"image": {"name": "golden", "backup": "b"}})
    assert todo.result["image_id"] is None
    assert todo.result["image"]["tags"] == {"a": "1", "b": "2"} and todo.result["image"]["max_ram"] == 64


def test_what_is_not_given_is_not_sent() -> None:
    assert plan(Imaging([a_backup()]), tags={}).calls[0].arguments == {"name": "golden", "backup_id": ITEM}


@pytest.mark.parametrize(
    "told", [{}, {"os_images_data": [{"image_id": "img-golden"}]}], ids=["by-the-image", "by-the-backup"]
)
@pytest.mark.parametrize("status", ["active", "queued", "saving"])
def test_an_image_of_that_name_is_done(status: str, told: Row) -> None:
    todo = plan(Imaging([a_backup(**told)], [made(status=status)]))
    assert todo.calls == () and todo.before == todo.after
    assert (todo.result["image_id"], todo.result["image"]["status"]) == ("img-golden", status)


def test_what_the_backup_tells_is_believed_before_a_list_shows_it() -> None:
    cloud = Imaging([a_backup(os_images_data=[{"image_id": "img-golden"}])], [made()], hidden=["img-golden"])
    assert plan(cloud).calls == ()


@pytest.mark.parametrize("dead", ["killed", "deleted"])
def test_an_image_that_never_came_to_be_does_not_count(dead: str) -> None:
    assert plan(Imaging([a_backup(os_images_data=[{"image_id": "img-golden"}])], [made(status=dead)])).changed


def test_an_image_that_the_backup_tells_of_and_nobody_has_any_more_does_not_count() -> None:
    assert plan(Imaging([a_backup(os_images_data=[{"image_id": "img-gone"}])])).changed


@pytest.mark.parametrize(
    ("status", "words"), [("active", "already has image 'other' (img-other), and"), ("saving", "being made (saving)")]
)
def test_another_name_is_refused_with_the_image_there_is(status: str, words: str) -> None:
    with pytest.raises(InvalidInput, match="name: backup 'b' of server 'web'") as refusal:
        plan(Imaging([a_backup()], [made("other", status)]))
    assert words in str(refusal.value) and "img-other" in str(refusal.value)


@pytest.mark.parametrize("status", ["error", "waiting_delete", "deleting", "deleted"])
def test_a_backup_in_no_good_state_is_refused(status: str) -> None:
    with pytest.raises(
        InvalidInput, match=f"is {status} \\(no disk\\); an image can be made of an available backup only"
    ):
        plan(Imaging([a_backup(status, fail_reason="no disk")]))


@pytest.mark.parametrize("status", ["waiting_protect", "protecting", "waiting_restore", "restoring", "available"])
def test_a_backup_that_is_or_will_be_available_is_not_refused(status: str) -> None:
    assert plan(Imaging([a_backup(status)])).changed


@pytest.mark.parametrize(
    ("disks", "refused"),
    [
        ([], False),
        ([{"bootable": "false"}], True),
        ([{"bootable": False}, {"bootable": True}], False),
        ([{"bootable": None}], False),
        ([{"bootable": "false"}, {}], False),
    ],
)
def test_a_backup_is_refused_when_it_surely_has_no_system_disk(disks: list[Row], refused: bool) -> None:
    cloud = Imaging([a_backup(volume_backups=disks)])
    if refused:
        with pytest.raises(InvalidInput, match="no system disk"):
            plan(cloud)
    else:
        assert plan(cloud).changed


def test_a_name_speaks_of_the_backup_that_can_carry_an_image() -> None:
    lost = {**backup("b", "db", "error"), "id": "item-lost"}
    assert plan(Imaging([lost, a_backup(), backup("bb", "web")])).calls[0].arguments["backup_id"] == ITEM


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
        plan(Imaging(rows))


# ========== Looking again, after a lost answer or a refusal ==========
def look_again(cloud: Imaging, now: Row | None, refused: bool = False) -> Row | None:
    call = plan_image(make_options(), Imaging([a_backup()])).calls[0]
    for look in (call.find_effect, call.find_existing):
        assert look and (look[0], look[1]["backup_id"]) == ("image_by_now", ITEM)
    find = _image_that_blocks if refused else _image_by_now
    return find(call.operation, now, cloud)


@pytest.mark.parametrize("refused", [True, False])
def test_what_is_there_after_all_is_found_and_what_is_busy_is_not(refused: bool) -> None:
    assert look_again(Imaging([], [made(status="queued")]), a_backup(), refused) == made(status="queued")
    assert look_again(Imaging([]), a_backup("protecting"), refused) is None


@pytest.mark.parametrize("refused", [True, False])
@pytest.mark.parametrize(
    ("now", "words"),
    [(None, "no longer exists"), (a_backup("error", fail_reason="no room"), "is error \\(no room\\)")],
    ids=["gone", "failed"],
)
def test_a_backup_that_can_have_no_image_any_more_ends_the_task(now: Row | None, words: str, refused: bool) -> None:
    with pytest.raises(FinalError, match=f"Could not make image 'golden' of backup .*{words}"):
        look_again(Imaging([]), now, refused)


def test_an_image_that_is_gone_and_for_which_the_service_refuses_another_ends_the_task() -> None:
    now = a_backup(os_images_data=[{"image_id": "img-far"}])
    with pytest.raises(FinalError, match="img-far.*no such image.*What to do"):
        look_again(Imaging([]), now, refused=True)
    assert look_again(Imaging([]), now) is None, "after a lost answer the new one may be listed later"
    assert look_again(Imaging([]), {**now, "status": "restoring"}, refused=True) is None, "the backup was busy"


NO_RIGHT = CloudError("list images", "the credentials do not allow this.", "IMG.0003", 403)


class Closed(Imaging):
    """A cloud that lists no images, and shows none."""

    def image(self, image_id: str) -> Row | None:
        raise NO_RIGHT

    def image_of(self, backup_id: str) -> Row | None:
        raise NO_RIGHT


def test_images_that_cannot_be_listed_are_warned_of_and_left_to_the_service() -> None:
    todo = plan(Closed([a_backup()]))
    assert (
        todo.changed
        and "do not allow" in todo.context["warnings"][0]
        and "refuses a second one" in todo.context["warnings"][0]
    )
    assert look_again(Closed([]), a_backup()) is None and look_again(Closed([]), a_backup(), refused=True) is None


def test_an_image_that_cannot_be_read_is_there_and_its_name_is_not_known() -> None:
    todo = plan(Closed([a_backup(os_images_data=[{"image_id": "img-1"}])]))
    assert not todo.changed and todo.before == todo.after
    assert todo.result["image_id"] == "img-1" and {key for key, value in todo.result["image"].items() if value} == {
        "id",
        "backup_id",
    }
    assert todo.result["image"].keys() == plan(Imaging([a_backup()])).result["image"].keys()
    assert set(todo.result["image"].values()) == {"img-1", ITEM, None}


def test_an_image_that_can_be_read_stands_before_one_that_cannot() -> None:
    class Half(Imaging):
        def image(self, image_id: str) -> Row | None:
            if image_id == "img-1":
                raise NO_RIGHT
            return super().image(image_id)

    backup_row = a_backup(os_images_data=[{"image_id": "img-1"}, {"image_id": "img-golden"}])
    assert plan(Half([backup_row], [made()])).result["image"]["status"] == "active"


# ========== Waiting ==========
class Answer(dict):  # type: ignore[type-arg]
    """The SDK's resources are dicts as well."""

    id = "job-1"


def finish(cloud: Imaging, answer: t.Any, timeout: float = 3600, **options: t.Any) -> tuple[Row, Ticks]:
    todo, ticks = plan(Imaging([a_backup()]), **options), Ticks()
    clock = ticks.clock(timeout)
    return finish_image(make_options(**options), cloud, todo, Outcome({0: answer}), clock), ticks


IN_PROGRESS, DONE = {"status": "RUNNING"}, {"status": "SUCCESS", "entities": {"image_id": "img-golden"}}


def test_the_job_and_then_the_image_are_followed_until_it_is_active() -> None:
    cloud = Imaging([], [made()], jobs=[{"status": "INIT"}, IN_PROGRESS, DONE])
    cloud.steps = [None, "saving", "active"]
    result, ticks = finish(cloud, Answer())
    assert (result["image_id"], result["image"]["status"]) == ("img-golden", "active")
    assert len(ticks.sleeps) == 4


def test_a_job_that_does_not_tell_the_image_is_no_hindrance() -> None:
    assert (
        finish(Imaging([], [made()], jobs=[{"status": "SUCCESS", "entities": None}]), Answer())[0]["image_id"]
        == "img-golden"
    )


def test_an_image_that_was_found_is_followed_without_a_job() -> None:
    cloud = Imaging([], [made()])
    cloud.steps = ["queued", "active"]
    assert finish(cloud, made(status="queued"))[0]["image"]["status"] == "active"


@pytest.mark.parametrize(
    ("jobs", "steps", "words"),
    [
        ([{"status": "FAIL", "fail_reason": "no room", "error_code": "IMG.0100"}], [], "no room (IMG.0100)"),
        ([{"status": "FAIL", "fail_reason": None}], [], "no reason"),
        ([DONE], ["killed"], "the image is killed"),
        ([DONE], ["saving", None], "no longer exists"),
    ],
)
def test_an_image_that_is_not_made_fails_the_task(jobs: list[Row], steps: list[str | None], words: str) -> None:
    cloud = Imaging([], [made()], jobs=jobs)
    cloud.steps = steps
    with pytest.raises(TaskFailed) as failure:
        finish(cloud, Answer())
    text = str(failure.value)
    assert words in text and "job job-1" in text and ITEM in text and "'golden'" in text
    assert failure.value.results["changed"] is True
    assert failure.value.results.keys() == {"changed", "image_id", "image", "error_code", "status", "request_id"}


@pytest.mark.parametrize("reads", [[NO_RIGHT], [None, NO_RIGHT], ["saving", NO_RIGHT], [None]])
def test_a_job_that_succeeded_is_a_success_whatever_can_be_read_of_the_image(reads: list[t.Any]) -> None:
    class Showing(Imaging):
        def image(self, image_id: str) -> Row | None:
            step = reads.pop(0) if len(reads) > 1 else reads[0]
            if isinstance(step, CloudError):
                raise step
            return None if step is None else made(status=step)

    why = "do not allow" if NO_RIGHT in reads else "does not show it yet"
    result, ticks = finish(Showing([], jobs=[IN_PROGRESS, DONE]), Answer(), tags={"a": "b"})
    assert (result["image_id"], result["image"]["status"], result["image"]["created_at"]) == ("img-golden", None, None)
    assert (result["image"]["name"], result["image"]["tags"]) == ("golden", {"a": "b"}), (
        "these the service has accepted"
    )
    (warning,) = result["warnings"]
    assert "was made, but it could not be read" in warning and why in warning and ITEM in warning
    assert len(ticks.sleeps) <= 4


def test_a_made_image_that_cannot_be_read_until_the_deadline_is_a_success() -> None:
    cloud = Closed([], jobs=[DONE])
    result = finish(cloud, Answer(), timeout=10)[0]
    assert result["image_id"] == "img-golden" and len(result["warnings"]) == 1


def test_an_image_in_the_making_that_cannot_be_read_is_no_success() -> None:
    cloud = Closed([])
    with pytest.raises(TaskFailed, match="do not allow.*not known whether"):
        finish(cloud, made(status="queued"))


def test_an_unread_image_that_was_found_is_not_taken_for_another() -> None:
    found = unread_image("img-1", ITEM, str(NO_RIGHT))
    result = finish(Imaging([]), found)[0]
    assert result["image_id"] == "img-1" and result["image"]["name"] is None
    assert "was not compared with 'golden'" in result["warnings"][0] and "do not allow" in result["warnings"][0]


def test_looks_that_fail_a_few_times_do_not_end_the_wait() -> None:
    trouble = CloudError("read job", "the service failed", "CSBS.9999", 500, "req-9")
    assert finish(Imaging([], [made()], jobs=[*[trouble] * 4, DONE]), Answer())[0]["image_id"] == "img-golden"
    with pytest.raises(
        TaskFailed, match="Could not read job: the service failed.*not known whether.*was made.*run the task again"
    ) as failure:
        finish(Imaging([], [made()], jobs=[trouble]), Answer())
    assert failure.value.results["request_id"] == "req-9" and failure.value.results["image_id"] == "img-golden"


def test_a_timeout_tells_what_goes_on_with_all_ids() -> None:
    with pytest.raises(TaskFailed, match="Not ended within 60 seconds") as failure:
        finish(Imaging([], [made(status="saving")], jobs=[IN_PROGRESS]), Answer(), timeout=60)
    text = str(failure.value)
    assert (
        "job-1" in text
        and "img-golden" in text
        and ITEM in text
        and "is RUNNING" in text
        and "run the task again" in text
    )
    assert failure.value.results["image_id"] == "img-golden"


def test_somebody_who_was_faster_with_another_name_is_told() -> None:
    with pytest.raises(TaskFailed, match="img-other") as failure:
        finish(Imaging([]), made("other"))
    assert failure.value.results["changed"] is False


def test_without_waiting_an_id_that_does_not_show_is_null() -> None:
    cloud = Imaging([], [made(status="queued")], hidden=["img-golden"])
    result, ticks = finish(cloud, Answer(), wait=False)
    assert ticks.time == 3 and finish(cloud, Answer(), timeout=1, wait=False)[1].time == 1, (
        "within the deadline of the task"
    )
    assert (result["image_id"], result["image"]["name"], result["image"]["status"]) == (None, "golden", None)
    result = finish(Imaging([], [made(status="queued")]), Answer(), wait=False)[0]
    assert (result["image_id"], result["image"]["status"]) == ("img-golden", "queued")


# ========== Shape ==========
@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (None, {}),
        (["a=1", "b="], {"a": "1", "b": ""}),
        (["a.1", "b"], {"a": "1", "b": ""}),
        (["a=1.2=3"], {"a": "1.2=3"}),
    ],
)
def test_tags_come_as_a_dict_however_they_are_written(tags: t.Any, expected: dict[str, str]) -> None:
    assert image_result({"tags": tags})["tags"] == expected


@pytest.mark.parametrize(("value", "expected"), [(None, None), (0, None), ("", None), ("2048", 2048), (1024, 1024)])
def test_memory_is_a_number_or_null(value: t.Any, expected: int | None) -> None:
    assert image_result({"min_ram": value, "max_ram": value})["min_ram"] == expected


@given(st.text(max_size=140))
def test_a_name_is_taken_or_refused_as_the_service_does(name: str) -> None:
    letters = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._ ")
    good = 1 <= len(name) <= 128 and set(name) <= letters and name == name.strip(" ")
    if good:
        assert make_options(name=name).name == name
    else:
        with pytest.raises(InvalidInput, match="name"):
            make_options(name=name)
