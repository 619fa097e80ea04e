# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy."""

from __future__ import annotations

import typing as t

from .scenario import GIVEN, NIGHTLY, OTHERS, RICH, Args, Given, Scenario


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
