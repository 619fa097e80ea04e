# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every job template of docs/awx, launched as AWX launches it, against the local cloud in its live mode."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.awx import (
    AWX,
    SETTINGS,
    TEMPLATES,
    artifacts,
    changed,
    credentials,
    extra_vars,
    launch,
    output,
    questions,
    refusals,
)
from tests.support.modules import run_ok

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
FAST = {"csbs_poll_interval": 0.2}
DAY = 86400
COMPATIBLE = {"text": {"str", "list", "path", "raw"}, "integer": {"int"}, "multiplechoice": {"bool", "str"}}


@pytest.fixture
def cloud() -> t.Iterator[Emulator]:
    with Emulator(mode="live", speed=3000, list_delay=0.1, servers=3) as running:
        for name in ("srv-0001", "srv-0002"):
            running.change_server(running.server(name).id, metadata={"env": "prod"})
        yield running
        assert not running.contract_violations and not running.internal_errors


def check_and_run(name: str, cloud: Emulator, folder: Path, answers: dict[str, t.Any] | None = None) -> t.Any:
    """Launch a job as a check, which must write nothing, then for good, with as many changes; return the second."""
    predicted = changed(launch(name, cloud, folder / "check", answers, check=True, **FAST))
    assert cloud.journal.writes() == []
    job = launch(name, cloud, folder / "run", answers, **FAST)
    assert changed(job) == predicted > 0
    assert "secret-demo-password" not in output(job)
    return job


def of(cloud: Emulator, server: str) -> list[t.Any]:
    """Return the backups of a server, the oldest first."""
    return sorted(
        (item for item in cloud.state.items.values() if item.resource_id == cloud.server(server).id),
        key=lambda item: item.created_at,
    )


# ========== the templates ==========
def test_every_playbook_has_a_template_and_a_file_in_the_project() -> None:
    playbooks = {path.name for path in (ROOT / "playbooks").glob("*.yml")}
    assert {template["playbook"] for template in TEMPLATES.values()} == playbooks
    for name in playbooks:
        last = yaml.safe_load((AWX / "project" / name).read_text())[-1]
        if name == "report.yml":  # hands on what the role made, also when it fails
            used = last["tasks"][0]["block"][0]["ansible.builtin.include_role"]["name"]
        else:
            used = last["ansible.builtin.import_playbook"]
        assert used == f"opentelekomcloud.csbs.{Path(name).stem}"


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_a_template_sets_and_asks_are_variables_of_its_role(name: str) -> None:
    template = TEMPLATES[name]
    role = Path(template["playbook"]).stem
    variables = yaml.safe_load((ROOT / "roles" / role / "vars" / "main.yml").read_text())
    # The documented types are wider, for a blank answer is none.
    options = variables[f"csbs_{role.removesuffix('_with_backup').removesuffix('_to_cbr')}_spec"]
    assert set(template.get("extra_vars", {})) <= set(options)
    for question in questions(template):
        option = options[question["variable"]]
        assert option["type"] in COMPATIBLE[question["type"]], question["variable"]
        if option["type"] == "str" and "choices" in question:
            assert question["choices"] == option["choices"]


@pytest.mark.parametrize("name", [name for name, one in TEMPLATES.items() if one["playbook"] != "migrate_to_cbr.yml"])
def test_every_template_asks_for_the_service_and_proposes_the_one_of_today(name: str) -> None:
    asked = [one for one in questions(TEMPLATES[name]) if one["variable"] == "csbs_service"]
    assert [(one["choices"], one["default"], one["required"]) for one in asked] == [(["csbs", "cbr"], "csbs", True)]


@pytest.mark.parametrize("name", [name for name, template in TEMPLATES.items() if "rrule" in template])
def test_a_schedule_answers_what_its_survey_requires(name: str) -> None:
    """AWX does not take a default for an answer there, as it does when a person launches a job."""
    template = TEMPLATES[name]
    answers = template.get("answers", {})
    assert {question["variable"] for question in questions(template) if question["required"]} <= set(answers)
    assert extra_vars(template, answers).items() >= answers.items()


def test_the_controllers_modules_take_what_they_are_given(tmp_path: Path) -> None:
    """ansible-lint does not look at the options of these modules."""
    assert refusals(tmp_path) == []


def test_protect_reports_drift_and_has_nothing_to_do_the_second_time(cloud: Emulator, tmp_path: Path) -> None:
    assert changed(launch("CSBS drift report", cloud, tmp_path / "drift", **FAST)) == 1
    assert cloud.journal.writes() == []
    job = launch("CSBS protect", cloud, tmp_path / "run", **FAST)
    assert changed(job) == 1
    assert "secret-demo-password" not in output(job)
    assert len(next(iter(cloud.state.policies.values())).resources) == 2
    cloud.journal.clear()
    assert changed(launch("CSBS drift report", cloud, tmp_path / "second", **FAST)) == 0
    assert cloud.journal.writes() == []


def test_jobs_work_with_the_service_that_the_survey_names(cloud: Emulator, tmp_path: Path) -> None:
    service = {"csbs_service": "cbr"}
    assert changed(launch("CSBS protect", cloud, tmp_path / "run", service, **FAST)) == 1
    answers = {**service, "csbs_servers": "srv-0003", "csbs_vault": "by-hand"}
    assert changed(launch("CSBS backup", cloud, tmp_path / "backup", answers, **FAST)) == 1
    assert {vault.name: len(vault.members) for vault in cloud.state.cbr.vaults.values()} == {"nightly": 2, "by-hand": 1}
    assert {entry["service"] for entry in cloud.journal.writes()} == {"cbr"}


def test_backup_takes_the_answers_of_its_survey(cloud: Emulator, tmp_path: Path) -> None:
    check_and_run("CSBS backup", cloud, tmp_path, {"csbs_servers": "srv-0001,srv-0002", "csbs_backup_name": "before"})
    assert [item.name for name in ("srv-0001", "srv-0002") for item in of(cloud, name)] == [
        "before-0001",
        "before-0002",
    ]
    assert of(cloud, "srv-0003") == []


def test_an_empty_answer_for_servers_backs_nothing_up(cloud: Emulator, tmp_path: Path) -> None:
    job = launch("CSBS backup", cloud, tmp_path / "run", {"csbs_servers": ""}, **FAST)
    assert job.status == "failed" and "Neither csbs_servers nor csbs_server_filters has a value" in job.stdout.read()
    assert len(cloud.journal) == 0


def test_restore_waits_for_its_confirmation(cloud: Emulator, tmp_path: Path) -> None:
    cloud.make_backup(cloud.server("srv-0001").id, "good", age=DAY)
    job = launch("CSBS restore", cloud, tmp_path / "unconfirmed", {"csbs_server": "srv-0001"}, **FAST)
    assert job.status == "failed" and "csbs_confirm" in job.stdout.read() and cloud.journal.writes() == []
    check_and_run("CSBS restore", cloud, tmp_path, {"csbs_server": "srv-0001", "csbs_confirm": "true"})
    assert [entry.path.rsplit("/", 1)[1] for entry in cloud.journal.writes()] == ["restores"]


def test_prune_counts_as_the_survey_says(cloud: Emulator, tmp_path: Path) -> None:
    for age in (1, 2, 3):
        cloud.make_backup(cloud.server("srv-0001").id, f"old-{age}", age=age * DAY)
        cloud.make_backup(cloud.server("srv-0003").id, f"of-no-prod-{age}", age=age * DAY)
    check_and_run("CSBS prune", cloud, tmp_path, {"csbs_keep_last": 2, "csbs_keep_daily": 0, "csbs_keep_monthly": 0})
    assert [item.name for item in of(cloud, "srv-0001")] == ["old-2", "old-1"]
    assert len(of(cloud, "srv-0003")) == 3


def test_prune_judges_only_the_backups_that_the_survey_names(cloud: Emulator, tmp_path: Path) -> None:
    for age in (1, 100, 200, 300):
        cloud.make_backup(cloud.server("srv-0001").id, f"old-{age}", age=age * DAY)
    cloud.make_backup(cloud.server("srv-0001").id, "special", age=400 * DAY)
    counts = {"csbs_keep_last": 1, "csbs_keep_daily": 0, "csbs_keep_monthly": 0}
    blank = launch("CSBS prune", cloud, tmp_path / "blank", {**counts, "csbs_backup_name": ""}, **FAST)
    assert (
        blank.status == "failed" and "csbs_backup_name is blank" in blank.stdout.read() and cloud.journal.writes() == []
    )
    assert (
        changed(
            launch(
                "CSBS prune",
                cloud,
                tmp_path / "run",
                {**counts, "csbs_backup_name": "old-*", "csbs_older_than": "150d"},
                **FAST,
            )
        )
        == 1
    )
    assert [item.name for item in of(cloud, "srv-0001")] == ["special", "old-100", "old-1"]


def test_offboard_keeps_older_backups_unless_told(cloud: Emulator, tmp_path: Path) -> None:
    cloud.make_backup(cloud.server("srv-0001").id, "old", age=DAY)
    check_and_run("CSBS offboard", cloud, tmp_path, {"csbs_servers": "srv-0001"})
    assert [item.name for item in of(cloud, "srv-0001")] == ["old", "final"]


def test_report_hands_its_page_and_its_figures_on_and_takes_no_name_for_a_template(
    cloud: Emulator, tmp_path: Path
) -> None:
    cloud.add_server("{{ 7 * 191 }}<b>")
    answers = {"csbs_fail_on_findings": "false"}
    check = launch("CSBS report", cloud, tmp_path / "check", answers, check=True, **FAST)
    assert changed(check) > 0 and artifacts(check)["csbs_report_html"].startswith("The page is not here: check mode")
    assert not (tmp_path / "check" / "project" / "protection-report").exists()

    job = launch("CSBS report", cloud, tmp_path / "run", answers, **FAST)
    assert changed(job) > 0 and cloud.journal.writes() == []
    made = tmp_path / "run" / "project" / "protection-report"
    page, report = artifacts(job)["csbs_report_html"], artifacts(job)["csbs_report"]
    assert page == (made / "protection.html").read_text()
    assert "{{ 7 * 191 }}&lt;b&gt;" in page and "1337" not in page
    whole = json.loads((made / "protection.json").read_text())
    assert whole["clouds"][0]["findings"][0]["objects"]
    assert report == {key: whole[key] for key in report} and not {"clouds", "growth", "unknown_servers"} & set(report)
    assert (report["verdict"], report["complete"], report["summary"]["servers"]) == ("not_met", True, 4)
    assert {"kind": "unprotected", "count": 4}.items() <= report["findings"][1].items()
    assert artifacts(check)["csbs_report"]["summary"] == report["summary"]
    assert "<html" not in job.stdout.read() and "secret-demo-password" not in output(job)


def test_a_scheduled_report_turns_red_because_of_findings_and_still_hands_them_on(
    cloud: Emulator, tmp_path: Path
) -> None:
    answers = TEMPLATES["CSBS report"]["answers"]
    red = launch("CSBS report", cloud, tmp_path / "red", answers, **FAST)
    assert red.status == "failed" and "FINDINGS: " in red.stdout.read()
    assert artifacts(red)["csbs_report"]["summary"]["recovery_point_not_met"] == 3
    assert (
        artifacts(red)["csbs_report_html"]
        == (tmp_path / "red" / "project" / "protection-report" / "protection.html").read_text()
    )
    accepted = {**answers, "csbs_accepted_findings": "never_backed_up,unprotected"}
    job = launch("CSBS report", cloud, tmp_path / "accepted", accepted, **FAST)
    assert job.status == "successful" and artifacts(job)["csbs_report"]["findings"], job.stdout.read()


def test_a_report_that_is_not_made_hands_nothing_on_of_an_earlier_one(
    cloud: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder may be on a volume that outlives the job."""
    login = credentials(cloud)["clouds"]["devstack"]
    monkeypatch.setattr("tests.support.awx.credentials", lambda dummy: {"clouds": {"one": login, "two": login}})
    volume = {**FAST, "csbs_report_path": str(tmp_path / "volume"), "csbs_clouds": ["one", "two"]}
    first = launch("CSBS report", cloud, tmp_path / "first", {"csbs_fail_on_findings": "false"}, **volume)
    assert (tmp_path / "volume" / "protection.html").read_text() == artifacts(first)["csbs_report_html"]
    job = launch("CSBS report", cloud, tmp_path / "second", {"csbs_servers": "no-such-server"}, **volume)
    assert job.status == "failed" and "no-such-server" in job.stdout.read() and artifacts(job) == {}


def test_a_page_that_is_too_large_for_the_database_of_the_controller_is_left_out(
    cloud: Emulator, tmp_path: Path
) -> None:
    answers = {"csbs_fail_on_findings": "false"}
    job = launch("CSBS report", cloud, tmp_path / "run", answers, report_max_bytes=1, **FAST)
    size = (tmp_path / "run" / "project" / "protection-report" / "protection.html").stat().st_size
    assert job.status == "successful"
    assert artifacts(job)["csbs_report_html"] == (
        f"The page is not here: it has {size} bytes, and artifacts have at most 1."
    )


def test_slices_patch_each_host_once_behind_its_backup(cloud: Emulator, tmp_path: Path) -> None:
    """AWX splits an inventory and runs the parts side by side, on several nodes."""
    marks = tmp_path / "marks"
    marks.mkdir()
    patch = f"- name: Patch\n  ansible.builtin.command: touch {marks}/{{{{ inventory_hostname }}}}\n"
    mine = {**FAST, "tasks": patch}
    parts = (("srv-0001", "srv-0003"), ("srv-0002",))
    with ThreadPoolExecutor() as pool:
        jobs = list(pool.map(lambda part: launch("CSBS patch", cloud, tmp_path / part[0], hosts=part, **mine), parts))
    assert [job.status for job in jobs] == ["successful"] * 2, [job.stdout.read() for job in jobs]
    for name in ("srv-0001", "srv-0002", "srv-0003"):
        assert [(item.name, item.status) for item in of(cloud, name)] == [("before-patch", "available")], name
    assert sorted(path.name for path in marks.iterdir()) == ["srv-0001", "srv-0002", "srv-0003"]


def test_patch_takes_the_answers_of_its_survey(cloud: Emulator, tmp_path: Path) -> None:
    """A patch that fails on the first host; the second one is patched all the same, and its older backups go."""
    for server in ("srv-0001", "srv-0002"):
        for name, age in (("mine", 9), ("mine-20260301120000", 8), ("other", 7)):
            cloud.make_backup(cloud.server(server).id, name, age=age * DAY)
    patch = "- name: Patch\n  ansible.builtin.command: test {{ inventory_hostname }} = srv-0002\n"
    answers = {"csbs_backup_name": "mine", "csbs_continue_on_failure": "true", "csbs_keep_backups": 1}
    job = launch("CSBS patch", cloud, tmp_path / "run", answers, hosts=("srv-0001", "srv-0002"), tasks=patch, **FAST)
    assert job.status == "failed", job.stdout.read()
    assert [item.name for item in of(cloud, "srv-0001")][:-1] == ["mine", "mine-20260301120000", "other"]
    kept, new = (item.name for item in of(cloud, "srv-0002"))
    assert kept == "other" and new.startswith("mine-")


def test_jobs_side_by_side_leave_nobody_out_of_the_policy(cloud: Emulator, tmp_path: Path) -> None:
    """Two jobs of one template at once, each for servers of its own."""
    changed(launch("CSBS protect", cloud, tmp_path / "first", **FAST))
    more = [cloud.add_server(f"new-{number}") for number in range(2)]
    with ThreadPoolExecutor() as pool:
        jobs = [
            pool.submit(
                launch,
                "CSBS protect",
                cloud,
                tmp_path / server.name,
                csbs_servers=[server.name],
                csbs_server_filters={"name": server.name},
                **FAST,
            )
            for server in more
        ]
    assert [changed(job.result()) for job in jobs] == [1, 1]
    assert len(next(iter(cloud.state.policies.values())).resources) == 4


# ========== the workflow ==========
def test_the_workflow_moves_only_after_an_approval_and_each_job_gets_its_answers() -> None:
    play = yaml.safe_load((AWX / "controller.yml").read_text().replace("!unsafe", ""))[0]
    task = next(task for task in play["tasks"] if "awx.awx.workflow_job_template" in task)
    nodes = {one["identifier"]: one for one in task["awx.awx.workflow_job_template"]["workflow_nodes"]}
    jobs = {name: node["unified_job_template"]["name"] for name, node in nodes.items() if name != "approval"}
    assert set(jobs.values()) <= set(TEMPLATES)
    assert nodes["plan"]["related"] == {"success_nodes": [{"identifier": "approval"}]}
    assert nodes["approval"]["unified_job_template"]["type"] == "workflow_approval"
    before = {
        name for name, node in nodes.items() if {"identifier": "move"} in sum(node.get("related", {}).values(), [])
    }
    assert before == {"approval"} and nodes["approval"]["related"] == {"success_nodes": [{"identifier": "move"}]}
    for name in jobs.values():
        assert questions(TEMPLATES[name]) == SETTINGS["awx_workflow"]["survey"]["spec"]


def test_the_jobs_of_the_migration_lead_to_cbr(cloud: Emulator, tmp_path: Path) -> None:
    rare = {"frequency": "weekly", "days": ["MO", "TH"], "times": ["02:00"]}
    policy = {"name": "nightly", "servers": ["srv-0001"], "schedule": rare, "retention": {"days": 14, "max_backups": 9}}
    run_ok("csbs_policy", policy, cloud)
    cloud.make_backup(cloud.server("srv-0001").id, "last", age=60)
    cloud.journal.clear()
    mine = {**FAST, "csbs_max_age": "52w"}
    plan = launch("CSBS migration plan", cloud, tmp_path / "plan", **mine)
    assert changed(plan) == 0 and "BLOCKED nightly: " in plan.stdout.read() and cloud.journal.writes() == []
    mine["csbs_decisions"] = [{"policy": "nightly", "retention": {"days": 14}}]
    answers = {"csbs_policies": "nightly"}
    assert changed(launch("CSBS migration move", cloud, tmp_path / "move", answers, **mine)) == 2
    assert changed(launch("CSBS migration verify", cloud, tmp_path / "verify", answers, **mine)) == 0
    assert {vault.name: len(vault.members) for vault in cloud.state.cbr.vaults.values()} == {"nightly": 1}
    unconfirmed = launch("CSBS migration retire", cloud, tmp_path / "unconfirmed", answers, **mine)
    assert unconfirmed.status == "failed" and len(cloud.state.policies) == 1
    assert changed(launch("CSBS migration retire", cloud, tmp_path / "retire", {"csbs_confirm": "true"}, **mine)) == 1
    assert not cloud.state.policies


# ========== the execution environment ==========
def builder(*arguments: str) -> str:
    """Run ansible-builder and return what it printed."""
    tool = str(Path(sys.executable).with_name("ansible-builder"))
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_execution_environment_gets_the_sdk(tmp_path: Path) -> None:
    link = tmp_path / "ansible_collections" / "opentelekomcloud" / "csbs"
    link.parent.mkdir(parents=True)
    link.symlink_to(ROOT)
    needs = yaml.safe_load(builder("introspect", "--sanitize", str(tmp_path)))
    assert any("openstacksdk>=4.0.0" in line for line in needs["python"])


def test_the_definition_of_the_execution_environment_builds_a_context(tmp_path: Path) -> None:
    context = tmp_path / "context"
    builder("create", "--file", str(AWX / "execution-environment.yml"), "--context", str(context))
    wanted = yaml.safe_load((context / "_build" / "requirements.yml").read_text())
    assert [one["name"] for one in wanted["collections"]] == ["opentelekomcloud.csbs"]
