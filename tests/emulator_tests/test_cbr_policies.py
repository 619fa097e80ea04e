# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies: bare rules, retention, the limit that both services share, and applying them to vaults."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator_tests.api import Api, pattern
from tests.emulator_tests.cbr_api import DAILY, NOBODY, CbrApi

WEEKLY = "FREQ=WEEKLY;BYDAY=MO,TU;BYHOUR=14;BYMINUTE=00"


def test_create(cbr: CbrApi) -> None:
    keep = {"max_backups": 5, "day_backups": 0, "timezone": "UTC+01:00"}
    made = cbr.create_cbr_policy(rules=[WEEKLY, DAILY], keep=keep)
    assert (made["name"], made["enabled"], made["operation_type"]) == ("nightly", True, "backup")
    assert made["operation_definition"] == keep, "as it was sent"
    assert made["trigger"]["properties"]["pattern"] == [WEEKLY, DAILY]
    assert (made["trigger"]["name"], made["trigger"]["type"]) == ("default", "time")
    shown = cbr.cbr_policy(made["id"])
    live = cbr.cloud.state.settings.live
    start = made["trigger"]["properties"]["start_time"]
    assert start == ("2026-01-05 12:00:00" if live else "2026-01-05T12:00:00.000+00:00")
    if live:
        assert made["associated_vaults"] is None and shown["associated_vaults"] is None
    else:
        assert "associated_vaults" not in made and shown["associated_vaults"] == []
    assert "description" not in shown and "tags" not in shown


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "a b"},
        {"name": "x" * 65},
        {"enabled": "true"},
        {"description": "none"},
        {"tags": [{"key": "a", "value": "b"}]},
        {"resources": []},
        {"operation_definition": {}},
        {"operation_definition": {"max_backups": 5}},
        {"operation_definition": {"timezone": "Europe/Berlin"}},
        {"keep": {"max_backups": 0}},
        {"keep": {"max_backups": "5"}},
        {"keep": {"max_backups": -2}},
        {"keep": {"retention_duration_days": 0}},
        {"keep": {"retention_duration_days": 100000}},
        {"keep": {"retention_duration_days": 7, "max_backups": 5}},
        {"keep": {"retention_duration_days": 7, "week_backups": 1}},
        {"keep": {"day_backups": 101}},
        {"keep": {"permanent": True}},
        {"keep": {"full_backup_interval": 7}},
        {"keep": {"enable_acceleration": True}},
        {"keep": {"destination_region": "eu-nl"}},
        {"rules": [pattern(DAILY)]},
        {"rules": ["FREQ=HOURLY;BYHOUR=2;BYMINUTE=0"]},
        {"rules": ["FREQ=WEEKLY;BYHOUR=2;BYMINUTE=0"]},
        {"rules": ["FREQ=DAILY;BYHOUR=2,2;BYMINUTE=0,30"]},
        {"rules": ["FREQ=DAILY;BYHOUR=24;BYMINUTE=0"]},
        {"rules": ["FREQ=DAILY;INTERVAL=31;BYHOUR=2;BYMINUTE=0"]},
        {"rules": [DAILY, DAILY]},
        {"rules": [DAILY, "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=30"]},
        {"rules": ["FREQ=WEEKLY;BYDAY=MO;BYHOUR=23;BYMINUTE=30", "FREQ=WEEKLY;BYDAY=TU;BYHOUR=0;BYMINUTE=0"]},
        {"rules": ["FREQ=WEEKLY;BYDAY=SU;BYHOUR=23;BYMINUTE=30", "FREQ=WEEKLY;BYDAY=MO;BYHOUR=0;BYMINUTE=0"]},
        {"rules": [f"FREQ=DAILY;BYHOUR={number % 24};BYMINUTE=0" for number in range(25)]},
        {"trigger": {"properties": {"pattern": []}}},
        {"trigger": {"properties": {"pattern": DAILY}}},
        {"trigger": {"properties": {"pattern": [DAILY], "start_time": "2026-01-01 00:00:00"}}},
    ],
    ids=str,
)
def test_refused_values(live_cbr: CbrApi, changes: dict[str, Any]) -> None:
    assert live_cbr.no("9900", "POST", "policies", live_cbr.cbr_policy_body(**changes)) == 400
    assert live_cbr.get("policies") == {"policies": [], "count": 0}


@pytest.mark.parametrize(
    "keep",
    [
        {},
        {"max_backups": -1, "retention_duration_days": -1},
        {"max_backups": 99999, "week_backups": 100},
        {"retention_duration_days": 7, "max_backups": -1, "day_backups": 0, "year_backups": 0},
        {"month_backups": 3},
    ],
    ids=str,
)
def test_accepted_retention(live_cbr: CbrApi, keep: dict[str, Any]) -> None:
    made = live_cbr.create_cbr_policy(keep=keep)
    assert live_cbr.cbr_policy(made["id"])["operation_definition"] == {"timezone": "UTC+00:00", **keep}


def test_24_rules(live_cbr: CbrApi) -> None:
    live_cbr.create_cbr_policy(rules=[f"FREQ=DAILY;BYHOUR={hour};BYMINUTE=0" for hour in range(24)])


def test_update_is_partial(cbr: CbrApi) -> None:
    made = cbr.create_cbr_policy(keep={"max_backups": 5, "week_backups": 2})
    path = f"policies/{made['id']}"
    assert cbr.ok("PUT", path, {"policy": {"name": "new"}})["policy"]["name"] == "new"
    cbr.ok("PUT", path, {"policy": {"enabled": False}})
    shown = cbr.cbr_policy(made["id"])
    assert (shown["name"], shown["enabled"]) == ("new", False)
    assert shown["operation_definition"]["week_backups"] == 2
    definition = {"retention_duration_days": 3, "timezone": "UTC+02:00"}
    cbr.ok("PUT", path, {"policy": {"operation_definition": definition}})
    assert cbr.cbr_policy(made["id"])["operation_definition"] == definition, "replaced, not merged"
    assert cbr.cbr_policy(made["id"])["enabled"] is False, "what is not sent stays"
    for wish in ({}, {"operation_type": "backup"}, {"operation_definition": {"max_backups": 1}}, {"surprise": 1}):
        cbr.no("9900", "PUT", path, {"policy": wish})
    assert cbr.no("6000", "PUT", f"policies/{NOBODY}", {"policy": {"name": "x"}}) == 404


def test_lists(cbr: CbrApi) -> None:
    one = cbr.create_cbr_policy("same")
    two = cbr.create_cbr_policy("same")
    destination = {"destination_region": "eu-nl", "destination_project_id": NOBODY}
    copies = cbr.create_cbr_policy("copies", operation_type="replication", keep=destination)
    cbr.no("9900", "POST", "policies", cbr.cbr_policy_body("copies", operation_type="replication"))
    cbr.no("6117", "POST", "policies", cbr.cbr_policy_body(operation_type="archive"))
    vault = cbr.create_vault(backup_policy_id=one["id"])

    def found(**query: Any) -> list[str]:
        answer = cbr.get("policies", **query)
        assert answer["count"] == len(answer["policies"])
        return [row["id"] for row in answer["policies"]]

    assert found() == [copies["id"], two["id"], one["id"]]
    assert found(operation_type="backup") == [two["id"], one["id"]]
    assert found(vault_id=vault["id"]) == [one["id"]]
    assert found(vault_id=NOBODY) == []
    assert cbr.cbr_policy(one["id"])["associated_vaults"] == [{"vault_id": vault["id"], "destination_vault_id": None}]
    for query in ({"limit": 1}, {"offset": 1}, {"name": "same"}):
        cbr.no("9900", "GET", "policies", **query)


def test_apply_and_take_off(cbr: CbrApi) -> None:
    policy, other = cbr.create_cbr_policy(), cbr.create_cbr_policy("other")
    vaults = [cbr.create_vault(f"v{number}")["id"] for number in range(2)]
    body = {"policy_id": policy["id"]}
    for vault_id in vaults:
        answer = cbr.ok("POST", f"vaults/{vault_id}/associatepolicy", body)
        assert answer == {"associate_policy": {"vault_id": vault_id, **body}}
    cbr.ok("POST", f"vaults/{vaults[0]}/associatepolicy", body)
    assert [row["vault_id"] for row in cbr.cbr_policy(policy["id"])["associated_vaults"]] == vaults
    path = f"vaults/{vaults[0]}"
    assert cbr.no("6127", "POST", f"{path}/associatepolicy", {"policy_id": other["id"]}) == 400
    assert cbr.no("6000", "POST", f"{path}/associatepolicy", {"policy_id": NOBODY}) == 404
    assert cbr.no("6105", "POST", f"vaults/{NOBODY}/associatepolicy", body) == 404
    cbr.no("9900", "POST", f"{path}/associatepolicy", {**body, "destination_vault_id": vaults[1]})
    assert cbr.no("6002", "POST", f"{path}/dissociatepolicy", {"policy_id": other["id"]}) == 404
    answer = cbr.ok("POST", f"{path}/dissociatepolicy", body)
    assert answer == {"dissociate_policy": {"vault_id": vaults[0], **body}}
    cbr.no("6002", "POST", f"{path}/dissociatepolicy", body)
    cbr.apply(vaults[0], other["id"])


def test_what_does_not_fit(live_cbr: CbrApi) -> None:
    destination = {"destination_region": "eu-nl", "destination_project_id": NOBODY}
    copies = live_cbr.create_cbr_policy("copies", operation_type="replication", keep=destination)
    policy = live_cbr.create_cbr_policy()
    vault = live_cbr.create_vault()
    replicas = live_cbr.create_vault("replicas", billing={"protect_type": "replication"})
    live_cbr.no("6127", "POST", f"vaults/{vault['id']}/associatepolicy", {"policy_id": copies["id"]})
    live_cbr.no("6127", "POST", f"vaults/{replicas['id']}/associatepolicy", {"policy_id": policy["id"]})


def test_delete_keeps_backups_and_vaults(cbr: CbrApi) -> None:
    policy = cbr.create_cbr_policy()
    vault = cbr.create_vault(servers=cbr.ids()[:1], backup_policy_id=policy["id"])
    cbr.good(vault["id"], auto_trigger=True)
    assert cbr.call("DELETE", f"policies/{policy['id']}").status_code == 204
    assert cbr.no("6000", "GET", f"policies/{policy['id']}") == 404
    assert cbr.no("6000", "DELETE", f"policies/{policy['id']}") == 404
    assert len(cbr.backups()) == 1
    cbr.cloud.clock.advance(3 * 86400)
    cbr = CbrApi(cbr.cloud)
    assert len(cbr.backups()) == 1, "no run, and nothing is pruned"


@pytest.mark.parametrize("old", [0, 1, 31])
def test_limit_is_shared_with_csbs(api: Api, cbr: CbrApi, old: int) -> None:
    for number in range(old):
        api.create_policy(f"old{number}")
    for number in range(32 - old):
        cbr.create_cbr_policy(f"new{number}")
    assert cbr.no("6001", "POST", "policies", cbr.cbr_policy_body("more")) == 400
    assert api.refused("CSBS.0001", "POST", "policies", api.policy_body("more")).status_code == 400
    destination = {"destination_region": "eu-nl", "destination_project_id": NOBODY}
    cbr.create_cbr_policy("copies", operation_type="replication", keep=destination)
