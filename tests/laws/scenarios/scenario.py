# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a situation is, and the estates that several of them begin with."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from tests.emulator import Emulator

Args = dict[str, t.Any]
#: A task that is run first, or something that is done to the cloud behind the modules' backs
Given = tuple[str, Args] | t.Callable[[Emulator], t.Any]
FAST: Args = {"poll_interval": 0.1, "timeout": 60}
NIGHTLY: Args = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}}


@dataclass(frozen=True)
class Scenario:
    """A task: module and options, and what was done before it.

    repeats says that a second run makes something new. idle says that there is nothing to do.
    """

    name: str
    module: str
    args: Args
    given: tuple[Given, ...] = ()
    repeats: bool = False
    idle: bool = False
    states: dict[str, str] = field(default_factory=dict)


RICH: Args = {
    **NIGHTLY,
    "description": "Every night",
    "schedule": {"frequency": "weekly", "days": ["MO", "TH"], "times": ["02:30", "14:30"], "timezone": "Europe/Berlin"},
    "retention": {"max_backups": 20, "days": 14, "monthly": 12, "timezone": "UTC+01:00"},
    "servers": ["srv-0001", "srv-0002"],
    "tags": {"team": "platform", "empty": ""},
}
OTHER: Args = {
    "name": "other",
    "schedule": {"pattern": "FREQ=DAILY;BYHOUR=3;BYMINUTE=0"},
    "servers": ["srv-0002", "srv-0003"],
}
NAMED: Args = {**FAST, "name": "before", "servers": ["srv-0001", "srv-0002"], "tags": {"change": "1"}}
GIVEN, OTHERS, BACKED_UP = ("csbs_policy", RICH), ("csbs_policy", OTHER), ("csbs_backup", NAMED)
