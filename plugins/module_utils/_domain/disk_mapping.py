# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which disk of a backup goes onto which disk of a server, and the refusal of all that is not certain.

A disk of a backup is a dict as the volumes of a backup's result hold them: id (of the disk backup), volume_id, volume_name,
volume_size_gb and bootable. A disk of a server is a dict with id, name, size_gb, bootable, shared and device.
Every error is InvalidInput, names the disks, and lists both sides.
"""

from __future__ import annotations

import typing as t

from .errors import InvalidInput

Disk = dict[str, t.Any]
#: A disk of the backup and the disk that it overwrites
Pair = tuple[Disk, Disk]
_OPTION = "volumes"


def map_disks(sources: list[Disk], disks: list[Disk], given: t.Sequence[tuple[str, str]], server: str) -> list[Pair]:
    """Return for every disk of a backup, in their order, the one disk of the target server that it goes onto.

    given are pairs of a disk backup's id, or its source disk's, and a target disk's; server is how messages name the target.
    What is not given goes back onto the disk that it came from, system disk onto system disk, and the rest by size.
    """
    return _Mapping(sources, disks, server).complete(given)


class _Mapping:
    """A mapping in the making: the pairs so far, and what is free on either side."""

    def __init__(self, sources: list[Disk], disks: list[Disk], server: str) -> None:
        self.sources, self.disks, self.server = sources, disks, server
        self.pairs: dict[str, Disk] = {}
        if not sources:
            raise self._refusal("the backup holds no disk")
        for source in sources:
            if source["volume_size_gb"] is None:
                raise self._refusal(f"the service does not tell how large {_name_source(source)} of the backup is")
        if not disks:
            raise self._refusal("the target server has no disk")

    def complete(self, given: t.Sequence[tuple[str, str]]) -> list[Pair]:
        """Map everything, from what is certain to what follows from it."""
        for key, volume_id in given:
            self._give(key, volume_id)
        for source in self._unmapped():
            same = next((disk for disk in self._free() if disk["id"] == source["volume_id"]), None)
            if same is not None:
                self._take(source, same)
        unclear = [source for system in (True, False) for source in self._map_kind(system)]
        if unclear:
            names = " and ".join(_name_source(one) for one in unclear)
            raise self._refusal(
                f"{names} could go onto more than one disk of the target server, and a guess would overwrite the wrong one"
            )
        return [(source, self.pairs[source["id"]]) for source in self.sources]

    def _give(self, key: str, volume_id: str) -> None:
        """Map a pair that the user wrote."""
        source = next((one for field in ("id", "volume_id") for one in self.sources if one[field] == key), None)
        if source is None:
            raise self._refusal(f"{key} is no disk of the backup")
        disk = next((one for one in self.disks if one["id"] == volume_id), None)
        if disk is None:
            raise self._refusal(f"disk {volume_id} is not attached to the target server")
        if source["id"] in self.pairs:
            raise self._refusal(f"{_name_source(source)} is mapped twice")
        if disk not in self._free():
            raise self._refusal(f"target {_name_disk(disk)} is there twice")
        self._take(source, disk)

    def _take(self, source: Disk, disk: Disk) -> None:
        """Map a source to a disk, if it may go there."""
        if disk["shared"]:
            raise self._refusal(f"target {_name_disk(disk)} is shared, and a shared disk cannot be restored to")
        if bool(source["bootable"]) != bool(disk["bootable"]):
            raise self._refusal(
                f"{_kind(source)} {_name_source(source)} cannot go onto {_kind(disk)} {_name_disk(disk)}:"
                " system disk goes to system disk, and data disk to data disk"
            )
        if disk["size_gb"] < source["volume_size_gb"]:
            raise self._refusal(
                f"target {_name_disk(disk)} has {disk['size_gb']} GB, which is smaller than {_name_source(source)}"
                f" with {source['volume_size_gb']} GB"
            )
        self.pairs[source["id"]] = disk

    def _map_kind(self, system: bool) -> list[Disk]:
        """Map the system disks, or the data disks, if their sizes leave one way only; else return them.

        Device names are no help: the backup does not hold them.
        """
        sources = [one for one in self._unmapped() if bool(one["bootable"]) is system]
        disks = [one for one in self._free() if bool(one["bootable"]) is system]
        if system and len(sources) == len(disks) == 1:
            self._take(sources[0], disks[0])
            return []
        disks = [one for one in disks if not one["shared"]]
        # The largest first: a disk that can take it can take each that follows as well, so that the choices multiply.
        falling = sorted(sources, key=lambda one: -one["volume_size_gb"])
        choices = 1
        for taken, source in enumerate(falling):
            fitting = sum(1 for disk in disks if disk["size_gb"] >= source["volume_size_gb"])
            if fitting <= taken:
                raise self._refusal(
                    f"the target server has no {_kind(source)} left that is neither shared nor smaller"
                    f" than {_name_source(source)} with {source['volume_size_gb']} GB"
                )
            choices *= fitting - taken
        if choices > 1:
            return sources
        for source in falling:
            free = self._free()
            self._take(source, next(one for one in disks if one in free and one["size_gb"] >= source["volume_size_gb"]))
        return []

    def _unmapped(self) -> list[Disk]:
        return [one for one in self.sources if one["id"] not in self.pairs]

    def _free(self) -> list[Disk]:
        taken = {disk["id"] for disk in self.pairs.values()}
        return [one for one in self.disks if one["id"] not in taken]

    def _refusal(self, reason: str) -> InvalidInput:
        """Return the error with both sides and the way to say what is meant."""
        ours = "; ".join(
            f"{_kind(one)} {_name_source(one)}, {one['volume_size_gb']} GB, source disk {one['volume_id']}"
            for one in self.sources
        )
        theirs = "; ".join(
            f"{_kind(one)} {_name_disk(one)}, {one['size_gb']} GB, {one['device']}{', shared' if one['shared'] else ''}"
            for one in self.disks
        )
        return InvalidInput(
            f"{_OPTION}: {reason}. Nothing was sent. Disks of the backup: {ours or 'none'}. Disks of server {self.server}: {theirs or 'none'}."
            f" {_OPTION} says where a disk goes, as a list of {{backup_id: ID of the disk in the backup, volume_id: ID of the server's disk}}"
        )


def _kind(disk: Disk) -> str:
    return "system disk" if disk["bootable"] else "data disk"


def _name_source(source: Disk) -> str:
    return f"{source['volume_name']!r} ({source['id']})"


def _name_disk(disk: Disk) -> str:
    return f"{disk['name']!r} ({disk['id']})"
