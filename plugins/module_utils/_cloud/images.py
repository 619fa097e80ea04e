# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images, as the image service (IMS) describes them. Few tasks need it, and not every catalog has it."""

from __future__ import annotations

import contextlib
import typing as t

from .._domain.errors import CloudError, OutcomeUnknown
from .._domain.image import is_alive
from .._sdk.ims.service import attach
from .compute import found, plain
from .errors import errors_of

if t.TYPE_CHECKING:
    from .._domain.rows import ImageRow, JobRow

# Seconds for each reading: a task that can do without an image's details must not wait long for them.
_SECONDS_TO_READ = 60.0
# Fields that every row has
_NEEDED = ("id", "status")


class Images:
    """The image service of a connection. Readings raise CloudError."""

    def __init__(self, connection: t.Any) -> None:
        self._session = connection.session
        with errors_of("find the image service", "Image Management Service (ims or image)"):
            self._ims = attach(connection)

    def image(self, image_id: str) -> ImageRow | None:
        """Return one image, None when the image service itself says that there is none."""
        unread, row = None, None
        try:
            with errors_of(f"read image {image_id}"), self._within_a_minute():
                row = found(self._ims.get_image, image_id, *_NEEDED)
        except CloudError as error:
            unread = error
        if row is None and not isinstance(unread, OutcomeUnknown):
            # A new image may be listed before it is known by its ID, and not every cloud has both calls. A list that
            # does not have it, or cannot be read, says nothing.
            with contextlib.suppress(CloudError), errors_of("list images"), self._within_a_minute():
                row = next((row for row in self._rows(id=image_id) if row["id"] == image_id), None)
        if row is None and unread is not None:
            raise unread
        return row

    def image_of(self, backup_id: str) -> ImageRow | None:
        """Return the image of a backup that is ready or in the making, None when none is listed."""
        with errors_of("list images"), self._within_a_minute():
            return next((row for row in self._rows() if row["__backup_id"] == backup_id and is_alive(row)), None)

    def image_job(self, job_id: str) -> JobRow:
        """Return a job of the image service."""
        with errors_of(f"read job {job_id} of the image service"):
            return t.cast("JobRow", plain(self._ims.get_job(job_id), "status"))

    def create_image(self, name: str, backup_id: str, **attrs: t.Any) -> JobRow:
        """Start to make an image of a backup."""
        return t.cast("JobRow", plain(self._ims.create_whole_image(name, backup_id, **attrs), "job_id"))

    def _rows(self, **query: t.Any) -> t.Iterator[ImageRow]:
        for image in self._ims.images(**query):
            yield plain(image, *_NEEDED)

    @contextlib.contextmanager
    def _within_a_minute(self) -> t.Iterator[None]:
        before, self._session.request_seconds = (
            self._session.request_seconds,
            min(self._session.request_seconds, _SECONDS_TO_READ),
        )
        try:
            yield
        finally:
            self._session.request_seconds = before
