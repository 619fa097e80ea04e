# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag."""

from __future__ import annotations

import typing as t

from tests.emulator import Emulator

from .scenario import BACKED_UP, GIVEN, Args, Given, Scenario, in_two_vaults


def _tag(name: str, args: Args, *given: Given, **more: t.Any) -> Scenario:
    reason = "backups in CBR have no tags" if args["resource_type"] == "backup" else ""
    return Scenario(f"tag {name}", "csbs_tag", args, given, csbs_only=reason, **more)


def _five_backups(cloud: Emulator, service: str) -> None:
    for number in range(5):
        tags = {"old": "1", "keep": "1"} if number % 2 else {"old": "1"}
        cloud.make_backup(cloud.server("srv-0001").id, f"b-{number}", age=number, tags=tags)


FIVE = [f"b-{number}" for number in range(5)]
SCENARIOS = [
    _tag("a policy", {"resource_type": "policy", "resources": ["nightly"], "tags": {"team": "web", "x": "1"}}, GIVEN),
    _tag(
        "a policy that has it",
        {"resource_type": "policy", "resources": ["nightly"], "tags": {"team": "platform"}},
        GIVEN,
        idle=True,
    ),
    _tag(
        "a policy and purge",
        {"resource_type": "policy", "resources": ["nightly"], "tags": {"x": "1"}, "purge": True},
        GIVEN,
    ),
    _tag(
        "backups",
        {"resource_type": "backup", "resources": ["before-0001", "before-0002"], "tags": {"keep": "1"}},
        BACKED_UP,
    ),
    _tag("many backups", {"resource_type": "backup", "resources": FIVE, "tags": {"keep": "1"}}, _five_backups),
    _tag(
        "many backups and purge",
        {"resource_type": "backup", "resources": FIVE, "tags": {"keep": "2"}, "purge": True},
        _five_backups,
    ),
    _tag(
        "many backups that have it",
        {"resource_type": "backup", "resources": FIVE, "tags": {"old": "1"}},
        _five_backups,
        idle=True,
    ),
    _tag(
        "off many backups",
        {"resource_type": "backup", "resources": FIVE, "tags": {"keep": ""}, "state": "absent"},
        _five_backups,
    ),
    _tag(
        "off a policy",
        {"resource_type": "policy", "resources": ["nightly"], "tags": {"team": ""}, "state": "absent"},
        GIVEN,
    ),
    _tag(
        "off what has it not",
        {"resource_type": "policy", "resources": ["nightly"], "tags": {"team": "web"}, "state": "absent"},
        GIVEN,
        idle=True,
    ),
    _tag(
        "off what is not there",
        {"resource_type": "policy", "resources": ["nothing"], "tags": {"x": ""}, "state": "absent"},
        idle=True,
    ),
]
TWO: Args = {"resource_type": "policy", "resources": ["nightly"]}
#: On CBR the tags of a policy are those that all its vaults have.
CBR_SCENARIOS = [
    _tag("two vaults", {**TWO, "tags": {"more": "1"}}, in_two_vaults),
    _tag("two vaults that have it", {**TWO, "tags": {"team": "a"}}, in_two_vaults, idle=True),
    _tag("off two vaults", {**TWO, "tags": {"team": ""}, "state": "absent"}, in_two_vaults),
    _tag("two vaults and purge", {**TWO, "tags": {"x": "1"}, "purge": True}, in_two_vaults),
]
