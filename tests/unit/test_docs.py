# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation agrees with the code."""

from __future__ import annotations

import ast
import importlib.util
import re
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs/docsite/rst"
MADE = {"docs/site/errors.py": "errors.rst", "docs/site/prune_picture.py": "images/prune.svg"}


def load(path: str) -> t.Any:
    """Import a script of the site as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain(text: str) -> str:
    """Return a text without the markup that differs between Markdown and reStructuredText."""
    return " ".join(text.replace("`", "").split())


@pytest.mark.parametrize(("script", "made"), MADE.items(), ids=MADE.values())
def test_generated_pages_are_current(script: str, made: str) -> None:
    assert (GUIDES / made).read_text(encoding="utf-8") == load(script).page(), f"run: python {script}"


def test_every_page_is_in_the_table_of_contents() -> None:
    sections = yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    assert sorted(page for section in sections for page in section["toctree"]) == sorted(
        path.stem for path in GUIDES.glob("*.rst")
    )


def test_every_promise_of_the_readme_is_on_the_page_of_promises() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split("## What it promises\n")[1].split("\n\nGood to know")[0]
    promises = [plain(promise) for promise in section.split("\n- ")[1:]]
    assert len(promises) > 5
    page = plain((GUIDES / "promises.rst").read_text(encoding="utf-8"))
    assert [promise for promise in promises if promise not in page] == []


def test_every_test_on_the_page_of_promises_exists() -> None:
    named = re.findall(r"``(tests/[\w/]+\.py)::(\w+)``", (GUIDES / "promises.rst").read_text(encoding="utf-8"))
    assert len(named) > 40
    defined = {
        file: {
            node.name
            for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef)
        }
        for file in {file for file, dummy in named}
    }
    assert [f"{file}::{name}" for file, name in named if name not in defined[file]] == []


#: `_plans/policy.py: plan_update`, `tests/laws` and the like
NAMED = re.compile(r"`(\w[\w.]*/[\w./]*)(?:: (\w+))?`")


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md", "TESTING.md"])
def test_every_path_and_every_name_in_the_guides_for_developers_exists(page: str) -> None:
    text = re.sub(
        r"## Where the next features go\n.*?(?=\n## )", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL
    )
    named = [(path, name) for path, name in NAMED.findall(text) if "NAME" not in path]
    assert named
    missing = []
    for path, name in named:
        found = next((top / path for top in (ROOT, ROOT / "plugins/module_utils") if (top / path).exists()), None)
        defined = re.compile(rf"^(def |class )?{name}\b", re.MULTILINE)
        if found is None or (name and not defined.search(found.read_text(encoding="utf-8"))):
            missing.append((path, name))
    assert missing == []


@pytest.mark.parametrize("picture", sorted((GUIDES / "images").glob("*.svg")), ids=lambda path: path.name)
def test_a_picture_can_be_read_in_the_dark_and_is_described_wherever_it_is_shown(picture: Path) -> None:
    text = picture.read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text and "<title>" in text
    pages = [*GUIDES.glob("*.rst"), *(ROOT / "docs/site/pages").glob("*.rst")]
    shown = [
        block
        for page in pages
        for block in re.findall(rf"image:: \S*{picture.name}\n((?:   .*\n)*)", page.read_text(encoding="utf-8"))
    ]
    assert shown and all(":alt:" in options for options in shown)
