# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults of CBR: what the option vault says of them, which vault takes which server, and how large it must be."""

from __future__ import annotations

import math
import typing as t

from .errors import InvalidInput

if t.TYPE_CHECKING:
    from .rows import MemberRow, VaultMemberRow, VaultRow

MAX_MEMBERS = 256
MAX_VAULT_NAME = 64
_MIN_SIZE_GB = 10
_MAX_SIZE_GB = 10485760
_MB_PER_GB = 1024
_PARKED = "-parked"


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
PARKING = VaultOptions(size_factor=1.0)


class Step(t.NamedTuple):
    """What happens to one vault when servers join: it is made (vault has no ID), or gets a size, and takes servers."""

    vault: VaultRow
    #: The size (GB) that the vault is to have, None when it stays
    size_gb: int | None
    joining: tuple[VaultMemberRow, ...]


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
    return [step for place in places if (step := place.step(options)) is not None]


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
        fits = (
            self._disks_gb + server["disks_gb"] <= self.vault["size_gb"]
            and self._used_mb + server["backups_mb"] <= self.vault["size_gb"] * _MB_PER_GB
        )
        return self.has_place and (fits or self._grows)

    def take(self, server: VaultMemberRow) -> None:
        self._grows = self._grows or not self.has_room_for(server)
        self.joining.append(server)
        self._disks_gb += server["disks_gb"]
        self._used_mb += server["backups_mb"]

    def step(self, options: VaultOptions) -> Step | None:
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
        if size > _MAX_SIZE_GB:
            raise InvalidInput(
                f"vault: vault {self.vault['name']!r} would have {size} GB; the service allows {_MAX_SIZE_GB} GB"
            )
        changed = is_new or size > self.vault["size_gb"]
        return Step(self.vault, size if changed else None, tuple(self.joining))


def size_for(disks_gb: int, used_mb: int, factor: float) -> int:
    """Return the size (GB) of a vault for so many GB of disks and MB of backups."""
    return max(_MIN_SIZE_GB, math.ceil(disks_gb * factor), math.ceil(used_mb / _MB_PER_GB))


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


def parked_name(name: str) -> str:
    """Return the name of the vault for the servers that have left a policy and have backups."""
    return name[: MAX_VAULT_NAME - len(_PARKED)] + _PARKED


def vaults_after(
    vaults: t.Sequence[VaultRow], steps: t.Iterable[Step], remove: t.Collection[str] = ()
) -> list[VaultRow]:
    """Return the vaults of a policy after servers have left (IDs) and joined; what moves with them is not known."""
    after: list[VaultRow] = []
    changes = {step.vault["name"]: step for step in steps}
    new = [step.vault for step in changes.values() if step.vault["id"] is None]
    for vault in (*vaults, *new):
        step = changes.get(vault["name"])
        staying = [member for member in vault["members"] if member["id"] not in remove]
        members = [*staying, *(step.joining if step else ())]
        moved = any(member["id"] in remove for member in vault["members"]) or (step is not None and vault["id"])
        after.append(
            {
                **vault,
                "size_gb": vault["size_gb"] if step is None or step.size_gb is None else step.size_gb,
                "used_mb": None if moved else vault["used_mb"],
                "members": members,
            }
        )
    return after


def vault_result(vault: VaultRow) -> dict[str, t.Any]:
    """Return a vault in the shape of results."""
    return {
        "id": vault["id"],
        "name": vault["name"],
        "size_gb": vault["size_gb"],
        "used_mb": vault["used_mb"],
        "server_count": len(vault["members"]),
    }


def joining_member(server: MemberRow) -> VaultMemberRow:
    """Return a server that joins from outside of all vaults."""
    return {"id": server["id"], "name": server.get("name"), "disks_gb": server.get("disks_gb") or 0, "backups_mb": 0}
