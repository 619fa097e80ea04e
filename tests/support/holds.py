# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `./dev holds` tries is too much for `./dev test`, which tries a part in which each kind occurs."""

from __future__ import annotations

import os
import random
import typing as t

Case = t.TypeVar("Case")
#: Whether all is tried, and not a part
ALL = os.environ.get("CSBS_HOLDS") == "all"


def chosen(cases: t.Iterable[Case], *features: t.Callable[[Case], t.Hashable]) -> list[Case]:
    """Return all cases for ./dev holds, otherwise so many that each value of each feature occurs in one of them."""
    return list(cases) if ALL else cover(cases, *features)


def cover(cases: t.Iterable[Case], *features: t.Callable[[Case], t.Hashable]) -> list[Case]:
    """Return some of the cases, always the same: each value of each feature occurs in one of them."""
    every = list(cases)
    shuffled = random.Random(1).sample(range(len(every)), len(every))
    seen: set[tuple[int, t.Hashable]] = set()
    taken = []
    for position in shuffled:
        values = {(number, feature(every[position])) for number, feature in enumerate(features)}
        if not values <= seen:
            seen |= values
            taken.append(position)
    return [every[position] for position in sorted(taken)]
