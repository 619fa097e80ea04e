# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting backs off, looks once more when its time is up, and then ends."""

from __future__ import annotations

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.clock import poll
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
