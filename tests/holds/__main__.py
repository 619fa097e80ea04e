# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`./dev holds`: tries everything of which `./dev test` tries a part, and writes the page of the documentation."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tests.support.conditions import conditions

from .page import PAGE, write_figures

ROOT = Path(__file__).resolve().parents[2]
FIGURES = Path(__file__).with_name("figures.yml")
HEADER = """\
---
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ./dev holds wrote this.
"""
#: Tests outside of this folder take part when they are marked holds.
FOLDERS = [f"tests/{name}" for name in ("holds", "cloud", "laws", "integration")]


def options_of(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev holds",
        description="Try every fault, kill and input. This takes an hour or more, and writes the figures of the"
        " documentation when all tests pass.",
    )
    parser.add_argument("--only", metavar="FILE", nargs="+", help="run only these files of tests, and write nothing")
    parser.add_argument("--workers", type=int, default=6, help="how many tests run at a time (default 6)")
    return parser.parse_args(argv)


def main() -> int:
    options = options_of(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="csbs-holds.") as folder:
        found = Path(folder) / "figures.yml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--durations=10",
            "-n",
            str(options.workers),
            "--dist=worksteal",
        ]
        environment = {**os.environ, "CSBS_HOLDS": "all", "CSBS_HOLDS_FIGURES": str(found)}
        done = subprocess.run([*command, *(options.only or FOLDERS)], cwd=ROOT, env=environment, check=False)
        if done.returncode or options.only:
            return done.returncode
        figures = {"conditions": conditions("``./dev holds``"), **yaml.safe_load(found.read_text(encoding="utf-8"))}
    FIGURES.write_text(HEADER + yaml.safe_dump(figures, sort_keys=False, width=150), encoding="utf-8")
    PAGE.write_text(write_figures(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
