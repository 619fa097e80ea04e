# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup as results show it, and what its states mean."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .numbers import whole_number
from .tags import tags_as_dict
from .times import format_time, parse_time

USABLE = frozenset({"available", "waiting_restore", "restoring"})
IN_PROGRESS = frozenset({"waiting_protect", "protecting"})
BEING_DELETED = frozenset({"waiting_delete", "deleting"})
# A name never means one of these when a usable backup has it too.
UNUSABLE = BEING_DELETED | {"deleted", "error"}


def backup_result(raw: dict[str, t.Any], names: t.Mapping[str, str] | None = None) -> dict[str, t.Any]:
    """Return a backup in the one shape of results, from the service's checkpoint item.

    What is not known yet is null, so a backup that is only planned has the same keys. names holds the names that servers
    have now, by id; where it has none, the name stands that the server had when it was backed up.
    """
    info = raw.get("extend_info") or {}
    server_name = (names or {}).get(raw.get("resource_id") or "") or info.get("resource_name")
    return {
        "id": raw.get("id"),
        "checkpoint_id": raw.get("checkpoint_id"),
        "name": raw.get("name"),
        "description": raw.get("description") or "",
        "status": raw.get("status"),
        "server": {"id": raw.get("resource_id"), "name": server_name},
        "tags": tags_as_dict(raw.get("tags")),
        "created_at": format_time(raw.get("created_at")),
        "protected_at": format_time(raw.get("protected_at")),
        "finished_at": format_time(info.get("finished_at")),
        "expired_at": format_time(raw.get("expired_at")),
        "auto_trigger": _flag(info.get("auto_trigger")),
        "incremental": _flag(info.get("incremental")),
        "instant_restore": _flag(info.get("support_lld")),
        # Progress lags behind; the end is the status.
        "progress": 100 if raw.get("status") == "available" else whole_number(info.get("progress")),
        "size_mb": size_of(raw),
        "image_type": info.get("image_type"),
        "availability_zone": info.get("resource_az"),
        "images": [image["image_id"] for image in info.get("os_images_data") or [] if image.get("image_id")],
        "fail_reason": fail_reason(raw) or None,
        "volumes": [_volume(one) for one in info.get("volume_backups") or []],
    }


def _volume(raw: dict[str, t.Any]) -> dict[str, t.Any]:
    return {
        "id": raw.get("id"),
        "status": raw.get("status"),
        "volume_id": raw.get("source_volume_id"),
        "volume_name": raw.get("source_volume_name"),
        "volume_size_gb": whole_number(raw.get("source_volume_size")),
        "bootable": _flag(raw.get("bootable")),
        "size_mb": whole_number(raw.get("size")),
    }


def _flag(value: t.Any) -> bool | None:
    return None if value is None or value == "" else str(value).lower() == "true"


def fail_reason(raw: dict[str, t.Any]) -> str:
    """Return why a backup failed, in the service's words; empty when it did not."""
    info = raw.get("extend_info") or {}
    code = info.get("fail_code")
    code = code if isinstance(code, dict) else {"Description": code}
    words = dict.fromkeys(str(text).strip() for text in (info.get("fail_reason"), code.get("Description")) if text)
    said = "; ".join(words)
    return f"{said} (code {code['Code']})" if code.get("Code") else said


def recovery_point(raw: dict[str, t.Any]) -> datetime | None:
    """Return the point in time that a backup holds: protected_at, or created_at where the service does not tell."""
    return parse_time(raw.get("protected_at")) or parse_time(raw.get("created_at"))


def size_of(raw: dict[str, t.Any]) -> int | None:
    """Return the size of a backup in MB, None where the service does not tell."""
    return whole_number((raw.get("extend_info") or {}).get("size"))


def newest(rows: t.Iterable[dict[str, t.Any]]) -> dict[str, t.Any] | None:
    """Return the backup with the latest recovery point, None for an empty list."""
    dated = [(recovery_point(row), row) for row in rows]
    known = [(moment, row) for moment, row in dated if moment is not None]
    if known:
        return max(known, key=lambda pair: pair[0])[1]
    return dated[0][1] if dated else None


def describe_backup(raw: dict[str, t.Any]) -> str:
    """Return how messages speak of a backup: its name, its server and its id, or its record's while it has none."""
    info = raw.get("extend_info") or {}
    known_by = raw.get("id") or f"record {raw.get('checkpoint_id')}"
    return f"{raw.get('name')!r} of server {(info.get('resource_name') or raw.get('resource_id'))!r} ({known_by})"
