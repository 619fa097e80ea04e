# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_image: which backup an image is made of, what it carries already, and the one call that makes the image."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ._backup_shape import GOOD, LEAVING, RUNNING, backup_result, describe_backup, fail_reason
from ._errors import CloudFailed
from ._image_shape import READY, describe_image, image_result, is_alive
from ._plan import Call, Plan
from ._rules import InvalidInput, check_positive
from ._selection import find_one, is_id, wanted_keys
from ._tags import tags_as_list, wanted_tags

_NAME = re.compile(r"(?! )[A-Za-z0-9._ -]{1,128}(?<! )")
_MAX_DESCRIPTION = 1024
# Of these a name never speaks when another backup has it too: they can carry no image.
_LOST = LEAVING | {"deleted", "error"}

Row = dict[str, t.Any]


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
            f"name: {params['name']!r} is not a valid name of an image; it has 1 to 128 letters, digits, hyphens, periods, underscores"
            " and spaces, and neither begins nor ends with a space"
        )
    tags = wanted_tags("tags", params["tags"]) or {}
    attrs: dict[str, t.Any] = {"description": params["description"], "image_tags": tags_as_list(tags) or None, **_memory(params)}
    if params["description"] is not None:
        _check_description(params["description"])
    return ImageWish(
        backup, params["name"], {key: value for key, value in attrs.items() if value is not None}, tags, params["wait"], params["poll_interval"]
    )


def _check_description(value: str) -> None:
    if len(value) > _MAX_DESCRIPTION:
        raise InvalidInput(f"description: the description of an image has at most {_MAX_DESCRIPTION} characters, this one has {len(value)}")
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
    """Read the backup and the image that it may carry, and return the plan after which it carries the wanted one.

    Raises InvalidInput when it carries another, or can carry none.
    """
    backup = _find_backup(wish.backup, cloud)
    image = find_image(backup, cloud)
    shown = {"image": {"name": wish.name, "backup": backup["name"]}}
    if image is not None:
        if image["name"] != wish.name:
            raise InvalidInput(f"name: {taken_by(backup, image)}")
        return Plan((), shown, shown, _result(image), context={"backup": backup, "image": image})
    _check_fit(backup)
    act = f"make image {wish.name!r} of backup {describe_backup(backup)}"
    look = ("image_by_now", {"backup_id": backup["id"], "find": lambda now: _image_by_now(act, now, cloud)})
    call = Call(
        act,
        "create_whole_image",
        {"name": wish.name, "backup_id": backup["id"], **wish.attrs},
        recover=look,
        meanwhile=look,
        service="ims",
    )
    return Plan((call,), {"image": None}, shown, _result(planned_image(wish, backup)), context={"backup": backup, "image": None})


def _result(image: Row) -> dict[str, t.Any]:
    shape = image_result(image)
    return {"image_id": shape["id"], "image": shape}


def planned_image(wish: ImageWish, backup: Row) -> Row:
    """Return an image that is not there yet as the image service would tell of it."""
    return {
        "name": wish.name,
        "__description": wish.attrs.get("description"),
        "__backup_id": backup["id"],
        "min_ram": wish.attrs.get("min_ram"),
        "max_ram": wish.attrs.get("max_ram"),
        "tags": [f"{key}={value}" for key, value in sorted(wish.tags.items())],
    }


def _find_backup(key: str, cloud: t.Any) -> Row:
    """Return the backup that a name or an ID means, in full; raises InvalidInput when there is none or more than one."""
    found: Row | None = cloud.backup(key) if is_id(key) else None
    if found is not None:
        return found
    named = [row for row in cloud.backups(name=key) if row["name"] == key]
    row = find_one("backup", key, [row for row in named if row["status"] not in _LOST] or named)
    # Rows of a list may be sparser than the backup itself.
    full: Row | None = None if row is None else cloud.backup(row["id"])
    if full is None:
        raise InvalidInput(f"backup: no such backup: {key!r}")
    return full


def find_image(backup: Row, cloud: t.Any) -> Row | None:
    """Return the image that a backup carries, also one in the making, None when it carries none.

    The backup tells of its image when that is finished; until then the images tell of their backup.
    """
    for image_id in backup_result(backup)["images"]:
        image: Row | None = cloud.image(image_id)
        if image is not None and is_alive(image):
            return image
    listed: Row | None = cloud.image_of(backup["id"])
    return listed


def _image_by_now(act: str, backup: Row | None, cloud: t.Any) -> Row | None:
    """Return the image that a backup carries after all, None while it may still come to carry one; raises CloudFailed when it can not."""
    if backup is None:
        raise CloudFailed(act, "the backup is no longer there.")
    image = find_image(backup, cloud)
    if image is not None:
        return image
    try:
        _check_fit(backup)
    except InvalidInput as error:
        raise CloudFailed(act, f"{error}.") from error
    held = backup_result(backup)["images"]
    if held:
        raise CloudFailed(act, f"the backup carries image {', '.join(held)}, which the image service does not show to this user and project.")
    return None


def taken_by(backup: Row, image: Row) -> str:
    """Return in words that a backup carries an image of another name, and what can be done."""
    state = "" if image["status"] == READY else f", which is being made ({image['status']})"
    return (
        f"backup {describe_backup(backup)} carries image {describe_image(image)}{state}, and a backup carries one image only."
        " What to do: ask for the image by that name, delete it first, or make the image of another backup"
    )


def _check_fit(backup: Row) -> None:
    """Raise InvalidInput for a backup that can carry no image; one that is merely busy can, when that has ended."""
    if backup["status"] not in GOOD | RUNNING:
        why = fail_reason(backup)
        raise InvalidInput(
            f"backup {describe_backup(backup)} is {backup['status']}{f' ({why})' if why else ''}; only an available backup can become an image"
        )
    disks = backup_result(backup)["volumes"]
    if disks and all(disk["bootable"] is False for disk in disks):
        raise InvalidInput(f"backup {describe_backup(backup)} holds no system disk, and an image needs one; choose a backup of a whole server")
