# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Begin a new module: `python tests/tools/new_module.py csbs_NAME`, an info module when the name ends in _info.

The new files come from tests/template. They work and pass the laws as they are; the author
then replaces them step by step.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"csbs_[a-z][a-z0-9]*(_[a-z0-9]+)*")
#: Each file in tests/template, and what it becomes; {kind} is changing or info
_FILES = {
    "{kind}/module.py.j2": "plugins/modules/csbs_{name}.py",
    "{kind}/operation.py.j2": "plugins/module_utils/_operations/{name}.py",
    "{kind}/test.py.j2": "tests/unit/plugins/module_utils/_operations/test_{name}.py",
    "{kind}/scenarios.py.j2": "tests/laws/scenarios/{name}.py",
    "fragment.yml.j2": "changelogs/fragments/{name}.yml",
}
#: The same for a changing module only
_FILES_OF_CHANGES = {"changing/action.py.j2": "plugins/action/csbs_{name}.py"}
#: For each kind: the text for README.md, and the call and the options for docs/api-coverage.md
_JOBS = {
    "changing": ("switch a policy on or off", "PUT /policies/{policy_id}", "`policy`, `enabled`"),
    "info": ("look up the descriptions of policies", "GET /policies/{policy_id}", "`policy`"),
}


class Refused(Exception):
    """The module cannot be begun, and nothing was written; the text says why."""


def plan(module: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the new files and the edited ones, each with its text; raises Refused."""
    if not _NAME.fullmatch(module):
        raise Refused(
            f"{module!r} is not a valid module name. A name is csbs_ and then lower case letters, digits and single"
            " underscores, such as csbs_thing_info"
        )
    name = module.removeprefix("csbs_")
    kind = "info" if module.endswith("_info") else "changing"
    line, call, options = _JOBS[kind]
    files = _FILES if kind == "info" else {**_FILES, **_FILES_OF_CHANGES}
    targets = {source.format(kind=kind): target.format(name=name) for source, target in files.items()}
    existing = [target for target in targets.values() if (ROOT / target).exists()]
    if existing:
        raise Refused(f"{module!r} would replace existing files: {', '.join(existing)}")
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
    # A template that begins with a shebang would itself be taken for a script.
    names["shebang"] = "#!/usr/bin/python"
    made = {target: templates.get_template(source).render(names) for source, target in targets.items()}
    edited = {
        "meta/runtime.yml": in_order("meta/runtime.yml", "  csbs:", f"    - {module}"),
        "README.md": after_last("README.md", "| `csbs_", f"| `{module}` | {line} |"),
        "docs/api-coverage.md": in_last_cell("docs/api-coverage.md", f"| `{call}` |", f"`{module}` ({options})"),
    }
    return made, edited


def next_version() -> str:
    """Return the next version to release: that of galaxy.yml, or the next minor version when that one is released."""
    version = str(yaml.safe_load(_read("galaxy.yml"))["version"])
    if version not in yaml.safe_load(_read("changelogs/changelog.yaml"))["releases"]:
        return version
    major, minor, dummy = version.split(".", 2)
    return f"{major}.{int(minor) + 1}.0"


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _find(path: str, lines: list[str], start: str) -> int:
    """Return the index of the first line that begins with start; raises Refused when none does."""
    for number, line in enumerate(lines):
        if line.startswith(start):
            return number
    raise Refused(f"{path} has no line that begins with {start!r}")


def in_order(path: str, head: str, line: str) -> str:
    """Return the text of a file with a line added to the sorted list below a heading."""
    lines = _read(path).splitlines()
    first = last = _find(path, lines, head) + 1
    indent = line[: len(line) - len(line.lstrip())]
    while last < len(lines) and lines[last].startswith(indent):
        last += 1
    return "\n".join([*lines[:first], *sorted([*lines[first:last], line]), *lines[last:], ""])


def after_last(path: str, start: str, line: str) -> str:
    """Return the text of a file with a line added after the last line that begins with start."""
    lines = _read(path).splitlines()
    number = len(lines) - _find(path, lines[::-1], start)
    return "\n".join([*lines[:number], line, *lines[number:], ""])


def in_last_cell(path: str, start: str, entry: str) -> str:
    """Return the text of a file with an entry added to the last cell of the table row that begins with start."""
    lines = _read(path).splitlines()
    number = _find(path, lines, start)
    lines[number] = f"{lines[number].removesuffix('|').rstrip()}, {entry} |"
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="./dev new-module", description="Begin a new module that works and passes the laws as it is."
    )
    parser.add_argument("module", metavar="csbs_NAME", help="a name that ends in _info makes an info module")
    module = parser.parse_args().module
    try:
        made, edited = plan(module)
    except Refused as refusal:
        parser.error(str(refusal))
    for path, text in {**made, **edited}.items():
        (ROOT / path).write_text(text, encoding="utf-8")
    print("new files:", *made, sep="\n  ")
    print("edited files:", *edited, sep="\n  ")
    print(f"""next:
  replace the code below each of these comments, then delete the comment:
    grep -n '# Replace:' {" ".join(made)}
  in README.md and docs/api-coverage.md, describe what your module does and which calls it sends
  if the module waits: use the fragment opentelekomcloud.csbs.wait and WAIT_SPEC instead of timeout and TIMEOUT_SPEC
  test it:
    ./dev test-unit tests/unit tests/laws -k {module.removeprefix("csbs_")}
    ./dev test-unit tests/unit/test_imports.py tests/unit/test_metadata.py tests/unit/test_coverage.py""")


if __name__ == "__main__":
    main()
