# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds when a gateway or a proxy answers in place of the service, for every kind of request of a module."""

from __future__ import annotations

import functools
import re
import time
import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import migration, vault_members
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution import policy as settling
from tests.emulator import Emulator
from tests.support.modes import one_mode
from tests.support.modules import Args, run_module, run_ok

from .scenarios.scenario import FAST, Scenario
from .situations import SCENARIOS
from .test_laws import prepare

# One mode only: these answers come before the service's own.
pytestmark = one_mode

HTML = {"body": "<html><body>Please log in</body></html>", "content_type": "text/html"}
#: Answers that are not the service's
FOREIGN: dict[str, dict[str, t.Any]] = {
    "gateway-404": {"status": 404},
    "html-404": {"status": 404, **HTML},
    "object-404": {"status": 404, "body": "{}"},
    "html-200": {"status": 200, **HTML},
    "object-200": {"status": 200, "body": "{}"},
    "cut-200": {"status": 200, "body": '{"policies": [{"id": "'},
}
WRITES = {
    "html-200-done": {"status": 200, **HTML, "effect": True},
    "object-200-done": {"status": 200, "body": "{}", "effect": True},
}
#: Tasks that send every kind of request that modules send
TASKS = (
    "policy takes servers from another when it is created",
    "policy changes in everything",
    "policy is deleted",
    "policy_server moves from another policy",
    "policy_server leaves",
    "policy_set loses a policy",
    "policy_set is renamed",
    "policy_set grows out of one policy",
    "backup of several servers by name",
    "backup is deleted by name",
    "policy_run of some",
    "prune to the last one",
    "image of a backup",
    "migration moves",
)
CBR: Args = {"service": "cbr"}
NIGHTLY: Args = {**CBR, "name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}}
OTHER: Args = {**NIGHTLY, "name": "other", "servers": ["srv-0002", "srv-0003"]}
GIVEN = ("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0002"]})


def wait_until_listed(*given: t.Any) -> None:
    """Wait, because what was made right before is in no list yet."""
    time.sleep(0.3)


BACKED_UP = ("csbs_backup", {**CBR, **FAST, "name": "before", "servers": ["srv-0001", "srv-0002"]})
#: The same for CBR, whose vaults come and go with policies and servers
CBR_TASKS = (
    Scenario(
        "cbr policy takes servers from another when it is created",
        "csbs_policy",
        {**NIGHTLY, "servers": ["srv-0001", "srv-0002"]},
        (("csbs_policy", OTHER), wait_until_listed),
    ),
    Scenario(
        "cbr policy changes in everything",
        "csbs_policy",
        {
            **NIGHTLY,
            "schedule": {"frequency": "daily", "times": ["04:00"]},
            "retention": {"max_backups": 3},
            "servers": ["srv-0001", "srv-0003"],
            "tags": {"team": "web"},
            "purge_servers": True,
        },
        (GIVEN, wait_until_listed),
    ),
    Scenario(
        "cbr policy is deleted",
        "csbs_policy",
        {**CBR, "name": "nightly", "state": "absent"},
        (GIVEN, wait_until_listed),
    ),
    Scenario(
        "cbr policy with backups is deleted",
        "csbs_policy",
        {**CBR, "name": "nightly", "state": "absent"},
        (GIVEN, wait_until_listed, BACKED_UP, wait_until_listed),
    ),
    Scenario(
        "cbr policy_server leaves with its backups",
        "csbs_policy_server",
        {**CBR, "policy": "nightly", "servers": ["srv-0001"], "state": "absent"},
        (GIVEN, wait_until_listed, BACKED_UP, wait_until_listed),
    ),
    Scenario("cbr backup of several servers", BACKED_UP[0], BACKED_UP[1], (GIVEN, wait_until_listed)),
    Scenario(
        "cbr backup is deleted by name",
        BACKED_UP[0],
        {**BACKED_UP[1], "state": "absent"},
        (GIVEN, wait_until_listed, BACKED_UP, wait_until_listed),
    ),
    Scenario(
        "cbr policy_run",
        "csbs_policy_run",
        {**CBR, **FAST, "policy": "nightly"},
        (GIVEN, wait_until_listed),
    ),
)
BY_NAME = {scenario.name: scenario for scenario in (*SCENARIOS, *CBR_TASKS)}


def kind_of(entry: t.Any) -> tuple[str, str]:
    """Method and path of a request, with a pattern in place of each ID."""
    return entry["method"], re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}", "[^/]+", entry["path"]) + "(\\?|$)"


def state_of(cloud: Emulator) -> t.Any:
    """What a module may have changed in the cloud, without what goes on by itself."""
    policies = {
        policy.id: (
            policy.name,
            policy.description,
            policy.enabled,
            policy.pattern,
            sorted(one["id"] for one in policy.resources),
            sorted(policy.tags.items()),
        )
        for policy in cloud.state.policies.values()
    }
    going = ("waiting_delete", "deleting", "deleted")
    backups = {
        item.id: sorted(item.tags.items())
        for item in cloud.state.items.values()
        if item.status not in going and not item.auto_trigger
    }
    return policies, backups, set(cloud.state.images), state_of_cbr(cloud, going)


def state_of_cbr(cloud: Emulator, going: t.Collection[str]) -> t.Any:
    """The same for CBR. A vault whose deletion goes on is gone."""
    cbr = cloud.state.cbr
    policies = {
        policy.id: (policy.name, policy.enabled, policy.pattern, policy.definition) for policy in cbr.policies.values()
    }
    vaults = {
        vault.id: (
            vault.name,
            vault.size,
            vault.auto_expand,
            vault.policy_id,
            sorted(vault.members),
            sorted(vault.moving),
            sorted(vault.tags.items()),
        )
        for vault in cbr.vaults.values()
        if vault.status != "deleting"
    }
    backups = {item.id for item in cbr.backups.values() if item.status not in going and not item.auto_trigger}
    return policies, vaults, backups


@functools.cache
def requests_of(name: str) -> list[tuple[str, str]]:
    """The kinds of requests that a task sends, in their order."""
    with Emulator(mode="live", servers=6, sparse_items=True, speed=3000, list_delay=0.1) as cloud:
        scenario = BY_NAME[name]
        prepare(cloud, scenario)
        run_ok(scenario.module, {**scenario.args, "timeout": 60}, cloud)
        return list(
            dict.fromkeys(
                kind_of(entry) for entry in cloud.journal if entry["service"] in ("compute", "csbs", "cbr", "ims")
            )
        )


@pytest.mark.parametrize("answer", [*FOREIGN, *WRITES])
@pytest.mark.parametrize("name", (*TASKS, *(task.name for task in CBR_TASKS)), ids=lambda name: name.replace(" ", "-"))
def test_an_answer_that_is_not_the_services_is_never_taken_for_one(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch, name: str, answer: str
) -> None:
    """The task fails with one clear line, or does what it was asked for; changed is never wrong."""
    for module in (settling, vault_members):
        monkeypatch.setattr(module, "SECONDS_UNTIL_LISTED", 1.5)
    monkeypatch.setattr(migration, "SECONDS_TO_JOIN", 1.0)
    scenario, turn = BY_NAME[name], [*FOREIGN, *WRITES].index(answer)
    for number, (method, path) in enumerate(requests_of(name)):
        # A third of all pairs: each answer still meets each task, and each request three answers.
        if (answer in WRITES and method == "GET") or (number + turn) % 3:
            continue
        cloud.faults.clear()
        cloud.reset(servers=6)
        prepare(cloud, scenario)
        before = state_of(cloud)
        cloud.faults.add(method=method, path=path, **{**FOREIGN, **WRITES}[answer])
        result = run_module(scenario.module, {**scenario.args, "timeout": 20}, cloud)
        told = f"{method} {path} answered {answer}: {result.get('msg')}"
        assert "exception" not in result, told
        assert (state_of(cloud) != before) is result["changed"], told
        if result.get("failed"):
            check_line(result, told)
            if "-200" in answer:
                assert re.search("not what the service documents|Not ended within", result["msg"]), told
            assert set(result) >= {"error_code", "status", "request_id"}, told
        else:
            assert result["changed"] is not scenario.idle, told


def check_line(result: Args, told: str) -> None:
    """A message names the act, is one line, and shows neither Python's words nor the page."""
    message = result["msg"]
    assert re.search("Could not|Not ended|was not moved", message), told
    assert not re.search(r"\n|<html|Traceback|Unexpected error|KeyError|JSONDecode|object has no attribute", message), (
        told
    )
