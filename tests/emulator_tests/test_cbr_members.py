# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of vaults: who may join, who leaves with what, and moving with all backups."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator import Emulator
from tests.emulator_tests.api import Api, resources
from tests.emulator_tests.cbr_api import NOBODY, CbrApi, code, rows


def _add(vault_id: str) -> str:
    return f"vaults/{vault_id}/addresources"


def test_add(cbr: CbrApi) -> None:
    first, second, _third = cbr.ids()
    vault_id = cbr.create_vault()["id"]
    assert cbr.ok("POST", _add(vault_id), {"resources": rows([first])}) == {"add_resource_ids": [first]}
    cbr.ok("POST", _add(vault_id), {"resources": rows([second], name="alias", extra_info={"exclude_volumes": []})})
    assert [row["name"] for row in cbr.vault(vault_id)["resources"]] == ["srv-0001", "alias"]
    assert cbr.vault(vault_id)["billing"]["allocated"] == 40


@pytest.mark.parametrize(
    ("status", "number"), [("ERROR", "7101"), ("BUILD", "7101"), ("REBOOT", "7101"), ("SUSPENDED", "7101")]
)
def test_states(live_cbr: CbrApi, status: str, number: str) -> None:
    first, second, _third = live_cbr.ids()
    vault_id = live_cbr.create_vault()["id"]
    live_cbr.cloud.change_server(second, status=status)
    live_cbr.no(number, "POST", _add(vault_id), {"resources": rows([first, second])})
    assert live_cbr.members(vault_id) == [], "all or nothing"
    live_cbr.cloud.change_server(second, status="SHUTOFF")
    live_cbr.ok("POST", _add(vault_id), {"resources": rows([first, second])})


def test_refused(live_cbr: CbrApi) -> None:
    first, second, third = live_cbr.ids()
    vault_id = live_cbr.create_vault(servers=[first], size=50)["id"]
    other_id = live_cbr.create_vault("other")["id"]

    def no(number: str, wanted: Any, vault: str = vault_id) -> int:
        return live_cbr.no(number, "POST", _add(vault), {"resources": wanted})

    assert no("6105", rows([second]), NOBODY) == 404
    assert no("6302", rows([NOBODY])) == 404
    assert NOBODY in live_cbr.call("POST", _add(vault_id), {"resources": rows([NOBODY])}).text
    stranger = live_cbr.cloud.add_server("stranger", project_id=live_cbr.cloud.other_project_id).id
    assert no("6302", rows([stranger])) == 404
    no("6103", rows([first]))
    no("6103", rows([first]), other_id)
    no("6104", rows([second, second]))
    no("6102", [{"id": second, "type": "OS::Cinder::Volume"}])
    no("6101", rows([second, third]))
    no("7000", rows([second], extra_info={"exclude_volumes": ["elsewhere"]}))
    disk = live_cbr.cloud.state.servers[second].volume_ids
    no("7108", rows([second], extra_info={"exclude_volumes": disk}))
    for wanted in (
        [],
        rows([second], extra_info={"include_volumes": disk}),
        rows([second], surprise=1),
        [{"id": second}],
    ):
        no("9900", wanted)
    live_cbr.cloud.change_server(second, unprotectable="CSBS.6033")
    no("7103", rows([second]))
    live_cbr.cloud.change_server(second, unprotectable=code("7111"))
    no("7111", rows([second]))
    live_cbr.cloud.change_server(second, unprotectable=None, disks=[])
    no("7108", rows([second]))
    live_cbr.cloud.force_vault(vault_id, status="frozen")
    no("6112", rows([third]))
    disks = live_cbr.create_vault("disks", billing={"object_type": "disk"})
    no("6102", rows([third]), disks["id"])


def test_256_members() -> None:
    with Emulator(servers=258, speed=0, list_delay=0) as cloud:
        cbr = CbrApi(cloud)
        ids = cbr.ids()
        cbr.no("9900", "POST", "vaults", cbr.vault_body(servers=ids[:256], size=10000))
        vault_id = cbr.create_vault(servers=ids[:255], size=10000)["id"]
        cbr.no("9900", "POST", _add(vault_id), {"resources": rows(ids[:257])})
        cbr.no("6100", "POST", _add(vault_id), {"resources": rows(ids[255:257])})
        cbr.ok("POST", _add(vault_id), {"resources": rows(ids[255:256])})
        assert len(cbr.members(vault_id)) == 256
        assert not cloud.contract_violations and not cloud.internal_errors


def test_a_server_bound_in_csbs(api: Api, cbr: CbrApi) -> None:
    first, second, _third = cbr.ids()
    policy = api.create_policy("old", [first])
    vault_id = cbr.create_vault()["id"]
    answer = cbr.refused(code("6108"), "POST", _add(vault_id), {"resources": rows([first, second])})
    assert policy["id"] in answer.json()["error_msg"]
    api.ok("PUT", f"policies/{policy['id']}", {"policy": {"resources": []}})
    cbr.ok("POST", _add(vault_id), {"resources": rows([first, second])})
    body = {"policy": {"resources": resources([first])}}
    assert vault_id in api.refused("CSBS.6004", "PUT", f"policies/{policy['id']}", body).json()["error_msg"]


def test_a_join_that_fails_once(live_cbr: CbrApi) -> None:
    server_id = live_cbr.ids()[0]
    vault_id = live_cbr.create_vault()["id"]
    live_cbr.cloud.change_server(server_id, fail_next_join=code("7111"))
    live_cbr.no("7111", "POST", _add(vault_id), {"resources": rows([server_id])})
    live_cbr.ok("POST", _add(vault_id), {"resources": rows([server_id])})


def test_shared_disks(live_cbr: CbrApi) -> None:
    shared = {"size": 10, "id": "both", "shareable": True}
    one, two = (live_cbr.cloud.add_server(name, disks=[{"size": 20}, shared]).id for name in ("a", "b"))
    vault_id = live_cbr.create_vault(servers=[one])["id"]
    other_id = live_cbr.create_vault("other")["id"]
    assert live_cbr.no("6137", "POST", _add(other_id), {"resources": rows([two])}) == 500
    live_cbr.ok("POST", _add(other_id), {"resources": rows([two], extra_info={"exclude_volumes": ["both"]})})
    assert live_cbr.vault(other_id)["billing"]["allocated"] == 20
    many = [{"size": 1}, *({"size": 1, "shareable": True} for _number in range(11))]
    three = live_cbr.cloud.add_server("c", disks=many).id
    live_cbr.no("7107", "POST", _add(vault_id), {"resources": rows([three])})


def test_disks_that_come_and_are_left_out(live_cbr: CbrApi) -> None:
    server_id = live_cbr.ids()[0]
    live_cbr.cloud.change_server(server_id, disks=[{"size": 20}, {"size": 30, "id": "scratch"}])
    exclude = {"exclude_volumes": ["scratch"]}
    vault_id = live_cbr.create_vault(size=40)["id"]
    live_cbr.ok("POST", _add(vault_id), {"resources": rows([server_id], extra_info=exclude)})
    (row,) = live_cbr.vault(vault_id)["resources"]
    assert (row["size"], row["extra_info"]) == (20, exclude)
    (backup,) = live_cbr.good(vault_id)
    assert len(backup["children"]) == 1
    live_cbr.cloud.change_server(
        server_id, disks=[{"size": 20}, {"size": 30, "id": "scratch"}, {"size": 50, "id": "new"}]
    )
    assert live_cbr.vault(vault_id)["billing"]["allocated"] == 70, "new disks count, though the vault has only 40 GB"
    (backup,) = live_cbr.good(vault_id)
    assert [child["resource_id"] for child in backup["children"]][1:] == ["new"]


def test_remove_deletes_every_backup(cbr: CbrApi) -> None:
    first, second, _third = cbr.ids()
    vault_id = cbr.create_vault(servers=[first, second])["id"]
    cbr.good(vault_id)
    cbr.good(vault_id, resources=[first], auto_trigger=True)
    path = f"vaults/{vault_id}/removeresources"
    assert cbr.ok("POST", path, {"resource_ids": [first]}) == {"remove_resource_ids": [first]}
    states = {row["id"]: row["protect_status"] for row in cbr.vault(vault_id)["resources"]}
    assert states == {first: "removing", second: "available"}
    (task,) = cbr.tasks(operation_type="remove_resource")
    parts = task["extra_info"]["remove_resources"]
    assert (task["status"], parts["total_count"], parts["resources"][0]["id"]) == ("running", 2, first)
    cbr.no("6134", "POST", path, {"resource_ids": [first]})
    cbr.no("6103", "POST", _add(vault_id), {"resources": rows([first])})
    cbr.no("6134", "DELETE", f"vaults/{vault_id}")
    (skipped,) = cbr.back_up(vault_id)["vault"]["skipped_resources"]
    assert (skipped["id"], skipped["code"]) == (first, code("6134"))
    cbr.cloud.clock.advance(120)
    assert cbr.members(vault_id) == [second]
    assert {row["resource_id"] for row in cbr.backups()} == {second}, "manual ones are gone too"
    assert cbr.tasks(operation_type="remove_resource")[0]["status"] == "success"
    cbr.ok("POST", _add(vault_id), {"resources": rows([first])})


def test_remove_without_backups(live_cbr: CbrApi) -> None:
    server_id = live_cbr.ids()[0]
    vault_id = live_cbr.create_vault(servers=[server_id])["id"]
    live_cbr.ok("POST", f"vaults/{vault_id}/removeresources", {"resource_ids": [server_id]})
    assert live_cbr.members(vault_id) == [server_id]
    other = live_cbr.cloud.make_vault("other", live_cbr.ids()[1:2])
    body = {"destination_vault_id": vault_id, "resource_ids": live_cbr.ids()[1:2]}
    live_cbr.no("6125", "POST", f"vaults/{other.id}/migrateresources", body)
    live_cbr.cloud.clock.advance(10)
    assert live_cbr.members(vault_id) == []


def test_remove_refused(live_cbr: CbrApi) -> None:
    first, second, _third = live_cbr.ids()
    vault_id = live_cbr.create_vault(servers=[first])["id"]
    path = f"vaults/{vault_id}/removeresources"
    live_cbr.no("6135", "POST", path, {"resource_ids": [first, second]})
    live_cbr.no("6104", "POST", path, {"resource_ids": [first, first]})
    live_cbr.no("9900", "POST", path, {"resource_ids": []})
    live_cbr.back_up(vault_id)
    live_cbr.no("6125", "POST", path, {"resource_ids": [first]})
    live_cbr.cloud.clock.advance(3600)
    live_cbr.cloud.force_vault(vault_id, status="error")
    live_cbr.no("6112", "POST", path, {"resource_ids": [first]})
    assert len(live_cbr.backups()) == 1


def test_a_removal_that_fails_keeps_the_server(live_cbr: CbrApi) -> None:
    server_id = live_cbr.ids()[0]
    vault_id = live_cbr.create_vault(servers=[server_id])["id"]
    live_cbr.good(vault_id)
    live_cbr.good(vault_id)
    live_cbr.cloud.change_server(server_id, fail_next_delete="BackupService.6201")
    live_cbr.ok("POST", f"vaults/{vault_id}/removeresources", {"resource_ids": [server_id]})
    live_cbr.cloud.clock.advance(300)
    (row,) = live_cbr.vault(vault_id)["resources"]
    assert (row["protect_status"], row["backup_count"]) == ("error", 1)
    (task,) = live_cbr.tasks(operation_type="remove_resource")
    assert (task["status"], task["extra_info"]["remove_resources"]["fail_count"]) == ("failed", 1)
    assert task["error_info"]["code"] == code("6201")


def test_a_server_that_is_gone_leaves_with_its_backups(live_cbr: CbrApi) -> None:
    server_id = live_cbr.ids()[0]
    vault_id = live_cbr.create_vault(servers=[server_id])["id"]
    live_cbr.good(vault_id)
    live_cbr.cloud.remove_server(server_id)
    row = live_cbr.vault(vault_id)
    assert (row["billing"]["allocated"], row["resources"][0]["size"]) == (20, 20), "its disks still count"
    live_cbr.ok("POST", f"vaults/{vault_id}/removeresources", {"resource_ids": [server_id]})
    live_cbr.cloud.clock.advance(120)
    assert live_cbr.members(vault_id) == [] and live_cbr.backups() == []


def test_migrate_takes_the_backups_along(cbr: CbrApi) -> None:
    first, second, _third = cbr.ids()
    vault_id = cbr.create_vault(servers=[first, second])["id"]
    target_id = cbr.create_vault("target")["id"]
    moved = cbr.good(vault_id)[0]
    used = cbr.vault(vault_id)["billing"]["used"]
    body = {"destination_vault_id": target_id, "resource_ids": [first]}
    answer = cbr.ok("POST", f"vaults/{vault_id}/migrateresources", body)
    live = cbr.cloud.state.settings.live
    assert answer == {"migrated_resources": [first] if live else [target_id]}, "as the reference's sample has it"
    assert cbr.members(vault_id) == [first, second] and cbr.members(target_id) == []
    cbr.no("6125", "POST", "checkpoints", cbr.checkpoint_body(vault_id))
    cbr.no("6125", "POST", f"vaults/{vault_id}/migrateresources", {**body, "resource_ids": [second]})
    cbr.no("6111", "DELETE", f"vaults/{target_id}")
    cbr.no("6125", "POST", f"vaults/{vault_id}/removeresources", {"resource_ids": [first]})
    cbr.cloud.clock.advance(60)
    assert (cbr.members(vault_id), cbr.members(target_id)) == ([second], [first])
    assert cbr.backup(moved["id"])["vault_id"] == target_id
    assert cbr.vault(vault_id)["billing"]["used"] == cbr.vault(target_id)["billing"]["used"] == used // 2
    (task,) = cbr.tasks(vault_id=vault_id, operation_type="migrate_resource")
    assert task["status"] == "success"
    (later,) = cbr.good(target_id)
    info = later["extend_info"]
    assert info.get("incremental", True), "what moved is what later ones are based on"


def test_migrate_refused(live_cbr: CbrApi) -> None:
    first, second, third = live_cbr.ids()
    vault_id = live_cbr.create_vault(servers=[first, second])["id"]
    target_id = live_cbr.create_vault("target", [third], size=50)["id"]
    path = f"vaults/{vault_id}/migrateresources"

    def no(number: str, target: str = target_id, wanted: list[str] | None = None) -> int:
        body = {"destination_vault_id": target, "resource_ids": wanted or [first]}
        return live_cbr.no(number, "POST", path, body)

    assert no("6105", NOBODY) == 404
    no("9900", vault_id)
    no("6135", wanted=[third])
    no("6101", wanted=[first, second])
    no("6116", live_cbr.create_vault("copies", billing={"protect_type": "replication"})["id"])
    live_cbr.back_up(target_id)
    no("6125")
    live_cbr.cloud.clock.advance(3600)
    live_cbr.good(vault_id)
    live_cbr.cloud.fill_vault(target_id, 90)
    no("6129")
    live_cbr.cloud.fill_vault(target_id, 0)
    live_cbr.cloud.force_vault(target_id, status="frozen")
    no("6112")
    live_cbr.cloud.force_vault(target_id, status="available")
    live_cbr.cloud.change_server(first, fail_next_join=code("9910"))
    live_cbr.ok("POST", path, {"destination_vault_id": target_id, "resource_ids": [first]})
    live_cbr.cloud.clock.advance(60)
    assert first in live_cbr.members(vault_id)
    assert live_cbr.tasks(operation_type="migrate_resource")[0]["error_info"]["code"] == code("9910")


def test_moving_into_a_full_set_of_members() -> None:
    with Emulator(servers=257, speed=0, list_delay=0) as cloud:
        cbr = CbrApi(cloud)
        ids = cbr.ids()
        full = cloud.make_vault("full", ids[:256], size=10000)
        last = cloud.make_vault("last", ids[256:])
        body = {"destination_vault_id": full.id, "resource_ids": ids[256:]}
        cbr.no("6100", "POST", f"vaults/{last.id}/migrateresources", body)
