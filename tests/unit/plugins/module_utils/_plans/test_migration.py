# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is missing on the way to CBR: policy, vaults, moves, first backups."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.migration import map_policy
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.vault_option import USUAL
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.migration import (
    Estate,
    MigrationOptions,
    backup_options,
    move_calls,
    plan_migration,
    preparing_calls,
    stale_marks,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from tests.support.fakes import SUMMER, backup, policy, server

WEB, DB, MAIL, GONE = (f"{number}0000000-0000-4000-8000-000000000000" for number in range(1, 5))
IDS = {"web": WEB, "db": DB, "mail": MAIL}
PREPARED = MigrationOptions("nightly", "prepared", None, None, None, USUAL, timedelta(days=1))
MOVED = PREPARED._replace(state="moved")


def csbs_policy(*names: str, **fields: t.Any) -> t.Any:
    members = [{"id": IDS.get(name, GONE), "type": "OS::Nova::Server", "name": name} for name in names]
    return {**policy("nightly", definition={"retention_duration_days": 14}, **fields), "resources": members}


def vault(*names: str, tags: dict[str, str] | None = None, size: int = 200, **fields: t.Any) -> t.Any:
    members = [{"id": IDS[name], "name": name, "disks_gb": 20, "backups_mb": 0, "has_backups": False} for name in names]
    return {
        "id": "id-vault",
        "name": "nightly",
        "description": None,
        "size_gb": size,
        "allocated_gb": 20 * len(names),
        "used_mb": 0,
        "status": "available",
        "members": members,
        "tags": [{"key": key, "value": value} for key, value in (tags or {}).items()],
        **fields,
    }


def cbr_policy(place: t.Any, **fields: t.Any) -> t.Any:
    definition = {"retention_duration_days": 14, "day_backups": 0, "timezone": "UTC+00:00"}
    row = policy("nightly", definition=definition, pattern=["FREQ=DAILY;BYHOUR=02;BYMINUTE=00"], id="pol-cbr", **fields)
    members = [{"id": one["id"], "type": "", "name": one["name"]} for one in place["members"]] if place else []
    return {**row, "resources": members, "vaults": [place] if place else []}


def estate(old: t.Any, place: t.Any = None, current: t.Any = None, **fields: t.Any) -> Estate:
    if place is not None and current is None:
        current = cbr_policy(place)
    values: t.Any = {
        "policy": old,
        "current": current,
        "cbr": [current] if current else [],
        "elsewhere": 1,
        "vaults": [place] if place else [],
        "servers": [server(name, IDS[name], disks_gb=20) for name in IDS],
        "held": {one["id"] for one in old["resources"]},
        "csbs_backups": [backup("old", name, resource_id=IDS[name]) for name in IDS],
        "cbr_backups": [],
        "now": SUMMER,
        **fields,
    }
    return Estate(**values)


def plan(options: MigrationOptions, found: Estate) -> Plan[t.Any]:
    return plan_migration(options, map_policy(found.policy, target_name=options.target_name), found)


def names(rows: t.Iterable[t.Any]) -> list[str]:
    return [row["name"] for row in rows]


def test_prepared_makes_a_policy_and_room_and_moves_nobody() -> None:
    todo = plan(PREPARED, estate(csbs_policy("web", "db")))
    assert [call.method for call in todo.calls] == ["create_policy"] and todo.goes_on
    assert todo.result["moved"] == todo.result["not_moved"] == todo.result["backups"] == []
    assert [(one["size_gb"], one["server_count"]) for one in todo.result["policy"]["vaults"]] == [(80, 0)]
    (call,) = preparing_calls(todo.context, "pol-cbr")
    assert call.method == "prepare_vaults" and names(call.arguments["servers"]) == ["web", "db"]
    assert todo.before["policy"] == {} and todo.after["csbs_servers"] == ["db", "web"]


def test_what_is_prepared_changes_nothing() -> None:
    todo = plan(PREPARED, estate(csbs_policy("web", "db"), vault()))
    assert not todo.changed and todo.before == todo.after


def test_moved_moves_each_server_with_one_call_and_backs_it_up() -> None:
    found = estate(csbs_policy("web", "db"), vault())
    todo = plan(MOVED, found)
    assert todo.calls == () and todo.changed and preparing_calls(todo.context, "pol-cbr") == ()
    calls = move_calls(MOVED, todo.context, "pol-cbr")
    assert [call.arguments["server"]["name"] for call in calls] == ["web", "db"]
    assert calls[0].arguments["source"] == found.policy["id"] and calls[0].undo is None
    assert names(todo.result["moved"]) == ["web", "db"]
    assert [one["vault"]["name"] for one in todo.result["backups"]] == ["nightly"] * 2
    assert todo.result["policy"]["vaults"][0]["used_mb"] is None
    assert todo.before["csbs_servers"] == ["db", "web"] and todo.after["csbs_servers"] == []
    assert backup_options(MOVED).rules.service == "cbr"


def test_a_server_without_a_young_backup_or_a_disk_stays() -> None:
    servers = [server("web", WEB, disks_gb=20), server("db", DB, disks_gb=0), server("mail", MAIL, disks_gb=20)]
    found = estate(
        csbs_policy("web", "db", "mail"),
        vault(),
        servers=servers,
        csbs_backups=[backup("old", name, resource_id=IDS[name]) for name in ("db", "mail")],
    )
    todo = plan(MOVED, found)
    reasons = {row["name"]: row["reason"] for row in todo.result["not_moved"]}
    assert "max_age" in reasons["web"] and "no disk" in reasons["db"] and names(todo.result["moved"]) == ["mail"]


def test_a_server_whose_backup_is_in_progress_is_not_refused() -> None:
    rows = [backup("now", "web", "protecting", resource_id=WEB)]
    assert names(plan(MOVED, estate(csbs_policy("web"), vault(), csbs_backups=rows)).context.moving) == ["web"]


def test_servers_on_the_way_go_on_whatever_their_backups_are() -> None:
    found = estate(csbs_policy("web"), vault(tags={DB: "pol-nightly", "team": "a"}), csbs_backups=[])
    todo = plan(MOVED, found)
    assert names(todo.context.moving) == ["db"] and todo.before["on_the_way"] == ["db"]
    assert todo.after["on_the_way"] == []
    prepared = plan(PREPARED, found)
    assert not prepared.changed and "db" in prepared.result["notes"][0]


def test_a_mark_of_another_policy_is_none_of_this_one() -> None:
    assert plan(MOVED, estate(csbs_policy(), vault(tags={DB: "pol-other"}))).context.moving == []


def test_marks_of_servers_that_have_arrived_or_are_gone_are_removed() -> None:
    found = estate(csbs_policy("db"), vault("web", tags={WEB: "pol-nightly", GONE: "pol-nightly", DB: "pol-nightly"}))
    todo = plan(MOVED._replace(servers=[]), found)
    (call,) = preparing_calls(todo.context, "pol-cbr")
    assert [mark["key"] for mark in call.arguments["marks"]] == [WEB, GONE] and todo.changed
    assert todo.before["on_the_way"] == [GONE, "web"] and todo.after["on_the_way"] == []
    assert not plan(PREPARED._replace(servers=[]), found).changed
    assert stale_marks(found.vaults, {WEB, DB}, {DB}) == {"id-vault": call.arguments["marks"]}


def test_servers_that_are_over_get_the_backup_that_they_miss() -> None:
    rows = [
        backup("good", "web", resource_id=WEB),
        backup("now", "db", "protecting", resource_id=DB),
        backup("bad", "mail", "error", resource_id=MAIL),
    ]
    found = estate(csbs_policy(), vault("web", "db", "mail"), cbr_backups=rows)
    todo = plan(MOVED, found)
    assert names(todo.context.to_back_up) == ["mail"] and list(todo.context.running) == [DB]
    assert [row["server"]["name"] for row in todo.result["backups"]] == ["db", "mail"]
    assert not plan(MOVED._replace(first_backup=False), found).changed


def test_servers_that_no_longer_exist_are_told_and_block_nothing() -> None:
    todo = plan(MOVED, estate(csbs_policy("old-one"), vault()))
    assert not todo.changed and "old-one" in todo.result["notes"][0] and todo.result["not_moved"] == []


def test_only_servers_of_the_policy_can_be_named() -> None:
    found = estate(csbs_policy("web"), vault("db"))
    assert names(plan(MOVED._replace(servers=["web"]), found).context.moving) == ["web"]
    assert plan(MOVED._replace(servers=["db"]), found).context.moving == []
    with pytest.raises(InvalidInput, match="mail"):
        plan(MOVED._replace(servers=["mail"]), found)


def test_a_policy_with_servers_of_its_own_is_taken_only_if_it_is_named() -> None:
    found = estate(csbs_policy("web"), vault("db"), csbs_backups=[backup("old", "web", resource_id=WEB)])
    with pytest.raises(InvalidInput, match="target_name: nightly"):
        plan(MOVED, found)
    assert plan(MOVED._replace(target_name="nightly"), found).changed
    # When nobody is left, old backups may be gone, and nothing is wrong.
    assert not plan(PREPARED, found._replace(policy=csbs_policy(), held=set())).changed


def test_a_policy_of_cbr_follows_until_it_has_servers() -> None:
    old = csbs_policy("web", enabled=False)
    todo = plan(PREPARED, estate(old, vault()))
    assert [call.method for call in todo.calls] == ["update_policy"] and not todo.result["policy"]["enabled"]
    todo = plan(PREPARED, estate(old, vault("db")))
    assert not todo.changed and todo.result["policy"]["enabled"] and "enabled" in todo.result["notes"][0]


def test_vaults_grow_and_new_ones_get_the_tags() -> None:
    todo = plan(PREPARED, estate(csbs_policy("web", "db"), vault(size=30)))
    assert todo.changed and todo.result["policy"]["vaults"][0]["size_gb"] == 80
    old = csbs_policy("web", tags=[{"key": "team", "value": "web"}])
    todo = plan(PREPARED, estate(old))
    assert todo.result["policy"]["tags"] == {"team": "web"}
    assert preparing_calls(todo.context, "x")[0].arguments["tags"] == [{"key": "team", "value": "web"}]
