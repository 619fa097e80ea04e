# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `./dev new-module` makes, in a copy of this clone: it passes what all modules pass, and what is filled in wrongly is caught."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
CHANGING, INFO = "csbs_zz_made", "csbs_zz_made_info"
MINE = "zz_made"


def run(clone: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment in a copy, which goes before the clone that is linked among the installed packages."""
    collections = str(clone.parents[2])
    # A pytest inside of a pytest is one of its own, and nothing of the user's leads to another cloud.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("OS_", "PYTEST_"))}
    return subprocess.run(
        [str(Path(sys.executable).with_name(command[0])), *command[1:]],
        capture_output=True,
        text=True,
        env={**inherited, "PYTHONPATH": collections, "ANSIBLE_COLLECTIONS_PATH": collections, "ANSIBLE_NOCOLOR": "1", **environment},
        cwd=clone,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def new_module(clone: Path, name: str) -> subprocess.CompletedProcess[str]:
    return run(clone, "python", "tests/tools/new_module.py", name)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What git knows or would know of this clone, laid out as Ansible wants a collection."""
    folder = tmp_path / "ansible_collections/opentelekomcloud/csbs"
    subprocess.run([ROOT / "tests/tools/copy_tree.sh", folder], check=True)
    return folder


@pytest.fixture
def begun(clone: Path) -> Path:
    """A copy with a new module of each kind, as they come."""
    for name in (CHANGING, INFO):
        done = new_module(clone, name)
        assert done.returncode == 0, done.stderr
    return clone


def test_new_modules_pass_what_all_modules_pass(begun: Path) -> None:
    file = "import ansible_collections.opentelekomcloud.csbs.plugins.module_utils._module as file; print(file.__file__)"
    assert run(begun, "python", "-c", file).stdout.strip() == str(begun / "plugins/module_utils/_module.py"), "another clone is tested"

    # Where the laws are, only those that speak of the new modules are run.
    chosen = f"{MINE} or not test_laws"
    about_all = [f"tests/unit/test_{about}.py" for about in ("imports", "metadata", "coverage")]
    planners = [f"tests/unit/plugins/module_utils/test__{name}.py" for name in (MINE, f"{MINE}_info")]
    done = run(begun, "python", "-m", "pytest", "-q", "-rp", "-k", chosen, "tests/unit/laws", *about_all, *planners)
    assert done.returncode == 0, done.stdout + done.stderr
    for test in (
        f"test_check_predicts_the_run_and_a_second_run_does_nothing[live-{MINE}-",
        f"test_info_modules_never_write_and_return_what_they_document[live-{INFO}-",
        f"test_every_module_has_the_same_login_and_says_so_when_it_fails[reference-{CHANGING}]",
        f"test_pure_files_import_the_standard_library_and_pure_files_only[_{MINE}]",
        f"test_a_module_is_small[plugins/modules/{INFO}.py]",
        f"module_utils/test__{MINE}.py::",
        f"module_utils/test__{MINE}_info.py::",
    ):
        assert re.search(f"PASSED .*{re.escape(test)}", done.stdout), test


def test_new_modules_are_documented_and_their_examples_run(begun: Path, tmp_path: Path) -> None:
    done = run(begun, "ansible-doc", "--json", *(f"opentelekomcloud.csbs.{name}" for name in (CHANGING, INFO)))
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    found = json.loads(done.stdout)
    assert {Path(about["doc"]["filename"]) for about in found.values()} == {begun / f"plugins/modules/{name}.py" for name in (CHANGING, INFO)}

    tasks = [task for about in found.values() for task in yaml.safe_load(about["examples"])]
    playbook, clouds = tmp_path / "examples.yml", tmp_path / "clouds.yaml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], sort_keys=False))
    with Emulator(speed=3000, list_delay=0.1) as cloud:
        cloud.write_clouds(clouds)
        done = run(begun, "ansible-playbook", str(playbook), OS_CLIENT_CONFIG_FILE=str(clouds), OS_CLOUD="local")
        assert done.returncode == 0 and re.search(r"ok=5 +changed=3 .*failed=0", done.stdout), done.stdout + done.stderr
        assert not cloud.contract_violations


def test_a_planner_that_predicts_wrongly_is_caught_by_the_laws(begun: Path) -> None:
    """One that promises what was asked for, and sends something else."""
    planner = begun / f"plugins/module_utils/_{MINE}.py"
    text, right = planner.read_text(encoding="utf-8"), '{"policy": before["id"], **attrs}'
    assert text.count(right) == 1
    planner.write_text(text.replace(right, '{"policy": before["id"], "description": "something else"}'), encoding="utf-8")
    done = run(begun, "python", "-m", "pytest", "-q", "-k", f"{MINE} and check_predicts and reference", "tests/unit/laws")
    assert done.returncode == 1, done.stdout + done.stderr
    failed = re.findall(rf"FAILED .*test_check_predicts.*\[reference-{MINE}-(\S+)\]", done.stdout)
    assert sorted(failed) == ["is-another", "is-cleared"], done.stdout


def contents(clone: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in clone.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("csbs_", "is no name for a module"),
        ("csbs_Made", "is no name for a module"),
        ("csbs_ma-de", "is no name for a module"),
        ("../csbs_made", "is no name for a module"),
        ("csbs_tag", "there is plugins/modules/csbs_tag.py"),
        ("csbs_session", "there is plugins/module_utils/_session.py"),
    ],
)
def test_a_name_that_is_refused_writes_nothing(clone: Path, name: str, reason: str) -> None:
    before = contents(clone)
    done = new_module(clone, name)
    assert done.returncode == 2 and reason in done.stderr
    assert contents(clone) == before


def test_a_list_that_cannot_be_found_writes_nothing(clone: Path) -> None:
    readme = clone / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("| `csbs_", "| `"), encoding="utf-8")
    before = contents(clone)
    done = new_module(clone, CHANGING)
    assert done.returncode == 2 and "README.md has no line" in done.stderr
    assert contents(clone) == before


def test_a_module_that_comes_after_a_release_is_new_in_the_next(clone: Path) -> None:
    galaxy, changelog = clone / "galaxy.yml", clone / "changelogs/changelog.yaml"
    version = re.search(r"^version: (\d+)\.(\d+)\.\d+$", galaxy.read_text(encoding="utf-8"), re.MULTILINE)
    assert version
    changelog.write_text(yaml.safe_dump({"releases": {version[0].removeprefix("version: "): {}}}))
    assert new_module(clone, CHANGING).returncode == 0
    added = f"version_added: {version[1]}.{int(version[2]) + 1}.0\n"
    assert added in (clone / f"plugins/modules/{CHANGING}.py").read_text(encoding="utf-8")
