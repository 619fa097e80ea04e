# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers as hosts: variables, groups, addresses and names."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.inventory import (
    choose_address,
    host_names,
    host_variables,
    is_stale,
    state_groups,
)
from tests.support import fakes

PORTS = {
    "internal": [
        {"addr": "10.0.0.5", "version": 4, "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01"},
        {"addr": "fd00::5", "version": 6, "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01"},
        {"addr": "80.1.2.3", "version": 4, "OS-EXT-IPS:type": "floating"},
    ],
    "backup": [{"addr": "10.9.0.5", "version": 4, "OS-EXT-IPS:type": "fixed"}],
}


def host(name: str, server_id: str = "", **protection: t.Any) -> dict[str, t.Any]:
    """The variables of a host."""
    server: t.Any = fakes.server(name, server_id, addresses=protection.pop("addresses", {}))
    return host_variables(server, {"id": server["id"], "name": name, **protection})


# ========== variables and groups ==========
def test_a_host_has_its_server_and_its_protection_as_variables() -> None:
    server: t.Any = fakes.server("web", "1", metadata={"role": "web"}, tags=["env=prod"], addresses=PORTS)
    found = host_variables(server, {"id": "1", "name": "web", "policy": None, "age_seconds": 60})
    addresses = found.pop("csbs_addresses")
    assert found == {
        "csbs_id": "1",
        "csbs_name": "web",
        "csbs_status": "ACTIVE",
        "csbs_policy": None,
        "csbs_age_seconds": 60,
        "csbs_metadata": {"role": "web"},
        "csbs_tags": ["env=prod"],
    }
    assert addresses["internal"][0] == {"addr": "10.0.0.5", "version": 4, "type": "fixed", "mac": "fa:16:3e:00:00:01"}
    assert addresses["backup"] == [{"addr": "10.9.0.5", "version": 4, "type": "fixed", "mac": None}]


@pytest.mark.parametrize(
    ("policy", "groups"),
    [
        (None, {"csbs_unprotected"}),
        ({"name": "nightly", "enabled": True}, {"csbs_protected"}),
        ({"name": "nightly", "enabled": False}, {"csbs_unprotected", "csbs_disabled"}),
    ],
)
def test_the_state_of_the_policy_decides_the_groups(policy: t.Any, groups: set[str]) -> None:
    assert set(state_groups(host("web", policy=policy))) == groups


@pytest.mark.parametrize(("compliant", "stale"), [(None, False), (True, False), (False, True)])
def test_a_host_is_stale_only_if_its_age_was_compared(compliant: bool | None, stale: bool) -> None:
    assert is_stale(host("web", compliant=compliant)) is stale


# ========== addresses ==========
def choice(**given: t.Any) -> dict[str, t.Any]:
    return {"network": None, "version": None, "type": None, **given}


@pytest.mark.parametrize(
    ("choices", "address"),
    [
        ([], None),
        ([choice()], "10.0.0.5"),
        ([choice(version=6)], "fd00::5"),
        ([choice(type="floating")], "80.1.2.3"),
        ([choice(network="backup")], "10.9.0.5"),
        ([choice(network="backup", version=6), choice(network="internal", version=6)], "fd00::5"),
        ([choice(network="backup", type="floating")], None),
        ([choice(type="floating"), choice(network="backup")], "80.1.2.3"),
        ([choice(network="backup"), choice(type="floating")], "10.9.0.5"),
    ],
)
def test_the_first_choice_that_an_address_fits_decides(choices: list[t.Any], address: str | None) -> None:
    assert choose_address(host("web", addresses=PORTS), choices) == address


# ========== names ==========
def names(*hosts: dict[str, t.Any], reserved: t.Collection[str] = (), **known: str) -> list[str]:
    return host_names(hosts, reserved, known)


def test_a_host_has_the_name_of_its_server() -> None:
    assert names(host("web"), host("{{ 7*7 }}"), host("a b"), host("ü 🙂"), host("a/b")) == [
        "web",
        "{{ 7*7 }}",
        "a b",
        "ü 🙂",
        "a/b",
    ]


def test_servers_of_one_name_all_appear_and_keep_their_names_in_any_order() -> None:
    one, two, other = host("web", "1"), host("web", "2"), host("db", "3")
    assert names(one, two, other) == ["web_1", "web_2", "db"]
    assert names(other, two, one) == ["db", "web_2", "web_1"]


def test_a_reserved_name_gets_the_id() -> None:
    assert names(host("all", "1"), host("web", "2"), reserved={"all", "ungrouped"}) == ["all_1", "web"]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "..", "../../etc", "a/../b"])
def test_a_name_that_cannot_be_shown_or_leads_elsewhere_is_replaced_by_the_id(name: str) -> None:
    assert names(host(name, "1")) == ["1"]


def test_a_server_cannot_take_the_name_of_another_host() -> None:
    """Whoever creates servers could else give one the name that Ansible uses for another."""
    assert names(host("web", "1"), host("web", "2"), host("web_1", "3"), host("2", "4")) == [
        "web_1",
        "web_2",
        "web_1_3",
        "2_4",
    ]


def test_servers_of_several_sources_stay_apart_and_the_same_server_is_one_host() -> None:
    assert names(host("web", "2"), **{"1": "web"}) == ["web_2"]
    assert names(host("web", "1"), **{"1": "web_1"}) == ["web_1"]


@given(st.lists(st.sampled_from(["web", "web_1", "1", "2", "web_2", "all", "", "web_1_2"]), max_size=6))
def test_no_two_hosts_have_one_name(given_names: list[str]) -> None:
    hosts = [host(name, str(number)) for number, name in enumerate(given_names, start=1)]
    found = names(*hosts, reserved={"all"})
    assert len(set(found)) == len(hosts) and "all" not in found
