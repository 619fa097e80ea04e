# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_server: who joins, who leaves, and which calls that takes."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy_server import (
    parse_options as parse_policy_server_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy_server import (
    plan as plan_policy_server,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Call, Plan
from tests.support.fakes import Cloud, policy, server

DEFAULTS: dict[str, t.Any] = {
    "policy": "nightly",
    "state": "present",
    "servers": None,
    "server_filters": None,
    "move_servers": True,
}
NAMES = ["web", "db", "app", "free"]


def plan(**options: t.Any) -> Plan:
    """The plan where nightly has web and one that no longer exists, other has db and app, and free is in none."""
    cloud = Cloud(
        [*(server(name) for name in NAMES), server("twin", "t1"), server("twin", "t2")],
        [policy("nightly", ["web", "gone"]), policy("other", ["db", "app"])],
    )
    make_options = parse_policy_server_options({**DEFAULTS, **options})
    return plan_policy_server(make_options, cloud)


def told(call: Call | None) -> tuple[str, str, list[str]] | None:
    """A change of members as (policy, add or remove, servers)."""
    if call is None:
        return None
    assert (call.method, call.arguments["operation"]) == ("change_members", call.operation)
    ((kind, value),) = ((key, call.arguments[key]) for key in ("add", "remove") if call.arguments[key])
    return (
        call.arguments["policy"].removeprefix("pol-"),
        kind,
        [(entry["id"] if kind == "add" else entry).removeprefix("id-") for entry in value],
    )


@pytest.mark.parametrize(
    ("options", "calls", "members"),
    [
        ({"servers": ["free"]}, [("nightly", "add", ["free"])], ["web", "gone", "free"]),
        ({"servers": ["id-free", "free"]}, [("nightly", "add", ["free"])], ["web", "gone", "free"]),
        ({"servers": [{"id": "id-free", "name": "x"}]}, [("nightly", "add", ["free"])], ["web", "gone", "free"]),
        ({"servers": ["web", "id-gone"]}, [], ["web", "gone"]),
        ({"servers": []}, [], ["web", "gone"]),
        ({"server_filters": {"name": "none*"}}, [], ["web", "gone"]),
        (
            {"server_filters": {"name": "f*"}, "servers": ["web"]},
            [("nightly", "add", ["free"])],
            ["web", "gone", "free"],
        ),
        ({"servers": ["db"]}, [("other", "remove", ["db"]), ("nightly", "add", ["db"])], ["web", "gone", "db"]),
        ({"state": "absent", "servers": ["web"]}, [("nightly", "remove", ["web"])], ["gone"]),
        ({"state": "absent", "servers": ["id-gone"]}, [("nightly", "remove", ["gone"])], ["web"]),
        ({"state": "absent", "servers": ["gone"]}, [("nightly", "remove", ["gone"])], ["web"]),
        ({"state": "absent", "servers": ["db", "unknown", "id-unknown"]}, [], ["web", "gone"]),
        ({"state": "absent", "servers": []}, [], ["web", "gone"]),
        ({"state": "absent", "server_filters": {"name": "*"}}, [("nightly", "remove", ["web"])], ["gone"]),
        ({"state": "absent", "policy": "none", "servers": ["web"]}, [], None),
    ],
    ids=str,
)
def test_who_is_chosen_joins_or_leaves_and_nobody_else(
    options: dict[str, t.Any], calls: list[t.Any], members: list[str] | None
) -> None:
    todo = plan(**options)
    assert [told(call) for call in todo.calls] == calls
    result = todo.result["policy"]
    assert (None if result is None else [member["name"] for member in result["servers"]]) == members
    assert todo.changed == (todo.before != todo.after)


def test_a_move_can_be_undone_from_its_end_to_its_beginning() -> None:
    leaving, joining = plan(servers=["db", "free"]).calls
    assert told(leaving.undo) == ("other", "add", ["db"])
    # A server that was in no policy may stay in this one, if it has joined.
    assert told(joining) == ("nightly", "add", ["db", "free"]) and told(joining.undo) == ("nightly", "remove", ["db"])


def test_without_a_move_there_is_nothing_to_undo() -> None:
    assert [call.undo for call in plan(servers=["free"]).calls] == [None]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "servers or server_filters is needed"),
        ({"servers": ["unknown"]}, "no such server: 'unknown'"),
        ({"servers": ["gone"]}, "no such server: 'gone'"),
        ({"servers": ["free"], "policy": "unknown"}, "no such policy: 'unknown'"),
        ({"servers": ["twin"]}, "ambiguous.* t1, t2"),
        ({"servers": ["twin"], "state": "absent"}, "ambiguous.* t1, t2"),
        ({"servers": ["db"], "move_servers": False}, "move_servers is false.*'db' in policy 'other'"),
        ({"servers": [str(number) for number in range(65)]}, "65 servers"),
    ],
    ids=str,
)
def test_what_is_refused(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        plan(**options)


def test_policies_of_one_name_are_told_apart_by_id() -> None:
    cloud = Cloud([server("web")], [policy("p", id="p1"), policy("p", id="p2")])
    for state in ("present", "absent"):
        make_options = parse_policy_server_options({**DEFAULTS, "policy": "p", "servers": ["web"], "state": state})
        with pytest.raises(InvalidInput, match="ambiguous.* p1, p2"):
            plan_policy_server(make_options, cloud)


@given(
    present=st.sets(st.sampled_from(NAMES)),
    chosen=st.lists(st.sampled_from(NAMES)),
    state=st.sampled_from(["present", "absent"]),
)
def test_the_others_stay_in_their_order_and_a_second_run_has_nothing_to_do(
    present: set[str], chosen: list[str], state: str
) -> None:
    def again(names: list[str]) -> Plan:
        make_options = parse_policy_server_options({**DEFAULTS, "servers": chosen, "state": state})
        return plan_policy_server(make_options, Cloud([server(name) for name in NAMES], [policy("nightly", names)]))

    first = again(sorted(present))
    after = [member["name"] for member in first.result["policy"]["servers"]]
    assert [name for name in after if name not in chosen] == [name for name in sorted(present) if name not in chosen]
    assert set(after) == (present | set(chosen) if state == "present" else present - set(chosen))
    assert first.changed == (set(after) != present)
    assert again(after).calls == ()
