# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that is killed at any request, and is run again, ends as one clean run does."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import vault_change, vault_members
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution import attempt
from tests.emulator import Emulator
from tests.laws.scenarios.scenario import Scenario
from tests.laws.situations import CBR_SCENARIOS, SCENARIOS
from tests.laws.test_laws import name_of, prepare
from tests.support.holds import ALL, chosen
from tests.support.kills import Request, killed, moments_of, recorded
from tests.support.migrations import hurry_up
from tests.support.modes import one_mode
from tests.support.modules import BOTH_SERVICES, run_module, run_ok

from .conftest import Tried
from .end_state import Entry, end_state

Held = dict[Entry, t.Any]
DAY = 86400


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry_up(monkeypatch)


def service_of(scenario: Scenario) -> str:
    return "csbs and cbr" if scenario.module in BOTH_SERVICES else scenario.service


def kind_of_vault(scenario: Scenario) -> str:
    """Return which kind of vault a situation may make. How a run finds the vault of a killed one depends on it."""
    if "parks" in scenario.name or "leaves with its backups" in scenario.name:
        return "parking"
    return "by name" if isinstance(scenario.args.get("vault"), str) and not scenario.given else "of a policy"


def begin(cloud: Emulator, scenario: Scenario) -> Held:
    """Begin anew with what a situation begins with; return what is held."""
    cloud.reset(servers=6)
    prepare(cloud, scenario)
    return held_in(cloud, scenario)


def held_in(cloud: Emulator, scenario: Scenario) -> Held:
    return end_state(cloud, automatic=scenario.module == "csbs_backup_prune")


def settled(cloud: Emulator, scenario: Scenario) -> Held:
    """Return what the cloud holds when everything that was begun has ended."""
    cloud.clock.advance(2 * 3600)
    return held_in(cloud, scenario)


# ========== What must hold at every moment ==========
def protected(held: Held) -> set[str]:
    """Return the servers that are in a policy, or on their marked way into one."""
    found = {key[2] for key in held if key[:2] == ("member", "csbs")}
    for key, value in held.items():
        if key[:2] == ("member", "cbr") and any(held["vault", vault][1] for vault in value):
            found.add(key[2])
        if key[0] == "vault" and value[1]:
            found |= {tag.removeprefix("ID of ") for tag, dummy in value[2]}
    return found


def backups(held: Held) -> dict[Entry, int]:
    return {key: len(t.cast("list[t.Any]", value)) for key, value in held.items() if key[0] == "backup"}


def lost(before: Held, now: Held, wished: Held) -> list[Entry]:
    """Return the backups that nobody asked to delete, and that are no longer there."""
    found = backups(now)
    return [
        key for key, count in backups(before).items() if found.get(key, 0) < min(count, backups(wished).get(key, 0))
    ]


# ========== The end ==========
def differences(wished: Held, found: Held, repeats: bool) -> dict[Entry, tuple[t.Any, t.Any]]:
    """Return what differs from the end of a clean run: a task that makes something new each time may make it twice."""
    return {
        key: (wished.get(key), found.get(key))
        for key in sorted(wished.keys() | found.keys())
        if wished.get(key) != found.get(key) and not (repeats and is_once_more(key, wished.get(key), found.get(key)))
    }


def is_once_more(key: Entry, wished: t.Any, found: t.Any) -> bool:
    """Return whether there is one more of what a clean run makes."""
    made = key[0] == "restore" or (key[0] == "backup" and key[-1] == "unnamed")
    return made and isinstance(wished, list) and isinstance(found, list) and sorted([*wished, wished[-1]]) == found


def test_what_differs_is_lost_and_is_unprotected() -> None:
    """Or the laws below would pass whatever tasks do."""
    backup, one = ("backup", "cbr", "srv-0001", "unnamed"), ("good", (), "nightly", "")
    once: Held = {backup: [one]}
    assert lost(once, {}, once) == [backup] and not lost(once, {}, {}) and not lost(once, once, once)
    twice: Held = {backup: [one, one]}
    assert differences(once, twice, False) and not differences(once, twice, True)
    assert differences(once, {backup: [one, one, one]}, True) and differences(once, {}, True)
    assert differences({}, {("policy", "csbs", "nightly", "2 of this name"): ()}, True)
    held: Held = {
        ("member", "csbs", "a"): ["nightly"],
        ("member", "cbr", "b"): ["bound"],
        ("member", "cbr", "c"): ["loose"],
        ("vault", "bound"): (40, "nightly", (("ID of d", "ID of nightly"),)),
        ("vault", "loose"): (40, None, (("ID of e", "ID of nightly"),)),
    }
    assert protected(held) == {"a", "b", "d"}


CASES = [one for one in (*SCENARIOS, *CBR_SCENARIOS) if not one.idle]
each_case = pytest.mark.parametrize(
    "scenario", chosen(CASES, lambda one: (service_of(one), one.module), kind_of_vault), ids=name_of
)


@one_mode
@each_case
def test_a_task_that_is_killed_at_any_request_ends_as_a_clean_run_when_it_is_run_again(
    cloud: Emulator, tried: Tried, scenario: Scenario
) -> None:
    cloud.settings(list_delay=0)
    before, wished, requests = clean_run(cloud, scenario)
    staying, missing, kills = protected(before) & protected(wished), set[str](), 0
    begin(cloud, scenario)
    for moment in moments_of(requests, readings=ALL):
        with killed(moment) as watch:
            run_module(scenario.module, scenario.args, cloud)
        assert watch.over or moment.reading, f"the task never came to the moment {moment}"
        kills += watch.over
        now, told = held_in(cloud, scenario), f"killed {moment}"
        if not moment.writes:
            # So the next one may begin with the same.
            assert now == before and not cloud.journal.writes(), told
            continue
        without = staying - protected(now)
        if not moment.reading:
            # Nobody is without a policy, except from when it leaves one until the next call lets it join another.
            assert not without or missing < without, f"{told}: {without} are in no policy"
            missing = without
        assert without <= missing, f"{told}: {without} are in no policy"
        assert not lost(before, now, wished), told
        check_end(cloud, scenario, wished, told)
        begin(cloud, scenario)
    assert not missing
    check_end(cloud, scenario, wished, "killed before the first write")
    tried("kills", scenario.module, f"{service_of(scenario)}: killed at each request", kills)


@one_mode
@each_case
def test_a_task_that_is_killed_and_run_again_before_lists_show_what_it_made_makes_nothing_twice(
    cloud: Emulator, tried: Tried, monkeypatch: pytest.MonkeyPatch, scenario: Scenario
) -> None:
    for module in (attempt, vault_change, vault_members):
        monkeypatch.setattr(module, "SECONDS_UNTIL_LISTED", 3.0)
    monkeypatch.setattr(vault_change, "SECONDS_BEFORE_MAKING", 1.0)
    cloud.settings(list_delay=0)
    dummy, wished, requests = clean_run(cloud, scenario)
    kills = 0
    for moment in moments_of(requests, readings=False)[1:]:
        cloud.settings(list_delay=0, speed=3000)
        begin(cloud, scenario)
        # Lists show a backup while it still runs, and a policy while it is new, as those of the service do.
        cloud.settings(list_delay=0.4, speed=300 if "poll_interval" in scenario.args else 60)
        with killed(moment) as watch:
            run_module(scenario.module, scenario.args, cloud)
        kills += watch.over
        check_end(cloud, scenario, wished, f"killed {moment}")
    tried("kills", scenario.module, f"{service_of(scenario)}: run again before lists show it", kills)


def clean_run(cloud: Emulator, scenario: Scenario) -> tuple[Held, Held, list[Request]]:
    """Run the task of a situation; return what was held before and is held after it, and its requests."""
    before = begin(cloud, scenario)
    with recorded() as requests:
        run_ok(scenario.module, scenario.args, cloud)
    assert any(not request.reads for request in requests)
    return before, settled(cloud, scenario), requests


def check_end(cloud: Emulator, scenario: Scenario, wished: Held, told: str) -> None:
    """Run the task of a situation again, and compare what is held with the end of a clean run."""
    result = run_module(scenario.module, scenario.args, cloud)
    assert not result.get("failed"), f"{told}, then: {result['msg']}"
    assert not differences(wished, settled(cloud, scenario), scenario.repeats), told
    if not scenario.repeats:
        cloud.journal.clear()
        assert run_ok(scenario.module, scenario.args, cloud)["changed"] is False and not cloud.journal.writes(), told
