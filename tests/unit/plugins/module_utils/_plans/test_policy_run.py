# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_run: which members are chosen, and the one call that runs the policy for them."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.csbs import CsbsCloud
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.services import RULES
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_run import (
    RunContext,
    RunOptions,
    choose_members,
    plan_run,
    planned_row,
)
from tests.support.fakes import Cloud, backup, policy, server

SERVERS: list[t.Any] = [server(name) for name in ("web", "db", "app", "stranger")]
SERVERS += [server("twin", "t1"), server("twin", "t2")]
NIGHTLY: t.Any = policy("nightly", ["web", "db", "app"], tags=[{"key": "team", "value": "x"}])


# ========== Members ==========
@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({}, ["web", "db", "app"]),
        ({"servers": ["app", "id-web", "db", "web"]}, ["app", "web", "db"]),
        ({"servers": ["db"]}, ["db"]),
        ({"servers": []}, []),
        ({"filters": {"name": "*"}}, ["app", "db", "web"]),
        ({"filters": {"name": "w*"}, "servers": ["db"]}, ["db", "web"]),
        ({"filters": {"name": "stranger"}}, []),
    ],
    ids=str,
)
def test_members_are_chosen_by_name_and_filter_or_all(options: dict[str, t.Any], chosen: list[str]) -> None:
    members = choose_members(RunOptions("nightly", **options), NIGHTLY, SERVERS)
    assert [member["name"] for member in members] == chosen


@pytest.mark.parametrize(
    ("servers", "words"),
    [
        (["unknown"], "no such server: 'unknown'"),
        (["web", "stranger"], r"not in policy 'nightly'.*: 'stranger' \(id-stranger\)$"),
        (["twin"], "ambiguous.* t1, t2"),
    ],
)
def test_a_server_that_is_not_a_member_is_refused(servers: list[str], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        choose_members(RunOptions("nightly", servers), NIGHTLY, SERVERS)


def test_a_member_that_no_longer_exists_is_chosen_too() -> None:
    chosen = choose_members(RunOptions("p"), t.cast("t.Any", policy("p", ["web", "gone"])), SERVERS)
    assert [(member["name"], member["status"]) for member in chosen] == [("web", "ACTIVE"), ("gone", "DELETED")]


# ========== The plan ==========
def plan(
    chosen: list[str], done: t.Any = None, refusals: dict[str, str] | None = None, **options: t.Any
) -> Plan[RunContext]:
    members: t.Any = [server(name) for name in chosen]
    rows: t.Any = [backup("a", "web"), backup("b", "app", "protecting")]
    done, refusals = done or {}, refusals or {}
    able = [one["id"] for one in members if one["id"] not in done and one["id"] not in refusals]
    groups = CsbsCloud.run_groups(t.cast("t.Any", None), NIGHTLY, able) if able else []
    return plan_run(RunOptions("nightly", **options), NIGHTLY, members, rows, done, refusals, groups)


@pytest.mark.parametrize(
    ("chosen", "done", "refused", "run"),
    [
        (["web", "db", "app"], [], [], "all"),
        (["app", "web", "db"], [], [], "all"),
        (["db"], [], [], ["id-db"]),
        (["web", "db", "app"], ["web"], [], ["id-db", "id-app"]),
        (["web", "db", "app"], ["web"], ["app"], ["id-db"]),
        (["web", "db"], ["web", "db"], [], None),
        ([], [], [], None),
    ],
)
def test_one_call_runs_the_policy_for_the_servers_that_need_it(
    chosen: list[str], done: list[str], refused: list[str], run: t.Any
) -> None:
    todo = plan(
        chosen, {f"id-{name}": backup("a", name) for name in done}, {f"id-{name}": "broken" for name in refused}
    )
    assert [(call.method, call.arguments["policy"], call.arguments.get("servers", "all")) for call in todo.calls] == (
        [] if run is None else [("run_policy", "pol-nightly", run)]
    )
    assert [shown["server"]["name"] for shown in todo.result["backups"]] == [
        name for name in chosen if name not in refused
    ]
    assert [shown["name"] for shown in todo.result["servers"]] == chosen


def test_planned_backups_have_the_tags_of_the_policy_and_no_made_up_name() -> None:
    todo = plan(["db"])
    assert (todo.result["backups"][0]["tags"], todo.result["backups"][0]["id"]) == ({"team": "x"}, None)
    assert todo.after == {
        "backups": [{"name": "manualbk_xxxx", "server": {"id": "id-db", "name": "db"}, "tags": {"team": "x"}}]
    }
    assert todo.result["policy"] == {"id": "pol-nightly", "name": "nightly", "enabled": True}


def test_the_row_of_a_planned_backup_has_what_is_known_of_it() -> None:
    assert planned_row(SERVERS[0], NIGHTLY["tags"]) == {
        "resource_id": "id-web",
        "tags": [{"key": "team", "value": "x"}],
        "extend_info": {"resource_name": "web", "auto_trigger": False},
    }


def run_of(*servers: str, checkpoint: str = "new") -> list[dict[str, t.Any]]:
    return [backup(checkpoint, name, "protecting", checkpoint_id=checkpoint) for name in servers]


def test_the_effect_of_a_lost_answer_is_a_checkpoint_that_was_not_there_before() -> None:
    (call,) = plan(["web", "app"]).calls
    assert call.find_effect is not None
    old = [backup("a", "web", checkpoint_id="old"), backup("b", "app", checkpoint_id="old")]
    assert call.find_effect(t.cast("t.Any", Cloud(backups=old))) is None
    found = call.find_effect(t.cast("t.Any", Cloud(backups=[*old, *run_of("web", "app")])))
    assert found is not None and (found["id"], found["rows"].keys()) == ("new", {"id-web", "id-app"})


def test_only_with_an_age_may_another_run_be_all_that_is_wanted() -> None:
    (call,) = plan(["web", "db"]).calls
    assert call.find_existing is None
    (call,) = plan(["web", "db"], max_age=timedelta(hours=1)).calls
    assert call.find_existing is not None
    assert call.find_existing(t.cast("t.Any", Cloud(backups=run_of("web")))) is None
    found = call.find_existing(t.cast("t.Any", Cloud(backups=run_of("web", "db", "app"))))
    assert found is not None and found["id"] == "new"


def test_each_vault_is_run_by_its_own_call_and_one_that_fails_does_not_stop_the_others() -> None:
    members: t.Any = [server(name) for name in ("web", "db", "app")]
    groups: t.Any = [
        {
            "vault": {"id": f"vault-{name}", "name": name},
            "servers": [f"id-{one}" for one in servers],
            "arguments": {"vault": f"vault-{name}", "servers": [f"id-{one}" for one in servers]},
            "query": {"vault_id": f"vault-{name}"},
        }
        for name, servers in (("a", ["app", "web"]), ("b", ["db"]))
    ]
    todo = plan_run(RunOptions("nightly", rules=RULES["cbr"]), NIGHTLY, members, [], {}, {}, groups)
    assert todo.workers > 1
    assert [(call.operation, call.arguments) for call in todo.calls] == [
        (
            "run backup policy 'nightly' for vault 'a'",
            {"policy": "pol-nightly", "vault": "vault-a", "servers": ["id-app", "id-web"]},
        ),
        (
            "run backup policy 'nightly' for vault 'b'",
            {"policy": "pol-nightly", "vault": "vault-b", "servers": ["id-db"]},
        ),
    ]
    shown = [(one["server"]["name"], one["vault"]["name"], one["tags"]) for one in todo.result["backups"]]
    assert shown == [("web", "a", {}), ("db", "b", {}), ("app", "a", {})]
    assert [one["vault"] for one in todo.after["backups"]] == ["a", "b", "a"]
    (single,) = plan_run(RunOptions("nightly"), NIGHTLY, members, [], {}, {}, groups[:1]).calls
    assert single.group is None
    assert plan_run(RunOptions("nightly"), NIGHTLY, members, [], {}, {}, groups[:1]).workers == 0
