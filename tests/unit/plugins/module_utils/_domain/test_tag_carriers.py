# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What carries the tags of a backup or policy."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.tag_carriers import (
    Carrier,
    carriers_of,
    check_resource_type,
    shared_tags,
    without_marks,
)

MARK = {"key": "45baf976-c20a-4894-a7c3-c94b7376bf55", "value": "x"}
TEAM = {"key": "team", "value": "a"}


def test_what_has_no_vaults_carries_its_tags_itself() -> None:
    row: t.Any = {"id": "p", "name": "nightly", "tags": [TEAM, MARK]}
    assert carriers_of("policy", row) == [Carrier("policy", "p", None, {"team": "a", MARK["key"]: "x"})]


def test_the_tags_of_a_policy_with_vaults_are_on_its_vaults_without_marks() -> None:
    vaults = [{"id": "v1", "name": "one", "tags": [TEAM, MARK]}, {"id": "v2", "name": "two", "tags": []}]
    row: t.Any = {"id": "p", "name": "nightly", "tags": [], "vaults": vaults}
    assert carriers_of("policy", row) == [
        Carrier("vault", "v1", "one", {"team": "a"}),
        Carrier("vault", "v2", "two", {}),
    ]
    assert carriers_of("policy", {**row, "vaults": []}) == []


def test_a_tag_whose_key_is_an_id_is_a_mark() -> None:
    assert without_marks([MARK, TEAM]) == [TEAM]  # type: ignore[list-item]
    assert without_marks(None) == []


@pytest.mark.parametrize(
    ("each", "shared"),
    [
        ([], {}),
        ([{"a": "1"}], {"a": "1"}),
        ([{"a": "1", "b": "2"}, {"b": "2", "c": "3"}], {"b": "2"}),
        ([{"a": "1"}, {"a": "2"}], {}),
        ([{"a": ""}, {}], {}),
    ],
)
def test_only_a_tag_with_one_value_everywhere_is_shared(each: list[dict[str, str]], shared: dict[str, str]) -> None:
    assert shared_tags(each) == shared


def test_backups_have_tags_only_where_the_service_keeps_them() -> None:
    for service in ("csbs", "cbr"):
        assert check_resource_type({"resource_type": "policy", "service": service}) == "policy"
    assert check_resource_type({"resource_type": "backup", "service": "csbs"}) == "backup"
    with pytest.raises(InvalidInput, match=r"^resource_type: .*CBR.* keeps no tags on backups.*resource_type: policy"):
        check_resource_type({"resource_type": "backup", "service": "cbr"})
