# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles with CBR: each of them once, and what they do only there. What they do with CSBS is in test_roles.py."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.estate import set_server
from tests.support.modes import one_mode
from tests.support.modules import run_ok
from tests.support.plays import changed, inventory, own_play, play

pytestmark = [pytest.mark.e2e, one_mode]

FAST = {"csbs_service": "cbr", "csbs_poll_interval": 0.2}
# A day goes by in seconds here, and backups of the schedule would come among those that are counted.
NIGHTLY = {"name": "nightly", "enabled": False, "schedule": {"frequency": "daily", "times": ["02:00"]}}


def include(role: str, **variables: t.Any) -> dict[str, t.Any]:
    return {"ansible.builtin.include_role": {"name": f"opentelekomcloud.csbs.{role}"}, "vars": variables}


def refused(task: dict[str, t.Any], word: str) -> dict[str, t.Any]:
    """Return a block that succeeds if a role refuses with a message that has a word."""
    told = {"that": f"'{word}' in ansible_failed_result.msg", "fail_msg": "{{ ansible_failed_result.msg }}"}
    return {
        "block": [task, {"ansible.builtin.debug": {"msg": "NOT REFUSED"}}],
        "rescue": [{"ansible.builtin.assert": told}],
    }


def on_control(*tasks: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    return [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}]


def protected(cloud: Emulator, *, backed_up: bool = False) -> None:
    """Put two servers under a policy of CBR, with a backup if that is wished."""
    given = {"service": "cbr", "servers": ["srv-0001", "srv-0002"]}
    run_ok("csbs_policy", {**NIGHTLY, **given}, cloud)
    if backed_up:
        run_ok("csbs_backup", {**given, "name": "before", "poll_interval": 0.2}, cloud)
    cloud.journal.clear()


def backups(cloud: Emulator, server: str) -> dict[str, str]:
    """Return the backups of a server in CBR, the oldest first: name and the vault that holds it."""
    rows = [row for row in cloud.state.cbr.backups.values() if row.resource_id == cloud.server(server).id]
    return {row.name: cloud.state.cbr.vaults[row.vault_id].name for row in sorted(rows, key=lambda row: row.created_at)}


def vault_of(cloud: Emulator, server: str) -> str | None:
    """Return the name of the vault that holds a server."""
    found = cloud.state.cbr.vault_of.get(cloud.server(server).id)
    return found and cloud.state.cbr.vaults[found].name


def test_one_play_protects_backs_up_prunes_restores_and_offboards(cloud: Emulator, tmp_path: Path) -> None:
    final = {"csbs_final_backup": {"name": "final"}, "csbs_delete_backups": True, "csbs_confirm": True}
    offboard = include("offboard", csbs_servers=["srv-0002"], **final)
    tasks = on_control(
        include(
            "protect",
            csbs_servers=["srv-0001", "srv-0002"],
            csbs_policy={**NIGHTLY, "vault": {"size_factor": 3}},
            csbs_backup={"name": "before"},
        ),
        include("backup", csbs_servers=["srv-0003"], csbs_backup_name="extra", csbs_vault="by-hand"),
        include("backup", csbs_servers=["srv-0001"], csbs_backup_name="second"),
        include("prune", csbs_servers=["srv-0001"], csbs_keep_last=1),
        include("restore", csbs_server="srv-0001", csbs_confirm=True),
        offboard,
    )
    code, output = own_play(cloud, tmp_path, tasks, FAST)
    assert code == 0, output
    assert "REMOVED srv-0001 | before-0001" in output and "in the vault nightly-parked, which is still billed" in output
    assert backups(cloud, "srv-0001") == {"second": "nightly"}
    assert backups(cloud, "srv-0002") == {"final": "nightly-parked"}
    assert backups(cloud, "srv-0003") == {"extra": "by-hand"}
    sizes = {vault.name: vault.size for vault in cloud.state.cbr.vaults.values()}
    assert sizes == {"nightly": 120, "by-hand": 40, "nightly-parked": 20}
    restores = [entry["body"]["restore"]["server_id"] for entry in cloud.journal.writes() if "restore" in entry["path"]]
    assert restores == [cloud.server("srv-0001").id]
    assert {entry["service"] for entry in cloud.journal.writes()} == {"cbr"}

    cloud.journal.clear()
    protect = include("protect", csbs_servers=["srv-0001"], csbs_policy=NIGHTLY)
    code, output = own_play(cloud, tmp_path, on_control(protect, offboard), FAST)
    assert (code, changed(output), cloud.journal.writes()) == (0, 0, []), output


def test_protect_in_check_mode_predicts_a_fleet_that_is_in_no_vault_yet(cloud: Emulator, tmp_path: Path) -> None:
    given = {"csbs_servers": ["srv-0001", "srv-0002"], "csbs_policy": NIGHTLY, "csbs_backup": {"name": "before"}}
    code, output = play(cloud, tmp_path, "protect", {**FAST, **given}, "--check")
    assert (code, changed(output), cloud.journal.writes()) == (0, 1, []), output


def test_backups_leave_with_their_server_only_when_that_is_confirmed_and_nothing_is_to_stay(
    cloud: Emulator, tmp_path: Path
) -> None:
    policy = {**NIGHTLY, "purge_servers": True}
    protected(cloud, backed_up=True)
    delete = {"csbs_servers": ["srv-0001"], "csbs_leaving_backups": "delete"}
    tries = [
        refused(include("offboard", **delete), "csbs_confirm"),
        refused(include("offboard", **delete, csbs_confirm=""), "csbs_confirm"),
        refused(
            include("offboard", **delete, csbs_confirm=True, csbs_final_backup={"name": "f"}), "csbs_leaving_backups"
        ),
        refused(include("offboard", **delete, csbs_confirm=True, csbs_final_backup=""), "csbs_final_backup is blank"),
        refused(include("offboard", **{**delete, "csbs_leaving_backups": "drop"}), "csbs_leaving_backups"),
        refused(
            include("protect", csbs_servers=["srv-0002"], csbs_policy={**policy, "leaving_backups": "delete"}),
            "confirm",
        ),
    ]
    code, output = own_play(cloud, tmp_path, on_control(*tries), FAST)
    assert code == 0 and "NOT REFUSED" not in output and cloud.journal.writes() == [], output
    assert vault_of(cloud, "srv-0001") == "nightly" and list(backups(cloud, "srv-0001")) == ["before-0001"]

    code, output = own_play(cloud, tmp_path, on_control(include("offboard", **delete, csbs_confirm=True)), FAST)
    assert code == 0, output
    assert vault_of(cloud, "srv-0001") is None and backups(cloud, "srv-0001") == {}
    assert vault_of(cloud, "srv-0002") == "nightly" and list(backups(cloud, "srv-0002")) == ["before-0002"]


def test_offboard_with_cbr_lets_nothing_leave_without_a_good_last_backup(cloud: Emulator, tmp_path: Path) -> None:
    protected(cloud)
    set_server(cloud, "srv-0001", fail_next_backup="disk unreachable")
    offboard = {"csbs_servers": ["srv-0001", "srv-0002"], "csbs_final_backup": {"name": "final"}}
    code, output = play(cloud, tmp_path, "offboard", {**FAST, **offboard})
    assert code != 0 and "disk unreachable" in output, output
    assert vault_of(cloud, "srv-0001") == vault_of(cloud, "srv-0002") == "nightly"


def test_hosts_of_one_vault_are_patched_at_once_and_a_failed_one_is_put_back(cloud: Emulator, tmp_path: Path) -> None:
    """CBR refuses a second restore point of a vault while one is made, so one host waits for the other."""
    hosts = ["srv-0001", "srv-0002"]
    protected(cloud)
    # A backup takes some seconds, so the second host begins while the first one is backed up.
    cloud.settings(speed=100)
    mark = {"content": "patched", "dest": f"{tmp_path}/{{{{ inventory_hostname }}}}", "mode": "0600"}
    steps = [
        {"name": "Break it", "ansible.builtin.fail": {"msg": "broken"}, "when": "inventory_hostname == 'srv-0001'"},
        {"name": "Patch", "ansible.builtin.copy": mark},
    ]
    (tmp_path / "patch.yml").write_text(yaml.safe_dump(steps))
    given = {
        **FAST,
        "csbs_patch_tasks": "patch.yml",
        "csbs_serial": 2,
        "csbs_restore_on_failure": True,
        "csbs_answer_timeout": 5,
    }
    code, output = play(cloud, tmp_path, "patch_with_backup", given, inventory(tmp_path, hosts))
    assert code != 0 and "Server srv-0001 was PUT BACK to backup before-patch" in output, output
    assert [(tmp_path / host).exists() for host in hosts] == [False, True]
    assert [list(backups(cloud, host)) for host in hosts] == [["before-patch"], ["before-patch"]]
    asked = [entry for entry in cloud.journal.writes() if entry["path"].endswith("/checkpoints")]
    assert sorted({entry["status"] for entry in asked}) == [200, 400], "nobody had to wait"
    restores = [entry["body"]["restore"]["server_id"] for entry in cloud.journal.writes() if "restore" in entry["path"]]
    assert restores == [cloud.server("srv-0001").id]
