# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan about servers means for the vaults of the policy."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.vault_option import VaultOptions
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.vaults import MAX_MEMBERS
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_options import PolicyOptions
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.vaults import (
    vault_arguments,
    vaults_of_policy,
)

OPTIONS = PolicyOptions("nightly", "present", vault=VaultOptions())


def place(vault_name: str, servers: dict[str, int], **fields: t.Any) -> t.Any:
    """A place that holds servers, each with so many MB of backups."""
    members = [
        {"id": name, "name": name, "disks_gb": 20, "backups_mb": mb, "has_backups": mb > 0}
        for name, mb in servers.items()
    ]
    vault = {
        "id": f"id-{vault_name}",
        "name": vault_name,
        "description": None,
        "size_gb": 100,
        "allocated_gb": 20 * len(members),
        "used_mb": sum(servers.values()),
        "status": "available",
        "members": members,
        "tags": [],
    }
    return {"id": "p", "name": "p", "vaults": [vault], **fields}


def test_a_new_vault_is_predicted_without_an_id() -> None:
    joining: t.Any = [{"id": "a", "name": "a", "disks_gb": 20}]
    assert vaults_of_policy(OPTIONS, "nightly", joining, (), []) == [
        {"id": None, "name": "nightly", "size_gb": 40, "used_mb": 0, "server_count": 1}
    ]


def test_a_name_that_another_vault_has_is_passed_over() -> None:
    joining: t.Any = [{"id": "a", "name": "a", "disks_gb": 20}]
    bound = place("nightly", {}, scheduled_operations=[])
    loose = place("nightly-0002", {"x": 0})
    assert vaults_of_policy(OPTIONS, "nightly", joining, (), [bound, loose])[0]["name"] == "nightly-0003"


def test_what_leaves_makes_room_and_how_much_is_used_then_is_not_known() -> None:
    joining: t.Any = [{"id": "new", "name": "new", "disks_gb": 20}]
    full = place("nightly", {"x": 1024, "y": 5, "z": 5, "v": 5, "w": 5})["vaults"]
    (vault,) = vaults_of_policy(OPTIONS, "nightly", joining, ["x"], [], full)
    assert (vault["size_gb"], vault["used_mb"], vault["server_count"]) == (100, None, 5)
    (vault,) = vaults_of_policy(OPTIONS, "nightly", [], ["nobody"], [], full)
    assert (vault["size_gb"], vault["used_mb"], vault["server_count"]) == (100, 1044, 5)


def test_the_vaults_come_in_the_order_of_their_names() -> None:
    joining: t.Any = [{"id": "new", "name": "new", "disks_gb": 20}]
    full = place("zeta", {f"m{number}": 0 for number in range(MAX_MEMBERS)})["vaults"]
    assert [vault["name"] for vault in vaults_of_policy(OPTIONS, "alpha", joining, (), [], full)] == ["alpha", "zeta"]


def test_a_server_that_brings_backups_leaves_open_how_much_is_used() -> None:
    joining: t.Any = [{"id": "a", "name": "a", "disks_gb": 20}]
    (vault,) = vaults_of_policy(OPTIONS, "nightly", joining, (), [place("other", {"a": 5})])
    assert vault["used_mb"] is None


def test_backups_are_deleted_only_when_the_options_say_so() -> None:
    assert "delete_backups" not in vault_arguments(OPTIONS)
    assert vault_arguments(OPTIONS._replace(delete_backups=True))["delete_backups"] is True


def test_no_server_leaves_a_locked_vault() -> None:
    locked = place("other", {"a": 5})
    locked["vaults"][0]["locked"] = True
    joining: t.Any = [{"id": "a", "name": "a", "disks_gb": 20}]
    with pytest.raises(InvalidInput, match="vault 'other' is locked.*'a'"):
        vaults_of_policy(OPTIONS, "nightly", joining, (), [locked])
    with pytest.raises(InvalidInput, match="vault 'other' is locked"):
        vaults_of_policy(OPTIONS, "nightly", (), ["a"], [], locked["vaults"])
    assert vaults_of_policy(OPTIONS, "nightly", (), ["b"], [], locked["vaults"])[0]["server_count"] == 1
