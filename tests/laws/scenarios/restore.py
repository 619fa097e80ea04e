# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_restore: every run restores again, so each situation repeats."""

from __future__ import annotations

from tests.emulator import Emulator

from .scenario import BACKED_UP, FAST, Args, Given, Scenario, plant


def _old_one(cloud: Emulator, service: str) -> None:
    plant(cloud, service, "srv-0001", "old", age=86400)


def _renamed(cloud: Emulator, service: str) -> None:
    cloud.change_server(cloud.server("srv-0001").id, name="renamed")


def _restore(name: str, args: Args, *given: Given, **more: dict[str, str]) -> Scenario:
    return Scenario(
        f"restore {name}",
        "csbs_restore",
        {**FAST, "confirm": True, **args},
        given or (BACKED_UP,),
        repeats=True,
        **more,
    )


SCENARIOS = [
    _restore("of a backup by name", {"backup": "before-0001"}),
    _restore("of the newest backup of a server", {"server": "srv-0001"}, _old_one, BACKED_UP),
    _restore(
        "that leaves the server shut off", {"backup": "before-0002", "power_on": False}, states={"srv-0002": "SHUTOFF"}
    ),
    _restore("to another server", {"backup": "before-0001", "target_server": "srv-0003"}),
    _restore("to a server that has another name now", {"backup": "before-0001"}, BACKED_UP, _renamed),
    _restore("that is not waited for", {"backup": "before-0001", "wait": False}),
]
