# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a policy was created: lists must show it, and of several with one name only the oldest stays."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError, FinalError
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.policy import (
    list_until_shown,
    settle,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Call, Plan
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy import PolicyContext
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_options import PolicyOptions
from tests.support.fakes import Cloud, Ticks, policy

Row = dict[str, t.Any]
OPTIONS = PolicyOptions("nightly", "present", new_name="weekly", move_servers=False)
OWN = policy("weekly", ["web"], id="pol-own", created_at="2026-07-01T12:00:01")
OLDEST = policy("weekly", ["db"], id="pol-oldest", created_at="2026-07-01T12:00:00")
EARLIER = policy("weekly", id="pol-earlier", created_at="2026-06-01T12:00:00")


def run(cloud: Cloud, calls: tuple[Call, ...] = (), ticks: Ticks | None = None) -> tuple[str, list[PolicyOptions]]:
    """Settle the policy pol-own; return the policy that stays, and the options that were planned again."""
    planned: list[PolicyOptions] = []

    def plan(options: PolicyOptions, cloud: t.Any) -> Plan[PolicyContext]:
        planned.append(options)
        return Plan(calls)

    context = PolicyContext(None, name="weekly", known=frozenset({"pol-earlier"}))
    clock = (ticks or Ticks()).clock(3600)
    return settle(OPTIONS, "pol-own", cloud, context, clock, plan), planned


def test_the_one_new_policy_of_its_name_stays() -> None:
    others = [EARLIER, policy("other", id="pol-other", created_at="2026-07-01T11:00:00")]
    assert run(Cloud(policies=[OWN, *others])) == ("pol-own", [])


def test_a_policy_is_listed_again_and_again_until_it_shows_but_not_forever() -> None:
    class Late(Cloud):
        def __init__(self, looks: int) -> None:
            super().__init__(policies=[OWN])
            self.looks = looks

        def policies(self) -> list[Row]:
            self.looks -= 1
            return [] if self.looks > 0 else super().policies()

    ticks = Ticks()
    assert run(Late(3), ticks=ticks)[0] == "pol-own"
    assert len(ticks.sleeps) == 2
    ticks = Ticks()
    assert run(Late(10**6), ticks=ticks)[0] == "pol-own"
    assert ticks.time == pytest.approx(30)


def test_lists_are_read_until_one_shows_all_new_policies() -> None:
    class Growing(Cloud):
        def policies(self) -> list[Row]:
            """Show one more policy with each look."""
            return super().policies()[: len(self.asked)]

    cloud, ticks = Growing(policies=[EARLIER, OLDEST, OWN]), Ticks()
    rows = list_until_shown(["pol-own", "pol-oldest"], t.cast(t.Any, cloud), ticks.clock())
    assert [row["id"] for row in rows] == ["pol-earlier", "pol-oldest", "pol-own"]
    assert len(cloud.asked) == 3 and len(ticks.sleeps) == 2


def test_a_policy_that_no_list_shows_is_not_waited_for_longer_than_the_task_has() -> None:
    for timeout, least in ((3600, 30), (4, 4)):
        cloud, ticks = Cloud(policies=[OWN]), Ticks()
        rows = list_until_shown(["pol-own", "pol-lost"], t.cast(t.Any, cloud), ticks.clock(timeout))
        assert [row["id"] for row in rows] == ["pol-own"]
        assert ticks.time == pytest.approx(least)


def test_a_list_that_cannot_be_read_does_not_end_the_wait_for_a_policy_unless_it_is_the_last() -> None:
    class Troubled(Cloud):
        def __init__(self, troubles: int) -> None:
            super().__init__(policies=[OWN])
            self.troubles = troubles

        def policies(self) -> list[Row]:
            self.troubles -= 1
            if self.troubles >= 0:
                raise CloudError("list policies", "oops", status=500)
            return super().policies()

    rows = list_until_shown(["pol-own"], t.cast(t.Any, Troubled(2)), Ticks().clock())
    assert [row["id"] for row in rows] == ["pol-own"]
    with pytest.raises(CloudError, match="oops"):
        list_until_shown(["pol-own"], t.cast(t.Any, Troubled(10**6)), Ticks().clock())


def test_of_several_new_policies_the_oldest_stays_and_gets_the_servers() -> None:
    emptied = {**OWN, "resources": []}
    cloud = Cloud(policies=[emptied, OLDEST])
    move = Call("move", "change_members", {"policy": "pol-own"})
    assert run(cloud, (move,)) == (
        "pol-oldest",
        [OPTIONS._replace(name="pol-oldest", new_name=None, move_servers=True)],
    )
    assert [(method, arguments["policy"]) for method, arguments in cloud.changes.sent] == [
        ("change_members", "pol-own"),
        ("delete_policy", "pol-own"),
    ]


def test_a_policy_that_keeps_servers_is_not_deleted() -> None:
    cloud = Cloud(policies=[OWN, OLDEST])
    with pytest.raises(FinalError, match="both have servers: pol-oldest and pol-own"):
        run(cloud)
    assert cloud.changes.sent == []


def test_a_move_that_fails_raises_the_error_of_its_call() -> None:
    refusal = CloudError("move", "no", "CSBS.9999", 403)
    cloud = Cloud(policies=[OWN, OLDEST], answers={"change_members": [refusal]})
    with pytest.raises(CloudError) as failure:
        run(cloud, (Call("move", "change_members", {"policy": "pol-own"}),))
    assert failure.value.error_code == "CSBS.9999"
