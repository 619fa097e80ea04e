# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the way from CSBS to CBR: vaults, room, who is where, what stays, and what users must know."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain import migration_plan
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.migration import Decision
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.vault_option import VaultOptions
from tests.support.fakes import SUMMER, backup, policy, server

Row = dict[str, t.Any]
ROOM = 32


def vault(name: str = "nightly", servers: t.Iterable[str] = (), size: int = 100, **fields: t.Any) -> Row:
    members = [
        {"id": f"id-{one}", "name": one, "disks_gb": 20, "backups_mb": 0, "has_backups": False} for one in servers
    ]
    return {
        "id": f"vault-{name}",
        "name": name,
        "size_gb": size,
        "allocated_gb": 20 * len(members),
        "used_mb": 0,
        "status": "available",
        "members": members,
        "tags": [],
        **fields,
    }


def on_cbr(name: str = "nightly", *vaults: Row) -> Row:
    members = [member["name"] for one in vaults for member in one["members"]]
    return policy(name, members, id=f"cbr-{name}", vaults=list(vaults))


def estate_of(
    servers: t.Iterable[str] = ("web", "db", "app"),
    csbs: t.Iterable[Row] = (),
    cbr: t.Iterable[Row] = (),
    loose: t.Iterable[Row] = (),
    marks: dict[str, str] | None = None,
    csbs_backups: t.Iterable[Row] = (),
    cbr_backups: t.Iterable[Row] = (),
    **fields: t.Any,
) -> migration_plan.Estate:
    rows = [server(name, disks_gb=20, **fields) for name in servers]
    bound = [one for row in cbr for one in row["vaults"]]
    return migration_plan.Estate(
        t.cast("t.Any", {row["id"]: row for row in rows}),
        t.cast("t.Any", list(csbs)),
        t.cast("t.Any", list(cbr)),
        t.cast("t.Any", [*bound, *loose]),
        marks or {},
        t.cast("t.Any", list(csbs_backups)),
        t.cast("t.Any", list(cbr_backups)),
        SUMMER,
    )


def wishes(**given: t.Any) -> migration_plan.Wishes:
    decisions = given.pop("decisions", {})
    return migration_plan.Wishes(decisions, VaultOptions(**given))


def plans(estate: migration_plan.Estate, *chosen: str, **given: t.Any) -> list[Row]:
    return migration_plan.policy_plans(estate, chosen or [row["id"] for row in estate.csbs], wishes(**given))


def shown(plan: Row) -> list[tuple[str, int, int]]:
    return [(one["name"], one["size_gb"], one["server_count"]) for one in plan["target"]["vaults"]]


def server_rows(estate: migration_plan.Estate) -> dict[str, Row]:
    rows = migration_plan.server_plans(estate, list(estate.servers.values()), timedelta(days=1))
    return {row["name"]: row for row in rows}


# ========== Vaults and room ==========
def test_each_policy_gets_vaults_of_its_own() -> None:
    estate = estate_of(csbs=[policy("a", ["web"]), policy("b", ["db", "app"])])
    assert [shown(plan) for plan in plans(estate)] == [[("a", 40, 1)], [("b", 80, 2)]]
    assert [shown(plan) for plan in plans(estate, name="v", size_factor=1)] == [[("v", 20, 1)], [("v-0002", 40, 2)]]


def test_vaults_that_are_there_are_filled_and_grow() -> None:
    target = on_cbr("nightly", vault("theirs", ["web"], size=30))
    estate = estate_of(csbs=[policy("nightly", ["db"])], cbr=[target], csbs_backups=[backup("b", "web")])
    (plan,) = plans(estate)
    assert (shown(plan), plan["target"]["id"], plan["state"]) == ([("theirs", 80, 2)], "cbr-nightly", "moving")


def test_names_of_vaults_that_hold_something_are_not_taken() -> None:
    estate = estate_of(
        csbs=[policy("a", ["web"]), policy("b", ["db"])],
        cbr=[on_cbr("other", vault("a"))],
        loose=[vault("b", ["app"])],
    )
    assert [shown(plan)[0][0] for plan in plans(estate)] == ["a-0002", "b-0002"]


def test_a_vault_that_breaks_a_rule_is_a_blocker_and_not_an_error() -> None:
    estate = estate_of(csbs=[policy("a", ["web", "db"])])
    (plan,) = plans(estate, size_gb=30)
    assert ["at least 40" in blocker for blocker in plan["blockers"]] == [True] and shown(plan) == []
    (plan,) = plans(estate, size_factor=1e6)
    assert ["What to do: give a smaller vault.size_factor" in blocker for blocker in plan["blockers"]] == [True]


@pytest.mark.parametrize(("others", "blocked"), [(28, [False, False]), (29, [False, True]), (30, [True, True])])
def test_policies_without_room_among_the_limit_are_blocked(others: int, blocked: list[bool]) -> None:
    estate = estate_of(csbs=[policy("a"), policy("b")], cbr=[on_cbr(f"o{number}") for number in range(others)])
    assert [bool(plan["blockers"]) for plan in plans(estate)] == blocked
    assert migration_plan.free_policies(estate) == ROOM - 2 - others


def test_a_policy_whose_target_is_there_needs_no_room() -> None:
    estate = estate_of(csbs=[policy("a")], cbr=[on_cbr("a"), *(on_cbr(f"o{number}") for number in range(30))])
    assert [plan["blockers"] for plan in plans(estate)] == [[]]


def test_the_names_of_policies_that_are_not_chosen_collide_too() -> None:
    estate = estate_of(csbs=[policy("a", id="1"), policy("a", id="2")])
    assert [len(plan["blockers"]) for plan in plans(estate, "1")] == [1]
    # csbs_migration, which runs for one policy, knows nothing of the decision for the other.
    assert [len(plan["blockers"]) for plan in plans(estate, "1", decisions={"2": Decision("b")})] == [1]
    assert [plan["blockers"] for plan in plans(estate, "2", decisions={"2": Decision("b")})] == [[]]


def test_policies_that_become_one_are_told_and_need_room_once() -> None:
    full = [on_cbr(f"o{number}") for number in range(29)]
    estate = estate_of(csbs=[policy("a"), policy("b")], cbr=full)
    both = plans(estate, decisions={"pol-b": Decision("a")})
    assert [plan["blockers"] for plan in both] == [[], []]
    assert [["become one policy 'a'" in loss for loss in plan["losses"]][-1] for plan in both] == [True, True]
    (alone,) = plans(estate, "pol-b", decisions={"pol-b": Decision("a")})
    assert not any("become one" in loss for loss in alone["losses"])


def test_the_room_that_others_take_is_told_apart_from_no_room_at_all() -> None:
    few = estate_of(csbs=[policy("a"), policy("b")], cbr=[on_cbr(f"o{number}") for number in range(29)])
    assert "This plan makes 2 policies, and there is room for 1" in plans(few)[1]["blockers"][0]
    assert plans(few, "pol-b")[0]["blockers"] == []
    none = estate_of(csbs=[policy("a"), policy("b")], cbr=[on_cbr(f"o{number}") for number in range(30)])
    assert ["there is no room for" in plan["blockers"][0] for plan in plans(none)] == [True, True]


def test_a_policy_whose_servers_are_all_gone_is_moved_and_they_are_told() -> None:
    estate = estate_of(["web"], csbs=[policy("a", ["gone"]), policy("b")], cbr=[on_cbr("a"), on_cbr("b")])
    first, second = plans(estate)
    assert (first["state"], first["gone"], second["gone"]) == ("moved", [{"id": "id-gone", "name": "gone"}], [])
    told = [note for note in notes(estate)[1] if note.startswith("These policies")]
    assert "no server any more" in told[0] and "'b'" in told[0] and "'a'" not in told[0]
    assert "no longer exist" in told[1] and "'a' ('gone')" in told[1]


def test_a_server_in_a_vault_without_a_policy_is_not_on_the_way() -> None:
    estate = estate_of(csbs=[policy("a")], loose=[vault("loose", ["web"])], marks={"id-web": "pol-a"})
    assert server_rows(estate)["web"]["state"] == "none" and plans(estate)[0]["servers"] == []


def test_a_policy_of_cbr_shows_its_own_rules_as_far_as_it_keeps_them() -> None:
    old = policy("nightly", ["web"], definition={"max_backups": 3}, enabled=False)
    for members, enabled in (([], False), (["db"], True)):
        target = on_cbr("nightly", vault("nightly", members, tags=[{"key": "team", "value": "a"}]))
        estate = estate_of(csbs=[old], cbr=[target], csbs_backups=[backup("b", "db")])
        (plan,) = plans(estate)
        assert (plan["target"]["enabled"], plan["target"]["tags"]) == (enabled, {"team": "a"})
        assert plan["target"]["retention"]["max_backups"] == (3 if not members else None)
        assert any("stays as it is" in loss and "enabled, retention" in loss for loss in plan["losses"]) is bool(
            members
        )


# ========== Who is where ==========
def test_servers_of_a_policy_are_told_with_their_present_names_and_states() -> None:
    estate = estate_of(
        csbs=[policy("nightly", ["web", "gone"])],
        cbr=[on_cbr("nightly", vault("nightly", ["app"]))],
        marks={"id-db": "pol-nightly", "id-web": "pol-nightly", "id-x": "pol-other"},
        csbs_backups=[backup("b", "app")],
    )
    estate.servers["id-web"]["name"] = "renamed"
    (plan,) = plans(estate)
    assert [(one["name"], one["state"]) for one in plan["servers"]] == [
        ("renamed", "csbs"),
        ("db", "moving"),
        ("app", "cbr"),
    ]
    assert plan["state"] == "moving" and any("'gone'" in loss for loss in plan["losses"])


def test_members_of_its_own_block_as_long_as_there_is_something_to_move() -> None:
    target = on_cbr("nightly", vault("nightly", ["app"]))
    (plan,) = plans(estate_of(csbs=[policy("nightly", ["web"])], cbr=[target]))
    assert ["'app'" in blocker for blocker in plan["blockers"]] == [True]
    assert [one["name"] for one in plan["servers"]] == ["web"] and plan["state"] == "prepared"
    (plan,) = plans(
        estate_of(csbs=[policy("nightly", ["web"])], cbr=[target]), decisions={"pol-nightly": Decision("nightly")}
    )
    assert plan["blockers"] == []
    (plan,) = plans(estate_of(csbs=[policy("nightly")], cbr=[target]))
    assert (plan["blockers"], [one["name"] for one in plan["servers"]], plan["state"]) == ([], ["app"], "moved")


def test_a_server_is_done_with_a_good_backup_in_cbr_only() -> None:
    estate = estate_of(
        csbs=[policy("nightly", ["web"])],
        cbr=[on_cbr("nightly", vault("nightly", ["db", "app"]))],
        csbs_backups=[backup("old", "web"), backup("bad", "web", "error", created_at="2026-07-01T11:00:00")],
        cbr_backups=[backup("new", "db"), backup("bad", "app", "error"), backup("b", "web")],
    )
    rows = server_rows(estate)
    assert {name: (row["state"], row["done"]) for name, row in rows.items()} == {
        "web": ("csbs", False),
        "db": ("cbr", True),
        "app": ("cbr", False),
    }
    assert rows["web"]["last_csbs_backup"] == {
        "id": "item-old-web",
        "name": "old",
        "protected_at": "2026-07-01T06:00:00.000000Z",
        "age_seconds": 6 * 3600,
    }


def test_the_policy_of_a_server_on_the_way_is_the_one_of_its_mark() -> None:
    estate = estate_of(csbs=[policy("nightly")], marks={"id-web": "pol-nightly", "id-db": "pol-deleted"})
    rows = server_rows(estate)
    assert rows["web"]["csbs_policy"] == {"id": "pol-nightly", "name": "nightly", "enabled": True}
    assert rows["db"]["csbs_policy"] == {"id": "pol-deleted", "name": None, "enabled": None}
    assert (rows["app"]["state"], rows["app"]["csbs_policy"]) == ("none", None)


@pytest.mark.parametrize(
    ("fields", "age_hours", "told"),
    [
        ({}, 23, None),
        ({}, 24, "younger than 1d (max_age)"),
        ({}, None, "younger than 1d (max_age)"),
        ({"status": "ERROR"}, 1, "state ERROR"),
        ({"status": "SHUTOFF"}, 1, None),
        ({"disks_gb": 0}, 1, "no disk"),
    ],
)
def test_why_a_server_cannot_move_now(fields: Row, age_hours: int | None, told: str | None) -> None:
    made = (SUMMER - timedelta(hours=age_hours or 0)).replace(tzinfo=None).isoformat()
    backups = [] if age_hours is None else [backup("b", "web", created_at=made)]
    estate = estate_of(["web"], csbs=[policy("nightly", ["web"])], csbs_backups=backups)
    estate.servers["id-web"].update(t.cast("t.Any", fields))
    reason = server_rows(estate)["web"]["reason"]
    assert reason is None if told is None else told in reason


def test_a_server_whose_backup_is_in_progress_is_waited_for() -> None:
    estate = estate_of(["web"], csbs=[policy("nightly", ["web"])], csbs_backups=[backup("b", "web", "protecting")])
    assert server_rows(estate)["web"]["reason"] is None


# ========== What stays, and the sums ==========
def test_what_stays_expires_only_when_every_backup_says_so() -> None:
    rows = [
        backup("a", "web", info={"size": 1024, "auto_trigger": True}, expired_at="2026-08-01T00:00:00"),
        backup("b", "web", info={"size": "1"}, expired_at="2026-07-15T00:00:00"),
        backup("c", "gone", info={"os_images_data": [{"image_id": "img"}]}, expired_at="2026-08-01T00:00:00"),
        backup("d", "gone", "error"),
    ]
    gone, web = migration_plan.old_backups(estate_of(csbs_backups=rows), None)
    assert web == {
        "server": {"id": "id-web", "name": "web"},
        "exists": True,
        "count": 2,
        "automatic": 1,
        "size_mb": 1025,
        "expires_at": "2026-08-01T00:00:00.000000Z",
        "images": [],
    }
    assert (gone["exists"], gone["expires_at"], gone["images"]) == (False, None, ["img"])
    assert migration_plan.old_backups(estate_of(csbs_backups=rows), {"id-web"}) == [web]


def notes(estate: migration_plan.Estate) -> tuple[Row, list[str]]:
    policies, servers = plans(estate), list(server_rows(estate).values())
    backups = migration_plan.old_backups(estate, None)
    summary = migration_plan.summary_of(estate, policies, servers, backups)
    return summary, migration_plan.notes_of(policies, servers, backups, summary)


def test_the_sums_and_the_notes_of_a_project_on_its_way() -> None:
    estate = estate_of(
        csbs=[policy("nightly", ["web"]), policy("over")],
        cbr=[on_cbr("over", vault("over", ["db"]))],
        csbs_backups=[
            backup("b", "web", info={"size": 1025, "os_images_data": [{"image_id": "img"}]}),
            backup("b", "db", info={"size": 1}),
        ],
    )
    summary, told = notes(estate)
    assert summary == {
        "policies": {"csbs": 1, "prepared": 0, "moving": 0, "moved": 1},
        "servers": {"csbs": 1, "moving": 0, "cbr": 1, "none": 1},
        "done": 0,
        "blocked": 0,
        "not_ready": 0,
        "gb_needed": 40 + 100,
        "csbs_gb_held": 2,
        "policies_used": 3,
        "policies_free": 29,
    }
    begins = ("The console", "CBR bills", "Backups that stay", "Images that hold", "Servers in no", "These policies")
    assert [note.startswith(begin) for note, begin in zip(told, begins, strict=True)] == [True] * len(begins)


def test_notes_speak_of_an_end_only_when_there_is_one() -> None:
    dated = estate_of(csbs_backups=[backup("b", "web", expired_at="2026-08-01T00:00:00")])
    assert any("The last one expires at 2026-08-01" in note for note in notes(dated)[1])
    assert not any("expires at" in note for note in notes(estate_of(csbs_backups=[backup("b", "web")]))[1])


def test_a_project_with_nothing_in_csbs_is_told_so() -> None:
    summary, told = notes(estate_of([]))
    assert [note.endswith("there is nothing to migrate") for note in told] == [True]
    assert summary["gb_needed"] == 0


def test_many_servers_are_counted_and_not_named() -> None:
    summary, told = notes(estate_of([f"s{number}" for number in range(11)]))
    assert any("11 servers" in note and "'s1'" not in note for note in told)
