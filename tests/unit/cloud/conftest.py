# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local cloud for the tests of this folder, in each of its modes."""

from __future__ import annotations

import typing as t

import pytest

from tests.emulator import Emulator


@pytest.fixture(scope="package", params=["reference", "live"])
def running(request: pytest.FixtureRequest) -> t.Iterator[Emulator]:
    with Emulator(mode=request.param, speed=3000, servers=6, list_delay=0.1) as cloud:
        yield cloud


@pytest.fixture
def cloud(running: Emulator) -> t.Iterator[Emulator]:
    running.reset(servers=6)
    running.settings(speed=3000, list_delay=0.1)
    yield running
    assert not running.contract_violations
