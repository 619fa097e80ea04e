# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring from a vault: an answer without a word, one at a time, and the verdict that only the task has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator_tests.api import Api
from tests.emulator_tests.cbr_api import NOBODY, CbrApi, code


def _good(cbr: CbrApi, server_id: str) -> dict[str, Any]:
    vault_id = cbr.cloud.state.cbr.vault_of.get(server_id) or cbr.create_vault(f"v-{server_id}", [server_id])["id"]
    return cbr.good(vault_id, resources=[server_id])[0]


@pytest.mark.parametrize("power_on", [None, True, False])
def test_walk(cbr: CbrApi, power_on: bool | None) -> None:
    server_id = cbr.ids()[0]
    backup = _good(cbr, server_id)
    wish: dict[str, Any] = {} if power_on is None else {"power_on": power_on}
    answer = cbr.call("POST", f"backups/{backup['id']}/restore", cbr.restore(backup, **wish))
    assert (answer.status_code, answer.content) == (202, b""), "nothing to follow"
    assert cbr.backup(backup["id"])["status"] == "waiting_restore"
    (task,) = cbr.tasks(operation_type="restore", resource_id=server_id)
    assert task["status"] == "waiting"
    assert task["extra_info"]["restore"] == {
        "backup_id": backup["id"],
        "backup_name": backup["name"],
        "target_resource_id": server_id,
        "target_resource_name": "srv-0001",
    }
    cbr.cloud.clock.advance(20)
    assert cbr.backup(backup["id"])["status"] == "restoring"
    assert cbr.cloud.state.servers[server_id].status == "SHUTOFF"
    assert cbr.vault(backup["vault_id"])["resources"][0]["protect_status"] == "restoring"
    assert cbr.tasks(operation_type="restore")[0]["status"] == "running"
    cbr.no("0001", "POST", "checkpoints", cbr.checkpoint_body(backup["vault_id"]))
    cbr.cloud.clock.advance(3600)
    assert cbr.backup(backup["id"])["status"] == "available"
    assert cbr.tasks(operation_type="restore")[0]["status"] == "success"
    assert cbr.cloud.state.servers[server_id].status == ("SHUTOFF" if power_on is False else "ACTIVE")


def test_failure_ends_in_available(cbr: CbrApi) -> None:
    server_id = cbr.ids()[0]
    backup = _good(cbr, server_id)
    cbr.cloud.change_server(server_id, fail_next_restore="BackupService.2011 the disk is locked")
    cbr.ok("POST", f"backups/{backup['id']}/restore", cbr.restore(backup))
    cbr.cloud.clock.advance(3600)
    assert cbr.backup(backup["id"])["status"] == "available", "the backup does not tell"
    (task,) = cbr.tasks(operation_type="restore")
    assert (task["status"], task["error_info"]) == ("failed", {"code": code("2011"), "message": "the disk is locked"})
    cbr.ok("POST", f"backups/{backup['id']}/restore", cbr.restore(backup))
    cbr.cloud.clock.advance(3600)
    assert [task["status"] for task in cbr.tasks(operation_type="restore")] == ["success", "failed"]


def test_one_at_a_time(api: Api, live_cbr: CbrApi) -> None:
    first, second, third = live_cbr.ids()
    one, two = _good(live_cbr, first), _good(live_cbr, second)
    item = Api(live_cbr.cloud).backed_up(third)
    live_cbr.ok("POST", f"backups/{one['id']}/restore", live_cbr.restore(one))
    live_cbr.no("2010", "POST", f"backups/{one['id']}/restore", live_cbr.restore(one))
    assert live_cbr.no("2010", "POST", f"backups/{two['id']}/restore", live_cbr.restore(two)) == 400
    live_cbr.cloud.clock.advance(3600)
    live_cbr.ok("POST", f"backups/{two['id']}/restore", live_cbr.restore(two))
    csbs = Api(live_cbr.cloud)
    csbs.refused("CSBS.6015", "POST", "restores", csbs.restore_body(item, second))


def test_targets(live_cbr: CbrApi) -> None:
    cloud = live_cbr.cloud
    first, second, third = live_cbr.ids()
    cloud.change_server(first, disks=[{"size": 20}, {"size": 40}])
    backup = _good(live_cbr, first)
    path = f"backups/{backup['id']}/restore"

    def no(number: str, body: Any) -> int:
        return live_cbr.no(number, "POST", path, body)

    good = live_cbr.restore(backup)
    mappings = good["restore"]["mappings"]
    assert no("7100", {"restore": {**good["restore"], "server_id": NOBODY}}) == 404
    assert live_cbr.no("6200", "POST", f"backups/{NOBODY}/restore", good) == 404
    no("2012", {"restore": {**good["restore"], "mappings": mappings[:1]}})
    no("2013", live_cbr.restore(backup, mappings=_swapped(mappings)))
    cloud.change_server(second, disks=[{"size": 20}, {"size": 39}])
    no("2001", live_cbr.restore(backup, second))
    no("2011", live_cbr.restore(backup, second, mappings=mappings))
    cloud.change_server(second, disks=[{"size": 20}, {"size": 40, "shareable": True}])
    no("2009", live_cbr.restore(backup, second))
    cloud.change_server(third, disks=[])
    no("2011", live_cbr.restore(backup, third, mappings=mappings))
    stranger = [{**mappings[0], "backup_id": backup["id"]}, mappings[1]]
    no("6200", live_cbr.restore(backup, mappings=stranger))
    no("9900", live_cbr.restore(backup, mappings=[mappings[0], mappings[0], mappings[1]]))
    no("9900", {"restore": {"server_id": first}})
    no("9900", {"restore": {"mappings": mappings}})
    no("9900", {"restore": {"volume_id": mappings[0]["volume_id"]}})
    no("9900", live_cbr.restore(backup, surprise=1))
    no("9900", live_cbr.restore(backup, volume_id=mappings[0]["volume_id"]))
    stranger_id = cloud.add_server("stranger", project_id=cloud.other_project_id).id
    no("7100", live_cbr.restore(backup, stranger_id))
    cloud.change_server(first, status="ERROR")
    no("2008", good)
    cloud.change_server(second, disks=[{"size": 30}, {"size": 40}], availability_zone="eu-de-02")
    live_cbr.ok("POST", path, live_cbr.restore(backup, second))


def _swapped(mappings: list[dict[str, str]]) -> list[dict[str, str]]:
    one, two = mappings
    return [{**one, "volume_id": two["volume_id"]}, {**two, "volume_id": one["volume_id"]}]


def test_states(live_cbr: CbrApi) -> None:
    first, second, _third = live_cbr.ids()
    backup = _good(live_cbr, first)
    path, body = f"backups/{backup['id']}/restore", live_cbr.restore(backup)
    vault_id = backup["vault_id"]
    live_cbr.back_up(vault_id)
    live_cbr.no("2002", "POST", path, body)
    running = live_cbr.backups(status="waiting_protect")[0]
    live_cbr.no("2005", "POST", f"backups/{running['id']}/restore", body)
    live_cbr.cloud.clock.advance(3600)
    live_cbr.cloud.force_vault(vault_id, status="frozen")
    live_cbr.no("6202", "POST", path, body)
    live_cbr.cloud.force_vault(vault_id, status="lock")
    live_cbr.cloud.remove_server(first)
    live_cbr.no("2007", "POST", path, body)
    live_cbr.ok("POST", path, live_cbr.restore(backup, second))
