# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in, and what of it is shown and written: secrets never, all else as it is."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.module_utils.basic import AnsibleModule

from tests.emulator import Emulator
from tests.support.modules import auth_of, run_module, run_ok

SECRET = "secret-demo-password"
SCHEDULE = {"frequency": "daily", "times": ["02:00"]}


def test_results_may_hold_the_words_of_the_login(cloud: Emulator) -> None:
    auth = auth_of(cloud)["auth"]
    args = {"name": f"{auth['project_name']}-nightly", "description": f"For {auth['username']}", "schedule": SCHEDULE, "auth": auth}
    result = run_ok("csbs_policy", args, cloud)
    assert (result["policy"]["name"], result["policy"]["description"]) == ("demo-nightly", "For demo")
    assert SECRET not in json.dumps(result)


@pytest.mark.parametrize("option", ["auth", "cloud"])
def test_a_secret_is_neither_returned_nor_written_to_the_system_log(cloud: Emulator, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    written: list[t.Any] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda self, msg, log_args=None: written.append([msg, log_args]))
    given = auth_of(cloud)
    result = run_module("csbs_policy_info", {"auth": given["auth"]} if option == "auth" else {"cloud": given})
    assert result["policies"] == []
    assert SECRET not in json.dumps(result)
    assert written and SECRET not in str(written)


def test_an_address_that_is_none_is_told(cloud: Emulator) -> None:
    failed = run_module("csbs_policy_info", {"auth": {**auth_of(cloud)["auth"], "auth_url": "not a url"}})
    assert failed["failed"] and failed["msg"].startswith("Could not log in to the cloud") and "auth_url" in failed["msg"]


def test_a_region_without_the_service_is_told_as_that(cloud: Emulator) -> None:
    failed = run_module("csbs_policy_info", {"region_name": "nowhere"}, cloud)
    assert failed["failed"] and "catalog" in failed["msg"] and "check region_name and interface" in failed["msg"]
