# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all backup services do alike: several backups by their IDs, and images of backups."""

from __future__ import annotations

import typing as t

from .._domain.limits import MAX_SINGLE_READS

if t.TYPE_CHECKING:
    from .._domain.rows import BackupRow, ImageRow, JobRow
    from .images import Images


class SharedCalls:
    """The part of a cloud that is the same for each service. Readings raise CloudError."""

    connection: t.Any
    #: What the image service calls the service that has the backups
    _whole_image_type: str
    _image_service: Images | None = None
    backups: t.Callable[..., list[BackupRow]]
    backup: t.Callable[[str], BackupRow | None]

    def backups_by_id(self, ids: t.Collection[str]) -> t.Iterator[tuple[str, BackupRow | None]]:
        """Yield each ID with its backup, None when there is none; those that a list shows come first.

        A few are read one by one, more by one list. Pages move while others write, and lists lag: what the list lacks
        is read by itself, because only the backup itself says that it is gone.
        """
        listed = {row["id"]: row for row in self.backups()} if len(ids) > MAX_SINGLE_READS else {}
        yield from ((backup_id, listed[backup_id]) for backup_id in ids if backup_id in listed)
        yield from ((backup_id, self.backup(backup_id)) for backup_id in ids if backup_id not in listed)

    @property
    def _images(self) -> Images:
        # Looked for when it is first needed: few tasks need it, and not every catalog has it.
        if self._image_service is None:
            from .images import Images

            self._image_service = Images(self.connection)
        return self._image_service

    def image(self, image_id: str) -> ImageRow | None:
        """Return one image, None when the image service itself says that there is none."""
        return self._images.image(image_id)

    def image_of(self, backup_id: str) -> ImageRow | None:
        """Return the image of a backup that is ready or in the making, None when none is listed."""
        return self._images.image_of(backup_id)

    def image_job(self, job_id: str) -> JobRow:
        """Return a job of the image service."""
        return self._images.image_job(job_id)

    def create_image(self, name: str, backup_id: str, **attrs: t.Any) -> JobRow:
        """Start to make an image of a backup."""
        return self._images.create_image(name, backup_id, whole_image_type=self._whole_image_type, **attrs)
