# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole-server images made from backups (Image Management Service)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from . import timing
from .model import Image, Item
from .rules import ApiError, clean_tags
from .state import State, new_id

NAME = re.compile(r"(?! )[A-Za-z0-9._ -]{1,128}(?<! )")
DESCRIPTION = re.compile(r"[^<>\r\n]{0,1024}")
PAGE = 500
FIELDS = {
    "name": str,
    "backup_id": str,
    "whole_image_type": str,
    "description": str,
    "image_tags": list,
    "min_ram": int,
    "max_ram": int,
}
# whole_image_type: how its service finds a backup, and its codes for a wrong status and for no system disk
SOURCES: dict[str, tuple[Callable[[State, str, str], Item], str, str]] = {
    "CSBS": (State.item, "CSBS.8001", "CSBS.8009"),
    "CBR": (
        lambda state, project_id, backup_id: state.cbr.backup(project_id, backup_id),
        "BackupService.6208",
        "BackupService.6209",
    ),
}


class ImageError(Exception):
    """An answer in the image service's own error shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message}}


def create(state: State, project_id: str, wish: Any) -> Image:
    """Start the job that makes an image of a backup."""
    _check(wish)
    try:
        tags = clean_tags(wish.get("image_tags") or [])
    except ApiError as problem:
        raise ImageError(400, "IMG.0116" if problem.code == "CSBS.7000" else "IMG.0115", problem.message) from None
    try:
        find_backup, wrong_status, no_system_disk = SOURCES[wish["whole_image_type"]]
        item = find_backup(state, project_id, wish["backup_id"])
        if item.status != "available":
            raise ApiError(wrong_status, f"{item.id} is {item.status}")
        if not any(part.bootable for part in item.volumes):
            raise ApiError(no_system_disk, item.id)
    except ApiError as problem:
        raise ImageError(problem.status, problem.code, problem.message) from None
    if item.image_id and item.image_id in state.images:
        raise ImageError(400, "IMG.0134", f"backup {item.id} already has image {item.image_id}")
    server = state.servers.get(item.resource_id)
    reason = None
    if server is not None:
        reason, server.fail_next_image = server.fail_next_image, None
    image = Image(
        id=new_id(),
        job_id=new_id().replace("-", ""),
        project_id=project_id,
        name=wish["name"],
        description=wish.get("description", ""),
        backup_id=item.id,
        tags=tags,
        created_at=state.now,
        ends_at=state.now,
        min_ram=wish.get("min_ram", 0),
        max_ram=wish.get("max_ram"),
        visible_at=state.visible_at(),
    )
    state.images[image.id] = state.jobs[image.job_id] = image
    item.image_id = image.id
    image.ends_at = state.after(timing.IMAGE, lambda at: _finish(state, image, reason, at))
    return image


def _check(wish: Any) -> None:
    problem = None
    if not isinstance(wish, dict):
        problem = "a JSON object is expected"
    else:
        wrong = [
            key
            for key, value in wish.items()
            if key not in FIELDS or not isinstance(value, FIELDS[key]) or isinstance(value, bool)
        ]
        missing = [key for key in ("name", "backup_id", "whole_image_type") if key not in wish]
        if wrong or missing:
            problem = f"wrong or missing: {', '.join(wrong + missing)}"
        elif wish["whole_image_type"] not in SOURCES:
            problem = f"whole_image_type must be {' or '.join(SOURCES)}"
        elif not NAME.fullmatch(wish["name"]):
            problem = "name"
        elif not DESCRIPTION.fullmatch(wish.get("description", "")):
            problem = "description"
        elif any(set(tag) != {"key", "value"} for tag in wish.get("image_tags", [])):
            problem = "image_tags"
    if problem:
        raise ImageError(400, "IMG.0001", problem)


def _finish(state: State, image: Image, reason: str | None, at: datetime) -> None:
    if image.job_status != "RUNNING":
        return
    image.ends_at = at
    item = state.any_backup(image.backup_id)
    if reason or item is None:
        image.job_status = "FAIL"
        image.fail_reason = reason or "the backup is gone"
        state.images.pop(image.id, None)
        if item is not None:
            item.image_id = None
        return
    image.job_status = "SUCCESS"
    image.status = "active"
    item.updated_at = at


def delete(state: State, project_id: str, image_id: str) -> None:
    """Delete an image; its backup is free again."""
    image = find(state, project_id, image_id)
    if image.job_status == "RUNNING":
        raise ImageError(400, "IMG.0090", "The image being created cannot be deleted.")
    del state.images[image.id]
    item = state.any_backup(image.backup_id)
    if item is not None and item.image_id == image_id:
        item.image_id = None


def listed(state: State, project_id: str, query: dict[str, str]) -> list[dict[str, Any]]:
    """One page of the images that fit a query, those in the making too, newest first; filters match exactly."""
    filters = {key: value for key, value in query.items() if key not in ("limit", "marker")}
    rows = [show(image) for image in state.shown(reversed(state.images.values()), project_id)]
    rows = [row for row in rows if all(str(row.get(key)) == value for key, value in filters.items())]
    marker, limit = query.get("marker"), query.get("limit", str(PAGE))
    if not limit.isdecimal():
        raise ImageError(400, "IMG.0001", "limit")
    start = 0
    if marker is not None:
        places = [place for place, row in enumerate(rows, start=1) if row["id"] == marker]
        if not places:
            raise ImageError(400, "IMG.0027", f"no image {marker}")
        start = places[0]
    return rows[start : start + int(limit)]


def find(state: State, project_id: str, image_id: str) -> Image:
    """An image of the project."""
    image = state.images.get(image_id)
    if image is None or image.project_id != project_id:
        raise ImageError(404, "IMG.0027", f"no image {image_id}")
    return image


def job(state: State, project_id: str, job_id: str) -> dict[str, Any]:
    """A job as the service prints it."""
    image = state.jobs.get(job_id)
    if image is None or image.project_id != project_id:
        raise ImageError(404, "IMG.0021", f"no job {job_id}")
    ended = image.job_status in ("SUCCESS", "FAIL")
    return {
        "job_id": image.job_id,
        "job_type": "imsCreateWholeImageByBackupJob",
        "status": image.job_status,
        "begin_time": f"{image.created_at.isoformat(timespec='milliseconds')}Z",
        "end_time": f"{image.ends_at.isoformat(timespec='milliseconds')}Z" if ended else None,
        "error_code": "IMG.0100" if image.job_status == "FAIL" else None,
        "fail_reason": image.fail_reason,
        "entities": {"image_name": image.name, "image_id": image.id} if image.job_status == "SUCCESS" else {},
    }


def show(image: Image) -> dict[str, Any]:
    """An image as the service prints it."""
    return {
        "id": image.id,
        "name": image.name,
        "status": image.status,
        "__description": image.description,
        "__whole_image": "true",
        "__backup_id": image.backup_id,
        "__imagetype": "private",
        "__isregistered": "true",
        "min_ram": image.min_ram,
        **({} if image.max_ram is None else {"max_ram": str(image.max_ram)}),
        "visibility": "private",
        "owner": image.project_id,
        "created_at": f"{image.created_at.isoformat(timespec='seconds')}Z",
        "tags": [f"{key}={value}" for key, value in image.tags.items()],
    }
