# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keystone, Nova and Cinder, by plain HTTP and by openstacksdk."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.emulator import Emulator, keystone
from tests.emulator_tests.api import Api

openstack = pytest.importorskip("openstack")


def _login(cloud: Emulator, method: str, given: dict[str, Any], scope: Any = None) -> requests.Response:
    body: dict[str, Any] = {"auth": {"identity": {"methods": [method], method: given}}}
    if scope:
        body["auth"]["scope"] = scope
    return requests.post(f"{cloud.url}/v3/auth/tokens", json=body, timeout=10)


def _user(password: str = keystone.PASSWORD) -> dict[str, Any]:
    return {"user": {"name": "demo", "domain": {"name": "Default"}, "password": password}}


PROJECT = {"project": {"name": "demo", "domain": {"name": "Default"}}}


def test_login(live: Emulator) -> None:
    answer = _login(live, "password", _user(), PROJECT)
    assert answer.status_code == 201
    token = answer.json()["token"]
    assert token["project"]["id"] == live.project_id
    urls = {entry["type"]: entry["endpoints"][0]["url"] for entry in token["catalog"]}
    assert urls["data-protect"].endswith(f"/v1/{live.project_id}")
    assert {"identity", "compute", "volumev3", "ims", "image"} <= set(urls)
    assert {entry["name"] for entry in token["catalog"] if entry["type"] == "data-protect"} == {"karbor"}
    token_id = answer.headers["X-Subject-Token"]
    again = _login(live, "token", {"id": token_id})
    assert again.json()["token"]["project"]["id"] == live.project_id
    credential = {"id": keystone.CREDENTIAL_ID, "secret": keystone.CREDENTIAL_SECRET}
    assert _login(live, "application_credential", credential).json()["token"]["project"]["name"] == "demo"
    assert "catalog" not in _login(live, "password", _user()).json()["token"], "unscoped"
    projects = requests.get(f"{live.url}/v3/auth/projects", headers={"X-Auth-Token": token_id}, timeout=10).json()
    assert [project["name"] for project in projects["projects"]] == ["demo", "other"]


def test_refused_logins(live: Emulator) -> None:
    for answer in (
        _login(live, "password", _user("wrong"), PROJECT),
        _login(live, "password", _user(), {"project": {"name": "unknown", "domain": {"name": "Default"}}}),
        _login(live, "token", {"id": "unknown"}),
        _login(live, "application_credential", {"id": keystone.CREDENTIAL_ID, "secret": "wrong"}),
    ):
        assert answer.status_code == 401
        assert answer.json()["error"]["title"] == "Unauthorized"
    assert requests.post(f"{live.url}/v3/auth/tokens", data="no json", timeout=10).status_code == 400


def test_tokens_are_needed_and_expire(live: Emulator) -> None:
    for url, key in ((f"{live.csbs_url}/policies", "error_code"), (f"{live.url}/compute/v2.1/x/servers", "error")):
        answer = requests.get(url, timeout=10)
        assert answer.status_code == 401 and key in answer.json()
    live.settings(token_lifetime=3600)
    api = Api(live)
    api.get("policies")
    live.clock.advance(3601)
    assert api.refused("APIGW.0301", "GET", "policies").status_code == 401


def test_no_discovery_for_csbs(live_api: Api) -> None:
    for path in ("", "/", "/.."):
        answer = live_api.session.get(live_api.cloud.csbs_url + path, timeout=10)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "APIGW.0101")
    for path in ("/csbs", "/csbs/", "/csbs/v1", "/csbs/v1/"):
        answer = live_api.session.get(live_api.cloud.url + path, timeout=10)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "APIGW.0101")
    assert live_api.refused("APIGW.0101", "POST", "quotas").status_code == 404
    assert live_api.refused("APIGW.0101", "GET", "nothing/here").status_code == 404


@pytest.fixture
def connection(live: Emulator) -> Any:
    """openstacksdk on a cloud."""
    with openstack.connect(load_envvars=False, load_yaml_config=False, **live.clouds()["clouds"]["local"]) as made:
        yield made


def test_sdk_reads_servers(live: Emulator, connection: Any) -> None:
    live.reset(seed="demo")
    servers = {server.name: server for server in connection.compute.servers()}
    assert len(servers) == 8
    assert servers["legacy-1"].status == "ERROR"
    assert servers["web-1"].metadata == {"role": "web", "env": "prod"}
    assert servers["app-2"].availability_zone == "eu-de-02"
    db = connection.compute.find_server("db-1")
    attached = list(connection.compute.volume_attachments(db))
    assert [connection.block_storage.get_volume(part.volume_id).size for part in attached] == [20, 40]
    assert connection.compute.find_server("nobody") is None
    assert len(list(connection.block_storage.volumes(details=True))) == 10


def test_sdk_pages(live: Emulator, connection: Any) -> None:
    live.reset(servers=25)
    live.journal.clear()
    assert len({server.id for server in connection.compute.servers(limit=10)}) == 25
    pages = live.journal.select(service="compute", path="/servers/detail$")
    assert {page["query"].get("limit") for page in pages} == {"10"}
    assert all("marker" in page["query"] for page in pages[1:])


def test_tags_need_a_microversion(live: Emulator) -> None:
    live.reset(seed="demo")
    url = f"{live.url}/compute/v2.1/{live.project_id}/servers/detail"
    headers = {"X-Auth-Token": live.token()}
    assert "tags" not in requests.get(url, headers=headers, timeout=10).json()["servers"][0]
    headers["OpenStack-API-Version"] = "compute 2.26"
    rows = requests.get(url, headers=headers, timeout=10).json()["servers"]
    assert ["env=prod", "role=web"] in [row["tags"] for row in rows]
    found = requests.get(url, headers=headers, params={"tags": "env=prod,role=web"}, timeout=10).json()["servers"]
    assert sorted(row["name"] for row in found) == ["web-1", "web-2"]


def test_server_filters_and_actions(live: Emulator) -> None:
    live.reset(seed="demo")
    url = f"{live.url}/compute/v2.1/{live.project_id}/servers"
    session = requests.Session()
    session.headers["X-Auth-Token"] = live.token()

    def names(**query: Any) -> list[str]:
        return sorted(row["name"] for row in session.get(url, params=query, timeout=10).json()["servers"])

    assert names(name="^web-[12]$") == ["web-1", "web-2"]
    assert names(status="error") == ["legacy-1"]
    assert session.get(url, params={"marker": "unknown"}, timeout=10).status_code == 400
    assert session.get(f"{url}/unknown", timeout=10).json()["itemNotFound"]["code"] == 404
    server_id = live.server("web-1").id
    assert session.post(f"{url}/{server_id}/action", json={"os-stop": None}, timeout=10).status_code == 202
    assert session.get(f"{url}/{server_id}", timeout=10).json()["server"]["status"] == "SHUTOFF"
    other = url.replace(live.project_id, live.other_project_id)
    assert session.get(other, timeout=10).status_code == 403


def test_sdk_survives_expired_tokens(live: Emulator, connection: Any) -> None:
    assert len(list(connection.compute.servers())) == 3
    live.keystone.expire_all()
    assert len(list(connection.compute.servers())) == 3
