# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulated cloud with its HTTP server, for Python."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from . import backups, identity, keystone, seeds
from .app import ENVIRON_KEY, make_app
from .cbr import plant
from .cbr.model import Backup, Task, Vault
from .cbr.model import Policy as VaultPolicy
from .clock import Clock
from .control import change_server, force_backup
from .faults import Faults
from .journal import Journal
from .model import Item, Server
from .server import Accepted, HttpServer
from .state import Settings, State

CLOUD_NAME = "local"
ALL_SETTINGS = tuple(Settings.__dataclass_fields__)


class LiveClock:
    """The clock as users see it: advancing it lets everything happen that is due."""

    def __init__(self, clock: Clock, state: State) -> None:
        self._clock = clock
        self._state = state

    def now(self) -> datetime:
        """The cloud's time, UTC."""
        return self._clock.now()

    @property
    def speed(self) -> float:
        """Clock seconds for each real one."""
        return self._clock.speed

    def advance(self, seconds: float) -> datetime:
        """Move the cloud forward in time."""
        with self._state.lock:
            self._clock.advance(seconds)
            return self._state.tick()

    def set_speed(self, speed: float) -> None:
        """Make time run faster, slower or, with 0, not at all."""
        self._clock.set_speed(speed)


class Cloud:
    """Everything behind one port. ``with Emulator(mode="live", speed=600, servers=3) as cloud: ...``"""

    def __init__(
        self,
        mode: str = "live",
        speed: float = 1.0,
        servers: int | None = None,
        seed: str | list[dict[str, Any]] | None = None,
        port: int = 0,
        start: datetime | None = None,
        identity_url: str | None = None,
        project_id: str = keystone.PROJECT_ID,
        tls: ssl.SSLContext | None = None,
        **settings: Any,
    ) -> None:
        self._clock = Clock(base=start, speed=speed)
        self.state = State(self._clock, Settings(mode=mode, **settings))
        self.clock = LiveClock(self._clock, self.state)
        self.keystone: Any = identity.AskedKeystone(identity_url) if identity_url else keystone.Keystone(self.state)
        self.identity_url = identity_url
        self.journal = Journal()
        self.faults = Faults()
        #: Are called with method, path and body of each request before anything is done with it
        self.watchers: list[Callable[[str, str, Any], None]] = []
        self.contract_violations: list[str] = []
        self.internal_errors: list[Exception] = []
        self.project_id = project_id
        self.other_project_id = keystone.OTHER_PROJECT_ID
        self._planted = (servers, seed)
        seeds.plant(self.state, self.project_id, servers, seed)
        self._port = port
        self._tls = tls
        #: Every connection that a client opened, in the order in which they were agreed on or failed
        self.accepted: list[Accepted] = []
        #: The URLs of the services that do not listen where the cloud does, by their types in the catalog
        self.apart: dict[str, str] = {}
        self._apart: list[HttpServer] = []
        self._server: HttpServer | None = None
        self._restart: threading.Timer | None = None
        self.url = ""

    # --- life ---------------------------------------------------------------------------------------------------------

    def start(self) -> Cloud:
        """Listen on loopback."""
        if self._server is None:
            make_app()
            self._server = self._listen(self._port, self._tls)
            self._port = self._server.port
            self.url = self._server.url
        return self

    def _listen(self, port: int, tls: ssl.SSLContext | None) -> HttpServer:
        server = HttpServer(self._serve, port, tls)
        server.accepted = self.accepted
        server.start()
        return server

    def serve_apart(self, *kinds: str, tls: ssl.SSLContext | None = None) -> str:
        """Let the catalog have another port for these types, with TLS of its own or none; returns its URL."""
        server = self._listen(0, tls)
        self._apart.append(server)
        self.apart.update(dict.fromkeys(kinds, server.url))
        return server.url

    def change_tls(self, tls: ssl.SSLContext | None) -> None:
        """Serve at the same port with another certificate, or http, from now on, as after a restart."""
        self._tls = tls
        if self._server is not None:
            self._server.change_tls(tls)
            self.url = self._server.url

    def together(self) -> None:
        """Serve all services at one port again."""
        self.apart.clear()
        while self._apart:
            self._apart.pop().stop()

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ[ENVIRON_KEY] = self
        return make_app()(environ, start_response)

    def stop(self) -> None:
        """Stop listening and close all connections."""
        if self._restart is not None:
            self._restart.cancel()
        self.together()
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    def refuse(self, seconds: float) -> None:
        """Close all connections and refuse new ones for some real seconds."""
        self.stop()
        self._restart = threading.Timer(seconds, self.start)
        self._restart.daemon = True
        self._restart.start()

    def __enter__(self) -> Cloud:  # noqa: PYI034
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def wait(self) -> None:
        """Block for ever; a signal ends it."""
        threading.Event().wait()

    # --- what a client needs ------------------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def csbs_url(self) -> str:
        """The catalog's URL of CSBS for the demo project."""
        return f"{self.url}/csbs/v1/{self.project_id}"

    @property
    def cbr_url(self) -> str:
        """The catalog's URL of CBR for the demo project."""
        return f"{self.url}/cbr/v3/{self.project_id}"

    @property
    def ims_url(self) -> str:
        """The catalog's URL of the image service: of the type ims, where there are two."""
        return f"{self.url}/ims"

    @property
    def image_url(self) -> str:
        """The URL of the type image, which serves /v2/images: another one when image_catalog is split."""
        split = self.state.settings.image_catalog == "split"
        return f"{self.url}{keystone.SPLIT_IMAGE}" if split else self.ims_url

    def clouds(self, project: str = "demo") -> dict[str, Any]:
        """The content of a clouds.yaml with the one cloud ``local``."""
        return {
            "clouds": {
                CLOUD_NAME: {
                    "auth": {
                        "auth_url": f"{self.url}/v3",
                        "username": keystone.USER,
                        "password": keystone.PASSWORD,
                        "project_name": project,
                        "user_domain_name": keystone.DOMAIN["name"],
                        "project_domain_name": keystone.DOMAIN["name"],
                    },
                    "region_name": keystone.REGION,
                    "identity_api_version": "3",
                }
            }
        }

    def write_clouds(self, path: str | Path) -> Path:
        """Write a clouds.yaml, by rename; returns where."""
        target = Path(path)
        scratch = target.with_name(f".{target.name}.new")
        scratch.write_text(yaml.safe_dump(self.clouds(), sort_keys=False), encoding="utf-8")
        scratch.replace(target)
        return target

    def token(self, project_id: str | None = None) -> str:
        """A token without the way through Keystone, for tests that speak HTTP themselves."""
        scope = {"project": {"id": project_id or self.project_id}}
        user = {"name": keystone.USER, "password": keystone.PASSWORD, "domain": {"id": "default"}}
        identity = {"methods": ["password"], "password": {"user": user}}
        with self.state.lock:
            return str(self.keystone.login({"auth": {"identity": identity, "scope": scope}}).id)

    # --- control ------------------------------------------------------------------------------------------------------

    def settings(self, **changes: Any) -> None:
        """Change speed or what Settings holds; nothing changes when one of them is wrong."""
        unknown = set(changes) - set(ALL_SETTINGS) - {"speed"}
        if unknown:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
        with self.state.lock:
            fresh = Settings(**{name: changes.get(name, getattr(self.state.settings, name)) for name in ALL_SETTINGS})
            if "speed" in changes:
                self._clock.set_speed(changes["speed"])
            self.state.settings = fresh

    def reset(self, servers: int | None = None, seed: str | list[dict[str, Any]] | None = None) -> None:
        """Back to the start: the fleet as asked for, or as at first; no backups, policies, faults, journal."""
        if servers is None and seed is None:
            servers, seed = self._planted
        with self.state.lock:
            self.state.tick()
            self.state.clear()
            seeds.plant(self.state, self.project_id, servers, seed)
        self.faults.clear()
        self.journal.clear()
        self.contract_violations.clear()

    def add_server(self, name: str, project_id: str | None = None, **fields: Any) -> Server:
        """Make a server; see seeds.add_server for the fields."""
        with self.state.lock:
            self.state.tick()
            return seeds.add_server(self.state, project_id or self.project_id, name, **fields)

    def remove_server(self, server_id: str) -> None:
        """Delete a server; backups and memberships of it stay behind."""
        with self.state.lock:
            self.state.tick()
            seeds.remove_server(self.state, server_id)

    def change_server(self, server_id: str, **changes: Any) -> Server:
        """Set status, metadata, disks, fail_next_backup, unprotectable ... of a server."""
        server: Server = change_server(self, server_id, changes)
        return server

    def force_backup(self, item_id: str, **changes: Any) -> None:
        """Put a backup of either service in a status, with fail_reason and fail_op."""
        force_backup(self, item_id, changes)

    def server(self, name: str) -> Server:
        """The first server of a name."""
        with self.state.lock:
            return next(server for server in self.state.servers.values() if server.name == name)

    def make_backup(self, server_id: str, name: str = "made", age: float = 0.0, **fields: Any) -> Item:
        """A backup that is already good, so many seconds old; fields are those of the item."""
        with self.state.lock:
            self.state.tick()
            return backups.plant(self.state, self.project_id, server_id, name, age, fields)

    def make_vault(
        self, name: str = "theirs", servers: Iterable[str] = (), size: int | None = None, **fields: Any
    ) -> Vault:
        """A vault of CBR that others made, with servers in it and any name; fields are those of the vault."""
        with self.state.lock:
            self.state.tick()
            return plant.vault(self.state, self.project_id, name, servers, size, fields)

    def make_vault_policy(self, name: str = "theirs", vaults: Iterable[str] = (), **fields: Any) -> VaultPolicy:
        """A policy of CBR that others made and applied to vaults; fields are those of the policy."""
        with self.state.lock:
            self.state.tick()
            return plant.policy(self.state, self.project_id, name, vaults, fields)

    def make_vault_backup(
        self, server_id: str, vault_id: str | None = None, name: str = "made", age: float = 0.0, **fields: Any
    ) -> Backup:
        """A backup of CBR that is already good, so many seconds old, in a vault or that of its server."""
        with self.state.lock:
            self.state.tick()
            return plant.backup(self.state, server_id, vault_id, name, age, fields)

    def fill_vault(self, vault_id: str, percent: float = 100) -> Vault:
        """Let a vault of CBR be so full."""
        with self.state.lock:
            self.state.tick()
            return plant.fill(self.state, vault_id, percent)

    def force_vault(self, vault_id: str, **changes: Any) -> Vault:
        """Set status, size, locked, policy_id ... of a vault, and members={server: protect_status}."""
        with self.state.lock:
            self.state.tick()
            return plant.force_vault(self.state, vault_id, changes)

    def force_task(self, task_id: str, status: str, reason: str = "") -> Task:
        """Set the status of a task of CBR; the reason may begin with a code."""
        with self.state.lock:
            self.state.tick()
            return plant.force_task(self.state, task_id, status, reason)

    def describe(self) -> dict[str, Any]:
        """What is running, in brief."""
        with self.state.lock:
            return {
                **{name: getattr(self.state.settings, name) for name in ALL_SETTINGS},
                "speed": self._clock.speed,
                "now": self._clock.now().isoformat(),
                "url": self.url,
                "project_id": self.project_id,
                "servers": len(self.state.servers),
                "policies": len(self.state.policies),
                "backups": len(self.state.items),
                "vaults": len(self.state.cbr.vaults),
                "vault_policies": len(self.state.cbr.policies),
                "vault_backups": len(self.state.cbr.backups),
            }
