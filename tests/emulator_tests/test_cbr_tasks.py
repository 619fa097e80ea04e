# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks: rows, filters and pages."""

from __future__ import annotations

from typing import Any

from tests.emulator_tests.cbr_api import NOBODY, CbrApi


def test_a_task_from_begin_to_end(cbr: CbrApi) -> None:
    server_id = cbr.ids()[0]
    vault = cbr.create_vault(servers=[server_id])
    made = cbr.back_up(vault["id"], name="mine")
    (task,) = cbr.tasks()
    assert (
        task.items()
        >= {
            "operation_type": "backup",
            "status": "waiting",
            "checkpoint_id": made["id"],
            "vault_id": vault["id"],
            "vault_name": "vault",
            "error_info": {"code": "", "message": ""},
            "provider_id": "0daac4c5-6707-4851-97ba-169e36266b66",
        }.items()
    )
    live = cbr.cloud.state.settings.live
    assert task.get("started_at", "missing") == (None if live else "missing")
    parts = task["extra_info"]
    assert parts["resource"] == {"id": server_id, "type": "OS::Nova::Server", "name": "srv-0001"}
    assert (parts["common"]["progress"], parts["backup"]["backup_name"]) == (0, "mine")
    cbr.cloud.clock.advance(20)
    assert cbr.tasks()[0]["extra_info"]["common"]["progress"] == 50
    cbr.cloud.clock.advance(3600)
    ended = cbr.get(f"operation-logs/{task['id']}")["operation_log"]
    assert (ended["status"], ended["extra_info"]["common"]["progress"]) == ("success", 100)
    assert task["created_at"] < ended["started_at"] < ended["ended_at"]
    assert ended["created_at"].endswith("+00:00")
    assert cbr.no("6500", "GET", f"operation-logs/{NOBODY}") == 404


def test_filters(cbr: CbrApi) -> None:
    first, second, _third = cbr.ids()
    one, two = cbr.create_vault("one", [first]), cbr.create_vault("two", [second])
    (backup,) = cbr.good(one["id"])
    cbr.good(two["id"])
    cbr.ok("DELETE", f"backups/{backup['id']}")
    deletion, later, earlier = (task["id"] for task in cbr.tasks())

    def found(**query: Any) -> list[str]:
        return [task["id"] for task in cbr.tasks(**query)]

    assert found(operation_type="delete") == [deletion]
    assert found(status="success") == [later, earlier]
    assert found(vault_id=one["id"]) == found(vault_name="one") == [deletion, earlier]
    assert found(resource_id=second) == found(resource_name="srv-0002") == [later]
    assert found(provider_id="0daac4c5-6707-4851-97ba-169e36266b66") == [deletion, later, earlier]
    assert found(provider_id="d1603440-187d-4516-af25-121250c7cc97") == []
    assert found(start_time="2026-01-05T12:30:00Z") == [deletion, later]
    assert found(end_time="2026-01-05T12:30:00Z") == [earlier]
    answer = cbr.get("operation-logs", limit=1, offset=1)
    assert [task["id"] for task in answer["operation_logs"]] == [later]
    assert (answer["count"], answer["limit"], answer["offset"]) == (3, 1, 1)
    for query in (
        {"operation_type": "dream"},
        {"status": "error"},
        {"start_time": "2026-01-05 12:30:00"},
        {"offset": 0},
        {"limit": 1001},
        {"marker": later},
        {"policy_id": NOBODY},
    ):
        cbr.no("9900", "GET", "operation-logs", **query)
