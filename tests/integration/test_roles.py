# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks backup, restore, prune, offboard and patch_with_backup, as a user runs them.

What each is for is shown in the cloud's reference mode here, and in its live mode by test_awx.py and molecule.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.estate import backup_in, policy_in, protected, set_server
from tests.support.modes import one_mode, reference_mode
from tests.support.plays import changed, inventory, play

pytestmark = pytest.mark.e2e

FAST = {"csbs_poll_interval": 0.2}
DAY = 86400


def backups_of(cloud: Emulator, server: str) -> list[t.Any]:
    """Return the backups of a server as the cloud holds them, the oldest first."""
    wanted = cloud.server(server).id
    return sorted(
        (item for item in cloud.state.items.values() if item.resource_id == wanted), key=lambda item: item.created_at
    )


def names(cloud: Emulator, server: str) -> list[str]:
    return [item.name for item in backups_of(cloud, server)]


def settled(cloud: Emulator, server: str) -> str:
    """Return the state of a server."""
    return str(cloud.server(server).status)


def restores(cloud: Emulator) -> list[t.Any]:
    return [entry for entry in cloud.journal.writes() if entry["path"].endswith("/restores")]


# ========== backup ==========
@reference_mode
def test_backup_predicts_backs_up_and_is_done_the_second_time(cloud: Emulator, tmp_path: Path) -> None:
    given = {
        **FAST,
        "csbs_servers": ["srv-0001"],
        "csbs_server_filters": {"name": "srv-0002"},
        "csbs_backup_name": "b",
        "csbs_tags": {"a": "1"},
    }
    code, output = play(cloud, tmp_path, "backup", given, "--check", "--diff")
    assert code == 0, output
    assert changed(output) == 1 and cloud.journal.writes() == []
    code, output = play(cloud, tmp_path, "backup", given)
    assert code == 0, output
    assert changed(output) == 1 and "srv-0001: b-0001" in output
    assert [item.status for name in ("srv-0001", "srv-0002") for item in backups_of(cloud, name)] == ["available"] * 2
    cloud.journal.clear()
    code, output = play(cloud, tmp_path, "backup", given)
    assert code == 0, output
    assert changed(output) == 0 and cloud.journal.writes() == []


@one_mode
def test_backup_tells_whom_it_left_out_and_fails_when_that_was_not_allowed(cloud: Emulator, tmp_path: Path) -> None:
    set_server(cloud, "srv-0002", status="ERROR")
    given = {**FAST, "csbs_servers": ["srv-0001", "srv-0002"], "csbs_max_age": "24h"}
    code, output = play(cloud, tmp_path, "backup", given)
    assert code != 0 and "srv-0002" in output and cloud.journal.writes() == []
    code, output = play(cloud, tmp_path, "backup", {**given, "csbs_skip_unprotectable": True})
    assert code == 0 and "srv-0002: NOT BACKED UP" in output
    assert len(backups_of(cloud, "srv-0001")) == 1


@one_mode
def test_backup_of_nothing_fails(cloud: Emulator, tmp_path: Path) -> None:
    code, output = play(cloud, tmp_path, "backup", {"csbs_server_filters": {"name": "nothing-*"}})
    assert code != 0 and "choose no server" in output
    assert cloud.journal.writes() == []


# ========== restore ==========
@reference_mode
def test_restore_shows_the_mapping_needs_to_be_confirmed_and_restores(cloud: Emulator, tmp_path: Path) -> None:
    cloud.make_backup(cloud.server("srv-0001").id, "good", age=DAY)
    given = {**FAST, "csbs_server": "srv-0001", "csbs_backup": "good", "csbs_power_on": False}
    code, output = play(cloud, tmp_path, "restore", given)
    assert code != 0 and "csbs_confirm" in output
    code, output = play(cloud, tmp_path, "restore", given, "--check", "--diff")
    assert code == 0, output
    assert changed(output) == 1 and "srv-0001-volume-0000" in output
    assert cloud.journal.writes() == []
    code, output = play(cloud, tmp_path, "restore", {**given, "csbs_confirm": True})
    assert code == 0, output
    assert changed(output) == 1 and len(restores(cloud)) == 1 and settled(cloud, "srv-0001") == "SHUTOFF"


@one_mode
def test_a_restore_that_fails_in_silence_is_red(cloud: Emulator, tmp_path: Path) -> None:
    cloud.make_backup(cloud.server("srv-0001").id, "good", age=DAY)
    set_server(cloud, "srv-0001", fail_next_restore="disk detached")
    code, output = play(cloud, tmp_path, "restore", {**FAST, "csbs_server": "srv-0001", "csbs_confirm": True})
    assert code != 0 and "disk detached" in output


# ========== prune ==========
@reference_mode
def test_prune_predicts_thins_tells_why_and_is_done_the_second_time(cloud: Emulator, tmp_path: Path) -> None:
    for age in (1, 2, 3):
        cloud.make_backup(cloud.server("srv-0001").id, f"old-{age}", age=age * DAY)
    cloud.make_backup(cloud.server("srv-0002").id, "other", age=9 * DAY)
    given = {**FAST, "csbs_servers": ["srv-0001"], "csbs_keep_last": 2}
    code, output = play(cloud, tmp_path, "prune", given, "--check", "--diff")
    assert code == 0, output
    assert changed(output) == 1 and "REMOVED srv-0001 | old-3" in output and cloud.journal.writes() == []
    code, output = play(cloud, tmp_path, "prune", given)
    assert code == 0, output
    assert "KEPT srv-0001 | old-1" in output and "| last" in output
    assert names(cloud, "srv-0001") == ["old-2", "old-1"] and names(cloud, "srv-0002") == ["other"]
    code, output = play(cloud, tmp_path, "prune", given)
    assert code == 0 and changed(output) == 0


@one_mode
@pytest.mark.parametrize(
    "given", [{"csbs_keep_last": 1}, {"csbs_servers": ["srv-0001"]}], ids=["no-servers", "no-rule"]
)
def test_prune_without_servers_or_rule_removes_nothing(
    cloud: Emulator, tmp_path: Path, given: dict[str, t.Any]
) -> None:
    code, output = play(cloud, tmp_path, "prune", given)
    assert code != 0, output
    assert cloud.journal.writes() == []


# ========== offboard ==========
OFFBOARD = {
    **FAST,
    "csbs_servers": ["srv-0001"],
    "csbs_final_backup": {"name": "final"},
    "csbs_delete_backups": True,
    "csbs_confirm": True,
}


@reference_mode
def test_offboard_keeps_the_last_backup_only_and_touches_nobody_else(cloud: Emulator, tmp_path: Path) -> None:
    protected(cloud)
    code, output = play(cloud, tmp_path, "offboard", OFFBOARD, "--check", "--diff")
    assert code == 0, output
    assert cloud.journal.writes() == []
    code, output = play(cloud, tmp_path, "offboard", OFFBOARD)
    assert code == 0, output
    assert names(cloud, "srv-0001") == ["final"] and names(cloud, "srv-0002") == ["old"]
    assert [one["id"] for one in policy_in(cloud, "nightly").resources] == [cloud.server("srv-0002").id]
    cloud.journal.clear()
    code, output = play(cloud, tmp_path, "offboard", OFFBOARD)
    assert code == 0, output
    assert changed(output) == 0 and cloud.journal.writes() == []


@one_mode
def test_offboard_lets_nothing_leave_without_a_good_last_backup(cloud: Emulator, tmp_path: Path) -> None:
    protected(cloud)
    set_server(cloud, "srv-0001", fail_next_backup="disk unreachable")
    code, output = play(cloud, tmp_path, "offboard", OFFBOARD)
    assert code != 0 and "disk unreachable" in output
    assert len(policy_in(cloud, "nightly").resources) == 2 and "old" in names(cloud, "srv-0001")


@one_mode
def test_offboard_deletes_nothing_unconfirmed(cloud: Emulator, tmp_path: Path) -> None:
    protected(cloud)
    code, output = play(cloud, tmp_path, "offboard", {**OFFBOARD, "csbs_confirm": False})
    assert code != 0 and "csbs_confirm" in output
    assert cloud.journal.writes() == []


@one_mode
@pytest.mark.parametrize("servers", [None, ""], ids=["null", "empty"])
def test_offboard_of_nobody_deletes_nothing(cloud: Emulator, tmp_path: Path, servers: str | None) -> None:
    """A survey whose question for the servers was left out must not mean all of them."""
    protected(cloud)
    code, output = play(
        cloud,
        tmp_path,
        "offboard",
        {**FAST, "csbs_servers": servers, "csbs_delete_backups": True, "csbs_confirm": True},
    )
    assert code != 0, output
    assert cloud.journal.writes() == []


@one_mode
def test_offboard_takes_out_a_server_that_is_gone(cloud: Emulator, tmp_path: Path) -> None:
    protected(cloud)
    gone = cloud.server("srv-0001").id
    cloud.remove_server(gone)
    code, output = play(
        cloud, tmp_path, "offboard", {**FAST, "csbs_servers": [gone], "csbs_delete_backups": True, "csbs_confirm": True}
    )
    assert code == 0, output
    assert not [item for item in cloud.state.items.values() if item.resource_id == gone]
    assert [one["id"] for one in policy_in(cloud, "nightly").resources] == [cloud.server("srv-0002").id]


# ========== patch_with_backup ==========
def patch(folder: Path, *tasks: dict[str, t.Any]) -> str:
    """Write a task file and return its name, as one that is relative to where the playbook is started."""
    (folder / "patch.yml").write_text(yaml.safe_dump(list(tasks)))
    return "patch.yml"


def touch(folder: Path) -> dict[str, t.Any]:
    return {
        "name": "Patch",
        "ansible.builtin.copy": {
            "content": "patched",
            "dest": f"{folder}/{{{{ inventory_hostname }}}}",
            "mode": "0600",
        },
    }


BREAK = {"name": "Break it", "ansible.builtin.fail": {"msg": "the package is broken"}}


@reference_mode
def test_each_host_is_patched_behind_a_backup_of_its_own(cloud: Emulator, tmp_path: Path) -> None:
    given = {**FAST, "csbs_patch_tasks": patch(tmp_path, touch(tmp_path)), "csbs_backup_name": "pre"}
    hosts = inventory(tmp_path, ["srv-0001", "srv-0002"])
    code, output = play(cloud, tmp_path, "patch_with_backup", given, hosts, "--check")
    assert code == 0, output
    assert cloud.journal.writes() == [] and not (tmp_path / "srv-0001").exists()
    code, output = play(cloud, tmp_path, "patch_with_backup", given, hosts)
    assert code == 0, output
    assert (tmp_path / "srv-0001").exists() and (tmp_path / "srv-0002").exists()
    assert names(cloud, "srv-0001") == names(cloud, "srv-0002") == ["pre"]
    first, second = backups_of(cloud, "srv-0001")[0], backups_of(cloud, "srv-0002")[0]
    assert second.created_at > first.finished_at, "the second host began before the first one was finished"

    code, output = play(cloud, tmp_path, "patch_with_backup", {**given, "csbs_hosts": "srv-0001"}, hosts)
    assert code == 0, output
    again = names(cloud, "srv-0001")
    assert len(again) == 2 and again[1].startswith("pre-"), "the second patch ran behind the first one's backup"
    assert len(names(cloud, "srv-0002")) == 1

    code, output = play(
        cloud, tmp_path, "patch_with_backup", {**given, "csbs_hosts": "srv-0001", "csbs_max_age": "52w"}, hosts
    )
    assert code == 0 and len(names(cloud, "srv-0001")) == 2


@one_mode
def test_a_host_without_a_good_backup_is_not_patched(cloud: Emulator, tmp_path: Path) -> None:
    set_server(cloud, "srv-0001", fail_next_backup="disk unreachable")
    given = {**FAST, "csbs_patch_tasks": patch(tmp_path, touch(tmp_path))}
    code, output = play(cloud, tmp_path, "patch_with_backup", given, inventory(tmp_path, ["srv-0001", "srv-0002"]))
    assert code != 0 and "disk unreachable" in output
    assert not (tmp_path / "srv-0001").exists() and not (tmp_path / "srv-0002").exists()


@one_mode
@pytest.mark.parametrize("asked", [True, False], ids=["restored", "left"])
def test_a_failed_patch_is_red_and_put_back_only_when_asked(cloud: Emulator, tmp_path: Path, asked: bool) -> None:
    given = {**FAST, "csbs_patch_tasks": patch(tmp_path, touch(tmp_path), BREAK), "csbs_restore_on_failure": asked}
    code, output = play(cloud, tmp_path, "patch_with_backup", given, inventory(tmp_path, ["srv-0001", "srv-0002"]))
    assert code != 0 and "PATCH FAILED on srv-0001" in output and "the package is broken" in output
    made = backups_of(cloud, "srv-0001")[0]
    assert ("PUT BACK" in output) is asked and made.id in output
    assert [entry["body"]["restore"]["parameters"]["checkpoint_item_id"] for entry in restores(cloud)] == (
        [made.id] if asked else []
    )
    assert settled(cloud, "srv-0001") == "ACTIVE" and backup_in(cloud, made.id).status == "available"
    assert backups_of(cloud, "srv-0002") == [], "the next host was begun after a failure"


@one_mode
def test_a_missing_task_file_is_noticed_before_anything_is_done(cloud: Emulator, tmp_path: Path) -> None:
    given = {**FAST, "csbs_patch_tasks": "nowhere.yml"}
    code, output = play(cloud, tmp_path, "patch_with_backup", given, inventory(tmp_path, ["srv-0001"]))
    assert code != 0 and "nowhere.yml" in output
    assert cloud.journal.writes() == []
