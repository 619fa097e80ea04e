# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every EXAMPLES block runs on the local cloud, as it stands in the documentation."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.estate import create_policy, send
from tests.support.modules import MODULES, documentation

pytestmark = pytest.mark.e2e


def in_csbs(cloud: Emulator, name: str, server_ids: list[str]) -> None:
    """Put servers, each with a backup of an hour ago, under a new policy of CSBS."""
    resources = [{"id": server_id, "type": "OS::Nova::Server", "name": server_id} for server_id in server_ids]
    send(cloud, "PUT", f"/policies/{create_policy(cloud, name)}", {"policy": {"resources": resources}})
    for server_id in server_ids:
        cloud.make_backup(server_id, "before", age=3600)


def test_every_examples_block_runs(tmp_path: Path) -> None:
    # In the live mode, the harder one for tasks that follow each other closely; the laws go through both.
    # The examples of the changing modules leave what those of the others look for.
    ordered = sorted(MODULES, key=lambda name: (name.endswith("_info"), name == "csbs_tag", name))
    tasks: list[dict[str, t.Any]] = [task for name in ordered for task in documentation(name, "EXAMPLES")]
    ours = {key for task in tasks for key in task if key.startswith("opentelekomcloud.csbs.")}
    assert ours == {f"opentelekomcloud.csbs.{name}" for name in MODULES}
    playbook = tmp_path / "examples.yml"
    playbook.write_text(
        yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], sort_keys=False)
    )
    with Emulator(mode="live", speed=3000, seed="demo", list_delay=0.2) as cloud:
        for name in ("store-1", "store-2"):
            # Servers for the examples of CBR: a server is in one of the services only.
            cloud.add_server(name=name)
        for policy, servers in (("mail", ("mail-1", "mail-2", "mail-3")), ("archive", ("archive-1",))):
            # Policies of CSBS for the examples that move servers to CBR
            members = [cloud.add_server(name=name).id for name in servers]
            in_csbs(cloud, policy, members)
        clouds = tmp_path / "clouds.yaml"
        cloud.write_clouds(clouds)
        environment = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(clouds), "OS_CLOUD": "local", "ANSIBLE_NOCOLOR": "1"}
        command = [str(Path(sys.executable).with_name("ansible-playbook")), str(playbook)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "failed=0" in done.stdout
        assert not cloud.contract_violations
