# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup that an image is made of, and the image that a backup has, ready or in the making."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.find_image import (
    find_image,
    find_usable_backup,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError, InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.image import UNREAD
from tests.support.fakes import Cloud, backup

Row = dict[str, t.Any]


class Images(Cloud):
    """A cloud with images by ID, and one that only the list of images shows; an exception is raised."""

    def __init__(self, images: dict[str, Row | CloudError] | None = None, listed: Row | None = None) -> None:
        super().__init__()
        self.images, self.listed = images or {}, listed

    def image(self, image_id: str) -> Row | None:
        found = self.images.get(image_id)
        if isinstance(found, CloudError):
            raise found
        return found

    def image_of(self, backup_id: str) -> Row | None:
        self.asked.append(("image_of", backup_id))
        return self.listed


def with_images(*image_ids: str) -> Row:
    return backup("b", "web", info={"os_images_data": [{"image_id": image_id} for image_id in image_ids]})


# ========== Backups ==========
def test_a_name_means_the_one_backup_that_an_image_can_be_made_of() -> None:
    lost = backup("b", "db", status="deleted")
    cloud = Cloud(backups=[backup("b", "web"), lost, backup("bb", "web")])
    assert find_usable_backup("b", cloud)["id"] == "item-b-web"
    assert find_usable_backup(lost["id"], cloud)["id"] == lost["id"]
    assert find_usable_backup("b", Cloud(backups=[lost]))["id"] == lost["id"]


def test_an_ambiguous_or_unknown_backup_is_refused() -> None:
    cloud = Cloud(backups=[backup("b", "web"), backup("b", "db")])
    with pytest.raises(InvalidInput, match="ambiguous.* item-b-db, item-b-web"):
        find_usable_backup("b", cloud)
    with pytest.raises(InvalidInput, match="^backup: no such backup: 'none'$"):
        find_usable_backup("none", cloud)


# ========== Images ==========
READY, DEAD = {"id": "i1", "status": "active"}, {"id": "i0", "status": "killed"}
MAKING = {"id": "i2", "status": "queued"}


def test_the_image_that_a_backup_names_is_read_by_its_id() -> None:
    cloud = Images({"i0": DEAD, "i1": READY})
    assert find_image(with_images("i0", "i1"), cloud) == READY
    assert cloud.asked == []


@pytest.mark.parametrize("named", [[], ["gone"], ["i0"]])
def test_an_image_in_the_making_is_found_in_the_list(named: list[str]) -> None:
    cloud = Images({"i0": DEAD}, listed=MAKING)
    assert find_image(with_images(*named), cloud) == MAKING
    assert cloud.asked == [("image_of", "item-b-web")]


def test_a_backup_without_an_image_has_none() -> None:
    assert find_image(with_images("gone"), Images()) is None


def test_an_image_that_cannot_be_read_says_why_unless_another_can_be_read() -> None:
    unreadable = CloudError("read image i1", "forbidden", status=403)
    found = find_image(with_images("i1"), Images({"i1": unreadable}, listed=MAKING))
    assert found is not None and found["id"] == "i1" and "forbidden" in found[UNREAD]
    assert find_image(with_images("i1", "i3"), Images({"i1": unreadable, "i3": {**READY, "id": "i3"}}))["id"] == "i3"  # type: ignore[index]
