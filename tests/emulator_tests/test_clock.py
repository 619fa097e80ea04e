# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock runs at its speed, jumps, and never goes back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.emulator.clock import Clock

START = datetime(2026, 1, 1)


def test_speed_and_jumps() -> None:
    real = [100.0]
    clock = Clock(base=START, speed=600, monotonic=lambda: real[0])
    assert clock.now() == START
    real[0] += 2
    assert clock.now() == START + timedelta(seconds=1200)
    clock.set_speed(1)
    assert clock.now() == START + timedelta(seconds=1200)
    real[0] += 2
    assert clock.advance(60) == START + timedelta(seconds=1262)


def test_never_back() -> None:
    clock = Clock(base=START, speed=0)
    with pytest.raises(ValueError):
        clock.advance(-1)
    with pytest.raises(ValueError):
        clock.set_speed(-1)
    assert clock.now() == START
