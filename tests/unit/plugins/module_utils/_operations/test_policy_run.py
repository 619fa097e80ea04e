# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_run: its options, what it reads, and what it reports after the run."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    InvalidInput,
    TaskFailed,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations import policy_run as operation
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome, Plan
from tests.support.fakes import Cloud, Ticks, backup, policy, server

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
SERVERS = [server(name) for name in ("web", "db", "app", "stranger")]


def cloud_of(
    rows: t.Iterable[dict[str, t.Any]] = (),
    verdicts: dict[str, t.Any] | None = None,
    members: t.Sequence[str] = ("web", "db", "app"),
) -> Cloud:
    return Cloud(SERVERS, [policy("nightly", members, tags=[{"key": "team", "value": "x"}])], rows, verdicts)


def plan(
    verdicts: dict[str, t.Any] | None = None, members: t.Sequence[str] = ("web", "db", "app"), **options: t.Any
) -> Plan[t.Any]:
    """The plan where web has a backup of six hours ago, app one in progress, and db a failed one."""
    rows = [backup("a", "web"), backup("b", "app", "protecting"), backup("c", "db", "error")]
    wanted = operation.parse_options({**DEFAULTS, **options})
    return operation.plan(wanted, t.cast("t.Any", cloud_of(rows, verdicts, members)))


# ========== The plan ==========
@pytest.mark.parametrize(
    ("options", "run", "backed_up"),
    [
        ({}, "all", ["web", "db", "app"]),
        ({"servers": ["db"]}, ["db"], ["db"]),
        ({"server_filters": {"name": "*"}}, "all", ["app", "db", "web"]),
        ({"servers": []}, None, []),
        ({"max_age": "12h"}, ["db"], ["web", "db", "app"]),
        ({"max_age": "1h"}, ["web", "db"], ["web", "db", "app"]),
        ({"max_age": "12h", "servers": ["web", "app"]}, None, ["web", "app"]),
        ({"members": [], "servers": []}, None, []),
        ({"verdicts": {"id-db": BROKEN}}, ["web", "app"], ["web", "app"]),
    ],
    ids=str,
)
def test_the_policy_is_run_for_servers_that_need_a_backup(
    options: dict[str, t.Any], run: t.Any, backed_up: list[str]
) -> None:
    todo = plan(**options)
    assert [shown["server"]["name"] for shown in todo.result["backups"]] == backed_up
    assert todo.changed is (run is not None)
    for call in todo.calls:
        sent = call.arguments.get("servers")
        assert ("all" if sent is None else [server_id.removeprefix("id-") for server_id in sent]) == run


@pytest.mark.parametrize(
    ("options", "queries"),
    [
        ({}, [{"policy_id": "pol-nightly"}]),
        ({"servers": ["web"]}, [{"policy_id": "pol-nightly", "resource_id": "id-web"}]),
        ({"max_age": "1h"}, [{}]),
        ({"max_age": "1h", "servers": ["web"]}, [{"resource_id": "id-web"}]),
        ({"servers": []}, []),
    ],
    ids=str,
)
def test_only_backups_that_may_be_enough_or_mistaken_are_read(
    options: dict[str, t.Any], queries: list[dict[str, t.Any]]
) -> None:
    cloud = cloud_of()
    operation.plan(operation.parse_options({**DEFAULTS, **options}), t.cast("t.Any", cloud))
    assert [query for what, query in cloud.asked if what == "backups"] == queries


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"policy": "unknown"}, "no such policy: 'unknown'"),
        ({"servers": ["unknown"]}, "no such server: 'unknown'"),
        ({"servers": ["web", "stranger"]}, r"not in policy 'nightly'.*: 'stranger' \(id-stranger\)$"),
        ({"verdicts": {"id-db": BROKEN}, "servers": ["db"]}, "'db'.*broken.*CSBS.6006"),
        ({"verdicts": {"id-db": BROKEN}, "max_age": "12h"}, "'db'.*broken.*CSBS.6006"),
        ({"max_age": "soon"}, "max_age.*soon"),
        ({"policy": " "}, "policy: ' ' is neither a name nor an ID"),
    ],
    ids=str,
)
def test_what_cannot_be_run_is_refused(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        plan(**options)


def test_a_policy_without_servers_is_refused_in_the_words_of_the_service() -> None:
    with pytest.raises(CloudError, match="run backup policy 'nightly'.*CSBS.6032") as raised:
        plan(members=[])
    assert raised.value.error_code == "CSBS.6032"


def test_a_member_that_no_longer_exists_does_not_stop_a_run_for_the_others() -> None:
    todo = plan(members=["web", "gone"], verdicts={"id-gone": {"result": False, "error_code": "CSBS.6000"}})
    assert [shown["server"]["name"] for shown in todo.result["backups"]] == ["web"]
    assert "CSBS.6000" in todo.context.refusals["id-gone"]


# ========== After the run ==========
def ran(name: str, status: str = "available", **fields: t.Any) -> dict[str, t.Any]:
    return backup("r", name, status, checkpoint_id="rec", **fields)


def finish(
    now: t.Iterable[dict[str, t.Any]],
    before: t.Iterable[dict[str, t.Any]] = (),
    verdicts: dict[str, t.Any] | None = None,
    later: t.Any = None,
    **options: t.Any,
) -> tuple[dict[str, t.Any], Cloud]:
    """Finish a run: before and verdicts are what the plan sees, now and later what there is after the call."""
    wanted = operation.parse_options({**DEFAULTS, **options})
    todo = operation.plan(wanted, t.cast("t.Any", cloud_of(before, verdicts)))
    outcome = Outcome({0: {"id": "rec"}} if todo.changed else {})
    cloud = cloud_of(now, later)
    result = operation.finish(wanted, t.cast("t.Any", cloud), todo, outcome, Ticks().clock(60))
    return {**todo.result, **result}, cloud


def statuses(result: dict[str, t.Any]) -> dict[str, str | None]:
    return {shown["server"]["name"]: shown["status"] for shown in result["backups"]}


def test_a_run_returns_its_backups_with_the_tags_of_the_policy() -> None:
    result, dummy = finish([ran(name, tags=None) for name in ("web", "db", "app")])
    assert statuses(result) == {"web": "available", "db": "available", "app": "available"}
    assert all(shown["tags"] == {"team": "x"} for shown in result["backups"])


def test_a_backup_in_progress_that_made_the_run_unnecessary_is_waited_for() -> None:
    before = [backup("a", name, "protecting") for name in ("web", "db")]
    result, dummy = finish([backup("a", name) for name in ("web", "db")], before, max_age="1h", servers=["web", "db"])
    assert statuses(result) == {"web": "available", "db": "available"}


def test_a_task_with_nothing_to_do_and_nothing_in_progress_reads_nothing_more() -> None:
    result, cloud = finish([], [backup("a", "web")], max_age="12h", servers=["web"])
    assert (statuses(result), cloud.asked) == ({"web": "available"}, [])


def test_a_failed_backup_a_refused_and_a_left_out_server_fail_the_task_and_are_all_named() -> None:
    with pytest.raises(TaskFailed) as failure:
        finish(
            [ran("app", "error", info={"fail_reason": "snapshot failed"})],
            verdicts={"id-web": BROKEN},
            later={"id-db": {"result": False, "error_code": None, "error_msg": "a restore is in progress"}},
        )
    text = str(failure.value)
    assert text.startswith("0 of 3 servers have their backup. Backup 'r' of server 'app' (item-r-app) failed: snapshot")
    assert "Server 'web' (id-web): " in text and "broken (CSBS.6006)" in text
    assert text.endswith("The run left out server 'db' (id-db): a restore is in progress.")
    assert (statuses(failure.value.results), failure.value.results["changed"]) == ({"app": "error"}, True)


def test_a_left_out_server_without_a_reason_says_what_to_do() -> None:
    with pytest.raises(TaskFailed, match="left out server 'db' .*run the policy for it again"):
        finish([ran("web"), ran("app")])


def test_a_reason_that_cannot_be_read_does_not_hide_the_left_out_server() -> None:
    class Failing(Cloud):
        def protectable(self, server_ids: list[str]) -> t.Any:
            raise CloudError("ask", "the service failed.", "CSBS.9999", 500)

    wanted = operation.parse_options({**DEFAULTS, "servers": ["web", "db"]})
    todo = operation.plan(wanted, t.cast("t.Any", cloud_of()))
    cloud: t.Any = Failing(backups=[ran("web")])
    with pytest.raises(TaskFailed, match=r"'db' \(id-db\): the reason could not be read \(the service failed\)\."):
        operation.finish(wanted, cloud, todo, Outcome({0: {"id": "rec"}}), Ticks().clock(60))


def test_a_timeout_says_what_goes_on_and_what_to_do() -> None:
    with pytest.raises(TaskFailed) as failure:
        finish([ran("web", "protecting"), ran("db"), ran("app")])
    assert str(failure.value) == (
        "2 of 3 servers have their backup. Not ended within 60 seconds (timeout): 'r' of server 'web' (item-r-web) is"
        " protecting. What was started goes on. What to do: look at them with csbs_backup_info."
    )


def test_without_waiting_the_ids_of_what_was_started_come_back() -> None:
    result, dummy = finish([ran("web", "protecting"), ran("db", "protecting"), ran("app", "protecting")], wait=False)
    assert all(shown["id"] for shown in result["backups"])
