# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup."""

from __future__ import annotations

import typing as t

from .scenario import BACKED_UP, FAST, NAMED, QUIET, Args, Given, Scenario, in_their_vault, in_two_vaults


def _backup(name: str, args: Args, *given: Given, **more: t.Any) -> Scenario:
    return Scenario(f"backup {name}", "csbs_backup", {**FAST, **args}, given, **more)


SCENARIOS = [
    _backup("of one server by name", {"name": "before", "servers": ["srv-0001"]}),
    _backup("of several servers by name", NAMED),
    _backup("that is there", NAMED, BACKED_UP, idle=True),
    _backup("of a fleet that has grown", {**NAMED, "servers": ["srv-0003", "srv-0002", "srv-0001"]}, BACKED_UP),
    _backup("without a name", {"servers": ["srv-0001"], "description": "By hand", "incremental": False}, repeats=True),
    _backup("when the last one is too old", {"servers": ["srv-0003"], "max_age": "24h"}),
    _backup("when the last one is young", {"servers": ["srv-0001"], "max_age": "52w"}, BACKED_UP, idle=True),
    _backup("by filter", {"name": "before", "server_filters": {"name": "srv-000[12]"}}),
    _backup("of what a filter does not find", {"name": "before", "server_filters": {"name": "nothing-*"}}, idle=True),
    _backup(
        "without those that cannot be",
        {"name": "before", "servers": ["srv-0001", "srv-0002"], "skip_unprotectable": True},
        states={"srv-0002": "ERROR"},
    ),
    _backup("is deleted by name", {"name": "before", "state": "absent"}, BACKED_UP),
    _backup("is deleted for one server", {"name": "before", "servers": ["srv-0001"], "state": "absent"}, BACKED_UP),
    _backup("is not there by name", {"name": "before", "state": "absent"}, idle=True),
    _backup("is not there by id", {"ids": ["90c1d5fa-1b9f-4aeb-b2f4-81c806e98190"], "state": "absent"}, idle=True),
    _backup("goes for no server", {"name": "before", "servers": [], "state": "absent"}, BACKED_UP, idle=True),
]

HELD: Args = {"name": "before", "vault": None}
#: On CBR servers are backed up in their vaults.
CBR_SCENARIOS = [
    _backup("of servers in the vault of their policy", {**HELD, "servers": ["srv-0001", "srv-0002"]}, QUIET),
    _backup("of one member of a vault", {**HELD, "servers": ["srv-0002"]}, QUIET),
    _backup("of servers in two vaults", {**HELD, "servers": ["srv-0001", "srv-0002"]}, in_two_vaults),
    _backup("of servers in a vault of others", {**HELD, "servers": ["srv-0003", "srv-0004"]}, in_their_vault),
    _backup(
        "of servers of which some need a vault",
        {"name": "before", "vault": "spare", "servers": ["srv-0001", "srv-0005"]},
        QUIET,
    ),
    _backup(
        "that is there in two vaults",
        {**HELD, "servers": ["srv-0001", "srv-0002"]},
        in_two_vaults,
        ("csbs_backup", {**FAST, **HELD, "servers": ["srv-0001", "srv-0002"]}),
        idle=True,
    ),
    _backup(
        "of servers in no vault that may be left out",
        {**HELD, "servers": ["srv-0001", "srv-0005"], "skip_unprotectable": True},
        QUIET,
    ),
]
