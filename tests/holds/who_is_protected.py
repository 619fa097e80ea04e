# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is protected and backed up in the local cloud, and whether something that was to stay is gone."""

from __future__ import annotations

import typing as t

from tests.emulator import Emulator

from .end_state import GOING


def backups_of(cloud: Emulator, service: str, server: str) -> list[str]:
    """Return the names of the good backups of a server."""
    rows: t.Any = cloud.state.cbr.backups if service == "cbr" else cloud.state.items
    wanted = cloud.server(server).id
    return sorted(row.name for row in rows.values() if row.resource_id == wanted and row.status == "available")


def backup_ids(cloud: Emulator) -> dict[str, str]:
    """Return the backups that are there in both services: ID and name."""
    state: t.Any = cloud.state
    rows = [*state.items.values(), *state.cbr.backups.values()]
    return {row.id: row.name for row in rows if row.status not in GOING}


def protected(cloud: Emulator) -> dict[str, str]:
    """Return the names of the servers that are in a policy of either service, each with that of the policy."""
    state = cloud.state
    found = {one["name"]: policy.name for policy in state.policies.values() for one in policy.resources}
    for vault in state.cbr.vaults.values():
        if vault.policy_id in state.cbr.policies:
            for member in vault.members.values():
                found[member.name] = state.cbr.policies[vault.policy_id].name
    return found


def on_their_way(cloud: Emulator) -> set[str]:
    """Return the names of the servers that a vault is marked with."""
    tags = {key for vault in cloud.state.cbr.vaults.values() for key in vault.tags}
    return {server.name for server in cloud.state.servers.values() if server.id in tags}


class Before(t.NamedTuple):
    """Who is protected, and which backups there are, by ID with their names, before something begins."""

    members: frozenset[str]
    backups: dict[str, str]

    @classmethod
    def of(cls, cloud: Emulator) -> Before:
        """Look at a cloud."""
        return cls(frozenset(protected(cloud)), backup_ids(cloud))

    def missing(self, cloud: Emulator) -> tuple[set[str], set[str]]:
        """Return the servers that are neither protected now nor marked as on their way, and names of lost backups."""
        servers = self.members - set(protected(cloud)) - on_their_way(cloud)
        return set(servers), {self.backups[one] for one in self.backups.keys() - backup_ids(cloud).keys()}
