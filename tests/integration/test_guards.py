# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays that try to get past the guards of roles: each dangerous task checks its conditions itself."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.estate import policy_in, protected, set_server
from tests.support.modes import one_mode
from tests.support.plays import inventory, own_play

pytestmark = [pytest.mark.e2e, one_mode]

ROLE = "opentelekomcloud.csbs."
FAST = {"csbs_poll_interval": 0.2}
# Every keyword of a play that lets failures pass.
CARELESS = {
    "ignore_errors": True,
    "ignore_unreachable": True,
    "any_errors_fatal": False,
    "max_fail_percentage": 100,
    "force_handlers": True,
}
OFFBOARD = {
    **FAST,
    "csbs_servers": ["srv-0001"],
    "csbs_final_backup": {"name": "final"},
    "csbs_delete_backups": True,
    "csbs_confirm": True,
}


def names(cloud: Emulator, server: str) -> list[str]:
    return sorted(
        item.name
        for item in cloud.state.items.values()
        if item.resource_id == cloud.server(server).id and item.status == "available"
    )


def members(cloud: Emulator) -> list[str]:
    named = {cloud.server(name).id: name for name in ("srv-0001", "srv-0002")}
    return [named[one["id"]] for one in policy_in(cloud, "nightly").resources]


def on_control(*tasks: dict[str, t.Any], **keywords: t.Any) -> dict[str, t.Any]:
    return {"hosts": "localhost", "gather_facts": False, "tasks": list(tasks), **keywords}


def include(role: str, **variables: t.Any) -> dict[str, t.Any]:
    return {"ansible.builtin.include_role": {"name": ROLE + role}, "vars": variables}


def rescued(*tasks: dict[str, t.Any]) -> dict[str, t.Any]:
    return {
        "block": list(tasks),
        "rescue": [{"ansible.builtin.debug": {"msg": "rescued: {{ ansible_failed_result.msg }}"}}],
    }


def patch_file(folder: Path) -> str:
    """Write patch tasks that leave a file for each server."""
    mark = {
        "content": "patched",
        "dest": f"{folder}/{{{{ csbs_server | default(inventory_hostname) }}}}",
        "mode": "0600",
    }
    (folder / "patch.yml").write_text(yaml.safe_dump([{"name": "Patch", "ansible.builtin.copy": mark}]))
    return str(folder / "patch.yml")


# ========== keywords, rescues, and what an earlier run has left ==========
def test_no_keyword_lets_a_patch_or_a_removal_go_on_without_its_backup(cloud: Emulator, tmp_path: Path) -> None:
    protected(cloud)
    set_server(cloud, "srv-0001", fail_next_backup="disk unreachable")
    set_server(cloud, "srv-0002", fail_next_backup="disk unreachable")
    plays = [
        {"hosts": "srv-0001", "gather_facts": False, "roles": [ROLE + "patch_with_backup"], **CARELESS},
        on_control(include("offboard", **{**OFFBOARD, "csbs_servers": ["srv-0002"]}), **CARELESS),
    ]
    given = {**FAST, "csbs_patch_tasks": patch_file(tmp_path), "csbs_restore_on_failure": True}
    code, output = own_play(cloud, tmp_path, plays[:1], given, inventory(tmp_path, ["srv-0001"]))
    assert code != 0 and "disk unreachable" in output and not (tmp_path / "srv-0001").exists(), output
    code, output = own_play(cloud, tmp_path, plays[1:], {})
    assert code != 0 and "disk unreachable" in output, output
    assert members(cloud) == ["srv-0001", "srv-0002"] and names(cloud, "srv-0002") == ["old"]


def test_nothing_that_an_earlier_run_has_left_stands_for_the_backup_of_this_one(
    cloud: Emulator, tmp_path: Path
) -> None:
    """The roles run twice in one play for other servers; the second backup fails, and a rescue lets the play go on."""
    protected(cloud)
    set_server(cloud, "srv-0002", fail_next_backup="disk unreachable")
    given = {**FAST, "csbs_patch_tasks": patch_file(tmp_path)}
    plays = [
        on_control(
            include("offboard", **OFFBOARD),
            include("patch_with_backup", csbs_server="srv-0001", csbs_max_age="52w"),
            rescued(include("patch_with_backup", csbs_server="srv-0002")),
            {
                "ansible.builtin.include_role": {"name": ROLE + "patch_with_backup", "tasks_from": "restore"},
                "vars": {"csbs_patch_lost": ["localhost"]},
            },
        )
    ]
    code, output = own_play(cloud, tmp_path, plays, given)
    assert code == 0 and "disk unreachable" in output, output
    assert (tmp_path / "srv-0001").exists() and not (tmp_path / "srv-0002").exists()
    set_server(cloud, "srv-0002", fail_next_backup="disk unreachable")
    (tmp_path / "srv-0001").unlink()
    again = {**OFFBOARD, "csbs_servers": ["srv-0002"]}
    code, output = own_play(
        cloud, tmp_path, [on_control(include("offboard", **OFFBOARD), rescued(include("offboard", **again)))], {}
    )
    assert code == 0 and "rescued" in output, output
    assert (
        members(cloud) == ["srv-0002"] and names(cloud, "srv-0002") == ["old"] and names(cloud, "srv-0001") == ["final"]
    )
    assert not [entry for entry in cloud.journal.writes() if entry["path"].endswith("/restores")]


def test_a_play_that_runs_for_good_although_started_as_a_check_deletes_nothing_unconfirmed(
    cloud: Emulator, tmp_path: Path
) -> None:
    protected(cloud)
    unconfirmed = {**FAST, "csbs_servers": ["srv-0001"], "csbs_delete_backups": True}
    plays = [
        on_control(
            include("offboard", **unconfirmed), rescued(include("restore", csbs_server="srv-0001")), check_mode=False
        ),
        {"hosts": "srv-0002", "gather_facts": False, "check_mode": False, "roles": [ROLE + "patch_with_backup"]},
    ]
    set_server(cloud, "srv-0002", fail_next_backup="disk unreachable")
    given = {**FAST, "csbs_patch_tasks": patch_file(tmp_path)}
    code, output = own_play(cloud, tmp_path, plays, given, "--check", inventory(tmp_path, ["srv-0002"]))
    assert code != 0 and "disk unreachable" in output, output
    assert members(cloud) == ["srv-0001", "srv-0002"] and names(cloud, "srv-0001") == ["old"]
    assert not (tmp_path / "srv-0002").exists()


# ========== beginning in the middle ==========
TRIED = {
    "migrate_to_cbr": ["Prepare or move policy by policy", "Read the plan again", "Check that it was done"],
    "offboard": [
        "Read the last backups again",
        "Remove the servers from their policies",
        "Read the last backups once more",
        "Delete all backups except the last ones",
        "Verify the result",
    ],
    "patch_with_backup": [
        "Read the backup again",
        "Mark the patch as begun",
        "Run the patch tasks",
        "Check that the host still answers",
        "Delete all except the newest",
    ],
    "protect": ["Add the servers to the backup policy"],
    "prune": ["Prune the backups"],
    "report": ["Write the data", "Fail if there are findings"],
    "restore": ["Restore the server"],
}
NO_CHOICE = {"csbs_server_filters": {"name": "nothing-*"}}
WISHES: dict[str, dict[str, t.Any]] = {
    "migrate_to_cbr": {"csbs_phase": "move", "csbs_max_age": "52w"},
    "offboard": OFFBOARD,
    "patch_with_backup": {"csbs_server": "srv-0001", "csbs_keep_backups": 1, "csbs_restore_on_failure": True},
    "protect": {**NO_CHOICE, "csbs_policy": {"name": "nightly", "purge_servers": True}},
    "prune": {
        "csbs_servers": ["srv-0001"],
        "csbs_backup_name": "",
        "csbs_keep_within": "1d",
        "csbs_keep_tags": {"a": "b"},
    },
    "report": {"csbs_fail_on_findings": False},
    "restore": {"csbs_server": "srv-0001", "csbs_confirm": ""},
}


@pytest.mark.parametrize(("role", "task"), [(role, task) for role, tasks in TRIED.items() for task in tasks])
def test_who_begins_in_the_middle_changes_nothing(cloud: Emulator, tmp_path: Path, role: str, task: str) -> None:
    protected(cloud)
    given = {**FAST, **WISHES[role], "csbs_patch_tasks": patch_file(tmp_path)}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [ROLE + role], **CARELESS}
    code, output = own_play(cloud, tmp_path, [play], given, f"--start-at-task={ROLE}{role} : {task}")
    assert "No matching task" not in output and code != 0, output
    if role in ("offboard", "patch_with_backup", "protect"):
        assert "NOT DONE" in output or "NOT PATCHED" in output, output
    assert cloud.journal.writes() == [] and not (tmp_path / "srv-0001").exists()
    assert not list(tmp_path.rglob("protection.*"))


# ========== nobody chosen ==========
def test_each_role_for_nobody_is_red_and_writes_nothing(cloud: Emulator, tmp_path: Path) -> None:
    protected(cloud)
    roles: dict[str, dict[str, t.Any]] = {
        "backup": {},
        "offboard": {"csbs_delete_backups": True, "csbs_confirm": True},
        "protect": {"csbs_policy": {"name": "new", "schedule": {"frequency": "daily", "times": ["02:00"]}}},
        "prune": {"csbs_keep_last": 1},
    }
    chosen: dict[str, dict[str, t.Any]] = {
        "by-filter": NO_CHOICE,
        "by-list": {"csbs_servers": []},
        "blank": {"csbs_servers": "", "csbs_server_filters": None},
    }
    tries = [rescued(include(role, **given, **choice)) for role, given in roles.items() for choice in chosen.values()]
    code, output = own_play(cloud, tmp_path, [on_control(*tries)], {})
    assert code == 0 and output.count("rescued: NOT DONE") == len(tries), output
    assert cloud.journal.writes() == []


# ========== becoming ==========
def test_what_talks_to_the_cloud_never_becomes_another_user(cloud: Emulator, tmp_path: Path) -> None:
    """Becoming fails here, as on a control node without sudo; the interpreter of the play is only on the hosts."""
    protected(cloud)
    hosts = inventory(tmp_path, ["srv-0002"], ansible_become=True)
    # Who is that user already does not become it, so it is one whom no test runs as.
    given = {
        **FAST,
        "csbs_patch_tasks": patch_file(tmp_path),
        "ansible_become_exe": "/bin/false",
        "ansible_become_user": "nobody",
    }
    policy = {"name": "daily", "schedule": {"frequency": "daily", "times": ["02:00"]}}
    plays = [
        on_control(
            include("protect", csbs_servers=["srv-0003"], csbs_policy=policy, csbs_backup={"name": "b"}),
            include("backup", csbs_servers=["srv-0003"], csbs_backup_name="b"),
            include("restore", csbs_server="srv-0003", csbs_confirm=True),
            include("prune", csbs_servers=["srv-0003"], csbs_keep_last=1),
            include("report", csbs_servers=["srv-0003"]),
            include("migrate_to_cbr", csbs_report_path=str(tmp_path)),
            include("offboard", csbs_servers=["srv-0003"], csbs_final_backup={"name": "b"}),
            become=True,
            vars={"ansible_become": True},
        ),
        {
            "hosts": "srv-0002",
            "gather_facts": False,
            "become": True,
            "vars": {"ansible_python_interpreter": "/nowhere/python"},
            "roles": [ROLE + "patch_with_backup"],
        },
    ]
    code, output = own_play(cloud, tmp_path, plays, given, hosts, "--become")
    assert code != 0 and "Good backup of srv-0002: before-patch" in output, output
    assert "PATCH FAILED on srv-0002" in output and names(cloud, "srv-0002") == ["before-patch", "old"]
