# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task with nothing to do loads. Ansible compiles each file of the collection anew in every task.

Files and bytes are counted, because they are the same on every machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.modules import MODULES, auth_of, run_ok

from .scenarios.scenario import BACKED_UP, GIVEN, Args
from .situations import LOOKUPS, SCENARIOS

Loaded = dict[str, int]
# What a module may load of plugins/module_utils. 100,000 bytes take some 30 ms of CPU. A limit is raised only together
# with a measurement (./dev benchmark --only tasks), whose figures ARCHITECTURE.md shows; the goal is 50 ms.
MOST_FILES = {"csbs_audit_info": 49, "csbs_policy": 37, "csbs_policy_set": 42}
MOST_FILES_OF_OTHERS = 36
MOST_BYTES = {"csbs_audit_info": 205_000, "csbs_policy": 147_500, "csbs_policy_set": 180_000}
MOST_BYTES_OF_CHANGES, MOST_BYTES_OF_READINGS = 135_000, 115_500


def idle_task(cloud: Emulator, module: str) -> tuple[Args, bool]:
    """Prepare a task with nothing to do and return its options and whether it runs in check mode."""
    if module.endswith("_info"):
        return next((args for name, args in LOOKUPS if name == module), {}), False
    scenarios = [scenario for scenario in SCENARIOS if scenario.module == module]
    # Where every task does something, check mode does nothing.
    scenario = next((scenario for scenario in scenarios if scenario.idle), scenarios[0])
    for given in scenario.given:
        if callable(given):
            given(cloud)
        else:
            run_ok(*given, cloud)
    return scenario.args, not scenario.idle


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Loaded]:
    """By module the files that a task with nothing to do loads, with their bytes."""
    with Emulator(mode="live", servers=6, sparse_items=True, speed=3000, list_delay=0.1) as cloud:
        login = {key: value for key, value in auth_of(cloud).items() if key in ("auth", "auth_type", "region_name")}
        run_ok(*GIVEN, cloud)
        run_ok(*BACKED_UP, cloud)
        tasks = []
        for module in MODULES:
            args, check = idle_task(cloud, module)
            tasks.append([module, {**login, **args}, check])
        path = tmp_path_factory.mktemp("cost") / "tasks.json"
        path.write_text(json.dumps(tasks), encoding="utf-8")
        command = [sys.executable, "-m", "tests.support.loaded", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(MODULES, json.loads(done.stdout), strict=True))


def layers(files: Loaded) -> set[str]:
    return {name.split("/")[1] for name in files if name.startswith("module_utils/")}


@pytest.mark.parametrize("module", MODULES)
def test_a_task_loads_no_more_than_it_needs(module: str, loaded: dict[str, Loaded]) -> None:
    files = {name: size for name, size in loaded[module].items() if name.startswith("module_utils/")}
    usual = MOST_BYTES_OF_READINGS if module.endswith("_info") else MOST_BYTES_OF_CHANGES
    assert len(files) <= MOST_FILES.get(module, MOST_FILES_OF_OTHERS), sorted(files)
    assert sum(files.values()) <= MOST_BYTES.get(module, usual), files


@pytest.mark.parametrize("module", [module for module in MODULES if module.endswith("_info")])
def test_an_info_module_loads_nothing_that_plans_or_changes(module: str, loaded: dict[str, Loaded]) -> None:
    assert layers(loaded[module]) <= {"_ansible", "_operations", "_cloud", "_domain", "_sdk"}


@pytest.mark.parametrize("module", MODULES)
def test_what_only_errors_and_changes_need_is_not_loaded_without_them(module: str, loaded: dict[str, Loaded]) -> None:
    unneeded = {
        "module_utils/_cloud/translation.py",
        "module_utils/_domain/error_codes.py",
        "module_utils/_domain/explain.py",
        "module_utils/_execution/attempt.py",
        "module_utils/_execution/executor.py",
        "module_utils/_domain/cloud.py",
        "module_utils/_domain/rows.py",
    }
    assert not unneeded & set(loaded[module])


@pytest.mark.parametrize("module", MODULES)
def test_a_module_loads_the_operation_of_its_name_only(module: str, loaded: dict[str, Loaded]) -> None:
    operations = [name for name in loaded[module] if name.startswith("module_utils/_operations/")]
    assert operations == [f"module_utils/_operations/{module.removeprefix('csbs_')}.py"]


@pytest.mark.parametrize("module", MODULES)
def test_a_task_loads_the_files_of_its_service_only(module: str, loaded: dict[str, Loaded]) -> None:
    services = {name.split("/")[2] for name in loaded[module] if name.startswith("module_utils/_sdk/")}
    assert "csbs" in services and "cbr" not in services


@pytest.mark.parametrize(
    ("subject", "modules"),
    [
        ("restore", {"csbs_restore"}),
        ("image", {"csbs_image"}),
        ("prune", {"csbs_backup_prune"}),
        ("disk_mapping", {"csbs_restore"}),
    ],
)
def test_a_subject_is_loaded_by_its_own_modules_only(
    subject: str, modules: t.Collection[str], loaded: dict[str, Loaded]
) -> None:
    holders = {module for module, files in loaded.items() for name in files if name.endswith(f"/{subject}.py")}
    assert holders <= set(modules)
