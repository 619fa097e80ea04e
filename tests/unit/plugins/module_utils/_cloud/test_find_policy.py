# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies are found by name or ID, also new ones, and read in full only where the list lacks something."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.find_policy import (
    complete_policies,
    find_policy,
    find_policy_row,
    is_new,
    lacks_fields,
    policies_with_members,
    read_policy,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput, Unsettled
from tests.support.fakes import Cloud, policy

Row = dict[str, t.Any]
TAG = [{"key": "a", "value": "1"}]
NEW, OLD = "2026-07-01T11:59:00", "2026-07-01T11:57:00"


class Counted(Cloud):
    """A cloud that notes which policies are read in full."""

    def policy(self, policy_id: str) -> Row | None:
        self.asked.append(("policy", policy_id))
        return super().policy(policy_id)

    @property
    def reads(self) -> list[str]:
        return [about for what, about in self.asked if what == "policy"]


def sparse(row: Row) -> Row:
    return {"id": row["id"], "name": row["name"], "created_at": row["created_at"]}


# ========== By name or ID ==========
@pytest.mark.parametrize("ref", ["weekly", "pol-weekly"])
def test_a_policy_is_read_in_full_with_its_tags(ref: str) -> None:
    cloud = Counted(policies=[policy("nightly"), policy("weekly", tags=None)])
    cloud.tags_of = lambda resource_type, resource_id: TAG  # type: ignore[method-assign]
    found = find_policy(ref, [sparse(row) for row in cloud.all_policies], cloud)
    assert found is not None and (found["id"], found["tags"]) == ("pol-weekly", TAG)
    assert "scheduled_operations" in found


def test_a_policy_that_is_too_new_to_be_listed_is_found_by_its_id_only() -> None:
    cloud = Counted(policies=[policy("new")])
    found = find_policy("pol-new", [], cloud)
    assert found is not None and found["name"] == "new"
    assert find_policy("new", [], cloud) is None


def test_a_policy_that_was_deleted_after_the_list_was_read_is_none() -> None:
    assert find_policy("nightly", [policy("nightly")], Counted()) is None
    assert read_policy(Counted(), "pol-nightly") is None


@pytest.mark.parametrize(("created", "settled"), [([OLD, OLD], True), ([OLD, NEW], False), ([None, OLD], True)])
def test_an_ambiguous_name_is_unsettled_while_one_of_the_policies_is_new(
    created: list[str | None], settled: bool
) -> None:
    rows = [policy("p", id=f"p{number}", created_at=moment) for number, moment in enumerate(created)]
    rows.append(policy("other", created_at=NEW))
    with pytest.raises(InvalidInput, match="ambiguous.* p0, p1") as refusal:
        find_policy_row("p", rows, Counted())
    assert isinstance(refusal.value, Unsettled) is not settled


# ========== Members ==========
def test_only_rows_without_servers_are_read_in_full() -> None:
    rows = [policy("full", ["web"]), policy("empty"), policy("sparse", ["db"])]
    cloud = Counted(policies=rows)
    found = policies_with_members([rows[0], rows[1], sparse(rows[2])], cloud)
    assert [[member["name"] for member in row["resources"] or ()] for row in found] == [["web"], [], ["db"]]
    assert cloud.reads == ["pol-sparse"]


def test_a_policy_that_was_deleted_meanwhile_has_no_members() -> None:
    gone = sparse(policy("gone", ["web"]))
    assert policies_with_members([gone], Counted()) == []


# ========== What lists leave out ==========
FULL = policy("nightly", ["web"], definition={"max_backups": 20})


def operation_without(key: str) -> Row:
    (operation,) = FULL["scheduled_operations"]
    return {**FULL, "scheduled_operations": [{**operation, key: None}]}


@pytest.mark.parametrize("row", [FULL, policy("nightly"), policy("nightly", enabled=False), policy("a", tags=None)])
def test_a_row_that_tells_everything_but_its_tags_lacks_nothing(row: Row) -> None:
    assert not lacks_fields(row)


@pytest.mark.parametrize(
    "row",
    [
        sparse(FULL),
        *({**FULL, key: None} for key in ("description", "resources", "created_at", "scheduled_operations")),
        {**FULL, "scheduled_operations": []},
        *(operation_without(key) for key in ("enabled", "operation_definition", "trigger")),
    ],
)
def test_a_row_that_lacks_something_that_results_show_is_told(row: Row) -> None:
    assert lacks_fields(row)


def test_a_row_with_vaults_tells_all_that_cbr_knows() -> None:
    assert not lacks_fields({**FULL, "created_at": None, "vaults": []})


def test_only_what_lacks_something_is_read_and_what_is_gone_is_left_out() -> None:
    rows = [policy("full", ["web"]), sparse(policy("sparse")), sparse(policy("gone"))]
    cloud = Counted(policies=[policy("full", ["db"]), policy("sparse", ["db"])])
    found = complete_policies(rows, lacks_fields, cloud.policy)
    assert [(row["name"], [member["name"] for member in row["resources"] or ()]) for row in found] == [
        ("full", ["web"]),
        ("sparse", ["db"]),
    ]
    assert cloud.reads == ["pol-sparse", "pol-gone"]


@pytest.mark.parametrize(("created", "new"), [(NEW, True), (OLD, False), (None, False)])
def test_a_policy_is_new_for_two_minutes(created: str | None, new: bool) -> None:
    assert is_new(policy("nightly", created_at=created), Counted()) is new
