# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a part is chosen of what `./dev holds` tries, and how it is counted."""

from __future__ import annotations

from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.holds.counts import Counts, table
from tests.holds.page import PAGE, write_figures
from tests.support.holds import cover


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9))))
def test_each_value_of_each_feature_occurs_in_the_part(cases: list[tuple[int, int]]) -> None:
    part = cover(cases, lambda case: case[0], lambda case: case[1])
    for place in (0, 1):
        assert {case[place] for case in part} == {case[place] for case in cases}
    assert len(part) <= 16 and part == cover(cases, lambda case: case[0], lambda case: case[1])


def test_counts_are_shown_as_a_table_with_sums() -> None:
    counts = Counts()
    for row, column, times in (("b", "x", 1), ("a", "y", 2), ("b", "x", 10)):
        counts.add("kills", row, column, times)
    lines = [line.split() for line in table(counts.parts["kills"]).splitlines()]
    assert lines == [["x", "y", "all"], ["a", "2", "2"], ["b", "11", "11"], ["all", "11", "2", "13"]]


def test_the_page_has_the_figures_of_the_last_run() -> None:
    figures = yaml.safe_load((Path(__file__).parents[1] / "holds/figures.yml").read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    assert write_figures(page, figures) == page, "run: ./dev holds"
