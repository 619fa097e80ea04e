# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image as results show it, and the meaning of its states.

Reference: Image Management Service, common_parameters/image_attributes.
"""

from __future__ import annotations

import re
import typing as t

from .times import format_time

if t.TYPE_CHECKING:
    from .rows import ImageRow

READY = "active"
#: Key of an image that could not be read; its value says why
UNREAD = "unread"
_DEAD = ("killed", "deleted")


def is_alive(row: ImageRow) -> bool:
    """Return whether an image is ready or being made."""
    return row.get("status") not in _DEAD


def unread_image(image_id: str, backup_id: str, reason: str) -> ImageRow:
    """Return the row of an image that could not be read."""
    return {"id": image_id, "__backup_id": backup_id, UNREAD: reason}


def image_result(row: ImageRow) -> dict[str, t.Any]:
    """Return an image as results show it. What is not known is null."""
    return {
        "id": row.get("id"),
        "name": row.get("name"),
        "description": row["__description"] or "" if "__description" in row else None,
        "status": row.get("status"),
        "backup_id": row.get("__backup_id"),
        "tags": dict(_split_tag(tag) for tag in sorted(row["tags"] or [])) if "tags" in row else None,
        "min_ram": _megabytes(row.get("min_ram")),
        "max_ram": _megabytes(row.get("max_ram")),
        "created_at": format_time(row.get("created_at")),
    }


def _split_tag(tag: str) -> tuple[str, str]:
    """Return key and value of a tag: key=value, or key.value as old ones have it. Neither sign is allowed in a key."""
    key, *value = re.split(r"[=.]", tag, maxsplit=1)
    return key, "".join(value)


def _megabytes(value: t.Any) -> int | None:
    """Return an amount of memory in MB, or None when there is none: the service then writes 0 or nothing."""
    try:
        return int(value) or None
    except (TypeError, ValueError):
        return None


def describe_image(row: ImageRow) -> str:
    """Return name and ID of an image for messages."""
    return f"{row.get('name')!r} ({row.get('id') or 'its id is not known'})"
