# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of an image of a backup."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._domain.backup import IN_PROGRESS, USABLE, backup_result, describe_backup, fail_reason
from .._domain.errors import InvalidInput
from .._domain.image import READY, describe_image

if t.TYPE_CHECKING:
    from .._domain.rows import Row


@dataclass(frozen=True)
class ImageOptions:
    """The options of csbs_image in normal form; attrs are those of the request that are given."""

    backup: str
    name: str
    attrs: dict[str, t.Any]
    tags: dict[str, str]
    wait: bool = True
    poll_interval: float = 10


def planned_image(options: ImageOptions, backup: Row) -> Row:
    """Return an image that does not exist yet as the image service would describe it."""
    return {
        "name": options.name,
        "__description": options.attrs.get("description"),
        "__backup_id": backup["id"],
        "min_ram": options.attrs.get("min_ram"),
        "max_ram": options.attrs.get("max_ram"),
        "tags": [f"{key}={value}" for key, value in sorted(options.tags.items())],
    }


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
    if backup["status"] not in USABLE | IN_PROGRESS:
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
