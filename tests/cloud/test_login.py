# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in, and what of it is shown and written: secrets never, all else as it is."""

from __future__ import annotations

import json
import typing as t
import webbrowser
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule
from keystoneauth1 import loading

from tests.emulator import Emulator
from tests.emulator.keystone import CREDENTIAL_ID, CREDENTIAL_SECRET
from tests.support.modes import one_mode
from tests.support.modules import Args, auth_of, run_module, run_ok
from tests.support.sdk import sdk_as_before

# Logging in is the same in both modes of the cloud.
pytestmark = one_mode

SECRET = "secret-demo-password"
SCHEDULE = {"frequency": "daily", "times": ["02:00"]}
POLICY: Args = {"name": "nightly", "schedule": SCHEDULE}
CANARY = "canary"
#: Keys that no plugin has, with values of every kind
UNKNOWN: Args = {
    "assertion": f"{CANARY}-assertion",
    "pin": 7351937,
    "otp": [f"{CANARY}-otp", {"next": f"{CANARY}-next"}],
    "credentials": {"user": f"{CANARY}-user", "deep": [[{"er": f"{CANARY}-deeper"}]]},
}
HIDDEN = (CANARY, "7351937")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[None]:
    with sdk_as_before(monkeypatch):
        yield


# ========== Logging in ==========
def test_results_may_hold_the_words_of_the_login(cloud: Emulator) -> None:
    auth = auth_of(cloud)["auth"]
    args = {
        "name": f"{auth['project_name']}-nightly",
        "description": f"For {auth['username']}",
        "schedule": SCHEDULE,
        "auth": auth,
    }
    result = run_ok("csbs_policy", args, cloud)
    assert (result["policy"]["name"], result["policy"]["description"]) == ("demo-nightly", "For demo")
    assert SECRET not in json.dumps(result)


def test_a_login_that_fails_is_one_clear_line(cloud: Emulator) -> None:
    auth = auth_of(cloud)["auth"]
    failed = run_module("csbs_policy_info", {"auth": {**auth, "password": "not-the-password"}}, cloud)
    assert failed["msg"].startswith("Could not log in to the cloud: the credentials were not accepted")
    assert failed["status"] == 401
    assert "not-the-password" not in json.dumps(failed)
    away = run_module("csbs_policy_info", {"auth": {**auth, "auth_url": "http://127.0.0.1:9/v3"}}, cloud)
    assert (
        away["msg"].startswith("Could not log in to the cloud")
        and "cannot be reached" in away["msg"]
        and "127.0.0.1" in away["msg"]
    )
    unknown = run_module("csbs_policy_info", {"cloud": "no-such-cloud"})
    assert unknown["msg"].startswith("Could not log in to the cloud") and "no-such-cloud" in unknown["msg"]
    for result in (failed, away, unknown):
        assert result["failed"] and "\n" not in result["msg"] and "exception" not in result


def test_an_address_that_is_none_is_told(cloud: Emulator) -> None:
    failed = run_module("csbs_policy_info", {"auth": {**auth_of(cloud)["auth"], "auth_url": "not a url"}})
    assert failed["failed"] and failed["msg"].startswith("auth: auth_url 'not a url' is not an address")


def test_a_region_without_the_service_is_told_as_that(cloud: Emulator) -> None:
    failed = run_module("csbs_policy_info", {"region_name": "nowhere"}, cloud)
    assert failed["failed"] and "catalog" in failed["msg"] and "check region_name and interface" in failed["msg"]


# ========== Secrets ==========
@pytest.mark.parametrize("option", ["auth", "cloud"])
def test_a_secret_is_neither_returned_nor_written_to_the_system_log(
    cloud: Emulator, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    written: list[t.Any] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda self, msg, log_args=None: written.append([msg, log_args]))
    given = auth_of(cloud)
    result = run_module("csbs_policy_info", {"auth": given["auth"]} if option == "auth" else {"cloud": given})
    assert result["policies"] == []
    assert SECRET not in json.dumps(result)
    assert written and SECRET not in str(written)


def auth_for(plugin: str, cloud: Emulator) -> Args:
    """Return a value for every option of a plugin, so that it fails as late as possible; secrets are canaries."""
    if plugin == "unknown-keys":
        return {**auth_of(cloud)["auth"], **UNKNOWN}
    known = {**auth_of(cloud)["auth"], "login_timeout": "0.1", "auth_methods": ["v3password"]}
    auth: Args = {}
    for option in loading.get_plugin_loader(plugin).get_options():
        address = f"{cloud.url}/v3" if option.dest.endswith("endpoint") else f"filled-{option.dest}"
        auth[option.dest] = f"{CANARY}-{option.dest}" if option.secret else known.get(option.dest, address)
    return auth


def put_into(place: str, login: Args, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Args:
    """Return the options of a login that stands in the option auth, in the option cloud, or in clouds.yaml."""
    file = folder / "clouds.yaml"
    file.write_text(yaml.safe_dump({"clouds": {"mine": login}}), encoding="utf-8")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
    return {"auth": login, "cloud": {"cloud": login}, "file": {"cloud": "mine"}}[place]


def run_all_ways(args: Args, log: Path, hidden: t.Collection[str], capfd: pytest.CaptureFixture[str]) -> list[Args]:
    """Run an info module and a changing one, with a log and without, and check that no secret is shown or written."""
    results = []
    for path in (None, str(log)):
        for module, more, check in (
            ("csbs_policy_info", {}, False),
            ("csbs_policy", POLICY, True),
            ("csbs_policy", POLICY, False),
        ):
            result = run_module(module, {**args, **more, "sdk_log_path": path}, check=check)
            shown = json.dumps(result) + "".join(capfd.readouterr()) + (log.read_text(encoding="utf-8") if path else "")
            assert not [secret for secret in hidden if secret in shown], shown
            assert result["invocation"]["module_args"] and "exception" not in result, result
            results.append(result)
    return results


@pytest.mark.parametrize("place", ["auth", "cloud", "file"])
@pytest.mark.parametrize("plugin", [*sorted(loading.get_available_plugin_names()), "unknown-keys"])
def test_no_secret_of_any_way_to_log_in_is_shown(
    cloud: Emulator,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    plugin: str,
    place: str,
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url, new=0: False)
    auth = auth_for(plugin, cloud)
    args = put_into(
        place, {"auth_type": "password" if plugin == "unknown-keys" else plugin, "auth": auth}, tmp_path, monkeypatch
    )
    results = run_all_ways(args, tmp_path / "log", HIDDEN, capfd)
    assert all(result["failed"] and "\n" not in result["msg"] for result in results)
    assert not cloud.journal.select(service="csbs", method="POST")


@pytest.mark.parametrize("place", ["auth", "cloud", "file"])
@pytest.mark.parametrize("way", ["password", "token", "v3applicationcredential"])
def test_no_secret_of_a_login_that_succeeds_is_shown(
    cloud: Emulator,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    place: str,
) -> None:
    auth, token = auth_of(cloud)["auth"], cloud.token()
    given = {
        "password": auth,
        "token": {
            "auth_url": auth["auth_url"],
            "token": token,
            "project_name": "demo",
            "project_domain_name": "Default",
        },
        "v3applicationcredential": {
            "auth_url": auth["auth_url"],
            "application_credential_id": CREDENTIAL_ID,
            "application_credential_secret": CREDENTIAL_SECRET,
        },
    }[way]
    args = put_into(place, {"auth_type": way, "auth": given}, tmp_path, monkeypatch)
    results = run_all_ways(args, tmp_path / "log", (SECRET, CREDENTIAL_SECRET, token), capfd)
    assert not any(result.get("failed") for result in results), results
    assert [result["changed"] for result in results] == [False, True, True, False, False, False]


def test_what_is_no_secret_is_shown_as_it_is(cloud: Emulator) -> None:
    auth = auth_of(cloud)["auth"]
    shown = run_ok("csbs_policy_info", {}, cloud)["invocation"]["module_args"]["auth"]
    assert {**shown, "password": None} == {**auth, "password": None}


# ========== Mistakes in the options and in clouds.yaml ==========
def told(result: Args) -> str:
    """Return the message of a task that failed: one line, no traceback, and nothing secret."""
    assert result["failed"] and "exception" not in result, result
    assert "\n" not in result["msg"] and "Traceback" not in result["msg"] and "Unexpected error" not in result["msg"], (
        result["msg"]
    )
    assert CANARY not in json.dumps(result) and SECRET not in json.dumps(result)
    return str(result["msg"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"projectname": f"{CANARY}-project"}, "auth: 'projectname' is no option of this auth_type"),
        ({"otp": f"{CANARY}-otp"}, "auth: 'otp' is no option of this auth_type"),
        ({"region_name": "eu-de"}, "auth: region_name does not belong in auth"),
        ({"password": ""}, "auth: password has no value"),
        ({"password": None, "username": ""}, "auth: password, username has no value"),
        ({"password": ...}, "auth: this auth_type also needs password"),
        ({"auth_url": ...}, "auth_url"),
        ({"auth_url": 5}, "auth: auth_url '5' is not an address"),
        ({"password": [f"{CANARY}-password"]}, "check the user name and password"),
    ],
    ids=str,
)
def test_a_mistake_in_auth_is_named(cloud: Emulator, changes: Args, words: str) -> None:
    auth = {key: value for key, value in {**auth_of(cloud)["auth"], **changes}.items() if value is not ...}
    assert words in told(run_module("csbs_policy_info", {"auth": auth}))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"auth_type": "v3nonsense"}, ("v3nonsense", "auth_type")),
        ({"ca_cert": "/no/such/ca.pem"}, ("ca_cert: there is no file '/no/such/ca.pem'",)),
        ({"client_cert": "/no/such/client.pem"}, ("client_cert: there is no file '/no/such/client.pem'",)),
        ({"client_key": "/no/such/client.key"}, ("client_key: there is no file",)),
        ({"api_timeout": 0}, ("api_timeout: 0 is out of range",)),
        ({"api_timeout": -5}, ("api_timeout: -5 is out of range",)),
        ({"sdk_log_path": "/"}, ("sdk_log_path: '/' cannot be written",)),
        ({"sdk_log_path": "/no/such/folder/log"}, ("sdk_log_path: '/no/such/folder/log' cannot be written",)),
        ({"auth": f"{CANARY}-text"}, ("auth",)),
    ],
    ids=str,
)
def test_a_mistake_in_another_option_is_named(cloud: Emulator, args: Args, words: tuple[str, ...]) -> None:
    message = told(run_module("csbs_policy_info", args, cloud))
    assert all(word in message for word in words), message
    assert len(cloud.journal) == 0


NO_YAML = (f"clouds:\n  mine: [password: '{CANARY}-password\n", f"clouds:\n\tmine: {CANARY}-password\n")
AUTH = {
    "auth_url": "http://127.0.0.1:9/v3",
    "username": "demo",
    "password": f"{CANARY}-password",
    "project_name": "demo",
}


@pytest.mark.parametrize(
    "text",
    [
        *NO_YAML,
        f"- {CANARY}-password\n",
        f"{CANARY}-password\n",
        "",
        f"clouds: {CANARY}-password\n",
        f"clouds: [{CANARY}-password]\n",
        yaml.safe_dump({"clouds": {"mine": f"{CANARY}-password"}}),
        yaml.safe_dump({"clouds": {"mine": [f"{CANARY}-password"]}}),
        yaml.safe_dump({"clouds": {"mine": {"auth": f"{CANARY}-password"}}}),
        yaml.safe_dump({"clouds": {"mine": {"auth": [f"{CANARY}-password"]}}}),
        yaml.safe_dump({"clouds": {"mine": {"auth": AUTH, "api_timeout": f"{CANARY}-number"}}}),
        yaml.safe_dump({"clouds": {"mine": {"auth": {**AUTH, "nonsense": f"{CANARY}-key"}}}}),
        yaml.safe_dump({"clouds": {"mine": {"auth": AUTH, "auth_type": "v3nonsense"}}}),
        yaml.safe_dump({"clouds": {"other": {"auth": AUTH}}}),
    ],
)
def test_a_mistake_in_clouds_yaml_is_told_without_its_text(
    cloud: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    file, log = tmp_path / "clouds.yaml", tmp_path / "log"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
    message = told(run_module("csbs_policy_info", {"cloud": "mine", "sdk_log_path": str(log)}))
    assert (f"{str(file)!r} is not valid YAML (line" if text in NO_YAML else "clouds.yaml") in message
    assert CANARY not in "".join(capfd.readouterr()) + log.read_text(encoding="utf-8")
