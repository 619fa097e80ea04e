# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy sets in the local cloud: what they hold, tasks that are killed, and tasks that run at once."""

from __future__ import annotations

import contextlib
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._ansible import carry_out
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import members, session
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution import attempt, executor
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution import policy as policy_execution
from tests.emulator import Emulator
from tests.support.estate import policy_in
from tests.support.modules import Args, run_module, run_ok
from tests.support.processes import start_task

MODULE = "csbs_policy_set"
#: Switched off, so that no run of the schedule comes between
NIGHTLY: Args = {
    "name": "nightly",
    "schedule": {"frequency": "daily", "times": ["02:00"]},
    "enabled": False,
    "servers_per_policy": 2,
}


def of(*numbers: int) -> list[str]:
    """Return names of servers by their numbers."""
    return [f"srv-{number:04d}" for number in numbers]


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the pauses of tasks short, for a cloud that is never slow and whose lists are never late."""
    monkeypatch.setattr(attempt, "SECONDS_UNTIL_LISTED", 0.2)
    monkeypatch.setattr(attempt, "_FIRST_PAUSE_TO_FIND", 0.1)
    for module in (attempt, executor):
        monkeypatch.setattr(module, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(members, "_SECONDS_UNTIL_CHECK", (0.0, 0.01))
    monkeypatch.setattr(policy_execution, "_SECONDS_BETWEEN_LISTS", 0.05)
    monkeypatch.setattr(carry_out, "REPLAN_PAUSE", 0.1)


def make(cloud: Emulator, *numbers: int, **args: t.Any) -> Args:
    """Create or change the set nightly so that it has servers."""
    return run_ok(MODULE, {**NIGHTLY, "servers": of(*numbers), **args}, cloud)


def refused(cloud: Emulator, **args: t.Any) -> Args:
    """Run a task that must fail."""
    result = run_module(MODULE, {**NIGHTLY, **args}, cloud)
    assert result.get("failed") and "exception" not in result, result
    return result


def spread_in(cloud: Emulator) -> dict[str, list[str]]:
    """Return by name of each policy in the cloud the names of its servers."""
    policies = sorted(cloud.state.policies.values(), key=lambda policy: (policy.name, policy.seq))
    assert len({policy.name for policy in policies}) == len(policies), "two policies of one name"
    return {policy.name: sorted(one["name"] for one in policy.resources) for policy in policies}


def fields_in(cloud: Emulator, name: str) -> Args:
    """Return what the cloud holds of a policy, without what it chooses itself."""
    policy = policy_in(cloud, name)
    return {
        "description": policy.description,
        "enabled": policy.enabled,
        "definition": dict(policy.definition),
        "pattern": policy.pattern,
        "tags": dict(policy.tags),
        "servers": sorted(one["name"] for one in policy.resources),
    }


def all_in(cloud: Emulator) -> dict[str, Args]:
    """Return what the cloud holds of each policy, by name."""
    return {name: fields_in(cloud, name) for name in spread_in(cloud)}


def protected(cloud: Emulator) -> set[str]:
    """Return the names of the servers that are in a policy."""
    return {name for names in spread_in(cloud).values() for name in names}


def start(cloud: Emulator, folder: Path, machine: int, **args: t.Any) -> subprocess.Popen[str]:
    """Start a task as a process of its own, on one of several machines, which share no lock."""
    return start_task(cloud, folder, machine, MODULE, {**NIGHTLY, **args})


@contextlib.contextmanager
def meanwhile(
    method: str,
    act: t.Callable[[], t.Any],
    calls: int = 1,
    path: str = "policies",
    before: bool = True,
    times: int = 1,
) -> t.Iterator[None]:
    """Let others act right before (or after) the n-th request of a task with a method and a path."""
    plain, seen, acted = session.RetryingSession.request, [0], [0]

    def request(self: t.Any, url: str, sent: str, **kwargs: t.Any) -> t.Any:
        seen[0] += sent == method and path in url
        fits = sent == method and path in url and seen[0] >= calls and acted[0] < times
        acted[0] += fits
        if fits and before:
            act()
        answer = plain(self, url, sent, **kwargs)
        if fits and not before:
            act()
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session.RetryingSession, "request", request)
        yield
    assert acted[0], f"the task never sent {method} {path}"
