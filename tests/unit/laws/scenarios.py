# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations over which the laws are tested: what there is, and what a task wishes."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

Args = dict[str, t.Any]
FAST: Args = {"poll_interval": 0.1, "timeout": 60}
NIGHTLY: Args = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}}


@dataclass(frozen=True)
class Scenario:
    """A task: module and options, and the tasks that were run before it.

    repeats says that a second run makes something new. idle says that there is nothing to do.
    """

    name: str
    module: str
    args: Args
    given: tuple[tuple[str, Args], ...] = ()
    repeats: bool = False
    idle: bool = False
    states: dict[str, str] = field(default_factory=dict)


def _policy(name: str, args: Args, *given: tuple[str, Args], **more: t.Any) -> Scenario:
    return Scenario(f"policy {name}", "csbs_policy", args, given, **more)


def _backup(name: str, args: Args, *given: tuple[str, Args], **more: t.Any) -> Scenario:
    return Scenario(f"backup {name}", "csbs_backup", {**FAST, **args}, given, **more)


def _tag(name: str, args: Args, *given: tuple[str, Args], **more: t.Any) -> Scenario:
    return Scenario(f"tag {name}", "csbs_tag", args, given, **more)


RICH: Args = {
    **NIGHTLY,
    "description": "Every night",
    "schedule": {"frequency": "weekly", "days": ["MO", "TH"], "times": ["02:30", "14:30"], "timezone": "Europe/Berlin"},
    "retention": {"max_backups": 20, "days": 14, "monthly": 12, "timezone": "UTC+01:00"},
    "servers": ["srv-0001", "srv-0002"],
    "tags": {"team": "platform", "empty": ""},
}
OTHER: Args = {"name": "other", "schedule": {"pattern": "FREQ=DAILY;BYHOUR=3;BYMINUTE=0"}, "servers": ["srv-0002", "srv-0003"]}
NAMED: Args = {**FAST, "name": "before", "servers": ["srv-0001", "srv-0002"], "tags": {"change": "1"}}
GIVEN, OTHERS, BACKED_UP = ("csbs_policy", RICH), ("csbs_policy", OTHER), ("csbs_backup", NAMED)

SCENARIOS = [
    _policy("is created with the least", NIGHTLY),
    _policy("is created with everything", RICH),
    _policy("is created disabled", {**NIGHTLY, "enabled": False}),
    _policy("takes servers from another when it is created", {**RICH, "servers": ["srv-0001", "srv-0002"]}, OTHERS),
    _policy("is as described", RICH, GIVEN, idle=True),
    _policy("is only named", {"name": "nightly"}, GIVEN, idle=True),
    _policy("is described anew", {"name": "nightly", "description": "Each night"}, GIVEN),
    _policy("loses its description", {"name": "nightly", "description": ""}, GIVEN),
    _policy("is switched off", {"name": "nightly", "enabled": False}, GIVEN),
    _policy("is renamed", {"name": "nightly", "new_name": "each-night"}, GIVEN),
    _policy("was renamed before", {"name": "nightly", "new_name": "each-night"}, GIVEN,
            ("csbs_policy", {"name": "nightly", "new_name": "each-night"}), idle=True),
    _policy("gets another schedule", {"name": "nightly", "schedule": {"frequency": "daily", "interval": 2, "times": ["04:00"]}}, GIVEN),
    _policy("gets the same schedule as a pattern",
            {**NIGHTLY, "schedule": {"pattern": "BEGIN:VCALENDAR\nRRULE:BYMINUTE=00;FREQ=DAILY;INTERVAL=1;BYHOUR=02\nEND:VCALENDAR"}},
            ("csbs_policy", NIGHTLY), idle=True),
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
    _policy("changes in everything", {**RICH, "new_name": "weekly", "description": "Other", "retention": {"days": 7}, "tags": {"a": "b"},
                                      "servers": ["srv-0004"], "purge_servers": True, "enabled": False}, GIVEN),
    _policy("is deleted", {"name": "nightly", "state": "absent"}, GIVEN),
    _policy("was never there", {"name": "nightly", "state": "absent"}, idle=True),
    _backup("of one server by name", {"name": "before", "servers": ["srv-0001"]}),
    _backup("of several servers by name", NAMED),
    _backup("that is there", NAMED, BACKED_UP, idle=True),
    _backup("of a fleet that has grown", {**NAMED, "servers": ["srv-0003", "srv-0002", "srv-0001"]}, BACKED_UP),
    _backup("without a name", {"servers": ["srv-0001"], "description": "By hand", "incremental": False}, repeats=True),
    _backup("when the last one is too old", {"servers": ["srv-0003"], "max_age": "24h"}),
    _backup("when the last one is young", {"servers": ["srv-0001"], "max_age": "24h"}, BACKED_UP, idle=True),
    _backup("by filter", {"name": "before", "server_filters": {"name": "srv-000[12]"}}),
    _backup("of what a filter does not find", {"name": "before", "server_filters": {"name": "nothing-*"}}, idle=True),
    _backup("without those that cannot be", {"name": "before", "servers": ["srv-0001", "srv-0002"], "skip_unprotectable": True},
            states={"srv-0002": "ERROR"}),
    _backup("is deleted by name", {"name": "before", "state": "absent"}, BACKED_UP),
    _backup("is deleted for one server", {"name": "before", "servers": ["srv-0001"], "state": "absent"}, BACKED_UP),
    _backup("is not there by name", {"name": "before", "state": "absent"}, idle=True),
    _backup("is not there by id", {"ids": ["90c1d5fa-1b9f-4aeb-b2f4-81c806e98190"], "state": "absent"}, idle=True),
    _backup("goes for no server", {"name": "before", "servers": [], "state": "absent"}, BACKED_UP, idle=True),
    _tag("a policy", {"resource_type": "policy", "resources": ["nightly"], "tags": {"team": "web", "x": "1"}}, GIVEN),
    _tag("a policy that has it", {"resource_type": "policy", "resources": ["nightly"], "tags": {"team": "platform"}}, GIVEN, idle=True),
    _tag("a policy and purge", {"resource_type": "policy", "resources": ["nightly"], "tags": {"x": "1"}, "purge": True}, GIVEN),
    _tag("backups", {"resource_type": "backup", "resources": ["before-0001", "before-0002"], "tags": {"keep": "1"}}, BACKED_UP),
    _tag("off a policy", {"resource_type": "policy", "resources": ["nightly"], "tags": {"team": ""}, "state": "absent"}, GIVEN),
    _tag("off what has it not", {"resource_type": "policy", "resources": ["nightly"], "tags": {"team": "web"}, "state": "absent"}, GIVEN,
         idle=True),
    _tag("off what is not there", {"resource_type": "policy", "resources": ["nothing"], "tags": {"x": ""}, "state": "absent"}, idle=True),
]
LOOKUPS: list[tuple[str, Args]] = [
    ("csbs_policy_info", {}),
    ("csbs_policy_info", {"name": "nightly", "tags": {"team": "platform"}}),
    ("csbs_policy_info", {"name": "nothing"}),
    ("csbs_policy_info", {"servers": ["srv-0001"]}),
    ("csbs_backup_info", {}),
    ("csbs_backup_info", {"servers": ["srv-0001"], "status": "available", "not_tags_any": {"change": ["2"]}}),
    ("csbs_backup_info", {"name": "nothing"}),
    ("csbs_tag_info", {"resource_type": "backup"}),
    ("csbs_tag_info", {"resource_type": "policy", "resources": ["nightly"]}),
]
