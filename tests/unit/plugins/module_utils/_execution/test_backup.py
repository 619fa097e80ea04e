# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following backups and the backups of a policy run until each has ended."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.backup import (
    BackupFollower,
    BackupFollowers,
    await_backups,
    why_left_out,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.backup import BackupOptions
from tests.support.fakes import Cloud, Ticks, backup

Rows = list[dict[str, t.Any]]


def queries(cloud: Cloud) -> Rows:
    return [query for what, query in cloud.asked if what == "backups"]


class Moving(Cloud):
    """A cloud whose backups move on by one state with each list; None is a backup that the list leaves out."""

    def __init__(self, rows: Rows, steps: dict[str, list[str | None]]) -> None:
        super().__init__(backups=rows)
        self.steps = steps
        self.read: list[str] = []

    def backups(self, **query: t.Any) -> Rows:
        super().backups(**query)
        rows = [self._moved(row) for row in self.all_backups]
        return [row for row in rows if row["status"] is not None]

    def backup(self, backup_id: str) -> dict[str, t.Any] | None:
        self.read.append(backup_id)
        row = next(self._moved(row) for row in self.all_backups if row["id"] == backup_id)
        return None if row["status"] is None else row

    def _moved(self, row: dict[str, t.Any]) -> dict[str, t.Any]:
        left = self.steps[row["extend_info"]["resource_name"]]
        return {**row, "status": left.pop(0) if len(left) > 1 else left[0]}


def started(name: str, server: str, **fields: t.Any) -> t.Any:
    """What is known of a backup that was just started."""
    return {
        "name": name,
        "resource_id": f"id-{server}",
        "checkpoint_id": f"rec-{name}-{server}",
        "created_at": "2026-07-01T06:00:00",
        "extend_info": {"resource_name": server},
        **fields,
    }


def follower(cloud: Cloud, *rows: t.Any, name: str | None = None) -> BackupFollower:
    made = BackupFollower(t.cast("t.Any", cloud), name)
    for row in rows:
        made.add(row, seen=False)
    return made


def polls(made: t.Any, most: int = 20) -> int:
    """Poll until everything has ended; return how often."""
    return next(count for count in range(1, most) if made.refresh())


def test_one_list_follows_all_backups() -> None:
    cloud = Moving([backup("b", "web"), backup("b", "db")], {"web": ["protecting", "available"], "db": ["available"]})
    made = follower(cloud, started("b", "web"), started("b", "db"), name="b")
    assert (polls(made), queries(cloud)) == (2, [{"name": "b"}] * 2)
    assert {server_id: row["status"] for server_id, row in made.rows.items()} == {
        "id-web": "available",
        "id-db": "available",
    }


def test_a_backup_that_has_ended_needs_no_request() -> None:
    cloud = Cloud()
    made = follower(cloud, backup("b", "web"))
    assert made.refresh() is True and cloud.asked == []


def test_a_backup_that_the_list_shows_late_is_waited_for() -> None:
    cloud = Moving([backup("b", "web")], {"web": [None, None, "protecting", "available"]})
    made = follower(cloud, started("b", "web"))
    assert polls(made) == 4 and cloud.read == []


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        ({"fail_reason": "snapshot failed", "fail_code": {"Code": "5004"}}, "snapshot failed (code 5004)"),
        ({}, "the service gives no reason"),
    ],
)
def test_a_failed_backup_has_the_reason_of_the_service(info: dict[str, t.Any], reason: str) -> None:
    made = follower(Cloud(backups=[backup("b", "web", "error", info=info)]), started("b", "web"))
    assert made.refresh() is True
    assert (made.failed, made.pending) == ({"id-web": reason}, {})


@pytest.mark.parametrize("status", ["deleting", "deleted", "waiting_delete"])
def test_a_backup_that_somebody_deletes_meanwhile_has_failed(status: str) -> None:
    made = follower(Cloud(backups=[backup("b", "web", status)]), started("b", "web"))
    assert made.refresh() is True
    assert made.failed == {"id-web": f"it was deleted meanwhile ({status})"}


def test_a_backup_that_is_no_longer_there_has_failed() -> None:
    made = follower(Moving([backup("b", "web")], {"web": ["protecting", None]}), started("b", "web"), name="b")
    assert polls(made) == 2
    assert made.failed == {"id-web": "it is no longer there"}


def test_a_backup_that_a_list_leaves_out_is_read_before_it_counts_as_gone() -> None:
    steps: dict[str, list[str | None]] = {"web": ["protecting", None, "protecting", None, "available"]}
    cloud = Moving([backup("b", "web")], steps)
    made = follower(cloud, started("b", "web"), name="b")
    assert (polls(made), made.failed) == (3, {})
    assert cloud.read == ["item-b-web"] * 2


def test_a_row_without_tags_does_not_remove_known_tags() -> None:
    made = follower(Cloud(backups=[backup("b", "web", tags=None)]), started("b", "web", tags=[{"key": "a"}]))
    assert made.refresh() is True
    assert made.rows["id-web"]["tags"] == [{"key": "a"}]


# ========== Which list is read ==========
def test_one_backup_is_looked_for_by_its_server() -> None:
    cloud = Cloud()
    follower(cloud, started("x", "web"), name=None).refresh()
    assert queries(cloud) == [{"resource_id": "id-web"}]


def test_backups_of_other_names_are_not_looked_for_by_the_name_of_the_task() -> None:
    cloud = Cloud()
    follower(cloud, started("b", "web"), started("other", "db"), name="b").refresh()
    assert "name" not in queries(cloud)[0]


def test_a_filter_by_time_that_hides_what_was_started_is_dropped() -> None:
    """Clocks differ: the service may date a backup earlier than its own answer."""
    cloud = Cloud()
    made = follower(cloud, started("x", "web"), started("y", "db"))
    for dummy in range(4):
        made.refresh()
    assert queries(cloud)[0] == {"start_time": "2026-07-01T05:59:59.000000"}
    assert queries(cloud)[-1] == {}


def test_early_polls_drop_no_filter_by_time() -> None:
    """They come so soon after the start that the list may only be late; without the filter it may have many pages."""
    cloud = Cloud()
    made = follower(cloud, started("x", "web"), started("y", "db"))
    for dummy in range(9):
        made.refresh(early=True)
    assert all("start_time" in query for query in queries(cloud))


def test_a_filter_by_time_that_hid_a_seen_backup_does_not_make_it_look_gone() -> None:
    class HiddenByTime(Cloud):
        def backups(self, **query: t.Any) -> Rows:
            return [] if "start_time" in query else super().backups(**query)

    cloud = HiddenByTime(backups=[backup("x", "web", "protecting"), backup("y", "db", "protecting")])
    made = follower(cloud, started("x", "web"), started("y", "db"))
    for dummy in range(8):
        made.refresh()
    assert made.failed == {}
    assert {row["status"] for row in made.rows.values()} == {"protecting"}


# ========== A task that does not wait ==========
def test_ids_are_found_when_every_started_backup_is_listed() -> None:
    cloud = Moving([backup("b", "web"), backup("b", "db")], {"web": ["protecting"], "db": [None, "protecting"]})
    made = follower(cloud, started("b", "web"), started("b", "db"), name="b")
    assert [made.find_ids(), made.find_ids()] == [False, True]


# ========== Runs of policies ==========
def run_follower(*rows: dict[str, t.Any]) -> tuple[BackupFollower, Cloud]:
    cloud = Cloud(backups=rows)
    run = BackupFollower(t.cast("t.Any", cloud), checkpoint_id="rec")
    for name in ("web", "db"):
        run.add(started("r", name, checkpoint_id="rec"), seen=False)
    return run, cloud


@pytest.mark.parametrize("rows", [[], [backup("r", "web", "protecting", checkpoint_id="rec")]], ids=len)
def test_no_server_is_missing_while_nothing_is_listed_or_others_are_in_progress(rows: Rows) -> None:
    run, dummy = run_follower(*rows)
    assert not any(run.refresh() for dummy in range(20))
    assert run.left_out == []


@pytest.mark.parametrize("status", ["available", "error"])
def test_a_server_that_is_missing_after_all_others_have_ended_was_left_out(status: str) -> None:
    run, cloud = run_follower(backup("r", "web", status, checkpoint_id="rec"))
    assert polls(run) > 2, "lists lag, so one poll is not enough"
    assert (run.left_out, list(run.rows)) == (["id-db"], ["id-web"])
    assert all(query == {"checkpoint_id": "rec"} for query in queries(cloud))


def test_early_polls_do_not_count_a_server_as_left_out() -> None:
    run = run_follower(backup("r", "web", checkpoint_id="rec"))[0]
    assert not any(BackupFollowers(run).refresh(early=True) for dummy in range(20))
    assert run.left_out == []


def test_a_server_that_is_listed_late_was_not_left_out() -> None:
    run, cloud = run_follower(backup("r", "web", checkpoint_id="rec"))
    assert not run.refresh()
    cloud.all_backups.append(backup("r", "db", "protecting", checkpoint_id="rec"))
    assert not any(run.refresh() for dummy in range(20))
    assert run.left_out == []


def test_each_of_several_checkpoints_gives_up_its_own_missing_servers() -> None:
    cloud = Cloud(
        backups=[backup("a", "web", checkpoint_id="one"), backup("b", "app", "protecting", checkpoint_id="two")]
    )
    run = follower(cloud)
    for name, checkpoint in (("web", "one"), ("db", "one"), ("app", "two"), ("late", "two"), ("alone", "three")):
        run.add(started("r", name, checkpoint_id=checkpoint), seen=False)
    assert not any(run.refresh() for dummy in range(20))
    assert run.left_out == ["id-db"]
    assert run.rows.keys() == {"id-web", "id-app", "id-late", "id-alone"}


def test_what_a_call_started_is_followed_by_its_answer_and_what_it_skipped_is_not() -> None:
    run = follower(Cloud())
    planned: t.Any = {"resource_id": "id-web", "tags": [{"key": "a", "value": "1"}], "name": "b"}
    answer = {"id": "rec", "created_at": "2026-07-01T06:00:00.000000", "skipped": {"id-db": "no disk"}}
    run.start(planned, answer)
    run.start({**planned, "resource_id": "id-db"}, answer)
    assert run.skipped == {"id-db": "no disk"}
    assert run.rows == {"id-web": {**planned, "checkpoint_id": "rec", "created_at": answer["created_at"]}}
    assert run.unlisted == ["id-web"]


def test_what_was_found_after_a_lost_answer_is_known_with_the_tags_of_the_task() -> None:
    run = follower(Cloud())
    planned: t.Any = {"resource_id": "id-web", "tags": [{"key": "a", "value": "1"}], "name": None}
    row = backup("b", "web", tags=None)
    run.start(planned, {"id": row["checkpoint_id"], "created_at": row["created_at"], "rows": {"id-web": row}})
    assert run.rows == {"id-web": {**row, "tags": planned["tags"]}}
    assert not run.pending


def test_backups_of_one_checkpoint_are_listed_by_it_where_their_names_do_not_help() -> None:
    cloud = Cloud()
    run = follower(cloud)
    for name in ("web", "db"):
        run.add(started("r", name, checkpoint_id="rec"), seen=False)
    run.refresh()
    run.add(started("r", "app", checkpoint_id="other"), seen=False)
    run.refresh()
    assert [list(query) for query in queries(cloud)] == [["checkpoint_id"], ["start_time"]]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ({"result": False, "error_code": "CSBS.6007", "error_msg": "no volume"}, "CSBS.6007"),
        ({"result": True}, "so run it again"),
    ],
)
def test_why_a_server_was_left_out_is_asked_of_the_service(verdict: dict[str, t.Any], words: str) -> None:
    cloud: t.Any = Cloud(verdicts={"id-web": verdict})
    assert words in why_left_out(cloud, ["id-web"], "run it")["id-web"]
    assert why_left_out(cloud, [], "run it") == {}


def test_several_followers_end_together_and_each_is_polled() -> None:
    cloud = Moving(
        [backup("b", "web"), backup("c", "db")], {"web": ["available"], "db": ["protecting", "protecting", "error"]}
    )
    both = BackupFollowers(follower(cloud, started("b", "web")), follower(cloud, started("c", "db")))
    assert [both.refresh(), both.refresh()] == [False, True]
    assert (list(both.rows), list(both.failed), both.pending) == (["id-web", "id-db"], ["id-db"], {})


# ========== The ending ==========
def test_the_ending_counts_usable_backups_and_names_all_others() -> None:
    rows = [backup("b", "web"), backup("b", "db", "error"), backup("b", "app", "protecting")]
    made = follower(Cloud(backups=rows), *(started("b", name) for name in ("web", "db", "app")), name="b")
    ending = await_backups(made, BackupOptions("present"), Ticks().clock(60), "look again")
    assert (ending.usable, ending.unseen) == (1, None)
    assert ending.problems == [
        "Backup 'b' of server 'db' (item-b-db) failed: the service gives no reason",
        "Not ended within 60 seconds (timeout): 'b' of server 'app' (item-b-app) is protecting."
        " What was started goes on. What to do: look again.",
    ]


def test_a_backup_that_no_list_shows_is_named_by_its_checkpoint() -> None:
    made = follower(Cloud(), started("b", "web"))
    (problem,) = await_backups(made, BackupOptions("present"), Ticks().clock(60), "look again").problems
    assert "rec-b-web) is not listed yet" in problem


def test_an_ending_that_nobody_saw_has_the_reason() -> None:
    class Failing(Cloud):
        def backups(self, **query: t.Any) -> Rows:
            raise CloudError("list backups", "the service failed", "CSBS.9999", 500)

    ending = await_backups(
        follower(Failing(), started("b", "web")), BackupOptions("present"), Ticks().clock(), "look again"
    )
    assert ending.unseen is not None and ending.problems[0].startswith("Could not list backups: the service failed")
