# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults: making, changing, listing, resizing and deleting them, with everything in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.emulator_tests.api import Api
from tests.emulator_tests.cbr_api import NOBODY, CbrApi, rows


def test_create(cbr: CbrApi) -> None:
    first, second, _third = cbr.ids()
    tags = [{"key": "env", "value": "prod"}]
    made = cbr.create_vault("v_1-A", [first, second], 100, description="mine", tags=tags)
    assert made == cbr.vault(made["id"])
    assert (
        made["billing"].items()
        >= {
            "size": 100,
            "allocated": 40,
            "used": 0,
            "status": "available",
            "object_type": "server",
            "protect_type": "backup",
            "spec_code": "vault.backup.server.normal",
        }.items()
    )
    assert (made["name"], made["description"], made["tags"]) == ("v_1-A", "mine", tags)
    assert made["provider_id"] == "0daac4c5-6707-4851-97ba-169e36266b66"
    assert [row["id"] for row in made["resources"]] == [first, second]
    assert (
        made["resources"][0].items()
        >= {
            "name": "srv-0001",
            "size": 20,
            "backup_size": 0,
            "backup_count": 0,
            "protect_status": "available",
        }.items()
    )
    assert "policy" not in str(made), "a vault does not name its policy"


def test_live_words(live_cbr: CbrApi) -> None:
    made = live_cbr.create_vault()
    assert (made["description"], made["bind_rules"], made["enterprise_project_id"]) == (None, {}, "0")
    billing = made["billing"]
    assert {billing[key] for key in ("order_id", "product_id", "frozen_scene")} == {None}
    assert len(made["created_at"]) == 26, "six digits and no zone"


def test_reference_words(reference_cbr: CbrApi) -> None:
    made = reference_cbr.create_vault()
    assert (made["description"], made["enterprise_project_id"]) == ("", 0)
    assert made["created_at"].endswith("+00:00")
    assert "order_id" not in made["billing"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "a b"},
        {"name": "x" * 65},
        {"description": "x" * 65},
        {"size": 9},
        {"size": 10485761},
        {"tags": []},
        {"tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]},
        {"tags": [{"key": "a"}]},
        {"billing": {"object_type": "bucket"}},
        {"billing": {"consistent_level": "app_consistent"}},
        {"billing": {"extra": 1}},
        {"bind_rules": {"tags": [{"key": f"k{number}"} for number in range(6)]}},
        {"auto_expand": True},
        {"threshold": 80},
        {"surprise": 1},
    ],
    ids=str,
)
def test_refused_values(live_cbr: CbrApi, changes: dict[str, Any]) -> None:
    assert live_cbr.no("9900", "POST", "vaults", live_cbr.vault_body(**changes)) == 400
    assert live_cbr.get("vaults") == {"vaults": [], "count": 0}


@pytest.mark.parametrize("missing", ["name", "billing", "resources"])
def test_missing_keys(live_cbr: CbrApi, missing: str) -> None:
    body = live_cbr.vault_body()
    del body["vault"][missing]
    live_cbr.no("9900", "POST", "vaults", body)


def test_21_tags(live_cbr: CbrApi) -> None:
    tags = [{"key": f"k{number}", "value": ""} for number in range(21)]
    live_cbr.no("6600", "POST", "vaults", live_cbr.vault_body(tags=tags))
    assert len(live_cbr.create_vault(tags=tags[:20])["tags"]) == 20


def test_create_is_all_or_nothing(live_cbr: CbrApi) -> None:
    first = live_cbr.ids()[0]
    assert live_cbr.no("6302", "POST", "vaults", live_cbr.vault_body(servers=[first, NOBODY])) == 404
    live_cbr.no("6101", "POST", "vaults", live_cbr.vault_body(servers=[first], size=19))
    assert live_cbr.no("6000", "POST", "vaults", live_cbr.vault_body(backup_policy_id=NOBODY)) == 404
    assert live_cbr.get("vaults")["count"] == 0
    live_cbr.create_vault(servers=[first], size=20, backup_policy_id=None)


@pytest.mark.parametrize("unique", [None, True, False])
def test_names_twice(cbr: CbrApi, unique: bool | None) -> None:
    cbr.cloud.settings(unique_vault_names=unique)
    cbr.create_vault("same")
    other = cbr.create_vault("other")
    path, wish = f"vaults/{other['id']}", {"vault": {"name": "same"}}
    if (not cbr.cloud.state.settings.live) if unique is None else unique:
        cbr.no("6106", "POST", "vaults", cbr.vault_body("same"))
        cbr.no("6106", "PUT", path, wish)
        cbr.ok("PUT", path, {"vault": {"name": "other"}})
    else:
        cbr.create_vault("same")
        cbr.ok("PUT", path, wish)
        assert cbr.get("vaults", name="same")["count"] == 3


def test_quota_of_vaults(live_cbr: CbrApi) -> None:
    live_cbr.cloud.settings(quota_vaults=1)
    live_cbr.create_vault()
    live_cbr.no("6133", "POST", "vaults", live_cbr.vault_body("more"))


def test_update(cbr: CbrApi) -> None:
    made = cbr.create_vault()
    rules = {"tags": [{"key": "env", "value": "prod"}]}
    wish = {"name": "new", "auto_bind": True, "bind_rules": rules, "auto_expand": True, "threshold": 90}
    row = cbr.ok("PUT", f"vaults/{made['id']}", {"vault": {**wish, "smn_notify": False, "locked": True}})["vault"]
    assert row == cbr.vault(made["id"])
    assert row.items() >= {"name": "new", "auto_bind": True, "bind_rules": rules, "auto_expand": True}.items()
    assert row["locked"] is True
    cbr.ok("PUT", f"vaults/{made['id']}", {"vault": {"bind_rules": {}}})
    cbr.ok("PUT", f"vaults/{cbr.create_vault('open')['id']}", {"vault": {"locked": False}})
    assert cbr.vault(made["id"])["bind_rules"] == {}
    assert cbr.no("6110", "PUT", f"vaults/{made['id']}", {"vault": {"locked": False}}) == 400
    assert cbr.no("6105", "PUT", f"vaults/{NOBODY}", {"vault": {"name": "x"}}) == 404


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"description": "new"},
        {"tags": [{"key": "a", "value": "b"}]},
        {"resources": []},
        {"backup_policy_id": NOBODY},
        {"billing": {"size": 0}},
        {"billing": {"size": 300, "consistent_level": "crash_consistent"}},
        {"threshold": 101},
        {"name": "a b"},
        {"auto_expand": "true"},
    ],
    ids=str,
)
def test_put_takes_only_what_can_change(live_cbr: CbrApi, wish: dict[str, Any]) -> None:
    made = live_cbr.create_vault()
    live_cbr.no("9900", "PUT", f"vaults/{made['id']}", {"vault": wish})
    assert live_cbr.vault(made["id"]) == made


def test_resize(cbr: CbrApi) -> None:
    first, second, third = cbr.ids()
    made = cbr.create_vault(servers=[first, second], size=40)
    path = f"vaults/{made['id']}"
    cbr.no("6101", "PUT", path, {"vault": {"billing": {"size": 39}}})
    cbr.no("6101", "PUT", path, {"vault": {"billing": {"size": 40}}})
    row = cbr.ok("PUT", path, {"vault": {"billing": {"size": 60}}})["vault"]
    assert (row["billing"]["status"], row["billing"]["size"]) == ("lock", 40)
    cbr.no("6112", "POST", f"{path}/addresources", {"resources": rows([third])})
    cbr.no("6113", "POST", "checkpoints", cbr.checkpoint_body(made["id"]))
    cbr.no("6110", "PUT", path, {"vault": {"name": "new"}})
    cbr.no("6111", "DELETE", path)
    cbr.cloud.clock.advance(30)
    assert cbr.vault(made["id"])["billing"].items() >= {"status": "available", "size": 60}.items()
    cbr.ok("POST", f"{path}/addresources", {"resources": rows([third])})
    cbr.cloud.fill_vault(made["id"], 99)
    cbr.ok("PUT", path, {"vault": {"billing": {"size": 100}}})
    cbr.cloud.clock.advance(30)
    cbr.no("6101", "PUT", path, {"vault": {"billing": {"size": 59}}})
    cbr.ok("PUT", path, {"vault": {"billing": {"size": 110}}})
    cbr.cloud.force_vault(made["id"], status="frozen")
    cbr.cloud.clock.advance(30)
    assert cbr.vault(made["id"])["billing"].items() >= {"status": "frozen", "size": 100}.items()


def test_lists_and_filters(cbr: CbrApi) -> None:
    first, second, _third = cbr.ids()
    policy = cbr.create_cbr_policy()
    one = cbr.create_vault("Alpha", [first], backup_policy_id=policy["id"])
    two = cbr.create_vault("beta", [second])
    disks = cbr.create_vault("disks", billing={"object_type": "disk"})
    copies = cbr.create_vault("copies", billing={"protect_type": "replication"})
    cbr.cloud.force_vault(two["id"], status="frozen")

    def found(**query: Any) -> list[str]:
        answer = cbr.get("vaults", **query)
        assert answer["count"] == len(answer["vaults"])
        return [row["id"] for row in answer["vaults"]]

    assert found() == [copies["id"], disks["id"], two["id"], one["id"]], "newest first"
    assert found(id=one["id"]) == [one["id"]]
    assert found(policy_id=policy["id"]) == [one["id"]]
    assert found(policy_id=NOBODY) == []
    assert found(resource_ids=second) == [two["id"]]
    assert found(status="frozen") == [two["id"]]
    assert found(object_type="disk") == [disks["id"]]
    assert found(protect_type="replication") == [copies["id"]]
    assert len(found(cloud_type="public")) == 4
    assert found(name="Alpha") == [one["id"]]
    fuzzy = cbr.cloud.state.settings.live
    assert found(name="lpha") == ([one["id"]] if fuzzy else [])
    for query in ({"status": "dreaming"}, {"marker": one["id"]}, {"sort": "name"}, {"surprise": 1}):
        cbr.no("9900", "GET", "vaults", **query)


def test_pages(cbr: CbrApi) -> None:
    ids = [cbr.create_vault(f"v{number}")["id"] for number in range(5)][::-1]
    page = cbr.get("vaults", limit=2)
    assert ([row["id"] for row in page["vaults"]], page["count"]) == (ids[:2], 5)
    page = cbr.get("vaults", limit=2, offset=4)
    assert ([row["id"] for row in page["vaults"]], page["count"]) == (ids[4:], 5)
    assert cbr.get("vaults", offset=5)["vaults"] == []
    for query in ({"offset": 0}, {"limit": 0}, {"limit": 1001}):
        cbr.no("9900", "GET", "vaults", **query)


def test_lists_are_late_but_answers_are_not(live_cbr: CbrApi) -> None:
    live_cbr.cloud.settings(list_delay=60)
    made = live_cbr.create_vault(servers=live_cbr.ids()[:1])
    policy = live_cbr.create_cbr_policy()
    live_cbr.apply(made["id"], policy["id"])
    live_cbr.back_up(made["id"])
    assert live_cbr.vault(made["id"])["name"] == "vault"
    for path in ("vaults", "policies", "backups", "operation-logs"):
        assert live_cbr.get(path)["count"] == 0, path
    live_cbr.cloud.settings(list_delay=0)
    live_cbr.create_vault("another")
    assert live_cbr.get("vaults")["count"] == 1, "what was made before is as late as it was"


def test_delete_takes_every_backup_along(cbr: CbrApi) -> None:
    first, second, _third = cbr.ids()
    made = cbr.create_vault(servers=[first, second])
    other = cbr.cloud.make_vault("other", size=100)
    cbr.good(made["id"])
    cbr.good(made["id"], resources=[first])
    kept = cbr.cloud.make_vault_backup(second, other.id)
    cbr.ok("DELETE", f"vaults/{made['id']}")
    row = cbr.vault(made["id"])
    assert row["billing"]["status"] == "deleting"
    assert {backup["status"] for backup in cbr.backups(vault_id=made["id"])} == {"waiting_delete"}
    (task,) = cbr.tasks(operation_type="vault_delete")
    assert (task["status"], task["vault_id"]) == ("running", made["id"])
    assert task["extra_info"]["vault_delete"] == {"total_count": 3, "fail_count": 0}
    cbr.no("6111", "DELETE", f"vaults/{made['id']}")
    policy_id = cbr.create_cbr_policy()["id"]
    cbr.no("6112", "POST", f"vaults/{made['id']}/associatepolicy", {"policy_id": policy_id})
    cbr.no("6103", "POST", f"vaults/{other.id}/addresources", {"resources": rows([first])})
    cbr.cloud.clock.advance(300)
    assert cbr.no("6105", "GET", f"vaults/{made['id']}") == 404
    assert [backup["id"] for backup in cbr.backups()] == [kept.id]
    assert cbr.get(f"operation-logs/{task['id']}")["operation_log"]["status"] == "success"
    cbr.ok("POST", f"vaults/{other.id}/addresources", {"resources": rows([first])})


def test_delete_of_an_empty_vault_takes_time_too(live_cbr: CbrApi) -> None:
    made = live_cbr.create_vault()
    assert live_cbr.call("DELETE", f"vaults/{made['id']}").status_code == 204
    assert live_cbr.vault(made["id"])["billing"]["status"] == "deleting"
    live_cbr.cloud.clock.advance(10)
    live_cbr.no("6105", "GET", f"vaults/{made['id']}")


def test_delete_refused(live_cbr: CbrApi) -> None:
    server_id = live_cbr.ids()[0]
    made = live_cbr.create_vault(servers=[server_id])
    path = f"vaults/{made['id']}"
    live_cbr.back_up(made["id"])
    assert live_cbr.no("6203", "DELETE", path) == 400
    live_cbr.cloud.clock.advance(3600)
    (backup,) = live_cbr.backups()
    live_cbr.ok("POST", f"backups/{backup['id']}/restore", live_cbr.restore(live_cbr.backup(backup["id"])))
    live_cbr.no("6111", "DELETE", path)
    live_cbr.cloud.clock.advance(3600)
    live_cbr.cloud.force_vault(made["id"], status="frozen")
    live_cbr.no("6111", "DELETE", path)
    live_cbr.cloud.force_vault(made["id"], status="error")
    live_cbr.ok("DELETE", path)


def test_a_delete_that_fails_leaves_the_vault_in_error(live_cbr: CbrApi) -> None:
    server_id = live_cbr.ids()[0]
    made = live_cbr.create_vault(servers=[server_id])
    live_cbr.good(made["id"])
    live_cbr.cloud.change_server(server_id, fail_next_delete="BackupService.6201 the bucket is gone")
    live_cbr.ok("DELETE", f"vaults/{made['id']}")
    live_cbr.cloud.clock.advance(300)
    assert live_cbr.vault(made["id"])["billing"]["status"] == "error"
    (task,) = live_cbr.tasks(operation_type="vault_delete", status="failed")
    assert task["error_info"] == {"code": "BackupService.6201", "message": "the bucket is gone"}
    assert task["extra_info"]["vault_delete"] == {"total_count": 1, "fail_count": 1}
    live_cbr.ok("DELETE", f"vaults/{made['id']}")
    live_cbr.cloud.clock.advance(300)
    live_cbr.no("6105", "GET", f"vaults/{made['id']}")


def test_locked_vaults(live_cbr: CbrApi) -> None:
    server_id = live_cbr.ids()[0]
    made = live_cbr.create_vault(servers=[server_id], locked=True)
    (automatic,) = live_cbr.good(made["id"], auto_trigger=True)
    (manual,) = live_cbr.good(made["id"])
    assert live_cbr.no("6220", "DELETE", f"backups/{automatic['id']}") == 400
    live_cbr.no("6220", "DELETE", f"vaults/{made['id']}")
    live_cbr.no("6110", "POST", f"vaults/{made['id']}/removeresources", {"resource_ids": [server_id]})
    other = live_cbr.create_vault("other")
    body = {"destination_vault_id": other["id"], "resource_ids": [server_id]}
    live_cbr.no("6112", "POST", f"vaults/{made['id']}/migrateresources", body)
    live_cbr.ok("DELETE", f"backups/{manual['id']}")
    second = live_cbr.cloud.make_vault_backup(server_id, auto_trigger=True)
    yesterday = live_cbr.cloud.clock.now() - timedelta(days=1)
    live_cbr.cloud.state.cbr.backups[automatic["id"]].expired_at = yesterday
    live_cbr.ok("DELETE", f"backups/{automatic['id']}")
    live_cbr.cloud.force_vault(made["id"], locked=False)
    live_cbr.ok("DELETE", f"backups/{second.id}")


def test_ids_that_are_none(live_cbr: CbrApi, reference_cbr: CbrApi) -> None:
    answer = live_cbr.refused("APIGW.0301", "GET", "vaults/my-vault")
    assert answer.status_code == 401 and "Malformed request url" in answer.text
    assert reference_cbr.no("9900", "GET", "vaults/my-vault") == 400


def test_other_projects(cbr: CbrApi) -> None:
    made = cbr.create_vault()
    token = cbr.cloud.token(cbr.cloud.other_project_id)
    url = cbr.url.replace(cbr.cloud.project_id, cbr.cloud.other_project_id)
    cbr.session.headers["X-Auth-Token"] = token
    assert cbr.session.get(f"{url}/vaults", timeout=10).json()["count"] == 0
    assert cbr.session.get(f"{url}/vaults/{made['id']}", timeout=10).status_code == 404
    assert cbr.call("GET", "vaults").status_code == 403


def test_csbs_knows_nothing_of_it(cloud: Any, api: Api, cbr: CbrApi) -> None:
    made = cbr.create_vault(servers=cbr.ids()[:1])
    (backup,) = cbr.good(made["id"])
    assert api.items() == []
    api.refused("CSBS.3001", "GET", f"checkpoint_items/{backup['id']}")
    assert api.get("quotas")["quotas"]["resources"][1]["used"] == 0
