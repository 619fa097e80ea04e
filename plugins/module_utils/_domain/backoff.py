# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses between attempts."""

from __future__ import annotations

import typing as t

MAX_PAUSE = 60.0
#: Also when a user asks for no pause at all
_MIN_PAUSE = 0.05


def backoff(first: float, factor: float = 1.5, most: float = MAX_PAUSE) -> t.Iterator[float]:
    """Yield growing pauses in seconds without end: first, then each factor times the last, up to most.

    A first pause that is longer than most stays as it is.
    """
    most = max(most, first)
    pause = max(first, _MIN_PAUSE)
    while True:
        yield pause
        pause = min(pause * factor, most)
