# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
import typing as t
from types import SimpleNamespace

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import login
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import FinalError

LAYERS = login.__name__.rpartition("._cloud.")[0]


@pytest.mark.parametrize(
    ("name", "unneeded"),
    [
        ("_cloud.login", ("_cloud.csbs", "_sdk.csbs", "_sdk.cbr")),
        ("_cloud.csbs", ("_sdk.cbr",)),
        ("_sdk.cbr.service", ("_sdk.csbs",)),
    ],
)
def test_no_service_is_loaded_with_the_login_or_with_another_service(name: str, unneeded: tuple[str, ...]) -> None:
    code = f"import {LAYERS}.{name}, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert f"{LAYERS}.{name}" in loaded
    assert not [one for one in loaded for other in unneeded if f"{one}.".startswith(f"{LAYERS}.{other}.")]


def connection(region: str | None, **regions: list[str]) -> t.Any:
    """A login whose catalog offers each service in some regions."""
    catalog = {name.replace("_", "-"): [{"region_id": one} for one in found] for name, found in regions.items()}
    endpoints = lambda service_type, interface: {service_type: catalog.get(service_type, [])}  # noqa: E731
    access = SimpleNamespace(project_id="p", service_catalog=SimpleNamespace(get_endpoints=endpoints))
    return SimpleNamespace(
        session=SimpleNamespace(auth=SimpleNamespace(get_access=lambda session: access)),
        config=SimpleNamespace(region_name=region, get_interface=lambda service_type: "public"),
    )


@pytest.mark.parametrize(
    ("services", "region", "refused"),
    [
        (("csbs",), None, False),
        (("cbr",), None, True),
        (("csbs", "cbr"), None, True),
        (("cbr",), "eu-nl", False),
    ],
)
def test_a_region_must_be_clear_for_the_services_that_are_used(
    services: tuple[str, ...], region: str | None, refused: bool
) -> None:
    offers = connection(region, data_protect=["eu-de"], cbr=["eu-de", "eu-nl"])
    if not refused:
        login._check_scope(offers, services)
        return
    with pytest.raises(FinalError, match="several regions \\(eu-de, eu-nl\\)"):
        login._check_scope(offers, services)
