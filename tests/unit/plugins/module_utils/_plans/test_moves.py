# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves: no server leaves a policy for one that refuses it, and each can be put back."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.services import RULES
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.moves import (
    Move,
    check_joinable,
    find_moves,
    move_calls,
)
from tests.support.fakes import policy, server

Server = dict[str, t.Any]
WEB, DB, NEW = server("web"), server("db"), server("new")
OTHERS = [policy("one", ["web", "other"]), policy("two", ["db"]), policy("none")]
MOVE = Move("pol-one", "one", ({"id": "id-web", "name": "web"},))


def moves(
    joining: list[Server], others: list[dict[str, t.Any]] | None = None, move_servers: bool = True
) -> list[tuple[str, list[str]]]:
    found = find_moves(joining, OTHERS if others is None else others, move_servers)
    return [(move.policy_name, [member["id"] for member in move.servers]) for move in found]


def test_only_the_joining_servers_leave_and_only_their_policies() -> None:
    assert moves([WEB, DB, NEW]) == [("one", ["id-web"]), ("two", ["id-db"])]


@pytest.mark.parametrize("joining", [[], [NEW], [server("x")]])
def test_a_server_in_no_other_policy_moves_from_none(joining: list[Server]) -> None:
    assert moves(joining) == []


def test_two_policies_that_both_list_a_server_are_both_left() -> None:
    assert moves([WEB], [*OTHERS, policy("three", ["web"])]) == [("one", ["id-web"]), ("three", ["id-web"])]


def test_where_moves_are_forbidden_servers_and_policies_are_named() -> None:
    with pytest.raises(InvalidInput) as refusal:
        moves([WEB, DB], move_servers=False)
    text = str(refusal.value)
    assert all(
        part in text
        for part in ("move_servers is false", "'web' in policy 'one' (pol-one)", "'db' in policy 'two' (pol-two)")
    )
    assert moves([NEW], move_servers=False) == []


# ========== Refusals ==========
@pytest.mark.parametrize("status", ["ERROR", "BUILD", "DELETED"])
def test_a_server_that_cannot_be_backed_up_stays_where_it_is(status: str) -> None:
    with pytest.raises(InvalidInput, match=f"'web' \\(id-web\\) is not moved out of its policy: .* {status}"):
        check_joinable([server("web", status=status)], [MOVE], {})


def test_a_server_that_only_joins_may_be_in_any_state() -> None:
    check_joinable([WEB, server("new", status="ERROR")], [MOVE], {})


@pytest.mark.parametrize("status", ["ACTIVE", "SHUTOFF"])
def test_a_running_or_stopped_server_is_moved(status: str) -> None:
    check_joinable([server("web", status=status)], [MOVE], {"id-web": {"result": True}})


def test_a_verdict_against_one_that_joins_keeps_the_others_where_they_are() -> None:
    refused = {"id-new": {"result": False, "error_code": "CSBS.6033", "error_msg": "dss"}}
    with pytest.raises(InvalidInput, match="'new'.*CSBS.6033"):
        check_joinable([WEB, NEW], [MOVE], refused)


@pytest.mark.parametrize(
    "verdict",
    [
        {"result": True, "error_code": "CSBS.6033", "error_msg": "a message can come with true"},
        {"result": False, "error_code": "CSBS.6004"},
        {"result": False, "error_code": "CSBS.2003"},
    ],
)
def test_a_verdict_that_only_says_busy_or_in_another_policy_does_not_stop_a_move(verdict: dict[str, t.Any]) -> None:
    check_joinable([WEB], [MOVE], {"id-web": verdict})


# ========== Calls ==========
def test_each_move_takes_out_its_servers_and_can_put_them_back() -> None:
    move = Move("pol-one", "one", ({"id": "id-web", "name": "web"}, {"id": "id-x", "name": None}))
    (call,) = move_calls([move], RULES["csbs"])
    assert (call.operation, call.method) == ("take 'web', 'id-x' out of backup policy 'one'", "change_members")
    assert call.arguments == {"operation": call.operation, "policy": "pol-one", "add": [], "remove": ["id-web", "id-x"]}
    assert call.undo is not None and call.undo.method == "change_members"
    assert call.undo.arguments == {
        "operation": call.undo.operation,
        "policy": "pol-one",
        "remove": [],
        "add": [
            {"id": "id-web", "type": "OS::Nova::Server", "name": "web"},
            {"id": "id-x", "type": "OS::Nova::Server", "name": "id-x"},
        ],
    }
    parts = call.undo.parts
    assert [part.operation for part in parts] == [
        f"put {name!r} back into backup policy 'one'" for name in ("web", "id-x")
    ]
    assert [part.arguments["add"] for part in parts] == [[one] for one in call.undo.arguments["add"]]


def test_a_move_of_one_server_is_undone_by_one_call() -> None:
    (call,) = move_calls([MOVE], RULES["csbs"])
    assert call.undo is not None and call.undo.parts == ()
