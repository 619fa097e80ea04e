# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_image: which backup the image is made of, which image it already has, and the one call that makes an image.

A backup has at most one image; the service refuses to make a second one.
"""

from __future__ import annotations

import contextlib
import re
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ._backup_shape import GOOD, RUNNING, UNUSABLE, backup_result, describe_backup, fail_reason
from ._errors import CloudError, CloudFailed
from ._image_shape import READY, UNREAD, describe_image, image_result, is_alive, unread_image
from ._plan import Call, Plan
from ._rows import Row
from ._rules import InvalidInput, check_positive
from ._selection import find_one, wanted_keys
from ._tags import tags_as_list, wanted_tags

_NAME = re.compile(r"(?! )[A-Za-z0-9._ -]{1,128}(?<! )")
_MAX_DESCRIPTION = 1024


@dataclass(frozen=True)
class ImageWish:
    """The options of csbs_image in normal form; attrs are those of the request that are given."""

    backup: str
    name: str
    attrs: dict[str, t.Any]
    tags: dict[str, str]
    wait: bool = True
    poll_interval: float = 10


def wish_image(params: dict[str, t.Any], now: datetime) -> ImageWish:
    """Return what the options of csbs_image ask for; raises InvalidInput before anything is sent.

    Reference: Image Management Service, common_parameters/image_attributes and image_tag_format.
    """
    (backup,) = wanted_keys("backup", [params["backup"]]) or [""]
    if not _NAME.fullmatch(params["name"]):
        raise InvalidInput(
            f"name: {params['name']!r} is not a valid image name; it must have 1 to 128 letters, digits, hyphens,"
            " periods, underscores"
            " and spaces, and must not begin or end with a space"
        )
    tags = wanted_tags("tags", params["tags"]) or {}
    attrs: dict[str, t.Any] = {
        "description": params["description"],
        "image_tags": tags_as_list(tags) or None,
        **_memory(params),
    }
    if params["description"] is not None:
        _check_description(params["description"])
    return ImageWish(
        backup,
        params["name"],
        {key: value for key, value in attrs.items() if value is not None},
        tags,
        params["wait"],
        params["poll_interval"],
    )


def _check_description(value: str) -> None:
    if len(value) > _MAX_DESCRIPTION:
        raise InvalidInput(
            f"description: it has {len(value)} characters; the description of an image can have at most {_MAX_DESCRIPTION}"
        )
    if re.search(r"[<>\r\n]", value):
        raise InvalidInput(f"description: {value!r} must not contain '<', '>' or line breaks")


def _memory(params: dict[str, t.Any]) -> dict[str, int | None]:
    least, most = params["min_ram"], params["max_ram"]
    if least is not None:
        check_positive("min_ram", least, zero=True)
    if most is not None:
        check_positive("max_ram", most)
    if least is not None and most is not None and least > most:
        raise InvalidInput(f"min_ram: {least} is more than max_ram, {most}")
    return {"min_ram": least, "max_ram": most}


def plan_image(wish: ImageWish, cloud: t.Any) -> Plan:
    """Read the backup and the image that it may have, and return the plan after which it has the wanted one.

    Raises InvalidInput when it has an image of another name, or when no image can be made of it.
    """
    backup = find_usable_backup(wish.backup, cloud)
    image, warnings = None, []
    try:
        image = find_image(backup, cloud)
    except CloudError as error:
        # The service refuses a second image of a backup itself, so this is safe without the list.
        warnings.append(
            f"{error} So an image of backup {describe_backup(backup)} that is being made could not be looked for. If"
            " there is one, the"
            " service refuses a second one."
        )
    shown = {"image": {"name": wish.name, "backup": backup["name"]}}
    if image is not None:
        if UNREAD not in image and image["name"] != wish.name:
            raise InvalidInput(f"name: {taken_by(backup, image)}")
        return Plan((), shown, shown, _result(image), context={"backup": backup, "image": image, "warnings": warnings})
    check_fit(backup)
    act = f"make image {wish.name!r} of backup {describe_backup(backup)}"
    call = Call(
        act,
        "create_whole_image",
        {"name": wish.name, "backup_id": backup["id"], **wish.attrs},
        recover=("image_by_now", {"backup_id": backup["id"], "find": lambda now: _image_by_now(act, now, cloud)}),
        meanwhile=(
            "image_by_now",
            {"backup_id": backup["id"], "find": lambda now: _image_that_blocks(act, now, cloud)},
        ),
        service="ims",
    )
    context = {"backup": backup, "image": None, "warnings": warnings}
    return Plan((call,), {"image": None}, shown, _result(planned_image(wish, backup)), context=context)


def _result(image: Row) -> dict[str, t.Any]:
    shape = image_result(image)
    return {"image_id": shape["id"], "image": shape}


def planned_image(wish: ImageWish, backup: Row) -> Row:
    """Return an image that does not exist yet as the image service would describe it."""
    return {
        "name": wish.name,
        "__description": wish.attrs.get("description"),
        "__backup_id": backup["id"],
        "min_ram": wish.attrs.get("min_ram"),
        "max_ram": wish.attrs.get("max_ram"),
        "tags": [f"{key}={value}" for key, value in sorted(wish.tags.items())],
    }


def find_usable_backup(key: str, cloud: t.Any) -> Row:
    """Return the backup that a name or an ID means, in full; raises InvalidInput for none and for several."""
    found: Row | None = cloud.backup(key)
    if found is not None:
        return found
    named = [row for row in cloud.backups(name=key) if row["name"] == key]
    row = find_one("backup", key, [row for row in named if row["status"] not in UNUSABLE] or named)
    # Rows of a list may be sparser than the backup itself.
    full: Row | None = None if row is None else cloud.backup(row["id"])
    if full is None:
        raise InvalidInput(f"backup: no such backup: {key!r}")
    return full


def find_image(backup: Row, cloud: t.Any) -> Row | None:
    """Return the image that a backup has, also one that is being made, None when it has none.

    The backup names its image when that is finished; until then the list of images tells of the backup. An image that
    the backup names and that cannot be read comes with UNREAD. One that the image service itself does not know is gone.
    Raises CloudError when the images cannot be listed.
    """
    unread = None
    for image_id in backup_result(backup)["images"]:
        try:
            image: Row | None = cloud.image(image_id)
        except CloudError as error:
            unread = unread_image(image_id, backup["id"], str(error))
            continue
        if image is not None and is_alive(image):
            return image
    if unread is not None:
        return unread
    listed: Row | None = cloud.image_of(backup["id"])
    return listed


def _image_by_now(act: str, backup: Row | None, cloud: t.Any) -> Row | None:
    """Return the image that a backup has by now, None while it can still get one; raises CloudFailed when it cannot."""
    if backup is None:
        raise CloudFailed(act, "the backup no longer exists.")
    # What cannot be listed does not show; the service refuses a second image of the backup itself.
    with contextlib.suppress(CloudError):
        image = find_image(backup, cloud)
        if image is not None:
            return image
    try:
        check_fit(backup)
    except InvalidInput as error:
        raise CloudFailed(act, f"{error}.") from error
    return None


def _image_that_blocks(act: str, backup: Row | None, cloud: t.Any) -> Row | None:
    """Return what _image_by_now does, after the service refused to make an image of the backup."""
    image = _image_by_now(act, backup, cloud)
    if image is None and backup is not None and backup["status"] == "available":
        named = backup_result(backup)["images"]
        if named:
            raise CloudFailed(
                act,
                f"the service refuses it because the backup has image {', '.join(named)}, but the image service says that"
                " there is no such image. What to do: ask the provider, or make the image of another backup.",
            )
    return image


def taken_by(backup: Row, image: Row) -> str:
    """Return in words that a backup has an image of another name, and what can be done."""
    state = "" if image["status"] == READY else f", which is being made ({image['status']})"
    return (
        f"backup {describe_backup(backup)} already has image {describe_image(image)}{state}, and a backup can have only"
        " one image."
        " What to do: use that name, delete that image first, or make the image of another backup"
    )


def check_fit(backup: Row) -> None:
    """Raise InvalidInput for a backup of which no image can be made; one that is only busy is waited for."""
    if backup["status"] not in GOOD | RUNNING:
        why = fail_reason(backup)
        raise InvalidInput(
            f"backup {describe_backup(backup)} is {backup['status']}{f' ({why})' if why else ''};"
            " an image can be made of an available backup only"
        )
    disks = backup_result(backup)["volumes"]
    if disks and all(disk["bootable"] is False for disk in disks):
        raise InvalidInput(
            f"backup {describe_backup(backup)} has no system disk, and an image needs one;"
            " choose a backup of a whole server"
        )
