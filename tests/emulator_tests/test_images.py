# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole-server images: the job, and the hold on the backup."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.emulator_tests.api import Api


def _post(api: Api, **wish: Any) -> Any:
    body = {"whole_image_type": "CSBS", "name": "golden", **wish}
    return api.session.post(f"{api.cloud.ims_url}/v1/cloudimages/wholeimages/action", json=body, timeout=10)


def _job(api: Api, job_id: str) -> dict[str, Any]:
    url = f"{api.cloud.ims_url}/v1/{api.cloud.project_id}/jobs/{job_id}"
    answer: dict[str, Any] = api.session.get(url, timeout=10).json()
    return answer


def test_image_holds_its_backup(api: Api) -> None:
    item = api.backed_up(api.ids()[0])
    tags = [{"key": "k", "value": "v"}]
    job_id = _post(api, backup_id=item["id"], description="d", image_tags=tags, min_ram=1024).json()["job_id"]
    assert _job(api, job_id)["status"] == "RUNNING"
    assert not api.item(item["id"])["extend_info"].get("os_images_data")
    again = _post(api, backup_id=item["id"], name="other")
    assert again.status_code == 400
    api.cloud.clock.advance(700)
    job = _job(api, job_id)
    image_id = job["entities"]["image_id"]
    assert job["status"] == "SUCCESS" and job["fail_reason"] is None
    assert api.item(item["id"])["extend_info"]["os_images_data"] == [{"image_id": image_id}]
    again = _post(api, backup_id=item["id"], name="other")
    assert again.status_code == 400 and image_id in again.text
    assert api.refused("CSBS.8007", "DELETE", api.delete_path(item)).status_code == 400
    listed = api.session.get(f"{api.cloud.ims_url}/v2/cloudimages", params={"name": "golden"}, timeout=10).json()
    assert [image["__backup_id"] for image in listed["images"]] == [item["id"]]
    image_url = f"{api.cloud.ims_url}/v2/images/{image_id}"
    assert api.session.get(image_url, timeout=10).json()["status"] == "active"
    assert api.session.delete(image_url, timeout=10).status_code == 204
    assert api.session.get(image_url, timeout=10).status_code == 404
    api.ok("DELETE", api.delete_path(item))


def test_failing_job(api: Api) -> None:
    item = api.backed_up(api.ids()[0])
    api.cloud.change_server(api.ids()[0], fail_next_image="no room")
    job_id = _post(api, backup_id=item["id"]).json()["job_id"]
    api.cloud.clock.advance(700)
    job = _job(api, job_id)
    assert (job["status"], job["fail_reason"], job["entities"]) == ("FAIL", "no room", {})
    assert _post(api, backup_id=item["id"]).status_code == 200


@pytest.mark.parametrize(
    "wish",
    [
        {"backup_id": 5},
        {},
        {"backup_id": "x", "whole_image_type": "VBS"},
        {"backup_id": "x", "surprise": 1},
        {"backup_id": "x", "name": ""},
        {"backup_id": "x", "name": "a/b"},
        {"backup_id": "x", "name": "a "},
        {"backup_id": "x", "description": "a\nb"},
        {"backup_id": "x", "description": "x" * 1025},
    ],
    ids=str,
)
def test_refused(live_api: Api, wish: dict[str, Any]) -> None:
    answer = _post(live_api, **wish)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "IMG.0001")


def test_backups_without_image(live_api: Api) -> None:
    api = live_api
    first, second, _third = api.ids()
    assert _post(api, backup_id="unknown").status_code == 404
    busy = api.protect(first)
    assert _post(api, backup_id=busy["id"]).json()["error"]["code"] == "CSBS.8001"
    api.cloud.change_server(second, disks=[{"size": 10, "bootable": False}])
    assert _post(api, backup_id=api.backed_up(second)["id"]).json()["error"]["code"] == "CSBS.8009"
    assert _job(api, "unknown")["error"]["code"]


def test_images_in_the_making_are_listed_in_pages_and_stay(api: Api) -> None:
    items = [api.backed_up(server)["id"] for server in api.ids()]
    for number, item in enumerate(items):
        _post(api, backup_id=item, name=f"i{number}")
    url = f"{api.cloud.ims_url}/v2/cloudimages"

    def listed(**query: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = api.session.get(url, params=query, timeout=10).json()["images"]
        return rows

    rows = listed()
    assert [(row["name"], row["status"]) for row in rows] == [("i2", "queued"), ("i1", "queued"), ("i0", "queued")]
    assert listed(limit=2) == rows[:2] and listed(limit=2, marker=rows[1]["id"]) == rows[2:]
    assert listed(name="i1", status="queued") == rows[1:2] and listed(status="active") == []
    assert api.session.get(url, params={"marker": "unknown"}, timeout=10).status_code == 400
    refused = api.session.delete(f"{api.cloud.ims_url}/v2/images/{rows[0]['id']}", timeout=10)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "IMG.0090")


def test_lists_of_images_lag_in_live_mode(live_api: Api) -> None:
    api = live_api
    item = api.backed_up(api.ids()[0])
    api.cloud.settings(list_delay=60)
    _post(api, backup_id=item["id"])
    assert api.session.get(f"{api.cloud.ims_url}/v2/cloudimages", timeout=10).json()["images"] == []
    api.cloud.clock.advance(700)
    assert len(api.session.get(f"{api.cloud.ims_url}/v2/cloudimages", timeout=10).json()["images"]) == 0
    assert api.session.get(f"{api.cloud.ims_url}/v2/images/{api.cloud.state.items[item['id']].image_id}", timeout=10).ok


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([{"key": "", "value": "x"}], "IMG.0115"),
        ([{"key": str(number), "value": ""} for number in range(11)], "IMG.0116"),
    ],
)
def test_bad_tags_are_refused(live_api: Api, tags: list[dict[str, str]], code: str) -> None:
    answer = _post(live_api, backup_id="x", image_tags=tags)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def _catalog(api: Api) -> dict[str, str]:
    """Where the catalog has the image service, by type: what a login tells, and the same as when it is asked for."""
    api.session.headers["X-Auth-Token"] = api.cloud.token()
    asked = api.session.get(f"{api.cloud.url}/v3/auth/catalog", timeout=10).json()["catalog"]
    headers = {"X-Subject-Token": str(api.session.headers["X-Auth-Token"])}
    told = api.session.get(f"{api.cloud.url}/v3/auth/tokens", headers=headers, timeout=10).json()["token"]["catalog"]
    assert asked == told
    places = {row["type"]: {endpoint["url"] for endpoint in row["endpoints"]} for row in asked}
    return {kind: places[kind].pop() for kind in ("ims", "image") if kind in places}


ALL = {"root", "create", "job", "list", "show", "delete"}


@pytest.mark.parametrize(
    ("catalog", "places", "served"),
    [
        ("same", {"ims": "/ims", "image": "/ims"}, {"/ims": ALL, "/image": set()}),
        (
            "split",
            {"ims": "/ims", "image": "/image"},
            {"/ims": {"create", "job", "list"}, "/image": {"root", "show", "delete"}},
        ),
        ("ims", {"ims": "/ims"}, {"/ims": ALL, "/image": set()}),
        ("image", {"image": "/ims"}, {"/ims": ALL, "/image": set()}),
    ],
)
def test_catalogs(api: Api, catalog: str, places: dict[str, str], served: dict[str, set[str]]) -> None:
    cloud, project = api.cloud, api.cloud.project_id
    item = api.backed_up(api.ids()[0])
    cloud.settings(image_catalog=catalog)
    assert _catalog(api) == {kind: cloud.url + path for kind, path in places.items()}
    assert cloud.ims_url == f"{cloud.url}/ims" and cloud.image_url == cloud.url + places.get("image", "/ims")
    job_id = _post(api, backup_id=item["id"]).json()["job_id"]
    cloud.clock.advance(700)
    image_id = _job(api, job_id)["entities"]["image_id"]
    calls = {
        "root": ("GET", "", 300),
        "create": ("POST", "/v1/cloudimages/wholeimages/action", 400),
        "job": ("GET", f"/v1/{project}/jobs/{job_id}", 200),
        "list": ("GET", "/v2/cloudimages", 200),
        "show": ("GET", f"/v2/images/{image_id}", 200),
        "none": ("GET", "/v2/unknown", None),
        "method": ("PUT", f"/v2/images/{image_id}", None),
        "delete": ("DELETE", f"/v2/images/{image_id}", 204),
    }
    for base, known in served.items():
        for name, (method, path, status) in calls.items():
            answer = api.session.request(method, cloud.url + base + path, timeout=10)
            if name in known:
                assert answer.status_code == status, (base, name, answer.text)
            else:
                assert (answer.status_code, answer.json().get("error_code")) == (404, "APIGW.0101"), (base, name)
            assert cloud.journal[-1].service == "ims"
    stranger = requests.get(f"{cloud.url}/image/v1/{project}/jobs/{job_id}", timeout=10)
    assert stranger.status_code == 404, "the gateway knows its addresses before it looks at tokens"


def test_the_image_catalog_by_the_control_api(live_api: Api) -> None:
    cloud = live_api.cloud
    shown = requests.put(f"{cloud.url}/_emulator/settings", json={"image_catalog": "split"}, timeout=10).json()
    assert shown["image_catalog"] == "split"
    assert _catalog(live_api) == {"ims": f"{cloud.url}/ims", "image": f"{cloud.url}/image"}
    cloud.faults.add(path="^/image/v2/images/", status=403, error_msg="no right")
    answer = live_api.session.get(f"{cloud.image_url}/v2/images/x", timeout=10)
    assert (answer.status_code, answer.json()["error"]["message"]) == (403, "no right")
