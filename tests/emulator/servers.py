# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and disks as Nova and Cinder show them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from .model import Server, Volume
from .state import State

PAGE = 1000
NOVA_MICROVERSIONS = ("2.1", "2.79")
CINDER_MICROVERSIONS = ("3.0", "3.59")


class NotFound(Exception):
    """There is no such server or volume."""


class BadRequest(Exception):
    """A parameter that Nova or Cinder refuses."""


def server_row(state: State, server: Server, url: str, version: tuple[int, int]) -> dict[str, Any]:
    """A server in full, as the microversion has it."""
    row: dict[str, Any] = {
        "id": server.id,
        "name": server.name,
        "status": server.status,
        "tenant_id": server.project_id,
        "user_id": "demo",
        "metadata": dict(server.metadata),
        "created": f"{server.created_at.isoformat(timespec='seconds')}Z",
        "updated": f"{server.created_at.isoformat(timespec='seconds')}Z",
        "addresses": {
            "internal": [
                {
                    "addr": server.private_ip,
                    "version": 4,
                    "OS-EXT-IPS:type": "fixed",
                    "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01",
                }
            ]
        },
        "flavor": {"id": "s3.medium.2", "links": []}
        if version < (2, 47)
        else {
            "original_name": "s3.medium.2",
            "vcpus": server.vcpus,
            "ram": server.ram,
            "disk": 0,
            "swap": 0,
            "ephemeral": 0,
            "extra_specs": {},
        },
        "image": "",
        "key_name": None,
        "config_drive": "",
        "hostId": "",
        "accessIPv4": "",
        "accessIPv6": "",
        "OS-DCF:diskConfig": "MANUAL",
        "OS-EXT-AZ:availability_zone": server.availability_zone,
        "OS-EXT-STS:vm_state": {"ACTIVE": "active", "SHUTOFF": "stopped"}.get(server.status, server.status.lower()),
        "OS-EXT-STS:task_state": None,
        "OS-EXT-STS:power_state": 1 if server.status == "ACTIVE" else 4,
        "os-extended-volumes:volumes_attached": [{"id": volume_id} for volume_id in server.volume_ids],
        "security_groups": [{"name": "default"}],
        "links": server_links(server, url),
    }
    if version >= (2, 26):
        row["tags"] = list(server.tags)
    return row


def server_links(server: Server, url: str) -> list[dict[str, str]]:
    """Where a server is."""
    return [
        {"rel": "self", "href": f"{url}/compute/v2.1/{server.project_id}/servers/{server.id}"},
        {"rel": "bookmark", "href": f"{url}/compute/{server.project_id}/servers/{server.id}"},
    ]


def find_server(state: State, project_id: str, server_id: str) -> Server:
    """A server of the project."""
    server = state.servers.get(server_id)
    if server is None or server.project_id != project_id:
        raise NotFound(f"Instance {server_id} could not be found.")
    return server


def find_volume(state: State, project_id: str, volume_id: str) -> Volume:
    """A volume of the project."""
    volume = state.volumes.get(volume_id)
    if volume is None or volume.project_id != project_id:
        raise NotFound(f"Volume {volume_id} could not be found.")
    return volume


def list_servers(
    state: State, project_id: str, query: Mapping[str, str], version: tuple[int, int]
) -> tuple[list[Server], str | None]:
    """A page of servers, newest first, and the query of the next page."""
    tests: list[Callable[[Server], bool]] = []
    if "name" in query:
        try:
            pattern = re.compile(query["name"])
        except re.error:
            raise BadRequest("name is no regular expression") from None
        tests.append(lambda server: pattern.search(server.name) is not None)
    if "status" in query:
        tests.append(lambda server: server.status == query["status"].upper())
    if "uuid" in query:
        tests.append(lambda server: server.id == query["uuid"])
    if "availability_zone" in query:
        tests.append(lambda server: server.availability_zone == query["availability_zone"])
    if version >= (2, 26):
        for parameter, fits in _TAG_FILTERS.items():
            if parameter in query:
                wanted = set(query[parameter].split(","))
                tests.append(lambda server, fits=fits, wanted=wanted: fits(wanted, set(server.tags)))  # type: ignore
    rows = [
        server
        for server in reversed(list(state.servers.values()))
        if server.project_id == project_id and all(test(server) for test in tests)
    ]
    return _page(rows, query)


_TAG_FILTERS: dict[str, Callable[[set[str], set[str]], bool]] = {
    "tags": lambda wanted, present: wanted <= present,
    "tags-any": lambda wanted, present: bool(wanted & present),
    "not-tags": lambda wanted, present: not wanted <= present,
    "not-tags-any": lambda wanted, present: not wanted & present,
}


def _page(rows: list[Any], query: Mapping[str, str]) -> tuple[list[Any], str | None]:
    try:
        limit = min(int(query.get("limit", PAGE)), PAGE)
        start = int(query.get("offset", 0))
    except ValueError:
        raise BadRequest("limit and offset are numbers") from None
    if limit < 0 or start < 0:
        raise BadRequest("limit and offset are not negative")
    if "marker" in query:
        places = {row.id: number for number, row in enumerate(rows)}
        if query["marker"] not in places:
            raise BadRequest(f"marker [{query['marker']}] not found")
        start += places[query["marker"]] + 1
    page = rows[start : start + limit]
    if not page or start + limit >= len(rows):
        return page, None
    following = {key: value for key, value in query.items() if key not in ("marker", "offset")}
    return page, urlencode({**following, "marker": page[-1].id})


def list_volumes(state: State, project_id: str, query: Mapping[str, str]) -> tuple[list[Volume], str | None]:
    """A page of volumes and the query of the next page."""
    rows = [
        volume
        for volume in reversed(list(state.volumes.values()))
        if volume.project_id == project_id
        and query.get("name", volume.name) == volume.name
        and query.get("status", volume_status(volume)) == volume_status(volume)
    ]
    return _page(rows, query)


def volume_status(volume: Volume) -> str:
    """Attached or not."""
    return "in-use" if volume.server_ids else "available"


def volume_row(volume: Volume, url: str) -> dict[str, Any]:
    """A volume in full."""
    return {
        "id": volume.id,
        "name": volume.name,
        "size": volume.size,
        "status": volume_status(volume),
        "bootable": "true" if volume.bootable else "false",
        "multiattach": volume.shareable,
        "shareable": volume.shareable,
        "availability_zone": volume.availability_zone,
        "volume_type": "SSD",
        "encrypted": False,
        "description": None,
        "metadata": {},
        "os-vol-tenant-attr:tenant_id": volume.project_id,
        "attachments": [
            {
                "server_id": server_id,
                "volume_id": volume.id,
                "id": volume.id,
                "attachment_id": volume.id,
                "device": "/dev/vda" if volume.bootable else "/dev/vdb",
            }
            for server_id in volume.server_ids
        ],
        "links": [{"rel": "self", "href": f"{url}/volume/v3/{volume.project_id}/volumes/{volume.id}"}],
    }


def attachments(state: State, server: Server) -> list[dict[str, Any]]:
    """The disks of a server as Nova lists them."""
    return [
        {
            "id": volume.id,
            "volumeId": volume.id,
            "serverId": server.id,
            "device": f"/dev/vd{chr(ord('a') + number % 26)}",
        }
        for number, volume in enumerate(state.volumes_of(server))
    ]
