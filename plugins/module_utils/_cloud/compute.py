# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and their disks, as every backup service needs them."""

from __future__ import annotations

import typing as t

from .._sdk.guarded import sdk_exceptions, utils
from .._sdk.paged import new_marker
from .errors import errors_of
from .session import ForeignBody

if t.TYPE_CHECKING:
    from datetime import datetime

    from .._domain.rows import DiskRow, Row, ServerRow

_PAGE_SIZE = 1000
# Tags of servers come with this version of the compute service.
_WITH_TAGS = "2.26"


class Compute:
    """A connection, its time and its servers. Every method raises CloudError."""

    errors_of = staticmethod(errors_of)

    def __init__(self, connection: t.Any) -> None:
        self.connection = connection

    @property
    def _compute(self) -> t.Any:
        # Looked for when it is first needed: finding it costs a request, and some tasks need no server.
        with errors_of("find the compute service"):
            return self.connection.compute

    def now(self) -> datetime:
        """Return the time at the cloud: its clock dates the backups, and the clock here may be off."""
        moment: datetime = self.connection.session.now()
        return moment

    def project(self) -> dict[str, str | None]:
        """Return the ID of the project and the name of the region that the login leads to."""
        with errors_of("read the project of the login"):
            return {"id": self.connection.current_project_id, "region": self.connection.config.region_name or None}

    def set_deadline(self, seconds: float) -> None:
        """Set the deadline of all requests to seconds from now."""
        self.connection.session.set_deadline(seconds)

    def seconds_left(self) -> float:
        """Return the seconds until the deadline of all requests."""
        left: float = self.connection.session.seconds_left()
        return left

    def servers(self) -> list[ServerRow]:
        """Return all servers of the project."""
        with errors_of("list servers"):
            return [_server_row(raw) for raw in self._listed_servers()]

    def _listed_servers(self) -> t.Iterator[Row]:
        # The SDK's Server costs up to ten milliseconds a server, so 1,000 servers would take seconds.
        version = utils.maximum_supported_microversion(self._compute, _WITH_TAGS)
        params: Row = {"limit": _PAGE_SIZE}
        markers: set[str] = set()
        while True:
            response = self._compute.get("/servers/detail", params=params, microversion=version)
            sdk_exceptions.raise_from_response(response)
            page = response.json()
            yield from page["servers"]
            # A page that is as long as it may be could be followed by another, even where no link says so.
            linked = any(link.get("rel") == "next" for link in page.get("servers_links") or ())
            if not page["servers"] or not (linked or len(page["servers"]) >= _PAGE_SIZE):
                return
            params["marker"] = new_marker(page["servers"], markers)

    def server_state(self, server_id: str) -> str | None:
        """Return the status of one server, such as ACTIVE, None when it does not exist."""
        with errors_of(f"read server {server_id}"):
            row = found(self._compute.get_server, server_id, "status")
            return None if row is None else str(row["status"]).upper()

    def server_disks(self, server_id: str) -> list[DiskRow]:
        """Return the disks attached to a server."""
        with errors_of(f"list the disks of server {server_id}"):
            # Not by the SDK, which follows links to further pages wherever they lead; this list has one page.
            response = self._compute.get(f"/servers/{server_id}/os-volume_attachments")
            sdk_exceptions.raise_from_response(response)
            devices = {row["volumeId"]: row.get("device") or "" for row in response.json()["volumeAttachments"]}
        return [self._disk(volume_id, device) for volume_id, device in devices.items()]

    def _disk_sizes(self) -> dict[str, int]:
        """Return by server ID the sum of the sizes (GB) of the disks that are attached to it."""
        sizes: dict[str, int] = {}
        with errors_of("list disks"):
            for row in self._listed_disks():
                for attachment in row.get("attachments") or ():
                    server_id = attachment["server_id"]
                    sizes[server_id] = sizes.get(server_id, 0) + int(row["size"])
        return sizes

    def _listed_disks(self) -> t.Iterator[Row]:
        # Without an object of the SDK for each disk, as for servers.
        params: Row = {"limit": _PAGE_SIZE}
        markers: set[str] = set()
        while True:
            response = self.connection.block_storage.get("/volumes/detail", params=params)
            sdk_exceptions.raise_from_response(response)
            page = response.json()["volumes"]
            yield from page
            if len(page) < _PAGE_SIZE:
                return
            params["marker"] = new_marker(page, markers)

    def _disk(self, volume_id: str, device: str) -> DiskRow:
        # One by one: a server has few disks, a project may have thousands.
        with errors_of(f"read disk {volume_id}"):
            volume = self.connection.block_storage.get_volume(volume_id)
            return {
                "id": volume_id,
                "name": volume.name or volume_id,
                "size_gb": int(volume.size),
                "bootable": bool(volume.is_bootable),
                "shared": bool(volume.is_multiattach) or len(volume.attachments or []) > 1,
                "device": device,
            }


def _server_row(raw: Row) -> ServerRow:
    for field in ("id", "name", "status"):
        if raw.get(field) is None:
            raise KeyError(field)
    return {
        "id": raw["id"],
        "name": raw["name"],
        "status": str(raw["status"]).upper(),
        "metadata": dict(raw.get("metadata") or {}),
        "tags": list(raw.get("tags") or []),
        "availability_zone": raw.get("OS-EXT-AZ:availability_zone"),
        "addresses": raw.get("addresses") or {},
    }


def plain(resource: t.Any, *needed: str) -> Row:
    """Return a resource of the SDK as a row; raises KeyError when a needed field is missing."""
    row: Row = resource.to_dict(computed=False, headers=False, original_names=True)
    return checked(row, *needed)


def checked(row: Row, *needed: str) -> Row:
    """Return a row; raises KeyError when a needed field is missing."""
    for field in needed:
        if row.get(field) is None:
            raise KeyError(field)
    return row


def found(get: t.Callable[[str], t.Any], key: str, *needed: str) -> Row | None:
    """Return what get finds by an ID, None when the service itself says that there is no such object."""
    try:
        row = plain(get(key), *needed)
    except sdk_exceptions.NotFoundException as error:
        # Loaded here, because most tasks see no error.
        from .._domain.errors import NotFound
        from .translation import explain_http

        if isinstance(explain_http("", error), NotFound):
            return None
        raise
    if row.get("id", key) != key:
        raise ForeignBody("it is about another object")
    return row
