# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook protect as a user runs it: ansible-playbook, a clouds.yaml and variables.

What it is for is shown in the cloud's reference mode here, and in its live mode by test_awx.py, molecule and the demo.
"""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support.estate import policy_in, set_server
from tests.support.modes import one_mode, reference_mode
from tests.support.plays import changed, play

pytestmark = pytest.mark.e2e

FLEET = {
    "csbs_servers": ["srv-0001", "srv-0002"],
    "csbs_server_filters": {"name": "srv-0003"},
    "csbs_policy": {
        "name": "nightly",
        "schedule": {"frequency": "daily", "times": ["02:00"], "timezone": "Europe/Berlin"},
        "retention": {"days": 14},
        "tags": {"team": "platform"},
    },
    "csbs_backup": {
        "name": "before",
        "description": "Before go-live",
        "incremental": False,
        "tags": {"team": "platform"},
    },
    "csbs_poll_interval": 0.2,
}


def forget_member(cloud: Emulator, policy: str, server: str) -> None:
    """Take a server out of a policy when the policy is finished and the backups begin."""
    while not cloud.journal.select(method="POST", path="/action$"):
        time.sleep(0.01)
    held = policy_in(cloud, policy)
    held.resources[:] = [one for one in held.resources if one["id"] != cloud.server(server).id]


@reference_mode
def test_check_then_protect_then_nothing_to_do(cloud: Emulator, tmp_path: Path) -> None:
    code, output = play(cloud, tmp_path, "protect", FLEET, "--check", "--diff")
    assert code == 0, output
    assert changed(output) == 2 and "nightly" in output
    assert cloud.journal.writes() == []

    code, output = play(cloud, tmp_path, "protect", FLEET)
    assert code == 0, output
    assert changed(output) == 2
    assert re.search(r"csbs_backup: \[localhost\] 3/3 backups available, 100 %, after \d+s", output), (
        "a long wait is silent"
    )
    assert "3 servers, 3 of them chosen here" in output and output.count("available, of srv-000") == 3
    assert {one["id"] for one in policy_in(cloud, "nightly").resources} == {
        cloud.server(f"srv-000{n}").id for n in (1, 2, 3)
    }

    cloud.journal.clear()
    code, output = play(cloud, tmp_path, "protect", FLEET)
    assert code == 0, output
    assert changed(output) == 0
    assert cloud.journal.writes() == []


@one_mode
def test_a_fleet_outgrows_one_policy_and_fits_into_it_again(cloud: Emulator, tmp_path: Path) -> None:
    """64 servers fit into a policy. Check mode predicts that policies are renamed, created and deleted."""
    cloud.reset(servers=66)
    policy = {**FLEET["csbs_policy"], "purge_servers": True}
    first = {"csbs_servers": ["srv-0001"], "csbs_policy": policy}
    assert play(cloud, tmp_path, "protect", first)[0] == 0 and policy_in(cloud, "nightly")
    for count, expected in (
        (66, {"nightly-0001": 64, "nightly-0002": 2}),
        (64, {"nightly": 64}),
    ):
        fleet = {"csbs_servers": [f"srv-{number:04d}" for number in range(1, count + 1)], "csbs_policy": policy}
        cloud.journal.clear()
        code, output = play(cloud, tmp_path, "protect", fleet, "--check")
        assert (code, changed(output), cloud.journal.writes()) == (0, 1, []), output
        code, output = play(cloud, tmp_path, "protect", fleet)
        assert (code, changed(output)) == (0, 1), output
        assert {one.name: len(one.resources) for one in cloud.state.policies.values()} == expected
        for name, members in expected.items():
            assert f"Policy {name} (enabled): {members} servers, {members} of them chosen here" in output
    cloud.journal.clear()
    code, output = play(cloud, tmp_path, "protect", fleet)
    assert (code, changed(output), cloud.journal.writes()) == (0, 0, []), output


@one_mode
def test_a_server_that_is_not_listed_fails_loudly(cloud: Emulator, tmp_path: Path) -> None:
    """Somebody takes a server out between the policy's task and the proof."""
    forgetful = threading.Thread(target=forget_member, args=(cloud, "nightly", "srv-0002"), daemon=True)
    forgetful.start()
    code, output = play(cloud, tmp_path, "protect", FLEET)
    forgetful.join(timeout=60)
    assert code != 0 and "NOT PROTECTED" in output and "srv-0002" in output


@one_mode
def test_a_failed_backup_fails_the_play_with_server_and_reason(cloud: Emulator, tmp_path: Path) -> None:
    set_server(cloud, "srv-0002", fail_next_backup="disk unreachable")
    code, output = play(
        cloud, tmp_path, "protect", {key: value for key, value in FLEET.items() if key != "csbs_policy"}
    )
    assert code != 0 and "srv-0002" in output and "disk unreachable" in output


@one_mode
@pytest.mark.parametrize("what", ["csbs_policy", "csbs_backup"])
def test_a_choice_of_nothing_fails_and_protects_nothing(cloud: Emulator, tmp_path: Path, what: str) -> None:
    """Not even an empty policy is made."""
    code, output = play(cloud, tmp_path, "protect", {"csbs_server_filters": {"name": "nothing-*"}, what: FLEET[what]})
    assert code != 0 and "NOT DONE" in output and "choose no server" in output
    assert cloud.journal.writes() == []


@one_mode
def test_a_misspelt_variable_is_refused_by_the_argument_specs(cloud: Emulator, tmp_path: Path) -> None:
    code, output = play(cloud, tmp_path, "protect", {**FLEET, "csbs_policy": {"name": "n", "shedule": {}}})
    assert code != 0 and "shedule" in output
    assert cloud.journal.writes() == []
