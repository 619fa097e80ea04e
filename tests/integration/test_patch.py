# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook patch_with_backup over several hosts: turns, hosts lost in mid-patch, and removal of old backups."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.modes import one_mode
from tests.support.plays import changed, inventory, play

pytestmark = [pytest.mark.e2e, one_mode]

FAST = {"csbs_poll_interval": 0.2, "csbs_answer_timeout": 5}
DAY = 86400
HOSTS = ["srv-0001", "srv-0002", "srv-0003"]


def tasks(folder: Path, *more: dict[str, t.Any]) -> str:
    """Write patch tasks that leave a file for each host, after those that are given."""
    mark = {"content": "patched", "dest": f"{folder}/{{{{ inventory_hostname }}}}", "mode": "0600"}
    (folder / "patch.yml").write_text(yaml.safe_dump([*more, {"name": "Patch", "ansible.builtin.copy": mark}]))
    return str(folder / "patch.yml")


def lose(host: str) -> dict[str, t.Any]:
    """Return a task after which nothing reaches a host any more, as when a patch takes its network down."""
    nowhere = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    return {
        "name": "Take the network down",
        "ansible.builtin.set_fact": nowhere,
        "when": f"inventory_hostname == '{host}'",
    }


def breaks(host: str) -> dict[str, t.Any]:
    return {
        "name": "Break it",
        "ansible.builtin.fail": {"msg": "the package is broken"},
        "when": f"inventory_hostname == '{host}'",
    }


def patched(folder: Path) -> list[str]:
    return [host for host in HOSTS if (folder / host).exists()]


def names(cloud: Emulator, server: str) -> list[str]:
    return sorted(item.name for item in cloud.state.items.values() if item.resource_id == cloud.server(server).id)


def restored(cloud: Emulator) -> list[str]:
    """Return the servers that were restored, once for each time."""
    owners = {cloud.server(host).id: host for host in HOSTS}
    wishes = [
        entry["body"]["restore"]["parameters"]
        for entry in cloud.journal.writes()
        if entry["path"].endswith("/restores")
    ]
    return [owners[given["targets"]["server_id"]] for given in wishes]


@pytest.mark.parametrize("asked", [True, False], ids=["restored", "left"])
def test_a_host_that_is_lost_in_mid_patch_is_put_back_only_when_asked(
    cloud: Emulator, tmp_path: Path, asked: bool
) -> None:
    """It is the only host of its turn, so that Ansible would end the run."""
    given = {**FAST, "csbs_patch_tasks": tasks(tmp_path, lose("srv-0001")), "csbs_restore_on_failure": asked}
    code, output = play(cloud, tmp_path, "patch_with_backup", given, inventory(tmp_path, HOSTS))
    assert (
        code != 0
        and "PATCH FAILED on srv-0001. Server srv-0001 was " + ("PUT BACK" if asked else "NOT put back") in output
    ), output
    assert "NOT PATCHED: srv-0002, because another host had failed." in output
    assert restored(cloud) == (["srv-0001"] if asked else []) and patched(tmp_path) == []
    assert names(cloud, "srv-0001") == ["before-patch"] and names(cloud, "srv-0002") == []


def test_a_rolling_patch_goes_on_when_asked_and_ends_red_with_each_failed_host(cloud: Emulator, tmp_path: Path) -> None:
    """One host is lost, one fails, one is patched; each is restored at most once, and the patched one never."""
    given = {
        **FAST,
        "csbs_patch_tasks": tasks(tmp_path, lose("srv-0001"), breaks("srv-0003")),
        "csbs_restore_on_failure": True,
        "csbs_continue_on_failure": True,
    }
    code, output = play(cloud, tmp_path, "patch_with_backup", given, inventory(tmp_path, HOSTS))
    assert code != 0 and patched(tmp_path) == ["srv-0002"], output
    assert sorted(restored(cloud)) == ["srv-0001", "srv-0003"]
    last = output[output.index("PLAY [Restore the servers of lost hosts") :]
    assert (
        "PATCH FAILED on srv-0001" in last
        and "PATCH FAILED on srv-0003" in last
        and "srv-0002" not in last[: last.index("PLAY RECAP")]
    )


def test_a_lost_host_is_not_put_back_to_a_backup_that_is_no_longer_good(cloud: Emulator, tmp_path: Path) -> None:
    spoil = {
        "name": "Delete the backup behind the play's back",
        "opentelekomcloud.csbs.csbs_backup": {"name": "before-patch", "state": "absent"},
        "delegate_to": "localhost",
    }
    given = {**FAST, "csbs_patch_tasks": tasks(tmp_path, spoil, lose("srv-0001")), "csbs_restore_on_failure": True}
    code, output = play(cloud, tmp_path, "patch_with_backup", given, inventory(tmp_path, HOSTS[:1]))
    assert code != 0 and "was NOT put back" in output, output
    assert restored(cloud) == []


def test_check_mode_restores_nobody_and_a_limit_is_kept(cloud: Emulator, tmp_path: Path) -> None:
    """Several hosts at a time, as the keyword serial has them."""
    given = {
        **FAST,
        "csbs_patch_tasks": tasks(tmp_path, lose("srv-0001")),
        "csbs_restore_on_failure": True,
        "csbs_serial": [1, "100%"],
    }
    code, output = play(cloud, tmp_path, "patch_with_backup", given, inventory(tmp_path, HOSTS), "--check")
    assert code != 0 and cloud.journal.writes() == [] and patched(tmp_path) == [], output
    limited = {**given, "csbs_serial": "", "csbs_continue_on_failure": "", "csbs_patch_tasks": tasks(tmp_path)}
    code, output = play(cloud, tmp_path, "patch_with_backup", limited, inventory(tmp_path, HOSTS), "--limit=srv-0002")
    assert code == 0 and patched(tmp_path) == ["srv-0002"], output
    assert "WARNING: --limit leaves out localhost" in output
    code, output = play(
        cloud, tmp_path, "patch_with_backup", {**given, "csbs_hosts": "nobody"}, inventory(tmp_path, HOSTS)
    )
    assert code != 0 and "csbs_hosts chooses no host" in output, output


def test_older_backups_of_the_name_go_and_no_others(cloud: Emulator, tmp_path: Path) -> None:
    own = cloud.server("srv-0001").id
    for age, name in enumerate(
        ["before-patch-20260301120000", "before-patch-special", "before-patch-2026", "before-patch", "other"], 1
    ):
        cloud.make_backup(own, name, age=(9 - age) * DAY)
    cloud.make_backup(cloud.server("srv-0002").id, "before-patch", age=9 * DAY)
    given = {**FAST, "csbs_hosts": "srv-0001", "csbs_patch_tasks": tasks(tmp_path), "csbs_keep_backups": "2"}
    hosts = inventory(tmp_path, HOSTS)
    code, output = play(cloud, tmp_path, "patch_with_backup", {**given, "csbs_keep_backups": 0}, hosts)
    assert code != 0 and "csbs_keep_backups must be at least 1" in output and cloud.journal.writes() == [], output
    code, output = play(cloud, tmp_path, "patch_with_backup", given, hosts, "--check")
    assert code == 0 and cloud.journal.writes() == [], output
    predicted = changed(output)
    code, output = play(cloud, tmp_path, "patch_with_backup", given, hosts)
    assert code == 0 and changed(output) == predicted, output
    left = names(cloud, "srv-0001")
    new = [name for name in left if re.fullmatch("before-patch-[0-9]{14}", name)]
    assert len(new) == 1 and new[0] > "before-patch-20260301120000"
    assert sorted(set(left) - set(new)) == ["before-patch", "before-patch-2026", "before-patch-special", "other"]
    assert names(cloud, "srv-0002") == ["before-patch"]
