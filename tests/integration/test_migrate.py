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


def role(name: str, **variables: t.Any) -> dict[str, t.Any]:
    return {"ansible.builtin.include_role": {"name": f"opentelekomcloud.csbs.{name}"}, "vars": variables}


def include(**variables: t.Any) -> dict[str, t.Any]:
    return role("migrate_to_cbr", **variables)


def refused(*words: str, **variables: t.Any) -> dict[str, t.Any]:
    """Return a block that succeeds if the role fails with a message that has all words."""
    told = {
        "that": [f"{word!r} in ansible_failed_result.msg" for word in words],
        "fail_msg": "{{ ansible_failed_result.msg }}",
    }
    return {
        "block": [include(**variables), {"ansible.builtin.debug": {"msg": "NOT REFUSED"}}],
        "rescue": [{"ansible.builtin.assert": told}],
    }


def check(*conditions: str) -> dict[str, t.Any]:
    """Return a task that looks at what the role leaves behind."""
    return {"ansible.builtin.assert": {"that": list(conditions)}}


def where(**states: str) -> dict[str, t.Any]:
    """Return a task that checks where servers are, whose hyphens are underscores here."""
    found = "csbs_migration.servers | items2dict('name', 'state')"
    return check(*(f"({found})['{name.replace('_', '-')}'] == '{state}'" for name, state in states.items()))


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
    backups, told = sorted(cloud.state.items), []

    def run(phases: str, *options: str, **more: t.Any) -> int:
        """Run phases in one play; return how many tasks changed something."""
        cloud.journal.clear()
        tasks = [include(csbs_phase=phase, **more) for phase in phases.split()]
        code, output = own_play(cloud, tmp_path, on_control(*tasks), given, *options)
        assert code == 0, output
        told.append(output)
        return changed(output)

    # To move means to prepare, too.
    assert run("move", "--check", "--diff") == 2 and cloud.journal.writes() == []
    assert run("prepare prepare") == 1
    assert vaults(cloud) == {"nightly": 0} and members(cloud, "nightly") == ["srv-0001", "srv-0002"]
    assert run("move move verify") == 1
    assert in_cbr(cloud) == backed_up_in_cbr(cloud) == ["srv-0001", "srv-0002"] and members(cloud, "nightly") == []
    assert run("retire", "--check") == 1 and cloud.journal.writes() == [] and names(cloud) == ["nightly", "other"]
    assert run("retire verify retire", csbs_confirm=True) == 1 and names(cloud) == ["other"]
    assert [output.count("Nothing to do: CSBS has none of these policies") for output in told] == [0, 0, 0, 0, 1]
    assert sorted(cloud.state.items) == backups and members(cloud, "other") == ["srv-0003"]


# ========== decisions ==========
@one_mode
def test_a_policy_that_needs_a_decision_waits_for_it_and_the_others_go_on(cloud: Emulator, tmp_path: Path) -> None:
    in_csbs(cloud, "first", "srv-0001", retention={"days": 14, "max_backups": 10})
    in_csbs(cloud, "second", "srv-0002")
    first = {"policy": "first", "retention": {"days": 30}, "target_name": "primary"}
    decided = {"csbs_decisions": [first], "csbs_confirm": True}
    tasks = [
        include(),
        refused("NOT DONE for first: ", "retention", csbs_phase="move"),
        where(srv_0001="csbs", srv_0002="cbr"),
        include(**decided),
        # The name of the policy of CBR leads from the policy of CSBS, also when that is gone.
        *(include(**decided, csbs_phase=phase, csbs_policies="first") for phase in ("move", "retire", "verify")),
        refused("neither CSBS nor CBR has fifth", csbs_decisions=[{**first, "policy": "fifth", "target_name": "new"}]),
    ]
    code, output = own_play(cloud, tmp_path, on_control(*tasks), {**FAST, **OLD_ENOUGH})
    assert code == 0 and "NOT REFUSED" not in output and output.count("BLOCKED first: ") == 2, output
    kept = {policy.name: policy.definition["retention_duration_days"] for policy in cloud.state.cbr.policies.values()}
    assert kept == {"primary": 30, "second": 14} and names(cloud) == ["second"]


@one_mode
def test_only_the_chosen_servers_are_moved(cloud: Emulator, tmp_path: Path) -> None:
    in_csbs(cloud, "nightly", "srv-0001", "srv-0002", "srv-0003")
    # Nothing is to be decided about a policy that has none of them, and nothing is made of it.
    in_csbs(cloud, "other", "srv-0004", retention={"days": 14, "max_backups": 10})
    move = {"csbs_phase": "move", "csbs_servers": "srv-0002,srv-0003", "csbs_serial": 1}
    tasks = [
        refused("in none of these policies of CSBS: srv-0002, srv-0003", **move, csbs_policies="other"),
        refused("in none of these policies of CSBS: srv-0005", **{**move, "csbs_servers": "srv-0005"}),
        include(**move),
        refused("NOT IN CBR: srv-0001 (still in CSBS)", csbs_phase="verify", csbs_policies="nightly"),
        include(**move),
    ]
    code, output = own_play(cloud, tmp_path, on_control(*tasks), {**FAST, **OLD_ENOUGH})
    assert code == 0 and "NOT REFUSED" not in output and changed(output) == 2, output
    assert in_cbr(cloud) == ["srv-0002", "srv-0003"] and members(cloud, "nightly") == ["srv-0001"]
    assert vaults(cloud) == {"nightly": 2}


# ========== guards ==========
@one_mode
def test_a_server_that_may_not_leave_stops_its_policy_and_not_the_others(cloud: Emulator, tmp_path: Path) -> None:
    """The play begins in the middle of nothing: every keyword lets failures pass, and it is red all the same."""
    in_csbs(cloud, "first", "srv-0001", "srv-0002", backed_up=False)
    in_csbs(cloud, "second", "srv-0003")
    cloud.make_backup(cloud.server("srv-0002").id, "good", age=3600)
    given = {**FAST, **OLD_ENOUGH, "csbs_phase": "move", "csbs_serial": 1, "csbs_report_path": "way"}
    code, output = play(cloud, tmp_path, "migrate_to_cbr", given, "--check")
    assert code == 0 and "NOT READY srv-0001: " in output and "NOT READY srv-0002" not in output, output
    careless = {"ignore_errors": True, "ignore_unreachable": True, "any_errors_fatal": False}
    code, output = own_play(cloud, tmp_path, on_control(include(), **careless), given)
    assert code != 0 and "NOT DONE for first: " in output and "srv-0001" in output, output
    assert members(cloud, "first") == ["srv-0001", "srv-0002"], "the next step began after one that failed"
    assert in_cbr(cloud) == ["srv-0003"]
    written = json.loads((tmp_path / "way/migration.json").read_text())
    assert {policy["name"]: policy["state"] for policy in written["policies"]} == {
        "first": "prepared",
        "second": "moved",
    }


@one_mode
def test_verify_is_red_for_whoever_is_not_safe_in_cbr(cloud: Emulator, tmp_path: Path) -> None:
    in_csbs(cloud, "nightly", "srv-0001")
    in_csbs(cloud, "quiet", "srv-0002", enabled=False)
    in_csbs(cloud, "nobody")
    # A run was killed right after this server had left, and then somebody deleted the policy.
    lost = {"srv-0004": "0" * 36}
    vault = cloud.make_vault("lost", tags={cloud.server(name).id: policy for name, policy in lost.items()})
    cloud.make_vault_policy("lost", [vault.id])
    verify, move = {"csbs_phase": "verify"}, {"csbs_phase": "move"}
    on_the_way = "srv-0004 (on the way, in neither service)"
    tasks = [
        include(**move, csbs_first_backup=False),
        refused("srv-0001 (no good backup in CBR)", "srv-0002 (no good backup in CBR)", **verify),
        include(**move),
        refused(f"NOT IN CBR: srv-0002 (policy quiet is disabled), {on_the_way}", **verify),
        refused(f"NOT IN CBR: {on_the_way}", **verify, csbs_policies="nightly"),
    ]
    code, output = own_play(cloud, tmp_path, on_control(*tasks), {**FAST, **OLD_ENOUGH})
    assert code == 0 and "NOT REFUSED" not in output, output
    assert "In no policy: srv-0003, srv-0005, srv-0006" in output
    assert backed_up_in_cbr(cloud) == ["srv-0001", "srv-0002"]
    vault.tags.clear()
    tasks = [
        include(**verify, csbs_policies="nightly"),
        refused("nothing is verified", **verify, csbs_policies="nobody"),
    ]
    code, output = own_play(cloud, tmp_path, on_control(*tasks), {})
    assert code == 0 and "NOT REFUSED" not in output, output


@one_mode
def test_retire_deletes_only_what_is_empty_and_confirmed(cloud: Emulator, tmp_path: Path) -> None:
    for name in ("a-stuck", "empty", "full", "left"):
        in_csbs(cloud, name, *{"full": ["srv-0001"], "left": ["srv-0002"]}.get(name, []))
    # A run was killed right after this server had left. The server goes back into its policy if CBR refuses it.
    left = policy_in(cloud, "left")
    vault = cloud.make_vault("left", tags={cloud.server("srv-0002").id: left.id})
    cloud.make_vault_policy("left", [vault.id])
    left.resources.clear()
    cloud.journal.clear()
    retire, confirmed = include(csbs_phase="retire"), {"csbs_phase": "retire", "csbs_confirm": True}
    stay = check(
        "csbs_migrate_kept == ['full (servers in it: 1, on the way: 0)', 'left (servers in it: 0, on the way: 1)']"
    )
    plays = [*on_control(retire, check_mode=False), *on_control(include(**confirmed), stay)]
    code, output = own_play(cloud, tmp_path, plays, {}, "--check")
    assert (code, changed(output), cloud.journal.writes()) == (0, 4, []), output

    cloud.faults.add(
        method="DELETE", path=f"/policies/{policy_in(cloud, 'a-stuck').id}", status=403, error_msg="no right", times=-1
    )
    tasks = [
        refused("needs csbs_confirm", csbs_phase="retire"),
        refused("NOT DONE for a-stuck: ", "no right", **confirmed, csbs_report_path="way"),
        stay,
    ]
    code, output = own_play(cloud, tmp_path, on_control(*tasks, ignore_errors=True), {})
    assert code == 0 and "ignored=0" in output and names(cloud) == ["a-stuck", "full", "left"], output
    written = json.loads((tmp_path / "way/migration.json").read_text())
    assert [policy["name"] for policy in written["policies"]] == ["a-stuck", "full", "left"]


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
    # The second time, nothing changes.
    code, output = own_play(cloud, tmp_path, on_control(include(), include()), given)
    assert code == 0 and changed(output) == 3 and "1337" not in output, output
    data = json.loads((tmp_path / "out/way/migration.json").read_text())
    assert [policy["name"] for policy in data["policies"]] == ["{{ 7 * 191 }}<b>|x"]
    page = (tmp_path / "out/way/migration.md").read_text()
    assert "1337" not in page and "<b>" not in page and "](http" not in page
    row = next(line for line in page.splitlines() if server.replace("-", "\\-") in line)
    assert row.count(" | ") == 7


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


@pytest.mark.holds
def test_an_estate_of_200_servers_goes_to_cbr_and_the_old_playbooks_change_nothing_there(tmp_path: Path) -> None:
    with Emulator(mode="live", speed=SPEED, list_delay=0.1, servers=200) as cloud:
        fleet = sorted(server.name for server in cloud.state.servers.values())
        schedule = {"frequency": "weekly", "days": [a_day_far_from_now(cloud)], "times": ["02:00"]}
        parts = {name: fleet[number :: len(ESTATE)] for number, name in enumerate(ESTATE)}
        for name, retention in ESTATE.items():
            in_csbs(cloud, name, *parts[name], schedule=schedule, retention=retention, tags={"team": name})
        before = sorted(cloud.state.items)
        # The live service does not report long-term counts, so somebody who knows them says them.
        known = {"policy": "long-term", "retention": ESTATE["long-term"]}
        decided = [known, {"policy": "both", "retention": DECIDED["both"]}]
        given = {**FAST, **OLD_ENOUGH, "csbs_serial": 32, "csbs_concurrency": 10, "csbs_report_path": "way"}
        tasks = [
            refused("NOT DONE for both: ", csbs_phase="move", csbs_decisions=[known]),
            check(
                f"csbs_migration.summary.servers == {{'csbs': {len(parts['both'])}, 'moving': 0,"
                f" 'cbr': {200 - len(parts['both'])}, 'none': 0}}"
            ),
            *(
                include(csbs_phase=phase, csbs_decisions=decided, csbs_confirm=True)
                for phase in ("move", "verify", "retire")
            ),
        ]
        code, output = own_play(cloud, tmp_path, on_control(*tasks), given)
        assert code == 0 and "NOT REFUSED" not in output, output
        assert in_cbr(cloud) == backed_up_in_cbr(cloud) == fleet
        assert names(cloud) == [] and sorted(cloud.state.items) == before, "policies stay, or backups are gone"
        assert "200 of 200" in (tmp_path / "way/migration.md").read_text()

        cloud.journal.clear()
        policies = [
            {"name": name, "schedule": schedule, "retention": DECIDED.get(name, retention), "tags": {"team": name}}
            for name, retention in ESTATE.items()
        ]
        tasks = [
            # One of them shows that the check of the result holds, too.
            *(
                role("protect", csbs_servers=parts[one["name"]], csbs_policy=one, csbs_verify=one is policies[0])
                for one in policies
            ),
            role("backup", csbs_servers=fleet, csbs_max_age="52w"),
            role("prune", csbs_servers=fleet, csbs_keep_last=1, csbs_include_automatic=True),
            role("report", csbs_servers=fleet),
        ]
        code, output = own_play(cloud, tmp_path, on_control(*tasks), {**FAST, "csbs_service": "cbr"})
        # The report makes its folder, its data and its pages.
        assert (code, changed(output), cloud.journal.writes()) == (0, 3, []), output
        assert not cloud.contract_violations and not cloud.internal_errors
