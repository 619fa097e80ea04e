# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud with images, for tests of csbs_image."""

from __future__ import annotations

import typing as t

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.image import is_alive
from tests.support.fakes import Cloud

Row = dict[str, t.Any]
#: ID of the backup that all of it is about
ITEM = "item-b-web"
#: A job in progress, and one that has made the image
MAKING: Row = {"status": "RUNNING"}
DONE: Row = {"status": "SUCCESS", "entities": {"image_id": "img-golden"}}
NO_RIGHT = CloudError("list images", "the credentials do not allow this.", "IMG.0003", 403)


def an_image(name: str = "golden", status: str = "active") -> Row:
    return {"id": f"img-{name}", "name": name, "status": status, "__backup_id": ITEM}


def next_of(answers: list[t.Any]) -> t.Any:
    """Take the next answer, or raise it; the last one stays."""
    answer = answers.pop(0) if len(answers) > 1 else answers[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


class ImageCloud(Cloud):
    """A cloud with images.

    hidden are the IDs of images that the list does not show. jobs is what the job is at each reading. reads is what an
    image is at each reading: a status, an error, or None where it is not to be seen; without it an image is what it is.
    """

    def __init__(
        self,
        backups: t.Iterable[Row] = (),
        images: t.Iterable[Row] = (),
        hidden: t.Iterable[str] = (),
        jobs: t.Iterable[t.Any] = (),
        reads: t.Iterable[t.Any] = (),
    ) -> None:
        super().__init__(backups=backups)
        self.images, self.hidden, self.jobs, self.reads = list(images), set(hidden), list(jobs), list(reads)

    def image(self, image_id: str) -> Row | None:
        if self.reads:
            status = next_of(self.reads)
            return None if status is None else an_image(status=status)
        return next((row for row in self.images if row["id"] == image_id), None)

    def image_of(self, backup_id: str) -> Row | None:
        rows = (row for row in self.images if row["__backup_id"] == backup_id and is_alive(row))
        return next((row for row in rows if row["id"] not in self.hidden), None)

    def image_job(self, job_id: str) -> Row:
        job: Row = next_of(self.jobs)
        return job


class ClosedCloud(ImageCloud):
    """A cloud that lists no images, and shows none."""

    def image(self, image_id: str) -> Row | None:
        raise NO_RIGHT

    def image_of(self, backup_id: str) -> Row | None:
        raise NO_RIGHT
