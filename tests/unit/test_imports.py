# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports run downwards only. The folder of a file says what it may import; ARCHITECTURE.md draws it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
FILES = {str(path.relative_to(PLUGINS)): path for path in sorted(PLUGINS.rglob("*.py"))}
COLLECTION = "ansible_collections.opentelekomcloud.csbs.plugins."

# A folder, and the folders that its files may import besides their own
BELOW = {
    "_ansible": {"_execution", "_cloud", "_plans", "_domain"},
    "_operations": {"_execution", "_cloud", "_plans", "_domain"},
    "_execution": {"_plans", "_domain"},
    "_cloud": {"_domain", "_sdk"},
    "_plans": {"_domain"},
    "_domain": set(),
    "_sdk": set(),
    "modules": {"_ansible", "_operations"},
    "inventory": {"_operations", "_cloud", "_domain", "plugin_utils"},
    "filter": {"_domain", "plugin_utils"},
    "action": {"plugin_utils"},
    "plugin_utils": {"_execution", "_domain"},
    "doc_fragments": set(),
}
# A folder, and the packages outside the standard library that its files may import
FOREIGN = {
    "_ansible": {"ansible"},
    "_sdk": {"openstack", "keystoneauth1"},
    "inventory": {"ansible"},
    "action": {"ansible"},
    "filter": {"ansible", "jinja2"},
    "plugin_utils": {"ansible"},
}
# Folders whose files stand side by side and never import each other
APART = {"_operations", "modules", "inventory", "filter", "action"}


def folder_of(name: str) -> str:
    """Return the layer of a file or of an imported name below plugins."""
    parts = name.replace("/", ".").split(".")
    return parts[1] if parts[0] == "module_utils" else parts[0]


def imports_of(source: str, package: str) -> set[str]:
    """All that a file imports, wherever in it: absolute names, those of this collection as paths below plugins."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            # "from . import x" names a file, "from .x import y" does not.
            found.update([base] if node.module else [f"{base}.{alias.name}" for alias in node.names])
    return {name.removeprefix(COLLECTION) for name in found}


def imports(name: str) -> set[str]:
    package = ".".join(Path(name).parent.parts)
    return imports_of(FILES[name].read_text(encoding="utf-8"), package)


def own(names: set[str]) -> set[str]:
    return {
        name
        for name in names
        if name.split(".")[0] in {"modules", "module_utils", "plugin_utils", "inventory", "action", "filter"}
    }


def foreign(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names - own(names)} - set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from ._rules import x", {"module_utils._rules"}),
        ("from . import _rules, _tags", {"module_utils._rules", "module_utils._tags"}),
        ("from ..modules.csbs_tag import main", {"modules.csbs_tag"}),
        ("def f():\n    import openstack.proxy", {"openstack.proxy"}),
        (f"from {COLLECTION}module_utils._plan import Plan", {"module_utils._plan"}),
        (
            "if t.TYPE_CHECKING:\n    from ansible.module_utils.basic import AnsibleModule",
            {"ansible.module_utils.basic"},
        ),
    ],
)
def test_no_way_of_importing_is_overlooked(source: str, expected: set[str]) -> None:
    assert imports_of(source, "module_utils") == expected


@pytest.mark.parametrize("name", FILES)
def test_a_file_imports_its_own_folder_and_those_below_only(name: str) -> None:
    folder = folder_of(name)
    found = imports(name)
    beside = set() if folder in APART else {folder}
    assert {folder_of(one) for one in own(found)} <= BELOW[folder] | beside
    assert foreign(found) <= FOREIGN.get(folder, set())


def test_the_service_folders_do_not_know_each_other() -> None:
    """Each could go to openstacksdk as it is."""
    names = [name for name in FILES if name.startswith("module_utils/_sdk/") and len(Path(name).parts) > 3]
    crossing = [
        (name, one)
        for name in names
        for one in own(imports(name))
        if len(one.split(".")) > 3 and one.split(".")[2] != Path(name).parts[2]
    ]
    assert names and crossing == []


@pytest.mark.parametrize("name", [name for name in FILES if folder_of(name) != "_ansible"])
def test_check_mode_is_read_in_one_folder_only(name: str) -> None:
    """Options, attributes and documentation may speak of it; code may not ask."""
    tree = ast.parse(FILES[name].read_text(encoding="utf-8"))
    assert not [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("check_mode", "_check_mode")
    ]


def test_the_modules_run_does_read_check_mode() -> None:
    """Or the law above would look for the wrong word."""
    assert ".check_mode" in FILES["module_utils/_ansible/converge.py"].read_text(encoding="utf-8")


# What runs while a plan is carried out, or only describes the cloud.
NOT_PURE = {"module_utils/_plans/recovery.py", "module_utils/_domain/cloud.py"}


@pytest.mark.parametrize(
    "name", [name for name in FILES if folder_of(name) in ("_plans", "_domain") and name not in NOT_PURE]
)
def test_plans_and_rules_are_given_rows_and_never_a_cloud(name: str) -> None:
    tree = ast.parse(FILES[name].read_text(encoding="utf-8"))
    arguments = [
        arg for node in ast.walk(tree) if isinstance(node, ast.arguments) for arg in (*node.args, *node.kwonlyargs)
    ]
    assert [arg.arg for arg in arguments if arg.arg == "cloud"] == []


@pytest.mark.parametrize("name", FILES)
def test_no_file_takes_the_private_name_of_another(name: str) -> None:
    tree = ast.parse(FILES[name].read_text(encoding="utf-8"))
    # "from .v1 import _proxy" names a file, as openstacksdk calls it.
    taken = [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert [one for one in taken if one.startswith("_") and one != "_proxy"] == []


def test_no_two_files_import_each_other() -> None:
    graph = {name.removesuffix(".py").replace("/", "."): own(imports(name)) for name in FILES}

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            for one in graph.get(ahead.pop(), set()) - seen:
                seen.add(one)
                ahead.append(one)
        return seen

    assert [name for name in graph if name in reached(name)] == []
