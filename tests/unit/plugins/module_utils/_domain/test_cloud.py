# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who stands for a cloud offers what the Protocol asks for: the adapter of CSBS, and the rows of unit tests."""

from __future__ import annotations

import inspect
import typing as t

import pytest

pytest.importorskip("openstack")

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.cbr import CbrCloud  # noqa: E402
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.csbs import CsbsCloud  # noqa: E402
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.cloud import Cloud, VaultCloud  # noqa: E402
from tests.support import fakes  # noqa: E402

METHODS = {name for name in vars(Cloud) if not name.startswith("_")}
VAULT_METHODS = {name for name in vars(VaultCloud) if not name.startswith("_")}
ADAPTERS = {"csbs": CsbsCloud, "cbr": CbrCloud}


def parameters(function: t.Any) -> list[str]:
    """The names of parameters, without self, which static methods lack."""
    return [name for name in inspect.signature(function).parameters if name != "self"]


@pytest.mark.parametrize("service", ADAPTERS)
@pytest.mark.parametrize("method", sorted(METHODS))
def test_each_adapter_takes_what_the_protocol_says(method: str, service: str) -> None:
    assert parameters(getattr(ADAPTERS[service], method)) == parameters(getattr(Cloud, method))


@pytest.mark.parametrize(("service", "more"), [("csbs", set()), ("cbr", VAULT_METHODS)])
def test_an_adapter_offers_nothing_that_another_service_would_lack(service: str, more: set[str]) -> None:
    """But what is about vaults."""
    public = {name for name in dir(ADAPTERS[service]) if not name.startswith("_")}
    assert public == METHODS | {"rules"} | more


@pytest.mark.parametrize("service", ADAPTERS)
def test_an_adapter_states_the_rules_of_its_service(service: str) -> None:
    assert ADAPTERS[service].rules.service == service


@pytest.mark.parametrize(
    "method", sorted(name for name in vars(fakes.Cloud) if not name.startswith("_") and name != "rules")
)
def test_the_rows_of_unit_tests_answer_as_a_cloud_does(method: str) -> None:
    assert parameters(getattr(fakes.Cloud, method)) == parameters(getattr(Cloud, method))


def test_unit_tests_record_only_changes_that_a_cloud_takes() -> None:
    assert set(fakes.CHANGES) < METHODS
