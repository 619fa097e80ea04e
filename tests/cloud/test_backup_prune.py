# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup_prune against the local cloud: what goes, what must not, faults and waiting."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

import pytest

from tests.emulator import Emulator
from tests.support.estate import backup_in, delete_server, make_image, send, set_server
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

FAST = {"poll_interval": 0.1, "timeout": 60}
DAY = 86400.0
Result = dict[str, t.Any]


def prune(cloud: Emulator, **args: t.Any) -> Result:
    return run_ok("csbs_backup_prune", {**FAST, **args}, cloud)


def failed(cloud: Emulator, **args: t.Any) -> Result:
    result = run_module("csbs_backup_prune", {**FAST, **args}, cloud)
    assert result.get("failed"), result
    return result


def made(cloud: Emulator, server: str, *days: float, **fields: t.Any) -> list[str]:
    """Make backups of a server, so many days old, named for server and age; return their ids."""
    server_id = cloud.server(server).id
    return [cloud.make_backup(server_id, name=f"{server}-{one:g}", age=one * DAY, **fields).id for one in days]


def names(rows: list[Result]) -> list[str]:
    return [row["name"] for row in rows]


def reasons(result: Result) -> dict[str, list[str]]:
    return {row["name"]: row["reasons"] for row in result["kept"]}


def there(cloud: Emulator) -> set[str]:
    return {item.name for item in cloud.state.items.values()}


def test_each_server_is_thinned_for_itself_and_others_are_not_touched(cloud: Emulator) -> None:
    for server, days in (("srv-0001", (0, 1, 2)), ("srv-0002", (5, 6)), ("srv-0003", (7, 8, 9))):
        made(cloud, server, *days)
    result = prune(cloud, servers=["srv-0002", "srv-0001"], keep_last=1)
    assert reasons(result) == {"srv-0002-5": ["last"], "srv-0001-0": ["last"]}
    assert names(result["removed"]) == ["srv-0002-6", "srv-0001-1", "srv-0001-2"]
    assert there(cloud) == {"srv-0002-5", "srv-0001-0", "srv-0003-7", "srv-0003-8", "srv-0003-9"}
    assert [one["name"] for one in result["servers"]] == ["srv-0002", "srv-0001"]
    cloud.journal.clear()
    again = prune(cloud, servers=["srv-0002", "srv-0001"], keep_last=1)
    assert (again["changed"], again["removed"], cloud.journal.writes()) == (False, [], [])


def test_reasons_come_in_their_order_and_the_oldest_is_kept_while_a_count_is_left(cloud: Emulator) -> None:
    newest, *dummy, oldest = made(cloud, "srv-0001", 0, 400, 400.001, 800, 800.001, tags={"keep": "yes"})
    for one in (newest, oldest):
        backup_in(cloud, one).tags = {}
    options: Result = {
        "keep_last": 1,
        "keep_hourly": 1,
        "keep_daily": 2,
        "keep_yearly": 9,
        "keep_within": "1h",
        "older_than": "7d",
    }
    result = prune(cloud, servers=["srv-0001"], keep_tags={"keep": "yes"}, **options)
    assert list(reasons(result).items()) == [
        ("srv-0001-0", ["last", "hourly", "daily", "yearly", "within", "young"]),
        ("srv-0001-400", ["daily", "yearly", "tag"]),
        ("srv-0001-400.001", ["tag"]),
        ("srv-0001-800", ["yearly", "tag"]),
        ("srv-0001-800.001", ["yearly"]),
    ]


def test_m_is_months_as_in_restic(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 0, 1, 200, 300)
    assert names(prune(cloud, servers=["srv-0001"], keep_within="7m")["removed"]) == ["srv-0001-300"]


def test_durations_keep_the_newest_of_each_period(cloud: Emulator) -> None:
    # Noon in the middle of a month, and time stands still while backups are made.
    now = cloud.clock.now()
    noon = (now.replace(day=1) + timedelta(days=45)).replace(day=15, hour=12, minute=0)
    cloud.settings(speed=0)
    cloud.clock.advance((noon - now).total_seconds())
    made(cloud, "srv-0001", 0, 0.01, 1, 1.01, 2, 40, 40.01, 400, 800)
    cloud.settings(speed=3000)
    durations = {"keep_within_daily": "36h", "keep_within_monthly": "3m", "keep_within_yearly": "1y6m"}
    result = prune(cloud, servers=["srv-0001"], **durations, timezone="UTC+02:00")
    kept = reasons(result)
    assert {"srv-0001-0", "srv-0001-1", "srv-0001-40", "srv-0001-400"} <= set(kept)
    assert not {"srv-0001-0.01", "srv-0001-1.01", "srv-0001-2", "srv-0001-40.01", "srv-0001-800"} & set(kept)
    assert set(map(tuple, kept.values())) == {("within",)}


def test_only_what_is_older_goes_and_younger_ones_count(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 1, 2, 3, 60, 61)
    made(cloud, "srv-0001", 4, 62, status="error")
    result = prune(cloud, servers=["srv-0001"], keep_last=1, older_than="30d")
    assert reasons(result) == {
        "srv-0001-1": ["last", "young"],
        "srv-0001-2": ["young"],
        "srv-0001-3": ["young"],
        "srv-0001-4": ["young"],
    }
    assert names(result["removed"]) == ["srv-0001-60", "srv-0001-61", "srv-0001-62"]
    cloud.clock.advance(40 * DAY)
    assert names(prune(cloud, servers=["srv-0001"], keep_last=1, older_than="30d")["removed"]) == [
        "srv-0001-2",
        "srv-0001-3",
        "srv-0001-4",
    ]


def named(cloud: Emulator, server: str, name: str, *days: float, **fields: t.Any) -> list[str]:
    return [cloud.make_backup(cloud.server(server).id, name=name, age=one * DAY, **fields).id for one in days]


def test_a_name_chooses_which_backups_are_judged(cloud: Emulator) -> None:
    named(cloud, "srv-0001", "before-patch-0001", 1, 2, 3)
    named(cloud, "srv-0002", "before-patch-0002", 1, 2)
    named(cloud, "srv-0001", "golden", 0, 4)
    named(cloud, "srv-0001", "Before-Patch", 5)
    result = prune(cloud, server_filters={"name": "*"}, name="before-patch*", keep_last=1)
    assert names(result["kept"]) == ["before-patch-0001", "before-patch-0002"]
    assert names(result["removed"]) == ["before-patch-0001", "before-patch-0001", "before-patch-0002"]
    others = sorted(item.name for item in cloud.state.items.values() if not item.name.startswith("before-patch"))
    assert others == ["Before-Patch", "golden", "golden"]
    cloud.journal.clear()
    again = prune(cloud, server_filters={"name": "*"}, name="nothing-like-it*", keep_last=1)
    assert (again["changed"], again["kept"], again["removed"], cloud.journal.writes()) == (False, [], [], [])


@pytest.mark.parametrize("refused", [False, True])
def test_tags_choose_which_backups_are_judged(cloud: Emulator, refused: bool) -> None:
    made(cloud, "srv-0001", 0, 1)
    made(cloud, "srv-0001", 2, 3, tags={"team": "a", "env": "prod"})
    made(cloud, "srv-0001", 4, tags={"team": "b"})
    if refused:
        cloud.faults.add(method="POST", path="resource_instances/action", status=400, error_code="CSBS.9001", times=-1)
    assert names(prune(cloud, servers=["srv-0001"], tags={"team": "a", "env": "prod"}, keep_last=1)["removed"]) == [
        "srv-0001-3"
    ]
    assert prune(cloud, servers=["srv-0001"], tags={"team": "a", "env": None, "other": None}, keep_last=1)["kept"] == []
    assert names(prune(cloud, servers=["srv-0001"], tags={"team": None}, keep_last=1)["removed"]) == ["srv-0001-4"]
    assert there(cloud) == {"srv-0001-0", "srv-0001-1", "srv-0001-2"}


def test_servers_are_named_as_they_are_now(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 0, 1)
    made(cloud, "srv-0002", 0, 1)
    cloud.change_server(cloud.server("srv-0001").id, name="renamed")
    delete_server(cloud, "srv-0002")
    result = prune(cloud, servers=["renamed", "srv-0002"], keep_last=1)
    assert [one["server"]["name"] for one in result["kept"]] == ["renamed", "srv-0002"]
    assert [one["server"]["name"] for one in result["removed"]] == ["renamed", "srv-0002"]
    assert result["diff"]["before"] == {
        "backups": [{"name": "srv-0001-1", "server": "renamed"}, {"name": "srv-0002-1", "server": "srv-0002"}]
    }


def test_what_schedules_made_is_touched_only_when_asked_for(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 1, 3)
    made(cloud, "srv-0001", 0, 2, auto_trigger=True)
    assert names(prune(cloud, servers=["srv-0001"], keep_last=1)["removed"]) == ["srv-0001-3"]
    result = prune(cloud, servers=["srv-0001"], keep_last=1, include_automatic=True)
    assert (names(result["kept"]), names(result["removed"])) == (["srv-0001-0"], ["srv-0001-1", "srv-0001-2"])


def test_failed_ones_go_and_never_take_the_place_of_good_ones(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 0, 1, status="error")
    made(cloud, "srv-0001", 2, 3, 4)
    tagged = made(cloud, "srv-0001", 5, status="error", tags={"evidence": "1"})
    made(cloud, "srv-0002", 0, status="error", auto_trigger=True)
    made(cloud, "srv-0002", 1, status="error")
    result = prune(cloud, servers=["srv-0001", "srv-0002"], keep_last=2, keep_tags={"evidence": None})
    assert reasons(result) == {"srv-0001-2": ["last"], "srv-0001-3": ["last"], "srv-0001-5": ["tag"]}
    assert names(result["removed"]) == ["srv-0001-0", "srv-0001-1", "srv-0001-4", "srv-0002-1"]
    assert result["kept"][2]["id"] == tagged[0] and there(cloud) == {
        "srv-0001-2",
        "srv-0001-3",
        "srv-0001-5",
        "srv-0002-0",
    }


def test_running_ones_and_those_that_are_going_are_left_alone_and_not_counted(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 4, 5)
    for age, status in ((0, "waiting_protect"), (1, "protecting"), (2, "waiting_delete"), (3, "deleting")):
        cloud.force_backup(made(cloud, "srv-0001", age)[0], status=status)
    cloud.journal.clear()
    result = prune(cloud, servers=["srv-0001"], keep_last=1)
    assert (names(result["kept"]), names(result["removed"]), result["busy"]) == (["srv-0001-4"], ["srv-0001-5"], [])
    assert len(cloud.journal.writes()) == 1


def test_what_an_image_holds_is_kept_with_that_reason_and_counts(cloud: Emulator) -> None:
    newest, dummy, old = made(cloud, "srv-0001", 0, 1, 2)
    make_image(cloud, newest)
    make_image(cloud, old)
    result = prune(cloud, servers=["srv-0001"], keep_last=1)
    assert reasons(result) == {"srv-0001-0": ["last", "image"], "srv-0001-2": ["image"]}
    assert names(result["removed"]) == ["srv-0001-1"]


def test_what_an_image_in_the_making_holds_is_kept_and_no_failure(cloud: Emulator) -> None:
    cloud.settings(speed=60)
    dummy, held = made(cloud, "srv-0001", 0, 1)
    body = {"name": "image", "backup_id": held, "whole_image_type": "CSBS"}
    send(cloud, "POST", "/v1/cloudimages/wholeimages/action", body, base=cloud.ims_url)
    result = prune(cloud, servers=["srv-0001"], keep_last=1)
    assert reasons(result) == {"srv-0001-0": ["last"], "srv-0001-1": ["image"]}
    assert (result["changed"], result["removed"]) == (False, [])
    made(cloud, "srv-0001", 3)
    result = prune(cloud, servers=["srv-0001"], keep_last=1)
    assert (result["changed"], names(result["removed"])) == (True, ["srv-0001-3"])


def test_what_is_being_restored_is_told_as_busy_and_not_deleted(cloud: Emulator) -> None:
    dummy, one, other = made(cloud, "srv-0001", 0, 1, 2)
    cloud.force_backup(one, status="restoring")
    result = prune(cloud, servers=["srv-0001"], keep_last=1)
    assert (names(result["busy"]), names(result["removed"])) == (["srv-0001-1"], ["srv-0001-2"])
    assert result["busy"][0]["status"] == "restoring" and one in cloud.state.items and other not in cloud.state.items
    assert reasons(prune(cloud, servers=["srv-0001"], keep_last=2)) == {"srv-0001-0": ["last"], "srv-0001-1": ["last"]}


@one_mode
def test_what_stays_busy_until_the_timeout_is_told_as_busy_and_the_others_go(cloud: Emulator) -> None:
    dummy, busy, other = made(cloud, "srv-0001", 0, 1, 2)
    cloud.faults.add(method="DELETE", path=busy, status=400, error_code="CSBS.2003", times=-1)
    result = prune(cloud, servers=["srv-0001"], keep_last=1, timeout=3)
    assert (names(result["busy"]), names(result["removed"]), result["changed"]) == (
        ["srv-0001-1"],
        ["srv-0001-2"],
        True,
    )
    assert busy in cloud.state.items and other not in cloud.state.items
    only_busy = prune(cloud, servers=["srv-0001"], keep_last=1, timeout=1)
    assert (names(only_busy["busy"]), only_busy["changed"]) == (["srv-0001-1"], False)


@one_mode
def test_what_is_busy_only_for_a_while_goes(cloud: Emulator) -> None:
    old = made(cloud, "srv-0001", 0, 1)[1]
    cloud.faults.add(method="DELETE", path=old, status=400, error_code="CSBS.2003", times=1)
    assert names(prune(cloud, servers=["srv-0001"], keep_last=1)["removed"]) == ["srv-0001-1"]


@pytest.mark.parametrize(
    "fault",
    [{"drop": "before"}, {"drop": "after"}, {"status": 502, "effect": True}, {"status": 504}],
    ids=["before", "after", "502", "504"],
)
def test_a_lost_answer_is_no_failure(cloud: Emulator, fault: dict[str, t.Any]) -> None:
    made(cloud, "srv-0001", 0, 1, 2)
    cloud.faults.add(method="DELETE", path="/checkpoints/", **fault)
    result = prune(cloud, servers=["srv-0001"], keep_last=1)
    assert names(result["removed"]) == ["srv-0001-1", "srv-0001-2"]
    assert there(cloud) == {"srv-0001-0"}


def test_a_deletion_that_ends_in_error_fails_the_task_and_the_others_are_finished(cloud: Emulator) -> None:
    broken = made(cloud, "srv-0001", 0, 1)[1]
    made(cloud, "srv-0002", 0, 1, 2)
    set_server(cloud, "srv-0001", fail_next_delete="storage is away")
    result = failed(cloud, servers=["srv-0001", "srv-0002"], keep_last=1)
    assert all(word in result["msg"] for word in ("'srv-0001'", "'srv-0001-1'", broken, "storage is away", "2 of 3"))
    assert names(result["removed"]) == ["srv-0002-1", "srv-0002-2"] and result["changed"] is True
    assert names(result["kept"]) == ["srv-0001-0", "srv-0002-0"]
    again = prune(cloud, servers=["srv-0001", "srv-0002"], keep_last=1)
    assert names(again["removed"]) == ["srv-0001-1"]


@one_mode
def test_a_deletion_that_is_refused_fails_the_task_with_its_code(cloud: Emulator) -> None:
    dummy, refused, other = made(cloud, "srv-0001", 0, 1, 2)
    cloud.faults.add(method="DELETE", path=refused, status=403, error_code="APIGW.0302", times=-1)
    result = failed(cloud, servers=["srv-0001"], keep_last=1)
    assert (result["error_code"], result["status"]) == ("APIGW.0302", 403) and result["request_id"]
    assert refused in result["msg"] and "delete backup 'srv-0001-1' of server 'srv-0001'" in result["msg"]
    assert names(result["removed"]) == ["srv-0001-2"] and other not in cloud.state.items
    alone = failed(cloud, servers=["srv-0001"], keep_last=1)
    assert (alone["changed"], alone["removed"]) == (False, [])


@one_mode
def test_a_timeout_tells_what_is_being_deleted_and_claims_nothing(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 0)
    going = made(cloud, "srv-0001", 1, 2, 3, 4)
    cloud.settings(speed=0)
    result = failed(cloud, servers=["srv-0001"], keep_last=1, timeout=1)
    cloud.settings(speed=3000)
    assert "timeout" in result["msg"] and all(one in result["msg"] for one in going)
    assert (result["removed"], result["changed"]) == ([], True)
    assert {one["id"]: one["status"] for one in result["busy"]} == dict.fromkeys(going, "waiting_delete")


@one_mode
def test_without_wait_the_task_ends_when_the_deletions_are_accepted(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 0, 1)
    cloud.settings(speed=0)
    result = prune(cloud, servers=["srv-0001"], keep_last=1, wait=False)
    assert names(result["removed"]) == ["srv-0001-1"] and there(cloud) == {"srv-0001-0", "srv-0001-1"}
    cloud.settings(speed=3000)


def test_a_server_that_is_gone_is_named_by_its_id_or_by_the_name_on_its_backups(cloud: Emulator) -> None:
    server = cloud.server("srv-0001").id
    made(cloud, "srv-0001", 0, 1, 2)
    made(cloud, "srv-0002", 0, 1)
    delete_server(cloud, "srv-0001")
    result = prune(cloud, servers=[server], keep_last=2)
    assert names(result["removed"]) == ["srv-0001-2"]
    assert result["servers"] == [{"id": server, "name": "srv-0001"}]
    assert names(prune(cloud, servers=["srv-0001"], keep_last=1)["removed"]) == ["srv-0001-1"]
    assert there(cloud) == {"srv-0001-0", "srv-0002-0", "srv-0002-1"}
    assert prune(cloud, server_filters={"name": "srv-0001"}, keep_last=1)["kept"] == []


def test_names_that_fit_nothing_or_two_are_refused_before_anything_is_written(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 0, 1)
    twins = [cloud.add_server("twin").id for dummy in range(2)]
    for one in twins:
        for age in (0, DAY):
            cloud.make_backup(one, name="t", age=age)
    cloud.change_server(cloud.server("srv-0002").id, name="renamed")
    cloud.make_backup(cloud.server("srv-0003").id, name="before-renaming")
    cloud.journal.clear()
    message = failed(cloud, servers=["srv-0001", "nobody", "srv-0002"], keep_last=1)["msg"]
    assert "'nobody', 'srv-0002'" in message and "'srv-0001'" not in message
    assert all(one in failed(cloud, servers=["twin"], keep_last=1)["msg"] for one in twins)
    for one in twins:
        cloud.remove_server(one)
    assert all(one in failed(cloud, servers=["twin"], keep_last=1)["msg"] for one in twins)
    cloud.change_server(cloud.server("srv-0003").id, name="new-name")
    assert "no such server" in failed(cloud, servers=["srv-0003"], keep_last=1)["msg"], (
        "a server is not found by a name that it had once"
    )
    assert cloud.journal.writes() == []


def test_tags_alone_never_take_the_last_good_backup_of_a_server(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 0, 1)
    made(cloud, "srv-0002", 0, tags={"keep": "1"})
    made(cloud, "srv-0002", 1)
    cloud.journal.clear()
    message = failed(cloud, servers=["srv-0001", "srv-0002"], keep_tags={"keep": "1"})["msg"]
    assert "'srv-0001'" in message and "'srv-0002'" not in message and cloud.journal.writes() == []
    assert names(prune(cloud, servers=["srv-0002"], keep_tags={"keep": 1})["removed"]) == ["srv-0002-1"]


def test_tags_keep_backups_where_the_service_answers_no_query_for_all_tags(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 0, 2)
    made(cloud, "srv-0001", 1, tags={"keep": "1"})
    cloud.faults.add(method="POST", path="resource_instances/action", status=400, error_code="CSBS.9001", times=-1)
    result = prune(cloud, servers=["srv-0001"], keep_last=1, keep_tags={"keep": "1"})
    assert reasons(result) == {"srv-0001-0": ["last"], "srv-0001-1": ["tag"]}
    assert names(result["removed"]) == ["srv-0001-2"]


def test_reading_takes_one_list_for_the_whole_fleet(cloud: Emulator) -> None:
    for number in range(1, 7):
        made(cloud, f"srv-{number:04d}", 0, 1, 2)
    cloud.journal.clear()
    prune(cloud, server_filters={"name": "srv-*"}, keep_last=3)
    csbs = cloud.journal.select(service="csbs")
    assert len([entry for entry in csbs if entry["method"] == "GET"]) == 1 and len(csbs) <= 2
    cloud.journal.clear()
    prune(cloud, servers=["srv-0001"], keep_last=3)
    assert cloud.journal.select(service="csbs")[0]["query"]["resource_id"] == cloud.server("srv-0001").id


@one_mode
def test_never_more_than_five_deletions_are_under_way(cloud: Emulator) -> None:
    for number in range(1, 7):
        made(cloud, f"srv-{number:04d}", 0, 1, 2)
    delay = 0.3
    cloud.settings(speed=100)
    cloud.faults.add(method="DELETE", path="/checkpoints/", delay=delay, times=-1)
    cloud.journal.clear()
    assert len(prune(cloud, server_filters={"name": "srv-*"}, keep_last=1)["removed"]) == 12
    ends = sorted(datetime.fromisoformat(entry["at"]) for entry in cloud.journal.select(method="DELETE"))
    # When a request begins, at most four others have not ended: the sixth to end began after the first had ended.
    assert len(ends) == 12
    assert all((later - earlier).total_seconds() >= delay * 100 for earlier, later in zip(ends, ends[5:]))
    assert any((later - earlier).total_seconds() < delay * 100 for earlier, later in zip(ends, ends[4:])), (
        "they go one by one"
    )


def test_the_diff_tells_what_goes_by_names_only(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 0, 1)
    diff = run_module("csbs_backup_prune", {**FAST, "servers": ["srv-0001"], "keep_last": 1}, cloud, check=True)["diff"]
    assert diff == {"before": {"backups": [{"name": "srv-0001-1", "server": "srv-0001"}]}, "after": {"backups": []}}
    assert there(cloud) == {"srv-0001-0", "srv-0001-1"}


def test_a_backup_that_lists_leave_out_is_not_told_to_be_gone(cloud: Emulator) -> None:
    """Pages move while others delete; what is busy and not listed is still there."""
    old = made(cloud, "srv-0001", 0, 1, 2, 3, 4, 5)[1:]
    cloud.faults.add(method="DELETE", path="/checkpoints/", status=400, error_code="CSBS.2003", times=-1)
    busy = [cloud.state.items[key] for key in old]
    cloud.faults.add(method="GET", path=r"/checkpoint_items\?", skip=1, times=-1, body='{"checkpoint_items": []}')
    result = prune(cloud, servers=["srv-0001"], keep_last=1, timeout=2)
    assert (names(result["busy"]), result["removed"], result["changed"]) == ([one.name for one in busy], [], False)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"keep_last": 1}, ["servers", "server_filters"]),
        ({"servers": ["a"]}, ["no rule", "keep_last"]),
        ({"servers": ["a"], "keep_last": 0, "keep_yearly": 0, "keep_tags": {}}, ["no rule"]),
        ({"servers": ["a"], "include_automatic": True, "timezone": "Europe/Berlin"}, ["no rule"]),
        ({"servers": ["a"], "keep_daily": -2}, ["keep_daily", "-2"]),
        ({"servers": ["a"], "keep_within": "soon"}, ["keep_within", "soon"]),
        ({"servers": ["a"], "keep_within": "0d"}, ["keep_within", "0d"]),
        ({"servers": ["a"], "keep_within": "2w"}, ["keep_within", "2w", "14d"]),
        ({"servers": ["a"], "keep_within": 7}, ["keep_within", "unit"]),
        ({"servers": ["a"], "keep_within": "7M"}, ["keep_within", "7m"]),
        ({"servers": ["a"], "keep_within": ""}, ["keep_within"]),
        ({"servers": ["a"], "keep_within_weekly": "90s"}, ["keep_within_weekly", "1h"]),
        ({"servers": ["a"], "keep_hourly": -2}, ["keep_hourly", "-2"]),
        ({"servers": ["a"], "older_than": "7d"}, ["older_than", "keep_last"]),
        ({"servers": ["a"], "older_than": "7d", "keep_last": 0}, ["older_than", "keep_last"]),
        ({"servers": ["a"], "older_than": "90m", "keep_last": 1}, ["older_than", "90m", "5400", "months"]),
        ({"servers": ["a"], "name": "", "keep_last": 1}, ["name", "empty"]),
        ({"servers": ["a"], "name": "  ", "keep_last": 1}, ["name", "empty"]),
        ({"servers": ["a"], "tags": {}, "keep_last": 1}, ["tags", "leave tags out"]),
        ({"servers": ["a"], "tags": {"no space": "x"}, "keep_last": 1}, ["tags", "no space"]),
        ({"servers": ["a"], "keep_last": 1, "timezone": "UTC+15:00"}, ["timezone", "UTC+14:00"]),
        ({"servers": ["a"], "keep_last": 1, "keep_tags": {"no space": "x"}}, ["keep_tags", "no space"]),
        ({"servers": ["a"], "keep_last": 1, "timezone": "Mars/Olympus"}, ["timezone", "Mars/Olympus"]),
        ({"servers": [""], "keep_last": 1}, ["servers"]),
        ({"server_filters": {"name": ""}, "keep_last": 1}, ["server_filters"]),
        ({"servers": ["a"], "keep_last": 1, "timeout": 0}, ["timeout"]),
    ],
)
@one_mode
def test_bad_input_is_refused_before_the_first_request(
    cloud: Emulator, args: dict[str, t.Any], words: list[str]
) -> None:
    cloud.journal.clear()
    message = failed(cloud, **args)["msg"]
    assert all(word in message for word in words), message
    assert list(cloud.journal) == []
