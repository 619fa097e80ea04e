# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependencies point one way: modules to plumbing and planners, planners to domain rules, the service layer to the SDK."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
FILES = {str(path.relative_to(PLUGINS)): path for path in sorted(PLUGINS.rglob("*.py"))}
COLLECTION = "ansible_collections.opentelekomcloud.csbs.plugins."

# What is not pure, each with a purpose of its own.
PLUMBING = {
    "_backup_wait",
    "_cloud",
    "_deletion_wait",
    "_file_lock",
    "_image_wait",
    "_module",
    "_policy_members",
    "_policy_run_wait",
    "_progress",
    "_prune_wait",
    "_restore_call",
    "_restore_wait",
    "_sdk",
    "_session",
    "_watch",
}
# All other files: decisions and rules; no Ansible, no SDK, no input or output.
PURE = {Path(name).stem for name in FILES if Path(name).parent == Path("module_utils")} - {"__init__"} - PLUMBING
SDK = {"openstack", "keystoneauth1", "otcextensions", "os_service_types", "requests", "munch"}


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
def test_nothing_imports_a_module(name: str) -> None:
    assert not {one for one in imports(name) if one.split(".")[0] == "modules"}


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_files_import_the_standard_library_and_pure_files_only(name: str) -> None:
    found = imports(f"module_utils/{name}.py")
    assert foreign(found) == set()
    assert own(found) <= {f"module_utils.{one}" for one in PURE}


@pytest.mark.parametrize(
    "name",
    [name for name in FILES if name.startswith(("module_utils/", "modules/")) and name != "module_utils/_module.py"],
)
def test_only_the_module_plumbing_imports_ansible(name: str) -> None:
    assert "ansible" not in foreign(imports(name))


@pytest.mark.parametrize("name", [name for name in FILES if name != "module_utils/_sdk.py"])
def test_only_one_file_imports_the_sdk(name: str) -> None:
    assert not foreign(imports(name)) & SDK


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(("module_utils/_csbs/", "module_utils/_ims/"))])
def test_the_service_layer_imports_the_sdk_and_itself_only(name: str) -> None:
    found = imports(name)
    service = ".".join(Path(name).parts[:2])
    assert foreign(found) == set()
    assert all(one == "module_utils._sdk" or one.startswith(service) for one in own(found))


def test_other_plugins_never_import_the_module_plumbing() -> None:
    others = [name for name in FILES if name.split("/")[0] not in ("modules", "module_utils", "doc_fragments")]
    assert [name for name in others if "module_utils._module" in imports(name)] == []


@pytest.mark.parametrize("name", [name for name in FILES if name != "module_utils/_module.py"])
def test_check_mode_is_read_in_one_file_only(name: str) -> None:
    """Options, attributes and documentation may speak of it; code may not ask."""
    tree = ast.parse(FILES[name].read_text(encoding="utf-8"))
    assert not [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("check_mode", "_check_mode")
    ]


def test_the_module_plumbing_does_read_check_mode() -> None:
    """Or the law above would look for the wrong word."""
    assert ".check_mode" in FILES["module_utils/_module.py"].read_text(encoding="utf-8")


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


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(("action/", "plugin_utils/"))])
def test_what_runs_on_the_controller_knows_no_module_plumbing(name: str) -> None:
    found = imports(name)
    assert foreign(found) <= {"ansible"}
    assert own(found) <= {f"module_utils.{one}" for one in PURE | {"_progress"}} | {"plugin_utils._voice"}
