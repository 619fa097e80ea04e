# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_image: its options, which backup the image is made of, and the end of its job.

A backup has at most one image; the service refuses to make a second one. The job decides: when it succeeded with an
image ID, the image is made, whatever can be read of it afterwards.
"""

from __future__ import annotations

import contextlib
import re
import typing as t

from .._cloud.find_image import find_image, find_usable_backup
from .._domain.backup import backup_result, describe_backup
from .._domain.errors import CloudError, FinalError, InvalidInput, TaskFailed
from .._domain.image import UNREAD, describe_image, image_result
from .._domain.limits import check_positive
from .._domain.selection import parse_refs
from .._domain.tags import parse_tags, tags_as_list
from .._execution.clock import Clock, poll
from .._execution.image import ImageFollower
from .._execution.watch import TolerantPoll, first_fields, with_progress
from .._plans.image import ImageOptions, check_fit, planned_image, taken_by
from .._plans.plan import Call, Outcome, Plan

if t.TYPE_CHECKING:
    from .._domain.rows import Row

_NAME = re.compile(r"(?! )[A-Za-z0-9._ -]{1,128}(?<! )")
_MAX_DESCRIPTION = 1024


def parse_options(params: dict[str, t.Any]) -> ImageOptions:
    """Return what the options of csbs_image ask for; raises InvalidInput before anything is sent.

    Reference: Image Management Service, common_parameters/image_attributes and image_tag_format.
    """
    (backup,) = parse_refs("backup", [params["backup"]]) or [""]
    if not _NAME.fullmatch(params["name"]):
        raise InvalidInput(
            f"name: {params['name']!r} is not a valid image name; it must have 1 to 128 letters, digits, hyphens,"
            " periods, underscores"
            " and spaces, and must not begin or end with a space"
        )
    tags = parse_tags("tags", params["tags"]) or {}
    attrs: dict[str, t.Any] = {
        "description": params["description"],
        "image_tags": tags_as_list(tags) or None,
        **_memory(params),
    }
    if params["description"] is not None:
        _check_description(params["description"])
    return ImageOptions(
        backup,
        params["name"],
        {key: value for key, value in attrs.items() if value is not None},
        tags,
        params["wait"],
        params["poll_interval"],
    )


def _check_description(value: str) -> None:
    if len(value) > _MAX_DESCRIPTION:
        raise InvalidInput(
            f"description: it has {len(value)} characters; the description of an image can have at most {_MAX_DESCRIPTION}"
        )
    if re.search(r"[<>\r\n]", value):
        raise InvalidInput(f"description: {value!r} must not contain '<', '>' or line breaks")


def _memory(params: dict[str, t.Any]) -> dict[str, int | None]:
    least, most = params["min_ram"], params["max_ram"]
    if least is not None:
        check_positive("min_ram", least, zero=True)
    if most is not None:
        check_positive("max_ram", most)
    if least is not None and most is not None and least > most:
        raise InvalidInput(f"min_ram: {least} is more than max_ram, {most}")
    return {"min_ram": least, "max_ram": most}


def plan(options: ImageOptions, cloud: t.Any) -> Plan:
    """Read the backup and the image that it may have, and return the plan after which it has the wanted one.

    Raises InvalidInput when it has an image of another name, or when no image can be made of it.
    """
    backup = find_usable_backup(options.backup, cloud)
    image, warnings = None, []
    try:
        image = find_image(backup, cloud)
    except CloudError as error:
        # The service refuses a second image of a backup itself, so this is safe without the list.
        warnings.append(
            f"{error} So an image of backup {describe_backup(backup)} that is being made could not be looked for. If"
            " there is one, the"
            " service refuses a second one."
        )
    shown = {"image": {"name": options.name, "backup": backup["name"]}}
    if image is not None:
        if UNREAD not in image and image["name"] != options.name:
            raise InvalidInput(f"name: {taken_by(backup, image)}")
        return Plan((), shown, shown, _result(image), context={"backup": backup, "image": image, "warnings": warnings})
    check_fit(backup)
    operation = f"make image {options.name!r} of backup {describe_backup(backup)}"
    call = Call(
        operation,
        "create_image",
        {"name": options.name, "backup_id": backup["id"], **options.attrs},
        find_effect=lambda cloud: _image_by_now(operation, cloud.backup(backup["id"]), cloud),
        find_existing=lambda cloud: _image_that_blocks(operation, cloud.backup(backup["id"]), cloud),
    )
    context = {"backup": backup, "image": None, "warnings": warnings}
    return Plan((call,), {"image": None}, shown, _result(planned_image(options, backup)), context=context)


def _result(image: Row) -> dict[str, t.Any]:
    shape = image_result(image)
    return {"image_id": shape["id"], "image": shape}


def _image_by_now(operation: str, backup: Row | None, cloud: t.Any) -> Row | None:
    """Return the image that a backup has by now, None while it can still get one; raises CloudFailed when it cannot."""
    if backup is None:
        raise FinalError(operation, "the backup no longer exists.")
    # What cannot be listed does not show; the service refuses a second image of the backup itself.
    with contextlib.suppress(CloudError):
        image = find_image(backup, cloud)
        if image is not None:
            return image
    try:
        check_fit(backup)
    except InvalidInput as error:
        raise FinalError(operation, f"{error}.") from error
    return None


def _image_that_blocks(operation: str, backup: Row | None, cloud: t.Any) -> Row | None:
    """Return what _image_by_now does, after the service refused to make an image of the backup."""
    image = _image_by_now(operation, backup, cloud)
    if image is None and backup is not None and backup["status"] == "available":
        named = backup_result(backup)["images"]
        if named:
            raise FinalError(
                operation,
                f"the service refuses it because the backup has image {', '.join(named)}, but the image service says that"
                " there is no such image. What to do: ask the provider, or make the image of another backup.",
            )
    return image


# How long a task that does not wait looks for the ID of what it started.
_SECONDS_TO_FIND_IDS = 3


def finish(options: ImageOptions, cloud: t.Any, plan: Plan, outcome: Outcome, clock: Clock) -> dict[str, t.Any]:
    """Wait as wished and return the result; raises ActionFailed with backup, reason and ids."""
    backup, image, warnings = plan.context["backup"], plan.context["image"], list(plan.context["warnings"])
    job_id = None
    if plan.changed:
        if 0 in outcome.found:
            image = outcome.answers[0]
        else:
            job_id = outcome.answers[0]["job_id"]
    if image is not None and UNREAD not in image and image["name"] != options.name:
        raise TaskFailed(
            f"Another task or user made an image first: {taken_by(backup, image)}.",
            {"changed": False, **_result_so_far(options, backup, image)},
        )
    follower = ImageFollower(cloud, backup["id"], job_id, image)
    if not options.wait:
        look = TolerantPoll(lambda: follower.image is not None or follower.find() is not None)
        poll(look, clock.renewed(min(_SECONDS_TO_FIND_IDS, clock.left)), 0.5)
        return _told(options, backup, follower, warnings)
    look = TolerantPoll(follower.look)
    poll(
        with_progress(look, "images available", lambda: () if follower.ended else (1,), 1, clock),
        clock,
        options.poll_interval,
    )
    if job_id and not follower.ended and follower.image is None:
        with contextlib.suppress(CloudError):
            follower.find()
    problem = _problem(options, backup, follower, look, clock)
    if problem is None:
        return _told(options, backup, follower, warnings)
    fields = first_fields(outcome, look.trouble)
    fields["error_code"] = follower.error_code or fields["error_code"]
    raise TaskFailed(
        problem, {"changed": plan.changed, **_result_so_far(options, backup, follower.image, job_id), **fields}
    )


def _problem(
    options: ImageOptions, backup: Row, follower: ImageFollower, look: TolerantPoll, clock: Clock
) -> str | None:
    """Return what is wrong with an image that was followed, None when it is made."""
    if (follower.ended or follower.unread) and not follower.failed:
        return None
    job = f", job {follower.job_id}" if follower.job_id else ""
    named = f"image {describe_image(follower.image or {'name': options.name})} of backup {describe_backup(backup)}{job}"
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


def _told(options: ImageOptions, backup: Row, follower: ImageFollower, warnings: list[str]) -> dict[str, t.Any]:
    """Return the result of a task that succeeded, with a warning when the image could not be read."""
    image = follower.image
    if image is not None and follower.unread:
        if follower.job_id:
            said = (
                f"Image {options.name!r} ({image['id']}) of backup {describe_backup(backup)} was made, but it could not be read;"
                " what only the image service knows of it is null in the result."
            )
        else:
            said = (
                f"Backup {describe_backup(backup)} already has image {image['id']}, which could not be read."
                f" So its name was not compared with {options.name!r}, and no image was made."
            )
        warnings.append(f"{said} {follower.unread}")
    return {**_result_so_far(options, backup, image, follower.job_id), "warnings": warnings}


def _result_so_far(
    options: ImageOptions, backup: Row, image: Row | None, job_id: str | None = None
) -> dict[str, t.Any]:
    """Return an image as results show it; one that this task's job makes is as it was asked for until it is read."""
    known = planned_image(options, backup) if job_id or image is None else {}
    shape = image_result({**known, **(image or {})})
    return {"image_id": shape["id"], "image": shape}
