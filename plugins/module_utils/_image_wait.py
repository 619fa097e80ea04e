# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_image after its call: following the job and its image to their end, and reporting the result.

The job decides: when it succeeded with an image ID, the image is made, whatever can be read of it afterwards.
"""

from __future__ import annotations

import contextlib
import typing as t

from ._backup_shape import describe_backup
from ._errors import ActionFailed, CloudError
from ._image import ImageWish, planned_image, taken_by
from ._image_shape import READY, UNREAD, describe_image, image_result, is_alive, unread_image
from ._plan import Outcome, Plan
from ._rows import Row
from ._wait import Clock, poll
from ._watch import Patience, first_fields, voiced

# How long a task that does not wait looks for the ID of what it started.
_BRIEFLY = 3
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


def finish_image(wish: ImageWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed with backup, reason and ids."""
    backup, image, warnings = plan.context["backup"], plan.context["image"], list(plan.context["warnings"])
    job_id = None
    if plan.changed:
        answer = outcome.answers[0]
        # The SDK's resources are dicts as well. A plain dict is an image that was found after a lost answer.
        if type(answer) is dict:  # pylint: disable=unidiomatic-typecheck
            image = answer
        else:
            job_id = answer.id
    if image is not None and UNREAD not in image and image["name"] != wish.name:
        raise ActionFailed(
            f"Another task or user made an image first: {taken_by(backup, image)}.",
            {"changed": False, **_result_so_far(wish, backup, image)},
        )
    follower = ImageFollower(cloud, backup["id"], job_id, image)
    if not wish.wait:
        look = Patience(lambda: follower.image is not None or follower.find() is not None)
        poll(look, clock.renewed(min(_BRIEFLY, clock.left)), 0.5)
        return _told(wish, backup, follower, warnings)
    look = Patience(follower.look)
    poll(voiced(look, "images available", lambda: () if follower.ended else (1,), 1, clock), clock, wish.poll_interval)
    if job_id and not follower.ended and follower.image is None:
        with contextlib.suppress(CloudError):
            follower.find()
    problem = _problem(wish, backup, follower, look, clock)
    if problem is None:
        return _told(wish, backup, follower, warnings)
    fields = first_fields(outcome, look.trouble)
    fields["error_code"] = follower.error_code or fields["error_code"]
    raise ActionFailed(problem, {"changed": plan.changed, **_result_so_far(wish, backup, follower.image, job_id), **fields})


def _problem(wish: ImageWish, backup: Row, follower: ImageFollower, look: Patience, clock: Clock) -> str | None:
    """Return what is wrong with an image that was followed, None when it is made."""
    if (follower.ended or follower.unread) and not follower.failed:
        return None
    job = f", job {follower.job_id}" if follower.job_id else ""
    named = f"image {describe_image(follower.image or {'name': wish.name})} of backup {describe_backup(backup)}{job}"
    if follower.failed:
        code = f" ({follower.error_code})" if follower.error_code else ""
        return (
            f"The {named}, was not made: {follower.failed.rstrip('.')}{code}."
            " What to do: remove the cause and run the task again; the backup is unchanged."
        )
    if look.trouble:
        return (
            f"{look.trouble} So it is not known whether the {named}, was made; the service may still be making it."
            " What to do: run the task again; it looks for the image first."
        )
    return (
        f"Not ended within {clock.timeout:g} seconds (timeout): the {named}, is {follower.state or 'not listed yet'}."
        " The service goes on making it. What to do: run the task again; it finds the image and waits for it."
    )


def _told(wish: ImageWish, backup: Row, follower: ImageFollower, warnings: list[str]) -> dict[str, t.Any]:
    """Return the result of a task that succeeded, with a warning when the image could not be read."""
    image = follower.image
    if image is not None and follower.unread:
        if follower.job_id:
            said = (
                f"Image {wish.name!r} ({image['id']}) of backup {describe_backup(backup)} was made, but it could not be read;"
                " what only the image service knows of it is null in the result."
            )
        else:
            said = (
                f"Backup {describe_backup(backup)} already has image {image['id']}, which could not be read."
                f" So its name was not compared with {wish.name!r}, and no image was made."
            )
        warnings.append(f"{said} {follower.unread}")
    return {**_result_so_far(wish, backup, image, follower.job_id), "warnings": warnings}


def _result_so_far(wish: ImageWish, backup: Row, image: Row | None, job_id: str | None = None) -> dict[str, t.Any]:
    """Return an image as results show it; one that this task's job makes is as it was asked for until it is read."""
    known = planned_image(wish, backup) if job_id or image is None else {}
    shape = image_result({**known, **(image or {})})
    return {"image_id": shape["id"], "image": shape}
