# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Begins a new module: `python tests/tools/new_module.py csbs_NAME`, an info module when the name ends in _info.

What it makes of tests/template works and passes the laws as it stands; the author then replaces it place by place.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"csbs_[a-z][a-z0-9]*(_[a-z0-9]+)*")
#: file in tests/template -> file in this clone; {kind} is changing or info
_FILES = {
    "{kind}/module.py.j2": "plugins/modules/csbs_{name}.py",
    "{kind}/planner.py.j2": "plugins/module_utils/_{name}.py",
    "{kind}/test.py.j2": "tests/unit/plugins/module_utils/test__{name}.py",
    "{kind}/scenarios.py.j2": "tests/laws/scenarios/{name}.py",
    "fragment.yml.j2": "changelogs/fragments/{name}.yml",
}
#: For each kind: what README.md says of the template's job, and its call and options in docs/api-coverage.md
_JOBS = {
    "changing": ("a policy's description is as told", "PUT /policies/{policy_id}", "`policy`, `description`"),
    "info": ("look up what policies are for", "GET /policies/{policy_id}", "`policy`"),
}


class Refused(Exception):
    """Nothing was written; the text says why."""


def plan(module: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the files to make and those to edit, each with its new text; raises Refused."""
    if not _NAME.fullmatch(module):
        raise Refused(
            f"{module!r} is no name for a module: csbs_, then lower case letters, digits and single underscores, such as csbs_thing_info"
        )
    name = module.removeprefix("csbs_")
    kind = "info" if module.endswith("_info") else "changing"
    line, call, options = _JOBS[kind]
    targets = {source.format(kind=kind): target.format(name=name) for source, target in _FILES.items()}
    there = [target for target in targets.values() if (ROOT / target).exists()]
    if there:
        raise Refused(f"{module!r} cannot be begun: there is {', '.join(there)}")
    templates = Environment(
        loader=FileSystemLoader(ROOT / "tests/template"), undefined=StrictUndefined, keep_trailing_newline=True
    )
    names = {
        "module": module,
        "name": name,
        "class": "".join(map(str.title, name.split("_"))),
        "version": next_version(),
        "line": line,
    }
    names["shebang"] = "#!/usr/bin/python"  # a template that began so would pass for a script
    made = {target: templates.get_template(source).render(names) for source, target in targets.items()}
    edited = {
        "meta/runtime.yml": in_order("meta/runtime.yml", "  csbs:", f"    - {module}"),
        "README.md": after_last("README.md", "| `csbs_", f"| `{module}` | {line} |"),
        "docs/api-coverage.md": in_last_cell("docs/api-coverage.md", f"| `{call}` |", f"`{module}` ({options})"),
    }
    return made, edited


def next_version() -> str:
    """Return the version that is not released yet: that of galaxy.yml, or the minor one after it."""
    version = str(yaml.safe_load(_read("galaxy.yml"))["version"])
    if version not in yaml.safe_load(_read("changelogs/changelog.yaml"))["releases"]:
        return version
    major, minor, dummy = version.split(".", 2)
    return f"{major}.{int(minor) + 1}.0"


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _find(path: str, lines: list[str], start: str) -> int:
    """Return the number of the line that begins so; raises Refused when none does."""
    for number, line in enumerate(lines):
        if line.startswith(start):
            return number
    raise Refused(f"{path} has no line that begins with {start!r}")


def in_order(path: str, head: str, line: str) -> str:
    """Return a file's text with a line put in its place into the sorted list below a head."""
    lines = _read(path).splitlines()
    first = last = _find(path, lines, head) + 1
    indent = line[: len(line) - len(line.lstrip())]
    while last < len(lines) and lines[last].startswith(indent):
        last += 1
    return "\n".join([*lines[:first], *sorted([*lines[first:last], line]), *lines[last:], ""])


def after_last(path: str, start: str, line: str) -> str:
    """Return a file's text with a line put behind the last of those that begin so."""
    lines = _read(path).splitlines()
    number = len(lines) - _find(path, lines[::-1], start)
    return "\n".join([*lines[:number], line, *lines[number:], ""])


def in_last_cell(path: str, start: str, entry: str) -> str:
    """Return a file's text with an entry added to the last cell of the table row that begins so."""
    lines = _read(path).splitlines()
    number = _find(path, lines, start)
    lines[number] = f"{lines[number].removesuffix('|').rstrip()}, {entry} |"
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="./dev new-module", description="Begin a new module: it works, and passes the laws, as it stands."
    )
    parser.add_argument("module", metavar="csbs_NAME", help="an info module when it ends in _info")
    module = parser.parse_args().module
    try:
        made, edited = plan(module)
    except Refused as refusal:
        parser.error(str(refusal))
    for path, text in {**made, **edited}.items():
        (ROOT / path).write_text(text, encoding="utf-8")
    print("made:", *made, sep="\n  ")
    print("edited:", *edited, sep="\n  ")
    print(f"""next:
  replace what stands behind each of these, and then the comment:
    grep -n '# Replace:' {" ".join(made)}
  in README.md and docs/api-coverage.md, say what yours does, beside the calls that it sends
  when it waits: the fragment opentelekomcloud.csbs.wait and WAIT_SPEC in place of timeout and TIMEOUT_SPEC, and an action plugin of its name
  try it:
    ./dev test-unit tests/unit -k {module.removeprefix("csbs_")}
    ./dev test-unit tests/unit/test_imports.py tests/unit/test_metadata.py tests/unit/test_coverage.py""")


if __name__ == "__main__":
    main()
