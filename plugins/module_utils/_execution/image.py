# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows an image from the job that makes it to its end."""

from __future__ import annotations

import typing as t

from .._domain.errors import CloudError
from .._domain.image import READY, UNREAD, is_alive, unread_image

if t.TYPE_CHECKING:
    from .._domain.rows import Row

# How often an image is looked for after its job has succeeded: a new image may be shown late.
_LOOKS_WHEN_MADE = 3


class ImageFollower:
    """An image that is followed from the job that makes it, or from the image itself where the job is not known."""

    def __init__(self, cloud: t.Any, backup_id: str, job_id: str | None, image: Row | None) -> None:
        self._cloud, self._backup_id, self.job_id = cloud, backup_id, job_id
        #: The image as it was read last, with UNREAD when it is made and cannot be read
        self.image, self.state = image, "" if image is None else str(image.get("status"))
        self.ended = image is not None and (image.get("status") == READY or UNREAD in image)
        #: Why there will be no image, in words and as a code
        self.failed: str | None = None
        self.error_code: str | None = None
        self._image_id: str | None = None if image is None else image["id"]
        self._made = False
        self._unread_looks = 0

    @property
    def unread(self) -> str | None:
        """Return why the image, which is made, cannot be read; None when it was read."""
        return None if self.image is None else self.image.get(UNREAD)

    def look(self) -> bool:
        """Look once; return whether the image is ready or has failed."""
        if self.ended or (self._image_id is None and not self._look_at_job()):
            return self.ended
        return self._look_at_image(str(self._image_id))

    def _look_at_job(self) -> bool:
        """Return whether there is an image to look at."""
        job = self._cloud.image_job(self.job_id)
        self.state = str(job["status"])
        if job["status"] == "FAIL":
            self.error_code = job.get("error_code") or None
            self._end(str(job.get("fail_reason") or "the service gives no reason"))
        elif job["status"] == "SUCCESS":
            self._image_id = (job.get("entities") or {}).get("image_id") or self.find()
            self._made = self._image_id is not None
        return self._image_id is not None

    def _look_at_image(self, image_id: str) -> bool:
        try:
            row = self._cloud.image(image_id)
        except CloudError as error:
            if not self._made:
                raise
            return self._cannot_read(image_id, str(error))
        if row is None and self.image is not None and not self.unread:
            return self._end("the image no longer exists: either its job failed, or somebody deleted it")
        if row is None:
            return self._cannot_read(image_id, "The image service does not show it yet.")
        self.image, self.state = row, str(row["status"])
        if not is_alive(row):
            return self._end(f"the image is {row['status']}")
        return row["status"] == READY and self._end(None)

    def _cannot_read(self, image_id: str, why: str) -> bool:
        self.image = unread_image(image_id, self._backup_id, why)
        self._unread_looks += 1
        return self._unread_looks >= _LOOKS_WHEN_MADE and self._end(None)

    def _end(self, failed: str | None) -> bool:
        self.ended, self.failed = True, failed
        return True

    def find(self) -> str | None:
        """Look for the image of the backup in the list; return its id, None when it is not listed."""
        found = self._cloud.image_of(self._backup_id)
        if found is None:
            return None
        self.image = found
        return str(found["id"])
