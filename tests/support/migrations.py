# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers on their way from CSBS to CBR in the local cloud: where they are, and what makes their way short."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import login, members, migration
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.both_clouds import BothClouds
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.login import AUTH_SPEC
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.selection import is_id
from tests.emulator import Emulator
from tests.support.estate import policy_in
from tests.support.modules import Args, auth_of, run_ok
from tests.support.policy_sets import hurry

MODULE = "csbs_migration"
SERVERS = ("srv-0001", "srv-0002", "srv-0003")
#: Switched off, so that no run of the schedule comes between
NIGHTLY: Args = {
    "name": "nightly",
    "enabled": False,
    "schedule": {"frequency": "daily", "times": ["02:00"]},
    "retention": {"days": 14},
    "servers": list(SERVERS),
    "tags": {"team": "web"},
}
PREPARED: Args = {"policy": "nightly", "poll_interval": 0.1, "timeout": 60}
MOVED: Args = {**PREPARED, "state": "moved"}


def in_csbs(cloud: Emulator, *backed_up: str) -> None:
    """Put three servers under a policy of CSBS, each with a backup that is an hour old, or only some."""
    run_ok("csbs_policy", NIGHTLY, cloud)
    for server in backed_up or SERVERS:
        cloud.make_backup(cloud.server(server).id, "old", age=3600)
    cloud.journal.clear()


def hurry_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the pauses of tasks short."""
    hurry(monkeypatch)
    monkeypatch.setattr(members, "_SECONDS_UNTIL_CHECK", (0.0, 0.01))
    monkeypatch.setattr(migration, "_FIRST_PAUSE", 0.05)


def connect_both(cloud: Emulator, seconds: float = 60) -> BothClouds:
    """Log in as csbs_migration does."""
    return login.connect_both({**dict.fromkeys(AUTH_SPEC), **auth_of(cloud)}, seconds)


def place_of(cloud: Emulator, server: str) -> str:
    """Return where a server is: csbs, the name of its vault, moving, or nowhere."""
    state, server_id = cloud.state, cloud.server(server).id
    if server_id in state.index.member_of:
        return "csbs"
    if server_id in state.cbr.vault_of:
        return str(state.cbr.vaults[state.cbr.vault_of[server_id]].name)
    return "moving" if any(server_id in vault.tags for vault in state.cbr.vaults.values()) else "nowhere"


def places(cloud: Emulator) -> dict[str, str]:
    """Return where each of the three servers is."""
    return {server: place_of(cloud, server) for server in SERVERS}


def marks_in(cloud: Emulator) -> dict[str, str]:
    """Return the marks in all vaults."""
    vaults = cloud.state.cbr.vaults.values()
    return {key: value for vault in vaults for key, value in vault.tags.items() if is_id(key)}


def outcome(cloud: Emulator) -> t.Any:
    """Return what there is after a migration, whatever the IDs are."""
    cbr = cloud.state.cbr
    policies = sorted((one.name, one.enabled, str(one.definition)) for one in cbr.policies.values())
    vaults = sorted((one.name, one.size, len(one.members), sorted(one.tags.items())) for one in cbr.vaults.values())
    backed_up = {one.resource_name for one in cbr.backups.values() if one.status == "available"}
    return places(cloud), policies, vaults, sorted(backed_up), sorted(policy_in(cloud, "nightly").tags.items())
