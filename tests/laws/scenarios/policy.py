# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy."""

from __future__ import annotations

import typing as t

from tests.emulator import Emulator
from tests.support.estate import delete_server

from .scenario import (
    GIVEN,
    NIGHTLY,
    OTHERS,
    QUIET,
    RICH,
    Args,
    Given,
    Scenario,
    backed_up,
    in_their_vault,
    in_two_vaults,
    just_large_enough,
)


def _policy(name: str, args: Args, *given: Given, **more: t.Any) -> Scenario:
    return Scenario(f"policy {name}", "csbs_policy", args, given, **more)


_MUTE = "policies of CBR have no description"
SCENARIOS = [
    _policy("is created with the least", NIGHTLY),
    _policy("is created with everything", RICH),
    _policy("is created disabled", {**NIGHTLY, "enabled": False}),
    _policy("takes servers from another when it is created", {**RICH, "servers": ["srv-0001", "srv-0002"]}, OTHERS),
    _policy("is as described", RICH, GIVEN, idle=True),
    _policy("is only named", {"name": "nightly"}, GIVEN, idle=True),
    _policy("is described anew", {"name": "nightly", "description": "Each night"}, GIVEN, csbs_only=_MUTE),
    _policy("loses its description", {"name": "nightly", "description": ""}, GIVEN, csbs_only=_MUTE),
    _policy("is switched off", {"name": "nightly", "enabled": False}, GIVEN),
    _policy("is renamed", {"name": "nightly", "new_name": "each-night"}, GIVEN),
    _policy(
        "was renamed before",
        {"name": "nightly", "new_name": "each-night"},
        GIVEN,
        ("csbs_policy", {"name": "nightly", "new_name": "each-night"}),
        idle=True,
    ),
    _policy(
        "gets another schedule",
        {"name": "nightly", "schedule": {"frequency": "daily", "interval": 2, "times": ["04:00"]}},
        GIVEN,
    ),
    _policy(
        "gets the same schedule as a pattern",
        {
            **NIGHTLY,
            "schedule": {
                "pattern": "BEGIN:VCALENDAR\nRRULE:BYMINUTE=00;FREQ=DAILY;INTERVAL=1;BYHOUR=02\nEND:VCALENDAR"
            },
        },
        ("csbs_policy", NIGHTLY),
        idle=True,
    ),
    _policy("keeps backups for ever", {"name": "nightly", "retention": {}}, GIVEN),
    _policy("keeps fewer backups", {"name": "nightly", "retention": {"max_backups": 5}}, GIVEN),
    _policy("gets a server", {"name": "nightly", "servers": ["srv-0004"]}, GIVEN),
    _policy("gets a server twice", {"name": "nightly", "servers": ["srv-0004", "srv-0004"]}, GIVEN),
    _policy("gets servers by filter", {"name": "nightly", "server_filters": {"name": "srv-000[45]"}}, GIVEN),
    _policy("gets a server of another", {"name": "nightly", "servers": ["srv-0003"]}, GIVEN, OTHERS),
    _policy("keeps only some servers", {"name": "nightly", "servers": ["srv-0001"], "purge_servers": True}, GIVEN),
    _policy("loses all servers", {"name": "nightly", "servers": [], "purge_servers": True}, GIVEN),
    _policy("loses no server by omission", {"name": "nightly", "servers": []}, GIVEN, idle=True),
    _policy("gets other tags", {"name": "nightly", "tags": {"team": "web"}}, GIVEN),
    _policy("gets one more tag", {"name": "nightly", "tags": {"more": "1"}, "purge_tags": False}, GIVEN),
    _policy("loses its tags", {"name": "nightly", "tags": {}}, GIVEN),
    _policy(
        "changes in everything",
        {
            **RICH,
            "new_name": "weekly",
            "description": "Other",
            "retention": {"days": 7},
            "tags": {"a": "b"},
            "servers": ["srv-0004"],
            "purge_servers": True,
            "enabled": False,
        },
        GIVEN,
    ),
    _policy("is deleted", {"name": "nightly", "state": "absent"}, GIVEN),
    _policy("was never there", {"name": "nightly", "state": "absent"}, idle=True),
]


def _many(cloud: Emulator, service: str) -> None:
    """Leave room for one more member in the vault of the policy, and for all their disks."""
    members = [
        cloud.add_server(f"more-{number:03d}", disks=[{"size": 1, "bootable": True}]).id for number in range(253)
    ]
    (vault,) = cloud.state.cbr.vaults.values()
    cloud.force_vault(vault.id, size=1000)
    helper = cloud.make_vault("for-a-moment", members)
    with cloud.state.lock:
        vault.members.update(helper.members)
        cloud.state.cbr.vault_of.update(dict.fromkeys(members, vault.id))
        del cloud.state.cbr.vaults[helper.id]


def _gone(cloud: Emulator, service: str) -> None:
    delete_server(cloud, "srv-0001")


ONE = {"name": "nightly", "servers": ["srv-0002"], "purge_servers": True}
#: On CBR a policy has its servers in vaults.
CBR_SCENARIOS = [
    _policy(
        "takes servers with their backups from the vault of others", {**RICH, "servers": ["srv-0003"]}, in_their_vault
    ),
    _policy("gets a server of a vault of others", {"name": "nightly", "servers": ["srv-0003"]}, QUIET, in_their_vault),
    _policy("parks a server that has backups", ONE, QUIET, backed_up),
    _policy("lets backups go with a server", {**ONE, "leaving_backups": "delete", "confirm": True}, QUIET, backed_up),
    _policy("lets a server without backups go", {**ONE, "leaving_backups": "delete", "confirm": True}, QUIET),
    _policy("parks a server that no longer exists", ONE, QUIET, backed_up, _gone),
    _policy(
        "takes a parked server back",
        {"name": "nightly", "servers": ["srv-0001"]},
        QUIET,
        backed_up,
        ("csbs_policy", ONE),
    ),
    _policy(
        "parks a server for the second time",
        ONE,
        QUIET,
        backed_up,
        ("csbs_policy", ONE),
        ("csbs_policy", {"name": "nightly", "servers": ["srv-0001"]}),
    ),
    _policy("is deleted and leaves a vault with backups", {"name": "nightly", "state": "absent"}, QUIET, backed_up),
    _policy("is deleted with two vaults", {"name": "nightly", "state": "absent"}, in_two_vaults, backed_up),
    _policy(
        "is created with a vault as described",
        {**RICH, "vault": {"name": "large", "size_gb": 200, "auto_expand": False}},
    ),
    _policy("is created with a vault by a factor", {**RICH, "vault": {"size_factor": 1.0}}),
    _policy("outgrows its vault", {"name": "nightly", "servers": ["srv-0004"]}, QUIET, just_large_enough),
    _policy("outgrows the members of a vault", {"name": "nightly", "servers": ["srv-0003", "srv-0004"]}, QUIET, _many),
    _policy("tags two vaults", {"name": "nightly", "tags": {"team": "b", "more": "1"}}, in_two_vaults),
    _policy(
        "tags what only one vault has not", {"name": "nightly", "tags": {"team": "a", "only": "here"}}, in_two_vaults
    ),
    _policy("leaves the tags of two vaults", {"name": "nightly", "tags": {"team": "a"}}, in_two_vaults, idle=True),
    _policy("gets a server beside two vaults", {"name": "nightly", "servers": ["srv-0003"]}, in_two_vaults),
    _policy(
        "loses the servers of two vaults",
        {"name": "nightly", "servers": [], "purge_servers": True},
        in_two_vaults,
        backed_up,
    ),
    _policy(
        "runs at several times", {**NIGHTLY, "schedule": {"frequency": "daily", "times": ["02:00", "14:30"]}}, GIVEN
    ),
    _policy(
        "runs by several patterns",
        {
            "name": "nightly",
            "schedule": {"pattern": ["FREQ=DAILY;BYHOUR=1;BYMINUTE=30", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=7;BYMINUTE=0"]},
        },
        GIVEN,
    ),
    _policy("keeps backups for days", {"name": "nightly", "retention": {"days": 30}}, GIVEN),
    _policy("is described without effect", {"name": "nightly", "description": "Other"}, GIVEN, idle=True),
]
