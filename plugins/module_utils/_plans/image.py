# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of an image of a backup."""

from __future__ import annotations

import functools
import typing as t

from .._domain.backup import IN_PROGRESS, USABLE, backup_result, describe_backup, fail_reason, images_of
from .._domain.errors import CloudError, FinalError, InvalidInput
from .._domain.image import READY, UNREAD, describe_image, image_result
from .plan import Call, Plan

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, ImageRow

    #: Looks for the image again, given the operation in words and the ID of the backup
    ImageFinder = t.Callable[[str, str, Cloud], "ImageRow | None"]


class ImageOptions(t.NamedTuple):
    """The options of csbs_image in normal form; attrs are the fields of the request that the user gave."""

    backup: str
    name: str
    attrs: dict[str, t.Any]
    tags: dict[str, str]
    wait: bool = True
    poll_interval: float = 10


class ImageContext(t.NamedTuple):
    """The backup, the image that it had before, and the warnings of the plan."""

    backup: BackupRow
    image: ImageRow | None
    warnings: tuple[str, ...]


def plan_image(
    options: ImageOptions,
    backup: BackupRow,
    image: ImageRow | None,
    not_listed: CloudError | None,
    find_effect: ImageFinder,
    find_existing: ImageFinder,
) -> Plan[ImageContext]:
    """Return the plan after which the backup has the wanted image.

    image is the image that the backup has; not_listed says why the images could not be listed. find_effect and
    find_existing are those of the call.
    Raises InvalidInput when the backup has an image of another name, or when no image can be made of it.
    """
    warnings = () if not_listed is None else (_warn_not_listed(backup, not_listed),)
    context = ImageContext(backup, image, warnings)
    wanted = {"image": {"name": options.name, "backup": backup["name"]}}
    if image is not None:
        if has_other_name(options, image):
            raise InvalidInput(f"name: {explain_other_name(backup, image)}")
        return Plan((), wanted, wanted, result_of(image), context=context)
    check_suitable(backup)
    operation = f"make image {options.name!r} of backup {describe_backup(backup)}"
    call = Call(
        operation,
        "create_image",
        {"name": options.name, "backup_id": backup["id"], **options.attrs},
        find_effect=functools.partial(find_effect, operation, backup["id"]),
        find_existing=functools.partial(find_existing, operation, backup["id"]),
    )
    return Plan((call,), {"image": None}, wanted, result_of(planned_image(options, backup)), context=context)


def result_of(image: ImageRow) -> dict[str, t.Any]:
    """Return what the task returns about an image."""
    image = image_result(image)
    return {"image_id": image["id"], "image": image}


def planned_image(options: ImageOptions, backup: BackupRow) -> ImageRow:
    """Return the row of an image that does not exist yet."""
    return {
        "name": options.name,
        "__description": options.attrs.get("description"),
        "__backup_id": backup["id"],
        "min_ram": options.attrs.get("min_ram"),
        "max_ram": options.attrs.get("max_ram"),
        "tags": [f"{key}={value}" for key, value in sorted(options.tags.items())],
    }


def has_other_name(options: ImageOptions, image: ImageRow) -> bool:
    """Return whether an image is known to have another name than the wanted one."""
    return UNREAD not in image and image["name"] != options.name


def explain_other_name(backup: BackupRow, image: ImageRow) -> str:
    """Return that a backup has an image of another name, and what the user can do."""
    state = "" if image["status"] == READY else f", which is being made ({image['status']})"
    return (
        f"backup {describe_backup(backup)} already has image {describe_image(image)}{state}, and a backup can have only"
        " one image. What to do: use that name, delete that image first, or make the image of another backup"
    )


def _warn_not_listed(backup: BackupRow, error: CloudError) -> str:
    # Going on is safe, because the service itself refuses a second image of a backup.
    return (
        f"{error} So it is not known whether an image of backup {describe_backup(backup)} is already being made. If it"
        " is, the service refuses a second one."
    )


def check_suitable(backup: BackupRow) -> None:
    """Raise InvalidInput when no image can be made of a backup. A backup in progress is suitable."""
    if backup["status"] not in USABLE | IN_PROGRESS:
        reason = fail_reason(backup)
        raise InvalidInput(
            f"backup {describe_backup(backup)} is {backup['status']}{f' ({reason})' if reason else ''};"
            " an image can be made of an available backup only"
        )
    disks = backup_result(backup)["volumes"]
    if disks and all(disk["bootable"] is False for disk in disks):
        raise InvalidInput(
            f"backup {describe_backup(backup)} has no system disk, and an image needs one;"
            " choose a backup of a whole server"
        )


def check_still_suitable(operation: str, backup: BackupRow | None) -> None:
    """Raise FinalError when the backup is gone, or when no image can be made of it any more."""
    if backup is None:
        raise FinalError(operation, "the backup no longer exists.")
    try:
        check_suitable(backup)
    except InvalidInput as error:
        raise FinalError(operation, f"{error}.") from error


def check_not_blocked(operation: str, backup: BackupRow) -> None:
    """Raise FinalError when an available backup names an image that nobody finds: waiting does not help then."""
    images = images_of(backup)
    if backup["status"] == "available" and images:
        raise FinalError(
            operation,
            f"the service refuses it because the backup has image {', '.join(images)}, but the image service says that"
            " there is no such image. What to do: ask the provider, or make the image of another backup.",
        )
