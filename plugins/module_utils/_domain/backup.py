# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup as results show it, and the meaning of its states and times."""

from __future__ import annotations

import typing as t
from datetime import datetime

from .numbers import whole_number
from .tags import tags_as_dict
from .times import format_time, parse_time

if t.TYPE_CHECKING:
    from .rows import BackupRow

USABLE = frozenset({"available", "waiting_restore", "restoring"})
IN_PROGRESS = frozenset({"waiting_protect", "protecting"})
BEING_DELETED = frozenset({"waiting_delete", "deleting"})
#: A name never means a backup in one of these states when a usable backup has the name too
UNUSABLE = BEING_DELETED | {"deleted", "error"}


def backup_result(raw: BackupRow, names: t.Mapping[str, str] | None = None) -> dict[str, t.Any]:
    """Return a backup in the one shape of results, from the service's checkpoint item.

    What is not known is None, so a backup that is only planned has the same keys. names holds the present names of
    servers by ID; a server that is not in it has the name from the time of the backup.
    """
    info = raw.get("extend_info") or {}
    vault = raw.get("vault")
    return {
        "id": raw.get("id"),
        "checkpoint_id": raw.get("checkpoint_id"),
        "name": raw.get("name"),
        "description": raw.get("description") or "",
        "status": raw.get("status"),
        "server": {
            "id": raw.get("resource_id"),
            "name": (names or {}).get(raw.get("resource_id") or "") or info.get("resource_name"),
        },
        "vault": None if vault is None else {"id": vault["id"], "name": vault["name"]},
        "tags": tags_as_dict(raw.get("tags")),
        "created_at": format_time(raw.get("created_at")),
        "protected_at": format_time(raw.get("protected_at")),
        "finished_at": format_time(info.get("finished_at")),
        "expired_at": format_time(raw.get("expired_at")),
        "auto_trigger": is_automatic(raw),
        "incremental": _flag(info.get("incremental")),
        "instant_restore": _flag(info.get("support_lld")),
        # The service's progress lags behind its status.
        "progress": 100 if raw.get("status") == "available" else whole_number(info.get("progress")),
        "size_mb": size_of(raw),
        "image_type": info.get("image_type"),
        "availability_zone": info.get("resource_az"),
        "images": images_of(raw),
        "fail_reason": fail_reason(raw) or None,
        "volumes": [_volume_result(volume) for volume in info.get("volume_backups") or []],
    }


def _volume_result(raw: dict[str, t.Any]) -> dict[str, t.Any]:
    return {
        "id": raw.get("id"),
        "status": raw.get("status"),
        "volume_id": raw.get("source_volume_id"),
        "volume_name": raw.get("source_volume_name"),
        "volume_size_gb": whole_number(raw.get("source_volume_size")),
        "bootable": _flag(raw.get("bootable")),
        "size_mb": whole_number(raw.get("size")),
    }


def is_automatic(raw: BackupRow) -> bool | None:
    """Return whether the schedule of a policy made a backup, None where the service does not say."""
    return _flag((raw.get("extend_info") or {}).get("auto_trigger"))


def images_of(raw: BackupRow) -> list[str]:
    """Return the IDs of the images that were made of a backup and hold it."""
    images = (raw.get("extend_info") or {}).get("os_images_data") or []
    return [image["image_id"] for image in images if image.get("image_id")]


def _flag(value: t.Any) -> bool | None:
    """Return a boolean of the service, which may come as text; None when it is not given."""
    return None if value is None or value == "" else str(value).lower() == "true"


def fail_reason(raw: BackupRow) -> str:
    """Return why a backup failed, in the service's words; an empty text when it did not."""
    info = raw.get("extend_info") or {}
    code = info.get("fail_code")
    code = code if isinstance(code, dict) else {"Description": code}
    # Both fields often hold the same text.
    texts = dict.fromkeys(str(text).strip() for text in (info.get("fail_reason"), code.get("Description")) if text)
    reason = "; ".join(texts)
    return f"{reason} (code {code['Code']})" if code.get("Code") else reason


def recovery_point(raw: BackupRow) -> datetime | None:
    """Return the point in time whose data a backup holds: protected_at, or else created_at; None without both."""
    return parse_time(raw.get("protected_at")) or parse_time(raw.get("created_at"))


def size_of(raw: BackupRow) -> int | None:
    """Return the size of a backup in MB, None when the service does not give it."""
    return whole_number((raw.get("extend_info") or {}).get("size"))


def newest(rows: t.Iterable[BackupRow]) -> BackupRow | None:
    """Return the backup with the latest recovery point, None for an empty list; one without a point comes last."""
    dated = [(recovery_point(row), row) for row in rows]
    known = [(moment, row) for moment, row in dated if moment is not None]
    if known:
        return max(known, key=lambda pair: pair[0])[1]
    return dated[0][1] if dated else None


def by_server(rows: t.Iterable[BackupRow]) -> dict[str, list[BackupRow]]:
    """Return backups by the ID of their server."""
    found: dict[str, list[BackupRow]] = {}
    for row in rows:
        found.setdefault(row["resource_id"], []).append(row)
    return found


def describe_backup(raw: BackupRow) -> str:
    """Return how messages name a backup: its name, its server and its ID, or its checkpoint's ID while it has none."""
    info = raw.get("extend_info") or {}
    identity = raw.get("id") or f"checkpoint {raw.get('checkpoint_id')}"
    return f"{raw.get('name')!r} of server {(info.get('resource_name') or raw.get('resource_id'))!r} ({identity})"
