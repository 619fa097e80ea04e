# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_audit_info against the local cloud: what is found in real situations, and that the commands mend it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.estate import backup_in, delete_server, make_image, policy_in, same_but_for_time, set_server
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

ROOT = Path(__file__).parents[2]
HOUR = 3600
NIGHTLY = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}, "retention": {"days": 14}}
FIRST = [f"srv-000{number}" for number in range(1, 7)]
FAST = {"poll_interval": 0.1}
Audit = dict[str, t.Any]


@pytest.fixture(autouse=True)
def _still(cloud: Emulator) -> None:
    """Stop the clock: no schedule may fire meanwhile."""
    cloud.settings(speed=0, list_delay=0)


@pytest.fixture
def sound(cloud: Emulator) -> Emulator:
    """Every server is in an enabled policy and has a young backup."""
    return estate_of(cloud)


def estate_of(cloud: Emulator) -> Emulator:
    run_ok("csbs_policy", {**NIGHTLY, "servers": FIRST}, cloud)
    for name in FIRST:
        made(cloud, name, 1)
    return cloud


def made(cloud: Emulator, server: str, hours: float, **fields: t.Any) -> str:
    """Make a backup so many hours ago."""
    return cloud.make_backup(cloud.server(server).id, "made", age=hours * HOUR, **fields).id


def audit(cloud: Emulator, controls: dict[str, t.Any] | None = None, **args: t.Any) -> Audit:
    return run_ok("csbs_audit_info", {"controls": controls or {}, **args}, cloud)


def told(found: Audit) -> dict[str, list[str]]:
    """By kind of finding the names of its objects."""
    return {finding["kind"]: [one["name"] for one in finding["objects"]] for finding in found["findings"]}


def commands(found: Audit, kind: str) -> list[str]:
    return next(finding["commands"] for finding in found["findings"] if finding["kind"] == kind)


# ========== Carrying commands out ==========
# The module that does the work of a playbook, and its options where they are not called like the variables
PLAYS = {
    "backup": ("csbs_backup", {}),
    "protect": ("csbs_policy_set", {"suffix": "when_needed"}),
    "prune": ("csbs_backup_prune", {}),
    "restore": ("csbs_restore", {}),
}


def carry_out(cloud: Emulator, command: str, **instead: str) -> Audit:
    """Carry a command out, with words put in the place of those in capital letters; return the result."""
    words = shlex.split(command)
    check = "--check" in words
    if words[0] == "openstack":
        return openstack(cloud, words[1:], instead)
    assert words[-2:] == ["--check", "--diff"] if check else len(words) == (4 if words[0] == "ansible-playbook" else 6)
    values = json.loads(words[3 if words[0] == "ansible-playbook" else 5])
    if words[0] == "ansible":
        assert words[1:3] == ["localhost", "-m"] and words[4] == "-a"
        module, args = words[3].removeprefix("opentelekomcloud.csbs."), values
    else:
        assert words[2] == "-e"
        name = words[1].removeprefix("opentelekomcloud.csbs.")
        assert (ROOT / "playbooks" / f"{name}.yml").exists()
        specs = yaml.safe_load((ROOT / "roles" / name / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        assert set(values) <= set(specs["argument_specs"]["main"]["options"])
        module, fixed = PLAYS[name]
        args = {key.removeprefix("csbs_"): value for key, value in values.items()}
        args = {**fixed, **args.pop("policy", {}), **args}
    if "target_server" in args:
        args["target_server"] = instead["TEST_SERVER"]
    if args.get("servers") == ["NEW-SERVER"]:
        args["servers"] = [instead["NEW_SERVER"]]
    if module in ("csbs_backup", "csbs_restore", "csbs_backup_prune"):
        args = {**FAST, **args}
    cloud.settings(speed=3000)
    cloud.journal.clear()
    result = run_module(module, args, cloud, check=check)
    cloud.settings(speed=0)
    assert not result.get("failed"), result["msg"]
    assert bool(cloud.journal.writes()) is not check
    return result


def openstack(cloud: Emulator, words: list[str], instead: dict[str, str]) -> Audit:
    """Do what the client of OpenStack does."""
    if words[:3] == ["server", "set", "--property"]:
        key, dummy, value = words[3].partition("=")
        cloud.change_server(words[4], metadata={key: instead.get(value.replace("-", "_"), value)})
    else:
        assert words[1:-1] == ["show"]
        known = {"server": set(cloud.state.servers), "image": set(cloud.state.images)}[words[0]]
        assert words[-1] in known
    return {}


# ========== Agreement ==========
def test_rows_are_those_of_csbs_protection_info(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "servers": FIRST[:3]}, cloud)
    run_ok("csbs_policy", {**NIGHTLY, "name": "off", "enabled": False, "servers": FIRST[3:4]}, cloud)
    made(cloud, "srv-0001", 1, tags={"change": "7"})
    made(cloud, "srv-0001", 50)
    made(cloud, "srv-0002", 25)
    made(cloud, "srv-0003", 2, status="error")
    set_server(cloud, "srv-0004", status="ERROR")
    run_ok("csbs_backup", {"servers": ["srv-0005"], "wait": False}, cloud)
    delete_server(cloud, "srv-0006")
    for choice in ({}, {"servers": ["srv-0002", "srv-0001"]}, {"server_filters": {"name": "*5"}}):
        plain = run_ok("csbs_protection_info", {"max_age": "24h", **choice}, cloud)
        found = audit(cloud, {"max_age": "24h"}, **choice)
        rows = [{key: row[key] for key in one} for row, one in zip(found["servers"], plain["servers"], strict=True)]
        assert same_but_for_time(plain["servers"], rows)
        assert found["summary"]["recovery_point_met"] == plain["summary"]["compliant"]


def test_policies_and_quotas_are_those_of_their_own_modules(sound: Emulator) -> None:
    found = audit(sound)
    quotas = run_ok("csbs_quota_info", {}, sound)["quotas"]
    assert found["quotas"] == [{"service": "csbs", **quota} for quota in quotas]
    (policy,) = run_ok("csbs_policy_info", {}, sound)["policies"]
    (shown,) = found["policies"]
    same = ("id", "name", "enabled", "schedule", "retention", "created_at")
    assert {key: shown[key] for key in same} == {key: policy[key] for key in same}
    assert (shown["server_count"], shown["longest_gap_seconds"], shown["retention_days"]) == (6, 86400, 14)
    assert len(shown["next_runs"]) == 3 and shown["next_runs"][0].endswith("T02:00:00Z")


def test_nothing_is_wrong_with_a_sound_estate(sound: Emulator) -> None:
    found = audit(sound, {"min_frequency": "24h", "min_retention_days": 14})
    assert found["findings"] == []
    assert found["summary"] == {"servers": 6, "recovery_point_met": 6, "passed": 6}
    assert {(row["passed"], row["failed"], row["unknown"]) for row in found["controls"]} == {(6, 0, 0)}


# ========== Findings, and what mends them ==========
def mend(cloud: Emulator, kind: str, controls: dict[str, t.Any] | None = None, **instead: str) -> Audit:
    """Carry out the commands of a finding and audit again."""
    todo = commands(audit(cloud, controls), kind)
    assert todo and not any("--check" in command for command in todo)
    for command in todo:
        carry_out(cloud, command, **instead)
    return audit(cloud, controls)


def test_servers_without_a_backup_are_backed_up(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "servers": FIRST}, cloud)
    for name in FIRST[:4]:
        made(cloud, name, 1)
    set_server(cloud, "srv-0006", status="ERROR")
    before = audit(cloud)
    assert told(before) == {"never_backed_up": ["srv-0005", "srv-0006"], "unprotectable": ["srv-0006"]}
    assert told(mend(cloud, "never_backed_up"))["never_backed_up"] == ["srv-0006"]
    # What runs again makes no second backup.
    for command in commands(before, "never_backed_up"):
        assert run_module("csbs_audit_info", {}, cloud)["changed"] is False
        words = json.loads(shlex.split(command)[3])
        again = run_ok("csbs_backup", {"servers": words["csbs_servers"], "max_age": words["csbs_max_age"]}, cloud)
        assert again["changed"] is False


def test_stale_servers_are_backed_up_by_their_own_promise(sound: Emulator) -> None:
    set_server(sound, "srv-0001", metadata={"rpo": "30m"})
    set_server(sound, "srv-0002", metadata={"rpo": "soon"})
    found = audit(sound, max_age_key="rpo")
    assert told(found) == {"stale": ["srv-0001"], "not_judged": ["srv-0002"]}
    for kind in told(found):
        for command in commands(found, kind):
            carry_out(sound, command, AGE="2h")
    assert told(audit(sound, max_age_key="rpo")) == {}


def test_a_word_in_capital_letters_that_is_left_there_promises_nothing(sound: Emulator) -> None:
    set_server(sound, "srv-0002", metadata={"rpo": "soon"})
    for command in commands(audit(sound, max_age_key="rpo"), "not_judged"):
        carry_out(sound, command)
    row = audit(sound, max_age_key="rpo", servers=["srv-0002"])["servers"][0]
    assert (row["compliant"], row["passed"], row["controls"]["max_age"]["result"]) == (None, False, "unknown")


def test_servers_in_no_policy_join_the_one_there_is(sound: Emulator) -> None:
    run_ok("csbs_policy_server", {"policy": "nightly", "servers": FIRST[4:], "state": "absent"}, sound)
    assert told(audit(sound)) == {"unprotected": FIRST[4:]}
    assert told(mend(sound, "unprotected")) == {}
    assert len(policy_in(sound, "nightly").resources) == 6
    assert len(sound.state.policies) == 1


def test_servers_in_no_policy_get_a_new_one_beside_those_that_do_not_fit(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "enabled": False}, cloud)
    for name in FIRST:
        made(cloud, name, 1)
    asked = {"min_frequency": "8h", "min_retention_days": 30}
    assert told(audit(cloud, asked)) == {"unprotected": FIRST}
    after = mend(cloud, "unprotected", asked)
    assert told(after) == {} and after["summary"]["passed"] == 6
    assert sorted((row["name"], row["enabled"], row["server_count"]) for row in after["policies"]) == [
        ("nightly", False, 0),
        ("protected1", True, 6),
    ]


def test_a_disabled_policy_is_enabled(sound: Emulator) -> None:
    run_ok("csbs_policy", {"name": "nightly", "enabled": False}, sound)
    found = audit(sound)
    assert told(found) == {"policy_disabled": ["nightly"]} and found["summary"]["passed"] == 0
    after = mend(sound, "policy_disabled")
    assert told(after) == {} and after["summary"]["passed"] == 6


def test_a_failed_backup_is_found_until_a_good_one_follows(sound: Emulator) -> None:
    sound.settings(speed=3000)
    set_server(sound, "srv-0001", fail_next_backup="disk unreachable")
    assert run_module("csbs_backup", {"servers": ["srv-0001"], **FAST}, sound)["failed"]
    sound.settings(speed=0)
    found = audit(sound)
    assert told(found) == {"failing": ["srv-0001"]}
    assert "disk unreachable" in found["findings"][0]["objects"][0]["detail"]
    row = found["servers"][0]
    assert (row["compliant"], row["passed"], row["failed_backups"]) == (True, False, 1)
    assert told(mend(sound, "failing")) == {}


def test_a_failed_deletion_is_no_failed_backup(sound: Emulator) -> None:
    old = made(sound, "srv-0001", 0.5)
    set_server(sound, "srv-0001", fail_next_delete="storage is away")
    sound.settings(speed=3000)
    assert run_module("csbs_backup", {"state": "absent", "ids": [old], **FAST}, sound)["failed"]
    sound.settings(speed=0)
    assert backup_in(sound, old).status == "error"
    found = audit(sound)
    assert told(found) == {} and found["servers"][0]["failed_backups"] == 0


def test_an_unprotectable_server_is_found_with_its_reason(sound: Emulator) -> None:
    set_server(sound, "srv-0001", unprotectable="CSBS.6033")
    found = audit(sound)
    assert told(found) == {"unprotectable": ["srv-0001"]}
    assert "dedicated storage" in found["findings"][0]["objects"][0]["detail"]
    for command in commands(found, "unprotectable"):
        carry_out(sound, command)


@pytest.mark.parametrize("frequency", ["1h", "5h", "12h", "24h"])
def test_a_policy_that_runs_too_rarely_gets_a_schedule_that_fits(sound: Emulator, frequency: str) -> None:
    weekly = {"frequency": "weekly", "days": ["MO"], "times": ["02:00"]}
    run_ok("csbs_policy", {"name": "nightly", "schedule": weekly}, sound)
    assert told(audit(sound, {"min_frequency": frequency})) == {"schedule_too_rare": ["nightly"]}
    after = mend(sound, "schedule_too_rare", {"min_frequency": frequency})
    assert told(after) == {} and after["summary"]["passed"] == 6


def test_a_change_that_makes_the_service_delete_backups_is_only_shown(sound: Emulator) -> None:
    weekly = {"frequency": "weekly", "days": ["MO"], "times": ["02:00"]}
    run_ok("csbs_policy", {"name": "nightly", "schedule": weekly, "retention": {"max_backups": 4}}, sound)
    asked = {"min_frequency": "24h", "min_retention_days": 60}
    found = audit(sound, asked)
    assert told(found) == {"schedule_too_rare": ["nightly"], "retention_too_short": ["nightly"]}
    for kind in told(found):
        for command in commands(found, kind):
            assert carry_out(sound, command)["changed"]
    assert told(audit(sound, asked)) == told(found)
    for kind in told(found):
        for command in commands(found, kind):
            carry_out(sound, command.removesuffix(" --check --diff"))
    assert told(audit(sound, asked)) == {}


def test_a_restore_test_is_shown_and_its_date_recorded(sound: Emulator) -> None:
    asked = {"restore_tested_within": "90d"}
    found = audit(sound, asked, servers=["srv-0001"])
    assert told(found) == {"restore_not_tested": ["srv-0001"]}
    restore, record = commands(found, "restore_not_tested")
    shown = carry_out(sound, restore, TEST_SERVER="srv-0002")
    assert shown["changed"]
    # The command itself is no test.
    carry_out(sound, record)
    assert told(audit(sound, asked, servers=["srv-0001"])) == {"restore_not_tested": ["srv-0001"]}
    today = sound.clock.now().date().isoformat()
    carry_out(sound, record, YYYY_MM_DD=today)
    assert told(audit(sound, asked, servers=["srv-0001"])) == {}


def test_locked_backups_cannot_be_judged(sound: Emulator) -> None:
    found = audit(sound, {"locked": True})
    assert told(found) == {"not_judged": FIRST} and found["summary"]["passed"] == 0


def test_a_full_policy_becomes_a_set(cloud: Emulator) -> None:
    cloud.reset(servers=65)
    names = [f"srv-{number:04d}" for number in range(1, 66)]
    run_ok("csbs_policy", {**NIGHTLY, "servers": names[:64]}, cloud)
    for name in names:
        made(cloud, name, 1)
    assert told(audit(cloud)) == {"unprotected": ["srv-0065"], "policy_full": ["nightly"]}
    after = mend(cloud, "policy_full", NEW_SERVER="srv-0065")
    assert told(after) == {}
    sizes = {row["name"]: row["server_count"] for row in after["policies"]}
    assert sizes == {"nightly-0001": 64, "nightly-0002": 1}


def test_quotas_near_their_end_and_without_room(sound: Emulator) -> None:
    for hours in range(5):
        made(sound, "srv-0001", 200 + hours, auto_trigger=False)
    sound.settings(quota_backups=12)
    try:
        found = audit(sound)
        assert told(found) == {"no_room": ["quotas"], "quota_nearly_used": ["backups"]}
        assert found["findings"][1]["objects"][0]["detail"] == "11 of 12, 91 %"
        assert found["findings"][0]["objects"][0]["detail"] == "backups: 1 free, the next backups need 6"
        for kind in told(found):
            for command in commands(found, kind):
                assert carry_out(sound, command)["changed"], "several backups of a day"
        sound.settings(quota_backups=17)
        assert told(audit(sound)) == {}
    finally:
        sound.settings(quota_backups=-1)


def test_backups_of_a_server_that_is_gone_and_of_an_image(cloud: Emulator) -> None:
    held = made(cloud, "srv-0006", 3)
    # This takes hours, in which a schedule could fire.
    make_image(cloud, held)
    sound = estate_of(cloud)
    gone = sound.server("srv-0006").id
    delete_server(sound, "srv-0006")
    found = audit(sound)
    assert told(found) == {"former_server": ["srv-0006"], "held_by_image": ["made"]}
    assert [(row["id"], row["backups"]) for row in found["former_servers"]] == [(gone, 2)]
    for kind in told(found):
        for command in commands(found, kind):
            carry_out(sound, command)
    assert held not in str(commands(found, "former_server"))
    for command in commands(found, "former_server"):
        carry_out(sound, command.removesuffix(" --check --diff"))
    # What the image holds stays.
    assert [(row["id"], row["backups"]) for row in audit(sound)["former_servers"]] == [(gone, 1)]


def test_only_a_whole_project_has_former_servers(sound: Emulator) -> None:
    delete_server(sound, "srv-0006")
    assert audit(sound, servers=["srv-0001"])["former_servers"] == []
    assert audit(sound, server_filters={"name": "*"})["former_servers"] == []
    assert len(audit(sound)["former_servers"]) == 1


# ========== Cost and trouble ==========
def test_sixty_servers_cost_as_many_requests_as_one(cloud: Emulator) -> None:
    costs = []
    for count in (1, 60):
        cloud.reset(servers=count)
        names = [f"srv-{number:04d}" for number in range(1, count + 1)]
        run_ok("csbs_policy", {**NIGHTLY, "servers": names}, cloud)
        for name in names:
            made(cloud, name, 1)
            made(cloud, name, 30, status="error")
        cloud.journal.clear()
        assert audit(cloud)["summary"] == {"servers": count, "recovery_point_met": count, "passed": count}
        costs.append([(entry["method"], entry["path"].rsplit("/", 1)[-1]) for entry in cloud.journal])
        assert cloud.journal.writes() == []
    # Rows of policies in lists lack the switch of the schedule in live mode, and rows of backups their tags.
    assert [path if len(path) < 36 else "ID" for dummy, path in costs[0]] == [
        path if len(path) < 36 else "ID" for dummy, path in costs[1]
    ]


@one_mode
@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/servers/detail", "list servers"),
        ("/policies", "list backup policies"),
        ("/resources/action", "check which servers can be backed up"),
        ("/checkpoint_items", "list backups"),
        ("/quotas", "read the quotas"),
    ],
)
def test_a_refusal_names_the_act_and_no_part_of_an_audit_is_returned(
    sound: Emulator, path: str, operation: str
) -> None:
    sound.faults.add(path=path, status=503, times=1)
    audit(sound)
    sound.faults.add(path=path, status=403, error_msg="no right", times=1)
    failed = run_module("csbs_audit_info", {}, sound)
    assert failed["failed"] and failed["msg"].startswith(f"Could not {operation}:") and failed["status"] == 403
    assert "servers" not in failed


@one_mode
@pytest.mark.parametrize("args", [{"controls": {"max_age": "soon"}}, {"server_filters": {}}, {"servers": [None]}])
def test_bad_input_is_refused_before_the_first_request(cloud: Emulator, args: dict[str, t.Any]) -> None:
    cloud.journal.clear()
    failed = run_module("csbs_audit_info", args, cloud)
    assert failed["failed"] and next(iter(args)) in failed["msg"]
    assert list(cloud.journal) == []


# ========== A cloud that changes meanwhile ==========
def between(cloud: Emulator, monkeypatch: pytest.MonkeyPatch, change: t.Callable[[], t.Any]) -> None:
    """Change something when the list of policies is read, which is after the list of servers."""
    from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.csbs import CsbsCloud

    policies = CsbsCloud.policies

    def changed(self: t.Any) -> t.Any:
        change()
        return policies(self)

    monkeypatch.setattr(CsbsCloud, "policies", changed)


def test_a_server_that_is_created_meanwhile_is_no_former_one(sound: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    between(sound, monkeypatch, lambda: sound.make_backup(sound.add_server("new").id, "new"))
    found = audit(sound)
    assert [row["name"] for row in found["servers"]] == FIRST
    assert found["former_servers"] == [] and found["findings"] == []


def test_a_server_that_is_deleted_meanwhile_cannot_be_backed_up(
    sound: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    between(sound, monkeypatch, lambda: delete_server(sound, "srv-0006"))
    found = audit(sound)
    assert told(found) == {"unprotectable": ["srv-0006"]}
    assert "no such server" in found["findings"][0]["objects"][0]["detail"]


# ========== Ansible ==========
@one_mode
@pytest.mark.e2e
def test_a_shell_runs_the_commands(cloud: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "enabled": False, "servers": FIRST[:5]}, cloud)
    for name in FIRST:
        made(cloud, name, 1)
    delete_server(cloud, "srv-0005")
    # Only the commands say which cloud.
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(cloud.write_clouds(tmp_path / "clouds.yaml")))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    found = run_ok("csbs_audit_info", {"cloud": "local"}, None)
    assert set(told(found)) == {"policy_disabled", "unprotected", "former_server"}
    for kind in told(found):
        (command,) = commands(found, kind)
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, command + done.stdout + done.stderr
    assert set(told(audit(cloud))) == {"former_server"}
