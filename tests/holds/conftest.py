# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what the tests of this folder try, and shows the counts at the end."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
import yaml

from .counts import Counts, table

#: Is called with a part, a row and a column of its table, and how often that was tried
Tried = t.Callable[..., None]


@pytest.fixture
def tried(record_property: t.Callable[[str, object], None]) -> Tried:
    """Count what a test tried, if the test succeeds: tried("kills", "csbs_policy", "at each request", 12)."""

    def count(part: str, row: str, column: str, times: int = 1) -> None:
        record_property("tried", [part, row, column, times])

    return count


def pytest_terminal_summary(terminalreporter: t.Any) -> None:
    """Show the counts of all workers, and write them where the environment says."""
    if hasattr(terminalreporter.config, "workerinput"):
        return
    counts, passed = Counts(), terminalreporter.stats.get("passed", [])
    for report in passed:
        for name, value in report.user_properties:
            if name == "tried" and report.when == "call":
                counts.add(*value)
    for part, rows in counts.parts.items():
        terminalreporter.write_sep("=", f"tried: {part}")
        terminalreporter.write_line(table(rows))
    if path := os.environ.get("CSBS_HOLDS_FIGURES"):
        figures = {"tests": len(passed), "parts": counts.parts}
        Path(path).write_text(yaml.safe_dump(figures, sort_keys=False), encoding="utf-8")
