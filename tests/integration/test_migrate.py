# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook migrate_to_cbr as a user runs it, phase by phase, and a whole estate that goes to CBR for good."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support.estate import policy_in
from tests.support.modes import one_mode, reference_mode
from tests.support.modules import run_ok
from tests.support.plays import changed, own_play, play

pytestmark = pytest.mark.e2e

FAST = {"csbs_poll_interval": 0.2}
DAILY = {"frequency": "daily", "times": ["02:00"]}
# A schedule that runs meanwhile would make the backups that the migration is to make, so days go by slowly.
SPEED = 300
# Hours go by in seconds all the same; the default is 24h.
OLD_ENOUGH = {"csbs_max_age": "52w"}


def include(**variables: t.Any) -> dict[str, t.Any]:
    return {"ansible.builtin.include_role": {"name": "opentelekomcloud.csbs.migrate_to_cbr"}, "vars": variables}


def refused(word: str, **variables: t.Any) -> dict[str, t.Any]:
    """Return a block that succeeds if the role refuses with a message that has a word."""
    told = {"that": f"'{word}' in ansible_failed_result.msg", "fail_msg": "{{ ansible_failed_result.msg }}"}
    return {
        "block": [include(**variables), {"ansible.builtin.debug": {"msg": "NOT REFUSED"}}],
        "rescue": [{"ansible.builtin.assert": told}],
    }


def on_control(*tasks: dict[str, t.Any], **keywords: t.Any) -> list[dict[str, t.Any]]:
    return [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks), **keywords}]


def in_csbs(cloud: Emulator, name: str, *servers: str, backed_up: bool = True, **options: t.Any) -> None:
    """Make a policy of CSBS with servers, each with a good backup. It is enabled, but runs rarely."""
    cloud.settings(speed=SPEED)
    schedule = {"frequency": "weekly", "days": [a_day_far_from_now(cloud)], "times": ["02:00"]}
    given = {"schedule": schedule, "retention": {"days": 14}, **options}
    run_ok("csbs_policy", {"name": name, "servers": list(servers), **given}, cloud)
    for server in servers if backed_up else ():
        cloud.make_backup(cloud.server(server).id, "last-of-csbs", age=3600)
    cloud.journal.clear()


def a_day_far_from_now(cloud: Emulator) -> str:
    return ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[(cloud.clock.now().weekday() + 4) % 7]


def members(cloud: Emulator, name: str) -> list[str]:
    """Return the servers of a policy of CSBS."""
    named = {server.id: server.name for server in cloud.state.servers.values()}
    return sorted(named[one["id"]] for one in policy_in(cloud, name).resources)


def vaults(cloud: Emulator) -> dict[str, int]:
    return {vault.name: len(vault.members) for vault in cloud.state.cbr.vaults.values()}


def in_cbr(cloud: Emulator) -> list[str]:
    """Return the servers that are in vaults."""
    return sorted(cloud.state.servers[one].name for one in cloud.state.cbr.vault_of)


def backed_up_in_cbr(cloud: Emulator) -> list[str]:
    rows = [row for row in cloud.state.cbr.backups.values() if row.status == "available"]
    return sorted(cloud.state.servers[row.resource_id].name for row in rows)


def names(cloud: Emulator) -> list[str]:
    return sorted(policy.name for policy in cloud.state.policies.values())


# ========== the phases ==========
@reference_mode
def test_each_phase_does_its_part_once_and_its_check_nothing(cloud: Emulator, tmp_path: Path) -> None:
    in_csbs(cloud, "nightly", "srv-0001", "srv-0002")
    in_csbs(cloud, "other", "srv-0003")
    given = {**FAST, **OLD_ENOUGH, "csbs_policies": ["nightly"]}
    backups = sorted(cloud.state.items)

    def run(phases: str, *options: str, **more: t.Any) -> int:
        """Run phases in one play; return how many tasks changed something."""
        cloud.journal.clear()
        tasks = [include(csbs_phase=phase, **more) for phase in phases.split()]
        code, output = own_play(cloud, tmp_path, on_control(*tasks), given, *options)
        assert code == 0, output
        return changed(output)

    # To move means to prepare, too.
    assert run("plan prepare move", "--check", "--diff") == 1 + 2 and cloud.journal.writes() == []
    assert run("plan prepare") == 1
    assert vaults(cloud) == {"nightly": 0} and members(cloud, "nightly") == ["srv-0001", "srv-0002"]
    assert run("prepare move") == 1
    assert in_cbr(cloud) == backed_up_in_cbr(cloud) == ["srv-0001", "srv-0002"] and members(cloud, "nightly") == []
    assert run("move verify") == 0 and cloud.journal.writes() == []
    assert run("retire", "--check") == 1 and cloud.journal.writes() == [] and names(cloud) == ["nightly", "other"]
    assert run("retire", csbs_confirm=True) == 1 and names(cloud) == ["other"]
    assert run("move verify retire", csbs_confirm=True) == 0 and cloud.journal.writes() == []
    assert sorted(cloud.state.items) == backups and members(cloud, "other") == ["srv-0003"]


# ========== decisions ==========
@one_mode
def test_a_policy_that_needs_a_decision_waits_for_it_and_the_others_go_on(cloud: Emulator, tmp_path: Path) -> None:
    in_csbs(cloud, "first", "srv-0001", retention={"days": 14, "max_backups": 10})
    in_csbs(cloud, "second", "srv-0002")
    given = {**FAST, **OLD_ENOUGH}
    code, output = play(cloud, tmp_path, "migrate_to_cbr", given)
    assert code == 0 and "BLOCKED first" in output and "days" in output, output
    code, output = play(cloud, tmp_path, "migrate_to_cbr", {**given, "csbs_phase": "move"})
    assert code != 0 and "NOT DONE for first: " in output and "retention" in output, output
    assert in_cbr(cloud) == ["srv-0002"] and members(cloud, "first") == ["srv-0001"]

    decided = {**given, "csbs_decisions": [{"policy": "first", "retention": {"days": 30}, "target_name": "primary"}]}
    code, output = play(cloud, tmp_path, "migrate_to_cbr", decided)
    assert code == 0 and "BLOCKED" not in output, output
    for phase in ("move", "verify", "retire"):
        more = {"csbs_phase": phase, "csbs_confirm": True}
        code, output = play(cloud, tmp_path, "migrate_to_cbr", {**decided, **more})
        assert code == 0, output
    kept = {policy.name: policy.definition["retention_duration_days"] for policy in cloud.state.cbr.policies.values()}
    assert kept == {"primary": 30, "second": 14} and names(cloud) == []


@one_mode
def test_only_the_chosen_servers_are_moved(cloud: Emulator, tmp_path: Path) -> None:
    in_csbs(cloud, "nightly", "srv-0001", "srv-0002", "srv-0003")
    given = {**FAST, **OLD_ENOUGH, "csbs_phase": "move", "csbs_servers": "srv-0002,srv-0003", "csbs_serial": 1}
    code, output = play(cloud, tmp_path, "migrate_to_cbr", given)
    assert code == 0 and in_cbr(cloud) == ["srv-0002", "srv-0003"] and members(cloud, "nightly") == ["srv-0001"], output
    code, output = play(cloud, tmp_path, "migrate_to_cbr", {**FAST, "csbs_phase": "verify"})
    assert code != 0 and "NOT IN CBR: srv-0001" in output, output


# ========== guards ==========
@one_mode
def test_a_server_that_may_not_leave_stops_its_policy_and_not_the_others(cloud: Emulator, tmp_path: Path) -> None:
    """The play begins in the middle of nothing: every keyword lets failures pass, and it is red all the same."""
    in_csbs(cloud, "first", "srv-0001", "srv-0002", backed_up=False)
    in_csbs(cloud, "second", "srv-0003")
    cloud.make_backup(cloud.server("srv-0002").id, "good", age=3600)
    careless = {"ignore_errors": True, "ignore_unreachable": True, "any_errors_fatal": False}
    tasks = on_control(include(csbs_phase="move", csbs_serial=1), **careless)
    code, output = own_play(cloud, tmp_path, tasks, {**FAST, **OLD_ENOUGH})
    assert code != 0 and "NOT DONE for first: " in output and "srv-0001" in output, output
    assert members(cloud, "first") == ["srv-0001", "srv-0002"], "the next step began after one that failed"
    assert in_cbr(cloud) == ["srv-0003"]


@one_mode
def test_verify_is_red_for_whoever_is_not_safe_in_cbr(cloud: Emulator, tmp_path: Path) -> None:
    verify = {**FAST, "csbs_phase": "verify"}
    code, output = play(cloud, tmp_path, "migrate_to_cbr", verify)
    assert code != 0 and "nothing is verified" in output, output
    in_csbs(cloud, "nightly", "srv-0001")
    in_csbs(cloud, "quiet", "srv-0002", enabled=False)
    move = {**FAST, **OLD_ENOUGH, "csbs_phase": "move"}
    code, output = play(cloud, tmp_path, "migrate_to_cbr", {**move, "csbs_first_backup": False})
    assert code == 0, output
    code, output = play(cloud, tmp_path, "migrate_to_cbr", verify)
    assert code != 0 and "srv-0001 (no good backup in CBR)" in output and "srv-0002" in output, output
    code, output = play(cloud, tmp_path, "migrate_to_cbr", move)
    assert code == 0 and backed_up_in_cbr(cloud) == ["srv-0001", "srv-0002"], output
    code, output = play(cloud, tmp_path, "migrate_to_cbr", verify)
    assert code != 0 and "NOT IN CBR: srv-0002 (policy quiet is disabled)" in output, output
    assert "In no policy: srv-0003" in output
    code, output = play(cloud, tmp_path, "migrate_to_cbr", {**verify, "csbs_policies": "nightly"})
    assert code == 0, output


@one_mode
def test_retire_deletes_only_what_is_empty_and_confirmed(cloud: Emulator, tmp_path: Path) -> None:
    in_csbs(cloud, "empty")
    in_csbs(cloud, "full", "srv-0001")
    in_csbs(cloud, "left", "srv-0002")
    # A run was killed right after this server had left. The server goes back into its policy if CBR refuses it.
    left = policy_in(cloud, "left")
    vault = cloud.make_vault("left", tags={cloud.server("srv-0002").id: left.id})
    cloud.make_vault_policy("left", [vault.id])
    left.resources.clear()
    cloud.journal.clear()
    retire = {**FAST, "csbs_phase": "retire"}
    unconfirmed = [
        on_control(include(**retire)),
        on_control(include(**retire), check_mode=False),
        on_control({"block": [include(**retire)], "rescue": [], "ignore_errors": True}, ignore_errors=True),
    ]
    for plays, option in zip(unconfirmed, ("--diff", "--check", "--diff")):
        code, output = own_play(cloud, tmp_path, plays, {}, option)
        assert cloud.journal.writes() == [], output
    code, output = play(cloud, tmp_path, "migrate_to_cbr", {**retire, "csbs_confirm": True}, "--check")
    assert (code, changed(output), cloud.journal.writes()) == (0, 1, []), output
    code, output = play(cloud, tmp_path, "migrate_to_cbr", {**retire, "csbs_confirm": True})
    assert code == 0 and names(cloud) == ["full", "left"], output


@one_mode
def test_what_is_blank_or_empty_never_chooses_more(cloud: Emulator, tmp_path: Path) -> None:
    in_csbs(cloud, "nightly", "srv-0001")
    given = {**OLD_ENOUGH, "csbs_confirm": True}
    tries = [
        refused(f"{variable} is blank", **given, csbs_phase=phase, **{variable: blank})
        for phase, variable, blank in (
            ("prepare", "csbs_policies", None),
            ("move", "csbs_policies", ""),
            ("move", "csbs_servers", None),
            ("retire", "csbs_policies", ""),
        )
    ]
    tries += [
        refused("empty list", **given, csbs_phase="move", **{variable: []})
        for variable in ("csbs_policies", "csbs_servers")
    ]
    tries += [
        refused("csbs_decisions.retention", csbs_decisions=[{"policy": "nightly", "retention": {"days": ""}}]),
        refused("csbs_phase", csbs_phase="go"),
        refused("no-such", csbs_phase="move", csbs_policies=["no-such"]),
    ]
    code, output = own_play(cloud, tmp_path, on_control(*tries), {})
    assert code == 0 and "NOT REFUSED" not in output and cloud.journal.writes() == [], output


# ========== the files ==========
@one_mode
def test_the_files_say_who_is_where_and_names_stay_names(cloud: Emulator, tmp_path: Path) -> None:
    in_csbs(cloud, "nightly", "srv-0001")
    policy_in(cloud, "nightly").name = "{{ 7 * 191 }}<b>|x"
    server = cloud.server("srv-0001").id
    cloud.change_server(server, name="[{{ 7 * 191 }}](http://x)|<b>")
    given = {**FAST, **OLD_ENOUGH, "csbs_report_path": "out/way"}
    code, output = play(cloud, tmp_path, "migrate_to_cbr", given, "--check")
    assert code == 0 and not (tmp_path / "out").exists(), output
    code, output = play(cloud, tmp_path, "migrate_to_cbr", given)
    assert code == 0 and changed(output) == 3 and "1337" not in output, output
    data = json.loads((tmp_path / "out/way/migration.json").read_text())
    assert [policy["name"] for policy in data["policies"]] == ["{{ 7 * 191 }}<b>|x"]
    page = (tmp_path / "out/way/migration.md").read_text()
    assert "1337" not in page and "<b>" not in page and "](http" not in page
    row = next(line for line in page.splitlines() if server.replace("-", "\\-") in line)
    assert row.count(" | ") == 7
    code, output = play(cloud, tmp_path, "migrate_to_cbr", given)
    assert code == 0 and changed(output) == 0, output


# ========== a whole estate ==========
ESTATE: dict[str, dict[str, t.Any]] = {
    "by-days": {"days": 14},
    "by-number": {"max_backups": 7},
    "long-term": {"max_backups": 7, "monthly": 12, "timezone": "Europe/Berlin"},
    "for-ever": {"permanent": True},
    "weekly": {"days": 90},
    "small": {"max_backups": 1},
    # CBR keeps backups for days, or by numbers.
    "both": {"days": 30, "max_backups": 10},
}
DECIDED = {"both": {"days": 30}}


def test_an_estate_of_200_servers_goes_to_cbr_and_the_old_playbooks_change_nothing_there(tmp_path: Path) -> None:
    with Emulator(mode="live", speed=SPEED, list_delay=0.1, servers=200) as cloud:
        fleet = sorted(server.name for server in cloud.state.servers.values())
        schedule = {"frequency": "weekly", "days": [a_day_far_from_now(cloud)], "times": ["02:00"]}
        parts = {name: fleet[number :: len(ESTATE)] for number, name in enumerate(ESTATE)}
        for name, retention in ESTATE.items():
            in_csbs(cloud, name, *parts[name], schedule=schedule, retention=retention, tags={"team": name})
        # The live service does not report long-term counts, so somebody who knows them says them.
        known = {"policy": "long-term", "retention": ESTATE["long-term"]}
        given = {
            **FAST,
            **OLD_ENOUGH,
            "csbs_decisions": [known],
            "csbs_serial": 32,
            "csbs_concurrency": 10,
            "csbs_report_path": "way",
        }
        before = sorted(cloud.state.items)

        code, output = play(cloud, tmp_path, "migrate_to_cbr", {**given, "csbs_phase": "move"})
        assert code != 0 and "NOT DONE for both: " in output, output
        assert len(in_cbr(cloud)) == 200 - len(parts["both"]) and members(cloud, "both") == sorted(parts["both"])
        given["csbs_decisions"] = [known, {"policy": "both", "retention": DECIDED["both"]}]
        for phase in ("move", "verify", "retire"):
            more = {"csbs_phase": phase, "csbs_confirm": True}
            code, output = play(cloud, tmp_path, "migrate_to_cbr", {**given, **more})
            assert code == 0, output
        assert in_cbr(cloud) == backed_up_in_cbr(cloud) == fleet
        assert names(cloud) == [] and sorted(cloud.state.items) == before, (
            "policies that stay, or backups that are gone"
        )
        assert "200 of 200" in (tmp_path / "way/migration.md").read_text()

        cloud.journal.clear()
        role = {"ansible.builtin.include_role": {"name": "opentelekomcloud.csbs.protect"}}
        tasks = [
            {
                **role,
                "vars": {
                    "csbs_servers": parts[name],
                    "csbs_policy": {
                        "name": name,
                        "schedule": schedule,
                        "retention": DECIDED.get(name, retention),
                        "tags": {"team": name},
                    },
                },
            }
            for name, retention in ESTATE.items()
        ]
        code, output = own_play(cloud, tmp_path, on_control(*tasks), {**FAST, "csbs_service": "cbr"})
        assert (code, changed(output), cloud.journal.writes()) == (0, 0, []), output
        assert not cloud.contract_violations and not cloud.internal_errors
