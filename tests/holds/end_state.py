# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cloud holds, without IDs and times, so that the ends of two runs can be compared."""

from __future__ import annotations

import copy
import re
import typing as t

from tests.emulator import Emulator

Entry = tuple[str, ...]
#: Backups that are about to go count as gone
GOING = ("waiting_delete", "deleting", "deleted")
# A name that the service or a module makes up, also with a number
_MADE_UP = re.compile(r"(manualbk|autobk)_[0-9a-f]{4}(-\d{4})?")
# What a task adds to the name of one of several backups: it depends on which others there are when it is sent.
_NUMBER = re.compile(r"-0\d{3}$")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
# What a rule of retention holds that keeps nothing
_UNSET = (-1, 0, "", None)
# What a restore of CBR may still be
_RUNNING = ("waiting", "running")


def end_state(cloud: Emulator, automatic: bool = False) -> dict[Entry, object]:
    """Return what the cloud holds, with one entry for each thing, without IDs and times.

    A second thing of one name has an entry of its own. Backups that schedules made count only if automatic says so:
    they come while tests run.
    """
    with cloud.state.lock:
        cloud.state.tick()
        # What the cloud changes in place later must not change here.
        return copy.deepcopy(_EndState(cloud, automatic).entries)


class _EndState:
    def __init__(self, cloud: Emulator, automatic: bool) -> None:
        self._state, self._automatic = cloud.state, automatic
        self.entries: dict[Entry, object] = {}
        self._lists: dict[Entry, list[t.Any]] = {}
        self._servers()
        self._csbs()
        self._cbr()
        self._backups()
        self._images()
        self._restores()
        self.entries.update({key: sorted(values) for key, values in self._lists.items()})

    def _put(self, key: Entry, value: object) -> None:
        """Add an entry; one of a key that is there gets a number."""
        number, own = 1, key
        while own in self.entries:
            number += 1
            own = (*key, f"{number} of this name")
        self.entries[own] = value

    def _append(self, key: Entry, value: object) -> None:
        self._lists.setdefault(key, []).append(value)

    def _name(self, thing_id: str) -> str:
        """Return the name of what has an ID, which tags of vaults hold as well."""
        state = self._state
        for things in (state.servers, state.policies, state.cbr.policies, state.cbr.vaults):
            if thing_id in things:
                return f"ID of {things[thing_id].name}"
        return _ID.sub("ID of what is gone", thing_id)

    def _tags(self, tags: t.Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((self._name(key), self._name(value)) for key, value in tags.items()))

    @staticmethod
    def _definition(definition: t.Mapping[str, t.Any]) -> list[tuple[str, t.Any]]:
        return sorted((key, value) for key, value in definition.items() if value not in _UNSET)

    def _servers(self) -> None:
        for server in self._state.servers.values():
            self._put(("server", server.name), server.status)

    def _csbs(self) -> None:
        for policy in self._state.policies.values():
            fields = (
                policy.description,
                policy.enabled,
                policy.pattern,
                self._definition(policy.definition),
                policy.parameters,
                self._tags(policy.tags),
            )
            self._put(("policy", "csbs", policy.name), fields)
            for one in policy.resources:
                self._append(("member", "csbs", one["name"]), policy.name)

    def _cbr(self) -> None:
        store = self._state.cbr
        for policy in store.policies.values():
            fields = (policy.operation_type, policy.enabled, policy.pattern, self._definition(policy.definition))
            self._put(("policy", "cbr", policy.name), fields)
        for vault in store.vaults.values():
            if vault.status == "deleting":
                continue
            policy_name = store.policies[vault.policy_id].name if vault.policy_id in store.policies else None
            kind = (vault.object_type, vault.protect_type, vault.description, vault.status)
            grows = (vault.auto_bind, vault.bind_rules, vault.auto_expand, vault.smn_notify, vault.threshold)
            self._put(("vault", vault.name), (vault.size, policy_name, self._tags(vault.tags), kind, grows))
            for member in vault.members.values():
                if not member.removing:
                    self._append(("member", "cbr", member.name), vault.name)

    def _backups(self) -> None:
        vaults = self._state.cbr.vaults
        for service, backups in (("csbs", self._state.items), ("cbr", self._state.cbr.backups)):
            for backup in t.cast("dict[str, t.Any]", backups).values():
                if backup.status in GOING or (backup.auto_trigger and not self._automatic):
                    continue
                name = "unnamed" if _MADE_UP.fullmatch(backup.name) else _NUMBER.sub("-0000", backup.name)
                found = "failed" if backup.status == "error" else "good"
                vault = vaults[backup.vault_id].name if service == "cbr" else ""
                value = (found, self._tags(backup.tags), vault, backup.description)
                self._append(("backup", service, backup.resource_name, name), value)

    def _images(self) -> None:
        for image in self._state.images.values():
            source = self._state.any_backup(image.backup_id)
            fields = (image.description, self._tags(image.tags), image.min_ram, image.max_ram, image.job_status)
            self._put(("image", image.name), (source and (source.resource_name, source.name), fields))

    def _restores(self) -> None:
        """A restore of CSBS has no state of its own: it runs as long as its backup says so."""
        for restore in self._state.restores.values():
            item = self._state.items.get(restore.item_id)
            runs = item is not None and item.status in ("waiting_restore", "restoring")
            self._append(("restore", self._state.servers[restore.server_id].name), "running" if runs else "ended")
        for task in self._state.cbr.tasks.values():
            if task.operation_type == "restore":
                target = task.details["restore"]["target_resource_name"]
                self._append(("restore", target), "running" if task.status in _RUNNING else "ended")
