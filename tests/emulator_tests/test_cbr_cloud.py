# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CBR in the cloud round it: catalog, contract, faults, journal, images, and what tests do to it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.emulator import Emulator, contract
from tests.emulator.cbr import calls
from tests.emulator_tests.api import Api
from tests.emulator_tests.cbr_api import NOBODY, CbrApi, code, rows


def _catalog(cloud: Emulator) -> dict[str, str]:
    url, headers = f"{cloud.url}/v3/auth/catalog", {"X-Auth-Token": cloud.token()}
    answer = requests.get(url, headers=headers, timeout=10).json()
    return {entry["type"]: entry["endpoints"][0]["url"] for entry in answer["catalog"]}


def test_catalog(cloud: Emulator) -> None:
    assert _catalog(cloud)["cbr"] == cloud.cbr_url == f"{cloud.url}/cbr/v3/{cloud.project_id}"
    cloud.settings(catalog_lacks="cbr")
    assert "cbr" not in _catalog(cloud) and "data-protect" in _catalog(cloud)
    cloud.settings(catalog_lacks="data-protect")
    assert "data-protect" not in _catalog(cloud) and "cbr" in _catalog(cloud)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("catalog_lacks", "nova"),
        ("unique_vault_names", "yes"),
        ("quota_vaults", -2),
        ("protectables", None),
        ("csbs_closed", 1.5),
    ],
)
def test_wrong_settings(live: Emulator, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        live.settings(**{name: value})


def test_csbs_closed_to_new_projects(live: Emulator, live_cbr: CbrApi) -> None:
    csbs = Api(live)
    first, second = csbs.ids()[:2]
    policy, item = csbs.create_policy(servers=[first]), csbs.backed_up(second)
    live.settings(csbs_closed=True)
    csbs.refused(code("4008"), "POST", "policies", csbs.policy_body("second"))
    csbs.refused(code("4008"), "POST", csbs.protect_path(second), {"protect": {}})
    csbs.refused(
        code("4008"),
        "POST",
        csbs.run_path(),
        {"checkpoint": {"plan_id": policy["id"], "parameters": {"auto_trigger": False}}},
    )
    assert [row["id"] for row in csbs.get("policies")["policies"]] == [policy["id"]]
    csbs.ok("DELETE", csbs.delete_path(item))
    live_cbr.create_cbr_policy()


def test_no_discovery(live_cbr: CbrApi) -> None:
    for path in ("", "/"):
        answer = live_cbr.session.get(live_cbr.url + path, timeout=10)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "APIGW.0101")
    for path in ("/cbr/v3", "/cbr/v3/"):
        assert live_cbr.session.get(live_cbr.cloud.url + path, timeout=10).status_code == 404
    for path in ("/cbr", "/cbr/"):
        answer = requests.get(live_cbr.cloud.url + path, timeout=10)
        assert answer.status_code == 300
        assert [row["id"] for row in answer.json()["versions"]] == ["v3"]


def test_tokens(live_cbr: CbrApi) -> None:
    live_cbr.cloud.keystone.expire_all()
    assert live_cbr.refused("APIGW.0301", "GET", "vaults").status_code == 401


def test_calls_and_description_agree() -> None:
    assert set(contract.load("cbr-v3").operations) == set(calls.CALLS)


def test_requests_and_answers_are_closed() -> None:
    """No object takes keys that nobody described."""

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for part in node:
                walk(part)
        if isinstance(node, dict):
            if "properties" in node and node.get("type") in ("object", ["object", "null"]):
                assert node.get("additionalProperties") is False, node
            for part in node.values():
                walk(part)

    walk(contract.load("cbr-v3").document)


def test_document_is_openapi() -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(contract.load("cbr-v3").document)


def test_refusals_name_the_place(live_cbr: CbrApi) -> None:
    body = live_cbr.vault_body(size="much")  # type: ignore[arg-type]
    assert "/vault/billing/size" in live_cbr.refused(code("9900"), "POST", "vaults", body).json()["error_msg"]
    answer = live_cbr.session.post(f"{live_cbr.url}/vaults", data="{", timeout=10)
    assert (answer.status_code, answer.json()["error_code"]) == (400, code("9900"))
    live_cbr.no("9900", "GET", "vaults", {"body": "none expected"})
    live_cbr.no("9900", "GET", "vaults", name=["given", "twice"])


def test_wrong_answers_are_caught(live_cbr: CbrApi) -> None:
    vault = live_cbr.cloud.make_vault()
    vault.name = 5  # type: ignore[assignment]
    assert live_cbr.refused("EMULATOR.contract", "GET", f"vaults/{vault.id}").status_code == 500
    assert "name" in live_cbr.cloud.contract_violations[0]
    live_cbr.cloud.contract_violations.clear()


def test_faults(live_cbr: CbrApi) -> None:
    faults = live_cbr.cloud.faults
    faults.add(path="/vaults$", status=502)
    assert live_cbr.refused(code("9910"), "GET", "vaults").status_code == 502
    faults.add(path="/vaults$", status=404)
    assert live_cbr.refused("APIGW.0101", "GET", "vaults").status_code == 404
    faults.add(path="/checkpoints$", error_code=code("8300"), status=400)
    live_cbr.no("8300", "POST", "checkpoints", {})
    faults.add(path="/vaults$", error_code=code("6105"))
    assert live_cbr.no("6105", "GET", "vaults") == 404, "a known code has its status"
    faults.add(method="POST", path="/vaults$", drop="after")
    with pytest.raises(requests.ConnectionError):
        live_cbr.create_vault("lost")
    assert live_cbr.get("vaults", name="lost")["count"] == 1, "carried out, though nobody heard of it"


def test_journal(live_cbr: CbrApi) -> None:
    live_cbr.create_vault()
    live_cbr.get("vaults")
    entries = live_cbr.cloud.journal.select(service="cbr")
    assert [(entry.method, entry.write, entry.status) for entry in entries] == [
        ("POST", True, 200),
        ("GET", False, 200),
    ]
    assert len(live_cbr.cloud.journal.writes()) == 1


# --- images -----------------------------------------------------------------------------------------------------------


def _image(cbr: CbrApi, backup_id: str, kind: str = "CBR") -> requests.Response:
    body = {"name": "golden", "backup_id": backup_id, "whole_image_type": kind}
    return cbr.session.post(f"{cbr.cloud.ims_url}/v1/cloudimages/wholeimages/action", json=body, timeout=10)


def test_images(cbr: CbrApi) -> None:
    vault = cbr.create_vault(servers=cbr.ids()[:1])
    (backup,) = cbr.good(vault["id"])
    path = f"backups/{backup['id']}"
    job_id = _image(cbr, backup["id"]).json()["job_id"]
    assert cbr.no("6204", "DELETE", path) == 400
    assert _image(cbr, backup["id"]).json()["error"]["code"] == "IMG.0134"
    cbr.cloud.clock.advance(700)
    url = f"{cbr.cloud.ims_url}/v1/{cbr.cloud.project_id}/jobs/{job_id}"
    image_id = cbr.session.get(url, timeout=10).json()["entities"]["image_id"]
    assert cbr.backup(backup["id"])["extend_info"]["os_images_data"] == [{"image_id": image_id}]
    for method, where, body in (
        ("DELETE", path, None),
        ("DELETE", f"vaults/{vault['id']}", None),
        ("POST", f"vaults/{vault['id']}/removeresources", {"resource_ids": cbr.ids()[:1]}),
    ):
        cbr.no("6204", method, where, body)
    assert cbr.session.delete(f"{cbr.cloud.ims_url}/v2/images/{image_id}", timeout=10).status_code == 204
    cbr.ok("DELETE", path)


def test_refused_images(live_cbr: CbrApi) -> None:
    server_id = live_cbr.ids()[0]
    item = live_cbr.cloud.make_backup(server_id)
    vault = live_cbr.create_vault(servers=[server_id])
    live_cbr.back_up(vault["id"])
    running = live_cbr.backups()[0]["id"]

    def refused(backup_id: str, kind: str) -> tuple[int, str]:
        answer = _image(live_cbr, backup_id, kind)
        return answer.status_code, answer.json()["error"]["code"]

    assert refused(running, "CBR") == (500, code("6208"))
    assert refused(running, "CSBS") == (404, "CSBS.3001")
    assert refused(item.id, "CBR") == (404, code("6200"))
    live_cbr.cloud.clock.advance(3600)
    system_disk = live_cbr.cloud.state.servers[server_id].volume_ids[0]
    live_cbr.cloud.change_server(server_id, disks=[{"size": 20}, {"size": 5}])
    system_disk = live_cbr.cloud.state.servers[server_id].volume_ids[0]
    details = rows([server_id], extra_info={"exclude_volumes": [system_disk]})
    (data,) = live_cbr.good(vault["id"], resource_details=details)
    assert refused(data["id"], "CBR") == (500, code("6209"))


# --- what tests do ----------------------------------------------------------------------------------------------------


def test_what_others_made(cbr: CbrApi) -> None:
    first, second, third = cbr.ids()
    theirs = cbr.cloud.make_vault("a name, not <ours>", [first], tags={"team": "x"}, auto_expand=True)
    small = cbr.cloud.make_vault("small", [second], size=20)
    policy = cbr.cloud.make_vault_policy("their policy", [theirs.id], definition={"timezone": "UTC+00:00"})
    old = cbr.cloud.make_vault_backup(first, name="old", age=86400, auto_trigger=True)
    other = cbr.cloud.make_vault_backup(third, theirs.id, status="error")
    row = cbr.vault(theirs.id)
    assert (row["name"], row["tags"], row["billing"]["size"]) == (theirs.name, [{"key": "team", "value": "x"}], 40)
    assert cbr.vault(small.id)["billing"]["size"] == 20
    assert cbr.cbr_policy(policy.id)["associated_vaults"][0]["vault_id"] == theirs.id
    assert cbr.backup(old.id)["created_at"][:16] == "2026-01-04T12:00"
    assert cbr.backup(old.id)["extend_info"]["auto_trigger"] is True
    assert (cbr.backup(other.id)["status"], cbr.backup(other.id)["vault_id"]) == ("error", theirs.id)
    cbr.no("6103", "POST", f"vaults/{small.id}/addresources", {"resources": rows([first])})
    cbr.cloud.clock.advance(86000)
    assert len(cbr.backups(resource_id=first)) == 2, "their policy runs"
    with pytest.raises(ValueError, match="colour"):
        cbr.cloud.make_vault(colour="red")
    with pytest.raises(ValueError, match="is in vault"):
        cbr.cloud.make_vault(servers=[first])


def test_force(live_cbr: CbrApi) -> None:
    cloud = live_cbr.cloud
    server_id = live_cbr.ids()[0]
    vault = live_cbr.create_vault(servers=[server_id])
    cloud.force_vault(vault["id"], members={server_id: "error"}, size=7)
    row = live_cbr.vault(vault["id"])
    assert (row["resources"][0]["protect_status"], row["billing"]["size"]) == ("error", 7)
    cloud.force_vault(vault["id"], members={server_id: None}, size=70)
    assert live_cbr.vault(vault["id"])["resources"][0]["protect_status"] == "available"
    cloud.fill_vault(vault["id"], 50)
    assert live_cbr.vault(vault["id"])["billing"]["used"] == 35 * 1024
    live_cbr.back_up(vault["id"])
    (row,) = live_cbr.backups()
    cloud.force_backup(row["id"], status="protecting")
    cloud.clock.advance(3600)
    assert live_cbr.backup(row["id"])["status"] == "protecting", "a busy one stays busy"
    live_cbr.no("6125", "POST", "checkpoints", live_cbr.checkpoint_body(vault["id"]))
    cloud.force_backup(row["id"], status="available")
    (task,) = live_cbr.tasks()
    assert task["status"] == "success"
    cloud.force_task(task["id"], "failed", "BackupService.6215 no")
    assert live_cbr.tasks()[0]["error_info"] == {"code": code("6215"), "message": "no"}
    cloud.force_task(task["id"], "timeout")
    assert live_cbr.tasks()[0]["status"] == "timeout"
    cloud.force_task(task["id"], "running")
    assert live_cbr.tasks()[0]["status"] == "running"
    for call in (
        lambda: cloud.force_vault(vault["id"], status="dreaming"),
        lambda: cloud.force_vault(vault["id"], members={server_id: "dreaming"}),
        lambda: cloud.force_vault(vault["id"], members={NOBODY: "error"}),
        lambda: cloud.force_vault(vault["id"], colour="red"),
        lambda: cloud.force_task(task["id"], "dreaming"),
    ):
        with pytest.raises(ValueError):
            call()
    cloud.force_backup(row["id"], status="deleted")
    assert live_cbr.backups() == []


def test_control_api(live: Emulator) -> None:
    cbr = CbrApi(live)
    server_id = cbr.ids()[0]

    def control(method: str, path: str, body: Any, status: int = 200) -> Any:
        answer = requests.request(method, f"{live.url}/_emulator/{path}", json=body, timeout=10)
        assert answer.status_code == status, answer.text
        return answer.json()

    vault = control("POST", "vaults", {"name": "theirs", "servers": [server_id], "size": 50})["vault"]
    assert vault.items() >= {"name": "theirs", "servers": [server_id], "size": 50, "status": "available"}.items()
    backup = control("POST", f"vaults/{vault['id']}/backups", {"server_id": server_id, "name": "old"})["backup"]
    assert cbr.backup(backup["id"])["name"] == "old"
    control("POST", f"backups/{backup['id']}", {"status": "error"})
    assert cbr.backup(backup["id"])["status"] == "error"
    assert control("PATCH", f"vaults/{vault['id']}", {"status": "frozen"})["vault"]["status"] == "frozen"
    control("POST", f"vaults/{vault['id']}/fill", {"percent": 100})
    assert cbr.vault(vault["id"])["billing"]["used"] == 50 * 1024
    control("PATCH", f"vaults/{vault['id']}", {"status": "dreaming"}, 400)
    control("PATCH", f"vaults/{NOBODY}", {}, 404)
    control("POST", f"tasks/{NOBODY}", {"status": "failed"}, 404)
    control("POST", f"backups/{NOBODY}", {"status": "error"}, 404)
    control("PATCH", f"servers/{server_id}", {"fail_next_join": code("7111")})
    assert control("GET", "health", None)["vaults"] == 1
    assert control("GET", "journal?service=cbr", None)["journal"]
    control("POST", "reset", {"seed": "demo"})
    assert cbr.get("vaults")["count"] == 0 and cbr.get("operation-logs")["count"] == 0


def test_a_fleet_of_a_thousand() -> None:
    with Emulator(servers=1024, speed=0, list_delay=0) as cloud:
        cbr, ids = CbrApi(cloud), list(cloud.state.servers)
        vaults = [cloud.make_vault(f"v{start}", ids[start : start + 256]).id for start in range(0, 1024, 256)]
        for vault_id in vaults:
            assert len(cbr.back_up(vault_id)["vault"]["resources"]) == 256
        cloud.clock.advance(3600)
        assert len(cbr.backups(status="available")) == 1000
        assert cbr.get("backups")["count"] == 1024
        assert cbr.get("vaults")["vaults"][0]["resources"][255]["backup_count"] == 1
        cbr.ok("DELETE", f"vaults/{vaults[0]}")
        cloud.clock.advance(3600)
        assert cbr.get("backups")["count"] == 768
        assert cloud.contract_violations == [] and cloud.internal_errors == []


def test_both_services_share_the_clock_and_the_servers(api: Api, cbr: CbrApi) -> None:
    first, second, _third = cbr.ids()
    vault = cbr.create_vault(servers=[first, second])
    api.protect(first)
    made = cbr.back_up(vault["id"])
    assert [row["id"] for row in made["vault"]["skipped_resources"]] == [first]
    api.refused("CSBS.2003", "POST", api.protect_path(second), {"protect": {}})
    cbr.cloud.clock.advance(3600)
    assert (len(api.items(status="available")), len(cbr.backups(status="available"))) == (1, 1)
