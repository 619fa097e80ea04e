# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection says of itself agrees with its files."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.modules import BOTH_SERVICES

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "plugins/modules").glob("csbs_*.py"))
SOURCES = sorted(path for top in ("plugins", "tests", "extensions") for path in (ROOT / top).rglob("*.py"))
DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}
HEADER = """\
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""


def load(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def documentation_of(module: Path) -> tuple[dict[str, Any], int]:
    """The module's texts by name, and the line on which the last of them ends."""
    texts, end = {}, 0
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) in DOCUMENTATION:
            texts[node.targets[0].id] = yaml.safe_load(ast.literal_eval(node.value))
            end = node.end_lineno
    return texts, end


def lines_of_code(source: str, after: int) -> int:
    """Lines that hold code: neither empty nor only a comment."""
    nothing = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in nothing and token.start[0] > after:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines)


def test_galaxy_yml_names_the_collection() -> None:
    galaxy = load("galaxy.yml")
    assert (galaxy["namespace"], galaxy["name"]) == ("opentelekomcloud", "csbs")
    assert galaxy["license"] == ["GPL-3.0-or-later"]
    assert galaxy["dependencies"] == {}
    assert (ROOT / galaxy["readme"]).is_file()
    assert (ROOT / "COPYING").read_text(encoding="utf-8").lstrip().startswith("GNU GENERAL PUBLIC LICENSE")


def test_the_action_group_holds_every_module_and_nothing_else() -> None:
    runtime = load("meta/runtime.yml")
    assert runtime["requires_ansible"] == ">=2.18.0"
    assert runtime["action_groups"] == {"csbs": [module.stem for module in MODULES]}


def test_every_module_that_changes_something_shows_its_progress() -> None:
    """Even a single change may have to wait for what is busy."""
    actions = {path.stem for path in (ROOT / "plugins/action").glob("csbs_*.py")}
    changing = {module.stem for module in MODULES if not module.stem.endswith("_info")}
    # One that works with both services needs a plugin that leaves out the service of module_defaults.
    assert actions == {*changing, *BOTH_SERVICES}


def test_the_execution_environment_has_the_sdk() -> None:
    python = load("meta/execution-environment.yml")["dependencies"]["python"]
    assert "openstacksdk>=4.0.0" in (ROOT / python).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "ignored", [line for line in (ROOT / ".gitignore").read_text().split() if line.startswith("/")]
)
def test_what_git_ignores_is_not_in_the_tarball(ignored: str) -> None:
    assert ignored.strip("/") in load("galaxy.yml")["build_ignore"]


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_a_file_says_its_licence(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    if source.strip():
        assert source.removeprefix("#!/usr/bin/python\n").startswith(HEADER)


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_a_file_postpones_annotations(path: Path) -> None:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    if any(not isinstance(node, ast.Expr) for node in body):
        futures = [node for node in body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
        assert any(alias.name == "annotations" for node in futures for alias in node.names)


@pytest.mark.parametrize("module", MODULES, ids=short)
def test_a_module_is_small(module: Path) -> None:
    texts, end = documentation_of(module)
    assert set(texts) == DOCUMENTATION
    most = 35 if module.stem.endswith("_info") else 80
    assert lines_of_code(module.read_text(encoding="utf-8"), after=end) <= most


@pytest.mark.parametrize("module", MODULES, ids=short)
def test_a_module_documents_its_own_name_and_attributes(module: Path) -> None:
    texts, end = documentation_of(module)
    assert texts["DOCUMENTATION"]["module"] == module.stem
    fragments = texts["DOCUMENTATION"]["extends_documentation_fragment"]
    assert [name for name in fragments if not name.startswith("opentelekomcloud.csbs.")] == []


@pytest.mark.parametrize("path", sorted((ROOT / "roles").glob("*/[tv]a*/*.yml")), ids=short)
def test_a_role_searches_fleets_in_dictionaries(path: Path) -> None:
    """Ansible evaluates a list anew for each search in it: for 1,000 servers that takes three times as long."""
    searches = re.findall(r"(?:select|reject)attr\('[\w.]+', 'in',\s*(.{6})", path.read_text(encoding="utf-8"))
    # A list that the role itself writes is short.
    assert [text for text in searches if not text.startswith(("dict(", "['',"))] == []
