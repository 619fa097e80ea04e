# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option vault: what a vault that a task makes is like."""

from __future__ import annotations

import math
import re
import typing as t

from .errors import InvalidInput
from .limits import check_range

MAX_VAULT_NAME = 64
#: GB
MIN_SIZE_GB = 10
MAX_SIZE_GB = 10485760
_MAX_DESCRIPTION = 64


class VaultOptions(t.NamedTuple):
    """What a vault that a task makes is like. name None is that of the policy; size_gb None is by size_factor."""

    name: str | None = None
    size_gb: int | None = None
    size_factor: float = 2.0
    auto_expand: bool = True
    description: str | None = None


#: As users get them who say nothing
USUAL = VaultOptions()
#: A vault for servers that have left their policy: only as large as their disks
PARKING = VaultOptions(size_factor=1.0, auto_expand=False)


def parse_vault_option(params: dict[str, t.Any]) -> tuple[VaultOptions, list[str]]:
    """Return the options of new vaults, and notes for users; params are the options of the module.

    Raises InvalidInput that names the suboption, the value and the rule.
    """
    given = {key: value for key, value in (params.get("vault") or {}).items() if value is not None}
    if "name" in given:
        check_vault_name("vault.name", given["name"])
    check_range("vault.size_gb", given.get("size_gb"), MIN_SIZE_GB, MAX_SIZE_GB)
    factor = given.get("size_factor")
    if factor is not None and not (1 <= factor < math.inf):
        raise InvalidInput(
            f"vault.size_factor: {factor:g} is out of range; it must be 1 or more, because a vault must have room for"
            " the disks of all its servers"
        )
    description = params.get("description")
    notes = []
    if description:
        notes.append(
            "Policies of CBR have no description: it becomes the description of the vaults that the task makes, cut to"
            f" {_MAX_DESCRIPTION} characters, and is never compared or changed"
        )
        given["description"] = description[:_MAX_DESCRIPTION]
    return VaultOptions(**given), notes


def check_vault_name(option: str, name: str) -> str:
    """Return a name that a vault can have. Raises InvalidInput."""
    if not re.fullmatch(rf"[A-Za-z0-9_-]{{1,{MAX_VAULT_NAME}}}", name):
        raise InvalidInput(
            f"{option}: {name!r} is not a valid name of a vault; it has 1 to {MAX_VAULT_NAME} letters, digits, hyphens"
            " and underscores"
        )
    return name
