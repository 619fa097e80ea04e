# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of an update, and the policy after them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.policy import policy_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.services import RULES
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy import Update
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_update import (
    policy_after,
    update_calls,
)
from tests.support.fakes import policy

NIGHTLY: t.Any = policy("nightly", ["web"], enabled=False)
WEB, DB = {"id": "id-web", "name": "web"}, {"id": "id-db", "name": "db"}
JOINING: t.Any = {"id": "id-db", "type": "OS::Nova::Server", "name": "db"}


def test_an_operation_that_is_sent_keeps_its_switch() -> None:
    update = Update({}, {"operation_definition": {"retention_duration_days": 7}}, [], [])
    (call,) = update_calls(NIGHTLY, policy_result(NIGHTLY), update, [], RULES["csbs"])
    (sent,) = call.arguments["scheduled_operations"]
    assert call.method == "update_policy" and sent["enabled"] is False and sent["id"] == "op-nightly"


def test_fields_and_servers_go_in_one_request() -> None:
    update = Update({"description": "new"}, {}, [JOINING], ["id-web"])
    (call,) = update_calls(NIGHTLY, policy_result(NIGHTLY), update, [], RULES["csbs"])
    assert call.method == "change_members" and call.arguments["description"] == "new"
    assert (call.arguments["add"], call.arguments["remove"]) == ([JOINING], ["id-web"])


@pytest.mark.parametrize(
    ("update", "key", "expected"),
    [
        (Update({"name": "other"}, {}, [], []), "name", "other"),
        (Update({}, {"enabled": True}, [], []), "enabled", True),
        (Update({}, {"operation_definition": {}}, [], []), "retention", {"days": 7}),
        (Update({}, {}, [JOINING], []), "servers", [WEB, DB]),
        (Update({}, {}, [JOINING], ["id-web"]), "servers", [DB]),
    ],
)
def test_the_policy_after_an_update_shows_what_it_changes(update: Update, key: str, expected: t.Any) -> None:
    before = policy_result(NIGHTLY)
    after = policy_after(before, update, {"days": 7}, RULES["csbs"])
    assert after[key] == expected
    assert {name for name in after if after[name] != before[name]} == {key}
