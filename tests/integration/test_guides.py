# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every YAML block of the guides runs on the local cloud, as it stands there, one guide after the other."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator

pytestmark = pytest.mark.e2e

DOCSITE = Path(__file__).parents[2] / "docs/docsite"
SECTIONS = yaml.safe_load((DOCSITE / "extra-docs.yml").read_text(encoding="utf-8"))["sections"]
# What a controller gives its playbook is in docs/awx, which test_awx.py runs.
GUIDES = [page for section in SECTIONS for page in section["toctree"] if page != "guide_awx"]
BLOCK = re.compile(r"^\.\. code-block:: (yaml|ini)\n\n((?:(?: +.*)?\n)+)", re.MULTILINE)
FILE = re.compile(r"# (\w+\.\w+)\n")
# The guides wait as long as one does for the real cloud, and patch hosts that are not here.
HERE = {
    "csbs_poll_interval": 0.2,
    "patch_command": "true",
    "ansible_connection": "local",
    "ansible_python_interpreter": sys.executable,
}
DEFAULTS = {"opentelekomcloud.csbs.csbs_image": {"poll_interval": 0.2}}


def blocks(guide: str) -> list[str]:
    """Return the YAML and INI blocks of a guide."""
    text = (DOCSITE / "rst" / f"{guide}.rst").read_text(encoding="utf-8")
    return [textwrap.dedent(found[2]).strip("\n") + "\n" for found in BLOCK.finditer(text)]


def lay_out(folder: Path) -> list[dict[str, t.Any]]:
    """Write the blocks that name their file into a folder; return one playbook of all that is to be run."""
    plays: list[dict[str, t.Any]] = []
    everything = [block for guide in GUIDES for block in blocks(guide)]
    for block in everything:
        named = FILE.match(block)
        if named:
            (folder / named[1]).write_text(block, encoding="utf-8")
        content = yaml.safe_load(block) if not named or named[1].endswith(".yml") else None
        if content is None:
            continue
        if isinstance(content, dict):
            assert {"plugin", "groups"} & set(content), f"{block}\nis no tasks, plays, inventory or rules of Prometheus"
            continue
        if "hosts" in content[0] or "ansible.builtin.import_playbook" in content[0]:
            plays += content
        elif not named:
            plays.append({"hosts": "localhost", "gather_facts": False, "module_defaults": DEFAULTS, "tasks": content})
        else:
            assert sum(named[1] in other for other in everything) > 1, f"no other block uses the tasks in {named[1]}"
    return plays


def test_every_block_of_every_guide_runs(tmp_path: Path) -> None:
    plays = lay_out(tmp_path)
    assert len(plays) > 8
    playbook = tmp_path / "guides.yml"
    playbook.write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
    (tmp_path / "here.yml").write_text(yaml.safe_dump(HERE), encoding="utf-8")
    with Emulator(mode="live", speed=3000, seed="demo", list_delay=0.2) as cloud:
        clouds = tmp_path / "clouds.yaml"
        cloud.write_clouds(clouds)
        environment = {
            **os.environ,
            "OS_CLIENT_CONFIG_FILE": str(clouds),
            "OS_CLOUD": "local",
            "ANSIBLE_NOCOLOR": "1",
            "PWD": str(tmp_path),
        }
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            "inventory.ini",
            "-i",
            "csbs.yml",
            "-e",
            "@here.yml",
            str(playbook),
        ]
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
        assert "Install every update" in done.stdout, "the patch tasks did not run"
        reported = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("protection.prom"))
        measured = set(re.findall(r"\bcsbs_\w+", (tmp_path / "alerts.yml").read_text(encoding="utf-8")))
        assert measured and measured <= set(re.findall(r"^\w+", reported, re.MULTILINE)), "rules about no metric"
        assert re.search(r"legacy-1 \(\S+\): .*cannot be backed up", done.stdout), "csbs_unprotected had no hosts"
        assert {policy.name for policy in cloud.state.policies.values()} == {"nightly", "databases", "fleet-0001"}
        held = {vault.name: len(vault.members) for vault in cloud.state.cbr.vaults.values()}
        assert held == {"nightly": 2, "weekly-servers": 1}, "what the guides do with CBR"
        assert {"before-patch", "last-of-csbs-0001", "try"} <= {item.name for item in cloud.state.items.values()}
        assert not cloud.contract_violations
