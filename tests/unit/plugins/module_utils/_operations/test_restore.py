# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_restore: its options, what is read to find the backup, and how the task ends."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    InvalidInput,
    TaskFailed,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.progress import PROGRESS_FILE
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations import restore as operation
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome, Plan
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.restore import (
    RestoreContext,
    RestoreOptions,
)
from tests.support.fakes import Cloud, Ticks
from tests.support.restores import ITEM, RestoreCloud, ShowingCloud, former, good, seen

Row = dict[str, t.Any]
DEFAULTS: Row = {
    "backup": None,
    "server": None,
    "before": None,
    "target_server": None,
    "volumes": None,
    "power_on": True,
    "wait": True,
    "poll_interval": 10,
}


def make_options(**options: t.Any) -> RestoreOptions:
    return operation.parse_options({**DEFAULTS, **options})


def plan_with(cloud: Cloud, **options: t.Any) -> Plan[RestoreContext]:
    return operation.plan(make_options(**options), t.cast(t.Any, cloud))


def plan(rows: list[Row], **options: t.Any) -> Plan[RestoreContext]:
    return plan_with(RestoreCloud(rows), **options)


# ========== Options ==========
def test_pairs_of_disks_are_stripped_and_kept_in_their_order() -> None:
    volumes = [{"backup_id": " a", "volume_id": "1 "}, {"backup_id": "b", "volume_id": "2"}]
    assert make_options(backup="b", volumes=volumes).volumes == (("a", "1"), ("b", "2"))


@pytest.mark.parametrize(
    ("volumes", "words"),
    [
        ([{"backup_id": "x", "volume_id": " "}], "volume_id: "),
        ([{"backup_id": "x", "volume_id": "1"}, {"backup_id": "x", "volume_id": "2"}], "backup_id: x is there twice"),
        ([{"backup_id": "x", "volume_id": "1"}, {"backup_id": "y", "volume_id": "1"}], "volume_id: 1 is there twice"),
    ],
)
def test_a_pair_that_says_too_little_or_too_much_is_refused(volumes: list[Row], words: str) -> None:
    with pytest.raises(InvalidInput, match=f"volumes.{words}"):
        make_options(backup="b", volumes=volumes)


# ========== Which backup ==========
ROWS = [
    good("old", protected_at="2026-06-01T00:00:00.000000"),
    good("late", protected_at="2026-06-03T00:00:00.000000", created_at="2026-05-01T00:00:00.000000"),
    good("running", status="protecting", protected_at="2026-06-04T00:00:00.000000"),
    good("broken", status="error", protected_at="2026-06-05T00:00:00.000000"),
    good("same", "db"),
    good("same", "gone"),
    {**good("renamed", "old-db"), "resource_id": "id-db"},
    former("x", "id-l1", "lost"),
    former("y", "id-l2", "lost", status="error"),
]


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({"server": "web"}, "item-late-web"),
        ({"server": "id-web", "before": "2026-06-03"}, "item-late-web"),
        ({"server": "web", "before": "2026-06-02T23:59:59"}, "item-old-web"),
        ({"server": "web", "before": "2026-06-03T01:00:00+02:00"}, "item-old-web"),
        ({"server": {"id": "id-web"}}, "item-late-web"),
        ({"backup": "old"}, "item-old-web"),
        ({"backup": "same", "server": "db"}, "item-same-db"),
        ({"backup": "same", "server": "gone", "target_server": "web"}, "item-same-gone"),
        ({"server": "gone", "target_server": "db"}, "item-same-gone"),
    ],
)
def test_the_backup_that_is_meant_is_chosen(options: Row, chosen: str) -> None:
    assert plan(ROWS, **options).result["backup"]["id"] == chosen


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"server": "web", "before": "2026-05-31"},
            "no good backup of 2026-05-31.*oldest good backup is of 2026-06-01",
        ),
        ({"server": "twin"}, "'twin' is ambiguous.* t1, t2"),
        ({"server": "nobody"}, "no such server, and no backup of one"),
        ({"backup": "same"}, "'same' is ambiguous.*item-same-db, item-same-gone"),
        ({"backup": "same", "server": "web"}, "no such backup of server 'web'"),
        ({"backup": "sam"}, "no such backup: 'sam'"),
        ({"backup": "broken"}, "is error; only an available backup"),
        ({"backup": "running"}, "is protecting; only an available backup"),
        ({"server": "gone"}, "target_server is needed.*item-same-gone"),
        ({"server": "old-db"}, "no server is named 'old-db' now.*is now 'db'"),
        ({"server": "lost"}, "2 former servers had that name"),
    ],
)
def test_what_is_not_certain_is_refused(options: Row, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        plan(ROWS, **options)


def test_a_server_that_no_longer_exists_may_be_named_by_its_id() -> None:
    server_id = "90c1d5fa-1b9f-4aeb-b2f4-81c806e98190"
    todo = plan([former("b", server_id, "gone")], server=server_id, target_server="web")
    assert todo.result["backup"]["server"]["id"] == server_id


def test_a_backup_that_is_too_new_to_be_listed_is_found_by_its_id_if_it_is_of_the_server() -> None:
    class Late(RestoreCloud):
        def backups(self, **query: t.Any) -> list[Row]:
            return []

    assert plan_with(Late([good("b")]), backup=ITEM, server="web").result["backup"]["id"] == ITEM
    with pytest.raises(InvalidInput, match="no such backup of server 'db'"):
        plan_with(Late([good("b")]), backup=ITEM, server="db")


def test_a_backup_that_was_deleted_after_it_was_listed_is_refused() -> None:
    class Gone(RestoreCloud):
        def backup(self, backup_id: str) -> Row | None:
            return None

    with pytest.raises(InvalidInput, match=f"backup 'b' of server 'web' .{ITEM}. no longer exists"):
        plan_with(Gone([good("b")]), backup="b")


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        ([], {"server": "web"}, "server 'web' (id-web) has no good backup. A former server of that name has"),
        ([], {"server": "id-web", "target_server": "db"}, "write server: id-former, target_server: db"),
        ([good("w", status="error")], {"server": "web"}, "id-former (1 good backup"),
        ([], {"backup": "a", "server": "web"}, "no such backup of server 'web': 'a'. A former server of that name"),
        (
            [good("a", status="error")],
            {"backup": "a", "server": "web"},
            "only an available backup can be restored. A former server of that name",
        ),
    ],
)
def test_a_refusal_names_a_former_server_that_has_the_backup(rows: list[Row], options: Row, words: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        plan([former("a"), *rows], **options)
    assert words in str(refusal.value)


def test_a_former_server_with_a_part_of_the_name_is_another_one() -> None:
    with pytest.raises(InvalidInput, match="has no good backup$"):
        plan([former("a", server_name="web-2")], server="web")


def test_a_hint_that_cannot_be_read_does_not_hide_the_refusal() -> None:
    class Troubled(RestoreCloud):
        def backups(self, **query: t.Any) -> list[Row]:
            if "resource_name" in query:
                raise CloudError("list backups", "the service failed.")
            return super().backups(**query)

    with pytest.raises(InvalidInput, match="has no good backup$"):
        plan_with(Troubled([former("a")]), server="web")


def test_the_service_checks_the_pairs_that_are_sent() -> None:
    cloud = RestoreCloud([good("b")])
    (call,) = plan_with(cloud, backup="b").calls
    volumes = call.arguments["parameters"]["targets"]["volumes"]
    assert ("restorable", (ITEM, "id-web", volumes)) in cloud.asked
    assert volumes == [{"backup_id": "part", "volume_id": "vol-web"}]


# ========== The end ==========
ANSWER = {"id": "restore-1"}


def finish(
    looks: list[t.Any],
    state: str = "ACTIVE",
    timeout: float = 3600,
    answer: Row | None = None,
    found: bool = False,
    **options: t.Any,
) -> tuple[Row, Ticks]:
    """End a task whose call was answered, or that found that the restore began after the answer was lost."""
    todo, ticks = plan([seen()], backup="b", **options), Ticks()
    outcome = Outcome({0: ANSWER if answer is None else answer}, {0} if found else set())
    cloud = t.cast(t.Any, ShowingCloud(looks, state))
    return operation.finish(make_options(backup="b", **options), cloud, todo, outcome, ticks.clock(timeout)), ticks


def failing(looks: list[t.Any], **more: t.Any) -> tuple[str, Row]:
    with pytest.raises(TaskFailed) as failure:
        finish(looks, **more)
    text, results = str(failure.value), failure.value.results
    assert all(word in text for word in ("'web'", "id-web", "'b'", ITEM, "What to do"))
    assert results["changed"] is True and results["restore"]["id"] == "restore-1" and "restore-1" in text
    return text, results


def test_the_task_waits_until_the_restore_has_ended_and_the_server_runs() -> None:
    result, ticks = finish([seen("waiting_restore"), seen("restoring"), seen()])
    assert (result["restore"]["status"], result["restore"]["id"]) == ("restored", "restore-1")
    assert (result["backup"]["status"], result["warnings"], len(ticks.sleeps)) == ("available", [], 2)


@pytest.mark.parametrize("lost", [{"answer": seen("restoring"), "found": True}, {"answer": {"id": None}}])
def test_a_restore_whose_answer_was_lost_has_begun_and_has_no_id(lost: Row) -> None:
    result, ticks = finish([seen()], **lost)
    assert (result["restore"]["status"], result["restore"]["id"], ticks.sleeps) == ("restored", None, [])


def test_a_restore_that_failed_fails_the_task_with_the_state_of_the_server() -> None:
    text, results = failing([seen("restoring"), seen(op="restore", reason="disk gone.")], state="SHUTOFF")
    assert "failed: disk gone. What to do: do not use the data" in text and text.endswith("The server is shut off.")
    assert results["restore"]["status"] == "failed"


@pytest.mark.parametrize("state", ["SHUTOFF", "ERROR"])
def test_a_server_that_was_not_started_is_a_failure(state: str) -> None:
    text, results = failing([seen("restoring"), seen()], state=state, timeout=15)
    assert f"with power_on: true the server must be ACTIVE, and it is {state}." in text
    assert results["restore"]["status"] == "failed"


@pytest.mark.parametrize(("state", "warnings"), [("SHUTOFF", 0), ("ACTIVE", 1)])
def test_a_server_that_runs_although_it_should_be_shut_off_is_a_warning(state: str, warnings: int) -> None:
    result, ticks = finish([seen("restoring"), seen()], state=state, power_on=False)
    assert result["restore"]["status"] == "restored" and len(result["warnings"]) == warnings
    words = f"power_on: false the server must be SHUTOFF, and it is {state}."
    assert all(words in warning for warning in result["warnings"])
    assert ticks.time <= 15, "it has a moment to show it, and not the whole time of the task"


def test_a_server_may_take_the_whole_time_of_the_task_to_start() -> None:
    class Slow(ShowingCloud):
        def server_state(self, server_id: str) -> str | None:
            return "ACTIVE" if ticks.time > 1000 else "SHUTOFF"

    ticks = Ticks()
    cloud = t.cast(t.Any, Slow([seen("restoring"), seen()]))
    todo = plan([seen()], backup="b")
    result = operation.finish(make_options(backup="b"), cloud, todo, Outcome({0: ANSWER}), ticks.clock())
    assert result["restore"]["status"] == "restored"


def test_a_timeout_says_what_goes_on_and_warns_of_a_second_run() -> None:
    text, results = failing([seen("restoring")], timeout=100)
    words = ("Not ended within 100 seconds (timeout)", "the backup is restoring", "Do not run the task again")
    assert all(word in text for word in words)
    assert results["restore"]["status"] == "in_progress"


def test_readings_that_fail_now_and_then_do_not_end_the_wait_and_readings_that_all_fail_do() -> None:
    trouble = CloudError("read backup", "the service failed", "CSBS.9999", 500, "req-9")
    assert finish([trouble, seen("restoring"), trouble, trouble, seen()])[0]["restore"]["status"] == "restored"
    text, results = failing([seen("restoring"), trouble])
    assert "not known how this ended" in text and "may still be running" in text
    assert (results["error_code"], results["request_id"]) == ("CSBS.9999", "req-9")
    assert results["restore"]["status"] == "in_progress"


def test_without_waiting_one_reading_is_enough() -> None:
    result, ticks = finish([seen("waiting_restore")], wait=False)
    assert (result["restore"]["status"], result["backup"]["status"]) == ("in_progress", "waiting_restore")
    assert ticks.sleeps == []


def test_progress_has_the_per_cent_of_the_service_where_it_gives_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = tmp_path / "progress"
    progress.touch()
    monkeypatch.setenv(PROGRESS_FILE, str(progress))
    finish([seen("restoring", progress=100), seen("restoring", progress=42), seen()])
    assert [line.split(", after")[0] for line in progress.read_text().splitlines()] == [
        "0/1 restores ended, 0 %",
        "0/1 restores ended, 42 %",
        "1/1 restores ended, 100 %",
    ]
