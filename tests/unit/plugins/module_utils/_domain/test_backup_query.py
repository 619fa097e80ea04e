# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CBR is asked for, and what is compared here because CBR does not choose it exactly."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup_query import cbr_query, fits
from tests.support.fakes import backup

SERVERS_ONLY = {"image_type": "backup", "resource_type": "OS::Nova::Server"}


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({}, {}),
        ({"name": "b", "resource_name": "web"}, {}),
        ({"availability_zone": "eu-de-01", "status": "error"}, {"resource_az": "eu-de-01", "status": "error"}),
        ({"image_type": "replication"}, {"image_type": "replication"}),
        ({"start_time": "2026-07-01T06:00:00.900000"}, {"start_time": "2026-07-01T06:00:00Z"}),
        ({"end_time": "2026-07-01T06:00:00.100000"}, {"end_time": "2026-07-01T06:00:01Z"}),
        ({"end_time": "2026-07-01T06:00:00.000000"}, {"end_time": "2026-07-01T06:00:00Z"}),
    ],
    ids=str,
)
def test_cbr_is_asked_for_all_that_may_fit(query: dict[str, str], asked: dict[str, str]) -> None:
    assert cbr_query(query) == {**SERVERS_ONLY, **asked}


@pytest.mark.parametrize(
    ("query", "fitting"),
    [
        ({}, True),
        ({"name": "nightly"}, True),
        ({"name": "ghtl"}, True),
        ({"name": "weekly"}, False),
        ({"resource_name": "we"}, True),
        ({"resource_name": "db"}, False),
        ({"start_time": "2026-07-01T06:00:00.000000"}, True),
        ({"start_time": "2026-07-01T06:00:00.000001"}, False),
        ({"end_time": "2026-07-01T06:00:00.000000"}, True),
        ({"end_time": "2026-07-01T05:59:59.999999"}, False),
        ({"resource_id": "another", "status": "error"}, True),
    ],
    ids=str,
)
def test_parts_of_names_fit_and_times_count_to_the_microsecond(query: dict[str, str], fitting: bool) -> None:
    assert fits(t.cast("t.Any", backup("nightly-0001", "web")), query) is fitting


def test_a_row_that_lacks_name_and_time_fits_what_does_not_ask_for_them() -> None:
    row: t.Any = backup("b", "web", created_at=None) | {"name": None, "extend_info": None}
    assert fits(row, {"start_time": "2026-07-01T06:00:00.000000"})
    assert not fits(row, {"name": "b"})
    assert not fits(row, {"resource_name": "web"})
