# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of an image: done, refused, or one call."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    FinalError,
    InvalidInput,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.image import unread_image
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.image import (
    ImageContext,
    ImageOptions,
    check_not_blocked,
    check_still_suitable,
    plan_image,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from tests.support.fakes import backup

Row = dict[str, t.Any]
SYSTEM_DISK = {"volume_backups": [{"id": "v", "bootable": "true"}]}
ITEM = "item-b-web"


def a_backup(status: str = "available", **info: t.Any) -> t.Any:
    return backup("b", "web", status, info={**SYSTEM_DISK, **info})


def an_image(name: str = "golden", status: str = "active") -> Row:
    return {"id": f"img-{name}", "name": name, "status": status, "__backup_id": ITEM}


def find(*arguments: t.Any) -> Row:
    return {"asked": arguments}


def plan(
    row: t.Any = None,
    image: Row | None = None,
    not_listed: CloudError | None = None,
    attrs: Row | None = None,
    tags: dict[str, str] | None = None,
) -> Plan[ImageContext]:
    options = ImageOptions("b", "golden", attrs or {}, tags or {})
    return plan_image(options, row or a_backup(), image, not_listed, find, find)


def test_a_backup_without_image_gets_one() -> None:
    todo = plan(attrs={"description": "d", "min_ram": 0, "max_ram": 64}, tags={"b": "2", "a": "1"})
    (call,) = todo.calls
    assert (call.method, call.undo) == ("create_image", None)
    assert call.arguments == {"name": "golden", "backup_id": ITEM, "description": "d", "min_ram": 0, "max_ram": 64}
    assert (todo.before, todo.after) == ({"image": None}, {"image": {"name": "golden", "backup": "b"}})
    assert todo.result["image_id"] is None
    assert todo.result["image"]["tags"] == {"a": "1", "b": "2"} and todo.result["image"]["max_ram"] == 64


def test_the_call_is_looked_for_by_its_own_words_and_the_backup() -> None:
    (call,) = plan().calls
    assert call.find_effect is not None and call.find_existing is not None
    cloud: t.Any = object()
    for finder in (call.find_effect, call.find_existing):
        assert finder(cloud) == {"asked": (call.operation, ITEM, cloud)}


@pytest.mark.parametrize("status", ["active", "queued", "saving"])
def test_an_image_of_that_name_is_done(status: str) -> None:
    todo = plan(image=an_image(status=status))
    assert todo.calls == () and todo.before == todo.after
    assert (todo.result["image_id"], todo.result["image"]["status"]) == ("img-golden", status)
    assert todo.context.image == an_image(status=status)


def test_an_image_that_cannot_be_read_is_done_because_its_name_is_not_known() -> None:
    todo = plan(image=unread_image("img-1", ITEM, "no right"))
    assert not todo.changed and todo.result["image_id"] == "img-1"


@pytest.mark.parametrize(
    ("status", "words"), [("active", "already has image 'other' (img-other), and"), ("saving", "being made (saving)")]
)
def test_another_name_is_refused_with_the_image_there_is(status: str, words: str) -> None:
    with pytest.raises(InvalidInput, match="name: backup 'b' of server 'web'") as refusal:
        plan(image=an_image("other", status))
    assert words in str(refusal.value) and "img-other" in str(refusal.value)


@pytest.mark.parametrize("status", ["error", "waiting_delete", "deleting", "deleted"])
def test_a_backup_in_no_good_state_is_refused(status: str) -> None:
    words = f"is {status} \\(no disk\\); an image can be made of an available backup only"
    with pytest.raises(InvalidInput, match=words):
        plan(a_backup(status, fail_reason="no disk"))


@pytest.mark.parametrize("status", ["waiting_protect", "protecting", "waiting_restore", "restoring", "available"])
def test_a_backup_that_is_or_will_be_available_is_not_refused(status: str) -> None:
    assert plan(a_backup(status)).changed


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
    row = a_backup(volume_backups=disks)
    if refused:
        with pytest.raises(InvalidInput, match="no system disk"):
            plan(row)
    else:
        assert plan(row).changed


def test_images_that_cannot_be_listed_are_warned_of_and_left_to_the_service() -> None:
    todo = plan(not_listed=CloudError("list images", "the credentials do not allow this.", "IMG.0003", 403))
    (warning,) = todo.context.warnings
    assert todo.changed and "do not allow" in warning and "refuses a second one" in warning and ITEM in warning
    assert plan().context.warnings == ()


# ========== After the call was sent ==========
@pytest.mark.parametrize(
    ("row", "words"),
    [(None, "no longer exists"), (a_backup("error", fail_reason="no room"), "is error \\(no room\\)")],
    ids=["gone", "failed"],
)
def test_a_backup_that_can_have_no_image_any_more_is_final(row: t.Any, words: str) -> None:
    with pytest.raises(FinalError, match=f"Could not make it: .*{words}"):
        check_still_suitable("make it", row)
    check_still_suitable("make it", a_backup("protecting"))


def test_a_backup_that_names_an_image_that_nobody_finds_is_blocked_once_it_is_not_busy() -> None:
    images: Row = {"os_images_data": [{"image_id": "img-far"}]}
    with pytest.raises(FinalError, match="img-far.*no such image.*What to do"):
        check_not_blocked("make it", a_backup(**images))
    check_not_blocked("make it", a_backup("restoring", **images))
    check_not_blocked("make it", a_backup())
