# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups by hand: who can be backed up, and the walk from waiting to available."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.rules import PROVIDER_ID
from tests.emulator_tests.api import SERVER_TYPE, Api

CHECK = f"providers/{PROVIDER_ID}/resources/action"


def _check(api: Api, *server_ids: str, kind: str = SERVER_TYPE) -> list[dict[str, Any]]:
    rows = [{"resource_id": server_id, "resource_type": kind} for server_id in server_ids]
    answer: list[dict[str, Any]] = api.ok("POST", CHECK, {"check_protectable": rows})["protectable"]
    return answer


def test_walk(api: Api) -> None:
    server_id = api.ids()[0]
    item = api.protect(server_id, backup_name="before-patch", description="d", tags=[{"key": "k", "value": "v"}])
    assert (item["status"], item["extend_info"]["progress"]) == ("waiting_protect", 0)
    seen = []
    for _step in range(20):
        api.cloud.clock.advance(20)
        now = api.item(item["id"])
        seen.append(now["status"])
        if now["status"] == "available":
            break
        assert 0 <= now["extend_info"]["progress"] < 100
    assert seen[0] == "protecting" and seen[-1] == "available"
    assert 340 <= 20 * len(seen) <= 400, "a small server takes 6 minutes"
    assert now["name"] == "before-patch" and now["tags"] == [{"key": "k", "value": "v"}]
    info = now["extend_info"]
    assert info["auto_trigger"] is False and info["incremental"] is False and info["size"] > 0
    assert info["volume_backups"][0]["source_volume_size"] == 20
    assert info["finished_at"]


def test_first_is_full_then_incremental(api: Api) -> None:
    server_id = api.ids()[0]
    assert api.backed_up(server_id, incremental=True)["extend_info"]["incremental"] is False
    second = api.backed_up(server_id, incremental=True)
    assert second["extend_info"]["incremental"] is True
    assert second["extend_info"]["support_lld"] is False
    third = api.backed_up(server_id, incremental=False)
    assert third["extend_info"]["incremental"] is False
    assert api.backed_up(server_id)["extend_info"]["support_lld"] is True


def test_answer_of_protect(api: Api) -> None:
    server_id = api.ids()[0]
    made = api.ok("POST", api.protect_path(server_id), {"protect": {}})["checkpoint"]
    assert made["status"] == "protecting"
    assert made["protection_plan"]["id"].startswith("fake_")
    extra = made["protection_plan"]["resources"][0]["extra_info"]
    if api.cloud.state.settings.live:
        assert "extra_info" not in made and extra == "{}"
    else:
        assert made["extra_info"] is None and extra == {}
    assert api.items()[0]["name"].startswith("manualbk_")


def test_answer_in_live_mode(live_api: Api) -> None:
    item = live_api.backed_up(live_api.ids()[0])
    info = item["extend_info"]
    assert info["average_speed"] == 29.9 and info["space_saving_ratio"] == 1.5
    assert info["copy_from"] is None and item["backup_data"]["cloudservicetype"] == "QEMU"
    assert item["expired_at"] is None and item["protected_at"] > item["created_at"]
    live_api.cloud.clock.advance(24 * 3600)
    live_api.session.headers["X-Auth-Token"] = live_api.cloud.token()
    later = live_api.item(item["id"])
    assert later["updated_at"] > item["updated_at"] and later["protected_at"] == item["protected_at"]


def test_progress_lags_in_live_mode(live_api: Api) -> None:
    item = live_api.protect(live_api.ids()[0])
    live_api.cloud.clock.advance(380)
    now = live_api.item(item["id"])
    assert now["status"] == "available" and now["extend_info"]["progress"] < 100


def test_sparse_items(live_api: Api) -> None:
    live_api.cloud.make_backup(live_api.ids()[0])
    assert "tags" in live_api.items()[0]
    live_api.cloud.settings(sparse_items=True)
    assert "tags" not in live_api.items()[0]
    assert "tags" in live_api.item(live_api.cloud.state.items.copy().popitem()[0])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "ERROR"}, "CSBS.6006"),
        ({"status": "REBOOT"}, "CSBS.6005"),
        ({"disks": []}, "CSBS.6007"),
        ({"unprotectable": "CSBS.6033"}, "CSBS.6033"),
        ({"unprotectable": "CSBS.6061"}, "CSBS.6061"),
    ],
)
def test_unprotectable(api: Api, changes: dict[str, Any], code: str) -> None:
    server_id = api.ids()[0]
    api.cloud.change_server(server_id, **changes)
    (result,) = _check(api, server_id)
    assert (result["result"], result["error_code"]) == (False, code)
    assert api.refused(code, "POST", api.protect_path(server_id), {"protect": {}}).status_code == 400


def test_stopped_and_shared_disks_are_fine(api: Api) -> None:
    server_id = api.ids()[0]
    api.cloud.change_server(server_id, status="SHUTOFF", disks=[{"size": 20}, {"size": 10, "shareable": True}])
    assert _check(api, server_id)[0]["result"] is True
    assert len(api.backed_up(server_id)["extend_info"]["volume_backups"]) == 2


def test_check_answers_one_for_each(api: Api) -> None:
    first, second, _third = api.ids()
    api.create_policy(servers=[second])
    unknown, good, bound = _check(api, "unknown", first, second)
    assert (unknown["result"], unknown["error_code"]) == (False, "CSBS.6000")
    assert good["result"] is True and not good.get("error_msg")
    assert bound["result"] is True
    if api.cloud.state.settings.live:
        assert bound["error_msg"], "a message can come with a good result"
    assert _check(api, first, kind="OS::Cinder::Volume")[0]["error_code"] == "CSBS.6003"
    api.refused("CSBS.9001", "POST", CHECK, {"check_protectable": []})


@pytest.mark.parametrize(
    "wish",
    [
        {"backup_name": "a b"},
        {"backup_name": ""},
        {"backup_name": "a" * 256},
        {"description": "<"},
        {"incremental": "true"},
        {"tags": []},
        {"tags": [{"key": "a", "value": ""}, {"key": "a", "value": ""}]},
        {"name": "wrong-key"},
    ],
    ids=str,
)
def test_refused_values(live_api: Api, wish: dict[str, Any]) -> None:
    live_api.refused("CSBS.9001", "POST", live_api.protect_path(live_api.ids()[0]), {"protect": wish})


def test_unknown_server_and_type(api: Api) -> None:
    api.refused("CSBS.6000", "POST", api.protect_path("unknown"), {"protect": {}})
    wish = {"protect": {"resource_type": "OS::Cinder::Volume"}}
    api.refused("CSBS.6003", "POST", api.protect_path(api.ids()[0]), wish)
    path = f"providers/other/resources/{api.ids()[0]}/action"
    api.refused("CSBS.9001", "POST", path, {"protect": {}})


def test_busy_server(api: Api) -> None:
    first, second, _third = api.ids()
    api.protect(first)
    api.refused("CSBS.2003", "POST", api.protect_path(first), {"protect": {}})
    api.protect(second)
    api.cloud.clock.advance(400)
    api.protect(first)


def test_failing_backup(api: Api) -> None:
    server_id = api.ids()[0]
    api.cloud.change_server(server_id, fail_next_backup="snapshot failed")
    item = api.backed_up(server_id)
    info = item["extend_info"]
    assert (item["status"], info["fail_op"], info["fail_reason"]) == ("error", "backup", "snapshot failed")
    assert info["fail_code"]["Description"] == "snapshot failed"
    again = api.backed_up(server_id)
    assert again["status"] == "available" and again["extend_info"]["incremental"] is False


def test_quota(api: Api) -> None:
    first, second, third = api.ids()
    api.cloud.settings(quota_backups=2)
    api.backed_up(first)
    api.backed_up(second)
    api.refused("CSBS.9006", "POST", api.protect_path(third), {"protect": {}})
    capacity, count = api.get("quotas")["quotas"]["resources"]
    assert (count["type"], count["quota"], count["used"]) == ("backups", 2, 2)
    assert (capacity["quota"], capacity["unit"]) == (-1, "GB") and capacity["used"] > 0


def test_names_of_one_wish(live_api: Api) -> None:
    live_api.cloud.force_backup(live_api.protect(live_api.ids()[0])["id"], status="error", fail_reason="by hand")
    assert live_api.items()[0]["extend_info"]["fail_reason"] == "by hand"
    live_api.protect(live_api.ids()[0])
