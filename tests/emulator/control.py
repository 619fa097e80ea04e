# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API under /_emulator/, for what no real cloud offers."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request

from . import backups, seeds
from .app import CONTROL, answer
from .rules import ITEM_STATUSES

if TYPE_CHECKING:
    from .cloud import Cloud

SERVER_FIELDS = (
    "name",
    "status",
    "metadata",
    "tags",
    "availability_zone",
    "fail_next_backup",
    "fail_next_restore",
    "fail_next_delete",
    "fail_next_image",
    "fail_next_join",
    "unprotectable",
    "private_ip",
    "eip",
)


def server_view(server: Any) -> dict[str, Any]:
    """A server with its test switches."""
    return {
        "id": server.id,
        **{field: getattr(server, field) for field in SERVER_FIELDS},
        "volume_ids": list(server.volume_ids),
    }


def vault_view(vault: Any) -> dict[str, Any]:
    """A vault in brief."""
    return {
        **{field: getattr(vault, field) for field in ("id", "name", "size", "status", "policy_id")},
        "servers": list(vault.members),
    }


def change_server(cloud: Cloud, server_id: str, changes: dict[str, Any]) -> Any:
    """Set fields of a server."""
    with cloud.state.lock:
        cloud.state.tick()
        server = cloud.state.servers[server_id]
        unknown = set(changes) - set(SERVER_FIELDS) - {"disks"}
        if unknown:
            raise ValueError(f"servers have no {', '.join(sorted(unknown))}")
        for field, value in changes.items():
            if field == "disks":
                seeds.set_disks(cloud.state, server, value)
            else:
                setattr(server, field, value)
        return server


def force_backup(cloud: Cloud, item_id: str, changes: dict[str, Any]) -> None:
    """Put a backup of either service in a state, or change its words."""
    with cloud.state.lock:
        cloud.state.tick()
        item = cloud.state.any_backup(item_id)
        if item is None:
            raise KeyError(item_id)
        plain = {key: changes.pop(key) for key in ("name", "description") if key in changes}
        unknown = set(changes) - {"status", "fail_reason", "fail_op"}
        if unknown or changes.get("status", "error") not in ITEM_STATUSES:
            raise ValueError(f"not for a backup: {', '.join(sorted(unknown)) or changes['status']}")
        for key, value in plain.items():
            setattr(item, key, value)
        backups.force(cloud.state, item, changes.get("status"), changes.get("fail_reason"), changes.get("fail_op"))


def add_routes(app: Flask, cloud: Cloud) -> None:
    """The control calls; mistakes answer 400 or 404 with a message."""

    def route(path: str, *methods: str) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
        def wrap(view: Callable[..., Any]) -> Callable[..., Response]:
            @functools.wraps(view)
            def guarded(**path_values: str) -> Response:
                try:
                    body = json.loads(g.raw or b"{}")
                    return answer(200, view(body, **path_values))
                except KeyError as problem:
                    return answer(404, {"error": f"there is no {problem}"})
                except (TypeError, ValueError) as problem:
                    return answer(400, {"error": str(problem)})

            app.add_url_rule(
                f"{CONTROL}{path}",
                f"control {view.__name__}",
                guarded,
                methods=methods,
                provide_automatic_options=False,
            )
            return guarded

        return wrap

    @route("/health", "GET")
    def health(_body: Any) -> Any:
        return {"status": "ok", **cloud.describe()}

    @route("/journal", "GET")
    def journal(_body: Any) -> Any:
        rows = cloud.journal.all()
        if request.args.get("writes", "false") == "true":
            rows = [row for row in rows if row["write"]]
        if "service" in request.args:
            rows = [row for row in rows if row["service"] == request.args["service"]]
        return {"journal": rows}

    @route("/journal", "DELETE")
    def journal_clear(_body: Any) -> Any:
        cloud.journal.clear()
        return {}

    @route("/contract", "GET")
    def contract(_body: Any) -> Any:
        return {"violations": list(cloud.contract_violations)}

    @route("/reset", "POST")
    def reset(body: Any) -> Any:
        cloud.reset(servers=body.get("servers"), seed=body.get("seed"))
        return {}

    @route("/clock", "GET")
    def clock_show(_body: Any) -> Any:
        return {"now": cloud.clock.now().isoformat(), "speed": cloud.clock.speed}

    @route("/clock", "POST")
    def clock_advance(body: Any) -> Any:
        return {"now": cloud.clock.advance(float(body["advance"])).isoformat()}

    @route("/faults", "GET")
    def faults(_body: Any) -> Any:
        return {"faults": [fault.as_dict() for fault in cloud.faults.all()]}

    @route("/faults", "POST")
    def faults_add(body: Any) -> Any:
        if isinstance(body, dict):
            body = body["faults"] if set(body) == {"faults"} else [body]
        return {"faults": [fault.as_dict() for fault in cloud.faults.add_all(body)]}

    @route("/faults", "DELETE")
    def faults_clear(_body: Any) -> Any:
        cloud.faults.clear()
        return {}

    @route("/settings", "GET")
    def settings(_body: Any) -> Any:
        return cloud.describe()

    @route("/settings", "PUT")
    def settings_change(body: Any) -> Any:
        if not isinstance(body, dict):
            raise ValueError("settings are an object")
        cloud.settings(**body)
        return cloud.describe()

    @route("/tokens", "DELETE")
    def tokens_expire(_body: Any) -> Any:
        cloud.keystone.expire_all()
        return {}

    @route("/servers", "GET")
    def servers(_body: Any) -> Any:
        with cloud.state.lock:
            return {"servers": [server_view(server) for server in cloud.state.servers.values()]}

    @route("/servers", "POST")
    def servers_add(body: Any) -> Any:
        rows = body if isinstance(body, list) else body.get("servers", [body])
        return {"servers": [server_view(cloud.add_server(**row)) for row in rows]}

    @route("/servers/<server_id>", "PATCH")
    def server_change(body: Any, server_id: str) -> Any:
        return {"server": server_view(change_server(cloud, server_id, body))}

    @route("/servers/<server_id>", "DELETE")
    def server_remove(_body: Any, server_id: str) -> Any:
        cloud.remove_server(server_id)
        return {}

    @route("/vaults", "POST")
    def vault_add(body: Any) -> Any:
        return {"vault": vault_view(cloud.make_vault(**body))}

    @route("/vaults/<vault_id>", "PATCH")
    def vault_change(body: Any, vault_id: str) -> Any:
        return {"vault": vault_view(cloud.force_vault(vault_id, **body))}

    @route("/vaults/<vault_id>/fill", "POST")
    def vault_fill(body: Any, vault_id: str) -> Any:
        return {"vault": vault_view(cloud.fill_vault(vault_id, **body))}

    @route("/vaults/<vault_id>/backups", "POST")
    def vault_backup_add(body: Any, vault_id: str) -> Any:
        return {"backup": {"id": cloud.make_vault_backup(vault_id=vault_id, **body).id}}

    @route("/tasks/<task_id>", "POST")
    def task_force(body: Any, task_id: str) -> Any:
        cloud.force_task(task_id, **body)
        return {}

    @route("/backups/<item_id>", "POST")
    def backup_force(body: Any, item_id: str) -> Any:
        force_backup(cloud, item_id, body)
        return {}
