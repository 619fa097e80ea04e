# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring: the mapping's rules, the walk, and failures that end in ``available``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.rules import PROVIDER_ID
from tests.emulator_tests.api import SERVER_TYPE, Api

CHECK = f"providers/{PROVIDER_ID}/resources/action"


def _volumes(body: dict[str, Any]) -> list[dict[str, str]]:
    volumes: list[dict[str, str]] = body["restore"]["parameters"]["targets"]["volumes"]
    return volumes


@pytest.mark.parametrize("power_on", [True, False])
def test_walk(api: Api, power_on: bool) -> None:
    server_id = api.ids()[0]
    item = api.backed_up(server_id)
    begun = api.ok("POST", "restores", api.restore_body(item, power_on=power_on))["restore"]
    assert begun["status"] == "in_progress" and begun["parameters"]["power_on"] is power_on
    assert api.item(item["id"])["status"] == "waiting_restore"
    api.cloud.clock.advance(20)
    assert api.item(item["id"])["status"] == "restoring"
    assert api.cloud.state.servers[server_id].status == "SHUTOFF"
    api.refused("CSBS.6015", "POST", "restores", api.restore_body(item))
    api.refused("CSBS.2003", "POST", api.protect_path(server_id), {"protect": {}})
    api.refused("CSBS.2003", "DELETE", api.delete_path(item))
    api.cloud.clock.advance(400)
    assert api.item(item["id"])["status"] == "available"
    assert api.cloud.state.servers[server_id].status == ("ACTIVE" if power_on else "SHUTOFF")


def test_failure_ends_in_available(api: Api) -> None:
    item = api.backed_up(api.ids()[0])
    api.cloud.change_server(api.ids()[0], fail_next_restore="disk is locked")
    api.ok("POST", "restores", api.restore_body(item))
    api.cloud.clock.advance(600)
    row = api.item(item["id"])
    info = row["extend_info"]
    assert (row["status"], info["fail_op"], info["fail_reason"]) == ("available", "restore", "disk is locked")
    api.ok("POST", "restores", api.restore_body(item))
    api.cloud.clock.advance(600)
    assert api.item(item["id"])["extend_info"]["fail_op"] == ""


def test_mapping(api: Api) -> None:
    server_id, other, _third = api.ids()
    api.cloud.change_server(server_id, disks=[{"size": 20}, {"size": 40}])
    item = api.backed_up(server_id)

    def refused(code: str, volumes: list[dict[str, str]], target: str = server_id) -> int:
        answer = api.refused(code, "POST", "restores", api.restore_body(item, target, volumes=volumes))
        rows = {
            "checkpoint_item_id": item["id"],
            "target": {"resource_id": target, "resource_type": SERVER_TYPE, "volumes": volumes},
        }
        (result,) = api.ok("POST", CHECK, {"check_restorable": [rows]})["restorable"]
        assert (result["result"], result["error_code"]) == (False, code)
        return answer.status_code

    system, data = _volumes(api.restore_body(item))
    swapped = [
        {"backup_id": system["backup_id"], "volume_id": data["volume_id"]},
        {"backup_id": data["backup_id"], "volume_id": system["volume_id"]},
    ]
    assert refused("CSBS.6017", [{**system, "backup_id": "unknown"}, data]) == 400
    assert refused("CSBS.6018", [system]) == 400
    assert refused("CSBS.6018", []) == 400
    assert refused("CSBS.6014", [system, {**data, "volume_id": "unknown"}]) == 400
    assert refused("CSBS.6023", swapped) == 500
    assert refused("CSBS.9001", [system, {**data, "volume_id": system["volume_id"]}]) == 400
    api.cloud.change_server(other, disks=[{"size": 20}, {"size": 30}, {"size": 40, "shareable": True}])
    disks = api.cloud.state.servers[other].volume_ids
    system = {**system, "volume_id": disks[0]}
    assert refused("CSBS.6024", [system, {**data, "volume_id": disks[1]}], other) == 400
    assert refused("CSBS.6021", [system, {**data, "volume_id": disks[2]}], other) == 400
    api.cloud.change_server(other, disks=[])
    assert refused("CSBS.6020", [system, data], other) == 400


def test_other_zone_and_other_states(api: Api) -> None:
    first, second, third = api.ids()
    item = api.backed_up(first)
    api.cloud.change_server(second, availability_zone="eu-de-02")
    api.refused("CSBS.6025", "POST", "restores", api.restore_body(item, second))
    api.cloud.change_server(third, status="ERROR")
    api.refused("CSBS.6005", "POST", "restores", api.restore_body(item, third))
    api.protect(first)
    api.refused("CSBS.2003", "POST", "restores", api.restore_body(item))
    api.cloud.force_backup(item["id"], status="error", fail_reason="x")
    api.refused("CSBS.4000", "POST", "restores", api.restore_body(item, second))


def test_ids_must_fit(api: Api) -> None:
    first, second, _third = api.ids()
    item, other = api.backed_up(first), api.backed_up(second)
    body = api.restore_body(item)
    body["restore"]["parameters"]["targets"]["server_id"] = "unknown"
    api.refused("CSBS.6000", "POST", "restores", body)
    body = api.restore_body(item)
    body["restore"]["checkpoint_id"] = other["checkpoint_id"]
    assert api.refused("CSBS.3001", "POST", "restores", body).status_code == 404
    body = api.restore_body(item)
    del body["restore"]["parameters"]["power_on"]
    api.refused("CSBS.9001", "POST", "restores", body)


def test_good_check(api: Api) -> None:
    item = api.backed_up(api.ids()[0])
    target = {
        "resource_id": api.ids()[0],
        "resource_type": SERVER_TYPE,
        "volumes": _volumes(api.restore_body(item)),
    }
    body = {"check_restorable": [{"checkpoint_item_id": item["id"], "target": target}]}
    (result,) = api.ok("POST", CHECK, body)["restorable"]
    assert result["result"] is True
    target["resource_type"] = "OS::Cinder::Volume"
    assert api.ok("POST", CHECK, body)["restorable"][0]["error_code"] == "CSBS.6013"
