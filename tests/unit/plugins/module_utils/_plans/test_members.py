# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves: nobody leaves a policy for one that refuses them, and everybody can be put back."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.protectability import explain_verdict
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.members import (
    Move,
    check_capacity,
    move_calls,
    plan_moves,
)
from tests.support.fakes import Cloud, policy, server

WEB, DB, NEW = server("web"), server("db"), server("new")
ROWS = [policy("target", ["x"]), policy("one", ["web", "other"]), policy("two", ["db"]), policy("none")]


def moves(
    joining: list[dict[str, t.Any]],
    rows: list[dict[str, t.Any]] | None = None,
    move_servers: bool = True,
    **cloud: t.Any,
) -> list[t.Any]:
    rows = ROWS if rows is None else rows
    planned = plan_moves(joining, rows, "pol-target", move_servers, Cloud(policies=ROWS, **cloud))
    return [(move.policy_name, [one["id"] for one in move.servers]) for move in planned]


def test_only_the_joining_servers_leave_and_only_their_policies() -> None:
    assert moves([WEB, DB, NEW]) == [("one", ["id-web"]), ("two", ["id-db"])]


@pytest.mark.parametrize("joining", [[], [NEW], [server("x")]])
def test_who_is_in_no_other_policy_moves_from_none(joining: list[dict[str, t.Any]]) -> None:
    assert moves(joining) == []


def test_rows_that_leave_servers_out_are_read_by_id() -> None:
    assert moves([DB], [{"id": row["id"], "name": row["name"], "resources": None} for row in ROWS]) == [
        ("two", ["id-db"])
    ]


def test_two_policies_that_both_list_a_server_are_both_left() -> None:
    assert moves([WEB], [*ROWS, policy("three", ["web"])]) == [("one", ["id-web"]), ("three", ["id-web"])]


def test_without_leave_to_move_servers_and_policies_are_named() -> None:
    with pytest.raises(InvalidInput) as refusal:
        moves([WEB, DB], move_servers=False)
    text = str(refusal.value)
    assert all(
        part in text
        for part in ("move_servers is false", "'web' in policy 'one' (pol-one)", "'db' in policy 'two' (pol-two)")
    )
    assert moves([NEW], move_servers=False) == []


@pytest.mark.parametrize("status", ["ERROR", "BUILD", "DELETED"])
def test_a_server_that_cannot_be_backed_up_stays_where_it_is(status: str) -> None:
    with pytest.raises(InvalidInput, match=f"'web' \\(id-web\\) is not moved out of its policy: .* {status}"):
        moves([server("web", status=status)])


@pytest.mark.parametrize("status", ["ACTIVE", "SHUTOFF"])
def test_a_running_or_stopped_server_is_moved(status: str) -> None:
    assert moves([server("web", status=status)]) == [("one", ["id-web"])]


def test_a_verdict_against_one_that_joins_keeps_the_others_where_they_are() -> None:
    no = {"id-new": {"result": False, "error_code": "CSBS.6033", "error_msg": "dss"}}
    with pytest.raises(InvalidInput, match="'new'.*CSBS.6033"):
        moves([WEB, NEW], verdicts=no)


@pytest.mark.parametrize(
    "verdict",
    [
        {"result": True, "error_code": "CSBS.6033", "error_msg": "a message can come with true"},
        {"result": False, "error_code": "CSBS.6004"},
        {"result": False, "error_code": "CSBS.2003"},
    ],
)
def test_a_verdict_that_only_says_busy_or_bound_does_not_hinder_a_move(verdict: dict[str, t.Any]) -> None:
    assert moves([WEB], verdicts={"id-web": verdict}) == [("one", ["id-web"])]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ({"error_code": "CSBS.6007", "error_msg": "no volume"}, "the server has no disk; no volume (CSBS.6007)"),
        ({"error_code": "CSBS.1234", "error_msg": " odd "}, "odd (CSBS.1234)"),
        ({"error_code": None, "error_msg": None}, "the service gives no reason"),
    ],
)
def test_a_verdict_is_told_in_words(verdict: dict[str, t.Any], words: str) -> None:
    assert explain_verdict(verdict) == words


def test_each_move_takes_out_its_servers_and_can_put_them_back() -> None:
    move = Move("pol-one", "one", ({"id": "id-web", "name": "web"}, {"id": "id-x", "name": None}))
    (call,) = move_calls([move])
    assert (call.operation, call.method) == ("take 'web', 'id-x' out of backup policy 'one'", "change")
    assert call.arguments == {"operation": call.operation, "policy": "pol-one", "add": [], "remove": ["id-web", "id-x"]}
    assert call.undo is not None and call.undo.method == "change"
    assert call.undo.arguments == {
        "operation": call.undo.operation,
        "policy": "pol-one",
        "remove": [],
        "add": [
            {"id": "id-web", "type": "OS::Nova::Server", "name": "web"},
            {"id": "id-x", "type": "OS::Nova::Server", "name": "id-x"},
        ],
    }


def test_the_65th_server_is_refused_with_count_and_policy() -> None:
    check_capacity("servers", 64, "p")
    with pytest.raises(InvalidInput, match="^servers: policy 'p' would have 65 servers; the service allows 64"):
        check_capacity("servers", 65, "p")
