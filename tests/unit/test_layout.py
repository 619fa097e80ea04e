# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders are layers, files are subjects, and unit tests are laid out as the code is."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "plugins" / "module_utils"
TESTS = Path(__file__).with_name("plugins") / "module_utils"
FOLDERS = {"_ansible", "_operations", "_execution", "_cloud", "_plans", "_domain", "_sdk"}
# Pure, or carrying out what is pure. The others speak to Ansible and to a cloud: tests/cloud and tests/laws test them.
TESTED_FOR_THEMSELVES = ("_domain", "_plans", "_execution", "_operations")
ONLY_TYPES = {"_domain/rows.py"}
#: The folders where `./dev test` looks for tests with a mark
MARKED = {"e2e": {"cloud", "holds", "integration"}, "keystone": {"integration"}}


def names_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.py") if path.name != "__init__.py"}


def test_module_utils_has_the_folders_of_the_layers_and_nothing_beside_them() -> None:
    found = {path.name for path in CODE.iterdir() if path.name != "__pycache__"}
    assert found == FOLDERS


@pytest.mark.parametrize("folder", sorted({path.parent for path in CODE.rglob("*.py")}), ids=lambda path: path.name)
def test_packages_are_empty(folder: Path) -> None:
    """Ansible packs everything that a package imports with every module of it."""
    assert (folder / "__init__.py").read_text() == ""


def test_each_unit_test_is_called_as_the_file_that_it_tests() -> None:
    tested = {name.replace("/test_", "/") for name in names_of(TESTS)}
    assert tested - names_of(CODE) == set()


@pytest.mark.parametrize("folder", TESTED_FOR_THEMSELVES)
def test_each_file_has_a_unit_test(folder: str) -> None:
    code = {f"{folder}/{name}" for name in names_of(CODE / folder)} - ONLY_TYPES
    assert {name for name in code if not (TESTS / name).with_name(f"test_{Path(name).name}").exists()} == set()


@pytest.mark.parametrize("module", sorted((ROOT / "plugins" / "modules").glob("*.py")), ids=lambda path: path.stem)
def test_each_module_has_the_operation_of_its_name(module: Path) -> None:
    assert (CODE / "_operations" / f"{module.stem.removeprefix('csbs_')}.py").exists()


@pytest.mark.parametrize("mark", MARKED)
def test_each_test_with_a_mark_is_where_its_step_looks(mark: str) -> None:
    tests = ROOT / "tests"
    found = [path for path in tests.rglob("test_*.py") if f"mark.{mark}" in path.read_text(encoding="utf-8")]
    assert {path.relative_to(tests).parts[0] for path in found} == MARKED[mark]
    step = next(line for line in (ROOT / "dev").read_text().splitlines() if f" -m {mark} " in line)
    assert {word.removeprefix("tests/") for word in step.split() if word.startswith("tests/")} == MARKED[mark]
