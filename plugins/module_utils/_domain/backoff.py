# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses that grow."""

from __future__ import annotations

import typing as t

MAX_PAUSE = 60.0


def backoff(first: float, factor: float = 1.5, most: float = MAX_PAUSE) -> t.Iterator[float]:
    """Yield pauses in seconds for ever: first, then factor times longer each, up to most (or first, if that is longer)."""
    most = max(most, first)
    pause = max(first, 0.05)
    while True:
        yield pause
        pause = min(pause * factor, most)
