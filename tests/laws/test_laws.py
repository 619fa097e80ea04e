# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every module, in every situation, with CSBS in both modes of the local cloud and with CBR."""

from __future__ import annotations

import ast
import json
import re
import typing as t
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support.estate import set_server, wait_for_afternoon
from tests.support.modules import BOTH_SERVICES, MODULES, documentation, load_module, plain, run_module, run_ok

from .scenarios.scenario import BACKED_UP, GIVEN, NAMED, RICH, Args, Scenario, args_on_cbr
from .situations import CBR_LOOKUPS, CBR_SCENARIOS, LOOKUPS, SCENARIOS

CSBS_MODES, CBR_MODES = ("reference", "live"), ("live",)


def in_modes(argument: str, for_csbs: t.Sequence[t.Any], for_cbr: t.Sequence[t.Any], **more: t.Any) -> t.Any:
    """Run a test over what there is for each service, in the modes of the local cloud for it.

    What works with both services at once runs in the modes of CBR.
    """
    values = [(mode, one) for mode in CSBS_MODES for one in for_csbs if mode in CBR_MODES or not _needs_both(one)]
    values += [(mode, one) for mode in CBR_MODES for one in for_cbr]
    return pytest.mark.parametrize(("running", argument), values, indirect=["running"], **more)


def _needs_both(one: t.Any) -> bool:
    return (one.module if isinstance(one, Scenario) else one[0]) in BOTH_SERVICES


def name_of(value: t.Any) -> str | None:
    return value.name.replace(" ", "-") if isinstance(value, Scenario) else None


def asked_of(value: t.Any) -> str | None:
    return f"{value[1].get('service', 'csbs')}-{value[0]}" if isinstance(value, tuple) else None


def prepare(cloud: Emulator, scenario: Scenario) -> None:
    wait_for_afternoon(cloud)
    for name, state in scenario.states.items():
        set_server(cloud, name, status=state)
    for given in scenario.given:
        if callable(given):
            given(cloud, scenario.service)
        else:
            run_ok(*given, cloud)
    cloud.journal.clear()


def agree(check: t.Any, real: t.Any, moving: t.Collection[str] = ()) -> bool:
    """Return whether check mode predicted a real result: its structure all the way down, and no value that is wrong.

    Null is one unknown value: in check mode it is not known yet, in the real result the service does not return it. A
    dict or a list is never null on one side only. moving holds keys whose values change by themselves.
    """
    if isinstance(check, dict) and isinstance(real, dict):
        return check.keys() == real.keys() and all(
            key in moving or is_planned_list(check, key) or agree(check[key], real[key], moving) for key in check
        )
    if isinstance(check, list) and isinstance(real, list):
        return len(check) == len(real) and all(agree(one, other, moving) for one, other in zip(check, real))
    return check == real or (None in (check, real) and not any(isinstance(one, (dict, list)) for one in (check, real)))


def is_planned_list(check: Args, key: str) -> bool:
    """A backup that is not there yet has no disks; nobody knows how many it will have."""
    return key == "volumes" and "checkpoint_id" in check and check["id"] is None and check[key] == []


BACKUP_PLANNED = {"id": None, "checkpoint_id": None, "volumes": []}
BACKUP_MADE = {"id": "b", "checkpoint_id": "c", "volumes": [{"id": "v"}]}


@pytest.mark.parametrize(
    ("check", "real", "expected"),
    [
        ({"policy": None, "servers": []}, {"policy": {"id": "p", "name": "n"}, "servers": [{"id": "s"}]}, False),
        ({"policy": None}, {"policy": {"id": "p"}}, False),
        ({"policy": {"id": "p"}}, {"policy": None}, False),
        ({"policy": None}, {"policy": None}, True),
        ({"policy": {"id": None}}, {"policy": {"id": "p"}}, True),
        ({"policy": {"id": "p"}}, {"policy": {"id": None}}, True),
        ({"policy": {"id": "p"}}, {"policy": {"id": "q"}}, False),
        ({"policy": {"id": "p"}}, {"policy": {"id": "p", "name": "n"}}, False),
        ({"servers": []}, {"servers": [{"id": "s"}]}, False),
        ({"servers": None}, {"servers": []}, False),
        ({"servers": None}, {"servers": [{"id": "s"}]}, False),
        ({"servers": [{"id": "s"}, {"id": "t"}]}, {"servers": [{"id": "s"}, {"id": "t", "name": "n"}]}, False),
        ({"servers": [{"id": "s"}, {"id": "t"}]}, {"servers": [{"id": "s"}, {"id": "u"}]}, False),
        ({"servers": [{"id": "s"}, {"id": None}]}, {"servers": [{"id": "s"}, {"id": "t"}]}, True),
        ({"enabled": False}, {"enabled": True}, False),
        (BACKUP_PLANNED, BACKUP_MADE, True),
        ({**BACKUP_PLANNED, "id": "b"}, BACKUP_MADE, False),
        ({**BACKUP_PLANNED, "volumes": None}, BACKUP_MADE, False),
        ({"volumes": []}, {"volumes": [{"id": "v"}]}, False),
    ],
)
def test_what_agrees_with_a_prediction(check: Args, real: Args, expected: bool) -> None:
    """Or the law below would pass whatever a module predicts."""
    assert agree(check, real) is expected


@in_modes("scenario", SCENARIOS, CBR_SCENARIOS, ids=name_of)
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
    # A job that nobody waits for goes on.
    moving = () if scenario.args.get("wait", True) else ("status",)
    assert agree(plain(check), plain(real), moving), (
        f"check mode predicts {plain(check)}, the run returns {plain(real)}"
    )
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


@in_modes("lookup", LOOKUPS, CBR_LOOKUPS, ids=asked_of)
def test_info_modules_never_write_and_return_what_they_document(cloud: Emulator, lookup: tuple[str, Args]) -> None:
    module, args = lookup
    for name, options in (GIVEN, BACKED_UP):
        run_ok(name, args_on_cbr(name, options) if args.get("service") == "cbr" else options, cloud)
    cloud.journal.clear()
    for check in (False, True):
        result = run_module(module, args, cloud, check=check)
        assert not result.get("failed"), result["msg"]
        assert result["changed"] is False
        assert set(plain(result)) - {"changed"} == set(documentation(module, "RETURN"))
    assert cloud.journal.writes() == []


@in_modes("service", ["csbs"], ["cbr"])
def test_policy_info_fed_back_changes_nothing(cloud: Emulator, service: str) -> None:
    run_ok("csbs_policy", RICH if service == "csbs" else args_on_cbr("csbs_policy", RICH), cloud)
    policy = run_ok("csbs_policy_info", {"service": service}, cloud)["policies"][0]
    fed = {key: policy[key] for key in ("name", "description", "enabled", "schedule", "retention", "servers", "tags")}
    cloud.journal.clear()
    result = run_ok("csbs_policy", {**fed, "service": service, "purge_servers": True}, cloud)
    assert result["changed"] is False
    assert cloud.journal.writes() == []
    assert result["policy"] == policy


@in_modes("service", ["csbs"], ["cbr"])
def test_backup_info_fed_back_changes_nothing(cloud: Emulator, service: str) -> None:
    named = NAMED if service == "csbs" else args_on_cbr("csbs_backup", NAMED)
    made = run_ok("csbs_backup", named, cloud)["backups"]
    ids = [backup["id"] for backup in made]
    found = run_ok("csbs_backup_info", {"service": service, "ids": ids}, cloud)["backups"]
    # Lists of CBR have no disks.
    shown = found if service == "csbs" else [{**backup, "volumes": []} for backup in found]
    assert sorted(shown, key=lambda one: one["name"]) == made
    cloud.journal.clear()
    for backup in found:
        same = {
            "service": service,
            "servers": [backup["server"]],
            "name": backup["name"],
            "description": backup["description"],
        }
        if service == "csbs":
            same["tags"] = backup["tags"]
        assert run_ok("csbs_backup", {**same, "poll_interval": 0.1}, cloud)["changed"] is False
        if service == "cbr":
            continue
        tags = {"resource_type": "backup", "resources": [backup], "tags": backup["tags"], "purge": True}
        assert run_ok("csbs_tag", tags, cloud)["changed"] is False
    assert cloud.journal.writes() == []


@pytest.mark.parametrize("module", MODULES)
def test_every_module_logs_in_and_ends_by_the_plumbing(module: str) -> None:
    """main is one call of converge or report, so what tests/cloud/test_login.py proves holds for all modules."""
    tree = ast.parse(Path(load_module(module).__file__).read_text(encoding="utf-8"))
    (main,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"]
    runner, arguments = ("report(?:_of_all)?", 2) if module.endswith("_info") else ("converge(?:_on_both)?", 3)
    planners = r", \w+" * arguments
    # The module may have a name of its own first.
    text = re.sub(r"^module = (.*)\n(\w+)\(module,", r"\2(\1,", "\n".join(map(ast.unparse, main.body)))
    assert re.fullmatch(rf"{runner}\(create_module\(ARGUMENT_SPEC(, .*)?\){planners}\)", text)
    imports = [
        node
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("module_utils._ansible.")
    ]
    names = {name.name for node in imports for name in node.names}
    assert "create_module" in names and any(re.fullmatch(runner, name) for name in names)
