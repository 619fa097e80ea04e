# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults of CBR: which vault takes which server, and how large it must be."""

from __future__ import annotations

import math
import typing as t

from .errors import InvalidInput
from .vault_option import MAX_SIZE_GB, MAX_VAULT_NAME, MIN_SIZE_GB, VaultOptions

if t.TYPE_CHECKING:
    from .rows import MemberRow, VaultMemberRow, VaultRow

MAX_MEMBERS = 256
_MB_PER_GB = 1024
_PARKED = "-parked"
# Characters of the number in a name: -0002
_SUFFIX = 5


class Step(t.NamedTuple):
    """What happens to one vault when servers join: it is made (vault has no ID), or gets a size, and takes servers."""

    vault: VaultRow
    #: The size (GB) that the vault is to have, None when it stays
    size_gb: int | None
    joining: tuple[VaultMemberRow, ...]
    #: Whether auto_expand is to be switched on, with which no vault can be created
    auto_expand: bool

    @property
    def changes_vault(self) -> bool:
        """Whether the vault must change before it takes the servers."""
        return self.size_gb is not None or self.auto_expand


def place(
    vaults: t.Sequence[VaultRow],
    joining: t.Sequence[VaultMemberRow],
    name: str,
    options: VaultOptions,
    taken: t.Collection[str] = (),
) -> list[Step]:
    """Return which vault takes which server, with the vaults that must grow or be made.

    vaults are those of the policy. name is that of the first vault that is made; the next ones are numbered. taken are
    names that no new vault may have. A server goes into the first vault with room in members and size, or else into
    the first with room in members, which grows, or else into a new one. No vault shrinks. Raises InvalidInput when
    size_gb is too small for the servers of a new vault.

    A vault that has the name of a new one, and holds nothing, may have been left by a run that was killed right after
    it made it. So it gets auto_expand as a new one does.
    """
    places = [_Place(vault) for vault in vaults]
    names = _free_names(name, {*taken, *(vault["name"] for vault in vaults)})
    for server in joining:
        found = next((place for place in places if place.has_room_for(server)), None)
        if found is None:
            found = next((place for place in places if place.has_place), None)
        if found is None:
            found = _Place(_new_vault(next(names), options))
            places.append(found)
        found.take(server)
    return [step for place in places if (step := place.step(name, options)) is not None]


class _Place:
    """A vault while servers are put into it."""

    def __init__(self, vault: VaultRow) -> None:
        self.vault, self.joining = vault, list[t.Any]()
        self._disks_gb = max(vault["allocated_gb"], sum(member["disks_gb"] for member in vault["members"]))
        self._used_mb = vault["used_mb"] or 0
        self._grows = vault["id"] is None

    @property
    def has_place(self) -> bool:
        """Whether one more server may be a member; a vault that others delete takes none."""
        usable = self.vault["status"] in ("available", "lock")
        return usable and len(self.vault["members"]) + len(self.joining) < MAX_MEMBERS

    def has_room_for(self, server: VaultMemberRow) -> bool:
        """Return whether a server fits with its disks and its backups."""
        size_gb = self.vault["size_gb"]
        disks_fit = self._disks_gb + server["disks_gb"] <= size_gb
        backups_fit = self._used_mb + server["backups_mb"] <= size_gb * _MB_PER_GB
        return self.has_place and (self._grows or (disks_fit and backups_fit))

    def take(self, server: VaultMemberRow) -> None:
        self._grows = self._grows or not self.has_room_for(server)
        self.joining.append(server)
        self._disks_gb += server["disks_gb"]
        self._used_mb += server["backups_mb"]

    def step(self, name: str, options: VaultOptions) -> Step | None:
        if not self.joining:
            return None
        is_new = self.vault["id"] is None
        size = self.vault["size_gb"]
        if self._grows and not (is_new and options.size_gb is not None):
            size = max(size, size_for(self._disks_gb, self._used_mb, options.size_factor))
        if is_new and options.size_gb is not None and size < self._disks_gb:
            raise InvalidInput(
                f"vault.size_gb: {size} GB is less than the disks of the servers in vault {self.vault['name']!r},"
                f" {self._disks_gb} GB. What to do: give at least {self._disks_gb}, or leave vault.size_gb out"
            )
        if size > MAX_SIZE_GB:
            raise InvalidInput(
                f"vault: vault {self.vault['name']!r} would have {size} GB; the service allows {MAX_SIZE_GB} GB"
            )
        changed = is_new or size > self.vault["size_gb"]
        is_as_made = is_new or (
            self.vault.get("auto_expand") is False and is_unused(self.vault) and is_vault_of(self.vault["name"], name)
        )
        return Step(
            self.vault, size if changed else None, tuple(self.joining), auto_expand=options.auto_expand and is_as_made
        )


def size_for(disks_gb: int, used_mb: int, factor: float) -> int:
    """Return the size (GB) of a vault for so many GB of disks and MB of backups."""
    return max(MIN_SIZE_GB, math.ceil(disks_gb * factor), math.ceil(used_mb / _MB_PER_GB))


def _new_vault(name: str, options: VaultOptions) -> VaultRow:
    return {
        "id": None,
        "name": name,
        "description": options.description,
        "size_gb": options.size_gb or 0,
        "allocated_gb": 0,
        "used_mb": 0,
        "status": "available",
        "members": [],
        "tags": None,
    }


def _free_names(name: str, taken: t.Collection[str]) -> t.Iterator[str]:
    """Yield NAME, NAME-0002, NAME-0003 ..., as far as no vault has the name; long names are cut for the number."""
    number = 1
    while True:
        suffix = "" if number == 1 else f"-{number:04d}"
        candidate = name[: MAX_VAULT_NAME - len(suffix)] + suffix
        if candidate not in taken:
            yield candidate
        number += 1


def is_vault_of(vault_name: str, name: str) -> bool:
    """Return whether a vault has a name that vaults get which are made as name: itself, NAME-0002, NAME-0003 ..."""
    base, suffix = vault_name[:-_SUFFIX], vault_name[-_SUFFIX:]
    numbered = suffix.startswith("-") and suffix[1:].isdecimal() and base == name[: MAX_VAULT_NAME - _SUFFIX]
    return vault_name == name or numbered


def parked_name(name: str) -> str:
    """Return the name of the vault for the servers that have left a policy and have backups."""
    return name[: MAX_VAULT_NAME - len(_PARKED)] + _PARKED


def names_in_use(bound: t.Iterable[VaultRow], loose: t.Iterable[VaultRow]) -> set[str]:
    """Return the names that a new vault must not have; bound are the vaults of other policies, loose those of none.

    A loose one that holds nothing may have been left by a run that was killed. It is taken again.
    """
    return {vault["name"] for vault in bound} | {vault["name"] for vault in loose if not is_unused(vault)}


def is_unused(vault: VaultRow) -> bool:
    """Return whether a vault holds nothing."""
    return not vault["members"] and not vault["used_mb"] and vault["status"] in ("available", "lock")


def joining_members(servers: t.Iterable[MemberRow], others: t.Iterable[VaultRow]) -> list[VaultMemberRow]:
    """Return servers that join, those that are in other vaults with what they take along."""
    held = {member["id"]: member for vault in others for member in vault["members"]}
    return [
        {
            "id": server["id"],
            "name": server.get("name"),
            "disks_gb": server.get("disks_gb") or (held[server["id"]]["disks_gb"] if server["id"] in held else 0),
            "backups_mb": held[server["id"]]["backups_mb"] if server["id"] in held else 0,
            "has_backups": server["id"] in held and held[server["id"]]["has_backups"],
        }
        for server in servers
    ]
