# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sees each request of a test to CBR that deletes backups, and whether anybody has asked for that.

In CBR a vault, and a server that leaves its vault, take their backups along. Nothing in a task must let that happen
by accident, so the guard looks at every such request when it comes, whatever the answer is: what is refused this time
may be carried out the next time.
"""

from __future__ import annotations

import contextlib
import re
import typing as t

if t.TYPE_CHECKING:
    from tests.emulator import Emulator

# While a backup is in progress, the service refuses to remove its server and its vault. Others go already.
_NOT_LOST = ("waiting_protect", "protecting", "waiting_delete", "deleting")
_PATH = r"/cbr/v3/[^/]+/"
_REMOVAL = re.compile(_PATH + r"vaults/([^/]+)/removeresources")
_VAULT = re.compile(_PATH + r"vaults/([^/]+)")
_BACKUP = re.compile(_PATH + r"backups/([^/]+)")


def asks_for_loss(options: t.Any) -> bool:
    """Return whether options of a task or variables of a play say that the backups of leaving servers go with them."""
    if isinstance(options, dict):
        words = [(options.get(f"{part}leaving_backups"), options.get(f"{part}confirm")) for part in ("", "csbs_")]
        return ("delete", True) in words or any(map(asks_for_loss, options.values()))
    return isinstance(options, list) and any(map(asks_for_loss, options))


def asks_for_deletions(module: str, options: t.Mapping[str, t.Any]) -> bool:
    """Return whether a task deletes backups by name or by rule."""
    return module == "csbs_backup_prune" or (module == "csbs_backup" and options.get("state") == "absent")


class Guard:
    """What tests of this process ask for, and what their requests would delete beyond that."""

    def __init__(self) -> None:
        #: Requests that would delete backups as a side effect, and nobody asked for it: each a sentence
        self.losses: list[str] = []
        #: Requests that delete a backup itself, from modules that are not there for that
        self.deletions: list[str] = []
        self._may_lose = 0
        self._task: tuple[str, t.Mapping[str, t.Any]] | None = None

    def forget(self) -> None:
        """Begin with the next test."""
        self.losses, self.deletions = [], []

    @contextlib.contextmanager
    def asked(self, options: t.Any, module: str | None = None) -> t.Iterator[None]:
        """Let requests do what options ask for. module is that of a task, None for a play, which has several."""
        loses, outer = asks_for_loss(options), self._task
        self._may_lose += loses
        self._task = None if module is None else (module, options)
        try:
            yield
        finally:
            self._may_lose -= loses
            self._task = outer

    def watching(self, cloud: Emulator) -> t.Callable[[str, str, t.Any], None]:
        """Return what a local cloud is to call with each request."""

        def see(method: str, path: str, body: t.Any) -> None:
            with cloud.state.lock:
                self._see(cloud, method, path, body)

        return see

    def _see(self, cloud: Emulator, method: str, path: str, body: t.Any) -> None:
        store = cloud.state.cbr
        if method == "POST" and (found := _REMOVAL.fullmatch(path)):
            held = [one for one in self._in(cloud, found[1]) if one.resource_id in body["resource_ids"]]
            if held and not self._may_lose:
                self.losses.append(f"removeresources takes along {_names(held)}")
        elif method == "DELETE" and (found := _VAULT.fullmatch(path)):
            held = self._in(cloud, found[1])
            if held:
                self.losses.append(f"DELETE vaults takes along {_names(held)}")
        elif method == "DELETE" and (found := _BACKUP.fullmatch(path)):
            self._see_deletion(store, found[1])

    def _see_deletion(self, store: t.Any, backup_id: str) -> None:
        if self._task is None or asks_for_deletions(*self._task):
            return
        if backup_id in store.backups:
            self.deletions.append(f"{self._task[0]} deletes {_names([store.backups[backup_id]])}")

    @staticmethod
    def _in(cloud: Emulator, vault_id: str) -> list[t.Any]:
        held = cloud.state.cbr.backups_of.get(vault_id, {}).values()
        return [backup for backup in held if backup.status not in _NOT_LOST]


def _names(backups: t.Iterable[t.Any]) -> str:
    return ", ".join(sorted(f"{backup.name} of {backup.resource_name} ({backup.status})" for backup in backups))


#: That of this process; modules run one at a time in it
GUARD = Guard()
