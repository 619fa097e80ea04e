# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could be backed up: a call that this cloud offers only when a test asks for it."""

from __future__ import annotations

from typing import Any

from ..model import Server
from ..rules import SERVER_TYPE, ApiError
from ..state import State
from . import members

MOST = 50


def offered(state: State) -> None:
    """Refuse as the gateway does when nothing is there."""
    if not state.settings.protectables:
        raise ApiError("APIGW.0101")


def servers(state: State, project_id: str, query: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """A page of servers, newest first, and how many there are."""
    offered(state)
    found = [server for server in reversed(state.servers.values()) if server.project_id == project_id]
    found = [server for server in found if query.get("name", "") in server.name]
    for key, field in (("id", "id"), ("server_id", "id"), ("status", "status")):
        found = [server for server in found if query.get(key, getattr(server, field)) == getattr(server, field)]
    start = query.get("offset", 0)
    if "marker" in query:
        start += next((place for place, server in enumerate(found, 1) if server.id == query["marker"]), 0)
    return [row(state, server) for server in found[start : start + query.get("limit", MOST)]], len(found)


def server(state: State, project_id: str, server_id: str) -> dict[str, Any]:
    """One server."""
    offered(state)
    found = state.servers.get(server_id)
    if found is None or found.project_id != project_id:
        raise ApiError("BackupService.7100", server_id)
    return row(state, found)


def row(state: State, server_: Server) -> dict[str, Any]:
    """A server with the verdict on it."""
    problem = None
    vault = state.cbr.vaults.get(state.cbr.vault_of.get(server_.id, ""))
    try:
        members.check_server(state, server_)
        if vault is not None:
            raise ApiError("BackupService.7116", vault.id)
    except ApiError as error:
        problem = error
    volumes = state.volumes_of(server_)
    return {
        "id": server_.id,
        "name": server_.name,
        "type": SERVER_TYPE,
        "size": sum(volume.size for volume in volumes),
        "status": server_.status,
        "detail": {"id": server_.id, "name": server_.name, "status": server_.status},
        "children": [
            {"id": volume.id, "name": volume.name, "size": volume.size, "type": "OS::Cinder::Volume"}
            for volume in volumes
        ],
        "protectable": {
            "result": problem is None,
            "code": problem.code if problem else "",
            "reason": problem.message if problem else "",
            "message": problem.message if problem else "",
            "vault": {"id": vault.id, "name": vault.name} if vault else None,
        },
    }
