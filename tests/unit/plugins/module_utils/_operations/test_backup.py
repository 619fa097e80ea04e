# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup: its options, what it reads, and what it reports after its calls."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup import backup_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    InvalidInput,
    Outdated,
    TaskFailed,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.executor import execute
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations import backup as operation
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.backup import BackupOptions
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import (
    SECONDS_UNTIL_LISTED,
    Outcome,
    Plan,
    PlanAgain,
)
from tests.support.fakes import Cloud, Ticks, backup, server

DEFAULTS: dict[str, t.Any] = {
    **dict.fromkeys(("servers", "server_filters", "ids", "name", "description", "incremental", "tags", "max_age")),
    "vault": None,
    "state": "present",
    "skip_unprotectable": False,
    "concurrency": 5,
    "wait": True,
    "poll_interval": 10,
}
FLEET = [server("web"), server("db"), server("app")]
NO_DISK = {"result": False, "error_code": "CSBS.6007", "error_msg": "no volume"}
Rows = list[dict[str, t.Any]]


def parse(**options: t.Any) -> BackupOptions:
    return operation.parse_options({**DEFAULTS, **options})


def plan(cloud: Cloud, **options: t.Any) -> Plan[t.Any]:
    return operation.plan(parse(**options), t.cast("t.Any", cloud))


def sent(todo: Plan[t.Any]) -> dict[str, str]:
    """By server, the names of the new backups."""
    assert {call.method for call in todo.calls} <= {"back_up"}
    return {call.arguments["server"].removeprefix("id-"): call.arguments["name"] for call in todo.calls}


def deleted(todo: Plan[t.Any]) -> list[str]:
    assert {call.method for call in todo.calls} <= {"delete_backup"}
    return [call.arguments["item"].removeprefix("item-") for call in todo.calls]


# ========== Options ==========
@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({}, "servers or server_filters is needed"),
        ({"servers": ["web"], "ids": ["x"]}, "ids goes with state: absent"),
        ({"servers": ["web"], "name": "a b"}, "'a b'"),
        ({"servers": ["web", "db"], "name": "x" * 251}, "256"),
        ({"server_filters": {"name": "*"}, "name": "x" * 251}, "256"),
        ({"servers": ["web"], "description": "<"}, "description"),
        ({"servers": ["web"], "concurrency": 0}, "concurrency: 0"),
        ({"servers": ["web"], "max_age": "0h"}, "max_age: '0h'"),
        ({"servers": ["web"], "tags": {"a.b": ""}}, "'a.b'"),
        ({"server_filters": {"name": ""}}, "server_filters"),
        ({"state": "absent"}, "needs ids or name"),
        ({"state": "absent", "servers": ["web"]}, "needs ids or name"),
        ({"state": "absent", "server_filters": {"name": "*"}}, "needs ids or name"),
    ],
)
def test_bad_options_are_refused(options: dict[str, t.Any], fragment: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse(**options)
    assert fragment in str(refusal.value)


def test_one_server_may_use_the_whole_length_of_a_name() -> None:
    assert parse(servers=["web", "web"], name="x" * 255).name == "x" * 255


@pytest.mark.parametrize(
    "ignored",
    [
        {"max_age": "7d"},
        {"tags": {"only": "this"}},
        {"description": "d"},
        {"incremental": False},
        {"skip_unprotectable": True},
    ],
    ids=lambda option: next(iter(option)),
)
@pytest.mark.parametrize("target", [{"name": "b"}, {"ids": ["item-b-web"]}], ids=lambda option: next(iter(option)))
def test_an_option_that_would_not_limit_the_deletion_is_refused(
    target: dict[str, t.Any], ignored: dict[str, t.Any]
) -> None:
    with pytest.raises(InvalidInput, match=f"^{next(iter(ignored))} has no effect with state: absent"):
        parse(state="absent", **target, **ignored)


# ========== What a task with new backups reads ==========
@pytest.mark.parametrize(
    ("options", "queries"),
    [
        ({"servers": ["web", "db"]}, []),
        ({"servers": [], "name": "b"}, []),
        ({"servers": ["web", "db"], "name": "b"}, [{"name": "b"}]),
        ({"servers": ["web"], "name": "b"}, [{"name": "b", "resource_id": "id-web"}]),
        ({"servers": ["web", "db"], "max_age": "1h"}, [{}]),
        ({"servers": ["web"], "max_age": "1h", "name": "b"}, [{"resource_id": "id-web"}]),
    ],
    ids=str,
)
def test_only_backups_that_may_be_enough_are_read(options: dict[str, t.Any], queries: Rows) -> None:
    cloud = Cloud(FLEET)
    plan(cloud, **options)
    assert [query for what, query in cloud.asked if what == "backups"] == queries


def test_servers_without_a_backup_of_the_name_get_one() -> None:
    todo = plan(Cloud(FLEET, backups=[backup("b", "web")]), servers=["web", "db"], name="b")
    assert sent(todo) == {"db": "b-0001"}
    assert [shown["id"] for shown in todo.result["backups"]] == ["item-b-web", None]


def test_servers_without_a_young_backup_get_one() -> None:
    """The clock of the cloud shows noon; web was backed up at six."""
    cloud = Cloud(FLEET, backups=[backup("b", "web")])
    assert sent(plan(cloud, servers=["web", "db"], max_age="7h", name="c")) == {"db": "c-0001"}
    assert sent(plan(cloud, servers=["web"], max_age="5h", name="c")) == {"web": "c"}


@pytest.mark.parametrize(
    "options",
    [{"servers": []}, {"server_filters": {"name": "zzz"}}, {"servers": [], "server_filters": {"name": "zzz"}}],
)
def test_a_selection_of_nothing_backs_nothing_up(options: dict[str, t.Any]) -> None:
    todo = plan(Cloud(FLEET), name="b", **options)
    assert (todo.calls, todo.result["backups"], todo.result["servers"]) == ((), [], [])


def test_unknown_servers_are_all_named() -> None:
    with pytest.raises(InvalidInput, match="no such server: 'no-1', 'no-2'"):
        plan(Cloud(FLEET), servers=["web", "no-1", "no-2"])


def test_servers_that_cannot_be_backed_up_are_all_named_and_nothing_is_planned() -> None:
    with pytest.raises(InvalidInput) as refusal:
        plan(Cloud(FLEET, verdicts={"id-web": NO_DISK, "id-db": NO_DISK}), servers=["web", "db", "app"])
    text = str(refusal.value)
    assert all(part in text for part in ("2 of 3", "'web' (id-web)", "'db' (id-db)", "CSBS.6007"))
    assert "'app'" not in text


def test_servers_that_cannot_be_backed_up_can_be_skipped() -> None:
    todo = plan(Cloud(FLEET, verdicts={"id-web": NO_DISK}), servers=["web", "db"], name="b", skip_unprotectable=True)
    assert sent(todo) == {"db": "b-0001"}
    assert [(shown["id"], "CSBS.6007" in shown["reason"]) for shown in todo.result["skipped_servers"]] == [
        ("id-web", True)
    ]


def test_a_server_that_needs_no_backup_may_be_one_that_cannot_be_backed_up() -> None:
    cloud = Cloud(FLEET, backups=[backup("b", "web")], verdicts={"id-web": NO_DISK})
    assert not plan(cloud, servers=["web"], name="b").changed


def test_tags_that_the_list_leaves_out_are_read_by_one_query() -> None:
    rows = [backup("b-0001", "web", tags=None), backup("b-0002", "db", tags=None)]
    tagged = [{"resource_id": "item-b-0001-web", "tags": [{"key": "a", "value": "1"}]}]
    cloud = Cloud(FLEET, backups=rows)
    cloud.find_tagged = lambda resource_type, query: tagged  # type: ignore[method-assign]
    shown = plan(cloud, servers=["web", "db"], name="b").result["backups"]
    assert [backup["tags"] for backup in shown] == [{"a": "1"}, {}]


# ========== What a task that deletes reads ==========
ROWS = [
    backup("b", "web"),
    backup("b-0001", "web"),
    backup("b-0002", "db", "error"),
    backup("b-0003", "gone", "protecting"),
    backup("b-old", "web"),
    backup("bb", "web"),
    backup("b-001", "web"),
]


def plan_deletion(rows: Rows | None = None, **options: t.Any) -> Plan[t.Any]:
    servers = [server("web"), server("db"), server("twin", "t1"), server("twin", "t2")]
    return plan(Cloud(servers, backups=ROWS if rows is None else rows), state="absent", **options)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"name": "b"}, ["b-web", "b-0001-web", "b-0002-db", "b-0003-gone"]),
        ({"name": "b-0001"}, ["b-0001-web"]),
        ({"name": "b", "servers": ["db"]}, ["b-0002-db"]),
        ({"name": "b", "servers": ["id-gone"]}, ["b-0003-gone"]),
        ({"name": "b", "servers": ["gone"]}, ["b-0003-gone"]),
        ({"name": "b", "server_filters": {"name": "w*"}}, ["b-web", "b-0001-web"]),
        ({"name": "b", "server_filters": {"name": "w*"}, "servers": ["db"]}, ["b-web", "b-0001-web", "b-0002-db"]),
        ({"name": "b", "server_filters": {"name": "zzz"}}, []),
        ({"name": "b", "servers": []}, []),
        ({"name": "b", "servers": ["unknown"]}, []),
        ({"name": "none"}, []),
        ({"ids": []}, []),
        ({"ids": ["item-bb-web", "no-such", "item-bb-web"]}, ["bb-web"]),
    ],
    ids=str,
)
def test_what_is_named_is_deleted_and_nothing_else(options: dict[str, t.Any], expected: list[str]) -> None:
    todo = plan_deletion(**options)
    assert deleted(todo) == expected
    assert [shown["id"].removeprefix("item-") for shown in todo.result["backups"]] == expected


@pytest.mark.parametrize("other", ["release-2024", "release-1200", "release-20240101", "release-10000"])
def test_a_year_or_a_time_in_a_name_is_another_name(other: str) -> None:
    rows = [backup("release", "web"), backup("release-0001", "db"), backup(other, "web", id="other")]
    assert deleted(plan_deletion(rows, name="release")) == ["release-web", "release-0001-db"]


def test_deleted_backups_show_the_present_names_of_servers() -> None:
    rows = [backup("b", "web", info={"resource_name": "former"}), backup("b-0001", "gone")]
    shown = plan_deletion(rows, name="b").result["backups"]
    assert [backup["server"]["name"] for backup in shown] == ["web", "gone"]


def test_an_ambiguous_server_is_refused() -> None:
    with pytest.raises(InvalidInput, match="ambiguous.* t1, t2"):
        plan_deletion(name="b", servers=["twin"])


def test_many_ids_are_not_read_one_by_one() -> None:
    cloud = Cloud(backups=[backup(f"b{number}", "web") for number in range(30)])
    assert len(plan(cloud, state="absent", ids=[row["id"] for row in cloud.all_backups]).calls) == 30
    assert len(cloud.asked) <= 5


# ========== After the calls ==========
class Moving(Cloud):
    """A cloud whose backups move on with each list. States are by server; None is a backup that is gone."""

    def __init__(self, steps: dict[str, list[str | None]], **more: t.Any) -> None:
        super().__init__(FLEET, **more)
        self.steps = steps
        self.lists = 0

    def backups(self, **query: t.Any) -> Rows:
        self.lists += 1
        return [row for row in map(self._moved, self.all_backups) if row["status"] is not None]

    def backup(self, backup_id: str) -> dict[str, t.Any] | None:
        row = next(self._moved(row) for row in self.all_backups if row["id"] == backup_id)
        return None if row["status"] is None else row

    def _moved(self, row: dict[str, t.Any]) -> dict[str, t.Any]:
        left = self.steps.get(row["extend_info"]["resource_name"])
        if not left:
            return dict(row)
        return {**row, "status": left.pop(0) if len(left) > 1 else left[0]}


def create(
    steps: dict[str, list[str | None]],
    timeout: float = 3600,
    refused: dict[str, CloudError] | None = None,
    rows: t.Sequence[dict[str, t.Any]] = (),
    **options: t.Any,
) -> tuple[dict[str, t.Any], Moving, Ticks]:
    """Back up the servers of steps, and those of rows, which are there before; return result, cloud and time."""
    names = [*steps, *(row["extend_info"]["resource_name"] for row in rows)]
    wanted = parse(**{"name": "b", "servers": list(dict.fromkeys(names)), **options})
    todo = operation.plan(wanted, t.cast("t.Any", Cloud(FLEET, backups=rows)))

    def back_up(server: str, name: str, **_: t.Any) -> dict[str, t.Any]:
        of = server.removeprefix("id-")
        if of in (refused or {}):
            raise (refused or {})[of]
        row = backup(name, of, "waiting_protect")
        cloud.all_backups.append(row)
        return {"id": row["checkpoint_id"], "created_at": row["created_at"]}

    cloud, ticks = Moving(steps, backups=rows, answers={"back_up": [back_up]}), Ticks()
    clock, given = ticks.clock(timeout), t.cast("t.Any", cloud)
    outcome = execute(todo, given, clock)
    result = operation.finish(wanted, given, todo, outcome, clock)
    return {**todo.result, **result}, cloud, ticks


def statuses(result: dict[str, t.Any]) -> dict[str, str | None]:
    return {shown["server"]["name"]: shown["status"] for shown in result["backups"]}


def test_a_task_waits_until_each_backup_has_ended() -> None:
    result, dummy, ticks = create({"web": ["waiting_protect", "protecting", "available"], "db": ["available"]})
    assert statuses(result) == {"web": "available", "db": "available"}
    assert ticks.sleeps == [0.5, 0.75]
    assert result["backups"][0].keys() == backup_result(t.cast("t.Any", backup("b", "web"))).keys()


def test_a_failed_backup_fails_the_task_after_the_others_have_ended() -> None:
    with pytest.raises(TaskFailed) as failure:
        create({"web": ["error"], "db": ["protecting", "protecting", "available"]})
    text = str(failure.value)
    assert text.startswith(
        "1 of 2 servers have their backup. Backup 'b-0001' of server 'web' (item-b-0001-web) failed:"
    )
    assert statuses(failure.value.results) == {"web": "error", "db": "available"}
    assert failure.value.results["changed"] is True


def test_a_refused_backup_fails_the_task_with_its_code_after_the_others_have_ended() -> None:
    refusal = CloudError("back up server 'web'", "the server has no disk", "CSBS.6007", 400, "req-1")
    with pytest.raises(TaskFailed, match="Could not back up server 'web': the server has no disk") as failure:
        create({"web": ["available"], "db": ["protecting", "available"]}, refused={"web": refusal})
    results = failure.value.results
    assert (results["error_code"], results["status"], results["request_id"]) == ("CSBS.6007", 400, "req-1")
    assert (statuses(results), results["changed"]) == ({"db": "available"}, True)


def test_a_task_whose_backups_were_all_refused_changed_nothing() -> None:
    refusal = CloudError("back up server 'web'", "no", "CSBS.6007", 400)
    with pytest.raises(TaskFailed) as failure:
        create({"web": ["available"]}, refused={"web": refusal})
    assert (failure.value.results["changed"], failure.value.results["backups"]) == (False, [])


def test_a_timeout_returns_all_started_backups_and_says_what_to_do() -> None:
    with pytest.raises(TaskFailed) as failure:
        create({"web": ["protecting"], "db": ["available"]}, timeout=100)
    text = str(failure.value)
    assert "Not ended within 100 seconds (timeout)" in text and "What to do: run the task again." in text
    assert "(item-b-0001-web) is protecting" in text and "item-b-0002-db" not in text
    assert {shown["id"] for shown in failure.value.results["backups"]} == {"item-b-0001-web", "item-b-0002-db"}


def test_an_existing_backup_in_progress_is_waited_for_and_a_good_one_is_returned() -> None:
    rows = [backup("b", "web", "protecting"), backup("b", "db")]
    result, dummy, ticks = create({"app": ["available"], "web": ["protecting", "available"]}, rows=rows)
    assert statuses(result) == {"app": "available", "web": "available", "db": "available"}
    assert {shown["name"] for shown in result["backups"]} == {"b", "b-0001"}
    assert len(ticks.sleeps) == 1


def test_a_task_with_nothing_to_do_and_nothing_in_progress_reads_nothing_more() -> None:
    result, cloud, dummy = create({}, rows=[backup("b", "web")])
    assert (statuses(result), cloud.lists, cloud.asked) == ({"web": "available"}, 0, [])


def test_without_waiting_the_ids_of_what_was_started_come_back_at_once() -> None:
    result, cloud, ticks = create({"web": ["waiting_protect"], "db": ["protecting"]}, wait=False)
    assert statuses(result) == {"web": "waiting_protect", "db": "protecting"}
    assert all(shown["id"] for shown in result["backups"])
    assert (ticks.sleeps, cloud.lists) == ([], 1)


def test_without_waiting_a_backup_that_is_not_listed_has_its_checkpoint() -> None:
    result, dummy, ticks = create({"web": [None]}, wait=False)
    assert [(shown["id"], shown["checkpoint_id"]) for shown in result["backups"]] == [(None, "rec-b-web")]
    assert ticks.time == 3


def test_when_nothing_can_be_seen_the_task_returns_what_was_started() -> None:
    class Failing(Cloud):
        def backups(self, **query: t.Any) -> Rows:
            raise CloudError("list backups", "the service failed", "CSBS.9999", 500, "req-9")

    wanted = parse(name="b", servers=["web"])
    todo = operation.plan(wanted, t.cast("t.Any", Cloud(FLEET)))
    outcome = Outcome({0: {"id": "rec-b-web", "created_at": None}})
    with pytest.raises(TaskFailed, match="Could not list backups: the service failed") as failure:
        operation.finish(wanted, t.cast("t.Any", Failing()), todo, outcome, Ticks().clock())
    results = failure.value.results
    assert [shown["checkpoint_id"] for shown in results["backups"]] == ["rec-b-web"]
    assert (results["changed"], results["error_code"], results["request_id"]) == (True, "CSBS.9999", "req-9")


def test_a_backup_that_was_found_after_a_lost_answer_has_the_tags_of_the_task() -> None:
    wanted = parse(name="b", servers=["web"], tags={"a": "1"})
    todo = operation.plan(wanted, t.cast("t.Any", Cloud(FLEET)))
    row = backup("b", "web", tags=None)
    answer = {"id": row["checkpoint_id"], "created_at": row["created_at"], "rows": {"id-web": row}}
    outcome = Outcome({0: answer}, found={0})
    cloud = Cloud()
    result = operation.finish(wanted, t.cast("t.Any", cloud), todo, outcome, Ticks().clock())
    assert (result["backups"][0]["tags"], result["backups"][0]["id"], cloud.asked) == ({"a": "1"}, "item-b-web", [])


def test_rows_without_tags_and_names_of_servers_do_not_remove_what_is_known() -> None:
    rows = [backup("b", "db", "protecting", tags=[{"key": "a", "value": "1"}])]
    wanted = parse(name="b", servers=["db"])
    todo = operation.plan(wanted, t.cast("t.Any", Cloud(FLEET, backups=rows)))
    cloud = Cloud(FLEET, backups=[{**backup("b", "db"), "tags": None, "extend_info": {}}])
    result = operation.finish(wanted, t.cast("t.Any", cloud), todo, Outcome(), Ticks().clock())
    assert (result["backups"][0]["tags"], result["backups"][0]["server"]["name"]) == ({"a": "1"}, "db")


def test_a_task_plans_again_when_only_others_are_in_the_way() -> None:
    wanted, ticks = parse(name="b", servers=["web", "db"]), Ticks()
    todo = operation.plan(wanted, t.cast("t.Any", Cloud(FLEET)))
    outdated = Outdated("back up", "another task is backing up some of these servers")
    started = {0: {"id": "rec-b-web", "created_at": None}}
    for answers, seconds in (({}, 0), (started, SECONDS_UNTIL_LISTED)):
        ticks = Ticks()
        with pytest.raises(PlanAgain, match="^Other tasks back up some of the servers, "):
            operation.finish(
                wanted, t.cast("t.Any", Cloud()), todo, Outcome(answers, failures={1: outdated}), ticks.clock()
            )
        assert ticks.time == seconds
    broken = Outcome(failures={0: CloudError("back up", "no", status=403), 1: outdated})
    with pytest.raises(TaskFailed, match="another task is backing up"):
        operation.finish(wanted, t.cast("t.Any", Cloud()), todo, broken, ticks.clock())


# ========== After deletions ==========
def delete(
    rows: Rows, steps: dict[str, list[str | None]], failures: dict[int, CloudError] | None = None, **options: t.Any
) -> tuple[dict[str, t.Any], Moving, Ticks]:
    wanted = parse(state="absent", name="b", **options)
    todo = operation.plan(wanted, t.cast("t.Any", Cloud(FLEET, backups=rows)))
    cloud, ticks = Moving(steps, backups=rows), Ticks()
    done = {position: None for position in range(len(todo.calls)) if position not in (failures or {})}
    outcome = Outcome(done, set(), failures or {})
    return operation.finish(wanted, t.cast("t.Any", cloud), todo, outcome, ticks.clock(60)), cloud, ticks


def test_a_task_waits_until_backups_are_gone() -> None:
    rows = [backup("b", "web"), backup("b-0001", "db")]
    result, dummy, ticks = delete(rows, {"web": ["deleting", "deleting", None], "db": [None]})
    assert (result, len(ticks.sleeps)) == ({}, 2)


def test_a_task_waits_for_a_deletion_that_somebody_else_started() -> None:
    dummy, dummy, ticks = delete([backup("b", "web", "deleting")], {"web": ["deleting", "deleting", None]})
    assert len(ticks.sleeps) == 2


def test_a_deletion_that_does_not_end_fails_the_task() -> None:
    with pytest.raises(TaskFailed, match=r"Not ended within 60 seconds .*\(item-b-web\) is deleting"):
        delete([backup("b", "web")], {"web": ["deleting"]})


def test_a_refused_deletion_does_not_return_as_deleted_what_is_still_there() -> None:
    held = CloudError("delete backup 'b'", "an image was made of the backup and holds it", "CSBS.8007", 400)
    with pytest.raises(TaskFailed, match="holds it") as failure:
        delete([backup("b", "web"), backup("b-0001", "db")], {"db": ["deleting", None]}, {0: held})
    results = failure.value.results
    assert [shown["id"] for shown in results["backups"]] == ["item-b-0001-db"]
    assert (results["error_code"], results["changed"]) == ("CSBS.8007", True)


def test_without_waiting_a_deletion_reads_nothing_more() -> None:
    assert delete([backup("b", "web")], {"web": ["deleting"]}, wait=False)[1].lists == 0


def test_a_task_with_nothing_to_delete_reads_nothing_more() -> None:
    result, cloud, dummy = delete([], {})
    assert (result, cloud.lists) == ({}, 0)
