# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following backups and deletions to their end, and telling what came of each."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup import backup_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError, TaskFailed
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.backup import BackupFollower
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.executor import execute
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup import (
    finish as finish_backup,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup import (
    parse_options as parse_backup_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup import (
    plan as plan_backup,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome
from tests.support.fakes import Cloud, Ticks, backup, server
from tests.unit.plugins.module_utils._plans.test_backup import DEFAULTS

FLEET = [server("web"), server("db"), server("app")]
Rows = list[dict[str, t.Any]]


class Acting(Cloud):
    """A cloud whose backups and deletions go on by one step with each list: steps are statuses by server."""

    def __init__(
        self, steps: dict[str, list[str | None]], info: dict[str, dict[str, t.Any]] | None = None, **more: t.Any
    ) -> None:
        super().__init__(FLEET, **more)
        self.steps, self.info = steps, info or {}
        self.lists: list[dict[str, t.Any]] = []
        self.reads: list[str] = []

    def backups(self, **query: t.Any) -> Rows:
        self.lists.append(query)
        rows = [self._stepped(row) for row in self.all_backups]
        return [row for row in rows if row["status"] is not None]

    def backup(self, backup_id: str) -> dict[str, t.Any] | None:
        self.reads.append(backup_id)
        rows = [self._stepped(row) for row in self.all_backups if row["id"] == backup_id]
        return next((row for row in rows if row["status"] is not None), None)

    def _stepped(self, row: dict[str, t.Any]) -> dict[str, t.Any]:
        name = row["extend_info"]["resource_name"]
        left = self.steps.get(name)
        if not left:
            return dict(row)
        status = left.pop(0) if len(left) > 1 else left[0]
        return {**row, "status": status, "extend_info": {**row["extend_info"], **self.info.get(name, {})}}


def create(
    steps: dict[str, list[str | None]],
    timeout: float = 3600,
    failing: dict[str, Exception] | None = None,
    info: dict[str, dict[str, t.Any]] | None = None,
    there: Rows | None = None,
    **options: t.Any,
) -> tuple[dict[str, t.Any], Acting, Ticks]:
    """Back up the servers of steps, and of there; return result, cloud and time."""
    names = [*steps, *(row["extend_info"]["resource_name"] for row in there or [])]
    make_options = parse_backup_options({**DEFAULTS, "name": "b", "servers": names, **options})
    plan = plan_backup(make_options, Cloud(FLEET, backups=there or []))
    cloud, ticks = Acting(steps, info, backups=there or []), Ticks()

    def protect(server: str, backup_name: str, **dummy: t.Any) -> types.SimpleNamespace:
        name = server.removeprefix("id-")
        if name in (failing or {}):
            raise (failing or {})[name]
        row = backup(backup_name, name, "waiting_protect")
        cloud.all_backups.append(row)
        return types.SimpleNamespace(id=row["checkpoint_id"], created_at=row["created_at"])

    cloud.changes = types.SimpleNamespace(protect_server=protect)  # type: ignore[assignment]
    clock = ticks.clock(timeout)
    outcome = execute(plan, cloud, clock)
    return finish_backup(make_options, cloud, plan, outcome, clock), cloud, ticks


def statuses(result: dict[str, t.Any]) -> dict[str, str | None]:
    return {one["server"]["name"]: one["status"] for one in result["backups"]}


def test_backups_are_followed_until_each_has_ended() -> None:
    result, cloud, ticks = create({"web": ["waiting_protect", "protecting", "available"], "db": ["available"]})
    assert statuses(result) == {"web": "available", "db": "available"}
    assert ticks.sleeps == [10, 12]
    assert len(cloud.lists) == 3, "one list for all of them at each look"
    assert result["backups"][0].keys() == backup_result(backup("b", "web")).keys()


def test_a_backup_that_lists_show_late_is_waited_for() -> None:
    result = create({"web": [None, None, "protecting", "available"]})[0]
    assert statuses(result) == {"web": "available"}
    assert result["backups"][0]["id"] == "item-b-web"


def test_a_failed_backup_fails_the_task_after_the_others_are_finished() -> None:
    info = {"web": {"fail_reason": "snapshot failed", "fail_code": {"Code": "5004", "Description": ""}}}
    with pytest.raises(TaskFailed) as failure:
        create({"web": ["error"], "db": ["protecting", "protecting", "available"]}, info=info)
    text = str(failure.value)
    assert "1 of 2 servers have their backup." in text
    assert "'b-0001' of server 'web' (item-b-0001-web) failed: snapshot failed (code 5004)" in text
    assert statuses(failure.value.results) == {"web": "error", "db": "available"}
    assert failure.value.results["changed"] is True


@pytest.mark.parametrize("end", ["deleting", "deleted", "waiting_delete"])
def test_a_backup_that_somebody_deletes_meanwhile_is_not_waited_for_for_ever(end: str) -> None:
    with pytest.raises(TaskFailed, match="deleted meanwhile"):
        create({"web": ["protecting", end]})


def test_a_backup_that_vanishes_is_not_waited_for_for_ever() -> None:
    with pytest.raises(TaskFailed, match="no longer there"):
        create({"web": ["protecting", None]})


def test_a_backup_that_a_list_leaves_out_is_read_itself_before_it_is_called_gone() -> None:
    result, cloud, dummy = create({"web": ["protecting", None, "protecting", None, "available"]})
    assert statuses(result) == {"web": "available"}
    assert (len(cloud.lists), len(cloud.reads)) == (3, 2)


class Ailing(Acting):
    """A cloud whose lists fail so many times after the first one."""

    failures = 0

    def backups(self, **query: t.Any) -> Rows:
        rows = super().backups(**query)
        if len(self.lists) > 1 and self.failures:
            self.failures -= 1
            raise CloudError("list backups", "the service failed", "CSBS.9999", 500, "req-9")
        return rows


def follow(failures: int, timeout: float = 3600) -> dict[str, t.Any]:
    make_options = parse_backup_options({**DEFAULTS, "name": "b", "servers": ["web"]})
    plan = plan_backup(make_options, Cloud(FLEET))
    cloud = Ailing({"web": ["protecting", "available"]}, backups=[backup("b", "web", "waiting_protect")])
    cloud.failures = failures
    answer = types.SimpleNamespace(id="rec-b-web", created_at=None)
    return finish_backup(make_options, cloud, plan, Outcome({0: answer}), Ticks().clock(timeout))


def test_a_look_that_fails_does_not_end_the_wait() -> None:
    assert statuses(follow(4)) == {"web": "available"}


@pytest.mark.parametrize(("failures", "timeout"), [(99, 3600), (99, 15)])
def test_looks_that_all_fail_end_the_task_with_what_was_started(failures: int, timeout: float) -> None:
    with pytest.raises(TaskFailed, match="Could not list backups: the service failed") as failure:
        follow(failures, timeout)
    results = failure.value.results
    assert [one["checkpoint_id"] for one in results["backups"]] == ["rec-b-web"]
    assert "'b' of server 'web' (item-b-web) is protecting" in str(failure.value)
    assert (results["changed"], results["error_code"], results["request_id"]) == (True, "CSBS.9999", "req-9")


def test_rows_without_tags_and_names_of_servers_do_not_take_away_what_is_known() -> None:
    there = [backup("b", "db", "protecting", tags=[{"key": "a", "value": "1"}])]
    make_options = parse_backup_options({**DEFAULTS, "name": "b", "servers": ["db"]})
    plan = plan_backup(make_options, Cloud(FLEET, backups=there))
    cloud = Cloud(FLEET, backups=[{**backup("b", "db"), "tags": None, "extend_info": {}}])
    result = finish_backup(make_options, cloud, plan, Outcome(), Ticks().clock())
    assert (result["backups"][0]["tags"], result["backups"][0]["server"]["name"]) == ({"a": "1"}, "db")


def test_a_filter_by_time_that_was_of_no_use_once_is_not_used_again() -> None:
    """Once the whole list has shown the backups, the filter that hid them must not make them look gone."""

    class Own(Acting):
        def backups(self, **query: t.Any) -> Rows:
            return [] if "start_time" in query else super().backups(**query)

    rows = [backup("x", "web", "protecting"), backup("y", "db", "protecting")]
    watch = BackupFollower(Own({"web": ["protecting"], "db": ["protecting"]}, backups=rows), None)
    watch.rows = {row["resource_id"]: {**row, "status": None} for row in rows}
    for dummy in range(8):
        watch.look()
    assert watch.failed == {}
    assert {row["status"] for row in watch.rows.values()} == {"protecting"}


def test_a_backup_that_is_available_again_after_it_was_being_deleted_was_not_deleted() -> None:
    with pytest.raises(TaskFailed, match="was not deleted"):
        delete(MANY[:1], {"web": ["deleting", "available"]})


def test_what_became_of_deletions_is_told_when_looks_fail() -> None:
    make_options = parse_backup_options({**DEFAULTS, "state": "absent", "name": "b"})
    plan = plan_backup(make_options, Cloud(FLEET, backups=MANY))
    cloud = Ailing({"web": ["deleting"], "db": ["deleting"]}, backups=MANY)
    cloud.failures = 99
    done = dict.fromkeys(range(len(plan.calls)))
    with pytest.raises(TaskFailed, match="item-b-web") as failure:
        finish_backup(make_options, cloud, plan, Outcome(done), Ticks().clock())
    assert len(failure.value.results["backups"]) == len(MANY)


def test_a_submission_that_was_refused_is_told_with_its_code_and_the_others_are_finished() -> None:
    refusal = CloudError("back up server 'web'", "the server has no disk", "CSBS.6007", 400, "req-1")
    with pytest.raises(TaskFailed) as failure:
        create({"web": ["available"], "db": ["protecting", "available"]}, failing={"web": refusal})
    assert "Could not back up server 'web': the server has no disk" in str(failure.value)
    results = failure.value.results
    assert (results["error_code"], results["status"], results["request_id"]) == ("CSBS.6007", 400, "req-1")
    assert statuses(results) == {"db": "available"}
    assert results["changed"] is True


def test_a_task_of_which_every_submission_was_refused_changed_nothing() -> None:
    refusal = CloudError("back up server 'web'", "no", "CSBS.6007", 400)
    with pytest.raises(TaskFailed) as failure:
        create({"web": ["available"]}, failing={"web": refusal})
    assert (failure.value.results["changed"], failure.value.results["backups"]) == (False, [])


def test_a_timeout_returns_what_was_started_with_its_ids() -> None:
    with pytest.raises(TaskFailed) as failure:
        create({"web": ["protecting"], "db": ["available"]}, timeout=100)
    text = str(failure.value)
    assert (
        "Not ended within 100 seconds" in text
        and "(item-b-0001-web) is protecting" in text
        and "item-b-0002-db" not in text
    )
    assert {one["id"] for one in failure.value.results["backups"]} == {"item-b-0001-web", "item-b-0002-db"}


def test_a_backup_that_was_running_is_waited_for_and_one_that_was_good_is_returned() -> None:
    there = [backup("b", "web", "protecting"), backup("b", "db")]
    result, dummy, ticks = create({"app": ["available"], "web": ["protecting", "available"]}, there=there)
    assert statuses(result) == {"app": "available", "web": "available", "db": "available"}
    assert {one["name"] for one in result["backups"]} == {"b", "b-0001"}
    assert len(ticks.sleeps) == 1


def test_without_waiting_the_ids_of_what_was_started_come_back_at_once() -> None:
    result, cloud, ticks = create({"web": ["waiting_protect"], "db": ["protecting"]}, wait=False)
    assert statuses(result) == {"web": "waiting_protect", "db": "protecting"}
    assert all(one["id"] for one in result["backups"])
    assert (ticks.sleeps, len(cloud.lists)) == ([], 1)


def test_a_filter_that_hides_what_was_started_is_dropped() -> None:
    """Clocks differ: what the service dates earlier than its own answer must not stay unseen."""
    cloud = Cloud()
    watch = BackupFollower(cloud, None)
    watch.rows = {
        f"id-{name}": {"checkpoint_id": name, "created_at": "2026-07-01T06:00:00", "status": None}
        for name in ("web", "db")
    }
    for dummy in range(4):
        watch.look()
    queries = [query for what, query in cloud.asked if what == "backups"]
    assert queries[0] == {"start_time": "2026-07-01T05:59:59.000000"}
    assert queries[-1] == {}


# ========== Deletions ==========
def delete(
    rows: Rows,
    steps: dict[str, list[str | None]],
    failures: dict[int, CloudError] | None = None,
    timeout: float = 3600,
    **options: t.Any,
) -> tuple[dict[str, t.Any], Acting, Ticks]:
    make_options = parse_backup_options({**DEFAULTS, "state": "absent", "name": "b", **options})
    plan = plan_backup(make_options, Cloud(FLEET, backups=rows))
    cloud, ticks = Acting(steps, backups=rows), Ticks()
    done = {position: None for position in range(len(plan.calls)) if position not in (failures or {})}
    return (
        finish_backup(make_options, cloud, plan, Outcome(done, failures or {}), ticks.clock(timeout)),
        cloud,
        ticks,
    )


MANY = [backup("b", "web"), *(backup(f"b-000{number}", "db") for number in range(1, 5))]


@pytest.mark.parametrize("rows", [MANY[:1], MANY])
def test_deletions_are_followed_until_all_are_gone(rows: Rows) -> None:
    ticks = delete(rows, {"web": ["deleting", "deleting", None], "db": [None]})[2]
    assert len(ticks.sleeps) == 2


def test_many_deletions_are_followed_by_lists() -> None:
    """Each backup that the list lacks is read once: only the backup itself tells that it is gone."""
    cloud = delete(MANY, {"web": ["deleting", None], "db": [None]})[1]
    assert sorted(cloud.reads) == sorted(row["id"] for row in MANY)
    assert len(cloud.lists) == 1


def test_a_backup_that_a_list_leaves_out_is_not_taken_for_gone() -> None:
    """Pages move while others delete."""

    class Leaky(Acting):
        def backups(self, **query: t.Any) -> Rows:
            return super().backups(**query)[1:]

        def backup(self, backup_id: str) -> dict[str, t.Any] | None:
            return next(dict(row) for row in self.all_backups if row["id"] == backup_id)

    make_options = parse_backup_options({**DEFAULTS, "state": "absent", "name": "b"})
    plan = plan_backup(make_options, Cloud(FLEET, backups=MANY))
    outcome = Outcome(dict.fromkeys(range(len(MANY))))
    with pytest.raises(TaskFailed, match=r"Not deleted within 60 seconds .*'b' of server 'web'"):
        finish_backup(make_options, Leaky({}, backups=MANY), plan, outcome, Ticks().clock(60))


def test_a_record_that_stays_with_the_status_deleted_is_gone() -> None:
    assert delete(MANY[:1], {"web": ["deleting", "deleted"]})[0] == {}


def test_what_somebody_else_deletes_is_waited_for() -> None:
    ticks = delete([backup("b", "web", "deleting")], {"web": ["deleting", "deleting", None]})[2]
    assert len(ticks.sleeps) == 2


def test_a_deletion_that_ends_in_error_fails_the_task_with_backup_and_id() -> None:
    with pytest.raises(TaskFailed, match="'b' of server 'web' \\(item-b-web\\) was not deleted"):
        delete(MANY[:1], {"web": ["deleting", "error"]})


@pytest.mark.parametrize(
    ("steps", "fails"), [(["error", "deleting", None], False), (["error", "deleting", "error"], True)]
)
def test_a_failed_backup_that_is_being_deleted_is_not_taken_for_a_failed_deletion(
    steps: list[str | None], fails: bool
) -> None:
    rows = [backup("b", "web", "error")]
    if fails:
        with pytest.raises(TaskFailed, match="was not deleted"):
            delete(rows, {"web": steps})
    else:
        assert delete(rows, {"web": steps})[0] == {}


def test_a_deletion_that_an_image_forbids_names_the_image_and_the_others_are_finished() -> None:
    rows = [backup("b", "web", info={"os_images_data": [{"image_id": "img-1"}]}), backup("b-0001", "db")]
    held = CloudError("delete backup 'b'", "an image was made of the backup and holds it", "CSBS.8007", 400)
    with pytest.raises(TaskFailed) as failure:
        delete(rows, {"web": ["available"], "db": ["deleting", None]}, {0: held})
    assert "Images that hold these backups: img-1." in str(failure.value)
    assert failure.value.results["error_code"] == "CSBS.8007"
    assert failure.value.results["changed"] is True


def test_a_failed_deletion_does_not_return_as_deleted_what_is_still_there() -> None:
    held = CloudError("delete backup 'b'", "held", "CSBS.8007", 400)
    with pytest.raises(TaskFailed) as failure:
        delete([backup("b", "web"), backup("b-0001", "db")], {"db": [None]}, {0: held})
    assert [one["id"] for one in failure.value.results["backups"]] == ["item-b-0001-db"]


def test_a_deletion_that_does_not_end_is_told_with_its_state() -> None:
    with pytest.raises(TaskFailed) as failure:
        delete(MANY[:1], {"web": ["deleting"]}, timeout=60)
    assert "Not deleted within 60 seconds" in str(failure.value) and "(item-b-web) is deleting" in str(failure.value)


def test_without_waiting_a_deletion_reads_nothing_more() -> None:
    cloud = delete(MANY[:1], {"web": ["deleting"]}, wait=False)[1]
    assert cloud.lists == []
