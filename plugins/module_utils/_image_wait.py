# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""csbs_image after its call: following the job and its image to their end, and telling what came of them."""

from __future__ import annotations

import contextlib
import typing as t

from ._backup_shape import describe_backup
from ._errors import ActionFailed, CloudError
from ._image import ImageWish, planned_image, taken_by
from ._image_shape import READY, describe_image, image_result, is_alive
from ._plan import Outcome, Plan
from ._wait import Clock, poll
from ._watch import Patience, first_fields, voiced

# How long a task that does not wait looks for the id of what it started.
_BRIEFLY = 3
# So often an image is looked for of which its job says that it is made; then the job is believed.
_LOOKS_WHEN_MADE = 3

Row = dict[str, t.Any]


class _Follower:
    """An image that is followed from the job that makes it, or from the image itself where nobody knows the job."""

    def __init__(self, cloud: t.Any, backup_id: str, job_id: str | None, image: Row | None) -> None:
        self._cloud, self._backup_id, self.job_id = cloud, backup_id, job_id
        #: The image as it was seen last, and how its job is
        self.image, self.state = image, "" if image is None else str(image["status"])
        self.ended = image is not None and image["status"] == READY
        #: Why there will be no image, in words and as a code
        self.failed: str | None = None
        self.error_code: str | None = None
        self._image_id: str | None = None if image is None else image["id"]
        self._unseen = 0

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
        return self._image_id is not None

    def _look_at_image(self, image_id: str) -> bool:
        row = self._cloud.image(image_id)
        if row is None and self.image is not None:
            return self._end("the image is no longer there: either its job failed, or somebody deleted it")
        if row is None:
            # A new image may be known late.
            self._unseen += 1
            if self._unseen < _LOOKS_WHEN_MADE:
                return False
            self.image = {"id": image_id}
            return self._end(None)
        self.image, self.state = row, str(row["status"])
        if not is_alive(row):
            return self._end(f"the image is {row['status']}")
        return row["status"] == READY and self._end(None)

    def _end(self, failed: str | None) -> bool:
        self.ended, self.failed = True, failed
        return True

    def find(self) -> str | None:
        """Look for the image of the backup in the making; return its id, None when it does not show."""
        found = self._cloud.image_of(self._backup_id)
        if found is None:
            return None
        self.image = found
        return str(found["id"])


def finish_image(wish: ImageWish, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed with backup, reason and ids."""
    backup, image, job_id = plan.context["backup"], plan.context["image"], None
    if plan.changed:
        answer = outcome.answers[0]
        # The SDK's resources are dicts as well; an image that was found after a lost answer is nothing else.
        if type(answer) is dict:  # pylint: disable=unidiomatic-typecheck
            image = answer
        else:
            job_id = answer.id
    if image is not None and image["name"] != wish.name:
        raise ActionFailed(f"Somebody else was faster: {taken_by(backup, image)}.", {"changed": False, **_result(wish, backup, image)})
    follower = _Follower(cloud, backup["id"], job_id, image)
    look = Patience(follower.look if wish.wait else lambda: follower.image is not None or follower.find() is not None)
    if wish.wait:
        poll(voiced(look, "images available", lambda: () if follower.ended else (1,), 1, clock), clock, wish.poll_interval)
    else:
        poll(look, Clock(_BRIEFLY), 0.5)
        return _result(wish, backup, follower.image)
    if job_id and not follower.ended and follower.image is None:
        with contextlib.suppress(CloudError):
            follower.find()
    problem = _problem(wish, backup, follower, look, clock)
    if problem is None:
        return _result(wish, backup, follower.image)
    fields = first_fields(outcome, look.trouble)
    fields["error_code"] = follower.error_code or fields["error_code"]
    raise ActionFailed(problem, {"changed": plan.changed, **_result(wish, backup, follower.image), **fields})


def _problem(wish: ImageWish, backup: Row, follower: _Follower, look: Patience, clock: Clock) -> str | None:
    """Return what is wrong with an image that was followed, None when it is ready."""
    if follower.ended and not follower.failed:
        return None
    job = f", job {follower.job_id}" if follower.job_id else ""
    named = f"image {describe_image(follower.image or {'name': wish.name})} of backup {describe_backup(backup)}{job}"
    if follower.failed:
        code = f" ({follower.error_code})" if follower.error_code else ""
        return (
            f"The {named}, was not made: {follower.failed.rstrip('.')}{code}. What to do: remove the cause, and run the task again;"
            " the backup is as it was."
        )
    if look.trouble:
        return f"{look.trouble} So nobody knows what became of the {named}, which goes on. Run the task again: it looks for the image."
    return (
        f"Not ended within {clock.timeout:g} seconds (timeout): the {named}, is {follower.state or 'not to be seen yet'}."
        " What was started goes on; run the task again: it finds the image and waits for it."
    )


def _result(wish: ImageWish, backup: Row, image: Row | None) -> dict[str, t.Any]:
    shape = image_result({**planned_image(wish, backup), **(image or {})})
    return {"image_id": shape["id"], "image": shape}
