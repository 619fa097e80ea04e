# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_migration, and what csbs_migration_info is asked. Both work with both services, so nothing is for CBR alone."""

from __future__ import annotations

from tests.emulator import Emulator
from tests.support.estate import delete_server, policy_in

from .scenario import FAST, NIGHTLY, Args, Given, Scenario

POLICY: Args = {**NIGHTLY, "enabled": False, "servers": ["srv-0001", "srv-0002"], "tags": {"team": "web"}}
NO_RULE: Args = {**POLICY, "retention": {"days": 14, "max_backups": 3}}


def _young(cloud: Emulator, service: str) -> None:
    """Give the servers a backup in CSBS that is young enough."""
    for server in ("srv-0001", "srv-0002"):
        cloud.make_backup(cloud.server(server).id, "young", age=3600)


def _interrupted(cloud: Emulator, service: str) -> None:
    """Leave a server on its way, as a run that is killed does."""
    (vault,) = cloud.state.cbr.vaults.values()
    policy, server = policy_in(cloud, "nightly"), cloud.server("srv-0002")
    vault.tags[server.id] = policy.id
    policy.resources = [one for one in policy.resources if one["id"] != server.id]
    cloud.state.index.member_of.pop(server.id, None)


def _marked(cloud: Emulator, service: str) -> None:
    """Leave marks that nobody needs: of a server that has arrived, and of one that is gone."""
    (vault,) = cloud.state.cbr.vaults.values()
    policy = policy_in(cloud, "nightly")
    vault.tags.update({cloud.server("srv-0001").id: policy.id, cloud.server("srv-0006").id: policy.id})
    delete_server(cloud, "srv-0006")


def _gone(cloud: Emulator, service: str) -> None:
    delete_server(cloud, "srv-0002")


def _scenario(name: str, args: Args, *given: Given, idle: bool = False) -> Scenario:
    args = {**FAST, "policy": "nightly", **args}
    why = "the module works with both services at once"
    return Scenario(f"migration {name}", "csbs_migration", args, given, idle=idle, csbs_only=why)


MOVED: Args = {"state": "moved"}
IN_CSBS: tuple[Given, ...] = (("csbs_policy", POLICY), _young)
DONE = ("csbs_migration", {**FAST, **MOVED, "policy": "nightly"})
PREPARED = ("csbs_migration", {"policy": "nightly"})
SCENARIOS = [
    _scenario("prepares", {}, *IN_CSBS),
    _scenario(
        "prepares with decisions", {"target_name": "night", "retention": {"max_backups": 3}}, ("csbs_policy", NO_RULE)
    ),
    _scenario("prepares for a part", {"servers": ["srv-0001"], "vault": {"size_factor": 1}}, *IN_CSBS),
    _scenario("has prepared", {}, *IN_CSBS, PREPARED, idle=True),
    _scenario("prepares again after a change", {}, *IN_CSBS, PREPARED, ("csbs_policy", {**NIGHTLY, "enabled": True})),
    _scenario("prepares a policy without servers", {}, ("csbs_policy", NIGHTLY)),
    _scenario("moves", MOVED, *IN_CSBS),
    _scenario("moves what is prepared", MOVED, *IN_CSBS, PREPARED),
    _scenario("moves a part", {**MOVED, "servers": ["srv-0002"]}, *IN_CSBS, PREPARED),
    _scenario("moves without a backup", {**MOVED, "first_backup": False}, *IN_CSBS),
    _scenario("makes the first backups", MOVED, *IN_CSBS, (DONE[0], {**DONE[1], "first_backup": False})),
    _scenario("goes on after a kill", MOVED, *IN_CSBS, PREPARED, _interrupted),
    _scenario("removes old marks", MOVED, *IN_CSBS, DONE, _marked),
    _scenario("moves all that exist", MOVED, *IN_CSBS, _gone),
    _scenario("has moved", MOVED, *IN_CSBS, DONE, idle=True),
    _scenario("has moved and prepares", {}, *IN_CSBS, DONE, idle=True),
]

CSBS_LOOKUPS: list[tuple[str, Args]] = [
    ("csbs_migration_info", {}),
    (
        "csbs_migration_info",
        {
            "policies": ["nightly"],
            "servers": ["srv-0001", "srv-0006"],
            "decisions": [{"policy": "nightly", "target_name": "night", "retention": {"days": 30}}],
            "vault": {"size_factor": 1.5},
            "max_age": "7d",
        },
    ),
    ("csbs_migration_info", {"policies": []}),
]
