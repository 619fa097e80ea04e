# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task with nothing to do loads. Ansible compiles each file of the collection anew in every task.

Files and bytes are counted, because they are the same on every machine.
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support.modules import BOTH_SERVICES, MODULES, auth_of, run_ok

from .scenarios.scenario import BACKED_UP, GIVEN, Args, args_on_cbr
from .situations import CBR_LOOKUPS, CBR_SCENARIOS, LOOKUPS, SCENARIOS
from .test_laws import prepare

Loaded = dict[str, int]
# What a module may load of plugins/module_utils: files and bytes. 100,000 bytes take some 30 ms of CPU. A limit is
# raised only together with a measurement (./dev benchmark --only tasks), whose figures ARCHITECTURE.md shows; the goal
# is 50 ms.
MOST = {
    "csbs": {
        "csbs_audit_info": (54, 258_500),
        "csbs_policy": (41, 194_000),
        "csbs_policy_set": (46, 227_500),
        "csbs_protection_info": (40, 157_000),
        "changes": (39, 163_000),
        "readings": (37, 141_000),
    },
    # A policy of CBR is several objects of the service, which are read and joined.
    "cbr": {
        "csbs_audit_info": (62, 305_500),
        "csbs_policy": (49, 240_500),
        "csbs_policy_server": (45, 216_500),
        "csbs_policy_set": (53, 271_000),
        "csbs_protection_info": (45, 192_000),
        "changes": (46, 207_000),
        "readings": (38, 175_500),
    },
    # Both services are read and joined.
    "both": {"changes": (61, 313_500), "readings": (59, 295_500)},
}
#: By service what there is to do and to ask; both is for the modules that work with both at once
SITUATIONS = {"csbs": (SCENARIOS, LOOKUPS), "cbr": (CBR_SCENARIOS, CBR_LOOKUPS), "both": (SCENARIOS, LOOKUPS)}
SERVICES = tuple(SITUATIONS)
MODULES_OF = {
    service: [module for module in MODULES if (module in BOTH_SERVICES) == (service == "both")] for service in SERVICES
}
each_service = pytest.mark.parametrize("service", SERVICES)
each_module = pytest.mark.parametrize(
    ("service", "module"), [(service, module) for service, modules in MODULES_OF.items() for module in modules]
)
each_info_module = pytest.mark.parametrize(
    ("service", "module"),
    [(service, module) for service, modules in MODULES_OF.items() for module in modules if module.endswith("_info")],
)
# Files that the other service has no use for
FOREIGN = {"csbs": re.compile(r"/(cbr|vaults?)[/_.]|_(cbr|vaults?)[/_.]"), "cbr": re.compile(r"/csbs[/_.]|_csbs[/_.]")}
# The limit of policies is one for both services, so their policies are counted together.
COUNT_BOTH = ("csbs_audit_info", "csbs_quota_info")


def idle_task(cloud: Emulator, service: str, module: str) -> tuple[Args, bool]:
    """Prepare a task with nothing to do and return its options and whether it runs in check mode."""
    every_scenario, lookups = SITUATIONS[service]
    if module.endswith("_info"):
        return next((args for name, args in lookups if name == module), {"service": service}), False
    scenarios = [scenario for scenario in every_scenario if scenario.module == module]
    # Where every task does something, check mode does nothing.
    scenario = next((scenario for scenario in scenarios if scenario.idle), scenarios[0])
    prepare(cloud, scenario)
    return scenario.args, not scenario.idle


@functools.cache
def load(service: str) -> dict[str, Loaded]:
    """Return by module the files that a task with nothing to do loads, with their bytes."""
    with (
        Emulator(mode="live", servers=6, sparse_items=True, speed=3000, list_delay=0.1) as cloud,
        tempfile.TemporaryDirectory() as folder,
    ):
        login = {key: value for key, value in auth_of(cloud).items() if key in ("auth", "auth_type", "region_name")}
        # Those of a migration bring their own.
        for module, args in (GIVEN, BACKED_UP) if service != "both" else ():
            run_ok(module, args_on_cbr(module, args) if service == "cbr" else args, cloud)
        tasks = []
        for module in MODULES_OF[service]:
            args, check = idle_task(cloud, service, module)
            tasks.append([module, {**login, **args}, check])
        path = Path(folder) / "tasks.json"
        path.write_text(json.dumps(tasks), encoding="utf-8")
        command = [sys.executable, "-m", "tests.support.loaded", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(MODULES_OF[service], json.loads(done.stdout), strict=True))


@pytest.fixture
def loaded(service: str) -> dict[str, Loaded]:
    """What tasks load with one of the services."""
    return load(service)


def layers(files: Loaded) -> set[str]:
    return {name.split("/")[1] for name in files if name.startswith("module_utils/")}


@each_module
def test_a_task_loads_no_more_than_it_needs(service: str, module: str, loaded: dict[str, Loaded]) -> None:
    files = {name: size for name, size in loaded[module].items() if name.startswith("module_utils/")}
    usual = MOST[service]["readings" if module.endswith("_info") else "changes"]
    most_files, most_bytes = MOST[service].get(module, usual)
    told = f"{len(files)} files with {sum(files.values())} bytes: {files}"
    assert len(files) <= most_files and sum(files.values()) <= most_bytes, told


@each_info_module
def test_an_info_module_loads_nothing_that_plans_or_changes(module: str, loaded: dict[str, Loaded]) -> None:
    assert layers(loaded[module]) <= {"_ansible", "_operations", "_cloud", "_domain", "_sdk"}


@each_module
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


@each_module
def test_a_module_loads_the_operation_of_its_name_only(module: str, loaded: dict[str, Loaded]) -> None:
    operations = [name for name in loaded[module] if name.startswith("module_utils/_operations/")]
    assert operations == [f"module_utils/_operations/{module.removeprefix('csbs_')}.py"]


@each_module
def test_a_task_loads_the_files_of_its_service_only(service: str, module: str, loaded: dict[str, Loaded]) -> None:
    files = [name for name in loaded[module] if name.startswith("module_utils/")]
    if service == "both":
        assert {"module_utils/_cloud/csbs.py", "module_utils/_cloud/cbr.py"} <= set(files)
        return
    other = "cbr" if service == "csbs" else "csbs"
    assert f"module_utils/_cloud/{service}.py" in files and f"module_utils/_cloud/{other}.py" not in files
    if service == "csbs" or module not in COUNT_BOTH:
        assert [name for name in files if FOREIGN[service].search(name)] == []


@each_service
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
