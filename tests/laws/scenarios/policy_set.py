# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_set."""

from __future__ import annotations

import typing as t

from tests.emulator import Emulator
from tests.support.estate import delete_server, set_server

from .scenario import OTHERS, QUIET, RICH, Args, Given, Scenario, backed_up, in_their_vault, in_two_vaults

NIGHTLY: Args = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}, "servers_per_policy": 2}
FIVE: Args = {**NIGHTLY, "servers": [f"srv-{number:04d}" for number in range(1, 6)]}
SINGLE: Args = {**RICH, "suffix": "when_needed", "servers_per_policy": 2}
MADE: Given = ("csbs_policy_set", FIVE)


def _set(name: str, args: Args, *given: Given, **more: t.Any) -> Scenario:
    tasks = [args, *(one[1] for one in given if not callable(one))]
    spread = any({"servers_per_policy", "stagger_minutes"} & task.keys() for task in tasks)
    reason = "a policy of CBR takes all servers, so a set has one policy" if spread else ""
    return Scenario(f"policy_set {name}", "csbs_policy_set", args, given, **{"csbs_only": reason, **more})


def _of(*numbers: int) -> list[str]:
    return [f"srv-{number:04d}" for number in numbers]


def _break(cloud: Emulator, service: str) -> None:
    set_server(cloud, "srv-0005", status="ERROR")


def _delete(cloud: Emulator, service: str) -> None:
    delete_server(cloud, "srv-0005")


SCENARIOS = [
    # tests/laws/test_cost.py takes the first idle one, in a cloud where csbs_policy has made its policy.
    _set("is one policy", {**RICH, "suffix": "when_needed"}, ("csbs_policy", RICH), idle=True),
    _set("is created with the least", {"name": "nightly", "schedule": NIGHTLY["schedule"]}),
    _set("is created with everything", {**RICH, "servers_per_policy": 1, "stagger_minutes": 30}),
    _set("is created from servers of another policy", FIVE, OTHERS),
    _set("is as described", FIVE, MADE, idle=True),
    _set("is only named", {"name": "nightly", "servers_per_policy": 2}, MADE, idle=True),
    _set("gets a server that fits", {**NIGHTLY, "servers": _of(6)}, MADE),
    _set("gets a policy like the others", {"name": "nightly", "servers_per_policy": 1, "servers": _of(6)}, MADE),
    _set(
        "gets a server of another policy",
        {**NIGHTLY, "servers": _of(6)},
        MADE,
        ("csbs_policy", {**RICH, "name": "x", "servers": _of(6)}),
    ),
    _set("loses no server by omission", {**NIGHTLY, "servers": _of(1)}, MADE, idle=True),
    _set("loses a server", {**NIGHTLY, "servers": _of(1, 2, 3, 5), "purge_servers": True, "move_servers": False}, MADE),
    _set("loses a policy", {**NIGHTLY, "servers": _of(2, 4, 5), "purge_servers": True}, MADE),
    _set(
        "keeps a policy for a server that broke",
        {**NIGHTLY, "servers": _of(1, 3, 5), "purge_servers": True},
        MADE,
        _break,
    ),
    _set("loses a server that no longer exists", {**NIGHTLY, "servers": _of(1, 2, 3, 4)}, MADE, _delete),
    _set("loses all servers", {**NIGHTLY, "servers": [], "purge_servers": True}, MADE),
    _set("gets more room", {**FIVE, "servers_per_policy": 3}, MADE),
    _set("gets less room", {**FIVE, "servers_per_policy": 1}, MADE),
    _set("gets less room and may not move", {**FIVE, "servers_per_policy": 1, "move_servers": False}, MADE, idle=True),
    _set("is staggered", {**FIVE, "stagger_minutes": 45}, MADE),
    _set("gets another retention", {**NIGHTLY, "retention": {"days": 7, "monthly": 3, "timezone": "UTC+01:00"}}, MADE),
    _set("is switched off", {"name": "nightly", "enabled": False}, MADE),
    _set("gets tags", {"name": "nightly", "tags": {"team": "web"}}, MADE),
    _set("is renamed", {"name": "nightly", "new_name": "each-night"}, MADE),
    _set(
        "was renamed before",
        {"name": "nightly", "new_name": "each-night"},
        MADE,
        ("csbs_policy_set", {"name": "nightly", "new_name": "each-night"}),
        idle=True,
    ),
    _set("grows out of one policy", {**SINGLE, "servers": _of(1, 2, 3)}, ("csbs_policy", RICH)),
    _set(
        "fits into one policy again",
        {**SINGLE, "servers": _of(1, 3), "purge_servers": True},
        ("csbs_policy_set", {**SINGLE, "servers": _of(1, 2, 3)}),
    ),
    _set("is deleted", {"name": "nightly", "state": "absent"}, MADE),
    _set(
        "is deleted with its only policy",
        {"name": "nightly", "state": "absent", "suffix": "when_needed"},
        ("csbs_policy", RICH),
    ),
    _set(
        "is not a policy of its name",
        {"name": "nightly", "state": "absent"},
        ("csbs_policy", RICH),
        idle=True,
        csbs_only="a set on CBR has no numbers, and is the policy of its name",
    ),
]

_CBR: Args = {"name": "nightly", "schedule": NIGHTLY["schedule"]}
ALL: Args = {**_CBR, "servers": _of(1, 2, 3, 4, 5)}
SET: Given = ("csbs_policy_set", ALL)
LESS: Args = {**_CBR, "servers": _of(2, 3), "purge_servers": True}
#: On CBR a set has one policy, with as many vaults as it needs.
CBR_SCENARIOS = [
    _set("is created with servers", ALL),
    _set("is created from servers of another policy", ALL, OTHERS),
    _set("is created from servers of a vault of others", ALL, in_their_vault),
    _set("is as described", ALL, SET, idle=True),
    _set("has two vaults", {"name": "nightly", "servers": _of(1, 2)}, in_two_vaults, idle=True),
    _set("loses no server by omission", {**_CBR, "servers": _of(1)}, SET, idle=True),
    _set("gets a server", {**_CBR, "servers": _of(6)}, SET),
    _set("loses servers", LESS, SET),
    _set("loses a server that has backups", LESS, QUIET, backed_up),
    _set("loses a server and its backups", {**LESS, "leaving_backups": "delete", "confirm": True}, QUIET, backed_up),
    _set("loses all servers", {**_CBR, "servers": [], "purge_servers": True}, SET),
    _set("gets another retention", {**_CBR, "retention": {"days": 7}}, SET),
    _set("gets tags", {"name": "nightly", "tags": {"team": "web"}}, SET),
    _set("is renamed", {"name": "nightly", "new_name": "each-night"}, SET),
    _set("is deleted", {"name": "nightly", "state": "absent"}, SET),
    _set("is deleted and leaves a vault with backups", {"name": "nightly", "state": "absent"}, QUIET, backed_up),
]
