# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role and the playbook report, as a user runs them: which files they write, and when they are red.

What the files hold is tested in test_report_files.py.
"""

from __future__ import annotations

import csv
import json
import typing as t
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.emulator import Emulator
from tests.support.estate import create_policy, policy_in, send
from tests.support.modes import one_mode
from tests.support.modules import run_ok
from tests.support.plays import inventory, own_play, own_play_with, play, play_with
from tests.support.report import EVERY_CONTROL, ROLE, hostile_fleet

pytestmark = [pytest.mark.e2e, one_mode]

FILES = ["protection.csv", "protection.html", "protection.json", "protection.md", "protection.prom"]
SCHEMA = json.loads((ROLE / "files" / "protection.schema.json").read_text(encoding="utf-8"))
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
PASSWORD = "wrong-password-4711"
CARELESS = {
    "ignore_errors": True,
    "ignore_unreachable": True,
    "any_errors_fatal": False,
    "max_fail_percentage": 100,
    "strategy": "free",
}


def include(**variables: t.Any) -> dict[str, t.Any]:
    return {"ansible.builtin.include_role": {"name": "opentelekomcloud.csbs.report"}, "vars": variables}


def rescued(**variables: t.Any) -> dict[str, t.Any]:
    """Return a block that runs the role, and says how it has ended."""
    shown = "red: {{ ansible_failed_result.msg | default('') }}"
    return {
        "block": [include(**variables), {"ansible.builtin.debug": {"msg": "green"}}],
        "rescue": [{"ansible.builtin.debug": {"msg": shown}}],
    }


def on_control(*tasks: dict[str, t.Any], **keywords: t.Any) -> list[dict[str, t.Any]]:
    return [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks), **keywords}]


def ends(output: str) -> list[str]:
    """Return how the runs of the role in a play have ended."""
    lines = [line.strip().removeprefix('"msg": ').strip('"') for line in output.splitlines()]
    return [line for line in lines if line == "green" or line.startswith("red: ")]


def report_in(folder: Path) -> dict[str, t.Any]:
    """Return the data of the report in a folder, which must have all files."""
    assert sorted(path.name for path in folder.iterdir()) == FILES
    document: dict[str, t.Any] = json.loads((folder / "protection.json").read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA).validate(document)
    rows = list(csv.DictReader((folder / "protection.csv").open(newline="", encoding="utf-8")))
    assert [row["server_id"] for row in rows] == [row["id"] for one in document["clouds"] for row in one["servers"]]
    return document


def all_well(cloud: Emulator) -> None:
    """Put all servers under a policy, each with a young backup: there is no finding."""
    cloud.clock.set_speed(0)
    ids = list(cloud.state.servers)
    for server_id in ids:
        cloud.make_backup(server_id, "nightly", age=3600)
    rows = [{"id": one, "type": "OS::Nova::Server", "name": "server"} for one in ids]
    send(cloud, "PUT", f"/policies/{create_policy(cloud, 'nightly')}", {"policy": {"resources": rows}})
    cloud.journal.clear()


def several(folder: Path, second: Emulator, cloud: Emulator) -> Path:
    """Write a clouds.yaml with two clouds that answer, one with a wrong password, and one without a server."""
    path = folder / "clouds.yaml"
    good, other = (one.clouds()["clouds"]["local"] for one in (cloud, second))
    wrong = {**good, "auth": {**good["auth"], "password": PASSWORD}}
    gone = {**good, "auth": {**good["auth"], "auth_url": "http://127.0.0.1:9/v3"}}
    path.write_text(yaml.safe_dump({"clouds": {"good": good, "other": other, "wrong": wrong, "gone": gone}}))
    return path


# ========== what is written, and how it ends ==========
def test_findings_turn_the_job_red_after_all_files_are_written_and_names_stay_names(
    cloud: Emulator, tmp_path: Path
) -> None:
    hostile_fleet(cloud)
    given = {"csbs_controls": EVERY_CONTROL, "csbs_max_age_key": "rpo", "csbs_fail_on_findings": "true"}
    code, output = play(cloud, tmp_path, "report", {**given, "csbs_report_path": "a b/{{ 'c' }}"})
    assert code != 0 and "FINDINGS: Servers without any good backup, " in output, output
    document = report_in(tmp_path / "a b" / "c")
    assert document["verdict"] == "not_met" and document["clouds"][0]["cloud"] is None
    assert "4 of 5 servers meet the promised recovery point, 0 pass every control." in output
    assert not list(tmp_path.rglob("executed")) and cloud.journal.writes() == []
    assert "alert(1)" not in output and "\x1b" not in output and "lookup(" not in output


def test_a_fleet_without_findings_is_green_also_with_blank_variables(cloud: Emulator, tmp_path: Path) -> None:
    all_well(cloud)
    blank = dict.fromkeys(("csbs_clouds", "csbs_servers", "csbs_server_filters", "csbs_controls", "csbs_max_age"), "")
    blank |= dict.fromkeys(("csbs_max_age_key", "csbs_restore_tested_key", "csbs_report_path", "csbs_timeout"))
    code, output = play(cloud, tmp_path, "report", {**blank, "csbs_fail_on_findings": True})
    assert code == 0 and "6 of 6 servers meet the promised recovery point, 6 pass every control." in output, output
    document = report_in(tmp_path / "protection-report")
    assert (document["verdict"], document["findings"]) == ("met", [])


def test_the_files_are_on_the_control_node_wherever_the_play_runs(cloud: Emulator, tmp_path: Path) -> None:
    plays = [{"hosts": "web", "gather_facts": False, "tasks": [include(csbs_report_path="here")]}]
    code, output = own_play(cloud, tmp_path, plays, {}, inventory(tmp_path, ["web"]))
    assert code == 0 and output.count("[web -> localhost]") == 6, output
    assert report_in(tmp_path / "here")["summary"]["servers"] == 6


def test_check_mode_shows_the_verdict_fails_on_findings_and_writes_nothing(cloud: Emulator, tmp_path: Path) -> None:
    all_well(cloud)
    cloud.change_server(cloud.server("srv-0001").id, status="ERROR")
    tasks = [
        rescued(csbs_fail_on_findings=True),
        rescued(csbs_fail_on_findings=True, csbs_accepted_findings="unprotectable, stale"),
        rescued(csbs_fail_on_findings=False),
        rescued(csbs_server_filters={"name": "nothing-*"}),
        rescued(csbs_servers=[]),
    ]
    code, output = own_play(cloud, tmp_path, on_control(*tasks), {}, "--check", "--diff")
    reds = ["red: FINDINGS: Servers that cannot be backed up.", "red: NOT JUDGED: csbs_servers and csbs_server_filters"]
    assert code == 0 and len(ends(output)) == len(tasks), output
    for end, expected in zip(ends(output), [reds[0], "green", "green", reds[1], reds[1]]):
        assert end.startswith(expected), output
    assert output.count("6 of 6 servers meet the promised recovery point") == 3
    assert "In check mode, no file is written." in output and "protection.html" not in output
    assert not (tmp_path / "protection-report").exists()
    # A play may be in check mode by itself, and an earlier report may be there.
    (tmp_path / "protection-report").mkdir()
    (tmp_path / "protection-report" / "protection.json").write_text("old")
    play_in_check_mode = on_control(rescued(), check_mode=True)
    code, output = own_play(cloud, tmp_path, play_in_check_mode, {})
    assert code == 0 and ends(output) == ["green"], output
    assert [path.read_text() for path in (tmp_path / "protection-report").iterdir()] == ["old"]


def test_nothing_is_asked_or_written_when_a_variable_is_wrong(cloud: Emulator, tmp_path: Path) -> None:
    wrong: list[tuple[dict[str, t.Any], str]] = [
        ({"csbs_controls": {"max_age": "soon"}}, "controls.max_age: 'soon' is not an age"),
        ({"csbs_max_age": "soon"}, "'soon' is not an age"),
        ({"csbs_controls": {"maximum_age": "24h"}}, "maximum_age"),
        ({"csbs_controls": {"min_retention_days": "x"}}, "min_retention_days"),
        ({"csbs_accepted_findings": ["nonsense"]}, "nonsense"),
        ({"csbs_accepted_findings": "stale,cloud_not_read"}, "cloud_not_read"),
        ({"csbs_fail_on_findings": "perhaps"}, "perhaps"),
        ({"csbs_server_filters": {"name": ""}}, "csbs_server_filters.name is blank"),
        ({"csbs_server_filters": {"colour": "red"}}, "colour"),
        ({"csbs_clouds": {"a": 1}}, "csbs_clouds"),
    ]
    tasks = [rescued(**{"csbs_clouds": ["local"], **given}) for given, dummy in wrong]
    code, output = own_play(cloud, tmp_path, on_control(*tasks), {})
    assert code == 0 and len(ends(output)) == len(wrong), output
    for (given, words), end in zip(wrong, ends(output)):
        assert end.startswith("red: ") and words in end, (given, end)
    assert len(cloud.journal) == 0 and not (tmp_path / "protection-report").exists()


# ========== several clouds ==========
def test_clouds_that_can_be_read_are_reported_and_the_job_is_red_for_the_others(
    cloud: Emulator, tmp_path: Path
) -> None:
    all_well(cloud)
    with Emulator(servers=2, speed=0, list_delay=0) as second:
        clouds = several(tmp_path, second, cloud)
        given = {"csbs_clouds": ["good", "wrong", "gone", "nonsense", "other"], "csbs_controls": {"room": False}}
        accepted = {"csbs_fail_on_findings": True, "csbs_accepted_findings": "never_backed_up,stale,unprotected"}
        code, output = play_with(clouds, "good", tmp_path, "report", {**given, **accepted})
    assert code != 0 and "NOT JUDGED: " in output, output
    document = report_in(tmp_path / "protection-report")
    assert [(one["cloud"], one["read"], len(one["servers"])) for one in document["clouds"]] == [
        ("good", True, 6),
        ("wrong", False, 0),
        ("gone", False, 0),
        ("nonsense", False, 0),
        ("other", True, 2),
    ]
    assert (document["complete"], document["summary"]["clouds_not_read"]) == (False, 3)
    written = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "protection-report").iterdir()}
    assert PASSWORD not in output and not [name for name, text in written.items() if PASSWORD in text]
    assert [name for name, text in written.items() if "wrong" not in text] == ["protection.csv"]


def test_servers_may_be_in_any_of_the_clouds_but_not_in_none(
    cloud: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "file").write_text("")
    with Emulator(seed=[{"name": "only-here"}], speed=0, list_delay=0) as second:
        clouds = several(tmp_path, second, cloud)
        both = {"csbs_clouds": "good, other"}
        tasks = [
            rescued(**both, csbs_servers=["srv-0001", "only-here"], csbs_report_path="~/my report"),
            rescued(**both, csbs_servers=["srv-0001", "nowhere"], csbs_report_path="unknown"),
            rescued(csbs_cloud="good", csbs_servers=["only-here"], csbs_report_path="unknown"),
            rescued(**both, csbs_report_path="file/report"),
        ]
        code, output = own_play_with(clouds, "good", tmp_path, on_control(*tasks), {})
    expected = [
        "green",
        "red: NOT DONE: no report is made. csbs_servers: none of the clouds has nowhere.",
        "red: NOT DONE: no report is made. servers: no such server: 'only-here'",
        f"red: There was an issue creating {tmp_path}/file/report",
    ]
    assert code == 0 and len(ends(output)) == len(expected), output
    for end, start in zip(ends(output), expected):
        assert end.startswith(start), output
    names = [[row["name"] for row in one["servers"]] for one in report_in(tmp_path / "home" / "my report")["clouds"]]
    assert names == [["srv-0001"], ["only-here"]] and not (tmp_path / "unknown").exists()


# ========== guards ==========
def test_no_keyword_lets_a_lost_cloud_pass(cloud: Emulator, tmp_path: Path) -> None:
    all_well(cloud)
    clouds = several(tmp_path, cloud, cloud)
    role = {"hosts": "localhost", "gather_facts": False, "roles": ["opentelekomcloud.csbs.report"], "tags": "nightly"}
    given = {"csbs_clouds": ["good", "wrong"]}
    code, output = own_play_with(clouds, "good", tmp_path, [{**role, **CARELESS}], given, "--tags", "nightly")
    assert code != 0 and "NOT JUDGED" in output and report_in(tmp_path / "protection-report"), output


def test_both_services_are_one_report_with_a_row_for_each_server(cloud: Emulator, tmp_path: Path) -> None:
    all_well(cloud)
    ids = list(cloud.state.servers)
    # Two servers have moved: their old backups are in CSBS, and one has its first backup in CBR.
    (policy,) = cloud.state.policies.values()
    policy.resources = [row for row in policy.resources if row["id"] not in ids[:2]]
    vault = cloud.make_vault("nightly", ids[:2])
    cloud.make_vault_policy("nightly", [vault.id])
    cloud.make_vault_backup(ids[0], vault.id, age=60)
    parked = cloud.make_vault("parked")
    given = {"csbs_services": "csbs, cbr", "csbs_report_path": "out", "csbs_fail_on_findings": "true"}
    code, output = play(cloud, tmp_path, "report", given)
    assert code != 0 and "FINDINGS: Vaults that cost money and protect no server." in output, output
    (one,) = report_in(tmp_path / "out")["clouds"]
    assert one["services"] == ["csbs", "cbr"] and len(one["servers"]) == 6
    assert [row["service"] for row in one["servers"]].count("cbr") == 2
    assert sum(row["backup_count"] for row in one["servers"]) == 7
    assert {vault["name"] for vault in one["vaults"]} == {"nightly", "parked"}
    page = (tmp_path / "out" / "protection.html").read_text(encoding="utf-8")
    assert page.count("<small>CBR</small>") == 2 and "CBR gives no size of single backups" in page
    markdown = (tmp_path / "out" / "protection.md").read_text(encoding="utf-8")
    assert "| cloud | server | ID | service | policy |" in markdown
    assert f'vault="parked",vault_id="{parked.id}"' in (tmp_path / "out" / "protection.prom").read_text(
        encoding="utf-8"
    )
    assert cloud.journal.writes() == []


# ========== on the way to CBR ==========
def half_done(cloud: Emulator) -> None:
    """Move two of three servers of a policy to CBR, leave one on its way, and block another policy."""
    cloud.settings(speed=300)
    weekly = {"frequency": "weekly", "days": [DAYS[(cloud.clock.now().weekday() + 4) % 7]], "times": ["02:00"]}
    policies = {
        "nightly": (["srv-0001", "srv-0002", "srv-0003"], {"days": 14}),
        "mixed": (["srv-0004"], {"days": 14, "max_backups": 3}),
    }
    for name, (servers, retention) in policies.items():
        run_ok("csbs_policy", {"name": name, "schedule": weekly, "retention": retention, "servers": servers}, cloud)
        for server in servers:
            cloud.make_backup(cloud.server(server).id, "old", age=3600)
    chosen = {"servers": ["srv-0001", "srv-0002"], "max_age": "52w", "poll_interval": 0.2}
    run_ok("csbs_migration", {"policy": "nightly", "state": "moved", **chosen}, cloud)
    cloud.make_vault("interrupted", tags={cloud.server("srv-0005").id: policy_in(cloud, "nightly").id})
    cloud.settings(speed=0)
    cloud.journal.clear()


def test_a_report_over_both_services_tells_where_each_server_is_on_the_way_to_cbr(
    cloud: Emulator, tmp_path: Path
) -> None:
    half_done(cloud)
    given = {"csbs_services": ["csbs", "cbr"], "csbs_max_age": "52w"}
    tasks = [
        include(**given, csbs_report_path="all"),
        include(**given, csbs_report_path="one", csbs_servers=["srv-0004"]),
        include(**given, csbs_report_path="none", csbs_servers=["srv-0006"]),
    ]
    code, output = own_play(cloud, tmp_path, on_control(*tasks), {})
    line = "On the way to CBR: 2 servers are done, 1 on the way, 2 in CSBS. Blocked policies: 1."
    assert code == 0 and output.count(line) == 1 and cloud.journal.writes() == [], output

    document = report_in(tmp_path / "all")
    migration = document["clouds"][0]["migration"]
    assert document["migration"]["complete"] and document["migration"]["done"] == 2
    assert {row["name"]: "done" if row["done"] else row["state"] for row in migration["servers"]} == {
        "srv-0001": "done",
        "srv-0002": "done",
        "srv-0003": "csbs",
        "srv-0004": "csbs",
        "srv-0005": "moving",
        "srv-0006": "none",
    }
    told = {row["name"]: (row["state"], row["servers"], bool(row["blockers"])) for row in migration["policies"]}
    assert told == {
        "nightly": ("moving", {"csbs": 1, "moving": 1, "cbr": 2}, False),
        "mixed": ("csbs", {"csbs": 1, "moving": 0, "cbr": 0}, True),
    }
    page = (tmp_path / "all" / "protection.html").read_text(encoding="utf-8")
    assert "<strong>2 of 6 servers</strong> are in CBR" in page and page.count("<tr class=a hidden>") == 2
    assert (
        "| nightly |"
        in (tmp_path / "all" / "protection.md").read_text(encoding="utf-8").split("## On the way to CBR")[1]
    )

    chosen = report_in(tmp_path / "one")["clouds"][0]["migration"]
    assert [row["name"] for row in chosen["servers"]] == ["srv-0004"]
    assert [row["name"] for row in chosen["policies"]] == ["mixed"]
    assert report_in(tmp_path / "none")["migration"] is None
    assert "On the way to CBR" not in (tmp_path / "none" / "protection.html").read_text(encoding="utf-8")


def test_the_job_is_red_and_the_report_says_so_when_the_plan_of_the_migration_cannot_be_read(
    cloud: Emulator, tmp_path: Path
) -> None:
    half_done(cloud)
    cloud.faults.add(path="/csbs_backup_policy/resource_instances", status=403, error_msg="no right", times=-1)
    given = {"csbs_services": "csbs,cbr", "csbs_max_age": "52w"}
    role = {"hosts": "localhost", "gather_facts": False, "roles": ["opentelekomcloud.csbs.report"]}
    for options in ([], ["--check"]):
        code, output = own_play(cloud, tmp_path, [{**role, **CARELESS}], given, *options)
        assert code != 0 and "NOT READ: where the servers are on the way to CBR. " in output, output
        assert "no right" in output and "6 servers meet the promised recovery point" in output
    document = report_in(tmp_path / "protection-report")
    assert document["complete"] and document["migration"]["complete"] is False
    assert "no right" in document["clouds"][0]["migration"]["error"]
    page = (tmp_path / "protection-report" / "protection.html").read_text(encoding="utf-8")
    assert "Incomplete: not everything could be read" in page and "no right" in page


@pytest.mark.parametrize("services", [{}, {"csbs_service": "cbr"}, {"csbs_services": ["cbr", "cbr"]}])
def test_a_report_over_one_service_asks_nothing_for_the_migration(
    cloud: Emulator, tmp_path: Path, services: dict[str, t.Any]
) -> None:
    half_done(cloud)
    run_ok("csbs_audit_info", {key.removeprefix("csbs_"): value for key, value in services.items()}, cloud)
    audit = [(entry["method"], entry["path"]) for entry in cloud.journal]
    cloud.journal.clear()
    code, output = play(cloud, tmp_path, "report", services)
    assert code == 0 and [(entry["method"], entry["path"]) for entry in cloud.journal] == audit, output
    assert report_in(tmp_path / "protection-report")["migration"] is None


def test_a_service_may_be_chosen_and_a_wrong_one_is_refused(cloud: Emulator, tmp_path: Path) -> None:
    code, output = play(cloud, tmp_path, "report", {"csbs_services": ["csbs", "vbs"]})
    assert code != 0 and "csbs_services" in output and "vbs" in output
    assert not list(cloud.journal) and not (tmp_path / "protection-report").exists()
    code, output = play(cloud, tmp_path, "report", {"csbs_service": "cbr", "csbs_report_path": "out"})
    (one,) = report_in(tmp_path / "out")["clouds"]
    assert code == 0 and one["services"] == ["cbr"] and one["policies"] == [], output
    assert {row["service"] for row in one["servers"]} == {"cbr"}
