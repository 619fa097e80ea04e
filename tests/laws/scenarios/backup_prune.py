# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup_prune."""

from __future__ import annotations

import typing as t

from tests.emulator import Emulator
from tests.support.estate import delete_server, make_image

from .scenario import FAST, Args, Given, Scenario, plant

DAY = 86400.0
DURATIONS = {
    "keep_within_hourly": "1h",
    "keep_within_daily": "1d",
    "keep_within_weekly": "1d",
    "keep_within_monthly": "1h",
    "keep_within_yearly": "1d12h",
}


def _history(cloud: Emulator, service: str) -> None:
    """Four manual backups of two servers, a day apart, and an automatic one between them."""
    for name in ("srv-0001", "srv-0002"):
        for days in (3, 2, 1, 0):
            plant(cloud, service, name, f"manual-{days}", age=days * DAY + 3600, tags={"days": str(days)})
        plant(cloud, service, name, "autobk_0001", age=1.5 * DAY, auto_trigger=True)


def _failed(cloud: Emulator, service: str) -> None:
    plant(cloud, service, "srv-0001", "broken", status="error")


def _old(cloud: Emulator, service: str) -> None:
    plant(cloud, service, "srv-0001", "old", age=90 * DAY)


def _held(cloud: Emulator, service: str) -> None:
    make_image(cloud, plant(cloud, service, "srv-0001", "golden", age=9 * DAY).id)


def _restoring(cloud: Emulator, service: str) -> None:
    cloud.force_backup(plant(cloud, service, "srv-0001", "in-use", age=9 * DAY).id, status="restoring")


def _terminated(cloud: Emulator, service: str) -> None:
    delete_server(cloud, "srv-0001")


def _prune(name: str, args: Args, *given: Given, **more: t.Any) -> Scenario:
    reason = "backups in CBR have no tags" if {"tags", "keep_tags"} & args.keys() else ""
    args = {**FAST, "servers": ["srv-0001"], **args}
    return Scenario(f"prune {name}", "csbs_backup_prune", args, given, csbs_only=reason, **more)


SCENARIOS = [
    _prune("to the last one", {"keep_last": 1}, _history),
    _prune(
        "by periods", {"keep_last": 1, "keep_daily": 2, "keep_weekly": 1, "keep_monthly": 1, "keep_yearly": 1}, _history
    ),
    _prune("by duration and tag", {"keep_within": "30h", "keep_tags": {"days": "3"}}, _history),
    _prune("by hours, and by durations of periods", {"keep_hourly": 1, "timezone": "UTC-03:30", **DURATIONS}, _history),
    _prune("where years are within", {"keep_within": "1y1m"}, _history, idle=True),
    _prune("of what is older", {"keep_last": 1, "older_than": "30d"}, _history, _failed, _old),
    _prune("where all is young", {"keep_last": 1, "older_than": "4w"}, _history, _failed, idle=True),
    _prune("by name", {"name": "manual-[0-2]", "keep_last": 1}, _history, _failed),
    _prune("by a name that nothing has", {"name": "MANUAL-*", "keep_last": 1}, _history, idle=True),
    _prune("of what has a tag", {"tags": {"days": None}, "keep_last": 2}, _history),
    _prune(
        "of what has tags that nothing has", {"tags": {"days": 1, "other": None}, "keep_last": 1}, _history, idle=True
    ),
    _prune("by tag alone", {"keep_tags": {"days": 2}}, _history),
    _prune("what schedules made as well", {"keep_last": 1, "include_automatic": True}, _history),
    _prune(
        "of several servers by filter",
        {"servers": [], "server_filters": {"name": "srv-000[12]"}, "keep_last": 1},
        _history,
    ),
    _prune(
        "of what a filter does not find",
        {"server_filters": {"name": "none-*"}, "servers": [], "keep_last": 1},
        _history,
        idle=True,
    ),
    _prune("where a failed one is", {"keep_last": -1}, _history, _failed),
    _prune("where an image holds one", {"keep_last": 1}, _held, _history),
    _prune("where nothing but what an image holds is old", {"keep_last": 4}, _history, _held, idle=True),
    _prune("where one is being restored", {"keep_last": 1}, _history, _restoring),
    _prune("where only one that is being restored is to go", {"keep_last": 4}, _history, _restoring, idle=True),
    _prune("where everything is kept", {"keep_daily": 7}, _history, idle=True),
    _prune("where there is no backup", {"keep_last": 1}, idle=True),
    _prune("of a server that is gone, by its name", {"keep_last": 1}, _history, _terminated),
    _prune(
        "of a server that nobody knows, by its ID",
        {"servers": ["45baf976-c20a-4894-a7c3-c94b7376bf55"], "keep_last": 1},
        idle=True,
    ),
]
