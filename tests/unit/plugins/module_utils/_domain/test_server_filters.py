# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What server_filters match."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.selection import parse_filters
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.server_lookup import choose_servers
from tests.unit.plugins.module_utils._domain.test_server_lookup import FLEET


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"name": "web-*"}, ["id-web-1", "id-web-2"]),
        ({"name": ["db-*", "web-1"]}, ["id-db-1", "id-web-1"]),
        ({"name": "WEB-*"}, []),
        ({"name": "*"}, ["id-db-1", "twin-a", "twin-b", "id-web-1", "id-web-2"]),
        ({"name": "twin"}, ["twin-a", "twin-b"]),
        ({"name": "web"}, []),
        ({"name": "web-[2-9]"}, ["id-web-2"]),
        ({"status": "shutoff"}, ["id-web-1"]),
        ({"status": ["ERROR", "SHUTOFF"]}, ["twin-a", "id-web-1"]),
        ({"metadata": {"tier": "front"}}, ["id-web-1", "id-web-2"]),
        ({"metadata": {"tier": "front", "count": 2}}, ["id-web-2"]),
        ({"metadata": {"flag": True}}, ["id-db-1"]),
        ({"metadata": {"none": ""}}, []),
        ({"tags": ["web"]}, ["id-web-2"]),
        ({"tags": "web"}, ["id-web-2"]),
        ({"tags": {"env": "prod"}}, ["id-web-2"]),
        ({"tags": {"env": "test"}}, ["id-web-1"]),
        ({"tags": {"env": None}}, ["id-web-1", "id-web-2"]),
        ({"tags": {"en": None}}, []),
        ({"tags": {"env": "pro"}}, []),
        ({"availability_zone": "eu-de-02"}, ["id-db-1"]),
        ({"availability_zone": ["eu-de-02", "eu-de-03"]}, ["id-db-1"]),
        ({"name": "web-*", "status": "ACTIVE"}, ["id-web-2"]),
        ({"name": "nothing-*"}, []),
    ],
)
def test_filters_choose_the_servers_that_fit_all_of_them_by_name(filters: dict[str, t.Any], ids: list[str]) -> None:
    wanted = parse_filters({**dict.fromkeys(("name", "status", "metadata", "tags", "availability_zone")), **filters})
    assert [row["id"] for row in choose_servers(None, wanted, FLEET)] == ids
