# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in at a real Keystone, with the local cloud behind its catalog: two regions, and one without the service."""

from __future__ import annotations

import json
import threading
import time
import typing as t
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.modules import Args, run_module
from tests.support.plays import changed, play_with
from tests.support.real_keystone import RealKeystone

pytestmark = pytest.mark.keystone

PASSWORD = "password-of-the-operator"
SECRET = "secret-of-the-credential"
SERVICES = {
    "data-protect": "/csbs/v1/%(project_id)s",
    "compute": "/compute/v2.1/%(project_id)s",
    "volumev3": "/volume/v3/%(project_id)s",
    "ims": "/ims",
}
POLICY = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}, "servers": ["srv-0001"]}
BACKUP = {"name": "before", "servers": ["srv-0001"], "poll_interval": 0.2, "timeout": 120}


@dataclass
class Estate:
    """A Keystone with one project, its operator, and a local cloud in each of two regions."""

    keystone: RealKeystone
    project_id: str
    user_id: str
    credential_id: str
    de: Emulator
    nl: Emulator

    def password(self, **changes: str | None) -> Args:
        """Return the auth of the operator, with project; None leaves a key out."""
        auth: Args = {
            **self.keystone.auth("operator", PASSWORD),
            "project_name": "fleet",
            "project_domain_name": "Default",
            **changes,
        }
        return {key: value for key, value in auth.items() if value is not None}

    def run(
        self,
        module: str,
        args: Args,
        auth: Args | None = None,
        auth_type: str | None = None,
        region: str | None = "eu-de",
    ) -> Args:
        """Run a module with a login, by default the operator's password. Its result must hold no secret."""
        result = run_module(
            module, {**args, "auth": auth or self.password(), "auth_type": auth_type, "region_name": region}
        )
        text = json.dumps(result)
        assert PASSWORD not in text and SECRET not in text
        assert not any(token in text for token in self.de.keystone.seen | self.nl.keystone.seen)
        return result

    def token(self) -> str:
        """Return a token of the operator."""
        connection = self.keystone.connection("operator", PASSWORD, "fleet")
        return str(connection.session.get_token())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keystone")


@pytest.fixture(scope="module")
def keystone(folder: Path) -> t.Iterator[RealKeystone]:
    with RealKeystone(folder) as running:
        yield running


@pytest.fixture(scope="module")
def whole(keystone: RealKeystone) -> t.Iterator[Estate]:
    """In the cloud's live mode, the harder one; logging in does not differ between the modes."""
    admin = keystone.connection()
    identity = admin.identity
    domain = "default"
    (role,) = identity.roles(name="member")
    project = identity.create_project(name="fleet", domain_id=domain)
    user = identity.create_user(name="operator", password=PASSWORD, domain_id=domain)
    identity.assign_project_role_to_user(project, user, role)
    settings: Args = {
        "mode": "live",
        "speed": 3000,
        "servers": 3,
        "list_delay": 0.1,
        "project_id": project.id,
        "identity_url": keystone.url,
    }
    with Emulator(**settings) as de, Emulator(**settings) as nl:
        services = {kind: identity.create_service(type=kind, name=kind) for kind in SERVICES}
        for region, cloud in (("eu-de", de), ("eu-nl", nl), ("eu-ch2", de)):
            if region != "eu-de":
                identity.create_region(id=region)
            for kind, path in SERVICES.items():
                # The third region is without the backup service.
                if (region, kind) != ("eu-ch2", "data-protect"):
                    identity.create_endpoint(
                        service_id=services[kind].id, interface="public", region_id=region, url=cloud.url + path
                    )
        operator = keystone.connection("operator", PASSWORD, "fleet")
        made = operator.identity.create_application_credential(user.id, name="of-the-tests", secret=SECRET)
        yield Estate(keystone, project.id, user.id, made.id, de, nl)
        assert not de.contract_violations + nl.contract_violations
        assert not de.internal_errors + nl.internal_errors


@pytest.fixture
def estate(whole: Estate) -> Estate:
    for cloud in (whole.de, whole.nl):
        cloud.settings(speed=3000)
        cloud.reset()
    return whole


def succeeded(result: Args) -> Args:
    assert not result.get("failed"), result["msg"]
    return result


def refused(estate: Estate, result: Args, *words: str) -> None:
    """A task failed in one line that has these words, before anything was asked of the backup service."""
    assert result["failed"] and "\n" not in result["msg"], result
    assert all(word in result["msg"] for word in words), result["msg"]
    assert not estate.de.journal.select(service="csbs") and not estate.nl.journal.select(service="csbs")


# ========== ways to log in ==========
def ways(estate: Estate) -> dict[str, tuple[Args, str | None]]:
    url = estate.password()["auth_url"]
    return {
        "password": (estate.password(), None),
        "password, project by id": (
            estate.password(project_name=None, project_domain_name=None, project_id=estate.project_id),
            "password",
        ),
        "password, user by id": (estate.password(username=None, user_domain_name=None, user_id=estate.user_id), None),
        "token": ({"auth_url": url, "token": estate.token(), "project_id": estate.project_id}, "token"),
        "credential by id": (
            {
                "auth_url": url,
                "application_credential_id": estate.credential_id,
                "application_credential_secret": SECRET,
            },
            "v3applicationcredential",
        ),
        "credential by name": (
            {
                "auth_url": url,
                "application_credential_name": "of-the-tests",
                "application_credential_secret": SECRET,
                "username": "operator",
                "user_domain_name": "Default",
            },
            "v3applicationcredential",
        ),
    }


def test_every_way_to_log_in_reaches_the_same_project(estate: Estate) -> None:
    succeeded(estate.run("csbs_policy", POLICY))
    for way, (auth, auth_type) in ways(estate).items():
        result = estate.run("csbs_policy_info", {}, auth, auth_type)
        assert not result.get("failed"), f"{way}: {result['msg']}"
        assert [policy["name"] for policy in result["policies"]] == ["nightly"], way


def test_what_keystone_refuses_is_one_clear_line(estate: Estate) -> None:
    for change in ({"password": "wrong"}, {"username": "nobody"}, {"project_name": "no-such-project"}):
        refused(
            estate,
            estate.run("csbs_policy_info", {}, estate.password(**change)),
            "log in to the cloud",
            "check the user name and password",
        )


def test_a_credential_that_was_withdrawn_is_refused(estate: Estate) -> None:
    operator = estate.keystone.connection("operator", PASSWORD, "fleet")
    made = operator.identity.create_application_credential(estate.user_id, name="short-lived", secret=SECRET)
    auth = {
        "auth_url": estate.password()["auth_url"],
        "application_credential_id": made.id,
        "application_credential_secret": SECRET,
    }
    succeeded(estate.run("csbs_policy_info", {}, auth, "v3applicationcredential"))
    operator.identity.delete_application_credential(estate.user_id, made)
    estate.de.journal.clear()
    refused(
        estate,
        estate.run("csbs_policy_info", {}, auth, "v3applicationcredential"),
        "log in to the cloud",
        "application credential",
    )


def test_a_login_without_a_project_is_told_to_name_one(estate: Estate) -> None:
    result = estate.run("csbs_policy_info", {}, estate.password(project_name=None, project_domain_name=None))
    refused(estate, result, "log in to the cloud", "project_name")


def test_a_project_of_others_is_refused(estate: Estate) -> None:
    refused(estate, estate.run("csbs_policy_info", {}, estate.password(project_name="admin")), "log in to the cloud")


# ========== regions and the catalog ==========
def test_the_region_decides_which_cloud_is_written_to(estate: Estate) -> None:
    succeeded(estate.run("csbs_policy", POLICY, region="eu-nl"))
    assert estate.nl.journal.writes() and not estate.de.journal.select(service="csbs")
    assert succeeded(estate.run("csbs_policy_info", {}, region="eu-de"))["policies"] == []


def test_without_a_region_none_of_several_is_guessed(estate: Estate) -> None:
    refused(estate, estate.run("csbs_policy", POLICY, region=None), "eu-de", "eu-nl", "region_name")


def test_a_region_that_is_none_is_named(estate: Estate) -> None:
    refused(estate, estate.run("csbs_policy", POLICY, region="eu-xx"), "eu-xx", "region_name")


def test_a_region_without_the_service_is_told_as_that(estate: Estate) -> None:
    refused(estate, estate.run("csbs_policy", POLICY, region="eu-ch2"), "Cloud Server Backup Service", "eu-ch2")


# ========== tokens that end in mid-task ==========
def revoke_when_started(estate: Estate, *others: str) -> threading.Thread:
    """As soon as a backup has been started, no token is good any more that was used so far, nor are the others."""

    def work() -> None:
        while not estate.de.journal.writes():
            time.sleep(0.02)
        estate.keystone.revoke({*estate.de.keystone.seen, *others})

    estate.de.keystone.seen.clear()
    estate.de.settings(speed=50)  # so that the backup takes some looks
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def rejected(estate: Estate) -> list[t.Any]:
    return [entry for entry in estate.de.journal if entry["status"] == 401]


def test_a_token_revoked_in_mid_task_is_replaced_and_there_is_one_backup(estate: Estate) -> None:
    thread = revoke_when_started(estate)
    result = succeeded(estate.run("csbs_backup", BACKUP))
    thread.join()
    assert rejected(estate), "no request came with the revoked token"
    assert [backup["status"] for backup in result["backups"]] == ["available"]
    assert len(estate.de.journal.writes()) == 1


def test_a_bare_token_revoked_in_mid_task_fails_and_says_what_was_started(estate: Estate) -> None:
    token = estate.token()
    thread = revoke_when_started(estate, token)
    auth = {"auth_url": estate.password()["auth_url"], "token": token, "project_id": estate.project_id}
    result = estate.run("csbs_backup", BACKUP, auth, "token")
    thread.join()
    assert result["failed"] and "not accepted" in result["msg"], result
    assert [backup["name"] for backup in result["backups"]] == ["before"]
    assert len(estate.de.journal.writes()) == 1


def test_a_task_that_outlives_its_tokens_goes_on(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each token is good for one request: counted, so that the speed of the machine does not matter."""
    uses: Counter[str | None] = Counter()
    valid = estate.de.keystone.valid

    def valid_once(token: str | None) -> t.Any:
        uses[token] += 1
        if token and uses[token] == 2:
            estate.keystone.revoke([token])
        return valid(token)

    monkeypatch.setattr(estate.de.keystone, "valid", valid_once)
    result = succeeded(estate.run("csbs_backup", BACKUP))
    assert len(rejected(estate)) > 2, "only few tokens ended"
    assert [backup["status"] for backup in result["backups"]] == ["available"]
    assert len(estate.de.journal.writes()) == 1 + len([entry for entry in rejected(estate) if entry["write"]])


# ========== as a user runs it ==========
def test_the_playbook_protects_and_has_nothing_to_do_the_second_time(estate: Estate, tmp_path: Path) -> None:
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(yaml.safe_dump({"clouds": {"otc": {"auth": estate.password(), "region_name": "eu-nl"}}}))
    given = {
        "csbs_server_filters": {"name": "srv-*"},
        "csbs_policy": {key: POLICY[key] for key in ("name", "schedule")},
    }
    for expected in (1, 0):
        code, output = play_with(clouds, "otc", tmp_path, "protect", given)
        assert code == 0, output
        assert changed(output) == expected
        assert PASSWORD not in output
    assert len(next(iter(estate.nl.state.policies.values())).resources) == 3
