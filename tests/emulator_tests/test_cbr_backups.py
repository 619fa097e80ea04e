# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore points and backups: members, what is skipped, full vaults, lists, and deleting."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator_tests.api import Api
from tests.emulator_tests.cbr_api import NOBODY, CbrApi, code, rows


def test_one_member(cbr: CbrApi) -> None:
    server_id = cbr.ids()[0]
    vault = cbr.create_vault(servers=[server_id])
    made = cbr.back_up(vault["id"], name="mine", description="why")
    assert (made["status"], made["vault"]["id"], made["vault"]["skipped_resources"]) == ("protecting", vault["id"], [])
    assert made["extra_info"] == {"name": "mine", "description": "why", "retention_duration": -1}
    (row,) = cbr.backups(checkpoint_id=made["id"])
    assert (row["status"], row["children"]) == ("waiting_protect", []), "rows have no children"
    assert cbr.vault(vault["id"])["resources"][0]["protect_status"] == "protecting"
    cbr.cloud.clock.advance(20)
    assert cbr.backup(row["id"])["status"] == "protecting"
    cbr.cloud.clock.advance(3600)
    backup = cbr.backup(row["id"])
    assert (
        backup.items()
        >= {
            "name": "mine",
            "description": "why",
            "status": "available",
            "vault_id": vault["id"],
            "checkpoint_id": made["id"],
            "resource_id": server_id,
            "resource_name": "srv-0001",
            "resource_type": "OS::Nova::Server",
            "resource_size": 20,
            "image_type": "backup",
        }.items()
    )
    assert backup["extend_info"]["auto_trigger"] is False
    (child,) = backup["children"]
    assert child["resource_id"] == cbr.cloud.state.servers[server_id].volume_ids[0]
    assert (child["parent_id"], child["extend_info"]["bootable"], child["children"]) == (backup["id"], True, [])
    assert cbr.get(f"checkpoints/{made['id']}")["checkpoint"]["status"] == "available"
    (member,) = cbr.vault(vault["id"])["resources"]
    assert (member["protect_status"], member["backup_count"], member["backup_size"]) == ("available", 1, 8400)
    assert cbr.vault(vault["id"])["billing"]["used"] == 8400


def test_numbers_are_text_in_live_restore_points(live_cbr: CbrApi, reference_cbr: CbrApi) -> None:
    first, second, _third = live_cbr.ids()
    live_cbr.cloud.change_server(second, disks=[{"size": 20}, {"size": 5, "id": "scratch"}])
    vault = live_cbr.create_vault()
    path = f"vaults/{vault['id']}/addresources"
    live_cbr.ok("POST", path, {"resources": rows([first])})
    live_cbr.ok("POST", path, {"resources": rows([second], extra_info={"exclude_volumes": ["scratch"]})})
    made = live_cbr.back_up(vault["id"])
    one, two = made["vault"]["resources"]
    assert (one["resource_size"], one["backup_size"], one["backup_count"]) == ("20", "0", "0")
    assert (one["extra_info"], two["extra_info"]) == ("{}", {"exclude_volumes": ["scratch"]})
    shown = live_cbr.get(f"checkpoints/{made['id']}")["checkpoint"]
    assert set(shown) == {"id", "project_id", "status", "created_at"}, "who asks again is told little"
    vault = reference_cbr.create_vault(servers=reference_cbr.ids()[:1])
    made = reference_cbr.back_up(vault["id"])
    assert made["vault"]["resources"][0]["resource_size"] == 20
    shown = reference_cbr.get(f"checkpoints/{made['id']}")["checkpoint"]
    assert "extra_info" not in shown and "skipped_resources" not in shown["vault"]


def test_names_of_several(cbr: CbrApi) -> None:
    first, second, third = cbr.ids()
    vault = cbr.create_vault(servers=[first, second, third])
    found = cbr.good(vault["id"], name="night", resources=[third, first])
    assert [(row["name"], row["resource_id"]) for row in found] == [("night-0001", third), ("night-0002", first)]
    assert len({row["checkpoint_id"] for row in found}) == 1
    (row,) = cbr.good(vault["id"], resource_details=rows([second]))
    assert (row["resource_id"], row["name"][:9]) == (second, "manualbk_")
    assert len(cbr.good(vault["id"], resources=[])) == 3, "nothing chosen is all"


@pytest.mark.parametrize(
    ("incremental", "expected"), [(None, [False, True]), (True, [False, True]), (False, [False, False])]
)
def test_the_first_is_full(live_cbr: CbrApi, incremental: bool | None, expected: list[bool]) -> None:
    vault = live_cbr.create_vault(servers=live_cbr.ids()[:1])
    wish = {} if incremental is None else {"incremental": incremental}
    found = [live_cbr.good(vault["id"], **wish)[0]["extend_info"]["incremental"] for _number in range(2)]
    assert found == expected
    assert [task["extra_info"]["backup"]["incremental"] for task in live_cbr.tasks()][::-1] == [
        str(value).lower() for value in expected
    ]


def test_backups_of_csbs_are_no_base(api: Api, live_cbr: CbrApi) -> None:
    server_id = live_cbr.ids()[0]
    live_cbr.cloud.make_backup(server_id)
    vault = live_cbr.create_vault(servers=[server_id])
    (row,) = live_cbr.good(vault["id"])
    assert row["extend_info"]["incremental"] is False


def test_refused(live_cbr: CbrApi) -> None:
    first, second, _third = live_cbr.ids()
    vault = live_cbr.create_vault(servers=[first])

    def no(number: str, vault_id: str = vault["id"], **parameters: Any) -> int:
        return live_cbr.no(number, "POST", "checkpoints", live_cbr.checkpoint_body(vault_id, **parameters))

    assert no("6105", NOBODY) == 404
    no("6135", resources=[second])
    no("6104", resources=[first, first])
    no("6102", resource_details=[{"id": first, "type": "OS::Cinder::Volume"}])
    for parameters in (
        {"name": "a b"},
        {"name": "x" * 65},
        {"description": "x" * 256},
        {"incremental": "true"},
        {"resource_details": [{"id": first}]},
        {"resources": [first], "resource_details": rows([first])},
        {"surprise": 1},
    ):
        no("9900", **parameters)
    body = {"checkpoint": {"vault_id": vault["id"], "name": "beside"}}
    live_cbr.no("9900", "POST", "checkpoints", body)
    no("0001", live_cbr.create_vault("empty")["id"])
    no("6124", live_cbr.create_vault("disks", billing={"object_type": "disk"})["id"])
    live_cbr.cloud.force_vault(vault["id"], status="frozen")
    no("6113")
    assert live_cbr.backups() == []


def test_one_at_a_time_in_a_vault(live_cbr: CbrApi) -> None:
    first, second, third = live_cbr.ids()
    vault = live_cbr.create_vault(servers=[first, second])
    other = live_cbr.create_vault("other", [third])
    live_cbr.back_up(vault["id"], resources=[first])
    body = live_cbr.checkpoint_body(vault["id"], resources=[second])
    live_cbr.no("6125", "POST", "checkpoints", body)
    live_cbr.back_up(other["id"])
    live_cbr.cloud.clock.advance(3600)
    live_cbr.ok("POST", "checkpoints", body)


def test_skipped(live_cbr: CbrApi) -> None:
    cloud = live_cbr.cloud
    ids = [cloud.add_server(f"s{number}").id for number in range(6)]
    vault = live_cbr.create_vault(servers=ids)
    csbs = Api(cloud)
    cloud.change_server(ids[0], status="ERROR")
    cloud.remove_server(ids[1])
    cloud.change_server(ids[2], unprotectable="CSBS.6033")
    cloud.change_server(ids[3], disks=[])
    csbs.protect(ids[4])
    made = live_cbr.back_up(vault["id"], name="night")
    skipped = {row["id"]: row["code"] for row in made["vault"]["skipped_resources"]}
    assert skipped == {
        ids[0]: code("7101"),
        ids[1]: code("7100"),
        ids[2]: code("7103"),
        ids[3]: code("7108"),
        ids[4]: code("0002"),
    }
    assert {row["name"] for row in made["vault"]["skipped_resources"]} == {f"s{number}" for number in range(5)}
    assert [row["id"] for row in made["vault"]["resources"]] == [ids[5]]
    (row,) = live_cbr.backups()
    assert (row["resource_id"], row["name"]) == (ids[5], "night")
    tasks = live_cbr.tasks(status="skipped")
    assert {task["extra_info"]["resource"]["id"] for task in tasks} == set(ids[:5])
    csbs.refused("CSBS.2003", "POST", csbs.protect_path(ids[5]), {"protect": {}})


def test_all_skipped(live_cbr: CbrApi) -> None:
    server_id = live_cbr.ids()[0]
    vault = live_cbr.create_vault(servers=[server_id])
    live_cbr.cloud.change_server(server_id, status="ERROR")
    answer = live_cbr.refused(code("0001"), "POST", "checkpoints", live_cbr.checkpoint_body(vault["id"]))
    assert code("7101") in answer.json()["error_msg"]
    assert live_cbr.backups() == []


def test_failure(cbr: CbrApi) -> None:
    first, second, _third = cbr.ids()
    vault = cbr.create_vault(servers=[first, second])
    cbr.cloud.change_server(first, fail_next_backup="BackupService.6215 the disk is gone")
    made = cbr.back_up(vault["id"])
    cbr.cloud.clock.advance(3600)
    statuses = {row["resource_id"]: row["status"] for row in cbr.backups()}
    assert statuses == {first: "error", second: "available"}
    assert cbr.get(f"checkpoints/{made['id']}")["checkpoint"]["status"] == "available", "one of two is enough"
    tasks = {task["extra_info"]["resource"]["id"]: task for task in cbr.tasks(operation_type="backup")}
    assert tasks[first]["status"] == "failed"
    assert tasks[first]["error_info"] == {"code": code("6215"), "message": "the disk is gone"}
    assert tasks[second]["error_info"] == {"code": "", "message": ""}
    cbr.cloud.change_server(first, fail_next_backup="words")
    made = cbr.back_up(vault["id"], resources=[first])
    cbr.cloud.clock.advance(3600)
    assert cbr.get(f"checkpoints/{made['id']}")["checkpoint"]["status"] == "error"
    assert cbr.tasks(status="failed")[0]["error_info"] == {"code": code("9910"), "message": "words"}
    (row,) = cbr.good(vault["id"], resources=[first])
    assert row["status"] == "available"


def test_full_vaults(live_cbr: CbrApi) -> None:
    vault = live_cbr.create_vault(servers=live_cbr.ids()[:1], size=20)
    body = live_cbr.checkpoint_body(vault["id"])
    for _number in range(13):
        live_cbr.good(vault["id"])
    assert live_cbr.vault(vault["id"])["billing"]["used"] == 8400 + 12 * 1020
    assert live_cbr.no("6114", "POST", "checkpoints", body) == 400
    live_cbr.ok("PUT", f"vaults/{vault['id']}", {"vault": {"billing": {"size": 21}}})
    live_cbr.cloud.clock.advance(30)
    live_cbr.ok("POST", "checkpoints", body)


def test_auto_expand(live_cbr: CbrApi) -> None:
    vault = live_cbr.create_vault(servers=live_cbr.ids()[:1], size=20)
    path = f"vaults/{vault['id']}"
    live_cbr.ok("PUT", path, {"vault": {"auto_expand": True}})
    live_cbr.cloud.fill_vault(vault["id"], 99)
    live_cbr.good(vault["id"])
    assert live_cbr.vault(vault["id"])["billing"]["size"] == 32, "a quarter, until it fits, rounded up"
    live_cbr.cloud.fill_vault(vault["id"])
    live_cbr.good(vault["id"])
    assert live_cbr.vault(vault["id"])["billing"]["size"] == 40


def test_auto_expand_that_comes_too_late(live_cbr: CbrApi) -> None:
    vault = live_cbr.create_vault(servers=live_cbr.ids()[:1], size=20)
    path, body = f"vaults/{vault['id']}", live_cbr.checkpoint_body(vault["id"])
    live_cbr.cloud.fill_vault(vault["id"])
    for _number in range(2):
        live_cbr.ok("PUT", path, {"vault": {"auto_expand": True}})
        live_cbr.no("6114", "POST", "checkpoints", body)
    live_cbr.ok("PUT", path, {"vault": {"billing": {"size": 21}}})
    live_cbr.cloud.clock.advance(30)
    live_cbr.cloud.fill_vault(vault["id"])
    live_cbr.ok("POST", "checkpoints", body)
    assert live_cbr.vault(vault["id"])["billing"]["size"] == 27


def test_auto_expand_that_comes_in_time(live_cbr: CbrApi) -> None:
    vault = live_cbr.create_vault(servers=live_cbr.ids()[:1], size=20)
    path = f"vaults/{vault['id']}"

    def switch(on: bool) -> None:
        live_cbr.ok("PUT", path, {"vault": {"auto_expand": on}})

    live_cbr.cloud.fill_vault(vault["id"])
    switch(False)
    live_cbr.cloud.fill_vault(vault["id"], 0)
    switch(True)
    live_cbr.cloud.fill_vault(vault["id"], 110)
    switch(True)
    live_cbr.ok("PUT", path, {"vault": {"billing": {"size": 22}}})
    live_cbr.cloud.clock.advance(30)
    live_cbr.good(vault["id"])
    assert live_cbr.vault(vault["id"])["billing"]["size"] > 22


def test_live_words(live_cbr: CbrApi) -> None:
    vault = live_cbr.create_vault(servers=live_cbr.ids()[:1])
    (backup,) = live_cbr.good(vault["id"])
    assert (backup["description"], backup["expired_at"], backup["parent_id"]) == (None, None, None)
    assert backup["extend_info"]["os_images_data"] is None
    assert len(backup["created_at"]) == 26 and backup["updated_at"].endswith("+00:00"), "two formats in one row"


def test_reference_words(reference_cbr: CbrApi) -> None:
    vault = reference_cbr.create_vault(servers=reference_cbr.ids()[:1])
    (backup,) = reference_cbr.good(vault["id"])
    assert backup["description"] == ""
    assert not {"expired_at", "parent_id", "replication_records"} & set(backup)
    assert not {"incremental", "os_images_data", "progress"} & set(backup["extend_info"])


def test_lists_and_filters(cbr: CbrApi) -> None:
    first, second, _third = cbr.ids()
    one = cbr.create_vault("one", [first], size=20)
    two = cbr.create_vault("two", [second])
    (old,) = cbr.good(one["id"], name="Alpha")
    (new,) = cbr.good(two["id"], name="beta")
    cbr.cloud.force_backup(new["id"], status="error")

    def found(**query: Any) -> list[str]:
        answer = cbr.get("backups", **query)
        assert answer["count"] == len(answer["backups"])
        return [row["id"] for row in answer["backups"]]

    assert found() == [new["id"], old["id"]], "newest first"
    assert found(vault_id=one["id"]) == [old["id"]]
    assert found(resource_id=second) == [new["id"]]
    assert found(checkpoint_id=old["checkpoint_id"]) == [old["id"]]
    assert found(status="error") == [new["id"]]
    assert found(status=["error", "available"]) == [new["id"], old["id"]]
    assert found(name="beta") == [new["id"]]
    live = cbr.cloud.state.settings.live
    assert found(name="bet") == ([new["id"]] if live else [])
    assert found(resource_name="srv-000") == ([new["id"], old["id"]] if live else [])
    assert found(resource_az="eu-de-01", resource_type="OS::Nova::Server", image_type="backup") == found()
    assert found(own_type="private") == found(own_type="all_granted") == found(dec=False) == found()
    for query in (
        {"own_type": "shared"},
        {"image_type": "replication"},
        {"resource_type": "OS::Cinder::Volume"},
        {"member_status": "pending"},
        {"resource_az": "eu-de-02"},
        {"parent_id": old["id"]},
        {"dec": True},
    ):
        assert found(**query) == [], query
    assert found(used_percent=41) == [old["id"]] and found(used_percent=42) == []
    assert found(start_time="2026-01-05T12:30:00Z") == [new["id"]]
    assert found(end_time="2026-01-05T12:30:00Z") == [old["id"]]
    assert found(sort="name:asc") == [old["id"], new["id"]]
    assert found(sort="status") == [new["id"], old["id"]]
    assert found(sort="created_at:asc,name") == [old["id"], new["id"]]
    for query in (
        {"start_time": "2026-01-05"},
        {"start_time": "2026-01-05T12:30:00.000000"},
        {"status": "dreaming"},
        {"sort": "size"},
        {"sort": "name:up"},
        {"marker": NOBODY},
        {"policy_id": NOBODY},
        {"used_percent": 101},
        {"all_tenants": "true"},
    ):
        cbr.no("9900", "GET", "backups", **query)


def test_pages(cbr: CbrApi) -> None:
    server_id = cbr.ids()[0]
    vault = cbr.cloud.make_vault(servers=[server_id])
    ids = [cbr.cloud.make_vault_backup(server_id, vault.id, f"b{number}").id for number in range(5)][::-1]
    answer = cbr.get("backups", limit=2)
    assert ([row["id"] for row in answer["backups"]], answer["count"]) == (ids[:2], 5)
    assert [row["id"] for row in cbr.backups(limit=2, marker=ids[1])] == ids[2:4]
    assert [row["id"] for row in cbr.backups(limit=2, offset=3)] == ids[3:]
    assert [row["id"] for row in cbr.backups(offset=1, marker=ids[1])] == ids[3:]
    cbr.ok("DELETE", f"backups/{ids[1]}")
    cbr.cloud.clock.advance(120)
    assert [row["id"] for row in cbr.backups(marker=ids[1])] == ids[2:], "a marker that is gone keeps its place"
    for query in ({"offset": 0}, {"limit": 0}, {"limit": 1001}):
        cbr.no("9900", "GET", "backups", **query)


def test_delete(cbr: CbrApi) -> None:
    vault = cbr.create_vault(servers=cbr.ids()[:1])
    (backup,) = cbr.good(vault["id"])
    path = f"backups/{backup['id']}"
    assert cbr.call("DELETE", path).status_code == 204
    assert cbr.backup(backup["id"])["status"] == "waiting_delete"
    assert cbr.get(f"checkpoints/{backup['checkpoint_id']}")["checkpoint"]["status"] == "deleting"
    cbr.no("6201", "DELETE", path)
    (task,) = cbr.tasks(operation_type="delete")
    assert (task["status"], task["extra_info"]["delete"]["backup_id"]) == ("waiting", backup["id"])
    cbr.cloud.clock.advance(10)
    assert cbr.backup(backup["id"])["status"] == "deleting"
    assert cbr.tasks(operation_type="delete")[0]["status"] == "running"
    cbr.cloud.clock.advance(60)
    assert cbr.no("6200", "GET", path) == 404
    assert cbr.no("6200", "DELETE", path) == 404
    assert cbr.no("6217", "GET", f"checkpoints/{backup['checkpoint_id']}") == 404
    assert cbr.tasks(operation_type="delete")[0]["status"] == "success"
    assert cbr.vault(vault["id"])["billing"]["used"] == 0


def test_delete_refused(live_cbr: CbrApi) -> None:
    vault = live_cbr.create_vault(servers=live_cbr.ids()[:1])
    (old,) = live_cbr.good(vault["id"])
    (last,) = live_cbr.good(vault["id"])
    live_cbr.back_up(vault["id"])
    running = live_cbr.backups(status="waiting_protect")[0]
    live_cbr.no("6201", "DELETE", f"backups/{running['id']}")
    live_cbr.no("6216", "DELETE", f"backups/{last['id']}")
    live_cbr.ok("DELETE", f"backups/{old['id']}")
    live_cbr.cloud.clock.advance(3600)
    live_cbr.ok("POST", f"backups/{last['id']}/restore", live_cbr.restore(last))
    live_cbr.no("6216", "DELETE", f"backups/{last['id']}")
    live_cbr.cloud.clock.advance(3600)
    live_cbr.cloud.force_vault(vault["id"], status="deleting")
    live_cbr.no("6201", "DELETE", f"backups/{last['id']}")


def test_a_delete_that_fails(live_cbr: CbrApi) -> None:
    server_id = live_cbr.ids()[0]
    vault = live_cbr.create_vault(servers=[server_id])
    (backup,) = live_cbr.good(vault["id"])
    live_cbr.cloud.change_server(server_id, fail_next_delete=code("6201"))
    live_cbr.ok("DELETE", f"backups/{backup['id']}")
    live_cbr.cloud.clock.advance(120)
    assert live_cbr.backup(backup["id"])["status"] == "error"
    assert live_cbr.tasks(operation_type="delete")[0]["error_info"]["code"] == code("6201")
    live_cbr.ok("DELETE", f"backups/{backup['id']}")
    live_cbr.cloud.clock.advance(120)
    assert live_cbr.backups() == []


def test_what_is_not_offered(cbr: CbrApi) -> None:
    vault = cbr.create_vault(servers=cbr.ids()[:1])
    (backup,) = cbr.good(vault["id"])
    path = f"backups/{backup['id']}"
    for method, where in (
        ("PUT", path),
        ("GET", f"{path}/members"),
        ("POST", f"{path}/members"),
        ("POST", f"{path}/replicate"),
        ("POST", "checkpoints/replicate"),
        ("GET", "checkpoints"),
        ("DELETE", f"checkpoints/{backup['checkpoint_id']}"),
        ("GET", "replication-capabilities"),
        ("GET", "quotas"),
        ("GET", "protectables/disk/instances"),
        ("GET", "protectables/server/instances"),
        ("GET", f"protectables/server/instances/{cbr.ids()[0]}"),
        ("GET", f"vaults/{vault['id']}/tags"),
    ):
        answer = cbr.refused("APIGW.0101", method, where)
        assert answer.status_code == 404, where


def test_protectables_when_offered(live_cbr: CbrApi) -> None:
    first, second, third = live_cbr.ids()
    live_cbr.cloud.settings(protectables=True)
    vault = live_cbr.create_vault(servers=[first])
    live_cbr.cloud.change_server(second, status="ERROR")
    answer = live_cbr.get("protectables/server/instances")
    verdicts = {row["id"]: row["protectable"] for row in answer["instances"]}
    assert answer["count"] == 3
    assert (verdicts[first]["code"], verdicts[first]["vault"]["id"]) == (code("7116"), vault["id"])
    assert (verdicts[second]["result"], verdicts[second]["code"]) == (False, code("7101"))
    assert verdicts[third]["result"] is True
    row = live_cbr.get(f"protectables/server/instances/{third}")["instance"]
    assert (row["size"], len(row["children"])) == (20, 1)
    assert [row["id"] for row in live_cbr.get("protectables/server/instances", limit=1)["instances"]] == [third]
    page = live_cbr.get("protectables/server/instances", marker=third, name="srv")
    assert [row["id"] for row in page["instances"]] == [second, first]
    assert live_cbr.get("protectables/server/instances", status="ERROR")["count"] == 1
    live_cbr.no("9900", "GET", "protectables/server/instances", limit=51)
    assert live_cbr.no("7100", "GET", f"protectables/server/instances/{NOBODY}") == 404
