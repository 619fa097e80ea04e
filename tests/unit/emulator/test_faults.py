# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults and the journal."""

from __future__ import annotations

import time

import pytest
import requests

from tests.unit.emulator.api import Api


def test_status_times_and_skip(live_api: Api) -> None:
    faults = live_api.cloud.faults
    faults.add(method="GET", path="/policies$", status=503, times=2, skip=1)
    assert [live_api.call("GET", "policies").status_code for _number in range(4)] == [200, 503, 503, 200]
    faults.add(path="/policies", error_code="CSBS.1001", error_msg="busy", times=-1)
    for _number in range(3):
        answer = live_api.refused("CSBS.1001", "GET", "policies")
        assert (answer.status_code, answer.json()["error_msg"]) == (500, "busy")
    faults.clear()
    assert live_api.get("policies") == {"policies": []}


def test_throttling(live_api: Api) -> None:
    live_api.cloud.faults.add(status=429, retry_after=3)
    answer = live_api.refused("APIGW.0308", "GET", "quotas")
    assert answer.headers["Retry-After"] == "3" and answer.headers["X-Request-Id"]
    assert live_api.cloud.journal[-1].request_id == answer.headers["X-Request-Id"]


def test_path_with_query(live_api: Api) -> None:
    live_api.cloud.faults.add(path=r"checkpoint_items\?.*name=x", status=500)
    live_api.items(name="y")
    live_api.refused("CSBS.9999", "GET", "checkpoint_items", name="x")


def test_slowness(live_api: Api) -> None:
    live_api.cloud.faults.add(delay=0.2)
    begun = time.monotonic()
    live_api.get("quotas")
    assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_lost_connection(live_api: Api, when: str, made: int) -> None:
    live_api.cloud.faults.add(method="POST", path="/action$", drop=when)
    with pytest.raises(requests.ConnectionError):
        live_api.call("POST", live_api.protect_path(live_api.ids()[0]), {"protect": {}})
    assert len(live_api.items()) == made
    entry = live_api.cloud.journal.writes()[0]
    assert (entry.status, entry.dropped, entry.body) == (None, when, {"protect": {}})


def test_lost_answer_by_status(live_api: Api) -> None:
    live_api.cloud.faults.add(method="POST", status=504, effect=True)
    answer = live_api.call("POST", live_api.protect_path(live_api.ids()[0]), {"protect": {}})
    assert answer.status_code == 504 and len(live_api.items()) == 1


def test_expired_tokens(live_api: Api) -> None:
    live_api.cloud.faults.add(path="/policies", expire_tokens=True)
    assert live_api.refused("APIGW.0301", "GET", "policies").status_code == 401
    live_api.session.headers["X-Auth-Token"] = live_api.cloud.token()
    live_api.get("policies")


def test_other_services_have_their_own_errors(live_api: Api) -> None:
    live_api.cloud.faults.add(path="^/compute", status=503, times=1)
    url = f"{live_api.cloud.url}/compute/v2.1/{live_api.cloud.project_id}/servers"
    assert live_api.session.get(url, timeout=10).json()["error"]["code"] == 503


def test_bad_rules(live_api: Api) -> None:
    with pytest.raises(ValueError):
        live_api.cloud.faults.add(drop="sometimes")
    with pytest.raises(TypeError):
        live_api.cloud.faults.add(surprise=True)


def test_journal(live_api: Api) -> None:
    journal = live_api.cloud.journal
    live_api.items(limit=5)
    live_api.call("POST", "csbs_backup/resource_instances/action", {"action": "count"})
    body = {"check_protectable": [{"resource_id": "x", "resource_type": "OS::Nova::Server"}]}
    live_api.call("POST", "providers/fc4d5750-22e7-4798-8a46-f48f62c4c1da/resources/action", body)
    assert journal.writes() == []
    live_api.call("DELETE", "policies/unknown")
    live_api.create_policy()
    first, *_rest = journal
    assert (first.method, first.query, first.service, first.status) == ("GET", {"limit": "5"}, "csbs", 200)
    assert [(entry.method, entry.status) for entry in journal.writes()] == [("DELETE", 404), ("POST", 200)]
    assert journal.writes()[1].body["policy"]["name"] == "nightly"
    assert len(journal) == 5 and [entry.id for entry in journal] == sorted(entry.id for entry in journal)
    journal.clear()
    assert len(journal) == 0
    secret = live_api.cloud.clouds()["clouds"]["local"]["auth"]["password"]
    requests.post(f"{live_api.cloud.url}/v3/auth/tokens", json={"auth": secret}, timeout=10)
    assert secret not in repr(list(journal)) and journal.writes() == []
