# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_protection_info and csbs_audit_info on CBR: policies are vaults, and vaults fill up, are locked, and cost."""

from __future__ import annotations

import json
import shlex
import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.modes import one_mode, reference_mode
from tests.support.modules import run_ok

HOUR = 3600
NIGHTLY: dict[str, t.Any] = {
    "service": "cbr",
    "name": "nightly",
    "schedule": {"frequency": "daily", "times": ["02:00"]},
    "retention": {"days": 14},
}
Result = dict[str, t.Any]


@pytest.fixture(autouse=True)
def _still(cloud: Emulator) -> None:
    """Stop the clock: these tests speak of ages, and no schedule may fire meanwhile."""
    cloud.settings(speed=0, list_delay=0)


@pytest.fixture
def sound(cloud: Emulator) -> Emulator:
    """Every server is in a vault of an enabled policy, and has a young backup there."""
    run_ok("csbs_policy", {**NIGHTLY, "servers": list(ids_of(cloud))}, cloud)
    for server_id in ids_of(cloud).values():
        cloud.make_vault_backup(server_id, age=HOUR)
    cloud.journal.clear()
    return cloud


def ids_of(cloud: Emulator) -> dict[str, str]:
    return {server.name: server.id for server in cloud.state.servers.values()}


def vault_of(cloud: Emulator, name: str = "nightly") -> t.Any:
    return next(vault for vault in cloud.state.cbr.vaults.values() if vault.name == name)


def protection(cloud: Emulator, **args: t.Any) -> Result:
    return run_ok("csbs_protection_info", {"service": "cbr", **args}, cloud)


def audit(cloud: Emulator, controls: Result | None = None, **args: t.Any) -> Result:
    return run_ok("csbs_audit_info", {"service": "cbr", "controls": controls or {}, **args}, cloud)


def told(found: Result) -> dict[str, dict[str, str]]:
    """By kind of finding the names of its objects, each with the detail."""
    return {one["kind"]: {row["name"]: row["detail"] for row in one["objects"]} for one in found["findings"]}


def commands(found: Result, kind: str) -> list[tuple[str, Result]]:
    """The commands of a finding: the playbook or module, and its values."""
    (finding,) = [one for one in found["findings"] if one["kind"] == kind]
    read = []
    for command in finding["commands"]:
        words = shlex.split(command)
        what = words[1] if words[0] == "ansible-playbook" else words[3]
        values = next(word for word in words if word.startswith("{"))
        read.append((what.removeprefix("opentelekomcloud.csbs."), json.loads(values)))
    return read


def judged(found: Result, control: str) -> dict[str, tuple[str, str]]:
    return {row["name"]: tuple(row["controls"][control].values()) for row in found["servers"]}


# ========== Protection ==========
def test_members_of_the_vaults_of_a_policy_are_its_servers_and_others_are_in_none(cloud: Emulator) -> None:
    ids = ids_of(cloud)
    first, second = (cloud.make_vault(name, [ids[one]]) for name, one in (("a", "srv-0001"), ("b", "srv-0002")))
    cloud.make_vault_policy("nightly", [first.id, second.id])
    cloud.make_vault_policy("paused", [cloud.make_vault("c", [ids["srv-0003"]]).id], enabled=False)
    cloud.make_vault("parked", [ids["srv-0004"]])
    found = protection(cloud)
    assert {row["name"]: row["policy"] and row["policy"]["name"] for row in found["servers"]} == {
        "srv-0001": "nightly",
        "srv-0002": "nightly",
        "srv-0003": "paused",
        "srv-0004": None,
        "srv-0005": None,
        "srv-0006": None,
    }
    assert [found["summary"][key] for key in ("protected", "disabled", "unprotected")] == [2, 1, 3]
    assert {row["service"] for row in found["servers"]} == {"cbr"}
    assert cloud.journal.writes() == []


def test_the_size_is_that_of_the_vault_and_a_single_backup_has_none(sound: Emulator) -> None:
    ids = ids_of(sound)
    sound.make_vault_backup(ids["srv-0001"], age=50 * HOUR)
    rows = {row["name"]: row for row in protection(sound, max_age="24h")["servers"]}
    kept = [one for one in sound.state.cbr.backups.values() if one.resource_id == ids["srv-0001"]]
    assert rows["srv-0001"]["size_mb"] == sum(one.size for one in kept) > rows["srv-0002"]["size_mb"] > 0
    assert (rows["srv-0001"]["backup_count"], rows["srv-0001"]["compliant"]) == (2, True)
    assert rows["srv-0001"]["last_backup"]["size_mb"] is None
    assert rows["srv-0001"]["last_backup"]["vault"]["name"] == "nightly"


def test_a_server_in_error_cannot_be_backed_up(sound: Emulator) -> None:
    sound.change_server(ids_of(sound)["srv-0002"], status="ERROR")
    rows = {row["name"]: row for row in protection(sound)["servers"]}
    assert rows["srv-0001"]["protectable"] and not rows["srv-0002"]["protectable"]
    assert "ERROR" in rows["srv-0002"]["reason"]


# ========== Audit ==========
def test_nothing_is_wrong_with_a_sound_estate(sound: Emulator) -> None:
    found = audit(sound, {"min_frequency": "24h", "min_retention_days": 14})
    assert found["findings"] == []
    assert found["summary"] == {"servers": 6, "recovery_point_met": 6, "passed": 6}
    (policy,), (vault,) = found["policies"], found["vaults"]
    assert (policy["service"], policy["name"], policy["server_count"]) == ("cbr", "nightly", 6)
    assert (policy["longest_gap_seconds"], policy["retention_days"], len(policy["next_runs"])) == (86400, 14, 3)
    assert (vault["name"], vault["policy"]["id"], vault["server_count"]) == ("nightly", policy["id"], 6)
    assert (vault["auto_expand"], vault["size_gb"]) == (True, 240)
    assert sound.journal.writes() == []


def test_quotas_are_those_of_their_own_module(sound: Emulator) -> None:
    quotas = run_ok("csbs_quota_info", {"service": "cbr"}, sound)["quotas"]
    assert audit(sound)["quotas"] == [{"service": "cbr", **quota} for quota in quotas]


def test_a_server_in_no_vault_fails_and_is_not_backed_up_before_it_joins_a_policy(cloud: Emulator) -> None:
    ids = ids_of(cloud)
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    found = audit(cloud, {"locked": True}, servers=["srv-0001", "srv-0002"])
    assert judged(found, "room")["srv-0002"] == ("fail", "the server is in no vault")
    assert judged(found, "locked")["srv-0002"] == ("fail", "the server is in no vault")
    assert told(found)["never_backed_up"] == {
        "srv-0001": "there is no good backup",
        "srv-0002": "there is no good backup, and the server is in no vault",
    }
    ((what, given),) = commands(found, "never_backed_up")
    assert (what, given["csbs_service"], given["csbs_servers"]) == ("backup", "cbr", [ids["srv-0001"]])
    ((what, given),) = commands(found, "unprotected")
    assert (what, given["csbs_service"], given["csbs_policy"]) == ("protect", "cbr", {"name": "nightly"})


def test_a_full_vault_has_no_room_for_any_of_its_servers(sound: Emulator) -> None:
    vault = vault_of(sound)
    sound.force_vault(vault.id, auto_expand=False)
    sound.fill_vault(vault.id, 100)
    found = audit(sound)
    results = judged(found, "room")
    assert {result for result, dummy in results.values()} == {"fail"}
    assert set(told(found)["no_room"]) == {"nightly"} and "240 GB" in told(found)["no_room"]["nightly"]
    assert set(told(found)["quota_nearly_used"]) == {"vault nightly"}
    for kind in ("no_room", "quota_nearly_used"):
        ((what, given),) = commands(found, kind)
        assert (what, given["csbs_service"]) == ("prune", "cbr")


def test_a_vault_that_grows_by_itself_has_room_until_it_is_full(sound: Emulator) -> None:
    vault = vault_of(sound)
    sound.fill_vault(vault.id, 99)
    results = set(judged(audit(sound), "room").values())
    assert len(results) == 1 and results.pop()[1].endswith("it grows by itself (auto_expand)")
    sound.fill_vault(vault.id, 100)
    found = audit(sound)
    assert {result for result, dummy in judged(found, "room").values()} == {"unknown"}
    assert "not_judged" in told(found) and "no_room" not in told(found)


@one_mode
def test_a_vault_that_is_locked_locks_the_backups_of_its_servers(sound: Emulator) -> None:
    found = audit(sound, {"locked": True})
    assert set(judged(found, "locked").values()) == {("fail", "vault 'nightly' is not locked")}
    assert len(told(found)["not_locked"]) == 6
    sound.force_vault(vault_of(sound).id, locked=True)
    found = audit(sound, {"locked": True})
    assert set(judged(found, "locked").values()) == {("pass", "vault 'nightly' is locked")}
    assert found["findings"] == [] and found["vaults"][0]["locked"] is True


@reference_mode
def test_a_service_that_does_not_say_whether_a_vault_is_locked_is_no_pass(sound: Emulator) -> None:
    found = audit(sound, {"locked": True})
    assert {result for result, dummy in judged(found, "locked").values()} == {"unknown"}
    assert found["vaults"][0]["locked"] is None


def in_time(cloud: Emulator, module: str, args: Result) -> None:
    """Run a module that waits until servers have moved."""
    cloud.settings(speed=600)
    run_ok(module, {"service": "cbr", **args}, cloud)
    cloud.settings(speed=0)


def test_vaults_that_cost_and_protect_nobody_are_found(sound: Emulator) -> None:
    ids = ids_of(sound)
    in_time(sound, "csbs_policy_server", {"policy": "nightly", "servers": ["srv-0006"], "state": "absent"})
    sound.make_vault_policy("other", [sound.make_vault("empty", size=30).id])
    found = audit(sound)
    idle = told(found)["idle_vault"]
    assert set(idle) == {"nightly-parked", "empty"}
    assert idle["empty"] == "30 GB, 0 GB used, policy other, 0 servers"
    assert idle["nightly-parked"].endswith(" GB used, no policy, 1 server")
    assert told(found)["unprotected"] == {
        "srv-0006": "the server is in vault 'nightly-parked', to which no policy is applied"
    }
    only = audit(sound, servers=[ids["srv-0001"]])
    assert "idle_vault" not in told(only) and [vault["name"] for vault in only["vaults"]] == ["nightly"]
    # What mends it: the server goes back into the policy with its backups.
    ((dummy, given),) = commands(found, "unprotected")
    in_time(sound, "csbs_policy_set", {**given["csbs_policy"], "servers": given["csbs_servers"]})
    rows = {row["name"]: row for row in protection(sound)["servers"]}
    assert rows["srv-0006"]["policy"]["name"] == "nightly" and rows["srv-0006"]["backup_count"] == 1


def test_commands_about_policies_name_the_service(sound: Emulator) -> None:
    policy = run_ok("csbs_policy", {**NIGHTLY, "retention": {"days": 3}, "enabled": False}, sound)["policy"]["id"]
    found = audit(sound, {"min_retention_days": 14})
    assert commands(found, "policy_disabled") == [("csbs_policy", {"service": "cbr", "name": policy, "enabled": True})]
    assert commands(found, "retention_too_short") == [
        ("csbs_policy", {"service": "cbr", "name": policy, "retention": {"days": 14}})
    ]
    for kind in ("policy_disabled", "retention_too_short"):
        run_ok(*commands(found, kind)[0], sound)
    assert audit(sound, {"min_retention_days": 14})["findings"] == []


def test_days_are_not_proposed_beside_long_term_counts(sound: Emulator) -> None:
    retention = {"max_backups": 3, "monthly": 12, "timezone": "UTC+00:00"}
    run_ok("csbs_policy", {**NIGHTLY, "retention": retention}, sound)
    found = audit(sound, {"min_retention_days": 14})
    assert set(told(found)["retention_too_short"]) == {"nightly"}
    assert commands(found, "retention_too_short") == []


def test_a_policy_with_many_servers_is_never_full(cloud: Emulator) -> None:
    cloud.reset(servers=70)
    ids = ids_of(cloud)
    run_ok("csbs_policy", {**NIGHTLY, "servers": list(ids)[:69]}, cloud)
    found = audit(cloud)
    assert "policy_full" not in told(found)
    ((dummy, given),) = commands(found, "unprotected")
    assert given["csbs_policy"] == {"name": "nightly"} and len(given["csbs_servers"]) == 1
