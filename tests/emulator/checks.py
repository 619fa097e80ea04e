# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what tests tell the emulator to do: a wrong rule or setting is refused at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


def need(name: str, value: Any, good: Callable[[Any], bool], wanted: str) -> None:
    """Refuse a value that is not good."""
    if not good(value):
        raise ValueError(f"{name} is {wanted}, not {value!r}")


def is_number(value: Any) -> bool:
    """A number from 0 on."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def is_whole(value: Any, low: int, high: float = math.inf) -> bool:
    """A whole number within limits."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_one_of(*choices: Any) -> Callable[[Any], bool]:
    """One of these, and of the same type: 1 is not true."""
    return lambda value: any(type(value) is type(choice) and value == choice for choice in choices)
