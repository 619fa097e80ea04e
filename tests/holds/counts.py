# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often something was tried: a table for each part, as text."""

from __future__ import annotations

import collections
import typing as t

Rows = t.Mapping[str, t.Mapping[str, int]]


class Counts:
    """Numbers by part, row and column, in the order of the alphabet."""

    def __init__(self) -> None:
        self._found: collections.Counter[tuple[str, str, str]] = collections.Counter()

    def add(self, part: str, row: str, column: str, times: int) -> None:
        """Add to one number."""
        self._found[part, row, column] += times

    @property
    def parts(self) -> dict[str, dict[str, dict[str, int]]]:
        """The numbers of each part, by row and column."""
        parts: dict[str, dict[str, dict[str, int]]] = {}
        for (part, row, column), times in sorted(self._found.items()):
            parts.setdefault(part, {}).setdefault(row, {})[column] = times
        return parts


def columns_of(rows: Rows) -> list[str]:
    """Return the columns that occur in some row."""
    return sorted({column for row in rows.values() for column in row})


def sums_of(rows: Rows) -> dict[str, int]:
    """Return the sum of each column."""
    return {column: sum(row.get(column, 0) for row in rows.values()) for column in columns_of(rows)}


def table(rows: Rows) -> str:
    """Return a table as lines of text, with the sum of each row and of each column."""
    columns, sums = columns_of(rows), sums_of(rows)
    lines = [["", *columns, "all"]]
    for name, row in [*rows.items(), ("all", sums)]:
        lines.append([name, *(str(row.get(column, "")) for column in columns), str(sum(row.values()))])
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(line[1:], widths[1:]))])
        for line in lines
    )
