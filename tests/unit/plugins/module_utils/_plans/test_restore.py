# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backup and which server a restore means, what is refused, and the plan."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError, InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.restore import (
    RestoreContext,
    RestoreOptions,
    choose_backup,
    choose_target,
    plan_restore,
)
from tests.support.restores import ITEM, SERVERS, good

Row = dict[str, t.Any]
SOURCE = {"id": "part", "volume_id": "vol-web", "volume_name": "web-disk", "volume_size_gb": 20, "bootable": True}
DISK = {"id": "vol-x", "name": "x-disk", "size_gb": 30, "bootable": True, "shared": False, "device": "/dev/vda"}
WEB: t.Any = SERVERS[0]
NAMES = {"id-web": "web", "id-db": "db"}


def at(day: int, month: int = 6) -> datetime:
    return datetime(2026, month, day, tzinfo=timezone.utc)


def rows_of(*rows: Row) -> t.Any:
    return list(rows)


# ========== Which backup ==========
ROWS = rows_of(
    good("old", protected_at="2026-06-01T00:00:00.000000"),
    good("late", protected_at="2026-06-03T00:00:00.000000", created_at="2026-05-01T00:00:00.000000"),
    good("running", status="protecting", protected_at="2026-06-04T00:00:00.000000"),
    good("broken", status="error", protected_at="2026-06-05T00:00:00.000000"),
    good("undated", created_at=None),
)


@pytest.mark.parametrize(
    ("before", "name"), [(None, "late"), (at(3), "late"), (at(2), "old"), (at(1), "old"), (at(1, 5), None)]
)
def test_a_server_means_its_newest_good_backup_until_a_time(before: datetime | None, name: str | None) -> None:
    found = choose_backup(RestoreOptions(server="web", before=before), ROWS)
    assert (found and found["name"]) == name


def test_a_backup_that_is_being_restored_counts_as_good() -> None:
    rows = rows_of(ROWS[0], good("late", status="restoring", protected_at="2026-06-03T00:00:00.000000"))
    found = choose_backup(RestoreOptions(server="web"), rows)
    assert found is not None and found["name"] == "late"


def test_a_name_means_a_failed_backup_only_where_no_other_has_it() -> None:
    failed, usable = good("b", status="error", id="failed"), good("b", id="usable")
    options = RestoreOptions(backup="b")
    for rows, expected in (([failed, usable], "usable"), ([failed], "failed")):
        found = choose_backup(options, rows_of(*rows))
        assert found is not None and found["id"] == expected
    with pytest.raises(InvalidInput, match="ambiguous.*other, usable"):
        choose_backup(options, rows_of(usable, good("b", id="other")))
    assert choose_backup(RestoreOptions(backup="usabl"), rows_of(usable)) is None


def test_an_id_means_that_backup_and_no_other_one_of_its_name() -> None:
    found = choose_backup(RestoreOptions(backup="two"), rows_of(good("b", id="one"), good("b", id="two")))
    assert found is not None and found["id"] == "two"


# ========== Which server ==========
def choose(row: Row, target: str | None = None) -> str:
    target_row = choose_target(RestoreOptions(target_server=target), t.cast(t.Any, row), t.cast(t.Any, SERVERS))
    return str(target_row["id"])


def test_a_backup_goes_to_its_own_server_unless_another_is_named() -> None:
    assert (choose(good("b")), choose(good("b"), "db"), choose(good("b"), "t1")) == ("id-web", "id-db", "t1")


@pytest.mark.parametrize(
    ("row", "target", "words"),
    [
        (good("b"), "nobody", "target_server: no such server: 'nobody'"),
        (good("b"), "twin", "ambiguous.* t1, t2"),
        (good("b"), "off", "'off' .id-off. is in state ERROR; it must be ACTIVE or SHUTOFF"),
        (good("b", "gone"), None, "target_server is needed.*item-b-gone"),
    ],
)
def test_a_server_that_is_missing_unclear_or_in_a_wrong_state_is_refused(
    row: Row, target: str | None, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        choose(row, target)


# ========== The plan ==========
def plan(row: Row | None = None, verdict: Row | None = None, power_on: bool = True) -> Plan[RestoreContext]:
    options = RestoreOptions(backup="b", power_on=power_on)
    answer: t.Any = {"result": True, "error_code": "", "error_msg": "never mind", **(verdict or {})}
    return plan_restore(options, t.cast(t.Any, row or good("b")), WEB, [(SOURCE, t.cast(t.Any, DISK))], answer, NAMES)


def test_the_plan_is_one_call_with_every_disk() -> None:
    (call,) = plan(power_on=False).calls
    operation = f"restore backup 'b' of server 'web' ({ITEM}) to server 'web' (id-web)"
    assert (call.operation, call.method) == (operation, "restore_backup")
    assert call.arguments == {
        "operation": operation,
        "checkpoint_id": "rec-b-web",
        "parameters": {
            "checkpoint_item_id": ITEM,
            "power_on": False,
            "targets": {"server_id": "id-web", "volumes": [{"backup_id": "part", "volume_id": "vol-x"}]},
        },
    }
    assert call.undo is None and call.find_effect is not None, "it cannot be undone and must not be sent twice"


def test_the_result_and_the_diff_show_what_goes_where() -> None:
    todo = plan()
    assert todo.result["restore"]["volumes"] == [
        {
            "backup_id": "part",
            "source_volume_id": "vol-web",
            "source_name": "web-disk",
            "source_size_gb": 20,
            "volume_id": "vol-x",
            "volume_name": "x-disk",
            "volume_size_gb": 30,
            "bootable": True,
            "device": "/dev/vda",
        }
    ]
    assert (todo.before["disks"][0]["content"], todo.after["disks"][0]["content"]) == (
        "as it is now",
        "disk 'web-disk' (20 GB) of backup 'b' of server 'web'",
    )
    assert ITEM not in str((todo.before, todo.after)), "the diff shows names"
    assert (todo.after["status"], plan(power_on=False).after["status"]) == ("ACTIVE", "SHUTOFF")


def test_names_are_those_that_servers_have_now() -> None:
    todo = plan({**good("b", "old-name"), "resource_id": "id-web"})
    assert todo.result["backup"]["server"] == {"id": "id-web", "name": "web"}
    assert "'old-name'" not in str((todo.before, todo.after, todo.calls))
    gone = plan(good("b", "gone"))
    assert gone.result["backup"]["server"]["name"] == "gone" and "of server 'gone'" in str(gone.after)


def test_a_refusal_that_passes_is_left_to_the_executor() -> None:
    assert plan(verdict={"result": False, "error_code": "CSBS.6015"}).changed


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (
            {"error_code": "CSBS.6019", "error_msg": "Type differs."},
            "different types .CSBS.6019.*Type differs.*What to do: choose a target",
        ),
        ({"error_code": "", "error_msg": "no"}, "own check refuses it .no."),
        ({"error_code": None, "error_msg": None}, "own check refuses it .without a reason."),
    ],
)
def test_a_final_refusal_is_explained(verdict: Row, words: str) -> None:
    with pytest.raises(CloudError, match=words) as refusal:
        plan(verdict={"result": False, **verdict})
    assert refusal.value.operation.startswith("restore backup 'b'")
    assert refusal.value.error_code == (verdict["error_code"] or None)
