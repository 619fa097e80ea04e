# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report says about the way to CBR: whom it is about, when it is left out, and what it counts."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.migration_report import (
    all_migrations,
    migration_of,
)

Row = dict[str, t.Any]


def server(name: str, state: str, done: bool = False, reason: str | None = None) -> Row:
    return {"id": name, "name": name.upper(), "state": state, "done": done, "reason": reason}


def policy(name: str, state: str, **servers: str) -> Row:
    return {
        "id": name,
        "name": name.upper(),
        "state": state,
        "target": {"id": None, "name": f"new-{name}", "vaults": []},
        "servers": [{"id": server_id, "name": "", "state": state} for server_id, state in servers.items()],
        "losses": ["a loss"],
        "blockers": ["a blocker"],
    }


def migration(
    plan: Row | None, servers: t.Iterable[str] = ("a", "b", "c"), policies: t.Iterable[str] = ("p",)
) -> Row | None:
    audit = {"servers": [{"id": one} for one in servers], "policies": [{"id": one} for one in policies]}
    return migration_of({**audit, "migration": plan})


def found(plan: Row, servers: t.Iterable[str] = ("a", "b", "c"), policies: t.Iterable[str] = ("p",)) -> Row:
    result = migration(plan, servers, policies)
    assert result is not None
    return result


def test_it_counts_servers_by_state_and_policies_with_blockers() -> None:
    servers = [
        server("a", "csbs", reason="too old"),
        server("b", "moving"),
        server("c", "cbr"),
        server("d", "cbr", done=True),
        server("e", "none"),
    ]
    plan = {"policies": [policy("p", "moving", a="csbs", b="moving", c="cbr", d="cbr")], "servers": servers}
    result = found(plan, "abcde")
    assert (result["read"], result["error"], result["servers"]) == (True, None, servers)
    counted = {"servers": {"csbs": 1, "moving": 1, "cbr": 2, "none": 1}, "done": 1, "not_ready": 1, "blocked": 1}
    assert result["summary"] == counted
    assert result["policies"] == [
        {
            "id": "p",
            "name": "P",
            "state": "moving",
            "target": {"id": None, "name": "new-p"},
            "servers": {"csbs": 1, "moving": 1, "cbr": 2},
            "losses": ["a loss"],
            "blockers": ["a blocker"],
        }
    ]


@pytest.mark.parametrize("servers", [{}, {"a": "cbr"}])
def test_a_policy_without_servers_to_move_has_no_blockers_and_no_losses_any_more(servers: dict[str, str]) -> None:
    result = found({"policies": [policy("p", "moved", **servers)], "servers": []})
    assert (result["policies"][0]["blockers"], result["policies"][0]["losses"]) == ([], [])
    assert result["summary"]["blocked"] == 0


def test_it_is_about_the_judged_servers_and_about_their_policies_and_those_that_are_shown() -> None:
    policies = [policy("p", "moved"), policy("q", "csbs", a="csbs"), policy("r", "csbs", x="csbs")]
    plan = {"policies": policies, "servers": [server("a", "csbs"), server("x", "csbs")]}
    result = found(plan, "a", "p")
    assert [row["id"] for row in result["servers"]] == ["a"]
    assert [row["id"] for row in result["policies"]] == ["p", "q"]
    assert result["summary"]["servers"]["csbs"] == 1


@pytest.mark.parametrize(
    ("plan", "left_out"),
    [
        (None, True),
        ({"policies": [], "servers": []}, True),
        ({"policies": [], "servers": [server("a", "cbr", done=True), server("b", "none")]}, True),
        ({"policies": [policy("other", "csbs", x="csbs")], "servers": [server("x", "moving")]}, True),
        ({"policies": [policy("p", "moved")], "servers": []}, False),
        # Somebody has deleted the policy that the server has left.
        ({"policies": [], "servers": [server("a", "moving")]}, False),
        ({"msg": "no answer"}, False),
        ({}, False),
    ],
)
def test_it_is_left_out_only_when_nothing_is_on_the_way(plan: Row | None, left_out: bool) -> None:
    assert (migration(plan) is None) is left_out


@pytest.mark.parametrize(("result", "error"), [({"msg": "no answer"}, "no answer"), ({}, "the task gives no reason")])
def test_what_could_not_be_read_is_told_and_counts_nothing(result: Row, error: str) -> None:
    told = found(result)
    assert (told["read"], told["error"], told["policies"], told["servers"]) == (False, error, [], [])
    zeros = {"servers": dict.fromkeys(("csbs", "moving", "cbr", "none"), 0), "done": 0, "not_ready": 0, "blocked": 0}
    assert told["summary"] == zeros


def test_a_result_of_another_module_is_refused() -> None:
    with pytest.raises(InvalidInput, match="has servers but no policies: it is not of csbs_migration_info"):
        migration({"servers": []})


# ========== all projects ==========
def test_the_numbers_of_all_projects_are_added_up() -> None:
    plan = {"policies": [policy("p", "moving", a="csbs")], "servers": [server("a", "csbs"), server("b", "cbr", True)]}
    counted = {"servers": {"csbs": 2, "moving": 0, "cbr": 2, "none": 0}, "done": 2, "not_ready": 0, "blocked": 2}
    assert all_migrations([found(plan), None, found(plan)]) == {"complete": True, **counted}
    assert all_migrations([found(plan), found(plan), found({"msg": "no"})]) == {"complete": False, **counted}


@pytest.mark.parametrize("migrations", [[], [None, None]])
def test_no_project_on_the_way_has_no_numbers(migrations: list[None]) -> None:
    assert all_migrations(migrations) is None
