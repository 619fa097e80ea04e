# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the figures: `python -m tests.benchmark.picture FIGURES PICTURE`.

It runs in the environment that `./dev benchmark` makes for matplotlib.
"""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import matplotlib as mpl
import yaml
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from .figures import BACKUP, BACKUP_IDLE, LOOP, SET, SET_IDLE, URI, Figures, figures_of

TITLE = "Time and requests of tasks for fleets of different sizes"
PAPER, INK, LINES = "#ffffff", "#1f2328", "#d0d7de"
#: Colours for dark surroundings in place of those of the drawing
DARK = {PAPER: "#161b22", INK: "#e6edf3", LINES: "#30363d"}
#: Each kind of task with its colour and mark; the colours can be told apart in light, in dark, and by all eyes
STYLES = {
    LOOP: ("#c8553d", "s"),
    URI: ("#c98a12", "D"),
    BACKUP: ("#2f8f4e", "o"),
    BACKUP_IDLE: ("#5aa9a3", "o"),
    SET: ("#3a78b5", "^"),
    SET_IDLE: ("#8f6fc0", "^"),
}
SETTINGS = {
    "svg.hashsalt": "csbs",
    # Text stays text: small, and the same with every set of fonts.
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINES,
    "axes.facecolor": PAPER,
    "figure.facecolor": PAPER,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": LINES,
    "legend.frameon": False,
}


def draw(figures: Figures, path: Path) -> None:
    """Write the picture; the same figures give the same bytes with one version of matplotlib."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(11, 5.4), layout=ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.14))
        for number, (label, value) in enumerate(
            [
                ("Time (ansible.builtin.ping = 1)", lambda key: figures.times_ping(key)[0]),
                ("Requests", lambda key: figures.samples[key].requests),
            ]
        ):
            axes = figure.add_subplot(1, 2, number + 1)
            _plot(axes, figures, value)
            axes.set_xlabel("Servers")
            axes.set_title(label, fontsize=12)
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None, "Title": TITLE})
    lines = [line.rstrip() + "\n" for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text(_with_dark("".join(lines)), encoding="utf-8")


def _plot(axes: t.Any, figures: Figures, value: t.Callable[[tuple[str, int]], float]) -> None:
    for kind, (colour, mark) in STYLES.items():
        sizes = [servers for other, servers in figures.samples if other == kind]
        axes.plot(sizes, [value((kind, servers)) for servers in sizes], color=colour, marker=mark, label=kind)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,.0f}")
        axis.set_minor_formatter("")
    axes.grid(True)
    axes.set_axisbelow(True)


def _with_dark(svg: str) -> str:
    """Return a picture that has other colours in dark surroundings."""
    rules = "".join(
        f'[style*="{what}: {light}"] {{ {what}: {dark} !important }}\n'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
    )
    style = f'<style type="text/css">@media (prefers-color-scheme: dark) {{\n{rules}}}</style>\n'
    head, mark, rest = svg.partition("<defs>")
    return f"{head}{style}{mark}{rest}"


def main() -> None:
    source, target = map(Path, sys.argv[1:])
    draw(figures_of(yaml.safe_load(source.read_text(encoding="utf-8"))), target)


if __name__ == "__main__":
    main()
