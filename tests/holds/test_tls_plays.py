# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and the inventory with certificates, as ansible-playbook and ansible-inventory run them."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support import holds
from tests.support.modes import one_mode
from tests.support.plays import own_play_with, play_with
from tests.support.tls import Certificates

from .conftest import Tried
from .role_cases import CASES, Case
from .test_tls import SECRET, alone, certificates, serve

__all__ = ("alone", "certificates")
pytestmark = [pytest.mark.e2e, one_mode]

ROLES = list({case.role: case for case in CASES}.values())


def clouds(cloud: Emulator, folder: Path, **tls: t.Any) -> Path:
    """Write a clouds.yaml with what TLS is to be like."""
    content = cloud.clouds()
    content["clouds"]["local"].update(tls)
    path = folder / "clouds.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def is_quiet(output: str) -> bool:
    """Return whether no library warns, and no secret is shown."""
    return not any(word in output for word in ("InsecureRequest", "ConfigurationWarning", "Traceback", SECRET))


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[] if case.role == "backup" else [pytest.mark.holds]) for case in ROLES], ids=str
)
def test_a_role_takes_what_clouds_yaml_says(
    cloud: Emulator, certificates: Certificates, tmp_path: Path, tried: Tried, case: Case
) -> None:
    case.prepare(cloud, case.service)
    serve(cloud, certificates.demanding())
    variables, options = case.given(tmp_path)
    cert, key = certificates.client
    refused: list[dict[str, t.Any]] = [{"cacert": certificates.other_ca, "cert": cert, "key": key}, {}]
    for untrusted in refused if holds.ALL else refused[:1]:
        code, output = play_with(
            clouds(cloud, tmp_path, **untrusted), "local", tmp_path, case.role, variables, *options
        )
        assert code and "is not trusted" in output and is_quiet(output), output
        assert len(cloud.journal) == 0
    path = clouds(cloud, tmp_path, cacert=certificates.ca, cert=cert, key=key)
    code, output = play_with(path, "local", tmp_path, case.role, variables, *options)
    assert code == 0 and is_quiet(output), output
    assert case.done(cloud, case.service)
    assert {entry.client for entry in cloud.journal} == {"demo-client"}
    tried("tls", f"role {case.role}", "what fits works")
    tried("tls", f"role {case.role}", "what does not fit is refused", len(refused) if holds.ALL else 1)


@pytest.mark.holds
@pytest.mark.parametrize("given", ["ca_cert", "validate_certs"])
def test_a_role_takes_what_module_defaults_say(
    cloud: Emulator, certificates: Certificates, tmp_path: Path, tried: Tried, given: str
) -> None:
    serve(cloud, certificates.server())
    default = {"ca_cert": certificates.ca} if given == "ca_cert" else {"validate_certs": False}
    tasks = [{"ansible.builtin.include_role": {"name": "opentelekomcloud.csbs.report"}}]
    one: dict[str, t.Any] = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    variables = {"csbs_report_path": str(tmp_path / "report")}
    code, output = own_play_with(clouds(cloud, tmp_path), "local", tmp_path, [one], variables)
    assert code and "is not trusted" in output, output
    one["module_defaults"] = {"group/opentelekomcloud.csbs.csbs": default}
    code, output = own_play_with(clouds(cloud, tmp_path), "local", tmp_path, [one], variables)
    # The report finds servers without a backup, and says so; it was written.
    assert "is not trusted" not in output and is_quiet(output), output
    assert cloud.journal.select(path="/servers") and (code == 0 or "unprotected" in output), output
    tried("tls", "role report", "what fits works")
    tried("tls", "role report", "what does not fit is refused")


def test_the_inventory_command_is_quiet_and_refuses(
    cloud: Emulator, certificates: Certificates, tmp_path: Path, tried: Tried
) -> None:
    serve(cloud, certificates.server())
    source = tmp_path / "csbs.yml"
    environment = {**os.environ, "OS_CLOUD": "local", "ANSIBLE_NOCOLOR": "1"}

    def listed(options: dict[str, t.Any], **tls: t.Any) -> tuple[int, str, str]:
        source.write_text(yaml.safe_dump({"plugin": "opentelekomcloud.csbs.csbs", **options}))
        environment["OS_CLIENT_CONFIG_FILE"] = str(clouds(cloud, tmp_path, **tls))
        tool = str(Path(sys.executable).with_name("ansible-inventory"))
        done = subprocess.run(
            [tool, "-i", str(source), "--list"],
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    code, out, err = listed({})
    assert code == 1 and not out and len(cloud.journal) == 0
    assert len(err.strip().splitlines()) == 1 and "is not trusted" in err, err
    fitting: list[tuple[dict[str, t.Any], dict[str, t.Any]]] = [
        ({}, {"verify": False, "cacert": certificates.other_ca}),
        ({"ca_cert": certificates.ca}, {}),
        ({"validate_certs": False}, {}),
        ({}, {"cacert": certificates.ca}),
    ]
    for options, tls in (fitting := fitting if holds.ALL else fitting[:1]):
        code, out, err = listed(options, **tls)
        assert code == 0 and "srv-0001" in out and not err, err
    tried("tls", "inventory", "what fits works", len(fitting))
    tried("tls", "inventory", "what does not fit is refused")
