# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults and the journal."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.emulator_tests.api import Api


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


def _eventually(done: Callable[[], bool]) -> None:
    for _number in range(500):
        if done():
            return
        time.sleep(0.02)
    pytest.fail("it did not happen")


def _open_request(api: Api, method: str, path: str, body: Any) -> socket.socket:
    """Send a request and leave its answer unread."""
    data = json.dumps(body).encode()
    url = f"{api.cloud.csbs_url.removeprefix(api.cloud.url)}/{path}"
    lines = [f"{method} {url} HTTP/1.1", "Host: x", f"Content-Length: {len(data)}"]
    lines += [f"X-Auth-Token: {api.session.headers['X-Auth-Token']!s}", "Content-Type: application/json"]
    connection = socket.create_connection(("127.0.0.1", api.cloud.port), timeout=10)
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + data)
    return connection


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_hung_answer(api: Api, when: str, made: int) -> None:
    cloud = api.cloud
    cloud.faults.add(method="POST", path="/policies$", hang=when)
    body = api.policy_body()
    with _open_request(api, "POST", "policies", body) as connection:
        _eventually(lambda: len(cloud.journal.writes()) == 1)
        entry = cloud.journal.writes()[0]
        assert (entry.status, entry.dropped, entry.body) == (None, f"hang {when}", body)
        assert len(api.get("policies")["policies"]) == made, "others are served meanwhile"
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        open_ones = len(cloud._server.connections)  # type: ignore[union-attr]
    _eventually(lambda: len(cloud._server.connections) < open_ones)  # type: ignore[union-attr]
    assert len(cloud.journal.writes()) == 1
    api.create_policy("next")


def test_a_client_that_gives_up_on_a_hung_answer_tries_again(live_api: Api) -> None:
    live_api.cloud.faults.add(path="/quotas$", hang="before", times=2)
    for number in range(2):
        with pytest.raises(requests.exceptions.ReadTimeout):
            live_api.session.get(f"{live_api.cloud.csbs_url}/quotas", timeout=0.3)
        _eventually(lambda hung=number + 1: len(live_api.cloud.journal) == hung)  # type: ignore[misc]
    live_api.get("quotas")
    assert [entry.dropped for entry in live_api.cloud.journal] == ["hang before", "hang before", None]


@pytest.mark.parametrize("when", ["before", "after"])
def test_stopping_ends_hung_requests(live_api: Api, when: str) -> None:
    """If stopping waited for them, this would never end: the clients wait for the emulator."""
    live_api.cloud.faults.add(times=-1, hang=when)
    hung = [_open_request(live_api, "POST", "policies", live_api.policy_body()) for _number in range(3)]
    _eventually(lambda: len(live_api.cloud.journal) == 3)
    stopping = threading.Thread(target=live_api.cloud.stop, daemon=True)
    stopping.start()
    stopping.join(timeout=10)
    assert not stopping.is_alive()
    for connection in hung:
        assert connection.recv(1) == b"", "closed, without an answer"
        connection.close()


def test_refused_connections(live_api: Api) -> None:
    """The request is not carried out, and nobody listens until the time is over."""
    cloud = live_api.cloud
    live_api.call("GET", "policies")
    cloud.faults.add(method="POST", path="/policies$", refuse=0.5)
    with pytest.raises(requests.ConnectionError):
        live_api.call("POST", "policies", live_api.policy_body())
    with pytest.raises(ConnectionRefusedError):
        _eventually(lambda: socket.create_connection(("127.0.0.1", cloud.port), timeout=10).close())

    def listens() -> bool:
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", cloud.port)) == 0

    _eventually(listens)
    assert live_api.get("policies")["policies"] == []
    assert [entry.dropped for entry in cloud.journal.writes()] == ["before"]


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


PAGE = "<html><body>Sign in to the proxy</body></html>"
FOREIGN = [
    ({"body": PAGE, "content_type": "text/html"}, 200, PAGE, "text/html"),
    ({"body": "{}"}, 200, "{}", "application/json"),
    ({"body": '{"policies": [{"id"'}, 200, '{"policies": [{"id"', "application/json"),
    ({"body": "[]"}, 200, "[]", "application/json"),
    ({"body": ""}, 200, "", "application/json"),
    ({"body": PAGE, "content_type": "text/html; charset=utf-8", "status": 404}, 404, PAGE, "text/html; charset=utf-8"),
    ({"body": "{}", "status": 404}, 404, "{}", "application/json"),
    ({"body": "wärme", "content_type": "text/plain", "status": 502, "retry_after": 2}, 502, "wärme", "text/plain"),
]


@pytest.mark.parametrize("effect", [False, True])
@pytest.mark.parametrize(("fault", "status", "text", "content_type"), FOREIGN, ids=lambda value: str(value)[:40])
def test_foreign_bodies(
    api: Api, fault: dict[str, Any], status: int, text: str, content_type: str, effect: bool
) -> None:
    api.cloud.faults.add(method="POST", path="/policies$", effect=effect, **fault)
    answer = api.call("POST", "policies", api.policy_body())
    assert (answer.status_code, answer.content.decode(), answer.headers["Content-Type"]) == (status, text, content_type)
    assert answer.headers.get("Retry-After") == ("2" if "retry_after" in fault else None)
    assert api.cloud.journal[-1].status == status and api.cloud.contract_violations == []
    assert len(api.get("policies")["policies"]) == effect


def test_a_foreign_body_needs_no_token_and_replaces_refusals(live_api: Api) -> None:
    live_api.cloud.faults.add(path="/policies/", times=2, body="{}")
    live_api.cloud.faults.add(path="/v3/auth/tokens", body=PAGE, content_type="text/html", effect=True)
    live_api.cloud.keystone.expire_all()
    assert live_api.call("GET", "policies/unknown").json() == {}
    assert requests.post(f"{live_api.cloud.url}/v3/auth/tokens", json={}, timeout=10).text == PAGE


@pytest.mark.parametrize("kind", ["csbs_backup", "csbs_backup_policy"])
def test_the_gateways_404_on_tag_calls(api: Api, kind: str) -> None:
    tag = {"key": "a", "value": "b"}
    if kind == "csbs_backup":
        thing = api.cloud.make_backup(api.ids()[0], tags={"a": "b"}).id
    else:
        thing = api.create_policy(tags=[tag])["id"]
    before = api.get(f"{kind}/{thing}/tags")
    api.cloud.faults.add(path=f"/{kind}/", status=404, times=-1)
    for method, path, body in (
        ("GET", "tags", None),
        ("POST", "tags", {"tag": {"key": "new", "value": "c"}}),
        ("POST", "tags/action", {"action": "delete", "tags": [{"key": "a"}]}),
        ("DELETE", "tags/a", None),
    ):
        assert api.refused("APIGW.0101", method, f"{kind}/{thing}/{path}", body).status_code == 404
    api.refused("APIGW.0101", "POST", f"{kind}/resource_instances/action", {"action": "count"})
    api.refused("APIGW.0101", "GET", f"{kind}/tags")
    api.cloud.faults.clear()
    assert api.get(f"{kind}/{thing}/tags") == before


def test_the_gateways_404_on_writes(api: Api) -> None:
    policy = api.create_policy(servers=api.ids()[:1])
    item = api.backed_up(api.ids()[1])
    held = api.get(f"policies/{policy['id']}"), api.item(item["id"])
    api.cloud.faults.add(path="^/csbs", status=404, times=-1)
    for method, path, body in (
        ("POST", "policies", api.policy_body("other")),
        ("PUT", f"policies/{policy['id']}", {"policy": {"name": "other"}}),
        ("DELETE", f"policies/{policy['id']}", None),
        ("DELETE", api.delete_path(item), None),
        ("POST", api.protect_path(api.ids()[0]), {"protect": {}}),
        ("POST", api.run_path(), {"checkpoint": {"plan_id": policy["id"], "parameters": {"auto_trigger": False}}}),
        ("POST", "restores", api.restore_body(item)),
    ):
        assert api.refused("APIGW.0101", method, path, body).status_code == 404
    api.cloud.faults.clear()
    assert (api.get(f"policies/{policy['id']}"), api.item(item["id"])) == held
    assert len(api.items()) == 1 and len(api.get("policies")["policies"]) == 1


def test_a_throttled_change_of_a_policy_passes_the_others_meanwhile(api: Api) -> None:
    """The second PUT of a policy is throttled, once, and changes nothing; those beside and after it pass."""
    policy, other = api.create_policy("a"), api.create_policy("b")
    path = f"policies/{policy['id']}"
    api.cloud.faults.add(method="PUT", path=f"/{path}$", skip=1, times=1, status=429, retry_after=8, delay=0.1)
    names = iter(["first", "second", "third"])

    def rename(where: str) -> requests.Response:
        return api.call("PUT", where, {"policy": {"name": next(names)}})

    assert rename(path).status_code == 200
    throttled = rename(path)
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "8")
    assert throttled.json()["error_code"] == "APIGW.0308" and throttled.elapsed.total_seconds() >= 0.1
    assert api.get(path)["policy"]["name"] == "first"
    assert rename(f"policies/{other['id']}").status_code == 200
    api.ok("PUT", path, {"policy": {"name": "last"}})
    assert [entry.status for entry in api.cloud.journal.select(method="PUT")] == [200, 429, 200, 200]


BAD_RULES = [
    ({"surprise": True}, "surprise"),
    ({"fired": 1}, "fired"),
    ({"method": "FETCH"}, "method"),
    ({"path": "("}, "path"),
    ({"path": None}, "path"),
    ({"times": 0}, "times"),
    ({"times": -2}, "times"),
    ({"times": True}, "times"),
    ({"skip": -1}, "skip"),
    ({"status": 99}, "status"),
    ({"status": "404"}, "status"),
    ({"error_code": 3000}, "error_code"),
    ({"status": 500, "error_msg": ["x"]}, "error_msg"),
    ({"body": {}}, "body"),
    ({"body": "{}", "content_type": "a\nb"}, "content_type"),
    ({"status": 200, "content_type": "text/html"}, "content_type"),
    ({"status": 204, "body": "{}"}, "204"),
    ({"body": "{}", "error_code": "CSBS.3000"}, "error_code"),
    ({"status": 429, "retry_after": "soon"}, "retry_after"),
    ({"retry_after": 3}, "retry_after"),
    ({"error_msg": "busy"}, "error_msg"),
    ({"delay": -1}, "delay"),
    ({"delay": None}, "delay"),
    ({"drop": "sometimes"}, "drop"),
    ({"drop": "after", "status": 500}, "drop"),
    ({"drop": "after", "effect": True}, "drop"),
    ({"hang": True}, "hang"),
    ({"hang": "never"}, "hang"),
    ({"hang": "after", "body": "{}"}, "hang"),
    ({"hang": "before", "status": 504}, "hang"),
    ({"hang": "before", "effect": True}, "hang"),
    ({"hang": "before", "drop": "after"}, "hang"),
    ({"refuse": -1}, "refuse"),
    ({"refuse": 1, "status": 503}, "refuse"),
    ({"refuse": 1, "drop": "before"}, "refuse"),
    ({"expire_tokens": "yes"}, "expire_tokens"),
    ({"effect": 1, "status": 500}, "effect"),
    ({"effect": True}, "effect"),
]


@pytest.mark.parametrize(("rule", "named"), BAD_RULES, ids=str)
def test_bad_rules(live_api: Api, rule: dict[str, Any], named: str) -> None:
    cloud = live_api.cloud
    with pytest.raises(ValueError, match=named):
        cloud.faults.add(**rule)
    answer = requests.post(f"{cloud.url}/_emulator/faults", json=[{"status": 500}, rule], timeout=10)
    assert answer.status_code == 400 and named in answer.json()["error"]
    assert cloud.faults.all() == []


def test_rules_of_the_control_api_are_objects(live_api: Api) -> None:
    url = f"{live_api.cloud.url}/_emulator/faults"
    for body in ('"x"', "5", "null", "[5]", '{"faults": {}}', '{"faults": [], "status": 500}', "{"):
        assert requests.post(url, data=body, timeout=10).status_code == 400, body
    made = requests.post(url, json={"faults": [{"method": "get", "body": "[]"}]}, timeout=10).json()["faults"]
    assert made[0]["body"] == "[]" and live_api.call("GET", "quotas").json() == []


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
