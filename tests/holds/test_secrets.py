# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret of any way to log in is shown or kept by a module, whatever the cloud answers, with all debugging on."""

from __future__ import annotations

import contextlib
import itertools
import json
import typing as t
import webbrowser
from pathlib import Path

import pytest
from ansible.utils.display import Display

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import session
from tests.emulator import Emulator, keystone
from tests.holds import secrets
from tests.holds.conftest import Tried
from tests.holds.echoes import KINDS, echoing
from tests.holds.secret_runner import WAYS, Runner
from tests.laws.situations import LOOKUPS, SCENARIOS
from tests.support.holds import chosen
from tests.support.inventory import read_inventory
from tests.support.modes import one_mode
from tests.support.modules import MODULES, Args, auth_of
from tests.support.sdk import sdk_as_before

# Logging in is the same in both modes of the cloud.
pytestmark = one_mode

#: What a login fails at, besides an echo
FAILURES: dict[str, Args] = {
    "refused": {},
    "dropped connection": {"drop": "before"},
    "broken answer": {"status": 201, "body": '{"token": {"catalog": 5}}'},
    "empty answer": {"status": 200, "body": ""},
}
POLICY: Args = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}, "enabled": False}
#: Calls of the backup service that fail, by module
CALLS: dict[str, Args] = {
    **{module: next((args for name, args in LOOKUPS if name == module), {}) for module in MODULES},
    **{scenario.module: scenario.args for scenario in reversed(SCENARIOS)},
}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[None]:
    """Let no task see what another has left, and none open a browser or wait."""
    monkeypatch.setattr(webbrowser, "open", lambda url, new=0: False)
    monkeypatch.setattr(session.RetryingSession, "sleep", staticmethod(lambda seconds: None))
    with sdk_as_before(monkeypatch):
        yield


@pytest.fixture
def runner(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Runner:
    return Runner(tmp_path, capfd, monkeypatch)


@pytest.fixture
def issued(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The secrets of the cloud, all of which must stay hidden."""
    return secrets.secrets_of(cloud, monkeypatch)


def good_login(runner: Runner, cloud: Emulator, way: str, login: str, issued: list[str]) -> Args:
    token = cloud.token()
    issued.append(token)
    return runner.give(
        way, login, secrets.good_auth(login, cloud, token, (keystone.CREDENTIAL_ID, keystone.CREDENTIAL_SECRET))
    )


# ========== Every way to log in ==========
@pytest.mark.parametrize(
    ("login", "way"),
    chosen(itertools.product(secrets.LOGINS, WAYS), lambda case: case[0], lambda case: case[1]),
)
def test_a_login_that_fails_hides_its_secrets(
    cloud: Emulator, runner: Runner, issued: list[str], tried: Tried, login: str, way: str
) -> None:
    auth = secrets.auth_for(login, cloud)
    args = runner.give(way, login, auth)
    for failure in FAILURES:
        cloud.faults.clear()
        if FAILURES[failure]:
            cloud.faults.add(path="^/v3|^/idp", times=-1, **FAILURES[failure])
        result = runner.run("csbs_policy_info", args)
        assert result.get("failed") or (failure == "refused" and login in secrets.SUCCEEDING), result
        tried("secrets", login, failure)
    runner.check([*secrets.canaries_in(auth), *issued])


@pytest.mark.parametrize(
    ("login", "kind"),
    chosen(itertools.product(secrets.LOGINS, KINDS), lambda case: case[0], lambda case: case[1]),
)
def test_a_login_server_that_echoes_shows_no_secret(
    cloud: Emulator, runner: Runner, issued: list[str], tried: Tried, login: str, kind: str
) -> None:
    auth = secrets.auth_for(login, cloud)
    way = WAYS[(secrets.LOGINS.index(login) + list(KINDS).index(kind)) % len(WAYS)]
    args = runner.give(way, login, auth)
    # Discovery is answered as usual, because a login that fails there sends no secret.
    with echoing(cloud, kind, "/v3/.|/idp/") as fault:
        runner.run("csbs_policy_info", args)
    assert fault.fired or login in secrets.SILENT, "nothing was echoed"
    runner.check([*secrets.canaries_in(auth), *issued])
    tried("secrets", login, "the login server echoes")


@pytest.mark.parametrize(
    ("login", "kind"),
    chosen(itertools.product(secrets.TWO_STEPS, KINDS), lambda case: case[0]),
)
def test_tokens_of_an_identity_provider_are_hidden(
    cloud: Emulator, runner: Runner, issued: list[str], tried: Tried, login: str, kind: str
) -> None:
    auth = secrets.auth_for(login, cloud)
    codes = {name: secrets.canary(name) for name in ("access_token", "device_code")}
    given = {**codes, "user_code": "USER-CODE", "expires_in": 30, "interval": 0, "verification_uri": cloud.url}
    args = runner.give(WAYS[list(KINDS).index(kind) % len(WAYS)], login, auth)
    for place in ("/idp/access_token", "OS-FEDERATION"):
        cloud.faults.clear()
        if place == "OS-FEDERATION":
            cloud.faults.add(path="/idp/access_token", body=json.dumps(given), status=200)
        cloud.faults.add(path="/idp/device", body=json.dumps(given), status=200)
        with echoing(cloud, kind, place) as fault:
            runner.run("csbs_policy_info", args)
        assert fault.fired, "nothing was echoed"
    runner.check([*secrets.canaries_in(auth), *codes.values(), *issued])
    tried("secrets", login, "the login server echoes", 2)


# ========== Answers of the services ==========
@pytest.mark.parametrize(
    ("login", "way", "kind"),
    chosen(
        itertools.product(secrets.SUCCEEDING, WAYS, KINDS),
        lambda case: case[0],
        lambda case: case[1],
        lambda case: case[2],
    ),
)
def test_a_service_that_echoes_shows_no_secret(
    cloud: Emulator, runner: Runner, issued: list[str], tried: Tried, login: str, way: str, kind: str
) -> None:
    args = good_login(runner, cloud, way, login, issued)
    for module, options, check, path in (
        ("csbs_policy_info", {}, False, "/csbs/"),
        ("csbs_policy", POLICY, False, "/csbs/"),
        ("csbs_policy", {**POLICY, "servers": ["srv-0001"]}, True, "/compute/"),
    ):
        with echoing(cloud, kind, path) as fault:
            runner.run(module, {**args, **options}, check)
        assert fault.fired, "nothing was echoed"
        cloud.faults.clear()
    runner.check(issued)
    tried("secrets", login, "a service echoes", 3)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_hides_what_a_service_echoes(
    cloud: Emulator, runner: Runner, issued: list[str], tried: Tried, module: str
) -> None:
    args = good_login(runner, cloud, "clouds.yaml", "password", issued)
    for kind in ("error_msg with status 403", "another structure", "plain text with status 400"):
        cloud.faults.clear()
        with echoing(cloud, kind, "^/(csbs|compute|volume|ims|cbr)/") as fault:
            result = runner.run(module, {**CALLS[module], **args})
        assert result["failed"] and fault.fired, result
    runner.check(issued)
    tried("secrets", module, "a service echoes", 3)


@pytest.mark.parametrize("login", secrets.SUCCEEDING)
def test_a_login_that_succeeds_and_ends_in_mid_task_hides_its_secrets(
    cloud: Emulator, runner: Runner, issued: list[str], tried: Tried, login: str
) -> None:
    args = good_login(runner, cloud, "secure.yaml", login, issued)
    for check in (True, False):
        result = runner.run("csbs_policy", {**args, **POLICY}, check)
        assert not result.get("failed"), result
    cloud.faults.add(path="/csbs/", expire_tokens=True)
    result = runner.run("csbs_policy_info", args)
    # A token alone is gone when it ends.
    assert bool(result.get("failed")) == login.endswith("token"), result
    assert "RESP BODY" in runner.log.read_text(encoding="utf-8")
    runner.check(issued)
    tried("secrets", login, "success", 2)
    tried("secrets", login, "the token ends")


# ========== Other ways out ==========
def test_an_error_that_nobody_expected_hides_what_it_tells(
    cloud: Emulator, runner: Runner, issued: list[str], tried: Tried, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its message is cut off in the middle of a token, and its traceback has the request."""
    args = good_login(runner, cloud, "environment", "password", issued)

    def fail(response: t.Any, *dummy: t.Any) -> t.NoReturn:
        told = response.request.headers.get("X-Auth-Token") or response.request.body.decode()
        raise MemoryError(f"{'x' * 270} {told}") from RuntimeError(told)

    monkeypatch.setattr(session, "_checked", fail)
    result = runner.run("csbs_policy_info", args)
    assert "MemoryError" in result["msg"] and "Traceback" in result["exception"]
    runner.check(issued)
    tried("secrets", "password", "an unexpected error")


@pytest.mark.parametrize("way", WAYS)
def test_a_password_in_an_address_is_hidden(
    cloud: Emulator, runner: Runner, issued: list[str], tried: Tried, way: str
) -> None:
    hidden = secrets.plain_canary("of an address")
    auth = {**auth_of(cloud)["auth"], "auth_url": f"http://user:{hidden}@127.0.0.1:9/v3"}
    result = runner.run("csbs_policy_info", runner.give(way, "password", auth))
    assert "cannot be reached" in result["msg"]
    runner.check([hidden, *issued])
    tried("secrets", "password", "unreachable")


@pytest.mark.parametrize(
    "options",
    [
        {"auth": {"password": {"inner": [secrets.canary("nested")]}, "auth_url": 5}},
        {"auth": [secrets.canary("in a list")]},
        {"auth": secrets.canary("text")},
        {"auth": f"password={secrets.canary('pairs')}"},
        {"auth": json.dumps({"password": secrets.canary("in JSON")})},
        {"cloud": json.dumps({"auth": {"password": secrets.canary("in JSON")}})},
        {"cloud": str({"auth": {"password": secrets.plain_canary("in Python")}})},
        {"cloud": {"auth": secrets.canary("text")}},
        {"cloud": [{"auth": {"password": secrets.canary("in a list")}}]},
        {"client_key": secrets.canary("in place of a path")},
        {"password": secrets.canary("beside auth")},
        {"auht": {"username": "demo", "password": secrets.canary("beside auth")}},
    ],
    ids=lambda options: f"{next(iter(options))}: {type(next(iter(options.values()))).__name__}",
)
def test_secrets_in_options_of_another_shape_are_hidden(
    cloud: Emulator, runner: Runner, tried: Tried, options: Args
) -> None:
    hidden = [
        secrets.canary(name) for name in ("nested", "in a list", "text", "pairs", "in JSON", "in place of a path")
    ]
    for check in (True, False):
        assert runner.run("csbs_policy", {**POLICY, **options}, check)["failed"]
    runner.check([*hidden, secrets.plain_canary("in Python"), secrets.canary("beside auth")])
    tried("secrets", "unknown-keys", "another shape", 2)


@pytest.mark.parametrize(
    ("kind", "way"),
    chosen(itertools.product(KINDS, WAYS[:4]), lambda case: case[0].split()[0], lambda case: case[1]),
)
def test_the_inventory_hides_what_an_answer_echoes(
    cloud: Emulator,
    runner: Runner,
    issued: list[str],
    tried: Tried,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    way: str,
) -> None:
    args = good_login(runner, cloud, way, "password", issued)
    for name in ("display", "error", "vvv", "warning"):
        monkeypatch.setattr(Display, name, lambda self, text, *rest, **more: print(text))
    cache = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(runner.folder / "cache")}
    log = {"sdk_log_path": str(runner.log), "sdk_log_level": "DEBUG"}
    for path in ("/auth/tokens", "/csbs/", "/compute/", None):
        cloud.faults.clear()
        with contextlib.ExitStack() as stack:
            if path:
                stack.enter_context(echoing(cloud, kind, path))
                stack.enter_context(contextlib.suppress(SystemExit))
            read_inventory(cloud, runner.folder, **{"auth": None, **args, **log, **cache})
            assert not path, "the failure went by"
    runner.collect()
    assert list((runner.folder / "cache").iterdir())
    runner.check(issued)
    tried("secrets", "inventory", "a service echoes", 3)
    tried("secrets", "inventory", "success")
