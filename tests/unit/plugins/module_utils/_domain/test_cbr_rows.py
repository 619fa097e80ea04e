# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of CBR as rows: what live answers leave out or write in another way."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.cbr_rows import (
    backup_row,
    common_tags,
    place_row,
    policy_row,
    vault_row,
)

SERVER = "0daac4c5-6707-4851-97ba-169e36266b66"


def raw_vault(**fields: t.Any) -> dict[str, t.Any]:
    return {
        "id": "v",
        "name": "nightly",
        "description": None,
        "billing": {"size": 100, "allocated": 40, "used": 2048, "status": "available"},
        "resources": [{"id": "a", "name": "web", "size": 40, "backup_size": 2048, "backup_count": 2}],
        "tags": [{"key": "team", "value": "x"}],
        **fields,
    }


def test_a_vault_with_all_its_fields() -> None:
    row = vault_row(raw_vault())
    assert (row["size_gb"], row["allocated_gb"], row["used_mb"], row["status"]) == (100, 40, 2048, "available")
    assert row["members"] == [
        {"id": "a", "name": "web", "disks_gb": 40, "backups_mb": 2048, "has_backups": True, "leaving": False},
    ]


def test_numbers_may_be_text_and_fields_may_be_missing() -> None:
    row = vault_row(raw_vault(billing={"size": "100"}, resources=[{"id": "a", "size": "40"}]))
    assert (row["size_gb"], row["allocated_gb"], row["used_mb"], row["status"]) == (100, 0, 0, "available")
    (member,) = row["members"]
    assert (member["name"], member["backups_mb"], member["has_backups"], member["leaving"]) == (None, 0, False, False)


@pytest.mark.parametrize("missing", ["id", "name", "billing"])
def test_a_vault_without_a_field_that_every_vault_has_is_no_vault(missing: str) -> None:
    raw = raw_vault()
    del raw[missing]
    with pytest.raises(KeyError, match=missing):
        vault_row(raw)


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ({"backup_count": 1}, True),
        ({"backup_size": "5"}, True),
        ({"protect_status": "protecting"}, True),
        ({"protect_status": "available", "backup_count": 0}, False),
        ({"protect_status": None}, False),
    ],
)
def test_a_member_that_is_at_work_may_have_backups(member: dict[str, t.Any], expected: bool) -> None:
    row = vault_row(raw_vault(resources=[{"id": "a", "size": 1, **member}]))
    assert row["members"][0]["has_backups"] is expected


def test_the_servers_of_a_policy_are_the_members_of_its_vaults() -> None:
    vaults = [vault_row(raw_vault()), vault_row(raw_vault(id="w", resources=[{"id": "b", "size": 1}]))]
    row = policy_row({"id": "p", "name": "nightly", "enabled": True, "trigger": None}, vaults)
    assert [member["id"] for member in row["resources"] or []] == ["a", "b"]
    assert (row["created_at"], row["start_time"]) == (None, None)


def test_a_vault_without_a_policy_is_a_place_and_no_policy() -> None:
    row = place_row(vault_row(raw_vault()))
    assert "scheduled_operations" not in row and [member["id"] for member in row["resources"] or []] == ["a"]


def test_tags_of_a_policy_are_those_of_all_its_vaults_without_marks_of_servers() -> None:
    both = [{"key": "team", "value": "x"}, {"key": SERVER, "value": "moving"}]
    one = vault_row(raw_vault(tags=[*both, {"key": "only", "value": "here"}]))
    other = vault_row(raw_vault(tags=both))
    assert common_tags([one, other]) == [{"key": "team", "value": "x"}]
    assert common_tags([one, vault_row(raw_vault(tags=None))]) is None
    assert common_tags([]) == []


def raw_backup(**fields: t.Any) -> dict[str, t.Any]:
    return {
        "id": "b",
        "checkpoint_id": "c",
        "vault_id": "v",
        "resource_id": "a",
        "status": "available",
        "name": "manualbk_1",
        **fields,
    }


@pytest.mark.parametrize(
    ("name", "info", "automatic"),
    [
        ("manualbk_1", {"auto_trigger": True}, True),
        ("autobk_1", {"auto_trigger": False}, False),
        ("autobk_1", {}, True),
        ("autobk_1", None, True),
        ("manualbk_1", None, False),
        ("my-autobk_1", {"auto_trigger": None}, False),
    ],
)
def test_who_made_a_backup_says_the_flag_or_else_the_name(name: str, info: t.Any, automatic: bool) -> None:
    row = backup_row(raw_backup(name=name, extend_info=info), {"v": "nightly"})
    assert (row["extend_info"] or {})["auto_trigger"] is automatic


def test_a_backup_names_its_vault_and_its_disks() -> None:
    child = {"id": "d", "resource_id": "disk", "resource_size": 20, "extend_info": {"bootable": True}}
    row = backup_row(raw_backup(children=[child]), {"v": "nightly"})
    assert row["vault"] == {"id": "v", "name": "nightly"}
    (disk,) = (row["extend_info"] or {})["volume_backups"]
    assert (disk["id"], disk["source_volume_id"], disk["bootable"]) == ("d", "disk", True)
    assert backup_row(raw_backup(), {})["vault"] == {"id": "v", "name": None}
