# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting backups: queue, refusals, and what goes with what."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.emulator import Emulator
from tests.emulator_tests.api import Api


def test_one_backup(api: Api) -> None:
    item = api.backed_up(api.ids()[0])
    assert api.ok("DELETE", api.delete_path(item), checkpoint_items=item["id"]) == {}
    assert api.item(item["id"])["status"] == "waiting_delete"
    api.cloud.clock.advance(10)
    assert api.item(item["id"])["status"] == "deleting"
    api.cloud.clock.advance(60)
    assert api.refused("CSBS.3001", "GET", f"checkpoint_items/{item['id']}").status_code == 404
    api.refused("CSBS.3001", "DELETE", api.delete_path(item))


def test_one_of_a_run_or_all(api: Api) -> None:
    policy = api.create_policy(servers=api.ids())
    made = api.run(policy["id"])
    api.cloud.clock.advance(3600)
    items = api.items(checkpoint_id=made["id"])
    path = api.delete_path(items[0])
    api.refused("CSBS.3001", "DELETE", path, checkpoint_items="unknown")
    api.ok("DELETE", path, checkpoint_items=items[0]["id"])
    api.cloud.clock.advance(120)
    assert api.get("checkpoint_items/count")["count"] == 2
    api.ok("DELETE", path)
    api.cloud.clock.advance(120)
    assert api.get("checkpoint_items/count")["count"] == 0, "without a name they all go"


def test_busy(api: Api) -> None:
    item = api.protect(api.ids()[0])
    assert api.refused("CSBS.2003", "DELETE", api.delete_path(item)).status_code == 400
    api.cloud.clock.advance(3600)
    api.ok("DELETE", api.delete_path(item))
    answer = api.refused("CSBS.2003", "DELETE", api.delete_path(item))
    assert answer.status_code == (409 if api.cloud.state.settings.live else 400)


def test_failed_backups_can_go(api: Api) -> None:
    api.cloud.change_server(api.ids()[0], fail_next_backup="no")
    item = api.backed_up(api.ids()[0])
    api.ok("DELETE", api.delete_path(item))
    api.cloud.clock.advance(120)
    assert api.items() == []


def test_five_at_a_time() -> None:
    with Emulator(servers=12, speed=0, list_delay=0) as cloud:
        api = Api(cloud)
        for server_id in api.ids():
            cloud.make_backup(server_id)
        for item in api.items():
            api.ok("DELETE", api.delete_path(item), checkpoint_items=item["id"])
        cloud.clock.advance(10)
        assert Counter(item["status"] for item in api.items()) == {"deleting": 5, "waiting_delete": 7}
        cloud.clock.advance(55)
        assert Counter(item["status"] for item in api.items()) == {"deleting": 5, "waiting_delete": 2}
        cloud.clock.advance(120)
        assert api.items() == []


def test_failing_delete(api: Api) -> None:
    item = api.backed_up(api.ids()[0])
    api.cloud.change_server(api.ids()[0], fail_next_delete="storage says no")
    api.ok("DELETE", api.delete_path(item))
    api.cloud.clock.advance(120)
    row = api.item(item["id"])
    assert (row["status"], row["extend_info"]["fail_op"]) == ("error", "delete")


def test_query_is_strict(live_api: Api) -> None:
    item = live_api.backed_up(live_api.ids()[0])
    live_api.refused("CSBS.9001", "DELETE", live_api.delete_path(item), checkpoint_item=item["id"])
    live_api.refused("CSBS.9001", "DELETE", live_api.delete_path(item), checkpoint_items="a,,b")


@pytest.mark.parametrize("status", ["waiting_protect", "protecting", "waiting_restore", "restoring", "deleting"])
def test_forced_state_sticks(live_api: Api, status: str) -> None:
    item = live_api.backed_up(live_api.ids()[0])
    live_api.cloud.force_backup(item["id"], status=status)
    live_api.cloud.clock.advance(7200)
    assert live_api.item(item["id"])["status"] == status
    live_api.refused("CSBS.2003", "DELETE", live_api.delete_path(item))
    live_api.cloud.force_backup(item["id"], status="available")
    live_api.ok("DELETE", live_api.delete_path(item))
