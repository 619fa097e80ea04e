# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has the tags of a backup or policy: CSBS tags policies themselves, CBR tags their vaults."""

from __future__ import annotations

import typing as t

from .errors import InvalidInput
from .selection import is_id
from .services import rules_of
from .tags import tags_as_dict

if t.TYPE_CHECKING:
    from .rows import BackupRow, PolicyRow, TagRow, VaultRow


class Carrier(t.NamedTuple):
    """What has the tags of a backup or policy: that itself, or a vault of the policy; vault is the name of a vault."""

    resource_type: str
    id: str
    vault: str | None
    tags: dict[str, str]


def check_resource_type(params: dict[str, t.Any]) -> str:
    """Return the option resource_type. Raises InvalidInput when the service keeps no tags on such resources."""
    resource_type: str = params["resource_type"]
    rules = rules_of(params)
    if resource_type == "backup" and not rules.backup_tags:
        raise InvalidInput(
            f"resource_type: {rules.title} keeps no tags on backups. What to do: tag policies (resource_type: policy),"
            " and say in the name or description of a backup what it is for"
        )
    return resource_type


def carriers_of(resource_type: str, row: BackupRow | PolicyRow) -> list[Carrier]:
    """Return what has the tags of a backup or policy: its vaults where it has vaults, else itself."""
    vaults = vaults_of(row)
    if vaults is None:
        return [Carrier(resource_type, row["id"], None, tags_as_dict(row["tags"]))]
    return [
        Carrier("vault", str(vault["id"]), vault["name"], tags_as_dict(without_marks(vault["tags"])))
        for vault in vaults
    ]


def vaults_of(row: BackupRow | PolicyRow) -> list[VaultRow] | None:
    """Return the vaults whose tags are those of a policy, None for what has tags itself."""
    return t.cast("PolicyRow", row).get("vaults")


def without_marks(tags: t.Iterable[TagRow] | None) -> list[TagRow]:
    """Return the tags of a vault that are a user's.

    A tag whose key is the ID of a server marks a server on its way into the vault, and is nobody's.
    """
    return [tag for tag in tags or () if not is_id(tag["key"])]


def shared_tags(each: t.Sequence[t.Mapping[str, str]]) -> dict[str, str]:
    """Return the tags that all carriers have: those of a policy with several vaults."""
    return {
        key: value for key, value in (each[0] if each else {}).items() if all(tags.get(key) == value for tags in each)
    }
