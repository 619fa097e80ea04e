# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_server."""

from __future__ import annotations

import typing as t

from tests.emulator import Emulator
from tests.support.estate import set_server

from .scenario import (
    GIVEN,
    NIGHTLY,
    OTHERS,
    QUIET,
    Args,
    Given,
    Scenario,
    backed_up,
    in_their_vault,
    in_two_vaults,
    just_large_enough,
)


def _members(name: str, args: Args, *given: Given, **more: t.Any) -> Scenario:
    return Scenario(
        f"policy_server {name}", "csbs_policy_server", {"policy": "nightly", **args}, given or (GIVEN,), **more
    )


def _break(cloud: Emulator, service: str) -> None:
    set_server(cloud, "srv-0001", status="ERROR")


SCENARIOS = [
    _members("joins", {"servers": ["srv-0004"]}),
    _members("joins by filter", {"server_filters": {"name": "srv-000[45]"}}),
    _members("moves from another policy", {"servers": ["srv-0003", "srv-0004"]}, GIVEN, OTHERS),
    _members("is a member", {"servers": ["srv-0001"]}, idle=True),
    _members("is a member that broke", {"servers": ["srv-0001"]}, GIVEN, _break, idle=True),
    _members("is none at all", {"servers": []}, idle=True),
    _members("is not found by a filter", {"server_filters": {"name": "nothing-*"}}, idle=True),
    _members("leaves", {"servers": ["srv-0001"], "state": "absent"}),
    _members("leaves although it broke", {"servers": ["srv-0001"], "state": "absent"}, GIVEN, _break),
    _members("leaves by filter", {"server_filters": {"name": "*"}, "state": "absent"}),
    _members("is no member", {"servers": ["srv-0004"], "state": "absent"}, idle=True),
    _members("does not exist", {"servers": ["no-such-server"], "state": "absent"}, idle=True),
    _members(
        "is in a policy that does not exist",
        {"policy": "no-such-policy", "servers": ["srv-0001"], "state": "absent"},
        idle=True,
    ),
]

OUT: Args = {"servers": ["srv-0001"], "state": "absent"}
#: On CBR a policy has its servers in vaults.
CBR_SCENARIOS = [
    _members("moves with its backups", {"servers": ["srv-0003", "srv-0004"]}, QUIET, in_their_vault),
    _members("joins a full vault", {"servers": ["srv-0005"]}, QUIET, just_large_enough),
    _members(
        "joins and gets a vault as described",
        {"servers": ["srv-0005"], "vault": {"name": "other"}},
        ("csbs_policy", NIGHTLY),
    ),
    _members("leaves with its backups", OUT, QUIET, backed_up),
    _members("leaves without its backups", {**OUT, "leaving_backups": "delete", "confirm": True}, QUIET, backed_up),
    _members("leaves one of two vaults", OUT, in_two_vaults, backed_up),
    _members(
        "comes back with its backups",
        {"servers": ["srv-0001"]},
        QUIET,
        backed_up,
        ("csbs_policy_server", {**OUT, "policy": "nightly"}),
    ),
]
