# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_run: who is run, and how; and who counts as left out."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError, InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.backup import RunFollower
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy_run import (
    parse_options as parse_policy_run_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.policy_run import (
    plan as plan_policy_run,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from tests.support.fakes import Cloud, backup, policy, server

DEFAULTS: dict[str, t.Any] = {
    "policy": "nightly",
    "servers": None,
    "server_filters": None,
    "max_age": None,
    "wait": True,
    "timeout": 3600,
    "poll_interval": 10,
}
BROKEN = {"result": False, "error_code": "CSBS.6006", "error_msg": "broken"}


def plan(
    verdicts: dict[str, t.Any] | None = None, members: t.Sequence[str] = ("web", "db", "app"), **options: t.Any
) -> Plan:
    """The plan where web has a backup of six hours ago, app one that is running, db one that failed."""
    rows = [backup("a", "web"), backup("b", "app", "protecting"), backup("c", "db", "error")]
    servers = [server(name) for name in ("web", "db", "app", "stranger")] + [server("twin", "t1"), server("twin", "t2")]
    cloud = Cloud(servers, [policy("nightly", members, tags=[{"key": "team", "value": "x"}])], rows, verdicts)
    return plan_policy_run(parse_policy_run_options({**DEFAULTS, **options}), cloud)


ALL = "all"


@pytest.mark.parametrize(
    ("options", "run", "backed_up"),
    [
        ({}, ALL, ["web", "db", "app"]),
        ({"servers": ["app", "id-web", "db", "web"]}, ALL, ["app", "web", "db"]),
        ({"servers": ["db"]}, ["db"], ["db"]),
        ({"server_filters": {"name": "*"}}, ALL, ["app", "db", "web"]),
        ({"server_filters": {"name": "w*"}, "servers": ["db"]}, ["db", "web"], ["db", "web"]),
        ({"server_filters": {"name": "stranger"}}, None, []),
        ({"servers": []}, None, []),
        ({"max_age": "12h"}, ["db"], ["web", "db", "app"]),
        ({"max_age": "1h"}, ["web", "db"], ["web", "db", "app"]),
        ({"max_age": "12h", "servers": ["web", "app"]}, None, ["web", "app"]),
        ({"members": [], "servers": []}, None, []),
        ({"verdicts": {"id-db": BROKEN}}, ["web", "app"], ["web", "app"]),
    ],
    ids=str,
)
def test_one_run_for_those_that_need_it(options: dict[str, t.Any], run: t.Any, backed_up: list[str]) -> None:
    todo = plan(**options)
    assert [one["server"]["name"] for one in todo.result["backups"]] == backed_up
    assert todo.changed is (run is not None) and len(todo.calls) <= 1
    for call in todo.calls:
        sent = call.arguments.get("servers")
        assert (call.method, call.arguments["policy"]) == ("run_policy", "pol-nightly")
        assert (ALL if sent is None else [one.removeprefix("id-") for one in sent]) == run


def test_what_is_planned_has_the_tags_of_the_policy_and_no_made_up_name_in_the_diff() -> None:
    todo = plan(servers=["db"])
    assert (todo.result["backups"][0]["tags"], todo.result["backups"][0]["id"]) == ({"team": "x"}, None)
    assert todo.after == {
        "backups": [{"name": "manualbk_xxxx", "server": {"id": "id-db", "name": "db"}, "tags": {"team": "x"}}]
    }


def test_a_lost_answer_is_looked_for_among_what_was_not_known() -> None:
    (call,) = plan().calls
    assert call.find_effect is not None and call.find_effect[0] == "started_run" and call.find_existing is None
    assert call.find_effect[1]["known"] == {"item-a-web", "item-b-app", "item-c-db"}
    (call,) = plan(max_age="1h").calls
    assert call.find_existing == (
        "running_run",
        {"policy_id": "pol-nightly", "server_ids": ["id-web", "id-db"], "known": call.find_existing[1]["known"]},
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"policy": "unknown"}, "no such policy: 'unknown'"),
        ({"servers": ["unknown"]}, "no such server: 'unknown'"),
        ({"servers": ["web", "stranger"]}, r"not in policy 'nightly'.*: 'stranger' \(id-stranger\)$"),
        ({"servers": ["twin"]}, "ambiguous.* t1, t2"),
        ({"verdicts": {"id-db": BROKEN}, "servers": ["db"]}, "'db'.*broken.*CSBS.6006"),
        ({"verdicts": {"id-db": BROKEN}, "max_age": "12h"}, "'db'.*broken.*CSBS.6006"),
        ({"max_age": "soon"}, "max_age.*soon"),
    ],
    ids=str,
)
def test_what_is_refused(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        plan(**options)


def test_a_policy_without_servers_is_refused_in_the_words_of_the_service() -> None:
    with pytest.raises(CloudError, match="run backup policy 'nightly'.*CSBS.6032") as raised:
        plan(members=[])
    assert raised.value.error_code == "CSBS.6032"


def test_a_member_that_no_longer_exists_keeps_nobody_from_a_run() -> None:
    todo = plan(members=["web", "gone"], verdicts={"id-gone": {"result": False, "error_code": "CSBS.6000"}})
    assert [one["server"]["name"] for one in todo.result["backups"]] == ["web"]
    assert "CSBS.6000" in todo.context["refusals"]["id-gone"]


def watch(*rows: dict[str, t.Any]) -> tuple[RunFollower, Cloud]:
    cloud = Cloud(backups=rows)
    run = RunFollower(cloud, "rec")
    run.rows = {f"id-{name}": {"checkpoint_id": "rec", "resource_id": f"id-{name}"} for name in ("web", "db")}
    return run, cloud


def test_nobody_is_missing_while_nothing_is_listed_or_others_go_on() -> None:
    for rows in ([], [backup("r", "web", "protecting", checkpoint_id="rec")]):
        run, dummy = watch(*rows)
        assert not any(run.look() for dummy in range(20))
        assert run.left_out == []


@pytest.mark.parametrize("status", ["available", "error"])
def test_who_is_missing_after_all_others_have_ended_was_left_out(status: str) -> None:
    run, cloud = watch(backup("r", "web", status, checkpoint_id="rec"))
    looks = next(count for count in range(1, 20) if run.look())
    assert looks > 2, "lists lag, so one look is not enough"
    assert (run.left_out, list(run.rows)) == (["id-db"], ["id-web"])
    assert all(query == {"checkpoint_id": "rec"} for what, query in cloud.asked)


def test_who_turns_up_late_was_not_left_out() -> None:
    run, cloud = watch(backup("r", "web", checkpoint_id="rec"))
    assert not run.look()
    cloud.all_backups.append(backup("r", "db", "protecting", checkpoint_id="rec"))
    assert not any(run.look() for dummy in range(20))
    assert run.left_out == []
