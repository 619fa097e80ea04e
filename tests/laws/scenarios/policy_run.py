# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_run."""

from __future__ import annotations

import typing as t

from .scenario import BACKED_UP, FAST, NIGHTLY, Args, Given, Scenario, in_two_vaults

# Switched off, so that no run of the schedule comes in between.
POLICY: Args = {
    **NIGHTLY,
    "enabled": False,
    "servers": ["srv-0001", "srv-0002", "srv-0003"],
    "tags": {"team": "platform"},
}


def _run(name: str, args: Args, *given: Given, **more: t.Any) -> Scenario:
    return Scenario(
        f"policy_run {name}",
        "csbs_policy_run",
        {**FAST, "policy": "nightly", **args},
        (("csbs_policy", POLICY), *given),
        **more,
    )


SCENARIOS = [
    _run("of all", {}, repeats=True),
    _run("of some", {"servers": ["srv-0002"]}, repeats=True),
    _run("by filter", {"server_filters": {"name": "srv-000[23]"}}, repeats=True),
    _run("of none", {"servers": []}, idle=True),
    _run("of what a filter does not find", {"server_filters": {"name": "srv-0004"}}, idle=True),
    _run("when all backups are young", {"max_age": "52w", "servers": ["srv-0002", "srv-0001"]}, BACKED_UP, idle=True),
    _run("when some backups are young", {"max_age": "52w"}, BACKED_UP),
]


def _run_on_cbr(name: str, args: Args, *given: Given, **more: t.Any) -> Scenario:
    return Scenario(f"policy_run {name}", "csbs_policy_run", {**FAST, "policy": "nightly", **args}, given, **more)


#: On CBR a policy may have several vaults.
CBR_SCENARIOS = [
    _run_on_cbr("of two vaults", {}, in_two_vaults, repeats=True),
    _run_on_cbr("of one of two vaults", {"servers": ["srv-0002"]}, in_two_vaults, repeats=True),
]
