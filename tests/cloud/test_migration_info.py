# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_migration_info: the plan of the way from CSBS to CBR at the local cloud, in every stage."""

from __future__ import annotations

import re
import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.estate import create_policy, delete_server, policy_in, set_server
from tests.support.modes import one_mode
from tests.support.modules import Args, run_module, run_ok

HOUR = 3600
#: GB of the one disk of each server
DISK = 20
NIGHTLY: Args = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}, "retention": {"days": 14}}
# In live mode CSBS does not report them, so every policy without a decision has this loss.
UNREPORTED = "CSBS does not report the long-term counts"


@pytest.fixture(autouse=True)
def _still(cloud: Emulator) -> None:
    """Stop the clock: these tests speak of ages, and no schedule may fire meanwhile."""
    cloud.settings(speed=0, list_delay=0)


def plan(cloud: Emulator, **args: t.Any) -> Args:
    cloud.journal.clear()
    found = run_ok("csbs_migration_info", args, cloud)
    assert cloud.journal.select(method="POST", path="checkpoints") == []
    assert found["changed"] is False and cloud.journal.writes() == []
    sentences = [*found["notes"], *(row["reason"] for row in found["servers"] if row["reason"])]
    for policy in found["policies"]:
        sentences += [*policy["losses"], *policy["blockers"]]
    assert [one for one in sentences if "What to do: " not in one and "nothing to migrate" not in one] == []
    return found


def refused(cloud: Emulator, **args: t.Any) -> str:
    cloud.journal.clear()
    result = run_module("csbs_migration_info", args, cloud)
    assert result.get("failed") and cloud.journal.writes() == []
    return str(result["msg"])


def protect(cloud: Emulator, *servers: str, **fields: t.Any) -> str:
    """Put servers into a policy of CSBS, each with a backup of an hour ago; returns the ID of the policy."""
    policy = run_ok("csbs_policy", {**NIGHTLY, "servers": list(servers), **fields}, cloud)["policy"]
    for name in servers:
        cloud.make_backup(cloud.server(name).id, "old", age=HOUR)
    return str(policy["id"])


def one(found: Args, name: str = "nightly") -> Args:
    return t.cast(Args, next(policy for policy in found["policies"] if policy["name"] == name))


def states(found: Args) -> dict[str, str]:
    return {server["name"]: server["state"] for server in found["servers"] if server["state"] != "none"}


def losses(policy: Args) -> list[str]:
    """The losses, without the one that every policy has in live mode."""
    return [loss for loss in policy["losses"] if not loss.startswith(UNREPORTED)]


def target_of(cloud: Emulator, *servers: str, **tags: str) -> tuple[t.Any, t.Any]:
    """Make the policy of CBR for nightly, with its vault, servers and marks."""
    vault = cloud.make_vault("nightly", [cloud.server(name).id for name in servers], size=400, tags=tags)
    return cloud.make_vault_policy("nightly", [vault.id]), vault


def leave(cloud: Emulator, *servers: str) -> None:
    run_ok("csbs_policy_server", {"policy": "nightly", "servers": list(servers), "state": "absent"}, cloud)


# ========== What a policy becomes ==========
def test_a_policy_is_taken_over_with_a_vault_that_is_large_enough(cloud: Emulator) -> None:
    policy_id = protect(cloud, "srv-0001", "srv-0002")
    found = plan(cloud)
    policy = one(found)
    target = policy["target"]
    assert (policy["id"], policy["state"], policy["blockers"], losses(policy)) == (policy_id, "csbs", [], [])
    assert (target["id"], target["name"], target["enabled"]) == (None, "nightly", True)
    assert (target["schedule"]["times"], target["retention"]["days"]) == (["02:00"], 14)
    disks = 2 * DISK
    assert target["vaults"] == [
        {"id": None, "name": "nightly", "size_gb": 2 * disks, "used_mb": 0, "server_count": 2},
    ]
    assert found["summary"] == {
        "policies": {"csbs": 1, "prepared": 0, "moving": 0, "moved": 0},
        "servers": {"csbs": 2, "moving": 0, "cbr": 0, "none": 4},
        "done": 0,
        "blocked": 0,
        "not_ready": 0,
        "gb_needed": 2 * disks,
        "csbs_gb_held": found["summary"]["csbs_gb_held"],
        "policies_used": 1,
        "policies_free": 31,
    }


def test_what_the_plan_says_is_what_csbs_policy_makes(cloud: Emulator) -> None:
    """The target, given to csbs_policy with service: cbr, becomes just that."""
    protect(
        cloud,
        "srv-0001",
        "srv-0002",
        tags={"team": "db"},
        schedule={"frequency": "weekly", "days": ["MO", "SA"], "times": ["22:15"]},
    )
    target = one(plan(cloud))["target"]
    leave(cloud, "srv-0001", "srv-0002")
    given = {key: target[key] for key in ("name", "enabled", "schedule", "retention", "tags")}
    made = run_ok("csbs_policy", {"service": "cbr", **given, "servers": ["srv-0001", "srv-0002"]}, cloud)["policy"]
    assert {key: made[key] for key in given} == given
    assert [(vault["name"], vault["size_gb"], vault["server_count"]) for vault in made["vaults"]] == [
        (vault["name"], vault["size_gb"], vault["server_count"]) for vault in target["vaults"]
    ]


def test_the_wishes_for_vaults_decide_their_size_and_names(cloud: Emulator) -> None:
    protect(cloud, "srv-0001")
    protect(cloud, "srv-0002", name="weekly")
    vaults = {
        policy["name"]: [(vault["name"], vault["size_gb"]) for vault in policy["target"]["vaults"]]
        for policy in plan(cloud, vault={"name": "big", "size_gb": 500})["policies"]
    }
    assert vaults == {"nightly": [("big", 500)], "weekly": [("big-0002", 500)]}
    small = one(plan(cloud, vault={"size_factor": 1.0}, policies=["nightly"]))["target"]["vaults"]
    assert [vault["size_gb"] for vault in small] == [DISK]


def test_retention_that_cbr_cannot_have_is_blocked_until_a_decision_is_given(cloud: Emulator) -> None:
    protect(cloud, "srv-0001", retention={"days": 30, "max_backups": 10})
    found = plan(cloud)
    policy = one(found)
    assert policy["target"]["retention"] is None and found["summary"]["blocked"] == 1
    assert re.search(r"days: 30.*not both. What to do: say with retention", *policy["blockers"])
    decided = plan(cloud, decisions=[{"policy": "nightly", "retention": {"max_backups": 10}}])
    assert (one(decided)["blockers"], decided["summary"]["blocked"]) == ([], 0)
    assert (one(decided)["target"]["retention"]["max_backups"], one(decided)["losses"]) == (10, [])


def test_long_term_counts_are_taken_over_or_reported_as_lost(cloud: Emulator) -> None:
    protect(cloud, "srv-0001", retention={"max_backups": 7, "weekly": 4, "timezone": "UTC+01:00"})
    policy = one(plan(cloud))
    kept = {key: policy["target"]["retention"][key] for key in ("max_backups", "weekly", "timezone")}
    if cloud.state.settings.mode == "live":
        assert kept == {"max_backups": 7, "weekly": None, "timezone": None}
        assert [loss.startswith(UNREPORTED) for loss in policy["losses"]] == [True]
    else:
        assert (kept, policy["losses"]) == ({"max_backups": 7, "weekly": 4, "timezone": "UTC+01:00"}, [])


@pytest.mark.parametrize(
    ("rule", "why"),
    [("FREQ=MONTHLY;BYHOUR=2;BYMINUTE=0", "FREQ"), ("FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30", "30 minutes apart")],
)
def test_a_schedule_that_cannot_be_sent_is_blocked(cloud: Emulator, rule: str, why: str) -> None:
    protect(cloud, "srv-0001")
    policy_in(cloud, "nightly").pattern = rule
    policy = one(plan(cloud))
    assert policy["target"]["schedule"] is None
    assert ["schedule of the policy" in blocker and why in blocker for blocker in policy["blockers"]] == [True]


def test_long_names_that_collide_are_told_apart_by_decisions(cloud: Emulator) -> None:
    first, second = ("n" * 64 + end for end in ("-first", "-second"))
    for name, server in ((first, "srv-0001"), (second, "srv-0002")):
        protect(cloud, server, name=name)
    for policy in plan(cloud)["policies"]:
        assert policy["target"]["name"] == "n" * 64
        assert ["target_name" in blocker for blocker in policy["blockers"]] == [True]
        assert ["up to 64 letters" in loss for loss in losses(policy)] == [True]
    decisions = [{"policy": first, "target_name": "first"}, {"policy": second, "target_name": "second"}]
    for policy in plan(cloud, decisions=decisions)["policies"]:
        assert policy["target"]["name"] in ("first", "second")
        assert (policy["blockers"], losses(policy)) == ([], [])


def test_descriptions_tags_and_a_schedule_that_is_off_are_told(cloud: Emulator) -> None:
    protect(cloud, "srv-0001", description="d" * 70, tags={"team": "db"}, enabled=False)
    policy = one(plan(cloud))
    target = policy["target"]
    assert (target["description"], target["tags"], target["enabled"]) == ("d" * 64, {"team": "db"}, False)
    assert [
        next(word for word in ("no description", "no tags", "disabled") if word in loss) for loss in losses(policy)
    ] == ["no description", "no tags", "disabled"]


def test_members_that_no_longer_exist_are_not_taken_along(cloud: Emulator) -> None:
    protect(cloud, "srv-0001", "srv-0002")
    delete_server(cloud, "srv-0002")
    found = plan(cloud)
    policy = one(found)
    assert [server["name"] for server in policy["servers"]] == ["srv-0001"]
    assert [re.search("no longer exist.*'srv-0002'", loss) is not None for loss in losses(policy)] == [True]
    assert [vault["server_count"] for vault in policy["target"]["vaults"]] == [1]
    assert {row["server"]["name"]: row["exists"] for row in found["backups"]} == {"srv-0001": True, "srv-0002": False}


def test_a_policy_with_servers_that_are_all_gone_is_moved_and_told_with_the_way_to_delete_it(cloud: Emulator) -> None:
    protect(cloud, "srv-0001")
    delete_server(cloud, "srv-0001")
    target_of(cloud)
    found = plan(cloud)
    policy = one(found)
    assert policy["state"] == "moved" and [server["name"] for server in policy["gone"]] == ["srv-0001"]
    (told,) = [note for note in found["notes"] if "'nightly'" in note]
    assert "only servers that no longer exist" in told and "'srv-0001'" in told and "csbs_policy_server" in told
    # What the note says is the way.
    empty = {"name": "nightly", "state": "absent", "servers": []}
    assert run_module("csbs_policy", empty, cloud).get("failed")
    leave(cloud, "srv-0001")
    (told,) = [note for note in plan(cloud)["notes"] if "'nightly'" in note]
    assert "no server any more" in told and "servers: []" in told
    assert run_ok("csbs_policy", empty, cloud)["policy"] is None


# ========== What stands in the way on the other side ==========
def test_a_policy_of_cbr_with_members_of_its_own_is_a_blocker(cloud: Emulator) -> None:
    protect(cloud, "srv-0001")
    target_of(cloud, "srv-0006")
    policy = one(plan(cloud))
    assert ["'srv-0006'" in blocker and "target_name" in blocker for blocker in policy["blockers"]] == [True]
    assert policy["state"] == "prepared" and [server["name"] for server in policy["servers"]] == ["srv-0001"]
    # Either name is a decision.
    for name in ("other", "nightly"):
        assert one(plan(cloud, decisions=[{"policy": "nightly", "target_name": name}]))["blockers"] == []


def test_a_policy_of_cbr_with_servers_keeps_its_own_rules_in_the_plan_too(cloud: Emulator) -> None:
    protect(cloud, "srv-0001")
    vault = cloud.make_vault("nightly", [cloud.server("srv-0005").id], tags={"team": "theirs"})
    cloud.make_vault_policy("nightly", [vault.id], enabled=False)
    decision = {"policy": "nightly", "target_name": "nightly"}
    policy = one(plan(cloud, decisions=[decision]))
    check = run_module("csbs_migration", decision, cloud, check=True)
    same = ("id", "enabled", "schedule", "retention", "tags")
    assert {key: policy["target"][key] for key in same} == {key: check["policy"][key] for key in same}
    assert not policy["target"]["enabled"] and policy["target"]["tags"] == {"team": "theirs"}
    assert [loss for loss in policy["losses"] if "stays as it is" in loss] == check["notes"]


def test_two_policies_of_cbr_with_the_name_are_a_blocker(cloud: Emulator) -> None:
    protect(cloud, "srv-0001")
    cloud.make_vault_policy("nightly")
    cloud.make_vault_policy("nightly")
    assert ["CBR has 2 policies" in blocker for blocker in one(plan(cloud))["blockers"]] == [True]


def test_policies_that_find_no_room_are_blocked_and_those_before_them_are_not(cloud: Emulator) -> None:
    for number in range(17):
        create_policy(cloud, f"p{number:02d}")
    found = plan(cloud)
    assert (found["summary"]["policies_used"], found["summary"]["policies_free"]) == (17, 15)
    assert [bool(policy["blockers"]) for policy in found["policies"]] == [False] * 15 + [True] * 2
    assert re.search("makes 17 policies, and there is room for 15.*finds no room", *found["policies"][-1]["blockers"])
    # By itself there is room for it, and csbs_migration takes it.
    last = found["policies"][-1]["name"]
    assert one(plan(cloud, policies=[last]), last)["blockers"] == []
    assert run_module("csbs_migration", {"policy": last}, cloud, check=True)["changed"]
    for number in range(15):
        cloud.make_vault_policy(f"theirs-{number}")
    (blocker,) = one(plan(cloud, policies=[last]), last)["blockers"]
    assert "there is no room for" in blocker
    assert blocker in run_module("csbs_migration", {"policy": last}, cloud)["msg"]


@one_mode
def test_servers_that_are_too_large_for_a_vault_are_a_blocker(cloud: Emulator) -> None:
    cloud.add_server("big", disks=[{"size": 6_000_000}])
    protect(cloud, "big")
    assert ["10485760 GB" in blocker for blocker in one(plan(cloud))["blockers"]] == [True]
    assert one(plan(cloud, vault={"size_factor": 1.5}))["blockers"] == []
    assert ["vault.size_gb: 100 GB" in blocker for blocker in one(plan(cloud, vault={"size_gb": 100}))["blockers"]] == [
        True
    ]


# ========== Stages ==========
def test_a_policy_and_its_servers_in_every_stage(cloud: Emulator) -> None:
    policy_id = protect(cloud, "srv-0001", "srv-0002")
    first, second = cloud.server("srv-0001").id, cloud.server("srv-0002").id
    assert (one(plan(cloud))["state"], states(plan(cloud))) == ("csbs", {"srv-0001": "csbs", "srv-0002": "csbs"})

    target, vault = target_of(cloud)
    found = plan(cloud)
    assert (one(found)["state"], states(found)) == ("prepared", {"srv-0001": "csbs", "srv-0002": "csbs"})
    assert one(found)["target"]["id"] == target.id
    assert [(row["id"], row["server_count"], row["size_gb"]) for row in one(found)["target"]["vaults"]] == [
        (vault.id, 2, 400)
    ]

    # A mark says what comes next; only who has left CSBS is on the way.
    vault.tags[first] = policy_id
    assert states(plan(cloud)) == {"srv-0001": "csbs", "srv-0002": "csbs"}
    leave(cloud, "srv-0001")
    found = plan(cloud)
    assert (one(found)["state"], states(found)) == ("moving", {"srv-0001": "moving", "srv-0002": "csbs"})
    assert found["servers"][0]["csbs_policy"] == {"id": policy_id, "name": "nightly", "enabled": True}
    assert [vault["server_count"] for vault in one(found)["target"]["vaults"]] == [2]
    assert one(found)["target"]["tags"] == {}

    run_ok("csbs_policy_server", {"service": "cbr", "policy": "nightly", "servers": ["srv-0001"]}, cloud)
    del vault.tags[first]
    found = plan(cloud)
    assert (one(found)["state"], states(found)) == ("moving", {"srv-0001": "cbr", "srv-0002": "csbs"})
    assert [(one["name"], one["state"]) for one in one(found)["servers"]] == [("srv-0002", "csbs"), ("srv-0001", "cbr")]
    row = found["servers"][0]
    assert (row["csbs_policy"], row["cbr_policy"]["id"], row["last_cbr_backup"], row["done"]) == (
        None,
        target.id,
        None,
        False,
    )
    cloud.make_vault_backup(first, age=HOUR)
    row = plan(cloud)["servers"][0]
    assert row["done"] and round(row["last_cbr_backup"]["age_seconds"] / HOUR) == 1

    leave(cloud, "srv-0002")
    vault.tags[second] = policy_id
    assert one(plan(cloud))["state"] == "moving"
    run_ok("csbs_policy_server", {"service": "cbr", "policy": "nightly", "servers": ["srv-0002"]}, cloud)
    del vault.tags[second]
    found = plan(cloud)
    assert (one(found)["state"], found["summary"]["servers"]["cbr"], found["summary"]["done"]) == ("moved", 2, 1)
    assert any("no server any more" in note and "'nightly'" in note for note in found["notes"])


def test_servers_that_cannot_move_now_are_told_with_the_reason(cloud: Emulator) -> None:
    protect(cloud, "srv-0001", "srv-0002", "srv-0003")
    run_ok("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0004"]}, cloud)
    set_server(cloud, "srv-0002", status="ERROR")
    set_server(cloud, "srv-0003", disks=[])
    found = plan(cloud)
    why = {row["name"]: row["reason"] for row in found["servers"]}
    assert why["srv-0001"] is None and why["srv-0005"] is None and found["summary"]["not_ready"] == 3
    assert (
        "ERROR" in why["srv-0002"] and "no disk" in why["srv-0003"] and "younger than 1d (max_age)" in why["srv-0004"]
    )
    assert "younger than 30m (max_age)" in plan(cloud, max_age="30m")["servers"][0]["reason"]


# ========== What stays, and what else to know ==========
def test_what_stays_in_csbs_is_told_for_each_server(cloud: Emulator) -> None:
    protect(cloud, "srv-0001", "srv-0002")
    cloud.make_backup(cloud.server("srv-0001").id, "autobk", age=HOUR, auto_trigger=True)
    cloud.make_backup(cloud.server("srv-0006").id, "by-hand", age=HOUR)
    found = plan(cloud)
    assert [
        (row["server"]["name"], row["count"], row["automatic"], row["expires_at"], row["images"])
        for row in found["backups"]
    ] == [("srv-0001", 2, 1, None, []), ("srv-0002", 1, 0, None, []), ("srv-0006", 1, 0, None, [])]
    held = sum(row["size_mb"] for row in found["backups"])
    assert held > 0 and found["summary"]["csbs_gb_held"] == -(-held // 1024)
    assert "Migrate to CBR" in found["notes"][0]
    (stay,) = [note for note in found["notes"] if note.startswith("Backups that stay")]
    assert f"4, {found['summary']['csbs_gb_held']} GB" in stay and "csbs_backup_prune" in stay


def test_images_that_hold_backups_are_named(cloud: Emulator) -> None:
    protect(cloud, "srv-0001")
    cloud.settings(speed=3000)
    backup = run_ok("csbs_backup_info", {"servers": ["srv-0001"]}, cloud)["backups"][0]["id"]
    image = run_ok("csbs_image", {"name": "golden", "backup": backup, "poll_interval": 0.1}, cloud)["image"]
    found = plan(cloud, policies=["nightly"])
    assert image["id"] in [image_id for row in found["backups"] for image_id in row["images"]]
    assert any("Images that hold backups" in note and image["id"] in note for note in found["notes"])


def test_servers_in_no_policy_are_told(cloud: Emulator) -> None:
    protect(cloud, "srv-0001", "srv-0002", "srv-0003", "srv-0004")
    cloud.make_vault("loose", [cloud.server("srv-0005").id])
    found = plan(cloud)
    assert any(re.search("in no policy of either service: 'srv-0005', 'srv-0006'", note) for note in found["notes"])


def test_a_server_that_is_parked_is_planned_with_what_it_takes_along(cloud: Emulator) -> None:
    protect(cloud, "srv-0001")
    vault = cloud.make_vault("nightly", [cloud.server("srv-0006").id], size=50)
    cloud.make_vault_backup(cloud.server("srv-0006").id, vault.id, age=HOUR)
    # The name is taken by a vault that holds something.
    assert [vault["name"] for vault in one(plan(cloud))["target"]["vaults"]] == ["nightly-0002"]


def test_there_is_nothing_to_migrate(cloud: Emulator) -> None:
    found = plan(cloud)
    assert (found["policies"], found["backups"]) == ([], [])
    assert len(found["servers"]) == 6 and "nothing to migrate" in found["notes"][0]


# ========== What is asked ==========
def test_policies_and_servers_are_chosen_by_name_and_id(cloud: Emulator) -> None:
    policy_id = protect(cloud, "srv-0001")
    protect(cloud, "srv-0002", name="weekly")
    for ref in ("nightly", policy_id, {"id": policy_id}):
        found = plan(cloud, policies=[ref])
        assert [policy["name"] for policy in found["policies"]] == ["nightly"]
        assert [server["name"] for server in found["servers"]] == ["srv-0001"]
        assert [row["server"]["name"] for row in found["backups"]] == ["srv-0001"]
    found = plan(cloud, servers=["srv-0002", cloud.server("srv-0001").id])
    assert [server["name"] for server in found["servers"]] == ["srv-0002", "srv-0001"]
    assert [policy["name"] for policy in found["policies"]] == ["nightly", "weekly"]
    assert plan(cloud, policies=[])["policies"] == [] == plan(cloud, servers=[])["servers"]


def test_names_that_mean_nothing_or_several_are_refused(cloud: Emulator) -> None:
    create_policy(cloud, "twin")
    cloud.settings(unique_policy_names=False)
    create_policy(cloud, "twin")
    assert "policies: CSBS has no such policy: 'no-such', 'nor-this'" in refused(
        cloud, policies=["no-such", "nor-this"]
    )
    assert "servers: no such server: 'no-such'" in refused(cloud, servers=["no-such"])
    assert "decisions.policy: CSBS has no such policy: 'no-such'" in refused(cloud, decisions=[{"policy": "no-such"}])
    for args in ({"policies": ["twin"]}, {"decisions": [{"policy": "twin"}]}):
        assert "policy 'twin' is ambiguous: 2 have that name" in refused(cloud, **args)


@one_mode
@pytest.mark.parametrize(
    ("args", "told"),
    [
        ({"max_age": "soon"}, "max_age: 'soon' is not an age"),
        ({"policies": [""]}, "policies: '' is neither a name nor an ID"),
        ({"vault": {"size_factor": 0.5}}, "vault.size_factor: 0.5 is out of range"),
        ({"decisions": [{"policy": "p", "target_name": "n" * 65}]}, "decisions.target_name: .* 1 to 64"),
        ({"decisions": [{"policy": "p", "retention": {"days": 3, "weekly": 1, "timezone": "UTC"}}]}, "retention.days"),
        ({"decisions": [{"policy": "p"}, {"policy": "p"}]}, "decisions: policy 'p' is there twice"),
        ({"service": "cbr"}, "Unsupported parameters .*service"),
    ],
)
def test_bad_input_is_refused_before_the_first_request(cloud: Emulator, args: Args, told: str) -> None:
    assert re.search(told, refused(cloud, **args))
    assert len(cloud.journal) == 0


@one_mode
@pytest.mark.parametrize(
    ("lacking", "title"),
    [("data-protect", "no Cloud Server Backup Service (data-protect)"), ("cbr", "no Cloud Backup and Recovery (cbr)")],
)
def test_a_service_that_the_catalog_lacks_is_an_error_that_names_it(cloud: Emulator, lacking: str, title: str) -> None:
    cloud.settings(catalog_lacks=lacking)
    told = refused(cloud)
    assert title in told and "set service" not in told


def test_two_hundred_servers_cost_as_many_requests_as_ten(cloud: Emulator) -> None:
    counts = []
    for servers in (10, 200):
        cloud.reset(servers=servers)
        names = sorted(server.name for server in cloud.state.servers.values())
        size = servers // 4 + 1
        for number in range(4):
            protect(cloud, *names[number * size : (number + 1) * size], name=f"p{number}")
        vault = cloud.make_vault("p0", size=10_000)
        cloud.make_vault_policy("p0", [vault.id])
        found = plan(cloud)
        assert found["summary"]["servers"]["csbs"] == servers
        counts.append(len(cloud.journal))
    assert counts[0] == counts[1] < 16
