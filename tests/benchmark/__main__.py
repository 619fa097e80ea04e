# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`./dev benchmark`: measures fleets and tasks, and writes the page of the documentation with its picture."""

from __future__ import annotations

import argparse
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tests.support.conditions import conditions

from . import fleets, task_cost
from .figures import LATENCY, OPENSTACK, QUICK, Figures, Scope, TaskCost
from .page import write_figures
from .promises import BARE_TASK, promises

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs/docsite/rst"
FIGURES = Path(__file__).with_name("figures.yml")
HEADER = """\
---
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ./dev benchmark wrote this.
"""
QUICK_TASKS = (BARE_TASK, "csbs_quota_info")


def options_of(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev benchmark",
        description="Measure what fleets and tasks cost. A full run takes some ten minutes, needs a machine that does"
        " nothing else, and writes the figures of the documentation.",
    )
    parser.add_argument("--rounds", type=int, help="how often each kind of task runs (default 3, with --quick 1)")
    parser.add_argument("--only", choices=["fleets", "tasks"], help="measure only these, and write nothing")
    parser.add_argument("--quick", action="store_true", help="tiny fleets and few tasks, to try it; write nothing")
    parser.add_argument("--into", type=Path, help="write into this folder, and not into the documentation")
    parser.add_argument("--loop", type=int, help="how many servers the long loops have, up to 100 (default 25)")
    options = parser.parse_args(argv)
    if options.rounds is None:
        options.rounds = 1 if options.quick else 3
    if options.rounds < 1:
        parser.error("--rounds needs a number from 1")
    if options.loop is not None and not 2 <= options.loop <= 100:
        parser.error("--loop needs a number from 2 to 100")
    if options.only and options.into:
        parser.error("--into needs all figures, and --only leaves some out")
    return options


def measure(options: argparse.Namespace, folder: Path) -> Figures:
    """Measure what the options ask for."""
    left_out = {}
    if not fleets.has_openstack():
        left_out[OPENSTACK] = "the collection or its openstacksdk could not be installed"
    samples, tasks = {}, dict[str, TaskCost]()
    if options.only != "tasks":
        scope = QUICK if options.quick else Scope()
        if options.loop:
            scope = scope._replace(long_loops=(options.loop,))
        samples = fleets.measure(folder, scope, options.rounds)
    if options.only != "fleets":
        chosen = {name: args for name, args in task_cost.TASKS.items() if not options.quick or name in QUICK_TASKS}
        tasks = task_cost.measure(folder, chosen, options.rounds)
        print(f"\n{task_cost.table(tasks)}", flush=True)
    return Figures(conditions_of(options), left_out, samples, tasks)


def conditions_of(options: argparse.Namespace) -> dict[str, str]:
    """Return when, how and where the figures were measured."""
    command = shlex.join(["./dev", "benchmark", *sys.argv[1:]])
    told = f"``{command}``, {options.rounds} {'round' if options.rounds == 1 else 'rounds'}"
    return {
        **conditions(told, fleets.openstack_versions()),
        "Local cloud": f"live mode, {LATENCY * 1000:.0f} ms more for each answer",
    }


def write(figures: Figures, folder: Path | None) -> None:
    """Write the figures, the page and the picture into a folder, or into the documentation."""
    page, picture, data = DOCS / "benchmark.rst", DOCS / "images/speed.svg", FIGURES
    text = page.read_text(encoding="utf-8")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        page, picture, data = (folder / path.name for path in (page, picture, data))
    page.write_text(write_figures(text, figures), encoding="utf-8")
    dumped = yaml.safe_dump(figures.as_data(), sort_keys=False, width=150)
    data.write_text(HEADER + dumped, encoding="utf-8")
    draw(data, picture)


def draw(data: Path, picture: Path) -> None:
    """Draw the picture with the environment that has matplotlib, if it could be made."""
    python = fleets.BESIDE / "bin/python"
    command = [str(python), "-m", "tests.benchmark.picture", str(data.resolve()), str(picture.resolve())]
    if subprocess.run([str(python), "-c", "import matplotlib"], stderr=subprocess.DEVNULL, check=False).returncode:
        print(f"NOT DRAWN: {picture}, because matplotlib could not be installed", file=sys.stderr)
        return
    subprocess.run(command, cwd=ROOT, check=True)


def tell(figures: Figures) -> None:
    """Print which promises are kept, and what was left out."""
    print()
    for promise in promises(figures):
        if promise.measured is not None:
            print(f"{'kept' if promise.is_met else 'BROKEN':6}  {promise.words}: {promise.measured}")
    for what, reason in figures.left_out.items():
        print(f"LEFT OUT: {what}, because {reason}", file=sys.stderr)


def main() -> int:
    options = options_of(sys.argv[1:])
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    try:
        with tempfile.TemporaryDirectory(prefix="csbs-benchmark.") as folder:
            figures = measure(options, Path(folder))
        tell(figures)
        if options.into or not (options.quick or options.only):
            write(figures, options.into)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
