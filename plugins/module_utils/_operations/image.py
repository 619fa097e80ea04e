# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_image: its options, the backup and image that it reads, and the wait for the image.

A backup has at most one image; the service refuses to make a second one. When the job succeeded with an image ID, the
image is made, whatever can be read of it afterwards.
"""

from __future__ import annotations

import contextlib
import re
import typing as t

from .._cloud.find_image import find_image, find_usable_backup
from .._domain.backup import describe_backup
from .._domain.errors import CloudError, InvalidInput, TaskFailed
from .._domain.image import READY, UNREAD
from .._domain.limits import check_positive
from .._domain.selection import parse_refs
from .._domain.tag_option import parse_tags
from .._domain.tags import tags_as_list
from .._plans.image import (
    ImageContext,
    ImageOptions,
    check_not_blocked,
    check_still_suitable,
    explain_other_name,
    has_other_name,
    plan_image,
    planned_image,
    result_of,
)

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, ImageRow
    from .._execution.clock import Clock
    from .._plans.plan import Outcome, Plan

_MAX_DESCRIPTION = 1024


# ========== Options ==========
def parse_options(params: dict[str, t.Any]) -> ImageOptions:
    """Return the options of csbs_image in normal form. Raises InvalidInput.

    Reference: Image Management Service, common_parameters/image_attributes and image_tag_format.
    """
    (backup,) = parse_refs("backup", [params["backup"]]) or [""]
    _check_name(params["name"])
    _check_description(params["description"])
    _check_memory(params["min_ram"], params["max_ram"])
    tags = parse_tags("tags", params["tags"]) or {}
    attrs = {
        "description": params["description"],
        "image_tags": tags_as_list(tags) or None,
        "min_ram": params["min_ram"],
        "max_ram": params["max_ram"],
    }
    given = {field: value for field, value in attrs.items() if value is not None}
    return ImageOptions(backup, params["name"], given, tags, params["wait"], params["poll_interval"])


def _check_name(name: str) -> None:
    if not re.fullmatch(r"(?! )[A-Za-z0-9._ -]{1,128}(?<! )", name):
        raise InvalidInput(
            f"name: {name!r} is not a valid image name; it must have 1 to 128 letters, digits, hyphens, periods,"
            " underscores and spaces, and must not begin or end with a space"
        )


def _check_description(description: str | None) -> None:
    if description is None:
        return
    if len(description) > _MAX_DESCRIPTION:
        raise InvalidInput(
            f"description: it has {len(description)} characters; the description of an image can have at most"
            f" {_MAX_DESCRIPTION}"
        )
    if re.search(r"[<>\r\n]", description):
        raise InvalidInput(f"description: {description!r} must not contain '<', '>' or line breaks")


def _check_memory(min_ram: int | None, max_ram: int | None) -> None:
    if min_ram is not None:
        check_positive("min_ram", min_ram, zero=True)
    if max_ram is not None:
        check_positive("max_ram", max_ram)
    if min_ram is not None and max_ram is not None and min_ram > max_ram:
        raise InvalidInput(f"min_ram: {min_ram} is more than max_ram, {max_ram}")


# ========== Plan ==========
def plan(options: ImageOptions, cloud: Cloud) -> Plan[ImageContext]:
    """Read the backup and its image, and return the plan after which it has the wanted one.

    Raises InvalidInput when it has an image of another name, or when no image can be made of it.
    """
    backup = find_usable_backup(options.backup, cloud)
    image, not_listed = None, None
    try:
        image = find_image(backup, cloud)
    except CloudError as error:
        not_listed = error
    return plan_image(options, backup, image, not_listed, _find_made, _find_blocking)


def _find_made(operation: str, backup_id: str, cloud: Cloud) -> ImageRow | None:
    """Return the image of a backup after the answer was lost, None while there is none. Raises FinalError."""
    return _find_now(operation, cloud.backup(backup_id), cloud)


def _find_blocking(operation: str, backup_id: str, cloud: Cloud) -> ImageRow | None:
    """Return the image of a backup after the service refused to make one, None while there is none.

    Raises FinalError when no image can be made any more.
    """
    backup = cloud.backup(backup_id)
    image = _find_now(operation, backup, cloud)
    if image is None and backup is not None:
        check_not_blocked(operation, backup)
    return image


def _find_now(operation: str, backup: BackupRow | None, cloud: Cloud) -> ImageRow | None:
    if backup is not None:
        # Images that cannot be listed count as none: the service itself refuses a second image of the backup.
        with contextlib.suppress(CloudError):
            image = find_image(backup, cloud)
            if image is not None:
                return image
    check_still_suitable(operation, backup)
    return None


# ========== Wait and result ==========
def finish(
    options: ImageOptions, cloud: Cloud, plan: Plan[ImageContext], outcome: Outcome, clock: Clock
) -> dict[str, t.Any]:
    """Wait for the image, if the options say so, and return the result. Raises TaskFailed."""
    image, job_id = plan.context.image, None
    if plan.changed and 0 in outcome.found:
        image = outcome.answers[0]
    elif plan.changed:
        job_id = outcome.answers[0]["job_id"]
    if image is not None:
        if has_other_name(options, image):
            raise TaskFailed(
                f"Another task or user made an image first: {explain_other_name(plan.context.backup, image)}.",
                {"changed": False, **result_of(image)},
            )
        if UNREAD in image or image["status"] == READY:
            return _result(options, plan.context, image, None)
    # Loaded here, because an image that is ready needs no wait.
    from .._execution.image import ImageFollower, explain_ending
    from .._execution.watch import first_fields, follow, join_problems

    follower = ImageFollower(cloud, plan.context.backup["id"], job_id, image)
    ending = follow(follower, options, clock, "images available", 1)
    if options.wait and follower.image is None and not follower.ended:
        # The message must name the image if it can.
        with contextlib.suppress(CloudError):
            follower.find_ids()
    problems = explain_ending(options.name, plan.context.backup, follower, ending)
    if problems:
        fields = first_fields(outcome, ending.unseen)
        fields["error_code"] = follower.error_code or fields["error_code"]
        shown = result_of(_as_known(options, plan.context, follower.image, job_id))
        raise TaskFailed(join_problems(problems), {"changed": plan.changed, **shown, **fields})
    return _result(options, plan.context, follower.image, job_id)


def _result(
    options: ImageOptions, context: ImageContext, image: ImageRow | None, job_id: str | None
) -> dict[str, t.Any]:
    """Return the result of a task that succeeded, with a warning when the image could not be read."""
    warnings = list(context.warnings)
    if image is not None and UNREAD in image:
        backup = describe_backup(context.backup)
        if job_id:
            said = (
                f"Image {options.name!r} ({image['id']}) of backup {backup} was made, but it could not be read;"
                " what only the image service knows of it is null in the result."
            )
        else:
            said = (
                f"Backup {backup} already has image {image['id']}, which could not be read. So its name was not"
                f" compared with {options.name!r}, and no image was made."
            )
        warnings.append(f"{said} {image[UNREAD]}")
    return {**result_of(_as_known(options, context, image, job_id)), "warnings": warnings}


def _as_known(options: ImageOptions, context: ImageContext, image: ImageRow | None, job_id: str | None) -> ImageRow:
    """Return an image as far as it is known; what cannot be read of a new image is what the options ask for."""
    is_new = job_id is not None or image is None
    return {**(planned_image(options, context.backup) if is_new else {}), **(image or {})}
