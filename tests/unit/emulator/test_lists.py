# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists: filters, order, pages, and that new things show late."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.unit.emulator.api import Api


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


def test_new_things_show_late() -> None:
    with Emulator(mode="live", servers=1, list_delay=0.4) as cloud:
        api = Api(cloud)
        policy = api.create_policy("new")
        made = api.ok("POST", api.protect_path(api.ids()[0]), {"protect": {"backup_name": "new"}})["checkpoint"]
        assert api.items() == [] and api.get("policies")["policies"] == []
        assert api.get("checkpoint_items/count") == {"count": 0}
        assert api.get(f"policies/{policy['id']}")["policy"]["name"] == "new", "by id it is there at once"
        (item_id,) = cloud.state.checkpoints[made["id"]].item_ids
        assert api.item(item_id)["name"] == "new"
        time.sleep(0.45)
        assert len(api.items()) == 1 and len(api.get("policies")["policies"]) == 1


def test_at_once_in_the_reference() -> None:
    with Emulator(mode="reference", servers=1) as cloud:
        api = Api(cloud)
        api.create_policy("new")
        assert len(api.get("policies")["policies"]) == 1


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
