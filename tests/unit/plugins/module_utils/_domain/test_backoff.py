# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses between attempts grow, within bounds."""

from __future__ import annotations

import itertools

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backoff import backoff


def test_pauses_grow_from_the_first_to_sixty_seconds() -> None:
    pauses = list(itertools.islice(backoff(10, factor=1.2), 20))
    assert pauses[0] == 10
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60


def test_a_longer_first_pause_than_sixty_seconds_is_kept() -> None:
    assert list(itertools.islice(backoff(300), 3)) == [300, 300, 300]


def test_an_interval_of_nothing_does_not_spin() -> None:
    assert min(itertools.islice(backoff(0), 5)) > 0
