# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows an image from the job that makes it until it is ready."""

from __future__ import annotations

import typing as t

from .._domain.backup import describe_backup
from .._domain.errors import CloudError
from .._domain.image import READY, UNREAD, describe_image, is_alive, unread_image
from .watch import problems_of

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, ImageRow
    from .watch import Ending

# How often a made image that cannot be read is polled: the service may show a new image late.
_MAX_UNREAD_POLLS = 3


class ImageFollower:
    """An image that is followed from the job that makes it, or by itself when its job is not known."""

    def __init__(self, cloud: Cloud, backup_id: str, job_id: str | None, image: ImageRow | None) -> None:
        """Follow the image of a backup, given its job or the image itself."""
        self._cloud, self._backup_id, self.job_id = cloud, backup_id, job_id
        #: The image as it was last read; with UNREAD when it is made and cannot be read
        self.image = image
        #: Status of the job, then of the image; empty while neither is known
        self.state = "" if image is None else str(image.get("status"))
        self.ended = image is not None and (UNREAD in image or image["status"] == READY)
        #: Why there will be no image, None when it is made or in progress
        self.failed: str | None = None
        self.error_code: str | None = None
        self._image_id: str | None = None if image is None else image["id"]
        self._job_succeeded = False
        self._unread_polls = 0

    @property
    def pending(self) -> t.Sized:
        """What has not ended yet."""
        return () if self.ended else (self._backup_id,)

    @property
    def unread(self) -> bool:
        """Whether the image is made and cannot be read."""
        return self.image is not None and UNREAD in self.image

    def refresh(self, early: bool = False) -> bool:
        """Read the job or the image once; return whether the image is ready or has failed. Raises CloudError."""
        if not self.ended and self._image_id is None:
            self._refresh_job()
        if not self.ended and self._image_id is not None:
            self._refresh_image(self._image_id, early)
        return self.ended

    def find_ids(self) -> bool:
        """Look once for the image in the list of images; return whether it is known. Raises CloudError."""
        if self.image is None:
            self.image = self._cloud.image_of(self._backup_id)
        return self.image is not None

    def _refresh_job(self) -> None:
        job = self._cloud.image_job(str(self.job_id))
        self.state = str(job["status"])
        if job["status"] == "FAIL":
            self.error_code = job.get("error_code") or None
            self._end(job.get("fail_reason") or "the service gives no reason")
        elif job["status"] == "SUCCESS":
            self._image_id = (job.get("entities") or {}).get("image_id")
            if self._image_id is None and self.find_ids() and self.image is not None:
                self._image_id = self.image["id"]
            self._job_succeeded = self._image_id is not None

    def _refresh_image(self, image_id: str, early: bool) -> None:
        try:
            image = self._cloud.image(image_id)
        except CloudError as error:
            if not self._job_succeeded:
                raise
            self._note_unread(image_id, str(error), early)
            return
        if image is not None:
            self.image, self.state = image, image["status"]
            if not is_alive(image):
                self._end(f"the image is {self.state}")
            elif self.state == READY:
                self._end()
        elif self.image is not None and not self.unread:
            self._end("the image no longer exists: either its job failed, or somebody deleted it")
        else:
            self._note_unread(image_id, "The image service does not show it yet.", early)

    def _note_unread(self, image_id: str, reason: str, early: bool) -> None:
        self.image = unread_image(image_id, self._backup_id, reason)
        self._unread_polls += not early
        if self._unread_polls >= _MAX_UNREAD_POLLS:
            self._end()

    def _end(self, failed: str | None = None) -> None:
        self.ended, self.failed = True, failed


def explain_ending(name: str, backup: BackupRow, follower: ImageFollower, ending: Ending) -> list[str]:
    """Return what is wrong with the end of an image of that name, as sentences."""
    job = f", job {follower.job_id}" if follower.job_id else ""
    described = f"image {describe_image(follower.image or {'name': name})} of backup {describe_backup(backup)}{job}"
    if follower.failed is not None:
        code = f" ({follower.error_code})" if follower.error_code else ""
        return [
            f"The {described}, was not made: {follower.failed.rstrip('.')}{code}."
            " What to do: remove the cause and run the task again; the backup is unchanged."
        ]
    late = "" if follower.ended or follower.unread else f"{described}, is {follower.state or 'not listed yet'}"
    goes_on = "The service goes on making it." if ending.unseen is None else "The service may still be making it."
    return problems_of(ending, late, goes_on, "run the task again; it finds the image and waits for it")
