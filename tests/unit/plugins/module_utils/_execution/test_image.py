# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following an image: its job, then the image itself, until it is ready, has failed or cannot be read."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.image import unread_image
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.image import ImageFollower
from tests.support.images import DONE, ITEM, MAKING, NO_RIGHT, ImageCloud, an_image

Row = dict[str, t.Any]


def follow(cloud: ImageCloud, job_id: str | None = "job-1", image: Row | None = None) -> tuple[ImageFollower, int]:
    """Refresh until the image has ended; return the follower and the number of readings."""
    follower = ImageFollower(t.cast(t.Any, cloud), ITEM, job_id, image)
    for count in range(1, 20):
        if follower.refresh():
            assert follower.ended and not follower.pending
            return follower, count
        assert follower.pending
    raise AssertionError("it never ends")


def test_the_job_and_then_the_image_are_followed_until_it_is_active() -> None:
    cloud = ImageCloud(images=[an_image()], jobs=[{"status": "INIT"}, MAKING, DONE], reads=[None, "saving", "active"])
    follower, count = follow(cloud)
    assert (follower.failed, follower.state, count) == (None, "active", 5)
    assert follower.image == an_image()


def test_a_job_that_does_not_name_the_image_is_no_hindrance() -> None:
    cloud = ImageCloud(images=[an_image()], jobs=[{"status": "SUCCESS", "entities": None}])
    assert follow(cloud)[0].image == an_image()


def test_a_job_that_names_no_image_is_followed_until_the_image_is_listed() -> None:
    follower = ImageFollower(t.cast(t.Any, ImageCloud(jobs=[{"status": "SUCCESS"}])), ITEM, "job-1", None)
    assert [follower.refresh() for dummy in range(9)] == [False] * 9


def test_an_image_without_a_job_is_followed_by_itself() -> None:
    cloud = ImageCloud(images=[an_image()], reads=["queued", "active"])
    assert follow(cloud, None, an_image(status="queued"))[0].failed is None


@pytest.mark.parametrize("image", [an_image(), unread_image("img-1", ITEM, "no right")])
def test_an_image_that_is_ready_or_cannot_be_read_needs_no_reading(image: Row) -> None:
    follower = ImageFollower(t.cast(t.Any, None), ITEM, None, image)
    assert follower.ended and follower.refresh() and follower.find_ids()


@pytest.mark.parametrize(
    ("jobs", "reads", "words"),
    [
        ([{"status": "FAIL", "fail_reason": "no room"}], [], "no room"),
        ([{"status": "FAIL", "fail_reason": None}], [], "no reason"),
        ([DONE], ["killed"], "the image is killed"),
        ([DONE], ["saving", None], "no longer exists"),
    ],
)
def test_an_image_that_is_not_made_ends_with_the_reason(jobs: list[Row], reads: list[t.Any], words: str) -> None:
    assert words in str(follow(ImageCloud(images=[an_image()], jobs=jobs, reads=reads))[0].failed)


@pytest.mark.parametrize(
    ("reads", "reason"),
    [
        ([NO_RIGHT], "do not allow"),
        ([None, NO_RIGHT], "do not allow"),
        ([None], "does not show it yet"),
    ],
)
def test_an_image_that_its_job_made_ends_well_after_three_readings_that_fail(reads: list[t.Any], reason: str) -> None:
    follower, count = follow(ImageCloud(jobs=[DONE], reads=reads))
    assert (follower.failed, follower.unread, count) == (None, True, 3)
    assert follower.image is not None and reason in follower.image["unread"]


def test_early_readings_that_fail_do_not_end_an_image() -> None:
    follower = ImageFollower(t.cast(t.Any, ImageCloud(jobs=[DONE], reads=[NO_RIGHT])), ITEM, "job-1", None)
    assert not any(follower.refresh(early=True) for dummy in range(20))


def test_an_image_that_is_being_made_and_cannot_be_read_is_not_known_to_be_made() -> None:
    follower = ImageFollower(t.cast(t.Any, ImageCloud(reads=[NO_RIGHT])), ITEM, None, an_image(status="queued"))
    with pytest.raises(CloudError):
        follower.refresh()
    assert not follower.ended and not follower.unread


def test_the_id_of_an_image_that_is_being_made_is_found_in_the_list() -> None:
    hidden = ImageFollower(t.cast(t.Any, ImageCloud(jobs=[MAKING])), ITEM, "job-1", None)
    assert hidden.find_ids() is False and hidden.image is None
    listed = ImageFollower(t.cast(t.Any, ImageCloud(images=[an_image(status="queued")])), ITEM, "job-1", None)
    assert listed.find_ids() is True and listed.image == an_image(status="queued")
