# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks for CBR that log in, and what fails on the way to it: catalog, tokens, throttling, gateways, time."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution import attempt
from tests.emulator import Emulator
from tests.support.modes import one_mode
from tests.support.modules import Args, auth_of, run_module, run_ok

# None of it differs between the modes of the cloud.
pytestmark = one_mode

CSBS, CBR = "Cloud Server Backup Service (data-protect)", "Cloud Backup and Recovery (cbr)"
SCHEDULE = {"frequency": "daily", "times": ["02:00"]}


def policy(**changes: t.Any) -> Args:
    return {
        "service": "cbr",
        "name": "nightly",
        "schedule": SCHEDULE,
        "servers": ["srv-0001"],
        "timeout": 60,
        **changes,
    }


def failure_of(name: str, args: Args, cloud: Emulator) -> str:
    """Return the message of a module that fails: one line without a traceback."""
    result = run_module(name, args, cloud)
    assert result.get("failed") and "exception" not in result, result
    assert "\n" not in result["msg"]
    return str(result["msg"])


# ========== Which service ==========
@pytest.mark.parametrize(
    ("service", "lacks", "title", "other", "title_of_other"),
    [("cbr", "cbr", CBR, "csbs", CSBS), ("csbs", "data-protect", CSBS, "cbr", CBR)],
    ids=["cbr", "csbs"],
)
def test_a_service_that_the_catalog_lacks_is_one_error_that_names_the_other(
    cloud: Emulator, service: str, lacks: str, title: str, other: str, title_of_other: str
) -> None:
    cloud.settings(catalog_lacks=lacks)
    assert failure_of("csbs_policy_info", {"service": service}, cloud) == (
        f"Could not find the backup service: the catalog of this project has no {title} in region 'eu-de' with"
        f" interface 'public'. What to do: check region_name and interface, or set service: {other}. {title_of_other}"
        " is offered there."
    )
    assert not cloud.journal.select(service="csbs") and not cloud.journal.select(service="cbr")
    run_ok("csbs_policy_info", {"service": other}, cloud)


@pytest.mark.parametrize("service", ["csbs", "cbr"])
def test_a_region_without_the_service_is_named_with_those_that_have_it(cloud: Emulator, service: str) -> None:
    told = failure_of("csbs_policy_info", {"service": service, "region_name": "nowhere"}, cloud)
    assert "in region 'nowhere'" in told and "It is offered in: eu-de." in told and "set service" not in told


@pytest.mark.parametrize(("service", "key"), [("csbs", "data_protect"), ("cbr", "cbr")])
def test_an_address_in_the_configuration_stands_in_for_the_catalog(cloud: Emulator, service: str, key: str) -> None:
    cloud.settings(catalog_lacks={"csbs": "data-protect"}.get(service, service))
    address = {"csbs": cloud.csbs_url, "cbr": cloud.cbr_url}[service]
    config = {**auth_of(cloud), f"{key}_endpoint_override": address}
    assert run_ok("csbs_policy_info", {"service": service, "cloud": config}, None)["policies"] == []


def test_the_limit_of_policies_counts_csbs_at_an_address_in_the_configuration(cloud: Emulator) -> None:
    run_ok("csbs_policy", {"name": "old", "schedule": SCHEDULE}, cloud)
    cloud.settings(catalog_lacks="data-protect")
    config = {**auth_of(cloud), "data_protect_endpoint_override": cloud.csbs_url}
    for given, used in (({}, 0), ({"cloud": config}, 1)):
        quotas = run_ok("csbs_quota_info", {"service": "cbr", **given}, None if given else cloud)["quotas"]
        assert [row["used"] for row in quotas if row["type"] == "policies"] == [used]


def test_the_environment_chooses_the_service_and_the_option_goes_before(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSBS_SERVICE", "cbr")
    run_ok("csbs_policy_info", {}, cloud)
    assert cloud.journal.select(service="cbr") and not cloud.journal.select(service="csbs")
    cloud.journal.clear()
    run_ok("csbs_policy_info", {"service": "csbs"}, cloud)
    assert cloud.journal.select(service="csbs") and not cloud.journal.select(service="cbr")


@pytest.mark.parametrize("place", ["option", "environment"])
def test_a_service_that_nobody_knows_is_refused_before_the_first_request(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("CSBS_SERVICE", "vbs" if place == "environment" else "csbs")
    told = failure_of("csbs_policy_info", {"service": "vbs"} if place == "option" else {}, cloud)
    assert all(word in told for word in ("service", "csbs", "cbr", "vbs"))
    assert len(cloud.journal) == 0


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("csbs_policy", {"name": "nightly", "schedule": SCHEDULE}),
        ("csbs_backup", {"servers": ["srv-0001"], "name": "b"}),
    ],
)
def test_who_is_new_to_backup_is_shown_the_way_to_cbr(cloud: Emulator, name: str, args: Args) -> None:
    cloud.settings(csbs_closed=True)
    result = run_module(name, {**args, "timeout": 60}, cloud)
    assert result["failed"] and result["error_code"] == "BackupService.4008"
    assert "CSBS is closed to projects that are new to backup" in result["msg"] and "use service: cbr" in result["msg"]
    assert not [entry for entry in cloud.journal.writes() if entry["service"] == "cbr"], (
        "no module falls over to the other service by itself"
    )
    run_ok("csbs_policy", policy(), cloud)


# ========== On the way ==========
@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/cbr/.*/policies"), ("GET", "/cbr/.*/vaults"), ("POST", "/associatepolicy$")]
)
def test_a_gateway_out_of_breath_is_ridden_out(cloud: Emulator, status: int, method: str, path: str) -> None:
    cloud.faults.add(method=method, path=path, status=status, times=2, retry_after=0)
    made = run_ok("csbs_policy", policy(), cloud)
    assert made["changed"] and [server["name"] for server in made["policy"]["servers"]] == ["srv-0001"]
    assert len(cloud.journal.select(method="POST", service="cbr")) == 4 + 2 * (method == "POST")


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/cbr/.*/policies$", "policies"),
        ("/cbr/.*/vaults$", "vaults"),
        ("/addresources$", "vaults"),
        ("/associatepolicy$", "policies"),
    ],
)
def test_a_gateway_that_lost_the_answer_to_a_change_doubles_nothing(cloud: Emulator, path: str, what: str) -> None:
    cloud.faults.add(method="POST", path=path, status=504, effect=True)
    assert run_ok("csbs_policy", policy(), cloud)["changed"]
    assert (len(cloud.state.cbr.policies), len(cloud.state.cbr.vaults)) == (1, 1), what
    assert run_ok("csbs_policy", policy(), cloud)["changed"] is False


def test_a_lost_answer_to_taking_the_policy_off_a_vault_leaves_no_policy(cloud: Emulator) -> None:
    made = run_ok("csbs_policy", policy(), cloud)["policy"]
    vault = made["vaults"][0]["id"]
    cloud.make_vault_backup(cloud.server("srv-0001").id, vault)
    cloud.faults.add(method="POST", path="/dissociatepolicy$", status=504, effect=True)
    assert run_ok("csbs_policy", {"service": "cbr", "name": "nightly", "state": "absent"}, cloud)["changed"]
    assert not cloud.state.cbr.policies and list(cloud.state.cbr.vaults) == [vault]


def test_an_expired_token_is_renewed_in_mid_task(cloud: Emulator) -> None:
    cloud.faults.add(method="GET", path="/cbr/.*/vaults", expire_tokens=True)
    cloud.faults.add(method="POST", path="/cbr/.*/vaults$", expire_tokens=True)
    assert run_ok("csbs_policy", policy(), cloud)["changed"]
    assert len(cloud.journal.select(path="/v3/auth/tokens", method="POST")) == 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 403, "body": "{}"}, "the credentials do not allow this"),
        ({"status": 404}, "a gateway does not know the address (APIGW.0101, HTTP 404)"),
        ({"status": 500, "error_code": "BackupService.9910"}, "the service has an internal error"),
        ({"status": 400, "error_code": "BackupService.9900"}, "the service does not accept a parameter"),
        ({"status": 401, "error_code": "APIGW.0301", "error_msg": "Malformed request url"}, "is not an ID"),
        ({"status": 200, "body": "<html>Log in</html>", "content_type": "text/html"}, "not what the service documents"),
    ],
    ids=["forbidden", "gateway-404", "internal", "parameter", "malformed", "page"],
)
def test_what_fails_on_cbr_names_the_act_and_what_to_do(cloud: Emulator, fault: Args, words: str) -> None:
    cloud.faults.add(method="GET", path="/cbr/.*/policies", times=-1, **fault)
    told = failure_of("csbs_policy_info", {"service": "cbr"}, cloud)
    assert told.startswith("Could not list backup policies: ") and words in told and "What to do: " in told
    assert "CSBS" not in told and "Cloud Server Backup" not in told


# ========== Busy, and time ==========
def test_a_vault_that_is_resized_is_waited_for(cloud: Emulator) -> None:
    made = run_ok("csbs_policy", policy(), cloud)["policy"]
    cloud.faults.add(
        method="POST", path="/addresources$", status=400, error_code="BackupService.6112", error_msg="lock", times=2
    )
    after = run_ok("csbs_policy", policy(servers=["srv-0001", "srv-0002"]), cloud)["policy"]
    assert after["id"] == made["id"] and len(after["servers"]) == 2


def test_a_vault_that_stays_frozen_fails_long_before_the_timeout(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "FIRST_PAUSE", 0.05)
    run_ok("csbs_policy", policy(), cloud)
    cloud.faults.add(
        method="POST", path="/addresources$", status=400, error_code="BackupService.6112", error_msg="frozen", times=-1
    )
    started = time.monotonic()
    told = failure_of("csbs_policy", policy(servers=["srv-0001", "srv-0002"], timeout=3600), cloud)
    assert time.monotonic() - started < 60
    assert "frozen" in told and "check the state of the vault" in told


def test_after_the_deadline_nothing_that_changes_cbr_is_sent(cloud: Emulator) -> None:
    cloud.faults.add(method="POST", path="/cbr/.*/policies$", status=503, retry_after=1, times=-1)
    result = run_module("csbs_policy", policy(timeout=3), cloud)
    assert (
        result["failed"] and result["changed"] is False and result["msg"].startswith("Could not create backup policy")
    )
    assert not cloud.state.cbr.policies and not cloud.state.cbr.vaults
