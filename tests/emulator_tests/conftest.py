# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh cloud for each test: its clock stands still unless a test moves it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.emulator import Emulator
from tests.emulator_tests.api import Api
from tests.emulator_tests.cbr_api import CbrApi


def _cloud(**options: object) -> Iterator[Emulator]:
    # A Monday: no policy of a test runs by chance.
    start = datetime(2026, 1, 5, 12)
    options = {"speed": 0, "list_delay": 0, "servers": 3, "start": start, **options}
    with Emulator(**options) as cloud:  # type: ignore[arg-type]
        yield cloud
        assert cloud.contract_violations == []
        assert cloud.internal_errors == []


@pytest.fixture(params=["live", "reference"])
def cloud(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """A cloud in each mode."""
    yield from _cloud(mode=request.param)


@pytest.fixture
def live() -> Iterator[Emulator]:
    """A cloud in live mode."""
    yield from _cloud(mode="live")


@pytest.fixture
def reference() -> Iterator[Emulator]:
    """A cloud in reference mode."""
    yield from _cloud(mode="reference")


@pytest.fixture
def api(cloud: Emulator) -> Api:
    """A client of a cloud in each mode."""
    return Api(cloud)


@pytest.fixture
def live_api(live: Emulator) -> Api:
    """A client of a cloud in live mode."""
    return Api(live)


@pytest.fixture
def reference_api(reference: Emulator) -> Api:
    """A client of a cloud in reference mode."""
    return Api(reference)


@pytest.fixture
def cbr(cloud: Emulator) -> CbrApi:
    """A client of CBR of a cloud in each mode."""
    return CbrApi(cloud)


@pytest.fixture
def live_cbr(live: Emulator) -> CbrApi:
    """A client of CBR of a cloud in live mode."""
    return CbrApi(live)


@pytest.fixture
def reference_cbr(reference: Emulator) -> CbrApi:
    """A client of CBR of a cloud in reference mode."""
    return CbrApi(reference)
