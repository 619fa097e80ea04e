# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_server: the calls by which servers join or leave a policy."""

from __future__ import annotations

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.members import (
    MembersOptions,
    plan_joining,
    plan_leaving,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.moves import Move
from tests.support.fakes import policy, server

OPTIONS = MembersOptions("target", "present")
WEB, NEW = server("web"), server("new")
MOVE = Move("pol-one", "one", ({"id": "id-web", "name": "web"},))


def test_servers_that_join_leave_their_policy_first_and_servers_without_one_stay_when_that_is_undone() -> None:
    leave, join = plan_joining(OPTIONS, policy("target", ["x"]), [WEB, NEW, server("x")], [MOVE]).calls
    assert (leave.arguments["policy"], leave.arguments["remove"]) == ("pol-one", ["id-web"])
    assert [entry["id"] for entry in join.arguments["add"]] == ["id-web", "id-new"]
    assert join.undo is not None and join.undo.arguments["remove"] == ["id-web"]


def test_members_have_their_present_names_in_results() -> None:
    plan = plan_joining(OPTIONS, policy("target", ["x"]), [WEB], [], {"id-x": "x-renamed", "id-web": "web"})
    assert [member["name"] for member in plan.result["policy"]["servers"]] == ["x-renamed", "web"]
    assert plan.before["servers"] == [{"id": "id-x", "name": "x-renamed"}]


def test_only_members_leave_and_a_policy_that_is_gone_needs_no_call() -> None:
    (call,) = plan_leaving(OPTIONS, policy("target", ["web", "x"]), [WEB, NEW]).calls
    assert (call.arguments["remove"], call.missing_ok) == (["id-web"], True)
    assert plan_leaving(OPTIONS, policy("target", ["x"]), [WEB]).calls == ()
