# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud in memory: what exists, what is due, and one lock round it all."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from .cbr.store import Store
from .checks import is_number, is_one_of, is_whole, need
from .clock import Clock
from .model import Checkpoint, Image, Item, Policy, Restore, Server, Volume
from .rules import ApiError

MODES = ("live", "reference")
IMAGE_CATALOGS = ("same", "split", "ims", "image")
BACKUP_SERVICES = ("cbr", "data-protect")


class Shown(Protocol):
    """What lists show after a while."""

    project_id: str
    visible_at: float


class Listed(Shown, Protocol):
    """What lists show in the order in which it was made."""

    id: str
    name: str
    seq: int


Thing = TypeVar("Thing", bound=Shown)


@dataclass
class Settings:
    """What can be changed while the cloud runs."""

    mode: str = "live"
    list_delay: float | None = None
    token_lifetime: float = 24 * 3600.0
    quota_backups: int = -1
    quota_capacity: int = -1
    sparse_items: bool = False
    unique_policy_names: bool | None = None
    image_catalog: str = "same"
    catalog_lacks: str | None = None
    unique_vault_names: bool | None = None
    quota_vaults: int = -1
    protectables: bool = False
    csbs_closed: bool = False

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Refuse what makes no sense."""
        need("mode", self.mode, is_one_of(*MODES), f"one of {', '.join(MODES)}")
        need("list_delay", self.list_delay, lambda value: value is None or is_number(value), "a number from 0, or null")
        need("token_lifetime", self.token_lifetime, is_number, "a number from 0")
        for name in ("quota_backups", "quota_capacity", "quota_vaults"):
            need(name, getattr(self, name), lambda value: is_whole(value, -1), "a whole number from 0, or -1: no limit")
        for name in ("sparse_items", "protectables", "csbs_closed"):
            need(name, getattr(self, name), is_one_of(True, False), "true or false")
        for name in ("unique_policy_names", "unique_vault_names"):
            need(name, getattr(self, name), is_one_of(True, False, None), "true, false or null")
        services = f"{', '.join(BACKUP_SERVICES)} or null"
        need("catalog_lacks", self.catalog_lacks, is_one_of(*BACKUP_SERVICES, None), services)
        need("image_catalog", self.image_catalog, is_one_of(*IMAGE_CATALOGS), f"one of {', '.join(IMAGE_CATALOGS)}")

    @property
    def live(self) -> bool:
        """Whether answers look as the live service's do."""
        return self.mode == "live"

    @property
    def lag(self) -> float:
        """Real seconds until lists show a new thing; by default two in live mode and none in reference mode."""
        return (2.0 if self.live else 0.0) if self.list_delay is None else self.list_delay

    @property
    def names_are_unique(self) -> bool:
        """Whether a second policy of a name is refused; by default in reference mode only."""
        return not self.live if self.unique_policy_names is None else self.unique_policy_names

    @property
    def vault_names_are_unique(self) -> bool:
        """Whether a second vault of a name is refused; by default in reference mode only."""
        return not self.live if self.unique_vault_names is None else self.unique_vault_names


def new_id() -> str:
    """An id as the services make them."""
    return str(uuid.uuid4())


@dataclass
class Indices:
    """Derived look-ups, so that nothing has to be searched."""

    member_of: dict[str, str] = field(default_factory=dict)
    busy: dict[str, str] = field(default_factory=dict)
    items_of: dict[str, dict[str, Item]] = field(default_factory=dict)
    good_of: dict[str, set[str]] = field(default_factory=dict)
    lazy_load: set[str] = field(default_factory=set)


class State:
    """Everything the emulated cloud knows. Hold ``lock`` while reading or changing it."""

    def __init__(
        self, clock: Clock, settings: Settings | None = None, real: Callable[[], float] = time.monotonic
    ) -> None:
        self.real = real
        self.lock = threading.RLock()
        self.clock = clock
        self.settings = settings or Settings()
        self.now = clock.now()
        self.clear()

    def clear(self) -> None:
        """Empty the cloud; clock and settings stay."""
        self._target = self.now
        self._policy_made = datetime.min
        self._events: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._counter = itertools.count(1)
        self.servers: dict[str, Server] = {}
        self.volumes: dict[str, Volume] = {}
        self.policies: dict[str, Policy] = {}
        self.checkpoints: dict[str, Checkpoint] = {}
        self.items: dict[str, Item] = {}
        self.gone: dict[str, Any] = {}
        self.images: dict[str, Image] = {}
        self.jobs: dict[str, Image] = {}
        self.restores: dict[str, Restore] = {}
        self.deletions: dict[str, deque[Item]] = {}
        self.deleting: dict[str, int] = {}
        self.index = Indices()
        self.cbr = Store()

    # --- time ---------------------------------------------------------------------------------------------------------

    def tick(self) -> datetime:
        """Let everything happen that is due by now, in order."""
        with self.lock:
            self._target = max(self.clock.now(), self.now)
            while self._events and self._events[0][0] <= self._target:
                at, _seq, act = heapq.heappop(self._events)
                self.now = max(at, self.now)
                act(at)
            self.now = self._target
            return self.now

    def at(self, moment: datetime, act: Callable[[datetime], None]) -> datetime:
        """Do something at a moment; returns the moment."""
        heapq.heappush(self._events, (moment, next(self._counter), act))
        return moment

    def after(self, seconds: float, act: Callable[[datetime], None]) -> datetime:
        """Do something so many clock seconds from now."""
        return self.at(self.now + timedelta(seconds=seconds), act)

    def policy_moment(self) -> datetime:
        """A moment for created_at of a policy, later than that of all before it, though the clock may stand still."""
        self._policy_made = max(self.now, self._policy_made + timedelta(microseconds=1))
        return self._policy_made

    def next_seq(self) -> int:
        """A number that grows, for a stable order."""
        return next(self._counter)

    def visible_at(self) -> float:
        """The real moment from which lists show something made now."""
        passed = (self._target - self.now).total_seconds()
        return self.real() + max(0.0, self.settings.lag - passed)

    def shown(self, things: Iterable[Thing], project_id: str) -> list[Thing]:
        """Those of a project that lists, counts and tag queries show by now."""
        real = self.real()
        return [thing for thing in things if thing.project_id == project_id and thing.visible_at <= real]

    # --- look-ups -----------------------------------------------------------------------------------------------------

    def server(self, project_id: str, server_id: str) -> Server:
        """A server of the project, or CSBS.6000."""
        server = self.servers.get(server_id)
        if server is None or server.project_id != project_id:
            raise ApiError("CSBS.6000", server_id)
        return server

    def volumes_of(self, server: Server) -> list[Volume]:
        """The disks attached to a server."""
        return [self.volumes[volume_id] for volume_id in server.volume_ids if volume_id in self.volumes]

    def policy(self, project_id: str, policy_id: str) -> Policy:
        """A policy of the project, or CSBS.3000."""
        policy = self.policies.get(policy_id)
        if policy is None or policy.project_id != project_id:
            raise ApiError("CSBS.3000", policy_id)
        return policy

    def item(self, project_id: str, item_id: str) -> Item:
        """A backup of the project, or CSBS.3001."""
        item = self.items.get(item_id)
        if item is None or item.project_id != project_id:
            raise ApiError("CSBS.3001", item_id)
        return item

    def checkpoint(self, project_id: str, checkpoint_id: str) -> Checkpoint:
        """A backup record of the project, or CSBS.3001."""
        checkpoint = self.checkpoints.get(checkpoint_id)
        if checkpoint is None or checkpoint.project_id != project_id:
            raise ApiError("CSBS.3001", checkpoint_id)
        return checkpoint

    def any_backup(self, item_id: str) -> Item | None:
        """A backup of either service."""
        return self.items.get(item_id) or self.cbr.backups.get(item_id)

    def once_listed(self, thing_id: str) -> Any:
        """What had a place in a list, for markers."""
        return self.gone.get(thing_id) or self.any_backup(thing_id) or self.policies.get(thing_id)

    # --- changes ------------------------------------------------------------------------------------------------------

    def add_item(self, item: Item) -> None:
        """Put a new backup in, with all indices."""
        self.items[item.id] = item
        self.checkpoints[item.checkpoint_id].item_ids.append(item.id)
        self.index.items_of.setdefault(item.resource_id, {})[item.id] = item

    def drop_item(self, item: Item) -> None:
        """Take a backup out; its place in a list is remembered for markers."""
        self.items.pop(item.id, None)
        self.gone[item.id] = item
        item.status = "deleted"
        self.index.items_of.get(item.resource_id, {}).pop(item.id, None)
        self.index.good_of.get(item.resource_id, set()).discard(item.id)
        self.release(item)
        checkpoint = self.checkpoints.get(item.checkpoint_id)
        if checkpoint is not None:
            checkpoint.item_ids.remove(item.id)
            if not checkpoint.item_ids:
                del self.checkpoints[checkpoint.id]

    def release(self, item: Item) -> None:
        """The work on a backup ended: its server and its policy are free again."""
        for server_id in (item.resource_id, item.restoring_to):
            if server_id and self.index.busy.get(server_id) == item.id:
                del self.index.busy[server_id]
        policy = self.policies.get(item.policy_id or "")
        if policy is not None:
            policy.running.pop(item.id, None)
