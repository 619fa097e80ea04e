# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which disk of a backup goes onto which disk of a server. What is not certain is refused.

Every error is InvalidInput, names the disks, and lists both sides.
"""

from __future__ import annotations

import typing as t

from .errors import InvalidInput

if t.TYPE_CHECKING:
    from .rows import DiskRow

    #: A disk of the backup as results show it; id is that of the disk backup, volume_id that of the disk backed up
    SourceDisk = dict[str, t.Any]
    #: A disk of the backup and the disk of the server that it overwrites
    Pair = tuple[SourceDisk, DiskRow]
_OPTION = "volumes"


def map_disks(
    sources: list[SourceDisk], disks: list[DiskRow], given: t.Sequence[tuple[str, str]], server: str
) -> list[Pair]:
    """Return each disk of a backup, in their order, with the disk of the target server that it goes onto.

    given holds the pairs that the user wrote: the ID of the disk backup, or of the disk that it was made of, and the ID
    of a target disk. server is the target server in messages. What is not given goes back onto the disk that it came
    from, then the system disk onto the system disk, and the rest by size.
    """
    return _Mapping(sources, disks, server).complete(given)


class _Mapping:
    """The pairs so far, and the disks of both sides."""

    def __init__(self, sources: list[SourceDisk], disks: list[DiskRow], server: str) -> None:
        self.sources, self.disks, self.server = sources, disks, server
        self.target_of: dict[str, DiskRow] = {}
        if not sources:
            raise self._refusal("the backup holds no disk")
        for source in sources:
            if source["volume_size_gb"] is None:
                raise self._refusal(f"the service does not say how large {_name_source(source)} of the backup is")
        if not disks:
            raise self._refusal("the target server has no disk")

    def complete(self, given: t.Sequence[tuple[str, str]]) -> list[Pair]:
        """Map every disk, the most certain ones first."""
        for source_id, disk_id in given:
            self._map_given(source_id, disk_id)
        for source in self._unmapped():
            origin = next((disk for disk in self._free() if disk["id"] == source["volume_id"]), None)
            if origin is not None:
                self._map(source, origin)
        unclear = [source for bootable in (True, False) for source in self._map_by_size(bootable)]
        if unclear:
            names = " and ".join(_name_source(source) for source in unclear)
            raise self._refusal(
                f"{names} could go onto more than one disk of the target server,"
                " and a guess would overwrite the wrong one"
            )
        return [(source, self.target_of[source["id"]]) for source in self.sources]

    def _map_given(self, source_id: str, disk_id: str) -> None:
        """Map a pair that the user wrote."""
        source = next(
            (source for field in ("id", "volume_id") for source in self.sources if source[field] == source_id), None
        )
        if source is None:
            raise self._refusal(f"{source_id} is no disk of the backup")
        disk = next((disk for disk in self.disks if disk["id"] == disk_id), None)
        if disk is None:
            raise self._refusal(f"disk {disk_id} is not attached to the target server")
        if source["id"] in self.target_of:
            raise self._refusal(f"{_name_source(source)} is mapped twice")
        if disk not in self._free():
            raise self._refusal(f"target {_name_disk(disk)} is there twice")
        self._map(source, disk)

    def _map(self, source: SourceDisk, disk: DiskRow) -> None:
        """Map a pair, or refuse it when the disk cannot take the source."""
        if disk["shared"]:
            raise self._refusal(f"target {_name_disk(disk)} is shared, and a shared disk cannot be restored to")
        if bool(source["bootable"]) != disk["bootable"]:
            raise self._refusal(
                f"{_kind(source)} {_name_source(source)} cannot go onto {_kind(disk)} {_name_disk(disk)}:"
                " system disk goes to system disk, and data disk to data disk"
            )
        if disk["size_gb"] < source["volume_size_gb"]:
            raise self._refusal(
                f"target {_name_disk(disk)} has {disk['size_gb']} GB, which is smaller than {_name_source(source)}"
                f" with {source['volume_size_gb']} GB"
            )
        self.target_of[source["id"]] = disk

    def _map_by_size(self, bootable: bool) -> list[SourceDisk]:
        """Map the remaining system disks, or data disks, if their sizes leave one way only; else return them.

        Device names cannot help, because the backup does not hold them.
        """
        sources = [source for source in self._unmapped() if bool(source["bootable"]) is bootable]
        disks = [disk for disk in self._free() if disk["bootable"] is bootable]
        if bootable and len(sources) == len(disks) == 1:
            self._map(sources[0], disks[0])
            return []
        usable = [disk for disk in disks if not disk["shared"]]
        sources_by_size = sorted(sources, key=lambda source: source["volume_size_gb"], reverse=True)
        if self._count_ways(sources_by_size, usable) > 1:
            return sources
        # With one way only, the largest source needs the largest disk, the next one the next, and so on.
        for source, disk in zip(sources_by_size, sorted(usable, key=lambda disk: disk["size_gb"], reverse=True)):
            self._map(source, disk)
        return []

    def _count_ways(self, sources_by_size: list[SourceDisk], disks: list[DiskRow]) -> int:
        """Return in how many ways sources, the largest first, can go onto disks. Raises InvalidInput when in none."""
        ways = 1
        for mapped, source in enumerate(sources_by_size):
            # All that larger sources occupy would be large enough for this source too.
            choices = sum(disk["size_gb"] >= source["volume_size_gb"] for disk in disks) - mapped
            if choices <= 0:
                raise self._refusal(
                    f"the target server has no {_kind(source)} left that is neither shared nor smaller"
                    f" than {_name_source(source)} with {source['volume_size_gb']} GB"
                )
            ways *= choices
        return ways

    def _unmapped(self) -> list[SourceDisk]:
        return [source for source in self.sources if source["id"] not in self.target_of]

    def _free(self) -> list[DiskRow]:
        taken = {disk["id"] for disk in self.target_of.values()}
        return [disk for disk in self.disks if disk["id"] not in taken]

    def _refusal(self, reason: str) -> InvalidInput:
        """Return the error with the disks of both sides, and how to write the option."""
        sources = "; ".join(
            f"{_kind(source)} {_name_source(source)}, {source['volume_size_gb']} GB, source disk {source['volume_id']}"
            for source in self.sources
        )
        disks = "; ".join(
            f"{_kind(disk)} {_name_disk(disk)}, {disk['size_gb']} GB, {disk['device']}"
            f"{', shared' if disk['shared'] else ''}"
            for disk in self.disks
        )
        return InvalidInput(
            f"{_OPTION}: {reason}. Nothing was sent. Disks of the backup: {sources or 'none'}."
            f" Disks of server {self.server}: {disks or 'none'}. {_OPTION} says where a disk goes, as a list of"
            " {backup_id: ID of the disk in the backup, volume_id: ID of the server's disk}"
        )


def _kind(disk: SourceDisk | DiskRow) -> str:
    return "system disk" if disk["bootable"] else "data disk"


def _name_source(source: SourceDisk) -> str:
    return f"{source['volume_name']!r} ({source['id']})"


def _name_disk(disk: DiskRow) -> str:
    return f"{disk['name']!r} ({disk['id']})"
