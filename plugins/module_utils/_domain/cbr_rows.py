# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CBR says of an object as the rows that operations and plans read: those of CSBS, and vaults."""

from __future__ import annotations

import re
import typing as t

from .cbr_policy import reported_definition
from .limits import SERVER_TYPE
from .numbers import whole_number
from .tag_carriers import shared_tags, without_marks
from .tags import tags_as_dict, tags_as_list

if t.TYPE_CHECKING:
    from .rows import BackupRow, MemberRow, PolicyRow, Row, TagRow, VaultRef, VaultRow

# The status of a member that is being taken out of its vault
_LEAVING = "removing"
# Names that the service gives to the backups of a schedule, where it does not say who made them
_AUTOMATIC_NAME = re.compile(r"autobk_")


def vault_row(raw: Row) -> VaultRow:
    """Return a vault. Raises KeyError when a field is missing that every vault has."""
    billing = raw["billing"]
    return {
        "id": raw["id"],
        "name": raw["name"],
        "description": raw.get("description") or None,
        "size_gb": int(billing["size"]),
        "allocated_gb": whole_number(billing.get("allocated")) or 0,
        "used_mb": whole_number(billing.get("used")) or 0,
        "status": str(billing.get("status") or "available"),
        "members": [
            {
                "id": member["id"],
                "name": member.get("name") or None,
                "disks_gb": whole_number(member.get("size")) or 0,
                "backups_mb": whole_number(member.get("backup_size")) or 0,
                "has_backups": _may_have_backups(member),
                "leaving": member.get("protect_status") == _LEAVING,
            }
            for member in raw.get("resources") or []
        ],
        "tags": raw.get("tags"),
        "created_at": raw.get("created_at"),
        "auto_expand": raw.get("auto_expand"),
        "locked": raw.get("locked"),
    }


def _may_have_backups(member: Row) -> bool:
    """Return whether a member of a vault has backups there, or may have some because it is at work."""
    counted = (whole_number(member.get(field)) for field in ("backup_count", "backup_size"))
    return any(counted) or member.get("protect_status") not in (None, "available", _LEAVING)


def policy_row(raw: Row, vaults: list[VaultRow]) -> PolicyRow:
    """Return a policy with the vaults that it is applied to; its servers are their members."""
    operation: Row = {
        "id": raw["id"],
        "enabled": raw.get("enabled"),
        "operation_definition": reported_definition(raw.get("operation_definition") or {}),
        "trigger": {"properties": (raw.get("trigger") or {}).get("properties") or {}},
    }
    return {
        "id": raw["id"],
        "name": raw["name"],
        "description": "",
        "resources": [member for vault in vaults for member in members_of_vault(vault)],
        "scheduled_operations": [operation],
        "tags": common_tags(vaults),
        "created_at": raw.get("created_at"),
        "start_time": operation["trigger"]["properties"].get("start_time"),
        "vaults": vaults,
    }


def place_row(vault: VaultRow) -> PolicyRow:
    """Return a vault without a policy in the shape of a policy, as a place that a server may have to leave."""
    return {"id": vault["id"] or "", "name": vault["name"], "resources": members_of_vault(vault), "vaults": [vault]}


def members_of_vault(vault: VaultRow) -> list[MemberRow]:
    """Return the members of a vault as servers of a policy."""
    return [{"id": member["id"], "type": SERVER_TYPE, "name": member["name"]} for member in vault["members"]]


def common_tags(vaults: t.Sequence[VaultRow]) -> list[TagRow] | None:
    """Return the tags that all vaults have, None when those of a vault are not known."""
    if any(vault["tags"] is None for vault in vaults):
        return None
    return tags_as_list(shared_tags([tags_as_dict(without_marks(vault["tags"])) for vault in vaults]))


def backup_row(raw: Row, vault_names: t.Mapping[str, str | None]) -> BackupRow:
    """Return a backup of a server; vault_names are by ID. Its disks are known only where it was read by its ID."""
    info = raw.get("extend_info") or {}
    automatic = info.get("auto_trigger")
    if automatic in (None, ""):
        automatic = bool(_AUTOMATIC_NAME.match(str(raw.get("name") or "")))
    vault: VaultRef = {"id": raw["vault_id"], "name": vault_names.get(raw["vault_id"])}
    return {
        "id": raw["id"],
        "checkpoint_id": raw["checkpoint_id"],
        "resource_id": raw["resource_id"],
        "status": raw["status"],
        "name": raw.get("name"),
        "description": raw.get("description") or "",
        # Backups of CBR have no tags.
        "tags": [],
        "created_at": raw.get("created_at"),
        "protected_at": raw.get("protected_at"),
        "expired_at": raw.get("expired_at"),
        "updated_at": raw.get("updated_at"),
        "vault": vault,
        "extend_info": {
            "auto_trigger": automatic,
            "incremental": info.get("incremental"),
            "support_lld": info.get("support_lld"),
            "progress": info.get("progress"),
            "resource_name": raw.get("resource_name"),
            "resource_az": raw.get("resource_az"),
            "image_type": raw.get("image_type"),
            "os_images_data": info.get("os_images_data"),
            "volume_backups": [_disk_row(child) for child in raw.get("children") or []],
        },
    }


def _disk_row(raw: Row) -> Row:
    info = raw.get("extend_info") or {}
    return {
        "id": raw.get("id"),
        "status": raw.get("status"),
        "source_volume_id": raw.get("resource_id"),
        "source_volume_name": raw.get("resource_name"),
        "source_volume_size": raw.get("resource_size"),
        "bootable": info.get("bootable"),
    }
