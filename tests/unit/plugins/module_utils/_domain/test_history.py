# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last four weeks: a server's days and the growth, at the borders of days."""

from __future__ import annotations

import typing as t
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.history import growth_of, history_of
from tests.support.fakes import backup

TODAY = date(2026, 7, 28)


def made(moment: str | None, **fields: t.Any) -> t.Any:
    return backup("b", "web", created_at=moment, **fields)


def days(**marks: str) -> str:
    """A history of four weeks that end on the 28th, with marks on days such as d01."""
    return "".join(marks.get(f"d{day:02d}", ".") for day in range(1, 29))


@pytest.mark.parametrize(
    ("good", "failed", "expected"),
    [
        ([], [], days()),
        (["2026-07-28T00:00:00.000000"], [], days(d28="g")),
        (["2026-07-27T23:59:59.999999"], [], days(d27="g")),
        (["2026-07-01T00:00:00"], [], days(d01="g")),
        (["2026-06-30T23:59:59"], [], days()),
        # The 28th in Berlin is the 27th in UTC.
        (["2026-07-28T01:30:00+02:00"], [], days(d27="g")),
        (["2026-07-29T00:00:00", "9999-12-31T00:00:00", None, "soon"], ["2026-07-29T00:00:00", None], days()),
        ([], ["2026-07-05T05:00:00", "2026-07-05 06:00:00"], days(d05="f")),
        (["2026-07-05T05:00:00"], ["2026-07-05T06:00:00", "2026-07-06T06:00:00"], days(d05="g", d06="f")),
    ],
)
def test_history(good: list[str | None], failed: list[str | None], expected: str) -> None:
    assert history_of(map(made, good), map(made, failed), TODAY) == expected


def test_a_good_backup_counts_on_the_day_whose_data_it_holds() -> None:
    row = made("2026-07-05T23:50:00", protected_at="2026-07-06T00:10:00")
    assert history_of([row], [], TODAY) == days(d06="g")
    assert [row["date"] for row in growth_of([row], TODAY) if row["backups"]][0] == "2026-07-06"


def growth(*rows: t.Any) -> dict[str, tuple[int, int]]:
    """The days on which the growth changes, with the first one."""
    told: dict[str, tuple[int, int]] = {}
    for row in growth_of(rows, TODAY):
        figures = (row["backups"], row["size_mb"])
        if not told or list(told.values())[-1] != figures:
            told[row["date"]] = figures
    return told


def test_growth_adds_up_day_by_day() -> None:
    found = growth(
        made("2026-07-28T00:00:00", info={"size": 100}),
        made("2026-07-27T23:59:59", info={"size": "50"}),
        made("2026-07-01T00:00:00", info={"size": 7}),
        made("2026-06-30T23:59:59", info={"size": 3}),
        made("2020-01-01T00:00:00", info={"size": None}),
    )
    assert found == {"2026-07-01": (3, 10), "2026-07-27": (4, 60), "2026-07-28": (5, 160)}


def test_what_has_no_time_was_always_there_and_what_is_ahead_is_there_today() -> None:
    undated, ahead = made(None, info={"size": 1}), made("2026-08-30T00:00:00", info={"size": 2})
    assert growth(undated, ahead) == {"2026-07-01": (1, 1), "2026-07-28": (2, 3)}


def test_growth_has_every_day_also_without_backups() -> None:
    assert [row["date"] for row in growth_of([], TODAY)] == [f"2026-07-{day:02d}" for day in range(1, 29)]
    assert growth() == {"2026-07-01": (0, 0)}


@given(st.lists(st.tuples(st.datetimes() | st.none(), st.integers(0, 999))))
def test_growth_never_falls_and_ends_with_all_backups(rows: list[tuple[t.Any, int]]) -> None:
    backups = [made(moment and moment.isoformat(), info={"size": size}) for moment, size in rows]
    found = growth_of(backups, TODAY)
    figures = [(row["backups"], row["size_mb"]) for row in found]
    assert figures == sorted(figures)
    assert figures[-1] == (len(rows), sum(size for dummy, size in rows))
