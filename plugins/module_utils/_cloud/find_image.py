# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the backup that an image is made of, and the image that a backup has."""

from __future__ import annotations

import typing as t

from .._domain.backup import UNUSABLE, images_of
from .._domain.errors import CloudError, InvalidInput
from .._domain.image import is_alive, unread_image
from .._domain.selection import find_one

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, ImageRow


def find_usable_backup(ref: str, cloud: Cloud) -> BackupRow:
    """Return in full the backup with that name or ID; raises InvalidInput when there is none, or several.

    Among several of one name, those that no image can be made of do not count.
    """
    backup = cloud.backup(ref)
    if backup is not None:
        return backup
    named = [row for row in cloud.backups(name=ref) if row["name"] == ref]
    row = find_one("backup", ref, [row for row in named if row["status"] not in UNUSABLE] or named)
    # Rows of a list may lack fields that the backup itself has.
    backup = None if row is None else cloud.backup(row["id"])
    if backup is None:
        raise InvalidInput(f"backup: no such backup: {ref!r}")
    return backup


def find_image(backup: BackupRow, cloud: Cloud) -> ImageRow | None:
    """Return the image that a backup has or that is being made of it, None when there is none.

    The backup names its image when that is finished; until then only the list of images shows it. An image that the
    backup names and that cannot be read comes with UNREAD. An image that the image service does not know is gone.
    Raises CloudError when the images cannot be listed.
    """
    unread = None
    for image_id in images_of(backup):
        try:
            image = cloud.image(image_id)
        except CloudError as error:
            unread = unread_image(image_id, backup["id"], str(error))
            continue
        if image is not None and is_alive(image):
            return image
    return unread if unread is not None else cloud.image_of(backup["id"])
