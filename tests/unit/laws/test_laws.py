# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws of design.md: what holds for every module, in every situation, in both modes of the local cloud."""

from __future__ import annotations

import json
import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.estate import set_server
from tests.support.modules import MODULES, documentation, load_module, plain, run_module, run_ok

from .scenarios.scenario import BACKED_UP, GIVEN, RICH, Args, Scenario
from .situations import LOOKUPS, SCENARIOS

# Options of each module that are complete
ARGS = {**{one.module: one.args for one in SCENARIOS}, **dict(LOOKUPS)}
each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name.replace(" ", "-"))


def prepare(cloud: Emulator, scenario: Scenario) -> None:
    for name, state in scenario.states.items():
        set_server(cloud, name, status=state)
    for given in scenario.given:
        if callable(given):
            given(cloud)
        else:
            run_ok(*given, cloud)
    cloud.journal.clear()


def keys_of(value: t.Any) -> t.Any:
    """Return the keys of a result all the way down; what is null is not known yet, and matches everything."""
    if isinstance(value, dict):
        return {key: keys_of(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [keys_of(inner) for inner in value[:1]]
    return None


def agree(check: t.Any, real: t.Any) -> bool:
    if isinstance(check, dict) and isinstance(real, dict):
        return check.keys() == real.keys() and all(agree(check[key], real[key]) for key in check)
    if isinstance(check, list) and isinstance(real, list) and check and real:
        return agree(check[0], real[0])
    return True


@each_scenario
def test_check_predicts_the_run_and_a_second_run_does_nothing(cloud: Emulator, scenario: Scenario) -> None:
    """One test for the laws about running a task, since each needs what the one before it left."""
    prepare(cloud, scenario)
    check = run_module(scenario.module, scenario.args, cloud, check=True)
    assert not check.get("failed"), check["msg"]
    assert cloud.journal.writes() == [], "a check run writes"
    real = run_ok(scenario.module, scenario.args, cloud)
    assert check["changed"] == real["changed"] == (not scenario.idle)
    assert bool(cloud.journal.writes()) == real["changed"], "changed tells whether something was written"
    assert check["diff"] == real["diff"]
    assert (check["diff"]["before"] == check["diff"]["after"]) == scenario.idle
    assert agree(keys_of(plain(check)), keys_of(plain(real))), "check and real results have other keys"
    check_documented(scenario.module, real)
    assert "secret-demo-password" not in json.dumps([check, real])
    cloud.journal.clear()
    again = run_ok(scenario.module, scenario.args, cloud)
    assert again["changed"] is scenario.repeats, "a second run changes something"
    assert bool(cloud.journal.writes()) is scenario.repeats, "a second run writes"


def check_documented(module: str, result: Args) -> None:
    """Results have the keys that RETURN documents, rows those of its samples."""
    documented = documentation(module, "RETURN")
    assert set(plain(result)) - {"changed", "diff"} == set(documented)
    for key, about in documented.items():
        rows, samples = result[key], about["sample"]
        if isinstance(rows, dict) and isinstance(samples, dict):
            rows, samples = [rows], [samples]
        for row in rows or [] if samples else []:
            if isinstance(row, dict):
                assert set(row) == set(samples[0]), key


@pytest.mark.parametrize(("module", "args"), LOOKUPS)
def test_info_modules_never_write_and_return_what_they_document(cloud: Emulator, module: str, args: Args) -> None:
    for given in (GIVEN, BACKED_UP):
        run_ok(*given, cloud)
    cloud.journal.clear()
    for check in (False, True):
        result = run_module(module, args, cloud, check=check)
        assert not result.get("failed"), result["msg"]
        assert result["changed"] is False
        assert set(plain(result)) - {"changed"} == set(documentation(module, "RETURN"))
    assert cloud.journal.writes() == []


def test_policy_info_fed_back_changes_nothing(cloud: Emulator) -> None:
    run_ok("csbs_policy", RICH, cloud)
    policy = run_ok("csbs_policy_info", {}, cloud)["policies"][0]
    fed = {key: policy[key] for key in ("name", "description", "enabled", "schedule", "retention", "servers", "tags")}
    cloud.journal.clear()
    result = run_ok("csbs_policy", {**fed, "purge_servers": True}, cloud)
    assert result["changed"] is False
    assert cloud.journal.writes() == []
    assert result["policy"] == policy


def test_backup_info_fed_back_changes_nothing(cloud: Emulator) -> None:
    made = run_ok(*BACKED_UP, cloud)["backups"]
    found = run_ok("csbs_backup_info", {"ids": [backup["id"] for backup in made]}, cloud)["backups"]
    assert sorted(found, key=lambda one: one["name"]) == made
    cloud.journal.clear()
    for backup in found:
        same = {"servers": [backup["server"]], "name": backup["name"], "description": backup["description"], "tags": backup["tags"]}
        assert run_ok("csbs_backup", {**same, "poll_interval": 0.1}, cloud)["changed"] is False
        tags = {"resource_type": "backup", "resources": [backup], "tags": backup["tags"], "purge": True}
        assert run_ok("csbs_tag", tags, cloud)["changed"] is False
    assert cloud.journal.writes() == []


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_the_same_login_and_says_so_when_it_fails(cloud: Emulator, module: str) -> None:
    args = ARGS[module]
    clouds = next(iter(cloud.clouds()["clouds"].values()))
    wrong = {**clouds["auth"], "password": "not-the-password"}
    failed = run_module(module, {**args, "auth": wrong}, cloud)
    assert failed["failed"] and failed["msg"].startswith("Could not log in to the cloud")
    assert failed["status"] == 401
    assert "not-the-password" not in json.dumps(failed)
    away = {**clouds["auth"], "auth_url": "http://127.0.0.1:9/v3"}
    failed = run_module(module, {**args, "auth": away}, cloud)
    assert failed["failed"] and "cannot be reached" in failed["msg"] and "127.0.0.1" in failed["msg"]
    failed = run_module(module, {**args, "cloud": "no-such-cloud"})
    assert failed["failed"] and "no-such-cloud" in failed["msg"]
    assert "\n" not in failed["msg"]


@pytest.mark.parametrize("module", MODULES)
def test_every_module_documents_its_options_as_its_spec_has_them(module: str) -> None:
    spec = load_module(module).ARGUMENT_SPEC
    assert set(spec) >= set(documentation(module, "DOCUMENTATION")["options"])
