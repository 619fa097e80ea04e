# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image as results show it, and what its states mean.

Reference: Image Management Service, common_parameters/image_attributes.
"""

from __future__ import annotations

import re
import typing as t

from .times import format_time

READY = "active"
#: Key of an image that could not be read; its value says why
UNREAD = "unread"
_DEAD = ("killed", "deleted")
# Tags come as key=value, old ones as key.value; neither sign is allowed in a key.
_TAG = re.compile(r"[=.]")


def is_alive(raw: dict[str, t.Any]) -> bool:
    """Return whether an image is ready or in the making."""
    return raw.get("status") not in _DEAD


def unread_image(image_id: str, backup_id: str, reason: str) -> dict[str, t.Any]:
    """Return what is known of an image that could not be read for a reason."""
    return {"id": image_id, "__backup_id": backup_id, UNREAD: reason}


def image_result(raw: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return an image in the one shape of results, from the image service's answer; what is not known is null."""
    return {
        "id": raw.get("id"),
        "name": raw.get("name"),
        "description": raw["__description"] or "" if "__description" in raw else None,
        "status": raw.get("status"),
        "backup_id": raw.get("__backup_id"),
        "tags": dict(_tag(text) for text in sorted(raw["tags"] or [])) if "tags" in raw else None,
        "min_ram": _megabytes(raw.get("min_ram")),
        "max_ram": _megabytes(raw.get("max_ram")),
        "created_at": format_time(raw.get("created_at")),
    }


def _tag(text: str) -> tuple[str, str]:
    key, *value = _TAG.split(text, maxsplit=1)
    return key, "".join(value)


def _megabytes(value: t.Any) -> int | None:
    """Return an amount of memory as a number; none is written as 0, as nothing, or left out."""
    try:
        return int(value) or None
    except (TypeError, ValueError):
        return None


def describe_image(raw: dict[str, t.Any]) -> str:
    """Return how messages speak of an image: its name and its id."""
    return f"{raw.get('name')!r} ({raw.get('id') or 'its id is not known'})"
