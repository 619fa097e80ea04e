# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud in the words of the plain model (model.py): what it holds, and what others do in it."""

from __future__ import annotations

import re
import typing as t

from tests.emulator import Emulator
from tests.support.estate import delete_server, send, set_server

from .end_state import GOING

#: The names of policy sets, whose policies have numbers on CSBS
SETS = ("fleet", "ships")
PROVIDER = "fc4d5750-22e7-4798-8a46-f48f62c4c1da"
_NUMBER = re.compile(r"-\d{4}$")
_UNSET = (None, -1, 0, "", "-1", "0")
_COUNTS = {"max_backups": "max_backups", "retention_duration_days": "days"}


class ModelCloud:
    """One service of a local cloud. labels are what the model calls its servers, by ID."""

    def __init__(self, cloud: Emulator, service: str) -> None:
        self.cloud, self.service = cloud, service
        self.labels = {server.id: server.name for server in cloud.state.servers.values()}

    def id_of(self, label: str) -> str:
        """Return the ID of a server, also of one that is gone."""
        return next(server_id for server_id, known in self.labels.items() if known == label)

    def ref(self, label: str) -> str:
        """Return how a task names a server: by its name, as long as that is clear."""
        names = [server.name for server in self.cloud.state.servers.values()]
        return label if label in names and len(self.labels) == len(names) else self.id_of(label)

    # ========== What it holds ==========
    def view(self) -> dict[str, t.Any]:
        """Return what the model can be compared with."""
        with self.cloud.state.lock:
            self.cloud.state.tick()
            rows = self._csbs_policies() if self.service == "csbs" else self._cbr_policies()
            return {"policies": joined(rows), "backups": self._backups()}

    def _csbs_policies(self) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
        for policy in self.cloud.state.policies.values():
            servers = [self.labels[one["id"]] for one in policy.resources]
            yield policy.name, _fields(policy, policy.pattern, policy.tags, servers)

    def _cbr_policies(self) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
        store = self.cloud.state.cbr
        for policy in store.policies.values():
            vaults = [vault for vault in store.vaults_of(policy) if vault.status != "deleting"]
            servers = [self.labels[one.id] for vault in vaults for one in vault.members.values() if not one.removing]
            tags = [
                {key: value for key, value in vault.tags.items() if key not in self.labels} for vault in vaults
            ] or [{}]
            if any(one != tags[0] for one in tags):
                tags[0] = {"vaults": f"differ: {tags}"}
            yield policy.name, _fields(policy, " ".join(policy.pattern), tags[0], servers)

    def _backups(self) -> list[tuple[str, str, str, bool]]:
        state = self.cloud.state
        found: t.Iterable[t.Any] = (state.items if self.service == "csbs" else state.cbr.backups).values()
        return sorted(
            (self.labels[one.resource_id], base_of(one.name), str(dict(sorted(one.tags.items()))), one.auto_trigger)
            for one in found
            if one.status not in (*GOING, "error")
        )

    def sizes(self, name: str) -> list[int]:
        """Return how many servers each policy of a set has."""
        policies = self.cloud.state.policies.values()
        return [len(policy.resources) for policy in policies if base_of(policy.name) == name]

    def list_all(self) -> None:
        """Let lists show what was made right before."""
        state = self.cloud.state
        with state.lock:
            for thing in (*state.items.values(), *state.cbr.backups.values()):
                thing.visible_at = 0.0

    # ========== What others do ==========
    def move(self, server: str, name: str) -> None:
        """Move a server that is in a policy to another one."""
        server_id = self.id_of(server)
        if self.service == "cbr":
            self._move_vault(server_id, name)
            return
        policies = self.cloud.state.policies
        old = policies[self.cloud.state.index.member_of[server_id]]
        new = next(policy for policy in policies.values() if base_of(policy.name) == name)
        kept = [one for one in old.resources if one["id"] != server_id]
        moved = [one for one in old.resources if one["id"] == server_id]
        for policy, resources in ((old, kept), (new, [*new.resources, *moved])):
            body = {"policy": {"resources": [{key: one[key] for key in ("id", "type", "name")} for one in resources]}}
            send(self.cloud, "PUT", f"/policies/{policy.id}", body)

    def _move_vault(self, server_id: str, name: str) -> None:
        store = self.cloud.state.cbr
        policy = next(one for one in store.policies.values() if one.name == name)
        target = store.vaults_of(policy)[0]
        self.cloud.force_vault(target.id, size=1000)
        body = {"destination_vault_id": target.id, "resource_ids": [server_id]}
        path = f"/vaults/{store.vault_of[server_id]}/migrateresources"
        send(self.cloud, "POST", path, body, base=self.cloud.cbr_url)
        self.cloud.clock.advance(60)

    def back_up(self, server: str, name: str) -> None:
        """Let a schedule have made a backup."""
        plant = self.cloud.make_backup if self.service == "csbs" else self.cloud.make_vault_backup
        plant(self.id_of(server), name=name, auto_trigger=True)

    def begin_backup(self, server: str) -> bool:
        """Begin a backup of a server, if it can be backed up and somebody has a place for it."""
        server_id, vaults = self.id_of(server), self.cloud.state.cbr.vault_of
        if self.cloud.server(server).status != "ACTIVE" or (self.service == "cbr" and server_id not in vaults):
            return False
        if self.service == "csbs":
            path, base = f"/providers/{PROVIDER}/resources/{server_id}/action", self.cloud.csbs_url
            send(self.cloud, "POST", path, {"protect": {"backup_name": "theirs"}}, base=base)
        else:
            parameters = {"resources": [server_id], "name": "theirs"}
            body = {"checkpoint": {"vault_id": vaults[server_id], "parameters": parameters}}
            send(self.cloud, "POST", "/checkpoints", body, base=self.cloud.cbr_url)
        return True

    def rebuild(self, server: str, label: str) -> None:
        """Delete a server, which has another label from then on, and make a new one of its name."""
        self.labels[self.id_of(server)] = label
        delete_server(self.cloud, server)
        self.labels[self.cloud.add_server(server).id] = server

    def set_health(self, server: str, good: bool) -> None:
        """Let a server break, or mend it."""
        set_server(self.cloud, server, status="ACTIVE" if good else "ERROR")


def base_of(name: str) -> str:
    """Return the name without a number; empty for a name that was made up."""
    return "" if name.startswith(("manualbk_", "autobk_")) else _NUMBER.sub("", name)


def joined(rows: t.Iterable[tuple[str, dict[str, t.Any]]]) -> dict[str, t.Any]:
    """Return policies by name, those of a set as one. Raises AssertionError for a name that several have."""
    found: dict[str, dict[str, t.Any]] = {}
    names = set()
    for name, fields in rows:
        assert name not in names, f"two policies have the name {name!r}"
        names.add(name)
        base = base_of(name)
        if base in found and name != base:
            other = found[base]
            differing = {key for key in fields if key != "servers" and fields[key] != other[key]}
            fields = {**other, "servers": sorted([*other["servers"], *fields["servers"]])}
            fields |= {key: "differs within the set" for key in differing}
        found[base] = fields
    servers = [server for fields in found.values() for server in fields["servers"]]
    assert len(set(servers)) == len(servers), f"a server is in two policies: {found}"
    return found


def _fields(policy: t.Any, pattern: str, tags: t.Mapping[str, str], servers: t.Iterable[str]) -> dict[str, t.Any]:
    """Return what the model knows of a policy."""
    hour, minute = (re.search(rf"{part}=(\d+)", pattern) for part in ("BYHOUR", "BYMINUTE"))
    limits = {option: int(policy.definition.get(key) or 0) for key, option in _COUNTS.items()}
    return {
        "times": f"{int(hour[1]):02}:{int(minute[1]):02}" if hour and minute else pattern,
        "enabled": policy.enabled,
        "retention": {option: limit for option, limit in limits.items() if limit not in _UNSET},
        "tags": dict(tags),
        "servers": sorted(servers),
    }
