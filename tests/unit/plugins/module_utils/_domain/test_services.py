# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services: which one or which ones a task is for, and options that a service has nothing for."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.services import (
    RULES,
    refuse_on,
    rules_of,
    services_of,
)


def test_each_service_states_rules_under_its_own_name() -> None:
    assert {name: rules.service for name, rules in RULES.items()} == {"csbs": "csbs", "cbr": "cbr"}


@pytest.mark.parametrize(("params", "service"), [({"service": None}, "csbs"), ({"service": "cbr"}, "cbr")])
def test_a_task_is_for_the_service_that_it_names_or_for_csbs(params: dict[str, t.Any], service: str) -> None:
    assert rules_of(params) is RULES[service]
    assert services_of(params) == [service]


def test_a_task_without_the_option_service_is_for_both() -> None:
    assert services_of({"timeout": 60}) == ["csbs", "cbr"]


@pytest.mark.parametrize(
    ("services", "read"),
    [(["cbr"], ["cbr"]), (["cbr", "csbs"], ["cbr", "csbs"]), (["csbs", "cbr", "csbs"], ["csbs", "cbr"])],
)
def test_services_go_before_service_in_their_order_each_once(services: list[str], read: list[str]) -> None:
    assert services_of({"service": "csbs", "services": services}) == read


def test_an_empty_list_of_services_is_refused() -> None:
    with pytest.raises(InvalidInput, match="services: the list is empty. What to do: name csbs, cbr or both"):
        services_of({"service": "csbs", "services": []})


@pytest.mark.parametrize("value", [False, "", 0, "x"])
def test_an_option_that_the_service_has_nothing_for_is_refused_whatever_its_value(value: t.Any) -> None:
    refuse_on(RULES["csbs"], {"vault": None}, {"vault": "has no vaults"})
    with pytest.raises(InvalidInput) as refused:
        refuse_on(RULES["csbs"], {"vault": value}, {"vault": "has no vaults"})
    assert str(refused.value) == (
        "vault: Cloud Server Backup Service (CSBS) has no vaults. What to do: leave vault out"
    )
