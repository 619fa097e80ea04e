# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
import typing as t
from types import SimpleNamespace

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import catalog, login
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


def connection(region: str | None, *overridden: str, has_catalog: bool = True, **regions: list[str]) -> t.Any:
    """A login whose catalog offers each service in some regions; overridden are types with an address of their own."""
    offers = {name.replace("_", "-"): found for name, found in regions.items()}

    def endpoints(service_type: str, interface: str, region_name: str | None) -> t.Any:
        found = [one for one in offers.get(service_type, []) if region_name in (None, one)]
        return {service_type: [{"region_id": one} for one in found]}

    access = SimpleNamespace(project_id="p", service_catalog=SimpleNamespace(get_endpoints=endpoints))
    return SimpleNamespace(
        session=SimpleNamespace(auth=SimpleNamespace(get_access=lambda session: access) if has_catalog else object()),
        config=SimpleNamespace(
            region_name=region,
            get_endpoint=lambda service_type: "https://own" if service_type in overridden else None,
            get_interface=lambda service_type: "public",
            get_region_name=lambda service_type: region,
            get_service_type=lambda service_type: service_type,
        ),
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


CSBS, CBR = "Cloud Server Backup Service (data-protect)", "Cloud Backup and Recovery (cbr)"


@pytest.mark.parametrize(
    ("services", "region", "offered", "words"),
    [
        (
            ("cbr",),
            "eu-de",
            {"data_protect": ["eu-de"]},
            f"no {CBR} in region 'eu-de' with interface 'public'. What to do: check region_name and interface,"
            f" or set service: csbs. {CSBS} is offered there.",
        ),
        (
            ("csbs",),
            None,
            {"cbr": ["eu-de"]},
            f"no {CSBS} in interface 'public'. What to do: check region_name and interface, or set service: cbr."
            f" {CBR} is offered there.",
        ),
        (
            ("csbs",),
            "eu-nl",
            {"data_protect": ["eu-de"], "cbr": ["eu-de", "eu-nl"]},
            "'public'. It is offered in: eu-de. What to do: check region_name and interface, or set service: cbr.",
        ),
        (("cbr",), "nowhere", {}, "What to do: check region_name and interface."),
        # A task for both has nothing to choose.
        (
            ("csbs", "cbr"),
            "eu-de",
            {"data_protect": ["eu-de"]},
            f"What to do: check region_name and interface. {CSBS} is offered there.",
        ),
    ],
)
def test_a_service_that_the_catalog_lacks_is_named_and_the_other_one_too(
    services: tuple[str, ...], region: str | None, offered: dict[str, list[str]], words: str
) -> None:
    with pytest.raises(FinalError) as refused:
        login._check_scope(connection(region, **offered), services)
    assert str(refused.value).startswith("Could not find the backup service: the catalog of this project has no ")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("offers", "offered"),
    [
        (connection("eu-de", cbr=["eu-de"]), True),
        (connection("eu-nl", cbr=["eu-de"]), False),
        (connection("eu-nl", "cbr"), True),
        (connection("eu-nl", "data-protect"), False),
        (connection(None, has_catalog=False), False),
        (connection(None, "cbr", has_catalog=False), True),
    ],
    ids=["in-the-catalog", "elsewhere", "own-address", "own-address-of-the-other", "no-catalog", "address-alone"],
)
def test_a_service_is_offered_by_the_catalog_or_by_an_address_in_the_configuration(
    offers: t.Any, offered: bool
) -> None:
    assert catalog.is_offered(offers, "cbr") is offered
    login._check_scope(offers, ("cbr",) if offered else ())
