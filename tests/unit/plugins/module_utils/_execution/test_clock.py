# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting backs off, looks once more when its time is up, and then ends."""

from __future__ import annotations

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.clock import poll, poll_soon
from tests.support.fakes import Ticks


def test_the_last_sleep_is_cut_to_the_deadline_and_then_refused() -> None:
    ticks = Ticks()
    clock = ticks.clock(timeout=10)
    assert [clock.sleep(8), clock.sleep(8), clock.sleep(8)] == [True, True, False]
    assert ticks.sleeps == [8, 2]


def test_a_poll_ends_without_a_pause_when_all_is_done() -> None:
    ticks = Ticks()
    assert poll(lambda: True, ticks.clock(), 10) is True
    assert ticks.sleeps == []


def test_a_poll_looks_once_more_when_its_time_is_up() -> None:
    ticks = Ticks()
    looks: list[float] = []
    assert poll(lambda: looks.append(ticks.time) or False, ticks.clock(25), 10) is False
    assert looks == [0, 10, 22, 25]


def test_what_ends_in_the_last_moment_is_seen() -> None:
    ticks = Ticks()
    assert poll(lambda: ticks.time >= 25, ticks.clock(25), 10) is True


# ========== Early polls ==========
@pytest.mark.parametrize(
    ("interval", "early", "others"),
    [
        (10, [0.5, 1.25, 2.25, 3.75, 6.25], [0, 10, 22, 36.4]),
        (4, [0.5, 1.25, 2.25, 3.75], [0, 4, 8.8, 14.56]),
        # Whoever polls that often needs no early polls, and whoever polls rarely gets no more than these.
        (0.5, [], [0, 0.5, 1.1, 1.82]),
        (300, [0.5, 1.25, 2.25, 3.75, 6.25], [0, 300, 600, 900]),
    ],
)
def test_early_polls_come_within_the_first_pause_and_leave_the_others_where_they_were(
    interval: float, early: list[float], others: list[float]
) -> None:
    ticks = Ticks()
    looks: dict[bool, list[float]] = {False: [], True: []}

    def look(is_early: bool) -> bool:
        looks[is_early].append(ticks.time)
        return len(looks[False]) == 4

    assert poll_soon(look, ticks.clock(), interval) is True
    assert looks[True] == pytest.approx(early) and looks[False] == pytest.approx(others)


def test_what_an_early_poll_sees_ends_the_polling() -> None:
    ticks = Ticks()
    assert poll_soon(lambda dummy: ticks.time >= 2, ticks.clock(), 10) is True
    assert ticks.time == 2.25


def test_early_polls_look_once_more_when_their_time_is_up() -> None:
    ticks = Ticks()
    looks: list[float] = []
    assert poll_soon(lambda dummy: looks.append(ticks.time) or False, ticks.clock(5), 10) is False
    assert looks == [0, 0.5, 1.25, 2.25, 3.75, 5]
