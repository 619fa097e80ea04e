# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the figures into the page that people wrote around them."""

from __future__ import annotations

import csv
import io
import typing as t

from .figures import Figures
from .promises import BARE_TASK, promises

BEGIN, END = ".. The benchmark writes all that follows.\n", ".. The benchmark wrote all above.\n"
PICTURE = """\
.. image:: images/speed.svg
   :alt: Two charts over the number of servers. The time and the requests of one task grow little. Only the start of
         backups needs a request for each server. The time of a loop of tasks grows with each server.
   :width: 100%
"""


def write_figures(page: str, figures: Figures) -> str:
    """Return a page with these figures in place of those that it has."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{_sections(figures)}\n{END}{rest.split(END)[1]}"


def _sections(figures: Figures) -> str:
    return "\n".join(
        [
            _heading("When and where it was measured"),
            _conditions(figures),
            _heading("What is promised"),
            _table(("Promise", "Measured", "Met"), _promises(figures), widths="60 30 10"),
            _heading("Fleets"),
            PICTURE,
            _table(
                ("Task", "Servers", "Time (ping = 1)", "Growth", "CPU (ping = 1)", "Memory (ping = 1)", "Requests"),
                _samples(figures),
            ),
            _heading("Tasks with nothing to do"),
            _table(("Module", "CPU (bare SDK module = 1)"), _tasks(figures)),
        ]
    )


def _conditions(figures: Figures) -> str:
    told = [f"- {what}: {how}\n" for what, how in figures.conditions.items()]
    left_out = [f"- Left out: {what}, because {reason}\n" for what, reason in figures.left_out.items()]
    return "".join(told + left_out)


def _heading(words: str) -> str:
    return f"{words}\n{'-' * len(words)}\n"


def _table(head: t.Sequence[str], rows: t.Iterable[t.Sequence[str]], widths: str = "auto") -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    body = "".join(f"   {line}\n" for line in out.getvalue().splitlines())
    header = ", ".join(f'"{words}"' for words in head)
    return f".. csv-table::\n   :header: {header}\n   :widths: {widths}\n\n{body}"


def _promises(figures: Figures) -> t.Iterator[tuple[str, str, str]]:
    for promise in promises(figures):
        if promise.measured is None:
            yield promise.words, "not measured", ""
        else:
            yield promise.words, promise.measured, "yes" if promise.is_met else "**no**"


def _samples(figures: Figures) -> t.Iterator[tuple[str, ...]]:
    for key, sample in figures.samples.items():
        time, cpu, memory = figures.times_ping(key)
        ratios = [_ratio(number) for number in (time, figures.growth(key), cpu, memory)]
        yield key[0], f"{key[1]:,}", *ratios, f"{sample.requests:,}"


def _tasks(figures: Figures) -> t.Iterator[tuple[str, str]]:
    for module, cost in figures.tasks.items():
        if module != BARE_TASK:
            yield f"``{module}``", f"{cost.cpu / figures.tasks[BARE_TASK].cpu:.2f}"


def _ratio(number: float) -> str:
    """Return a ratio with as many digits as are worth reading."""
    return f"{number:.{0 if number >= 100 else 1 if number >= 10 else 2}f}"
