# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenAPI description: a valid document, complete, and strict both ways."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.emulator import contract, csbs
from tests.emulator_tests.api import Api


def test_calls_and_description_agree() -> None:
    assert set(contract.load().operations) == set(csbs.CALLS)


def test_requests_are_closed() -> None:
    """No object in a request takes keys that nobody described, but those that are free by nature."""
    document = contract.load().document
    free = {"common", "extra_info"}

    def walk(node: Any, name: str) -> None:
        if isinstance(node, list):
            for part in node:
                walk(part, name)
        if isinstance(node, dict):
            if node.get("type") == "object" and name not in free:
                assert node.get("additionalProperties") is False, (name, node)
            for key, part in node.items():
                walk(part, key)

    for call in (call for calls in document["paths"].values() for call in calls.values() if isinstance(call, dict)):
        walk(call.get("requestBody", {}), "")
    for name, schema in document["components"]["schemas"].items():
        if name not in ("Policy", "Restore"):
            walk(schema, name)


def test_document_is_openapi() -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(contract.load().document)


def test_refusals_name_the_place(live_api: Api) -> None:
    body = live_api.policy_body(definition={"max_backups": "many"})
    message = live_api.refused("CSBS.9001", "POST", "policies", body).json()["error_msg"]
    assert "/policy/scheduled_operations/0/operation_definition/max_backups" in message
    answer = live_api.session.post(f"{live_api.cloud.csbs_url}/policies", data="{", timeout=10)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "CSBS.9001")
    live_api.refused("CSBS.9001", "POST", "policies")
    live_api.refused("CSBS.9001", "GET", "quotas", {"body": "none expected"})
    live_api.refused("CSBS.9001", "GET", "quotas", surprise=1)


def test_wrong_answers_are_caught(live_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(csbs.CALLS, "getQuotas", csbs.CALLS["getQuotas"])
    server = live_api.cloud.add_server("odd", tags=[])
    item = live_api.cloud.make_backup(server.id)
    item.name = 5  # type: ignore[assignment]
    answer = live_api.refused("EMULATOR.contract", "GET", f"checkpoint_items/{item.id}")
    assert answer.status_code == 500
    assert "name" in live_api.cloud.contract_violations[0]
    live_api.cloud.contract_violations.clear()


def test_answers_are_json(live_api: Api) -> None:
    answer = live_api.call("GET", "quotas")
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.text)["quotas"]
    item = live_api.cloud.make_backup(live_api.ids()[0])
    done = live_api.call("POST", f"csbs_backup/{item.id}/tags", {"tag": {"key": "a", "value": ""}})
    assert (done.status_code, done.content) == (204, b"")
