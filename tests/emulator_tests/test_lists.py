# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists: filters, order, pages, and that new things show late."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.emulator_tests.api import Api


def _names(api: Api, **query: Any) -> list[str]:
    return [item["name"] for item in api.items(**query)]


@pytest.fixture
def filled(api: Api) -> Api:
    """Six backups of two servers, one hour apart."""
    first, second, _third = api.ids()
    for number in range(6):
        api.cloud.make_backup((first, second)[number % 2], name=f"Backup-{number}", age=3600 * (6 - number))
    return api


def test_newest_first(filled: Api) -> None:
    assert _names(filled) == [f"Backup-{number}" for number in (5, 4, 3, 2, 1, 0)]
    assert _names(filled, sort="created_at:asc")[0] == "Backup-0"
    assert _names(filled, sort="name") == _names(filled, sort="name:desc") == _names(filled)
    assert _names(filled, sort="status:asc,name:asc")[0] == "Backup-0"
    for sort in ("size", "name:up", "name,", "a" * 256):
        filled.refused("CSBS.9001", "GET", "checkpoint_items", sort=sort)


def test_filters(filled: Api) -> None:
    first = filled.ids()[0]
    item = filled.items(name="backup-3")[0]
    assert item["name"] == "Backup-3", "names are matched fuzzily, whatever the case"
    assert len(filled.items(resource_id=first)) == 3
    assert len(filled.items(resource_name="SRV-0001")) == 3
    assert len(filled.items(status="available")) == 6 and filled.items(status="error") == []
    assert len(filled.items(checkpoint_id=item["checkpoint_id"])) == 1
    assert filled.items(policy_id="none") == [] and filled.items(az="elsewhere") == []
    assert len(filled.items(az="eu-de-01", image_type="backup", resource_type="OS::Nova::Server")) == 6
    assert filled.items(image_type="other") == [] and filled.items(resource_type="other") == []
    now = filled.cloud.clock.now()
    start = (now - timedelta(hours=3.5)).isoformat(timespec="microseconds")
    end = (now - timedelta(hours=1.5)).isoformat(timespec="seconds")
    assert _names(filled, start_time=start) == ["Backup-5", "Backup-4", "Backup-3"]
    assert _names(filled, start_time=start, end_time=end) == ["Backup-4", "Backup-3"]
    assert filled.get("checkpoint_items/count", name="3") == {"count": 1}
    address = filled.cloud.state.servers[first].private_ip
    assert filled.get("checkpoint_items/count", ip=address) == {"count": 3}


def test_refused(filled: Api) -> None:
    for query in (
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "ten"},
        {"offset": "-1"},
        {"status": "good"},
        {"marker": "unknown"},
        {"start_time": "2026-01-01"},
        {"end_time": "2026-01-01T00:00:00Z"},
        {"end_time": "2026-13-01T00:00:00"},
        {"ip": "10.0.0.1"},
        {"surprise": "1"},
        {"limit": ["1", "2"]},
    ):
        filled.refused("CSBS.9001", "GET", "checkpoint_items", **query)
    filled.refused("CSBS.9001", "GET", "checkpoint_items/count", limit=5)
    assert filled.refused("APIGW.0302", "GET", "checkpoint_items", all_tenants="true").status_code == 403
    assert len(filled.items(all_tenants="false")) == 6


def test_pages(filled: Api) -> None:
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 4}
    while page := filled.items(**query):
        seen += [item["name"] for item in page]
        query["marker"] = page[-1]["id"]
    assert seen == _names(filled)
    assert _names(filled, limit=2, offset=3) == ["Backup-2", "Backup-1"]
    assert _names(filled, limit=2, offset=30) == []


def test_marker_that_went(filled: Api) -> None:
    page = filled.items(limit=2)
    filled.ok("DELETE", filled.delete_path(page[1]))
    filled.cloud.clock.advance(120)
    assert _names(filled, marker=page[1]["id"])[0] == "Backup-3"
    assert _names(filled, marker=page[0]["id"], status="available", name="2") == ["Backup-2"]


def test_policies(api: Api) -> None:
    for number in range(4):
        api.create_policy(f"Policy-{number}")

    def names(**query: Any) -> list[str]:
        return [policy["name"] for policy in api.get("policies", **query)["policies"]]

    assert names() == ["Policy-3", "Policy-2", "Policy-1", "Policy-0"]
    assert names(sort="name:asc", limit=2) == ["Policy-0", "Policy-1"]
    assert names(offset=3) == ["Policy-0"]
    marker = api.get("policies", limit=1)["policies"][0]["id"]
    assert names(marker=marker, limit=1) == ["Policy-2"]
    assert names(name="Policy-1") == ["Policy-1"]
    assert len(names(name="policy")) == (4 if api.cloud.state.settings.live else 0)
    api.refused("CSBS.9001", "GET", "policies", status="suspended")


def _tagged_by_query(api: Api, kind: str, action: str) -> int:
    body = {"action": action, "tags": [{"key": "new", "values": []}]}
    total: int = api.ok("POST", f"{kind}/resource_instances/action", body)["total_count"]
    return total


def _images(api: Api) -> int:
    return len(api.session.get(f"{api.cloud.ims_url}/v2/cloudimages", timeout=10).json()["images"])


LISTS: dict[str, Callable[[Api], int]] = {
    "policies": lambda api: len(api.get("policies")["policies"]),
    "policies by name": lambda api: len(api.get("policies", name="new")["policies"]),
    "backups": lambda api: len(api.items()),
    "backups by name": lambda api: len(api.items(name="new")),
    "backups of a server": lambda api: len(api.items(resource_id=api.ids()[0])),
    "count": lambda api: int(api.get("checkpoint_items/count")["count"]),
    "tags of backups": lambda api: len(api.get("csbs_backup/tags")["tags"]),
    "tags of policies": lambda api: len(api.get("csbs_backup_policy/tags")["tags"]),
    "backups by tag": lambda api: _tagged_by_query(api, "csbs_backup", "filter"),
    "policies by tag": lambda api: _tagged_by_query(api, "csbs_backup_policy", "filter"),
    "count of backups by tag": lambda api: _tagged_by_query(api, "csbs_backup", "count"),
    "count of policies by tag": lambda api: _tagged_by_query(api, "csbs_backup_policy", "count"),
    "images": _images,
}


@pytest.mark.parametrize("name", LISTS)
def test_every_list_shows_new_things_late(api: Api, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    cloud, real = api.cloud, [1000.0]
    monkeypatch.setattr(cloud.state, "real", lambda: real[0])
    cloud.settings(list_delay=12)
    tag = {"key": "new", "value": "a"}
    policy = api.create_policy("new", tags=[tag])
    wish = {"protect": {"backup_name": "new", "tags": [tag]}}
    made = api.ok("POST", api.protect_path(api.ids()[0]), wish)["checkpoint"]
    (item_id,) = cloud.state.checkpoints[made["id"]].item_ids
    assert LISTS[name](api) == 0
    assert api.get(f"policies/{policy['id']}")["policy"]["name"] == "new", "by id it is there at once"
    assert api.item(item_id)["name"] == "new" and len(api.get(f"csbs_backup/{item_id}/tags")["tags"]) == 1
    cloud.clock.advance(3600)
    url = f"{cloud.ims_url}/v1/cloudimages/wholeimages/action"
    body = {"whole_image_type": "CSBS", "name": "new", "backup_id": item_id}
    assert api.session.post(url, json=body, timeout=10).status_code == 200
    real[0] += 11.9
    assert LISTS[name](api) == 0, "the cloud's own clock counts for nothing"
    cloud.settings(list_delay=0)
    assert LISTS[name](api) == 0, "what counts is the setting at the time of making"
    real[0] += 0.1
    assert LISTS[name](api) == 1


def test_how_late_lists_are_unless_told(cloud: Emulator, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    real = [1000.0]
    monkeypatch.setattr(cloud.state, "real", lambda: real[0])
    cloud.settings(list_delay=None)
    api.create_policy("new")
    live = cloud.state.settings.live
    assert LISTS["policies"](api) == (0 if live else 1)
    real[0] += 2
    assert LISTS["policies"](api) == 1
    assert Emulator(mode=cloud.state.settings.mode).state.settings.lag == (2 if live else 0)


def test_lists_are_late_by_the_real_clock() -> None:
    with Emulator(mode="live", servers=1, list_delay=0.4) as cloud:
        api = Api(cloud)
        api.create_policy("new")
        assert LISTS["policies"](api) == 0
        time.sleep(0.45)
        assert LISTS["policies"](api) == 1


def test_projects_are_apart(api: Api) -> None:
    item = api.backed_up(api.ids()[0])
    policy = api.create_policy()
    stranger = {"X-Auth-Token": api.cloud.token(api.cloud.other_project_id)}
    url = api.cloud.csbs_url
    assert api.session.get(f"{url}/policies", headers=stranger).status_code == 403
    other = url.replace(api.cloud.project_id, api.cloud.other_project_id)
    for path in ("checkpoint_items", "policies"):
        assert api.session.get(f"{other}/{path}", headers=stranger).json()[path] == []
    for path in (f"checkpoint_items/{item['id']}", f"policies/{policy['id']}", f"csbs_backup/{item['id']}/tags"):
        assert api.session.get(f"{other}/{path}", headers=stranger).status_code == 404
